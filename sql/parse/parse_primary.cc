// Primary expressions: constants, names, parentheses, CASE, CAST, ARRAY, ROW, typed literals.
#include <charconv>

#include "engine/base/strings.h"
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

ExprPtr Parser::ParsePrimary(ExprMode mode) {
  const int position = Position();
  switch (Peek().kind) {
    case TokenKind::kInteger: case TokenKind::kNumeric: return ParseNumber();
    case TokenKind::kString: return std::make_unique<LiteralExpr>(position, LiteralKind::kString, TakeWord());
    case TokenKind::kBitString: return std::make_unique<LiteralExpr>(position, LiteralKind::kBit, TakeWord());
    case TokenKind::kParameter: return ParseIndirection(ParseParameter());
    case TokenKind::kIdentifier: return ParseNamePrimary(CallForm::kFull);
    case TokenKind::kKeyword: return ParseKeywordPrimary(mode);
    default: break;
  }
  if (AtSymbol('(')) return ParseParenthesisedPrimary();
  SyntaxError();
  return Nothing();
}

ExprPtr Parser::ParseNumber() {
  Token token = Take();
  LiteralKind kind = LiteralKind::kNumeric;
  if (token.kind == TokenKind::kInteger) {
    int32_t value = 0;
    const char* end = token.value.data() + token.value.size();
    if (std::from_chars(token.value.data(), end, value).ec == std::errc()) kind = LiteralKind::kInteger;
  }
  return std::make_unique<LiteralExpr>(token.position, kind, std::move(token.value));
}

ExprPtr Parser::ParseParameter() {
  const Token token = Take();
  auto node = std::make_unique<ParameterExpr>(token.position);
  const char* end = token.value.data() + token.value.size();
  if (std::from_chars(token.value.data(), end, node->number).ec != std::errc()) {
    Fail(sqlstate::kUndefinedParameter, StrCat("there is no parameter $", token.value), token.position);
  }
  return node;
}

ExprPtr Parser::ParseKeywordPrimary(ExprMode mode) {
  const int position = Position();
  switch (Peek().keyword) {
    case K::kNull: Advance(); return std::make_unique<LiteralExpr>(position, LiteralKind::kNull, "");
    case K::kTrue: Advance(); return std::make_unique<LiteralExpr>(position, LiteralKind::kBoolean, "true");
    case K::kFalse: Advance(); return std::make_unique<LiteralExpr>(position, LiteralKind::kBoolean, "false");
    case K::kCase: return ParseCase();
    case K::kCast: return ParseCastCall();
    case K::kArray: return ParseArray();
    case K::kRow:
      if (AtSymbol('(', 1)) return ParseRow();
      break;
    case K::kExists:
      if (AtSymbol('(', 1)) {
        Advance();
        auto node = std::make_unique<SubqueryExpr>(position);
        node->subquery = SubqueryKind::kExists;
        node->query = ParseQueryInParens();
        return node;
      }
      break;
    case K::kUnique:
      if (mode == ExprMode::kFull) {
        Fail(sqlstate::kFeatureNotSupported, "UNIQUE predicate is not yet implemented", position);
        return Nothing();
      }
      break;
    case K::kInterval:
      if (AtKind(TokenKind::kString, 1) || AtSymbol('(', 1)) return ParseIntervalLiteral();
      break;
    default: break;
  }
  if (AtSpecialCall()) return ParseSpecialCall();
  if (AtTypeLiteral()) return ParseTypedLiteral(ParseSimpleType(TypeUse::kLiteral));
  return ParseNamePrimary(CallForm::kFull);
}

/// Names: column, t.*, f(..), type 'literal'.
ExprPtr Parser::ParseNamePrimary(CallForm form) {
  const int position = Position();
  if (!AtColId() && !AtTypeFunctionName()) {
    SyntaxError();
    return Nothing();
  }
  // A word such as LEFT can be a function or a type here, but no column.
  const bool column = AtColId();
  const bool function = AtTypeFunctionName();
  std::vector<std::string> parts;
  parts.push_back(TakeWord());
  bool star = false;
  while (column && AtSymbol('.') && !star) {
    Advance();
    if (AcceptSymbol('*')) {
      star = true;
    } else {
      parts.push_back(TakeColLabel());
    }
  }
  if (star) {
    if (AtSymbol('.') || AtSymbol('[')) {
      while (AtSymbol('.') || AtSymbol('[')) Advance(), Advance();
      const Token& token = Peek();
      const std::string_view near = lexer_.text().substr(token.begin, token.end - token.begin);
      Fail(sqlstate::kSyntaxError, near.empty() ? "improper use of \"*\" at end of input" : StrCat("improper use of \"*\" at or near \"", near, "\""),
           token.position);
    }
    auto node = std::make_unique<StarExpr>(position);
    node->qualifier = std::move(parts);
    return node;
  }
  const bool callable = parts.size() > 1 || function;
  if (callable && AtSymbol('(')) return ParseCall(MakeObjectName(std::move(parts), position), form);
  if (callable && form == CallForm::kFull && AtKind(TokenKind::kString)) {
    TypeName type;
    type.position = position;
    type.name = MakeObjectName(std::move(parts), position);
    return ParseTypedLiteral(std::move(type));
  }
  if (!column) {
    SyntaxError();
    return Nothing();
  }
  if (parts.size() > 4) {
    std::string dotted;
    for (const std::string& part : parts) StrAppend(&dotted, dotted.empty() ? "" : ".", part);
    Fail(sqlstate::kSyntaxError, StrCat("improper qualified name (too many dotted names): ", dotted), position);
  }
  auto node = std::make_unique<ColumnRefExpr>(position);
  node->parts = std::move(parts);
  return AtSymbol('[') ? ParseIndirection(std::move(node)) : ExprPtr(std::move(node));
}

/// Subscripts and fields after a column, parameter or parenthesis.
ExprPtr Parser::ParseIndirection(ExprPtr operand) {
  while (!failed_) {
    const int position = Position();
    if (AtSymbol('[')) {
      operand = ParseSubscript(std::move(operand));
    } else if (AcceptSymbol('.')) {
      auto node = std::make_unique<FieldSelectExpr>(position);
      node->operand = std::move(operand);
      const bool star = AcceptSymbol('*');
      if (!star) node->field = TakeColLabel();
      operand = std::move(node);
      if (star && (AtSymbol('.') || AtSymbol('['))) SyntaxError();
    } else {
      break;
    }
    AddHeight();
  }
  return operand;
}

ExprPtr Parser::ParseSubscript(ExprPtr operand) {
  auto node = std::make_unique<SubscriptExpr>(Position());
  ExpectSymbol('[');
  node->operand = std::move(operand);
  if (!AtSymbol(':')) node->lower = ParseExpr();
  if (AcceptSymbol(':')) {
    node->slice = true;
    if (!AtSymbol(']')) node->upper = ParseExpr();
  }
  ExpectSymbol(']');
  return node;
}

ExprPtr Parser::ParseParenthesisedPrimary() {
  const int position = Position();
  return WrapParenthesised(ParseParenthesis(), position);
}

ExprPtr Parser::WrapParenthesised(Parenthesised content, int position) {
  if (content.query != nullptr) {
    auto node = std::make_unique<SubqueryExpr>(position);
    node->query = std::move(content.query);
    AddHeight();
    return ParseIndirection(std::move(node));
  }
  if (content.items.size() == 1) return ParseIndirection(std::move(content.items[0]));
  auto node = std::make_unique<RowExpr>(position);
  node->elements = std::move(content.items);
  AddHeight();
  if (At(K::kOverlaps)) return ParseOverlaps(std::move(node));
  return node;
}

/// "((SELECT 1) UNION SELECT 2)", "((SELECT 1) + 1)" and "((1 + 2), 3)" look alike for any number of parentheses, so a
/// nested parenthesis is parsed first and what follows it decides what it was.
Parser::Parenthesised Parser::ParseParenthesis() {
  NestingScope scope(this);
  Parenthesised result;
  if (!scope.ok()) {
    result.items.push_back(Nothing());
    return result;
  }
  ExpectSymbol('(');
  if (AtQueryStart()) {
    result.query = ParseQuery();
    ExpectSymbol(')');
    return result;
  }
  if (AtSymbol('(')) {
    const int position = Position();
    Parenthesised inner = ParseParenthesis();
    if (inner.query != nullptr && (AtSymbol(')') || AtQueryContinuation())) {
      result.query = ParseQueryOptions(ParseSetOperations(std::move(inner.query), 0));
      ExpectSymbol(')');
      return result;
    }
    result.items.push_back(ParseInfix(WrapParenthesised(std::move(inner), position), 0, ExprMode::kFull));
  } else {
    result.items.push_back(ParseExpr());
  }
  while (AcceptSymbol(',')) result.items.push_back(ParseExpr());
  ExpectSymbol(')');
  return result;
}

std::vector<ExprPtr> Parser::ParseExprList() {
  std::vector<ExprPtr> list;
  do {
    list.push_back(ParseExpr());
  } while (AcceptSymbol(','));
  return list;
}

std::vector<ExprPtr> Parser::ParseParenthesisedExprs() {
  ExpectSymbol('(');
  std::vector<ExprPtr> list = ParseExprList();
  ExpectSymbol(')');
  return list;
}

ExprPtr Parser::ParseCase() {
  auto node = std::make_unique<CaseExpr>(Position());
  Expect(K::kCase);
  if (!At(K::kWhen)) node->operand = ParseExpr();
  do {
    Expect(K::kWhen);
    CaseExpr::When when;
    when.condition = ParseExpr();
    Expect(K::kThen);
    when.result = ParseExpr();
    node->whens.push_back(std::move(when));
  } while (At(K::kWhen));
  if (Accept(K::kElse)) node->otherwise = ParseExpr();
  Expect(K::kEnd);
  return node;
}

ExprPtr Parser::ParseCastCall() {
  auto node = std::make_unique<CastExpr>(Position());
  Expect(K::kCast);
  ExpectSymbol('(');
  node->operand = ParseExpr();
  Expect(K::kAs);
  node->type = ParseType();
  ExpectSymbol(')');
  return node;
}

ExprPtr Parser::ParseArray() {
  const int position = Position();
  Expect(K::kArray);
  if (AtSymbol('(')) {
    auto node = std::make_unique<SubqueryExpr>(position);
    node->subquery = SubqueryKind::kArray;
    node->query = ParseQueryInParens();
    return node;
  }
  ExprPtr node = ParseArrayBrackets();
  node->position = position;
  return node;
}

ExprPtr Parser::ParseArrayBrackets() {
  NestingScope scope(this);
  auto node = std::make_unique<ArrayExpr>(Position());
  if (!scope.ok()) return node;
  ExpectSymbol('[');
  if (!AtSymbol(']')) {
    const bool nested = AtSymbol('[');   // either all elements are brackets or none is
    do {
      node->elements.push_back(nested ? ParseArrayBrackets() : ParseExpr());
    } while (AcceptSymbol(','));
  }
  ExpectSymbol(']');
  return node;
}

ExprPtr Parser::ParseRow() {
  auto node = std::make_unique<RowExpr>(Position());
  node->explicit_row = true;
  Expect(K::kRow);
  ExpectSymbol('(');
  if (!AtSymbol(')')) node->elements = ParseExprList();
  ExpectSymbol(')');
  if (At(K::kOverlaps)) return ParseOverlaps(std::move(node));
  return node;
}

ExprPtr Parser::ParseOverlaps(ExprPtr left) {
  const int position = Position();
  Expect(K::kOverlaps);
  const int right_position = Position();
  ExprPtr right = At(K::kRow) ? ParseRow() : AtSymbol('(') ? ParseParenthesisedPrimary() : Nothing();
  auto* left_row = TryAs<RowExpr>(left.get());
  auto* right_row = TryAs<RowExpr>(right.get());
  if (right_row == nullptr) {
    SyntaxError();
    return left;
  }
  if (left_row->elements.size() != 2) {
    Fail(sqlstate::kSyntaxError, "wrong number of parameters on left side of OVERLAPS expression", left->position);
  } else if (right_row->elements.size() != 2) {
    Fail(sqlstate::kSyntaxError, "wrong number of parameters on right side of OVERLAPS expression", right_position);
  }
  auto call = std::make_unique<FunctionCallExpr>(position);
  call->syntax = CallSyntax::kOverlaps;
  call->name.schema = "pg_catalog";
  call->name.name = "overlaps";
  call->name.position = position;
  for (RowExpr* row : {left_row, right_row}) {
    for (ExprPtr& element : row->elements) call->args.push_back({std::move(element), "", 0});
  }
  AddHeight();
  return call;
}

/// Do we stand at a type written with SQL's own words and then (perhaps after modifiers) its literal? The same words are
/// also column names: "SELECT time FROM t".
bool Parser::AtTypeLiteral() {
  switch (Peek().keyword) {
    case K::kInt: case K::kInteger: case K::kSmallint: case K::kBigint: case K::kReal: case K::kBoolean:
      return AtKind(TokenKind::kString, 1);
    case K::kDouble: return At(K::kPrecision, 1);
    case K::kFloat: case K::kDecimal: case K::kDec: case K::kNumeric: case K::kVarchar:
      return AtKind(TokenKind::kString, 1) || AtSymbol('(', 1);
    case K::kBit: case K::kCharacter: case K::kChar: case K::kNchar:
      return AtKind(TokenKind::kString, 1) || AtSymbol('(', 1) || At(K::kVarying, 1);
    case K::kNational: return At(K::kCharacter, 1) || At(K::kChar, 1);
    case K::kTime: case K::kTimestamp:
      return AtKind(TokenKind::kString, 1) || AtSymbol('(', 1) || (AtAny({K::kWith, K::kWithout}, 1) && At(K::kTime, 2));
    default: return false;
  }
}

ExprPtr Parser::ParseTypedLiteral(TypeName type) {
  auto node = std::make_unique<CastExpr>(Position());
  node->syntax = CastSyntax::kTypedLiteral;
  const int position = Position();
  node->operand = std::make_unique<LiteralExpr>(position, LiteralKind::kString, TakeString());
  node->type = std::move(type);
  return node;
}

ExprPtr Parser::ParseIntervalLiteral() {
  TypeName type;
  type.position = type.name.position = Position();
  type.name.schema = "pg_catalog";
  type.name.name = "interval";
  Expect(K::kInterval);
  bool precise = false;
  if (AcceptSymbol('(')) {
    const int position = Position();
    const int precision = TakeInteger();
    ExpectSymbol(')');
    type.modifiers.push_back(std::make_unique<LiteralExpr>(position, LiteralKind::kInteger, StrCat(precision)));
    precise = true;
  }
  auto node = std::make_unique<CastExpr>(Position());
  node->syntax = CastSyntax::kTypedLiteral;
  node->operand = std::make_unique<LiteralExpr>(node->position, LiteralKind::kString, TakeString());
  if (!precise) type.interval_fields = ParseIntervalFields(&type);
  node->type = std::move(type);
  return node;
}

}  // namespace tsd::sql::parse
