#include "engine/types/text_columns.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/types/timezone.h"

namespace tsd {
namespace {

std::vector<TextField> Fields(const std::vector<const char*>& texts) {
  std::vector<TextField> fields;
  for (const char* text : texts) fields.push_back(text == nullptr ? TextField() : TextField{text, static_cast<uint32_t>(std::string_view(text).size())});
  return fields;
}

const std::vector<const char*> kTexts = {
    "0", "-0", "1", "-1", "+7", " 12 ", "32767", "32768", "-32768", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808",
    "123456789012345678901234567890", "1.5", "-1.5", ".5", "5.", "1e3", "-0.0", "0.1", "1e-400", "1e400", "NaN", "infinity", "-inf", "", " ", "x", "1x", "--1",
    "0x10", "1_000", "true", "2020-01-01", "2020-02-30", "2020-01-01 10:11:12", "2020-01-01 10:11:12.345678", "2020-01-01 10:11:12+02",
    "2020-01-01T10:11:12Z", "2020-01-01 24:00:00", "2020-01-01 10:11:60", "Jan 2 2020", "01/02/2020", "now", "\xc3\xa9"};

// Each text by itself, and each of those that can be read together with a NULL, means what ParseText says.
TEST(TextColumns, MeanWhatParseTextSays) {
  std::vector<DataType> types;
  for (const TypeId id : {TypeId::kBool, TypeId::kInt16, TypeId::kInt32, TypeId::kInt64, TypeId::kFloat32, TypeId::kFloat64, TypeId::kNumeric, TypeId::kText,
                          TypeId::kVarchar, TypeId::kTimestamp, TypeId::kTimestampTz, TypeId::kDate}) {
    types.push_back(id);
  }
  types.push_back(DataType(TypeId::kVarchar, false, 4 + 3));
  types.push_back(DataType(TypeId::kInt32, true, -1));
  types.push_back(DataType(TypeId::kTimestampTz, false, 0));
  TextContext utc, berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin.datetime.zone));
  for (const TextContext* context : {&utc, &berlin}) {
    for (const DataType type : types) {
      std::vector<const char*> readable;
      Vector expected(type);
      for (const char* text : kTexts) {
        Vector one(type), single(type);
        const bool reads = ParseText(type, text, *context, one).ok();
        EXPECT_EQ(AppendTextColumn(type, Fields({text}), *context, single), reads) << TypeName(type) << " '" << text << "'";
        if (!reads) continue;
        readable.push_back(text);
        readable.push_back(nullptr);
        expected.AppendFrom(one, 0);
        expected.AppendNull();
      }
      Vector column(type);
      ASSERT_TRUE(AppendTextColumn(type, Fields(readable), *context, column)) << TypeName(type);
      ASSERT_EQ(column.size(), expected.size());
      for (size_t row = 0; row < column.size(); ++row) {
        ASSERT_EQ(column.IsNull(row), expected.IsNull(row)) << TypeName(type) << " '" << readable[row] << "'";
        if (column.IsNull(row)) continue;
        if (type.Physical() == PhysicalType::kBytes) {
          EXPECT_EQ(column.GetBytes(row), expected.GetBytes(row));
        } else {
          const size_t width = type.Width();
          EXPECT_EQ(std::memcmp(column.values<char>() + row * width, expected.values<char>() + row * width, width), 0) << TypeName(type) << " '" << readable[row] << "'";
        }
      }
    }
  }
}

TEST(TextColumns, ColumnsGrowByAppending) {
  Vector column(TypeId::kInt32);
  const TextContext context;
  EXPECT_TRUE(AppendTextColumn(TypeId::kInt32, Fields({"1", nullptr}), context, column));
  EXPECT_TRUE(AppendTextColumn(TypeId::kInt32, {}, context, column));
  EXPECT_TRUE(AppendTextColumn(TypeId::kInt32, Fields({nullptr, "4"}), context, column));
  ASSERT_EQ(column.size(), 4u);
  EXPECT_EQ(column.Get<int32_t>(0), 1);
  EXPECT_TRUE(column.IsNull(1));
  EXPECT_TRUE(column.IsNull(2));
  EXPECT_EQ(column.Get<int32_t>(3), 4);
}

}  // namespace
}  // namespace tsd
