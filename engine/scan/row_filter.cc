#include "engine/scan/row_filter.h"

#include <algorithm>
#include <cmath>

#include "engine/chunk/zone_map.h"
#include "engine/scan/row_kernels.h"
#include "engine/types/compare.h"

namespace tsd::engine {
namespace {

using Op = ColumnCondition::Op;

template <typename T, typename Test>
void TestAll(const T* values, std::vector<uint8_t>& keep, Test test) {
  uint8_t* out = keep.data();
  const size_t count = keep.size();
  for (size_t row = 0; row < count; ++row) out[row] &= static_cast<uint8_t>(test(values[row]));
}

template <typename T>
void CompareAll(const T* values, Op op, T bound, std::vector<uint8_t>& keep) {
  switch (op) {
    case Op::kEqual: return TestAll(values, keep, [bound](T value) { return value == bound; });
    case Op::kLess: return TestAll(values, keep, [bound](T value) { return value < bound; });
    case Op::kLessEqual: return TestAll(values, keep, [bound](T value) { return value <= bound; });
    case Op::kGreater: return TestAll(values, keep, [bound](T value) { return value > bound; });
    case Op::kGreaterEqual: return TestAll(values, keep, [bound](T value) { return value >= bound; });
    default: return;
  }
}

/// NaN is above every number and equal to itself: negated comparisons let it through on the high side.
void CompareFloats(const float* values, Op op, float bound, std::vector<uint8_t>& keep) {
  switch (op) {
    case Op::kEqual: return TestAll(values, keep, [bound](float value) { return value == bound; });
    case Op::kLess: return TestAll(values, keep, [bound](float value) { return value < bound; });
    case Op::kLessEqual: return TestAll(values, keep, [bound](float value) { return value <= bound; });
    case Op::kGreater: return TestAll(values, keep, [bound](float value) { return !(value <= bound); });
    case Op::kGreaterEqual: return TestAll(values, keep, [bound](float value) { return !(value < bound); });
    default: return;
  }
}

RowTest TestOf(Op op) {
  switch (op) {
    case Op::kLess: return RowTest::kLess;
    case Op::kLessEqual: return RowTest::kLessEqual;
    case Op::kGreater: return RowTest::kGreater;
    case Op::kGreaterEqual: return RowTest::kGreaterEqual;
    default: return RowTest::kEqual;
  }
}

bool OneInteger(const Vector& column, Op op, const Value& value, std::vector<uint8_t>& keep) {
  switch (column.type().Physical()) {
    case PhysicalType::kInt16: CompareAll<int16_t>(column.values<int16_t>(), op, static_cast<int16_t>(value.AsInteger()), keep); return true;
    case PhysicalType::kInt32: CompareAll<int32_t>(column.values<int32_t>(), op, static_cast<int32_t>(value.AsInteger()), keep); return true;
    case PhysicalType::kInt64: TestIntegers(column.values<int64_t>(), keep.size(), TestOf(op), value.AsInteger(), keep.data()); return true;
    default: return false;
  }
}

bool OneFloat(const Vector& column, Op op, const Value& value, std::vector<uint8_t>& keep) {
  const PhysicalType physical = column.type().Physical();
  if (physical != PhysicalType::kFloat64 && physical != PhysicalType::kFloat32) return false;
  const double bound = value.AsDouble();
  if (bound != bound) return false;
  if (physical == PhysicalType::kFloat64) {
    TestDoubles(column.values<double>(), keep.size(), TestOf(op), bound, keep.data());
  } else {
    CompareFloats(column.values<float>(), op, static_cast<float>(bound), keep);
  }
  return true;
}

bool Satisfies(int order, Op op) {
  switch (op) {
    case Op::kLess: return order < 0;
    case Op::kLessEqual: return order <= 0;
    case Op::kGreater: return order > 0;
    case Op::kGreaterEqual: return order >= 0;
    default: return order == 0;
  }
}

bool RowSatisfies(const Vector& column, size_t row, Op op, const std::vector<Value>& values) {
  return std::any_of(values.begin(), values.end(),
                     [&](const Value& value) { return !value.IsNull() && Satisfies(CompareRowToValue(column, row, value), op); });
}

void MaskNulls(const Vector& column, std::vector<uint8_t>& keep) {
  const std::span<const uint64_t> validity = column.validity();
  for (size_t row = 0; !validity.empty() && row < keep.size(); ++row) keep[row] &= validity[row / 64] >> (row % 64) & 1;
}

}  // namespace

bool CanFilter(DataType type, const ColumnCondition& condition) {
  if (condition.op > Op::kIn) return true;
  if (!HasZoneOrder(type) || (condition.op < Op::kIn && condition.values.size() != 1)) return false;
  return std::all_of(condition.values.begin(), condition.values.end(),
                     [type](const Value& value) { return value.IsNull() || ComparableWith(value, type); });
}

std::optional<DoubleTest> DoubleTestOf(DataType type, const ColumnCondition& condition) {
  if (!type.Is(TypeId::kFloat64) || condition.op >= Op::kIn || condition.values.size() != 1 || condition.values[0].IsNull()) return std::nullopt;
  Value bound = condition.values[0];
  bound.SetType(type);
  if (std::isnan(bound.AsDouble())) return std::nullopt;
  return DoubleTest{TestOf(condition.op), bound.AsDouble()};
}

void FilterRows(const Vector& column, const ColumnCondition& condition, std::vector<uint8_t>& keep) {
  const Op op = condition.op;
  if (op == Op::kIsNull || op == Op::kIsNotNull) {
    for (size_t row = 0; row < keep.size(); ++row) keep[row] &= column.IsNull(row) == (op == Op::kIsNull);
    return;
  }
  std::vector<Value> values;
  for (const Value& value : condition.values) {
    if (value.IsNull()) continue;
    values.push_back(value);
    values.back().SetType(column.type());
  }
  if (values.empty()) {
    std::fill(keep.begin(), keep.end(), 0);
    return;
  }
  MaskNulls(column, keep);
  if (column.IsUniform() && !keep.empty()) {
    if (!RowSatisfies(column, 0, op, values)) std::fill(keep.begin(), keep.end(), 0);
    return;
  }
  if (values.size() == 1 && op != Op::kIn && (OneInteger(column, op, values[0], keep) || OneFloat(column, op, values[0], keep))) return;
  bool same = false;
  bool last = false;
  for (size_t row = 0; row < keep.size(); ++row) {
    if (keep[row] == 0) {
      same = false;
      continue;
    }
    // Sorted columns have runs of equal strings.
    same = same && column.type().Width() == 0 && column.GetBytes(row) == column.GetBytes(row - 1);
    if (!same) last = RowSatisfies(column, row, op, values);
    keep[row] = last;
    same = true;
  }
}

bool CodeFilter::MayApply(DataType type, const ColumnCondition& condition) { return type.Physical() == PhysicalType::kBytes && condition.op <= Op::kIn; }

const std::vector<uint8_t>& CodeFilter::Passes(const ColumnCondition& condition, const VectorPtr& entries) {
  auto verdict = std::find_if(verdicts_.begin(), verdicts_.end(), [&](const Verdict& each) { return each.condition == &condition; });
  if (verdict == verdicts_.end()) verdict = verdicts_.insert(verdict, Verdict{&condition, nullptr, {}});
  if (verdict->entries != entries) {
    verdict->entries = entries;
    verdict->passes.assign(entries->size(), 1);
    FilterRows(*entries, condition, verdict->passes);
  }
  return verdict->passes;
}

StatusOr<bool> CodeFilter::Filter(const ChunkReader& reader, size_t row_group, const ColumnCondition& condition, std::vector<uint8_t>& keep) {
  ASSIGN_OR_RETURN(const std::optional<CodedRows> rows, reader.ReadCodes(row_group, condition.column));
  if (!rows.has_value()) return false;
  const std::vector<uint8_t>& passes = Passes(condition, rows->entries);
  const uint16_t* const codes = rows->codes.data();
  if (rows->present.empty()) {
    for (size_t row = 0; row < keep.size(); ++row) keep[row] &= passes[codes[row]];
    return true;
  }
  for (size_t row = 0, next = 0; row < keep.size(); ++row) {
    const bool present = (rows->present[row / 64] >> (row % 64) & 1) != 0;
    keep[row] &= present ? passes[codes[next++]] : 0;
  }
  return true;
}

}  // namespace tsd::engine
