#pragma once
// ValuesProgram: the rows of a VALUES list, compiled once and run with any parameters. Rows whose expressions differ in nothing but
// constants and parameters are one segment: what differs lies in columns, so that one evaluation does for all of them.
// Belongs to one driver at a time, as its expressions do.
#include <memory>
#include <vector>

#include "engine/types/column_batch.h"
#include "engine/types/value.h"
#include "sql/exec/evaluator.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

class ValuesProgram {
 public:
  /// XX000 / 42883 for what cannot be evaluated by itself.
  static StatusOr<std::shared_ptr<ValuesProgram>> Compile(const ValuesNode& node);

  size_t rows() const { return rows_; }
  /// Rows [begin, end). `parameters`: by their numbers, those that occur. The error is that of the first row that has one, and of its first
  /// expression that has; volatile functions are called in that order, too.
  StatusOr<ColumnBatch> Run(size_t begin, size_t end, const std::vector<Value>& parameters, const ExecContext& context);

 private:
  /// A place of a segment's expression: what stands there in each of its rows.
  struct Input {
    DataType type;
    std::vector<ExprPtr> leaves;  // constants and parameters
    VectorPtr constants;          // instead, if there is no parameter
  };
  struct Segment {
    size_t begin = 0, end = 0;  // rows
    std::vector<Input> inputs;
    std::unique_ptr<CompiledExpr> expression;  // over the inputs; null: the only input is the value, folded or as it stands
  };
  struct Column {
    DataType type;
    std::vector<Segment> segments;
  };

  static StatusOr<Segment> CompileSegment(const std::vector<std::vector<ExprPtr>>& rows, size_t begin, size_t end, size_t column, DataType type);
  /// Evaluates what has no parameters for good.
  static void Fold(Segment* segment, DataType type);
  static StatusOr<VectorPtr> Evaluate(Segment& segment, size_t begin, size_t end, const std::vector<Value>& parameters,
                                      const ExecContext& context);
  static StatusOr<VectorPtr> RunColumn(Column& column, size_t begin, size_t end, const std::vector<Value>& parameters,
                                       const ExecContext& context);
  StatusOr<ColumnBatch> RunColumns(size_t begin, size_t end, const std::vector<Value>& parameters, const ExecContext& context);
  StatusOr<ColumnBatch> RunRows(size_t begin, size_t end, const std::vector<Value>& parameters, const ExecContext& context);

  std::vector<Column> columns_;
  size_t rows_ = 0;
  bool has_volatile_ = false;
};

}  // namespace tsd::sql
