#include "engine/types/row_pieces.h"

#include <gtest/gtest.h>

namespace tsd {
namespace {

std::shared_ptr<const ColumnBatch> Batch(const std::vector<int64_t>& numbers, const std::vector<std::string>& texts) {
  auto number = std::make_shared<Vector>(TypeId::kInt64);
  auto text = std::make_shared<Vector>(TypeId::kText);
  for (int64_t value : numbers) number->Append<int64_t>(value);
  for (const std::string& value : texts) {
    if (value == "NULL") {
      text->AppendNull();
    } else {
      text->AppendBytes(value);
    }
  }
  return std::make_shared<const ColumnBatch>(std::vector<VectorPtr>{number, text}, numbers.size());
}

std::shared_ptr<const std::vector<uint32_t>> Positions(std::vector<uint32_t> rows) {
  return std::make_shared<const std::vector<uint32_t>>(std::move(rows));
}

std::string Shown(const ColumnBatch& batch) {
  std::string text;
  for (size_t row = 0; row < batch.rows(); ++row) {
    text += std::to_string(batch.column(0).Get<int64_t>(row)) + "=" + (batch.column(1).IsNull(row) ? "NULL" : std::string(batch.column(1).GetBytes(row))) + " ";
  }
  return text;
}

TEST(RowPieces, JoinsRowsInTheirOrder) {
  RowPieces rows;
  EXPECT_EQ(rows.Join().rows(), 0u);
  rows.Append({Batch({1, 2, 3}, {"a", "b", "c"}), Positions({2, 0})});
  EXPECT_EQ(Shown(rows.Join()), "3=c 1=a ");
  rows.Append({Batch({4}, {"NULL"}), nullptr});
  rows.Append({Batch({5, 6}, {"e", "f"}), Positions({})});
  rows.Append({Batch({7, 8}, {"g", "h"}), Positions({1})});
  EXPECT_EQ(rows.rows(), 4u);
  EXPECT_EQ(Shown(rows.Join()), "3=c 1=a 4=NULL 8=h ");
}

TEST(RowPieces, AWholeBatchStaysAsItIs) {
  const auto batch = Batch({1, 2}, {"a", "b"});
  EXPECT_EQ(RowPieces(*batch).Join().column_ptr(1), batch->column_ptr(1));
}

TEST(RowPieces, BytesAreThoseOfTheRows) {
  const auto batch = Batch({1, 2, 3}, {"a", std::string(1000, 'x'), "c"});
  EXPECT_EQ((RowPiece{batch, Positions({0, 2})}).bytes(), 2 * 12u + 2);
  EXPECT_EQ((RowPiece{batch, nullptr}).bytes(), 3 * 12u + 1002);
}

TEST(RowPieces, Halves) {
  const auto batch = Batch({1, 2, 3, 4, 5}, {"a", "b", "c", "d", "e"});
  for (const auto& [piece, first, second] : {std::tuple(RowPiece{batch, nullptr}, "1=a 2=b ", "3=c 4=d 5=e "),
                                              std::tuple(RowPiece{batch, Positions({4, 0})}, "5=e ", "1=a ")}) {
    const auto [one, other] = piece.Halves();
    RowPieces rows;
    rows.Append(one);
    EXPECT_EQ(Shown(rows.Join()), first);
    rows.Append(other);
    EXPECT_EQ(Shown(rows.Join()), std::string(first) + second);
  }
}

}  // namespace
}  // namespace tsd
