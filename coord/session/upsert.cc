// INSERT .. ON CONFLICT: rows whose keys are taken come back from their nodes with the rows that are there; DO UPDATE replaces those as
// UPDATE does. A row that changes in between is a lost race, and the statement is run again (modify.cc).
#include <algorithm>
#include <set>

#include "coord/session/session.h"
#include "coord/write/table_writer.h"
#include "engine/base/strings.h"
#include "sql/exec/projector.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::coord {
namespace {

sql::ExprPtr WithParameters(const sql::ExprPtr& expr, const std::vector<Value>* parameters) {
  if (parameters == nullptr) return expr;
  return sql::RewriteExpr(expr, [&](const sql::ExprPtr& part) -> sql::ExprPtr {
    if (part->kind != sql::ExprKind::kParameter) return nullptr;
    const size_t number = static_cast<size_t>(part->column);
    return number >= 1 && number <= parameters->size() ? sql::MakeConstant((*parameters)[number - 1]) : nullptr;
  });
}

Status SecondTime() {
  return WithHint(Error(sqlstate::kCardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time"),
                  "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.");
}

Status LostRace() { return Error(sqlstate::kSerializationFailure, "could not serialize access due to concurrent update"); }

ColumnBatch SideBySide(const ColumnBatch& left, const ColumnBatch& right) {
  std::vector<VectorPtr> columns = left.columns();
  columns.insert(columns.end(), right.columns().begin(), right.columns().end());
  return ColumnBatch(std::move(columns), left.rows());
}

/// What became of one batch of rows: those that are in the table now, in the order they were written in.
struct Settled {
  std::vector<uint32_t> positions;
  std::vector<ColumnBatch> rows;
  size_t count = 0;

  void Add(const std::vector<uint32_t>& at, ColumnBatch batch) {
    positions.insert(positions.end(), at.begin(), at.end());
    count += batch.rows();
    rows.push_back(std::move(batch));
  }
  ColumnBatch InOrder() const {
    std::vector<DataType> types;
    for (const VectorPtr& column : rows.front().columns()) types.push_back(column->type());
    BatchBuilder all(std::move(types));
    for (const ColumnBatch& batch : rows) all.Append(batch);
    std::vector<uint32_t> order(positions.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [this](uint32_t row) { return positions[row]; });
    return all.Finish().Gather(order);
  }
};

}  // namespace

/// One INSERT .. ON CONFLICT under way.
class Upsert {
 public:
  Upsert(Session& session, const sql::BoundStatement& bound, std::shared_ptr<Transaction> transaction, TableWriter& writer,
         const sql::ExecContext& exec)
      : session_(session), bound_(bound), conflict_(*bound.conflict), transaction_(std::move(transaction)), writer_(writer), exec_(exec) {}

  Status Prepare(const std::vector<Value>* parameters) {
    std::vector<sql::ExprPtr> values;
    for (const sql::ExprPtr& value : conflict_.values) values.push_back(WithParameters(value, parameters));
    ASSIGN_OR_RETURN(values_, sql::Projector::Make(values));
    if (conflict_.where == nullptr) return OkStatus();
    ASSIGN_OR_RETURN(where_, sql::Projector::Make({WithParameters(conflict_.where, parameters)}));
    return OkStatus();
  }

  Task<StatusOr<Settled>> Write(ColumnBatch rows) {
    CO_ASSIGN_OR_RETURN(const TableWriter::Conflicts conflicts, co_await writer_.WriteUnlessConflicting(rows, conflict_.arbiters));
    CO_RETURN_IF_ERROR(CheckVisible(conflicts));
    std::vector<uint32_t> written;
    auto next = conflicts.rows.begin();
    for (uint32_t row = 0; row < rows.rows(); ++row) {
      if (next != conflicts.rows.end() && next->row.position == row) ++next;
      else written.push_back(row);
    }
    Settled settled;
    settled.Add(written, conflicts.rows.empty() ? rows : rows.Gather(written));
    if (conflict_.updates && !conflicts.rows.empty()) CO_RETURN_IF_ERROR(co_await Update(std::move(rows), conflicts, &settled));
    co_return settled;
  }

 private:
  /// A transaction that sees one snapshot must not act on what it does not see.
  Status CheckVisible(const TableWriter::Conflicts& conflicts) const {
    if (transaction_->isolation() == engine::Isolation::kReadCommitted) return OkStatus();
    const bool unseen = std::ranges::any_of(conflicts.rows, [&](const TableWriter::Conflict& conflict) {
      return !conflict.row.same_statement && conflict.row.commit > transaction_->snapshot();
    });
    return unseen ? LostRace() : OkStatus();
  }

  Task<Status> Update(ColumnBatch rows, const TableWriter::Conflicts& conflicts, Settled* settled) {
    std::vector<uint32_t> positions, existing;
    for (const TableWriter::Conflict& conflict : conflicts.rows) {
      if (conflict.row.same_statement) co_return SecondTime();
      positions.push_back(conflict.row.position);
      existing.push_back(static_cast<uint32_t>(conflict.existing));
    }
    ColumnBatch both = SideBySide(conflicts.existing.Gather(existing), rows.Gather(positions));
    std::vector<uint32_t> wanted;
    VectorPtr condition;
    if (where_) {
      CO_ASSIGN_OR_RETURN(const ColumnBatch met, where_->Run(both, exec_));
      condition = met.column_ptr(0);
    }
    auto chunk_ids = std::make_shared<Vector>(DataType(TypeId::kInt64));
    auto row_ids = std::make_shared<Vector>(DataType(TypeId::kInt64));
    for (uint32_t i = 0; i < positions.size(); ++i) {
      if (condition && (condition->IsNull(i) || condition->Get<uint8_t>(i) == 0)) continue;
      const TableWriter::Conflict& conflict = conflicts.rows[i];
      if (!updated_.emplace(conflict.chunk, conflict.row.row_id).second) co_return SecondTime();
      chunk_ids->Append(static_cast<int64_t>(conflict.chunk.value()));
      row_ids->Append(static_cast<int64_t>(conflict.row.row_id));
      wanted.push_back(i);
    }
    if (wanted.empty()) co_return OkStatus();
    CO_ASSIGN_OR_RETURN(ColumnBatch updated, values_->Run(both.Gather(wanted), exec_));
    // Also a row deleted before the snapshot is a lost race: it was there when it was looked for.
    std::vector<VectorPtr> ids{chunk_ids, row_ids};
    ColumnBatch replaced(std::move(ids), wanted.size());
    CO_ASSIGN_OR_RETURN(const uint64_t deleted, co_await session_.DeleteRows(bound_.relation, std::move(replaced), Timestamp()));
    if (deleted != wanted.size()) co_return LostRace();
    CO_RETURN_IF_ERROR(co_await writer_.Write(updated));
    // The next batch must find these rows.
    CO_RETURN_IF_ERROR(co_await writer_.Finish(TableWriter::LastWrite::kSend));
    std::vector<uint32_t> at;
    for (const uint32_t i : wanted) at.push_back(positions[i]);
    settled->Add(at, std::move(updated));
    co_return OkStatus();
  }

  Session& session_;
  const sql::BoundStatement& bound_;
  const sql::BoundConflict& conflict_;
  const std::shared_ptr<Transaction> transaction_;
  TableWriter& writer_;
  const sql::ExecContext& exec_;
  std::unique_ptr<sql::Projector> values_, where_;
  std::set<std::pair<ChunkId, uint64_t>> updated_;
};

Task<StatusOr<StatementResult>> Session::InsertUnlessConflicting(const sql::BoundStatement& bound, const std::vector<Value>* parameters,
                                                                 std::shared_ptr<QueryRun>* analyzed) {
  CO_ASSIGN_OR_RETURN(sql::PlanPtr plan, OptimizePlan(bound, parameters));
  auto run = std::make_shared<QueryRun>(services_, transaction_, MakeQueryOptions(analyzed != nullptr));
  if (analyzed != nullptr) *analyzed = run;
  CO_RETURN_IF_ERROR(run->Start(std::move(plan)));
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
  Upsert upsert(*this, bound, transaction_, writer, run->exec());
  CO_RETURN_IF_ERROR(upsert.Prepare(parameters));
  uint64_t affected = 0;
  auto returned = std::make_shared<HeldRows>(run->memory());
  Status status;
  while (status.ok()) {
    StatusOr<ColumnBatch> batch = co_await run->Next();
    status = batch.status();
    if (!status.ok() || batch->empty()) break;
    const StatusOr<Settled> settled = co_await upsert.Write(std::move(*batch));
    status = settled.status();
    if (!status.ok()) break;
    affected += settled->count;
    if (!returning || settled->count == 0) continue;
    StatusOr<ColumnBatch> rows = returning->Run(settled->InOrder(), run->exec());
    status = rows.status();
    if (status.ok()) status = returned->Add(std::move(*rows));
  }
  const Status finished = co_await writer.Finish(TableWriter::LastWrite::kSend);
  if (status.ok()) status = finished;
  CO_RETURN_IF_ERROR(status);
  StatementResult result;
  result.tag = StrCat("INSERT 0 ", affected);
  if (returning) {
    result.columns = DescriptionOf(bound.columns);
    result.rows = std::move(returned);
  }
  co_return result;
}

}  // namespace tsd::coord
