#include "net/pg/copy_line_splitter.h"

#include "net/pg/byte_scan.h"

namespace tsd::net::pg {
namespace {

constexpr size_t kBlock = 64;

}  // namespace

CopyLineSplitter::CopyLineSplitter(std::shared_ptr<const CopySource> source, CopyPieceSize size)
    : source_(std::move(source)), size_(size), csv_(source_->dialect.format == CopyFormat::kCsv) {}

Status CopyLineSplitter::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t taken = std::min(bytes.size(), kFeedBytes);
    pending_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    Scan();
    if (begin_ + pending_.size() - row_end_ > kMaxCopyRowBytes) {
      return WithWhere(Error(sqlstate::kProgramLimitExceeded, "a line of COPY data is too long"),
                       CopyRowContext(source_->columns, first_line_ + row_lines_));
    }
  }
  return OkStatus();
}

void CopyLineSplitter::Finish() { Cut(begin_ + pending_.size()); }

void CopyLineSplitter::Scan() {
  // One byte beyond the block: it tells what a '\r' at its end is.
  while (scanned_ + kBlock < begin_ + pending_.size()) {
    ScanBlock(scanned_);
    scanned_ += kBlock;
    if (row_lines_ >= size_.rows || row_end_ - begin_ >= size_.bytes) Cut(row_end_);
  }
}

void CopyLineSplitter::ScanBlock(uint64_t block) {
  const CopyDialect& dialect = source_->dialect;
  const char* bytes = pending_.data() + (block - begin_);
  const char quote = csv_ ? dialect.quote : '\\';
  const char escape = csv_ ? dialect.escape : '\\';
  const uint64_t marks = byte_scan_internal::Mask64<2>(bytes, {quote, escape});
  if (line_end_ == CopyLineEnd::kUnknown) return ScanEach(block, marks | byte_scan_internal::Mask64<2>(bytes, {'\n', '\r'}));
  const uint64_t ends = byte_scan_internal::Mask64<1>(bytes, {EndByte()});
  if (marks != 0 || escaped_at_ == block) return ScanEach(block, marks | ends);
  if (ends == 0) return;
  lines_ += static_cast<uint64_t>(std::popcount(ends));
  if (!in_quote_) RowEnds(block + kBlock - 1 - static_cast<uint64_t>(std::countl_zero(ends)));
}

void CopyLineSplitter::ScanEach(uint64_t block, uint64_t mask) {
  const CopyDialect& dialect = source_->dialect;
  for (; mask != 0; mask &= mask - 1) {
    const uint64_t at = block + static_cast<uint64_t>(std::countr_zero(mask));
    const char c = ByteAt(at);
    const bool is_line_end = c == '\n' || c == '\r';
    if (at == escaped_at_ && at != 0 && !(csv_ && is_line_end)) continue;
    if (!is_line_end) {
      const bool escapes = !csv_ || (in_quote_ && c == dialect.escape && dialect.escape != dialect.quote);
      if (escapes) {
        escaped_at_ = at + 1;
      } else if (c == dialect.quote) {
        in_quote_ = !in_quote_;  // a doubled quote leaves and enters again
      }
      continue;
    }
    if (line_end_ == CopyLineEnd::kUnknown && !in_quote_) {
      line_end_ = c == '\n' ? CopyLineEnd::kNewline : ByteAt(at + 1) == '\n' ? CopyLineEnd::kReturnNewline : CopyLineEnd::kReturn;
    }
    if (c != EndByte()) continue;
    ++lines_;
    if (!in_quote_) RowEnds(at);
  }
}

void CopyLineSplitter::RowEnds(uint64_t line_end_at) {
  row_end_ = line_end_at + (line_end_ == CopyLineEnd::kReturnNewline ? 2 : 1);
  row_lines_ = lines_;
}

void CopyLineSplitter::Cut(uint64_t end) {
  ready_.push_back({TakeFront(pending_, end - begin_), first_line_, line_end_at_begin_, begin_ == 0});
  begin_ = end;
  scanned_ = std::max(scanned_, end);
  row_end_ = end;
  first_line_ += row_lines_;
  lines_ -= row_lines_;
  row_lines_ = 0;
  line_end_at_begin_ = line_end_;
}

}  // namespace tsd::net::pg
