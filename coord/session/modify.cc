// INSERT, UPDATE, DELETE, TRUNCATE: the plan's rows go through the one write path.
#include "coord/session/session.h"
#include "coord/write/table_writer.h"
#include "engine/base/strings.h"
#include "sql/exec/projector.h"
#include "sql/exec/values_operator.h"

namespace tsd::coord {

using sql::BoundKind;
using sql::parse::Statement;

namespace {

// A READ COMMITTED statement that lost a race for a row is run again on a newer snapshot, so often, before the client hears 40001.
constexpr int kMaxStatementRetries = 100;

/// An UPDATE's rows have the ids of the old ones in front, and may have what else RETURNING asks for behind.
ColumnBatch NewRows(const ColumnBatch& updated, size_t columns) {
  const auto first = updated.columns().begin() + 2;
  return ColumnBatch(std::vector<VectorPtr>(first, first + static_cast<ptrdiff_t>(columns)), updated.rows());
}

/// The rows of INSERT .. VALUES by themselves: one row needs no operators, no rewritten plan.
class ValuesRows final : public RowSource {
 public:
  ValuesRows(sql::PlanPtr plan, std::shared_ptr<sql::ValuesProgram> program, const sql::ExecContext& exec, const std::vector<Value>& parameters)
      : plan_(std::move(plan)), rows_(sql::PlanAs<sql::ValuesNode>(*plan_), exec, std::move(program), parameters) {}
  Task<StatusOr<ColumnBatch>> Next() override {
    ColumnBatch batch;
    CO_RETURN_IF_ERROR(rows_.Next(&batch).status());
    co_return batch;
  }

 private:
  const sql::PlanPtr plan_;
  sql::ValuesOperator rows_;
};

}  // namespace

Status Session::CheckWritable(const sql::Relation& relation, std::string_view command) const {
  if (TransactionReadOnly() && !relation.IsTemporary()) {
    return Error(sqlstate::kReadOnlySqlTransaction, StrCat("cannot execute ", command, " in a read-only transaction"));
  }
  if (relation.kind == sql::RelationKind::kVirtual || SystemViews::IsSystemSchema(relation.schema)) {
    return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied: \"", relation.name, "\" is a system catalog"));
  }
  if (relation.kind == sql::RelationKind::kView) {
    return Error(sqlstate::kObjectNotInPrerequisiteState, StrCat("cannot ", command == "INSERT" ? "insert into" : command == "UPDATE" ? "update" : "delete from",
                                                                 " view \"", relation.name, "\""));
  }
  if (relation.owner != identity_.user && !IsSuperuser()) {
    return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied for table ", relation.name));
  }
  return OkStatus();
}

Task<StatusOr<StatementResult>> Session::RunModify(const Statement* statement, const std::vector<Value>* parameters) {
  CO_ASSIGN_OR_RETURN(const std::shared_ptr<const sql::BoundStatement> bound, co_await BindLocked(statement, parameters));
  if (bound->kind == BoundKind::kSelect) co_return Error(sqlstate::kFeatureNotSupported, "this form of the statement is not supported");
  const std::string_view command = bound->kind == BoundKind::kInsert ? "INSERT" : bound->kind == BoundKind::kUpdate ? "UPDATE" : "DELETE";
  CO_RETURN_IF_ERROR(CheckWritable(*bound->relation, command));
  co_return co_await ModifyBound(*bound, parameters, nullptr);
}

Task<StatusOr<StatementResult>> Session::ModifyBound(const sql::BoundStatement& bound, const std::vector<Value>* parameters,
                                                     std::shared_ptr<QueryRun>* analyzed) {
  CO_RETURN_IF_ERROR(co_await EnsureTransaction());
  for (int attempt = 0;; ++attempt) {
    co_await PrepareStatementSnapshot();
    const uint32_t level = transaction_->level();
    StatusOr<StatementResult> result = co_await ModifyOnce(bound, parameters, analyzed);
    const bool retry = !result.ok() && HasSqlState(result.status(), sqlstate::kSerializationFailure) &&
                       transaction_->isolation() == engine::Isolation::kReadCommitted && attempt < kMaxStatementRetries &&
                       !cancel_->cancelled.load();
    if (!retry) co_return result;
    CO_RETURN_IF_ERROR(co_await RollbackToLevel(level));
    co_await SleepFor{absl::Milliseconds(random_->Between(0, 2 * std::min(attempt, 20)))};
  }
}

StatusOr<std::shared_ptr<RowSource>> Session::RowsOfValues(const sql::BoundStatement& bound, const QueryOptions& options,
                                                           const std::vector<Value>* parameters) {
  static const std::vector<Value> kNone;
  Binding* const binding = running_ != nullptr && running_->binding.bound.get() == &bound ? &running_->binding : nullptr;
  std::shared_ptr<sql::ValuesProgram> program = binding != nullptr ? binding->values : nullptr;
  if (program == nullptr) {
    ASSIGN_OR_RETURN(program, sql::ValuesProgram::Compile(sql::PlanAs<sql::ValuesNode>(*bound.plan)));
    if (binding != nullptr) binding->values = program;
  }
  return std::make_shared<ValuesRows>(bound.plan, std::move(program), options.exec, parameters == nullptr ? kNone : *parameters);
}

Task<StatusOr<StatementResult>> Session::ModifyOnce(const sql::BoundStatement& bound, const std::vector<Value>* parameters,
                                                    std::shared_ptr<QueryRun>* analyzed) {
  if (bound.conflict) co_return co_await InsertUnlessConflicting(bound, parameters, analyzed);
  const QueryOptions options = MakeQueryOptions(analyzed != nullptr);
  std::shared_ptr<RowSource> source;
  std::shared_ptr<HeldRows> returned;
  if (bound.plan->kind == sql::PlanKind::kValues && analyzed == nullptr) {
    CO_ASSIGN_OR_RETURN(source, RowsOfValues(bound, options, parameters));
    if (!bound.returning.empty()) returned = std::make_shared<HeldRows>(services_.memory->OfQuery(options.memory_bytes));
  } else {
    CO_ASSIGN_OR_RETURN(sql::PlanPtr plan, OptimizePlan(bound, parameters));
    auto run = std::make_shared<QueryRun>(services_, transaction_, options);
    if (analyzed != nullptr) *analyzed = run;
    CO_RETURN_IF_ERROR(run->Start(std::move(plan)));
    if (!bound.returning.empty()) returned = std::make_shared<HeldRows>(run->memory());
    source = std::move(run);
  }
  std::unique_ptr<sql::Projector> returning;
  if (!bound.returning.empty()) {
    CO_ASSIGN_OR_RETURN(returning, sql::Projector::Make(bound.returning));
  }

  std::shared_ptr<RowChecks> checks;
  if (!bound.relation->checks.empty()) {
    sql::BindContext check_context = MakeBindContext();
    CO_ASSIGN_OR_RETURN(checks, RowChecks::Make(*bound.relation, check_context));
  }
  TableWriter writer(services_.ForWrites(*bound.relation), transaction_, bound.relation, std::move(checks));
  uint64_t affected = 0;
  Status status;
  while (true) {
    StatusOr<ColumnBatch> next = co_await source->Next();
    if (!next.ok()) {
      status = next.status();
      break;
    }
    if (next->empty()) break;
    const ColumnBatch batch = std::move(*next);
    if (bound.kind != BoundKind::kInsert) {
      const size_t ids[] = {0, 1};
      StatusOr<uint64_t> deleted = co_await DeleteRows(bound.relation, batch.Project(ids), transaction_->snapshot());
      status = deleted.status();
      if (status.ok()) affected += *deleted;
    } else {
      affected += batch.rows();
    }
    if (status.ok() && bound.kind != BoundKind::kDelete) {
      ColumnBatch rows = batch;
      if (bound.kind == BoundKind::kUpdate) rows = NewRows(batch, bound.relation->columns.size());
      status = co_await writer.Write(std::move(rows));
    }
    if (status.ok() && returning) {
      StatusOr<ColumnBatch> rows = returning->Run(batch, options.exec);
      status = rows.status();
      if (status.ok()) status = returned->Add(std::move(*rows));
    }
    if (!status.ok()) break;
  }
  // Also after an error: every write under way has ended before the statement is undone.
  const Status finished = co_await writer.Finish(LastWriteOfStatement());
  if (status.ok()) status = finished;
  CO_RETURN_IF_ERROR(status);

  StatementResult result;
  const std::string count = std::to_string(affected);
  result.tag = bound.kind == BoundKind::kInsert ? "INSERT 0 " + count : bound.kind == BoundKind::kUpdate ? "UPDATE " + count : "DELETE " + count;
  if (returning) {
    result.columns = DescriptionOf(bound.columns);
    result.rows = std::move(returned);
  }
  co_return result;
}

// `ids`: chunk id, row id. Each chunk's rows are marked on every node that holds the chunk.
Task<StatusOr<uint64_t>> Session::DeleteRows(sql::RelationPtr relation, ColumnBatch ids, Timestamp seen_at) {
  std::map<ChunkId, std::vector<uint64_t>> by_chunk;
  for (size_t row = 0; row < ids.rows(); ++row) {
    by_chunk[ChunkId(static_cast<uint64_t>(ids.column(0).Get<int64_t>(row)))].push_back(static_cast<uint64_t>(ids.column(1).Get<int64_t>(row)));
  }
  const sql::CatalogPtr current = catalog();
  sql::RelationPtr now = current->Find(relation->id);
  uint64_t deleted = 0;
  for (auto& [chunk, rows] : by_chunk) {
    std::vector<NodeId> nodes(1);
    if (now && now->hypertable) {
      if (const sql::ChunkPtr entry = now->hypertable->chunks->Find(chunk)) nodes = entry->nodes;
    }
    uint64_t count = 0;
    for (NodeId node : nodes) {
      CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, services_.cluster->ParticipantOf(node));
      transaction_->Join(node);
      engine::DeleteRequest request;
      request.txn = transaction_->id();
      request.level = transaction_->level();
      request.chunk = chunk;
      request.row_ids = rows;
      request.read_timestamp = seen_at;
      CO_ASSIGN_OR_RETURN(count, co_await participant->Delete(std::move(request)));
      transaction_->NoteOperation(node);
    }
    deleted += count;
  }
  co_return deleted;
}

Task<StatusOr<StatementResult>> Session::RunTruncate(const sql::parse::TruncateStatement& statement) {
  for (const auto& table : statement.tables) {
    sql::BindContext context = MakeBindContext();
    const StatusOr<sql::RelationPtr> relation = sql::ResolveRelation(table.name, context);
    if (!relation.ok()) co_return WithPosition(relation.status(), 0);  // as PostgreSQL, which does not say where
    CO_RETURN_IF_ERROR(CheckWritable(**relation, "TRUNCATE TABLE"));
    CO_RETURN_IF_ERROR((co_await LockNamed(table.name, LockMode::kAccessExclusive, LockWait::kWait)).status());
  }
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  for (const auto& table : statement.tables) {
    sql::BindContext context = MakeBindContext();
    CO_ASSIGN_OR_RETURN(sql::RelationPtr relation, sql::ResolveRelation(table.name, context));
    // A truncated table gets new, empty storage; the old one goes once the transaction has committed.
    CatalogChange change;
    change.DropStorage(*relation);
    if (relation->hypertable) {
      std::vector<ChunkId> chunks;
      for (const sql::ChunkPtr& chunk : *relation->hypertable->chunks) chunks.push_back(chunk->id);
      change.RemoveChunks(relation->id, chunks);
    } else {
      sql::Relation fresh = *relation;
      fresh.heap = services_.log->AllocateChunk();
      change.PutRelation(fresh);
    }
    if (statement.restart_identity) {
      for (const auto& [key, owned] : context.catalog->relations) {
        if (!owned->sequence || owned->sequence->owner_table != relation->id) continue;
        sql::Relation sequence = *owned;
        CO_RETURN_IF_ERROR(RestartSequence(&sequence, sequence.sequence->start));
        change.PutRelation(sequence);
      }
    }
    ApplyDdl(change);
  }
  StatementResult result;
  result.tag = "TRUNCATE TABLE";
  co_return result;
}

}  // namespace tsd::coord
