#pragma once
// What the two line formats of COPY FROM, text and CSV, have in common: line ends, the header line, counting fields, handing blocks of rows
// to the loader. A format implements Scan. Reads one piece; one thread at a time.
#include <string>
#include <string_view>

#include "net/pg/copy_loader.h"
#include "net/pg/copy_reader.h"

namespace tsd::net::pg {

class CopyLineReader {
 public:
  /// Both must outlive the reader.
  CopyLineReader(const CopySource& source, const CopyPiece& piece);
  virtual ~CopyLineReader() = default;
  CopyPieceRows Read();
  /// Instead of Read: the text of the row with this number.
  std::string_view RowOfLine(uint64_t line);

 protected:
  /// Cuts all rows of the piece into fields. The last one may lack its line end.
  virtual Status Scan() = 0;

  std::string_view data() const { return piece_.bytes; }
  const CopyDialect& dialect() const { return source_.dialect; }
  CopyLineEnd line_end() const { return line_end_; }
  /// Number of the row being read.
  uint64_t line() const { return line_; }

  void BeginRow() { field_count_ = 0; }
  /// Adds a field whose bytes stay valid until its row's block is flushed.
  void AddField(std::string_view value, bool is_null) {
    if (field_count_ < column_count_) {
      CopyField& field = block_.at(field_count_, block_rows_);
      field.data = is_null ? nullptr : value.data();
      field.size = static_cast<uint32_t>(value.size());
    }
    ++field_count_;
  }
  bool IsNullText(std::string_view raw) const { return raw == dialect().null_string; }
  size_t field_count() const { return field_count_; }
  /// The row [begin, end) is complete; `embedded_lines` were counted inside its quotes.
  Status EndRow(size_t begin, size_t end, size_t embedded_lines);
  /// What a '\n' or '\r' at `at` means: the length of the line end, or an error.
  StatusOr<size_t> TakeLineEnd(size_t at);
  /// Room for a field that is not a slice of the input; valid until its row's block is flushed.
  std::string& Arena() {
    if (arena_.capacity() < data().size()) arena_.reserve(data().size());
    return arena_;
  }
  /// An escape has produced bytes that are no valid text: the row is refused when it is complete.
  void RefuseRow(Status reason) {
    if (refused_.ok()) refused_ = std::move(reason);
  }
  /// The end marker: the rest of the input is ignored.
  void StopReading() { stopped_ = true; }
  /// An error about the current row, which is not complete. Errors of rows before it come first.
  Status FailHere(std::string_view message, std::string_view hint, size_t embedded_lines);
  Status FailRow(const Status& error, std::string_view row, uint64_t line);

 private:
  Status ReadRows();
  Status FlushBlock();
  Status CheckEncoding(size_t begin, size_t end);
  Status TakeHeader(std::string_view row);
  Status RefuseCount(std::string_view row, uint64_t line);

  const CopySource& source_;
  const CopyPiece& piece_;
  const size_t column_count_;
  const bool plain_ascii_;  // the whole piece
  CopyLoader loader_;
  FieldBlock block_;
  size_t block_rows_ = 0;
  size_t field_count_ = 0;  // of the row being read; may exceed column_count_
  uint64_t line_;           // of the row being read
  CopyLineEnd line_end_;
  bool header_pending_;
  bool stopped_ = false;
  uint64_t wanted_line_ = 0;
  std::string_view wanted_row_;  // with wanted_line_
  Status refused_;
  std::string arena_;  // never grows beyond what it has reserved: fields point into it
};

}  // namespace tsd::net::pg
