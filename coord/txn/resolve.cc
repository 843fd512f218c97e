// What crashes and lost messages left behind: each node is asked every second what it holds of transactions that are over here.
#include "coord/txn/transaction_manager.h"

#include <algorithm>

#include "engine/base/log.h"

namespace tsd::coord {

TransactionManager::Census TransactionManager::TakeCensus() const {
  Census census;
  census.oldest_snapshot = OldestSnapshot();
  {
    MutexLock lock(mutex_);
    census.registered = Registered();
    census.live = live_;
  }
  // After that: what is no longer live has its decision here, unless everybody has acknowledged it.
  for (Decision& decision : log_.OpenDecisions()) census.decided[decision.txn] = std::move(decision);
  return census;
}

Task<Status> TransactionManager::Resolve(NodeId node) {
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, participants_(node));
  const Census census = TakeCensus();
  CO_ASSIGN_OR_RETURN(std::vector<HeldTransaction> held,
                      co_await participant->ListTransactions(log_.Current()->cluster_id, census.oldest_snapshot));
  for (HeldTransaction& entry : held) {
    if (census.IsOver(entry.txn)) co_await Settle(node, participant, std::move(entry), census);
  }
  co_await EndDecisions(node, census);
  co_return OkStatus();
}

Task<void> TransactionManager::Settle(NodeId node, std::shared_ptr<Participant> participant, HeldTransaction entry, const Census& census) {
  const TxnId txn = entry.txn;
  std::optional<Decision> decision;
  if (auto known = census.decided.find(txn); known != census.decided.end()) {
    decision = known->second;
  } else {
    decision = co_await Reconstruct(node, std::move(entry), census);
  }
  if (!decision.has_value()) co_return;
  Status status;
  if (decision->commits()) {
    std::vector<CommittedTxn> committed = {{txn, decision->commit}};
    status = co_await participant->CommitPrepared(std::move(committed));
  } else {
    status = co_await participant->Abort(txn);
  }
  log::Info("transaction ", txn.ToString(), decision->commits() ? " committed" : " aborted", " at node ", node.value(), status.ok() ? "" : " failed");
}

Task<std::optional<Decision>> TransactionManager::Reconstruct(NodeId node, HeldTransaction entry, const Census& census) {
  const Decision abort{entry.txn, Timestamp(), {}};
  // What began since this start and is over without a record was given up before anybody could take it for committed.
  if (Timestamp(entry.txn.sequence) > incarnation()) co_return abort;
  if (entry.state == HeldState::kActive) co_return abort;
  if (entry.state == HeldState::kPreparing) co_return std::nullopt;
  if (entry.participants.empty()) co_return abort;  // a record would have committed it
  bool all = true, missing = false;
  for (const NodeId other : entry.participants) {
    if (other == node) continue;
    const StatusOr<std::shared_ptr<Participant>> participant = participants_(other);
    if (!participant.ok()) continue;  // it has left the cluster and taken its part along
    const StatusOr<std::vector<HeldTransaction>> held =
        co_await (*participant)->ListTransactions(log_.Current()->cluster_id, census.oldest_snapshot);
    if (!held.ok()) {
      all = false;
      continue;
    }
    const auto found = std::ranges::find(*held, entry.txn, &HeldTransaction::txn);
    if (found == held->end() || found->state == HeldState::kActive) missing = true;  // and never will be prepared there
    if (found == held->end() || found->state != HeldState::kPrepared) all = false;
  }
  // Looked for only now: the Resolve of another node may have found the same and told it, which takes it off the lists just read.
  if (std::optional<Decision> decided = log_.DecisionOf(entry.txn); decided.has_value()) co_return decided;
  if (missing) co_return abort;
  if (!all) co_return std::nullopt;
  // Its client may have been answered: whoever has begun since this start must see it, and nobody has read past it where it is prepared.
  Decision commit{entry.txn, incarnation(), entry.participants};
  Future<Status> logged = log_.LogDecision(commit, {});
  const Status status = co_await logged;
  if (!status.ok()) co_return std::nullopt;
  co_return commit;
}

Task<Status> TransactionManager::TellDecision(NodeId node, const Decision& decision, const Census& census) {
  const StatusOr<std::shared_ptr<Participant>> participant = participants_(node);
  if (!participant.ok()) co_return OkStatus();  // it has left the cluster
  if (decision.commits()) {
    std::vector<CommittedTxn> committed = {{decision.txn, decision.commit}};
    co_return co_await (*participant)->CommitPrepared(std::move(committed));
  }
  // An abort is over only where no prepare of it can come late.
  CO_RETURN_IF_ERROR((co_await (*participant)->ListTransactions(log_.Current()->cluster_id, census.oldest_snapshot)).status());
  co_return co_await (*participant)->Abort(decision.txn);
}

// A decision is over when no participant holds the transaction any more (T2).
Task<void> TransactionManager::EndDecisions(NodeId node, const Census& census) {
  for (const Decision& decision : log_.OpenDecisions()) {
    if (!census.IsOver(decision.txn) || std::ranges::find(decision.participants, node) == decision.participants.end()) continue;
    if (!decision.commits() && Timestamp(decision.txn.sequence) >= census.oldest_snapshot) continue;
    bool all = true;
    for (const NodeId other : decision.participants) {
      const Status status = co_await TellDecision(other, decision, census);
      all = all && status.ok();
    }
    if (all) log_.LogEnd(decision.txn);
  }
}

}  // namespace tsd::coord
