#include "engine/types/array.h"

#include <gtest/gtest.h>

#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

ArrayValue Parse(TypeId element, std::string_view text) { return *ArrayValue::ParseText(element, text, TextContext()); }

TEST(Array, SubscriptsAreRowMajor) {
  const ArrayValue array = Parse(TypeId::kInt32, "[0:1][1:3]={{1,2,3},{4,5,6}}");
  ASSERT_EQ(array.dimensions().size(), 2u);
  EXPECT_EQ(array.IndexOf({0, 1}), 0);
  EXPECT_EQ(array.IndexOf({1, 3}), 5);
  EXPECT_EQ(array.IndexOf({2, 1}), -1);
  EXPECT_EQ(array.IndexOf({0}), -1);
  EXPECT_EQ(array.IndexOf({-1, 1}), -1);
}

TEST(Array, FromVector) {
  auto elements = std::make_shared<Vector>(TypeId::kInt64);
  elements->Append<int64_t>(7);
  elements->AppendNull();
  std::string out;
  ArrayValue::FromVector(elements).FormatText(TextContext(), out);
  EXPECT_EQ(out, "{7,NULL}");
  out.clear();
  ArrayValue::FromVector(std::make_shared<Vector>(TypeId::kInt64)).FormatText(TextContext(), out);
  EXPECT_EQ(out, "{}");
}

TEST(Array, EveryCutAndFlipIsSafe) {
  for (const auto& [element, text] : {std::pair<TypeId, std::string>{TypeId::kText, "{{a,NULL},{\"b c\",\"\"}}"}, {TypeId::kInt32, "{1,2,NULL,4}"}}) {
    const std::string bytes = Parse(element, text).Encode();
    ASSERT_TRUE(ArrayValue::Decode(element, bytes).ok());
    for (size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_EQ(SqlStateOf(ArrayValue::Decode(element, bytes.substr(0, length)).status()), "XX001") << length;
    }
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        const StatusOr<ArrayValue> array = ArrayValue::Decode(element, flipped);
        std::string out;
        if (array.ok()) array->FormatText(TextContext(), out);
      }
    }
  }
  EXPECT_FALSE(ArrayValue::Decode(TypeId::kInt64, Parse(TypeId::kInt32, "{1}").Encode()).ok());
}

TEST(Array, LimitsOnText) {
  EXPECT_EQ(outcome::RoundTrip(DataType::ArrayOf(TypeId::kInt32), "{{{{{{{1}}}}}}}").substr(0, 6), "!54000");
  EXPECT_EQ(outcome::RoundTrip(DataType::ArrayOf(TypeId::kInt32), std::string(100'000, '{')).substr(0, 6), "!54000");
  EXPECT_EQ(outcome::RoundTrip(DataType::ArrayOf(TypeId::kInt32), "[1:2000000000]={1}").substr(0, 6), "!54000");
  EXPECT_EQ(outcome::RoundTrip(DataType::ArrayOf(TypeId::kInt32), "[-2147483648:2147483647]={1}").substr(0, 6), "!54000");
}

}  // namespace
}  // namespace tsd
