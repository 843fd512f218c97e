#include "net/pg/copy_binary_splitter.h"

#include <algorithm>

namespace tsd::net::pg {

Status CopyBinarySplitter::Feed(std::string_view bytes) {
  while (!bytes.empty() && !last_cut_) {  // an unfinished row is walked again after kFeedBytes
    const size_t taken = std::min(bytes.size(), kFeedBytes);
    pending_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (!Walk()) {
      Finish();
    } else if (pending_.size() - row_end_ > kMaxCopyRowBytes) {
      return WithWhere(Error(sqlstate::kProgramLimitExceeded, "a row of COPY data is too long"),
                       CopyRowContext(source_->columns, first_row_ + rows_));
    }
  }
  return OkStatus();
}

void CopyBinarySplitter::Finish() {
  if (last_cut_) return;
  Cut(pending_.size());
  last_cut_ = true;
}

bool CopyBinarySplitter::Walk() {
  if (!header_seen_) {
    const StatusOr<size_t> header = BinaryHeaderSize(pending_);
    if (!header.ok()) return false;
    if (*header == 0) return true;
    header_seen_ = true;
    row_end_ = *header;
  }
  while (true) {
    const std::string_view data = std::string_view(pending_).substr(row_end_);
    const BinaryRow row = walker_.Walk(data);
    if (row.kind == BinaryRow::Kind::kCut) return true;
    if (row.kind == BinaryRow::Kind::kTrailer) return row.size == data.size();
    if (row.kind != BinaryRow::Kind::kWhole) return false;
    row_end_ += row.size;
    ++rows_;
    if (rows_ >= size_.rows || row_end_ >= size_.bytes) Cut(row_end_);
  }
}

void CopyBinarySplitter::Cut(size_t size) {
  ready_.push_back({TakeFront(pending_, size), first_row_, CopyLineEnd::kUnknown, is_first_});
  is_first_ = false;
  row_end_ = 0;
  first_row_ += rows_;
  rows_ = 0;
}

}  // namespace tsd::net::pg
