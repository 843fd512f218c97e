#include "sql/function/call_builder.h"

#include <algorithm>
#include <charconv>

#include "engine/base/strings.h"
#include "engine/types/numeric.h"
#include "sql/function/function_context.h"
#include "sql/function/variadic.h"

namespace tsd::sql {
namespace {

bool IsUntyped(const DataType& type) { return type.Is(TypeId::kUnknown); }

Status At(Status status, int position) {
  if (position <= 0 || FieldsOf(status).position > 0) return status;
  return WithPosition(std::move(status), position);
}

/// An untyped literal or NULL read as `target`.
StatusOr<ExprPtr> ReadLiteral(const Expr& literal, const DataType& target, CastContext context, const ExecContext& exec) {
  if (literal.value.IsNull()) return MakeConstant(Value::Null(target), literal.position);
  Vector out(target.WithoutTypmod());
  const LengthRule rule = context == CastContext::kExplicit ? LengthRule::kTruncate : LengthRule::kReject;
  const TextContext text = TextContextOf(exec, rule);
  if (Status status = ParseText(target, literal.value.AsBytes(), text, out); !status.ok()) {
    // What only the length or precision refuses is no fault of the literal: no position.
    Vector plain(target.WithoutTypmod());
    const bool fits = target.typmod >= 0 && !target.Is(TypeId::kInterval) && !target.IsDateTime() &&
                      ParseText(target.WithoutTypmod(), literal.value.AsBytes(), text, plain).ok();
    return fits || literal.position <= 0 ? status : WithPosition(std::move(status), literal.position);
  }
  Value value = Value::FromVector(out, 0);
  value.SetType(target);
  return MakeConstant(std::move(value), literal.position);
}

ExprPtr Relabel(const ExprPtr& expr, const DataType& type) {
  auto copy = std::make_shared<Expr>(*expr);
  copy->type = type;
  if (copy->kind == ExprKind::kConstant) {
    if (copy->value.IsNull()) {
      copy->value = Value::Null(type);
    } else {
      copy->value.SetType(type);
    }
  }
  return copy;
}

std::vector<DataType> TypesOf(std::span<const ExprPtr> exprs) {
  std::vector<DataType> types;
  types.reserve(exprs.size());
  for (const ExprPtr& expr : exprs) types.push_back(expr->type);
  return types;
}

StatusOr<ExprPtr> DefaultOf(const Parameter& parameter, const DataType& type, const ExecContext& exec) {
  if (parameter.default_null) return MakeConstant(Value::Null(type));
  ExprPtr literal = MakeConstant(Value::Bytes(DataType(TypeId::kUnknown), parameter.default_text));
  return ReadLiteral(*literal, type, CastContext::kImplicit, exec);
}

/// Casts, defaults, and the array of a collecting VARIADIC.
StatusOr<std::vector<ExprPtr>> LayOutArguments(const ResolvedCall& call, const std::vector<ExprPtr>& given, const ExecContext& exec) {
  std::vector<ExprPtr> result;
  for (size_t p = 0; p < call.argument_types.size(); ++p) {
    const int index = call.argument_order[p];
    const DataType& type = call.argument_types[p];
    if (index < 0) {
      ASSIGN_OR_RETURN(ExprPtr value, DefaultOf(call.function->parameters[p], type, exec));
      result.push_back(std::move(value));
      continue;
    }
    ExprPtr value = given[static_cast<size_t>(index)];
    if (!value->type.SameAs(type)) {
      ASSIGN_OR_RETURN(value, BuildCast(std::move(value), type, CastContext::kImplicit, exec));
    }
    result.push_back(std::move(value));
  }
  if (call.variadic_from >= 0) {
    const auto first = result.begin() + call.variadic_from;
    auto array = std::make_shared<Expr>();
    array->kind = ExprKind::kArray;
    array->type = DataType::ArrayOf((*first)->type.id);
    array->position = (*first)->position;
    array->arguments.assign(first, result.end());
    result.erase(first, result.end());
    result.push_back(std::move(array));
  }
  return result;
}

/// "date(x)", "text(x)", "int8(x)": a type's name called with one argument is a cast, if no function fits.
StatusOr<ExprPtr> TypeNameCall(std::string_view schema, std::string_view name, const GivenArguments& arguments, const ExecContext& exec,
                               int position, bool* is_cast) {
  *is_cast = false;
  DataType type;
  if ((!schema.empty() && schema != "pg_catalog") || arguments.values.size() != 1 || !arguments.names.empty() || arguments.variadic) {
    return ExprPtr();
  }
  if (!TypeFromName(name, &type) || name == "char" || TypeInternalName(type) != name) return ExprPtr();
  const DataType& from = arguments.values[0]->type;
  if (!CanCast(from, type, CastContext::kExplicit)) return ExprPtr();
  // A string's text form is read only by the :: spelling.
  if (TypeCategory(from) == 'S' && TypeCategory(type) != 'S') return ExprPtr();
  *is_cast = true;
  return BuildCast(arguments.values[0], type, CastContext::kExplicit, exec, position);
}

}  // namespace

TextContext TextContextOf(const ExecContext& context, LengthRule rule) {
  TextContext text;
  text.datetime = context.datetime;
  text.bytea_output = context.bytea_output;
  text.extra_float_digits = context.extra_float_digits;
  text.length_rule = rule;
  text.names = context.functions;
  return text;
}

StatusOr<ExprPtr> BuildCast(ExprPtr expr, const DataType& target, CastContext context, const ExecContext& exec, int position) {
  const DataType& from = expr->type;
  if (position == 0) position = expr->position;
  if (IsUntyped(target)) return expr;
  if (IsUntyped(from) && expr->kind == ExprKind::kConstant) return ReadLiteral(*expr, target, context, exec);
  if (from == target) return expr;
  if (!CanCast(from, target, context)) {
    return At(Error(sqlstate::kCannotCoerce,
                    StrCat("cannot cast type ", TypeName(from.WithoutTypmod()), " to ", TypeName(target.WithoutTypmod()))),
              position);
  }
  // Only the label differs: nothing to run.
  if (from.SameAs(target) && target.typmod < 0) return Relabel(expr, target);
  return MakeCall(std::string(CastKey(context)), target, {std::move(expr)}, position);
}

StatusOr<BoundCall> BindCall(std::string_view schema, std::string_view name, GivenArguments arguments, const ExecContext& exec,
                             int position) {
  const std::vector<DataType> types = TypesOf(arguments.values);
  if (arguments.variadic && !types.empty()) {
    const DataType& last = types.back();
    if (!last.is_array && !IsUntyped(last)) {
      return At(Error(sqlstate::kDatatypeMismatch, "VARIADIC argument must be an array"), arguments.values.back()->position);
    }
    // Elements of any types are spread when the call runs; an array parameter takes the array as it is.
    if (const std::string companion = VariadicName(name); !Registry::Get().Named(companion).empty()) {
      arguments.variadic = false;
      return BindCall(schema, companion, std::move(arguments), exec, position);
    }
  }
  ArgumentList list;
  list.types = types;
  list.names = arguments.names;
  list.variadic = arguments.variadic;
  StatusOr<ResolvedCall> call = ResolveFunction(schema, name, list);
  if (!call.ok()) return At(call.status(), position);
  BoundCall bound;
  ASSIGN_OR_RETURN(bound.arguments, LayOutArguments(*call, arguments.values, exec));
  bound.call = *std::move(call);
  return bound;
}

StatusOr<ExprPtr> BuildCall(std::string_view schema, std::string_view name, GivenArguments arguments, const ExecContext& exec,
                            int position) {
  bool is_cast = false;
  GivenArguments copy = arguments;
  StatusOr<BoundCall> bound = BindCall(schema, name, std::move(arguments), exec, position);
  if (!bound.ok()) {
    if (HasSqlState(bound.status(), sqlstate::kUndefinedFunction)) {
      ASSIGN_OR_RETURN(ExprPtr cast, TypeNameCall(schema, name, copy, exec, position, &is_cast));
      if (is_cast) return cast;
    }
    return bound.status();
  }
  if (bound->call.function->kind != FunctionKind::kScalar) {
    return At(Error(sqlstate::kWrongObjectType, StrCat(name, " is not a scalar function")), position);
  }
  return MakeCall(bound->call.function->key, bound->call.result, std::move(bound->arguments), position);
}

StatusOr<ExprPtr> BuildOperator(std::string_view op, ExprPtr left, ExprPtr right, const ExecContext& exec, int position) {
  const DataType left_type = left == nullptr ? DataType() : left->type;
  StatusOr<ResolvedCall> call = ResolveOperator(op, left == nullptr ? nullptr : &left_type, right->type);
  if (!call.ok()) return At(call.status(), position);
  std::vector<ExprPtr> given;
  if (left != nullptr) given.push_back(std::move(left));
  given.push_back(std::move(right));
  ASSIGN_OR_RETURN(std::vector<ExprPtr> arguments, LayOutArguments(*call, given, exec));
  return MakeCall(call->function->key, call->result, std::move(arguments), position);
}

StatusOr<ExprPtr> BuildQuantified(Quantifier quantifier, std::string_view op, ExprPtr left, ExprPtr array, const ExecContext& exec,
                                  int position) {
  // An untyped literal is an array of the left side's type ('{1,2}').
  if (IsUntyped(array->type)) {
    const DataType element = IsUntyped(left->type) ? DataType(TypeId::kText) : left->type;
    ASSIGN_OR_RETURN(array, BuildCast(std::move(array), DataType::ArrayOf(element.id), CastContext::kImplicit, exec));
  }
  if (!array->type.is_array) {
    return At(Error(sqlstate::kWrongObjectType, "op ANY/ALL (array) requires array on right side"), position);
  }
  const DataType element = array->type.Element().WithoutTypmod();
  const DataType left_type = left->type;
  StatusOr<ResolvedCall> call = ResolveOperator(op, &left_type, element);
  if (!call.ok()) return At(call.status(), position);
  if (!call->result.Is(TypeId::kBool)) {
    return At(Error(sqlstate::kWrongObjectType, "op ANY/ALL (array) requires operator to yield boolean"), position);
  }
  ASSIGN_OR_RETURN(left, BuildCast(std::move(left), call->argument_types[0], CastContext::kImplicit, exec));
  if (!element.SameAs(call->argument_types[1])) {
    const DataType wanted = DataType::ArrayOf(call->argument_types[1].id);
    ASSIGN_OR_RETURN(array, BuildCast(std::move(array), wanted, CastContext::kImplicit, exec));
  }
  const std::string key = StrCat(quantifier == Quantifier::kAny ? "any " : "all ", call->function->key);
  return MakeCall(key, DataType(TypeId::kBool), {std::move(left), std::move(array)}, position);
}

StatusOr<ExprPtr> BuildDistinct(ExprPtr left, ExprPtr right, const ExecContext& exec, int position) {
  const DataType left_type = left->type;
  StatusOr<ResolvedCall> call = ResolveOperator("=", &left_type, right->type);
  if (!call.ok()) return At(call.status(), position);
  DataType types[] = {call->argument_types[0], call->argument_types[1]};
  if (!types[0].SameAs(types[1])) {
    // int4 = int8, date = timestamptz: one type for the comparison of rows.
    StatusOr<DataType> common = SelectCommonType(types, "IS DISTINCT FROM");
    if (!common.ok()) return At(common.status(), position);
    types[0] = types[1] = common->WithoutTypmod();
  }
  ASSIGN_OR_RETURN(left, BuildCast(std::move(left), types[0], CastContext::kImplicit, exec));
  ASSIGN_OR_RETURN(right, BuildCast(std::move(right), types[1], CastContext::kImplicit, exec));
  return MakeCall("is distinct from", DataType(TypeId::kBool), {std::move(left), std::move(right)}, position);
}

StatusOr<ExprPtr> BuildSubscript(ExprPtr array, std::vector<ExprPtr> subscripts, bool slice, const ExecContext& exec, int position) {
  if (!array->type.is_array) {
    return At(Error(sqlstate::kDatatypeMismatch,
                    StrCat("cannot subscript type ", TypeName(array->type.WithoutTypmod()), " because it does not support subscripting")),
              position);
  }
  const DataType result = slice ? array->type : array->type.Element();
  std::vector<ExprPtr> arguments;
  arguments.push_back(std::move(array));
  for (ExprPtr& subscript : subscripts) {
    if (!CanCast(subscript->type, DataType(TypeId::kInt32), CastContext::kAssignment)) {
      return At(Error(sqlstate::kDatatypeMismatch, "array subscript must have type integer"), subscript->position);
    }
    ASSIGN_OR_RETURN(ExprPtr cast, BuildCast(std::move(subscript), DataType(TypeId::kInt32), CastContext::kAssignment, exec));
    arguments.push_back(std::move(cast));
  }
  return MakeCall(slice ? "slice" : "subscript", result, std::move(arguments), position);
}

StatusOr<std::vector<ExprPtr>> CastToCommonType(std::vector<ExprPtr> exprs, std::string_view construct, const ExecContext& exec) {
  StatusOr<DataType> common = SelectCommonType(TypesOf(exprs), construct);
  if (!common.ok()) {
    // The error points at the first expression of another category than the first typed one.
    char category = 'X';
    for (const ExprPtr& expr : exprs) {
      if (IsUntyped(expr->type)) continue;
      if (category == 'X') category = TypeCategory(expr->type);
      if (TypeCategory(expr->type) != category) return At(common.status(), expr->position);
    }
    return common.status();
  }
  for (ExprPtr& expr : exprs) {
    ASSIGN_OR_RETURN(expr, BuildCast(std::move(expr), *common, CastContext::kImplicit, exec));
  }
  return exprs;
}

StatusOr<Value> NumberLiteral(std::string_view text) {
  int64_t integer = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, integer);
  if (code == std::errc() && stop == end) {
    if (integer >= INT32_MIN && integer <= INT32_MAX) return Value::Int32(static_cast<int32_t>(integer));
    return Value::Int64(integer);
  }
  ASSIGN_OR_RETURN(Numeric number, Numeric::Parse(text));
  return Value::Bytes(DataType(TypeId::kNumeric), number.Encode());
}

Volatility VolatilityOf(const Expr& expr) {
  Volatility worst = Volatility::kImmutable;
  if (expr.kind == ExprKind::kSubquery) return Volatility::kVolatile;
  if (expr.kind == ExprKind::kFunction) worst = VolatilityOf(expr.function, TypesOf(expr.arguments), expr.type);
  for (const ExprPtr& argument : expr.arguments) worst = std::max(worst, VolatilityOf(*argument));
  return worst;
}

}  // namespace tsd::sql
