// Questions to the IoT use case, of the kinds that people who run vehicles ask.
#include <random>

#include "engine/base/strings.h"
#include "tools/tsbench/workload.h"

namespace tsd::tsbench {

std::vector<BenchQuery> IotQueries(const WorkloadRange& range) {
  std::mt19937_64 random(range.seed);
  std::vector<BenchQuery> queries;
  const auto fixed = [&](const char* name, const char* title, std::string sql) { queries.push_back({name, title, {std::move(sql)}}); };
  const auto windowed = [&](const char* name, const char* title, absl::Duration span, std::string_view before, std::string_view after) {
    BenchQuery query{name, title, {}};
    for (size_t i = 0; i < range.windows; ++i) {
      const absl::Time end = PointIn(range, span, random());
      query.statements.push_back(StrCat(before, "time >= ", TimeLiteral(end - span), " AND time < ", TimeLiteral(end), after));
    }
    queries.push_back(std::move(query));
  };
  fixed("I1", "where each vehicle is: its last position",
        "SELECT DISTINCT ON (vehicle) vehicle, time, latitude, longitude FROM positions ORDER BY vehicle, time DESC");
  fixed("I2", "nearly empty tanks, by the last reading",
        "SELECT v.fleet, l.vehicle, l.level FROM (SELECT DISTINCT ON (vehicle) vehicle, level FROM fuel ORDER BY vehicle, time DESC) l "
        "JOIN vehicles v ON v.vehicle = l.vehicle WHERE l.level < 0.2 ORDER BY l.vehicle");
  fixed("I3", "loaded above nine tenths of the limit, by the last reading",
        "SELECT v.fleet, l.vehicle, l.cargo_kg, v.cargo_limit_kg FROM (SELECT DISTINCT ON (vehicle) vehicle, cargo_kg FROM fuel ORDER BY vehicle, time DESC) l "
        "JOIN vehicles v ON v.vehicle = l.vehicle WHERE l.cargo_kg > 0.9 * v.cargo_limit_kg ORDER BY l.vehicle");
  windowed("I4", "vehicles that stood still for 10 minutes", absl::Minutes(10), "SELECT vehicle, count(*) FROM positions WHERE ",
           " GROUP BY vehicle HAVING max(speed) = 0 ORDER BY vehicle");
  windowed("I5", "drivers without a rest: 20 or more moving 10-minute slots of 24", absl::Hours(4),
           "SELECT vehicle, count(*) AS slots FROM (SELECT vehicle, time_bucket(interval '10 minutes', time) AS slot, avg(speed) AS mean FROM positions WHERE ",
           " GROUP BY vehicle, slot) s WHERE mean > 5 GROUP BY vehicle HAVING count(*) >= 20 ORDER BY vehicle");
  windowed("I6", "fuel burnt against the rated figure, by fleet and model, 12 hours", absl::Hours(12),
           "SELECT v.fleet, v.model, avg(f.litres_per_hour) AS burnt, avg(v.rated_litres_per_hour) AS rated FROM fuel f JOIN vehicles v ON v.vehicle = f.vehicle "
           "WHERE f.engine_on AND f.", " GROUP BY v.fleet, v.model ORDER BY v.fleet, v.model");
  windowed("I7", "silent devices: gaps of more than 5 minutes by vehicle, 12 hours", absl::Hours(12),
           "SELECT vehicle, count(*) AS gaps, max(gap) AS longest FROM (SELECT vehicle, time - lag(time) OVER (PARTITION BY vehicle ORDER BY time) AS gap "
           "FROM positions WHERE ", ") g WHERE gap > interval '5 minutes' GROUP BY vehicle ORDER BY vehicle");
  windowed("I8", "one vehicle's track, a point a minute, 2 hours", absl::Hours(2),
           "SELECT time_bucket(interval '1 minute', time) AS minute, last(latitude, time), last(longitude, time), avg(speed) FROM positions WHERE vehicle = 'vehicle_1' AND ",
           " GROUP BY minute ORDER BY minute");
  fixed("I9", "hours driven by fleet and day",
        "SELECT v.fleet, p.day, sum(p.moving) * 10 / 3600.0 AS hours FROM (SELECT vehicle, time_bucket(interval '1 day', time) AS day, count(*) FILTER (WHERE speed > 5) AS moving "
        "FROM positions GROUP BY vehicle, day) p JOIN vehicles v ON v.vehicle = p.vehicle GROUP BY v.fleet, p.day ORDER BY v.fleet, p.day");
  return queries;
}

}  // namespace tsd::tsbench
