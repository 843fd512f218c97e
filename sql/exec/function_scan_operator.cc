#include "sql/exec/function_scan_operator.h"

#include "sql/function/registry.h"

namespace tsd::sql {
namespace {

class TableFunctionOperator final : public Operator {
 public:
  explicit TableFunctionOperator(std::unique_ptr<TableFunctionRun> run) : run_(std::move(run)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    ASSIGN_OR_RETURN(*out, run_->Next());
    return out->empty() ? Pull::kDone : Pull::kRows;
  }
  std::string Name() const override { return "Function Scan"; }

 private:
  std::unique_ptr<TableFunctionRun> run_;
};

/// The function's own columns: without the ordinality.
std::vector<PlanColumn> OwnColumns(const FunctionScanNode& node) {
  std::vector<PlanColumn> columns = node.output;
  if (node.with_ordinality) columns.pop_back();
  return columns;
}

StatusOr<OperatorPtr> Start(const FunctionScanNode& node, const std::vector<std::optional<Value>>& arguments, const BuildState& state) {
  if (node.provider) return state.sources->MakeTableFunction(node, arguments);
  const Function* function = Registry::Get().Find(node.function);
  if (function == nullptr || function->kind != FunctionKind::kTable) {
    return Error(sqlstate::kUndefinedFunction, StrCat("function ", node.function, " does not exist"));
  }
  std::vector<Value> values;
  ResolvedCall call;
  call.function = function;
  for (const std::optional<Value>& argument : arguments) {
    if (!argument.has_value()) return Error(sqlstate::kInternalError, "a built-in function misses an argument");
    if (argument->IsNull() && function->strict) return MakeBatchSource({});
    values.push_back(*argument);
    call.argument_types.push_back(argument->type());
  }
  for (const PlanColumn& column : OwnColumns(node)) call.columns.push_back({column.name, column.type});
  call.result = call.columns.empty() ? DataType(TypeId::kVoid) : call.columns[0].type;
  ASSIGN_OR_RETURN(auto run, StartTableFunction(call, values, *state.context));
  return OperatorPtr(std::make_unique<TableFunctionOperator>(std::move(run)));
}

class OrdinalityOperator final : public Operator {
 public:
  explicit OrdinalityOperator(OperatorPtr child) : child_(std::move(child)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(out));
    if (pull != Pull::kRows) return pull;
    auto numbers = std::make_shared<Vector>(DataType(TypeId::kInt64));
    for (size_t i = 0; i < out->rows(); ++i) numbers->Append<int64_t>(++last_);
    out->Add(std::move(numbers));
    return Pull::kRows;
  }
  std::string Name() const override { return child_->Name(); }

 private:
  OperatorPtr child_;
  int64_t last_ = 0;
};

/// One run of a set a row; rows are the longest set's.
class ProjectSetOperator final : public Operator {
 public:
  struct Item {
    std::unique_ptr<CompiledExpr> expression;
    const FunctionScanNode* function = nullptr;
    std::vector<std::unique_ptr<CompiledExpr>> arguments;  // null: not given
    // Of the row at hand:
    OperatorPtr run;
    ColumnBatch rows;       // all the run's rows so far collected
    std::unique_ptr<BatchBuilder> collected;
    bool done = false;
  };

  ProjectSetOperator(OperatorPtr child, const ProjectSetNode& node, std::vector<Item> items, BuildStatePtr state)
      : child_(std::move(child)), node_(node), items_(std::move(items)), state_(std::make_shared<BuildState>(*state)) {}  // a copy: no cycle through CTEs

  StatusOr<Pull> Next(ColumnBatch* out) override {
    BatchBuilder builder(TypesOf(node_.output));
    while (builder.rows() < kDefaultBatchRows) {
      RETURN_IF_ERROR(CheckCancelled(*state_->context));
      if (row_ >= input_.rows()) {
        ColumnBatch batch;
        ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
        if (pull == Pull::kBlocked && builder.rows() == 0) return pull;
        if (pull != Pull::kRows) break;
        input_ = std::move(batch);
        row_ = 0;
        started_ = false;
        RETURN_IF_ERROR(EvaluateInput());
      }
      if (!started_) RETURN_IF_ERROR(StartRow());
      ASSIGN_OR_RETURN(const bool ready, CollectRow());
      if (!ready) {
        if (builder.rows() == 0) return Pull::kBlocked;
        break;
      }
      RETURN_IF_ERROR(EmitRow(builder));
      ++row_;
      started_ = false;
    }
    if (builder.rows() == 0) return Pull::kDone;
    *out = builder.Finish();
    return Pull::kRows;
  }
  std::string Name() const override { return "ProjectSet"; }

 private:
  Status EvaluateInput() {
    columns_.clear();
    arguments_.clear();
    for (Item& item : items_) {
      VectorPtr column;
      std::vector<VectorPtr> arguments;
      if (item.expression != nullptr) {
        ASSIGN_OR_RETURN(column, EvaluateFlat(*item.expression, input_, *state_->context));
      }
      for (auto& argument : item.arguments) {
        VectorPtr value;
        if (argument != nullptr) {
          ASSIGN_OR_RETURN(value, EvaluateFlat(*argument, input_, *state_->context));
        }
        arguments.push_back(std::move(value));
      }
      columns_.push_back(std::move(column));
      arguments_.push_back(std::move(arguments));
    }
    return OkStatus();
  }

  Status StartRow() {
    for (size_t i = 0; i < items_.size(); ++i) {
      Item& item = items_[i];
      if (item.function == nullptr) continue;
      std::vector<std::optional<Value>> values;
      for (const VectorPtr& argument : arguments_[i]) {
        values.push_back(argument == nullptr ? std::nullopt : std::optional<Value>(Value::FromVector(*argument, row_)));
      }
      ASSIGN_OR_RETURN(item.run, Start(*item.function, values, *state_));
      item.collected = std::make_unique<BatchBuilder>(TypesOf(item.function->output));
      item.done = false;
    }
    started_ = true;
    return OkStatus();
  }

  /// False while a run is blocked, or when the turn is over.
  StatusOr<bool> CollectRow() {
    for (Item& item : items_) {
      while (item.function != nullptr && !item.done) {
        if (TurnIsOver(*state_->context)) return false;
        NoteWork(*state_->context);
        ColumnBatch batch;
        ASSIGN_OR_RETURN(const Pull pull, item.run->Next(&batch));
        if (pull == Pull::kBlocked) return false;
        if (pull == Pull::kDone) {
          item.done = true;
          item.run.reset();
          item.rows = item.collected->Finish();
          break;
        }
        item.collected->Append(batch);
        if (item.collected->rows() > kMaxSetRows) {
          return Error(sqlstate::kProgramLimitExceeded, "a set-returning function in a select list yields too many rows");
        }
      }
    }
    return true;
  }

  Status EmitRow(BatchBuilder& builder) {
    size_t count = 0;
    for (const Item& item : items_) {
      if (item.function != nullptr) count = std::max(count, item.rows.rows());
    }
    for (size_t at = 0; at < count; ++at) {
      for (size_t i = 0; i < items_.size(); ++i) {
        Item& item = items_[i];
        Vector& column = builder.column(i);
        if (item.function == nullptr) {
          column.AppendFrom(*columns_[i], row_);
        } else if (at >= item.rows.rows()) {
          column.AppendNull();
        } else if (item.rows.column_count() == 1) {
          column.AppendFrom(item.rows.column(0), at);
        } else {
          RETURN_IF_ERROR(AppendRecord(item.rows, at, column));
        }
      }
      builder.FinishRow();
    }
    return OkStatus();
  }

  /// A record's bytes are what the evaluator makes of ROW(..): let it do so.
  Status AppendRecord(const ColumnBatch& rows, size_t at, Vector& out) {
    auto row = std::make_shared<Expr>();
    row->kind = ExprKind::kRow;
    row->type = TypeId::kRecord;
    for (size_t i = 0; i < rows.column_count(); ++i) row->arguments.push_back(MakeConstant(Value::FromVector(rows.column(i), at)));
    ASSIGN_OR_RETURN(const Value value, EvaluateConstant(*row, *state_->context));
    value.AppendTo(out);
    return OkStatus();
  }

  static constexpr size_t kMaxSetRows = 10'000'000;
  OperatorPtr child_;
  const ProjectSetNode& node_;
  std::vector<Item> items_;
  BuildStatePtr state_;
  ColumnBatch input_;
  size_t row_ = 0;
  bool started_ = false;
  std::vector<VectorPtr> columns_;
  std::vector<std::vector<VectorPtr>> arguments_;
};

}  // namespace

StatusOr<OperatorPtr> MakeFunctionScan(const FunctionScanNode& node, const BuildStatePtr& state) {
  std::vector<std::optional<Value>> arguments;
  for (const ExprPtr& argument : node.arguments) {
    if (argument == nullptr) {
      arguments.emplace_back();
      continue;
    }
    ASSIGN_OR_RETURN(Value value, EvaluateConstant(*argument, *state->context));
    arguments.emplace_back(std::move(value));
  }
  ASSIGN_OR_RETURN(OperatorPtr run, Start(node, arguments, *state));
  if (node.with_ordinality) return OperatorPtr(std::make_unique<OrdinalityOperator>(std::move(run)));
  return run;
}

StatusOr<OperatorPtr> MakeProjectSet(OperatorPtr child, const ProjectSetNode& node, const BuildStatePtr& state) {
  const std::vector<PlanColumn>& input = node.children[0]->output;
  std::vector<ProjectSetOperator::Item> items;
  for (const ProjectSetNode::Item& spec : node.items) {
    ProjectSetOperator::Item item;
    if (spec.expression != nullptr) {
      ASSIGN_OR_RETURN(item.expression, CompileOver(spec.expression, input));
    } else {
      item.function = spec.function.get();
      for (const ExprPtr& argument : spec.function->arguments) {
        std::unique_ptr<CompiledExpr> compiled;
        if (argument != nullptr) {
          ASSIGN_OR_RETURN(compiled, CompileOver(argument, input));
        }
        item.arguments.push_back(std::move(compiled));
      }
    }
    items.push_back(std::move(item));
  }
  return OperatorPtr(std::make_unique<ProjectSetOperator>(std::move(child), node, std::move(items), state));
}

}  // namespace tsd::sql
