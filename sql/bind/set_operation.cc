// UNION / INTERSECT / EXCEPT and VALUES.
#include "sql/bind/binder_core.h"

namespace tsd::sql {
namespace {

const char* WordFor(parse::SetOperator op) {
  switch (op) {
    case parse::SetOperator::kUnion: return "UNION";
    case parse::SetOperator::kIntersect: return "INTERSECT";
    case parse::SetOperator::kExcept: return "EXCEPT";
  }
  return "UNION";
}

/// Where the i-th item of the query's (leftmost) select list begins.
int ItemPosition(const parse::Query& query, size_t i) {
  if (query.kind == parse::QueryKind::kSetOperation) return ItemPosition(*query.set.left, i);
  if (query.kind == parse::QueryKind::kValues) {
    const std::vector<parse::ExprPtr>& row = query.values.front();
    return i < row.size() ? row[i]->position : query.position;
  }
  const std::vector<parse::TargetItem>& targets = query.select.targets;
  if (i < targets.size() && targets[i].expr != nullptr && !parse::Is<parse::StarExpr>(*targets[i].expr)) return targets[i].expr->position;
  return targets.empty() ? query.position : targets[0].position;
}

}  // namespace

StatusOr<BoundQuery> Binder::SetOperation(const parse::Query& query, const Scope* parent, const CteList* ctes, UnknownRule) {
  const char* word = WordFor(query.set.op);
  ASSIGN_OR_RETURN(BoundQuery left, Query(*query.set.left, parent, ctes, UnknownRule::kKeep));
  ASSIGN_OR_RETURN(BoundQuery right, Query(*query.set.right, parent, ctes, UnknownRule::kKeep));
  if (left.columns.size() != right.columns.size()) {
    return ErrorAt(sqlstate::kSyntaxError, StrCat("each ", word, " query must have the same number of columns"),
                   ItemPosition(*query.set.right, 0));
  }
  std::vector<DataType> types;
  for (size_t i = 0; i < left.columns.size(); ++i) {
    const DataType a = left.plan->output[i].type;
    const DataType b = right.plan->output[i].type;
    DataType type = a;
    if (!(a == b) || a.Is(TypeId::kUnknown)) {
      const DataType both[] = {a, b};
      StatusOr<DataType> common = SelectCommonType(both, word);
      if (!common.ok()) return WithPosition(common.status(), ItemPosition(*query.set.right, i));
      type = *common;
      if (!a.SameAs(b) || a.typmod != b.typmod) type.typmod = -1;
    }
    types.push_back(type);
  }
  ASSIGN_OR_RETURN(left.plan, CastOutput(std::move(left.plan), types, CastContext::kImplicit));
  ASSIGN_OR_RETURN(right.plan, CastOutput(std::move(right.plan), types, CastContext::kImplicit));
  auto node = std::make_shared<SetOperationNode>();
  node->operation = query.set.op == parse::SetOperator::kUnion       ? SetOperationType::kUnion
                    : query.set.op == parse::SetOperator::kIntersect ? SetOperationType::kIntersect
                                                                     : SetOperationType::kExcept;
  node->all = query.set.all;
  BoundQuery bound;
  for (size_t i = 0; i < types.size(); ++i) {
    const int id = NewColumn(left.columns[i].name);
    node->output.push_back({id, left.columns[i].name, types[i]});
    bound.columns.push_back({left.columns[i].name, id, types[i]});
  }
  node->children = {std::move(left.plan), std::move(right.plan)};
  ASSIGN_OR_RETURN(bound.plan, OrderOutput(std::move(node), bound.columns, query, parent, ctes));
  return bound;
}

StatusOr<BoundQuery> Binder::Values(const parse::Query& query, const Scope* parent, const CteList* ctes) {
  const size_t width = query.values.front().size();
  Scope scope;
  scope.parent = parent;
  scope.ctes = ctes;
  std::vector<PendingApply> applies;
  ExprEnv env;
  env.scope = &scope;
  env.clause = Clause::kValues;
  env.applies = &applies;
  std::vector<std::vector<ExprPtr>> columns(width);
  for (const std::vector<parse::ExprPtr>& row : query.values) {
    if (row.size() != width) {
      return ErrorAt(sqlstate::kSyntaxError, "VALUES lists must all be the same length", row.empty() ? query.position : row[0]->position);
    }
    for (size_t i = 0; i < width; ++i) {
      ASSIGN_OR_RETURN(ExprPtr value, Expr(*row[i], env));
      columns[i].push_back(std::move(value));
    }
  }
  for (std::vector<ExprPtr>& column : columns) {
    ASSIGN_OR_RETURN(column, CastToCommonType(std::move(column), "VALUES", context_.exec));
  }
  PlanPtr plan;
  std::vector<PlanColumn> output;
  BoundQuery bound;
  for (size_t i = 0; i < width; ++i) {
    const std::string name = StrCat("column", i + 1);
    // A common typmod stays only when all agree.
    DataType type = columns[i][0]->type;
    for (const ExprPtr& value : columns[i]) {
      if (!(value->type == type)) type.typmod = -1;
    }
    output.push_back({NewColumn(name), name, type});
    bound.columns.push_back({name, output[i].id, type});
  }
  if (applies.empty()) {
    auto node = std::make_shared<ValuesNode>();
    for (size_t row = 0; row < query.values.size(); ++row) {
      std::vector<ExprPtr> values;
      for (size_t i = 0; i < width; ++i) values.push_back(columns[i][row]);
      node->rows.push_back(std::move(values));
    }
    node->output = output;
    plan = std::move(node);
  } else {
    std::vector<std::vector<ExprPtr>> rows;
    for (size_t row = 0; row < query.values.size(); ++row) {
      std::vector<ExprPtr> values;
      for (size_t i = 0; i < width; ++i) values.push_back(columns[i][row]);
      rows.push_back(std::move(values));
    }
    ASSIGN_OR_RETURN(plan, RowsOverApplies(std::move(rows), output, &applies));
  }
  ASSIGN_OR_RETURN(bound.plan, OrderOutput(std::move(plan), bound.columns, query, parent, ctes));
  return bound;
}

StatusOr<PlanPtr> Binder::RowsOverApplies(std::vector<std::vector<ExprPtr>> rows, std::vector<PlanColumn> output,
                                          std::vector<PendingApply>* applies) {
  // The sub-queries' values stand in one row; the rows read it as an outer one.
  ASSIGN_OR_RETURN(PlanPtr one, AttachApplies(MakeOneRow(), applies));
  auto values = std::make_shared<ValuesNode>();
  for (std::vector<ExprPtr>& row : rows) {
    for (ExprPtr& value : row) {
      value = RewriteExpr(value, [&](const ExprPtr& expr) -> ExprPtr {
        if (expr->kind != ExprKind::kColumn || one->FindOutput(expr->column) == nullptr) return nullptr;
        auto outer = std::make_shared<tsd::sql::Expr>(*expr);
        outer->kind = ExprKind::kOuterColumn;
        return outer;
      });
    }
    values->rows.push_back(std::move(row));
  }
  values->output = output;
  ASSIGN_OR_RETURN(PlanPtr joined, Combine(std::move(one), std::move(values), JoinType::kCross, nullptr, 0));
  auto project = std::make_shared<ProjectNode>();
  for (const PlanColumn& column : output) project->expressions.push_back(MakeColumn(column.id, column.type));
  project->output = std::move(output);
  project->children.push_back(std::move(joined));
  return PlanPtr(std::move(project));
}

}  // namespace tsd::sql
