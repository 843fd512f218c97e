// Pieces of a COPY's input: read one by one they give what the whole gives, wherever it is cut.
#include "net/pg/copy_splitter.h"

#include "engine/base/random.h"
#include "engine/base/strings.h"
#include "net/pg/copy_binary_rows.h"
#include "tests/net/pg/copy_reading.h"
#include "tests/net/pg/fakes.h"

namespace tsd::net::pg {
namespace {

constexpr CopyPieceSize kOnePiece{.rows = 1'000'000'000, .bytes = 1'000'000'000};

CopyColumns TextColumns() { return {"t", {"a", "v"}, {DataType(TypeId::kText), DataType(TypeId::kText)}}; }

/// Every row with its line, then the error.
std::string Told(const CopyRead& read) {
  std::string told;
  for (const CopyBatch& batch : read.batches) {
    EXPECT_EQ(batch.lines.size(), batch.rows.rows());
    for (size_t row = 0; row < batch.rows.rows(); ++row) {
      StrAppend(&told, batch.lines[row]);
      for (size_t c = 0; c < batch.rows.column_count(); ++c) {
        const Vector& column = batch.rows.column(c);
        StrAppend(&told, "|", column.IsNull(row) ? std::string("~") : StrCat("<", column.GetBytes(row), ">"));
      }
      told += '\n';
    }
  }
  const ErrorFields fields = FieldsOf(read.status);
  if (!read.status.ok()) StrAppend(&told, fields.sqlstate, " ", read.status.message(), " ", fields.where);
  return told;
}

std::string Pick(Random& random, std::initializer_list<std::string_view> choices) {
  return std::string(choices.begin()[random.Below(choices.size())]);
}

std::string CsvField(Random& random, char quote, char escape) {
  const std::string plain = Pick(random, {"", "x", "value", "12.5", "a b c", "\303\251", "\\", "\\.x", "escape\\"});
  if (random.Chance(0.5)) return plain;
  std::string field(1, quote);
  for (uint64_t left = random.Below(8); left > 0; --left) {
    const std::string part = Pick(random, {"\n", "\r", "\r\n", ",", "q", "long long long text", "Q", "E"});
    if (part == "Q") {
      field += {escape, quote};
    } else if (part == "E") {
      field += {escape, escape};
    } else {
      field += part;
    }
  }
  field += quote;
  return random.Chance(0.2) ? plain + field : field;
}

std::string TextField(Random& random) {
  std::string field;
  for (uint64_t left = random.Below(6); left > 0; --left) {
    field += Pick(random, {"x", "value", "\\n", "\\\\", "\\\n", "\\\t", "\\x41", "\\101", "\303\251", "\\q", "text text text text"});
  }
  return random.Chance(0.1) ? "\\N" : field;
}

/// Some hundred rows, mostly as they should be.
std::string Input(Random& random, const CopyDialect& dialect) {
  const std::string line_end = Pick(random, {"\n", "\n", "\r\n", "\r"});
  std::string input;
  for (uint64_t left = random.Below(200); left > 0; --left) {
    for (int column = 0; column < 2; ++column) {
      if (column > 0) input += dialect.delimiter;
      input += dialect.format == CopyFormat::kCsv ? CsvField(random, dialect.quote, dialect.escape) : TextField(random);
    }
    input += line_end;
    if (random.Chance(0.002)) StrAppend(&input, "\\.", line_end);
  }
  if (random.Chance(0.3) && !input.empty()) input.pop_back();
  if (random.Chance(0.3) && !input.empty()) input[random.Below(input.size())] = "\n\r\\\"',\tx."[random.Below(9)];
  return input;
}

void CheckCuts(const CopyOptions& options, int rounds, uint64_t seed) {
  const TextContext context;
  const CopyDialect dialect = *ResolveCopyOptions(options, 2, CopyDirection::kFrom);
  Random random(seed);
  size_t pieces = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string input = Input(random, dialect);
    const std::string whole = Told(ReadCopy(dialect, TextColumns(), context, input, input.size() + 1, kOnePiece));
    for (const CopyPieceSize size : {CopyPieceSize{.rows = 1}, CopyPieceSize{.rows = 7}, CopyPieceSize{.bytes = 300}}) {
      const CopyRead cut = ReadCopy(dialect, TextColumns(), context, input, 1 + random.Below(200), size);
      ASSERT_EQ(Told(cut), whole) << "round " << round << ": " << input;
      pieces += cut.pieces;
    }
  }
  EXPECT_GT(pieces, static_cast<size_t>(rounds) * 20);
}

TEST(CopySplitter, TextIsCutAtRows) { CheckCuts({}, 400, 1); }
TEST(CopySplitter, TextWithHeaderIsCutAtRows) { CheckCuts({.delimiter = ",", .header = CopyHeader::kPresent}, 200, 2); }
TEST(CopySplitter, CsvIsCutAtRows) { CheckCuts({.format = CopyFormat::kCsv}, 400, 3); }
TEST(CopySplitter, CsvWithEscapesIsCutAtRows) { CheckCuts({.format = CopyFormat::kCsv, .quote = "'", .escape = "\\"}, 400, 4); }
TEST(CopySplitter, CsvWithHeaderIsCutAtRows) { CheckCuts({.format = CopyFormat::kCsv, .header = CopyHeader::kPresent}, 200, 5); }

void AppendBe(std::string& out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

TEST(CopySplitter, BinaryIsCutAtRows) {
  const TextContext context;
  const CopyDialect dialect = *ResolveCopyOptions({.format = CopyFormat::kBinary}, 2, CopyDirection::kFrom);
  Random random(6);
  size_t pieces = 0;
  for (int round = 0; round < 500; ++round) {
    std::string input = StrCat(kCopySignature, std::string(8, '\0'));
    for (uint64_t left = random.Below(100); left > 0; --left) {
      AppendBe(input, 2, 2);
      for (int column = 0; column < 2; ++column) {
        if (random.Chance(0.1)) {
          AppendBe(input, 0xffffffff, 4);
          continue;
        }
        const std::string value(random.Below(30), 'v');
        AppendBe(input, value.size(), 4);
        input += value;
      }
    }
    if (random.Chance(0.5)) AppendBe(input, 0xffff, 2);
    if (random.Chance(0.3)) input[random.Below(input.size())] = static_cast<char>(random.Below(256));
    if (random.Chance(0.2)) input.resize(random.Below(input.size()));
    const std::string whole = Told(ReadCopy(dialect, TextColumns(), context, input, input.size() + 1, kOnePiece));
    for (const CopyPieceSize size : {CopyPieceSize{.rows = 1}, CopyPieceSize{.rows = 7}, CopyPieceSize{.bytes = 300}}) {
      const CopyRead cut = ReadCopy(dialect, TextColumns(), context, input, 1 + random.Below(200), size);
      ASSERT_EQ(Told(cut), whole) << "round " << round;
      pieces += cut.pieces;
    }
  }
  EXPECT_GT(pieces, 10'000u);
}

TEST(CopySplitter, PiecesOfABatch) {
  const TextContext context;
  std::string data;
  for (int i = 0; i < 20'000; ++i) StrAppend(&data, i, "\n");
  const CopyRead read = ReadCopy(CopyDialect(), {"t", {"a"}, {DataType(TypeId::kInt32)}}, context, data, data.size());
  ASSERT_TRUE(read.status.ok());
  size_t rows = 0;
  for (const CopyBatch& batch : read.batches) {
    EXPECT_LE(batch.rows.rows(), kDefaultBatchRows + 64);
    EXPECT_EQ(batch.lines[0], rows + 1);
    rows += batch.rows.rows();
  }
  EXPECT_EQ(rows, 20'000u);
  EXPECT_EQ(read.batches.size(), 5u);
}

TEST(CopySplitter, LongLineInSmallPayloads) {
  const TextContext context;
  std::string data = std::string(20'000'000, 'x') + "\n";
  for (int i = 0; i < 100; ++i) data += "short\n";
  const CopyRead read = ReadCopy(CopyDialect(), {"t", {"a"}, {DataType(TypeId::kText)}}, context, data, 1000);
  ASSERT_EQ(read.batches.size(), 2u);  // the long line is a piece, with a few after it
  EXPECT_EQ(read.batches[0].rows.column(0).GetBytes(0).size(), 20'000'000u);
  EXPECT_EQ(read.batches[0].rows.rows() + read.batches[1].rows.rows(), 101u);
  EXPECT_EQ(read.batches[1].rows.column(0).GetBytes(0), "short");
}

TEST(CopySplitter, RowsBeforeARefusedOneAreThere) {
  const TextContext context;
  const CopyColumns columns{"t", {"a", "v"}, {DataType(TypeId::kInt32), DataType(TypeId::kText)}};
  std::string data;
  for (int i = 0; i < 300; ++i) StrAppend(&data, i, "\tv", i, "\n");
  const CopyRead read = ReadCopy(CopyDialect(), columns, context, data + "x\tv\n5\tv\n", data.size());
  EXPECT_EQ(FieldsOf(read.status).where, "COPY t, line 301, column a: \"x\"");
  ASSERT_EQ(read.batches.size(), 1u);
  ASSERT_EQ(read.batches[0].rows.rows(), 300u);
  EXPECT_EQ(read.batches[0].rows.column(0).Get<int32_t>(299), 299);
  EXPECT_EQ(read.batches[0].rows.column(1).GetBytes(299), "v299");
}

TEST(CopySplitter, RandomBytes) {
  Random random(5);
  const TextContext context;
  const CopyColumns columns{"t", {"a", "v"}, {DataType(TypeId::kInt32), DataType(TypeId::kText)}};
  for (int round = 0; round < 3000; ++round) {
    const CopyFormat format = static_cast<CopyFormat>(random.Below(3));
    std::string data = format == CopyFormat::kBinary ? std::string(kCopySignature) + std::string(8, '\0') : "";
    for (uint64_t left = random.Below(200); left > 0; --left) {
      data.push_back(random.Chance(0.8) ? "1\t,\n\r\\.\"x\0\1\2"[random.Below(12)] : static_cast<char>(random.Below(256)));
    }
    (void)ReadCopy(*ResolveCopyOptions({.format = format}, 2, CopyDirection::kFrom), columns, context, data, 5, {.rows = 1});
  }
}

}  // namespace
}  // namespace tsd::net::pg
