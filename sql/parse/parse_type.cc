// Type names: SQL's own words (translated to PostgreSQL's internal names), any other name, modifiers, array bounds.
#include <array>

#include "engine/base/strings.h"
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {
namespace {

void SetSystemName(TypeName* type, std::string_view name) {
  type->name.schema = "pg_catalog";
  type->name.name = name;
}

ExprPtr IntegerLiteral(int position, int value) {
  return std::make_unique<LiteralExpr>(position, LiteralKind::kInteger, StrCat(value));
}

}  // namespace

TypeName Parser::ParseType() {
  const int position = Position();
  const bool setof = Accept(K::kSetof);
  TypeName type = ParseSimpleType(TypeUse::kDefinition);
  type.setof = setof;
  type.position = position;
  ParseArrayBounds(&type);
  return type;
}

void Parser::ParseArrayBounds(TypeName* type) {
  if (Accept(K::kArray)) {
    int bound = -1;
    if (AcceptSymbol('[')) {
      bound = TakeInteger();
      ExpectSymbol(']');
    }
    type->array_bounds.push_back(bound);
    return;
  }
  while (AcceptSymbol('[')) {
    type->array_bounds.push_back(AtSymbol(']') ? -1 : TakeInteger());
    ExpectSymbol(']');
  }
}

TypeName Parser::ParseSimpleType(TypeUse use) {
  TypeName type;
  type.position = type.name.position = Position();
  if (ParseKeywordType(use, &type)) return type;
  std::vector<std::string> parts;
  parts.push_back(TakeTypeFunctionName());
  while (AcceptSymbol('.')) parts.push_back(TakeColLabel());
  type.name = MakeObjectName(std::move(parts), type.position);
  if (AtSymbol('(')) type.modifiers = ParseParenthesisedExprs();
  return type;
}

bool Parser::ParseKeywordType(TypeUse use, TypeName* type) {
  switch (Peek().keyword) {
    case K::kInt: case K::kInteger: Advance(), SetSystemName(type, "int4"); return true;
    case K::kSmallint: Advance(), SetSystemName(type, "int2"); return true;
    case K::kBigint: Advance(), SetSystemName(type, "int8"); return true;
    case K::kReal: Advance(), SetSystemName(type, "float4"); return true;
    case K::kBoolean: Advance(), SetSystemName(type, "bool"); return true;
    case K::kFloat: ParseFloatType(type); return true;
    case K::kDouble:
      if (!At(K::kPrecision, 1)) return false;   // a type of that name
      Advance(), Advance(), SetSystemName(type, "float8");
      return true;
    case K::kDecimal: case K::kDec: case K::kNumeric:
      Advance(), SetSystemName(type, "numeric");
      if (AtSymbol('(')) type->modifiers = ParseParenthesisedExprs();
      return true;
    case K::kBit: {
      const int position = Position();
      Advance();
      const bool varying = Accept(K::kVarying);
      SetSystemName(type, varying ? "varbit" : "bit");
      if (AtSymbol('(')) {
        type->modifiers = ParseParenthesisedExprs();
      } else if (!varying && use == TypeUse::kDefinition) {
        type->modifiers.push_back(IntegerLiteral(position, 1));
      }
      return true;
    }
    case K::kCharacter: case K::kChar: case K::kNchar: case K::kNational: case K::kVarchar:
      ParseCharacterType(use, type);
      return true;
    case K::kTime: case K::kTimestamp: ParseDateTimeType(type); return true;
    case K::kInterval:
      Advance(), SetSystemName(type, "interval");
      if (AtSymbol('(')) {
        const int position = Position();
        Advance();
        type->modifiers.push_back(IntegerLiteral(position, TakeInteger()));
        ExpectSymbol(')');
      } else {
        type->interval_fields = ParseIntervalFields(type);
      }
      return true;
    default: return false;
  }
}

void Parser::ParseFloatType(TypeName* type) {
  Advance();
  SetSystemName(type, "float8");
  if (!AcceptSymbol('(')) return;
  const int position = Position();
  const int precision = TakeInteger();
  if (precision < 1) {
    Fail(sqlstate::kInvalidParameterValue, "precision for type float must be at least 1 bit", position);
  } else if (precision > 53) {
    Fail(sqlstate::kInvalidParameterValue, "precision for type float must be less than 54 bits", position);
  } else if (precision < 25) {
    SetSystemName(type, "float4");
  }
  ExpectSymbol(')');
}

void Parser::ParseCharacterType(TypeUse use, TypeName* type) {
  const int position = Position();
  bool varying = false;
  if (Accept(K::kVarchar)) {
    varying = true;
  } else {
    const bool national = Accept(K::kNational);
    if (!Accept(K::kCharacter) && !Accept(K::kChar)) {
      if (national) {
        SyntaxError();
      } else {
        Expect(K::kNchar);
      }
    }
    varying = Accept(K::kVarying);
  }
  SetSystemName(type, varying ? "varchar" : "bpchar");
  if (AcceptSymbol('(')) {
    const int length_position = Position();
    type->modifiers.push_back(IntegerLiteral(length_position, TakeInteger()));
    ExpectSymbol(')');
  } else if (!varying && use == TypeUse::kDefinition) {
    type->modifiers.push_back(IntegerLiteral(position, 1));
  }
}

void Parser::ParseDateTimeType(TypeName* type) {
  const bool timestamp = At(K::kTimestamp);
  Advance();
  if (AcceptSymbol('(')) {
    const int position = Position();
    type->modifiers.push_back(IntegerLiteral(position, TakeInteger()));
    ExpectSymbol(')');
  }
  bool zone = false;
  if (AtAny({K::kWith, K::kWithout}) && At(K::kTime, 1)) {
    zone = At(K::kWith);
    Advance();
    Advance();
    Expect(K::kZone);
  }
  SetSystemName(type, timestamp ? (zone ? "timestamptz" : "timestamp") : (zone ? "timetz" : "time"));
}

uint8_t Parser::ParseIntervalFields(TypeName* type) {
  struct Field { Keyword keyword; uint8_t bit; };
  static constexpr std::array<Field, 6> kFields = {{{K::kYear, kIntervalYear}, {K::kMonth, kIntervalMonth}, {K::kDay, kIntervalDay},
      {K::kHour, kIntervalHour}, {K::kMinute, kIntervalMinute}, {K::kSecond, kIntervalSecond}}};
  const auto find = [&](int ahead) {
    size_t i = 0;
    while (i < kFields.size() && !At(kFields[i].keyword, ahead)) ++i;
    return i;
  };
  const size_t first = find(0);
  if (first == kFields.size()) return 0;
  Advance();
  size_t last = first;
  if (first != 1 && first != 5 && Accept(K::kTo)) {
    last = find(0);
    const bool months = first == 0 && last == 1;
    const bool days = first >= 2 && last > first;
    if (last == kFields.size() || (!months && !days)) {
      SyntaxError();
      return 0;
    }
    Advance();
  }
  if (kFields[last].keyword == K::kSecond && AcceptSymbol('(')) {
    const int position = Position();
    type->modifiers.push_back(IntegerLiteral(position, TakeInteger()));
    ExpectSymbol(')');
  }
  uint8_t bits = 0;
  for (size_t i = first; i <= last; ++i) bits |= kFields[i].bit;
  return bits;
}

}  // namespace tsd::sql::parse
