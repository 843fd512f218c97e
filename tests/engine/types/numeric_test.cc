// Expected strings are what PostgreSQL 15 answers.
#include <gtest/gtest.h>

#include "engine/types/numeric.h"
#include "engine/types/numeric_big.h"
#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

using outcome::Outcome;

Numeric Of(std::string_view text) { return *Numeric::Parse(text); }

TEST(Numeric, Arithmetic) {
  struct Row {
    std::string_view op, left, right, expected;
  };
  static constexpr Row kRows[] = {
      {"+", "1.5", "2.25", "3.75"},
      {"+", "NaN", "1", "NaN"},
      {"+", "Infinity", "-Infinity", "NaN"},
      {"+", "99999999999999999999999999999999999999", "1", "100000000000000000000000000000000000000"},
      {"-", "1", "1.00", "0.00"},
      {"*", "1.5", "2.25", "3.375"},
      {"*", "0", "Infinity", "NaN"},
      {"*", "123456789012345678901234567890", "987654321098765432109876543210.5", "121932631137021795226185032733684651726743636640561880810845.0"},
      {"/", "1", "3", "0.33333333333333333333"},
      {"/", "10000", "3", "3333.3333333333333333"},
      {"/", "2", "7", "0.28571428571428571429"},
      {"/", "1", "0.003", "333.3333333333333333"},
      {"/", "5", "0", "!22012 division by zero"},
      {"/", "Infinity", "0", "!22012 division by zero"},
      {"/", "1e20", "3", "33333333333333333333"},
      {"/", "0", "7", "0.00000000000000000000"},
      {"/", "123456789", "0.00001", "12345678900000.00000"},
      {"%", "-5", "3", "-2"},
      {"%", "5.5", "-2", "1.5"},
      {"%", "1", "0", "!22012 division by zero"},
      {"%", "5", "Infinity", "5"},
  };
  for (const Row& row : kRows) {
    const Numeric left = Of(row.left), right = Of(row.right);
    const StatusOr<Numeric> result = row.op == "+"   ? Numeric::Add(left, right)
                                     : row.op == "-" ? Numeric::Subtract(left, right)
                                     : row.op == "*" ? Numeric::Multiply(left, right)
                                     : row.op == "/" ? Numeric::Divide(left, right)
                                                     : Numeric::Modulo(left, right);
    EXPECT_EQ(Outcome(result), row.expected) << row.left << " " << row.op << " " << row.right;
  }
  EXPECT_EQ(Outcome(Numeric::DivideTruncated(Of("-7.5"), Of("2"))), "-3");
}

TEST(Numeric, Functions) {
  struct Row {
    std::string_view name, argument, expected;
  };
  static constexpr Row kRows[] = {
      {"sqrt", "2", "1.414213562373095"},
      {"sqrt", "0", "0.000000000000000"},
      {"sqrt", "1e-20", "0.0000000001000000000000000"},
      {"sqrt", "-1", "!2201F cannot take square root of a negative number"},
      {"exp", "1", "2.7182818284590452"},
      {"exp", "-10.5", "0.00002753644934974716"},
      {"exp", "100", "26881171418161354484126255515800135873611119"},
      {"exp", "7000", "!22003 value overflows numeric format"},
      {"ln", "2", "0.6931471805599453"},
      {"ln", "0.95", "-0.051293294387550533"},
      {"ln", "1.0000001", "0.00000009999999500000033"},
      {"ln", "0", "!2201E cannot take logarithm of zero"},
      {"ln", "-1", "!2201E cannot take logarithm of a negative number"},
      {"log", "100", "2.0000000000000000"},
      {"log", "2", "0.3010299956639812"},
      {"ceil", "-0.5", "0"},
      {"floor", "-0.5", "-1"},
  };
  for (const Row& row : kRows) {
    const Numeric value = Of(row.argument);
    const StatusOr<Numeric> result = row.name == "sqrt"    ? Numeric::Sqrt(value)
                                     : row.name == "exp"   ? Numeric::Exp(value)
                                     : row.name == "ln"    ? Numeric::Ln(value)
                                     : row.name == "log"   ? Numeric::Log10(value)
                                     : row.name == "floor" ? StatusOr<Numeric>(value.Floor())
                                                           : StatusOr<Numeric>(value.Ceil());
    EXPECT_EQ(Outcome(result), row.expected) << row.name << " " << row.argument;
  }
  EXPECT_EQ(Outcome(Numeric::Log(Of("2.0"), Of("64.0"))), "6.0000000000000000");
}

TEST(Numeric, Power) {
  struct Row {
    std::string_view base, exponent, expected;
  };
  static constexpr Row kRows[] = {
      {"2", "10", "1024.0000000000000000"},
      {"2", "0.5", "1.4142135623730950"},
      {"2", "100", "1267650600228229401496703205376.0000000000000000"},
      {"1.5", "-3", "0.2962962962962963"},
      {"0", "0", "1.0000000000000000"},
      {"0", "-1", "!2201F zero raised to a negative power is undefined"},
      {"-2", "0.5", "!2201F a negative number raised to a non-integer power yields a complex result"},
      {"-2", "3", "-8.0000000000000000"},
      {"2.5", "2.5", "9.8821176880261854"},
      {"NaN", "0", "1"},
      {"Infinity", "-1", "0"},
      {"10", "200000", "!22003 value overflows numeric format"},
      {"2", "-2000", "0.0000000000000000"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Outcome(Numeric::Power(Of(row.base), Of(row.exponent))), row.expected) << row.base << " ^ " << row.exponent;
}

TEST(Numeric, Typmod) {
  struct Row {
    std::string_view typmod, text, expected;
  };
  static constexpr Row kRows[] = {
      {"327686", "123.455", "123.46"},
      {"327686", "0.5", "0.50"},
      {"327686", "1", "1.00"},
      {"327686", "Infinity", "!22003 numeric field overflow"},
      {"327686", "NaN", "NaN"},
      {"327686", "999499", "!22003 numeric field overflow"},
      {"327686", "999500", "!22003 numeric field overflow"},
      {"327686", "0.00999949", "0.01"},
      {"131078", "123.455", "!22003 numeric field overflow"},
      {"131078", "0.5", "0.50"},
      {"131078", "1", "!22003 numeric field overflow"},
      {"131078", "Infinity", "!22003 numeric field overflow"},
      {"131078", "NaN", "NaN"},
      {"131078", "999499", "!22003 numeric field overflow"},
      {"131078", "999500", "!22003 numeric field overflow"},
      {"131078", "0.00999949", "0.01"},
      {"198657", "123.455", "0"},
      {"198657", "0.5", "0"},
      {"198657", "1", "0"},
      {"198657", "Infinity", "!22003 numeric field overflow"},
      {"198657", "NaN", "NaN"},
      {"198657", "999499", "999000"},
      {"198657", "999500", "!22003 numeric field overflow"},
      {"198657", "0.00999949", "0"},
      {"196617", "123.455", "!22003 numeric field overflow"},
      {"196617", "0.5", "!22003 numeric field overflow"},
      {"196617", "1", "!22003 numeric field overflow"},
      {"196617", "Infinity", "!22003 numeric field overflow"},
      {"196617", "NaN", "NaN"},
      {"196617", "999499", "!22003 numeric field overflow"},
      {"196617", "999500", "!22003 numeric field overflow"},
      {"196617", "0.00999949", "!22003 numeric field overflow"},
  };
  for (const Row& row : kRows) {
    const int32_t typmod = static_cast<int32_t>(*ParseInteger(TypeId::kInt32, row.typmod));
    EXPECT_EQ(Outcome(Of(row.text).ApplyTypmod(typmod)), row.expected) << row.typmod << " " << row.text;
  }
  const Status overflow = Of("12345.678").ApplyTypmod(((5 << 16) | 2) + 4).status();
  EXPECT_EQ(FieldsOf(overflow).detail, "A field with precision 5, scale 2 must round to an absolute value less than 10^3.");
  EXPECT_EQ(FieldsOf(Of("1").ApplyTypmod(((2 << 16) | 2) + 4).status()).detail,
            "A field with precision 2, scale 2 must round to an absolute value less than 1.");
}

TEST(Numeric, Rounding) {
  EXPECT_EQ(Of("2.5").Round(0).ToString(), "3");
  EXPECT_EQ(Of("-2.5").Round(0).ToString(), "-3");
  EXPECT_EQ(Of("1234.5").Round(-2).ToString(), "1200");
  EXPECT_EQ(Of("1").Round(3).ToString(), "1.000");
  EXPECT_EQ(Of("-1.99").Truncate(1).ToString(), "-1.9");
  EXPECT_EQ(Of("1.2500").TrimScale().ToString(), "1.25");
}

TEST(Numeric, OrderAndHashIgnoreScale) {
  EXPECT_EQ(Of("1.0"), Of("1.000"));
  EXPECT_EQ(Of("1.0").Hash(), Of("1.000").Hash());
  EXPECT_EQ(Of("0.00").Hash(), Of("0").Hash());
  const std::string big(60, '9');
  EXPECT_EQ(Of(big + ".0").Hash(), Of(big).Hash());
  const std::vector<std::string> ascending = {"-Infinity", "-" + big, "-1.5", "-0.0001", "0", "1e-30", "0.1", "0.10001", "99", big, "Infinity", "NaN"};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(Of(ascending[i]).Compare(Of(ascending[j])), i < j ? -1 : i > j ? 1 : 0) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(Numeric, ByteFormRoundTrips) {
  for (std::string_view text : {"0", "0.000", "-1", "127", "255", "-32768.5", "170141183460469231731687303715884105727",
                                "-170141183460469231731687303715884105728", "170141183460469231731687303715884105728",
                                "340282366920938463463374607431768211456.123", "1e-16383", "NaN", "Infinity", "-Infinity"}) {
    const Numeric value = Of(text);
    const StatusOr<Numeric> back = Numeric::Decode(value.Encode());
    ASSERT_TRUE(back.ok()) << text;
    EXPECT_EQ(back->ToString(), value.ToString());
    std::string wire;
    value.AppendWire(wire);
    EXPECT_EQ(Outcome(Numeric::FromWire(wire)), value.ToString());
  }
  const std::string long_number = "-" + std::string(20'000, '9') + "." + std::string(3'000, '9');
  EXPECT_EQ(Numeric::Decode(Of(long_number).Encode())->ToString(), long_number);
}

TEST(Numeric, DamagedBytesAreRefused) {
  const std::string good = Of("123456789.125").Encode();
  EXPECT_FALSE(Numeric::Decode("").ok());
  EXPECT_FALSE(Numeric::Decode("\x05").ok());
  EXPECT_FALSE(Numeric::Decode(std::string_view("\x00\xff\xff\xff\xff\xff", 6)).ok());  // scale beyond the limit
  EXPECT_FALSE(Numeric::Decode(good.substr(0, 1)).ok());
  EXPECT_FALSE(Numeric::Decode(std::string(2, '\0') + std::string(100'000, 'x')).ok());
  EXPECT_EQ(SqlStateOf(Numeric::FromWire("").status()), "22P03");
  EXPECT_EQ(SqlStateOf(Numeric::FromWire(std::string_view("\x00\x01\x00\x00\x12\x34\x00\x00\x00\x01", 10)).status()), "22P03");
  EXPECT_EQ(SqlStateOf(Numeric::FromWire(std::string_view("\x00\x01\x00\x00\x00\x00\x00\x00\x27\x10", 10)).status()), "22P03");
  // Weight 32767 is the largest there is.
  EXPECT_TRUE(Numeric::FromWire(std::string_view("\x00\x01\x7f\xff\x00\x00\x00\x00\x27\x0f", 10)).ok());
}

TEST(Numeric, Conversions) {
  EXPECT_EQ(Numeric::FromDouble(0.1).ToString(), "0.1");
  EXPECT_EQ(Numeric::FromDouble(123456789012345678.0).ToString(), "123456789012346000");
  EXPECT_EQ(Numeric::FromFloat(0.1f).ToString(), "0.1");
  EXPECT_EQ(*Of("2.5").ToInt64(), 3);
  EXPECT_EQ(*Of("-9223372036854775808").ToInt64(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(outcome::ErrorText(Of("9223372036854775807.5").ToInt64().status()), "!22003 bigint out of range");
  EXPECT_EQ(outcome::ErrorText(Of("32768").ToInt16().status()), "!22003 smallint out of range");
  EXPECT_EQ(outcome::ErrorText(Of("NaN").ToInt32().status()), "!0A000 cannot convert NaN to integer");
  EXPECT_EQ(Of("0.1").ToDouble(), 0.1);
  EXPECT_EQ(Of("123456789012345678901234567890").ToDouble(), 123456789012345678901234567890.0);
  EXPECT_EQ(SqlStateOf(Of("1e400").ToDoubleChecked().status()), "22003");
  EXPECT_TRUE(std::isinf(Of("-1e400").ToDouble()));
}

}  // namespace
}  // namespace tsd
