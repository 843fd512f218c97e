#pragma once
// batch_codec: the one byte form of a ColumnBatch, for WAL, RPC and spill. Column buffers are copied whole; optionally one LZ4 block.
// Decoding takes any bytes: sizes are checked against what is there before anything is allocated, offsets are checked to ascend.
//
// Form (little-endian): u8 version (1), u8 compression, u32 raw size, body. Body: varint rows, varint columns, then per column:
// u8 type id, u8 flags (1 array, 2 has validity, 4 narrow), zigzag typmod, [validity words], then values: narrow as narrow_values.h says;
// fixed width rows * width bytes; else u32 heap size, rows u32 end offsets, heap.
#include <span>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "engine/types/row_pieces.h"

namespace tsd {

enum class Compression : uint8_t { kNone = 0, kLz4 = 1 };

/// With kLz4 the block is compressed only if that saves at least an eighth.
void EncodeBatch(const ColumnBatch& batch, Compression compression, ByteWriter& writer);
inline void EncodeBatch(const ColumnBatch& batch, ByteWriter& writer) { EncodeBatch(batch, Compression::kNone, writer); }
/// The same bytes as of a batch of these rows.
void EncodeRows(const RowPiece& rows, Compression compression, ByteWriter& writer);
/// `bytes` is exactly one encoded batch. XX001 if it is none.
StatusOr<ColumnBatch> DecodeBatch(std::string_view bytes);
/// The rows of several encoded batches, which have the same columns, as one batch.
StatusOr<ColumnBatch> DecodeBatches(std::span<const std::string_view> batches);

/// A run of bytes, compressed if that saves at least an eighth: u8 compression, u32 raw size, the bytes.
void PutBlock(std::string_view bytes, Compression compression, ByteWriter& writer);
/// The bytes of `block`, which is exactly one; `room` holds them if they were compressed. XX001 if it is none.
StatusOr<std::string_view> GetBlock(std::string_view block, std::string& room);

/// Rows and bytes a decoder accepts in one batch.
inline constexpr size_t kMaxBatchRows = size_t{1} << 26;
inline constexpr size_t kMaxBatchBytes = size_t{1} << 30;

}  // namespace tsd
