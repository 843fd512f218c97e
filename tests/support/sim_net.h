#pragma once
// A simulated network between the nodes of a SimScheduler: TCP's promises (order, no loss, no duplicates inside a connection) and
// TCP's troubles. Every choice comes from the given Random. Not thread-safe; belongs to the scheduler's thread.
//
// Node i is reached by its name or by "10.0.0.<i+1>"; "localhost", "127.0.0.1", "0.0.0.0", "*" and "" are the node itself.
// Faults:
//   delay     min_delay plus an exponential part, a chunk; order inside a connection is kept
//   split     a Read gives only a random part of what is there (else all of it, merged)
//   cut       bytes and connection attempts wait (as retransmitted packets do) until Heal; one-way or both ways
//   clog      the same for a while
//   reset     both ends of the connections fail at once
//   refuse    connection attempts are refused
//   corrupt   a bit of a chunk flips (TCP's checksum missed it)
//   crash     kProcess: the peer's system resets the connections; kMachine: it falls silent until Restart
#include <absl/time/time.h>

#include <memory>

#include "engine/base/random.h"
#include "net/transport/transport.h"
#include "tests/support/sim_executor.h"

namespace tsd::sim {

struct SimNetOptions {
  absl::Duration min_delay = absl::Microseconds(50);
  absl::Duration mean_extra_delay = absl::Microseconds(200);
  double split_probability = 0.3;
  double reset_probability = 0;    // a chunk
  double corrupt_probability = 0;  // a chunk
  double refuse_probability = 0;   // a connection attempt
  /// What a connection's direction holds between Write and Read; beyond it Write waits.
  size_t socket_buffer_bytes = 256u << 10;
};

enum class CrashKind { kProcess, kMachine };

class SimNet {
 public:
  SimNet(SimScheduler* scheduler, Random random, SimNetOptions options = {});
  ~SimNet();
  SimNet(const SimNet&) = delete;
  SimNet& operator=(const SimNet&) = delete;

  /// Of the node's current incarnation; lives as long as this.
  net::Transport* transport(int node);
  void SetOptions(const SimNetOptions& options);

  void CutOneWay(int from, int to);
  void Cut(int a, int b);
  void Isolate(int node);
  void Clog(int from, int to, absl::Duration duration);
  void Refuse(int node);
  void Reset(int a, int b);
  /// Ends cuts, clogs and refusals, and takes all probabilities to zero except split.
  void Heal();

  /// Ends the node in the scheduler and in the network.
  void Crash(int node, CrashKind kind);
  /// Begins its next incarnation; connections that a machine's crash left behind are reset.
  SimExecutor* Restart(int node);

  /// Connections with an end that is not closed.
  size_t open_connections() const;

  struct State;

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace tsd::sim
