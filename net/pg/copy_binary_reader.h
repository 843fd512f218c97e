#pragma once
// A piece of COPY FROM in binary format. One thread at a time.
#include <string_view>

#include "net/pg/copy_loader.h"
#include "net/pg/copy_reader.h"

namespace tsd::net::pg {

class CopyBinaryReader {
 public:
  /// Both must outlive the reader.
  CopyBinaryReader(const CopySource& source, const CopyPiece& piece);
  CopyPieceRows Read();

 private:
  Status ReadRows();
  Status FlushBlock();
  /// Errors about row_; those of rows before it come first.
  Status FailRow(std::string_view message);
  Status FailField(std::string_view message, size_t column);

  const CopySource& source_;
  const CopyPiece& piece_;
  CopyLoader loader_;
  FieldBlock block_;
  size_t block_rows_ = 0;
  uint64_t row_;  // the one being read
};

}  // namespace tsd::net::pg
