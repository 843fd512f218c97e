#pragma once
// Workloads of the simulator and their checkers (tests/sim/README.md). Each client is a coroutine on the clients' machine; the checkers
// read what the clients noted, never the servers' memory.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/sim_cluster.h"

namespace tsd::sim {

/// What goes wrong in a run is collected here; empty at the end = the run passed.
struct Findings {
  std::vector<std::string> violations;
  void Add(std::string text) { violations.push_back(std::move(text)); }
};

class Workload {
 public:
  virtual ~Workload() = default;
  virtual void Setup(SimCluster& cluster) = 0;
  virtual void Start(SimCluster& cluster) = 0;
  /// Clients end after their current operation.
  void Stop() { stopping_ = true; }
  bool Idle() const { return running_ == 0; }
  /// After healing, with all nodes up and clients idle.
  virtual void Check(SimCluster& cluster, Findings* findings) = 0;

 protected:
  bool stopping_ = false;
  int running_ = 0;
  Findings live_;  // found while running
};

/// W1: each transaction appends rows with its own tag over all nodes. Acknowledged: there, whole. Otherwise: whole or absent.
std::unique_ptr<Workload> MakeAppendWorkload(uint64_t seed);
/// W2: transfers between accounts on different nodes. Every snapshot's sum is zero; two reads of one REPEATABLE READ transaction agree.
std::unique_ptr<Workload> MakeBankWorkload(uint64_t seed);
/// W3: values appended to keys in transactions that also read; a reader's lists must be prefixes of each other and acknowledged appends in order.
std::unique_ptr<Workload> MakeListWorkload(uint64_t seed);
/// W4: pairs of independent writes; no two readers may see them in opposite orders.
std::unique_ptr<Workload> MakeForkWorkload(uint64_t seed);
/// W5: columns come and go, tables are locked, distributed_exec runs, while rows with serial numbers are written. Acknowledged rows are there,
/// no number comes twice, a distributed_exec is everywhere or nowhere, nobody's locks outlive him.
std::unique_ptr<Workload> MakeDdlWorkload(uint64_t seed);
/// W6: clients insert and upsert the same keys. No key is there twice, no acknowledged one is missing.
std::unique_ptr<Workload> MakeKeyWorkload(uint64_t seed);

}  // namespace tsd::sim
