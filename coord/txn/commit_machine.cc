#include "coord/txn/commit_machine.h"

#include "engine/base/check.h"

namespace tsd::coord {

using Kind = CommitAction::Kind;

CommitMachine::CommitMachine(std::vector<NodeId> participants, bool must_log)
    : participants_(std::move(participants)), must_log_(must_log) {}

bool OutcomeIsUnknown(const Status& status) {
  return HasSqlState(status, sqlstate::kConnectionFailure) || HasSqlState(status, sqlstate::kIoError);
}

CommitActions CommitMachine::Start() {
  TSD_CHECK(state_ == CommitState::kActive);
  if (participants_.empty() && !must_log_) {
    state_ = CommitState::kCommitted;
    return {{Kind::kAnswer, NodeId(), OkStatus()}};
  }
  if (participants_.empty()) {
    state_ = CommitState::kDeciding;
    return {{Kind::kLogDecision, NodeId(), OkStatus()}};
  }
  if (participants_.size() == 1 && !must_log_) {
    state_ = CommitState::kOnePhase;
    return {{Kind::kSendCommitOnePhase, participants_[0], OkStatus()}};
  }
  state_ = CommitState::kPreparing;
  CommitActions actions;
  for (NodeId node : participants_) {
    pending_[node] = true;
    actions.push_back({Kind::kSendPrepare, node, OkStatus()});
  }
  return actions;
}

CommitActions CommitMachine::OnPrepared(NodeId node, const Status& status) {
  TSD_CHECK(state_ == CommitState::kPreparing);
  TSD_CHECK(pending_.erase(node) == 1);
  if (!status.ok() && failure_.ok()) failure_ = status;
  // Answers of all are awaited even after a failure: an abort must not overtake a prepare on its way.
  if (!pending_.empty()) return {};
  if (!failure_.ok()) return BeginAbort(failure_);
  state_ = CommitState::kDeciding;
  return {{Kind::kLogDecision, NodeId(), OkStatus()}};
}

CommitActions CommitMachine::OnOnePhase(const Status& status) {
  TSD_CHECK(state_ == CommitState::kOnePhase);
  if (status.ok()) {
    state_ = CommitState::kCommitted;
  } else if (OutcomeIsUnknown(status)) {
    state_ = CommitState::kUnknown;
  } else {
    state_ = CommitState::kAborted;
    return {{Kind::kSendAbort, participants_[0], OkStatus()}, {Kind::kAnswer, NodeId(), status}};
  }
  return {{Kind::kAnswer, NodeId(), status}};
}

CommitActions CommitMachine::OnDecisionLogged(const Status& status) {
  TSD_CHECK(state_ == CommitState::kDeciding);
  if (!status.ok()) {
    // The record may or may not be on disk: nobody is told anything; recovery decides.
    state_ = CommitState::kUnknown;
    return {{Kind::kAnswer, NodeId(), status}};
  }
  CommitActions actions = {{Kind::kAnswer, NodeId(), OkStatus()}};
  if (participants_.empty()) {
    state_ = CommitState::kCommitted;
    return actions;
  }
  state_ = CommitState::kCommitting;
  for (NodeId node : participants_) {
    pending_[node] = true;
    actions.push_back({Kind::kSendCommit, node, OkStatus()});
  }
  return actions;
}

CommitActions CommitMachine::OnCommitted(NodeId node, const Status& status) {
  TSD_CHECK(state_ == CommitState::kCommitting);
  if (!status.ok()) return {};
  pending_.erase(node);
  if (!pending_.empty()) return {};
  state_ = CommitState::kCommitted;
  return {{Kind::kLogEnd, NodeId(), OkStatus()}};
}

CommitActions CommitMachine::BeginAbort(const Status& reason) {
  state_ = CommitState::kAborting;
  CommitActions actions = {{Kind::kAnswer, NodeId(), reason}};
  for (NodeId node : participants_) {
    pending_[node] = true;
    actions.push_back({Kind::kSendAbort, node, OkStatus()});
  }
  return actions;
}

CommitActions CommitMachine::OnAborted(NodeId node) {
  if (state_ != CommitState::kAborting) return {};
  pending_.erase(node);
  if (pending_.empty()) state_ = CommitState::kAborted;
  return {};
}

}  // namespace tsd::coord
