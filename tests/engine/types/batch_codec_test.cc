#include "engine/types/batch_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>

#include "engine/base/random.h"
#include "engine/types/value.h"
#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

/// A column of every layout, some rows NULL.
ColumnBatch SampleBatch(size_t rows, bool with_nulls) {
  const std::vector<std::pair<DataType, std::string>> columns = {
      {TypeId::kBool, "t"},
      {TypeId::kInt16, "-7"},
      {TypeId::kInt32, "70000"},
      {TypeId::kInt64, "-9223372036854775808"},
      {TypeId::kFloat32, "1.5"},
      {TypeId::kFloat64, "nan"},
      {DataType(TypeId::kVarchar, false, 14), "host_17"},
      {TypeId::kNumeric, "12345.6789"},
      {TypeId::kTimestampTz, "2024-01-05 04:05:06+00"},
      {TypeId::kInterval, "1 mon -2 days 03:00"},
      {TypeId::kUuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {DataType::ArrayOf(TypeId::kText), "{a,NULL,\"b c\"}"},
      {TypeId::kText, ""},
  };
  ColumnBatch batch(rows);
  for (const auto& [type, text] : columns) {
    auto vector = std::make_shared<Vector>(type);
    for (size_t row = 0; row < rows; ++row) {
      if (with_nulls && row % 3 == 1) {
        vector->AppendNull();
      } else {
        EXPECT_TRUE(ParseText(type, text, TextContext(), *vector).ok());
      }
    }
    batch.Add(vector);
  }
  return batch;
}

template <typename T>
ColumnBatch OneColumn(TypeId type, const std::vector<T>& values) {
  auto column = std::make_shared<Vector>(type);
  for (T value : values) column->Append<T>(value);
  ColumnBatch batch(values.size());
  batch.Add(column);
  return batch;
}

void ExpectSame(const ColumnBatch& left, const ColumnBatch& right) {
  ASSERT_EQ(left.rows(), right.rows());
  ASSERT_EQ(left.column_count(), right.column_count());
  for (size_t column = 0; column < left.column_count(); ++column) {
    ASSERT_EQ(left.column(column).type(), right.column(column).type());
    for (size_t row = 0; row < left.rows(); ++row) {
      ASSERT_TRUE(Value::FromVector(left.column(column), row).SameAs(Value::FromVector(right.column(column), row)))
          << "column " << column << " row " << row;
    }
  }
}

TEST(BatchCodec, RoundTrips) {
  for (Compression compression : {Compression::kNone, Compression::kLz4}) {
    for (size_t rows : {0, 1, 3, 64, 65, 1000}) {
      for (bool with_nulls : {false, true}) {
        const ColumnBatch batch = SampleBatch(rows, with_nulls);
        ByteWriter writer;
        writer.PutU8(0xaa);  // encoding appends
        EncodeBatch(batch, compression, writer);
        const StatusOr<ColumnBatch> back = DecodeBatch(std::string_view(writer.data()).substr(1));
        ASSERT_TRUE(back.ok()) << back.status().message();
        ExpectSame(batch, *back);
      }
    }
  }
}

std::string Encoded(const ColumnBatch& batch, Compression compression = Compression::kNone) {
  ByteWriter writer;
  EncodeBatch(batch, compression, writer);
  return std::move(writer).Take();
}

TEST(BatchCodec, PickedRowsAreEncodedAsThoseGathered) {
  Random random(3);
  for (bool with_nulls : {false, true}) {
    ColumnBatch batch = SampleBatch(700, with_nulls);
    auto doubles = std::make_shared<Vector>(TypeId::kFloat64);
    auto mixed = std::make_shared<Vector>(TypeId::kFloat64);
    auto times = std::make_shared<Vector>(TypeId::kTimestampTz);
    for (int row = 0; row < 700; ++row) {
      doubles->Append<double>(row % 100 - 50);
      mixed->Append<double>(row == 333 ? 0.5 : row);
      times->Append<int64_t>(int64_t{1} << 50 | row * 1000);
    }
    batch.Add(doubles);
    batch.Add(mixed);
    batch.Add(times);
    for (size_t count : {1, 2, 3, 4, 5, 63, 64, 350, 1500}) {
      auto positions = std::make_shared<std::vector<uint32_t>>();
      for (size_t i = 0; i < count; ++i) positions->push_back(static_cast<uint32_t>(random.Below(700)));
      const ColumnBatch gathered = batch.Gather(*positions);
      ByteWriter writer;
      EncodeRows({std::make_shared<const ColumnBatch>(batch), positions}, Compression::kNone, writer);
      EXPECT_EQ(writer.data(), Encoded(gathered)) << count;
    }
  }
}

TEST(BatchCodec, SeveralBatchesBecomeOne) {
  // Sizes around a word of validity, so that bits of one batch begin within another's word.
  const std::vector<size_t> sizes = {1, 64, 0, 63, 130, 5, 700};
  for (Compression compression : {Compression::kNone, Compression::kLz4}) {
    for (int nulls = 0; nulls < 3; ++nulls) {
      std::vector<std::string> encoded;
      RowPieces expected;
      for (size_t i = 0; i < sizes.size(); ++i) {
        ColumnBatch batch = SampleBatch(sizes[i], nulls == 1 || (nulls == 2 && i % 2 == 1));
        auto values = std::make_shared<Vector>(TypeId::kFloat64);
        for (size_t row = 0; row < sizes[i]; ++row) values->Append<double>(i % 2 == 0 ? static_cast<double>(row) : 0.25);
        batch.Add(values);
        encoded.push_back(Encoded(batch, compression));
        expected.Append({std::make_shared<const ColumnBatch>(batch), nullptr});
      }
      const std::vector<std::string_view> views(encoded.begin(), encoded.end());
      const StatusOr<ColumnBatch> joined = DecodeBatches(views);
      ASSERT_TRUE(joined.ok()) << joined.status();
      ExpectSame(expected.Join(), *joined);
    }
  }
}

TEST(BatchCodec, BatchesOfOtherColumnsDoNotBecomeOne) {
  const std::string doubles = Encoded(OneColumn(TypeId::kFloat64, std::vector<double>(10, 0.5)));
  const std::string integers = Encoded(OneColumn(TypeId::kInt64, std::vector<int64_t>(10, 5)));
  const std::string none = Encoded(ColumnBatch(10));
  const auto joined = [](const std::string& first, std::string_view second) {
    const std::string_view views[] = {first, second};
    return SqlStateOf(DecodeBatches(views).status());
  };
  EXPECT_EQ(joined(doubles, integers), "XX001");
  EXPECT_EQ(joined(doubles, none), "XX001");
  EXPECT_EQ(joined(none, doubles), "XX001");
  EXPECT_EQ(joined(doubles, ""), "XX001");
  for (size_t length = 0; length < doubles.size(); ++length) EXPECT_EQ(joined(doubles, std::string_view(doubles).substr(0, length)), "XX001") << length;
}

TEST(BatchCodec, RowsWithoutColumns) {
  ByteWriter writer;
  EncodeBatch(ColumnBatch(12'345), writer);
  const StatusOr<ColumnBatch> back = DecodeBatch(writer.data());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->rows(), 12'345u);
  EXPECT_EQ(back->column_count(), 0u);
}

TEST(BatchCodec, CompressesOnlyWhenItPays) {
  ByteWriter plain, packed;
  EncodeBatch(SampleBatch(1000, false), Compression::kNone, plain);
  EncodeBatch(SampleBatch(1000, false), Compression::kLz4, packed);
  EXPECT_LT(packed.size(), plain.size() / 4);
  Random random(1);
  auto noise = std::make_shared<Vector>(TypeId::kInt64);
  for (int i = 0; i < 1000; ++i) noise->Append<int64_t>(static_cast<int64_t>(random.Next()));
  ColumnBatch batch(1000);
  batch.Add(noise);
  ByteWriter stored, unpacked;
  EncodeBatch(batch, Compression::kLz4, stored);
  EncodeBatch(batch, Compression::kNone, unpacked);
  EXPECT_EQ(stored.data(), unpacked.data());
}

TEST(BatchCodec, EveryCutIsRefused) {
  for (Compression compression : {Compression::kNone, Compression::kLz4}) {
    ByteWriter writer;
    EncodeBatch(SampleBatch(70, true), compression, writer);
    for (size_t length = 0; length < writer.size(); ++length) {
      EXPECT_EQ(SqlStateOf(DecodeBatch(std::string_view(writer.data()).substr(0, length)).status()), "XX001") << length;
    }
    EXPECT_FALSE(DecodeBatch(writer.data() + "x").ok());
  }
}

TEST(BatchCodec, FlippedBytesDoNotCrash) {
  Random random(7);
  for (Compression compression : {Compression::kNone, Compression::kLz4}) {
    ByteWriter writer;
    EncodeBatch(SampleBatch(20, true), compression, writer);
    for (int round = 0; round < 500; ++round) {
      std::string bytes = writer.data();
      for (int i = 0; i < 1 + round % 3; ++i) bytes[random.Next() % bytes.size()] = static_cast<char>(random.Next());
      const StatusOr<ColumnBatch> back = DecodeBatch(bytes);
      if (!back.ok()) continue;
      // What was accepted must be safe to read.
      std::string out;
      for (const VectorPtr& column : back->columns()) {
        for (size_t row = 0; row < back->rows() && row < 100; ++row) {
          if (column->IsValid(row)) FormatText(*column, row, TextContext(), out);
        }
      }
    }
  }
}

TEST(BatchCodec, HugeClaimsAreRefused) {
  ByteWriter body;
  body.PutVarint(uint64_t{1} << 40);  // rows
  body.PutVarint(1);
  ByteWriter writer;
  writer.PutU8(1);
  writer.PutU8(0);
  writer.PutU32(static_cast<uint32_t>(body.size()));
  writer.PutBytes(body.data());
  EXPECT_FALSE(DecodeBatch(writer.data()).ok());
  ByteWriter bomb;
  bomb.PutU8(1);
  bomb.PutU8(1);
  bomb.PutU32(0x3fffffff);
  bomb.PutBytes("tiny");
  EXPECT_FALSE(DecodeBatch(bomb.data()).ok());
}

/// Encoded size; the bits of every value must come back.
template <typename T>
size_t SizeOfRoundTrip(TypeId type, const std::vector<T>& values) {
  ByteWriter writer;
  EncodeBatch(OneColumn(type, values), writer);
  const StatusOr<ColumnBatch> back = DecodeBatch(writer.data());
  EXPECT_TRUE(back.ok()) << back.status().message();
  if (!back.ok() || back->rows() != values.size()) return 0;
  for (size_t row = 0; row < values.size(); ++row) {
    const T value = back->column(0).Get<T>(row);
    EXPECT_EQ(std::memcmp(&value, &values[row], sizeof(T)), 0) << row;
  }
  return writer.size();
}

TEST(BatchCodec, CloseValuesTakeFewBytes) {
  std::vector<double> doubles;
  std::vector<int64_t> times;
  for (int i = 0; i < 3001; ++i) {
    doubles.push_back(i % 200 - 100);
    times.push_back(INT64_MAX - i * 1000);
  }
  EXPECT_LT(SizeOfRoundTrip(TypeId::kFloat64, doubles), 3001u + 40);
  EXPECT_LT(SizeOfRoundTrip(TypeId::kTimestampTz, times), 4 * 3001u + 40);
  doubles[1500] = 40000;
  EXPECT_LT(SizeOfRoundTrip(TypeId::kFloat64, doubles), 4 * 3001u + 40);
  doubles[1501] = -2147483648.0;
  EXPECT_LT(SizeOfRoundTrip(TypeId::kFloat64, doubles), 4 * 3001u + 40);
}

TEST(BatchCodec, CloseValuesOfEachWidthAndAnyNumberComeBack) {
  for (const int64_t magnitude : {int64_t{INT8_MAX}, int64_t{INT16_MAX}, int64_t{INT32_MAX}}) {
    for (int64_t rows = 1; rows < 40; ++rows) {
      std::vector<double> doubles;
      std::vector<int64_t> integers;
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t value = i % 3 == 0 ? magnitude - i : i % 3 == 1 ? -magnitude - 1 + i : i;
        doubles.push_back(static_cast<double>(value));
        integers.push_back(value);
      }
      SizeOfRoundTrip(TypeId::kFloat64, doubles);
      SizeOfRoundTrip(TypeId::kInt64, integers);
    }
  }
}

TEST(BatchCodec, OneValueOfAnotherKindIsKept) {
  for (double odd : {-0.0, 0.5, 2147483648.0, -2147483649.0, 1e300, 5e-324, std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(),
                     std::bit_cast<double>(0x7ff8000000001234ULL)}) {
    for (size_t at : {0u, 5u, 1023u, 1024u, 2002u}) {
      std::vector<double> values(2003, 7);
      values[at] = odd;
      SizeOfRoundTrip(TypeId::kFloat64, values);
    }
  }
  for (int64_t odd : {INT64_MIN, INT64_MAX, int64_t{-2147483648}, int64_t{2147483647}, int64_t{-2147483649}, int64_t{2147483648}}) {
    for (size_t at : {0u, 1u, 2002u}) {
      std::vector<int64_t> values(2003, 0);
      values[at] = odd;
      SizeOfRoundTrip(TypeId::kInt64, values);
    }
  }
}

TEST(BatchCodec, BrokenNarrowColumnsAreRefused) {
  ByteWriter good;
  EncodeBatch(OneColumn(TypeId::kInt64, std::vector<int64_t>(100, 5)), good);
  constexpr size_t kWidthAt = 6 + 2 + 3 + 8;  // header, counts, column header, base
  ASSERT_EQ(good.data()[kWidthAt], 1);
  for (int width : {0, 2, 3, 8, 255}) {
    std::string bytes = good.data();
    bytes[kWidthAt] = static_cast<char>(width);
    EXPECT_EQ(SqlStateOf(DecodeBatch(bytes).status()), "XX001") << width;
  }
  ByteWriter doubles;
  EncodeBatch(OneColumn(TypeId::kFloat64, std::vector<double>(100, 5)), doubles);
  ASSERT_EQ(doubles.data()[kWidthAt], 1);
  EXPECT_TRUE(DecodeBatch(doubles.data()).ok());
  std::string with_base = doubles.data();
  with_base[kWidthAt - 1] = 1;
  EXPECT_EQ(SqlStateOf(DecodeBatch(with_base).status()), "XX001");
  std::string text = good.data();
  text[8] = static_cast<char>(TypeId::kText);
  EXPECT_FALSE(DecodeBatch(text).ok());
}

}  // namespace
}  // namespace tsd
