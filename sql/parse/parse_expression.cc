// Operators by precedence (PostgreSQL's table) and the postfix forms: IS, IN, BETWEEN, LIKE, ANY / ALL, ::, COLLATE.
#include <charconv>

#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {
namespace {

enum Precedence : int {
  kOrPrecedence = 1,
  kAndPrecedence = 2,
  kNotPrecedence = 3,
  kIsPrecedence = 4,           // IS, ISNULL, NOTNULL; right operand not associative
  kComparisonPrecedence = 5,   // < > = <= >= <>; not associative
  kLikePrecedence = 6,         // BETWEEN, IN, LIKE, ILIKE, SIMILAR; not associative
  kOperatorPrecedence = 8,     // all other operators
  kAddPrecedence = 9,
  kMultiplyPrecedence = 10,
  kPowerPrecedence = 11,
  kAtPrecedence = 12,          // AT TIME ZONE
  kCollatePrecedence = 13,
  kSignPrecedence = 14,        // unary + and -
  kCastPrecedence = 16,        // ::
};

/// Is an integer literal's text an int4?
bool FitsInt4(std::string_view text) {
  int32_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool IsNumber(const Expr& expr) {
  const auto* literal = TryAs<LiteralExpr>(&expr);
  return literal != nullptr && (literal->literal == LiteralKind::kInteger || literal->literal == LiteralKind::kNumeric);
}

/// -5 is one constant, so that -2147483648 is an int4.
void Negate(LiteralExpr* literal) {
  if (literal->text[0] == '-') {
    literal->text.erase(0, 1);
  } else {
    literal->text.insert(0, 1, '-');
  }
  const bool digits = literal->text.find_first_not_of("-0123456789") == std::string::npos;
  literal->literal = digits && FitsInt4(literal->text) ? LiteralKind::kInteger : LiteralKind::kNumeric;
}

}  // namespace

ExprPtr Parser::Nothing() { return std::make_unique<LiteralExpr>(0, LiteralKind::kNull, ""); }

ExprPtr Parser::ParseExpr(int min_precedence, ExprMode mode) {
  NestingScope scope(this);
  if (!scope.ok()) return Nothing();
  return ParseInfix(ParsePrefix(mode), min_precedence, mode);
}

ExprPtr Parser::ParsePrefix(ExprMode mode) {
  const int position = Position();
  if (mode == ExprMode::kFull && Accept(K::kNot)) {
    auto node = std::make_unique<LogicalExpr>(position);
    node->op = LogicalOp::kNot;
    node->args.push_back(ParseExpr(kNotPrecedence, mode));
    return node;
  }
  if (mode == ExprMode::kFull && Accept(K::kDefault)) return std::make_unique<DefaultExpr>(position);
  const bool sign = AtSymbol('+') || AtSymbol('-');
  if (!sign && !AtSymbol(kOperator) && !(At(K::kOperator) && AtSymbol('(', 1))) return ParsePrimary(mode);
  auto node = std::make_unique<UnaryExpr>(position);
  node->op = Accept(K::kOperator) ? ParseOperatorSyntax() : TakePlainOperator();
  node->operand = ParseExpr(sign ? kSignPrecedence : kOperatorPrecedence + 1, mode);
  if (sign && node->op.name == "-" && IsNumber(*node->operand)) {
    Negate(static_cast<LiteralExpr*>(node->operand.get()));
    node->operand->position = position;
    return std::move(node->operand);
  }
  return node;
}

int Parser::InfixPrecedence(ExprMode mode, bool* nonassociative) {
  *nonassociative = false;
  const bool full = mode == ExprMode::kFull;
  const Token& token = Peek();
  if (token.kind == TokenKind::kSymbol) {
    switch (token.symbol) {
      case '<': case '>': case '=': case kLessEquals: case kGreaterEquals: case kNotEquals:
        *nonassociative = true;
        return kComparisonPrecedence;
      case '+': case '-': return kAddPrecedence;
      case '*': case '/': case '%': return kMultiplyPrecedence;
      case '^': return kPowerPrecedence;
      case kOperator: return kOperatorPrecedence;
      case kTypeCast: return kCastPrecedence;
      default: return -1;
    }
  }
  if (token.kind != TokenKind::kKeyword) return -1;
  switch (token.keyword) {
    case K::kOperator: return AtSymbol('(', 1) ? kOperatorPrecedence : -1;
    case K::kOr: return full ? kOrPrecedence : -1;
    case K::kAnd: return full ? kAndPrecedence : -1;
    case K::kIs:
      *nonassociative = true;
      return kIsPrecedence;
    case K::kIsnull: case K::kNotnull:
      *nonassociative = true;
      return full ? kIsPrecedence : -1;
    case K::kNot:
      if (!AtAny({K::kIn, K::kLike, K::kIlike, K::kSimilar, K::kBetween}, 1)) return -1;
      [[fallthrough]];
    case K::kIn: case K::kLike: case K::kIlike: case K::kSimilar: case K::kBetween:
      if (token.keyword == K::kSimilar && !At(K::kTo, 1)) return -1;   // SUBSTRING(a SIMILAR b ESCAPE c)
      *nonassociative = true;
      return full ? kLikePrecedence : -1;
    case K::kAt: return full && At(K::kTime, 1) ? kAtPrecedence : -1;
    case K::kCollate: return full ? kCollatePrecedence : -1;
    default: return -1;
  }
}

ExprPtr Parser::ParseInfix(ExprPtr left, int min_precedence, ExprMode mode) {
  // The level of the last operator whose right operand ended here: "a < b < c" is an error, "a IS NULL IS NULL" is not.
  int open_level = 0;
  while (!failed_) {
    bool nonassociative = false;
    const int precedence = InfixPrecedence(mode, &nonassociative);
    if (precedence < 0 || precedence < min_precedence) break;
    if (nonassociative && precedence == open_level) {
      SyntaxError();
      break;
    }
    const bool was_logical = precedence <= kAndPrecedence;
    left = ParseOperation(std::move(left), precedence, mode);
    if (!was_logical) AddHeight();
    const bool closed = Is<IsTestExpr>(*left) || Is<InExpr>(*left) || Is<QuantifiedExpr>(*left) || Is<SubqueryExpr>(*left);
    open_level = nonassociative && !closed ? precedence : 0;
  }
  return left;
}

ExprPtr Parser::ParseOperation(ExprPtr left, int precedence, ExprMode mode) {
  const int position = Position();
  if (AcceptSymbol(kTypeCast)) {
    auto node = std::make_unique<CastExpr>(position);
    node->syntax = CastSyntax::kDoubleColon;
    node->operand = std::move(left);
    node->type = ParseType();
    return node;
  }
  if (AtKind(TokenKind::kKeyword) && !At(K::kOperator)) return ParseKeywordOperation(std::move(left), mode);
  OperatorName op = Accept(K::kOperator) ? ParseOperatorSyntax() : TakePlainOperator();
  op.position = position;
  if (mode == ExprMode::kFull && AtAny({K::kAny, K::kSome, K::kAll})) return ParseQuantified(std::move(left), std::move(op));
  auto node = std::make_unique<BinaryExpr>(position);
  node->op = std::move(op);
  node->left = std::move(left);
  node->right = ParseExpr(precedence + 1, mode);
  return node;
}

ExprPtr Parser::ParseKeywordOperation(ExprPtr left, ExprMode mode) {
  const int position = Position();
  switch (Peek().keyword) {
    case K::kAnd: return ParseLogical(std::move(left), LogicalOp::kAnd, mode);
    case K::kOr: return ParseLogical(std::move(left), LogicalOp::kOr, mode);
    case K::kIs: return ParseIs(std::move(left), mode);
    case K::kIsnull: case K::kNotnull: {
      auto node = std::make_unique<IsTestExpr>(position);
      node->negated = At(K::kNotnull);
      node->operand = std::move(left);
      Advance();
      return node;
    }
    case K::kAt: {
      Advance();
      Expect(K::kTime, K::kZone);
      auto call = std::make_unique<FunctionCallExpr>(position);
      call->syntax = CallSyntax::kAtTimeZone;
      call->name.schema = "pg_catalog";
      call->name.name = "timezone";
      call->name.position = position;
      call->args.resize(2);
      call->args[0].value = ParseExpr(kAtPrecedence + 1, mode);
      call->args[1].value = std::move(left);
      return call;
    }
    case K::kCollate: {
      Advance();
      auto node = std::make_unique<CollateExpr>(position);
      node->operand = std::move(left);
      node->collation = ParseObjectName();
      return node;
    }
    default: return ParseNegatable(std::move(left));
  }
}

ExprPtr Parser::ParseLogical(ExprPtr left, LogicalOp op, ExprMode mode) {
  const int position = Position();
  Advance();
  // AND and OR chains are one flat node: WHERE clauses of thousands of terms must not make a deep tree.
  if (auto* logical = TryAs<LogicalExpr>(left.get()); logical != nullptr && logical->op == op) {
    logical->args.push_back(ParseExpr((op == LogicalOp::kAnd ? kAndPrecedence : kOrPrecedence) + 1, mode));
    return left;
  }
  auto node = std::make_unique<LogicalExpr>(position);
  node->op = op;
  node->args.push_back(std::move(left));
  AddHeight();
  node->args.push_back(ParseExpr((op == LogicalOp::kAnd ? kAndPrecedence : kOrPrecedence) + 1, mode));
  return node;
}

ExprPtr Parser::ParseIs(ExprPtr left, ExprMode mode) {
  const int position = Position();
  Advance();
  const bool negated = Accept(K::kNot);
  if (Accept(K::kDistinct)) {
    Expect(K::kFrom);
    auto node = std::make_unique<DistinctExpr>(position);
    node->negated = negated;
    node->left = std::move(left);
    node->right = ParseExpr(kIsPrecedence + 1, mode);
    return node;
  }
  auto node = std::make_unique<IsTestExpr>(position);
  node->negated = negated;
  node->operand = std::move(left);
  if (At(K::kDocument)) {
    Unsupported("IS DOCUMENT", position);
  } else if (mode == ExprMode::kRestricted) {
    SyntaxError();
  } else if (Accept(K::kNull)) {
    node->test = IsTestKind::kNull;
  } else if (Accept(K::kTrue)) {
    node->test = IsTestKind::kTrue;
  } else if (Accept(K::kFalse)) {
    node->test = IsTestKind::kFalse;
  } else if (Accept(K::kUnknown)) {
    node->test = IsTestKind::kUnknown;
  } else if (AtAny({K::kNormalized, K::kNfc, K::kNfd, K::kNfkc, K::kNfkd})) {
    Unsupported("IS NORMALIZED", position);
  } else {
    SyntaxError();
  }
  return node;
}

ExprPtr Parser::ParseNegatable(ExprPtr left) {
  const int position = Position();
  const bool negated = Accept(K::kNot);
  if (Accept(K::kLike)) return ParseLike(std::move(left), LikeKind::kLike, negated, position);
  if (Accept(K::kIlike)) return ParseLike(std::move(left), LikeKind::kILike, negated, position);
  if (Accept(K::kSimilar)) {
    Expect(K::kTo);
    return ParseLike(std::move(left), LikeKind::kSimilar, negated, position);
  }
  if (Accept(K::kBetween)) {
    auto node = std::make_unique<BetweenExpr>(position);
    node->negated = negated;
    node->symmetric = Accept(K::kSymmetric);
    if (!node->symmetric) Accept(K::kAsymmetric);
    node->operand = std::move(left);
    node->low = ParseExpr(0, ExprMode::kRestricted);
    Expect(K::kAnd);
    node->high = ParseExpr(kLikePrecedence + 1);
    return node;
  }
  Expect(K::kIn);
  auto node = std::make_unique<InExpr>(position);
  node->negated = negated;
  node->operand = std::move(left);
  if (!AtSymbol('(')) {
    SyntaxError();
    return node;
  }
  Parenthesised content = ParseParenthesis();
  node->query = std::move(content.query);
  node->list = std::move(content.items);
  return node;
}

ExprPtr Parser::ParseLike(ExprPtr left, LikeKind kind, bool negated, int position) {
  if (kind != LikeKind::kSimilar && AtAny({K::kAny, K::kSome, K::kAll})) {
    OperatorName op;
    op.name = kind == LikeKind::kLike ? "~~" : "~~*";
    if (negated) op.name.insert(0, 1, '!');
    op.position = position;
    return ParseQuantified(std::move(left), std::move(op));
  }
  auto node = std::make_unique<LikeExpr>(position);
  node->like = kind;
  node->negated = negated;
  node->operand = std::move(left);
  node->pattern = ParseExpr(kLikePrecedence + 1);
  if (Accept(K::kEscape)) node->escape = ParseExpr(kLikePrecedence + 1);
  return node;
}

ExprPtr Parser::ParseQuantified(ExprPtr left, OperatorName op) {
  auto node = std::make_unique<QuantifiedExpr>(op.position);
  node->op = std::move(op);
  node->all = At(K::kAll);
  node->left = std::move(left);
  Advance();
  if (!AtSymbol('(')) {
    SyntaxError();
    node->array = Nothing();
    return node;
  }
  Parenthesised content = ParseParenthesis();
  node->query = std::move(content.query);
  if (node->query != nullptr) return node;
  if (content.items.size() == 1) {
    node->array = std::move(content.items[0]);
  } else {
    SyntaxError();
    node->array = Nothing();
  }
  return node;
}

}  // namespace tsd::sql::parse
