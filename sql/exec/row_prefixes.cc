#include "sql/exec/row_prefixes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace tsd::sql {
namespace {

constexpr size_t kSliceRows = size_t{1} << 15;      // of a step
constexpr size_t kRowsAValue = 4;                   // at least, for ranks to pay
constexpr size_t kMaxRanks = size_t{1} << 17;       // they are sorted in one step

uint64_t FromSigned(int64_t value) { return static_cast<uint64_t>(value) ^ (uint64_t{1} << 63); }

uint64_t FromDouble(double value) {
  if (std::isnan(value)) return UINT64_MAX;
  if (value == 0) value = 0;
  uint64_t bits;
  std::memcpy(&bits, &value, 8);
  return (bits >> 63) != 0 ? ~bits : bits | (uint64_t{1} << 63);
}

uint64_t FromText(std::string_view bytes) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) prefix = prefix << 8 | (i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0);
  return prefix;
}

/// Types whose values' own bits say something of their order; of fixed-width ones they say all.
bool HasBits(const DataType& type) {
  switch (type.Physical()) {
    case PhysicalType::kBool: case PhysicalType::kInt16: case PhysicalType::kInt32: case PhysicalType::kFloat32: case PhysicalType::kFloat64:
      return true;
    case PhysicalType::kInt64: return !type.Is(TypeId::kPgLsn);
    case PhysicalType::kBytes: return type.Is(TypeId::kText) || type.Is(TypeId::kVarchar) || type.Is(TypeId::kName) || type.Is(TypeId::kBytea);
    default: return false;
  }
}

template <typename T, typename Of>
void BitsOf(const Vector& column, size_t begin, size_t end, uint64_t* out, Of of) {
  for (size_t row = begin; row < end; ++row) out[row] = of(column.Get<T>(row));
}

/// Requires: HasBits.
void FillBits(const Vector& column, size_t begin, size_t end, uint64_t* out) {
  switch (column.type().Physical()) {
    case PhysicalType::kBool: return BitsOf<uint8_t>(column, begin, end, out, [](uint8_t value) { return uint64_t{value}; });
    case PhysicalType::kInt16: return BitsOf<int16_t>(column, begin, end, out, FromSigned);
    case PhysicalType::kInt32: return BitsOf<int32_t>(column, begin, end, out, FromSigned);
    case PhysicalType::kInt64: return BitsOf<int64_t>(column, begin, end, out, FromSigned);
    case PhysicalType::kFloat32: return BitsOf<float>(column, begin, end, out, FromDouble);
    case PhysicalType::kFloat64: return BitsOf<double>(column, begin, end, out, FromDouble);
    default:
      for (size_t row = begin; row < end; ++row) out[row] = FromText(column.GetBytes(row));
  }
}

}  // namespace

KeyPrefix::KeyPrefix(const ColumnBatch& batch, const OrderKey& key)
    : column_(batch.column(key.column)),
      rows_(batch.rows()),
      key_(key),
      phase_(IsWordType(column_.type()) || rows_ < kRowsAValue ? Phase::kValues : Phase::kSample),
      values_(rows_) {}

size_t KeyPrefix::SliceEnd() const { return std::min(rows_, at_ + kSliceRows); }

bool KeyPrefix::Step() {
  switch (phase_) {
    case Phase::kSample: TakeSample(); break;
    case Phase::kCodes: TakeCodes(); break;
    case Phase::kRanks: FillRanks(); break;
    case Phase::kValues: FillValues(); break;
    case Phase::kDone: break;
  }
  return phase_ == Phase::kDone;
}

void KeyPrefix::TakeSample() {
  dictionary_ = std::make_unique<ValueDictionary>(column_.type());
  codes_.resize(rows_);
  phase_ = Phase::kCodes;
  TakeCodes();
  if (phase_ == Phase::kCodes && dictionary_->size() * kRowsAValue > at_) phase_ = Phase::kValues;
}

void KeyPrefix::TakeCodes() {
  std::vector<uint32_t> rows(SliceEnd() - at_);
  std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(at_));
  dictionary_->Encode(column_, rows.data(), rows.size(), codes_.data() + at_);
  at_ = SliceEnd();
  if (dictionary_->size() * kRowsAValue > rows_ || dictionary_->size() > kMaxRanks) {
    phase_ = Phase::kValues;
    at_ = 0;
  } else if (at_ == rows_) {
    RankValues();
    phase_ = Phase::kRanks;
    at_ = 0;
  }
}

void KeyPrefix::RankValues() {
  const ColumnBatch values({dictionary_->values()}, dictionary_->size());
  const std::vector<OrderKey> own = {{0, key_.descending, key_.nulls_first}};
  std::vector<uint32_t> order(dictionary_->size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return CompareOrder(own, values, a, values, b) < 0; });
  ranks_.resize(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank) ranks_[order[rank]] = rank;
  dictionary_.reset();
}

void KeyPrefix::FillRanks() {
  const size_t end = SliceEnd();
  for (; at_ < end; ++at_) values_[at_] = ranks_[codes_[at_]];
  if (at_ < rows_) return;
  codes_ = {};
  exact_ = true;
  phase_ = Phase::kDone;
}

void KeyPrefix::FillValues() {
  if (at_ == 0) {
    dictionary_.reset();
    codes_ = {};
  }
  const bool has_bits = HasBits(column_.type());
  const size_t end = has_bits ? SliceEnd() : rows_;
  if (has_bits) FillBits(column_, at_, end, values_.data());
  if (key_.descending) {
    for (size_t row = at_; row < end; ++row) values_[row] = ~values_[row];
  }
  const uint64_t null_prefix = key_.nulls_first ? 0 : UINT64_MAX;
  for (size_t row = at_; row < end && column_.HasNulls(); ++row) {
    if (column_.IsNull(row)) values_[row] = null_prefix;
  }
  at_ = end;
  if (at_ < rows_) return;
  exact_ = has_bits && column_.type().Physical() != PhysicalType::kBytes && !column_.HasNulls();
  phase_ = Phase::kDone;
}

RowPrefixes::RowPrefixes(const ColumnBatch& batch, const std::vector<OrderKey>& keys) : batch_(batch), undecided_(keys), done_(keys.empty()) {
  if (!keys.empty()) first_ = std::make_unique<KeyPrefix>(batch, keys[0]);
}

void RowPrefixes::DropValues() {
  first_.reset();
  second_.reset();
}

bool RowPrefixes::Step() {
  if (done_) return true;
  KeyPrefix& prefix = second_ ? *second_ : *first_;
  if (!prefix.Step()) return false;
  if (prefix.exact()) undecided_.erase(undecided_.begin());
  if (second_ == nullptr && prefix.exact() && !undecided_.empty()) {
    second_ = std::make_unique<KeyPrefix>(batch_, undecided_[0]);
  } else {
    done_ = true;
  }
  return done_;
}

}  // namespace tsd::sql
