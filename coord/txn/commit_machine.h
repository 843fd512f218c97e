#pragma once
// CommitMachine: two-phase commit with presumed abort as a pure state machine (Mohan, Lindsay, Obermarck: "Transaction Management in the
// R* Distributed Database Management System", 1986). Events in, actions out; whoever drives it does the I/O and feeds the answers back.
// It upholds T1: kSendCommit is only emitted after OnDecisionLogged(OK), which is only awaited after every participant prepared.
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
  kDeciding,    // all prepared; the decision record is being logged
  kCommitting,  // decided: client answered, participants are being told
  kAborting,    // participants are being told
  kCommitted,   // all know
  kAborted,
  kUnknown,     // the only participant, or the log, did not answer: the outcome cannot be told here
};

struct CommitAction {
  enum class Kind : uint8_t {
    kSendPrepare,        // to node
    kSendCommitOnePhase, // to node
    kLogDecision,
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

/// A commit that failed so may have happened all the same: the answer was lost, or the log did not say whether it is durable.
bool OutcomeIsUnknown(const Status& status);

class CommitMachine {
 public:
  /// `must_log`: there is a catalog change to commit with the data, so one participant needs a decision record too.
  CommitMachine(std::vector<NodeId> participants, bool must_log);

  CommitState state() const { return state_; }
  const std::vector<NodeId>& participants() const { return participants_; }

  CommitActions Start();
  CommitActions OnPrepared(NodeId node, const Status& status);
  CommitActions OnOnePhase(const Status& status);
  CommitActions OnDecisionLogged(const Status& status);
  /// OK: the participant will not forget. Not OK: it will be told again (by the resolver), nothing changes.
  CommitActions OnCommitted(NodeId node, const Status& status);
  CommitActions OnAborted(NodeId node);

 private:
  CommitActions BeginAbort(const Status& reason);

  const std::vector<NodeId> participants_;
  const bool must_log_;
  CommitState state_ = CommitState::kActive;
  std::map<NodeId, bool> pending_;  // participants that have not answered the current phase
  Status failure_;                  // first failed prepare
};

}  // namespace tsd::coord
