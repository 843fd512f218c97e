#include "net/pg/copy_line_reader.h"

#include "engine/base/strings.h"
#include "net/pg/byte_scan.h"

namespace tsd::net::pg {

CopyLineReader::CopyLineReader(const CopySource& source, const CopyPiece& piece)
    : source_(source),
      piece_(piece),
      column_count_(source.columns.types.size()),
      plain_ascii_(IsPlainAscii(piece.bytes)),
      loader_(source, FieldForm::kText, piece.bytes.size()),
      block_(std::max<size_t>(column_count_, 1)),
      line_(piece.first_line),
      line_end_(piece.line_end),
      header_pending_(piece.is_first && source.dialect.header != CopyHeader::kNone) {}

CopyPieceRows CopyLineReader::Read() {
  Status status = ReadRows();
  return {loader_.Take(), std::move(status), stopped_};
}

std::string_view CopyLineReader::RowOfLine(uint64_t line) {
  wanted_line_ = line;
  (void)ReadRows();
  return wanted_row_;
}

Status CopyLineReader::ReadRows() {
  RETURN_IF_ERROR(Scan());
  RETURN_IF_ERROR(FlushBlock());
  if (!header_pending_ || dialect().header != CopyHeader::kMatch) return OkStatus();
  BeginRow();
  AddField(data().substr(0, 0), false);
  return TakeHeader("");
}

Status CopyLineReader::FlushBlock() {
  const size_t rows = block_rows_;
  block_rows_ = 0;
  Status loaded = loader_.Load(block_, rows);
  arena_.clear();
  return loaded;
}

Status CopyLineReader::FailHere(std::string_view message, std::string_view hint, size_t embedded_lines) {
  RETURN_IF_ERROR(FlushBlock());
  Status error = Error(sqlstate::kBadCopyFileFormat, message);
  if (!hint.empty()) error = WithHint(error, hint);
  return WithWhere(error, CopyRowContext(source_.columns, line_ + embedded_lines));
}

Status CopyLineReader::FailRow(const Status& error, std::string_view row, uint64_t line) {
  RETURN_IF_ERROR(FlushBlock());
  return WithWhere(error, CopyLineContext(source_.columns, line, row));
}

Status CopyLineReader::CheckEncoding(size_t begin, size_t end) {
  if (CheckUtf8(data().substr(begin, end - begin)).ok()) return OkStatus();
  RETURN_IF_ERROR(FlushBlock());
  // The message names all bytes of the broken character, which may reach beyond the line.
  return WithWhere(CheckUtf8(data().substr(begin, end - begin + 3)), CopyRowContext(source_.columns, line_));
}

Status CopyLineReader::EndRow(size_t begin, size_t end, size_t embedded_lines) {
  const std::string_view row = data().substr(begin, end - begin);
  if (!plain_ascii_ && !IsPlainAscii(row)) RETURN_IF_ERROR(CheckEncoding(begin, end));
  line_ += embedded_lines;
  const uint64_t line = line_++;
  if (line == wanted_line_) wanted_row_ = row;
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
                       StrCat("missing data for column \"", source_.columns.names[field_count_], "\"")),
                 row, line);
}

Status CopyLineReader::TakeHeader(std::string_view row) {
  header_pending_ = false;
  const size_t found = field_count_;
  BeginRow();
  if (dialect().header != CopyHeader::kMatch) return OkStatus();
  constexpr uint64_t kHeaderLine = 1;
  if (found != column_count_) {
    return FailRow(Error(sqlstate::kBadCopyFileFormat,
                         StrCat("wrong number of fields in header line: got ", found, ", expected ", column_count_)),
                   row, kHeaderLine);
  }
  for (size_t c = 0; c < column_count_; ++c) {
    const CopyField& field = block_.at(c, block_rows_);
    const std::string& expected = source_.columns.names[c];
    const std::string start = StrCat("column name mismatch in header line field ", c + 1, ": got ");
    if (field.data == nullptr) {
      return FailRow(Error(sqlstate::kBadCopyFileFormat,
                           StrCat(start, "null value (\"", dialect().null_string, "\"), expected \"", expected, "\"")),
                     row, kHeaderLine);
    }
    if (field.view() != expected) {
      return FailRow(Error(sqlstate::kBadCopyFileFormat, StrCat(start, "\"", field.view(), "\", expected \"", expected, "\"")),
                     row, kHeaderLine);
    }
  }
  return OkStatus();
}

StatusOr<size_t> CopyLineReader::TakeLineEnd(size_t at) {
  const bool csv = dialect().format == CopyFormat::kCsv;
  if (data()[at] == '\n') {
    if (line_end_ == CopyLineEnd::kNewline) return size_t{1};
    if (line_end_ == CopyLineEnd::kUnknown) {
      line_end_ = CopyLineEnd::kNewline;
      return size_t{1};
    }
    return csv ? FailHere("unquoted newline found in data", "Use quoted CSV field to represent newline.", 0)
               : FailHere("literal newline found in data", "Use \"\\n\" to represent newline.", 0);
  }
  if (line_end_ == CopyLineEnd::kReturn) return size_t{1};
  if (line_end_ != CopyLineEnd::kNewline) {
    const bool newline = at + 1 < data().size() && data()[at + 1] == '\n';
    if (line_end_ == CopyLineEnd::kUnknown) line_end_ = newline ? CopyLineEnd::kReturnNewline : CopyLineEnd::kReturn;
    if (newline || line_end_ == CopyLineEnd::kReturn) return size_t{newline ? 2u : 1u};
  }
  return csv ? FailHere("unquoted carriage return found in data", "Use quoted CSV field to represent carriage return.", 0)
             : FailHere("literal carriage return found in data", "Use \"\\r\" to represent carriage return.", 0);
}

}  // namespace tsd::net::pg
