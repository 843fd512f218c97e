// Expected strings are what PostgreSQL 15 answers.
#include <gtest/gtest.h>

#include "engine/types/binary_form.h"
#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

using outcome::TypeOf;

TEST(BinaryForm, AsPostgresSends) {
  struct Row {
    std::string_view type, text, expected;
  };
  static constexpr Row kRows[] = {
      {"int2", "-5", "\\xfffb"},
      {"int4", "77", "\\x0000004d"},
      {"int8", "-1", "\\xffffffffffffffff"},
      {"float4", "1.5", "\\x3fc00000"},
      {"float8", "-2.25", "\\xc002000000000000"},
      {"bool", "t", "\\x01"},
      {"text", "abc", "\\x616263"},
      {"date", "2024-01-05", "\\x00002242"},
      {"time", "04:05:06.7", "\\x000000036c966ee0"},
      {"timestamp", "2024-01-05 04:05:06", "\\x0002b129b8d28080"},
      {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "\\xa0eebc999c0b4ef8bb6d6bb9bd380a11"},
      {"jsonb", "{\"a\":1}", "\\x017b2261223a20317d"},
      {"oid", "4294967295", "\\xffffffff"},
      {"pg_lsn", "16/B374D848", "\\x00000016b374d848"},
      {"inet", "192.168.1.5/24", "\\x02180004c0a80105"},
      {"inet", "::1", "\\x0380001000000000000000000000000000000001"},
      {"interval", "1 mon -2 days 03:00", "\\x0000000283baec00fffffffe00000001"},
      {"numeric", "12345.678", "\\x0003000100000003000109291a7c"},
      {"numeric", "0.00012", "\\x0002ffff00000005000107d0"},
      {"numeric", "-10000", "\\x00010001400000000001"},
      {"numeric", "NaN", "\\x00000000c0000000"},
      {"numeric", "-Infinity", "\\x00000000f0000020"},
      {"numeric", "0.00", "\\x0000000000000002"},
      {"_int4", "{1,NULL,3}", "\\x00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003"},
      {"_int4", "[0:1][5:5]={{1},{2}}", "\\x0000000200000000000000170000000200000000000000010000000500000004000000010000000400000002"},
      {"_text", "{a,\"b c\",NULL}", "\\x0000000100000001000000190000000300000001000000016100000003622063ffffffff"},
      {"_int4", "{}", "\\x000000000000000000000017"},
  };
  for (const Row& row : kRows) {
    const DataType type = TypeOf(row.type);
    Vector vector(type);
    ASSERT_TRUE(ParseText(type, row.text, TextContext(), vector).ok()) << row.type << " " << row.text;
    std::string binary, hex;
    FormatBinary(vector, 0, binary);
    FormatBytea(binary, ByteaOutput::kHex, hex);
    EXPECT_EQ(hex, row.expected) << row.type << " " << row.text;
    Vector back(type);
    ASSERT_TRUE(ParseBinary(type, binary, back).ok()) << row.type << " " << row.text;
    std::string text, text_back;
    FormatText(vector, 0, TextContext(), text);
    FormatText(back, 0, TextContext(), text_back);
    EXPECT_EQ(text, text_back);
    // Every cut is refused or read as something shorter, never read past its end.
    for (size_t length = 0; length < binary.size(); ++length) {
      Vector cut(type);
      const Status status = ParseBinary(type, std::string_view(binary).substr(0, length), cut);
      if (type.Width() != 0) {
        EXPECT_EQ(SqlStateOf(status), "22P03");
      }
      EXPECT_EQ(cut.size(), status.ok() ? 1u : 0u);
    }
  }
}

TEST(BinaryForm, RefusesBadValues) {
  const auto state = [](DataType type, std::string_view bytes) {
    Vector vector(type);
    return SqlStateOf(ParseBinary(type, bytes, vector));
  };
  EXPECT_EQ(state(TypeId::kInt32, "12345"), "22P03");
  EXPECT_EQ(state(TypeId::kText, "\xff"), "22021");
  EXPECT_EQ(state(TypeId::kTimestamp, std::string_view("\x7f\xff\xff\xff\xff\xff\xff\xfe", 8)), "22008");
  EXPECT_EQ(state(TypeId::kDate, std::string_view("\x80\x00\x00\x01", 4)), "22008");
  EXPECT_EQ(state(TypeId::kTime, std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff", 8)), "22008");
  EXPECT_EQ(state(TypeId::kJsonb, "\x02{}"), "XX000");
  // An array that claims two thousand million elements.
  EXPECT_EQ(state(DataType::ArrayOf(TypeId::kInt32), std::string_view("\0\0\0\1\0\0\0\0\0\0\0\x17\x7f\xff\xff\xf0\0\0\0\1", 20)), "22P03");
}

}  // namespace
}  // namespace tsd
