// Table locks of a session: taken by its statements, held to the end of its transaction (or to ROLLBACK TO SAVEPOINT), as PostgreSQL's are.
#include <algorithm>
#include <atomic>

#include "coord/session/session.h"
#include "engine/base/strings.h"

namespace tsd::coord {

using sql::parse::Statement;

namespace {

std::string CannotLock(const std::string& name) {
  return name.empty() ? "could not obtain the lock on the catalog" : StrCat("could not obtain lock on relation \"", name, "\"");
}

bool HaveTypes(const std::vector<Value>* parameters, const std::vector<DataType>& types) {
  if (parameters == nullptr) return types.empty();
  return std::ranges::equal(*parameters, types, {}, [](const Value& value) { return value.type(); });
}

}  // namespace

LockManager::Request Session::LockRequest(TableId target, LockMode mode) const {
  return {lock_owner_, target, mode, transaction_ ? transaction_->level() : 0, identity_.process_id};
}

Task<Status> Session::AcquireLock(TableId target, LockMode mode, std::string name, LockWait policy) {
  const LockManager::Request request = LockRequest(target, mode);
  if (services_.locks->TryAcquire(request)) co_return OkStatus();
  if (policy == LockWait::kNoWait) co_return Error(sqlstate::kLockNotAvailable, CannotLock(name));
  auto wake = std::make_shared<Event>();
  CO_ASSIGN_OR_RETURN(const std::shared_ptr<LockManager::Wait> wait, services_.locks->Acquire(request, wake));
  if (!wait) co_return OkStatus();
  auto timed_out = std::make_shared<std::atomic<bool>>(false);
  TimerId timer = 0;
  if (const int64_t timeout_ms = SettingMillis(settings_.GetOr("lock_timeout", "0")); timeout_ms > 0) {
    timer = services_.executor->PostAfter(absl::Milliseconds(timeout_ms), [wake, timed_out] {
      timed_out->store(true);
      wake->Set();
    });
  }
  cancel_->Add(wake);
  Status status;
  while (!services_.locks->IsGranted(*wait)) {
    if (cancel_->cancelled.load()) {
      status = CancelledStatus();
    } else if (timed_out->load()) {
      status = Error(sqlstate::kLockNotAvailable, "canceling statement due to lock timeout");
    }
    if (!status.ok()) {
      if (services_.locks->Withdraw(wait)) break;
      status = OkStatus();  // granted in the last moment
      continue;
    }
    co_await wake->Wait();
  }
  cancel_->Remove(wake);
  if (timer != 0) services_.executor->Cancel(timer);
  co_return status;
}

Task<StatusOr<bool>> Session::LockRelation(sql::RelationPtr relation, LockMode mode) {
  if (relation->kind != sql::RelationKind::kTable) co_return true;
  CO_RETURN_IF_ERROR(co_await AcquireLock(relation->id, mode, relation->name, LockWait::kWait));
  co_return catalog()->Find(relation->id) == relation;
}

Task<StatusOr<sql::RelationPtr>> Session::LockNamed(sql::parse::ObjectName name, LockMode mode, LockWait policy) {
  while (true) {
    sql::BindContext context = MakeBindContext();
    CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, sql::ResolveRelation(name, context));
    if (relation->kind == sql::RelationKind::kVirtual) co_return relation;
    CO_RETURN_IF_ERROR(co_await AcquireLock(relation->id, mode, relation->name, policy));
    // Another relation may have got the name while we waited.
    context = MakeBindContext();
    CO_ASSIGN_OR_RETURN(const sql::RelationPtr now, sql::ResolveRelation(name, context));
    if (now->id == relation->id) co_return now;
  }
}

// Binds (unless the statement was prepared and that still holds), locks what was bound, and binds again if it changed meanwhile.
Task<StatusOr<std::shared_ptr<const sql::BoundStatement>>> Session::BindLocked(const Statement* statement, const std::vector<Value>* parameters) {
  while (true) {
    if (running_ != nullptr && running_->statement() == statement && IsCurrent(running_->binding) &&
        HaveTypes(parameters, running_->binding.bound->parameter_types)) {
      const std::shared_ptr<const sql::BoundStatement> known = running_->binding.bound;
      CO_ASSIGN_OR_RETURN(const bool as_bound, co_await LockBound(known.get()));
      if (as_bound) co_return known;
      continue;
    }
    sql::BindContext context = MakeBindContext(parameters);
    StatusOr<sql::BoundStatement> bound = sql::BindStatement(*statement, context);
    if (bound.ok()) {
      const auto fresh = std::make_shared<const sql::BoundStatement>(*std::move(bound));
      CO_ASSIGN_OR_RETURN(const bool as_bound, co_await LockBound(fresh.get()));
      if (as_bound) co_return fresh;
      continue;
    }
    // What does not fit may be about to: a table that somebody is changing is waited for before the error is believed.
    bool waited = false;
    for (const sql::RelationPtr& relation : context.resolved) {
      if (relation->kind != sql::RelationKind::kTable) continue;
      if (services_.locks->TryAcquire(LockRequest(relation->id, LockMode::kAccessShare))) continue;
      waited = true;
      CO_RETURN_IF_ERROR(co_await AcquireLock(relation->id, LockMode::kAccessShare, relation->name, LockWait::kWait));
    }
    if (!waited) co_return bound.status();
  }
}

Task<StatusOr<bool>> Session::LockBound(const sql::BoundStatement* bound) {
  bool as_bound = true;
  if (bound->relation) {
    CO_ASSIGN_OR_RETURN(as_bound, co_await LockRelation(bound->relation, LockMode::kRowExclusive));
  }
  for (const sql::RelationPtr& relation : bound->reads) {
    if (relation->kind != sql::RelationKind::kTable || (bound->relation && relation->id == bound->relation->id)) continue;
    CO_ASSIGN_OR_RETURN(const bool same, co_await LockRelation(relation, LockMode::kAccessShare));
    as_bound = as_bound && same;
  }
  co_return as_bound;
}

Task<StatusOr<StatementResult>> Session::RunLock(const sql::parse::LockStatement& statement) {
  if (block_ != Block::kExplicit) co_return Error(sqlstate::kNoActiveSqlTransaction, "LOCK TABLE can only be used in transaction blocks");
  LockMode mode;
  if (!LockModeFromWords(statement.mode, &mode)) co_return Error(sqlstate::kSyntaxError, StrCat("unknown lock mode ", statement.mode));
  for (const auto& table : statement.tables) {
    sql::BindContext context = MakeBindContext();
    CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, sql::ResolveRelation(table.name, context));
    if (relation->kind == sql::RelationKind::kVirtual || relation->kind == sql::RelationKind::kSequence) {
      co_return WithDetail(Error(sqlstate::kWrongObjectType, StrCat("cannot lock relation \"", relation->name, "\"")), "This operation is not supported for it.");
    }
    if (mode != LockMode::kAccessShare && relation->owner != identity_.user && !IsSuperuser()) {
      co_return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied for table ", relation->name));
    }
    if (TransactionReadOnly() && mode > LockMode::kRowShare) {
      co_return Error(sqlstate::kReadOnlySqlTransaction, "cannot execute LOCK TABLE in a read-only transaction");
    }
    CO_RETURN_IF_ERROR((co_await LockNamed(table.name, mode, statement.nowait ? LockWait::kNoWait : LockWait::kWait)).status());
  }
  StatementResult result;
  result.tag = "LOCK TABLE";
  co_return result;
}

}  // namespace tsd::coord
