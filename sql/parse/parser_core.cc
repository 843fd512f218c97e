#include "sql/parse/parser_core.h"

#include <algorithm>
#include <charconv>

#include "engine/base/strings.h"

namespace tsd::sql::parse {
namespace {

bool HasClass(const Token& token, std::initializer_list<KeywordClass> classes) {
  if (token.kind == TokenKind::kIdentifier) return true;
  if (token.kind != TokenKind::kKeyword) return false;
  return std::find(classes.begin(), classes.end(), InfoOf(token.keyword).keyword_class) != classes.end();
}

}  // namespace

Parser::NestingScope::NestingScope(Parser* parser) : parser_(parser), outer_height_(parser->height_) {
  parser->height_ = 0;
  ok_ = ++parser->depth_ <= kMaxTreeDepth;
  if (!ok_) parser->Fail(Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded"));
}

Parser::NestingScope::~NestingScope() {
  --parser_->depth_;
  parser_->height_ = std::max(outer_height_, parser_->height_ + 1);
}

void Parser::AddHeight() {
  if (depth_ + ++height_ > kMaxTreeDepth) Fail(Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded"));
}

const Token& Parser::Peek(int ahead) {
  while (buffered_ <= ahead) {
    Token& token = tokens_[(head_ + buffered_) % kLookahead];
    if (failed_) {
      token = Token();
    } else {
      lexer_.Next(&token);
    }
    ++buffered_;
  }
  return tokens_[(head_ + ahead) % kLookahead];
}

void Parser::Advance() {
  const Token& token = Peek();
  if (token.kind == TokenKind::kEnd || token.kind == TokenKind::kError) return;
  last_end_ = token.end;
  head_ = (head_ + 1) % kLookahead;
  --buffered_;
}

Token Parser::Take() {
  Peek();
  Token token = std::move(tokens_[head_]);
  if (token.kind == TokenKind::kEnd || token.kind == TokenKind::kError) {
    tokens_[head_] = token;
    return token;
  }
  last_end_ = token.end;
  head_ = (head_ + 1) % kLookahead;
  --buffered_;
  return token;
}

void Parser::SkipTo(size_t byte) {
  buffered_ = 0;
  lexer_.SkipTo(byte);
  last_end_ = static_cast<uint32_t>(byte);
}

bool Parser::AtAny(std::initializer_list<Keyword> keywords, int ahead) {
  const Keyword keyword = Peek(ahead).keyword;
  return keyword != K::kNotKeyword && std::find(keywords.begin(), keywords.end(), keyword) != keywords.end();
}

bool Parser::Accept(Keyword keyword) {
  if (!At(keyword)) return false;
  Advance();
  return true;
}

bool Parser::Accept(Keyword first, Keyword second) {
  if (!At(first) || !At(second, 1)) return false;
  Advance();
  Advance();
  return true;
}

bool Parser::AcceptSymbol(char symbol) {
  if (!AtSymbol(symbol)) return false;
  Advance();
  return true;
}

void Parser::Expect(Keyword keyword) {
  if (!Accept(keyword)) SyntaxError();
}

void Parser::ExpectSymbol(char symbol) {
  if (!AcceptSymbol(symbol)) SyntaxError();
}

bool Parser::AtWord(std::string_view word, int ahead) {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kIdentifier && !token.quoted && token.value == word;
}

void Parser::SyntaxError() {
  if (failed_) return;
  const Token& token = Peek();
  if (token.kind == TokenKind::kError) return Fail(lexer_.error());
  if (token.kind == TokenKind::kEnd) return Fail(sqlstate::kSyntaxError, "syntax error at end of input", token.position);
  const std::string_view near = lexer_.text().substr(token.begin, token.end - token.begin);
  Fail(sqlstate::kSyntaxError, StrCat("syntax error at or near \"", near, "\""), token.position);
}

void Parser::Fail(Status status) {
  if (failed_) return;
  failed_ = true;
  status_ = std::move(status);
  for (Token& token : tokens_) token = Token();
}

void Parser::Fail(std::string_view state, std::string_view message, int position, std::string_view hint) {
  if (failed_) return;
  Status status = Error(state, message);
  if (position > 0) status = WithPosition(std::move(status), position);
  if (!hint.empty()) status = WithHint(std::move(status), hint);
  Fail(std::move(status));
}

void Parser::Unsupported(std::string_view what, int position) {
  Fail(sqlstate::kFeatureNotSupported, StrCat(what, " is not supported"), position);
}

bool Parser::AtColId(int ahead) {
  return HasClass(Peek(ahead), {KeywordClass::kUnreserved, KeywordClass::kColumnName});
}

bool Parser::AtTypeFunctionName(int ahead) {
  return HasClass(Peek(ahead), {KeywordClass::kUnreserved, KeywordClass::kTypeFuncName});
}

bool Parser::AtNonReserved(int ahead) {
  return HasClass(Peek(ahead), {KeywordClass::kUnreserved, KeywordClass::kColumnName, KeywordClass::kTypeFuncName});
}

bool Parser::AtBareLabel() {
  const Token& token = Peek();
  if (token.kind == TokenKind::kKeyword) return InfoOf(token.keyword).label == LabelUse::kBare;
  return token.kind == TokenKind::kIdentifier;
}

std::string Parser::TakeWord() {
  Token token = Take();
  if (token.kind == TokenKind::kKeyword) return std::string(InfoOf(token.keyword).word);
  return std::move(token.value);
}

std::string Parser::TakeColId() {
  if (AtColId()) return TakeWord();
  SyntaxError();
  return "";
}

std::string Parser::TakeColLabel() {
  if (AtKind(TokenKind::kIdentifier) || AtKind(TokenKind::kKeyword)) return TakeWord();
  SyntaxError();
  return "";
}

std::string Parser::TakeTypeFunctionName() {
  if (AtTypeFunctionName()) return TakeWord();
  SyntaxError();
  return "";
}

std::string Parser::TakeNonReserved() {
  if (AtNonReserved()) return TakeWord();
  SyntaxError();
  return "";
}

std::string Parser::TakeNonReservedOrString() { return AtKind(TokenKind::kString) ? TakeWord() : TakeNonReserved(); }

std::string Parser::TakeString() {
  if (AtKind(TokenKind::kString)) return TakeWord();
  SyntaxError();
  return "";
}

int Parser::TakeInteger() {
  const Token& token = Peek();
  int value = 0;
  if (token.kind == TokenKind::kInteger) {
    const char* end = token.value.data() + token.value.size();
    if (std::from_chars(token.value.data(), end, value).ec == std::errc()) {
      Advance();
      return value;
    }
  }
  SyntaxError();
  return 0;
}

int Parser::TakeSignedInteger() {
  if (AcceptSymbol('-')) return -TakeInteger();
  AcceptSymbol('+');
  return TakeInteger();
}

std::string Parser::TakeSignedNumber() {
  const bool negative = AtSymbol('-');
  if (negative || AtSymbol('+')) Advance();
  if (!AtKind(TokenKind::kInteger) && !AtKind(TokenKind::kNumeric)) {
    SyntaxError();
    return "";
  }
  return StrCat(negative ? "-" : "", TakeWord());
}

std::string Parser::TakeRoleName() {
  if (AtAny({K::kCurrentUser, K::kCurrentRole, K::kSessionUser})) return TakeWord();
  const int position = Position();
  const bool quoted = Peek().quoted;
  std::string name = TakeNonReserved();
  if (name == "none" && !quoted) Fail(sqlstate::kReservedName, "role name \"none\" is reserved", position);
  return name;
}

std::vector<std::string> Parser::TakeRoleList() {
  std::vector<std::string> roles;
  do {
    roles.push_back(TakeRoleName());
  } while (AcceptSymbol(','));
  return roles;
}

std::vector<std::string> Parser::ParseNameList() {
  std::vector<std::string> names;
  do {
    names.push_back(TakeColId());
  } while (AcceptSymbol(','));
  return names;
}

std::vector<std::string> Parser::ParseParenthesisedNames() {
  ExpectSymbol('(');
  std::vector<std::string> names = ParseNameList();
  ExpectSymbol(')');
  return names;
}

std::vector<std::string> Parser::ParseOptionalParenthesisedNames() {
  return AtSymbol('(') ? ParseParenthesisedNames() : std::vector<std::string>();
}

ObjectName Parser::ParseObjectName() {
  const int position = Position();
  std::vector<std::string> parts;
  parts.push_back(TakeColId());
  while (AcceptSymbol('.')) parts.push_back(TakeColLabel());
  return MakeObjectName(std::move(parts), position);
}

ObjectName Parser::MakeObjectName(std::vector<std::string> parts, int position) {
  ObjectName name;
  name.position = position;
  if (parts.size() > 3) {
    std::string dotted;
    for (const std::string& part : parts) StrAppend(&dotted, dotted.empty() ? "" : ".", part);
    Fail(sqlstate::kSyntaxError, StrCat("improper qualified name (too many dotted names): ", dotted), position);
    return name;
  }
  name.name = std::move(parts.back());
  if (parts.size() > 1) name.schema = std::move(parts[parts.size() - 2]);
  if (parts.size() > 2) name.catalog = std::move(parts[0]);
  return name;
}

std::vector<ObjectName> Parser::ParseObjectNames() {
  std::vector<ObjectName> names;
  do {
    names.push_back(ParseObjectName());
  } while (AcceptSymbol(','));
  return names;
}

DropBehavior Parser::ParseDropBehavior() {
  if (Accept(K::kCascade)) return DropBehavior::kCascade;
  if (Accept(K::kRestrict)) return DropBehavior::kRestrict;
  return DropBehavior::kDefault;
}

bool Parser::AtPlainOperator() {
  switch (Peek().symbol) {
    case '+': case '-': case '*': case '/': case '%': case '^': case '<': case '>': case '=':
    case kLessEquals: case kGreaterEquals: case kNotEquals: case kOperator:
      return true;
    default:
      return false;
  }
}

OperatorName Parser::TakePlainOperator() {
  OperatorName op;
  op.position = Position();
  if (!AtPlainOperator()) {
    SyntaxError();
    return op;
  }
  const Token& token = Peek();
  op.name = token.symbol == kNotEquals ? "<>" : std::string(lexer_.text().substr(token.begin, token.end - token.begin));
  Advance();
  return op;
}

OperatorName Parser::ParseOperatorSyntax() {
  const int position = Position();
  ExpectSymbol('(');
  std::string schema;
  while (AtColId()) {
    schema = TakeColId();
    ExpectSymbol('.');
  }
  OperatorName op = TakePlainOperator();
  op.schema = std::move(schema);
  op.position = position;
  ExpectSymbol(')');
  return op;
}

}  // namespace tsd::sql::parse
