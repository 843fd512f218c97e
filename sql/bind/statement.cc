// Entry points, and the types of parameters.
#include "sql/bind/binder_core.h"
#include "sql/parse/parser.h"

namespace tsd::sql {
namespace {

bool IsUnknownParameter(const Expr& expr) { return expr.kind == ExprKind::kParameter && expr.type.Is(TypeId::kUnknown); }
bool IsCastOfParameter(const Expr& expr) {
  return expr.kind == ExprKind::kFunction && IsCastKey(expr.function) && expr.arguments.size() == 1 && IsUnknownParameter(*expr.arguments[0]);
}

void CollectWanted(const Expr& expr, std::vector<DataType>* types) {
  if (IsCastOfParameter(expr)) {
    const size_t index = static_cast<size_t>(expr.arguments[0]->column) - 1;
    DataType& type = (*types)[index];
    // A place that would take text takes anything: another place's wish counts more.
    if (type.Is(TypeId::kUnknown) || type.Is(TypeId::kText)) type = expr.type.WithoutTypmod();
    return;
  }
  for (const ExprPtr& argument : expr.arguments) CollectWanted(*argument, types);
}

ExprPtr Typed(const ExprPtr& parameter, const DataType& type) {
  auto copy = std::make_shared<Expr>(*parameter);
  copy->type = type;
  return copy;
}

template <typename Visit>
void EachExpression(PlanNode& plan, std::vector<ExprPtr>* more, Visit visit) {
  VisitPlan(plan, [&](PlanNode& node) { VisitExpressions(node, visit); });
  if (more == nullptr) return;
  for (ExprPtr& expr : *more) {
    if (expr != nullptr) visit(expr);
  }
}

}  // namespace

Status Binder::SettleParameters(PlanNode& plan, std::vector<ExprPtr>* more) {
  std::vector<DataType>& declared = context_.parameter_types;
  if (declared.empty()) return OkStatus();
  std::vector<DataType> wanted(declared.size());
  std::vector<bool> used(declared.size());
  EachExpression(plan, more, [&](ExprPtr& slot) {
    CollectWanted(*slot, &wanted);
    RewriteExpr(slot, [&](const ExprPtr& expr) -> ExprPtr {
      if (expr->kind == ExprKind::kParameter) used[expr->column - 1] = true;
      return nullptr;
    });
  });
  for (size_t i = 0; i < declared.size(); ++i) {
    if (!declared[i].Is(TypeId::kUnknown)) continue;
    if (wanted[i].Is(TypeId::kUnknown)) {
      if (used[i]) wanted[i] = TypeId::kText;
      if (!used[i]) return Error(sqlstate::kIndeterminateDatatype, StrCat("could not determine data type of parameter $", i + 1));
    }
    declared[i] = wanted[i];
  }
  Status status;
  EachExpression(plan, more, [&](ExprPtr& slot) {
    slot = RewriteExpr(slot, [&](const ExprPtr& expr) -> ExprPtr {
      if (IsUnknownParameter(*expr)) return Typed(expr, declared[expr->column - 1]);
      if (expr->kind != ExprKind::kFunction || !IsCastKey(expr->function) || expr->arguments.size() != 1 ||
          expr->arguments[0]->kind != ExprKind::kParameter) {
        return nullptr;
      }
      const ExprPtr& parameter = expr->arguments[0];
      if (parameter->type == expr->type) return parameter;
      if (parameter->type.SameAs(expr->type) && expr->type.typmod < 0) return parameter;
      if (CanCast(parameter->type, expr->type, CastContext::kExplicit)) return nullptr;
      if (status.ok()) {
        status = WithDetail(ErrorAt(sqlstate::kAmbiguousParameter, StrCat("inconsistent types deduced for parameter $", parameter->column),
                                    expr->position),
                            StrCat(TypeName(parameter->type), " versus ", TypeName(expr->type)));
      }
      return nullptr;
    });
  });
  return status;
}

namespace {
// PostgreSQL's limit; the protocol itself counts columns in sixteen bits.
constexpr size_t kMaxTargetEntries = 1664;
}  // namespace

StatusOr<BoundStatement> Binder::QueryStatement(const parse::Query& query) {
  ASSIGN_OR_RETURN(BoundQuery bound, Query(query, nullptr, nullptr, UnknownRule::kToText));
  if (bound.columns.size() > kMaxTargetEntries) {
    return Error(sqlstate::kTooManyColumns, StrCat("target lists can have at most ", kMaxTargetEntries, " entries"));
  }
  BoundStatement statement;
  statement.kind = BoundKind::kSelect;
  for (size_t i = 0; i < bound.columns.size(); ++i) {
    ResultColumn column{bound.columns[i].name, bound.plan->output[i].type, TableId(), ColumnId()};
    std::tie(column.table, column.column) = Origin(bound.plan->output[i].id);
    statement.columns.push_back(std::move(column));
  }
  statement.plan = std::move(bound.plan);
  return statement;
}

StatusOr<BoundStatement> Binder::Statement(const parse::Statement& statement) {
  StatusOr<BoundStatement> bound = [&]() -> StatusOr<BoundStatement> {
    switch (statement.kind) {
      case parse::StatementKind::kSelect: return QueryStatement(*parse::As<parse::SelectStatement>(statement).query);
      case parse::StatementKind::kInsert: return Insert(parse::As<parse::InsertStatement>(statement));
      case parse::StatementKind::kUpdate: return Update(parse::As<parse::UpdateStatement>(statement));
      case parse::StatementKind::kDelete: return Delete(parse::As<parse::DeleteStatement>(statement));
      default: return Error(sqlstate::kFeatureNotSupported, "this statement has no plan");
    }
  }();
  if (!bound.ok()) return bound;
  RETURN_IF_ERROR(SettleParameters(*bound->plan, &bound->returning));
  bound->reads = std::move(reads_);
  bound->parameter_types = context_.parameter_types;
  return bound;
}

StatusOr<BoundStatement> BindStatement(const parse::Statement& statement, BindContext& context) {
  Binder binder(context);
  return binder.Statement(statement);
}

StatusOr<BoundStatement> BindQuery(const parse::Query& query, BindContext& context) {
  Binder binder(context);
  ASSIGN_OR_RETURN(BoundStatement bound, binder.QueryStatement(query));
  RETURN_IF_ERROR(binder.SettleParameters(*bound.plan, nullptr));
  bound.reads = std::move(binder.reads());
  bound.parameter_types = context.parameter_types;
  return bound;
}

namespace {

StatusOr<ExprPtr> BindAlone(const parse::Expr& expr, const Scope& scope, Clause clause, DataType type, CastContext cast,
                            BindContext& context) {
  Binder binder(context);
  ExprEnv env;
  env.scope = &scope;
  env.clause = clause;
  ASSIGN_OR_RETURN(ExprPtr bound, binder.Expr(expr, env));
  if (type.Is(TypeId::kUnknown)) {
    if (!bound->type.Is(TypeId::kUnknown)) return bound;
    return binder.Cast(std::move(bound), TypeId::kText, CastContext::kImplicit);
  }
  return binder.Cast(std::move(bound), type, cast, expr.position);
}

}  // namespace

StatusOr<ExprPtr> BindScalar(const parse::Expr& expr, DataType type, BindContext& context) {
  const Scope scope;
  return BindAlone(expr, scope, Clause::kCallArgument, type, CastContext::kAssignment, context);
}

StatusOr<ExprPtr> BindOverRelation(const parse::Expr& expr, const Relation& relation, DataType type, BindContext& context) {
  Scope scope;
  ScopeItem item;
  item.schema = relation.schema;
  item.alias = relation.name;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    item.columns.push_back({relation.columns[i].name, static_cast<int>(i), relation.columns[i].type});
  }
  scope.names.visible = item.columns;
  scope.names.items.push_back(std::move(item));
  return BindAlone(expr, scope, Clause::kCheck, type, CastContext::kAssignment, context);
}

StatusOr<ExprPtr> BindDefault(const Column& column, BindContext& context) {
  if (column.default_sql.empty()) return ExprPtr();
  ASSIGN_OR_RETURN(const parse::ExprPtr parsed, parse::ParseExpression(column.default_sql));
  const Scope scope;
  // The position of an error would point into the statement at hand, not into the default.
  StatusOr<ExprPtr> bound = BindAlone(*parsed, scope, Clause::kDefault, column.type, CastContext::kAssignment, context);
  if (!bound.ok()) return WithPosition(bound.status(), 0);
  return RewriteExpr(*bound, [](const ExprPtr& expr) -> ExprPtr {
    if (expr->position == 0) return nullptr;
    auto copy = std::make_shared<Expr>(*expr);
    copy->position = 0;
    return copy;
  });
}

StatusOr<BoundCopy> BindCopy(const parse::CopyStatement& statement, BindContext& context) {
  BoundCopy copy;
  StatusOr<RelationPtr> found = ResolveRelation(statement.table, context);
  if (!found.ok()) return WithPosition(found.status(), 0);
  copy.relation = *std::move(found);
  const Relation& relation = *copy.relation;
  const char* direction = statement.from ? "to" : "from";
  if (relation.kind == RelationKind::kView) {
    Status status = ErrorAt(sqlstate::kWrongObjectType, StrCat("cannot copy ", direction, " view \"", relation.name, "\""), statement.table.position);
    return statement.from ? status : WithHint(std::move(status), "Try the COPY (SELECT ...) TO variant.");
  }
  if (relation.kind == RelationKind::kSequence) {
    return ErrorAt(sqlstate::kWrongObjectType, StrCat("cannot copy ", direction, " sequence \"", relation.name, "\""), statement.table.position);
  }
  if (relation.kind == RelationKind::kVirtual && statement.from) {
    return ErrorAt(sqlstate::kInsufficientPrivilege, StrCat("permission denied for table ", relation.name), statement.table.position);
  }
  std::vector<bool> listed(relation.columns.size());
  for (const std::string& name : statement.columns) {
    const Column* column = relation.Find(name);
    if (column == nullptr) {
      return Error(sqlstate::kUndefinedColumn, StrCat("column \"", name, "\" of relation \"", relation.name, "\" does not exist"));
    }
    const size_t index = static_cast<size_t>(column - relation.columns.data());
    if (listed[index]) return Error(sqlstate::kDuplicateColumn, StrCat("column \"", name, "\" specified more than once"));
    listed[index] = true;
    copy.columns.push_back(index);
  }
  copy.defaults.resize(relation.columns.size());
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    if (statement.columns.empty()) {
      copy.columns.push_back(i);
    } else if (!listed[i]) {
      ASSIGN_OR_RETURN(copy.defaults[i], BindDefault(relation.columns[i], context));
    }
  }
  return copy;
}

}  // namespace tsd::sql
