#pragma once
// ChunkRows: rows of one statement for one chunk, on their way to a node. For a store of this process they stay in the batches they came
// in until it joins them. For a node elsewhere they are encoded as they come, while the core's cache still has them: nothing is gathered or
// joined on the way, and what waits is small. Both forms are one to the receiver. A value; not thread-safe.
#include <algorithm>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/status.h"
#include "engine/types/batch_codec.h"
#include "engine/types/row_pieces.h"

namespace tsd::coord {

class ChunkRows {
 public:
  enum class Form : uint8_t { kBatches, kBytes };
  explicit ChunkRows(Form form = Form::kBatches) : form_(form) {}
  explicit ChunkRows(ColumnBatch batch) : batches_(std::move(batch)), rows_(batches_.rows()), bytes_(batches_.bytes()) {}

  size_t rows() const { return rows_; }
  /// What the rows take as columns in memory or on the way, whichever is more.
  size_t bytes() const { return std::max(bytes_, encoded_.size()); }
  void Append(RowPiece piece);
  /// As one batch. Requires: kBatches.
  ColumnBatch Join() const;
  /// A block (batch_codec.h) of pieces: u32 size, an encoded batch.
  void Encode(Compression compression, ByteWriter& writer) const;

 private:
  Form form_ = Form::kBatches;
  RowPieces batches_;
  ByteWriter encoded_;
  size_t rows_ = 0;
  size_t bytes_ = 0;
};

/// What Encode wrote. XX001 or 08P01 if `bytes` are not that.
StatusOr<ColumnBatch> DecodeChunkRows(std::string_view bytes);

}  // namespace tsd::coord
