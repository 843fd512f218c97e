// COPY, both option syntaxes.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {
namespace {

Option MakeOption(std::string_view name, int position) {
  Option option;
  option.name = name;
  option.position = position;
  return option;
}

Option WordOption(std::string_view name, std::string_view word, int position) {
  Option option = MakeOption(name, position);
  option.value_kind = OptionValueKind::kWord;
  option.text = word;
  return option;
}

}  // namespace

StatementPtr Parser::ParseCopy() {
  const int position = Position();
  auto copy = std::make_unique<CopyStatement>(position);
  Expect(K::kCopy);
  if (AcceptSymbol('(')) {
    copy->query = ParsePreparable();
    ExpectSymbol(')');
    Expect(K::kTo);
  } else {
    if (At(K::kBinary)) {
      copy->options.push_back(WordOption("format", "binary", Position()));
      Advance();
    }
    copy->table = ParseObjectName();
    copy->columns = ParseOptionalParenthesisedNames();
    copy->from = Accept(K::kFrom);
    if (!copy->from) Expect(K::kTo);
  }
  const bool program = Accept(K::kProgram);
  if (AtKind(TokenKind::kString)) {
    copy->endpoint = program ? CopyEndpoint::kProgram : CopyEndpoint::kFile;
    copy->target = TakeString();
  } else {
    if (!Accept(K::kStdin)) Expect(K::kStdout);
    if (program) Fail(sqlstate::kSyntaxError, "STDIN/STDOUT not allowed with PROGRAM", position);
  }
  ParseCopyOptions(copy.get());
  if (copy->query == nullptr && At(K::kWhere)) {
    const int where_position = Position();
    Advance();
    copy->where = ParseExpr();
    if (!copy->from) Fail(sqlstate::kSyntaxError, "WHERE clause not allowed with COPY TO", where_position);
  }
  return copy;
}

void Parser::ParseCopyOptions(CopyStatement* copy) {
  if (copy->query == nullptr && (At(K::kDelimiters) || At(K::kUsing))) {
    Option option = MakeOption("delimiter", Position());
    Accept(K::kUsing);
    Expect(K::kDelimiters);
    option.value_kind = OptionValueKind::kString;
    option.text = TakeString();
    copy->options.push_back(std::move(option));
  }
  Accept(K::kWith);
  if (AcceptSymbol('(')) {
    do {
      copy->options.push_back(ParseGenericOption());
    } while (AcceptSymbol(','));
    ExpectSymbol(')');
    return;
  }
  while (!failed_ && !AtStatementEnd() && !At(K::kWhere)) copy->options.push_back(ParseLegacyCopyOption());
}

Option Parser::ParseLegacyCopyOption() {
  const int position = Position();
  const auto with_string = [&](std::string_view name) {
    Option option = MakeOption(name, position);
    option.value_kind = OptionValueKind::kString;
    if (name != "encoding") Accept(K::kAs);
    option.text = TakeString();
    return option;
  };
  if (Accept(K::kBinary)) return WordOption("format", "binary", position);
  if (Accept(K::kCsv)) return WordOption("format", "csv", position);
  if (Accept(K::kFreeze)) return WordOption("freeze", "true", position);
  if (Accept(K::kHeader)) return WordOption("header", "true", position);
  if (Accept(K::kDelimiter)) return with_string("delimiter");
  if (Accept(K::kNull)) return with_string("null");
  if (Accept(K::kQuote)) return with_string("quote");
  if (Accept(K::kEscape)) return with_string("escape");
  if (Accept(K::kEncoding)) return with_string("encoding");
  Expect(K::kForce);
  Option option;
  if (Accept(K::kQuote)) {
    option = MakeOption("force_quote", position);
    if (AcceptSymbol('*')) {
      option.value_kind = OptionValueKind::kStar;
      return option;
    }
  } else if (Accept(K::kNot)) {
    Expect(K::kNull);
    option = MakeOption("force_not_null", position);
  } else {
    Expect(K::kNull);
    option = MakeOption("force_null", position);
  }
  option.value_kind = OptionValueKind::kList;
  option.list = ParseNameList();
  return option;
}

/// name [value] of COPY (..), EXPLAIN (..), VACUUM (..).
Option Parser::ParseGenericOption() {
  Option option = MakeOption("", Position());
  option.name = TakeColLabel();
  if (AcceptSymbol('*')) {
    option.value_kind = OptionValueKind::kStar;
  } else if (AcceptSymbol('(')) {
    option.value_kind = OptionValueKind::kList;
    do {
      const bool reserved = AtAny({K::kTrue, K::kFalse, K::kOn});
      option.list.push_back(reserved ? TakeWord() : TakeNonReservedOrString());
    } while (AcceptSymbol(','));
    ExpectSymbol(')');
  } else if (!AtSymbol(',') && !AtSymbol(')')) {
    ParseOptionValue(&option);
  }
  return option;
}

void Parser::ParseOptionValue(Option* option) {
  if (AtKind(TokenKind::kString)) {
    option->value_kind = OptionValueKind::kString;
    option->text = TakeWord();
  } else if (AtAny({K::kTrue, K::kFalse, K::kOn}) || AtNonReserved()) {
    option->value_kind = OptionValueKind::kWord;
    option->text = TakeWord();
  } else {
    option->value_kind = OptionValueKind::kNumber;
    option->text = TakeSignedNumber();
  }
}

}  // namespace tsd::sql::parse
