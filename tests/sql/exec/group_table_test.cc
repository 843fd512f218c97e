// GroupTable against a map of printed keys: every kind of key, runs and no runs, NULLs, growth.
#include "sql/exec/group_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "engine/base/strings.h"
#include "engine/types/compare.h"
#include "engine/types/text_form.h"

namespace tsd::sql {
namespace {

const DataType kKinds[] = {TypeId::kInt64,   TypeId::kText,  TypeId::kInt16, TypeId::kFloat64,  TypeId::kBool,   TypeId::kNumeric,
                           TypeId::kBpchar,  TypeId::kUuid,  TypeId::kDate,  TypeId::kInterval, TypeId::kFloat32, TypeId::kTimestampTz};

std::string TextOf(const DataType& type, uint64_t value) {
  switch (type.id) {
    case TypeId::kBool: return value % 2 == 0 ? "t" : "f";
    case TypeId::kFloat32:
    case TypeId::kFloat64: return value % 7 == 0 ? "NaN" : value % 5 == 0 ? (value % 2 == 0 ? "0" : "-0") : StrCat(value, ".5");
    case TypeId::kNumeric: return StrCat(value / 2, value % 2 == 0 ? ".0" : ".00");  // equal by pairs
    case TypeId::kBpchar: return StrCat("k", value / 2, value % 2 == 0 ? "" : "  ");
    case TypeId::kText: return value % 9 == 0 ? "" : std::string(value % 40, static_cast<char>('a' + value % 26)) + std::to_string(value);
    case TypeId::kUuid: return StrCat("00000000-0000-0000-0000-0000000", 10000 + value);
    case TypeId::kDate:
    case TypeId::kTimestampTz: return StrCat(2000 + value % 1000, "-01-01");
    case TypeId::kInterval: return value % 2 == 0 ? StrCat(value, " days") : StrCat(24 * (value - 1), " hours");  // equal by pairs
    default: return std::to_string(value % 30000);
  }
}

VectorPtr Column(const DataType& type, const std::vector<int64_t>& values) {
  auto column = std::make_shared<Vector>(type);
  for (int64_t value : values) {
    if (value < 0) {
      column->AppendNull();
    } else {
      EXPECT_TRUE(ParseText(type, TextOf(type, static_cast<uint64_t>(value)), TextContext(), *column).ok());
    }
  }
  return column;
}

/// Group numbers as the definition has them: the first row with equal keys, by compare.h.
std::vector<uint32_t> Expected(const std::vector<std::vector<VectorPtr>>& batches) {
  std::vector<uint32_t> ids;
  std::vector<std::pair<const std::vector<VectorPtr>*, size_t>> groups;
  for (const std::vector<VectorPtr>& batch : batches) {
    for (size_t row = 0; row < batch[0]->size(); ++row) {
      size_t group = 0;
      for (; group < groups.size(); ++group) {
        bool equal = true;
        for (size_t c = 0; c < batch.size() && equal; ++c) {
          equal = RowsEqualOrBothNull(*batch[c], row, *(*groups[group].first)[c], groups[group].second);
        }
        if (equal) break;
      }
      if (group == groups.size()) groups.emplace_back(&batch, row);
      ids.push_back(static_cast<uint32_t>(group));
    }
  }
  return ids;
}

void Check(const std::vector<DataType>& types, size_t run_length, uint64_t distinct, bool nulls, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<VectorPtr>> batches(3);
  for (auto& batch : batches) {
    for (const DataType& type : types) {
      std::vector<int64_t> values;
      while (values.size() < 400) {
        const int64_t value = nulls && random() % 5 == 0 ? -1 : static_cast<int64_t>(random() % distinct);
        for (size_t i = 0; i < run_length; ++i) values.push_back(value);
      }
      values.resize(400);
      batch.push_back(Column(type, values));
    }
  }
  const std::vector<uint32_t> expected = Expected(batches);
  GroupTable table(types);
  std::vector<uint32_t> ids, all, found;
  std::vector<GroupRun> runs;
  for (const auto& batch : batches) {
    table.Resolve(batch, 400, &ids, &runs);
    all.insert(all.end(), ids.begin(), ids.end());
    size_t row = 0;
    for (const GroupRun& run : runs) {
      for (; row < run.end; ++row) ASSERT_EQ(ids[row], run.group);
    }
    if (!runs.empty()) {
      ASSERT_EQ(row, 400u);
    }
  }
  ASSERT_EQ(all, expected);
  size_t at = 0;
  for (const auto& batch : batches) {
    table.Lookup(batch, 400, &found);
    ASSERT_TRUE(std::equal(found.begin(), found.end(), expected.begin() + static_cast<ptrdiff_t>(at)));
    at += 400;
  }
  // Keys give back a value of each group.
  const std::vector<VectorPtr> keys = table.Keys(0, table.size());
  at = 0;
  for (const auto& batch : batches) {
    for (size_t row = 0; row < 400; ++row) {
      for (size_t c = 0; c < types.size(); ++c) ASSERT_TRUE(RowsEqualOrBothNull(*keys[c], expected[at + row], *batch[c], row));
    }
    at += 400;
  }
}

TEST(GroupTableTest, EveryKindAlone) {
  for (const DataType& type : kKinds) {
    for (size_t run : {1, 3, 50}) Check({type}, run, 60, true, run);
  }
}

TEST(GroupTableTest, Pairs) {
  for (const DataType& left : kKinds) {
    for (const DataType& right : kKinds) Check({left, right}, 1 + left.Width() % 20, 12, true, 7);
  }
}

TEST(GroupTableTest, ManyKeysAndMoreThanMaskBits) {
  Check({TypeId::kInt64, TypeId::kText, TypeId::kDate, TypeId::kBool}, 1, 6, true, 1);
  Check(std::vector<DataType>(40, TypeId::kInt64), 1, 2, true, 2);
}

TEST(GroupTableTest, UnknownKeysAreNotFound) {
  GroupTable table({TypeId::kText, TypeId::kInt64});
  std::vector<uint32_t> ids;
  table.Resolve({Column(TypeId::kText, {1, 2}), Column(TypeId::kInt64, {1, 2})}, 2, &ids);
  table.Lookup({Column(TypeId::kText, {1, 1, 3, -1}), Column(TypeId::kInt64, {1, 2, 1, 1})}, 4, &ids);
  EXPECT_EQ(ids, (std::vector<uint32_t>{0, GroupTable::kNone, GroupTable::kNone, GroupTable::kNone}));
}

TEST(GroupTableTest, GrowsAndKeepsItsGroups) {
  GroupTable table({TypeId::kInt64, TypeId::kText});
  std::vector<uint32_t> ids;
  for (int64_t round = 0; round < 2; ++round) {
    for (int64_t begin = 0; begin < 20000; begin += 1000) {
      std::vector<int64_t> values;
      for (int64_t i = begin; i < begin + 1000; ++i) values.push_back(i);
      auto numbers = std::make_shared<Vector>(DataType(TypeId::kInt64));
      for (int64_t value : values) numbers->Append<int64_t>(value);
      table.Resolve({numbers, Column(TypeId::kText, values)}, 1000, &ids);
      for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(ids[static_cast<size_t>(i)], static_cast<uint32_t>(begin + i));
    }
  }
  EXPECT_EQ(table.size(), 20000u);
}

/// Group numbers by a map, for keys of whole numbers.
void CheckNumbers(const std::vector<std::vector<std::vector<int64_t>>>& batches) {
  std::map<std::vector<int64_t>, uint32_t> known;
  GroupTable table(std::vector<DataType>(batches[0].size(), TypeId::kInt64));
  std::vector<uint32_t> ids;
  for (const auto& batch : batches) {
    std::vector<VectorPtr> keys;
    for (const std::vector<int64_t>& column : batch) {
      auto vector = std::make_shared<Vector>(DataType(TypeId::kInt64));
      for (int64_t value : column) vector->Append<int64_t>(value);
      keys.push_back(std::move(vector));
    }
    const size_t rows = batch[0].size();
    table.Resolve(keys, rows, &ids);
    for (size_t row = 0; row < rows; ++row) {
      std::vector<int64_t> key;
      for (const auto& column : batch) key.push_back(column[row]);
      ASSERT_EQ(ids[row], known.try_emplace(key, static_cast<uint32_t>(known.size())).first->second);
    }
  }
  ASSERT_EQ(table.size(), known.size());
}

TEST(GroupTableTest, HoursThatMoveOnBesideFewOthers) {
  std::mt19937_64 random(5);
  std::vector<std::vector<std::vector<int64_t>>> batches;
  int64_t hour = 1'700'000'000'000'000;
  for (int i = 0; i < 200; ++i) {
    std::vector<std::vector<int64_t>> batch(2);
    for (int row = 0; row < 1000; ++row) {
      if (row % 2 == 0) hour += 3'600'000'000;  // 100,000 in all: more than there are small numbers
      batch[0].push_back(hour);
      batch[1].push_back(static_cast<int64_t>(random() % 20) - 10);
    }
    batches.push_back(std::move(batch));
  }
  CheckNumbers(batches);
}

TEST(GroupTableTest, RangesThatGrowBothWaysAndEndAtTheEnds) {
  std::mt19937_64 random(6);
  for (const int64_t start : {int64_t{0}, INT64_MAX, INT64_MIN, INT64_MAX - 3, INT64_MIN + 1000}) {
    for (const uint64_t growth : {1, 40, 3000}) {
      std::vector<std::vector<std::vector<int64_t>>> batches;
      for (uint64_t i = 1; i <= 30; ++i) {
        std::vector<std::vector<int64_t>> batch(3);
        for (int row = 0; row < 300; ++row) {
          const uint64_t reach = i * growth;
          const uint64_t value = static_cast<uint64_t>(start) + random() % (2 * reach) - reach;  // wraps: both ends at once
          batch[0].push_back(static_cast<int64_t>(value));
          batch[1].push_back(static_cast<int64_t>(random() % (i * 2)));
          batch[2].push_back(row % 100 == 0 ? INT64_MIN : 7);
        }
        batches.push_back(std::move(batch));
      }
      CheckNumbers(batches);
    }
  }
}

/// Strings as they come from a file's dictionary.
VectorPtr Coded(const VectorPtr& entries, std::vector<uint16_t> codes) {
  auto column = std::make_shared<Vector>(entries->type());
  for (uint16_t code : codes) column->AppendBytes(entries->GetBytes(code));
  column->SetCodes(entries, std::move(codes));
  return column;
}

TEST(GroupTableTest, StringsOfSeveralDictionariesAndOfNone) {
  std::mt19937_64 random(7);
  std::vector<VectorPtr> dictionaries;
  for (int64_t first : {0, 5, 11}) {
    std::vector<int64_t> values;
    for (int64_t i = 0; i < 25; ++i) values.push_back(first + i);
    dictionaries.push_back(Column(TypeId::kText, values));
  }
  for (const bool pair : {false, true}) {
    std::vector<std::vector<VectorPtr>> batches;
    for (int i = 0; i < 12; ++i) {
      std::vector<uint16_t> codes;
      std::vector<int64_t> numbers;
      for (int row = 0; row < 200; ++row) {
        codes.push_back(static_cast<uint16_t>(row % 3 == 0 && row > 0 ? codes.back() : random() % 25));
        numbers.push_back(static_cast<int64_t>(random() % 3));
      }
      const VectorPtr& dictionary = dictionaries[static_cast<size_t>(i) % 3];
      const VectorPtr coded = Coded(dictionary, codes);
      const std::vector<uint32_t> even = [] {
        std::vector<uint32_t> rows;
        for (uint32_t row = 0; row < 200; row += 2) rows.push_back(row);
        return rows;
      }();
      VectorPtr text = i % 4 == 0 ? Vector::Gather(coded, even) : i % 4 == 1 ? Vector::Slice(coded, 50, 150) : coded;
      if (i % 4 == 3) {
        auto plain = std::make_shared<Vector>(coded->type());
        plain->AppendRange(*coded, 0, 100);
        EXPECT_TRUE(plain->codes().empty());
        text = plain;
      }
      numbers.resize(text->size());
      batches.push_back({text});
      if (pair) batches.back().push_back(Column(TypeId::kInt64, numbers));
    }
    const std::vector<uint32_t> expected = Expected(batches);
    std::vector<DataType> types{TypeId::kText};
    if (pair) types.push_back(TypeId::kInt64);
    GroupTable table(types);
    std::vector<uint32_t> all, ids;
    for (const auto& batch : batches) {
      table.Resolve(batch, batch[0]->size(), &ids);
      all.insert(all.end(), ids.begin(), ids.end());
    }
    EXPECT_EQ(all, expected);
    size_t at = 0;
    for (const auto& batch : batches) {
      table.Lookup(batch, batch[0]->size(), &ids);
      for (uint32_t id : ids) ASSERT_EQ(id, expected[at++]);
    }
  }
}

TEST(GroupTableTest, NoKeysAreOneGroup) {
  GroupTable table(std::vector<DataType>{});
  std::vector<uint32_t> ids;
  table.Resolve({}, 3, &ids);
  EXPECT_EQ(ids, (std::vector<uint32_t>{0, 0, 0}));
  EXPECT_EQ(table.size(), 1u);
}

}  // namespace
}  // namespace tsd::sql
