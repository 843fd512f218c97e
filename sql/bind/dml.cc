// INSERT, UPDATE, DELETE and RETURNING.
#include <algorithm>

#include "sql/bind/binder_core.h"
#include "sql/bind/literal_rows.h"
#include "sql/parse/print.h"

namespace tsd::sql {
namespace {

StatusOr<RelationPtr> Target(const parse::ObjectName& name, const char* verb, BindContext& context) {
  ASSIGN_OR_RETURN(RelationPtr relation, ResolveRelation(name, context));
  if (relation->kind == RelationKind::kView) {
    return ErrorAt(sqlstate::kObjectNotInPrerequisiteState, StrCat("cannot ", verb, " view \"", relation->name, "\""), name.position);
  }
  if (relation->kind == RelationKind::kVirtual) {
    return ErrorAt(sqlstate::kInsufficientPrivilege, StrCat("permission denied for table ", relation->name), name.position);
  }
  if (relation->kind == RelationKind::kSequence) {
    return ErrorAt(sqlstate::kWrongObjectType, StrCat("cannot change sequence \"", relation->name, "\""), name.position);
  }
  return relation;
}

StatusOr<size_t> ColumnIndex(const Relation& relation, const std::string& name, int position) {
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    if (relation.columns[i].name == name) return i;
  }
  return ErrorAt(sqlstate::kUndefinedColumn, StrCat("column \"", name, "\" of relation \"", relation.name, "\" does not exist"), position);
}

/// By assignment rules, with the error that names the column.
StatusOr<ExprPtr> Assign(Binder& binder, ExprPtr value, const Column& column, int position) {
  if (value->position > 0 && value->position < position) position = value->position;  // 'a'::text begins at the literal
  if (!CanCast(value->type, column.type, CastContext::kAssignment)) {
    return WithHint(ErrorAt(sqlstate::kDatatypeMismatch,
                            StrCat("column \"", column.name, "\" is of type ", TypeName(column.type.WithoutTypmod()), " but expression is of type ",
                                   TypeName(value->type.WithoutTypmod())),
                            position),
                    "You will need to rewrite or cast the expression.");
  }
  return binder.Cast(std::move(value), column.type, CastContext::kAssignment, position);
}

constexpr char kGeneratedAlways[] = "428C9";

/// A value written for an identity column that is GENERATED ALWAYS.
Status NotDefault(const Column& column, int position) {
  return WithHint(WithDetail(ErrorAt(kGeneratedAlways, StrCat("cannot insert a non-DEFAULT value into column \"", column.name, "\""), position),
                             StrCat("Column \"", column.name, "\" is an identity column defined as GENERATED ALWAYS.")),
                  "Use OVERRIDING SYSTEM VALUE to override.");
}

/// Which written values count for a column: OVERRIDING says so for identity columns.
enum class Written : uint8_t { kTaken, kDefaultInstead, kRefused };
Written WrittenFor(const Column& column, parse::Overriding overriding) {
  if (column.identity == Identity::kNone || overriding == parse::Overriding::kSystem) return Written::kTaken;
  if (overriding == parse::Overriding::kUser) return Written::kDefaultInstead;
  return column.identity == Identity::kAlways ? Written::kRefused : Written::kTaken;
}

StatusOr<ExprPtr> DefaultOf(const Column& column, BindContext& context) {
  ASSIGN_OR_RETURN(ExprPtr value, BindDefault(column, context));
  return value != nullptr ? value : MakeConstant(Value::Null(column.type));
}

StatusOr<std::vector<size_t>> TargetColumns(const std::vector<parse::AssignmentTarget>& written, const Relation& relation) {
  std::vector<size_t> columns;
  if (written.empty()) {
    for (size_t i = 0; i < relation.columns.size(); ++i) columns.push_back(i);
    return columns;
  }
  for (const parse::AssignmentTarget& target : written) {
    if (!target.indirection.empty()) {
      return ErrorAt(sqlstate::kFeatureNotSupported, "assigning to a part of a column is not supported", target.position);
    }
    ASSIGN_OR_RETURN(const size_t index, ColumnIndex(relation, target.column, target.position));
    if (std::find(columns.begin(), columns.end(), index) != columns.end()) {
      return ErrorAt(sqlstate::kDuplicateColumn, StrCat("column \"", target.column, "\" specified more than once"), target.position);
    }
    columns.push_back(index);
  }
  return columns;
}

Status CheckWidth(size_t given, size_t wanted, bool written, int position) {
  if (given > wanted) return ErrorAt(sqlstate::kSyntaxError, "INSERT has more expressions than target columns", position);
  if (given < wanted && written) return ErrorAt(sqlstate::kSyntaxError, "INSERT has more target columns than expressions", position);
  return OkStatus();
}

/// UPDATE and DELETE with FROM / USING may meet a row several times: it counts once.
PlanPtr OncePerRow(PlanPtr plan, int chunk_id, int row_id) {
  auto sort = MakeUnary<SortNode>(std::move(plan));
  sort->keys = {{chunk_id, false, false}, {row_id, false, false}};
  auto unique = MakeUnary<DistinctOnNode>(std::move(sort));
  unique->keys = {chunk_id, row_id};
  return unique;
}

std::vector<ExprPtr> Positions(const std::vector<ExprPtr>& exprs, const PlanNode& plan) {
  std::vector<std::pair<int, int>> map;
  for (size_t i = 0; i < plan.output.size(); ++i) map.emplace_back(plan.output[i].id, static_cast<int>(i));
  std::vector<ExprPtr> resolved;
  for (const ExprPtr& expr : exprs) resolved.push_back(ResolveColumns(expr, map));
  return resolved;
}

}  // namespace

StatusOr<std::vector<ExprPtr>> Binder::Returning(const std::vector<parse::TargetItem>& items, const Scope& scope,
                                                 std::vector<ResultColumn>* columns) {
  std::vector<ExprPtr> exprs;
  ExprEnv env;
  env.scope = &scope;
  env.clause = Clause::kReturning;
  const auto add = [&](ExprPtr expr, std::string name) {
    ResultColumn column{std::move(name), expr->type, TableId(), ColumnId()};
    if (expr->kind == ExprKind::kColumn) std::tie(column.table, column.column) = Origin(expr->column);
    columns->push_back(std::move(column));
    exprs.push_back(std::move(expr));
  };
  for (const parse::TargetItem& item : items) {
    if (const auto* star = parse::TryAs<parse::StarExpr>(item.expr.get())) {
      std::vector<NamedExpr> expanded;
      RETURN_IF_ERROR(ExpandStar(*star, scope, item.position, &expanded));
      for (NamedExpr& column : expanded) add(std::move(column.expr), std::move(column.name));
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr expr, Expr(*item.expr, env));
    if (expr->type.Is(TypeId::kUnknown)) {
      ASSIGN_OR_RETURN(expr, Cast(std::move(expr), TypeId::kText, CastContext::kImplicit));
    }
    add(std::move(expr), item.alias.empty() ? parse::OutputColumnName(*item.expr) : item.alias);
  }
  return exprs;
}

namespace {

/// The plan of rows that are literals, read straight into columns; null if they need the binder's rules.
StatusOr<PlanPtr> InsertLiterals(Binder& binder, const Relation& relation, const std::vector<size_t>& columns, const parse::LiteralRows& rows,
                                 parse::Overriding overriding) {
  if (rows.width != columns.size()) return PlanPtr();
  std::vector<DataType> types;
  auto node = std::make_shared<ValuesNode>();
  for (size_t index : columns) {
    const Column& column = relation.columns[index];
    if (WrittenFor(column, overriding) != Written::kTaken) return PlanPtr();
    types.push_back(column.type);
    node->output.push_back({binder.NewColumn(column.name), column.name, column.type});
  }
  std::optional<std::vector<ColumnBatch>> ready = ReadLiteralRows(rows, types, binder.context().exec);
  if (!ready.has_value()) return PlanPtr();
  node->ready = std::move(*ready);
  if (columns.size() == relation.columns.size() && std::is_sorted(columns.begin(), columns.end())) return PlanPtr(std::move(node));

  auto project = std::make_shared<ProjectNode>();
  project->expressions.resize(relation.columns.size());
  for (size_t i = 0; i < columns.size(); ++i) project->expressions[columns[i]] = MakeColumn(node->output[i].id, node->output[i].type);
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const Column& column = relation.columns[i];
    if (project->expressions[i] == nullptr) {
      ASSIGN_OR_RETURN(project->expressions[i], DefaultOf(column, binder.context()));
    }
    project->output.push_back({binder.NewColumn(column.name), column.name, column.type});
  }
  project->children.push_back(std::move(node));
  return PlanPtr(std::move(project));
}

/// INSERT .. VALUES: each value is read as its column's type, DEFAULT may stand anywhere.
StatusOr<PlanPtr> InsertValues(Binder& binder, const Relation& relation, const std::vector<size_t>& columns,
                               const std::vector<parse::AssignmentTarget>& written, const parse::Query& query, const CteList* ctes,
                               parse::Overriding overriding) {
  Scope scope;
  scope.ctes = ctes;
  std::vector<PendingApply> applies;
  ExprEnv env;
  env.scope = &scope;
  env.clause = Clause::kValues;
  env.applies = &applies;
  std::vector<std::vector<ExprPtr>> rows;
  std::vector<ExprPtr> defaults(relation.columns.size());
  const auto default_of = [&](size_t column) -> StatusOr<ExprPtr> {
    if (defaults[column] == nullptr) {
      ASSIGN_OR_RETURN(defaults[column], DefaultOf(relation.columns[column], binder.context()));
    }
    return defaults[column];
  };
  std::vector<std::vector<parse::ExprPtr>> parsed;
  if (query.literals.has_value()) {
    ASSIGN_OR_RETURN(PlanPtr plan, InsertLiterals(binder, relation, columns, *query.literals, overriding));
    if (plan != nullptr) return plan;
    ASSIGN_OR_RETURN(parsed, parse::ParseRows(*query.literals));
  }
  const std::vector<std::vector<parse::ExprPtr>>& written_rows = query.literals.has_value() ? parsed : query.values;
  for (const std::vector<parse::ExprPtr>& row : written_rows) {
    if (row.size() != written_rows.front().size()) {
      return ErrorAt(sqlstate::kSyntaxError, "VALUES lists must all be the same length", row.empty() ? query.position : row[0]->position);
    }
    const int at = row.size() > columns.size() ? row[columns.size()]->position
                   : row.size() < columns.size() && row.size() < written.size() ? written[row.size()].position
                                                                                : query.position;
    RETURN_IF_ERROR(CheckWidth(row.size(), columns.size(), !written.empty(), at));
    std::vector<ExprPtr> values(relation.columns.size());
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t column = columns[i];
      const Written rule = WrittenFor(relation.columns[column], overriding);
      if (parse::Is<parse::DefaultExpr>(*row[i]) || rule == Written::kDefaultInstead) {
        ASSIGN_OR_RETURN(values[column], default_of(column));
        continue;
      }
      if (rule == Written::kRefused) return NotDefault(relation.columns[column], row[i]->position);
      ASSIGN_OR_RETURN(ExprPtr value, binder.Expr(*row[i], env));
      ASSIGN_OR_RETURN(values[column], Assign(binder, std::move(value), relation.columns[column], row[i]->position));
    }
    for (size_t column = 0; column < values.size(); ++column) {
      if (values[column] != nullptr) continue;
      ASSIGN_OR_RETURN(values[column], default_of(column));
    }
    rows.push_back(std::move(values));
  }
  std::vector<PlanColumn> output;
  for (const Column& column : relation.columns) output.push_back({binder.NewColumn(column.name), column.name, column.type});
  if (applies.empty()) {
    auto node = std::make_shared<ValuesNode>();
    node->rows = std::move(rows);
    node->output = std::move(output);
    return PlanPtr(std::move(node));
  }
  return binder.RowsOverApplies(std::move(rows), std::move(output), &applies);
}

StatusOr<PlanPtr> InsertQuery(Binder& binder, const Relation& relation, const std::vector<size_t>& columns,
                              const std::vector<parse::AssignmentTarget>& written, const parse::Query& query, const CteList* ctes,
                              parse::Overriding overriding) {
  ASSIGN_OR_RETURN(BoundQuery bound, binder.Query(query, nullptr, ctes, UnknownRule::kKeep));
  const size_t given = bound.columns.size();
  RETURN_IF_ERROR(CheckWidth(given, columns.size(), !written.empty(), given < written.size() ? written[given].position : query.position));
  std::vector<DataType> types;
  for (size_t i = 0; i < bound.columns.size(); ++i) {
    const DataType type = bound.plan->output[i].type;
    types.push_back(type.Is(TypeId::kUnknown) ? relation.columns[columns[i]].type : type);
  }
  ASSIGN_OR_RETURN(bound.plan, binder.CastOutput(std::move(bound.plan), types, CastContext::kAssignment));
  auto node = std::make_shared<ProjectNode>();
  node->expressions.resize(relation.columns.size());
  for (size_t i = 0; i < bound.columns.size(); ++i) {
    const PlanColumn& from = bound.plan->output[i];
    const Written rule = WrittenFor(relation.columns[columns[i]], overriding);
    if (rule == Written::kDefaultInstead) continue;
    if (rule == Written::kRefused) return NotDefault(relation.columns[columns[i]], query.position);
    ASSIGN_OR_RETURN(node->expressions[columns[i]],
                     Assign(binder, MakeColumn(from.id, from.type), relation.columns[columns[i]], query.position));
  }
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const Column& column = relation.columns[i];
    if (node->expressions[i] == nullptr) {
      ASSIGN_OR_RETURN(node->expressions[i], DefaultOf(column, binder.context()));
    }
    node->output.push_back({binder.NewColumn(column.name), column.name, column.type});
  }
  node->children.push_back(std::move(bound.plan));
  return PlanPtr(std::move(node));
}

}  // namespace

StatusOr<BoundStatement> Binder::Insert(const parse::InsertStatement& statement) {
  ASSIGN_OR_RETURN(const RelationPtr relation, Target(statement.table, "insert into", context_));
  WithPlans with;
  RETURN_IF_ERROR(With(statement.with, nullptr, nullptr, &with));
  const CteList* ctes = &with.list;
  ASSIGN_OR_RETURN(const std::vector<size_t> columns, TargetColumns(statement.columns, *relation));
  const std::vector<parse::AssignmentTarget>& written = statement.columns;
  BoundStatement bound;
  bound.kind = BoundKind::kInsert;
  bound.relation = relation;
  if (statement.source == nullptr) {
    auto node = std::make_shared<ValuesNode>();
    node->rows.emplace_back();
    for (const Column& column : relation->columns) {
      ASSIGN_OR_RETURN(ExprPtr value, DefaultOf(column, context_));
      node->rows[0].push_back(std::move(value));
      node->output.push_back({NewColumn(column.name), column.name, column.type});
    }
    bound.plan = std::move(node);
  } else if (const parse::Query& query = *statement.source;
             query.kind == parse::QueryKind::kValues && query.with.items.empty() && query.order_by.empty() && query.limit == nullptr &&
             query.offset == nullptr) {
    ASSIGN_OR_RETURN(bound.plan, InsertValues(*this, *relation, columns, written, query, ctes, statement.overriding));
  } else {
    ASSIGN_OR_RETURN(bound.plan, InsertQuery(*this, *relation, columns, written, query, ctes, statement.overriding));
  }
  bound.plan = WrapWith(std::move(bound.plan), with);
  if (statement.conflict.action != parse::ConflictAction::kNone) {
    ASSIGN_OR_RETURN(bound.conflict, Conflict(statement, relation));
  }
  if (!statement.returning.empty()) {
    Scope scope;
    ScopeItem item;
    item.schema = statement.alias.empty() ? relation->schema : "";
    item.alias = statement.alias.empty() ? relation->name : statement.alias;
    item.relation = relation;
    for (size_t i = 0; i < relation->columns.size(); ++i) {
      const int id = bound.plan->output[i].id;
      item.columns.push_back({relation->columns[i].name, id, relation->columns[i].type});
      SetOrigin(id, relation->id, relation->columns[i].id);
    }
    scope.names.visible = item.columns;
    scope.names.items.push_back(std::move(item));
    ASSIGN_OR_RETURN(bound.returning, Returning(statement.returning, scope, &bound.columns));
    bound.returning = Positions(bound.returning, *bound.plan);
  }
  return bound;
}

StatusOr<std::vector<ExprPtr>> Binder::Assignments(const std::vector<parse::Assignment>& assignments, const Relation& relation, ExprEnv& env) {
  std::vector<ExprPtr> values(relation.columns.size());
  const auto slot = [&](const parse::AssignmentTarget& to) -> StatusOr<size_t> {
    ASSIGN_OR_RETURN(const size_t index, ColumnIndex(relation, to.column, to.position));
    if (!to.indirection.empty()) {
      return ErrorAt(sqlstate::kFeatureNotSupported, "assigning to a part of a column is not supported", to.position);
    }
    if (values[index] != nullptr) {
      return Error(sqlstate::kSyntaxError, StrCat("multiple assignments to same column \"", to.column, "\""));
    }
    return index;
  };
  const auto put = [&](const parse::AssignmentTarget& to, ExprPtr bound, int position) -> Status {
    ASSIGN_OR_RETURN(const size_t index, slot(to));
    if (relation.columns[index].identity == Identity::kAlways) {
      const std::string& name = relation.columns[index].name;
      return WithDetail(ErrorAt(kGeneratedAlways, StrCat("column \"", name, "\" can only be updated to DEFAULT"), to.position),
                        StrCat("Column \"", name, "\" is an identity column defined as GENERATED ALWAYS."));
    }
    ASSIGN_OR_RETURN(values[index], Assign(*this, std::move(bound), relation.columns[index], position));
    return OkStatus();
  };
  const auto assign = [&](const parse::AssignmentTarget& to, const parse::Expr& value) -> Status {
    if (parse::Is<parse::DefaultExpr>(value)) {
      ASSIGN_OR_RETURN(const size_t index, slot(to));
      ASSIGN_OR_RETURN(values[index], DefaultOf(relation.columns[index], context_));
      return OkStatus();
    }
    ASSIGN_OR_RETURN(ExprPtr bound, Expr(value, env));
    return put(to, std::move(bound), value.position);
  };
  for (const parse::Assignment& assignment : assignments) {
    if (!assignment.multiple) {
      RETURN_IF_ERROR(assign(assignment.targets[0], *assignment.value));
      continue;
    }
    const auto* row = parse::TryAs<parse::RowExpr>(assignment.value.get());
    if (row == nullptr) {
      const auto* query = parse::TryAs<parse::SubqueryExpr>(assignment.value.get());
      if (query == nullptr || query->subquery != parse::SubqueryKind::kScalar) {
        return ErrorAt(sqlstate::kFeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
                       assignment.value->position);
      }
      // One sub-query a column, each keeping its own.
      for (size_t i = 0; i < assignment.targets.size(); ++i) {
        ASSIGN_OR_RETURN(ExprPtr bound, SubqueryColumn(*query, i, assignment.targets.size(), env));
        RETURN_IF_ERROR(put(assignment.targets[i], std::move(bound), assignment.value->position));
      }
      continue;
    }
    if (row->elements.size() != assignment.targets.size()) {
      return ErrorAt(sqlstate::kSyntaxError, "number of columns does not match number of values", assignment.value->position);
    }
    for (size_t i = 0; i < row->elements.size(); ++i) RETURN_IF_ERROR(assign(assignment.targets[i], *row->elements[i]));
  }
  return values;
}

StatusOr<BoundStatement> Binder::Update(const parse::UpdateStatement& statement) {
  if (!statement.where_cursor.empty()) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "WHERE CURRENT OF is not supported", statement.position);
  }
  ASSIGN_OR_RETURN(const RelationPtr relation, Target(statement.table, "update", context_));
  WithPlans with;
  RETURN_IF_ERROR(With(statement.with, nullptr, nullptr, &with));
  ASSIGN_OR_RETURN(FromResult target, ScanRelation(relation, RowIds::kWith, statement.only));
  parse::RelationRef ref(statement.position);
  ref.alias = statement.alias;
  RETURN_IF_ERROR(ApplyAlias(ref, relation->name, &target));
  const std::vector<PlanColumn> scanned = target.plan->output;
  const int chunk_id = scanned[scanned.size() - 2].id;
  const int row_id = scanned.back().id;
  Scope scope;
  scope.ctes = &with.list;
  scope.names = target.names;
  PlanPtr plan = std::move(target.plan);
  for (const parse::TableRefPtr& from : statement.from) {
    Scope lateral = scope;
    ASSIGN_OR_RETURN(FromResult item, FromItem(*from, &lateral, &with.list));
    scope.names.items.insert(scope.names.items.end(), item.names.items.begin(), item.names.items.end());
    scope.names.visible.insert(scope.names.visible.end(), item.names.visible.begin(), item.names.visible.end());
    ASSIGN_OR_RETURN(plan, Combine(std::move(plan), std::move(item.plan), JoinType::kCross, nullptr, from->position));
  }
  const std::vector<PlanColumn> available = plan->output;  // for RETURNING; without what sub-queries add
  std::vector<PendingApply> applies;
  ExprEnv env;
  env.scope = &scope;
  env.applies = &applies;
  if (statement.where != nullptr) {
    env.clause = Clause::kWhere;
    ASSIGN_OR_RETURN(ExprPtr condition, Condition(*statement.where, env, "WHERE"));
    ASSIGN_OR_RETURN(plan, AttachApplies(std::move(plan), &applies));
    plan = MakeFilter(std::move(plan), std::move(condition));
  }
  env.clause = Clause::kUpdate;
  ASSIGN_OR_RETURN(const std::vector<ExprPtr> values, Assignments(statement.assignments, *relation, env));
  ASSIGN_OR_RETURN(plan, AttachApplies(std::move(plan), &applies));
  if (!statement.from.empty()) plan = OncePerRow(std::move(plan), chunk_id, row_id);

  auto project = std::make_shared<ProjectNode>();
  for (int id : {chunk_id, row_id}) {
    project->expressions.push_back(MakeColumn(id, TypeId::kInt64));
    project->output.push_back(*plan->FindOutput(id));
  }
  Scope after = scope;
  for (size_t i = 0; i < relation->columns.size(); ++i) {
    const Column& column = relation->columns[i];
    project->expressions.push_back(values[i] != nullptr ? values[i] : MakeColumn(scanned[i].id, column.type));
    const int id = NewColumn(ColumnName(scanned[i].id));
    project->output.push_back({id, column.name, column.type});
    SetOrigin(id, relation->id, column.id);
    // RETURNING sees the new values.
    after.names.items[0].columns[i].id = id;
    after.names.visible[i].id = id;
  }
  if (!statement.returning.empty()) {
    for (size_t i = scanned.size(); i < available.size(); ++i) {
      const PlanColumn& column = available[i];
      project->expressions.push_back(MakeColumn(column.id, column.type));
      project->output.push_back(column);
    }
  }
  project->children.push_back(std::move(plan));
  BoundStatement bound;
  bound.kind = BoundKind::kUpdate;
  bound.relation = relation;
  bound.plan = WrapWith(std::move(project), with);
  if (!statement.returning.empty()) {
    ASSIGN_OR_RETURN(bound.returning, Returning(statement.returning, after, &bound.columns));
    bound.returning = Positions(bound.returning, *bound.plan);
  }
  return bound;
}

StatusOr<BoundStatement> Binder::Delete(const parse::DeleteStatement& statement) {
  if (!statement.where_cursor.empty()) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "WHERE CURRENT OF is not supported", statement.position);
  }
  ASSIGN_OR_RETURN(const RelationPtr relation, Target(statement.table, "delete from", context_));
  WithPlans with;
  RETURN_IF_ERROR(With(statement.with, nullptr, nullptr, &with));
  ASSIGN_OR_RETURN(FromResult target, ScanRelation(relation, RowIds::kWith, statement.only));
  parse::RelationRef ref(statement.position);
  ref.alias = statement.alias;
  RETURN_IF_ERROR(ApplyAlias(ref, relation->name, &target));
  const std::vector<PlanColumn> scanned = target.plan->output;
  const int chunk_id = scanned[scanned.size() - 2].id;
  const int row_id = scanned.back().id;
  Scope scope;
  scope.ctes = &with.list;
  scope.names = target.names;
  PlanPtr plan = std::move(target.plan);
  for (const parse::TableRefPtr& from : statement.from) {
    Scope lateral = scope;
    ASSIGN_OR_RETURN(FromResult item, FromItem(*from, &lateral, &with.list));
    scope.names.items.insert(scope.names.items.end(), item.names.items.begin(), item.names.items.end());
    scope.names.visible.insert(scope.names.visible.end(), item.names.visible.begin(), item.names.visible.end());
    ASSIGN_OR_RETURN(plan, Combine(std::move(plan), std::move(item.plan), JoinType::kCross, nullptr, from->position));
  }
  const std::vector<PlanColumn> available = plan->output;
  if (statement.where != nullptr) {
    std::vector<PendingApply> applies;
    ExprEnv env;
    env.scope = &scope;
    env.applies = &applies;
    env.clause = Clause::kWhere;
    ASSIGN_OR_RETURN(ExprPtr condition, Condition(*statement.where, env, "WHERE"));
    ASSIGN_OR_RETURN(plan, AttachApplies(std::move(plan), &applies));
    plan = MakeFilter(std::move(plan), std::move(condition));
  }
  if (!statement.from.empty()) plan = OncePerRow(std::move(plan), chunk_id, row_id);
  auto project = std::make_shared<ProjectNode>();
  const auto keep = [&](const PlanColumn& column) {
    project->expressions.push_back(MakeColumn(column.id, column.type));
    project->output.push_back(column);
  };
  keep(scanned[scanned.size() - 2]);
  keep(scanned.back());
  if (!statement.returning.empty()) {
    for (const PlanColumn& column : available) {
      if (column.id != chunk_id && column.id != row_id) keep(column);
    }
  }
  project->children.push_back(std::move(plan));
  BoundStatement bound;
  bound.kind = BoundKind::kDelete;
  bound.relation = relation;
  bound.plan = WrapWith(std::move(project), with);
  if (!statement.returning.empty()) {
    ASSIGN_OR_RETURN(bound.returning, Returning(statement.returning, scope, &bound.columns));
    bound.returning = Positions(bound.returning, *bound.plan);
  }
  return bound;
}

}  // namespace tsd::sql
