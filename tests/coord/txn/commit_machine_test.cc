// T1 and T2 as a state machine: nobody is told to commit before the decision is logged, nothing is forgotten before all acknowledged.
#include "coord/txn/commit_machine.h"

#include <gtest/gtest.h>

namespace tsd::coord {
namespace {

using Kind = CommitAction::Kind;

const NodeId kA(1), kB(2), kC(3);
const Status kRefused = Error(sqlstate::kOutOfMemory, "no");

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
  EXPECT_EQ(Kinds(machine.Start()), std::vector<Kind>({Kind::kLogDecision}));
  EXPECT_EQ(Kinds(machine.OnDecisionLogged(OkStatus())), std::vector<Kind>({Kind::kAnswer}));
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
  EXPECT_EQ(Kinds(machine.OnOnePhase(Error(sqlstate::kConnectionFailure, "lost"))), std::vector<Kind>({Kind::kAnswer}));
  EXPECT_EQ(machine.state(), CommitState::kUnknown);
}

TEST(CommitMachine, OneParticipantWithCatalogChangePrepares) {
  CommitMachine machine({kA}, true);
  EXPECT_EQ(Kinds(machine.Start()), std::vector<Kind>({Kind::kSendPrepare}));
}

TEST(CommitMachine, CommitIsSentOnlyAfterTheDecisionIsLogged) {
  CommitMachine machine({kA, kB}, false);
  EXPECT_EQ(Kinds(machine.Start()), std::vector<Kind>({Kind::kSendPrepare, Kind::kSendPrepare}));
  EXPECT_TRUE(machine.OnPrepared(kB, OkStatus()).empty());
  EXPECT_EQ(Kinds(machine.OnPrepared(kA, OkStatus())), std::vector<Kind>({Kind::kLogDecision}));
  EXPECT_EQ(machine.state(), CommitState::kDeciding);
  EXPECT_EQ(Kinds(machine.OnDecisionLogged(OkStatus())), std::vector<Kind>({Kind::kAnswer, Kind::kSendCommit, Kind::kSendCommit}));
}

TEST(CommitMachine, DecisionIsForgottenOnlyWhenAllAcknowledged) {
  CommitMachine machine({kA, kB}, false);
  machine.Start();
  machine.OnPrepared(kA, OkStatus());
  machine.OnPrepared(kB, OkStatus());
  machine.OnDecisionLogged(OkStatus());
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

TEST(CommitMachine, FailedLogTellsNobody) {
  CommitMachine machine({kA, kB}, false);
  machine.Start();
  machine.OnPrepared(kA, OkStatus());
  machine.OnPrepared(kB, OkStatus());
  const CommitActions actions = machine.OnDecisionLogged(Error(sqlstate::kIoError, "disk"));
  EXPECT_EQ(Kinds(actions), std::vector<Kind>({Kind::kAnswer}));
  EXPECT_EQ(machine.state(), CommitState::kUnknown);
}

}  // namespace
}  // namespace tsd::coord
