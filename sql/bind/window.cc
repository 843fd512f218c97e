// Window calls: f(..) OVER (..).
#include "sql/bind/select_state.h"
#include "sql/exec/evaluator.h"

namespace tsd::sql {
namespace {

constexpr char kInvalidFrameSize[] = "22013";

FrameEdge EdgeOf(parse::FrameBoundKind kind) {
  switch (kind) {
    case parse::FrameBoundKind::kUnboundedPreceding: return FrameEdge::kUnboundedPreceding;
    case parse::FrameBoundKind::kPreceding: return FrameEdge::kPreceding;
    case parse::FrameBoundKind::kCurrentRow: return FrameEdge::kCurrentRow;
    case parse::FrameBoundKind::kFollowing: return FrameEdge::kFollowing;
    case parse::FrameBoundKind::kUnboundedFollowing: return FrameEdge::kUnboundedFollowing;
  }
  return FrameEdge::kCurrentRow;
}

FrameUnit UnitOf(parse::FrameMode mode) {
  return mode == parse::FrameMode::kRows ? FrameUnit::kRows : mode == parse::FrameMode::kGroups ? FrameUnit::kGroups : FrameUnit::kRange;
}

FrameExclude ExcludeOf(parse::FrameExclusion exclusion) {
  switch (exclusion) {
    case parse::FrameExclusion::kNoOthers: return FrameExclude::kNothing;
    case parse::FrameExclusion::kCurrentRow: return FrameExclude::kCurrentRow;
    case parse::FrameExclusion::kGroup: return FrameExclude::kGroup;
    case parse::FrameExclusion::kTies: return FrameExclude::kTies;
  }
  return FrameExclude::kNothing;
}

/// A window that begins with another's name may add ORDER BY and a frame, and what it copies may have no frame.
Status CheckCopy(const parse::WindowSpec& copy, const parse::WindowSpec& original) {
  if (!copy.partition_by.empty()) {
    return ErrorAt(sqlstate::kWindowingError, StrCat("cannot override PARTITION BY clause of window \"", copy.base, "\""), copy.position);
  }
  if (!copy.order_by.empty() && !original.order_by.empty()) {
    return ErrorAt(sqlstate::kWindowingError, StrCat("cannot override ORDER BY clause of window \"", copy.base, "\""), copy.position);
  }
  if (original.frame.has_value()) {
    return ErrorAt(sqlstate::kWindowingError, StrCat("cannot copy window \"", copy.base, "\" because it has a frame clause"), copy.position);
  }
  return OkStatus();
}

/// 0A000 for a sort key that has no sum with an offset of that type.
Status CheckRangeOffset(const DataType& key, const DataType& offset, int position) {
  const bool numeric_key = key.IsNumber();
  const bool temporal_key = key.IsDateTime() || key.Is(TypeId::kTime) || key.Is(TypeId::kInterval);
  if (!numeric_key && !temporal_key) {
    const DataType shown = key.Is(TypeId::kVarchar) ? DataType(TypeId::kText) : key.WithoutTypmod();
    return ErrorAt(sqlstate::kFeatureNotSupported,
                   StrCat("RANGE with offset PRECEDING/FOLLOWING is not supported for column type ", TypeName(shown)), position);
  }
  if (numeric_key ? offset.IsNumber() : offset.Is(TypeId::kInterval)) return OkStatus();
  return WithHint(ErrorAt(sqlstate::kFeatureNotSupported,
                          StrCat("RANGE with offset PRECEDING/FOLLOWING is not supported for column type ", TypeName(key.WithoutTypmod()),
                                 " and offset type ", TypeName(offset.WithoutTypmod())),
                          position),
                  "Cast the offset value to an appropriate type.");
}

bool IsNegative(const ExprPtr& offset, const ExecContext& exec) {
  if (!offset->type.IsNumber()) return false;
  StatusOr<ExprPtr> test = BuildOperator("<", offset, MakeConstant(Value::Int32(0)), exec);
  if (!test.ok()) return false;
  const ExprPtr folded = FoldConstants(*test, exec, FoldLevel::kStable);
  return folded->kind == ExprKind::kConstant && !folded->value.IsNull() && folded->value.AsBool();
}

/// The specs that make up a window: OVER w, OVER (w ..), WINDOW w2 AS (w1 ..); outermost first.
StatusOr<std::vector<const parse::WindowSpec*>> Chain(const parse::WindowSpec& over, const std::vector<parse::WindowSpec>* named) {
  std::vector<const parse::WindowSpec*> chain = {&over};
  while (true) {
    const parse::WindowSpec& last = *chain.back();
    const std::string& name = !last.reference.empty() ? last.reference : last.base;
    if (name.empty()) return chain;
    const parse::WindowSpec* found = nullptr;
    for (const parse::WindowSpec& spec : *named) {
      if (spec.name == name) found = &spec;
    }
    if (found == nullptr || chain.size() > 100) {
      return ErrorAt(sqlstate::kUndefinedObject, StrCat("window \"", name, "\" does not exist"), last.position);
    }
    if (!last.base.empty()) RETURN_IF_ERROR(CheckCopy(last, *found));
    chain.push_back(found);
  }
}

}  // namespace

StatusOr<ExprPtr> Binder::Window(const parse::FunctionCallExpr& call, const ExprEnv& env) {
  const std::string& name = call.name.name;
  if (env.windows == nullptr) {
    if (env.clause == Clause::kWindow) return ErrorAt(sqlstate::kWindowingError, "window function calls cannot be nested", call.position);
    if (env.clause == Clause::kWindowDefinition) {
      return ErrorAt(sqlstate::kWindowingError, "window functions are not allowed in window definitions", call.position);
    }
    return ErrorAt(sqlstate::kWindowingError, StrCat("window functions are not allowed in ", ClauseName(env.clause)), call.position);
  }
  if (call.distinct) return ErrorAt(sqlstate::kFeatureNotSupported, "DISTINCT is not implemented for window functions", call.position);
  if (call.within_group) {
    return ErrorAt(sqlstate::kFeatureNotSupported, StrCat("OVER is not supported for ordered-set aggregate ", name), call.position);
  }
  if (!call.order_by.empty()) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "aggregate ORDER BY is not implemented for window functions", call.position);
  }
  if (call.args.empty() && !call.star && ResolveAggregate(name, {}, true).ok()) {
    return ErrorAt(sqlstate::kWrongObjectType, StrCat(name, "(*) must be used to call a parameterless aggregate function"), call.position);
  }
  ExprEnv inner = env;
  inner.windows = nullptr;
  inner.sets = nullptr;
  inner.clause = Clause::kWindow;
  PendingWindow window;
  ResolvedCall resolved;
  if (call.star) {
    ASSIGN_OR_RETURN(resolved, ResolveAggregate(name, {}, true));
  } else {
    ASSIGN_OR_RETURN(GivenArguments given, Arguments(call, inner));
    std::string function = name;
    if (name.starts_with("json")) RETURN_IF_ERROR(PrepareJsonAggregate(call, inner, &given, &function));
    ASSIGN_OR_RETURN(BoundCall bound, BindCall(call.name.schema, function, std::move(given), context_.exec, call.position));
    resolved = bound.call;
    window.call.arguments = std::move(bound.arguments);
  }
  if (resolved.function->kind != FunctionKind::kAggregate && resolved.function->kind != FunctionKind::kWindow) {
    return ErrorAt(sqlstate::kWrongObjectType, StrCat("OVER specified, but ", name, " is not a window function nor an aggregate function"),
                   call.position);
  }
  window.call.aggregate = resolved.function->kind == FunctionKind::kAggregate;
  window.call.function = window.call.aggregate ? resolved.function->key : resolved.function->name;
  for (const ExprPtr& argument : window.call.arguments) window.call.argument_types.push_back(argument->type);
  window.call.result_type = resolved.result;
  if (call.filter != nullptr) {
    if (!window.call.aggregate) {
      return ErrorAt(sqlstate::kFeatureNotSupported, "FILTER is not implemented for non-aggregate window functions", call.position);
    }
    ASSIGN_OR_RETURN(window.call.filter, Condition(*call.filter, inner, "FILTER"));
  }
  static const std::vector<parse::WindowSpec> kNoWindows;
  ASSIGN_OR_RETURN(const auto chain, Chain(*call.over, env.named_windows != nullptr ? env.named_windows : &kNoWindows));
  const parse::WindowFrame* frame = nullptr;
  inner.clause = Clause::kWindowDefinition;
  for (const parse::WindowSpec* spec : chain) {
    for (const parse::ExprPtr& key : spec->partition_by) {
      ASSIGN_OR_RETURN(ExprPtr bound, Expr(*key, inner));
      window.partition.push_back(std::move(bound));
    }
    if (!spec->order_by.empty()) {
      window.order.clear();
      for (const parse::SortItem& item : spec->order_by) {
        PendingWindow::Key key;
        RETURN_IF_ERROR(SortDirection(item, &key.descending, &key.nulls_first));
        ASSIGN_OR_RETURN(key.expr, Expr(*item.expr, inner));
        window.order.push_back(std::move(key));
      }
    }
    if (frame == nullptr && spec->frame.has_value()) frame = &*spec->frame;
  }
  if (frame != nullptr) {
    window.call.frame.unit = UnitOf(frame->mode);
    window.call.frame.start = EdgeOf(frame->start.bound);
    window.call.frame.end = EdgeOf(frame->end.bound);
    window.call.frame.exclude = ExcludeOf(frame->exclusion);
    const bool range = frame->mode == parse::FrameMode::kRange;
    for (const bool start : {true, false}) {
      const parse::FrameBound& edge = start ? frame->start : frame->end;
      if (edge.offset == nullptr) continue;
      ASSIGN_OR_RETURN(ExprPtr offset, Expr(*edge.offset, inner));
      if (!ColumnsOf(*offset).empty()) {
        const char* mode = range ? "RANGE" : frame->mode == parse::FrameMode::kRows ? "ROWS" : "GROUPS";
        return ErrorAt(sqlstate::kInvalidColumnReference, StrCat("argument of ", mode, " must not contain variables"), edge.offset->position);
      }
      if (range && window.order.size() == 1 && offset->type.Is(TypeId::kUnknown)) {
        const DataType& key = window.order[0].expr->type;
        const bool temporal = key.IsDateTime() || key.Is(TypeId::kTime) || key.Is(TypeId::kInterval);
        ASSIGN_OR_RETURN(offset, Cast(std::move(offset), temporal ? DataType(TypeId::kInterval) : key, CastContext::kImplicit));
      }
      if (!range) {
        ASSIGN_OR_RETURN(offset, Cast(std::move(offset), TypeId::kInt64, CastContext::kImplicit, edge.offset->position));
        (start ? window.call.frame.start_offset : window.call.frame.end_offset) = std::move(offset);
        continue;
      }
      if (window.order.size() != 1) {
        return ErrorAt(sqlstate::kWindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
                       call.over->position);
      }
      RETURN_IF_ERROR(CheckRangeOffset(window.order[0].expr->type, offset->type, edge.offset->position));
      if (IsNegative(offset, context_.exec)) {
        return Error(kInvalidFrameSize, "invalid preceding or following size in window function");
      }
      // The bound as a value of the sort key's type; direction turns the sign.
      const bool preceding = edge.bound == parse::FrameBoundKind::kPreceding;
      const char* op = preceding != window.order[0].descending ? "-" : "+";
      ASSIGN_OR_RETURN(ExprPtr bound, BuildOperator(op, window.order[0].expr, std::move(offset), context_.exec, edge.offset->position));
      ASSIGN_OR_RETURN(bound, Cast(std::move(bound), window.order[0].expr->type, CastContext::kAssignment));
      (start ? window.range_start : window.range_end) = std::move(bound);
    }
    if (frame->mode == parse::FrameMode::kGroups && window.order.empty()) {
      return ErrorAt(sqlstate::kWindowingError, "GROUPS mode requires an ORDER BY clause", call.over->position);
    }
  }
  window.output = {NewColumn(name), name, resolved.result};
  const ExprPtr column = MakeColumn(window.output.id, resolved.result, call.position);
  env.windows->push_back(std::move(window));
  return column;
}

}  // namespace tsd::sql
