// Sorts and aggregations larger than the query's memory: the same answers as with plenty, files gone afterwards, or 53200.
#include <gtest/gtest.h>

#include <algorithm>

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

TEST_F(SpillTest, WhatCannotSpillIsRefused) {
  MemoryBudget budget(90'000);
  little_.exec.memory = &budget;
  for (const char* sql : {"SELECT DISTINCT k, s, v FROM t", "SELECT count(DISTINCT v) FROM t", "SELECT string_agg(s, ',' ORDER BY v) FROM t"}) {
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
  EXPECT_TRUE(little_.Run("SELECT k, s, v, count(*) FROM t GROUP BY k, s, v")[0].starts_with("ERROR: 53200"));
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
