#include "coord/txn/chunk_rows.h"

#include <gtest/gtest.h>

namespace tsd::coord {
namespace {

std::shared_ptr<const ColumnBatch> Numbers(int64_t first, size_t count) {
  auto number = std::make_shared<Vector>(TypeId::kInt64);
  auto text = std::make_shared<Vector>(TypeId::kText);
  for (size_t row = 0; row < count; ++row) {
    number->Append<int64_t>(first + static_cast<int64_t>(row));
    text->AppendBytes("row " + std::to_string(row));
  }
  return std::make_shared<const ColumnBatch>(std::vector<VectorPtr>{number, text}, count);
}

ChunkRows ThreePieces(ChunkRows::Form form) {
  ChunkRows rows(form);
  rows.Append({Numbers(100, 5), nullptr});
  rows.Append({Numbers(200, 300), std::make_shared<const std::vector<uint32_t>>(std::vector<uint32_t>{7, 250})});
  rows.Append({Numbers(600, 2), std::make_shared<const std::vector<uint32_t>>()});
  rows.Append({Numbers(700, 1), nullptr});
  return rows;
}

std::string EncodedRows(const ChunkRows& rows, Compression compression) {
  ByteWriter writer;
  rows.Encode(compression, writer);
  return std::move(writer).Take();
}

TEST(ChunkRows, BothFormsGiveTheSameRows) {
  const std::vector<int64_t> expected = {100, 101, 102, 103, 104, 207, 450, 700};
  const ChunkRows batches = ThreePieces(ChunkRows::Form::kBatches);
  const ChunkRows bytes = ThreePieces(ChunkRows::Form::kBytes);
  EXPECT_EQ(batches.rows(), 8u);
  EXPECT_EQ(bytes.rows(), 8u);
  EXPECT_EQ(batches.bytes(), 8 * 12u + 8 * 5u + 2);  // numbers, ends of texts, "row 0" to "row 4", "row 7", "row 250", "row 0"
  EXPECT_GE(bytes.bytes(), EncodedRows(bytes, Compression::kNone).size() - 5);
  for (Compression compression : {Compression::kNone, Compression::kLz4}) {
    EXPECT_EQ(EncodedRows(batches, compression), EncodedRows(bytes, compression));
    const StatusOr<ColumnBatch> decoded = DecodeChunkRows(EncodedRows(bytes, compression));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    const ColumnBatch joined = batches.Join();
    ASSERT_EQ(decoded->rows(), expected.size());
    ASSERT_EQ(joined.rows(), expected.size());
    for (size_t row = 0; row < expected.size(); ++row) {
      EXPECT_EQ(decoded->column(0).Get<int64_t>(row), expected[row]);
      EXPECT_EQ(joined.column(0).Get<int64_t>(row), expected[row]);
      EXPECT_EQ(decoded->column(1).GetBytes(row), joined.column(1).GetBytes(row));
    }
  }
}

TEST(ChunkRows, BrokenBytesAreRefused) {
  const std::string good = EncodedRows(ThreePieces(ChunkRows::Form::kBytes), Compression::kNone);
  EXPECT_TRUE(DecodeChunkRows(good).ok());
  EXPECT_FALSE(DecodeChunkRows("").ok());
  EXPECT_FALSE(DecodeChunkRows(EncodedRows(ChunkRows(ChunkRows::Form::kBytes), Compression::kNone)).ok()) << "no piece";
  constexpr size_t kHeader = 5;
  for (size_t length = 0; length < good.size() - kHeader; ++length) {
    ByteWriter cut;
    PutBlock(std::string_view(good).substr(kHeader, length), Compression::kNone, cut);
    // Cut between two pieces it is another message, a good one.
    const StatusOr<ColumnBatch> decoded = DecodeChunkRows(cut.data());
    EXPECT_TRUE(!decoded.ok() || decoded->rows() == 5 || decoded->rows() == 7) << length;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x41);
    (void)DecodeChunkRows(flipped);  // must not crash
  }
  // Very many tiny pieces are refused before there is room for them.
  ByteWriter tiny;
  PutBlock(std::string(1 << 20, '\0'), Compression::kNone, tiny);
  EXPECT_FALSE(DecodeChunkRows(tiny.data()).ok());
}

}  // namespace
}  // namespace tsd::coord
