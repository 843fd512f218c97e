// tsbench query: typical questions to the CPU data set, each a few times; the median counts.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "engine/base/strings.h"
#include "tools/client/connection.h"
#include "tools/tsbench/arguments.h"

namespace tsd::tsbench {
namespace {

struct BenchQuery {
  const char* name;
  const char* sql;  // $T: the table, $E: the last time in it, as a literal
};

const BenchQuery kQueries[] = {
    {"count", "SELECT count(*) FROM $T"},
    {"single-host-hour", "SELECT time_bucket('1 minute', time) AS minute, max(usage_user) FROM $T WHERE hostname = 'host_1' AND time > $E - interval '1 hour' "
                         "GROUP BY minute ORDER BY minute"},
    {"all-hosts-hour", "SELECT hostname, time_bucket('5 minutes', time) AS bucket, avg(usage_user), max(usage_user) FROM $T WHERE time > $E - interval '1 hour' "
                       "GROUP BY hostname, bucket ORDER BY hostname, bucket"},
    {"double-groupby", "SELECT time_bucket('1 hour', time) AS hour, hostname, avg(usage_user), avg(usage_system), avg(usage_idle) FROM $T "
                       "GROUP BY hour, hostname ORDER BY hour, hostname"},
    {"groupby-limit", "SELECT time_bucket('1 minute', time) AS minute, max(usage_user) FROM $T WHERE time < $E GROUP BY minute ORDER BY minute DESC LIMIT 5"},
    {"high-cpu", "SELECT count(*), max(usage_user) FROM $T WHERE usage_user > 90"},
    {"last-point", "SELECT hostname, last(usage_user, time) FROM $T GROUP BY hostname ORDER BY hostname"},
};

double Milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

std::string Replace(std::string text, std::string_view mark, std::string_view value) {
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) text.replace(at, mark.size(), value);
  return text;
}

}  // namespace

Status RunQueries(const Arguments& arguments) {
  const std::string table = Text(arguments, "table", "cpu"), only = Text(arguments, "only", "");
  const uint64_t runs = std::max<uint64_t>(1, Number(arguments, "runs", 5));
  ASSIGN_OR_RETURN(const auto connection, client::Connection::Open(ConnectOptionsOf(arguments)));
  ASSIGN_OR_RETURN(const auto last, connection->Query(StrCat("SELECT max(time) FROM ", table)));
  if (last.empty() || last[0].rows.empty() || !last[0].rows[0][0]) return Error(sqlstate::kInvalidParameterValue, StrCat("table \"", table, "\" is empty"));
  const std::string end = StrCat("timestamptz ", client::QuoteLiteral(*last[0].rows[0][0]));
  std::printf("%-18s %10s %12s %12s\n", "query", "rows", "median ms", "fastest ms");
  for (const BenchQuery& query : kQueries) {
    if (!only.empty() && only != query.name) continue;
    const std::string sql = Replace(Replace(query.sql, "$T", table), "$E", end);
    std::vector<double> times;
    size_t rows = 0;
    for (uint64_t run = 0; run < runs; ++run) {
      const double start = Milliseconds();
      ASSIGN_OR_RETURN(const auto results, connection->Query(sql));
      times.push_back(Milliseconds() - start);
      rows = results.empty() ? 0 : results[0].rows.size();
    }
    std::sort(times.begin(), times.end());
    std::printf("%-18s %10zu %12.2f %12.2f\n", query.name, rows, times[times.size() / 2], times[0]);
    std::fflush(stdout);
  }
  return OkStatus();
}

}  // namespace tsd::tsbench
