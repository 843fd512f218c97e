// tsbench query: a use case's questions to one server, or to several in turn with their answers compared; times at the client.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "engine/base/strings.h"
#include "tools/client/connection.h"
#include "tools/tsbench/commands.h"
#include "tools/tsbench/percentiles.h"

namespace tsd::tsbench {
namespace {

struct Target {
  std::string label;
  std::unique_ptr<client::Connection> connection;
  std::vector<double> times;  // of the query at hand, ms
  uint64_t rows = 0;
};

double Milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

/// Equal, or numbers that differ by rounding only: sums of doubles may be added up in another order.
bool SameField(const std::optional<std::string>& left, const std::optional<std::string>& right) {
  if (left == right) return true;
  if (!left || !right || left->empty() || right->empty()) return false;
  char* left_end = nullptr;
  char* right_end = nullptr;
  const double a = std::strtod(left->c_str(), &left_end), b = std::strtod(right->c_str(), &right_end);
  if (*left_end != '\0' || *right_end != '\0') return false;
  return std::fabs(a - b) <= 1e-9 * std::max(std::fabs(a), std::fabs(b));
}

bool RowLess(const client::TextRow& left, const client::TextRow& right) { return left < right; }

Status CompareAnswers(std::vector<Target>& targets, const BenchQuery& query) {
  for (const std::string& sql : query.statements) {
    std::vector<client::TextRow> expected;
    for (size_t i = 0; i < targets.size(); ++i) {
      ASSIGN_OR_RETURN(auto results, targets[i].connection->Query(sql));
      std::vector<client::TextRow> rows;
      if (!results.empty()) rows = std::move(results[0].rows);
      std::sort(rows.begin(), rows.end(), RowLess);
      if (i == 0) {
        expected = std::move(rows);
        continue;
      }
      const bool same = rows.size() == expected.size() && std::equal(rows.begin(), rows.end(), expected.begin(), [](const auto& a, const auto& b) {
                          return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), SameField);
                        });
      if (!same) {
        return WithDetail(Error(sqlstate::kDataCorrupted, StrCat(query.name, ": ", targets[0].label, " and ", targets[i].label, " answer differently (",
                                                                  expected.size(), " and ", rows.size(), " rows)")),
                          sql);
      }
    }
  }
  return OkStatus();
}

StatusOr<std::vector<Target>> OpenTargets(const Arguments& arguments) {
  std::vector<Target> targets;
  ASSIGN_OR_RETURN(auto first, client::Connection::Open(ConnectOptionsOf(arguments)));
  targets.push_back({Text(arguments, "label", "ms"), std::move(first), {}, 0});
  // --also two-nodes=5450,postgres=host:5432/user/db
  std::string also = Text(arguments, "also", "");
  while (!also.empty()) {
    const size_t comma = also.find(',');
    std::string item = also.substr(0, comma);
    also = comma == std::string::npos ? "" : also.substr(comma + 1);
    const size_t equals = item.find('=');
    if (equals == std::string::npos) return Error(sqlstate::kInvalidParameterValue, "--also takes LABEL=[HOST:]PORT[/USER/DBNAME], separated by commas");
    Arguments other = arguments;
    std::string address = item.substr(equals + 1);
    if (const size_t slash = address.find('/'); slash != std::string::npos) {
      const std::string rest = address.substr(slash + 1);
      const size_t second = rest.find('/');
      other["user"] = rest.substr(0, second);
      if (second != std::string::npos) other["dbname"] = rest.substr(second + 1);
      address.resize(slash);
    }
    if (const size_t colon = address.rfind(':'); colon != std::string::npos) {
      other["host"] = address.substr(0, colon);
      address = address.substr(colon + 1);
    }
    other["port"] = address;
    ASSIGN_OR_RETURN(auto connection, client::Connection::Open(ConnectOptionsOf(other)));
    targets.push_back({item.substr(0, equals), std::move(connection), {}, 0});
  }
  return targets;
}

WorkloadRange RangeWithoutTimes(const Arguments& arguments, const UseCase& use_case) {
  WorkloadRange range;
  range.table = Text(arguments, "table", use_case.tables[0].name);
  range.seed = Number(arguments, "seed", 1);
  range.windows = std::max<uint64_t>(1, Number(arguments, "windows", 5));
  return range;
}

StatusOr<WorkloadRange> RangeOf(const Arguments& arguments, const UseCase& use_case, client::Connection& connection) {
  WorkloadRange range = RangeWithoutTimes(arguments, use_case);
  const std::string sql = StrCat("SELECT extract(epoch FROM min(time))::bigint, extract(epoch FROM max(time))::bigint, count(DISTINCT ",
                                 use_case.series_column, ") FROM ", range.table);
  ASSIGN_OR_RETURN(const auto answer, connection.Query(sql));
  if (answer.empty() || answer[0].rows.empty() || !answer[0].rows[0][0]) {
    return Error(sqlstate::kInvalidParameterValue, StrCat("table \"", range.table, "\" is empty"));
  }
  const client::TextRow& row = answer[0].rows[0];
  range.first = absl::FromUnixSeconds(std::strtoll(row[0]->c_str(), nullptr, 10));
  range.last = absl::FromUnixSeconds(std::strtoll(row[1]->c_str(), nullptr, 10));
  range.series = std::strtoull(row[2]->c_str(), nullptr, 10);
  return range;
}

bool Wanted(const std::string& only, const std::string& name) {
  if (only.empty()) return true;
  return StrCat(",", only, ",").find(StrCat(",", name, ",")) != std::string::npos;
}

/// Of the data that `generate` makes with the same options: no server is asked.
Status PrintQueries(const Arguments& arguments, const UseCase& use_case) {
  ASSIGN_OR_RETURN(const DataOptions data, DataOptionsOf(arguments));
  WorkloadRange range = RangeWithoutTimes(arguments, use_case);
  range.series = data.series;
  range.first = data.start;
  range.last = data.start + use_case.step * static_cast<int64_t>((data.rows - 1) / data.series);
  for (const BenchQuery& query : use_case.queries(range)) {
    for (const std::string& sql : query.statements) {
      if (Wanted(Text(arguments, "only", ""), query.name)) std::printf("%s\t%s\t%s\n", query.name.c_str(), query.title.c_str(), sql.c_str());
    }
  }
  return OkStatus();
}

void PrintHeader(const std::vector<Target>& targets, uint64_t runs) {
  std::printf("%-5s %8s", "query", "rows");
  if (targets.size() == 1) {
    std::printf(" %10s %10s %10s %10s   ms, of %llu runs of each window\n", "p50", "p90", "p99", "max", static_cast<unsigned long long>(runs));
    return;
  }
  for (const Target& target : targets) std::printf(" %12s", target.label.c_str());
  std::printf("   medians of %llu runs of each window, ms\n", static_cast<unsigned long long>(runs));
}

void PrintTimes(const std::vector<Target>& targets, const BenchQuery& query) {
  std::printf("%-5s %8llu", query.name.c_str(), static_cast<unsigned long long>(targets[0].rows));
  for (const Target& target : targets) {
    const Percentiles ms = PercentilesOf(target.times);
    if (targets.size() > 1) {
      std::printf(" %12.2f", ms.p50);
    } else {
      std::printf(" %10.2f %10.2f %10.2f %10.2f", ms.p50, ms.p90, ms.p99, ms.max);
    }
  }
  std::printf("   %s\n", query.title.c_str());
  std::fflush(stdout);
}

}  // namespace

Status RunQueries(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const UseCase use_case, FindUseCase(Text(arguments, "use-case", "cpu")));
  if (arguments.contains("print")) return PrintQueries(arguments, use_case);
  const std::string only = Text(arguments, "only", "");
  const uint64_t runs = std::max<uint64_t>(1, Number(arguments, "runs", 5));
  ASSIGN_OR_RETURN(std::vector<Target> targets, OpenTargets(arguments));
  ASSIGN_OR_RETURN(const WorkloadRange range, RangeOf(arguments, use_case, *targets[0].connection));
  PrintHeader(targets, runs);
  for (const BenchQuery& query : use_case.queries(range)) {
    if (!Wanted(only, query.name)) continue;
    if (targets.size() > 1) RETURN_IF_ERROR(CompareAnswers(targets, query));
    for (Target& target : targets) target.times.clear();
    for (uint64_t run = 0; run < runs; ++run) {
      for (const std::string& sql : query.statements) {
        for (Target& target : targets) {
          const double start = Milliseconds();
          ASSIGN_OR_RETURN(target.rows, target.connection->CountRows(sql));
          target.times.push_back(Milliseconds() - start);
        }
      }
    }
    PrintTimes(targets, query);
  }
  return OkStatus();
}

}  // namespace tsd::tsbench
