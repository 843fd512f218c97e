// Transaction blocks: implicit ones around a query message, BEGIN … COMMIT, savepoints, the aborted state.
#include "coord/session/session.h"
#include "engine/base/strings.h"

namespace tsd::coord {

using sql::parse::IsolationLevel;
using sql::parse::TransactionKind;

engine::Isolation Session::NewIsolation() const {
  return isolation_ == IsolationLevel::kRepeatableRead || isolation_ == IsolationLevel::kSerializable ? engine::Isolation::kRepeatableRead
                                                                                                      : engine::Isolation::kReadCommitted;
}

std::string Session::TransactionIsolationName() const {
  if (block_ == Block::kNone) return settings_.GetOr("default_transaction_isolation", "read committed");
  switch (isolation_) {
    case IsolationLevel::kReadUncommitted: return "read uncommitted";
    case IsolationLevel::kReadCommitted: return "read committed";
    case IsolationLevel::kRepeatableRead: return "repeatable read";
    case IsolationLevel::kSerializable: return "serializable";
  }
  return "read committed";
}

bool Session::TransactionReadOnly() const {
  return block_ == Block::kNone ? settings_.GetOr("default_transaction_read_only", "off") == "on" : read_only_;
}

bool Session::TransactionDeferrable() const {
  return block_ == Block::kNone ? settings_.GetOr("default_transaction_deferrable", "off") == "on" : deferrable_;
}

Task<Status> Session::BeginImplicit() {
  if (block_ != Block::kNone) co_return OkStatus();
  block_ = Block::kImplicit;
  const StatementSettings& defaults = KnownSettings();
  isolation_ = defaults.isolation;
  read_only_ = defaults.read_only;
  deferrable_ = defaults.deferrable;
  snapshot_taken_ = false;
  transaction_start_ = statement_start_;
  settings_.BeginTransaction();
  co_return OkStatus();
}

Task<Status> Session::EnsureTransaction() {
  if (transaction_) co_return co_await services_.transactions->SendKeptWrites(transaction_);
  CO_ASSIGN_OR_RETURN(transaction_, co_await services_.transactions->Begin(NewIsolation()));
  co_return OkStatus();
}

TableWriter::LastWrite Session::LastWriteOfStatement() const {
  return block_ == Block::kImplicit ? TableWriter::LastWrite::kMayTravelWithCommit : TableWriter::LastWrite::kSend;
}

// Each statement of READ COMMITTED sees what was committed before it began; REPEATABLE READ keeps its first snapshot.
Task<void> Session::PrepareStatementSnapshot() {
  transaction_->NextLevel();
  if (transaction_->isolation() == engine::Isolation::kReadCommitted || !snapshot_taken_) {
    transaction_->SetSnapshot(services_.commit_clock->ReadTimestamp());
    snapshot_taken_ = true;
  }
  co_return;
}

void Session::FinishTransaction(bool committed) {
  transaction_.reset();
  services_.locks->Release(lock_owner_);
  savepoints_.clear();
  block_ = Block::kNone;
  settings_.EndTransaction(committed);
  FinishNotifications(committed);
  RefreshContexts();
  // Portals live as long as their transaction; held cursors were read to their end at the commit.
  std::erase_if(portals_, [&](const auto& entry) { return !(entry.second->hold && committed) && !(entry.second->hold && entry.second->done); });
}

Task<Status> Session::CommitBlock() {
  Status status;
  // A held cursor outlives its snapshot: its rows are taken now.
  for (auto& [name, portal] : portals_) {
    if (!portal->hold || portal->done || !portal->rows) continue;
    auto rows = std::make_shared<HeldRows>(portal->memory);
    while (status.ok()) {
      StatusOr<ColumnBatch> batch = co_await portal->rows->Next();
      if (!batch.ok()) {
        status = batch.status();
      } else if (batch->empty()) {
        break;
      } else {
        status = rows->Add(std::move(*batch));
      }
    }
    portal->rows = std::move(rows);
  }
  if (!status.ok()) {
    co_await RollbackBlock();
    co_return status;
  }
  for (auto& [name, portal] : portals_) {
    if (!portal->hold) portal->rows.reset();
  }
  status = co_await AwaitSequences();
  if (status.ok()) status = co_await ApplyOnCommit();
  if (!status.ok()) {
    co_await RollbackBlock();
    co_return status;
  }
  if (transaction_) status = co_await services_.transactions->Commit(transaction_);
  FinishTransaction(status.ok());
  co_return status;
}

Task<void> Session::RollbackBlock() {
  for (auto& [name, portal] : portals_) {
    if (!portal->hold) portal->rows.reset();
  }
  if (transaction_) co_await services_.transactions->Abort(transaction_);
  FinishTransaction(false);
}

Task<Status> Session::EndImplicit(bool commit) {
  if (commit) co_return co_await CommitBlock();
  co_await RollbackBlock();
  co_return OkStatus();
}

void Session::FailBlock() {
  if (block_ != Block::kExplicit) return;
  block_ = Block::kFailed;
  // What it did since the last savepoint can only be undone now: nobody need wait for the client to say so.
  services_.locks->ReleaseFrom(lock_owner_, savepoints_.empty() ? 0 : savepoints_.back().level);
}

void Session::ApplyModes(const sql::parse::TransactionModes& modes) {
  if (modes.isolation.has_value()) isolation_ = *modes.isolation;
  if (modes.read_only.has_value()) read_only_ = *modes.read_only;
  if (modes.deferrable.has_value()) deferrable_ = *modes.deferrable;
}

Status Session::SetTransactionModes(const sql::parse::SetTransactionStatement& statement) {
  if (!statement.snapshot.empty()) return Error(sqlstate::kFeatureNotSupported, "SET TRANSACTION SNAPSHOT is not supported");
  if (statement.session_characteristics) {
    if (statement.modes.isolation.has_value()) {
      static const std::map<IsolationLevel, std::string> kNames = {{IsolationLevel::kReadUncommitted, "read uncommitted"},
                                                                   {IsolationLevel::kReadCommitted, "read committed"},
                                                                   {IsolationLevel::kRepeatableRead, "repeatable read"},
                                                                   {IsolationLevel::kSerializable, "serializable"}};
      RETURN_IF_ERROR(settings_.Set("default_transaction_isolation", kNames.at(*statement.modes.isolation), false));
    }
    if (statement.modes.read_only.has_value()) {
      RETURN_IF_ERROR(settings_.Set("default_transaction_read_only", *statement.modes.read_only ? "on" : "off", false));
    }
    if (statement.modes.deferrable.has_value()) {
      RETURN_IF_ERROR(settings_.Set("default_transaction_deferrable", *statement.modes.deferrable ? "on" : "off", false));
    }
    return OkStatus();
  }
  if (block_ == Block::kImplicit && !several_statements_) {
    Notice("WARNING", sqlstate::kNoActiveSqlTransaction, "SET TRANSACTION can only be used in transaction blocks");
    return OkStatus();
  }
  if (statement.modes.isolation.has_value() && snapshot_taken_ && *statement.modes.isolation != isolation_) {
    return Error(sqlstate::kActiveSqlTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query");
  }
  if (statement.modes.read_only == false && read_only_ && !savepoints_.empty()) {
    return Error(sqlstate::kActiveSqlTransaction, "cannot set transaction read-write mode inside a read-only transaction");
  }
  if (statement.modes.read_only == false && read_only_ && snapshot_taken_) {
    return Error(sqlstate::kActiveSqlTransaction, "transaction read-write mode must be set before any query");
  }
  ApplyModes(statement.modes);
  // Nothing was read yet: a transaction begun for BEGIN's sake takes the new level.
  if (!snapshot_taken_ && transaction_ && transaction_->participants().empty() && transaction_->isolation() != NewIsolation()) {
    auto fresh = std::make_shared<Transaction>(transaction_->id(), NewIsolation());
    fresh->SetSnapshot(transaction_->snapshot());
    transaction_ = std::move(fresh);
  }
  return OkStatus();
}

Status Session::RequireNoBlock(std::string_view what) const {
  if (block_ == Block::kExplicit || block_ == Block::kFailed) {
    return Error(sqlstate::kActiveSqlTransaction, StrCat(what, " cannot run inside a transaction block"));
  }
  return OkStatus();
}

Status Session::CheckChain(const sql::parse::TransactionStatement& statement) const {
  if (!statement.chain || block_ == Block::kExplicit || block_ == Block::kFailed) return OkStatus();
  return Error(sqlstate::kNoActiveSqlTransaction,
               StrCat(statement.transaction == TransactionKind::kCommit ? "COMMIT" : "ROLLBACK", " AND CHAIN can only be used in transaction blocks"));
}

Task<Status> Session::RollbackToLevel(uint32_t level) {
  Status result;
  for (NodeId node : transaction_->participants()) {
    CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, services_.cluster->ParticipantOf(node));
    const Status status = co_await participant->RollbackTo(transaction_->id(), level);
    if (result.ok()) result = status;
  }
  co_return result;
}

Task<StatusOr<StatementResult>> Session::RunTransaction(const sql::parse::TransactionStatement& statement) {
  StatementResult result;
  if (adopted_) co_return Error(sqlstate::kFeatureNotSupported, "transaction commands are not allowed in distributed_exec()");
  CO_RETURN_IF_ERROR(CheckChain(statement));
  // The block may end below: what the next one takes over.
  const IsolationLevel isolation = isolation_;
  const bool read_only = read_only_;
  const bool deferrable = deferrable_;
  switch (statement.transaction) {
    case TransactionKind::kBegin:
    case TransactionKind::kStart:
      if (block_ == Block::kExplicit) {
        Notice("WARNING", sqlstate::kActiveSqlTransaction, "there is already a transaction in progress");
      } else {
        block_ = Block::kExplicit;
      }
      ApplyModes(statement.modes);
      result.tag = statement.transaction == TransactionKind::kBegin ? "BEGIN" : "START TRANSACTION";
      co_return result;
    case TransactionKind::kCommit: {
      result.tag = "COMMIT";
      if (block_ == Block::kFailed) {
        co_await RollbackBlock();
        result.tag = "ROLLBACK";
      } else {
        if (block_ == Block::kImplicit) Notice("WARNING", sqlstate::kNoActiveSqlTransaction, "there is no transaction in progress");
        CO_RETURN_IF_ERROR(co_await CommitBlock());
      }
      break;
    }
    case TransactionKind::kRollback:
      if (block_ == Block::kImplicit) Notice("WARNING", sqlstate::kNoActiveSqlTransaction, "there is no transaction in progress");
      co_await RollbackBlock();
      result.tag = "ROLLBACK";
      break;
    case TransactionKind::kSavepoint:
      if (block_ != Block::kExplicit) co_return Error(sqlstate::kNoActiveSqlTransaction, "SAVEPOINT can only be used in transaction blocks");
      CO_RETURN_IF_ERROR(co_await EnsureTransaction());
      savepoints_.push_back(Savepoint{statement.name, transaction_->NextLevel(), settings_.Save(), read_only_});
      result.tag = "SAVEPOINT";
      co_return result;
    case TransactionKind::kRelease:
    case TransactionKind::kRollbackTo: {
      const bool release = statement.transaction == TransactionKind::kRelease;
      result.tag = release ? "RELEASE" : "ROLLBACK";
      if (block_ == Block::kImplicit) {
        co_return Error(sqlstate::kNoActiveSqlTransaction,
                        StrCat(release ? "RELEASE SAVEPOINT" : "ROLLBACK TO SAVEPOINT", " can only be used in transaction blocks"));
      }
      auto found = std::find_if(savepoints_.rbegin(), savepoints_.rend(), [&](const Savepoint& s) { return s.name == statement.name; });
      if (found == savepoints_.rend()) {
        co_return Error(sqlstate::kInvalidSavepoint, StrCat("savepoint \"", statement.name, "\" does not exist"));
      }
      if (release) {
        savepoints_.erase(std::prev(found.base()), savepoints_.end());
        KeepNotifications(savepoints_.size());
        KeepPortals(savepoints_.size());
        co_return result;
      }
      const uint32_t level = found->level;
      savepoints_.erase(found.base(), savepoints_.end());
      ForgetNotifications(savepoints_.size());
      ForgetPortals(savepoints_.size());
      settings_.Restore(savepoints_.back().settings);
      read_only_ = savepoints_.back().read_only;
      RefreshContexts();
      CO_RETURN_IF_ERROR(co_await RollbackToLevel(level));
      transaction_->UndoChanges(level);
      services_.locks->ReleaseFrom(lock_owner_, level);
      block_ = Block::kExplicit;
      co_return result;
    }
    case TransactionKind::kPrepare:
    case TransactionKind::kCommitPrepared:
    case TransactionKind::kRollbackPrepared:
      co_return Error(sqlstate::kFeatureNotSupported, "prepared transactions of clients are not supported");
  }
  if (statement.chain) {
    CO_RETURN_IF_ERROR(co_await BeginImplicit());
    isolation_ = isolation;
    read_only_ = read_only;
    deferrable_ = deferrable;
    block_ = Block::kExplicit;
  }
  co_return result;
}

}  // namespace tsd::coord
