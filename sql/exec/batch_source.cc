// MakeBatchSource: rows that are there already.
#include "sql/exec/build.h"

namespace tsd::sql {
namespace {

class BatchSource final : public Operator {
 public:
  explicit BatchSource(std::vector<ColumnBatch> batches) : batches_(std::move(batches)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    while (at_ < batches_.size()) {
      *out = std::move(batches_[at_++]);
      if (!out->empty()) return Pull::kRows;
    }
    return Pull::kDone;
  }
  std::string Name() const override { return "Rows"; }

 private:
  std::vector<ColumnBatch> batches_;
  size_t at_ = 0;
};

}  // namespace

OperatorPtr MakeBatchSource(std::vector<ColumnBatch> batches) { return std::make_unique<BatchSource>(std::move(batches)); }

}  // namespace tsd::sql
