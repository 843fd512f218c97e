// T1 and T2 as a state machine, in both orders: nobody is told before the decision is logged, no client before the transaction is committed,
// nothing is forgotten before all acknowledged. All of it in every interleaving of answers, at the end.
#include "coord/txn/commit_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

namespace tsd::coord {
namespace {

using Kind = CommitAction::Kind;

const NodeId kA(1), kB(2), kC(3);
const Status kRefused = Error(sqlstate::kOutOfMemory, "no");
const Status kLost = Error(sqlstate::kConnectionFailure, "lost");
const Status kDisk = Error(sqlstate::kIoError, "disk");

std::vector<Kind> Kinds(const CommitActions& actions) {
  std::vector<Kind> kinds;
  for (const CommitAction& action : actions) kinds.push_back(action.kind);
  return kinds;
}

TEST(CommitMachine, NothingWrittenNeedsNothing) {
  CommitMachine machine({}, false);
  EXPECT_EQ(Kinds(machine.Start()), std::vector<Kind>({Kind::kAnswer}));
  EXPECT_EQ(machine.state(), CommitState::kCommitted);
}

TEST(CommitMachine, CatalogChangeAloneIsOneDecision) {
  CommitMachine machine({}, true);
  EXPECT_EQ(Kinds(machine.Start()), std::vector<Kind>({Kind::kTakeTimestamp}));
  EXPECT_EQ(Kinds(machine.OnTimestamp(OkStatus())), std::vector<Kind>({Kind::kLogCommit}));
  EXPECT_EQ(Kinds(machine.OnCommitLogged(OkStatus())), std::vector<Kind>({Kind::kAnswer}));
  EXPECT_EQ(machine.state(), CommitState::kCommitted);
}

TEST(CommitMachine, OneParticipantTakesOnePhase) {
  CommitMachine machine({kA}, false);
  EXPECT_EQ(Kinds(machine.Start()), std::vector<Kind>({Kind::kSendCommitOnePhase}));
  EXPECT_EQ(Kinds(machine.OnOnePhase(OkStatus())), std::vector<Kind>({Kind::kAnswer}));
  EXPECT_EQ(machine.state(), CommitState::kCommitted);
}

TEST(CommitMachine, LostAnswerOfOnePhaseIsUnknownAndNobodyIsToldToAbort) {
  CommitMachine machine({kA}, false);
  machine.Start();
  EXPECT_EQ(Kinds(machine.OnOnePhase(kLost)), std::vector<Kind>({Kind::kAnswer}));
  EXPECT_EQ(machine.state(), CommitState::kUnknown);
}

TEST(CommitMachine, OneParticipantWithCatalogChangePrepares) {
  CommitMachine machine({kA}, true);
  EXPECT_EQ(Kinds(machine.Start()), std::vector<Kind>({Kind::kSendPrepare}));
}

TEST(CommitMachine, PreparedByAllIsAnsweredBeforeTheDecisionIsLogged) {
  CommitMachine machine({kA, kB}, false);
  EXPECT_EQ(Kinds(machine.Start()), std::vector<Kind>({Kind::kSendPrepare, Kind::kSendPrepare}));
  EXPECT_TRUE(machine.OnPrepared(kB, OkStatus()).empty());
  EXPECT_EQ(Kinds(machine.OnPrepared(kA, OkStatus())), std::vector<Kind>({Kind::kTakeTimestamp}));
  EXPECT_EQ(Kinds(machine.OnTimestamp(OkStatus())), std::vector<Kind>({Kind::kAnswer, Kind::kLogCommit}));
  EXPECT_EQ(machine.state(), CommitState::kDeciding);
  EXPECT_EQ(Kinds(machine.OnCommitLogged(OkStatus())), std::vector<Kind>({Kind::kSendCommit, Kind::kSendCommit}));
}

TEST(CommitMachine, WithACatalogChangeTheDecisionComesBeforeTheAnswer) {
  CommitMachine machine({kA, kB}, true);
  machine.Start();
  machine.OnPrepared(kB, OkStatus());
  machine.OnPrepared(kA, OkStatus());
  EXPECT_EQ(Kinds(machine.OnTimestamp(OkStatus())), std::vector<Kind>({Kind::kLogCommit}));
  EXPECT_EQ(Kinds(machine.OnCommitLogged(OkStatus())), std::vector<Kind>({Kind::kAnswer, Kind::kSendCommit, Kind::kSendCommit}));
}

TEST(CommitMachine, ALostAnswerIsForbiddenOnRecordBeforeAnybodyHears) {
  CommitMachine machine({kA, kB}, false);
  machine.Start();
  machine.OnPrepared(kA, kLost);
  EXPECT_EQ(Kinds(machine.OnPrepared(kB, OkStatus())), std::vector<Kind>({Kind::kLogAbort}));
  const CommitActions actions = machine.OnAbortLogged(OkStatus());
  EXPECT_EQ(Kinds(actions), std::vector<Kind>({Kind::kAnswer, Kind::kSendAbort, Kind::kSendAbort}));
  EXPECT_EQ(SqlStateOf(actions[0].status), sqlstate::kConnectionFailure);
}

TEST(CommitMachine, ARefusalBesideALostAnswerNeedsNoRecord) {
  CommitMachine machine({kA, kB}, false);
  machine.Start();
  machine.OnPrepared(kA, kLost);
  EXPECT_EQ(Kinds(machine.OnPrepared(kB, kRefused)), std::vector<Kind>({Kind::kAnswer, Kind::kSendAbort, Kind::kSendAbort}));
}

TEST(CommitMachine, NothingIsForbiddenWhereOnlyADecisionCommits) {
  CommitMachine machine({kA, kB}, true);
  machine.Start();
  machine.OnPrepared(kA, kLost);
  EXPECT_EQ(Kinds(machine.OnPrepared(kB, OkStatus())), std::vector<Kind>({Kind::kAnswer, Kind::kSendAbort, Kind::kSendAbort}));
}

TEST(CommitMachine, DecisionIsForgottenOnlyWhenAllAcknowledged) {
  CommitMachine machine({kA, kB}, false);
  machine.Start();
  machine.OnPrepared(kA, OkStatus());
  machine.OnPrepared(kB, OkStatus());
  machine.OnTimestamp(OkStatus());
  machine.OnCommitLogged(OkStatus());
  EXPECT_TRUE(machine.OnCommitted(kA, OkStatus()).empty());
  EXPECT_TRUE(machine.OnCommitted(kB, Error(sqlstate::kSqlclientUnableToConnect, "down")).empty());
  EXPECT_EQ(machine.state(), CommitState::kCommitting);
  EXPECT_EQ(Kinds(machine.OnCommitted(kB, OkStatus())), std::vector<Kind>({Kind::kLogEnd}));
  EXPECT_EQ(machine.state(), CommitState::kCommitted);
}

TEST(CommitMachine, OneRefusalAbortsAllButOnlyAfterEveryPrepareAnswered) {
  CommitMachine machine({kA, kB, kC}, false);
  machine.Start();
  EXPECT_TRUE(machine.OnPrepared(kB, kRefused).empty());
  EXPECT_TRUE(machine.OnPrepared(kA, OkStatus()).empty());
  const CommitActions actions = machine.OnPrepared(kC, OkStatus());
  EXPECT_EQ(Kinds(actions), std::vector<Kind>({Kind::kAnswer, Kind::kSendAbort, Kind::kSendAbort, Kind::kSendAbort}));
  EXPECT_EQ(SqlStateOf(actions[0].status), sqlstate::kOutOfMemory);
  machine.OnAborted(kA);
  machine.OnAborted(kB);
  EXPECT_EQ(machine.state(), CommitState::kAborting);
  machine.OnAborted(kC);
  EXPECT_EQ(machine.state(), CommitState::kAborted);
}

TEST(CommitMachine, FailedLogTellsNoParticipant) {
  for (const bool must_log : {false, true}) {
    CommitMachine machine({kA, kB}, must_log);
    machine.Start();
    machine.OnPrepared(kA, OkStatus());
    machine.OnPrepared(kB, OkStatus());
    machine.OnTimestamp(OkStatus());
    // A client that was answered already is not answered again: prepared by all, the transaction is committed.
    EXPECT_EQ(Kinds(machine.OnCommitLogged(kDisk)), must_log ? std::vector<Kind>({Kind::kAnswer}) : std::vector<Kind>());
    EXPECT_EQ(machine.state(), CommitState::kLogFailed);
  }
}

// ---- every interleaving ----

// Plays one run of the machine: an oracle chooses which outstanding request ends next, and how. What the world then is decides what was
// right to say and to send.
class Play {
 public:
  using Choose = std::function<size_t(size_t options)>;
  Play(size_t participants, bool must_log, Choose choose) : must_log_(must_log), choose_(std::move(choose)) {
    for (size_t i = 0; i < participants; ++i) nodes_.push_back(NodeId(static_cast<uint32_t>(i + 1)));
  }

  void Run() {
    CommitMachine machine(nodes_, must_log_);
    Take(machine, machine.Start());
    while (!outstanding_.empty()) {
      const size_t which = choose_(outstanding_.size());
      const CommitAction action = outstanding_[which];
      outstanding_.erase(outstanding_.begin() + static_cast<ptrdiff_t>(which));
      Take(machine, End(machine, action));
    }
    EXPECT_EQ(answers_, 1);
    const bool committed = commit_logged_ || (!must_log_ && prepared_.size() == nodes_.size() && !nodes_.empty());
    EXPECT_TRUE(!told_ok_ || committed);
    // Who was refused must never see it appear: not all are prepared and never will be, or the record says so.
    EXPECT_TRUE(!told_no_ || (!commit_logged_ && (must_log_ || refused_ || abort_logged_)));
    EXPECT_TRUE(!ended_ || committed_at_.size() == nodes_.size());
  }

 private:
  void Take(const CommitMachine& machine, const CommitActions& actions) {
    for (const CommitAction& action : actions) {
      switch (action.kind) {
        case Kind::kAnswer:
          ++answers_;
          told_ok_ = action.status.ok();
          told_no_ = !action.status.ok() && machine.state() != CommitState::kUnknown && machine.state() != CommitState::kLogFailed;
          break;
        case Kind::kSendCommit:
          EXPECT_TRUE(commit_logged_);
          outstanding_.push_back(action);
          break;
        case Kind::kSendAbort:
          EXPECT_TRUE(!commit_logged_ && (must_log_ || refused_ || abort_logged_));
          outstanding_.push_back(action);
          break;
        case Kind::kLogEnd:
          ended_ = true;
          break;
        default: outstanding_.push_back(action);
      }
    }
  }

  CommitActions End(CommitMachine& machine, const CommitAction& action) {
    switch (action.kind) {
      case Kind::kSendPrepare: return EndPrepare(machine, action.node);
      case Kind::kTakeTimestamp: return machine.OnTimestamp(choose_(2) == 0 ? OkStatus() : kDisk);
      case Kind::kLogCommit: {
        const size_t how = choose_(3);  // done; failed and durable; failed and lost
        commit_logged_ = how < 2;
        return machine.OnCommitLogged(how == 0 ? OkStatus() : kDisk);
      }
      case Kind::kLogAbort: {
        const size_t how = choose_(2);
        abort_logged_ = how == 0;
        return machine.OnAbortLogged(how == 0 ? OkStatus() : kDisk);
      }
      case Kind::kSendCommit: {
        const bool reached = choose_(2) == 0;
        if (reached) committed_at_.insert(action.node);
        return machine.OnCommitted(action.node, reached ? OkStatus() : kLost);
      }
      case Kind::kSendAbort: return machine.OnAborted(action.node);
      default: ADD_FAILURE() << "an action of another test"; return {};
    }
  }

  CommitActions EndPrepare(CommitMachine& machine, NodeId node) {
    switch (choose_(4)) {
      case 0:
        prepared_.insert(node);
        return machine.OnPrepared(node, OkStatus());
      case 1:
        refused_ = true;
        return machine.OnPrepared(node, kRefused);
      case 2:
        prepared_.insert(node);  // and its answer was lost
        return machine.OnPrepared(node, kLost);
      default: return machine.OnPrepared(node, kLost);
    }
  }

  const bool must_log_;
  const Choose choose_;
  std::vector<NodeId> nodes_;
  CommitActions outstanding_;
  std::set<NodeId> prepared_, committed_at_;
  int answers_ = 0;
  bool refused_ = false, commit_logged_ = false, abort_logged_ = false, told_ok_ = false, told_no_ = false, ended_ = false;
};

// Depth first through all choices: the last one that has another option takes it, what follows starts anew.
int PlayAll(size_t participants, bool must_log) {
  std::vector<std::pair<size_t, size_t>> choices;  // taken, of how many
  for (int plays = 1;; ++plays) {
    size_t next = 0;
    Play(participants, must_log, [&](size_t options) {
      if (next == choices.size()) choices.emplace_back(0, options);
      return choices[next++].first;
    }).Run();
    while (!choices.empty() && choices.back().first + 1 == choices.back().second) choices.pop_back();
    if (choices.empty() || ::testing::Test::HasFailure()) return plays;
    ++choices.back().first;
  }
}

TEST(CommitMachine, EveryInterleavingOfAnswersAndFailures) {
  EXPECT_GT(PlayAll(2, false), 50);
  EXPECT_GT(PlayAll(3, false), 500);
  EXPECT_GT(PlayAll(1, true), 5);
  EXPECT_GT(PlayAll(2, true), 50);
  EXPECT_GT(PlayAll(3, true), 500);
}

}  // namespace
}  // namespace tsd::coord
