#include "sql/exec/turn_operator.h"

#include "sql/exec/turn.h"

namespace tsd::sql {
namespace {

class TurnOperator final : public Operator {
 public:
  TurnOperator(OperatorPtr inner, Turn* turn) : inner_(std::move(inner)), turn_(turn) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    if (turn_->IsOver()) return Pull::kBlocked;
    StatusOr<Pull> pull = inner_->Next(out);
    if (pull.ok() && *pull == Pull::kRows) turn_->Worked();
    return pull;
  }
  std::string Name() const override { return inner_->Name(); }

 private:
  OperatorPtr inner_;
  Turn* const turn_;
};

}  // namespace

OperatorPtr MakeTurnOperator(OperatorPtr inner, const ExecContext& context) {
  return std::make_unique<TurnOperator>(std::move(inner), context.turn);
}

}  // namespace tsd::sql
