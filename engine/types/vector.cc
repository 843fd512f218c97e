#include "engine/types/vector.h"

namespace tsd {

Vector::Vector(DataType type) : type_(type), physical_(type.Physical()) {
  if (physical_ == PhysicalType::kBytes) offsets_.push_back(0);
}

void Vector::MakeConstant(size_t size) {
  TSD_CHECK(size_ == 1);
  ForgetHints();
  constant_ = true;
  constant_size_ = size;
}

void Vector::ResizeFixed(size_t rows) {
  TSD_CHECK(physical_ != PhysicalType::kBytes);
  const size_t before = size_;
  const size_t bytes = rows * type_.Width();
  TSD_CHECK(bytes >= fixed_.size());
  const size_t more = bytes - fixed_.size();
  if (more != 0) std::memset(fixed_.Extend(more), 0, more);
  if (null_count_ != 0) {
    size_ = before;
    while (size_ < rows) PushValid();
  }
  size_ = rows;
}

void Vector::ResizeFixedUninitialized(size_t rows) {
  TSD_CHECK(physical_ != PhysicalType::kBytes && size_ == 0);
  fixed_.Extend(rows * type_.Width());
  size_ = rows;
}

void Vector::AdoptBytes(std::vector<uint32_t> offsets, std::string heap) {
  TSD_CHECK(!offsets.empty() && offsets.back() == heap.size());
  ForgetHints();
  size_ = offsets.size() - 1;
  offsets_ = std::move(offsets);
  heap_ = std::move(heap);
  validity_.clear();
  null_count_ = 0;
}

void Vector::SetCodes(VectorPtr entries, std::vector<uint16_t> codes) {
  TSD_CHECK(codes.size() == size_ && null_count_ == 0 && !constant_);
  entries_ = std::move(entries);
  codes_ = std::move(codes);
}

void Vector::ForgetHints() {
  uniform_ = ascending_ = false;
  entries_.reset();
  codes_.clear();
}

void Vector::PushValidityBit(bool valid) {
  if ((size_ & 63) == 0) validity_.push_back(0);
  if (valid) validity_[size_ >> 6] |= uint64_t{1} << (size_ & 63);
}

void Vector::AppendNull() {
  ForgetHints();
  if (null_count_ == 0) {
    validity_.assign((size_ + 63) / 64, ~uint64_t{0});
    if ((size_ & 63) != 0) validity_.back() = (uint64_t{1} << (size_ & 63)) - 1;
  }
  PushValidityBit(false);
  ++null_count_;
  if (physical_ == PhysicalType::kBytes) {
    offsets_.push_back(static_cast<uint32_t>(heap_.size()));
  } else {
    std::memset(fixed_.Extend(type_.Width()), 0, type_.Width());
  }
  ++size_;
}

void Vector::SetNull(size_t row) {
  TSD_CHECK(row < size_);
  ForgetHints();
  if (null_count_ == 0) {
    validity_.assign((size_ + 63) / 64, ~uint64_t{0});
    if ((size_ & 63) != 0) validity_.back() = (uint64_t{1} << (size_ & 63)) - 1;
  }
  uint64_t& word = validity_[row >> 6];
  const uint64_t bit = uint64_t{1} << (row & 63);
  if ((word & bit) == 0) return;
  word &= ~bit;
  ++null_count_;
}

void Vector::AdoptValidity(std::vector<uint64_t> validity) {
  TSD_CHECK(validity.size() == (size_ + 63) / 64);
  ForgetHints();
  validity_ = std::move(validity);
  if ((size_ & 63) != 0) validity_.back() &= (uint64_t{1} << (size_ & 63)) - 1;
  size_t present = 0;
  for (uint64_t word : validity_) present += static_cast<size_t>(__builtin_popcountll(word));
  null_count_ = size_ - present;
  if (null_count_ == 0) validity_.clear();
}

void Vector::AppendFrom(const Vector& other, size_t row) {
  if (other.IsNull(row)) {
    AppendNull();
    return;
  }
  if (physical_ == PhysicalType::kBytes) {
    AppendBytes(other.GetBytes(row));
    return;
  }
  const size_t width = type_.Width();
  const uint8_t* from = other.fixed_.data() + other.Slot(row) * width;
  std::memcpy(fixed_.Extend(width), from, width);
  PushValid();
}

void Vector::AppendRange(const Vector& other, size_t begin, size_t end) {
  if (begin >= end) return;
  ForgetHints();
  if (other.constant_ || other.null_count_ != 0 || null_count_ != 0) {
    for (size_t row = begin; row < end; ++row) AppendFrom(other, row);
    return;
  }
  if (physical_ == PhysicalType::kBytes) {
    const uint32_t from = other.offsets_[begin];
    const uint32_t base = static_cast<uint32_t>(heap_.size());
    heap_.append(other.heap_, from, other.offsets_[end] - from);
    // resize, not reserve: it grows by halves of what is there, so that many small appends copy little.
    offsets_.resize(size_ + 1 + (end - begin));
    uint32_t* const out = offsets_.data() + size_ + 1;
    for (size_t row = begin; row < end; ++row) out[row - begin] = base + other.offsets_[row + 1] - from;
  } else {
    const size_t width = type_.Width();
    std::memcpy(fixed_.Extend((end - begin) * width), other.fixed_.data() + begin * width, (end - begin) * width);
  }
  size_ += end - begin;
}

namespace {
constexpr size_t kCopyBytes = 16;
constexpr size_t kMaxEntries = 1 << 16;

template <typename T>
void GatherFixed(uint8_t* out, const uint8_t* in, std::span<const uint32_t> rows) {
  T* target = reinterpret_cast<T*>(out);
  const T* source = reinterpret_cast<const T*>(in);
  for (size_t i = 0; i < rows.size(); ++i) target[i] = source[rows[i]];
}
struct Bytes16 {
  uint64_t low, high;
};
}  // namespace

void Vector::AppendSelected(const Vector& other, std::span<const uint32_t> rows) {
  ForgetHints();
  if (other.constant_ || other.null_count_ != 0 || null_count_ != 0) {
    for (uint32_t row : rows) AppendFrom(other, row);
    return;
  }
  if (physical_ == PhysicalType::kBytes) {
    size_t bytes = 0;
    for (uint32_t row : rows) bytes += other.offsets_[row + 1] - other.offsets_[row];
    offsets_.resize(size_ + 1 + rows.size());
    uint32_t* out = offsets_.data() + size_ + 1;
    size_t end = heap_.size();
    heap_.resize(end + bytes + kCopyBytes);
    for (uint32_t row : rows) {
      const size_t from = other.offsets_[row];
      const size_t length = other.offsets_[row + 1] - from;
      // A copy of a constant size is quicker; what is too much is written over.
      std::memcpy(heap_.data() + end, other.heap_.data() + from, length <= kCopyBytes && from + kCopyBytes <= other.heap_.size() ? kCopyBytes : length);
      end += length;
      *out++ = static_cast<uint32_t>(end);
    }
    heap_.resize(end);
  } else {
    const size_t width = type_.Width();
    uint8_t* out = fixed_.Extend(rows.size() * width);
    switch (width) {
      case 1: GatherFixed<uint8_t>(out, other.fixed_.data(), rows); break;
      case 2: GatherFixed<uint16_t>(out, other.fixed_.data(), rows); break;
      case 4: GatherFixed<uint32_t>(out, other.fixed_.data(), rows); break;
      case 8: GatherFixed<uint64_t>(out, other.fixed_.data(), rows); break;
      default: GatherFixed<Bytes16>(out, other.fixed_.data(), rows); break;
    }
  }
  size_ += rows.size();
}

void Vector::Reserve(size_t rows, size_t heap_bytes) {
  if (physical_ == PhysicalType::kBytes) {
    offsets_.reserve(rows + 1);
    heap_.reserve(heap_bytes);
  } else {
    fixed_.Reserve(rows * type_.Width());
  }
}

size_t Vector::MemoryBytes() const {
  return validity_.capacity() * 8 + fixed_.capacity() + offsets_.capacity() * 4 + heap_.capacity() + codes_.capacity() * 2;
}

VectorPtr Vector::Gather(const VectorPtr& source, std::span<const uint32_t> rows) {
  auto result = std::make_shared<Vector>(source->type());
  result->AppendSelected(*source, rows);
  result->uniform_ = source->IsUniform();
  if (!source->codes_.empty()) {
    result->entries_ = source->entries_;
    result->codes_.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) result->codes_[i] = source->codes_[rows[i]];
  } else if (source->physical_ == PhysicalType::kBytes && !source->constant_ && source->null_count_ == 0 && source->size() <= kMaxEntries &&
             rows.size() >= 2 * source->size()) {
    // Rows repeat (a join's other side): the source is their dictionary.
    result->SetCodes(source, std::vector<uint16_t>(rows.begin(), rows.end()));
  }
  return result;
}

VectorPtr Vector::Slice(const VectorPtr& source, size_t begin, size_t end) {
  if (begin == 0 && end == source->size()) return source;
  auto result = std::make_shared<Vector>(source->type());
  result->AppendRange(*source, begin, end);
  result->uniform_ = source->IsUniform();
  result->ascending_ = source->ascending_;
  if (!source->codes_.empty()) {
    result->entries_ = source->entries_;
    result->codes_.assign(source->codes_.begin() + static_cast<ptrdiff_t>(begin), source->codes_.begin() + static_cast<ptrdiff_t>(end));
  }
  return result;
}

VectorPtr Vector::Flatten(const VectorPtr& source) {
  if (!source->IsConstant()) return source;
  auto result = std::make_shared<Vector>(source->type());
  result->AppendRange(*source, 0, source->size());
  result->uniform_ = source->IsUniform();
  return result;
}

VectorPtr Vector::AllNull(DataType type, size_t rows) {
  auto result = std::make_shared<Vector>(type);
  for (size_t i = 0; i < rows; ++i) result->AppendNull();
  return result;
}

}  // namespace tsd
