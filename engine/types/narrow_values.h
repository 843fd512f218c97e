#pragma once
// Columns of eight-byte values in fewer bytes where they lie close together: a base and signed differences of 1, 2 or 4 bytes. A float64
// column has this form if each of its values is, bit for bit, a whole number of int32's range. For batch_codec. Pure; one thread at a time.
//
// Form (little-endian): i64 base (zero for float64), u8 width, rows * width bytes.
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/types/vector.h"

namespace tsd {

/// One column after the other: the room it works in is used again.
class NarrowValues {
 public:
  /// Takes the values of `column` at `positions`, or all. False if they have not the form or that saves no bytes.
  bool Take(const Vector& column, const std::vector<uint32_t>* positions);
  /// The column last taken. Requires: Take said true.
  void Write(ByteWriter& writer) const;

 private:
  template <typename T>
  void WriteAs(ByteWriter& writer) const;

  std::unique_ptr<int32_t[]> differences_;  // from the base
  size_t capacity_ = 0;
  size_t rows_ = 0;
  int64_t base_ = 0;
  size_t width_ = 0;
};

/// Fills rows [at, at + rows) of `column`, whose type has eight bytes. False if the bytes have not the form.
bool ReadNarrowValues(size_t at, size_t rows, ByteReader& reader, Vector& column);

}  // namespace tsd
