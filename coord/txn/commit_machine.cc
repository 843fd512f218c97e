#include "coord/txn/commit_machine.h"

#include "engine/base/check.h"

namespace tsd::coord {

using Kind = CommitAction::Kind;

CommitMachine::CommitMachine(std::vector<NodeId> participants, bool must_log)
    : participants_(std::move(participants)), must_log_(must_log) {}

bool OutcomeIsUnknown(const Status& status) {
  return HasSqlState(status, sqlstate::kConnectionFailure) || HasSqlState(status, sqlstate::kIoError) ||
         HasSqlState(status, sqlstate::kProtocolViolation);
}

void CommitMachine::TellAll(Kind kind, CommitActions* actions) {
  for (const NodeId node : participants_) {
    pending_[node] = true;
    actions->push_back({kind, node, OkStatus()});
  }
}

CommitActions CommitMachine::Start() {
  TSD_CHECK(state_ == CommitState::kActive);
  if (participants_.empty() && !must_log_) {
    state_ = CommitState::kCommitted;
    return {{Kind::kAnswer, NodeId(), OkStatus()}};
  }
  if (participants_.empty()) {
    state_ = CommitState::kOrdering;
    return {{Kind::kTakeTimestamp, NodeId(), OkStatus()}};
  }
  if (participants_.size() == 1 && !must_log_) {
    state_ = CommitState::kOnePhase;
    return {{Kind::kSendCommitOnePhase, participants_[0], OkStatus()}};
  }
  state_ = CommitState::kPreparing;
  CommitActions actions;
  TellAll(Kind::kSendPrepare, &actions);
  return actions;
}

CommitActions CommitMachine::OnPrepared(NodeId node, const Status& status) {
  TSD_CHECK(state_ == CommitState::kPreparing);
  TSD_CHECK(pending_.erase(node) == 1);
  if (!status.ok()) {
    if (failure_.ok()) failure_ = status;
    if (!OutcomeIsUnknown(status)) refused_ = true;
  }
  // Answers of all are awaited even after a failure: an abort must not overtake a prepare on its way.
  if (!pending_.empty()) return {};
  if (failure_.ok()) {
    state_ = CommitState::kOrdering;
    return {{Kind::kTakeTimestamp, NodeId(), OkStatus()}};
  }
  // Without a refusal all may be prepared, which is a commit to whoever comes after a crash: it must find that it is none.
  if (refused_ || !prepares_commit()) return BeginAbort();
  state_ = CommitState::kForbidding;
  return {{Kind::kLogAbort, NodeId(), OkStatus()}};
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

CommitActions CommitMachine::OnTimestamp(const Status& status) {
  TSD_CHECK(state_ == CommitState::kOrdering);
  if (!status.ok()) return LogFailed(status);
  state_ = CommitState::kDeciding;
  if (!prepares_commit()) return {{Kind::kLogCommit, NodeId(), OkStatus()}};
  return {{Kind::kAnswer, NodeId(), OkStatus()}, {Kind::kLogCommit, NodeId(), OkStatus()}};
}

CommitActions CommitMachine::OnCommitLogged(const Status& status) {
  TSD_CHECK(state_ == CommitState::kDeciding);
  if (!status.ok()) return LogFailed(status);
  CommitActions actions;
  if (!prepares_commit()) actions.push_back({Kind::kAnswer, NodeId(), OkStatus()});
  state_ = participants_.empty() ? CommitState::kCommitted : CommitState::kCommitting;
  TellAll(Kind::kSendCommit, &actions);
  return actions;
}

CommitActions CommitMachine::OnAbortLogged(const Status& status) {
  TSD_CHECK(state_ == CommitState::kForbidding);
  return status.ok() ? BeginAbort() : LogFailed(status);
}

CommitActions CommitMachine::OnCommitted(NodeId node, const Status& status) {
  TSD_CHECK(state_ == CommitState::kCommitting);
  if (!status.ok()) return {};
  pending_.erase(node);
  if (!pending_.empty()) return {};
  state_ = CommitState::kCommitted;
  return {{Kind::kLogEnd, NodeId(), OkStatus()}};
}

CommitActions CommitMachine::LogFailed(const Status& status) {
  const bool answered = state_ == CommitState::kDeciding && prepares_commit();  // that it is committed, which remains true
  state_ = CommitState::kLogFailed;
  if (answered) return {};
  return {{Kind::kAnswer, NodeId(), status}};
}

CommitActions CommitMachine::BeginAbort() {
  state_ = CommitState::kAborting;
  CommitActions actions = {{Kind::kAnswer, NodeId(), failure_}};
  TellAll(Kind::kSendAbort, &actions);
  return actions;
}

CommitActions CommitMachine::OnAborted(NodeId node) {
  if (state_ != CommitState::kAborting) return {};
  pending_.erase(node);
  if (pending_.empty()) state_ = CommitState::kAborted;
  return {};
}

}  // namespace tsd::coord
