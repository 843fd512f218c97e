// Expected strings are what PostgreSQL 15 answers.
#include <gtest/gtest.h>

#include "engine/types/text_form.h"
#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

using outcome::RoundTrip;
using outcome::TypeOf;

TEST(TextForm, EveryType) {
  struct Row {
    std::string_view type, text, expected;
  };
  static constexpr Row kRows[] = {
      {"smallint", "1", "1"},
      {"smallint", "-32768", "-32768"},
      {"smallint", "32768", "!22003 value \"32768\" is out of range for type smallint"},
      {"smallint", " 12 ", "12"},
      {"smallint", "", "!22P02 invalid input syntax for type smallint: \"\""},
      {"smallint", "abc", "!22P02 invalid input syntax for type smallint: \"abc\""},
      {"smallint", "1.5", "!22P02 invalid input syntax for type smallint: \"1.5\""},
      {"smallint", "+5", "5"},
      {"integer", "2147483647", "2147483647"},
      {"integer", "2147483648", "!22003 value \"2147483648\" is out of range for type integer"},
      {"integer", "-2147483648", "-2147483648"},
      {"integer", "- 5", "!22P02 invalid input syntax for type integer: \"- 5\""},
      {"bigint", "9223372036854775807", "9223372036854775807"},
      {"bigint", "9223372036854775808", "!22003 value \"9223372036854775808\" is out of range for type bigint"},
      {"bigint", "-9223372036854775808", "-9223372036854775808"},
      {"bigint", "-9223372036854775809", "!22003 value \"-9223372036854775809\" is out of range for type bigint"},
      {"bigint", "99999999999999999999999", "!22003 value \"99999999999999999999999\" is out of range for type bigint"},
      {"double precision", "1", "1"},
      {"double precision", "-0", "-0"},
      {"double precision", ".5", "0.5"},
      {"double precision", "5.", "5"},
      {"double precision", "1e400", "!22003 \"1e400\" is out of range for type double precision"},
      {"double precision", "1e-400", "!22003 \"1e-400\" is out of range for type double precision"},
      {"double precision", "inf", "Infinity"},
      {"double precision", "-Infinity", "-Infinity"},
      {"double precision", "nan", "NaN"},
      {"double precision", "", "!22P02 invalid input syntax for type double precision: \"\""},
      {"double precision", "abc", "!22P02 invalid input syntax for type double precision: \"abc\""},
      {"double precision", "1e", "!22P02 invalid input syntax for type double precision: \"1e\""},
      {"double precision", " 1.5 ", "1.5"},
      {"double precision", "1e23", "9.999999999999999e+22"},
      {"double precision", "3e23", "3e+23"},
      {"double precision", "123456789.123456789", "123456789.12345679"},
      {"double precision", "1e15", "1e+15"},
      {"double precision", "1e14", "100000000000000"},
      {"double precision", "0.0001", "0.0001"},
      {"double precision", "0.00001", "1e-05"},
      {"double precision", "9007199254740993", "9.007199254740992e+15"},
      {"double precision", "2.2250738585072014e-308", "2.2250738585072014e-308"},
      {"double precision", "1.7976931348623157e308", "1.7976931348623157e+308"},
      {"double precision", "5e-324", "5e-324"},
      {"double precision", "7290691656927327778", "7.290691656927328e+18"},
      {"double precision", "-+5", "!22P02 invalid input syntax for type double precision: \"-+5\""},
      {"real", "0.1", "0.1"},
      {"real", "1e40", "!22003 \"1e40\" is out of range for type real"},
      {"real", "1e6", "1e+06"},
      {"real", "999999", "999999"},
      {"real", "123456.7", "123456.7"},
      {"real", "3.4028235e38", "3.4028235e+38"},
      {"real", "1e-45", "1e-45"},
      {"real", "abc", "!22P02 invalid input syntax for type real: \"abc\""},
      {"real", "8388608", "8.388608e+06"},
      {"boolean", "t", "t"},
      {"boolean", "TRUE", "t"},
      {"boolean", "yes", "t"},
      {"boolean", "on", "t"},
      {"boolean", "1", "t"},
      {"boolean", "off", "f"},
      {"boolean", "of", "f"},
      {"boolean", "no", "f"},
      {"boolean", "o", "!22P02 invalid input syntax for type boolean: \"o\""},
      {"boolean", "", "!22P02 invalid input syntax for type boolean: \"\""},
      {"boolean", "2", "!22P02 invalid input syntax for type boolean: \"2\""},
      {"boolean", " true ", "t"},
      {"oid", "4294967295", "4294967295"},
      {"oid", "4294967296", "!22003 value \"4294967296\" is out of range for type oid"},
      {"oid", "-1", "4294967295"},
      {"oid", "x", "!22P02 invalid input syntax for type oid: \"x\""},
      {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {"uuid", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {"uuid", "a0ee-bc99", "!22P02 invalid input syntax for type uuid: \"a0ee-bc99\""},
      {"uuid", "x", "!22P02 invalid input syntax for type uuid: \"x\""},
      {"bytea", "\\xdeadBEEF", "\\xdeadbeef"},
      {"bytea", "\\xde ad", "\\xdead"},
      {"bytea", "\\xde a", "!22023 invalid hexadecimal data: odd number of digits"},
      {"bytea", "\\xzz", "!22023 invalid hexadecimal digit: \"z\""},
      {"bytea", "abc\\\\d\\001", "\\x6162635c6401"},
      {"bytea", "a\\b", "!22P02 invalid input syntax for type bytea"},
      {"bytea", "", "\\x"},
      {"pg_lsn", "16/B374D848", "16/B374D848"},
      {"pg_lsn", "FFFFFFFF/FFFFFFFF", "FFFFFFFF/FFFFFFFF"},
      {"pg_lsn", "x", "!22P02 invalid input syntax for type pg_lsn: \"x\""},
      {"pg_lsn", "1/123456789", "!22P02 invalid input syntax for type pg_lsn: \"1/123456789\""},
      {"inet", "192.168.1.5/24", "192.168.1.5/24"},
      {"inet", "::1", "::1"},
      {"inet", "300.1.1.1", "!22P02 invalid input syntax for type inet: \"300.1.1.1\""},
      {"json", "{\"a\" : 1}", "{\"a\" : 1}"},
      {"json", "[1, 2", "!22P02 invalid input syntax for type json"},
      {"json", "nul", "!22P02 invalid input syntax for type json"},
      {"json", "01", "!22P02 invalid input syntax for type json"},
      {"json", "\"\\ud800\"", "\"\\ud800\""},
      {"json", "", "!22P02 invalid input syntax for type json"},
      {"jsonb", "{\"b\":1,\"a\":[1,2.50,1e2],\"bb\":{\"x\":null},\"a\":true}", "{\"a\": true, \"b\": 1, \"bb\": {\"x\": null}}"},
      {"jsonb", "\"a\\u00e9\\n\"", "\"aé\\n\""},
      {"jsonb", "\"\\u0000\"", "!22P05 unsupported Unicode escape sequence"},
      {"jsonb", "-0", "0"},
      {"jsonb", "{\"a\":1,}", "!22P02 invalid input syntax for type json"},
      {"numeric", "1.50", "1.50"},
      {"numeric", "-0.00", "0.00"},
      {"numeric", "1e3", "1000"},
      {"numeric", "NaN", "NaN"},
      {"numeric", "-inf", "-Infinity"},
      {"numeric", "abc", "!22P02 invalid input syntax for type numeric: \"abc\""},
      {"numeric", "1e131072", "!22003 value overflows numeric format"},
      {"numeric", "1e-16384", "!22003 value overflows numeric format"},
      {"numeric", ".5", "0.5"},
      {"numeric", "00012.340", "12.340"},
      {"numeric", "123456789012345678901234567890123456789012.5", "123456789012345678901234567890123456789012.5"},
      {"integer[]", "{1,2,3}", "{1,2,3}"},
      {"integer[]", "{}", "{}"},
      {"integer[]", "{{1,2},{3,4}}", "{{1,2},{3,4}}"},
      {"integer[]", "{1,NULL,3}", "{1,NULL,3}"},
      {"integer[]", "[0:1]={1,2}", "[0:1]={1,2}"},
      {"integer[]", "{1,2", "!22P02 malformed array literal: \"{1,2\""},
      {"integer[]", "{1,{2}}", "!22P02 malformed array literal: \"{1,{2}}\""},
      {"integer[]", "{{1},{2,3}}", "!22P02 malformed array literal: \"{{1},{2,3}}\""},
      {"integer[]", "1", "!22P02 malformed array literal: \"1\""},
      {"integer[]", "{1,x}", "!22P02 invalid input syntax for type integer: \"x\""},
      {"integer[]", "{{}}", "!22P02 malformed array literal: \"{{}}\""},
      {"integer[]", "[2:1]={1}", "!2202E upper bound cannot be less than lower bound"},
      {"integer[]", "{1}x", "!22P02 malformed array literal: \"{1}x\""},
      {"text[]", "{a,\"b c\",NULL}", "{a,\"b c\",NULL}"},
      {"text[]", "{\"NULL\",null,\"\"}", "{\"NULL\",NULL,\"\"}"},
      {"text[]", "{\"a\\\"b\",\"c\\\\d\"}", "{\"a\\\"b\",\"c\\\\d\"}"},
      {"text[]", "{a b,c}", "{\"a b\",c}"},
      {"text[]", "{a\"b}", "!22P02 malformed array literal: \"{a\"b}\""},
  };
  for (const Row& row : kRows) EXPECT_EQ(RoundTrip(TypeOf(row.type), row.text), row.expected) << row.type << " " << row.text;
}

TEST(TextForm, CharacterLengths) {
  const DataType three(TypeId::kVarchar, false, 3 + 4);
  EXPECT_EQ(RoundTrip(three, "abc"), "abc");
  EXPECT_EQ(RoundTrip(three, "abc  "), "abc");  // blanks beyond the length are cut
  EXPECT_EQ(RoundTrip(three, "\u00e4\u00f6\u00fc"), "\u00e4\u00f6\u00fc");  // characters count, not bytes
  EXPECT_EQ(RoundTrip(three, "abcd"), "!22001 value too long for type character varying(3)");
  EXPECT_EQ(RoundTrip(DataType(TypeId::kBpchar, false, 5 + 4), "ab"), "ab   ");
  EXPECT_EQ(RoundTrip(DataType(TypeId::kBpchar, false, 1 + 4), "ab"), "!22001 value too long for type character(1)");
  TextContext cast;
  cast.length_rule = LengthRule::kTruncate;
  EXPECT_EQ(RoundTrip(three, "abcd", cast), "abc");
  EXPECT_EQ(RoundTrip(TypeId::kName, std::string(70, 'x')), std::string(63, 'x'));
}

TEST(TextForm, RefusesBadUtf8) {
  EXPECT_EQ(RoundTrip(TypeId::kText, "ab\xff"), "!22021 invalid byte sequence for encoding \"UTF8\": 0xff");
  EXPECT_EQ(RoundTrip(TypeId::kText, std::string_view("a\0b", 3)), "!22021 invalid byte sequence for encoding \"UTF8\": 0x00");
  EXPECT_EQ(RoundTrip(TypeId::kText, "\xe2\x28\xa1"), "!22021 invalid byte sequence for encoding \"UTF8\": 0xe2 0x28 0xa1");
  EXPECT_EQ(RoundTrip(TypeId::kText, "\xed\xa0\x80"), "!22021 invalid byte sequence for encoding \"UTF8\": 0xed 0xa0 0x80");
  EXPECT_EQ(RoundTrip(TypeId::kText, "\xc0\x80"), "!22021 invalid byte sequence for encoding \"UTF8\": 0xc0 0x80");
  EXPECT_EQ(RoundTrip(TypeId::kText, "12345678\xe2\x82\xac long enough for words"), "12345678\xe2\x82\xac long enough for words");
}

TEST(TextForm, FewerFloatDigits) {
  std::string out;
  FormatFloat64(0.1 + 0.2, 0, out);
  EXPECT_EQ(out, "0.3");
  out.clear();
  FormatFloat64(0.1 + 0.2, 1, out);
  EXPECT_EQ(out, "0.30000000000000004");
}

TEST(TextForm, JsonNestingIsBounded) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(RoundTrip(TypeId::kJson, deep).substr(0, 6), "!54001");
}

class Names : public ObjectNames {
 public:
  StatusOr<uint32_t> OidOf(TypeId kind, std::string_view name) const override {
    if (kind == TypeId::kRegclass && name == "cpu") return 4711;
    return Error(sqlstate::kUndefinedTable, "relation does not exist");
  }
  bool NameOf(TypeId kind, uint32_t oid, std::string* name) const override {
    if (kind != TypeId::kRegclass || oid != 4711) return false;
    *name = "cpu";
    return true;
  }
};

TEST(TextForm, ObjectNames) {
  const Names names;
  TextContext context;
  context.names = &names;
  EXPECT_EQ(RoundTrip(TypeId::kRegclass, "cpu", context), "cpu");
  EXPECT_EQ(RoundTrip(TypeId::kRegclass, "4711", context), "cpu");
  EXPECT_EQ(RoundTrip(TypeId::kRegclass, "4712", context), "4712");
  EXPECT_EQ(RoundTrip(TypeId::kRegclass, "-", context), "-");
  EXPECT_EQ(RoundTrip(TypeId::kRegclass, "mem", context), "!42P01 relation does not exist");
  EXPECT_EQ(RoundTrip(TypeId::kRegclass, "cpu").substr(0, 6), "!0A000");
}

}  // namespace
}  // namespace tsd
