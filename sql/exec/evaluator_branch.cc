// AND, OR, NOT, IS NULL, CASE, COALESCE, IN: three-valued logic, and branches evaluated only where they are reached.
#include <algorithm>

#include "engine/types/compare.h"
#include "sql/exec/evaluator_node.h"
#include "sql/exec/key_codes.h"

namespace tsd::sql {
namespace {

enum Truth : uint8_t { kFalse = 0, kTrue = 1, kNull = 2 };

Truth TruthAt(const Vector& flags, size_t row) {
  if (flags.IsNull(row)) return kNull;
  return flags.Get<uint8_t>(row) != 0 ? kTrue : kFalse;
}

/// Rows (of the batch) that positions `positions` of `rows` mean.
std::vector<uint32_t> ToBatchRows(const RowSet& rows, const std::vector<uint32_t>& positions) {
  if (rows.chosen == nullptr) return positions;
  std::vector<uint32_t> result;
  result.reserve(positions.size());
  for (uint32_t position : positions) result.push_back((*rows.chosen)[position]);
  return result;
}

VectorPtr FromTruths(const DataType& type, const std::vector<Truth>& truths) {
  auto out = std::make_shared<Vector>(type);
  out->ResizeFixed(truths.size());
  uint8_t* values = out->mutable_values<uint8_t>();
  std::vector<uint64_t> validity((truths.size() + 63) / 64, 0);
  for (size_t i = 0; i < truths.size(); ++i) {
    values[i] = truths[i] == kTrue ? 1 : 0;
    validity[i >> 6] |= static_cast<uint64_t>(truths[i] != kNull) << (i & 63);
  }
  out->AdoptValidity(std::move(validity));
  return out;
}

/// The rows still waiting for a branch, and the branches' results to be put together at the end.
class BranchResults {
 public:
  explicit BranchResults(size_t rows) : branch_(rows, -1), index_(rows, 0) {}

  /// `values` holds one row a position.
  void Add(VectorPtr values, const std::vector<uint32_t>& positions) {
    const int32_t number = static_cast<int32_t>(values_.size());
    for (size_t i = 0; i < positions.size(); ++i) {
      branch_[positions[i]] = number;
      index_[positions[i]] = static_cast<uint32_t>(i);
    }
    values_.push_back(std::move(values));
  }
  /// Takes row `index` of the branch last added for one position.
  void Take(uint32_t position, uint32_t index) {
    branch_[position] = static_cast<int32_t>(values_.size()) - 1;
    index_[position] = index;
  }
  void AddSource(VectorPtr values) { values_.push_back(std::move(values)); }

  VectorPtr Finish(const DataType& type) const {
    if (values_.size() == 1 && values_[0]->size() == branch_.size() &&
        std::all_of(branch_.begin(), branch_.end(), [](int32_t branch) { return branch == 0; })) {
      return values_[0];
    }
    auto out = std::make_shared<Vector>(type);
    out->Reserve(branch_.size(), 0);
    for (size_t i = 0; i < branch_.size(); ++i) {
      if (branch_[i] < 0) {
        out->AppendNull();
      } else {
        out->AppendFrom(*values_[static_cast<size_t>(branch_[i])], index_[i]);
      }
    }
    return out;
  }

 private:
  std::vector<VectorPtr> values_;
  std::vector<int32_t> branch_;  // -1: NULL
  std::vector<uint32_t> index_;
};

std::vector<uint32_t> AllPositions(size_t count) {
  std::vector<uint32_t> positions(count);
  for (size_t i = 0; i < count; ++i) positions[i] = static_cast<uint32_t>(i);
  return positions;
}

}  // namespace

StatusOr<VectorPtr> CompiledExpr::Node::RunLogic(const RowSet& rows, const ExecContext& context) {
  const Truth decided = kind == ExprKind::kAnd ? kFalse : kTrue;
  const Truth neutral = kind == ExprKind::kAnd ? kTrue : kFalse;
  std::vector<Truth> result(rows.size(), neutral);
  std::vector<uint32_t> open = AllPositions(rows.size());
  for (const std::unique_ptr<Node>& argument : arguments) {
    // A cheap argument runs over all rows: gathering its columns would cost more.
    const bool dense = open.size() == rows.size() || (argument->safe && open.size() > rows.size() / 4);
    std::vector<uint32_t> chosen;
    if (!dense) chosen = ToBatchRows(rows, open);
    ASSIGN_OR_RETURN(VectorPtr flags, argument->Run(dense ? rows : RowSet{rows.batch, &chosen}, context));
    size_t kept = 0;
    for (size_t i = 0; i < open.size(); ++i) {
      const uint32_t position = open[i];
      const Truth truth = TruthAt(*flags, dense ? position : i);
      if (truth == decided) {
        result[position] = decided;
        continue;
      }
      if (truth == kNull) result[position] = kNull;
      open[kept++] = position;
    }
    open.resize(kept);
    if (open.empty()) break;
  }
  return FromTruths(type, result);
}

StatusOr<VectorPtr> CompiledExpr::Node::RunNot(const RowSet& rows, const ExecContext& context) {
  ASSIGN_OR_RETURN(VectorPtr flags, arguments[0]->Run(rows, context));
  auto out = std::make_shared<Vector>(type);
  const size_t physical = flags->IsConstant() ? 1 : flags->size();
  out->ResizeFixed(physical);
  uint8_t* values = out->mutable_values<uint8_t>();
  const uint8_t* from = flags->values<uint8_t>();
  for (size_t i = 0; i < physical; ++i) values[i] = from[i] == 0 ? 1 : 0;
  if (flags->HasNulls()) out->AdoptValidity(std::vector<uint64_t>(flags->validity().begin(), flags->validity().end()));
  if (flags->IsConstant()) out->MakeConstant(flags->size());
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> CompiledExpr::Node::RunNullTest(const RowSet& rows, const ExecContext& context) {
  ASSIGN_OR_RETURN(VectorPtr value, arguments[0]->Run(rows, context));
  auto out = std::make_shared<Vector>(type);
  const size_t physical = value->IsConstant() ? 1 : value->size();
  out->ResizeFixed(physical);
  uint8_t* values = out->mutable_values<uint8_t>();
  const bool want_null = kind == ExprKind::kIsNull;
  for (size_t i = 0; i < physical; ++i) values[i] = value->IsNull(i) == want_null ? 1 : 0;
  if (value->IsConstant()) out->MakeConstant(value->size());
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> CompiledExpr::Node::RunCase(const RowSet& rows, const ExecContext& context) {
  BranchResults results(rows.size());
  std::vector<uint32_t> open = AllPositions(rows.size());
  for (size_t i = 0; i + 1 < arguments.size() && !open.empty(); i += 2) {
    const bool all = open.size() == rows.size();
    std::vector<uint32_t> chosen;
    if (!all) chosen = ToBatchRows(rows, open);
    ASSIGN_OR_RETURN(VectorPtr flags, arguments[i]->Run(all ? rows : RowSet{rows.batch, &chosen}, context));
    std::vector<uint32_t> taken;
    std::vector<uint32_t> left;
    for (size_t k = 0; k < open.size(); ++k) (TruthAt(*flags, k) == kTrue ? taken : left).push_back(open[k]);
    open = std::move(left);
    if (taken.empty()) continue;
    const std::vector<uint32_t> taken_rows = ToBatchRows(rows, taken);
    ASSIGN_OR_RETURN(VectorPtr value, arguments[i + 1]->Run(RowSet{rows.batch, &taken_rows}, context));
    results.Add(std::move(value), taken);
  }
  if (!open.empty()) {
    const std::vector<uint32_t> left_rows = ToBatchRows(rows, open);
    ASSIGN_OR_RETURN(VectorPtr value, arguments.back()->Run(RowSet{rows.batch, &left_rows}, context));
    results.Add(std::move(value), open);
  }
  return results.Finish(type);
}

StatusOr<VectorPtr> CompiledExpr::Node::RunCoalesce(const RowSet& rows, const ExecContext& context) {
  BranchResults results(rows.size());
  std::vector<uint32_t> open = AllPositions(rows.size());
  for (const std::unique_ptr<Node>& argument : arguments) {
    const bool all = open.size() == rows.size();
    std::vector<uint32_t> chosen;
    if (!all) chosen = ToBatchRows(rows, open);
    ASSIGN_OR_RETURN(VectorPtr value, argument->Run(all ? rows : RowSet{rows.batch, &chosen}, context));
    if (all && !value->HasNulls()) return value;
    results.AddSource(value);
    std::vector<uint32_t> left;
    for (size_t k = 0; k < open.size(); ++k) {
      if (value->IsNull(k)) {
        left.push_back(open[k]);
      } else {
        results.Take(open[k], static_cast<uint32_t>(k));
      }
    }
    open = std::move(left);
    if (open.empty()) break;
  }
  return results.Finish(type);
}

namespace {

bool ContainsInteger(const Vector& column, size_t row, const std::vector<int64_t>& integers) {
  int64_t value = 0;
  switch (column.type().Physical()) {
    case PhysicalType::kInt16: value = column.Get<int16_t>(row); break;
    case PhysicalType::kInt32: value = column.Get<int32_t>(row); break;
    default: value = column.Get<int64_t>(row); break;
  }
  bool found = false;
  for (int64_t candidate : integers) found |= candidate == value;
  return found;
}

Truth InSet(const ConstantSet& set, const Vector& column, size_t row) {
  if (column.IsNull(row)) return kNull;
  bool found = false;
  if (!set.integers.empty()) {
    found = ContainsInteger(column, row, set.integers);
  } else if (!set.by_hash.empty()) {
    const auto bucket = set.by_hash.find(HashRow(column, row));
    if (bucket != set.by_hash.end()) {
      for (uint32_t index : bucket->second) found = found || CompareRowToValue(column, row, set.values[index]) == 0;
    }
  }
  if (found) return kTrue;
  return set.has_null ? kNull : kFalse;
}

}  // namespace

StatusOr<VectorPtr> CompiledExpr::Node::RunInList(const RowSet& rows, const ExecContext& context) {
  ASSIGN_OR_RETURN(VectorPtr value, arguments[0]->Run(rows, context));
  const size_t count = rows.size();
  std::vector<Truth> result(count, kFalse);
  if (set.has_value()) {
    // Sorted columns repeat themselves: equal neighbours share one look-up.
    std::vector<uint8_t> changes(count, 0);
    MarkChanges(*value, count, changes.data());
    for (size_t row = 0; row < count; ++row) result[row] = row > 0 && changes[row] == 0 ? result[row - 1] : InSet(*set, *value, row);
    return FromTruths(type, result);
  }
  std::vector<uint32_t> open = AllPositions(count);
  for (size_t i = 1; i < arguments.size() && !open.empty(); ++i) {
    const std::vector<uint32_t> chosen = ToBatchRows(rows, open);
    ASSIGN_OR_RETURN(VectorPtr item, arguments[i]->Run(RowSet{rows.batch, &chosen}, context));
    std::vector<uint32_t> left;
    for (size_t k = 0; k < open.size(); ++k) {
      const uint32_t position = open[k];
      if (value->IsNull(position) || item->IsNull(k)) {
        result[position] = kNull;
        left.push_back(position);
      } else if (CompareRows(*value, position, *item, k) == 0) {
        result[position] = kTrue;
      } else {
        left.push_back(position);
      }
    }
    open = std::move(left);
  }
  return FromTruths(type, result);
}

}  // namespace tsd::sql
