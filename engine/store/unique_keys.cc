#include "engine/store/unique_keys.h"

#include <algorithm>
#include <bit>

#include "engine/base/hash.h"
#include "engine/types/compare.h"
#include "engine/types/text_form.h"

namespace tsd::engine {
namespace {

bool HasIntegerLayout(const Vector& column) {
  const PhysicalType physical = column.type().Physical();
  return physical == PhysicalType::kInt64 || physical == PhysicalType::kInt32 || physical == PhysicalType::kInt16;
}

int64_t IntegerAt(const Vector& column, size_t row) {
  switch (column.type().Physical()) {
    case PhysicalType::kInt64: return column.Get<int64_t>(row);
    case PhysicalType::kInt32: return column.Get<int32_t>(row);
    default: return column.Get<int16_t>(row);
  }
}

template <typename T>
KeyBounds::Range RangeOf(const Vector& column) {
  const T* values = column.values<T>();
  const auto [low, high] = std::minmax_element(values, values + column.size());
  return {*low, *high};
}

KeyBounds::Range RangeOf(const KeyRows& rows, const Vector& column) {
  if (rows.rows() > 0 && !column.HasNulls() && !column.IsConstant()) {
    switch (column.type().Physical()) {
      case PhysicalType::kInt64: return RangeOf<int64_t>(column);
      case PhysicalType::kInt32: return RangeOf<int32_t>(column);
      default: return RangeOf<int16_t>(column);
    }
  }
  KeyBounds::Range range;
  for (size_t row = 0; row < rows.rows(); ++row) {
    if (column.IsNull(row)) continue;
    range.low = std::min(range.low, IntegerAt(column, row));
    range.high = std::max(range.high, IntegerAt(column, row));
  }
  return range;
}

bool EqualAt(const Vector& left, size_t left_row, const Vector& right, size_t right_row) {
  if (left.type().Physical() == PhysicalType::kInt64 && !left.HasNulls() && !right.HasNulls()) {
    return left.Get<int64_t>(left_row) == right.Get<int64_t>(right_row);
  }
  return RowsEqualOrBothNull(left, left_row, right, right_row);
}

}  // namespace

bool KeyBounds::Meets(const KeyBounds& other) const {
  if (!any_rows || !other.any_rows) return false;
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (!ranges[i] || !other.ranges[i]) continue;
    if (ranges[i]->high < other.ranges[i]->low || ranges[i]->low > other.ranges[i]->high) return false;
  }
  return true;
}

KeyRows::KeyRows(std::vector<VectorPtr> columns, size_t rows, bool nulls_distinct)
    : columns_(std::move(columns)), rows_(rows), nulls_distinct_(nulls_distinct) {}

bool KeyRows::AppliesTo(size_t row) const {
  return !nulls_distinct_ || std::ranges::none_of(columns_, [row](const VectorPtr& column) { return column->IsNull(row); });
}

bool KeyRows::Equal(size_t row, const KeyRows& other, size_t other_row) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!EqualAt(*columns_[i], row, *other.columns_[i], other_row)) return false;
  }
  return true;
}

uint64_t KeyRows::Hash(size_t row) const {
  uint64_t hash = HashRow(*columns_[0], row);
  for (size_t i = 1; i < columns_.size(); ++i) hash = CombineHash(hash, HashRow(*columns_[i], row));
  return hash;
}

std::vector<uint64_t> KeyRows::Hashes() const {
  std::vector<uint64_t> hashes(rows_);
  for (size_t i = 0; i < columns_.size(); ++i) HashColumn(*columns_[i], hashes, i == 0 ? HashMode::kReplace : HashMode::kCombine);
  return hashes;
}

KeyBounds KeyRows::Bounds() const {
  KeyBounds bounds;
  bool nulls = false;
  for (const VectorPtr& column : columns_) {
    nulls = nulls || column->HasNulls();
    if (!HasIntegerLayout(*column) || (!nulls_distinct_ && column->HasNulls())) {
      bounds.ranges.push_back(std::nullopt);
    } else {
      bounds.ranges.push_back(RangeOf(*this, *column));
    }
  }
  bounds.any_rows = rows_ > 0;
  if (nulls && nulls_distinct_) {
    bounds.any_rows = false;
    for (size_t row = 0; row < rows_ && !bounds.any_rows; ++row) bounds.any_rows = AppliesTo(row);
  }
  return bounds;
}

bool KeyRows::Within(size_t row, const KeyBounds& bounds) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!bounds.ranges[i] || !HasIntegerLayout(*columns_[i]) || columns_[i]->IsNull(row)) continue;
    const int64_t value = IntegerAt(*columns_[i], row);
    if (value < bounds.ranges[i]->low || value > bounds.ranges[i]->high) return false;
  }
  return true;
}

bool KeyRows::IsStrictlyAscending() const {
  return std::ranges::any_of(columns_, [this](const VectorPtr& column) {
    if (!HasIntegerLayout(*column) || column->HasNulls() || column->IsConstant()) return false;
    size_t row = 1;
    while (row < rows_ && IntegerAt(*column, row - 1) < IntegerAt(*column, row)) ++row;
    return row >= rows_;
  });
}

std::string KeyRows::Text(size_t row) const {
  std::string text = "(";
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) text += ", ";
    if (columns_[i]->IsNull(row)) {
      text += "null";
    } else {
      FormatText(*columns_[i], row, TextContext(), text);
    }
  }
  return text + ")";
}

KeyTable::KeyTable(size_t capacity) {
  const size_t slots = std::bit_ceil(std::max<size_t>(2, capacity + capacity / 2));
  shift_ = 64 - std::countr_zero(slots);
  heads_.assign(slots, kNone);
  next_.assign(capacity, kNone);
}

KeyTable::KeyTable(const KeyRows& keys, std::span<const uint8_t> left_out) : KeyTable(keys.rows()) {
  const std::vector<uint64_t> hashes = keys.Hashes();
  for (uint32_t row = 0; row < keys.rows(); ++row) {
    if (!left_out.empty() && left_out[row] != 0) continue;
    if (keys.AppliesTo(row)) Insert(hashes[row], row);
  }
}

void KeyTable::Insert(uint64_t hash, uint32_t row) {
  uint32_t& head = heads_[Slot(hash)];
  next_[row] = head;
  head = row;
}

KeyOfBlockPtr KeysOfBlock::Find(const UniqueKey& key) const {
  MutexLock lock(mutex_);
  for (const KeyOfBlockPtr& known : keys_) {
    if (known->columns == key.columns && known->nulls_distinct == key.nulls_distinct) return known;
  }
  return nullptr;
}

KeyOfBlockPtr KeysOfBlock::Add(KeyOfBlockPtr key) const {
  MutexLock lock(mutex_);
  for (const KeyOfBlockPtr& known : keys_) {
    if (known->columns == key->columns && known->nulls_distinct == key->nulls_distinct) return known;
  }
  keys_.push_back(key);
  return key;
}

}  // namespace tsd::engine
