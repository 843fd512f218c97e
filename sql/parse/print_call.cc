// Printing of calls, windows and types; names of output columns.
#include <array>

#include "engine/base/strings.h"
#include "sql/parse/printer.h"

namespace tsd::sql::parse {
namespace {

constexpr std::array<std::string_view, 6> kIntervalFieldNames = {"year", "month", "day", "hour", "minute", "second"};
constexpr std::array<std::string_view, 11> kSqlValueNames = {
    "current_date", "current_time", "current_timestamp", "localtime",       "localtimestamp", "current_role",
    "current_user", "user",         "session_user",      "current_catalog", "current_schema"};

bool IsIntervalField(std::string_view name) {
  for (const std::string_view field : kIntervalFieldNames) {
    if (field == name) return true;
  }
  return false;
}

}  // namespace

void Printer::Call(const FunctionCallExpr& call) {
  PrintName(call.name);
  Text("(");
  if (call.distinct) Text("DISTINCT ");
  if (call.star) Text("*");
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i > 0) Text(", ");
    if (call.variadic && i + 1 == call.args.size()) Text("VARIADIC ");
    if (!call.args[i].name.empty()) {
      Identifier(call.args[i].name);
      Text(" => ");
    }
    PrintExpr(*call.args[i].value);
  }
  if (!call.within_group) OrderBy(call.order_by);
  Text(")");
  if (call.within_group) {
    Text(" WITHIN GROUP (");
    OrderBy(call.order_by);
    Text(")");
  }
  if (call.filter != nullptr) {
    Text(" FILTER (WHERE ");
    PrintExpr(*call.filter);
    Text(")");
  }
  if (call.over == nullptr) return;
  Text(" OVER ");
  if (!call.over->reference.empty()) {
    Identifier(call.over->reference);
  } else {
    Window(*call.over);
  }
}

void Printer::SpecialCall(const FunctionCallExpr& call) {
  const auto arg = [&](size_t i) -> const Expr& { return *call.args[i].value; };
  // "KEYWORD(a0 WORD a1 WORD a2)", as many words as there are arguments.
  const auto words = [&](std::string_view head, std::string_view first, std::string_view second, std::string_view third) {
    Text(head);
    const std::string_view separators[] = {"", first, second, third};
    for (size_t i = 0; i < call.args.size(); ++i) {
      Text(separators[i]);
      PrintExpr(arg(i));
    }
    Text(")");
  };
  switch (call.syntax) {
    case CallSyntax::kPlain: return Call(call);
    case CallSyntax::kExtract: {
      const std::string& field = As<LiteralExpr>(arg(0)).text;
      const std::string quoted = QuoteIdentifier(field);
      Text("EXTRACT(");
      Text(quoted == field || IsIntervalField(field) ? field : QuoteLiteral(field));
      Text(" FROM ");
      PrintExpr(arg(1));
      return Text(")");
    }
    case CallSyntax::kPosition:
      Text("POSITION(");
      Operand(arg(1));
      Text(" IN ");
      Operand(arg(0));
      return Text(")");
    case CallSyntax::kSubstring: return words("SUBSTRING(", " FROM ", " FOR ", "");
    case CallSyntax::kSimilarSubstring: return words("SUBSTRING(", " SIMILAR ", " ESCAPE ", "");
    case CallSyntax::kOverlay: return words("OVERLAY(", " PLACING ", " FROM ", " FOR ");
    case CallSyntax::kTrim: return Trim(call);
    case CallSyntax::kNormalize:
      Text("NORMALIZE(");
      PrintExpr(arg(0));
      if (call.args.size() > 1) Text(StrCat(", ", As<LiteralExpr>(arg(1)).text));
      return Text(")");
    case CallSyntax::kAtTimeZone:
      Operand(arg(1));
      Text(" AT TIME ZONE ");
      return Operand(arg(0));
    case CallSyntax::kOverlaps:
      for (const size_t i : {size_t{0}, size_t{2}}) {
        if (i > 0) Text(" OVERLAPS ");
        Text("(");
        PrintExpr(arg(i));
        Text(", ");
        PrintExpr(arg(i + 1));
        Text(")");
      }
      return;
    case CallSyntax::kCollationFor:
      Text("COLLATION FOR (");
      PrintExpr(arg(0));
      return Text(")");
  }
}

void Printer::Trim(const FunctionCallExpr& call) {
  Text(call.name.name == "ltrim" ? "TRIM(LEADING " : call.name.name == "rtrim" ? "TRIM(TRAILING " : "TRIM(BOTH ");
  const size_t count = call.args.size();
  const size_t strings = count > 1 ? count - 1 : count;
  if (count > 1) {
    PrintExpr(*call.args.back().value);
    Text(" ");
  }
  Text("FROM ");
  for (size_t i = 0; i < strings; ++i) {
    if (i > 0) Text(", ");
    PrintExpr(*call.args[i].value);
  }
  Text(")");
}

void Printer::SqlValue(const SqlValueExpr& value) {
  std::string name(kSqlValueNames[static_cast<size_t>(value.value)]);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  Text(name);
  if (value.precision >= 0) Text(StrCat("(", value.precision, ")"));
}

void Printer::Window(const WindowSpec& spec) {
  Text("(");
  const char* space = "";
  if (!spec.base.empty()) {
    const bool frame_word = spec.base == "partition" || spec.base == "range" || spec.base == "rows" || spec.base == "groups";
    Text(frame_word ? StrCat("\"", spec.base, "\"") : QuoteIdentifier(spec.base));
    space = " ";
  }
  if (!spec.partition_by.empty()) {
    Text(space);
    Text("PARTITION BY ");
    Expressions(spec.partition_by);
  }
  OrderBy(spec.order_by);
  if (spec.frame.has_value()) Frame(*spec.frame);
  Text(")");
}

void Printer::Frame(const WindowFrame& frame) {
  Text(frame.mode == FrameMode::kRange ? " RANGE" : frame.mode == FrameMode::kRows ? " ROWS" : " GROUPS");
  Text(" BETWEEN ");
  Bound(frame.start);
  Text(" AND ");
  Bound(frame.end);
  if (frame.exclusion == FrameExclusion::kCurrentRow) Text(" EXCLUDE CURRENT ROW");
  if (frame.exclusion == FrameExclusion::kGroup) Text(" EXCLUDE GROUP");
  if (frame.exclusion == FrameExclusion::kTies) Text(" EXCLUDE TIES");
}

void Printer::Bound(const FrameBound& bound) {
  switch (bound.bound) {
    case FrameBoundKind::kUnboundedPreceding: return Text("UNBOUNDED PRECEDING");
    case FrameBoundKind::kUnboundedFollowing: return Text("UNBOUNDED FOLLOWING");
    case FrameBoundKind::kCurrentRow: return Text("CURRENT ROW");
    case FrameBoundKind::kPreceding: case FrameBoundKind::kFollowing: break;
  }
  Text("(");
  PrintExpr(*bound.offset);
  Text(bound.bound == FrameBoundKind::kPreceding ? ") PRECEDING" : ") FOLLOWING");
}

void Printer::OrderBy(const std::vector<SortItem>& items) {
  if (items.empty()) return;
  Text(" ORDER BY ");
  for (size_t i = 0; i < items.size(); ++i) {
    const SortItem& item = items[i];
    if (i > 0) Text(", ");
    PrintExpr(*item.expr);
    if (item.order == SortOrder::kAscending) Text(" ASC");
    if (item.order == SortOrder::kDescending) Text(" DESC");
    if (item.order == SortOrder::kUsing) {
      Text(" USING ");
      Operator(item.using_op);
    }
    if (item.nulls == NullsOrder::kFirst) Text(" NULLS FIRST");
    if (item.nulls == NullsOrder::kLast) Text(" NULLS LAST");
  }
}

std::string PrintType(const TypeName& type) {
  Printer printer;
  printer.PrintType(type);
  return printer.Take();
}

std::string PrintName(const ObjectName& name) {
  Printer printer;
  printer.PrintName(name);
  return printer.Take();
}

void Printer::PrintType(const TypeName& type) {
  if (type.setof) Text("SETOF ");
  if (!StandardType(type)) {
    PrintName(type.name);
    Modifiers(type);
  }
  for (const int bound : type.array_bounds) Text(bound < 0 ? std::string("[]") : StrCat("[", bound, "]"));
}

void Printer::Modifiers(const TypeName& type) {
  if (type.modifiers.empty()) return;
  Text("(");
  Expressions(type.modifiers);
  Text(")");
}

/// PostgreSQL's internal name under its SQL spelling, where that reads back as the same.
bool Printer::StandardType(const TypeName& type) {
  if (type.name.schema != "pg_catalog" || !type.name.catalog.empty()) return false;
  struct Spelling { std::string_view name, before, after; bool plain, one_integer; };   // plain: takes no modifiers
  static constexpr Spelling kSpellings[] = {
      {"int2", "smallint", "", true, false},
      {"int4", "integer", "", true, false},
      {"int8", "bigint", "", true, false},
      {"float4", "real", "", true, false},
      {"float8", "double precision", "", true, false},
      {"bool", "boolean", "", true, false},
      {"numeric", "numeric", "", false, false},
      {"varchar", "character varying", "", false, true},
      {"varbit", "bit varying", "", false, false},
      {"time", "time", " without time zone", false, true},
      {"timetz", "time", " with time zone", false, true},
      {"timestamp", "timestamp", " without time zone", false, true},
      {"timestamptz", "timestamp", " with time zone", false, true},
      {"interval", "interval", "", false, true},
      {"bpchar", "character", "", false, true},
      {"bit", "bit", "", false, false},
  };
  const bool has_modifiers = !type.modifiers.empty();
  const auto* literal = type.modifiers.size() == 1 ? TryAs<LiteralExpr>(type.modifiers[0].get()) : nullptr;
  const bool one_integer = literal != nullptr && literal->literal == LiteralKind::kInteger && literal->text[0] != '-';
  for (const Spelling& spelling : kSpellings) {
    if (spelling.name != type.name.name) continue;
    if (spelling.plain && has_modifiers) return false;
    if (spelling.one_integer && has_modifiers && !one_integer) return false;
    if ((spelling.name == "bpchar" || spelling.name == "bit") && !has_modifiers) return false;
    Text(spelling.before);
    if (type.interval_fields != 0) {
      IntervalFields(type);
    } else {
      Modifiers(type);
    }
    Text(spelling.after);
    return true;
  }
  return false;
}

void Printer::IntervalFields(const TypeName& type) {
  if (type.interval_fields == 0) return;
  size_t first = 0, last = 0;
  for (size_t i = kIntervalFieldNames.size(); i-- > 0;) {
    if ((type.interval_fields >> i & 1) != 0) first = i;
  }
  for (size_t i = 0; i < kIntervalFieldNames.size(); ++i) {
    if ((type.interval_fields >> i & 1) != 0) last = i;
  }
  Text(" ");
  Text(kIntervalFieldNames[first]);
  if (last != first) Text(StrCat(" to ", kIntervalFieldNames[last]));
  Modifiers(type);
}

namespace {

constexpr int kNoName = 0, kWeakName = 1, kStrongName = 2;

int FigureName(const Expr& expr, std::string* name);

int FigureSubqueryName(const Query& query, std::string* name) {
  const Query* first = &query;
  while (first->kind == QueryKind::kSetOperation) first = first->set.left.get();
  *name = "?column?";
  if (first->kind == QueryKind::kValues) {
    *name = "column1";
  } else if (!first->select.targets.empty()) {
    const TargetItem& target = first->select.targets[0];
    *name = target.alias.empty() ? OutputColumnName(*target.expr) : target.alias;
  }
  return kStrongName;
}

int FigureName(const Expr& expr, std::string* name) {
  const auto strong = [&](std::string_view text) {
    *name = text;
    return kStrongName;
  };
  switch (expr.kind) {
    case ExprKind::kColumnRef: return strong(As<ColumnRefExpr>(expr).parts.back());
    case ExprKind::kFieldSelect: {
      const auto& select = As<FieldSelectExpr>(expr);
      return select.field.empty() ? FigureName(*select.operand, name) : strong(select.field);
    }
    case ExprKind::kSubscript: return FigureName(*As<SubscriptExpr>(expr).operand, name);
    case ExprKind::kFunctionCall: return strong(As<FunctionCallExpr>(expr).name.name);
    case ExprKind::kNullIf: return strong("nullif");
    case ExprKind::kCoalesce: return strong("coalesce");
    case ExprKind::kMinMax: return strong(As<MinMaxExpr>(expr).greatest ? "greatest" : "least");
    case ExprKind::kGrouping: return strong("grouping");
    case ExprKind::kArray: return strong("array");
    case ExprKind::kRow: return strong("row");
    case ExprKind::kSqlValue: return strong(kSqlValueNames[static_cast<size_t>(As<SqlValueExpr>(expr).value)]);
    case ExprKind::kCollate: return FigureName(*As<CollateExpr>(expr).operand, name);
    case ExprKind::kSubquery: {
      const auto& subquery = As<SubqueryExpr>(expr);
      if (subquery.subquery == SubqueryKind::kExists) return strong("exists");
      if (subquery.subquery == SubqueryKind::kArray) return strong("array");
      return FigureSubqueryName(*subquery.query, name);
    }
    case ExprKind::kLiteral:   // PostgreSQL reads TRUE as 't'::bool
      if (As<LiteralExpr>(expr).literal != LiteralKind::kBoolean) return kNoName;
      *name = "bool";
      return kWeakName;
    case ExprKind::kCast: {
      const auto& cast = As<CastExpr>(expr);
      const int strength = FigureName(*cast.operand, name);
      if (strength > kWeakName) return strength;
      *name = cast.type.name.name;
      return kWeakName;
    }
    case ExprKind::kCase: {
      const auto& node = As<CaseExpr>(expr);
      const int strength = node.otherwise != nullptr ? FigureName(*node.otherwise, name) : kNoName;
      if (strength > kWeakName) return strength;
      *name = "case";
      return kWeakName;
    }
    default: return kNoName;
  }
}

}  // namespace

std::string OutputColumnName(const Expr& expr) {
  std::string name;
  return FigureName(expr, &name) == kNoName ? "?column?" : name;
}

}  // namespace tsd::sql::parse
