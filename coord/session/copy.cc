// COPY: bytes to batches to the write path, and back.
#include <absl/strings/ascii.h>

#include <set>

#include "coord/session/copy_rows.h"
#include "coord/session/session.h"
#include "coord/write/table_writer.h"
#include "engine/base/strings.h"
#include "net/pg/copy_format.h"
#include "net/pg/copy_writer.h"
#include "sql/exec/evaluator.h"
#include "sql/exec/projector.h"
#include "sql/parse/print.h"

namespace tsd::coord {

using net::pg::CopyColumns;
using net::pg::CopyDialect;
using net::pg::CopyDirection;
using net::pg::CopyFormat;
using net::pg::CopyOptions;
using net::pg::ResultSink;
using sql::parse::CopyEndpoint;
using sql::parse::CopyStatement;
using sql::parse::OptionValueKind;

namespace {

constexpr size_t kCopyRowsPerMessage = 512;

StatusOr<bool> OptionBool(const sql::parse::Option& option) {
  if (option.value_kind == OptionValueKind::kNone) return true;
  StatusOr<bool> value = ParseBool(option.text);
  if (!value.ok()) return Error(sqlstate::kSyntaxError, StrCat(option.name, " requires a Boolean value"));
  return value;
}

StatusOr<std::vector<size_t>> ColumnList(const sql::parse::Option& option, const std::vector<std::string>& names) {
  std::vector<size_t> indexes;
  if (option.value_kind == OptionValueKind::kStar) {
    for (size_t i = 0; i < names.size(); ++i) indexes.push_back(i);
    return indexes;
  }
  std::vector<std::string> list = option.list;
  if (list.empty() && !option.text.empty()) list.push_back(option.text);
  for (const std::string& name : list) {
    auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      return WithPosition(Error(sqlstate::kInvalidColumnReference, StrCat(absl::AsciiStrToUpper(option.name), " column \"", name, "\" not referenced by COPY")),
                          option.position);
    }
    indexes.push_back(static_cast<size_t>(found - names.begin()));
  }
  return indexes;
}

Status ApplyOption(const sql::parse::Option& option, const std::vector<std::string>& names, CopyOptions* options) {
  const std::string& name = option.name;
  if (name == "format") {
    if (option.text == "text") options->format = CopyFormat::kText;
    else if (option.text == "csv") options->format = CopyFormat::kCsv;
    else if (option.text == "binary") options->format = CopyFormat::kBinary;
    else return WithPosition(Error(sqlstate::kInvalidParameterValue, StrCat("COPY format \"", option.text, "\" not recognized")), option.position);
  } else if (name == "header") {
    if (option.text == "match") {
      options->header = net::pg::CopyHeader::kMatch;
    } else {
      ASSIGN_OR_RETURN(const bool header, OptionBool(option));
      options->header = header ? net::pg::CopyHeader::kPresent : net::pg::CopyHeader::kNone;
    }
  } else if (name == "delimiter") {
    options->delimiter = option.text;
  } else if (name == "null") {
    options->null_string = option.text;
  } else if (name == "quote") {
    options->quote = option.text;
  } else if (name == "escape") {
    options->escape = option.text;
  } else if (name == "force_quote") {
    options->force_quote_all = option.value_kind == OptionValueKind::kStar;
    ASSIGN_OR_RETURN(options->force_quote, ColumnList(option, names));
  } else if (name == "force_not_null") {
    ASSIGN_OR_RETURN(options->force_not_null, ColumnList(option, names));
  } else if (name == "force_null") {
    ASSIGN_OR_RETURN(options->force_null, ColumnList(option, names));
  } else if (name == "encoding") {
    const SettingDefinition* encoding = FindSetting("client_encoding");
    if (!NormalizeSetting(*encoding, option.text).ok()) {
      return Error(sqlstate::kInvalidParameterValue, "argument to option \"encoding\" must be a valid encoding name");
    }
  } else if (name == "freeze") {
    RETURN_IF_ERROR(OptionBool(option).status());
  } else {
    return WithPosition(Error(sqlstate::kSyntaxError, StrCat("option \"", name, "\" not recognized")), option.position);
  }
  return OkStatus();
}

StatusOr<CopyDialect> DialectOf(const CopyStatement& statement, const std::vector<std::string>& names) {
  CopyOptions options;
  std::set<std::string> seen;
  for (const sql::parse::Option& option : statement.options) {
    if (!seen.insert(option.name).second) {
      return WithPosition(Error(sqlstate::kSyntaxError, "conflicting or redundant options"), option.position);
    }
    RETURN_IF_ERROR(ApplyOption(option, names, &options));
  }
  return net::pg::ResolveCopyOptions(options, names.size(), statement.from ? CopyDirection::kFrom : CopyDirection::kTo);
}

// Adds the columns that are not in the file: their defaults, evaluated a batch at a time.
class RowCompleter {
 public:
  static StatusOr<RowCompleter> Make(const sql::BoundCopy& bound) {
    RowCompleter completer;
    const auto& columns = bound.relation->columns;
    completer.sources_.assign(columns.size(), -1);
    for (size_t i = 0; i < bound.columns.size(); ++i) completer.sources_[bound.columns[i]] = static_cast<int>(i);
    std::vector<sql::ExprPtr> expressions;
    for (size_t i = 0; i < columns.size(); ++i) {
      completer.types_.push_back(columns[i].type);
      if (completer.sources_[i] >= 0) continue;
      completer.default_of_.push_back(i);
      expressions.push_back(i < bound.defaults.size() && bound.defaults[i] ? bound.defaults[i] : sql::MakeConstant(Value::Null(columns[i].type)));
    }
    ASSIGN_OR_RETURN(completer.projector_, sql::Projector::Make(expressions));
    return completer;
  }
  StatusOr<ColumnBatch> Complete(const ColumnBatch& file, const sql::ExecContext& exec) const {
    ColumnBatch defaults;
    if (!default_of_.empty()) {
      ASSIGN_OR_RETURN(defaults, projector_->Run(ColumnBatch(file.rows()), exec));
    }
    ColumnBatch rows(file.rows());
    size_t next_default = 0;
    for (size_t i = 0; i < sources_.size(); ++i) {
      rows.Add(sources_[i] >= 0 ? file.column_ptr(static_cast<size_t>(sources_[i])) : defaults.column_ptr(next_default++));
    }
    return rows;
  }

 private:
  std::vector<int> sources_;  // by relation column: index in the file, or -1
  std::vector<size_t> default_of_;
  std::vector<DataType> types_;
  std::unique_ptr<sql::Projector> projector_;
};

// Names the input line of an error of the write path: of the row to blame, or where none is, of the last row of the batch.
Status InCopy(Status status, const net::pg::CopySource& source, const CopyRows::Batch& batch, std::optional<size_t> row) {
  const std::vector<uint64_t>& lines = batch.read.lines;
  if (status.ok() || lines.empty() || !FieldsOf(status).where.empty()) return status;
  if (!row || *row >= lines.size()) return WithWhere(std::move(status), net::pg::CopyRowContext(source.columns, lines.back()));
  return WithWhere(std::move(status), net::pg::CopyReadRowContext(source, *batch.piece, lines[*row]));
}

}  // namespace

Task<StatusOr<StatementResult>> Session::RunCopy(const CopyStatement& statement, ResultSink* sink) {
  if (statement.endpoint == CopyEndpoint::kProgram) {
    co_return Error(sqlstate::kFeatureNotSupported, "COPY with PROGRAM is not supported");
  }
  if (statement.endpoint == CopyEndpoint::kFile && !IsSuperuser()) {
    co_return WithHint(Error(sqlstate::kInsufficientPrivilege, StrCat("must be superuser to COPY ", statement.from ? "from" : "to", " a file")),
                       "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.");
  }
  if (statement.from) co_return co_await CopyFrom(statement, sink);
  co_return co_await CopyTo(statement, sink);
}

Task<StatusOr<StatementResult>> Session::CopyFrom(const CopyStatement& statement, ResultSink* sink) {
  if (statement.table.name.empty()) co_return Error(sqlstate::kSyntaxError, "COPY FROM needs a table");
  sql::BindContext context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(sql::BoundCopy bound, sql::BindCopy(statement, context));
  CO_RETURN_IF_ERROR(CheckWritable(*bound.relation, "COPY FROM"));
  while (true) {
    CO_ASSIGN_OR_RETURN(const bool as_bound, co_await LockRelation(bound.relation, LockMode::kRowExclusive));
    if (as_bound) break;
    context = MakeBindContext();
    CO_ASSIGN_OR_RETURN(bound, sql::BindCopy(statement, context));
  }
  CopyColumns columns;
  columns.table = bound.relation->name;
  for (size_t index : bound.columns) {
    columns.names.push_back(bound.relation->columns[index].name);
    columns.types.push_back(bound.relation->columns[index].type);
  }
  CO_ASSIGN_OR_RETURN(const CopyDialect dialect, DialectOf(statement, columns.names));
  std::unique_ptr<sql::CompiledExpr> where;
  if (statement.where) {
    CO_ASSIGN_OR_RETURN(const sql::ExprPtr condition,
                        sql::BindOverRelation(*statement.where, *bound.relation, TypeId::kBool, context));
    CO_ASSIGN_OR_RETURN(where, sql::CompiledExpr::Compile(*condition));
  }
  CO_ASSIGN_OR_RETURN(const RowCompleter completer, RowCompleter::Make(bound));
  std::shared_ptr<engine::RandomAccessFile> file;
  if (statement.endpoint == CopyEndpoint::kFile) {
    StatusOr<std::shared_ptr<engine::RandomAccessFile>> opened = services_.env->OpenRandomAccess(statement.target);
    if (!opened.ok()) {
      const std::string_view reason = StdView(opened.status().message());  // 'could not open file "…": reason'
      const size_t colon = reason.rfind(": ");
      co_return WithHint(Error(sqlstate::kUndefinedFile, StrCat("could not open file \"", statement.target, "\" for reading: ",
                                                                reason.substr(colon == std::string_view::npos ? 0 : colon + 2))),
                         "COPY FROM instructs the server process to read a file. You may want a client-side facility such as psql's \\copy.");
    }
    file = *opened;
  } else {
    CO_RETURN_IF_ERROR(co_await sink->BeginCopyIn(dialect.format == CopyFormat::kBinary, columns.names.size()));
  }
  CO_RETURN_IF_ERROR(co_await EnsureTransaction());
  co_await PrepareStatementSnapshot();

  const sql::ExecContext exec = MakeQueryOptions(false).exec;
  sql::BindContext check_context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(std::shared_ptr<RowChecks> checks, RowChecks::Make(*bound.relation, check_context));
  TableWriter writer(services_.ForWrites(*bound.relation), transaction_, bound.relation, std::move(checks));
  const auto source = std::make_shared<const net::pg::CopySource>(net::pg::CopySource{dialect, columns, &text_context_});
  const auto interrupted = [this] { return cancel_->cancelled.load() ? CancelledStatus() : OkStatus(); };
  CopyRows input(source, CopyInput(sink, std::move(file)), interrupted, services_.executor, services_.threads);
  uint64_t rows = 0;
  Status status;
  while (status.ok()) {
    StatusOr<std::optional<CopyRows::Batch>> batch = co_await input.Next();
    status = batch.status();
    if (!status.ok() || !batch->has_value()) break;
    net::pg::CopyBatch& read = (*batch)->read;
    StatusOr<ColumnBatch> complete = completer.Complete(read.rows, exec);
    status = complete.status();
    if (status.ok() && where) {
      std::vector<uint32_t> selected;
      status = where->EvaluateFilter(*complete, exec, &selected);
      if (status.ok() && selected.size() < complete->rows()) {
        complete = complete->Gather(selected);
        for (size_t i = 0; i < selected.size(); ++i) read.lines[i] = read.lines[selected[i]];
        read.lines.resize(selected.size());
      }
    }
    if (!status.ok()) break;
    rows += complete->rows();
    status = co_await writer.Write(std::move(*complete));
    status = InCopy(std::move(status), *source, **batch, writer.refused_row());
  }
  co_await input.Finish();
  const Status finished = co_await writer.Finish(LastWriteOfStatement());
  if (status.ok()) status = finished;
  CO_RETURN_IF_ERROR(status);
  StatementResult result;
  result.tag = StrCat("COPY ", rows);
  co_return result;
}

Task<StatusOr<StatementResult>> Session::CopyTo(const CopyStatement& statement, ResultSink* sink) {
  // COPY table TO is COPY (SELECT columns FROM ONLY table) TO; a hypertable gives its chunks' rows.
  std::string text;
  CopyColumns columns;
  StatementResult source;
  if (statement.query) {
    CO_ASSIGN_OR_RETURN(source, co_await Run(statement.query.get(), nullptr, sink));
    if (!source.columns.has_value()) co_return Error(sqlstate::kFeatureNotSupported, "COPY query must have a RETURNING clause");
  } else {
    sql::BindContext context = MakeBindContext();
    CO_ASSIGN_OR_RETURN(const sql::BoundCopy bound, sql::BindCopy(statement, context));
    columns.table = bound.relation->name;
    std::string list;
    for (size_t index : bound.columns) {
      StrAppend(&list, list.empty() ? "" : ", ", sql::parse::QuoteIdentifier(bound.relation->columns[index].name));
    }
    text = StrCat("SELECT ", list, " FROM ", sql::parse::QuoteIdentifier(bound.relation->schema), ".",
                  sql::parse::QuoteIdentifier(bound.relation->name));
    CO_ASSIGN_OR_RETURN(const std::vector<sql::parse::ParsedStatement> parsed, sql::parse::ParseSql(text));
    CO_ASSIGN_OR_RETURN(source, co_await RunSelect(parsed[0].statement.get(), nullptr));
  }
  for (const net::pg::ColumnDescription& column : *source.columns) {
    columns.names.push_back(column.name);
    columns.types.push_back(column.type);
  }
  CO_ASSIGN_OR_RETURN(const CopyDialect dialect, DialectOf(statement, columns.names));
  std::unique_ptr<engine::WritableFile> file;
  if (statement.endpoint == CopyEndpoint::kFile) {
    if (statement.target.empty() || statement.target[0] != '/') {
      co_return Error(sqlstate::kInvalidName, "relative path not allowed for COPY to file");
    }
    CO_ASSIGN_OR_RETURN(file, services_.env->NewWritableFile(statement.target));
  } else {
    CO_RETURN_IF_ERROR(co_await sink->BeginCopyOut(dialect.format == CopyFormat::kBinary, columns.names.size()));
  }
  net::pg::CopyWriter writer(dialect, columns, &text_context_);
  std::string out;
  std::vector<size_t> ends;
  writer.Begin(out);
  // A header line is a message of its own; the binary signature shares that of the first row.
  if (dialect.format != CopyFormat::kBinary && !out.empty()) ends.push_back(out.size());
  uint64_t rows = 0;
  while (true) {
    CO_ASSIGN_OR_RETURN(const ColumnBatch batch, co_await source.rows->Next());
    if (batch.empty()) break;
    rows += batch.rows();
    CO_RETURN_IF_ERROR(co_await AwaitSequences());
    for (size_t begin = 0; begin < batch.rows(); begin += kCopyRowsPerMessage) {
      writer.Rows(batch, begin, std::min(begin + kCopyRowsPerMessage, batch.rows()), out, &ends);
      if (file) {
        CO_RETURN_IF_ERROR(file->Append(out));
      } else {
        CO_RETURN_IF_ERROR(co_await sink->CopySend(std::move(out), std::move(ends)));
      }
      out = std::string();
      ends = {};
    }
  }
  writer.End(out);
  if (file) {
    CO_RETURN_IF_ERROR(file->Append(out));
    CO_RETURN_IF_ERROR(file->Close());
  } else {
    if (ends.empty() && !out.empty()) ends.push_back(out.size());
    if (!out.empty()) CO_RETURN_IF_ERROR(co_await sink->CopySend(std::move(out), std::move(ends)));
    CO_RETURN_IF_ERROR(co_await sink->EndCopyOut());
  }
  StatementResult result;
  result.tag = StrCat("COPY ", rows);
  co_return result;
}

}  // namespace tsd::coord
