#pragma once
// Vector: one column of values of one DataType in memory, the only in-memory form of column data.
//
// Layout by PhysicalType: fixed-width values lie in one array (`values<T>()`); kBytes values are slices of one heap between
// offsets()[i] and offsets()[i + 1]. Validity is a bitmap (bit set = value present), empty while all values are present; the slot of a
// NULL holds zero / an empty slice.
//
// Build it by appending (one thread), then share it as `VectorPtr` (const, any number of threads).
// A Vector may be constant (IsConstant): one physical row that stands for size() logical rows. Expression results may be constant;
// columns of a ColumnBatch never are (ColumnBatch::Add flattens).
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "engine/types/byte_buffer.h"
#include "engine/types/data_type.h"
#include "engine/types/interval.h"

namespace tsd {

struct Uuid {
  uint8_t bytes[16] = {};
  auto operator<=>(const Uuid&) const = default;
};

class Vector;
using VectorPtr = std::shared_ptr<const Vector>;

class Vector {
 public:
  explicit Vector(DataType type);

  const DataType& type() const { return type_; }
  void SetType(DataType type) { type_ = type; }  // relabel; Requires: same Physical()
  size_t size() const { return constant_ ? constant_size_ : size_; }
  bool IsConstant() const { return constant_; }
  /// Logical row -> physical row.
  size_t Slot(size_t row) const { return constant_ ? 0 : row; }
  /// Makes this one-row vector stand for `size` equal rows. Requires: one physical row.
  void MakeConstant(size_t size);

  bool HasNulls() const { return null_count_ != 0; }
  size_t null_count() const { return null_count_; }
  bool IsNull(size_t row) const {
    const size_t slot = Slot(row);
    return null_count_ != 0 && (validity_[slot >> 6] >> (slot & 63) & 1) == 0;
  }
  bool IsValid(size_t row) const { return !IsNull(row); }

  // Hints, given by whoever made the values, once they are complete; false only means "not known". An appended value takes them away
  // only in AppendRange, AppendSelected and AppendNull: do not append to a vector that was handed out.
  /// All rows are equal and present.
  bool IsUniform() const { return uniform_ || (constant_ && null_count_ == 0); }
  /// Values are present and ascend (equal ones allowed) in the order of types/compare.h.
  bool IsAscending() const { return ascending_ || IsUniform(); }
  void MarkUniform() { uniform_ = true; }
  void MarkAscending() { ascending_ = true; }
  /// Strings that came from a dictionary: the entry each row is; none is NULL. Empty: not known.
  std::span<const uint16_t> codes() const { return codes_; }
  /// What codes() name. Null if there are none.
  const VectorPtr& entries() const { return entries_; }
  /// Requires: a code for each row, below entries->size(), and the rows are the entries' bytes.
  void SetCodes(VectorPtr entries, std::vector<uint16_t> codes);
  /// Bitmap words, physical rows; empty if there is no NULL.
  std::span<const uint64_t> validity() const { return null_count_ ? std::span<const uint64_t>(validity_) : std::span<const uint64_t>(); }

  // ---- fixed width ----
  template <typename T>
  const T* values() const { return reinterpret_cast<const T*>(fixed_.data()); }
  template <typename T>
  T* mutable_values() { return reinterpret_cast<T*>(fixed_.data()); }
  template <typename T>
  T Get(size_t row) const { return values<T>()[Slot(row)]; }
  template <typename T>
  void Append(T value) {
    std::memcpy(fixed_.Extend(sizeof(T)), &value, sizeof(T));
    PushValid();
  }
  /// Sets all sizes at once for kernels that fill mutable_values<T>() directly; new rows are valid and zero.
  void ResizeFixed(size_t rows);
  /// The same without the zeros. Requires: empty; every value is then written.
  void ResizeFixedUninitialized(size_t rows);

  // ---- variable width ----
  std::string_view GetBytes(size_t row) const {
    const size_t slot = Slot(row);
    return std::string_view(heap_.data() + offsets_[slot], offsets_[slot + 1] - offsets_[slot]);
  }
  void AppendBytes(std::string_view bytes) {
    heap_.append(bytes);
    offsets_.push_back(static_cast<uint32_t>(heap_.size()));
    PushValid();
  }
  const std::vector<uint32_t>& offsets() const { return offsets_; }
  const std::string& heap() const { return heap_; }
  /// Adopts a decoded column. Requires: offsets ascending from 0 to heap.size(), one more than rows.
  void AdoptBytes(std::vector<uint32_t> offsets, std::string heap);

  // ---- any ----
  void AppendNull();
  void SetNull(size_t row);
  /// Replaces validity (bit set = present) for all rows.
  void AdoptValidity(std::vector<uint64_t> validity);
  /// Appends row `row` of `other`, of the same physical type.
  void AppendFrom(const Vector& other, size_t row);
  /// Appends rows [begin, end) of `other`.
  void AppendRange(const Vector& other, size_t begin, size_t end);
  /// Appends other's rows named by `rows`.
  void AppendSelected(const Vector& other, std::span<const uint32_t> rows);
  void Reserve(size_t rows, size_t heap_bytes);
  /// Approximate heap bytes held.
  size_t MemoryBytes() const;

  static VectorPtr Gather(const VectorPtr& source, std::span<const uint32_t> rows);
  static VectorPtr Slice(const VectorPtr& source, size_t begin, size_t end);
  /// A non-constant vector with the same logical rows (the same one if not constant).
  static VectorPtr Flatten(const VectorPtr& source);
  static VectorPtr AllNull(DataType type, size_t rows);

 private:
  void PushValid() {
    if (null_count_ != 0) PushValidityBit(true);
    ++size_;
  }
  void PushValidityBit(bool valid);
  void ForgetHints();

  DataType type_;
  PhysicalType physical_;
  bool constant_ = false;
  bool uniform_ = false;
  bool ascending_ = false;
  size_t constant_size_ = 0;
  size_t size_ = 0;        // physical rows
  size_t null_count_ = 0;  // physical
  std::vector<uint64_t> validity_;
  ByteBuffer fixed_;
  std::vector<uint32_t> offsets_;
  std::string heap_;
  VectorPtr entries_;
  std::vector<uint16_t> codes_;
};

}  // namespace tsd
