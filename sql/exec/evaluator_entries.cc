// Calls on strings of a dictionary: once an entry instead of once a row.
#include "sql/exec/evaluator_node.h"

namespace tsd::sql {
namespace {

VectorPtr OfRows(const VectorPtr& of_entries, std::span<const uint16_t> codes) {
  const std::vector<uint32_t> entries(codes.begin(), codes.end());
  auto rows = std::make_shared<Vector>(of_entries->type());
  rows->AppendSelected(*of_entries, entries);
  if (of_entries->type().Physical() == PhysicalType::kBytes && !rows->HasNulls()) {
    rows->SetCodes(of_entries, std::vector<uint16_t>(codes.begin(), codes.end()));
  }
  return rows;
}

}  // namespace

int CompiledExpr::Node::OnlyColumn() const {
  if (special != SpecialCall::kNone || function->volatility != Volatility::kImmutable || function->context) return -1;
  int only = -1;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i]->kind == ExprKind::kConstant) continue;
    if (only >= 0 || arguments[i]->type.Physical() != PhysicalType::kBytes) return -1;
    only = static_cast<int>(i);
  }
  return only;
}

VectorPtr CompiledExpr::Node::RunOnEntries(const KernelCall& call, size_t column) {
  const Vector& rows = *call.arguments[column];
  if (rows.codes().size() != call.rows || call.rows == 0) return nullptr;
  const VectorPtr& entries = rows.entries();
  if (entry_results.entries != entries) {
    if (entries->size() > call.rows || !entries->type().SameAs(rows.type())) return nullptr;
    std::vector<VectorPtr> values(call.arguments.begin(), call.arguments.end());
    for (size_t i = 0; i < values.size(); ++i) {
      if (i != column) values[i] = WidenConstant(values[i], entries->size());
    }
    values[column] = entries;
    KernelCall once = call;
    once.arguments = values;
    once.rows = entries->size();
    StatusOr<VectorPtr> results = CallFunction(*function, once);
    // An entry that none of the rows has may fail: then the rows decide, one by one.
    if (!results.ok()) return nullptr;
    entry_results = {entries, Vector::Flatten(*std::move(results))};
  }
  return OfRows(entry_results.results, rows.codes());
}

}  // namespace tsd::sql
