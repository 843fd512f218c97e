// A session that runs statements of another node's transaction (distributed_exec): its rows are staged under that transaction, and it ends
// when the other node says so.
#include "coord/session/session.h"

namespace tsd::coord {

void Session::AdoptTransaction(TxnId txn) {
  adopted_ = true;
  block_ = Block::kExplicit;
  BeginStatementClock();
  transaction_start_ = statement_start_;
  settings_.BeginTransaction();
  transaction_ = std::make_shared<Transaction>(txn, engine::Isolation::kReadCommitted);
}

void Session::RaiseAdoptedLevel(uint32_t level) {
  if (transaction_) transaction_->RaiseLevel(level);
}

uint32_t Session::adopted_level() const { return transaction_ ? transaction_->level() : 0; }

Task<StatusOr<CatalogChange>> Session::PrepareAdopted(LockManager::OwnerId* locks) {
  if (block_ != Block::kExplicit || !transaction_) {
    co_return Error(sqlstate::kInFailedSqlTransaction, "current transaction is aborted, commands ignored until end of transaction block");
  }
  CO_RETURN_IF_ERROR(co_await AwaitSequences());
  for (auto& [name, portal] : portals_) portal->rows.reset();
  CatalogChange change = transaction_->TakeChange();
  transaction_.reset();  // the store's part is prepared beside this
  *locks = std::exchange(lock_owner_, services_.locks->NewOwner());
  co_return change;
}

void Session::RollbackAdopted(uint32_t level) {
  if (!transaction_) return;
  transaction_->UndoChanges(level);
  services_.locks->ReleaseFrom(lock_owner_, level);
  std::erase_if(savepoints_, [&](const Savepoint& savepoint) { return savepoint.level >= level; });
  block_ = Block::kExplicit;
}

}  // namespace tsd::coord
