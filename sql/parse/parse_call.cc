// Function calls: arguments, FILTER, WITHIN GROUP, ORDER BY keys. SQL's special call syntaxes are in parse_special_call.cc,
// windows in parse_window.cc.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

ExprPtr Parser::ParseCall(ObjectName name, CallForm form) {
  auto call = std::make_unique<FunctionCallExpr>(name.position);
  call->name = std::move(name);
  ExpectSymbol('(');
  const int order_position = ParseCallArguments(call.get());
  ExpectSymbol(')');
  if (form == CallForm::kWindowless) return call;
  if (AtKind(TokenKind::kString) && !call->star && !call->distinct && !call->variadic && !call->args.empty()) {
    return ConvertToTypedLiteral(std::move(call), order_position);
  }
  ParseCallSuffix(call.get());
  return call;
}

/// Returns the place of ORDER BY.
int Parser::ParseCallArguments(FunctionCallExpr* call) {
  if (AtSymbol(')')) return 0;
  if (AcceptSymbol('*')) {
    call->star = true;
    return 0;
  }
  bool may_be_variadic = true;
  if (Accept(K::kDistinct)) {
    call->distinct = true;
    may_be_variadic = false;
  } else if (Accept(K::kAll)) {
    may_be_variadic = false;
  }
  do {
    if (may_be_variadic && Accept(K::kVariadic)) call->variadic = true;
    call->args.push_back(ParseCallArgument());
  } while (!call->variadic && AcceptSymbol(','));
  const int order_position = Position();
  call->order_by = ParseOptionalOrderBy();
  return order_position;
}

FunctionArg Parser::ParseCallArgument() {
  FunctionArg arg;
  if (AtTypeFunctionName() && (AtSymbol(kEqualsGreater, 1) || AtSymbol(kColonEquals, 1))) {
    arg.name_position = Position();
    arg.name = TakeWord();
    Advance();
  }
  arg.value = ParseExpr();
  return arg;
}

/// numeric(5,2) '1.5' reads like a call until the string comes.
ExprPtr Parser::ConvertToTypedLiteral(std::unique_ptr<FunctionCallExpr> call, int order_position) {
  for (const FunctionArg& arg : call->args) {
    if (!arg.name.empty()) Fail(sqlstate::kSyntaxError, "type modifier cannot have parameter name", arg.name_position);
  }
  if (!call->order_by.empty()) {
    Fail(sqlstate::kSyntaxError, "type modifier cannot have ORDER BY", order_position);
  }
  TypeName type;
  type.position = call->position;
  type.name = std::move(call->name);
  for (FunctionArg& arg : call->args) type.modifiers.push_back(std::move(arg.value));
  return ParseTypedLiteral(std::move(type));
}

void Parser::ParseCallSuffix(FunctionCallExpr* call) {
  if (At(K::kWithin)) {
    const int position = Position();
    Advance();
    Expect(K::kGroup);
    ExpectSymbol('(');
    if (!At(K::kOrder)) SyntaxError();
    std::vector<SortItem> keys = ParseOptionalOrderBy();
    ExpectSymbol(')');
    if (!call->order_by.empty()) {
      Fail(sqlstate::kSyntaxError, "cannot use multiple ORDER BY clauses with WITHIN GROUP", position);
    } else if (call->distinct) {
      Fail(sqlstate::kSyntaxError, "cannot use DISTINCT with WITHIN GROUP", position);
    } else if (call->variadic) {
      Fail(sqlstate::kSyntaxError, "cannot use VARIADIC with WITHIN GROUP", position);
    }
    call->within_group = true;
    call->order_by = std::move(keys);
  }
  if (Accept(K::kFilter)) {
    ExpectSymbol('(');
    Expect(K::kWhere);
    call->filter = ParseExpr();
    ExpectSymbol(')');
  }
  if (Accept(K::kOver)) call->over = ParseOver();
}

std::vector<SortItem> Parser::ParseOptionalOrderBy() {
  if (!Accept(K::kOrder)) return {};
  Expect(K::kBy);
  return ParseSortItems();
}

std::vector<SortItem> Parser::ParseSortItems() {
  std::vector<SortItem> items;
  do {
    SortItem item;
    item.expr = ParseExpr();
    if (Accept(K::kUsing)) {
      item.order = SortOrder::kUsing;
      item.using_op = Accept(K::kOperator) ? ParseOperatorSyntax() : TakePlainOperator();
    } else if (Accept(K::kAsc)) {
      item.order = SortOrder::kAscending;
    } else if (Accept(K::kDesc)) {
      item.order = SortOrder::kDescending;
    }
    item.nulls = ParseNullsOrder();
    items.push_back(std::move(item));
  } while (AcceptSymbol(','));
  return items;
}

NullsOrder Parser::ParseNullsOrder() {
  if (Accept(K::kNulls, K::kFirst)) return NullsOrder::kFirst;
  if (Accept(K::kNulls, K::kLast)) return NullsOrder::kLast;
  return NullsOrder::kDefault;
}

}  // namespace tsd::sql::parse
