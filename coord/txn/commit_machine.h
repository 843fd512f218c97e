#pragma once
// CommitMachine: two-phase commit as a pure state machine, in two orders. Events in, actions out; whoever drives it does the I/O and feeds the
// answers back.
//  - Prepares first: when all participants have prepared, the transaction is committed (parallel commits, as CockroachDB has them: Taft et al.,
//    "CockroachDB: The Resilient Geo-Distributed SQL Database", 2020). The client is answered; the decision is logged after that.
//  - Decision first, with something to log beside the participants' rows: the decision record commits (presumed abort; Mohan, Lindsay, Obermarck:
//    "Transaction Management in the R* Distributed Database Management System", 1986). The client is answered when it is durable.
// In both no participant is told before the decision is durable. It upholds T1.
// One thread.
#include <map>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"

namespace tsd::coord {

enum class CommitState : uint8_t {
  kActive,      // Start not called
  kOnePhase,    // the only participant decides
  kPreparing,
  kOrdering,    // all prepared; the commit timestamp is being taken
  kDeciding,    // the commit record is being logged
  kForbidding,  // the abort record is being logged: somebody may have prepared without saying so
  kCommitting,  // decided; participants are being told
  kAborting,    // participants are being told
  kCommitted,   // all know
  kAborted,
  kUnknown,     // the only participant did not answer
  kLogFailed,   // whether the record is on disk only the next start will tell; until then nobody must decide
};

struct CommitAction {
  enum class Kind : uint8_t {
    kSendPrepare,        // to node
    kSendCommitOnePhase, // to node
    kTakeTimestamp,
    kLogCommit,
    kLogAbort,
    kAnswer,             // tell the client `status`
    kSendCommit,         // to node
    kSendAbort,          // to node
    kLogEnd,             // forget the decision (T2)
  };
  Kind kind;
  NodeId node;
  Status status;
};
using CommitActions = std::vector<CommitAction>;

/// What failed so may have happened all the same: the answer was lost, or the log did not say whether it is durable.
bool OutcomeIsUnknown(const Status& status);

class CommitMachine {
 public:
  /// `must_log`: there is a catalog change to commit with the data. The decision comes first, and one participant needs one too.
  CommitMachine(std::vector<NodeId> participants, bool must_log);

  CommitState state() const { return state_; }
  const std::vector<NodeId>& participants() const { return participants_; }
  bool prepares_commit() const { return !must_log_; }

  CommitActions Start();
  CommitActions OnPrepared(NodeId node, const Status& status);
  CommitActions OnOnePhase(const Status& status);
  CommitActions OnTimestamp(const Status& status);
  CommitActions OnCommitLogged(const Status& status);
  CommitActions OnAbortLogged(const Status& status);
  /// OK: the participant will not forget. Not OK: it will be told again (by the resolver), nothing changes.
  CommitActions OnCommitted(NodeId node, const Status& status);
  CommitActions OnAborted(NodeId node);

 private:
  CommitActions BeginAbort();
  CommitActions LogFailed(const Status& status);
  /// The same for every participant, whose answers are awaited.
  void TellAll(CommitAction::Kind kind, CommitActions* actions);

  const std::vector<NodeId> participants_;
  const bool must_log_;
  CommitState state_ = CommitState::kActive;
  std::map<NodeId, bool> pending_;  // participants that have not answered the current phase
  Status failure_;                  // first failed prepare
  bool refused_ = false;            // a participant has not prepared, and never will
};

}  // namespace tsd::coord
