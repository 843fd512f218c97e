// Sub-queries in expressions: each becomes an Apply below the expression, and the expression a reference to its column.
#include "sql/bind/binder_core.h"

namespace tsd::sql {
namespace {

Status NotAllowed(const ExprEnv& env, int position) {
  return ErrorAt(sqlstate::kFeatureNotSupported, StrCat("cannot use subquery in ", ClauseName(env.clause)), position);
}

ExprPtr Add(const ExprEnv& env, PendingApply apply, int position) {
  const ExprPtr column = MakeColumn(apply.output.id, apply.output.type, position);
  env.applies->push_back(std::move(apply));
  return column;
}

}  // namespace

StatusOr<ExprPtr> Binder::Subquery(const parse::SubqueryExpr& expr, const ExprEnv& env) {
  if (env.applies == nullptr) return NotAllowed(env, expr.position);
  ASSIGN_OR_RETURN(BoundQuery bound, Query(*expr.query, env.scope, env.scope->ctes, UnknownRule::kToText));
  PendingApply apply;
  if (expr.subquery == parse::SubqueryKind::kExists) {
    apply.kind = ApplyKind::kExists;
    apply.output = {NewColumn("exists"), "exists", TypeId::kBool};
  } else {
    if (bound.columns.size() != 1) return ErrorAt(sqlstate::kSyntaxError, "subquery must return only one column", expr.position);
    const ScopeColumn& column = bound.columns[0];
    if (expr.subquery == parse::SubqueryKind::kScalar) {
      apply.kind = ApplyKind::kScalar;
      apply.output = {NewColumn(column.name), column.name, column.type};
    } else {
      apply.kind = ApplyKind::kArray;
      const DataType type = column.type.is_array ? column.type.WithoutTypmod() : DataType(column.type.id, true, -1);
      apply.output = {NewColumn("array"), "array", type};
    }
  }
  apply.inner = std::move(bound.plan);
  return Add(env, std::move(apply), expr.position);
}

StatusOr<ExprPtr> Binder::Quantify(std::vector<ExprPtr> left, const parse::Query& query, std::string_view op, bool all, const ExprEnv& env,
                                   int position) {
  if (env.applies == nullptr) return NotAllowed(env, position);
  ASSIGN_OR_RETURN(BoundQuery bound, Query(query, env.scope, env.scope->ctes, UnknownRule::kKeep));
  if (bound.columns.size() != left.size()) {
    return ErrorAt(sqlstate::kSyntaxError,
                   bound.columns.size() > left.size() ? "subquery has too many columns" : "subquery has too few columns", position);
  }
  // Untyped literals of the sub-query take the other side's type.
  std::vector<DataType> types;
  for (size_t i = 0; i < left.size(); ++i) {
    DataType type = bound.columns[i].type;
    if (type.Is(TypeId::kUnknown)) type = left[i]->type.Is(TypeId::kUnknown) ? DataType(TypeId::kText) : left[i]->type;
    types.push_back(type);
  }
  ASSIGN_OR_RETURN(bound.plan, CastOutput(std::move(bound.plan), types, CastContext::kImplicit));
  std::vector<ExprPtr> parts;
  for (size_t i = 0; i < left.size(); ++i) {
    const PlanColumn& column = bound.plan->output[i];
    ASSIGN_OR_RETURN(ExprPtr part, BuildOperator(op, left[i], MakeColumn(column.id, column.type), context_.exec, position));
    if (!part->type.Is(TypeId::kBool)) {
      return ErrorAt(sqlstate::kDatatypeMismatch, "operator must return boolean", position);
    }
    parts.push_back(std::move(part));
  }
  PendingApply apply;
  apply.kind = ApplyKind::kQuantified;
  apply.all = all;
  apply.inner = std::move(bound.plan);
  apply.output = {NewColumn("?column?"), "?column?", TypeId::kBool};
  apply.condition = parts.size() == 1 ? parts[0] : MakeLogical(ExprKind::kAnd, std::move(parts));
  return Add(env, std::move(apply), position);
}

StatusOr<ExprPtr> Binder::InSubquery(const parse::InExpr& expr, const ExprEnv& env) {
  std::vector<ExprPtr> left;
  if (const auto* row = parse::TryAs<parse::RowExpr>(expr.operand.get())) {
    for (const parse::ExprPtr& element : row->elements) {
      ASSIGN_OR_RETURN(ExprPtr bound, Expr(*element, env));
      left.push_back(std::move(bound));
    }
  } else {
    ASSIGN_OR_RETURN(ExprPtr bound, Expr(*expr.operand, env));
    left.push_back(std::move(bound));
  }
  ASSIGN_OR_RETURN(ExprPtr in, Quantify(std::move(left), *expr.query, "=", false, env, expr.position));
  return expr.negated ? MakeLogical(ExprKind::kNot, {std::move(in)}) : in;
}

StatusOr<ExprPtr> Binder::QuantifiedSubquery(const parse::QuantifiedExpr& expr, const ExprEnv& env) {
  const auto* row = parse::TryAs<parse::RowExpr>(expr.left.get());
  if (row != nullptr && (expr.op.name == "=" || expr.op.name == "<>")) {
    // A row: = ANY is IN, <> ALL is NOT IN; of the two others each is the other's negation.
    std::vector<ExprPtr> left;
    for (const parse::ExprPtr& element : row->elements) {
      ASSIGN_OR_RETURN(ExprPtr bound, Expr(*element, env));
      left.push_back(std::move(bound));
    }
    const bool equal = expr.op.name == "=";
    if (equal) return Quantify(std::move(left), *expr.query, "=", expr.all, env, expr.position);
    ASSIGN_OR_RETURN(ExprPtr in, Quantify(std::move(left), *expr.query, "=", !expr.all, env, expr.position));
    return MakeLogical(ExprKind::kNot, {std::move(in)});
  }
  ASSIGN_OR_RETURN(ExprPtr left, Expr(*expr.left, env));
  return Quantify({std::move(left)}, *expr.query, expr.op.name, expr.all, env, expr.position);
}

StatusOr<ExprPtr> Binder::SubqueryColumn(const parse::SubqueryExpr& expr, size_t column, size_t wanted, const ExprEnv& env) {
  ASSIGN_OR_RETURN(BoundQuery bound, Query(*expr.query, env.scope, env.scope->ctes, UnknownRule::kToText));
  if (bound.columns.size() != wanted) {
    return ErrorAt(sqlstate::kSyntaxError, "number of columns does not match number of values", expr.position);
  }
  auto project = std::make_shared<ProjectNode>();
  const PlanColumn kept = bound.plan->output[column];
  project->expressions.push_back(MakeColumn(kept.id, kept.type));
  project->output.push_back(kept);
  project->children.push_back(std::move(bound.plan));
  PendingApply apply;
  apply.kind = ApplyKind::kScalar;
  apply.output = {NewColumn(kept.name), kept.name, kept.type};
  apply.inner = std::move(project);
  return Add(env, std::move(apply), expr.position);
}

StatusOr<PlanPtr> Binder::AttachApplies(PlanPtr plan, std::vector<PendingApply>* applies) {
  for (PendingApply& pending : *applies) {
    auto apply = std::make_shared<ApplyNode>();
    apply->apply = pending.kind;
    apply->all = pending.all;
    apply->condition = std::move(pending.condition);
    for (int id : OuterColumnsOf(*pending.inner)) {
      if (plan->FindOutput(id) != nullptr) apply->correlated.push_back(id);
    }
    apply->output = plan->output;
    apply->output.push_back(pending.output);
    apply->children = {std::move(plan), std::move(pending.inner)};
    plan = std::move(apply);
  }
  applies->clear();
  return plan;
}

}  // namespace tsd::sql
