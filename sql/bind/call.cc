// Function calls: scalar, aggregate, set-returning, and coord's functions. Window calls: window.cc.
#include <algorithm>

#include "sql/bind/binder_core.h"

namespace tsd::sql {
namespace {

bool Contains(const Expr& expr, const std::function<bool(const Expr&)>& test) {
  if (test(expr)) return true;
  for (const ExprPtr& argument : expr.arguments) {
    if (Contains(*argument, test)) return true;
  }
  return false;
}

bool HasColumn(const Scope& scope, int id) {
  for (const ScopeItem& item : scope.names.items) {
    for (const ScopeColumn& column : item.columns) {
      if (column.id == id) return true;
    }
  }
  return std::any_of(scope.names.visible.begin(), scope.names.visible.end(), [id](const ScopeColumn& column) { return column.id == id; });
}

/// Aggregates whose answer shows the order of their input.
bool IsCollector(std::string_view name) {
  for (std::string_view known : {"array_agg", "string_agg", "json_agg", "jsonb_agg"}) {
    if (name == known) return true;
  }
  return false;
}

bool IsJsonAggregate(std::string_view name) {
  return name == "json_agg" || name == "jsonb_agg" || name == "json_object_agg" || name == "jsonb_object_agg";
}

/// The column a set-returning call stands for in a select list.
std::shared_ptr<FunctionScanNode> RegistryScan(Binder& binder, const BoundCall& bound) {
  auto scan = std::make_shared<FunctionScanNode>();
  scan->function = bound.call.function->key;
  scan->provider = bound.call.function->context;
  if (scan->provider) scan->function = bound.call.function->name;
  scan->arguments = bound.arguments;
  for (const auto& column : bound.call.columns) {
    scan->output.push_back({binder.NewColumn(column.name), column.name, column.type});
  }
  return scan;
}

}  // namespace

StatusOr<GivenArguments> Binder::Arguments(const parse::FunctionCallExpr& call, const ExprEnv& env) {
  GivenArguments given;
  bool named = false;
  for (const parse::FunctionArg& argument : call.args) named = named || !argument.name.empty();
  for (const parse::FunctionArg& argument : call.args) {
    ASSIGN_OR_RETURN(ExprPtr value, Expr(*argument.value, env));
    given.values.push_back(std::move(value));
    if (named) given.names.push_back(argument.name);
  }
  given.variadic = call.variadic;
  return given;
}

StatusOr<std::shared_ptr<FunctionScanNode>> Binder::ProviderCall(const parse::FunctionCallExpr& call, const ExprEnv& env) {
  std::shared_ptr<FunctionScanNode> none;
  if (context_.table_functions == nullptr) return none;
  const auto overloads = context_.table_functions->Find(call.name.schema, call.name.name);
  if (overloads.empty()) return none;
  ASSIGN_OR_RETURN(const GivenArguments given, Arguments(call, env));
  Status failure;
  for (const TableFunctionSignature* signature : overloads) {
    std::vector<ExprPtr> arguments(signature->parameters.size());
    Status status;
    for (size_t i = 0; i < given.values.size() && status.ok(); ++i) {
      const bool by_name = !given.names.empty() && !given.names[i].empty();
      size_t at = i;
      if (by_name) {
        at = 0;
        while (at < signature->parameters.size() && signature->parameters[at].name != given.names[i]) ++at;
      }
      if (at >= signature->parameters.size() || arguments[at] != nullptr) {
        status = Error(sqlstate::kUndefinedFunction, "");
        break;
      }
      const DataType wanted = signature->parameters[at].type;
      ExprPtr value = given.values[i];
      if (wanted.Is(TypeId::kUnknown)) {
        if (value->type.Is(TypeId::kUnknown)) {
          ASSIGN_OR_RETURN(value, Cast(std::move(value), TypeId::kText, CastContext::kImplicit));
        }
      } else if (!CanCast(value->type, wanted, CastContext::kImplicit)) {
        status = Error(sqlstate::kUndefinedFunction, "");
        break;
      } else {
        ASSIGN_OR_RETURN(value, Cast(std::move(value), wanted, CastContext::kImplicit, call.args[i].value->position));
      }
      arguments[at] = std::move(value);
    }
    for (size_t i = 0; i < arguments.size() && status.ok(); ++i) {
      if (arguments[i] == nullptr && !signature->parameters[i].optional) status = Error(sqlstate::kUndefinedFunction, "");
    }
    if (!status.ok()) {
      failure = status;
      continue;
    }
    auto scan = std::make_shared<FunctionScanNode>();
    scan->function = signature->name;
    scan->provider = true;
    scan->arguments = std::move(arguments);
    for (const auto& column : signature->columns) {
      scan->output.push_back({NewColumn(column.name), column.name, column.type});
    }
    return scan;
  }
  std::string types;
  for (size_t i = 0; i < given.values.size(); ++i) {
    if (i > 0) types += ", ";
    if (!given.names.empty() && !given.names[i].empty()) types += given.names[i] + " => ";
    types += TypeName(given.values[i]->type);
  }
  return WithHint(ErrorAt(sqlstate::kUndefinedFunction, StrCat("function ", call.name.name, "(", types, ") does not exist"), call.position),
                  "No function matches the given name and argument types. You might need to add explicit type casts.");
}

StatusOr<ExprPtr> Binder::SetReturning(std::shared_ptr<FunctionScanNode> function, std::string_view name, const ExprEnv& env, int position) {
  if (env.sets == nullptr) {
    return ErrorAt(sqlstate::kFeatureNotSupported, StrCat("set-returning functions are not allowed in ", ClauseName(env.clause)), position);
  }
  PendingSet set;
  DataType type = function->output[0].type;
  if (function->output.size() != 1) {
    type = TypeId::kRecord;
    type.typmod = static_cast<int32_t>(record_shapes_.size());
    record_shapes_.push_back(function->output);
  }
  set.output = {NewColumn(std::string(name)), std::string(name), type};
  set.function = std::move(function);
  const int id = set.output.id;
  env.sets->push_back(std::move(set));
  return MakeColumn(id, type, position);
}

StatusOr<ExprPtr> Binder::JsonOf(const parse::Expr& written, ExprPtr value, const ExprEnv& env, bool binary) {
  const int position = value->position;
  if (value->type.Is(TypeId::kUnknown)) {
    ASSIGN_OR_RETURN(value, Cast(std::move(value), TypeId::kText, CastContext::kImplicit));
  }
  if (value->type.Is(binary ? TypeId::kJsonb : TypeId::kJson)) return value;
  const bool row_or_null = value->kind == ExprKind::kCase && value->arguments.size() == 3 && value->arguments[2]->kind == ExprKind::kRow &&
                           value->arguments[1]->kind == ExprKind::kConstant && value->arguments[1]->value.IsNull();
  if (row_or_null) {  // of an outer join's side
    auto object = std::make_shared<tsd::sql::Expr>(*value);
    ASSIGN_OR_RETURN(object->arguments.back(), JsonOf(written, value->arguments.back(), env, binary));
    object->type = object->arguments.back()->type;
    object->arguments[1] = MakeConstant(Value::Null(object->type));
    return object;
  }
  const std::string_view convert = binary ? "to_jsonb" : "to_json";
  if (value->kind != ExprKind::kRow) return BuildCall("", convert, GivenArguments{{std::move(value)}, {}, false}, context_.exec, position);
  // A row becomes an object: a table's by its columns, another's by f1, f2, ..
  const ScopeItem* item = nullptr;
  if (const auto* ref = parse::TryAs<parse::ColumnRefExpr>(&written)) item = ItemNamed(ref->parts.back(), env.scope);
  if (const auto* star = parse::TryAs<parse::StarExpr>(&written)) item = ItemNamed(star->qualifier.back(), env.scope);
  GivenArguments members;
  for (size_t i = 0; i < value->arguments.size(); ++i) {
    const std::string name = item != nullptr && i < item->columns.size() ? item->columns[i].name : StrCat("f", i + 1);
    members.values.push_back(MakeConstant(Value::Bytes(TypeId::kText, name)));
    ASSIGN_OR_RETURN(ExprPtr member, JsonOf(written, value->arguments[i], env, binary));
    members.values.push_back(std::move(member));
  }
  return BuildCall("", binary ? "jsonb_row" : "json_row", std::move(members), context_.exec, position);
}

Status Binder::PrepareJsonAggregate(const parse::FunctionCallExpr& call, const ExprEnv& env, GivenArguments* given, std::string* name) {
  const bool object = name->ends_with("object_agg");
  if (given->values.size() != (object ? 2u : 1u)) return OkStatus();
  ExprPtr& last = given->values.back();
  const bool structured = last->type.is_array || last->type.Is(TypeId::kRecord);
  ASSIGN_OR_RETURN(last, JsonOf(*call.args.back().value, last, env, name->starts_with("jsonb")));
  if (object) {
    ASSIGN_OR_RETURN(given->values[0], Cast(given->values[0], TypeId::kText, CastContext::kExplicit));
  }
  if (*name == "json_agg" && structured) *name = "json_agg_lines";
  return OkStatus();
}

StatusOr<ExprPtr> Binder::SetCall(std::string_view name, GivenArguments given, const ExprEnv& env, int position) {
  ASSIGN_OR_RETURN(const BoundCall bound, BindCall("", name, std::move(given), context_.exec, position));
  return SetReturning(RegistryScan(*this, bound), name, env, position);
}

StatusOr<ExprPtr> Binder::FunctionCall(const parse::FunctionCallExpr& call, const ExprEnv& env) {
  const std::string& name = call.name.name;
  if (call.over != nullptr) return Window(call, env);
  const bool aggregate_syntax = call.star || call.distinct || call.filter != nullptr || call.within_group || !call.order_by.empty();
  const bool aggregate = IsNameOfKind(name, FunctionKind::kAggregate);
  if (aggregate) return Aggregate(call, env);
  if (Registry::Get().Named(name).empty()) {
    ASSIGN_OR_RETURN(auto provider, ProviderCall(call, env));
    if (provider != nullptr) return SetReturning(std::move(provider), name, env, call.position);
  }
  ASSIGN_OR_RETURN(GivenArguments given, Arguments(call, env));
  if (given.values.size() == 1 && given.values[0]->type.Is(TypeId::kRecord) && (name == "row_to_json" || name == "to_json" || name == "to_jsonb")) {
    return JsonOf(*call.args[0].value, given.values[0], env, name == "to_jsonb");
  }
  StatusOr<BoundCall> resolved = BindCall(call.name.schema, name, given, context_.exec, call.position);
  // A type's name called with one argument may still be a cast, which BuildCall knows.
  if (!resolved.ok()) return BuildCall(call.name.schema, name, std::move(given), context_.exec, call.position);
  const BoundCall& bound = *resolved;
  switch (bound.call.function->kind) {
    case FunctionKind::kTable: return SetReturning(RegistryScan(*this, bound), name, env, call.position);
    case FunctionKind::kWindow:
      return ErrorAt(sqlstate::kWrongObjectType, StrCat("window function ", name, " requires an OVER clause"), call.position);
    default: break;
  }
  if (aggregate_syntax) {
    const char* what = call.star ? "*" : call.distinct ? "DISTINCT" : call.within_group ? "WITHIN GROUP"
                       : call.filter != nullptr ? "FILTER" : "ORDER BY";
    return ErrorAt(sqlstate::kWrongObjectType, StrCat(what, " specified, but ", name, " is not an aggregate function"), call.position);
  }
  return BuildCall(call.name.schema, name, std::move(given), context_.exec, call.position);
}

StatusOr<ExprPtr> Binder::Aggregate(const parse::FunctionCallExpr& call, const ExprEnv& env) {
  const std::string& name = call.name.name;
  if (env.aggregates == nullptr) {
    if (env.clause == Clause::kAggregateArgument) {
      return ErrorAt(sqlstate::kGroupingError, "aggregate function calls cannot be nested", call.position);
    }
    return ErrorAt(sqlstate::kGroupingError, StrCat("aggregate functions are not allowed in ", ClauseName(env.clause)), call.position);
  }
  ExprEnv inner = env;
  inner.aggregates = nullptr;
  inner.windows = nullptr;
  inner.sets = nullptr;
  inner.groupings = nullptr;
  inner.applies = env.aggregate_applies;
  inner.clause = Clause::kAggregateArgument;
  PendingAggregate aggregate;
  ResolvedCall resolved;
  std::vector<ExprPtr> written;   // the arguments before any cast: what DISTINCT and ORDER BY are held against
  if (call.star) {
    StatusOr<ResolvedCall> found = ResolveAggregate(name, {}, true);
    if (!found.ok()) return WithPosition(found.status(), call.position);
    resolved = std::move(*found);
  } else {
    if (call.args.empty() && !call.within_group) {
      if (ResolveAggregate(name, {}, true).ok()) {
        return ErrorAt(sqlstate::kWrongObjectType, StrCat(name, "(*) must be used to call a parameterless aggregate function"), call.position);
      }
    }
    ASSIGN_OR_RETURN(GivenArguments given, Arguments(call, inner));
    written = given.values;
    if (call.within_group) {
      for (const parse::SortItem& item : call.order_by) {
        ASSIGN_OR_RETURN(ExprPtr key, Expr(*item.expr, inner));
        given.values.push_back(std::move(key));
      }
    }
    std::string function = name;
    if (IsJsonAggregate(name)) RETURN_IF_ERROR(PrepareJsonAggregate(call, inner, &given, &function));
    ASSIGN_OR_RETURN(BoundCall bound, BindCall(call.name.schema, function, std::move(given), context_.exec, call.position));
    if (bound.call.function->kind != FunctionKind::kAggregate) {
      // A name with overloads of both kinds, resolved to the scalar one.
      return BuildCall(call.name.schema, name, GivenArguments{bound.arguments, {}, false}, context_.exec, call.position);
    }
    if (bound.call.function->ordered_set && !call.within_group) {
      return ErrorAt(sqlstate::kWrongObjectType, StrCat("WITHIN GROUP is required for ordered-set aggregate ", name), call.position);
    }
    resolved = bound.call;
    aggregate.call.arguments = std::move(bound.arguments);
  }
  aggregate.call.function = resolved.function->key;
  for (const ExprPtr& argument : aggregate.call.arguments) aggregate.call.argument_types.push_back(argument->type);
  aggregate.call.distinct = call.distinct;
  aggregate.call.result_type = resolved.result;
  if (call.filter != nullptr) {
    inner.clause = Clause::kFilter;
    ASSIGN_OR_RETURN(aggregate.call.filter, Condition(*call.filter, inner, "FILTER"));
  }
  for (const parse::SortItem& item : call.order_by) {
    const bool descending = item.order == parse::SortOrder::kDescending;
    const bool nulls_first = item.nulls == parse::NullsOrder::kDefault ? descending : item.nulls == parse::NullsOrder::kFirst;
    if (call.within_group) {
      // The key is the last argument; its direction is all that is left to say.
      aggregate.order.push_back({aggregate.call.arguments.back(), descending, nulls_first});
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr key, Expr(*item.expr, inner));
    if (key->type.Is(TypeId::kUnknown)) {
      ASSIGN_OR_RETURN(key, Cast(std::move(key), TypeId::kText, CastContext::kImplicit));
    }
    const bool argument = std::any_of(written.begin(), written.end(), [&](const ExprPtr& value) { return SameExpr(*value, *key); });
    if (call.distinct && !argument) {
      return ErrorAt(sqlstate::kInvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
                     item.expr->position);
    }
    aggregate.order.push_back({std::move(key), descending, nulls_first});
  }
  if (call.distinct && IsCollector(name)) {
    // DISTINCT sorts: what collects its input yields it in the order of the arguments.
    for (const ExprPtr& value : aggregate.call.arguments) {
      const bool known = std::any_of(aggregate.order.begin(), aggregate.order.end(),
                                     [&](const PendingWindow::Key& key) { return SameExpr(*key.expr, *value); });
      if (!known) aggregate.order.push_back({value, false, false});
    }
  }
  // A sub-query in an argument counts as outer, too, when it reads outer columns and none of this query's.
  std::vector<int> foreign;
  if (env.aggregate_applies != nullptr) {
    for (const PendingApply& apply : *env.aggregate_applies) {
      const std::vector<int> read = OuterColumnsOf(*apply.inner);
      const bool own = std::any_of(read.begin(), read.end(), [&](int id) { return HasColumn(*env.scope, id); });
      if (!read.empty() && !own) foreign.push_back(apply.output.id);
    }
  }
  const auto is_foreign = [&](const tsd::sql::Expr& expr) {
    return expr.kind == ExprKind::kColumn && std::find(foreign.begin(), foreign.end(), expr.column) != foreign.end();
  };
  const auto is_outer = [&](const tsd::sql::Expr& expr) { return expr.kind == ExprKind::kOuterColumn || is_foreign(expr); };
  const auto is_inner = [&](const tsd::sql::Expr& expr) { return expr.kind == ExprKind::kColumn && !is_foreign(expr); };
  for (const ExprPtr& argument : aggregate.call.arguments) {
    if (Contains(*argument, is_outer) && !Contains(*argument, is_inner)) {
      return ErrorAt(sqlstate::kFeatureNotSupported, "aggregates of an outer query's columns alone are not supported", call.position);
    }
  }
  // Equal calls are computed once.
  for (const PendingAggregate& known : *env.aggregates) {
    if (known.call.function != aggregate.call.function || known.call.distinct != aggregate.call.distinct || !known.order.empty() ||
        !aggregate.order.empty() || (known.call.filter == nullptr) != (aggregate.call.filter == nullptr) ||
        known.call.arguments.size() != aggregate.call.arguments.size()) {
      continue;
    }
    bool same = aggregate.call.filter == nullptr || SameExpr(*known.call.filter, *aggregate.call.filter);
    for (size_t i = 0; i < known.call.arguments.size() && same; ++i) {
      same = SameExpr(*known.call.arguments[i], *aggregate.call.arguments[i]);
    }
    if (same) return MakeColumn(known.output.id, known.output.type, call.position);
  }
  aggregate.output = {NewColumn(name), name, resolved.result};
  const ExprPtr column = MakeColumn(aggregate.output.id, resolved.result, call.position);
  env.aggregates->push_back(std::move(aggregate));
  return column;
}

}  // namespace tsd::sql
