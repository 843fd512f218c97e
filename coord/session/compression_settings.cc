#include "coord/session/compression_settings.h"

#include <algorithm>

#include "engine/base/strings.h"
#include "engine/types/text_form.h"
#include "sql/parse/parser.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees

namespace {

Status BadList(std::string_view what, const std::string& text) {
  return WithHint(Error(sqlstate::kInvalidParameterValue, StrCat("unable to parse ", what, " option \"", text, "\"")),
                  StrCat("The ", what == "ordering" ? "timescaledb.compress_orderby option must be a set of column names with sort options, as in an ORDER BY"
                                                    : "timescaledb.compress_segmentby option must be a set of column names",
                         "."));
}

StatusOr<const sql::Column*> ColumnOf(const sql::Relation& relation, const Expr& expr, std::string_view what, std::string_view option, const std::string& text) {
  const auto* reference = TryAs<ColumnRefExpr>(&expr);
  if (reference == nullptr || reference->parts.size() != 1) return BadList(what, text);
  const sql::Column* column = relation.Find(reference->parts[0]);
  if (column == nullptr) {
    return WithHint(Error(sqlstate::kUndefinedColumn, StrCat("column \"", reference->parts[0], "\" does not exist")),
                    StrCat("The timescaledb.", option, " option must reference a valid column."));
  }
  return column;
}

// The parsed `SELECT 1 ORDER BY <text>`; null when it is not one.
const Query* OrderClause(const StatusOr<std::vector<ParsedStatement>>& parsed) {
  if (!parsed.ok() || parsed->size() != 1) return nullptr;
  const auto* select = TryAs<SelectStatement>((*parsed)[0].statement.get());
  return select != nullptr && select->query->limit == nullptr && select->query->offset == nullptr ? select->query.get() : nullptr;
}

Status Duplicate(const sql::Column& column) { return Error(sqlstate::kDuplicateColumn, StrCat("duplicate column name \"", column.name, "\"")); }

Status ReadSegmentBy(const std::string& text, const sql::Relation& relation, sql::Compression* compression) {
  compression->segment_by.clear();
  if (text.empty()) return OkStatus();
  const StatusOr<std::vector<ParsedStatement>> parsed = ParseSql(StrCat("SELECT 1 ORDER BY ", text));
  const Query* query = OrderClause(parsed);
  if (query == nullptr) return BadList("segmenting", text);
  for (const SortItem& item : query->order_by) {
    if (item.order != SortOrder::kDefault || item.nulls != NullsOrder::kDefault) return BadList("segmenting", text);
    ASSIGN_OR_RETURN(const sql::Column* column, ColumnOf(relation, *item.expr, "segmenting", "compress_segmentby", text));
    if (std::ranges::find(compression->segment_by, column->id) != compression->segment_by.end()) return Duplicate(*column);
    compression->segment_by.push_back(column->id);
  }
  return OkStatus();
}

Status ReadOrderBy(const std::string& text, const sql::Relation& relation, sql::Compression* compression) {
  compression->order_by.clear();
  if (text.empty()) return OkStatus();
  const StatusOr<std::vector<ParsedStatement>> parsed = ParseSql(StrCat("SELECT 1 ORDER BY ", text));
  const Query* query = OrderClause(parsed);
  if (query == nullptr) return BadList("ordering", text);
  for (const SortItem& item : query->order_by) {
    if (item.order == SortOrder::kUsing) return BadList("ordering", text);
    ASSIGN_OR_RETURN(const sql::Column* column, ColumnOf(relation, *item.expr, "ordering", "compress_orderby", text));
    for (const auto& order : compression->order_by) {
      if (order.column == column->id) return Duplicate(*column);
    }
    const bool descending = item.order == SortOrder::kDescending;
    compression->order_by.push_back({column->id, descending, item.nulls == NullsOrder::kDefault ? descending : item.nulls == NullsOrder::kFirst});
  }
  return OkStatus();
}

}  // namespace

Status SetCompression(const std::vector<Option>& options, sql::Relation* relation) {
  if (!relation->hypertable) {
    return Error(sqlstate::kHypertableNotExist, StrCat("table \"", relation->name, "\" is not a hypertable"));
  }
  std::optional<bool> on;
  sql::Compression compression = relation->hypertable->compression.value_or(sql::Compression());
  bool orders = false, segments = false;
  for (const Option& option : options) {
    if (option.name == "compress") {
      ASSIGN_OR_RETURN(on, option.value_kind == OptionValueKind::kNone ? StatusOr<bool>(true) : ParseBool(option.text));
    } else if (option.name == "compress_segmentby") {
      segments = true;
      RETURN_IF_ERROR(ReadSegmentBy(option.text, *relation, &compression));
    } else if (option.name == "compress_orderby") {
      orders = true;
      RETURN_IF_ERROR(ReadOrderBy(option.text, *relation, &compression));
    } else if (option.name == "compress_chunk_time_interval") {
      return Error(sqlstate::kFeatureNotSupported, "timescaledb.compress_chunk_time_interval is not supported");
    } else {
      return Error(sqlstate::kInvalidParameterValue, StrCat("unrecognized parameter \"timescaledb.", option.name, "\""));
    }
  }
  const bool was_on = relation->hypertable->compression.has_value();
  if (on.has_value() && !*on) {
    if (orders || segments) return Error(sqlstate::kInvalidParameterValue, "compression options cannot be set while compression is turned off");
    relation->hypertable->compression.reset();
    return OkStatus();
  }
  if (!on.has_value() && !was_on) {
    return WithHint(Error(sqlstate::kInvalidParameterValue, "the option timescaledb.compress must be set to true to enable compression"),
                    "Add timescaledb.compress to the list of options.");
  }
  if (compression.order_by.empty()) compression.order_by.push_back({relation->hypertable->time().column, true, true});
  for (const auto& order : compression.order_by) {
    if (std::ranges::find(compression.segment_by, order.column) == compression.segment_by.end()) continue;
    return WithHint(Error(sqlstate::kInvalidParameterValue,
                          StrCat("cannot use column \"", relation->Find(order.column)->name, "\" for both ordering and segmenting")),
                    "Use separate columns for the timescaledb.compress_orderby and timescaledb.compress_segmentby options.");
  }
  // The newest rows of a segment are found by time, so time is always part of the order.
  const ColumnId time = relation->hypertable->time().column;
  const bool by_time = std::ranges::any_of(compression.order_by, [&](const auto& order) { return order.column == time; });
  if (!by_time) compression.order_by.push_back({time, true, true});
  relation->hypertable->compression = std::move(compression);
  return OkStatus();
}

}  // namespace tsd::coord
