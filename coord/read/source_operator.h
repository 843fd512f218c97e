#pragma once
// SourceOperator: a running fragment, or a thread's share of one, as an operator. kBlocked while nothing has arrived; the source's wake
// event tells when to pull again. Destroying it cancels what still runs.
#include <memory>

#include "coord/read/fragment_source.h"
#include "sql/exec/operator.h"

namespace tsd::coord {

class SourceOperator final : public sql::Operator {
 public:
  explicit SourceOperator(std::shared_ptr<FragmentSource> source) : source_(std::move(source)) {}
  ~SourceOperator() override { source_->Abandon(); }

  StatusOr<sql::Pull> Next(ColumnBatch* out) override {
    ASSIGN_OR_RETURN(const FragmentSource::Kind kind, source_->Take(out));
    if (kind == FragmentSource::Kind::kRows) return sql::Pull::kRows;
    return kind == FragmentSource::Kind::kEnd ? sql::Pull::kDone : sql::Pull::kBlocked;
  }
  std::string Name() const override { return "Fragment"; }

 private:
  const std::shared_ptr<FragmentSource> source_;
};

}  // namespace tsd::coord
