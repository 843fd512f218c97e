#include "sql/exec/table_scan_operator.h"

#include <algorithm>

#include "sql/exec/choose_rows.h"

namespace tsd::sql {
namespace {

void AddStats(const engine::ScanStats& from, engine::ScanStats* to) {
  to->rows_read += from.rows_read;
  to->blocks_read += from.blocks_read;
  to->blocks_skipped += from.blocks_skipped;
  to->blocks_summarised += from.blocks_summarised;
  to->bytes_read += from.bytes_read;
  to->chunks += from.chunks;
}

}  // namespace

StatusOr<OperatorPtr> TableScanOperator::Make(const ScanNode& node, engine::StoreReader& reader, engine::Snapshot snapshot,
                                              const ExecContext& context) {
  std::unique_ptr<TableScanOperator> scan(new TableScanOperator(node, &reader, snapshot, context));
  RETURN_IF_ERROR(scan->Prepare());
  return OperatorPtr(std::move(scan));
}

StatusOr<OperatorPtr> TableScanOperator::Over(const ScanNode& node, std::unique_ptr<engine::TableScan> share, const ExecContext& context) {
  std::unique_ptr<TableScanOperator> scan(new TableScanOperator(node, nullptr, engine::Snapshot(), context));
  RETURN_IF_ERROR(scan->Prepare());
  scan->scan_ = std::move(share);
  scan->next_chunk_ = node.chunks.size();
  return OperatorPtr(std::move(scan));
}

engine::ScanSpec TableScanOperator::SpecOf(const ScanNode& node, engine::Snapshot snapshot) {
  engine::ScanSpec spec;
  spec.schema = node.schema;
  spec.chunks = node.chunks;
  spec.columns = node.columns;
  spec.with_row_ids = node.row_ids == RowIds::kWith;
  spec.predicate = node.predicate;
  spec.snapshot = snapshot;
  if (node.order == ChunkOrder::kNewestFirst) {
    spec.order = engine::ScanOrder::kNewestFirst;
    for (const auto& [start, end] : node.chunk_ranges) spec.chunk_ends.push_back(end);
    if (spec.chunk_ends.size() != spec.chunks.size() || !std::ranges::is_sorted(spec.chunk_ends, std::greater())) spec.chunk_ends.clear();
  }
  // With other filters than the predicate, a segment's last row may be one that they drop.
  if (node.last_of_segment && (node.filters.empty() || node.exact_predicate)) spec.choice = engine::RowChoice::kLastOfSegment;
  return spec;
}

Status TableScanOperator::Prepare() {
  if (!node_.filters.empty()) {
    const ExprPtr condition = node_.filters.size() == 1 ? node_.filters[0] : MakeLogical(ExprKind::kAnd, node_.filters);
    ASSIGN_OR_RETURN(filter_, CompileOver(condition, node_.output));
  }
  for (size_t i = 0; i < node_.columns.size(); ++i) {
    const bool time = !node_.schema->order_by.empty() && node_.columns[i] == node_.schema->order_by[0];
    if (time && node_.output[i].type.Physical() == PhysicalType::kInt64) time_column_ = static_cast<int>(i);
  }
  return OkStatus();
}

bool TableScanOperator::CannotMatter(size_t chunk) const {
  if (bound_ == nullptr || !bound_->full) return false;
  const auto& [start, end] = node_.chunk_ranges[chunk];
  return node_.order == ChunkOrder::kNewestFirst ? end <= bound_->Floor() : !bound_->Admits(start);
}

Status TableScanOperator::OpenNext() {
  engine::ScanSpec spec = SpecOf(node_, snapshot_);
  if (ByChunk()) {
    spec.chunks = {node_.chunks[next_chunk_]};
    spec.chunk_ends.clear();
    ++next_chunk_;
  } else {
    next_chunk_ = node_.chunks.size();
  }
  ASSIGN_OR_RETURN(scan_, reader_->OpenScan(std::move(spec)));
  has_floor_ = false;
  return OkStatus();
}

bool TableScanOperator::ApplyFloor() {
  if (!HasFloor()) return true;
  if (!has_floor_ || floor_ != bound_->Floor()) {
    floor_ = bound_->Floor();
    has_floor_ = true;
    scan_->RaiseTimeFloor(floor_);
  }
  const std::optional<int64_t> newest = scan_->NewestRemaining();
  return !newest.has_value() || *newest >= floor_;
}

void TableScanOperator::DropBelowFloor(ColumnBatch& batch) const {
  if (!has_floor_ || time_column_ < 0) return;
  const Vector& times = batch.column(static_cast<size_t>(time_column_));
  if (!times.IsAscending() || times.HasNulls()) return;
  const int64_t* values = times.values<int64_t>();
  const int64_t* first = std::lower_bound(values, values + batch.rows(), floor_);
  if (first != values) batch = batch.Slice(static_cast<size_t>(first - values), batch.rows());
}

engine::ScanStats TableScanOperator::stats() const {
  engine::ScanStats all = finished_;
  if (scan_ != nullptr) AddStats(scan_->stats(), &all);
  return all;
}

StatusOr<Pull> TableScanOperator::Next(ColumnBatch* out) { return NextPart(out, nullptr); }

StatusOr<Pull> TableScanOperator::NextPart(ColumnBatch* out, RunExchange* exchange) {
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
    if (slice_ != 0 && since_pause_ >= slice_) {
      slice_ = later_slice_;
      since_pause_ = 0;
      return Pull::kBlocked;
    }
    ++since_pause_;
    engine::ScanPart part;
    if (ApplyFloor()) {
      if (exchange != nullptr) {
        ASSIGN_OR_RETURN(part, scan_->NextPart(exchange->request));
      } else {
        ASSIGN_OR_RETURN(part.rows, scan_->Next());
      }
    }
    if (part.AtEnd()) {
      AddStats(scan_->stats(), &finished_);
      scan_.reset();
      continue;
    }
    if (part.runs.has_value()) {
      exchange->runs = std::move(part.runs);
      *out = ColumnBatch();
      return Pull::kRows;
    }
    ColumnBatch batch = std::move(part.rows);
    DropBelowFloor(batch);
    if (filter_ != nullptr && !batch.empty()) {
      selection_.clear();
      RETURN_IF_ERROR(filter_->EvaluateFilter(batch, context_, &selection_));
      batch = ChooseRows(std::move(batch), selection_);
    }
    if (batch.empty()) continue;
    *out = std::move(batch);
    return Pull::kRows;
  }
}

}  // namespace tsd::sql
