#include "sql/exec/aggregate_state.h"

#include "engine/base/strings.h"
#include "sql/exec/evaluator_node.h"
#include "sql/function/registry.h"

namespace tsd::sql {

Status AggregateState::UpdateSelected(std::span<const VectorPtr> arguments, GroupIds groups, std::span<const uint32_t> selection) {
  if (selection.empty()) return OkStatus();
  if (selection.size() == groups.rows) return Update(arguments, groups);
  std::vector<VectorPtr> chosen;
  chosen.reserve(arguments.size());
  for (const VectorPtr& argument : arguments) chosen.push_back(Vector::Gather(argument, selection));
  if (groups.ids == nullptr) return Update(chosen, GroupIds{nullptr, selection.size()});
  std::vector<uint32_t> ids;
  ids.reserve(selection.size());
  for (uint32_t row : selection) ids.push_back(groups.ids[row]);
  return Update(chosen, GroupIds{ids.data(), ids.size()});
}

Status AggregateState::UpdateRuns(const engine::RunColumn*, std::span<const uint32_t>, GroupIds) {
  return Error(sqlstate::kInternalError, "an aggregate that needs rows was given runs");
}

StatusOr<std::unique_ptr<AggregateState>> MakeAggregate(std::string_view key, std::span<const DataType> arguments, DataType result) {
  const Function* function = Registry::Get().Find(key);
  if (function == nullptr || function->kind != FunctionKind::kAggregate) {
    return Error(sqlstate::kUndefinedFunction, StrCat("aggregate ", key, " does not exist"));
  }
  if (!CallTypesFit(*function, arguments, result)) {
    return Error(sqlstate::kInternalError, StrCat("types of aggregate ", key));
  }
  return function->aggregate(*function, arguments, result);
}

StatusOr<DataType> AggregatePartialType(std::string_view key, std::span<const DataType> arguments, DataType result) {
  ASSIGN_OR_RETURN(std::unique_ptr<AggregateState> state, MakeAggregate(key, arguments, result));
  return state->PartialType();
}

}  // namespace tsd::sql
