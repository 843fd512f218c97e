// WITH and WITH RECURSIVE.
#include <functional>

#include "sql/bind/binder_core.h"

namespace tsd::sql {
namespace {

/// Whether a query reads a table of that name in its FROM items (sub-queries included, as far as FROM goes).
bool Mentions(const parse::Query& query, const std::string& name);

bool MentionsRef(const parse::TableRef& ref, const std::string& name) {
  switch (ref.kind) {
    case parse::TableRefKind::kRelation: {
      const auto& relation = parse::As<parse::RelationRef>(ref);
      return relation.name.schema.empty() && relation.name.name == name;
    }
    case parse::TableRefKind::kSubquery: return Mentions(*parse::As<parse::SubqueryRef>(ref).query, name);
    case parse::TableRefKind::kJoin: {
      const auto& join = parse::As<parse::JoinRef>(ref);
      return MentionsRef(*join.left, name) || MentionsRef(*join.right, name);
    }
    case parse::TableRefKind::kFunction: return false;
  }
  return false;
}

bool Mentions(const parse::Query& query, const std::string& name) {
  if (query.kind == parse::QueryKind::kSetOperation) return Mentions(*query.set.left, name) || Mentions(*query.set.right, name);
  for (const parse::TableRefPtr& ref : query.select.from) {
    if (MentionsRef(*ref, name)) return true;
  }
  return false;
}

Status RenameColumns(const parse::CommonTableExpr& cte, std::vector<ScopeColumn>* columns) {
  if (cte.columns.size() > columns->size()) {
    return ErrorAt(sqlstate::kInvalidColumnReference,
                   StrCat("WITH query \"", cte.name, "\" has ", columns->size(), " columns available but ", cte.columns.size(),
                          " columns specified"),
                   cte.position);
  }
  for (size_t i = 0; i < cte.columns.size(); ++i) (*columns)[i].name = cte.columns[i];
  return OkStatus();
}

}  // namespace

StatusOr<BoundQuery> Binder::Recursive(const parse::CommonTableExpr& cte, const Scope* parent, const CteList* ctes) {
  const parse::Query& query = *parse::As<parse::SelectStatement>(*cte.statement).query;
  if (query.kind != parse::QueryKind::kSetOperation || query.set.op != parse::SetOperator::kUnion) {
    return ErrorAt(sqlstate::kInvalidRecursion,
                   StrCat("recursive query \"", cte.name, "\" does not have the form non-recursive-term UNION [ALL] recursive-term"),
                   cte.position);
  }
  if (Mentions(*query.set.left, cte.name)) {
    return ErrorAt(sqlstate::kInvalidRecursion,
                   StrCat("recursive reference to query \"", cte.name, "\" must not appear within its non-recursive term"), cte.position);
  }
  if (!query.order_by.empty() || query.limit != nullptr || query.offset != nullptr || !query.with.items.empty()) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "ORDER BY, LIMIT and WITH in a recursive query are not implemented", cte.position);
  }
  ASSIGN_OR_RETURN(BoundQuery start, Query(*query.set.left, parent, ctes, UnknownRule::kToText));
  auto node = std::make_shared<RecursiveUnionNode>();
  node->cte = NewCte();
  node->name = cte.name;
  node->all = query.set.all;
  CteList inner;
  inner.parent = ctes;
  inner.items.push_back({cte.name, node->cte, start.columns});
  for (ScopeColumn& column : inner.items[0].columns) column.id = -1;
  RETURN_IF_ERROR(RenameColumns(cte, &inner.items[0].columns));
  ASSIGN_OR_RETURN(BoundQuery step, Query(*query.set.right, parent, &inner, UnknownRule::kKeep));
  if (step.columns.size() != start.columns.size()) {
    return ErrorAt(sqlstate::kSyntaxError, "each UNION query must have the same number of columns", query.set.right->position);
  }
  std::vector<DataType> types;
  for (size_t i = 0; i < start.columns.size(); ++i) {
    const DataType type = start.plan->output[i].type;
    const DataType from = step.plan->output[i].type;
    const DataType both[] = {type, from};
    StatusOr<DataType> common = SelectCommonType(both, "UNION");
    if (!common.ok()) return common.status();
    if (!common->SameAs(type)) {
      return WithHint(ErrorAt(sqlstate::kDatatypeMismatch,
                              StrCat("recursive query \"", cte.name, "\" column ", i + 1, " has type ", TypeName(type),
                                     " in non-recursive term but type ", TypeName(common->WithoutTypmod()), " overall"),
                              cte.position),
                      "Cast the output of the non-recursive term to the correct type.");
    }
    types.push_back(type.WithoutTypmod());
  }
  ASSIGN_OR_RETURN(start.plan, CastOutput(std::move(start.plan), types, CastContext::kImplicit));
  ASSIGN_OR_RETURN(step.plan, CastOutput(std::move(step.plan), types, CastContext::kImplicit));
  BoundQuery bound;
  for (size_t i = 0; i < types.size(); ++i) {
    const int id = NewColumn(start.columns[i].name);
    node->output.push_back({id, start.columns[i].name, types[i]});
    bound.columns.push_back({start.columns[i].name, id, types[i]});
  }
  node->children = {std::move(start.plan), std::move(step.plan)};
  bound.plan = std::move(node);
  return bound;
}

Status Binder::With(const parse::WithClause& with, const Scope* parent, const CteList* outer, WithPlans* out) {
  out->list.parent = outer;
  for (const parse::CommonTableExpr& cte : with.items) {
    for (const CteBinding& known : out->list.items) {
      if (known.name == cte.name) {
        return ErrorAt(sqlstate::kDuplicateAlias, StrCat("WITH query name \"", cte.name, "\" specified more than once"), cte.position);
      }
    }
    const auto* select = parse::TryAs<parse::SelectStatement>(cte.statement.get());
    if (select == nullptr) {
      return ErrorAt(sqlstate::kFeatureNotSupported, "data-modifying statements in WITH are not supported", cte.position);
    }
    BoundQuery bound;
    if (with.recursive && Mentions(*select->query, cte.name)) {
      ASSIGN_OR_RETURN(bound, Recursive(cte, parent, &out->list));
    } else {
      ASSIGN_OR_RETURN(bound, Query(*select->query, parent, &out->list, UnknownRule::kToText));
    }
    RETURN_IF_ERROR(RenameColumns(cte, &bound.columns));
    const int id = NewCte();
    out->ids.push_back(id);
    out->names.push_back(cte.name);
    out->materialize.push_back(cte.materialize == parse::CteMaterialize::kAlways  ? CteMaterialization::kAlways
                               : cte.materialize == parse::CteMaterialize::kNever ? CteMaterialization::kNever
                                                                                  : CteMaterialization::kAuto);
    out->plans.push_back(std::move(bound.plan));
    out->list.items.push_back({cte.name, id, std::move(bound.columns)});
  }
  return OkStatus();
}

PlanPtr Binder::WrapWith(PlanPtr plan, WithPlans& with) {
  if (with.plans.empty()) return plan;
  auto node = MakeUnary<WithNode>(std::move(plan));
  node->ids = std::move(with.ids);
  node->names = std::move(with.names);
  node->materialize = std::move(with.materialize);
  for (PlanPtr& cte : with.plans) node->children.push_back(std::move(cte));
  return node;
}

}  // namespace tsd::sql
