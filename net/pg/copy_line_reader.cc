#include "net/pg/copy_line_reader.h"

#include "engine/base/strings.h"

namespace tsd::net::pg {
namespace {

constexpr size_t kMaxRowBytes = 0x3fffffff;

}  // namespace

CopyLineReader::CopyLineReader(CopyDialect dialect, CopyColumns columns, const TextContext* context, size_t scan_bytes)
    : dialect_(std::move(dialect)),
      scan_bytes_(scan_bytes),
      column_count_(columns.types.size()),
      loader_(std::move(columns), FieldForm::kText, context),
      block_(std::max<size_t>(column_count_, 1)),
      header_pending_(dialect_.header != CopyHeader::kNone),
      next_scan_(scan_bytes) {}

Status CopyLineReader::Feed(std::string_view bytes) {
  if (stopped_) return OkStatus();
  if (plain_ascii_) plain_ascii_ = IsPlainAscii(bytes);
  pending_.append(bytes);
  return pending_.size() >= next_scan_ ? ScanPending(false) : OkStatus();
}

Status CopyLineReader::Finish() {
  if (!stopped_) RETURN_IF_ERROR(ScanPending(true));
  if (header_pending_ && dialect_.header == CopyHeader::kMatch) {
    BeginRow();
    AddField(std::string_view(pending_), false);
    RETURN_IF_ERROR(TakeHeader(""));
  }
  loader_.Finish();
  return OkStatus();
}

Status CopyLineReader::ScanPending(bool final) {
  arena_.clear();
  BeginRow();
  ASSIGN_OR_RETURN(const size_t consumed, Scan(pending_, final));
  RETURN_IF_ERROR(FlushBlock());
  pending_.erase(0, stopped_ ? pending_.size() : consumed);
  if (pending_.size() > kMaxRowBytes) {
    return WithWhere(Error(sqlstate::kProgramLimitExceeded, "a line of COPY data is too long"),
                     CopyRowContext(loader_.columns(), line_));
  }
  next_scan_ = std::max(scan_bytes_, 2 * pending_.size());
  plain_ascii_ = IsPlainAscii(pending_);
  return OkStatus();
}

Status CopyLineReader::FlushBlock() {
  const size_t rows = block_rows_;
  block_rows_ = 0;
  return loader_.Load(block_, rows);
}

Status CopyLineReader::FailHere(std::string_view message, std::string_view hint, size_t embedded_lines) {
  RETURN_IF_ERROR(FlushBlock());
  Status error = Error(sqlstate::kBadCopyFileFormat, message);
  if (!hint.empty()) error = WithHint(error, hint);
  return WithWhere(error, CopyRowContext(loader_.columns(), line_ + embedded_lines));
}

Status CopyLineReader::FailRow(const Status& error, std::string_view row, uint64_t line) {
  RETURN_IF_ERROR(FlushBlock());
  return WithWhere(error, CopyLineContext(loader_.columns(), line, row));
}

Status CopyLineReader::CheckEncoding(std::string_view data, size_t begin, size_t end) {
  if (CheckUtf8(data.substr(begin, end - begin)).ok()) return OkStatus();
  RETURN_IF_ERROR(FlushBlock());
  // The message names all bytes of the broken character, which may reach beyond the line.
  return WithWhere(CheckUtf8(data.substr(begin, end - begin + 3)), CopyRowContext(loader_.columns(), line_));
}

Status CopyLineReader::EndRow(std::string_view data, size_t begin, size_t end, size_t embedded_lines) {
  const std::string_view row = data.substr(begin, end - begin);
  if (!plain_ascii_ && !IsPlainAscii(row)) RETURN_IF_ERROR(CheckEncoding(data, begin, end));
  line_ += embedded_lines;
  const uint64_t line = line_++;
  if (!refused_.ok()) return FailRow(refused_, row, line);
  if (header_pending_) return TakeHeader(row);
  if (field_count_ != column_count_ && !(column_count_ == 0 && row.empty())) return RefuseCount(row, line);
  block_.line(block_rows_) = line;
  ++block_rows_;
  BeginRow();
  return block_rows_ == FieldBlock::kRows ? FlushBlock() : OkStatus();
}

Status CopyLineReader::RefuseCount(std::string_view row, uint64_t line) {
  if (field_count_ > column_count_) {
    return FailRow(Error(sqlstate::kBadCopyFileFormat, "extra data after last expected column"), row, line);
  }
  // Columns are converted from left to right until one is missing.
  block_.line(block_rows_) = line;
  const Status converted = loader_.CheckRow(block_, block_rows_, field_count_);
  RETURN_IF_ERROR(FlushBlock());
  RETURN_IF_ERROR(converted);
  return FailRow(Error(sqlstate::kBadCopyFileFormat,
                       StrCat("missing data for column \"", loader_.columns().names[field_count_], "\"")),
                 row, line);
}

Status CopyLineReader::TakeHeader(std::string_view row) {
  header_pending_ = false;
  const size_t found = field_count_;
  BeginRow();
  if (dialect_.header != CopyHeader::kMatch) return OkStatus();
  constexpr uint64_t kHeaderLine = 1;
  if (found != column_count_) {
    return FailRow(Error(sqlstate::kBadCopyFileFormat,
                         StrCat("wrong number of fields in header line: got ", found, ", expected ", column_count_)),
                   row, kHeaderLine);
  }
  for (size_t c = 0; c < column_count_; ++c) {
    const CopyField& field = block_.at(c, block_rows_);
    const std::string& expected = loader_.columns().names[c];
    const std::string start = StrCat("column name mismatch in header line field ", c + 1, ": got ");
    if (field.data == nullptr) {
      return FailRow(Error(sqlstate::kBadCopyFileFormat,
                           StrCat(start, "null value (\"", dialect_.null_string, "\"), expected \"", expected, "\"")),
                     row, kHeaderLine);
    }
    if (field.view() != expected) {
      return FailRow(Error(sqlstate::kBadCopyFileFormat, StrCat(start, "\"", field.view(), "\", expected \"", expected, "\"")),
                     row, kHeaderLine);
    }
  }
  return OkStatus();
}

StatusOr<size_t> CopyLineReader::TakeLineEnd(std::string_view data, size_t at, bool final) {
  const bool csv = dialect_.format == CopyFormat::kCsv;
  if (data[at] == '\n') {
    if (line_end_ == LineEnd::kNewline) return size_t{1};
    if (line_end_ == LineEnd::kUnknown) {
      line_end_ = LineEnd::kNewline;
      return size_t{1};
    }
    return csv ? FailHere("unquoted newline found in data", "Use quoted CSV field to represent newline.", 0)
               : FailHere("literal newline found in data", "Use \"\\n\" to represent newline.", 0);
  }
  if (line_end_ == LineEnd::kReturn) return size_t{1};
  if (line_end_ != LineEnd::kNewline) {
    if (at + 1 == data.size() && !final) return size_t{0};
    const bool newline = at + 1 < data.size() && data[at + 1] == '\n';
    if (line_end_ == LineEnd::kUnknown) line_end_ = newline ? LineEnd::kReturnNewline : LineEnd::kReturn;
    if (newline || line_end_ == LineEnd::kReturn) return size_t{newline ? 2u : 1u};
  }
  return csv ? FailHere("unquoted carriage return found in data", "Use quoted CSV field to represent carriage return.", 0)
             : FailHere("literal carriage return found in data", "Use \"\\r\" to represent carriage return.", 0);
}

}  // namespace tsd::net::pg
