// Questions to the CPU use case.
#include <algorithm>
#include <array>
#include <random>

#include "engine/base/strings.h"
#include "tools/tsbench/workload.h"

namespace tsd::tsbench {
namespace {

constexpr std::array<const char*, 10> kMetrics = {"usage_user", "usage_system", "usage_idle",  "usage_nice",  "usage_iowait",
                                                  "usage_irq",  "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice"};

std::string Calls(const char* function, size_t count) {
  std::string calls;
  for (size_t i = 0; i < count; ++i) StrAppend(&calls, ", ", function, "(", kMetrics[i], ")");
  return calls;
}

class CpuQueryMaker {
 public:
  explicit CpuQueryMaker(const WorkloadRange& range) : range_(range), random_(range.seed) {}

  std::vector<BenchQuery> Make() {
    const std::string& t = range_.table;
    Fixed("Q1", "count(*)", StrCat("SELECT count(*) FROM ", t));
    Fixed("Q2", "avg of one column", StrCat("SELECT avg(usage_user) FROM ", t));
    Fixed("Q2f", "avg of one column where another > 50", StrCat("SELECT avg(usage_user) FROM ", t, " WHERE usage_system > 50"));
    const auto by_host = [&](size_t columns) {
      return [this, columns] {
        return StrCat("SELECT time_bucket(interval '1 hour', time) AS hour, hostname", Calls("avg", columns), " FROM ", range_.table, " WHERE ",
                      Window(absl::Hours(12)), " GROUP BY hour, hostname ORDER BY hour, hostname");
      };
    };
    Windowed("Q3", "double-groupby-1: hourly avg by host, 12 h", by_host(1));
    Windowed("Q4", "double-groupby-all: the same, 10 columns", by_host(kMetrics.size()));
    const auto maxima = [&](size_t hosts, absl::Duration span, size_t columns, const char* bucket) {
      return [this, hosts, span, columns, bucket] {
        return StrCat("SELECT time_bucket(interval '", bucket, "', time) AS bucket", Calls("max", columns), " FROM ", range_.table, " WHERE ",
                      Hosts(hosts), " AND ", Window(span), " GROUP BY bucket ORDER BY bucket");
      };
    };
    Windowed("Q5", "single-groupby-1-1-1: one host, 1 h, max a minute", maxima(1, absl::Hours(1), 1, "1 minute"));
    Windowed("Q6", "single-groupby-5-8-1: 8 hosts, 1 h, 5 columns", maxima(8, absl::Hours(1), 5, "1 minute"));
    Windowed("Q7", "cpu-max-all-8: 8 hosts, 8 h, 10 columns", maxima(8, absl::Hours(8), kMetrics.size(), "1 hour"));
    Windowed("Q8", "groupby-orderby-limit: last 5 minutes before a time", [this] {
      return StrCat("SELECT time_bucket(interval '1 minute', time) AS minute, max(usage_user) FROM ", range_.table, " WHERE time < ",
                    TimeLiteral(PointIn(range_, absl::Hours(1), random_())), " GROUP BY minute ORDER BY minute DESC LIMIT 5");
    });
    Windowed("Q9", "high-cpu-all: rows with usage_user > 90, 12 h", [this] {
      return StrCat("SELECT * FROM ", range_.table, " WHERE usage_user > 90 AND ", Window(absl::Hours(12)));
    });
    Fixed("Q10", "lastpoint: the last row of each host",
          StrCat("SELECT DISTINCT ON (hostname) * FROM ", t, " ORDER BY hostname, time DESC"));
    Fixed("Q11", "avg of 10 columns by hour and host, all rows",
          StrCat("SELECT time_bucket(interval '1 hour', time) AS hour, hostname", Calls("avg", kMetrics.size()), " FROM ", t,
                 " GROUP BY hour, hostname"));
    return std::move(queries_);
  }

 private:
  void Fixed(const char* name, const char* title, std::string sql) { queries_.push_back({name, title, {std::move(sql)}}); }

  template <typename F>
  void Windowed(const char* name, const char* title, F make) {
    BenchQuery query{name, title, {}};
    for (size_t i = 0; i < range_.windows; ++i) query.statements.push_back(make());
    queries_.push_back(std::move(query));
  }

  std::string Window(absl::Duration span) {
    const absl::Time end = PointIn(range_, span, random_());
    return StrCat("time >= ", TimeLiteral(end - span), " AND time < ", TimeLiteral(end));
  }
  std::string Hosts(size_t count) {
    std::vector<uint64_t> hosts;
    while (hosts.size() < std::min<size_t>(count, range_.series)) {
      const uint64_t host = random_() % range_.series;
      if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
    }
    if (hosts.size() == 1) return StrCat("hostname = 'host_", hosts[0], "'");
    std::string list;
    for (uint64_t host : hosts) StrAppend(&list, list.empty() ? "" : ", ", "'host_", host, "'");
    return StrCat("hostname IN (", list, ")");
  }

  const WorkloadRange& range_;
  std::mt19937_64 random_;
  std::vector<BenchQuery> queries_;
};

}  // namespace

std::vector<BenchQuery> CpuQueries(const WorkloadRange& range) { return CpuQueryMaker(range).Make(); }

}  // namespace tsd::tsbench
