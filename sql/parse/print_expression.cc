#include "engine/base/strings.h"
#include "sql/parse/keywords.h"
#include "sql/parse/printer.h"

namespace tsd::sql::parse {
namespace {

bool IsNegativeNumber(const Expr& expr) {
  const auto* literal = TryAs<LiteralExpr>(&expr);
  return literal != nullptr && (literal->literal == LiteralKind::kInteger || literal->literal == LiteralKind::kNumeric) &&
         !literal->text.empty() && literal->text[0] == '-';
}

bool BindsTighterThanOperators(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kUnary: case ExprKind::kBinary: case ExprKind::kLogical: case ExprKind::kIsTest: case ExprKind::kDistinct:
    case ExprKind::kIn: case ExprKind::kBetween: case ExprKind::kLike: case ExprKind::kQuantified: case ExprKind::kCollate:
      return false;
    case ExprKind::kFunctionCall: {
      const CallSyntax syntax = As<FunctionCallExpr>(expr).syntax;
      return syntax != CallSyntax::kAtTimeZone && syntax != CallSyntax::kOverlaps;
    }
    default: return true;
  }
}

std::string DoubleMark(std::string_view text, char mark) {
  std::string out;
  out.reserve(text.size() + 2);
  for (const char c : text) {
    out.push_back(c);
    if (c == mark) out.push_back(c);
  }
  return out;
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  bool plain = !name.empty() && ((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_');
  for (size_t i = 0; plain && i < name.size(); ++i) {
    const char c = name[i];
    plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  }
  if (plain) {
    const Keyword keyword = FindKeyword(name);
    if (keyword == Keyword::kNotKeyword || InfoOf(keyword).keyword_class == KeywordClass::kUnreserved) return std::string(name);
  }
  return StrCat("\"", DoubleMark(name, '"'), "\"");
}

std::string QuoteLiteral(std::string_view text) {
  std::string body = DoubleMark(text, '\'');
  if (text.find('\\') == std::string_view::npos) return StrCat("'", body, "'");
  return StrCat("E'", DoubleMark(body, '\\'), "'");
}

std::string PrintExpr(const Expr& expr) {
  Printer printer;
  printer.PrintExpr(expr);
  return printer.Take();
}

void Printer::Identifiers(const std::vector<std::string>& names) {
  Text("(");
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) Text(", ");
    Identifier(names[i]);
  }
  Text(")");
}

void Printer::PrintName(const ObjectName& name) {
  for (const std::string& part : {name.catalog, name.schema}) {
    if (part.empty()) continue;
    Identifier(part);
    Text(".");
  }
  Identifier(name.name);
}

void Printer::ParenthesisedQuery(const Query& query) {
  Text("(");
  PrintQuery(query);
  Text(")");
}

void Printer::Operand(const Expr& expr) {
  const bool parentheses = !BindsTighterThanOperators(expr);
  if (parentheses) Text("(");
  PrintExpr(expr);
  if (parentheses) Text(")");
}

void Printer::Expressions(const std::vector<ExprPtr>& list) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) Text(", ");
    PrintExpr(*list[i]);
  }
}

void Printer::Operator(const OperatorName& op) {
  if (op.schema.empty()) return Text(op.name);
  Text("OPERATOR(");
  Identifier(op.schema);
  Text(".");
  Text(op.name);
  Text(")");
}

void Printer::PrintExpr(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kLiteral: return Literal(As<LiteralExpr>(expr));
    case ExprKind::kParameter: return Text(StrCat("$", As<ParameterExpr>(expr).number));
    case ExprKind::kColumnRef: {
      const auto& parts = As<ColumnRefExpr>(expr).parts;
      for (size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) Text(".");
        Identifier(parts[i]);
      }
      return;
    }
    case ExprKind::kStar:
      for (const std::string& part : As<StarExpr>(expr).qualifier) Identifier(part), Text(".");
      return Text("*");
    case ExprKind::kUnary: {
      const auto& unary = As<UnaryExpr>(expr);
      Operator(unary.op);
      Text(" ");
      return Operand(*unary.operand);
    }
    case ExprKind::kBinary: {
      const auto& binary = As<BinaryExpr>(expr);
      Operand(*binary.left);
      Text(" ");
      Operator(binary.op);
      Text(" ");
      return Operand(*binary.right);
    }
    case ExprKind::kLogical: return Logical(As<LogicalExpr>(expr));
    case ExprKind::kIsTest: return IsTest(As<IsTestExpr>(expr));
    case ExprKind::kDistinct: {
      const auto& distinct = As<DistinctExpr>(expr);
      Operand(*distinct.left);
      Text(distinct.negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
      return Operand(*distinct.right);
    }
    case ExprKind::kIn: return In(As<InExpr>(expr));
    case ExprKind::kBetween: {
      const auto& between = As<BetweenExpr>(expr);
      Operand(*between.operand);
      Text(between.negated ? " NOT BETWEEN " : " BETWEEN ");
      if (between.symmetric) Text("SYMMETRIC ");
      Operand(*between.low);
      Text(" AND ");
      return Operand(*between.high);
    }
    case ExprKind::kLike: return Like(As<LikeExpr>(expr));
    case ExprKind::kQuantified: return Quantified(As<QuantifiedExpr>(expr));
    case ExprKind::kSubquery: {
      const auto& subquery = As<SubqueryExpr>(expr);
      if (subquery.subquery == SubqueryKind::kExists) Text("EXISTS ");
      if (subquery.subquery == SubqueryKind::kArray) Text("ARRAY");
      return ParenthesisedQuery(*subquery.query);
    }
    case ExprKind::kCase: return Case(As<CaseExpr>(expr));
    case ExprKind::kCast: return Cast(As<CastExpr>(expr));
    case ExprKind::kCollate:
      Operand(*As<CollateExpr>(expr).operand);
      Text(" COLLATE ");
      return PrintName(As<CollateExpr>(expr).collation);
    case ExprKind::kArray:
      Text("ARRAY[");
      Expressions(As<ArrayExpr>(expr).elements);
      return Text("]");
    case ExprKind::kSubscript: return Subscript(As<SubscriptExpr>(expr));
    case ExprKind::kFieldSelect: {
      const auto& select = As<FieldSelectExpr>(expr);
      if (Is<ColumnRefExpr>(*select.operand)) {   // a.f would be a column of table a
        Text("(");
        PrintExpr(*select.operand);
        Text(")");
      } else {
        Indirected(*select.operand);
      }
      Text(".");
      return select.field.empty() ? Text("*") : Identifier(select.field);
    }
    case ExprKind::kRow: {
      const auto& row = As<RowExpr>(expr);
      Text(row.explicit_row ? "ROW(" : "(");
      Expressions(row.elements);
      return Text(")");
    }
    case ExprKind::kFunctionCall: {
      const auto& call = As<FunctionCallExpr>(expr);
      return call.syntax == CallSyntax::kPlain ? Call(call) : SpecialCall(call);
    }
    case ExprKind::kCoalesce:
      Text("COALESCE(");
      Expressions(As<CoalesceExpr>(expr).args);
      return Text(")");
    case ExprKind::kNullIf:
      Text("NULLIF(");
      PrintExpr(*As<NullIfExpr>(expr).left);
      Text(", ");
      PrintExpr(*As<NullIfExpr>(expr).right);
      return Text(")");
    case ExprKind::kMinMax:
      Text(As<MinMaxExpr>(expr).greatest ? "GREATEST(" : "LEAST(");
      Expressions(As<MinMaxExpr>(expr).args);
      return Text(")");
    case ExprKind::kSqlValue: return SqlValue(As<SqlValueExpr>(expr));
    case ExprKind::kGrouping:
      Text("GROUPING(");
      Expressions(As<GroupingExpr>(expr).args);
      return Text(")");
    case ExprKind::kDefault: return Text("DEFAULT");
  }
}

void Printer::Literal(const LiteralExpr& literal) {
  switch (literal.literal) {
    case LiteralKind::kNull: return Text("NULL");
    case LiteralKind::kBoolean: case LiteralKind::kInteger: case LiteralKind::kNumeric: return Text(literal.text);
    case LiteralKind::kString: return Text(QuoteLiteral(literal.text));
    case LiteralKind::kBit:
      return Text(StrCat(literal.text.substr(0, 1), "'", DoubleMark(std::string_view(literal.text).substr(1), '\''), "'"));
  }
}

void Printer::Logical(const LogicalExpr& logical) {
  if (logical.op == LogicalOp::kNot) {
    Text("NOT ");
    return Operand(*logical.args[0]);
  }
  for (size_t i = 0; i < logical.args.size(); ++i) {
    if (i > 0) Text(logical.op == LogicalOp::kAnd ? " AND " : " OR ");
    Operand(*logical.args[i]);
  }
}

void Printer::IsTest(const IsTestExpr& test) {
  Operand(*test.operand);
  Text(test.negated ? " IS NOT " : " IS ");
  switch (test.test) {
    case IsTestKind::kNull: return Text("NULL");
    case IsTestKind::kTrue: return Text("TRUE");
    case IsTestKind::kFalse: return Text("FALSE");
    case IsTestKind::kUnknown: return Text("UNKNOWN");
    case IsTestKind::kDocument: return Text("DOCUMENT");
    case IsTestKind::kNormalized: return Text("NORMALIZED");
  }
}

void Printer::In(const InExpr& in) {
  Operand(*in.operand);
  Text(in.negated ? " NOT IN " : " IN ");
  if (in.query != nullptr) return ParenthesisedQuery(*in.query);
  Text("(");
  Expressions(in.list);
  Text(")");
}

void Printer::Like(const LikeExpr& like) {
  Operand(*like.operand);
  if (like.negated) Text(" NOT");
  Text(like.like == LikeKind::kLike ? " LIKE " : like.like == LikeKind::kILike ? " ILIKE " : " SIMILAR TO ");
  Operand(*like.pattern);
  if (like.escape == nullptr) return;
  Text(" ESCAPE ");
  Operand(*like.escape);
}

void Printer::Quantified(const QuantifiedExpr& quantified) {
  Operand(*quantified.left);
  Text(" ");
  Operator(quantified.op);
  Text(quantified.all ? " ALL " : " ANY ");
  if (quantified.query != nullptr) return ParenthesisedQuery(*quantified.query);
  Text("(");
  PrintExpr(*quantified.array);
  Text(")");
}

void Printer::Case(const CaseExpr& expr) {
  Text("CASE");
  if (expr.operand != nullptr) {
    Text(" ");
    PrintExpr(*expr.operand);
  }
  for (const CaseExpr::When& when : expr.whens) {
    Text(" WHEN ");
    PrintExpr(*when.condition);
    Text(" THEN ");
    PrintExpr(*when.result);
  }
  if (expr.otherwise != nullptr) {
    Text(" ELSE ");
    PrintExpr(*expr.otherwise);
  }
  Text(" END");
}

void Printer::Cast(const CastExpr& cast) {
  switch (cast.syntax) {
    case CastSyntax::kCast:
      Text("CAST(");
      PrintExpr(*cast.operand);
      Text(" AS ");
      PrintType(cast.type);
      return Text(")");
    case CastSyntax::kDoubleColon: {
      const bool parentheses = IsNegativeNumber(*cast.operand);
      if (parentheses) Text("(");
      Operand(*cast.operand);
      if (parentheses) Text(")");
      Text("::");
      return PrintType(cast.type);
    }
    case CastSyntax::kTypedLiteral: {
      // Length-less char and bit have no other spelling that keeps them length-less.
      const std::string& name = cast.type.name.name;
      const bool system = cast.type.name.schema == "pg_catalog" && cast.type.modifiers.empty();
      if (system && (name == "bpchar" || name == "bit")) {
        Text(name == "bit" ? "BIT" : "CHAR");
      } else if (system && name == "interval") {
        Text("interval");
      } else if (cast.type.interval_fields != 0) {
        Text("interval");
      } else {
        PrintType(cast.type);
      }
      Text(" ");
      PrintExpr(*cast.operand);
      return IntervalFields(cast.type);
    }
  }
}

/// The operand of [..] and .f: only these may stand without parentheses.
void Printer::Indirected(const Expr& operand) {
  const auto* subquery = TryAs<SubqueryExpr>(&operand);
  const bool plain = Is<ColumnRefExpr>(operand) || Is<ParameterExpr>(operand) || Is<SubscriptExpr>(operand) ||
                     Is<FieldSelectExpr>(operand) || (subquery != nullptr && subquery->subquery == SubqueryKind::kScalar);
  if (!plain) Text("(");
  PrintExpr(operand);
  if (!plain) Text(")");
}

void Printer::Subscript(const SubscriptExpr& subscript) {
  Indirected(*subscript.operand);
  Text("[");
  if (subscript.lower != nullptr) PrintExpr(*subscript.lower);
  if (subscript.slice) {
    Text(":");
    if (subscript.upper != nullptr) PrintExpr(*subscript.upper);
  }
  Text("]");
}

}  // namespace tsd::sql::parse
