#pragma once
// Columns of eight-byte values in fewer bytes where they lie close together: a base and signed differences of 1, 2 or 4 bytes. A float64
// column has this form if each of its values is, bit for bit, a whole number of int32's range. For batch_codec. Pure; any thread.
//
// Form (little-endian): i64 base (zero for float64), u8 width, rows * width bytes.
#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/types/vector.h"

namespace tsd {

class NarrowValues {
 public:
  /// Looks whether the column, which must live as long, has the form and whether it saves bytes.
  explicit NarrowValues(const Vector& column);
  bool pays() const { return width_ != 0; }
  /// Requires: pays().
  void Write(ByteWriter& writer) const;

 private:
  template <typename T>
  void WriteAs(ByteWriter& writer) const;

  const Vector& column_;
  int64_t base_ = 0;
  size_t width_ = 0;  // 0: it does not pay
};

/// Fills `column`, whose type has eight bytes, with `rows` values. False if the bytes have not the form.
bool ReadNarrowValues(size_t rows, ByteReader& reader, Vector& column);

}  // namespace tsd
