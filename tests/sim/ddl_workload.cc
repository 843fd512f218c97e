// W5: definitions change while rows are written, under faults.
#include <absl/strings/str_join.h>
#include <gtest/gtest.h>

#include "coord/session/services.h"
#include "engine/base/strings.h"
#include "tests/sim/workloads.h"

namespace tsd::sim {
namespace {

constexpr absl::Duration kQueryTimeout = absl::Seconds(20);
constexpr absl::Duration kFinalLimit = absl::Seconds(120);

Task<void> Pause(Random* random) { co_await SleepFor{absl::Microseconds(random->Between(500, 120'000))}; }

class DdlWorkload final : public Workload {
 public:
  explicit DdlWorkload(uint64_t seed) : random_(seed) {}

  void Setup(SimCluster& cluster) override {
    for (const char* sql : {"CREATE TABLE ddl(time timestamptz NOT NULL, device text, id bigserial, n int CHECK (n >= 0))",
                            "SELECT create_distributed_hypertable('ddl', 'time', 'device')"}) {
      const StatusOr<QueryAnswer> answer = cluster.Run(sql, kFinalLimit);
      if (!answer.ok() && !HasSqlState(answer.status(), sqlstate::kDuplicateTable)) ADD_FAILURE() << sql << ": " << answer.status().message();
    }
  }

  void Start(SimCluster& cluster) override {
    running_ = 5;
    for (int i = 0; i < 2; ++i) Spawn(cluster.client_executor(), Writer(this, cluster.NewClient(), i, random_.Fork(StrCat("writer", i))));
    Spawn(cluster.client_executor(), Alterer(this, cluster.NewClient(), random_.Fork("alterer")));
    Spawn(cluster.client_executor(), Locker(this, cluster.NewClient(), random_.Fork("locker")));
    Spawn(cluster.client_executor(), Executor(this, cluster.NewClient(), random_.Fork("executor")));
  }

  void Check(SimCluster& cluster, Findings* findings) override {
    findings->violations.insert(findings->violations.end(), live_.violations.begin(), live_.violations.end());
    CheckRows(cluster, findings);
    CheckRoles(cluster, findings);
    // Nobody is connected any more, so nothing may be locked.
    const auto free = [&] {
      for (int i = 0; i < cluster.servers(); ++i) {
        if (!cluster.server(i)->services().locks->Snapshot().empty()) return false;
      }
      return true;
    };
    if (!cluster.scheduler().RunUntil(free, absl::Seconds(90))) findings->Add("W5: locks are held although nobody is there");
  }

 private:
  void CheckRows(SimCluster& cluster, Findings* findings) {
    const StatusOr<QueryAnswer> answer = cluster.Run("SELECT device, n, id FROM ddl", kFinalLimit);
    if (!answer.ok()) {
      findings->Add(StrCat("liveness: W5: ", answer.status().message()));
      return;
    }
    std::set<std::string> rows, ids;
    for (const auto& row : answer->rows) {
      rows.insert(StrCat(row[0], "/", row[1]));
      if (!ids.insert(row[2]).second) findings->Add(StrCat("W5: number ", row[2], " of the sequence is there twice"));
    }
    for (const std::string& row : acknowledged_) {
      if (!rows.contains(row)) findings->Add(StrCat("W5: acknowledged row ", row, " is lost"));
    }
  }

  // A distributed_exec is on all data nodes or on none; an acknowledged one on all.
  void CheckRoles(SimCluster& cluster, Findings* findings) {
    const auto holders = [&](const std::string& role) {
      int count = 0;
      for (int i = 1; i < cluster.servers(); ++i) count += cluster.server(i)->services().log->Current()->roles.contains(role) ? 1 : 0;
      return count;
    };
    const int all = cluster.servers() - 1;
    const auto settled = [&] {
      for (int i = 1; i < cluster.servers(); ++i) {
        if (!cluster.server(i)->services().log->PreparedChanges().empty()) return false;
      }
      return true;
    };
    if (!cluster.scheduler().RunUntil(settled, absl::Seconds(60))) findings->Add("liveness: a prepared distributed_exec stays in doubt");
    for (const auto& [role, acknowledged] : roles_) {
      const int count = holders(role);
      if (count != 0 && count != all) findings->Add(StrCat("W5: distributed_exec of ", role, " is on ", count, " of ", all, " nodes"));
      if (acknowledged && count != all) findings->Add(StrCat("W5: acknowledged distributed_exec of ", role, " is on ", count, " nodes"));
    }
  }

  static Task<void> Writer(DdlWorkload* self, std::unique_ptr<SimClient> client, int number, Random random) {
    for (int count = 0; !self->stopping_; ++count) {
      const std::string device = StrCat("w", number, "_", count);
      std::string text = StrCat("INSERT INTO ddl(time, device, n) VALUES ('2024-01-01','", device, "',1),('2024-02-01','", device, "',2) RETURNING id");
      const StatusOr<QueryAnswer> answer = co_await client->Query(std::move(text), kQueryTimeout);
      if (answer.ok()) {
        self->acknowledged_.insert(StrCat(device, "/1"));
        self->acknowledged_.insert(StrCat(device, "/2"));
        for (const auto& row : answer->rows) {
          if (!self->told_.insert(row[0]).second) self->live_.Add(StrCat("W5: number ", row[0], " was told twice"));
        }
      } else {
        client->Close();
      }
      if (random.Chance(0.1)) {
        text = StrCat("INSERT INTO ddl(time, device, n) VALUES ('2024-01-01','bad',-1)");
        const StatusOr<QueryAnswer> refused = co_await client->Query(std::move(text), kQueryTimeout);
        if (refused.ok()) self->live_.Add("W5: a row that a CHECK forbids was taken");
        client->Close();
      }
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }

  static Task<void> Alterer(DdlWorkload* self, std::unique_ptr<SimClient> client, Random random) {
    for (int count = 0; !self->stopping_; ++count) {
      std::string text = StrCat("ALTER TABLE ddl ADD COLUMN c", count, " int DEFAULT ", count);
      StatusOr<QueryAnswer> answer = co_await client->Query(std::move(text), kQueryTimeout);
      if (answer.ok()) {
        text = StrCat("SELECT count(*) FROM ddl WHERE c", count, " IS DISTINCT FROM ", count);
        answer = co_await client->Query(std::move(text), kQueryTimeout);
        if (answer.ok() && answer->rows[0][0] != "0") self->live_.Add("W5: an added column does not have its default");
        text = StrCat("BEGIN; ALTER TABLE ddl DROP COLUMN c", count, "; SELECT count(*) FROM ddl; COMMIT");
        answer = co_await client->Query(std::move(text), kQueryTimeout);
      }
      if (!answer.ok()) client->Close();
      co_await Pause(&random);
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }

  // Locks, and now and then vanishes without a word.
  static Task<void> Locker(DdlWorkload* self, std::unique_ptr<SimClient> client, Random random) {
    while (!self->stopping_) {
      std::string text = random.Chance(0.5) ? "BEGIN; LOCK TABLE ddl IN SHARE MODE" : "BEGIN; LOCK TABLE ddl; SELECT count(*) FROM ddl";
      StatusOr<QueryAnswer> answer = co_await client->Query(std::move(text), kQueryTimeout);
      co_await Pause(&random);
      if (!answer.ok() || random.Chance(0.3)) {
        client->Close();
      } else {
        answer = co_await client->Query("COMMIT", kQueryTimeout);
        if (!answer.ok()) client->Close();
      }
      co_await Pause(&random);
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }

  static Task<void> Executor(DdlWorkload* self, std::unique_ptr<SimClient> client, Random random) {
    for (int count = 0; !self->stopping_; ++count) {
      const std::string role = StrCat("role", count);
      self->roles_[role] = false;
      std::string text = StrCat("CALL distributed_exec($$ CREATE ROLE ", role, " $$)");
      const StatusOr<QueryAnswer> answer = co_await client->Query(std::move(text), kQueryTimeout);
      if (answer.ok()) self->roles_[role] = true;
      else client->Close();
      co_await Pause(&random);
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }

  Random random_;
  std::set<std::string> acknowledged_, told_;
  std::map<std::string, bool> roles_;  // acknowledged?
};

}  // namespace

std::unique_ptr<Workload> MakeDdlWorkload(uint64_t seed) { return std::make_unique<DdlWorkload>(seed); }

}  // namespace tsd::sim
