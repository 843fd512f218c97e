#include "engine/types/row_pieces.h"

namespace tsd {
namespace {

size_t HeapBytes(const Vector& column, const RowPiece& piece) {
  if (!piece.positions) return column.heap().size();
  size_t bytes = 0;
  for (uint32_t row : *piece.positions) bytes += column.offsets()[row + 1] - column.offsets()[row];
  return bytes;
}

/// Column `index` of all pieces as one vector.
VectorPtr JoinColumn(std::span<const RowPiece> pieces, size_t index) {
  const VectorPtr& first = pieces[0].batch->column_ptr(index);
  if (pieces.size() == 1 && pieces[0].positions) return Vector::Gather(first, *pieces[0].positions);
  size_t rows = 0;
  for (const RowPiece& piece : pieces) rows += piece.rows();
  auto joined = std::make_shared<Vector>(first->type());
  joined->Reserve(rows, 0);
  for (const RowPiece& piece : pieces) {
    const Vector& column = piece.batch->column(index);
    if (piece.positions) {
      joined->AppendSelected(column, *piece.positions);
    } else {
      joined->AppendRange(column, 0, piece.rows());
    }
  }
  return joined;
}

}  // namespace

size_t RowPiece::bytes() const {
  size_t bytes = 0;
  for (const VectorPtr& column : batch->columns()) {
    const bool is_bytes = column->type().Physical() == PhysicalType::kBytes;
    bytes += rows() * (is_bytes ? sizeof(uint32_t) : column->type().Width()) + (column->HasNulls() ? rows() / 8 : 0);
    if (is_bytes) bytes += HeapBytes(*column, *this);
  }
  return bytes;
}

std::pair<RowPiece, RowPiece> RowPiece::Halves() const {
  const size_t half = rows() / 2;
  if (!positions) {
    return {{std::make_shared<const ColumnBatch>(batch->Slice(0, half)), nullptr},
            {std::make_shared<const ColumnBatch>(batch->Slice(half, batch->rows())), nullptr}};
  }
  const auto middle = positions->begin() + static_cast<ptrdiff_t>(half);
  return {{batch, std::make_shared<const std::vector<uint32_t>>(positions->begin(), middle)},
          {batch, std::make_shared<const std::vector<uint32_t>>(middle, positions->end())}};
}

RowPieces::RowPieces(ColumnBatch batch) { Append({std::make_shared<const ColumnBatch>(std::move(batch)), nullptr}); }

void RowPieces::Append(RowPiece piece) {
  if (piece.rows() == 0) return;
  rows_ += piece.rows();
  bytes_ += piece.bytes();
  pieces_.push_back(std::move(piece));
}

ColumnBatch RowPieces::Join() const {
  if (pieces_.empty()) return ColumnBatch();
  if (pieces_.size() == 1 && !pieces_[0].positions) return *pieces_[0].batch;
  ColumnBatch batch(rows_);
  for (size_t i = 0; i < pieces_[0].batch->column_count(); ++i) batch.Add(JoinColumn(pieces_, i));
  return batch;
}

}  // namespace tsd
