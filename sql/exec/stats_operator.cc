#include "sql/exec/stats_operator.h"

#include "sql/exec/table_scan_operator.h"

namespace tsd::sql {
namespace {

class StatsOperator final : public Operator {
 public:
  StatsOperator(OperatorPtr inner, OperatorStats* stats, const Clock* clock) : inner_(std::move(inner)), stats_(stats), clock_(clock) {}

  StatusOr<Pull> Next(ColumnBatch* out) override {
    stats_->started = true;
    const absl::Duration begin = clock_ != nullptr ? clock_->Monotonic() : absl::ZeroDuration();
    StatusOr<Pull> pull = inner_->Next(out);
    if (clock_ != nullptr) stats_->nanos += absl::ToInt64Nanoseconds(clock_->Monotonic() - begin);
    if (pull.ok() && *pull == Pull::kRows) {
      stats_->rows += out->rows();
      ++stats_->batches;
    }
    if (pull.ok() && *pull != Pull::kBlocked) NoteScan();
    return pull;
  }
  std::string Name() const override { return inner_->Name(); }

 private:
  void NoteScan() {
    const auto* scan = dynamic_cast<const TableScanOperator*>(inner_.get());
    if (scan == nullptr) return;
    const engine::ScanStats all = scan->stats();
    stats_->counters = {{"Chunks", all.chunks},
                        {"Blocks Read", all.blocks_read},
                        {"Blocks Skipped", all.blocks_skipped},
                        {"Bytes Read", all.bytes_read},
                        {"Rows Read", all.rows_read}};
  }

  OperatorPtr inner_;
  OperatorStats* stats_;
  const Clock* clock_;
};

}  // namespace

OperatorPtr MakeStatsOperator(OperatorPtr inner, OperatorStats* stats, const Clock* clock) {
  return std::make_unique<StatsOperator>(std::move(inner), stats, clock);
}

}  // namespace tsd::sql
