#pragma once
// The scan of a fragment over a store: opens engine scans, applies the exact filters. With an order hint it goes chunk by chunk and stops
// when a TopN above says that no row of the remaining chunks can get in. What a data node's OperatorFactory::MakeScan returns.
#include "engine/store/reader.h"
#include "sql/exec/build_state.h"
#include "sql/exec/sort_operator.h"

namespace tsd::sql {

class TableScanOperator final : public Operator {
 public:
  /// `reader` outlives the operator; AwaitReadable of the snapshot has ended.
  static StatusOr<OperatorPtr> Make(const ScanNode& node, engine::StoreReader& reader, engine::Snapshot snapshot,
                                    const ExecContext& context);
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Scan"; }
  void SetBound(std::shared_ptr<const TopNBound> bound) { bound_ = std::move(bound); }
  /// Of all scans so far.
  engine::ScanStats stats() const;
  /// A parent may drop its scan before the run ends: the final numbers go here then. `target` outlives the operator.
  void ReportTo(engine::ScanStats* target) { report_ = target; }
  ~TableScanOperator() override {
    if (report_ != nullptr) *report_ = stats();
  }

 private:
  TableScanOperator(const ScanNode& node, engine::StoreReader& reader, engine::Snapshot snapshot, const ExecContext& context)
      : node_(node), reader_(reader), snapshot_(snapshot), context_(context) {}
  Status OpenNext();
  bool CannotMatter(size_t chunk) const;
  bool ByChunk() const { return node_.order != ChunkOrder::kAny && node_.chunk_ranges.size() == node_.chunks.size(); }

  const ScanNode& node_;
  engine::StoreReader& reader_;
  const engine::Snapshot snapshot_;
  const ExecContext& context_;
  std::unique_ptr<CompiledExpr> filter_;
  std::shared_ptr<const TopNBound> bound_;
  std::unique_ptr<engine::TableScan> scan_;
  engine::ScanStats finished_;
  engine::ScanStats* report_ = nullptr;
  size_t next_chunk_ = 0;
  std::vector<uint32_t> selection_;
};

}  // namespace tsd::sql
