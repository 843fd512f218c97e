#include "coord/txn/transaction_manager.h"

#include "engine/base/check.h"
#include "engine/base/fault.h"
#include "engine/base/log.h"

namespace tsd::coord {

using Kind = CommitAction::Kind;

// Each is a prepared transaction on every participant, and those are limited (max_prepared_transactions).
constexpr int kMostAnsweredAhead = 64;
// So long, and until they are so many, the records of answered commits wait for each other, if nobody wants to read: one sync for several, and
// few messages to each node. Their sync would slow down those of the next prepares, where nodes share a disk.
constexpr absl::Duration kLongestUndecided = absl::Milliseconds(10);
constexpr size_t kMostDecidedTogether = 32;

// One commit under way. The machine is touched by one coroutine at a time: the one in Commit until the answer, then FinishAnswered, then Finish or TellCommitted.
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

Timestamp TransactionManager::Registered() const {
  const Timestamp newest = clock_.ReadTimestamp();
  return beginning_.empty() ? newest : std::min(newest, *beginning_.begin());
}

Timestamp TransactionManager::OldestSnapshot() const {
  MutexLock lock(mutex_);
  // A transaction's number is a timestamp, and none of its snapshots is older. All are of one origin, so ordered by their numbers.
  return live_.empty() ? Registered() : std::min(Registered(), Timestamp(live_.begin()->sequence));
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
                       NodeWrites kept, engine::Preparation preparation) {
  if (!kept.parts.empty()) co_return co_await participant->WriteAndPrepare(std::move(kept), std::move(preparation));
  co_return co_await participant->Prepare(transaction->id(), transaction->operations(node), std::move(preparation));
}

Status OutcomeUnknown(const Status& cause) {
  return WithDetail(Error(sqlstate::kTransactionResolutionUnknown, "the outcome of the transaction is not known"), StdView(cause.message()));
}

Task<Status> AbortAt(std::shared_ptr<Participant> participant, TxnId txn) { co_return co_await participant->Abort(txn); }

const Status* AnswerIn(const CommitActions& actions) {
  for (const CommitAction& action : actions) {
    if (action.kind == Kind::kAnswer) return &action.status;
  }
  return nullptr;
}

}  // namespace

Task<CommitActions> TransactionManager::PrepareAll(std::shared_ptr<Run> run, CommitActions actions) {
  const std::shared_ptr<Transaction>& transaction = run->transaction;
  Transaction::KeptWrites kept = transaction->TakeKeptWrites();
  engine::Preparation preparation{clock_.ReadTimestamp(), coordinator_};
  if (run->machine.prepares_commit()) preparation.participants = run->machine.participants();
  std::vector<std::pair<NodeId, Future<Status>>> prepares;
  for (const CommitAction& action : actions) {
    StatusOr<std::shared_ptr<Participant>> participant = participants_(action.node);
    if (participant.ok()) {
      Task<Status> prepare = PrepareAt(*participant, transaction, action.node, std::move(kept[action.node]), preparation);
      prepares.emplace_back(action.node, Start(executor_, std::move(prepare), Launch::kNext));
      co_await GiveWay();  // its message is sent before the next one's is made: the nodes work at the same time
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

Future<Status> TransactionManager::LogDecision(const Run& run, Timestamp commit) {
  Decision decision{run.transaction->id(), commit, run.machine.participants()};
  CatalogChange change;
  if (decision.commits()) change = run.transaction->TakeChange();
  return log_.LogDecision(std::move(decision), std::move(change));
}

Task<CommitActions> TransactionManager::Step(std::shared_ptr<Run> run, CommitActions actions) {
  switch (run->machine.state()) {
    case CommitState::kPreparing: co_return co_await PrepareAll(run, std::move(actions));
    case CommitState::kOnePhase: {
      const Status status = co_await CommitOnePhase(run->transaction, run->machine.participants()[0]);
      co_return run->machine.OnOnePhase(status);
    }
    case CommitState::kOrdering: {
      // After all have prepared, so that whoever reads above it finds them prepared (T5); before the answer, so that whoever reads after
      // that reads above it.
      const StatusOr<Timestamp> commit = co_await clock_.Next();
      if (commit.ok()) run->commit = *commit;
      TSD_FAULT_POINT("txn.ordered");
      co_return run->machine.OnTimestamp(commit.status());
    }
    case CommitState::kDeciding: {
      Future<Status> logging = LogDecision(*run, run->commit);
      const Status logged = co_await logging;
      TSD_FAULT_POINT("txn.decided");
      co_return run->machine.OnCommitLogged(logged);
    }
    case CommitState::kForbidding: {
      Status logged;
      if (!fault::Broken("abort_without_record")) {
        Future<Status> logging = LogDecision(*run, Timestamp());
        logged = co_await logging;
      }
      TSD_FAULT_POINT("txn.forbidden");
      co_return run->machine.OnAbortLogged(logged);
    }
    default: break;
  }
  TSD_CHECK_MSG(false, "a commit has nothing to wait for and no answer");
  co_return CommitActions();
}

bool TransactionManager::MayAnswerAhead() {
  MutexLock lock(mutex_);
  if (answered_ahead_ >= kMostAnsweredAhead) return false;
  ++answered_ahead_;
  return true;
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
  while (AnswerIn(actions) == nullptr) actions = co_await Step(run, std::move(actions));
  Status answer = *AnswerIn(actions);
  if (run->machine.state() == CommitState::kUnknown || run->machine.state() == CommitState::kLogFailed) answer = OutcomeUnknown(answer);
  if (run->machine.participants().size() > 1 && fault::Broken("answer_whatever_was_prepared")) answer = OkStatus();
  if (run->machine.state() == CommitState::kDeciding) {
    if (MayAnswerAhead()) {
      FinishSoon(run);
      co_return answer;
    }
    actions = co_await Step(run, std::move(actions));
  }
  Spawn(executor_, Finish(run, std::move(actions)), Launch::kNext);
  co_return answer;
}

void TransactionManager::FinishSoon(std::shared_ptr<Run> run) {
  bool first = false;
  bool at_once = false;
  {
    MutexLock lock(mutex_);
    // One that began before the last reader did may be what that reader is waiting for.
    at_once = Timestamp(run->transaction->id().sequence) <= newest_read_;
    answered_.push_back(std::move(run));
    at_once |= answered_.size() >= kMostDecidedTogether;
    first = answered_.size() == 1;
  }
  if (at_once) return DecideAnswered();
  if (first) executor_.PostAfter(kLongestUndecided, [this] { DecideAnswered(); });
}

void TransactionManager::Hasten() {
  {
    MutexLock lock(mutex_);
    newest_read_ = clock_.ReadTimestamp();
  }
  DecideAnswered();
}

void TransactionManager::DecideAnswered() {
  std::vector<std::shared_ptr<Run>> answered;
  {
    MutexLock lock(mutex_);
    answered.swap(answered_);
  }
  if (!answered.empty()) Spawn(executor_, FinishAnswered(std::move(answered)), Launch::kNext);
}

Task<void> TransactionManager::FinishAnswered(std::vector<std::shared_ptr<Run>> runs) {
  std::vector<Future<Status>> records;
  records.reserve(runs.size());
  for (const std::shared_ptr<Run>& run : runs) records.push_back(LogDecision(*run, run->commit));
  // They become durable together: a thread is woken once, and each node gets one message.
  std::vector<std::shared_ptr<Run>> decided;
  for (size_t i = 0; i < runs.size(); ++i) {
    const Status logged = co_await records[i];
    TSD_FAULT_POINT("txn.decided");
    {
      MutexLock lock(mutex_);
      --answered_ahead_;
    }
    runs[i]->machine.OnCommitLogged(logged);
    if (logged.ok()) decided.push_back(std::move(runs[i]));
  }
  co_await TellCommitted(std::move(decided));
}

Task<Status> TransactionManager::SendCommits(NodeId node, std::vector<CommittedTxn> committed) {
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, participants_(node));
  co_return co_await participant->CommitPrepared(std::move(committed));
}

Task<void> TransactionManager::TellCommitted(std::vector<std::shared_ptr<Run>> runs) {
  struct Told {
    std::vector<std::shared_ptr<Run>> runs;
    Future<Status> answer;
  };
  std::map<NodeId, Told> nodes;
  for (const std::shared_ptr<Run>& run : runs) {
    for (const NodeId node : run->machine.participants()) nodes[node].runs.push_back(run);
  }
  for (auto& [node, told] : nodes) {
    std::vector<CommittedTxn> committed;
    for (const std::shared_ptr<Run>& run : told.runs) committed.push_back({run->transaction->id(), run->commit});
    told.answer = Start(executor_, SendCommits(node, std::move(committed)), Launch::kNext);
  }
  for (auto& [node, told] : nodes) {
    const Status status = co_await told.answer;
    if (!status.ok()) log::Warning(told.runs.size(), " committed transactions: node ", node.value(), " not told yet: ", status.message());
    for (const std::shared_ptr<Run>& run : told.runs) {
      run->machine.OnCommitted(node, status);
      if (run->machine.state() != CommitState::kCommitted) continue;
      log_.LogEnd(run->transaction->id());
      co_await Release(run->transaction);
    }
  }
  // A node that was not reached hears it from Resolve.
  for (const std::shared_ptr<Run>& run : runs) {
    if (run->machine.state() != CommitState::kCommitted) co_await Release(run->transaction);
  }
}

Task<void> TransactionManager::Finish(std::shared_ptr<Run> run, CommitActions actions) {
  const TxnId txn = run->transaction->id();
  if (run->machine.state() == CommitState::kCommitting) {
    std::vector<std::shared_ptr<Run>> runs(1, run);
    co_return co_await TellCommitted(std::move(runs));
  }
  std::vector<std::pair<NodeId, Future<Status>>> aborts;
  for (const CommitAction& action : actions) {
    if (action.kind != Kind::kSendAbort) continue;
    StatusOr<std::shared_ptr<Participant>> participant = participants_(action.node);
    if (participant.ok()) aborts.emplace_back(action.node, Start(executor_, AbortAt(*participant, txn)));
  }
  for (auto& [node, future] : aborts) {
    const Status status = co_await future;
    if (!status.ok()) log::Debug("transaction ", txn.ToString(), ": abort at node ", node.value(), ": ", status.message());
    run->machine.OnAborted(node);
  }
  // If the log has failed, the transaction stays live so that nobody decides it.
  if (run->machine.state() == CommitState::kLogFailed) co_return;
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

}  // namespace tsd::coord
