#include "sql/exec/values_program.h"

#include <algorithm>

#include "engine/base/strings.h"
#include "sql/function/call_builder.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::sql {
namespace {

bool IsLeaf(const Expr& expr) { return expr.kind == ExprKind::kConstant || expr.kind == ExprKind::kParameter; }

/// Constants and parameters apart.
bool SameShape(const Expr& left, const Expr& right) {
  if (left.type != right.type) return false;
  if (IsLeaf(left) && IsLeaf(right)) return true;
  if (left.kind != right.kind || left.column != right.column || left.function != right.function ||
      left.arguments.size() != right.arguments.size()) {
    return false;
  }
  for (size_t i = 0; i < left.arguments.size(); ++i) {
    if (!SameShape(*left.arguments[i], *right.arguments[i])) return false;
  }
  return true;
}

void CollectLeaves(const ExprPtr& expr, std::vector<ExprPtr>* leaves) {
  if (IsLeaf(*expr)) leaves->push_back(expr);
  for (const ExprPtr& argument : expr->arguments) CollectLeaves(argument, leaves);
}

Status CannotEvaluate(std::string_view what) { return Error(sqlstate::kInternalError, StrCat("cannot evaluate expression: ", what)); }

Status Append(const Value& value, Vector& out) {
  if (!value.IsNull() && value.type().Physical() != out.type().Physical()) return CannotEvaluate("constant");
  value.AppendTo(out);
  return OkStatus();
}

StatusOr<VectorPtr> Values(DataType type, const std::vector<ExprPtr>& leaves, size_t begin, size_t end, const std::vector<Value>& parameters) {
  auto out = std::make_shared<Vector>(type);
  out->Reserve(end - begin, 0);
  for (size_t i = begin; i < end; ++i) {
    const Expr& leaf = *leaves[i];
    const Value* value = leaf.kind == ExprKind::kConstant ? &leaf.value : ParameterIn(parameters, leaf.column);
    if (value == nullptr) return CannotEvaluate("unbound parameter");
    RETURN_IF_ERROR(Append(*value, *out));
  }
  return VectorPtr(std::move(out));
}

/// Flat, and of that type.
VectorPtr AsColumn(VectorPtr values, DataType type) {
  if (values->type() == type) return Vector::Flatten(values);
  auto relabelled = std::make_shared<Vector>(type);
  relabelled->AppendRange(*values, 0, values->size());
  return relabelled;
}

}  // namespace

StatusOr<std::shared_ptr<ValuesProgram>> ValuesProgram::Compile(const ValuesNode& node) {
  auto program = std::make_shared<ValuesProgram>();
  program->rows_ = node.rows.size();
  for (size_t column = 0; column < node.output.size(); ++column) {
    Column compiled{node.output[column].type, {}};
    for (size_t begin = 0; begin < node.rows.size();) {
      const Expr& first = *node.rows[begin][column];
      size_t end = begin + 1;
      while (end < node.rows.size() && SameShape(first, *node.rows[end][column])) ++end;
      program->has_volatile_ = program->has_volatile_ || VolatilityOf(first) == Volatility::kVolatile;
      ASSIGN_OR_RETURN(Segment segment, CompileSegment(node.rows, begin, end, column, compiled.type));
      compiled.segments.push_back(std::move(segment));
      begin = end;
    }
    program->columns_.push_back(std::move(compiled));
  }
  return program;
}

StatusOr<ValuesProgram::Segment> ValuesProgram::CompileSegment(const std::vector<std::vector<ExprPtr>>& rows, size_t begin, size_t end,
                                                               size_t column, DataType type) {
  Segment segment{begin, end, {}, nullptr};
  const ExprPtr& first = rows[begin][column];
  const bool is_leaf = IsLeaf(*first);
  std::vector<Input> places;  // every leaf of the expression, left to right
  for (size_t row = begin; row < end; ++row) {
    std::vector<ExprPtr> leaves;
    CollectLeaves(rows[row][column], &leaves);
    places.resize(leaves.size());
    for (size_t i = 0; i < leaves.size(); ++i) places[i].leaves.push_back(std::move(leaves[i]));
  }
  std::vector<int> input_of;  // a place; -1: it is the same constant everywhere, and stays one
  for (Input& place : places) {
    place.type = is_leaf ? type : place.leaves[0]->type;
    const Expr& leaf = *place.leaves[0];
    const bool one = leaf.kind == ExprKind::kConstant && std::ranges::all_of(place.leaves, [&](const ExprPtr& other) {
      return other->kind == ExprKind::kConstant && other->value.SameAs(leaf.value);
    });
    if (one && !is_leaf) {
      input_of.push_back(-1);
      continue;
    }
    input_of.push_back(static_cast<int>(segment.inputs.size()));
    if (std::ranges::all_of(place.leaves, [](const ExprPtr& other) { return other->kind == ExprKind::kConstant; })) {
      ASSIGN_OR_RETURN(place.constants, Values(place.type, place.leaves, 0, place.leaves.size(), {}));
      place.leaves.clear();
    }
    segment.inputs.push_back(std::move(place));
  }
  if (is_leaf) return segment;
  size_t at = 0;  // the rewriting meets the leaves in the order in which they were collected
  const ExprPtr over_inputs = RewriteExpr(first, [&](const ExprPtr& node) -> ExprPtr {
    if (!IsLeaf(*node)) return nullptr;
    const int input = input_of[at++];
    return input < 0 ? nullptr : MakeColumn(input, node->type, node->position);
  });
  if (first->type.Physical() != type.Physical()) return CannotEvaluate("type of a column");
  ASSIGN_OR_RETURN(segment.expression, CompiledExpr::Compile(*over_inputs));
  if (VolatilityOf(*first) == Volatility::kImmutable) Fold(&segment, type);
  return segment;
}

void ValuesProgram::Fold(Segment* segment, DataType type) {
  ColumnBatch inputs(segment->end - segment->begin);
  for (const Input& input : segment->inputs) {
    if (input.constants == nullptr) return;
    inputs.Add(input.constants);
  }
  const StatusOr<VectorPtr> values = segment->expression->Evaluate(inputs, ExecContext{});
  if (!values.ok()) return;  // the error is told when the row is run
  segment->inputs.clear();
  segment->inputs.push_back({type, {}, AsColumn(*values, type)});
  segment->expression = nullptr;
}

StatusOr<VectorPtr> ValuesProgram::Evaluate(Segment& segment, size_t begin, size_t end, const std::vector<Value>& parameters,
                                            const ExecContext& context) {
  const size_t first = begin - segment.begin;
  const size_t last = end - segment.begin;
  ColumnBatch inputs(end - begin);
  for (const Input& input : segment.inputs) {
    if (input.constants != nullptr) {
      inputs.Add(Vector::Slice(input.constants, first, last));
    } else {
      ASSIGN_OR_RETURN(VectorPtr values, Values(input.type, input.leaves, first, last, parameters));
      inputs.Add(std::move(values));
    }
  }
  if (segment.expression == nullptr) return inputs.column_ptr(0);
  return segment.expression->Evaluate(inputs, context);
}

StatusOr<VectorPtr> ValuesProgram::RunColumn(Column& column, size_t begin, size_t end, const std::vector<Value>& parameters,
                                             const ExecContext& context) {
  auto segment = std::ranges::find_if(column.segments, [&](const Segment& candidate) { return candidate.end > begin; });
  if (segment->end >= end) {
    ASSIGN_OR_RETURN(VectorPtr values, Evaluate(*segment, begin, end, parameters, context));
    return AsColumn(std::move(values), column.type);
  }
  auto joined = std::make_shared<Vector>(column.type);
  joined->Reserve(end - begin, 0);
  for (; begin < end; ++segment) {
    const size_t part_end = std::min(end, segment->end);
    ASSIGN_OR_RETURN(const VectorPtr values, Evaluate(*segment, begin, part_end, parameters, context));
    joined->AppendRange(*values, 0, values->size());
    begin = part_end;
  }
  return VectorPtr(std::move(joined));
}

StatusOr<ColumnBatch> ValuesProgram::RunColumns(size_t begin, size_t end, const std::vector<Value>& parameters, const ExecContext& context) {
  std::vector<VectorPtr> columns;
  columns.reserve(columns_.size());
  for (Column& column : columns_) {
    ASSIGN_OR_RETURN(VectorPtr values, RunColumn(column, begin, end, parameters, context));
    columns.push_back(std::move(values));
  }
  return ColumnBatch(std::move(columns), end - begin);
}

StatusOr<ColumnBatch> ValuesProgram::RunRows(size_t begin, size_t end, const std::vector<Value>& parameters, const ExecContext& context) {
  std::vector<DataType> types;
  for (const Column& column : columns_) types.push_back(column.type);
  BatchBuilder rows(std::move(types));
  for (size_t row = begin; row < end; ++row) {
    ASSIGN_OR_RETURN(const ColumnBatch one, RunColumns(row, row + 1, parameters, context));
    rows.Append(one);
  }
  return rows.Finish();
}

StatusOr<ColumnBatch> ValuesProgram::Run(size_t begin, size_t end, const std::vector<Value>& parameters, const ExecContext& context) {
  const bool one_row = end - begin == 1;
  if (has_volatile_ && !one_row) return RunRows(begin, end, parameters, context);
  StatusOr<ColumnBatch> rows = RunColumns(begin, end, parameters, context);
  // A column may have met an error that lies behind another column's in an earlier row.
  if (!rows.ok() && !one_row) return RunRows(begin, end, parameters, context);
  return rows;
}

}  // namespace tsd::sql
