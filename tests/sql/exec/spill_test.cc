// Sorts and aggregations larger than the query's memory: the same answers as with plenty, files gone afterwards, or 53200.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/strings.h"
#include "sql/exec/spill.h"
#include "tests/sql/exec/query_fixture.h"

namespace tsd::sql::test {
namespace {

class MemorySpill final : public SpillSpace {
 public:
  class File final : public SpillFile {
   public:
    explicit File(MemorySpill& space) : space_(space) { ++space_.open; }
    ~File() override { --space_.open; }
    Status Append(std::string_view bytes) override {
      EXPECT_FALSE(read_);
      if (space_.bytes + bytes.size() > space_.limit) return Error(sqlstate::kDiskFull, "disk full");
      space_.bytes += bytes.size();
      bytes_.append(bytes);
      return OkStatus();
    }
    StatusOr<std::string> Read(uint64_t offset, size_t length) override {
      read_ = true;
      if (offset + length > bytes_.size()) return Error(sqlstate::kDataCorrupted, "short file");
      return bytes_.substr(offset, length);
    }

   private:
    MemorySpill& space_;
    std::string bytes_;
    bool read_ = false;
  };
  StatusOr<std::unique_ptr<SpillFile>> Create() override {
    ++files;
    return std::unique_ptr<SpillFile>(std::make_unique<File>(*this));
  }
  int files = 0, open = 0;
  size_t bytes = 0;
  size_t limit = SIZE_MAX;
};

class SpillTest : public testing::Test {
 protected:
  SpillTest() {
    for (QueryDatabase* database : {&plenty_, &little_}) {
      database->Run("CREATE TABLE t (k int, s text, v double precision)");
      database->Run("INSERT INTO t SELECT (i * 7919) % 5011, 'name ' || (i * 31) % 1009, i FROM generate_series(1, 8000) i");
      database->Run("INSERT INTO t SELECT NULL, NULL, NULL FROM generate_series(1, 10) i");
    }
    little_.exec.spill = &spill_;
    roomy_ = little_.exec.memory;
  }
  /// With a budget of `bytes` in the little database.
  void Same(const std::string& sql, int64_t bytes, bool ordered) {
    std::vector<std::string> expected = plenty_.Run(sql);
    MemoryBudget budget(bytes);
    little_.exec.memory = &budget;
    spill_.files = 0;
    std::vector<std::string> actual = little_.Run(sql);
    little_.exec.memory = roomy_;
    if (!ordered) {
      std::sort(expected.begin(), expected.end());
      std::sort(actual.begin(), actual.end());
    }
    ASSERT_EQ(actual.size(), expected.size()) << (actual.empty() ? "" : actual[0]);
    EXPECT_EQ(actual, expected);
    EXPECT_GT(spill_.files, 0) << sql;
    EXPECT_EQ(spill_.open, 0);
    EXPECT_EQ(budget.used(), 0);
  }

  MemorySpill spill_;
  QueryDatabase plenty_{1, false}, little_{1, false};
  MemoryBudget* roomy_ = nullptr;
};

TEST_F(SpillTest, SortsOnDisk) {
  Same("SELECT k, s, v FROM t ORDER BY k, s, v", 110'000, true);
  Same("SELECT s FROM t ORDER BY s DESC NULLS LAST", 110'000, true);
}

TEST_F(SpillTest, MoreRunsThanAreMergedAtOnce) { Same("SELECT k, s, v FROM t ORDER BY s, v", 70'000, true); }

TEST_F(SpillTest, AggregatesOnDisk) {
  Same("SELECT k, count(*), sum(v), max(s) FROM t GROUP BY k", 300'000, false);
  Same("SELECT s, k, avg(v), min(v) FROM t GROUP BY s, k", 450'000, false);
  Same("SELECT k, s, count(*) FROM t GROUP BY GROUPING SETS ((k), (s), ())", 450'000, false);
}

TEST_F(SpillTest, DistinctOnDisk) {
  Same("SELECT DISTINCT k, s, v FROM t", 250'000, false);
  Same("SELECT DISTINCT s, v FROM t", 30'000, false);  // parts are cut again
  Same("SELECT k, s FROM t UNION SELECT k + 2000, s FROM t", 100'000, false);
  Same("SELECT s, count(*) FROM (SELECT DISTINCT v, s FROM t) d GROUP BY s", 250'000, false);
}

TEST_F(SpillTest, FirstRowsOnDisk) {
  Same("SELECT DISTINCT ON (k) k, s, v FROM t ORDER BY k, v DESC", 150'000, true);
  Same("SELECT DISTINCT ON (k, s) k, s, v FROM t ORDER BY s DESC, k, v", 250'000, true);
}

TEST_F(SpillTest, DistinctArgumentsOnDisk) {
  Same("SELECT count(DISTINCT v), count(DISTINCT k), sum(DISTINCT k), count(*) FROM t", 90'000, false);
  Same("SELECT s, count(DISTINCT v), sum(v), count(DISTINCT k) FILTER (WHERE v > 100) FROM t GROUP BY s", 500'000, false);
  Same("SELECT k % 7, s, count(DISTINCT v) FROM t GROUP BY GROUPING SETS ((1), (2), ())", 500'000, false);
}

TEST_F(SpillTest, IntersectAndExceptOnDisk) {
  for (const char* operation : {"INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"}) {
    Same(StrCat("SELECT k, s FROM t ", operation, " SELECT k, s FROM t WHERE k % 3 <> 0"), 100'000, false);
    Same(StrCat("SELECT k FROM t ", operation, " SELECT v::int FROM t WHERE v > 700"), 40'000, false);
    Same(StrCat("SELECT s, v FROM t ", operation, " SELECT s, v FROM t WHERE v < 10"), 100'000, false);  // the left side fills it
  }
}

TEST_F(SpillTest, JoinsOnDisk) {
  for (QueryDatabase* database : {&plenty_, &little_}) {
    database->Run("CREATE TABLE u (k int, name text)");
    database->Run("INSERT INTO u SELECT i * 3, 'u ' || i FROM generate_series(-5, 3000) i");
    database->Run("INSERT INTO u SELECT NULL, 'nobody ' || i FROM generate_series(1, 20) i");
  }
  for (const char* join : {"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"}) {
    Same(StrCat("SELECT u.k, u.name, t.s, t.v FROM u ", join, " t ON u.k = t.k"), 150'000, false);
    Same(StrCat("SELECT u.k, u.name, t.s, t.v FROM u ", join, " t ON u.k = t.k AND t.v > 4000 + u.k"), 150'000, false);
    Same(StrCat("SELECT t.k, u.name, t.v FROM t ", join, " u ON u.k = t.k"), 40'000, false);
    Same(StrCat("SELECT count(*), sum(t.v), count(u.k) FROM t ", join, " u ON u.k = t.k AND u.name = t.s"), 60'000, false);
  }
}

TEST_F(SpillTest, SemiAndAntiJoinsOnDisk) {
  Same("SELECT k, v FROM t WHERE v IN (SELECT k FROM t)", 60'000, false);
  Same("SELECT k, v FROM t WHERE v NOT IN (SELECT k FROM t WHERE k IS NOT NULL)", 60'000, false);
  Same("SELECT k, v FROM t a WHERE EXISTS (SELECT 1 FROM t b WHERE b.k = a.v AND b.v < a.k)", 90'000, false);
  Same("SELECT k, v FROM t a WHERE NOT EXISTS (SELECT 1 FROM t b WHERE b.k = a.v)", 60'000, false);
  Same("SELECT k, v FROM t a WHERE NOT EXISTS (SELECT 1 FROM t b WHERE b.k = a.k AND b.v < a.v)", 90'000, false);
}

TEST_F(SpillTest, PartsLargerThanTheMemoryAreJoinedInBlocks) {
  for (QueryDatabase* database : {&plenty_, &little_}) {
    database->Run("CREATE TABLE skewed (k int, name text)");
    database->Run("INSERT INTO skewed SELECT CASE WHEN i % 10 = 0 THEN i ELSE 7 END, 'row ' || i FROM generate_series(1, 20000) i");
    database->Run("CREATE TABLE few (k int)");
    database->Run("INSERT INTO few VALUES (7), (20), (7), (NULL), (21), (5000)");
  }
  for (const char* join : {"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"}) {
    Same(StrCat("SELECT few.k, skewed.k, name FROM few ", join, " skewed ON few.k = skewed.k"), 200'000, false);
    Same(StrCat("SELECT few.k, skewed.k, name FROM few ", join, " skewed ON few.k = skewed.k AND length(name) = few.k"), 200'000, false);
  }
  // Without keys there is one part.
  Same("SELECT few.k, count(*), max(name) FROM few CROSS JOIN skewed GROUP BY few.k", 200'000, false);
  Same("SELECT few.k, count(name) FROM few LEFT JOIN skewed ON few.k > skewed.k GROUP BY few.k", 200'000, false);
}

TEST_F(SpillTest, OperatorsShareTheMemory) {
  Same("SELECT DISTINCT a.s, b.v FROM t a JOIN t b ON a.k = b.k ORDER BY a.s, b.v", 200'000, true);
  Same("SELECT a.k, count(b.v), sum(c.v) FROM t a JOIN t b ON a.k = b.k JOIN t c ON b.v = c.v GROUP BY a.k ORDER BY 1", 400'000, true);
}

TEST_F(SpillTest, WhatCannotSpillIsRefused) {
  MemoryBudget budget(90'000);
  little_.exec.memory = &budget;
  for (const char* sql : {"SELECT string_agg(s, ',' ORDER BY v) FROM t", "SELECT k, count(DISTINCT v) FROM t GROUP BY k"}) {
    const std::vector<std::string> answer = little_.Run(sql);
    ASSERT_EQ(answer.size(), 1u) << sql;
    EXPECT_TRUE(answer[0].starts_with("ERROR: 53200")) << answer[0];
  }
  little_.exec.memory = roomy_;
  EXPECT_EQ(budget.used(), 0);
}

TEST_F(SpillTest, WithoutASpaceTheQueryFails) {
  little_.exec.spill = nullptr;
  MemoryBudget budget(70'000);
  little_.exec.memory = &budget;
  EXPECT_TRUE(little_.Run("SELECT k, s, v FROM t ORDER BY k")[0].starts_with("ERROR: 53200"));
  for (const char* sql : {"SELECT k, s, v, count(*) FROM t GROUP BY k, s, v", "SELECT DISTINCT k, s, v FROM t", "SELECT count(DISTINCT v) FROM t",
                          "SELECT a.v FROM t a JOIN t b ON a.k = b.k", "SELECT k, v FROM t EXCEPT SELECT v, k FROM t"}) {
    EXPECT_TRUE(little_.Run(sql)[0].starts_with("ERROR: 53200")) << sql;
  }
  little_.exec.memory = roomy_;
}

TEST_F(SpillTest, AFullDiskIsAnError) {
  spill_.limit = 30'000;
  MemoryBudget budget(110'000);
  little_.exec.memory = &budget;
  EXPECT_EQ(little_.Run("SELECT k, s, v FROM t ORDER BY k"), std::vector<std::string>{"ERROR: 53100 disk full"});
  little_.exec.memory = roomy_;
  EXPECT_EQ(spill_.open, 0);
}

}  // namespace
}  // namespace tsd::sql::test
