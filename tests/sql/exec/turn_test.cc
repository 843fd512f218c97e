// Queries that compute for long give way: by a clock on which time passes as they ask for it, however little they yield.
#include "sql/exec/turn.h"

#include <gtest/gtest.h>

#include "tests/sql/exec/query_fixture.h"
#include "tests/sql/exec/ticking_clock.h"

namespace tsd::sql::test {
namespace {

class TurnTest : public ::testing::Test {
 protected:
  TurnTest() { database_.exec.turn = &turn_; }
  /// From now on every piece of work takes a whole turn.
  void TakeLong() { database_.exec.turn = &long_turn_; }
  /// How often the statement gave way; it has this one answer.
  size_t GaveWay(const std::string& sql, const std::string& answer) {
    database_.gave_way = 0;
    EXPECT_EQ(database_.Run(sql), std::vector<std::string>{answer}) << sql;
    return database_.gave_way;
  }

  const TickingClock clock_{Turn::kLength / 4};
  Turn turn_{&clock_};
  const TickingClock slow_clock_{Turn::kLength};
  Turn long_turn_{&slow_clock_};
  QueryDatabase database_{1, false};
};

TEST_F(TurnTest, ATurnHasAtLeastOnePieceOfWork) {
  const TickingClock slow(10 * Turn::kLength);
  Turn turn(&slow);
  turn.Resume();
  EXPECT_FALSE(turn.IsOver());
  turn.Worked();
  EXPECT_TRUE(turn.IsOver());
  EXPECT_TRUE(turn.TakeGivenWay());
  EXPECT_FALSE(turn.IsOver());
  EXPECT_FALSE(turn.TakeGivenWay());
}

TEST_F(TurnTest, TimeBetweenPullsDoesNotCount) {
  const TickingClock clock(Turn::kLength / 8);
  Turn turn(&clock);
  turn.Resume();
  turn.Worked();
  turn.Pause();
  for (int i = 0; i < 100; ++i) clock.Monotonic();
  turn.Resume();
  EXPECT_FALSE(turn.IsOver());
}

TEST_F(TurnTest, ShortQueriesDoNotGiveWay) {
  const TickingClock clock(Turn::kLength / 100);
  Turn turn(&clock);
  database_.exec.turn = &turn;
  EXPECT_EQ(GaveWay("SELECT count(*) FROM generate_series(1, 10)", "10"), 0u);
}

TEST_F(TurnTest, WhatYieldsLittleGivesWay) {
  // 245 batches each.
  EXPECT_GT(GaveWay("SELECT count(*) FROM generate_series(1, 1000000)", "1000000"), 60u);
  EXPECT_GT(GaveWay("SELECT a FROM generate_series(1, 1000000) a ORDER BY a DESC LIMIT 1", "1000000"), 60u);
  EXPECT_GT(GaveWay("SELECT a FROM generate_series(1, 1000000) a WHERE a % 1000000 = 7", "7"), 60u);
  EXPECT_GT(GaveWay("SELECT a FROM generate_series(1, 1000000) a OFFSET 999999", "1000000"), 60u);
  EXPECT_GT(GaveWay("SELECT count(*) FROM (SELECT generate_series(1, 1000000)) s", "1000000"), 60u);
  EXPECT_GT(GaveWay("SELECT count(*) FROM (SELECT DISTINCT a / 1000000 FROM generate_series(1, 999999) a) s", "1"), 60u);
}

TEST_F(TurnTest, JoinsGiveWay) {
  // A million pairs, 16384 in one go.
  EXPECT_GT(GaveWay("SELECT count(*) FROM generate_series(1, 1000) a, generate_series(1, 1000) b", "1000000"), 20u);
  EXPECT_GT(GaveWay("SELECT count(*) FROM generate_series(1, 1000) a JOIN generate_series(1, 1000) b ON a + b < 0", "0"), 10u);
  EXPECT_GT(GaveWay("SELECT count(*) FROM generate_series(1, 1000) a WHERE EXISTS "
                    "(SELECT 1 FROM generate_series(1, 1000) b WHERE b + a < 0)", "0"), 10u);
}

TEST_F(TurnTest, LateralJoinsGiveWay) {
  EXPECT_GT(GaveWay("SELECT count(*) FROM generate_series(1, 1000) a, LATERAL (SELECT b FROM generate_series(1, a) b OFFSET 1000) s", "0"), 200u);
}

TEST_F(TurnTest, SortsGiveWay) {
  // To read the rows is 74 batches; to sort them some 200 steps more.
  const std::string rows = "generate_series(1, 300000) a";
  const size_t read = GaveWay("SELECT count(*) FROM " + rows, "300000");
  EXPECT_GT(GaveWay("SELECT b FROM (SELECT (a::bigint * 7919) % 300007 AS b FROM " + rows + " ORDER BY b OFFSET 150000) s LIMIT 1", "150001"), read + 30);
  EXPECT_GT(GaveWay("SELECT length(string_agg('x', '' ORDER BY (a::bigint * 7919) % 300007)) FROM " + rows, "300000"), read + 30);
  EXPECT_GT(GaveWay("SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY (a::bigint * 7919) % 300007) AS n FROM " + rows + ") s", "300000"), read + 60);
}

TEST_F(TurnTest, WindowsGiveWay) {
  TakeLong();
  // 25 batches in, as many out, and between them the work.
  EXPECT_GT(GaveWay("SELECT max(s) FROM (SELECT sum(a) OVER (ORDER BY a) AS s FROM generate_series(1, 100000) a) w", "5000050000"), 70u);
  // Each row's frame is a thousand rows.
  EXPECT_GT(GaveWay("SELECT max(s) FROM (SELECT count(*) OVER (ORDER BY a ROWS BETWEEN 999 PRECEDING AND 0 FOLLOWING) AS s "
                    "FROM generate_series(1, 10000) a) w", "1000"), 100u);
  EXPECT_GT(GaveWay("SELECT max(s) FROM (SELECT sum(a) OVER (PARTITION BY a / 10) AS s FROM generate_series(0, 99999) a) w", "999945"), 70u);
}

TEST_F(TurnTest, RecursionGivesWay) {
  EXPECT_GT(GaveWay("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000) SELECT count(*) FROM r", "1000"), 200u);
}

}  // namespace
}  // namespace tsd::sql::test
