#include "tools/tsbench/workload.h"

#include <algorithm>

#include "engine/base/strings.h"

namespace tsd::tsbench {

StatusOr<UseCase> FindUseCase(const std::string& name) {
  if (name == "cpu") return CpuUseCase();
  if (name == "iot") return IotUseCase();
  return Error(sqlstate::kInvalidParameterValue, StrCat("no use case \"", name, "\"; there are cpu and iot"));
}

UseCase CpuUseCase() {
  std::string columns = "time timestamptz NOT NULL, hostname text", header = "time,hostname";
  for (const char* metric : {"user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice"}) {
    StrAppend(&columns, ", usage_", metric, " double precision");
    StrAppend(&header, ",usage_", metric);
  }
  return {"cpu", "hostname", absl::Seconds(10), {{"cpu", columns, header}}, WriteCpuRows, CpuQueries};
}

UseCase IotUseCase() {
  return {"iot",
          "vehicle",
          absl::Seconds(10),
          {{"positions",
            "time timestamptz NOT NULL, vehicle text, latitude double precision, longitude double precision, altitude real, speed real, heading smallint",
            "time,vehicle,latitude,longitude,altitude,speed,heading"},
           {"fuel", "time timestamptz NOT NULL, vehicle text, level real, litres_per_hour real, cargo_kg integer, engine_on boolean",
            "time,vehicle,level,litres_per_hour,cargo_kg,engine_on"},
           {"vehicles", "vehicle text, fleet text, model text, tank_litres integer, cargo_limit_kg integer, rated_litres_per_hour real",
            "vehicle,fleet,model,tank_litres,cargo_limit_kg,rated_litres_per_hour", false}},
          WriteIotRows,
          IotQueries};
}

absl::Time PointIn(const WorkloadRange& range, absl::Duration span, uint64_t random) {
  const int64_t room = std::max<int64_t>(absl::ToInt64Seconds(range.last - range.first - span), 1);
  return range.first + span + absl::Seconds(static_cast<int64_t>(random % static_cast<uint64_t>(room)));
}

std::string TimeLiteral(absl::Time time) {
  return StrCat("timestamptz '", absl::FormatTime("%Y-%m-%d %H:%M:%S+00", time, absl::UTCTimeZone()), "'");
}

}  // namespace tsd::tsbench
