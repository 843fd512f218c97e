#include "tests/sim/workloads.h"

#include <absl/strings/str_join.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/strings.h"

namespace tsd::sim {
namespace {

constexpr absl::Duration kQueryTimeout = absl::Seconds(20);
constexpr absl::Duration kFinalLimit = absl::Seconds(120);

Task<void> Pause(Random* random) { co_await SleepFor{absl::Microseconds(random->Between(500, 80'000))}; }

void MustRun(SimCluster& cluster, const std::string& sql) {
  const StatusOr<QueryAnswer> answer = cluster.Run(sql, kFinalLimit);
  if (!answer.ok() && !HasSqlState(answer.status(), sqlstate::kDuplicateTable)) {
    ADD_FAILURE() << sql << ": " << answer.status().message();
  }
}

StatusOr<QueryAnswer> FinalRead(SimCluster& cluster, const std::string& sql, Findings* findings) {
  StatusOr<QueryAnswer> answer = cluster.Run(sql, kFinalLimit);
  if (!answer.ok()) findings->Add(StrCat("liveness: ", sql, ": ", answer.status().message()));
  return answer;
}

// ---- W1 ----

class AppendWorkload final : public Workload {
 public:
  explicit AppendWorkload(uint64_t seed) : random_(seed) {}
  void Setup(SimCluster& cluster) override {
    MustRun(cluster, "CREATE TABLE append(time timestamptz NOT NULL, tag text, device text, n int)");
    MustRun(cluster, "SELECT create_distributed_hypertable('append', 'time', 'device')");
  }
  void Start(SimCluster& cluster) override {
    for (int i = 0; i < 3; ++i) {
      ++running_;
      Spawn(cluster.client_executor(), Client(this, cluster.NewClient(), i, random_.Fork(StrCat("client", i))));
    }
  }
  void Check(SimCluster& cluster, Findings* findings) override {
    const StatusOr<QueryAnswer> answer = FinalRead(cluster, "SELECT tag, count(*) FROM append GROUP BY tag", findings);
    if (!answer.ok()) return;
    std::set<std::string> found;
    for (const auto& row : answer->rows) {
      found.insert(row[0]);
      if (row[1] != std::to_string(kRows)) findings->Add(StrCat("W1: transaction ", row[0], " is there in part: ", row[1], " rows"));
      if (!tried_.contains(row[0])) findings->Add(StrCat("W1: transaction ", row[0], " was never sent"));
      if (refused_.contains(row[0])) findings->Add(StrCat("W1: transaction ", row[0], " is there, though its client was told that it failed"));
    }
    for (const std::string& tag : acknowledged_) {
      if (!found.contains(tag)) findings->Add(StrCat("W1: acknowledged transaction ", tag, " is lost"));
    }
  }

 private:
  static constexpr int kRows = 8;
  static Task<void> Client(AppendWorkload* self, std::unique_ptr<SimClient> client, int number, Random random) {
    for (int count = 0; !self->stopping_; ++count) {
      const std::string tag = StrCat("c", number, "_", count);
      std::vector<std::string> values;
      for (int i = 0; i < kRows; ++i) values.push_back(StrCat("('2024-01-0", 1 + i % 7, "','", tag, "','d", i, "',", i, ")"));
      self->tried_.insert(tag);
      std::string text;
      if (random.Chance(0.5)) {
        text = StrCat("INSERT INTO append VALUES ", absl::StrJoin(values, ","));
      } else {
        text = StrCat("BEGIN; INSERT INTO append VALUES ", absl::StrJoin(values.begin(), values.begin() + 4, ","), "; INSERT INTO append VALUES ",
                      absl::StrJoin(values.begin() + 4, values.end(), ","), "; COMMIT");
      }
      const StatusOr<QueryAnswer> answer = co_await client->Query(std::move(text), kQueryTimeout);
      if (answer.ok() && (answer->tags.back() == "COMMIT" || answer->tags.size() == 1)) self->acknowledged_.insert(tag);
      if (client->refused()) self->refused_.insert(tag);
      if (!answer.ok()) client->Close();
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }
  Random random_;
  std::set<std::string> tried_, acknowledged_, refused_;
};

// ---- W2 ----

class BankWorkload final : public Workload {
 public:
  explicit BankWorkload(uint64_t seed) : random_(seed) {}
  void Setup(SimCluster& cluster) override {
    MustRun(cluster, "CREATE TABLE bank(time timestamptz NOT NULL, account text, v bigint)");
    MustRun(cluster, "SELECT create_distributed_hypertable('bank', 'time', 'account')");
    std::vector<std::string> values;
    for (int i = 0; i < kAccounts; ++i) values.push_back(StrCat("('2024-01-01','a", i, "',0)"));
    MustRun(cluster, StrCat("INSERT INTO bank VALUES ", absl::StrJoin(values, ",")));
  }
  void Start(SimCluster& cluster) override {
    for (int i = 0; i < 2; ++i) {
      ++running_;
      Spawn(cluster.client_executor(), Transfer(this, cluster.NewClient(), random_.Fork(StrCat("transfer", i))));
    }
    for (int i = 0; i < 2; ++i) {
      ++running_;
      Spawn(cluster.client_executor(), Reader(this, cluster.NewClient(), random_.Fork(StrCat("reader", i))));
    }
  }
  void Check(SimCluster& cluster, Findings* findings) override {
    findings->violations.insert(findings->violations.end(), live_.violations.begin(), live_.violations.end());
    const StatusOr<QueryAnswer> answer = FinalRead(cluster, "SELECT count(*), sum(v) FROM bank", findings);
    if (!answer.ok()) return;
    if (answer->rows[0][0] != std::to_string(kAccounts)) findings->Add(StrCat("W2: ", answer->rows[0][0], " accounts at the end"));
    if (answer->rows[0][1] != "0") findings->Add(StrCat("W2: the sum at the end is ", answer->rows[0][1]));
  }

 private:
  static constexpr int kAccounts = 6;
  static Task<void> Transfer(BankWorkload* self, std::unique_ptr<SimClient> client, Random random) {
    while (!self->stopping_) {
      const int from = static_cast<int>(random.Below(kAccounts));
      const int to = (from + 1 + static_cast<int>(random.Below(kAccounts - 1))) % kAccounts;
      const int64_t amount = random.Between(1, 100);
      // Always in the same order: two transfers cannot wait for each other.
      std::string first = StrCat("UPDATE bank SET v = v - ", amount, " WHERE account = 'a", from, "'");
      std::string second = StrCat("UPDATE bank SET v = v + ", amount, " WHERE account = 'a", to, "'");
      if (to < from) std::swap(first, second);
      const StatusOr<QueryAnswer> answer = co_await client->Query(StrCat("BEGIN; ", first, "; ", second, "; COMMIT"), kQueryTimeout);
      if (!answer.ok()) client->Close();
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }
  static Task<void> Reader(BankWorkload* self, std::unique_ptr<SimClient> client, Random random) {
    while (!self->stopping_) {
      const bool repeat = random.Chance(0.3);
      const std::string read = "SELECT sum(v) FROM bank";
      std::string text = repeat ? StrCat("BEGIN ISOLATION LEVEL REPEATABLE READ; ", read, "; ", read, "; COMMIT") : read;
      const StatusOr<QueryAnswer> answer = co_await client->Query(std::move(text), kQueryTimeout);
      if (answer.ok()) {
        for (const auto& row : answer->rows) {
          if (row[0] != "0") self->live_.Add(StrCat("W2: a reader saw the sum ", row[0]));
        }
      } else {
        client->Close();
      }
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }
  Random random_;
};

// ---- W3 ----

class ListWorkload final : public Workload {
 public:
  explicit ListWorkload(uint64_t seed) : random_(seed) {}
  void Setup(SimCluster& cluster) override {
    MustRun(cluster, "CREATE TABLE list(time timestamptz NOT NULL, key text, writer int, n int)");
    MustRun(cluster, "SELECT create_distributed_hypertable('list', 'time', 'key')");
  }
  void Start(SimCluster& cluster) override {
    for (int i = 0; i < 3; ++i) {
      ++running_;
      Spawn(cluster.client_executor(), Client(this, cluster.NewClient(), i, random_.Fork(StrCat("list", i))));
    }
  }
  // One writer's appends are sequential: whoever sees its n-th append must see every acknowledged one before it, on whatever node it lies,
  // and a client never goes back.
  void Check(SimCluster& cluster, Findings* findings) override {
    findings->violations.insert(findings->violations.end(), live_.violations.begin(), live_.violations.end());
    const StatusOr<QueryAnswer> answer = FinalRead(cluster, "SELECT writer, n FROM list", findings);
    if (!answer.ok()) return;
    std::map<int, std::set<int>> seen;
    for (const auto& row : answer->rows) seen[std::atoi(row[0].c_str())].insert(std::atoi(row[1].c_str()));
    for (const auto& [writer, numbers] : acknowledged_) {
      for (int n : numbers) {
        if (!seen[writer].contains(n)) findings->Add(StrCat("W3: append ", n, " of writer ", writer, " is lost"));
      }
    }
  }

 private:
  static Task<void> Client(ListWorkload* self, std::unique_ptr<SimClient> client, int number, Random random) {
    std::map<int, std::set<int>> last_read;
    for (int n = 1; !self->stopping_; ++n) {
      const std::string key = StrCat("k", random.Below(7));
      const StatusOr<QueryAnswer> appended =
          co_await client->Query(StrCat("INSERT INTO list VALUES ('2024-01-01','", key, "',", number, ",", n, ")"), kQueryTimeout);
      if (appended.ok()) self->acknowledged_[number].insert(n);
      if (!appended.ok()) client->Close();
      const std::map<int, std::set<int>> before = self->acknowledged_;
      const StatusOr<QueryAnswer> answer = co_await client->Query("SELECT writer, n FROM list", kQueryTimeout);
      if (!answer.ok()) {
        client->Close();
        co_await Pause(&random);
        continue;
      }
      std::map<int, std::set<int>> seen;
      for (const auto& row : answer->rows) seen[std::atoi(row[0].c_str())].insert(std::atoi(row[1].c_str()));
      for (const auto& [writer, numbers] : before) {
        for (int acknowledged : numbers) {
          if (!seen[writer].contains(acknowledged)) {
            self->live_.Add(StrCat("W3: reader ", number, " misses append ", acknowledged, " of writer ", writer, ", acknowledged before it began"));
          }
        }
      }
      for (const auto& [writer, numbers] : last_read) {
        if (!std::ranges::includes(seen[writer], numbers)) self->live_.Add(StrCat("W3: reader ", number, " went back"));
      }
      last_read = std::move(seen);
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }
  Random random_;
  std::map<int, std::set<int>> acknowledged_;
};

// ---- W4 ----

class ForkWorkload final : public Workload {
 public:
  explicit ForkWorkload(uint64_t seed) : random_(seed) {}
  void Setup(SimCluster& cluster) override {
    MustRun(cluster, "CREATE TABLE fork(time timestamptz NOT NULL, side text, pair int)");
    MustRun(cluster, "SELECT create_distributed_hypertable('fork', 'time', 'side')");
  }
  void Start(SimCluster& cluster) override {
    for (const char* side : {"left", "right", "middle"}) {
      ++running_;
      Spawn(cluster.client_executor(), Writer(this, cluster.NewClient(), side, random_.Fork(side)));
    }
    for (int i = 0; i < 2; ++i) {
      ++running_;
      Spawn(cluster.client_executor(), Reader(this, cluster.NewClient(), random_.Fork(StrCat("fork", i))));
    }
  }
  // Snapshots are totally ordered: of any two, one contains the other.
  void Check(SimCluster&, Findings* findings) override {
    std::ranges::sort(snapshots_, [](const auto& a, const auto& b) { return a.size() < b.size(); });
    for (size_t i = 1; i < snapshots_.size(); ++i) {
      if (!std::ranges::includes(snapshots_[i], snapshots_[i - 1])) {
        findings->Add("W4: two readers saw two writes in opposite orders");
        break;
      }
    }
  }

 private:
  static Task<void> Writer(ForkWorkload* self, std::unique_ptr<SimClient> client, std::string side, Random random) {
    for (int pair = 0; !self->stopping_; ++pair) {
      const StatusOr<QueryAnswer> answer =
          co_await client->Query(StrCat("INSERT INTO fork VALUES ('2024-01-01','", side, "',", pair, ")"), kQueryTimeout);
      if (!answer.ok()) client->Close();
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }
  static Task<void> Reader(ForkWorkload* self, std::unique_ptr<SimClient> client, Random random) {
    while (!self->stopping_) {
      const StatusOr<QueryAnswer> answer = co_await client->Query("SELECT side, pair FROM fork", kQueryTimeout);
      if (answer.ok()) {
        std::set<std::string> snapshot;
        for (const auto& row : answer->rows) snapshot.insert(StrCat(row[0], row[1]));
        self->snapshots_.push_back(std::move(snapshot));
      } else {
        client->Close();
      }
      co_await Pause(&random);
    }
    client->Close();
    --self->running_;
  }
  Random random_;
  std::vector<std::set<std::string>> snapshots_;
};

}  // namespace

std::unique_ptr<Workload> MakeAppendWorkload(uint64_t seed) { return std::make_unique<AppendWorkload>(seed); }
std::unique_ptr<Workload> MakeBankWorkload(uint64_t seed) { return std::make_unique<BankWorkload>(seed); }
std::unique_ptr<Workload> MakeListWorkload(uint64_t seed) { return std::make_unique<ListWorkload>(seed); }
std::unique_ptr<Workload> MakeForkWorkload(uint64_t seed) { return std::make_unique<ForkWorkload>(seed); }

}  // namespace tsd::sim
