// The functions with a syntax of their own: EXTRACT, SUBSTRING .. FROM, TRIM, COALESCE, CURRENT_DATE .. What is an ordinary
// function in PostgreSQL's catalog becomes an ordinary call of it (CallSyntax remembers the spelling).
#include "engine/base/strings.h"
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

bool Parser::AtSpecialCall() {
  switch (Peek().keyword) {
    case K::kCurrentDate: case K::kCurrentTime: case K::kCurrentTimestamp: case K::kLocaltime: case K::kLocaltimestamp:
    case K::kCurrentRole: case K::kCurrentUser: case K::kUser: case K::kSessionUser: case K::kCurrentCatalog:
      return true;
    case K::kCurrentSchema: return !AtSymbol('(', 1);
    case K::kCollation: return At(K::kFor, 1);
    case K::kCoalesce: case K::kNullif: case K::kGreatest: case K::kLeast: case K::kGrouping: case K::kExtract:
    case K::kPosition: case K::kSubstring: case K::kOverlay: case K::kTrim: case K::kNormalize: case K::kTreat:
    case K::kXmlconcat: case K::kXmlelement: case K::kXmlexists: case K::kXmlforest: case K::kXmlparse: case K::kXmlpi:
    case K::kXmlroot: case K::kXmlserialize:
      return AtSymbol('(', 1);
    default: return false;
  }
}

ExprPtr Parser::ParseSqlValue(SqlValueKind kind, bool takes_precision) {
  auto node = std::make_unique<SqlValueExpr>(Position());
  node->value = kind;
  Advance();
  if (takes_precision && AcceptSymbol('(')) {
    node->precision = TakeInteger();
    ExpectSymbol(')');
  }
  return node;
}

ExprPtr Parser::ParseSpecialCall() {
  const int position = Position();
  const Keyword keyword = Peek().keyword;
  switch (keyword) {
    case K::kCurrentDate: return ParseSqlValue(SqlValueKind::kCurrentDate, false);
    case K::kCurrentTime: return ParseSqlValue(SqlValueKind::kCurrentTime, true);
    case K::kCurrentTimestamp: return ParseSqlValue(SqlValueKind::kCurrentTimestamp, true);
    case K::kLocaltime: return ParseSqlValue(SqlValueKind::kLocalTime, true);
    case K::kLocaltimestamp: return ParseSqlValue(SqlValueKind::kLocalTimestamp, true);
    case K::kCurrentRole: return ParseSqlValue(SqlValueKind::kCurrentRole, false);
    case K::kCurrentUser: return ParseSqlValue(SqlValueKind::kCurrentUser, false);
    case K::kUser: return ParseSqlValue(SqlValueKind::kUser, false);
    case K::kSessionUser: return ParseSqlValue(SqlValueKind::kSessionUser, false);
    case K::kCurrentCatalog: return ParseSqlValue(SqlValueKind::kCurrentCatalog, false);
    case K::kCurrentSchema: return ParseSqlValue(SqlValueKind::kCurrentSchema, false);
    case K::kCoalesce: {
      Advance();
      auto node = std::make_unique<CoalesceExpr>(position);
      node->args = ParseParenthesisedExprs();
      return node;
    }
    case K::kGreatest: case K::kLeast: {
      Advance();
      auto node = std::make_unique<MinMaxExpr>(position);
      node->greatest = keyword == K::kGreatest;
      node->args = ParseParenthesisedExprs();
      return node;
    }
    case K::kGrouping: {
      Advance();
      auto node = std::make_unique<GroupingExpr>(position);
      node->args = ParseParenthesisedExprs();
      return node;
    }
    case K::kNullif: {
      Advance();
      auto node = std::make_unique<NullIfExpr>(position);
      ExpectSymbol('(');
      node->left = ParseExpr();
      ExpectSymbol(',');
      node->right = ParseExpr();
      ExpectSymbol(')');
      return node;
    }
    default: break;
  }
  Advance();
  auto call = std::make_unique<FunctionCallExpr>(position);
  call->name.schema = "pg_catalog";
  call->name.position = position;
  if (keyword == K::kCollation) Advance();   // COLLATION FOR
  ExpectSymbol('(');
  switch (keyword) {
    case K::kCollation:
      call->name.name = "pg_collation_for";
      call->syntax = CallSyntax::kCollationFor;
      call->args.push_back({ParseExpr(), "", 0});
      break;
    case K::kExtract: ParseExtract(call.get()); break;
    case K::kPosition:
      call->name.name = "position";
      call->syntax = CallSyntax::kPosition;
      call->args.resize(2);
      call->args[1].value = ParseExpr(0, ExprMode::kRestricted);
      Expect(K::kIn);
      call->args[0].value = ParseExpr(0, ExprMode::kRestricted);
      break;
    case K::kSubstring: ParseSubstring(call.get()); break;
    case K::kOverlay: ParseOverlay(call.get()); break;
    case K::kTrim: ParseTrim(call.get()); break;
    case K::kNormalize: ParseNormalize(call.get()); break;
    default: Unsupported(keyword == K::kTreat ? "TREAT" : "XML", position); break;
  }
  ExpectSymbol(')');
  return call;
}

void Parser::ParseExtract(FunctionCallExpr* call) {
  call->name.name = "extract";
  call->syntax = CallSyntax::kExtract;
  const int position = Position();
  const bool field = AtKind(TokenKind::kIdentifier) || AtKind(TokenKind::kString) ||
                     AtAny({K::kYear, K::kMonth, K::kDay, K::kHour, K::kMinute, K::kSecond});
  if (!field) return SyntaxError();
  call->args.push_back({std::make_unique<LiteralExpr>(position, LiteralKind::kString, TakeWord()), "", 0});
  Expect(K::kFrom);
  call->args.push_back({ParseExpr(), "", 0});
}

void Parser::ParseSubstring(FunctionCallExpr* call) {
  call->name.name = "substring";
  if (AtSymbol(')')) return;
  // substring(a, b, c) is an ordinary call, of whatever function the search path gives.
  FunctionArg first = ParseCallArgument();
  if (!first.name.empty() || AtSymbol(',') || AtSymbol(')')) {
    call->name.schema.clear();
    call->args.push_back(std::move(first));
    while (AcceptSymbol(',')) call->args.push_back(ParseCallArgument());
    return;
  }
  call->syntax = CallSyntax::kSubstring;
  call->args.push_back(std::move(first));
  if (Accept(K::kSimilar)) {
    call->syntax = CallSyntax::kSimilarSubstring;
    call->args.push_back({ParseExpr(), "", 0});
    Expect(K::kEscape);
    call->args.push_back({ParseExpr(), "", 0});
    return;
  }
  ExprPtr from, count;
  if (Accept(K::kFrom)) {
    from = ParseExpr();
    if (Accept(K::kFor)) count = ParseExpr();
  } else {
    Expect(K::kFor);
    count = ParseExpr();
    if (Accept(K::kFrom)) from = ParseExpr();
  }
  if (from == nullptr) {
    // FOR alone starts at 1. PostgreSQL casts the count to int4 so that it cannot become the pattern form.
    from = std::make_unique<LiteralExpr>(0, LiteralKind::kInteger, "1");
    auto cast = std::make_unique<CastExpr>(0);
    cast->operand = std::move(count);
    cast->type.name.schema = "pg_catalog";
    cast->type.name.name = "int4";
    count = std::move(cast);
    AddHeight();
  }
  call->args.push_back({std::move(from), "", 0});
  if (count != nullptr) call->args.push_back({std::move(count), "", 0});
}

void Parser::ParseOverlay(FunctionCallExpr* call) {
  call->name.name = "overlay";
  if (AtSymbol(')')) return;
  FunctionArg first = ParseCallArgument();
  if (!first.name.empty() || AtSymbol(',') || AtSymbol(')')) {
    call->name.schema.clear();
    call->args.push_back(std::move(first));
    while (AcceptSymbol(',')) call->args.push_back(ParseCallArgument());
    return;
  }
  call->syntax = CallSyntax::kOverlay;
  call->args.push_back(std::move(first));
  Expect(K::kPlacing);
  call->args.push_back({ParseExpr(), "", 0});
  Expect(K::kFrom);
  call->args.push_back({ParseExpr(), "", 0});
  if (Accept(K::kFor)) call->args.push_back({ParseExpr(), "", 0});
}

void Parser::ParseTrim(FunctionCallExpr* call) {
  call->syntax = CallSyntax::kTrim;
  call->name.name = "btrim";
  if (Accept(K::kLeading)) {
    call->name.name = "ltrim";
  } else if (Accept(K::kTrailing)) {
    call->name.name = "rtrim";
  } else {
    Accept(K::kBoth);
  }
  // trim_list: expr FROM list | FROM list | list. The characters come first in SQL and last in the function.
  ExprPtr characters;
  if (!At(K::kFrom)) characters = ParseExpr();
  if (Accept(K::kFrom)) {
    for (ExprPtr& arg : ParseExprList()) call->args.push_back({std::move(arg), "", 0});
    if (characters != nullptr) call->args.push_back({std::move(characters), "", 0});
    return;
  }
  call->args.push_back({std::move(characters), "", 0});
  while (AcceptSymbol(',')) call->args.push_back({ParseExpr(), "", 0});
}

void Parser::ParseNormalize(FunctionCallExpr* call) {
  call->name.name = "normalize";
  call->syntax = CallSyntax::kNormalize;
  call->args.push_back({ParseExpr(), "", 0});
  if (!AcceptSymbol(',')) return;
  if (!AtAny({K::kNfc, K::kNfd, K::kNfkc, K::kNfkd})) return SyntaxError();
  const int position = Position();
  call->args.push_back({std::make_unique<LiteralExpr>(position, LiteralKind::kString, TakeWord()), "", 0});
}

/// What may stand in FROM and in an index: a call without FILTER and OVER.
ExprPtr Parser::ParseFunctionInFrom() {
  if (AtSpecialCall()) return ParseSpecialCall();
  if (At(K::kCast)) return ParseCastCall();
  ExprPtr call = ParseNamePrimary(CallForm::kWindowless);
  if (!failed_ && !Is<FunctionCallExpr>(*call)) SyntaxError();
  return call;
}

}  // namespace tsd::sql::parse
