#include "net/pg/copy_splitter.h"

#include "net/pg/copy_binary_splitter.h"
#include "net/pg/copy_line_splitter.h"

namespace tsd::net::pg {

std::optional<CopyPiece> CopySplitter::TakePiece() {
  if (ready_.empty()) return std::nullopt;
  CopyPiece piece = std::move(ready_.front());
  ready_.pop_front();
  return piece;
}

std::string CopySplitter::TakeFront(std::string& pending, size_t size) {
  std::string rest;
  if (size < pending.size()) {
    rest.reserve(size + size / 8 + kFeedBytes);  // the next piece is about as large
    rest.append(pending, size);
    pending.resize(size);
  }
  return std::exchange(pending, std::move(rest));
}

std::unique_ptr<CopySplitter> MakeCopySplitter(std::shared_ptr<const CopySource> source, CopyPieceSize size) {
  if (source->dialect.format == CopyFormat::kBinary) return std::make_unique<CopyBinarySplitter>(std::move(source), size);
  return std::make_unique<CopyLineSplitter>(std::move(source), size);
}

}  // namespace tsd::net::pg
