#include "coord/txn/chunk_rows.h"

#include <vector>

namespace tsd::coord {
namespace {

constexpr uint32_t kPieceBytes = 8;  // even of one without columns: a batch's header, two counts

void PutPiece(const RowPiece& piece, ByteWriter& writer) {
  const size_t size_at = writer.size();
  writer.PutU32(0);
  EncodeRows(piece, Compression::kNone, writer);
  writer.PatchU32(size_at, static_cast<uint32_t>(writer.size() - size_at - sizeof(uint32_t)));
}

}  // namespace

void ChunkRows::Append(RowPiece piece) {
  if (piece.rows() == 0) return;
  rows_ += piece.rows();
  bytes_ += piece.bytes();
  if (form_ == Form::kBatches) {
    batches_.Append(std::move(piece));
  } else {
    PutPiece(piece, encoded_);
  }
}

ColumnBatch ChunkRows::Join() const {
  TSD_CHECK(form_ == Form::kBatches);
  return batches_.Join();
}

void ChunkRows::Encode(Compression compression, ByteWriter& writer) const {
  if (form_ == Form::kBytes) {
    PutBlock(encoded_.data(), compression, writer);
    return;
  }
  ByteWriter pieces;
  for (const RowPiece& piece : batches_.pieces()) PutPiece(piece, pieces);
  PutBlock(pieces.data(), compression, writer);
}

StatusOr<ColumnBatch> DecodeChunkRows(std::string_view bytes) {
  std::string room;
  ASSIGN_OR_RETURN(const std::string_view body, GetBlock(bytes, room));
  ByteReader reader(body);
  std::vector<std::string_view> pieces;
  while (reader.ok() && !reader.AtEnd()) {
    const uint32_t size = reader.GetU32();
    if (size < kPieceBytes) reader.Fail();
    pieces.push_back(reader.GetBytes(size));
  }
  if (!reader.ok() || pieces.empty()) return Error(sqlstate::kProtocolViolation, "malformed rows from a peer");
  return DecodeBatches(pieces);
}

}  // namespace tsd::coord
