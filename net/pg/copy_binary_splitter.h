#pragma once
// Row ends of COPY's binary format, by walking the lengths. Input that has no row where one should be ends the last piece, whose reader
// says what is wrong; what follows is dropped. One thread at a time.
#include "net/pg/copy_binary_rows.h"
#include "net/pg/copy_splitter.h"

namespace tsd::net::pg {

class CopyBinarySplitter final : public CopySplitter {
 public:
  CopyBinarySplitter(std::shared_ptr<const CopySource> source, CopyPieceSize size)
      : source_(std::move(source)), size_(size), walker_(source_->columns.types.size()) {}
  Status Feed(std::string_view bytes) override;
  void Finish() override;

 private:
  /// False where rows end for good: a trailer with something after it, or what is no row.
  bool Walk();
  void Cut(size_t size);

  const std::shared_ptr<const CopySource> source_;
  const CopyPieceSize size_;
  BinaryRowWalker walker_;
  std::string pending_;
  size_t row_end_ = 0;  // in pending_: of the header and the whole rows after it
  size_t rows_ = 0;     // that end before row_end_
  uint64_t first_row_ = 1;
  bool is_first_ = true;       // no piece was cut yet
  bool header_seen_ = false;
  bool last_cut_ = false;
};

}  // namespace tsd::net::pg
