#pragma once
// RowPiece: rows of a batch where they lie, as the router picks them for a chunk: batch_codec encodes them from there, RowPieces joins those of
// several batches. Values; copying one shares the rows, which nobody changes. A piece keeps its whole batch in memory.
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/types/column_batch.h"

namespace tsd {

/// Rows of one batch.
struct RowPiece {
  std::shared_ptr<const ColumnBatch> batch;
  std::shared_ptr<const std::vector<uint32_t>> positions;  // each below batch->rows(); null: all of its rows

  size_t rows() const { return positions ? positions->size() : batch->rows(); }
  /// The first and the last half of them. Requires: two rows.
  std::pair<RowPiece, RowPiece> Halves() const;
  /// That these rows have, without what else the batch holds.
  size_t bytes() const;
};

class RowPieces {
 public:
  RowPieces() = default;
  explicit RowPieces(ColumnBatch batch);

  size_t rows() const { return rows_; }
  size_t bytes() const { return bytes_; }
  std::span<const RowPiece> pieces() const { return pieces_; }
  /// Requires: columns of the same types as those of the pieces before.
  void Append(RowPiece piece);
  /// All rows as one batch: the only piece's own, where that is a whole one.
  ColumnBatch Join() const;

 private:
  std::vector<RowPiece> pieces_;
  size_t rows_ = 0;
  size_t bytes_ = 0;
};

}  // namespace tsd
