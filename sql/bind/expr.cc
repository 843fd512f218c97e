// Scalar expressions: literals, operators, logic, CASE, casts. Function calls: call.cc; names: column.cc; sub-queries: subquery.cc.
#include <algorithm>

#include "sql/bind/binder_core.h"
#include "sql/parse/print.h"

namespace tsd::sql {

Status ErrorAt(std::string_view state, std::string_view message, int position) {
  return position > 0 ? WithPosition(Error(state, message), position) : Error(state, message);
}

void SplitAnd(const ExprPtr& expr, std::vector<ExprPtr>* conjuncts) {
  if (expr->kind != ExprKind::kAnd) {
    conjuncts->push_back(expr);
    return;
  }
  for (const ExprPtr& argument : expr->arguments) SplitAnd(argument, conjuncts);
}

const char* ClauseName(Clause clause) {
  switch (clause) {
    case Clause::kSelectList: return "SELECT";
    case Clause::kWhere: return "WHERE";
    case Clause::kJoinOn: return "JOIN conditions";
    case Clause::kGroupBy: return "GROUP BY";
    case Clause::kHaving: return "HAVING";
    case Clause::kOrderBy: return "ORDER BY";
    case Clause::kValues: return "VALUES";
    case Clause::kLimit: return "LIMIT";
    case Clause::kOffset: return "OFFSET";
    case Clause::kFromFunction: return "functions in FROM";
    case Clause::kUpdate: return "UPDATE";
    case Clause::kReturning: return "RETURNING";
    case Clause::kDefault: return "DEFAULT expressions";
    case Clause::kCheck: return "check constraints";
    case Clause::kWindow:
    case Clause::kWindowDefinition: return "window definitions";
    case Clause::kAggregateArgument: return "aggregate function calls";
    case Clause::kFilter: return "FILTER";
    case Clause::kCallArgument: return "CALL arguments";
  }
  return "this clause";
}

namespace {

constexpr int kMaxExprDepth = 1500;

ExprPtr BoolConstant(bool value) { return MakeConstant(Value::Bool(value)); }

ExprPtr Coalesce(ExprPtr first, ExprPtr second) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kCoalesce;
  expr->type = first->type;
  expr->position = first->position;
  expr->arguments = {std::move(first), std::move(second)};
  return expr;
}

ExprPtr Not(ExprPtr expr) { return MakeLogical(ExprKind::kNot, {std::move(expr)}); }

}  // namespace

StatusOr<ExprPtr> Binder::Cast(ExprPtr expr, const DataType& type, CastContext context, int position) {
  return BuildCast(std::move(expr), type, context, context_.exec, position);
}

StatusOr<ExprPtr> Binder::Expr(const parse::Expr& expr, const ExprEnv& env) {
  if (depth_ > kMaxExprDepth) return Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded");
  ++depth_;
  StatusOr<ExprPtr> result = ExprNode(expr, env);
  --depth_;
  return result;
}

StatusOr<ExprPtr> Binder::ExprNode(const parse::Expr& expr, const ExprEnv& env) {
  using Kind = parse::ExprKind;
  switch (expr.kind) {
    case Kind::kLiteral: return Literal(parse::As<parse::LiteralExpr>(expr));
    case Kind::kParameter: return Parameter(parse::As<parse::ParameterExpr>(expr));
    case Kind::kColumnRef: return ColumnRef(parse::As<parse::ColumnRefExpr>(expr), env);
    case Kind::kStar: return RowOfStar(parse::As<parse::StarExpr>(expr), env);
    case Kind::kUnary: return Unary(parse::As<parse::UnaryExpr>(expr), env);
    case Kind::kBinary: return Binary(parse::As<parse::BinaryExpr>(expr), env);
    case Kind::kLogical: return Logical(parse::As<parse::LogicalExpr>(expr), env);
    case Kind::kIsTest: return IsTest(parse::As<parse::IsTestExpr>(expr), env);
    case Kind::kDistinct: {
      const auto& node = parse::As<parse::DistinctExpr>(expr);
      ASSIGN_OR_RETURN(ExprPtr left, Expr(*node.left, env));
      ASSIGN_OR_RETURN(ExprPtr right, Expr(*node.right, env));
      ASSIGN_OR_RETURN(ExprPtr test, BuildDistinct(std::move(left), std::move(right), context_.exec, expr.position));
      return node.negated ? Not(std::move(test)) : test;
    }
    case Kind::kIn: return In(parse::As<parse::InExpr>(expr), env);
    case Kind::kBetween: return Between(parse::As<parse::BetweenExpr>(expr), env);
    case Kind::kLike: return Like(parse::As<parse::LikeExpr>(expr), env);
    case Kind::kQuantified: {
      const auto& node = parse::As<parse::QuantifiedExpr>(expr);
      if (node.query != nullptr) return QuantifiedSubquery(node, env);
      ASSIGN_OR_RETURN(ExprPtr left, Expr(*node.left, env));
      ASSIGN_OR_RETURN(ExprPtr array, Expr(*node.array, env));
      return BuildQuantified(node.all ? Quantifier::kAll : Quantifier::kAny, node.op.name, std::move(left), std::move(array), context_.exec,
                             expr.position);
    }
    case Kind::kSubquery: return Subquery(parse::As<parse::SubqueryExpr>(expr), env);
    case Kind::kCase: return Case(parse::As<parse::CaseExpr>(expr), env);
    case Kind::kCast: return CastNode(parse::As<parse::CastExpr>(expr), env);
    case Kind::kCollate: {
      const auto& node = parse::As<parse::CollateExpr>(expr);
      const std::string& name = node.collation.name;
      if (name != "C" && name != "POSIX" && name != "default" && name != "ucs_basic") {
        return ErrorAt(sqlstate::kUndefinedObject, StrCat("collation \"", name, "\" for encoding \"UTF8\" does not exist"),
                       node.collation.position);
      }
      ASSIGN_OR_RETURN(ExprPtr operand, Expr(*node.operand, env));
      if (operand->type.Is(TypeId::kUnknown)) return Cast(std::move(operand), TypeId::kText, CastContext::kImplicit);
      return operand;
    }
    case Kind::kArray: return Array(parse::As<parse::ArrayExpr>(expr), env, nullptr);
    case Kind::kSubscript: return SubscriptNode(parse::As<parse::SubscriptExpr>(expr), env);
    case Kind::kFieldSelect: return FieldSelect(parse::As<parse::FieldSelectExpr>(expr), env);
    case Kind::kRow: return Row(parse::As<parse::RowExpr>(expr), env);
    case Kind::kFunctionCall: return FunctionCall(parse::As<parse::FunctionCallExpr>(expr), env);
    case Kind::kCoalesce: return CoalesceNode(parse::As<parse::CoalesceExpr>(expr), env);
    case Kind::kNullIf: return NullIf(parse::As<parse::NullIfExpr>(expr), env);
    case Kind::kMinMax: return MinMax(parse::As<parse::MinMaxExpr>(expr), env);
    case Kind::kSqlValue: return SqlValue(parse::As<parse::SqlValueExpr>(expr), env);
    case Kind::kGrouping: return Grouping(parse::As<parse::GroupingExpr>(expr), env);
    case Kind::kDefault: return ErrorAt(sqlstate::kSyntaxError, "DEFAULT is not allowed in this context", expr.position);
  }
  return Error(sqlstate::kInternalError, "unknown expression");
}

StatusOr<ExprPtr> Binder::Condition(const parse::Expr& expr, const ExprEnv& env, const char* construct) {
  ASSIGN_OR_RETURN(ExprPtr condition, Expr(expr, env));
  if (condition->type.Is(TypeId::kBool)) return condition;
  if (!condition->type.Is(TypeId::kUnknown)) {
    return ErrorAt(sqlstate::kDatatypeMismatch,
                   StrCat("argument of ", construct, " must be type boolean, not type ", TypeName(condition->type)), expr.position);
  }
  return Cast(std::move(condition), TypeId::kBool, CastContext::kImplicit, expr.position);
}

StatusOr<ExprPtr> Binder::Literal(const parse::LiteralExpr& literal) {
  switch (literal.literal) {
    case parse::LiteralKind::kNull: return MakeConstant(Value::Null(TypeId::kUnknown), literal.position);
    case parse::LiteralKind::kBoolean: return MakeConstant(Value::Bool(literal.text == "true"), literal.position);
    case parse::LiteralKind::kInteger:
    case parse::LiteralKind::kNumeric: {
      ASSIGN_OR_RETURN(Value value, NumberLiteral(literal.text));
      return MakeConstant(std::move(value), literal.position);
    }
    case parse::LiteralKind::kString:
      return MakeConstant(Value::Bytes(TypeId::kUnknown, literal.text), literal.position);
    case parse::LiteralKind::kBit: return ErrorAt(sqlstate::kFeatureNotSupported, "bit strings are not supported", literal.position);
  }
  return Error(sqlstate::kInternalError, "unknown literal");
}

StatusOr<ExprPtr> Binder::Parameter(const parse::ParameterExpr& parameter) {
  constexpr int kMaxParameters = 65535;
  if (parameter.number < 1 || parameter.number > kMaxParameters) {
    return ErrorAt(sqlstate::kUndefinedParameter, StrCat("there is no parameter $", parameter.number), parameter.position);
  }
  const size_t index = static_cast<size_t>(parameter.number) - 1;
  if (index >= context_.parameter_types.size()) context_.parameter_types.resize(index + 1);
  auto expr = std::make_shared<tsd::sql::Expr>();
  expr->kind = ExprKind::kParameter;
  expr->type = context_.parameter_types[index];
  expr->column = parameter.number;
  expr->position = parameter.position;
  return expr;
}

StatusOr<ExprPtr> Binder::Unary(const parse::UnaryExpr& unary, const ExprEnv& env) {
  if (unary.op.name == "-" && parse::Is<parse::LiteralExpr>(*unary.operand)) {
    const auto& literal = parse::As<parse::LiteralExpr>(*unary.operand);
    // As one constant: -2147483648 would otherwise be too wide (PostgreSQL's grammar does the same).
    if (literal.literal == parse::LiteralKind::kInteger || literal.literal == parse::LiteralKind::kNumeric) {
      ASSIGN_OR_RETURN(Value value, NumberLiteral(StrCat("-", literal.text)));
      return MakeConstant(std::move(value), literal.position);
    }
  }
  ASSIGN_OR_RETURN(ExprPtr operand, Expr(*unary.operand, env));
  return BuildOperator(unary.op.name, nullptr, std::move(operand), context_.exec, unary.op.position > 0 ? unary.op.position : unary.position);
}

StatusOr<ExprPtr> Binder::RowComparison(std::string_view op, const parse::RowExpr& left, const parse::RowExpr& right, const ExprEnv& env,
                                        int position) {
  if (left.elements.size() != right.elements.size()) {
    return ErrorAt(sqlstate::kSyntaxError, "unequal number of entries in row expressions", position);
  }
  if (left.elements.empty()) return ErrorAt(sqlstate::kFeatureNotSupported, "cannot compare rows of zero length", position);
  std::vector<ExprPtr> lefts, rights;
  for (size_t i = 0; i < left.elements.size(); ++i) {
    ASSIGN_OR_RETURN(ExprPtr a, Expr(*left.elements[i], env));
    ASSIGN_OR_RETURN(ExprPtr b, Expr(*right.elements[i], env));
    lefts.push_back(std::move(a));
    rights.push_back(std::move(b));
  }
  if (op == "=" || op == "<>") {
    std::vector<ExprPtr> parts;
    for (size_t i = 0; i < lefts.size(); ++i) {
      ASSIGN_OR_RETURN(ExprPtr part, BuildOperator(op, lefts[i], rights[i], context_.exec, position));
      parts.push_back(std::move(part));
    }
    if (parts.size() == 1) return parts[0];
    return MakeLogical(op == "=" ? ExprKind::kAnd : ExprKind::kOr, std::move(parts));
  }
  if (op != "<" && op != "<=" && op != ">" && op != ">=") {
    return ErrorAt(sqlstate::kFeatureNotSupported, StrCat("could not determine interpretation of row comparison operator ", op), position);
  }
  // (a, b) < (c, d)  =  a < c OR (a = c AND b < d); the last pair keeps <=.
  const std::string strict(op.substr(0, 1));
  ExprPtr result;
  for (size_t i = lefts.size(); i-- > 0;) {
    ASSIGN_OR_RETURN(ExprPtr less, BuildOperator(result == nullptr ? op : strict, lefts[i], rights[i], context_.exec, position));
    if (result == nullptr) {
      result = std::move(less);
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr equal, BuildOperator("=", lefts[i], rights[i], context_.exec, position));
    result = MakeLogical(ExprKind::kOr, {std::move(less), MakeLogical(ExprKind::kAnd, {std::move(equal), std::move(result)})});
  }
  return result;
}

StatusOr<ExprPtr> Binder::Binary(const parse::BinaryExpr& binary, const ExprEnv& env) {
  const int position = binary.op.position > 0 ? binary.op.position : binary.position;
  const auto* left_row = parse::TryAs<parse::RowExpr>(binary.left.get());
  const auto* right_row = parse::TryAs<parse::RowExpr>(binary.right.get());
  if (left_row != nullptr && right_row != nullptr) return RowComparison(binary.op.name, *left_row, *right_row, env, position);
  if (left_row != nullptr) {
    const auto* subquery = parse::TryAs<parse::SubqueryExpr>(binary.right.get());
    if (subquery != nullptr && subquery->subquery == parse::SubqueryKind::kScalar && binary.op.name == "=") {
      std::vector<ExprPtr> lefts;
      for (const parse::ExprPtr& element : left_row->elements) {
        ASSIGN_OR_RETURN(ExprPtr left, Expr(*element, env));
        lefts.push_back(std::move(left));
      }
      return Quantify(std::move(lefts), *subquery->query, "=", false, env, position);
    }
  }
  ASSIGN_OR_RETURN(ExprPtr left, Expr(*binary.left, env));
  ASSIGN_OR_RETURN(ExprPtr right, Expr(*binary.right, env));
  return BuildOperator(binary.op.name, std::move(left), std::move(right), context_.exec, position);
}

StatusOr<ExprPtr> Binder::Logical(const parse::LogicalExpr& logical, const ExprEnv& env) {
  const char* word = logical.op == parse::LogicalOp::kAnd ? "AND" : logical.op == parse::LogicalOp::kOr ? "OR" : "NOT";
  std::vector<ExprPtr> arguments;
  for (const parse::ExprPtr& argument : logical.args) {
    ASSIGN_OR_RETURN(ExprPtr bound, Condition(*argument, env, word));
    arguments.push_back(std::move(bound));
  }
  const ExprKind kind = logical.op == parse::LogicalOp::kAnd  ? ExprKind::kAnd
                        : logical.op == parse::LogicalOp::kOr ? ExprKind::kOr
                                                              : ExprKind::kNot;
  return MakeLogical(kind, std::move(arguments));
}

StatusOr<ExprPtr> Binder::IsTest(const parse::IsTestExpr& test, const ExprEnv& env) {
  using Kind = parse::IsTestKind;
  if (test.test == Kind::kNull) {
    if (const auto* row = parse::TryAs<parse::RowExpr>(test.operand.get()); row != nullptr && !row->elements.empty()) {
      std::vector<ExprPtr> parts;
      for (const parse::ExprPtr& element : row->elements) {
        ASSIGN_OR_RETURN(ExprPtr operand, Expr(*element, env));
        parts.push_back(MakeLogical(test.negated ? ExprKind::kIsNotNull : ExprKind::kIsNull, {std::move(operand)}));
      }
      return parts.size() == 1 ? parts[0] : MakeLogical(ExprKind::kAnd, std::move(parts));
    }
    ASSIGN_OR_RETURN(ExprPtr operand, Expr(*test.operand, env));
    if (operand->type.Is(TypeId::kUnknown)) {
      ASSIGN_OR_RETURN(operand, Cast(std::move(operand), TypeId::kText, CastContext::kImplicit));
    }
    return MakeLogical(test.negated ? ExprKind::kIsNotNull : ExprKind::kIsNull, {std::move(operand)});
  }
  if (test.test == Kind::kDocument || test.test == Kind::kNormalized) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "IS DOCUMENT and IS NORMALIZED are not supported", test.position);
  }
  const char* construct = test.test == Kind::kTrue ? (test.negated ? "IS NOT TRUE" : "IS TRUE")
                          : test.test == Kind::kFalse ? (test.negated ? "IS NOT FALSE" : "IS FALSE")
                                                      : (test.negated ? "IS NOT UNKNOWN" : "IS UNKNOWN");
  ASSIGN_OR_RETURN(ExprPtr operand, Condition(*test.operand, env, construct));
  if (test.test == Kind::kUnknown) return MakeLogical(test.negated ? ExprKind::kIsNotNull : ExprKind::kIsNull, {std::move(operand)});
  if (test.test == Kind::kFalse) operand = Not(std::move(operand));
  ExprPtr result = Coalesce(std::move(operand), BoolConstant(false));
  return test.negated ? Not(std::move(result)) : result;
}

StatusOr<ExprPtr> Binder::In(const parse::InExpr& in, const ExprEnv& env) {
  if (in.query != nullptr) return InSubquery(in, env);
  if (const auto* row = parse::TryAs<parse::RowExpr>(in.operand.get()); row != nullptr) {
    std::vector<ExprPtr> parts;
    for (const parse::ExprPtr& item : in.list) {
      const auto* item_row = parse::TryAs<parse::RowExpr>(item.get());
      if (item_row == nullptr) return ErrorAt(sqlstate::kDatatypeMismatch, "IN with a row needs rows in its list", item->position);
      ASSIGN_OR_RETURN(ExprPtr part, RowComparison("=", *row, *item_row, env, in.position));
      parts.push_back(std::move(part));
    }
    ExprPtr any = parts.size() == 1 ? parts[0] : MakeLogical(ExprKind::kOr, std::move(parts));
    return in.negated ? Not(std::move(any)) : any;
  }
  std::vector<ExprPtr> all;
  ASSIGN_OR_RETURN(ExprPtr operand, Expr(*in.operand, env));
  all.push_back(operand);
  for (const parse::ExprPtr& item : in.list) {
    ASSIGN_OR_RETURN(ExprPtr value, Expr(*item, env));
    all.push_back(std::move(value));
  }
  StatusOr<std::vector<ExprPtr>> common = CastToCommonType(all, "IN", context_.exec);
  ExprPtr result;
  if (common.ok()) {
    // The types must have an equality operator; this also gives PostgreSQL's error when there is none.
    RETURN_IF_ERROR(BuildOperator("=", (*common)[0], (*common)[1], context_.exec, in.position).status());
    auto list = std::make_shared<tsd::sql::Expr>();
    list->kind = ExprKind::kInList;
    list->type = TypeId::kBool;
    list->position = in.position;
    list->arguments = *std::move(common);
    result = std::move(list);
  } else {
    std::vector<ExprPtr> parts;
    for (size_t i = 1; i < all.size(); ++i) {
      ASSIGN_OR_RETURN(ExprPtr part, BuildOperator("=", operand, all[i], context_.exec, in.position));
      parts.push_back(std::move(part));
    }
    result = parts.size() == 1 ? parts[0] : MakeLogical(ExprKind::kOr, std::move(parts));
  }
  return in.negated ? Not(std::move(result)) : result;
}

StatusOr<ExprPtr> Binder::Between(const parse::BetweenExpr& between, const ExprEnv& env) {
  ASSIGN_OR_RETURN(ExprPtr operand, Expr(*between.operand, env));
  ASSIGN_OR_RETURN(ExprPtr low, Expr(*between.low, env));
  ASSIGN_OR_RETURN(ExprPtr high, Expr(*between.high, env));
  const auto range = [&](const ExprPtr& from, const ExprPtr& to) -> StatusOr<ExprPtr> {
    ASSIGN_OR_RETURN(ExprPtr above, BuildOperator(">=", operand, from, context_.exec, between.position));
    ASSIGN_OR_RETURN(ExprPtr below, BuildOperator("<=", operand, to, context_.exec, between.position));
    return MakeLogical(ExprKind::kAnd, {std::move(above), std::move(below)});
  };
  ASSIGN_OR_RETURN(ExprPtr result, range(low, high));
  if (between.symmetric) {
    ASSIGN_OR_RETURN(ExprPtr swapped, range(high, low));
    result = MakeLogical(ExprKind::kOr, {std::move(result), std::move(swapped)});
  }
  return between.negated ? Not(std::move(result)) : result;
}

StatusOr<ExprPtr> Binder::Like(const parse::LikeExpr& like, const ExprEnv& env) {
  ASSIGN_OR_RETURN(ExprPtr operand, Expr(*like.operand, env));
  ASSIGN_OR_RETURN(ExprPtr pattern, Expr(*like.pattern, env));
  GivenArguments arguments;
  if (like.like == parse::LikeKind::kSimilar) {
    arguments.values.push_back(std::move(pattern));
    if (like.escape != nullptr) {
      ASSIGN_OR_RETURN(ExprPtr escape, Expr(*like.escape, env));
      arguments.values.push_back(std::move(escape));
    }
    ASSIGN_OR_RETURN(pattern, BuildCall("", "similar_to_escape", std::move(arguments), context_.exec, like.position));
    return BuildOperator(like.negated ? "!~" : "~", std::move(operand), std::move(pattern), context_.exec, like.position);
  }
  if (like.escape != nullptr) {
    ASSIGN_OR_RETURN(ExprPtr escape, Expr(*like.escape, env));
    arguments.values = {std::move(pattern), std::move(escape)};
    ASSIGN_OR_RETURN(pattern, BuildCall("", "like_escape", std::move(arguments), context_.exec, like.position));
  }
  const bool folded = like.like == parse::LikeKind::kILike;
  const char* op = folded ? (like.negated ? "!~~*" : "~~*") : (like.negated ? "!~~" : "~~");
  return BuildOperator(op, std::move(operand), std::move(pattern), context_.exec, like.position);
}

StatusOr<ExprPtr> Binder::Case(const parse::CaseExpr& expr, const ExprEnv& env) {
  ExprPtr operand;
  if (expr.operand != nullptr) {
    ASSIGN_OR_RETURN(operand, Expr(*expr.operand, env));
    if (operand->type.Is(TypeId::kUnknown)) {
      ASSIGN_OR_RETURN(operand, Cast(std::move(operand), TypeId::kText, CastContext::kImplicit));
    }
  }
  std::vector<ExprPtr> conditions;
  std::vector<ExprPtr> results;
  for (const parse::CaseExpr::When& when : expr.whens) {
    if (operand == nullptr) {
      ASSIGN_OR_RETURN(ExprPtr condition, Condition(*when.condition, env, "CASE/WHEN"));
      conditions.push_back(std::move(condition));
    } else {
      ASSIGN_OR_RETURN(ExprPtr value, Expr(*when.condition, env));
      ASSIGN_OR_RETURN(ExprPtr condition, BuildOperator("=", operand, std::move(value), context_.exec, when.condition->position));
      conditions.push_back(std::move(condition));
    }
    ASSIGN_OR_RETURN(ExprPtr result, Expr(*when.result, env));
    results.push_back(std::move(result));
  }
  if (expr.otherwise != nullptr) {
    ASSIGN_OR_RETURN(ExprPtr result, Expr(*expr.otherwise, env));
    results.push_back(std::move(result));
  } else {
    results.push_back(MakeConstant(Value::Null(TypeId::kUnknown), expr.position));
  }
  // PostgreSQL lets ELSE speak first when it chooses the type.
  std::vector<ExprPtr> ordered = {results.back()};
  ordered.insert(ordered.end(), results.begin(), results.end() - 1);
  ASSIGN_OR_RETURN(ordered, CastToCommonType(std::move(ordered), "CASE", context_.exec));
  auto node = std::make_shared<tsd::sql::Expr>();
  node->kind = ExprKind::kCase;
  node->type = ordered[0]->type;
  node->position = expr.position;
  for (size_t i = 0; i < conditions.size(); ++i) {
    node->arguments.push_back(conditions[i]);
    node->arguments.push_back(ordered[i + 1]);
  }
  node->arguments.push_back(ordered[0]);
  return node;
}

StatusOr<ExprPtr> Binder::CastNode(const parse::CastExpr& cast, const ExprEnv& env) {
  ASSIGN_OR_RETURN(const DataType type, ResolveTypeName(cast.type, context_));
  ExprPtr operand;
  if (const auto* array = parse::TryAs<parse::ArrayExpr>(cast.operand.get()); array != nullptr && type.is_array) {
    const DataType element = type.Element();
    ASSIGN_OR_RETURN(operand, Array(*array, env, &element));
  } else {
    ASSIGN_OR_RETURN(operand, Expr(*cast.operand, env));
  }
  return Cast(std::move(operand), type, CastContext::kExplicit, cast.position);
}

StatusOr<ExprPtr> Binder::Array(const parse::ArrayExpr& array, const ExprEnv& env, const DataType* element) {
  auto node = std::make_shared<tsd::sql::Expr>();
  node->kind = ExprKind::kArray;
  node->position = array.position;
  for (const parse::ExprPtr& item : array.elements) {
    ExprPtr value;
    if (const auto* nested = parse::TryAs<parse::ArrayExpr>(item.get()); nested != nullptr) {
      ASSIGN_OR_RETURN(value, Array(*nested, env, element));
    } else {
      ASSIGN_OR_RETURN(value, Expr(*item, env));
      if (element != nullptr && !value->type.is_array) {
        ASSIGN_OR_RETURN(value, Cast(std::move(value), *element, CastContext::kExplicit, item->position));
      }
    }
    node->arguments.push_back(std::move(value));
  }
  if (node->arguments.empty()) {
    if (element == nullptr) {
      return WithHint(ErrorAt(sqlstate::kIndeterminateDatatype, "cannot determine type of empty array", array.position),
                      "Explicitly cast to the desired type, for example ARRAY[]::integer[].");
    }
    node->type = DataType(element->id, true, -1);
    return node;
  }
  ASSIGN_OR_RETURN(node->arguments, CastToCommonType(std::move(node->arguments), "ARRAY", context_.exec));
  const DataType common = node->arguments[0]->type;
  node->type = common.is_array ? common.WithoutTypmod() : DataType(common.id, true, -1);
  return node;
}

StatusOr<ExprPtr> Binder::SubscriptNode(const parse::SubscriptExpr& subscript, const ExprEnv& env) {
  // x[1][2] is one call with two subscripts.
  std::vector<const parse::SubscriptExpr*> chain;
  const parse::Expr* base = &subscript;
  bool slice = false;
  while (const auto* step = parse::TryAs<parse::SubscriptExpr>(base)) {
    chain.insert(chain.begin(), step);
    slice = slice || step->slice;
    base = step->operand.get();
  }
  ASSIGN_OR_RETURN(ExprPtr operand, Expr(*base, env));
  std::vector<ExprPtr> bounds;
  // A bound left out reaches to the array's own.
  const auto bind = [&](const parse::ExprPtr& bound, int32_t open) -> Status {
    if (bound == nullptr) {
      bounds.push_back(MakeConstant(Value::Int32(open)));
      return OkStatus();
    }
    ASSIGN_OR_RETURN(ExprPtr value, Expr(*bound, env));
    bounds.push_back(std::move(value));
    return OkStatus();
  };
  for (const parse::SubscriptExpr* step : chain) {
    if (slice && !step->slice) {  // a plain index among slices means 1:index
      bounds.push_back(MakeConstant(Value::Int32(1)));
      RETURN_IF_ERROR(bind(step->lower, INT32_MIN));
      continue;
    }
    RETURN_IF_ERROR(bind(step->lower, INT32_MIN));
    if (slice) RETURN_IF_ERROR(bind(step->upper, INT32_MAX));
  }
  return BuildSubscript(std::move(operand), std::move(bounds), slice, context_.exec, subscript.position);
}

// A record's columns are known where a table function made it: the type's modifier numbers its shape.
StatusOr<ExprPtr> Binder::FieldSelect(const parse::FieldSelectExpr& select, const ExprEnv& env) {
  // (t).c is t.c; of a row its fields are f1, f2, ..
  if (const auto* table = parse::TryAs<parse::ColumnRefExpr>(select.operand.get()); table != nullptr && !select.field.empty()) {
    parse::ColumnRefExpr column(select.position);
    column.parts = table->parts;
    column.parts.push_back(select.field);
    StatusOr<ExprPtr> found = ColumnRef(column, env);
    if (found.ok()) return found;
    const StatusOr<ExprPtr> operand = Expr(*select.operand, env);
    if (!operand.ok() || !(*operand)->type.Is(TypeId::kRecord) || (*operand)->type.typmod < 0) return found;
  }
  if (const auto* row = parse::TryAs<parse::RowExpr>(select.operand.get()); row != nullptr) {
    for (size_t i = 0; i < row->elements.size(); ++i) {
      if (select.field == StrCat("f", i + 1)) return Expr(*row->elements[i], env);
    }
    return ErrorAt(sqlstate::kUndefinedColumn, StrCat("could not identify column \"", select.field, "\" in record data type"), select.position);
  }
  ASSIGN_OR_RETURN(ExprPtr operand, Expr(*select.operand, env));
  if (!operand->type.Is(TypeId::kRecord)) {
    return ErrorAt(sqlstate::kWrongObjectType,
                   StrCat("column notation .", select.field, " applied to type ", TypeName(operand->type), ", which is not a composite type"), select.position);
  }
  const int32_t shape = operand->type.typmod;
  if (shape < 0 || static_cast<size_t>(shape) >= record_shapes_.size() || select.field.empty()) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "selecting a field of this composite value is not supported", select.position);
  }
  const std::vector<PlanColumn>& columns = record_shapes_[static_cast<size_t>(shape)];
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name != select.field) continue;
    const DataType type = columns[i].type.WithoutTypmod();
    return MakeCall("record_field(record,int4,anyelement)", type,
                    {std::move(operand), MakeConstant(Value::Int32(static_cast<int32_t>(i))), MakeConstant(Value::Null(type))}, select.position);
  }
  return ErrorAt(sqlstate::kUndefinedColumn, StrCat("could not identify column \"", select.field, "\" in record data type"), select.position);
}

StatusOr<ExprPtr> Binder::CoalesceNode(const parse::CoalesceExpr& expr, const ExprEnv& env) {
  auto node = std::make_shared<tsd::sql::Expr>();
  node->kind = ExprKind::kCoalesce;
  node->position = expr.position;
  for (const parse::ExprPtr& argument : expr.args) {
    ASSIGN_OR_RETURN(ExprPtr bound, Expr(*argument, env));
    node->arguments.push_back(std::move(bound));
  }
  ASSIGN_OR_RETURN(node->arguments, CastToCommonType(std::move(node->arguments), "COALESCE", context_.exec));
  node->type = node->arguments[0]->type;
  return node;
}

StatusOr<ExprPtr> Binder::NullIf(const parse::NullIfExpr& expr, const ExprEnv& env) {
  ASSIGN_OR_RETURN(ExprPtr left, Expr(*expr.left, env));
  ASSIGN_OR_RETURN(ExprPtr right, Expr(*expr.right, env));
  ASSIGN_OR_RETURN(ExprPtr equal, BuildOperator("=", left, std::move(right), context_.exec, expr.position));
  if (left->type.Is(TypeId::kUnknown)) {
    ASSIGN_OR_RETURN(left, Cast(std::move(left), TypeId::kText, CastContext::kImplicit));
  }
  auto node = std::make_shared<tsd::sql::Expr>();
  node->kind = ExprKind::kCase;
  node->type = left->type;
  node->position = expr.position;
  node->arguments = {std::move(equal), MakeConstant(Value::Null(left->type)), left};
  return node;
}

StatusOr<ExprPtr> Binder::MinMax(const parse::MinMaxExpr& expr, const ExprEnv& env) {
  GivenArguments arguments;
  for (const parse::ExprPtr& argument : expr.args) {
    ASSIGN_OR_RETURN(ExprPtr bound, Expr(*argument, env));
    arguments.values.push_back(std::move(bound));
  }
  const char* name = expr.greatest ? "GREATEST" : "LEAST";
  ASSIGN_OR_RETURN(arguments.values, CastToCommonType(std::move(arguments.values), name, context_.exec));
  return BuildCall("", expr.greatest ? "greatest" : "least", std::move(arguments), context_.exec, expr.position);
}

StatusOr<ExprPtr> Binder::SqlValue(const parse::SqlValueExpr& value, const ExprEnv&) {
  using Kind = parse::SqlValueKind;
  const auto call = [&](const char* name) { return BuildCall("", name, GivenArguments{}, context_.exec, value.position); };
  const auto now_as = [&](DataType type) -> StatusOr<ExprPtr> {
    ASSIGN_OR_RETURN(ExprPtr now, call("now"));
    if (value.precision >= 0) type.typmod = std::min(value.precision, 6);
    if (type == now->type) return now;
    return Cast(std::move(now), type, CastContext::kExplicit, value.position);
  };
  switch (value.value) {
    case Kind::kCurrentDate: return now_as(TypeId::kDate);
    case Kind::kCurrentTime:
    case Kind::kLocalTime: return now_as(TypeId::kTime);
    case Kind::kCurrentTimestamp: return now_as(TypeId::kTimestampTz);
    case Kind::kLocalTimestamp: return now_as(TypeId::kTimestamp);
    case Kind::kCurrentRole:
    case Kind::kUser:
    case Kind::kCurrentUser: return call("current_user");
    case Kind::kSessionUser: return call("session_user");
    case Kind::kCurrentCatalog: return call("current_database");
    case Kind::kCurrentSchema: return call("current_schema");
  }
  return Error(sqlstate::kInternalError, "unknown value function");
}

/// Where it is not expanded, t.* is t.
StatusOr<ExprPtr> Binder::RowOfStar(const parse::StarExpr& star, const ExprEnv& env) {
  if (star.qualifier.size() != 1) return ErrorAt(sqlstate::kSyntaxError, "row expansion via \"*\" is not supported here", star.position);
  parse::ColumnRefExpr row(star.position);
  row.parts = star.qualifier;
  return ColumnRef(row, env);
}

StatusOr<ExprPtr> Binder::Row(const parse::RowExpr& row, const ExprEnv& env) {
  auto node = std::make_shared<tsd::sql::Expr>();
  node->kind = ExprKind::kRow;
  node->type = TypeId::kRecord;
  node->position = row.position;
  for (const parse::ExprPtr& element : row.elements) {
    if (const auto* star = parse::TryAs<parse::StarExpr>(element.get()); star != nullptr && env.scope != nullptr) {
      std::vector<NamedExpr> columns;
      RETURN_IF_ERROR(ExpandStar(*star, *env.scope, star->position, &columns));
      for (NamedExpr& column : columns) node->arguments.push_back(std::move(column.expr));
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr bound, Expr(*element, env));
    if (bound->type.Is(TypeId::kUnknown)) {
      ASSIGN_OR_RETURN(bound, Cast(std::move(bound), TypeId::kText, CastContext::kImplicit));
    }
    node->arguments.push_back(std::move(bound));
  }
  return node;
}

StatusOr<ExprPtr> Binder::Grouping(const parse::GroupingExpr& expr, const ExprEnv& env) {
  if (env.groupings == nullptr) {
    return ErrorAt(sqlstate::kGroupingError, StrCat("grouping operations are not allowed in ", ClauseName(env.clause)), expr.position);
  }
  std::vector<ExprPtr> arguments;
  for (const parse::ExprPtr& argument : expr.args) {
    ASSIGN_OR_RETURN(ExprPtr bound, Expr(*argument, env));
    arguments.push_back(std::move(bound));
  }
  const int id = NewColumn("grouping");
  env.groupings->emplace_back(id, std::move(arguments));
  return MakeColumn(id, TypeId::kInt32, expr.position);
}

}  // namespace tsd::sql
