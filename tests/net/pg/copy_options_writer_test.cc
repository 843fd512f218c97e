// COPY options and COPY TO: answers as PostgreSQL 15 gives them.
#include "net/pg/copy_binary_rows.h"
#include "net/pg/copy_writer.h"
#include "net/pg/row_writer.h"
#include "engine/base/random.h"
#include "tests/net/pg/copy_reading.h"
#include "tests/net/pg/fakes.h"

namespace tsd::net::pg {
namespace {

std::string Resolve(const CopyOptions& options, CopyDirection direction = CopyDirection::kFrom) {
  const StatusOr<CopyDialect> dialect = ResolveCopyOptions(options, 2, direction);
  return dialect.ok() ? "ok" : StrCat(SqlStateOf(dialect.status()), " ", dialect.status().message());
}

TEST(CopyOptions, Errors) {
  constexpr CopyFormat kCsv = CopyFormat::kCsv, kBinary = CopyFormat::kBinary;
  constexpr CopyDirection kTo = CopyDirection::kTo;
  for (const char* delimiter : {"ab", "", "\303\251"}) {
    EXPECT_EQ(Resolve({.delimiter = delimiter}), "0A000 COPY delimiter must be a single one-byte character");
  }
  EXPECT_EQ(Resolve({.delimiter = "\n"}), "22023 COPY delimiter cannot be newline or carriage return");
  EXPECT_EQ(Resolve({.delimiter = "a"}), "22023 COPY delimiter cannot be \"a\"");
  EXPECT_EQ(Resolve({.delimiter = "\\"}), "22023 COPY delimiter cannot be \"\\\"");
  EXPECT_EQ(Resolve({.format = kCsv, .delimiter = "a", .null_string = "b"}), "ok");
  EXPECT_EQ(Resolve({.null_string = "a\nb"}), "22023 COPY null representation cannot use newline or carriage return");
  EXPECT_EQ(Resolve({.null_string = "a\tb"}), "0A000 COPY delimiter must not appear in the NULL specification");
  EXPECT_EQ(Resolve({.quote = "\""}), "0A000 COPY quote available only in CSV mode");
  EXPECT_EQ(Resolve({.escape = "x"}), "0A000 COPY escape available only in CSV mode");
  EXPECT_EQ(Resolve({.format = kCsv, .quote = "ab"}), "0A000 COPY quote must be a single one-byte character");
  EXPECT_EQ(Resolve({.format = kCsv, .escape = "ab"}), "0A000 COPY escape must be a single one-byte character");
  EXPECT_EQ(Resolve({.format = kCsv, .quote = ","}), "22023 COPY delimiter and quote must be different");
  EXPECT_EQ(Resolve({.format = kCsv, .null_string = "a\"b"}), "0A000 CSV quote character must not appear in the NULL specification");
  EXPECT_EQ(Resolve({.force_quote_all = true}), "0A000 COPY force quote available only in CSV mode");
  EXPECT_EQ(Resolve({.format = kCsv, .force_quote_all = true}), "0A000 COPY force quote only available using COPY TO");
  EXPECT_EQ(Resolve({.format = kCsv, .force_quote_all = true}, kTo), "ok");
  EXPECT_EQ(Resolve({.force_not_null = {0}}), "0A000 COPY force not null available only in CSV mode");
  EXPECT_EQ(Resolve({.force_null = {0}}), "0A000 COPY force null available only in CSV mode");
  EXPECT_EQ(Resolve({.format = kCsv, .force_null = {0}}, kTo), "0A000 COPY force null only available using COPY FROM");
  EXPECT_EQ(Resolve({.format = kBinary, .delimiter = ","}), "42601 cannot specify DELIMITER in BINARY mode");
  EXPECT_EQ(Resolve({.format = kBinary, .null_string = ""}), "42601 cannot specify NULL in BINARY mode");
  EXPECT_EQ(Resolve({.format = kBinary, .header = CopyHeader::kPresent}), "0A000 cannot specify HEADER in BINARY mode");
  EXPECT_EQ(Resolve({.header = CopyHeader::kMatch}, kTo), "0A000 cannot use \"match\" with HEADER in COPY TO");
}

struct Sample {
  CopyColumns columns{"w", {"a", "v"}, {DataType(TypeId::kInt32), DataType(TypeId::kText)}};
  ColumnBatch batch;
  Sample() {
    auto number = std::make_shared<Vector>(DataType(TypeId::kInt32));
    auto text = std::make_shared<Vector>(DataType(TypeId::kText));
    for (const char* value : {"a\tb\n\\c\b\f\rv", "\\.", "", "NULL", "a\"b,c"}) {
      number->Append<int32_t>(static_cast<int32_t>(number->size() + 1));
      text->AppendBytes(value);
    }
    number->AppendNull();
    text->AppendNull();
    batch = ColumnBatch({number, text}, 6);
  }
  std::string Write(const CopyOptions& options) const {
    const TextContext context;
    CopyWriter writer(*ResolveCopyOptions(options, 2, CopyDirection::kTo), columns, &context);
    std::string out;
    writer.Begin(out);
    writer.Rows(batch, 0, 6, out);
    writer.End(out);
    return out;
  }
};

TEST(CopyWriter, Text) {
  const Sample sample;
  EXPECT_EQ(sample.Write({}), "1\ta\\tb\\n\\\\c\\b\\f\\rv\n2\t\\\\.\n3\t\n4\tNULL\n5\ta\"b,c\n\\N\t\\N\n");
  EXPECT_EQ(sample.Write({.delimiter = ",", .null_string = "NULL", .header = CopyHeader::kPresent}),
            "a,v\n1,a\\tb\\n\\\\c\\b\\f\\rv\n2,\\\\.\n3,\n4,NULL\n5,a\"b\\,c\nNULL,NULL\n");
}

TEST(CopyWriter, Csv) {
  const Sample sample;
  EXPECT_EQ(sample.Write({.format = CopyFormat::kCsv}), "1,\"a\tb\n\\c\b\f\rv\"\n2,\\.\n3,\"\"\n4,NULL\n5,\"a\"\"b,c\"\n,\n");
  EXPECT_EQ(sample.Write({.format = CopyFormat::kCsv, .header = CopyHeader::kPresent, .force_quote_all = true}),
            "a,v\n\"1\",\"a\tb\n\\c\b\f\rv\"\n\"2\",\"\\.\"\n\"3\",\"\"\n\"4\",\"NULL\"\n\"5\",\"a\"\"b,c\"\n,\n");
  EXPECT_EQ(sample.Write({.format = CopyFormat::kCsv, .null_string = "NULL", .quote = "'", .escape = "x"}),
            "1,'a\tb\n\\c\b\f\rv'\n2,\\.\n3,\n4,'NULL'\n5,'a\"b,c'\nNULL,NULL\n");
}

TEST(CopyWriter, EndMarkerAloneIsQuoted) {
  const TextContext context;
  CopyColumns columns{"w", {"v"}, {DataType(TypeId::kText)}};
  auto text = std::make_shared<Vector>(DataType(TypeId::kText));
  text->AppendBytes("\\.");
  CopyWriter writer(*ResolveCopyOptions({.format = CopyFormat::kCsv}, 1, CopyDirection::kTo), columns, &context);
  std::string out;
  writer.Rows(ColumnBatch({text}, 1), 0, 1, out);
  EXPECT_EQ(out, "\"\\.\"\n");
}

/// Whatever is written is read back the same, in any format and with any cut.
TEST(CopyWriter, RoundTrip) {
  Random random(3);
  const TextContext context;
  CopyColumns columns{"w", {"a", "v", "d", "t"}, {DataType(TypeId::kInt64), DataType(TypeId::kText), DataType(TypeId::kFloat64), DataType(TypeId::kTimestampTz)}};
  BatchBuilder builder(columns.types);
  constexpr size_t kRows = 5000;
  for (size_t row = 0; row < kRows; ++row) {
    builder.column(0).Append<int64_t>(static_cast<int64_t>(random.Next()));
    std::string text;
    for (uint64_t left = random.Below(12); left > 0; --left) text += "\\\n\r\t,\"'aN.\b\303\251"[random.Below(11)];
    if (random.Chance(0.1)) {
      builder.column(1).AppendNull();
    } else {
      builder.column(1).AppendBytes(text + (random.Chance(0.2) ? "\303\251" : ""));
    }
    builder.column(2).Append<double>(random.Chance(0.5) ? random.Fraction() * 1e3 : static_cast<double>(random.Below(10000)) / 100);
    builder.column(3).Append<int64_t>(static_cast<int64_t>(random.Below(1'000'000'000'000'000)));
    builder.FinishRow();
  }
  const ColumnBatch batch = builder.Finish();
  for (CopyFormat format : {CopyFormat::kText, CopyFormat::kCsv, CopyFormat::kBinary}) {
    const CopyDialect dialect = *ResolveCopyOptions({.format = format}, 4, CopyDirection::kFrom);
    CopyWriter writer(dialect, columns, &context);
    std::string data;
    writer.Begin(data);
    writer.Rows(batch, 0, kRows, data);
    writer.End(data);
    for (size_t piece_rows : {size_t{1}, size_t{100}, kDefaultBatchRows}) {
      const CopyRead read = ReadCopy(dialect, columns, context, data, 1 + random.Below(20'000), {.rows = piece_rows});
      ASSERT_TRUE(read.status.ok()) << read.status;
      EXPECT_GT(read.pieces, kRows / (4 * piece_rows));  // a line end in a value counts as a row
      size_t rows = 0;
      for (const CopyBatch& got : read.batches) {
        for (size_t row = 0; row < got.rows.rows(); ++row, ++rows) {
          for (size_t c = 0; c < 4; ++c) {
            ASSERT_TRUE(Value::FromVector(got.rows.column(c), row).SameAs(Value::FromVector(batch.column(c), rows))) << rows << " " << c;
          }
        }
      }
      EXPECT_EQ(rows, kRows);
    }
  }
}

TEST(RowWriter, StopsAtTheBound) {
  const Sample sample;
  const TextContext context;
  std::string out;
  const RowWriter writer({1, 0});
  EXPECT_EQ(writer.Append(sample.batch, 0, 1, context, out), 1u);
  EXPECT_EQ(writer.Append(sample.batch, 1, 1 << 20, context, out), 6u);
  const std::vector<std::string> rows = Read(out);
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[2], "D:" + Be32(3) + "|");
  EXPECT_EQ(rows[5], "D:NULL|NULL");
}

}  // namespace
}  // namespace tsd::net::pg
