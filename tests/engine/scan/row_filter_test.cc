#include "engine/scan/row_filter.h"

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/chunk/chunk_writer.h"
#include "tests/support/sim_env.h"

namespace tsd::engine {
namespace {

using Op = ColumnCondition::Op;
constexpr char kFilterPath[] = "/strings.chunk";
constexpr ColumnId kColumn{1};

/// Strings of which a file's blocks share the dictionary, or have their own, or none; with NULLs, and a block of them only.
Vector FilterStrings(Random& random, size_t rows) {
  Vector vector(TypeId::kText);
  const uint64_t kind = random.Below(5);
  for (size_t row = 0; row < rows; ++row) {
    if (kind == 0 || random.Chance(0.1)) {
      vector.AppendNull();
    } else {
      vector.AppendBytes("v" + std::to_string(kind == 1 ? random.Next() : kind == 2 ? 7 : random.Below(kind == 3 ? 20 : 900)));
    }
  }
  return vector;
}

TEST(CodeFilter, SaysWhatFilterRowsSays) {
  Random random(3);
  SimEnv env(3);
  constexpr size_t kRows = 2000, kGroups = 40;
  auto writer = ChunkWriter::Create(env, kFilterPath, {{kColumn, TypeId::kText}}, {.rows_per_block = kRows});
  ASSERT_TRUE(writer.ok());
  for (size_t group = 0; group < kGroups; ++group) {
    ColumnBatch batch(kRows);
    batch.Add(std::make_shared<Vector>(FilterStrings(random, kRows)));
    ASSERT_TRUE((*writer)->Append(batch).ok());
  }
  ASSERT_TRUE((*writer)->Finish().ok());
  BlockCache cache(1 << 20);
  const auto reader = ChunkReader::Open(env, kFilterPath, &cache, 1);
  ASSERT_TRUE(reader.ok()) << reader.status();
  ASSERT_EQ((*reader)->row_group_count(), kGroups);

  std::vector<ColumnCondition> conditions;
  for (Op op : {Op::kEqual, Op::kLess, Op::kLessEqual, Op::kGreater, Op::kGreaterEqual, Op::kIn}) {
    for (const char* text : {"v7", "v10", "v5", "absent", ""}) {
      conditions.push_back({kColumn, op, {Value::Bytes(TypeId::kText, text)}});
      if (op == Op::kIn) conditions.back().values.push_back(Value::Bytes(TypeId::kText, "v12"));
    }
  }
  CodeFilter filter;
  size_t by_code = 0;
  for (size_t group = 0; group < kGroups; ++group) {
    const auto column = (*reader)->ReadColumn(group, kColumn);
    ASSERT_TRUE(column.ok()) << column.status();
    for (const ColumnCondition& condition : conditions) {
      ASSERT_TRUE(CodeFilter::MayApply(TypeId::kText, condition));
      std::vector<uint8_t> expected(kRows, 1), actual(kRows, 1);
      expected[5] = actual[5] = 0;  // what is out stays out
      FilterRows(**column, condition, expected);
      const auto applied = filter.Filter(**reader, group, condition, actual);
      ASSERT_TRUE(applied.ok()) << applied.status();
      if (!*applied) continue;
      ++by_code;
      ASSERT_EQ(expected, actual) << "group " << group << ", op " << static_cast<int>(condition.op) << ", value " << condition.values[0].AsBytes();
    }
  }
  EXPECT_GT(by_code, conditions.size() * kGroups / 3);
}

TEST(CodeFilter, LeavesNullTestsAndNumbersAlone) {
  EXPECT_FALSE(CodeFilter::MayApply(TypeId::kText, {kColumn, Op::kIsNull, {}}));
  EXPECT_FALSE(CodeFilter::MayApply(TypeId::kFloat64, {kColumn, Op::kEqual, {Value::Bytes(TypeId::kText, "1")}}));
}

}  // namespace
}  // namespace tsd::engine
