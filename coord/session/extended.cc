// The extended protocol: prepared statements and portals.
#include <algorithm>

#include "coord/session/session.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "engine/types/binary_form.h"
#include "engine/types/text_columns.h"

namespace tsd::coord {

using net::pg::ParameterValue;
using net::pg::ResultSink;
using net::pg::RowDescription;
using net::pg::StatementDescription;
using sql::parse::StatementKind;

StatusOr<std::shared_ptr<PreparedStatement>> Session::PrepareText(std::string text, std::vector<DataType> parameter_types) {
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->text = std::move(text);
  ASSIGN_OR_RETURN(std::vector<sql::parse::ParsedStatement> parsed, sql::parse::ParseSql(prepared->text));
  prepared->parsed = std::make_shared<std::vector<sql::parse::ParsedStatement>>(std::move(parsed));
  if (prepared->parsed->size() > 1) {
    return Error(sqlstate::kSyntaxError, "cannot insert multiple commands into a prepared statement");
  }
  prepared->parameter_types = std::move(parameter_types);
  if (prepared->statement() != nullptr) {
    RETURN_IF_ERROR(CheckBlockAllows(*prepared->statement()));
    ASSIGN_OR_RETURN(prepared->columns, DescribeRows(prepared->statement(), &prepared->parameter_types, &prepared->binding));
  }
  for (DataType& type : prepared->parameter_types) {
    if (type.Is(TypeId::kUnknown)) type = TypeId::kText;
  }
  return prepared;
}

Task<Status> Session::Parse(std::string name, std::string text, std::vector<uint32_t> parameter_oids) {
  BeginStatementClock();
  CO_RETURN_IF_ERROR(co_await BeginImplicit());
  RefreshContexts();
  if (!name.empty() && prepared_.contains(name)) {
    co_return Error(sqlstate::kDuplicatePreparedStatement, StrCat("prepared statement \"", name, "\" already exists"));
  }
  std::vector<DataType> types;
  for (size_t i = 0; i < parameter_oids.size(); ++i) {
    bool known = true;
    types.push_back(parameter_oids[i] == 0 ? DataType(TypeId::kUnknown) : TypeFromOid(parameter_oids[i], &known));
    if (!known) co_return Error(sqlstate::kUndefinedObject, StrCat("type with OID ", parameter_oids[i], " does not exist"));
  }
  if (name.empty()) prepared_.erase("");
  CO_ASSIGN_OR_RETURN(std::shared_ptr<PreparedStatement> prepared, PrepareText(std::move(text), std::move(types)));
  prepared_[name] = std::move(prepared);
  co_return OkStatus();
}

namespace {

Status NoStatement(const std::string& name) {
  if (name.empty()) return Error(sqlstate::kInvalidSqlStatementName, "unnamed prepared statement does not exist");
  return Error(sqlstate::kInvalidSqlStatementName, StrCat("prepared statement \"", name, "\" does not exist"));
}
Status NoPortal(const std::string& name) { return Error(sqlstate::kInvalidCursorName, StrCat("portal \"", name, "\" does not exist")); }

bool SameDescription(const std::optional<RowDescription>& left, const std::optional<RowDescription>& right) {
  if (left.has_value() != right.has_value()) return false;
  if (!left.has_value()) return true;
  if (left->size() != right->size()) return false;
  for (size_t i = 0; i < left->size(); ++i) {
    if ((*left)[i].name != (*right)[i].name || !((*left)[i].type == (*right)[i].type)) return false;
  }
  return true;
}

}  // namespace

Task<StatusOr<StatementDescription>> Session::DescribeStatement(std::string name) {
  auto found = prepared_.find(name);
  if (found == prepared_.end()) co_return NoStatement(name);
  StatementDescription description;
  description.parameters = found->second->parameter_types;
  description.rows = found->second->columns;
  co_return description;
}

namespace {

constexpr size_t kManyParameters = 16;

Status ReadParameter(DataType type, const ParameterValue& parameter, const TextContext& context, Vector& out) {
  return parameter.binary ? ParseBinary(type, parameter.bytes, out) : ParseText(type, parameter.bytes, context, out);
}

/// A type's parameters together: texts as the columns they are the values of. False if one of them cannot be read.
bool ReadParametersOf(DataType type, const std::vector<size_t>& which, const std::vector<ParameterValue>& parameters,
                      const TextContext& context, std::vector<Value>* values) {
  Vector column(type);
  column.Reserve(which.size(), 0);
  std::vector<TextField> texts;
  for (size_t i : which) {
    const std::string_view text = parameters[i].bytes;
    if (!parameters[i].binary) texts.push_back({text.empty() ? "" : text.data(), static_cast<uint32_t>(text.size())});
  }
  if (texts.size() == which.size()) {
    if (!AppendTextColumn(type, texts, context, column)) return false;
  } else {
    for (size_t i : which) {
      if (!ReadParameter(type, parameters[i], context, column).ok()) return false;
    }
  }
  for (size_t row = 0; row < which.size(); ++row) (*values)[which[row]] = Value::FromVector(column, row);
  return true;
}

/// All that are not NULL; they are many, of few types.
bool ReadParametersByType(const std::vector<DataType>& types, const std::vector<ParameterValue>& parameters, const TextContext& context,
                          std::vector<Value>* values) {
  std::vector<std::pair<DataType, std::vector<size_t>>> by_type;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].is_null) continue;
    auto entry = std::ranges::find(by_type, types[i], [](const auto& known) { return known.first; });
    if (entry == by_type.end()) entry = by_type.insert(entry, {types[i], {}});
    entry->second.push_back(i);
  }
  return std::ranges::all_of(by_type, [&](const auto& entry) { return ReadParametersOf(entry.first, entry.second, parameters, context, values); });
}

}  // namespace

StatusOr<std::vector<Value>> Session::DecodeParameters(const PreparedStatement& prepared, const std::vector<ParameterValue>& parameters) {
  const std::vector<DataType>& types = prepared.parameter_types;
  std::vector<Value> values;
  values.reserve(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) values.push_back(Value::Null(types[i]));
  if (parameters.size() >= kManyParameters && ReadParametersByType(types, parameters, text_context_, &values)) return values;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].is_null) continue;
    Vector one(types[i]);
    const Status status = ReadParameter(types[i], parameters[i], text_context_, one);
    if (!status.ok()) return WithWhere(status, StrCat("unnamed portal parameter $", i + 1));
    values[i] = Value::FromVector(one, 0);
  }
  return values;
}

Task<Status> Session::Bind(std::string portal_name, std::string statement_name, std::vector<ParameterValue> parameters,
                           std::vector<int16_t> result_formats) {
  BeginStatementClock();
  CO_RETURN_IF_ERROR(co_await BeginImplicit());
  RefreshContexts();
  auto found = prepared_.find(statement_name);
  if (found == prepared_.end()) co_return NoStatement(statement_name);
  std::shared_ptr<PreparedStatement> prepared = found->second;
  if (parameters.size() != prepared->parameter_types.size()) {
    co_return Error(sqlstate::kProtocolViolation,
                    StrCat("bind message supplies ", parameters.size(), " parameters, but prepared statement \"", statement_name,
                           "\" requires ", prepared->parameter_types.size()));
  }
  if (prepared->statement() != nullptr) {
    CO_RETURN_IF_ERROR(CheckBlockAllows(*prepared->statement()));
  }
  if (prepared->statement() != nullptr && !IsCurrent(prepared->binding)) {
    // The tables may have changed since Parse.
    std::vector<DataType> types = prepared->parameter_types;
    CO_ASSIGN_OR_RETURN(const std::optional<RowDescription> columns, DescribeRows(prepared->statement(), &types, &prepared->binding));
    if (prepared->statement()->kind == StatementKind::kSelect && !SameDescription(columns, prepared->columns)) {
      prepared->binding = Binding();
      co_return Error(sqlstate::kFeatureNotSupported, "cached plan must not change result type");
    }
    prepared->columns = columns;
  }
  const size_t columns = prepared->columns.has_value() ? prepared->columns->size() : 0;
  if (result_formats.size() > 1 && result_formats.size() != columns) {
    co_return Error(sqlstate::kProtocolViolation,
                    StrCat("bind message has ", result_formats.size(), " result formats but query has ", columns, " columns"));
  }
  if (!portal_name.empty() && portals_.contains(portal_name)) {
    co_return Error(sqlstate::kDuplicateCursor, StrCat("cursor \"", portal_name, "\" already exists"));
  }
  auto portal = std::make_shared<Portal>();
  portal->prepared = prepared;
  CO_ASSIGN_OR_RETURN(portal->parameters, DecodeParameters(*prepared, parameters));
  portal->formats = std::move(result_formats);
  portal->columns = prepared->columns;
  portal->depth = savepoints_.size();
  portal->text = prepared->text;
  portal->made = statement_start_;
  portals_[portal_name] = std::move(portal);
  co_return OkStatus();
}

Task<StatusOr<std::optional<RowDescription>>> Session::DescribePortal(std::string name) {
  auto found = portals_.find(name);
  if (found == portals_.end()) co_return NoPortal(name);
  co_return found->second->columns;
}

std::vector<int16_t> Session::PortalFormats(const std::string& name) {
  auto found = portals_.find(name);
  return found == portals_.end() ? std::vector<int16_t>() : found->second->formats;
}

Task<StatusOr<bool>> Session::SendPortalRows(Portal* portal, uint64_t max_rows, ResultSink* sink) {
  uint64_t sent = 0;
  while (portal->rows) {
    if (portal->rest_row >= portal->rest.rows()) {
      CO_ASSIGN_OR_RETURN(portal->rest, co_await portal->rows->Next());
      portal->rest_row = 0;
      if (portal->rest.empty()) break;
    }
    size_t take = portal->rest.rows() - portal->rest_row;
    if (max_rows != 0) take = std::min<size_t>(take, max_rows - sent);
    ColumnBatch part = portal->rest.Slice(portal->rest_row, portal->rest_row + take);
    portal->rest_row += take;
    sent += take;
    portal->sent += take;
    CO_RETURN_IF_ERROR(co_await AwaitSequences());
    CO_RETURN_IF_ERROR(co_await sink->Rows(std::move(part)));
    if (max_rows != 0 && sent >= max_rows) co_return true;
  }
  portal->done = true;
  portal->rows.reset();
  sink->Complete(portal->count_rows ? StrCat(portal->tag, " ", sent) : portal->tag);
  co_return false;
}

Task<Status> Session::StartPortal(Portal* portal, ResultSink* sink) {
  portal->started = true;
  statement_text_ = portal->prepared->text;
  running_ = portal->prepared.get();
  StatusOr<StatementResult> run = co_await Run(portal->prepared->statement(), &portal->parameters, sink);
  running_ = nullptr;
  statement_text_ = {};
  CO_ASSIGN_OR_RETURN(StatementResult result, std::move(run));
  portal->rows = std::move(result.rows);
  portal->tag = std::move(result.tag);
  portal->count_rows = result.count_rows;
  co_return OkStatus();
}

Task<StatusOr<bool>> Session::Execute(std::string name, uint64_t max_rows, ResultSink* sink) {
  sink_ = sink;
  auto found = portals_.find(name);
  if (found == portals_.end()) co_return NoPortal(name);
  std::shared_ptr<Portal> portal = found->second;
  if (portal->is_cursor) {
    co_return co_await SendPortalRows(portal.get(), max_rows, sink);
  }
  if (portal->prepared->statement() == nullptr) {
    sink->Empty();
    co_return false;
  }
  CO_RETURN_IF_ERROR(CheckBlockAllows(*portal->prepared->statement()));
  if (portal->done) {
    sink->Complete(portal->count_rows ? StrCat(portal->tag, " 0") : portal->tag);
    co_return false;
  }
  Status status;
  bool suspended = false;
  if (!portal->started) {
    if (KnownSettings().logs_statements) log::Info("execute: ", portal->prepared->text);
    CO_RETURN_IF_ERROR(co_await BeginImplicit());
    status = co_await StartPortal(portal.get(), sink);
  }
  if (status.ok()) {
    StatusOr<bool> sent = co_await SendPortalRows(portal.get(), max_rows, sink);
    status = sent.status();
    if (sent.ok()) suspended = *sent;
  }
  if (!status.ok() && cancel_->cancelled.load()) status = CancelledStatus();
  if (timeout_timer_ != 0) services_.executor->Cancel(timeout_timer_);
  timeout_timer_ = 0;
  for (const auto& [setting, value] : settings_.TakeChanges()) sink->ParameterChanged(setting, value);
  sink_ = nullptr;
  if (!status.ok()) co_return status;
  co_return suspended;
}

void Session::CloseStatement(const std::string& name) { prepared_.erase(name); }
void Session::ClosePortal(const std::string& name) { portals_.erase(name); }

void Session::Failed() {
  FailBlock();
  failed_implicit_ = block_ == Block::kImplicit;
}

Task<Status> Session::Sync(ResultSink* sink) {
  sink_ = sink;
  Status status;
  if (block_ == Block::kImplicit) status = co_await EndImplicit(!failed_implicit_);
  failed_implicit_ = false;
  for (const auto& [name, value] : settings_.TakeChanges()) sink->ParameterChanged(name, value);
  sink_ = nullptr;
  co_return status;
}

}  // namespace tsd::coord
