#pragma once
// The scan of a fragment over a store: opens engine scans (or takes a share of one), applies the exact filters. With an order hint it
// goes chunk by chunk and stops when what stands above says that no row of the rest can get in. Rows of which only
// sums and bounds are wanted may be given as runs. What a data node's OperatorFactory::MakeScan returns.
#include <optional>

#include "engine/store/reader.h"
#include "sql/exec/build_state.h"
#include "sql/exec/sort_operator.h"

namespace tsd::sql {

class TableScanOperator final : public Operator {
 public:
  /// `reader` outlives the operator; AwaitReadable of the snapshot has ended.
  static StatusOr<OperatorPtr> Make(const ScanNode& node, engine::StoreReader& reader, engine::Snapshot snapshot,
                                    const ExecContext& context);
  /// Over one of the scans that OpenScans(SpecOf(node, snapshot)) gave. Requires: node.order is kAny.
  static StatusOr<OperatorPtr> Over(const ScanNode& node, std::unique_ptr<engine::TableScan> scan, const ExecContext& context);
  static engine::ScanSpec SpecOf(const ScanNode& node, engine::Snapshot snapshot);

  StatusOr<Pull> Next(ColumnBatch* out) override;
  /// What an aggregation above asks instead of rows, and what it got.
  struct RunExchange {
    engine::RunRequest request;
    std::optional<engine::RowRuns> runs;
  };
  /// kRows with an empty batch: exchange->runs stand for rows that nobody has to look at. Requires: GivesRuns().
  StatusOr<Pull> NextPart(ColumnBatch* out, RunExchange* exchange);
  /// The store's judgement of rows is the filters' own.
  bool GivesRuns() const { return node_.row_ids == RowIds::kWithout && (node_.filters.empty() || node_.exact_predicate); }
  std::string Name() const override { return "Scan"; }
  void SetBound(std::shared_ptr<const TopNBound> bound) { bound_ = std::move(bound); }
  /// After `first` batches, then every `later`, it answers kBlocked once, so that its driver can give way to others. 0: never.
  void SetSlice(size_t first, size_t later) {
    slice_ = first;
    later_slice_ = later;
  }
  /// Of all scans so far.
  engine::ScanStats stats() const;
  /// A parent may drop its scan before the run ends: the final numbers go here then. `target` outlives the operator.
  void ReportTo(engine::ScanStats* target) { report_ = target; }
  ~TableScanOperator() override {
    if (report_ != nullptr) *report_ = stats();
  }

 private:
  TableScanOperator(const ScanNode& node, engine::StoreReader* reader, engine::Snapshot snapshot, const ExecContext& context)
      : node_(node), reader_(reader), snapshot_(snapshot), context_(context) {}
  Status Prepare();
  Status OpenNext();
  bool CannotMatter(size_t chunk) const;
  bool ByChunk() const { return node_.order != ChunkOrder::kAny && node_.chunk_ranges.size() == node_.chunks.size(); }
  bool HasFloor() const { return node_.order == ChunkOrder::kNewestFirst && bound_ != nullptr && bound_->full; }
  /// Tells the open scan of the bound. False: it has nothing more to say.
  bool ApplyFloor();
  void DropBelowFloor(ColumnBatch& batch) const;

  const ScanNode& node_;
  engine::StoreReader* const reader_;  // null: the scan was given
  const engine::Snapshot snapshot_;
  const ExecContext& context_;
  std::unique_ptr<CompiledExpr> filter_;
  std::shared_ptr<const TopNBound> bound_;
  std::unique_ptr<engine::TableScan> scan_;
  engine::ScanStats finished_;
  engine::ScanStats* report_ = nullptr;
  size_t next_chunk_ = 0;
  size_t slice_ = 0, later_slice_ = 0, since_pause_ = 0;
  int time_column_ = -1;  // position in the batches
  int64_t floor_ = 0;     // last one told, with has_floor_
  bool has_floor_ = false;
  std::vector<uint32_t> selection_;
};

}  // namespace tsd::sql
