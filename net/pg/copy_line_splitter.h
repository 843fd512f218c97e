#pragma once
// Row ends of COPY's text and CSV formats. A line end inside quotes (CSV) or after a backslash (text) is none; the first one tells which
// kind all others must be of (the reader refuses others). Looks at 64 bytes at a time; only those with a quote, escape or backslash among
// them are gone through one by one. One thread at a time.
#include "net/pg/copy_splitter.h"

namespace tsd::net::pg {

class CopyLineSplitter final : public CopySplitter {
 public:
  CopyLineSplitter(std::shared_ptr<const CopySource> source, CopyPieceSize size);
  Status Feed(std::string_view bytes) override;
  void Finish() override;

 private:
  void Scan();
  void ScanBlock(uint64_t block);
  /// The bytes at `block` whose bit is set may matter.
  void ScanEach(uint64_t block, uint64_t mask);
  void RowEnds(uint64_t line_end_at);
  void Cut(uint64_t end);
  char ByteAt(uint64_t at) const { return pending_[at - begin_]; }
  /// Of a line end, the byte that is counted.
  char EndByte() const { return line_end_ == CopyLineEnd::kNewline ? '\n' : '\r'; }

  const std::shared_ptr<const CopySource> source_;
  const CopyPieceSize size_;
  const bool csv_;
  std::string pending_;  // the input from begin_ on
  // Positions in the input.
  uint64_t begin_ = 0;
  uint64_t scanned_ = 0;
  uint64_t row_end_ = 0;     // of the last whole row that was seen
  uint64_t escaped_at_ = 0;  // this byte stands for itself; 0: none is known
  bool in_quote_ = false;
  CopyLineEnd line_end_ = CopyLineEnd::kUnknown;
  CopyLineEnd line_end_at_begin_ = CopyLineEnd::kUnknown;
  uint64_t first_line_ = 1;  // of pending_
  uint64_t lines_ = 0;       // that end in pending_ before scanned_
  uint64_t row_lines_ = 0;   // the same before row_end_
};

}  // namespace tsd::net::pg
