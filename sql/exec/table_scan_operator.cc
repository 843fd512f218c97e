#include "sql/exec/table_scan_operator.h"

namespace tsd::sql {
namespace {

void AddStats(const engine::ScanStats& from, engine::ScanStats* to) {
  to->rows_read += from.rows_read;
  to->blocks_read += from.blocks_read;
  to->blocks_skipped += from.blocks_skipped;
  to->bytes_read += from.bytes_read;
  to->chunks += from.chunks;
}

}  // namespace

StatusOr<OperatorPtr> TableScanOperator::Make(const ScanNode& node, engine::StoreReader& reader, engine::Snapshot snapshot,
                                              const ExecContext& context) {
  std::unique_ptr<TableScanOperator> scan(new TableScanOperator(node, reader, snapshot, context));
  if (!node.filters.empty()) {
    const ExprPtr condition = node.filters.size() == 1 ? node.filters[0] : MakeLogical(ExprKind::kAnd, node.filters);
    ASSIGN_OR_RETURN(scan->filter_, CompileOver(condition, node.output));
  }
  return OperatorPtr(std::move(scan));
}

bool TableScanOperator::CannotMatter(size_t chunk) const {
  if (bound_ == nullptr || !bound_->full) return false;
  const auto& [start, end] = node_.chunk_ranges[chunk];
  return node_.order == ChunkOrder::kNewestFirst ? end <= bound_->worst : start > bound_->worst;
}

Status TableScanOperator::OpenNext() {
  engine::ScanSpec spec;
  spec.schema = node_.schema;
  spec.columns = node_.columns;
  spec.with_row_ids = node_.row_ids == RowIds::kWith;
  spec.predicate = node_.predicate;
  spec.snapshot = snapshot_;
  if (ByChunk()) {
    spec.chunks = {node_.chunks[next_chunk_]};
    ++next_chunk_;
  } else {
    spec.chunks = node_.chunks;
    next_chunk_ = node_.chunks.size();
  }
  ASSIGN_OR_RETURN(scan_, reader_.OpenScan(std::move(spec)));
  return OkStatus();
}

engine::ScanStats TableScanOperator::stats() const {
  engine::ScanStats all = finished_;
  if (scan_ != nullptr) AddStats(scan_->stats(), &all);
  return all;
}

StatusOr<Pull> TableScanOperator::Next(ColumnBatch* out) {
  while (true) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    if (scan_ == nullptr) {
      if (next_chunk_ >= node_.chunks.size()) return Pull::kDone;
      if (ByChunk() && CannotMatter(next_chunk_)) {
        next_chunk_ = node_.chunks.size();  // in time order: the rest can matter even less
        return Pull::kDone;
      }
      RETURN_IF_ERROR(OpenNext());
    }
    ASSIGN_OR_RETURN(ColumnBatch batch, scan_->Next());
    if (batch.empty()) {
      AddStats(scan_->stats(), &finished_);
      scan_.reset();
      continue;
    }
    if (filter_ != nullptr) {
      selection_.clear();
      RETURN_IF_ERROR(filter_->EvaluateFilter(batch, context_, &selection_));
      if (selection_.empty()) continue;
      if (selection_.size() < batch.rows()) batch = batch.Gather(selection_);
    }
    *out = std::move(batch);
    return Pull::kRows;
  }
}

}  // namespace tsd::sql
