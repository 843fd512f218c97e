// Table functions that need no catalog: generate_series, unnest, generate_subscripts, regexp_matches, regexp_split_to_table,
// string_to_table, JSON members, pg_options_to_table. Results are produced batch by batch.
#include <algorithm>
#include <functional>

#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/compare.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/numeric.h"
#include "sql/function/json_slices.h"
#include "sql/function/patterns.h"
#include "sql/function/registry_builder.h"
#include "sql/function/utf8.h"
#include "sql/parse/keywords.h"

namespace tsd::sql {
namespace {

bool AnyNullValue(std::span<const Value> arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const Value& value) { return value.IsNull(); });
}

/// Rows that were all made at the start.
class RowsRun final : public TableFunctionRun {
 public:
  explicit RowsRun(ColumnBatch rows) : rows_(std::move(rows)) {}
  StatusOr<ColumnBatch> Next() override {
    const size_t end = std::min(rows_.rows(), at_ + kDefaultBatchRows);
    ColumnBatch batch = rows_.Slice(at_, end);
    at_ = end;
    return batch;
  }

 private:
  ColumnBatch rows_;
  size_t at_ = 0;
};

std::unique_ptr<TableFunctionRun> RunRows(ColumnBatch rows) { return std::make_unique<RowsRun>(std::move(rows)); }
std::unique_ptr<TableFunctionRun> RunColumn(std::shared_ptr<Vector> column) {
  const size_t rows = column->size();
  return RunRows(ColumnBatch({std::move(column)}, rows));
}
std::unique_ptr<TableFunctionRun> RunNothing(std::span<const OutputColumn> columns) {
  std::vector<VectorPtr> empty;
  for (const OutputColumn& column : columns) empty.push_back(std::make_shared<Vector>(column.type));
  return RunRows(ColumnBatch(std::move(empty), 0));
}

/// generate_series: `advance` appends the next value, or tells that the series has ended.
class SeriesRun final : public TableFunctionRun {
 public:
  using Advance = std::function<StatusOr<bool>(Vector& out)>;
  SeriesRun(DataType type, Advance advance, const ExecContext& context) : type_(type), advance_(std::move(advance)), context_(context) {}

  StatusOr<ColumnBatch> Next() override {
    if (context_.IsCancelled()) return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
    auto column = std::make_shared<Vector>(type_);
    while (!ended_ && column->size() < kDefaultBatchRows) {
      ASSIGN_OR_RETURN(const bool more, advance_(*column));
      ended_ = !more;
    }
    const size_t rows = column->size();
    return ColumnBatch({std::move(column)}, rows);
  }

 private:
  DataType type_;
  Advance advance_;
  const ExecContext& context_;
  bool ended_ = false;
};

Status StepIsZero() { return Error(sqlstate::kInvalidParameterValue, "step size cannot equal zero"); }

template <typename T>
StatusOr<std::unique_ptr<TableFunctionRun>> IntegerSeries(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                          const ExecContext& context) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  const int64_t stop = arguments[1].AsInteger();
  const int64_t step = arguments.size() > 2 ? arguments[2].AsInteger() : 1;
  if (step == 0) return StepIsZero();
  auto advance = [next = arguments[0].AsInteger(), stop, step, ended = false](Vector& out) mutable -> StatusOr<bool> {
    if (ended || (step > 0 ? next > stop : next < stop)) return false;
    out.Append<T>(static_cast<T>(next));
    ended = __builtin_add_overflow(next, step, &next);
    return true;
  };
  return std::unique_ptr<TableFunctionRun>(std::make_unique<SeriesRun>(columns[0].type, std::move(advance), context));
}

StatusOr<std::unique_ptr<TableFunctionRun>> NumericSeries(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                          const ExecContext& context) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  ASSIGN_OR_RETURN(Numeric start, Numeric::Decode(arguments[0].AsBytes()));
  ASSIGN_OR_RETURN(Numeric stop, Numeric::Decode(arguments[1].AsBytes()));
  Numeric step = Numeric::FromInt64(1);
  if (arguments.size() > 2) {
    ASSIGN_OR_RETURN(step, Numeric::Decode(arguments[2].AsBytes()));
  }
  const std::pair<const Numeric*, std::string_view> checked[] = {{&start, "start value"}, {&stop, "stop value"}, {&step, "step size"}};
  for (const auto& [value, name] : checked) {
    if (value->IsNaN()) return Error(sqlstate::kInvalidParameterValue, StrCat(name, " cannot be NaN"));
    if (!value->IsFinite()) return Error(sqlstate::kInvalidParameterValue, StrCat(name, " cannot be infinity"));
  }
  if (step.IsZero()) return StepIsZero();
  auto advance = [next = start, stop, step](Vector& out) mutable -> StatusOr<bool> {
    if (step.Sign() > 0 ? stop < next : next < stop) return false;
    out.AppendBytes(next.Encode());
    ASSIGN_OR_RETURN(next, Numeric::Add(next, step));
    return true;
  };
  return std::unique_ptr<TableFunctionRun>(std::make_unique<SeriesRun>(columns[0].type, std::move(advance), context));
}

StatusOr<std::unique_ptr<TableFunctionRun>> TimestampSeries(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                            const ExecContext& context) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  const int64_t stop = arguments[1].AsInteger();
  const Interval step = arguments[2].AsInterval();
  const bool zoned = columns[0].type.Is(TypeId::kTimestampTz);
  if (step == Interval()) return StepIsZero();
  const bool rising = Interval() < step;
  auto advance = [next = arguments[0].AsInteger(), stop, step, rising, zoned, zone = context.datetime.zone](Vector& out) mutable -> StatusOr<bool> {
    if (rising ? next > stop : next < stop) return false;
    out.Append<int64_t>(next);
    // An infinite end is reached by nothing but an infinite start, which would stay there.
    if (!IsFiniteTimestamp(next)) return false;
    ASSIGN_OR_RETURN(next, zoned ? AddIntervalTz(next, step, zone) : AddInterval(next, step));
    return true;
  };
  return std::unique_ptr<TableFunctionRun>(std::make_unique<SeriesRun>(columns[0].type, std::move(advance), context));
}

// ---- arrays ----
StatusOr<std::unique_ptr<TableFunctionRun>> Unnest(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                   const ExecContext&) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::Decode(arguments[0].type().Element().WithoutTypmod(), arguments[0].AsBytes()));
  auto column = std::make_shared<Vector>(columns[0].type);
  if (array.element_type().Physical() != columns[0].type.Physical()) return Error(sqlstate::kInternalError, "unnest: element type");
  column->AppendRange(array.elements(), 0, array.size());
  return RunColumn(std::move(column));
}

/// information_schema._pg_expandarray: JDBC takes keys apart with it.
StatusOr<std::unique_ptr<TableFunctionRun>> ExpandArray(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                        const ExecContext&) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::Decode(TypeId::kInt16, arguments[0].AsBytes()));
  auto values = std::make_shared<Vector>(DataType(TypeId::kInt16));
  auto numbers = std::make_shared<Vector>(DataType(TypeId::kInt32));
  values->AppendRange(array.elements(), 0, array.size());
  for (size_t i = 0; i < array.size(); ++i) numbers->Append<int32_t>(static_cast<int32_t>(i + 1));
  return RunRows(ColumnBatch({std::move(values), std::move(numbers)}, array.size()));
}

StatusOr<std::unique_ptr<TableFunctionRun>> GenerateSubscripts(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                               const ExecContext&) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::Decode(arguments[0].type().Element().WithoutTypmod(), arguments[0].AsBytes()));
  const int64_t number = arguments[1].AsInteger();
  if (number < 1 || number > static_cast<int64_t>(array.dimensions().size())) return RunNothing(columns);
  const ArrayDimension& dimension = array.dimensions()[static_cast<size_t>(number) - 1];
  const bool reverse = arguments.size() > 2 && arguments[2].AsBool();
  auto column = std::make_shared<Vector>(DataType(TypeId::kInt32));
  for (int32_t i = 0; i < dimension.length; ++i) {
    column->Append<int32_t>(dimension.lower_bound + (reverse ? dimension.length - 1 - i : i));
  }
  return RunColumn(std::move(column));
}

// ---- text ----
StatusOr<std::shared_ptr<const Regex>> RegexOf(std::span<const Value> arguments, RegexOptions* options) {
  if (arguments.size() > 2) {
    ASSIGN_OR_RETURN(*options, ParseRegexFlags(arguments[2].AsBytes()));
  }
  return Regex::Compile(arguments[1].AsBytes(), *options);
}

StatusOr<std::unique_ptr<TableFunctionRun>> RegexpMatches(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                          const ExecContext&) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  RegexOptions options;
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, RegexOf(arguments, &options));
  const std::string& text = arguments[0].AsBytes();
  ASSIGN_OR_RETURN(std::vector<RegexMatch> matches, AllMatches(*regex, text, options.global));
  auto column = std::make_shared<Vector>(columns[0].type);
  for (const RegexMatch& match : matches) column->AppendBytes(GroupsAsArray(text, match).Encode());
  return RunColumn(std::move(column));
}

StatusOr<std::unique_ptr<TableFunctionRun>> RegexpSplit(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                        const ExecContext&) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  RegexOptions options;
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, RegexOf(arguments, &options));
  if (options.global) {
    return Error(sqlstate::kInvalidParameterValue, "regexp_split_to_table() does not support the \"global\" option");
  }
  ASSIGN_OR_RETURN(std::vector<std::string_view> pieces, SplitByRegex(*regex, arguments[0].AsBytes()));
  auto column = std::make_shared<Vector>(columns[0].type);
  for (std::string_view piece : pieces) column->AppendBytes(piece);
  return RunColumn(std::move(column));
}

StatusOr<std::unique_ptr<TableFunctionRun>> StringToTable(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                          const ExecContext&) {
  if (arguments[0].IsNull() || arguments[0].AsBytes().empty()) return RunNothing(columns);
  const std::string& text = arguments[0].AsBytes();
  auto column = std::make_shared<Vector>(columns[0].type);
  const auto put = [&](std::string_view piece) {
    if (arguments.size() > 2 && !arguments[2].IsNull() && piece == arguments[2].AsBytes()) {
      column->AppendNull();
    } else {
      column->AppendBytes(piece);
    }
  };
  const std::string_view view = text;
  if (arguments[1].IsNull()) {
    for (size_t at = 0; at < view.size(); at += CharLength(view, at)) put(view.substr(at, CharLength(view, at)));
    return RunColumn(std::move(column));
  }
  const std::string& separator = arguments[1].AsBytes();
  size_t begin = 0;
  for (size_t at = separator.empty() ? std::string::npos : text.find(separator); at != std::string::npos; at = text.find(separator, begin)) {
    put(view.substr(begin, at - begin));
    begin = at + separator.size();
  }
  put(view.substr(begin));
  return RunColumn(std::move(column));
}

// ---- JSON ----
void AppendMemberText(std::string_view value, Vector& out) {
  const std::string_view kind = JsonKind(value);
  if (kind == "null") {
    out.AppendNull();
  } else {
    out.AppendBytes(kind == "string" ? JsonStringText(value) : std::string(value));
  }
}

enum class JsonRows : uint8_t { kElements, kKeys, kPairs };

/// The last column's type says whether values are shown as JSON or as text.
template <JsonRows kWhat>
StatusOr<std::unique_ptr<TableFunctionRun>> JsonTable(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                      const ExecContext&) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  const std::string& text = arguments[0].AsBytes();
  const std::string_view wanted = kWhat == JsonRows::kElements ? "array" : "object";
  if (JsonKind(text) != wanted) {
    return Error(sqlstate::kInvalidParameterValue, kWhat == JsonRows::kElements ? "cannot extract elements from a scalar or an object"
                                                                                : "cannot call this function on a non-object");
  }
  std::vector<std::shared_ptr<Vector>> results;
  for (const OutputColumn& column : columns) results.push_back(std::make_shared<Vector>(column.type));
  for (const JsonMember& member : JsonMembers(text)) {
    if (kWhat != JsonRows::kElements) results[0]->AppendBytes(JsonStringText(member.key));
    if (kWhat == JsonRows::kKeys) continue;
    if (columns.back().type.Is(TypeId::kText)) {
      AppendMemberText(member.value, *results.back());
    } else {
      results.back()->AppendBytes(member.value);
    }
  }
  const size_t rows = results[0]->size();
  return RunRows(ColumnBatch(std::vector<VectorPtr>(results.begin(), results.end()), rows));
}

void RegisterJsonTables(RegistryBuilder& builder) {
  for (std::string_view type : {"json", "jsonb"}) {
    const DataType json = type == "json" ? TypeId::kJson : TypeId::kJsonb;
    builder.Table(StrCat(type, "_array_elements"), type, type, JsonTable<JsonRows::kElements>, {{"value", json}});
    builder.Table(StrCat(type, "_array_elements_text"), type, "text", JsonTable<JsonRows::kElements>, {{"value", TypeId::kText}});
    builder.Table(StrCat(type, "_object_keys"), type, "text", JsonTable<JsonRows::kKeys>);
    builder.Table(StrCat(type, "_each"), type, "record", JsonTable<JsonRows::kPairs>, {{"key", TypeId::kText}, {"value", json}});
    builder.Table(StrCat(type, "_each_text"), type, "record", JsonTable<JsonRows::kPairs>,
                  {{"key", TypeId::kText}, {"value", TypeId::kText}});
  }
}

/// 'name=value' items of options columns.
StatusOr<std::unique_ptr<TableFunctionRun>> OptionsToTable(std::span<const Value> arguments, std::span<const OutputColumn> columns,
                                                           const ExecContext&) {
  if (AnyNullValue(arguments)) return RunNothing(columns);
  ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::Decode(DataType(TypeId::kText), arguments[0].AsBytes()));
  auto names = std::make_shared<Vector>(columns[0].type);
  auto values = std::make_shared<Vector>(columns[1].type);
  for (size_t i = 0; i < array.size(); ++i) {
    if (array.elements().IsNull(i)) continue;
    const std::string_view item = array.elements().GetBytes(i);
    const size_t equals = item.find('=');
    names->AppendBytes(item.substr(0, equals));
    if (equals == std::string_view::npos) {
      values->AppendNull();
    } else {
      values->AppendBytes(item.substr(equals + 1));
    }
  }
  const size_t rows = names->size();
  return RunRows(ColumnBatch({std::move(names), std::move(values)}, rows));
}

StatusOr<std::unique_ptr<TableFunctionRun>> Keywords(std::span<const Value>, std::span<const OutputColumn>, const ExecContext&) {
  static constexpr parse::Keyword kAll[] = {
#define TSD_KEYWORD(enumerator, word, keyword_class, label) parse::Keyword::enumerator,
#include "sql/parse/keyword_list.inc"
#undef TSD_KEYWORD
  };
  struct ClassText {
    const char* code;
    const char* description;
  };
  static constexpr ClassText kClasses[] = {{"U", "unreserved"},
                                           {"C", "unreserved (cannot be function or type name)"},
                                           {"T", "reserved (can be function or type name)"},
                                           {"R", "reserved"}};
  BatchBuilder rows({TypeId::kText, TypeId::kChar, TypeId::kBool, TypeId::kText, TypeId::kText});
  for (const parse::Keyword keyword : kAll) {
    const parse::KeywordInfo& info = parse::InfoOf(keyword);
    const ClassText& text = kClasses[static_cast<size_t>(info.keyword_class)];
    const bool bare = info.label == parse::LabelUse::kBare;
    rows.column(0).AppendBytes(info.word);
    rows.column(1).AppendBytes(text.code);
    rows.column(2).Append<uint8_t>(bare ? 1 : 0);
    rows.column(3).AppendBytes(text.description);
    rows.column(4).AppendBytes(bare ? "can be bare label" : "requires AS");
    rows.FinishRow();
  }
  return RunRows(rows.Finish());
}

}  // namespace

void RegisterTableFunctions(RegistryBuilder& builder) {
  builder.Table("generate_series", "int4,int4", "int4", IntegerSeries<int32_t>);
  builder.Table("generate_series", "int4,int4,int4", "int4", IntegerSeries<int32_t>);
  builder.Table("generate_series", "int8,int8", "int8", IntegerSeries<int64_t>);
  builder.Table("generate_series", "int8,int8,int8", "int8", IntegerSeries<int64_t>);
  builder.Table("generate_series", "numeric,numeric", "numeric", NumericSeries);
  builder.Table("generate_series", "numeric,numeric,numeric", "numeric", NumericSeries);
  builder.Table("generate_series", "timestamp,timestamp,interval", "timestamp", TimestampSeries);
  Stable(builder.Table("generate_series", "timestamptz,timestamptz,interval", "timestamptz", TimestampSeries));
  builder.Table("unnest", "anyarray", "anyelement", Unnest);
  builder.Table("_pg_expandarray", "_int2", "record", ExpandArray, {{"x", TypeId::kInt16}, {"n", TypeId::kInt32}}).schema = "information_schema";
  builder.Table("generate_subscripts", "anyarray,int4", "int4", GenerateSubscripts);
  builder.Table("generate_subscripts", "anyarray,int4,bool", "int4", GenerateSubscripts);
  builder.Table("regexp_matches", "text,text", "_text", RegexpMatches);
  builder.Table("regexp_matches", "text,text,text", "_text", RegexpMatches);
  builder.Table("regexp_split_to_table", "text,text", "text", RegexpSplit);
  builder.Table("regexp_split_to_table", "text,text,text", "text", RegexpSplit);
  NotStrict(builder.Table("string_to_table", "text,text", "text", StringToTable));
  NotStrict(builder.Table("string_to_table", "text,text,text", "text", StringToTable));
  RegisterJsonTables(builder);
  builder.Table("pg_get_keywords", "", "record", Keywords,
                {{"word", TypeId::kText}, {"catcode", TypeId::kChar}, {"barelabel", TypeId::kBool}, {"catdesc", TypeId::kText}, {"baredesc", TypeId::kText}});
  builder.Table("pg_options_to_table", "_text", "record", OptionsToTable,
                {{"option_name", TypeId::kText}, {"option_value", TypeId::kText}});
  NotStrict(builder.Table("pg_show_all_settings", "", "record", nullptr,
                          {{"name", TypeId::kText}, {"setting", TypeId::kText}, {"unit", TypeId::kText}, {"category", TypeId::kText},
                           {"short_desc", TypeId::kText}, {"extra_desc", TypeId::kText}, {"context", TypeId::kText},
                           {"vartype", TypeId::kText}, {"source", TypeId::kText}, {"min_val", TypeId::kText}, {"max_val", TypeId::kText},
                           {"enumvals", DataType::ArrayOf(TypeId::kText)}, {"boot_val", TypeId::kText}, {"reset_val", TypeId::kText},
                           {"sourcefile", TypeId::kText}, {"sourceline", TypeId::kInt32}, {"pending_restart", TypeId::kBool}}));
}

}  // namespace tsd::sql
