#include "coord/txn/transaction_manager.h"

#include "engine/base/fault.h"
#include "engine/base/log.h"

namespace tsd::coord {

using Kind = CommitAction::Kind;

// One commit under way. The machine is touched by one coroutine: the one in Commit until the answer, then the one in Finish.
struct TransactionManager::Run {
  Run(std::shared_ptr<Transaction> t, CommitMachine m) : transaction(std::move(t)), machine(std::move(m)) {}
  std::shared_ptr<Transaction> transaction;
  CommitMachine machine;
  Timestamp commit;
};

TransactionManager::TransactionManager(ClusterLog& log, CommitClock& clock, Executor& executor, ParticipantLookup participants,
                                       std::string coordinator)
    : log_(log), clock_(clock), executor_(executor), participants_(std::move(participants)), coordinator_(std::move(coordinator)) {}

Task<StatusOr<std::shared_ptr<Transaction>>> TransactionManager::Begin(engine::Isolation isolation) {
  // A transaction's number comes from the clock, so that it is never used again after a restart (T3).
  // Until it is registered, the newest timestamp before it holds the horizon back.
  const Timestamp before = NoteBeginning();
  const StatusOr<Timestamp> drawn = co_await clock_.Next();
  if (!drawn.ok()) {
    MutexLock lock(mutex_);
    beginning_.erase(beginning_.find(before));
    co_return drawn.status();
  }
  const Timestamp number = *drawn;
  const TxnId id{log_.Current()->cluster_id, number.value()};
  auto transaction = std::make_shared<Transaction>(id, isolation);
  transaction->SetSnapshot(number);
  MutexLock lock(mutex_);
  live_.insert(id);
  beginning_.erase(beginning_.find(before));
  co_return transaction;
}

Timestamp TransactionManager::NoteBeginning() {
  MutexLock lock(mutex_);
  const Timestamp newest = clock_.ReadTimestamp();
  beginning_.insert(newest);
  return newest;
}

Timestamp TransactionManager::OldestSnapshot() const {
  MutexLock lock(mutex_);
  Timestamp oldest = clock_.ReadTimestamp();
  if (!beginning_.empty()) oldest = std::min(oldest, *beginning_.begin());
  // A transaction's number is a timestamp, and none of its snapshots is older.
  for (const TxnId& txn : live_) oldest = std::min(oldest, Timestamp(txn.sequence));
  return oldest;
}

bool TransactionManager::IsLive(TxnId txn) const {
  MutexLock lock(mutex_);
  return live_.contains(txn);
}

size_t TransactionManager::LiveCount() const {
  MutexLock lock(mutex_);
  return live_.size();
}

std::optional<TxnId> TransactionManager::OldestLive() const {
  MutexLock lock(mutex_);
  if (live_.empty()) return std::nullopt;
  return *live_.begin();  // all of one origin, so ordered by their numbers
}

Task<void> TransactionManager::Release(std::shared_ptr<Transaction> transaction) {
  MutexLock lock(mutex_);
  live_.erase(transaction->id());
  co_return;
}

Task<Status> TransactionManager::CommitOnePhase(std::shared_ptr<Transaction> transaction, NodeId node) {
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, participants_(node));
  CO_ASSIGN_OR_RETURN(const Timestamp minimum, co_await clock_.Next());
  CO_ASSIGN_OR_RETURN(const Timestamp commit,
                      co_await participant->CommitOnePhase(transaction->id(), transaction->operations(node), minimum));
  // The next snapshot of this and every other session is at or above it.
  co_return co_await clock_.Observe(commit);
}

Task<Status> TransactionManager::SendKeptWrites(std::shared_ptr<Transaction> transaction) {
  Transaction::KeptWrites kept = transaction->TakeKeptWrites();
  for (auto& [node, writes] : kept) {
    CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, participants_(node));
    transaction->Join(node);
    CO_RETURN_IF_ERROR(co_await participant->Write(std::move(writes)));
    transaction->NoteOperation(node);
  }
  co_return OkStatus();
}

Task<Status> TransactionManager::CommitKeptWrites(std::shared_ptr<Transaction> transaction) {
  Transaction::KeptWrites kept = transaction->TakeKeptWrites();
  auto& [node, writes] = *kept.begin();
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, participants_(node));
  CO_ASSIGN_OR_RETURN(const Timestamp minimum, co_await clock_.Next());
  CO_ASSIGN_OR_RETURN(const Timestamp commit, co_await participant->WriteAndCommit(std::move(writes), minimum));
  co_return co_await clock_.Observe(commit);
}

namespace {

Task<Status> PrepareAt(std::shared_ptr<Participant> participant, std::shared_ptr<Transaction> transaction, NodeId node,
                       NodeWrites kept, Timestamp floor, std::string coordinator) {
  if (!kept.parts.empty()) co_return co_await participant->WriteAndPrepare(std::move(kept), floor, std::move(coordinator));
  co_return co_await participant->Prepare(transaction->id(), transaction->operations(node), floor, std::move(coordinator));
}

Status OutcomeUnknown(const Status& cause) {
  return WithDetail(Error(sqlstate::kTransactionResolutionUnknown, "the outcome of the transaction is not known"), StdView(cause.message()));
}

Task<Status> AbortAt(std::shared_ptr<Participant> participant, TxnId txn) { co_return co_await participant->Abort(txn); }

}  // namespace

Task<Status> TransactionManager::Decide(std::shared_ptr<Run> run) {
  CO_ASSIGN_OR_RETURN(run->commit, co_await clock_.Next());
  Decision decision{run->transaction->id(), run->commit, run->machine.participants()};
  co_return co_await log_.LogDecision(std::move(decision), run->transaction->TakeChange());
}

Task<CommitActions> TransactionManager::PrepareAll(std::shared_ptr<Run> run, CommitActions actions) {
  const std::shared_ptr<Transaction>& transaction = run->transaction;
  Transaction::KeptWrites kept = transaction->TakeKeptWrites();
  const Timestamp floor = clock_.ReadTimestamp();
  std::vector<std::pair<NodeId, Future<Status>>> prepares;
  for (const CommitAction& action : actions) {
    StatusOr<std::shared_ptr<Participant>> participant = participants_(action.node);
    if (participant.ok()) {
      Task<Status> prepare = PrepareAt(*participant, transaction, action.node, std::move(kept[action.node]), floor, coordinator_);
      prepares.emplace_back(action.node, Start(executor_, std::move(prepare), Launch::kNext));
    } else {
      prepares.emplace_back(action.node, ReadyFuture(participant.status()));
    }
  }
  actions.clear();
  for (auto& [node, future] : prepares) {
    const Status prepared = co_await future;
    actions = run->machine.OnPrepared(node, prepared);
  }
  TSD_FAULT_POINT("txn.prepared");
  co_return actions;
}

Task<Status> TransactionManager::Commit(std::shared_ptr<Transaction> transaction) {
  const bool must_log = !transaction->change().empty() || transaction->two_phases();
  const size_t kept = transaction->kept_writes().size();
  if (kept == 1 && !must_log && transaction->participants().empty()) {
    const Status status = co_await CommitKeptWrites(transaction);
    co_await Release(transaction);
    co_return OutcomeIsUnknown(status) ? OutcomeUnknown(status) : status;
  }
  // From here on kept writes go with the prepare: there is one, as several nodes take part or something must be logged.
  for (const auto& [node, writes] : transaction->kept_writes()) transaction->Join(node);
  auto run = std::make_shared<Run>(transaction, CommitMachine(transaction->participants(), must_log));
  CommitActions actions = run->machine.Start();
  Status answer;
  bool answered = false;

  if (run->machine.state() == CommitState::kPreparing) {
    if (fault::Broken("answer_before_decision")) answered = true;
    actions = co_await PrepareAll(run, std::move(actions));
  } else if (run->machine.state() == CommitState::kOnePhase) {
    const Status status = co_await CommitOnePhase(transaction, run->machine.participants()[0]);
    actions = run->machine.OnOnePhase(status);
  }
  if (run->machine.state() == CommitState::kDeciding) {
    const Status logged = co_await Decide(run);
    actions = run->machine.OnDecisionLogged(logged);
    TSD_FAULT_POINT("txn.decided");
  }
  for (const CommitAction& action : actions) {
    if (action.kind == Kind::kAnswer && !answered) answer = action.status;
  }
  if (run->machine.state() == CommitState::kUnknown) {
    answer = OutcomeUnknown(answer);
  }
  Spawn(executor_, Finish(run, std::move(actions)), Launch::kNext);
  co_return answer;
}

Task<Status> TransactionManager::SendCommit(NodeId node, TxnId txn, Timestamp commit) {
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, participants_(node));
  co_return co_await participant->CommitPrepared(txn, commit);
}

Task<void> TransactionManager::Finish(std::shared_ptr<Run> run, CommitActions actions) {
  const TxnId txn = run->transaction->id();
  std::vector<std::pair<NodeId, Future<Status>>> commits;
  std::vector<std::pair<NodeId, Future<Status>>> aborts;
  for (const CommitAction& action : actions) {
    if (action.kind == Kind::kSendCommit) {
      commits.emplace_back(action.node, Start(executor_, SendCommit(action.node, txn, run->commit), Launch::kNext));
    } else if (action.kind == Kind::kSendAbort) {
      StatusOr<std::shared_ptr<Participant>> participant = participants_(action.node);
      if (participant.ok()) aborts.emplace_back(action.node, Start(executor_, AbortAt(*participant, txn)));
    }
  }
  for (auto& [node, future] : commits) {
    const Status status = co_await future;
    if (!status.ok()) log::Warning("transaction ", txn.ToString(), ": node ", node.value(), " not told yet: ", status.message());
    for (const CommitAction& action : run->machine.OnCommitted(node, status)) {
      if (action.kind == Kind::kLogEnd) log_.LogEnd(txn);
    }
  }
  for (auto& [node, future] : aborts) {
    const Status status = co_await future;
    if (!status.ok()) log::Debug("transaction ", txn.ToString(), ": abort at node ", node.value(), ": ", status.message());
    run->machine.OnAborted(node);
  }
  // A node that was not reached asks Resolve: no longer live means aborted, unless the decision is in the log.
  co_await Release(run->transaction);
}

Task<void> TransactionManager::Abort(std::shared_ptr<Transaction> transaction) {
  const TxnId txn = transaction->id();
  std::vector<Future<Status>> aborts;
  for (NodeId node : transaction->participants()) {
    StatusOr<std::shared_ptr<Participant>> participant = participants_(node);
    if (participant.ok()) aborts.push_back(Start(executor_, AbortAt(*participant, txn)));
  }
  for (Future<Status>& abort : aborts) {
    const Status status = co_await abort;
    if (!status.ok()) log::Debug("abort of ", txn.ToString(), ": ", status.message());
  }
  co_await Release(transaction);
}

Task<Status> TransactionManager::Resolve(NodeId node) {
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, participants_(node));
  CO_ASSIGN_OR_RETURN(std::vector<ActiveTransaction> listed, co_await participant->ListTransactions(log_.Current()->cluster_id, OldestSnapshot()));
  for (const ActiveTransaction& entry : listed) {
    const bool live = IsLive(entry.txn);
    const std::optional<Timestamp> decided = log_.DecisionOf(entry.txn);
    if (decided.has_value()) {
      if (live) continue;  // Finish is telling it
      const Status status = co_await participant->CommitPrepared(entry.txn, *decided);
      log::Info("in-doubt transaction ", entry.txn.ToString(), " committed at node ", node.value(), status.ok() ? "" : " failed");
    } else if (!live) {
      const Status status = co_await participant->Abort(entry.txn);
      log::Info("transaction ", entry.txn.ToString(), " without decision aborted at node ", node.value(), status.ok() ? "" : " failed");
    }
  }
  // A decision is over when no participant holds the transaction any more (T2). This node's part is known from the list just read.
  for (const Decision& decision : log_.OpenDecisions()) {
    if (IsLive(decision.txn) || std::ranges::find(decision.participants, node) == decision.participants.end()) continue;
    bool all = true;
    for (NodeId other : decision.participants) {
      const Status status = co_await SendCommit(other, decision.txn, decision.commit);
      all = all && status.ok();
    }
    if (all) log_.LogEnd(decision.txn);
  }
  co_return OkStatus();
}

}  // namespace tsd::coord
