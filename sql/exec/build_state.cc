#include "sql/exec/build_state.h"

#include <algorithm>

#include "sql/exec/turn.h"

namespace tsd::sql {

std::vector<std::pair<int, int>> PositionsOf(const std::vector<PlanColumn>& columns) {
  std::vector<std::pair<int, int>> positions;
  positions.reserve(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) positions.emplace_back(columns[i].id, static_cast<int>(i));
  return positions;
}

StatusOr<size_t> PositionOf(const std::vector<PlanColumn>& columns, int id) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].id == id) return i;
  }
  return Error(sqlstate::kInternalError, StrCat("column ", id, " is not in the input of a plan node"));
}

StatusOr<std::unique_ptr<CompiledExpr>> CompileOver(const ExprPtr& expr, const std::vector<PlanColumn>& columns) {
  for (int id : ColumnsOf(*expr)) RETURN_IF_ERROR(PositionOf(columns, id).status());
  return CompiledExpr::Compile(*ResolveColumns(expr, PositionsOf(columns)));
}

StatusOr<std::vector<std::unique_ptr<CompiledExpr>>> CompileAll(const std::vector<ExprPtr>& exprs, const std::vector<PlanColumn>& columns) {
  std::vector<std::unique_ptr<CompiledExpr>> compiled;
  for (const ExprPtr& expr : exprs) {
    ASSIGN_OR_RETURN(auto one, CompileOver(expr, columns));
    compiled.push_back(std::move(one));
  }
  return compiled;
}

std::vector<DataType> TypesOf(const std::vector<PlanColumn>& columns) {
  std::vector<DataType> types;
  for (const PlanColumn& column : columns) types.push_back(column.type);
  return types;
}

StatusOr<VectorPtr> EvaluateFlat(CompiledExpr& expr, const ColumnBatch& batch, const ExecContext& context) {
  ASSIGN_OR_RETURN(VectorPtr column, expr.Evaluate(batch, context));
  return Vector::Flatten(column);
}

Status CheckCancelled(const ExecContext& context) {
  if (context.IsCancelled()) return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
  return OkStatus();
}

bool TurnIsOver(const ExecContext& context) { return context.turn != nullptr && context.turn->IsOver(); }

void NoteWork(const ExecContext& context) {
  if (context.turn != nullptr) context.turn->Worked();
}

bool BatchEmitter::Next(ColumnBatch* out) {
  if (at_ >= batch_.rows()) return false;
  const size_t end = std::min(batch_.rows(), at_ + kDefaultBatchRows);
  *out = at_ == 0 && end == batch_.rows() ? batch_ : batch_.Slice(at_, end);
  at_ = end;
  return true;
}

Status CheckColumnSizes(BatchBuilder& builder, size_t columns) {
  constexpr size_t kMaxHeap = size_t{1} << 31;
  for (size_t i = 0; i < columns; ++i) {
    if (builder.column(i).heap().size() > kMaxHeap) {
      return Error(sqlstate::kProgramLimitExceeded, "intermediate result has too much text in one column");
    }
  }
  return OkStatus();
}

StatusOr<Pull> Collector::Run() {
  if (child_ == nullptr) return Pull::kDone;
  while (true) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull == Pull::kBlocked) return Pull::kBlocked;
    if (pull == Pull::kDone) break;
    builder_.Append(batch);
    RETURN_IF_ERROR(memory_.Set(builder_.MemoryBytes()));
    RETURN_IF_ERROR(CheckColumnSizes(builder_, batch.column_count()));
  }
  child_.reset();
  return Pull::kDone;
}

}  // namespace tsd::sql
