#include "sql/optimize/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/strings.h"
#include "sql/plan/plan_rewrite.h"
#include "tests/sql/exec/query_fixture.h"

namespace tsd::sql::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kDay = 86'400'000'000;

class OptimizerTest : public ::testing::Test {
 protected:
  OptimizerTest() {
    database_.Run("CREATE TABLE m (time timestamptz NOT NULL, host text, v double precision, n int)");
    database_.MakeHypertable("m", "time", kDay, "host", 4);
    // Ten days, eight hosts: 40 chunks at most.
    database_.Run("INSERT INTO m SELECT '2024-01-01'::timestamptz + x * interval '3 hours', 'h' || x % 8, x * 1.5, x FROM generate_series(0, 79) x");
    database_.Run("CREATE TABLE hosts (name text, region text)");
    database_.Run("INSERT INTO hosts SELECT 'h' || x, 'r' || x % 2 FROM generate_series(0, 7) x");
  }

  size_t ChunksFor(const std::string& sql) {
    database_.chunks_opened = 0;
    database_.Run(sql);
    return database_.chunks_opened;
  }
  size_t RowsGathered(const std::string& sql) {
    database_.rows_gathered = 0;
    database_.Run(sql);
    return database_.rows_gathered;
  }
  std::string Explain(const std::string& sql) {
    std::string text;
    for (const std::string& line : database_.Explain(sql)) text += line + "\n";
    return text;
  }
  size_t AllChunks() { return database_.catalog.Find("public", "m")->hypertable->chunks->size(); }

  QueryDatabase database_{3, false};
};

TEST_F(OptimizerTest, TimeConditionsExcludeChunks) {
  const size_t all = AllChunks();
  EXPECT_EQ(ChunksFor("SELECT count(*) FROM m"), all);
  EXPECT_LE(ChunksFor("SELECT count(*) FROM m WHERE time >= '2024-01-03' AND time < '2024-01-04'"), 4u);
  EXPECT_LE(ChunksFor("SELECT count(*) FROM m WHERE '2024-01-03' <= time AND time <= '2024-01-03 23:00'"), 4u);
  EXPECT_LE(ChunksFor("SELECT count(*) FROM m WHERE time = '2024-01-05 03:00'"), 4u);
  EXPECT_LE(ChunksFor("SELECT count(*) FROM m WHERE time IN ('2024-01-01 00:00', '2024-01-09 00:00')"), 8u);
  EXPECT_EQ(ChunksFor("SELECT count(*) FROM m WHERE time > '2030-01-01'"), 0u);
  EXPECT_EQ(ChunksFor("SELECT count(*) FROM m WHERE time < '2024-01-01'"), 0u);
  EXPECT_LE(ChunksFor("SELECT count(*) FROM m WHERE time BETWEEN '2024-01-01' AND '2024-01-01 12:00'"), 4u);
  EXPECT_EQ(ChunksFor("SELECT count(*) FROM m WHERE time > now()"), 0u);
}

TEST_F(OptimizerTest, SpaceConditionsExcludeChunks) {
  EXPECT_LE(ChunksFor("SELECT count(*) FROM m WHERE host = 'h1'"), 10u);
  EXPECT_LE(ChunksFor("SELECT count(*) FROM m WHERE host = 'h1' AND time < '2024-01-02'"), 1u);
  EXPECT_LE(ChunksFor("SELECT count(*) FROM m WHERE host IN ('h1', 'h1')"), 10u);
  EXPECT_EQ(ChunksFor("SELECT count(*) FROM m WHERE host = 'h1' OR n = 3"), AllChunks());
  EXPECT_EQ(database_.Run("SELECT count(*) FROM m WHERE host = 'h1' AND host = 'h2'"), std::vector<std::string>{"0"});
}

TEST_F(OptimizerTest, PruneChunksOfPlainTableIsItsHeap) {
  const RelationPtr hosts = database_.catalog.Find("public", "hosts");
  const std::vector<ChunkPtr> chunks = PruneChunks(*hosts, ScanPredicate());
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0]->id, hosts->heap);
  EXPECT_THAT(chunks[0]->nodes, ElementsAre(NodeId{}));
}

TEST_F(OptimizerTest, ContradictionsAndBoundsAtTheExtremes) {
  const RelationPtr m = database_.catalog.Find("public", "m");
  const ColumnId time = m->Find("time")->id;
  using Op = ColumnCondition::Op;
  const auto count = [&](Op op, int64_t value) {
    ScanPredicate predicate;
    predicate.conditions.push_back({time, op, {Value::Integer(TypeId::kTimestampTz, value)}});
    return PruneChunks(*m, predicate).size();
  };
  EXPECT_EQ(count(Op::kLess, INT64_MIN), 0u);
  EXPECT_EQ(count(Op::kGreater, INT64_MAX), 0u);
  EXPECT_EQ(count(Op::kGreaterEqual, INT64_MIN), AllChunks());
  EXPECT_EQ(count(Op::kLessEqual, INT64_MAX), AllChunks());
  ScanPredicate null;
  null.conditions.push_back({time, Op::kIsNull, {}});
  EXPECT_EQ(PruneChunks(*m, null).size(), 0u);
}

TEST_F(OptimizerTest, AggregatesAreSplit) {
  EXPECT_THAT(Explain("SELECT n % 2, sum(v) FROM m GROUP BY 1"), HasSubstr("Finalize HashAggregate"));
  EXPECT_THAT(Explain("SELECT n % 2, sum(v) FROM m GROUP BY 1"), HasSubstr("Partial HashAggregate"));
  EXPECT_LE(RowsGathered("SELECT count(*), sum(v) FROM m"), 3u);
  EXPECT_LE(RowsGathered("SELECT n % 2, sum(v) FROM m GROUP BY 1"), 6u);
  EXPECT_LE(RowsGathered("SELECT count(DISTINCT n % 2) FROM m"), 80u);
  EXPECT_LE(RowsGathered("SELECT DISTINCT host FROM m"), 24u);
}

TEST_F(OptimizerTest, GroupsBySpaceKeyAreCompleteOnTheirNode) {
  const std::string plan = Explain("SELECT host, sum(v) FROM m GROUP BY host HAVING sum(v) > 10 ORDER BY 2 DESC LIMIT 2");
  EXPECT_THAT(plan, ::testing::Not(HasSubstr("Partial")));
  EXPECT_THAT(plan, HasSubstr("Gather Merge"));
  EXPECT_LE(RowsGathered("SELECT host, sum(v) FROM m GROUP BY host ORDER BY 2 DESC LIMIT 2"), 6u);
}

TEST_F(OptimizerTest, KeysOnSeveralNodesNeedPartialStates) {
  // One chunk moved: its slots now lie on two nodes.
  auto relation = std::make_shared<Relation>(*database_.catalog.Find("public", "m"));
  ChunkSet chunks = *relation->hypertable->chunks;
  auto moved = std::make_shared<Chunk>(**chunks.begin());
  moved->nodes = {NodeId(moved->nodes[0].value() % 3 + 1)};
  chunks.Put({moved});
  relation->hypertable->chunks = std::make_shared<ChunkSet>(std::move(chunks));
  database_.catalog.Put(relation);
  EXPECT_THAT(Explain("SELECT host, sum(v) FROM m GROUP BY host"), HasSubstr("Partial"));
}

TEST_F(OptimizerTest, TopNStopsEarly) {
  EXPECT_LT(ChunksFor("SELECT time, host FROM m ORDER BY time DESC LIMIT 3"), AllChunks() / 2);
  EXPECT_LT(ChunksFor("SELECT time, host FROM m WHERE v > 0 ORDER BY time LIMIT 3"), AllChunks() / 2);
  EXPECT_LE(RowsGathered("SELECT time, host FROM m ORDER BY time DESC LIMIT 3"), 9u);
  EXPECT_EQ(database_.Run("SELECT time FROM m ORDER BY time DESC LIMIT 1"), std::vector<std::string>{"2024-01-10 21:00:00+00"});
}

TEST_F(OptimizerTest, FiltersReachTheScans) {
  const std::string plan = Explain("SELECT * FROM (SELECT host AS h, v * 2 AS w FROM m) q JOIN hosts ON h = name WHERE w > 10 AND region = 'r1' AND h <> 'x'");
  EXPECT_THAT(plan, HasSubstr("Hash Join"));
  EXPECT_THAT(plan, HasSubstr("Filter: (((v * '2'::double precision) > '10'::double precision) AND (host <> 'x'::text))"));
  EXPECT_THAT(plan, HasSubstr("Filter: (region = 'r1'::text)"));
  EXPECT_THAT(plan, ::testing::Not(HasSubstr("->  Filter")));
}

TEST_F(OptimizerTest, OnlyNeededColumnsAreScanned) {
  StatusOr<PlanPtr> plan = database_.Plan("SELECT sum(v) FROM m WHERE host = 'h1'");
  ASSERT_TRUE(plan.ok());
  VisitPlan(static_cast<const PlanNode&>(**plan), [](const PlanNode& node) {
    if (const auto* scan = PlanTry<ScanNode>(&node)) {
      EXPECT_EQ(scan->columns.size(), 2u);
      EXPECT_EQ(scan->predicate.conditions.size(), 1u);
    }
  });
}

TEST_F(OptimizerTest, LikeWithAPrefixBoundsTheColumn) {
  struct Case {
    const char* pattern;
    size_t conditions;
    bool exact;
  };
  for (const Case& each : {Case{"h1%", 2, true}, Case{"h1%2", 2, false}, Case{"h_", 2, false}, Case{"h1", 1, true}, Case{"%", 0, false},
                           Case{"_1", 0, false}, Case{"h\\\\_1%", 2, false}}) {
    StatusOr<PlanPtr> plan = database_.Plan(StrCat("SELECT sum(v) FROM m WHERE host LIKE E'", each.pattern, "'"));
    ASSERT_TRUE(plan.ok()) << plan.status();
    VisitPlan(static_cast<const PlanNode&>(**plan), [&](const PlanNode& node) {
      if (const auto* scan = PlanTry<ScanNode>(&node)) {
        EXPECT_EQ(scan->predicate.conditions.size(), each.conditions) << each.pattern;
        EXPECT_EQ(scan->exact_predicate, each.exact) << each.pattern;
      }
    });
  }
}

TEST_F(OptimizerTest, EveryScanIsUnderOneGather) {
  for (const char* sql : {"SELECT * FROM m", "SELECT * FROM m a JOIN m b ON a.n = b.n + 1 WHERE EXISTS (SELECT 1 FROM hosts WHERE name = a.host)",
                          "SELECT host, (SELECT region FROM hosts WHERE name = host) FROM m UNION SELECT name, region FROM hosts"}) {
    StatusOr<PlanPtr> plan = database_.Plan(sql);
    ASSERT_TRUE(plan.ok()) << plan.status();
    const std::function<void(const PlanNode&, int)> check = [&](const PlanNode& node, int gathers) {
      if (node.kind == PlanKind::kGather) ++gathers;
      if (node.kind == PlanKind::kScan) {
        EXPECT_EQ(gathers, 1) << sql;
      }
      for (const PlanPtr& child : node.children) check(*child, gathers);
    };
    check(**plan, 0);
  }
}

TEST_F(OptimizerTest, SubqueriesBecomeJoins) {
  EXPECT_THAT(Explain("SELECT * FROM m WHERE host IN (SELECT name FROM hosts WHERE region = 'r0')"), HasSubstr("Hash Semi Join"));
  EXPECT_THAT(Explain("SELECT * FROM m WHERE EXISTS (SELECT 1 FROM hosts WHERE name = m.host)"), HasSubstr("Hash Semi Join"));
  EXPECT_THAT(Explain("SELECT * FROM m WHERE NOT EXISTS (SELECT 1 FROM hosts WHERE name = m.host)"), HasSubstr("Hash Anti Join"));
  EXPECT_THAT(Explain("SELECT * FROM m WHERE host NOT IN (SELECT name FROM hosts)"), HasSubstr("Hash Anti Join"));
}

TEST_F(OptimizerTest, LateralLookupsUseTheirConstants) {
  database_.chunks_opened = 0;
  EXPECT_EQ(database_.Run("SELECT l.n FROM hosts h, LATERAL (SELECT n FROM m WHERE host = h.name ORDER BY time DESC LIMIT 1) l WHERE h.name = 'h3'"),
            std::vector<std::string>{"75"});
  EXPECT_LE(database_.chunks_opened, 3u + 10u);
}

TEST_F(OptimizerTest, CatalogRefreshSeesNewChunks) {
  StatusOr<BoundStatement> bound = database_.Bind("SELECT count(*) FROM m");
  ASSERT_TRUE(bound.ok());
  database_.Run("INSERT INTO m VALUES ('2025-01-01', 'h1', 1, 1)");
  OptimizeContext context;
  context.catalog = std::make_shared<Catalog>(database_.catalog);
  context.exec = &database_.exec;
  StatusOr<PlanPtr> plan = Optimize(ClonePlan(*bound->plan), context);
  ASSERT_TRUE(plan.ok());
  StatusOr<ColumnBatch> rows = database_.Pull(**plan);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->column(0).Get<int64_t>(0), 81);
}

}  // namespace
}  // namespace tsd::sql::test
