// FROM: tables, views, CTE references, sub-queries, functions, joins.
#include <algorithm>
#include <set>

#include "sql/bind/binder_core.h"
#include "sql/parse/parser.h"
#include "sql/parse/print.h"

namespace tsd::sql {
namespace {

constexpr size_t kMaxViewDepth = 50;

void AddNames(const FromNames& from, FromNames* to) {
  to->items.insert(to->items.end(), from.items.begin(), from.items.end());
  to->visible.insert(to->visible.end(), from.visible.begin(), from.visible.end());
  to->hidden.insert(to->hidden.end(), from.hidden.begin(), from.hidden.end());
}

Status CheckAliases(const FromNames& left, const FromNames& right) {
  for (const ScopeItem& a : left.items) {
    for (const ScopeItem& b : right.items) {
      if (!a.alias.empty() && a.alias == b.alias && a.schema == b.schema) {
        return Error(sqlstate::kDuplicateAlias, StrCat("table name \"", a.alias, "\" specified more than once"));
      }
    }
  }
  return OkStatus();
}

bool DependsOn(const PlanNode& right, const PlanNode& left) {
  for (int id : OuterColumnsOf(right)) {
    if (left.FindOutput(id) != nullptr) return true;
  }
  return false;
}

}  // namespace

StatusOr<Binder::FromResult> Binder::ScanRelation(const RelationPtr& relation, RowIds row_ids, bool only) {
  FromResult result;
  ScopeItem item;
  item.schema = relation->schema;
  item.alias = relation->name;
  item.relation = relation;
  reads_.push_back(relation);
  std::vector<PlanColumn> output;
  for (const Column& column : relation->columns) {
    const int id = NewColumn(StrCat(relation->name, ".", column.name));
    output.push_back({id, column.name, column.type});
    item.columns.push_back({column.name, id, column.type});
    SetOrigin(id, relation->id, column.id);
  }
  if (relation->kind == RelationKind::kVirtual || relation->kind == RelationKind::kSequence) {
    auto scan = std::make_shared<VirtualScanNode>();
    scan->relation = relation;
    for (size_t i = 0; i < relation->columns.size(); ++i) scan->columns.push_back(i);
    scan->output = std::move(output);
    result.plan = std::move(scan);
  } else {
    auto scan = std::make_shared<ScanNode>();
    scan->relation = relation;
    scan->schema = StorageSchema(*relation, context_.catalog != nullptr ? context_.catalog->cluster_id : 0);
    for (const Column& column : relation->columns) scan->columns.push_back(column.id);
    scan->row_ids = row_ids;
    scan->only = only && relation->IsHypertable();
    if (row_ids == RowIds::kWith) {
      output.push_back({NewColumn("chunk id"), "chunk id", TypeId::kInt64});
      output.push_back({NewColumn("row id"), "row id", TypeId::kInt64});
    }
    scan->output = std::move(output);
    result.plan = std::move(scan);
  }
  result.names.visible = item.columns;
  result.names.items.push_back(std::move(item));
  return result;
}

Status Binder::ApplyAlias(const parse::TableRef& ref, std::string_view default_name, FromResult* result) {
  const std::string alias = ref.alias.empty() ? std::string(default_name) : ref.alias;
  std::vector<ScopeColumn>& columns = result->names.visible;
  if (ref.column_aliases.size() > columns.size()) {
    return Error(sqlstate::kInvalidColumnReference, StrCat("table \"", alias, "\" has ", columns.size(), " columns available but ",
                                                           ref.column_aliases.size(), " columns specified"));
  }
  for (size_t i = 0; i < ref.column_aliases.size(); ++i) columns[i].name = ref.column_aliases[i];
  ScopeItem item;
  if (result->names.items.size() == 1) {
    item.relation = result->names.items[0].relation;
    if (ref.alias.empty()) item.schema = result->names.items[0].schema;
  }
  item.alias = alias;
  item.columns = columns;
  for (const ScopeColumn& column : columns) names_[column.id - 1] = alias.empty() ? column.name : StrCat(alias, ".", column.name);
  result->names.items = {std::move(item)};
  return OkStatus();
}

StatusOr<Binder::FromResult> Binder::FromRelation(const parse::RelationRef& ref, const Scope* lateral, const CteList* ctes) {
  if (ref.name.schema.empty()) {
    for (const CteList* list = ctes; list != nullptr; list = list->parent) {
      for (const CteBinding& cte : list->items) {
        if (cte.name != ref.name.name) continue;
        auto scan = std::make_shared<CteScanNode>();
        scan->cte = cte.id;
        scan->name = cte.name;
        FromResult result;
        ScopeItem item;
        for (const ScopeColumn& column : cte.columns) {
          const int id = NewColumn(column.name);
          scan->output.push_back({id, column.name, column.type});
          item.columns.push_back({column.name, id, column.type});
          if (column.id >= 0) SetOrigin(id, Origin(column.id).first, Origin(column.id).second);
        }
        result.plan = std::move(scan);
        result.names.visible = item.columns;
        result.names.items.push_back(std::move(item));
        RETURN_IF_ERROR(ApplyAlias(ref, cte.name, &result));
        return result;
      }
    }
  }
  ASSIGN_OR_RETURN(const RelationPtr relation, ResolveRelation(ref.name, context_));
  if (relation->kind != RelationKind::kView) {
    ASSIGN_OR_RETURN(FromResult result, ScanRelation(relation, RowIds::kWithout, ref.only));
    RETURN_IF_ERROR(ApplyAlias(ref, relation->name, &result));
    return result;
  }
  (void)lateral;
  const std::string name = relation->QualifiedName();
  if (views_.size() >= kMaxViewDepth || std::find(views_.begin(), views_.end(), name) != views_.end()) {
    return Error(sqlstate::kInvalidObjectDefinition, StrCat("infinite recursion detected in rules for relation \"", relation->name, "\""));
  }
  reads_.push_back(relation);
  ASSIGN_OR_RETURN(const auto statements, parse::ParseSql(relation->view_sql));
  const auto* select = statements.size() == 1 ? parse::TryAs<parse::SelectStatement>(statements[0].statement.get()) : nullptr;
  if (select == nullptr) return Error(sqlstate::kInternalError, StrCat("view ", name, " is not one query"));
  views_.push_back(name);
  StatusOr<BoundQuery> bound = Query(*select->query, nullptr, nullptr, UnknownRule::kToText);
  views_.pop_back();
  if (!bound.ok()) return WithWhere(WithPosition(bound.status(), 0), StrCat("view ", name));
  FromResult result;
  result.plan = std::move(bound->plan);
  ScopeItem item;
  item.schema = relation->schema;
  item.relation = relation;
  item.columns = std::move(bound->columns);
  // The view's own column names rule, where the catalog has them (CREATE VIEW v (a, b)).
  for (size_t i = 0; i < relation->columns.size() && i < item.columns.size(); ++i) item.columns[i].name = relation->columns[i].name;
  result.names.visible = item.columns;
  result.names.items.push_back(std::move(item));
  RETURN_IF_ERROR(ApplyAlias(ref, relation->name, &result));
  return result;
}

StatusOr<Binder::FromResult> Binder::FromSubquery(const parse::SubqueryRef& ref, const Scope* lateral, const CteList* ctes) {
  const Scope* parent = ref.lateral ? lateral : lateral->parent;
  if (!ref.lateral) out_of_reach_.push_back(&lateral->names);
  StatusOr<BoundQuery> query = Query(*ref.query, parent, ctes, UnknownRule::kToText);
  if (!ref.lateral) out_of_reach_.pop_back();
  ASSIGN_OR_RETURN(BoundQuery bound, std::move(query));
  FromResult result;
  result.plan = std::move(bound.plan);
  ScopeItem item;
  item.columns = bound.columns;
  result.names.visible = std::move(bound.columns);
  result.names.items.push_back(std::move(item));
  RETURN_IF_ERROR(ApplyAlias(ref, "", &result));
  return result;
}

StatusOr<Binder::FromResult> Binder::FromFunction(const parse::FunctionRef& ref, const Scope* lateral, const CteList* ctes) {
  (void)ctes;
  if (!ref.columns.empty() || !ref.functions[0].columns.empty()) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "a column definition list is not supported", ref.position);
  }
  // The call's arguments stand outside of what it yields: columns of earlier FROM items are outer ones.
  Scope scope;
  scope.parent = lateral;
  std::vector<PendingSet> sets;
  ExprEnv env;
  env.scope = &scope;
  env.clause = Clause::kFromFunction;
  env.sets = &sets;
  const parse::Expr& call = *ref.functions[0].call;
  const auto* function = parse::TryAs<parse::FunctionCallExpr>(&call);
  if (ref.functions.size() > 1 || (function != nullptr && function->name.name == "unnest" && function->args.size() > 1)) {
    return FromSeveralFunctions(ref, env, &sets);
  }
  ASSIGN_OR_RETURN(ExprPtr bound, Expr(call, env));
  FromResult result;
  const std::string name = parse::OutputColumnName(call);
  const std::string& alias = ref.alias.empty() ? name : ref.alias;
  if (!sets.empty()) {
    if (sets.size() > 1 || bound->kind != ExprKind::kColumn) {
      return ErrorAt(sqlstate::kFeatureNotSupported, "set-returning functions must appear at top level of FROM", ref.position);
    }
    std::shared_ptr<FunctionScanNode> scan = sets[0].function;
    if (scan->output.size() == 1) {
      // A lone column takes the alias, unless the function names it itself.
      if (scan->output[0].name == name || scan->output[0].name.empty()) scan->output[0].name = alias;
    }
    result.plan = std::move(scan);
  } else {
    if (bound->type.Is(TypeId::kUnknown)) {
      ASSIGN_OR_RETURN(bound, Cast(std::move(bound), TypeId::kText, CastContext::kImplicit));
    }
    auto values = std::make_shared<ValuesNode>();
    values->output.push_back({NewColumn(alias), alias, bound->type});
    values->rows.push_back({std::move(bound)});
    result.plan = std::move(values);
  }
  if (ref.with_ordinality) {
    auto* scan = PlanTry<FunctionScanNode>(result.plan.get());
    if (scan != nullptr) {
      scan->with_ordinality = true;
      scan->output.push_back({NewColumn("ordinality"), "ordinality", TypeId::kInt64});
    } else {
      auto& values = PlanAs<ValuesNode>(*result.plan);
      values.output.push_back({NewColumn("ordinality"), "ordinality", TypeId::kInt64});
      values.rows[0].push_back(MakeConstant(Value::Int64(1)));
    }
  }
  ScopeItem item;
  for (const PlanColumn& column : result.plan->output) item.columns.push_back({column.name, column.id, column.type});
  result.names.visible = item.columns;
  result.names.items.push_back(std::move(item));
  RETURN_IF_ERROR(ApplyAlias(ref, name, &result));
  return result;
}

/// Side by side, the shorter ones filled up with NULLs: ROWS FROM (f(), g()) and unnest(a, b).
StatusOr<Binder::FromResult> Binder::FromSeveralFunctions(const parse::FunctionRef& ref, const ExprEnv& env, std::vector<PendingSet>* sets) {
  for (const parse::FunctionRef::Item& item : ref.functions) {
    const auto* call = parse::TryAs<parse::FunctionCallExpr>(item.call.get());
    const size_t before = sets->size();
    if (call != nullptr && call->name.name == "unnest") {
      for (const parse::FunctionArg& argument : call->args) {
        ExprEnv inner = env;
        inner.sets = nullptr;
        ASSIGN_OR_RETURN(ExprPtr array, Expr(*argument.value, inner));
        ASSIGN_OR_RETURN(const ExprPtr column, SetCall("unnest", GivenArguments{{std::move(array)}, {}, false}, env, call->position));
        (void)column;
      }
      continue;
    }
    ASSIGN_OR_RETURN(const ExprPtr bound, Expr(*item.call, env));
    if (sets->size() != before + 1 || bound->kind != ExprKind::kColumn || sets->back().function->output.size() != 1) {
      return ErrorAt(sqlstate::kFeatureNotSupported, "ROWS FROM takes set-returning functions of one column", item.call->position);
    }
  }
  auto node = std::make_shared<ProjectSetNode>();
  for (PendingSet& set : *sets) {
    node->items.push_back({nullptr, std::move(set.function)});
    node->output.push_back(set.output);
  }
  node->children.push_back(MakeOneRow());
  FromResult result;
  result.plan = std::move(node);
  if (ref.with_ordinality) result.plan = WithRowNumber(std::move(result.plan), "ordinality");
  ScopeItem item;
  for (const PlanColumn& column : result.plan->output) item.columns.push_back({column.name, column.id, column.type});
  result.names.visible = item.columns;
  result.names.items.push_back(std::move(item));
  RETURN_IF_ERROR(ApplyAlias(ref, parse::OutputColumnName(*ref.functions[0].call), &result));
  return result;
}

PlanPtr Binder::WithRowNumber(PlanPtr plan, const std::string& name) {
  auto node = MakeUnary<WindowNode>(std::move(plan));
  WindowCall call;
  call.function = "row_number";
  call.result_type = TypeId::kInt64;
  node->calls.push_back(std::move(call));
  node->output.push_back({NewColumn(name), name, TypeId::kInt64});
  return node;
}

StatusOr<PlanPtr> Binder::Combine(PlanPtr left, PlanPtr right, JoinType type, ExprPtr condition, int position) {
  if (DependsOn(*right, *left)) {
    if (type == JoinType::kRight || type == JoinType::kFull) {
      return WithDetail(ErrorAt(sqlstate::kInvalidColumnReference, "invalid reference to FROM-clause entry", position),
                        "The combining JOIN type must be INNER or LEFT for a LATERAL reference.");
    }
    auto apply = std::make_shared<ApplyNode>();
    apply->apply = type == JoinType::kLeft ? ApplyKind::kLeft : ApplyKind::kCross;
    for (int id : OuterColumnsOf(*right)) {
      if (left->FindOutput(id) != nullptr) apply->correlated.push_back(id);
    }
    apply->condition = std::move(condition);
    apply->output = left->output;
    apply->output.insert(apply->output.end(), right->output.begin(), right->output.end());
    apply->children = {std::move(left), std::move(right)};
    return PlanPtr(std::move(apply));
  }
  auto join = std::make_shared<JoinNode>();
  join->join = condition == nullptr && type == JoinType::kInner ? JoinType::kCross : type;
  join->residual = std::move(condition);
  join->output = left->output;
  join->output.insert(join->output.end(), right->output.begin(), right->output.end());
  join->children = {std::move(left), std::move(right)};
  return PlanPtr(std::move(join));
}

namespace {

struct UsingPair {
  std::string name;
  ScopeColumn left, right;
};

/// The columns of both sides that USING / NATURAL pair up.
StatusOr<std::vector<UsingPair>> PairColumns(const parse::JoinRef& ref, const FromNames& left, const FromNames& right) {
  std::vector<std::string> names = ref.using_columns;
  if (ref.natural) {
    for (const ScopeColumn& column : left.visible) {
      const bool both = std::any_of(right.visible.begin(), right.visible.end(), [&](const ScopeColumn& c) { return c.name == column.name; });
      if (both) names.push_back(column.name);
    }
  }
  std::vector<UsingPair> pairs;
  for (const std::string& name : names) {
    UsingPair pair;
    pair.name = name;
    for (const auto& [side, slot, word] : {std::tuple(&left, &pair.left, "left"), std::tuple(&right, &pair.right, "right")}) {
      int found = 0;
      for (const ScopeColumn& column : side->visible) {
        if (column.name != name) continue;
        *slot = column;
        ++found;
      }
      if (found == 0) {
        return Error(sqlstate::kUndefinedColumn, StrCat("column \"", name, "\" specified in USING clause does not exist in ", word, " table"));
      }
      if (found > 1) {
        return Error(sqlstate::kAmbiguousColumn, StrCat("common column name \"", name, "\" appears more than once in ", word, " table"));
      }
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

JoinType TypeOf(parse::JoinKind kind) {
  switch (kind) {
    case parse::JoinKind::kInner: return JoinType::kInner;
    case parse::JoinKind::kLeft: return JoinType::kLeft;
    case parse::JoinKind::kRight: return JoinType::kRight;
    case parse::JoinKind::kFull: return JoinType::kFull;
    case parse::JoinKind::kCross: return JoinType::kCross;
  }
  return JoinType::kInner;
}

}  // namespace

tsd::Status Binder::AttachToSides(std::vector<PendingApply>* applies, PlanPtr* left, PlanPtr* right, int position) {
  std::vector<PendingApply> of_left, of_right;
  for (PendingApply& apply : *applies) {
    std::vector<int> used = OuterColumnsOf(*apply.inner);
    if (apply.condition != nullptr) {
      const std::vector<int> more = ColumnsOf(*apply.condition);
      used.insert(used.end(), more.begin(), more.end());
    }
    const auto uses = [&](const PlanPtr& side) {
      return std::any_of(used.begin(), used.end(), [&](int id) { return side->FindOutput(id) != nullptr; });
    };
    if (uses(*left) && uses(*right)) {
      return ErrorAt(sqlstate::kFeatureNotSupported, "sub-queries over both sides in the condition of an outer join are not supported", position);
    }
    (uses(*left) ? of_left : of_right).push_back(std::move(apply));
  }
  applies->clear();
  ASSIGN_OR_RETURN(*left, AttachApplies(std::move(*left), &of_left));
  ASSIGN_OR_RETURN(*right, AttachApplies(std::move(*right), &of_right));
  return OkStatus();
}

StatusOr<Binder::FromResult> Binder::FromJoin(const parse::JoinRef& ref, const Scope* lateral, const CteList* ctes) {
  ASSIGN_OR_RETURN(FromResult left, FromItem(*ref.left, lateral, ctes));
  Scope right_scope = *lateral;
  AddNames(left.names, &right_scope.names);
  ASSIGN_OR_RETURN(FromResult right, FromItem(*ref.right, &right_scope, ctes));
  RETURN_IF_ERROR(CheckAliases(left.names, right.names));
  const JoinType type = TypeOf(ref.join);
  FromResult result;
  result.names.items = left.names.items;
  result.names.items.insert(result.names.items.end(), right.names.items.begin(), right.names.items.end());
  std::vector<ExprPtr> conditions;
  std::vector<UsingPair> pairs;
  if (ref.natural || !ref.using_columns.empty()) {
    ASSIGN_OR_RETURN(pairs, PairColumns(ref, left.names, right.names));
  }
  for (const UsingPair& pair : pairs) {
    ASSIGN_OR_RETURN(ExprPtr equal, BuildOperator("=", MakeColumn(pair.left.id, pair.left.type), MakeColumn(pair.right.id, pair.right.type),
                                                  context_.exec, ref.position));
    conditions.push_back(std::move(equal));
  }
  const auto paired = [&](const ScopeColumn& column) {
    return std::any_of(pairs.begin(), pairs.end(), [&](const UsingPair& pair) { return pair.left.id == column.id || pair.right.id == column.id; });
  };
  std::vector<PendingApply> applies;
  if (ref.on != nullptr) {
    Scope scope;
    scope.parent = lateral->parent;
    AddNames(left.names, &scope.names);
    AddNames(right.names, &scope.names);
    ExprEnv env;
    env.scope = &scope;
    env.clause = Clause::kJoinOn;
    scope.ctes = ctes;
    env.applies = &applies;
    out_of_reach_.push_back(&lateral->names);
    StatusOr<ExprPtr> on = Condition(*ref.on, env, "JOIN/ON");
    out_of_reach_.pop_back();
    if (!on.ok()) return on.status();
    conditions.push_back(std::move(*on));
  }
  ExprPtr condition = conditions.empty() ? nullptr : conditions.size() == 1 ? conditions[0] : MakeLogical(ExprKind::kAnd, conditions);
  if (!applies.empty()) {
    if (type == JoinType::kInner) {
      ASSIGN_OR_RETURN(result.plan, Combine(std::move(left.plan), std::move(right.plan), JoinType::kCross, nullptr, ref.position));
      ASSIGN_OR_RETURN(result.plan, AttachApplies(std::move(result.plan), &applies));
      result.plan = MakeFilter(std::move(result.plan), std::move(condition));
    } else {
      RETURN_IF_ERROR(AttachToSides(&applies, &left.plan, &right.plan, ref.position));
    }
  }
  if (result.plan == nullptr) {
    ASSIGN_OR_RETURN(result.plan, Combine(std::move(left.plan), std::move(right.plan), type, std::move(condition), ref.position));
  }
  for (size_t i = 0; i < result.names.items.size(); ++i) {
    const bool of_left = i < left.names.items.size();
    if (type == JoinType::kFull || type == (of_left ? JoinType::kRight : JoinType::kLeft)) result.names.items[i].null_extended = true;
  }
  // USING columns come once, in front; the side that is never NULL-extended speaks, both in a full join.
  std::vector<ScopeColumn> merged;
  std::shared_ptr<ProjectNode> project;
  for (const UsingPair& pair : pairs) {
    ScopeColumn column = type == JoinType::kRight ? pair.right : pair.left;
    if (type == JoinType::kFull || !pair.left.type.SameAs(pair.right.type)) {
      std::vector<ExprPtr> both = {MakeColumn(pair.left.id, pair.left.type), MakeColumn(pair.right.id, pair.right.type)};
      if (type == JoinType::kRight) std::swap(both[0], both[1]);
      ASSIGN_OR_RETURN(both, CastToCommonType(std::move(both), "JOIN/USING", context_.exec));
      auto value = std::make_shared<tsd::sql::Expr>();
      value->kind = ExprKind::kCoalesce;
      value->type = both[0]->type;
      value->arguments = type == JoinType::kFull ? both : std::vector<ExprPtr>{both[0]};
      if (project == nullptr) {
        project = std::make_shared<ProjectNode>();
        project->output = result.plan->output;
        for (const PlanColumn& out : result.plan->output) project->expressions.push_back(MakeColumn(out.id, out.type));
      }
      column = {pair.name, NewColumn(pair.name), value->type};
      project->output.push_back({column.id, column.name, column.type});
      project->expressions.push_back(std::move(value));
    }
    merged.push_back(column);
  }
  if (project != nullptr) {
    project->children.push_back(std::move(result.plan));
    result.plan = std::move(project);
  }
  if (!ref.using_alias.empty()) {
    ScopeItem item;
    item.alias = ref.using_alias;
    item.columns = merged;
    result.names.items.push_back(std::move(item));
  }
  result.names.visible = std::move(merged);
  for (const FromNames* side : {&left.names, &right.names}) {
    for (const ScopeColumn& column : side->visible) {
      if (!paired(column)) result.names.visible.push_back(column);
    }
  }
  for (const FromNames* side : {&left.names, &right.names}) {
    result.names.hidden.insert(result.names.hidden.end(), side->hidden.begin(), side->hidden.end());
  }
  if (!ref.alias.empty()) {
    for (const ScopeItem& item : result.names.items) result.names.hidden.push_back(item.alias);
    RETURN_IF_ERROR(ApplyAlias(ref, "", &result));
  }
  return result;
}

StatusOr<Binder::FromResult> Binder::FromItem(const parse::TableRef& ref, const Scope* lateral, const CteList* ctes) {
  switch (ref.kind) {
    case parse::TableRefKind::kRelation: return FromRelation(parse::As<parse::RelationRef>(ref), lateral, ctes);
    case parse::TableRefKind::kSubquery: return FromSubquery(parse::As<parse::SubqueryRef>(ref), lateral, ctes);
    case parse::TableRefKind::kFunction: return FromFunction(parse::As<parse::FunctionRef>(ref), lateral, ctes);
    case parse::TableRefKind::kJoin: return FromJoin(parse::As<parse::JoinRef>(ref), lateral, ctes);
  }
  return Error(sqlstate::kInternalError, "unknown FROM item");
}

StatusOr<Binder::FromResult> Binder::FromList(const std::vector<parse::TableRefPtr>& from, const Scope* parent, const CteList* ctes) {
  FromResult result;
  Scope lateral;
  lateral.parent = parent;
  lateral.ctes = ctes;
  for (const parse::TableRefPtr& ref : from) {
    lateral.names = result.names;
    ASSIGN_OR_RETURN(FromResult item, FromItem(*ref, &lateral, ctes));
    RETURN_IF_ERROR(CheckAliases(result.names, item.names));
    AddNames(item.names, &result.names);
    if (result.plan == nullptr) {
      result.plan = std::move(item.plan);
      continue;
    }
    ASSIGN_OR_RETURN(result.plan, Combine(std::move(result.plan), std::move(item.plan), JoinType::kCross, nullptr, ref->position));
  }
  if (result.plan == nullptr) result.plan = MakeOneRow();
  return result;
}

}  // namespace tsd::sql
