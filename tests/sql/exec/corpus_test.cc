// Runs the statements of corpus/*.sql in six databases (one node, three nodes, three that block, three without pushdown, two
// whose fragments run in lanes, one whose queries give way after every piece of work) and compares with what PostgreSQL 15 answered (recorded by corpus/record.py). Statements with ORDER BY are compared in order, others as sets of lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sql/exec/turn.h"
#include "tests/sql/exec/query_fixture.h"
#include "tests/sql/exec/ticking_clock.h"

namespace tsd::sql::test {
namespace {

struct CorpusEntry {
  std::string sql;
  std::vector<std::string> expected;
  int line = 0;
};

std::vector<CorpusEntry> ReadCorpus(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<CorpusEntry> entries;
  std::string line;
  bool answer = false;
  int number = 0;
  while (std::getline(file, line)) {
    ++number;
    if (answer) {
      if (line == "----end") {
        answer = false;
        entries.emplace_back();
      } else {
        entries.back().expected.push_back(line);
      }
      continue;
    }
    if (entries.empty()) entries.emplace_back();
    if (line == "----") {
      answer = true;
      continue;
    }
    if (entries.back().sql.empty()) entries.back().line = number;
    entries.back().sql += line + "\n";
  }
  if (!entries.empty() && entries.back().sql.find(';') == std::string::npos) entries.pop_back();
  return entries;
}

bool IsOrdered(const std::string& sql) {
  std::string lower = sql;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower.find("order by") != std::string::npos;
}

/// "-- hypertable table time interval space partitions"
void Directive(const std::string& sql, QueryDatabase& database) {
  std::istringstream lines(sql);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string dashes, what, table, time, space;
    int64_t interval = 0;
    int partitions = 0;
    words >> dashes >> what >> table >> time >> interval >> space >> partitions;
    if (dashes == "--" && what == "hypertable") database.MakeHypertable(table, time, interval, space, partitions);
  }
}

struct Variant {
  const char* name;
  int nodes;
  bool blocking;
  bool push_down;
  int lanes;
  bool hasty = false;
};
constexpr Variant kVariants[] = {
    {"one", 1, false, true, 1}, {"three", 3, false, true, 1}, {"blocking", 3, true, true, 1}, {"central", 3, false, false, 1}, {"lanes", 2, false, true, 3}, {"hasty", 1, false, true, 1, true}};

class CorpusTest : public ::testing::TestWithParam<std::string> {};

TEST_P(CorpusTest, SameAsPostgres) {
  const std::filesystem::path path = std::filesystem::path(__FILE__).parent_path() / "corpus" / (GetParam() + ".sql");
  const std::vector<CorpusEntry> corpus = ReadCorpus(path);
  ASSERT_FALSE(corpus.empty()) << path;
  for (const Variant& variant : kVariants) {
    QueryDatabase database(variant.nodes, variant.blocking);
    database.push_down = variant.push_down;
    database.lanes = variant.lanes;
    const TickingClock clock(Turn::kLength);
    Turn turn(&clock);
    if (variant.hasty) database.exec.turn = &turn;
    for (const CorpusEntry& entry : corpus) {
      std::vector<std::string> expected = entry.expected;
      Directive(entry.sql, database);
      std::vector<std::string> actual = database.Run(entry.sql);
      if (!IsOrdered(entry.sql)) {
        std::sort(expected.begin(), expected.end());
        std::sort(actual.begin(), actual.end());
      }
      EXPECT_EQ(actual, expected) << path.filename().string() << ":" << entry.line << " (" << variant.name << ")\n" << entry.sql;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sql, CorpusTest,
                         ::testing::Values("basics", "aggregates", "joins", "subqueries", "sets", "windows", "dml", "errors", "types", "time", "suite"),
                         [](const ::testing::TestParamInfo<std::string>& param) { return param.param; });

}  // namespace
}  // namespace tsd::sql::test
