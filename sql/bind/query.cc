// Queries: WITH around a SELECT, VALUES or set operation; ORDER BY and LIMIT of the latter two; casting of a query's output.
#include <algorithm>

#include "sql/bind/select_state.h"

namespace tsd::sql {

StatusOr<BoundQuery> Binder::Query(const parse::Query& query, const Scope* parent, const CteList* ctes, UnknownRule unknown) {
  constexpr int kMaxQueryDepth = 300;
  if (depth_ > kMaxQueryDepth) return Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded");
  depth_ += 5;
  StatusOr<BoundQuery> result = [&]() -> StatusOr<BoundQuery> {
    WithPlans with;
    with.list.parent = ctes;
    if (!query.with.items.empty()) {
      RETURN_IF_ERROR(With(query.with, parent, ctes, &with));
      ctes = &with.list;
    }
    BoundQuery bound;
    switch (query.kind) {
      case parse::QueryKind::kSelect: {
        ASSIGN_OR_RETURN(bound, Select(query, parent, ctes, unknown));
        break;
      }
      case parse::QueryKind::kValues: {
        ASSIGN_OR_RETURN(bound, Values(query, parent, ctes));
        break;
      }
      case parse::QueryKind::kSetOperation: {
        ASSIGN_OR_RETURN(bound, SetOperation(query, parent, ctes, unknown));
        break;
      }
    }
    bound.plan = WrapWith(std::move(bound.plan), with);
    return bound;
  }();
  depth_ -= 5;
  return result;
}

StatusOr<PlanPtr> Binder::AddLimit(PlanPtr plan, const parse::Query& query, std::vector<SortKey> keys, const Scope& scope) {
  if (query.limit == nullptr && query.offset == nullptr) return plan;
  std::vector<PendingApply> applies;
  const auto bind = [&](const parse::ExprPtr& expr, Clause clause, const char* word) -> StatusOr<ExprPtr> {
    if (expr == nullptr) return ExprPtr();
    ExprEnv env;
    env.scope = &scope;
    env.clause = clause;
    env.applies = &applies;
    ASSIGN_OR_RETURN(ExprPtr bound, Expr(*expr, env));
    std::vector<int> columns = ColumnsOf(*bound);
    std::erase_if(columns, [&](int id) {
      return std::any_of(applies.begin(), applies.end(), [id](const PendingApply& apply) { return apply.output.id == id; });
    });
    if (!columns.empty()) {
      return ErrorAt(sqlstate::kInvalidColumnReference, StrCat("argument of ", word, " must not contain variables"), expr->position);
    }
    if (!CanCast(bound->type, TypeId::kInt64, CastContext::kAssignment)) {
      return ErrorAt(sqlstate::kDatatypeMismatch,
                     StrCat("argument of ", word, " must be type bigint, not type ", TypeName(bound->type)), expr->position);
    }
    return Cast(std::move(bound), TypeId::kInt64, CastContext::kAssignment);
  };
  auto limit = MakeUnary<LimitNode>(std::move(plan));
  ASSIGN_OR_RETURN(limit->limit, bind(query.limit, Clause::kLimit, "LIMIT"));
  ASSIGN_OR_RETURN(limit->offset, bind(query.offset, Clause::kOffset, "OFFSET"));
  if (!applies.empty()) {
    if (query.with_ties) return ErrorAt(sqlstate::kFeatureNotSupported, "WITH TIES with a sub-query as count is not supported", query.position);
    return LimitByNumber(*limit, &applies);
  }
  if (query.with_ties) {
    if (keys.empty()) return Error(sqlstate::kSyntaxError, "WITH TIES cannot be specified without ORDER BY clause");
    limit->ties = std::move(keys);
  }
  return PlanPtr(std::move(limit));
}

namespace {

ExprPtr Coalesced(ExprPtr first, ExprPtr second) {
  auto expr = std::make_shared<tsd::sql::Expr>();
  expr->kind = ExprKind::kCoalesce;
  expr->type = second->type;
  expr->arguments = {std::move(first), std::move(second)};
  return expr;
}

}  // namespace

StatusOr<PlanPtr> Binder::LimitByNumber(const LimitNode& limit, std::vector<PendingApply>* applies) {
  const std::vector<PlanColumn> output = limit.output;
  PlanPtr plan = WithRowNumber(limit.children[0], "row number");
  const ExprPtr number = MakeColumn(plan->output.back().id, TypeId::kInt64);
  ASSIGN_OR_RETURN(plan, AttachApplies(std::move(plan), applies));
  const ExecContext& exec = context_.exec;
  ExprPtr skipped = MakeConstant(Value::Int64(0));
  if (limit.offset != nullptr) {
    skipped = Coalesced(limit.offset, skipped);
  }
  ASSIGN_OR_RETURN(ExprPtr keep, BuildOperator(">", number, skipped, exec));
  if (limit.limit != nullptr) {
    // Without an upper end where the count is NULL.
    ASSIGN_OR_RETURN(ExprPtr rank, BuildOperator("-", number, skipped, exec));
    ExprPtr count = Coalesced(limit.limit, MakeConstant(Value::Int64(INT64_MAX)));
    ASSIGN_OR_RETURN(ExprPtr within, BuildOperator("<=", std::move(rank), std::move(count), exec));
    keep = MakeLogical(ExprKind::kAnd, {std::move(keep), std::move(within)});
  }
  plan = MakeFilter(std::move(plan), std::move(keep));
  auto project = std::make_shared<ProjectNode>();
  for (const PlanColumn& column : output) project->expressions.push_back(MakeColumn(column.id, column.type));
  project->output = output;
  project->children.push_back(std::move(plan));
  return PlanPtr(std::move(project));
}

StatusOr<PlanPtr> Binder::OrderOutput(PlanPtr plan, const std::vector<ScopeColumn>& columns, const parse::Query& query, const Scope* parent,
                                      const CteList* ctes) {
  std::vector<SortKey> keys;
  for (const parse::SortItem& item : query.order_by) {
    SortKey key;
    RETURN_IF_ERROR(SortDirection(item, &key.descending, &key.nulls_first));
    if (const auto* literal = parse::TryAs<parse::LiteralExpr>(item.expr.get())) {
      const long ordinal = literal->literal == parse::LiteralKind::kInteger ? std::strtol(literal->text.c_str(), nullptr, 10) : 0;
      if (literal->literal != parse::LiteralKind::kInteger) {
        return ErrorAt(sqlstate::kSyntaxError, "non-integer constant in ORDER BY", item.expr->position);
      }
      if (ordinal < 1 || static_cast<size_t>(ordinal) > columns.size()) {
        return ErrorAt(sqlstate::kInvalidColumnReference, StrCat("ORDER BY position ", literal->text, " is not in select list"),
                       item.expr->position);
      }
      key.column = columns[ordinal - 1].id;
    } else if (const auto* ref = parse::TryAs<parse::ColumnRefExpr>(item.expr.get()); ref != nullptr && ref->parts.size() == 1) {
      for (const ScopeColumn& column : columns) {
        if (column.name == ref->parts[0] && key.column < 0) key.column = column.id;
      }
      if (key.column < 0) {
        return ErrorAt(sqlstate::kUndefinedColumn, StrCat("column \"", ref->parts[0], "\" does not exist"), ref->position);
      }
    } else {
      return WithHint(WithDetail(ErrorAt(sqlstate::kFeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause", item.expr->position),
                                 "Only result column names can be used, not expressions or functions."),
                      "Add the expression/function to every SELECT, or move the UNION into a FROM clause.");
    }
    keys.push_back(key);
  }
  if (!keys.empty()) {
    auto sort = MakeUnary<SortNode>(std::move(plan));
    sort->keys = keys;
    plan = std::move(sort);
  }
  Scope scope;
  scope.parent = parent;
  scope.ctes = ctes;
  return AddLimit(std::move(plan), query, std::move(keys), scope);
}

namespace {

/// The node that makes the output: below what only orders or cuts rows.
PlanNode* MakerOf(PlanNode* plan) {
  while (plan->kind == PlanKind::kSort || plan->kind == PlanKind::kLimit || plan->kind == PlanKind::kTopN) plan = plan->children[0].get();
  return plan;
}

void SetOutputType(PlanNode* plan, size_t column, const DataType& type) {
  plan->output[column].type = type;
  if (plan->kind == PlanKind::kSort || plan->kind == PlanKind::kLimit || plan->kind == PlanKind::kTopN) {
    SetOutputType(plan->children[0].get(), column, type);
  }
}

}  // namespace

StatusOr<PlanPtr> Binder::CastOutput(PlanPtr plan, const std::vector<DataType>& types, CastContext cast) {
  PlanNode* maker = MakerOf(plan.get());
  // Untyped constants are read as the wanted type where they stand.
  for (size_t i = 0; i < types.size(); ++i) {
    if (!plan->output[i].type.Is(TypeId::kUnknown)) continue;
    auto* project = PlanTry<ProjectNode>(maker);
    auto* values = PlanTry<ValuesNode>(maker);
    if (project != nullptr) {
      ASSIGN_OR_RETURN(project->expressions[i], Cast(project->expressions[i], types[i], cast));
    } else if (values != nullptr) {
      for (std::vector<ExprPtr>& row : values->rows) {
        ASSIGN_OR_RETURN(row[i], Cast(row[i], types[i], cast));
      }
    } else {
      continue;
    }
    SetOutputType(plan.get(), i, types[i]);
  }
  bool same = true;
  for (size_t i = 0; i < types.size(); ++i) same = same && plan->output[i].type == types[i];
  if (same) return plan;
  auto project = std::make_shared<ProjectNode>();
  for (size_t i = 0; i < types.size(); ++i) {
    const PlanColumn& column = plan->output[i];
    ASSIGN_OR_RETURN(ExprPtr value, Cast(MakeColumn(column.id, column.type), types[i], cast));
    PlanColumn output{value->kind == ExprKind::kColumn ? column.id : NewColumn(column.name), column.name, types[i]};
    project->expressions.push_back(std::move(value));
    project->output.push_back(std::move(output));
  }
  project->children.push_back(std::move(plan));
  return PlanPtr(std::move(project));
}

}  // namespace tsd::sql
