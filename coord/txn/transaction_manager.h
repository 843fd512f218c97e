#pragma once
// TransactionManager: begins transactions, drives CommitMachine over participants and the cluster log, and resolves what crashes left
// behind. Upholds T1, T2 (coord/TXN.md). Thread-safe.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "coord/cluster/cluster_log.h"
#include "coord/txn/commit_clock.h"
#include "coord/txn/commit_machine.h"
#include "coord/txn/participant.h"
#include "coord/txn/transaction.h"

namespace tsd::coord {

/// Finds the participant of a node; an unknown node is an error naming it.
using ParticipantLookup = std::function<StatusOr<std::shared_ptr<Participant>>(NodeId)>;

class TransactionManager {
 public:
  TransactionManager(ClusterLog& log, CommitClock& clock, Executor& executor, ParticipantLookup participants, std::string coordinator);

  /// A new transaction with a snapshot. Registered until Commit or Abort ended.
  Task<StatusOr<std::shared_ptr<Transaction>>> Begin(engine::Isolation isolation);
  /// OK: durable on every participant, whatever crashes from now on. 08007: outcome unknown.
  /// The participants of a decided transaction are told in the background.
  Task<Status> Commit(std::shared_ptr<Transaction> transaction);
  Task<void> Abort(std::shared_ptr<Transaction> transaction);
  /// Someone is about to read, and would wait for commits that were answered or soon are: their records are written at once.
  void Hasten();
  /// Sends the writes that the transaction kept back, if any: more is to follow them.
  Task<Status> SendKeptWrites(std::shared_ptr<Transaction> transaction);

  /// Tells `node` the outcome of every transaction of ours that it still holds and that is over here: as decided; or, if an earlier start
  /// left it without a decision, committed if all its participants have prepared it, else aborted. Called every second (resolve.cc).
  Task<Status> Resolve(NodeId node);
  /// Commits of before this start are below it, snapshots of since then are not.
  Timestamp incarnation() const { return clock_.incarnation(); }
  bool IsLive(TxnId txn) const;
  /// No snapshot older than this is in use, nor will be (T6). Told to the nodes every second, with Resolve.
  Timestamp OldestSnapshot() const;
  size_t LiveCount() const;
  /// The live transaction that began first.
  std::optional<TxnId> OldestLive() const;

 private:
  struct Run;
  /// What was known before a node was asked what it holds: so whatever it holds of a transaction that is over here was left behind.
  struct Census {
    std::set<TxnId> live;
    Timestamp registered;
    Timestamp oldest_snapshot;
    std::map<TxnId, Decision> decided;
    bool IsOver(TxnId txn) const { return Timestamp(txn.sequence) <= registered && !live.contains(txn); }
  };
  Census TakeCensus() const;
  Task<void> Settle(NodeId node, std::shared_ptr<Participant> participant, HeldTransaction entry, const Census& census);
  /// What a transaction that an earlier start left without a decision has come to. None: it cannot be told yet.
  Task<std::optional<Decision>> Reconstruct(NodeId node, HeldTransaction entry, const Census& census);
  Task<void> EndDecisions(NodeId node, const Census& census);
  Task<Status> TellDecision(NodeId node, const Decision& decision, const Census& census);
  Timestamp NoteBeginning();
  /// Transactions up to this number are live or over.
  Timestamp Registered() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// What the machine's state calls for.
  Task<CommitActions> Step(std::shared_ptr<Run> run, CommitActions actions);
  Future<Status> LogDecision(const Run& run, Timestamp commit);
  bool MayAnswerAhead();
  void FinishSoon(std::shared_ptr<Run> run);
  void DecideAnswered();
  Task<void> FinishAnswered(std::vector<std::shared_ptr<Run>> runs);
  /// Tells the participants of one that has its answer how it ended.
  Task<void> Finish(std::shared_ptr<Run> run, CommitActions actions);
  Task<void> TellCommitted(std::vector<std::shared_ptr<Run>> runs);
  Task<Status> SendCommits(NodeId node, std::vector<CommittedTxn> committed);
  Task<Status> CommitKeptWrites(std::shared_ptr<Transaction> transaction);
  Task<CommitActions> PrepareAll(std::shared_ptr<Run> run, CommitActions actions);
  Task<Status> CommitOnePhase(std::shared_ptr<Transaction> transaction, NodeId node);
  Task<void> Release(std::shared_ptr<Transaction> transaction);

  ClusterLog& log_;
  CommitClock& clock_;
  Executor& executor_;
  const ParticipantLookup participants_;
  const std::string coordinator_;
  mutable Mutex mutex_;
  std::set<TxnId> live_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Run>> answered_ ABSL_GUARDED_BY(mutex_);  // their records are to be written together
  Timestamp newest_read_ ABSL_GUARDED_BY(mutex_);               // readers up to this snapshot may wait for what is answered now
  int answered_ahead_ ABSL_GUARDED_BY(mutex_) = 0;              // commits whose client was answered and whose record is not durable yet
  std::multiset<Timestamp> beginning_ ABSL_GUARDED_BY(mutex_);  // the newest timestamp before each transaction that is being begun
};

}  // namespace tsd::coord
