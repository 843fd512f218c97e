#include "tests/sim/run.h"

#include "engine/base/fault.h"
#include "engine/base/strings.h"
#include "tests/sim/workloads.h"

namespace tsd::sim {
namespace {

// Each kind of fault is off in half the runs.
struct FaultPlan {
  bool crash_process = false, crash_machine = false, cut = false, clog = false, reset = false, in_commits = false;
  explicit FaultPlan(Random& random)
      : crash_process(random.Chance(0.5)), crash_machine(random.Chance(0.5)), cut(random.Chance(0.5)), clog(random.Chance(0.5)),
        reset(random.Chance(0.5)), in_commits(random.Chance(0.5)) {}
};

int AnyServer(SimCluster& cluster, Random& random) { return static_cast<int>(random.Below(static_cast<uint64_t>(cluster.servers()))); }

void Strike(SimCluster& cluster, const FaultPlan& plan, Random& random) {
  const int victim = AnyServer(cluster, random);
  const int other = static_cast<int>(random.Below(static_cast<uint64_t>(cluster.servers() + 1)));
  switch (random.Below(6)) {
    case 0:
      if (plan.crash_process) cluster.Crash(victim, CrashKind::kProcess);
      break;
    case 1:
      if (!plan.crash_machine) break;
      cluster.Crash(victim, CrashKind::kMachine);
      // Sometimes the power goes for all.
      if (random.Chance(0.2)) {
        for (int i = 0; i < cluster.servers(); ++i) cluster.Crash(i, CrashKind::kMachine);
      }
      break;
    case 2:
      if (!plan.cut || other == victim) break;
      random.Chance(0.5) ? cluster.net().CutOneWay(victim, other) : cluster.net().Isolate(victim);
      break;
    case 3:
      if (plan.clog && other != victim) cluster.net().Clog(victim, other, absl::Milliseconds(random.Between(10, 3000)));
      break;
    case 4:
      if (plan.reset && other != victim) cluster.net().Reset(victim, other);
      break;
    default:
      if (!plan.cut) break;
      // The access node loses its data nodes, but not its clients.
      for (int i = 1; i < cluster.servers(); ++i) random.Chance(0.5) ? cluster.net().CutOneWay(i, 0) : cluster.net().Cut(0, i);
  }
}

// Strikes between two steps of a commit: soon after a fault point that it passes, on whichever node, the access node or data nodes or all of
// them end, or the access node's connections do. Where the latter led to an abort, the access node often ends next, before all have heard.
class CommitSaboteur {
 public:
  CommitSaboteur(SimCluster* cluster, Random random) : cluster_(cluster), random_(random), wait_(random_.Between(0, kMostSpared)) {
    fault::SetHandler([this](std::string_view point) { Passed(point); });
  }
  ~CommitSaboteur() { fault::SetHandler(nullptr); }
  void Stop() { strikes_left_ = 0; }

 private:
  static constexpr int64_t kMostSpared = 40;  // fault points passed between two strikes
  void Passed(std::string_view point) {
    if (strikes_left_ == 0) return;
    if (point == "txn.forbidden" && random_.Chance(0.7)) return StrikeSoon(0);
    if (!(point.starts_with("txn.") || point == "store.prepare.logged") || wait_-- > 0) return;
    wait_ = random_.Between(0, kMostSpared);
    --strikes_left_;
    StrikeSoon(random_.Below(8));
  }
  void StrikeSoon(uint64_t kind) {
    // The step itself goes on to its next wait; a node ends between events.
    const absl::Duration delay = absl::Microseconds(random_.Chance(0.3) ? 0 : random_.Between(0, 1000));
    cluster_->scheduler().AtAfter(delay, [this, kind] { Strike(kind); });
  }
  void Strike(uint64_t kind) {
    const CrashKind how = random_.Chance(0.5) ? CrashKind::kProcess : CrashKind::kMachine;
    const int data_node = 1 + static_cast<int>(random_.Below(static_cast<uint64_t>(cluster_->servers() - 1)));
    if (kind >= 4) {
      for (int i = 1; i < cluster_->servers(); ++i) cluster_->net().Reset(0, i);
      return;
    }
    if (kind == 0 || kind == 2) cluster_->Crash(0, how);
    if (kind == 1 || kind == 2) cluster_->Crash(data_node, how);
    for (int i = 0; kind == 3 && i < cluster_->servers(); ++i) cluster_->Crash(i, how);
  }
  SimCluster* const cluster_;
  Random random_;
  int64_t wait_;
  int strikes_left_ = 6;
};

void RestartDown(SimCluster& cluster) {
  for (int i = 0; i < cluster.servers(); ++i) cluster.Restart(i);
}

// Nothing may stay in doubt once all are up and can talk.
void CheckInDoubt(SimCluster& cluster, Findings* findings) {
  auto none = [&] {
    for (int i = 0; i < cluster.servers(); ++i) {
      if (!cluster.IsUp(i) || !cluster.server(i)->services().store->InDoubt().empty()) return false;
    }
    return true;
  };
  if (!cluster.scheduler().RunUntil(none, absl::Seconds(60))) findings->Add("liveness: a transaction stays in doubt");
}

}  // namespace

RunResult RunSeed(uint64_t seed) {
  RunResult result;
  Random random = Random(seed).Fork("faults");
  auto cluster = std::make_unique<SimCluster>(seed, 3);
  cluster->StartAll();
  std::vector<std::unique_ptr<Workload>> workloads;
  if (random.Chance(0.7)) workloads.push_back(MakeAppendWorkload(random.Next()));
  if (random.Chance(0.7)) workloads.push_back(MakeBankWorkload(random.Next()));
  if (random.Chance(0.4)) workloads.push_back(MakeListWorkload(random.Next()));
  if (random.Chance(0.4) || workloads.empty()) workloads.push_back(MakeForkWorkload(random.Next()));
  Random ddl = Random(seed).Fork("ddl");
  if (ddl.Chance(0.4)) workloads.push_back(MakeDdlWorkload(ddl.Next()));
  Random keys = Random(seed).Fork("keys");
  if (keys.Chance(0.4)) workloads.push_back(MakeKeyWorkload(keys.Next()));
  for (auto& workload : workloads) workload->Setup(*cluster);
  for (auto& workload : workloads) workload->Start(*cluster);

  // Safety: everything may go wrong.
  const FaultPlan plan(random);
  CommitSaboteur saboteur(cluster.get(), Random(seed).Fork("saboteur"));
  if (!plan.in_commits) saboteur.Stop();
  const int strikes = static_cast<int>(random.Between(3, 10));
  for (int i = 0; i < strikes; ++i) {
    cluster->scheduler().RunFor(absl::Milliseconds(random.Between(5, 400)));
    Strike(*cluster, plan, random);
    cluster->scheduler().RunFor(absl::Milliseconds(random.Between(0, 500)));
    if (random.Chance(0.7)) RestartDown(*cluster);
    if (random.Chance(0.4)) cluster->net().Heal();
  }

  // Liveness: everything heals, and the cluster must come to rest.
  saboteur.Stop();
  cluster->net().Heal();
  RestartDown(*cluster);
  Findings findings;
  if (!cluster->scheduler().RunUntil([&] { return cluster->AllUp(); }, absl::Seconds(60))) findings.Add("liveness: a node does not come up");
  cluster->scheduler().RunFor(absl::Milliseconds(500));
  for (auto& workload : workloads) workload->Stop();
  auto idle = [&] {
    for (auto& workload : workloads) {
      if (!workload->Idle()) return false;
    }
    return true;
  };
  const bool rested = cluster->scheduler().RunUntil(idle, absl::Seconds(120));
  if (!rested) findings.Add("liveness: a client hangs");
  CheckInDoubt(*cluster, &findings);
  for (auto& workload : workloads) workload->Check(*cluster, &findings);
  result.violations = std::move(findings.violations);
  result.trace_hash = cluster->scheduler().TraceHash();
  result.events = cluster->scheduler().events_run();
  result.virtual_seconds = absl::ToDoubleSeconds(cluster->scheduler().now());
  if (!rested) {
    for (auto& workload : workloads) workload.release();  // a hanging client still points to it
  }
  return result;
}

}  // namespace tsd::sim
