#include "sql/plan/plan_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "sql/plan/plan_rewrite.h"
#include "tests/sql/exec/query_fixture.h"

namespace tsd::sql::test {
namespace {

class PlanCodecTest : public ::testing::Test {
 protected:
  PlanCodecTest() {
    database_.Run("CREATE TABLE m (time timestamptz NOT NULL, host text, v double precision, n int)");
    database_.MakeHypertable("m", "time", int64_t{86'400'000'000}, "host", 2);
    database_.Run("INSERT INTO m SELECT '2024-01-01'::timestamptz + x * interval '5 hours', 'h' || x % 3, x * 1.5, x FROM generate_series(1, 40) x");
  }

  std::vector<std::string> Fragments() {
    std::vector<std::string> encoded;
    for (const char* sql : {"SELECT * FROM m", "SELECT host, v + 1 FROM m WHERE time > '2024-01-03' AND host IN ('h1', 'h2') AND v IS NOT NULL",
                            "SELECT host, count(*), avg(v), sum(n) FILTER (WHERE v > 3) FROM m GROUP BY host",
                            "SELECT n % 2, max(v) FROM m GROUP BY 1", "SELECT host, v FROM m ORDER BY time DESC LIMIT 5",
                            "SELECT DISTINCT host FROM m", "SELECT DISTINCT ON (host) host, v FROM m ORDER BY host, time DESC",
                            "SELECT v FROM m LIMIT 3", "SELECT CASE WHEN n > 5 THEN 'a' ELSE host END FROM m WHERE NOT (n = 3 OR host LIKE 'x%')",
                            "DELETE FROM m WHERE n = 4"}) {
      StatusOr<PlanPtr> plan = database_.Plan(sql);
      EXPECT_TRUE(plan.ok()) << sql << plan.status();
      VisitPlan(static_cast<const PlanNode&>(**plan), [&](const PlanNode& node) {
        if (node.kind != PlanKind::kGather) return;
        StatusOr<std::string> bytes = EncodePlan(*WithChunks(node.children[0], {ChunkId(1), ChunkId(77)}));
        ASSERT_TRUE(bytes.ok()) << sql;
        encoded.push_back(*std::move(bytes));
      });
    }
    return encoded;
  }

  QueryDatabase database_{3, false};
};

TEST_F(PlanCodecTest, RoundTripsGiveTheSameBytes) {
  const std::vector<std::string> fragments = Fragments();
  ASSERT_EQ(fragments.size(), 10u);
  for (const std::string& bytes : fragments) {
    StatusOr<PlanPtr> plan = DecodePlan(bytes);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(*EncodePlan(**plan), bytes);
  }
}

TEST_F(PlanCodecTest, TruncatedBytesAreRefused) {
  for (const std::string& bytes : Fragments()) {
    for (size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(DecodePlan(std::string_view(bytes).substr(0, length)).ok()) << length;
    }
    EXPECT_FALSE(DecodePlan(bytes + "x").ok());
  }
}

TEST_F(PlanCodecTest, MutatedBytesNeverCrash) {
  std::mt19937 random(7);
  class Nothing : public OperatorFactory {
   public:
    StatusOr<OperatorPtr> MakeScan(const ScanNode&) override { return MakeBatchSource({}); }
  } sources;
  ExecContext context;
  size_t accepted = 0;
  for (const std::string& bytes : Fragments()) {
    for (int i = 0; i < 400; ++i) {
      std::string mutated = bytes;
      for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips) {
        mutated[random() % mutated.size()] = static_cast<char>(random() % 3 == 0 ? random() : mutated[random() % mutated.size()]);
      }
      StatusOr<PlanPtr> plan = DecodePlan(mutated);
      if (!plan.ok()) continue;
      ++accepted;
      StatusOr<OperatorPtr> root = BuildOperators(**plan, sources, context);
      if (!root.ok()) continue;
      ColumnBatch batch;
      (*root)->Next(&batch).IgnoreError();
    }
  }
  EXPECT_GT(accepted, 0u);
}

TEST_F(PlanCodecTest, DeepNestingIsRefused) {
  PlanPtr plan = MakeOneRow();
  for (int i = 0; i < kMaxPlanDepth + 50; ++i) plan = MakeUnary<DistinctNode>(std::move(plan));
  StatusOr<std::string> bytes = EncodePlan(*plan);
  ASSERT_TRUE(bytes.ok());
  EXPECT_TRUE(HasSqlState(DecodePlan(*bytes).status(), sqlstate::kProtocolViolation));
}

TEST_F(PlanCodecTest, AccessNodeNodesAreNotEncoded) {
  auto scan = std::make_shared<CteScanNode>();
  EXPECT_TRUE(HasSqlState(EncodePlan(*scan).status(), sqlstate::kFeatureNotSupported));
}

TEST_F(PlanCodecTest, ReferencesAndTypesAreChecked) {
  PlanPtr one = MakeOneRow();
  EXPECT_FALSE(DecodePlan(*EncodePlan(*MakeFilter(one, MakeColumn(5, TypeId::kBool)))).ok());
  EXPECT_FALSE(DecodePlan(*EncodePlan(*MakeFilter(one, MakeConstant(Value::Int32(1))))).ok());
  EXPECT_TRUE(DecodePlan(*EncodePlan(*MakeFilter(one, MakeConstant(Value::Bool(true))))).ok());
}

}  // namespace
}  // namespace tsd::sql::test
