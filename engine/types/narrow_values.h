#pragma once
// Columns of eight-byte values in fewer bytes where they lie close together: a base and signed differences of 1, 2 or 4 bytes. A float64
// column has this form if each of its values is, bit for bit, a whole number of int32's range. For batch_codec. Pure; any thread.
//
// Form (little-endian): i64 base, u8 width, rows * width bytes.
#include <cstdint>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/types/vector.h"

namespace tsd {

class NarrowValues {
 public:
  /// Looks whether the column has the form and whether it saves bytes.
  explicit NarrowValues(const Vector& column);
  bool pays() const { return width_ != 0; }
  /// Requires: pays().
  void Write(ByteWriter& writer) const;

 private:
  void Choose(size_t rows, uint32_t magnitudes);

  int64_t base_ = 0;
  std::vector<int32_t> differences_;
  size_t width_ = 0;  // 0: it does not pay
};

/// Fills `column`, whose type has eight bytes, with `rows` values. False if the bytes have not the form.
bool ReadNarrowValues(size_t rows, ByteReader& reader, Vector& column);

}  // namespace tsd
