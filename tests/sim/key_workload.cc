// W6: several clients write the same few keys, under faults. A key is never there twice; an acknowledged insert is there, and only one was
// acknowledged for a key that nobody deleted; an upsert counted up is not lost.
#include <gtest/gtest.h>

#include "engine/base/strings.h"
#include "tests/sim/workloads.h"

namespace tsd::sim {
namespace {

constexpr absl::Duration kKeyQueryTimeout = absl::Seconds(20);
constexpr int kKeyWriters = 3;

class KeyWorkload final : public Workload {
 public:
  explicit KeyWorkload(uint64_t seed) : random_(seed) {}

  void Setup(SimCluster& cluster) override {
    for (const char* sql : {"CREATE TABLE keyed(time timestamptz NOT NULL, k int, n int, PRIMARY KEY (time, k))",
                            "SELECT create_distributed_hypertable('keyed', 'time', 'k')"}) {
      const StatusOr<QueryAnswer> answer = cluster.Run(sql, absl::Seconds(120));
      if (!answer.ok() && !HasSqlState(answer.status(), sqlstate::kDuplicateTable)) ADD_FAILURE() << sql << ": " << answer.status().message();
    }
  }

  void Start(SimCluster& cluster) override {
    running_ = kKeyWriters;
    for (int i = 0; i < kKeyWriters; ++i) Spawn(cluster.client_executor(), Writer(this, cluster.NewClient(), random_.Fork(StrCat("writer", i))));
  }

  void Check(SimCluster& cluster, Findings* findings) override {
    findings->violations.insert(findings->violations.end(), live_.violations.begin(), live_.violations.end());
    const StatusOr<QueryAnswer> answer = cluster.Run("SELECT time = '2024-01-01', k, n FROM keyed", absl::Seconds(120));
    if (!answer.ok()) {
      findings->Add(StrCat("liveness: W6: ", answer.status().message()));
      return;
    }
    std::map<std::string, int> there;
    for (const auto& row : answer->rows) {
      const std::string key = row[0] + row[1];
      if (!there.emplace(key, std::stoi(row[2])).second) findings->Add(StrCat("W6: key ", key, " is there twice"));
    }
    for (const auto& [key, count] : inserted_) {
      if (count > 1) findings->Add(StrCat("W6: ", count, " inserts of key ", key, " were acknowledged"));
      if (!there.contains(key)) findings->Add(StrCat("W6: acknowledged row ", key, " is lost"));
    }
    for (const auto& [key, count] : counted_) {
      if (!there.contains(key) || there[key] < count) findings->Add(StrCat("W6: key ", key, " was counted up ", count, " times, and says less"));
    }
  }

 private:
  static Task<void> Writer(KeyWorkload* self, std::unique_ptr<SimClient> client, Random random) {
    while (!self->stopping_) {
      const int k = static_cast<int>(random.Between(0, 40));
      std::string text;
      const bool upsert = random.Chance(0.5);
      if (upsert) {
        text = StrCat("INSERT INTO keyed VALUES ('2024-02-01', ", k, ", 1) ON CONFLICT (time, k) DO UPDATE SET n = keyed.n + 1");
      } else if (random.Chance(0.5)) {
        text = StrCat("INSERT INTO keyed VALUES ('2024-01-01', ", k, ", 1)");
      } else {
        text = StrCat("BEGIN; SELECT count(*) FROM keyed; INSERT INTO keyed VALUES ('2024-01-01', ", k, ", 1); COMMIT");
      }
      const StatusOr<QueryAnswer> answer = co_await client->Query(std::move(text), kKeyQueryTimeout);
      if (answer.ok()) {
        ++(upsert ? self->counted_[StrCat("f", k)] : self->inserted_[StrCat("t", k)]);
      } else {
        client->Close();
      }
      co_await SleepFor{absl::Microseconds(random.Between(500, 120'000))};
    }
    client->Close();
    --self->running_;
  }

  Random random_;
  std::map<std::string, int> inserted_, counted_;  // acknowledged, by key
};

}  // namespace

std::unique_ptr<Workload> MakeKeyWorkload(uint64_t seed) { return std::make_unique<KeyWorkload>(seed); }

}  // namespace tsd::sim
