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

TEST(GroupTableTest, NoKeysAreOneGroup) {
  GroupTable table(std::vector<DataType>{});
  std::vector<uint32_t> ids;
  table.Resolve({}, 3, &ids);
  EXPECT_EQ(ids, (std::vector<uint32_t>{0, 0, 0}));
  EXPECT_EQ(table.size(), 1u);
}

}  // namespace
}  // namespace tsd::sql
