#pragma once
// What the two line formats of COPY FROM, text and CSV, have in common: collecting input, line ends, the header line, counting fields,
// handing blocks of rows to the loader. A format implements Scan. Input is scanned in stretches of at least scan_bytes; when a row does
// not end within one, the next scan waits until the input has doubled, so that a huge row costs linear time.
#include <string>
#include <string_view>

#include "net/pg/byte_scan.h"
#include "net/pg/copy_format.h"
#include "net/pg/copy_loader.h"

namespace tsd::net::pg {

class CopyLineReader : public CopyReader {
 public:
  CopyLineReader(CopyDialect dialect, CopyColumns columns, const TextContext* context, size_t scan_bytes);
  Status Feed(std::string_view bytes) final;
  Status Finish() final;
  std::optional<CopyBatch> TakeBatch() final { return loader_.TakeBatch(); }

 protected:
  enum class LineEnd { kUnknown, kNewline, kReturn, kReturnNewline };

  /// Cuts the whole rows of `data` into fields (the last one may lack its line end if `final`); returns how many bytes they took.
  virtual StatusOr<size_t> Scan(std::string_view data, bool final) = 0;

  const CopyDialect& dialect() const { return dialect_; }
  LineEnd line_end() const { return line_end_; }
  /// Number of the row being read.
  uint64_t line() const { return line_; }

  void BeginRow() { field_count_ = 0; }
  /// Adds a field whose bytes stay valid until the end of Scan.
  void AddField(std::string_view value, bool is_null) {
    if (field_count_ < column_count_) {
      CopyField& field = block_.at(field_count_, block_rows_);
      field.data = is_null ? nullptr : value.data();
      field.size = static_cast<uint32_t>(value.size());
    }
    ++field_count_;
  }
  bool IsNullText(std::string_view raw) const { return raw == dialect_.null_string; }
  size_t field_count() const { return field_count_; }
  /// The row [begin, end) of `data` is complete; `embedded_lines` were counted inside its quotes.
  Status EndRow(std::string_view data, size_t begin, size_t end, size_t embedded_lines);
  /// What a '\n' or '\r' at `at` means: the length of the line end, 0 = more bytes are needed, or an error.
  StatusOr<size_t> TakeLineEnd(std::string_view data, size_t at, bool final);
  /// Room for a field that is not a slice of the input; valid until the end of Scan. At most data.size() bytes in all.
  std::string& Arena(std::string_view data) {
    if (arena_.capacity() < data.size()) arena_.reserve(data.size());
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
  Status FlushBlock();

 private:
  Status ScanPending(bool final);
  Status CheckEncoding(std::string_view data, size_t begin, size_t end);
  Status TakeHeader(std::string_view row);
  Status RefuseCount(std::string_view row, uint64_t line);

  const CopyDialect dialect_;
  const size_t scan_bytes_;
  const size_t column_count_;
  CopyLoader loader_;
  FieldBlock block_;
  size_t block_rows_ = 0;
  size_t field_count_ = 0;  // of the row being read; may exceed column_count_
  uint64_t line_ = 1;       // of the row being read
  LineEnd line_end_ = LineEnd::kUnknown;
  bool header_pending_;
  bool stopped_ = false;
  bool plain_ascii_ = true;  // all of pending_
  Status refused_;
  std::string pending_;
  size_t next_scan_;
  std::string arena_;
};

}  // namespace tsd::net::pg
