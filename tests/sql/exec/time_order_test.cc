// ORDER BY time LIMIT n stops reading where no row can get in any more: at ties too, if the time is all that it sorts by.
#include <gtest/gtest.h>

#include "tests/sql/exec/query_fixture.h"

namespace tsd::sql::test {
namespace {

class TimeOrderTest : public ::testing::Test {
 protected:
  TimeOrderTest() {
    database_.lanes = 2;  // scans heed time floors
    database_.Run("CREATE TABLE m (time timestamptz, host int)");
    database_.MakeHypertable("m", "time", int64_t{86'400} * 1'000'000, "host", 8);
    // Every host reports at the same instants; a chunk has some of the hosts.
    database_.Run("INSERT INTO m SELECT '2024-01-01 00:00+00'::timestamptz + i * INTERVAL '1 hour', h FROM generate_series(0, 23) i, generate_series(1, 64) h");
  }
  size_t RowsScanned(const std::string& sql, size_t answers) {
    database_.rows_scanned = 0;
    EXPECT_EQ(database_.Run(sql).size(), answers) << sql;
    return database_.rows_scanned;
  }

  QueryDatabase database_{1, false};
};

TEST_F(TimeOrderTest, TiesAreNotReadOnWhereTheTimeDecides) {
  ASSERT_EQ(RowsScanned("SELECT * FROM m", 1536), 1536u);
  // The first chunk is read as a whole, and has more than one row of the last instant; the others have none that is later.
  const size_t one_chunk = RowsScanned("SELECT time, host FROM m ORDER BY time DESC LIMIT 1", 1);
  EXPECT_LT(one_chunk, 1536u / 2);
  // The host decides among rows of one instant: each chunk has some of them.
  EXPECT_EQ(RowsScanned("SELECT time, host FROM m ORDER BY time DESC, host LIMIT 1", 1), one_chunk + 64 - one_chunk / 24);
  EXPECT_EQ(RowsScanned("SELECT time, host FROM m ORDER BY time DESC FETCH FIRST 1 ROW WITH TIES", 64), 1536u);
}

TEST_F(TimeOrderTest, TheAnswersAreRight) {
  EXPECT_EQ(database_.Run("SELECT time FROM m ORDER BY time DESC LIMIT 65"), [] {
    std::vector<std::string> expected(64, "2024-01-01 23:00:00+00");
    expected.emplace_back("2024-01-01 22:00:00+00");
    return expected;
  }());
  EXPECT_EQ(database_.Run("SELECT host FROM m ORDER BY time DESC, host LIMIT 3"), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(database_.Run("SELECT time FROM m ORDER BY time LIMIT 2"), std::vector<std::string>(2, "2024-01-01 00:00:00+00"));
  EXPECT_EQ(database_.Run("SELECT host FROM m ORDER BY time, host DESC LIMIT 2"), (std::vector<std::string>{"64", "63"}));
}

TEST_F(TimeOrderTest, OldestFirstLeavesOutChunksThatBeginWithATie) {
  database_.Run("INSERT INTO m SELECT '2024-01-02 00:00+00'::timestamptz, h FROM generate_series(1, 64) h");
  database_.Run("DELETE FROM m WHERE time < '2024-01-02 00:00+00'");
  database_.chunks_opened = 0;
  EXPECT_EQ(database_.Run("SELECT time FROM m ORDER BY time LIMIT 1").size(), 1u);
  const size_t opened = database_.chunks_opened;
  database_.chunks_opened = 0;
  EXPECT_EQ(database_.Run("SELECT time FROM m ORDER BY time, host LIMIT 1").size(), 1u);
  EXPECT_LT(opened, database_.chunks_opened);
}

}  // namespace
}  // namespace tsd::sql::test
