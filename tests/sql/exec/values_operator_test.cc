#include "sql/exec/values_operator.h"

#include <gtest/gtest.h>

#include "engine/base/random.h"

namespace tsd::sql {
namespace {

ExprPtr ParameterOf(int number, DataType type) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kParameter;
  expr->type = type;
  expr->column = number;
  return expr;
}

ExprPtr FirstOf(std::vector<ExprPtr> arguments) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kCoalesce;
  expr->type = arguments[0]->type;
  expr->arguments = std::move(arguments);
  return expr;
}

/// One column of int64, a row an expression.
ValuesNode Column(std::vector<ExprPtr> rows) {
  ValuesNode node;
  node.output.push_back({1, "v", TypeId::kInt64});
  for (ExprPtr& row : rows) node.rows.push_back({std::move(row)});
  return node;
}

TEST(ValuesOperator, ParametersStandForTheirValues) {
  const ValuesNode node = Column({ParameterOf(2, TypeId::kInt64), MakeConstant(Value::Int64(7)), ParameterOf(1, TypeId::kInt64),
                                  FirstOf({ParameterOf(1, TypeId::kInt64), ParameterOf(2, TypeId::kInt64)})});
  const std::vector<Value> parameters = {Value::Null(TypeId::kInt64), Value::Int64(-5)};
  const ExecContext context;
  ValuesOperator rows(node, context, nullptr, parameters);
  ColumnBatch batch;
  const StatusOr<Pull> pulled = rows.Next(&batch);
  ASSERT_TRUE(pulled.ok()) << pulled.status();
  EXPECT_EQ(*pulled, Pull::kRows);
  ASSERT_EQ(batch.rows(), 4u);
  EXPECT_EQ(batch.column(0).Get<int64_t>(0), -5);
  EXPECT_EQ(batch.column(0).Get<int64_t>(1), 7);
  EXPECT_TRUE(batch.column(0).IsNull(2));
  EXPECT_EQ(batch.column(0).Get<int64_t>(3), -5);
  EXPECT_EQ(*rows.Next(&batch), Pull::kDone);
}

TEST(ValuesOperator, AParameterThatIsNotThereIsAnError) {
  const ValuesNode node = Column({ParameterOf(2, TypeId::kInt64)});
  const std::vector<Value> parameters = {Value::Int64(1)};
  const ExecContext context;
  ColumnBatch batch;
  EXPECT_FALSE(ValuesOperator(node, context, nullptr, parameters).Next(&batch).ok());
  EXPECT_FALSE(ValuesOperator(node, context).Next(&batch).ok());
}

ExprPtr Call(std::string key, std::vector<ExprPtr> arguments) { return MakeCall(std::move(key), TypeId::kInt64, std::move(arguments)); }

std::vector<int64_t> Integers(const ColumnBatch& batch, size_t column) {
  std::vector<int64_t> values;
  for (size_t row = 0; row < batch.rows(); ++row) values.push_back(batch.column(column).IsNull(row) ? -999 : batch.column(column).Get<int64_t>(row));
  return values;
}

TEST(ValuesProgram, RowsOfOneShapeDifferInConstantsAndParameters) {
  const auto sum = [](ExprPtr left, ExprPtr right) { return Call("+(int8,int8)", {std::move(left), std::move(right)}); };
  const ExprPtr p1 = ParameterOf(1, TypeId::kInt64), p2 = ParameterOf(2, TypeId::kInt64);
  const auto constant = [](int64_t value) { return MakeConstant(Value::Int64(value)); };
  const ValuesNode node = Column({sum(p1, constant(1)), sum(p2, constant(1)), sum(constant(40), p1), sum(p1, MakeConstant(Value::Null(TypeId::kInt64))), p2,
                                  constant(3), Call("-(int8)", {p1}), sum(sum(p1, constant(1)), constant(2))});
  const std::shared_ptr<ValuesProgram> program = *ValuesProgram::Compile(node);
  const ExecContext context;
  EXPECT_EQ(Integers(*program->Run(0, 8, {Value::Int64(10), Value::Int64(20)}, context), 0), (std::vector<int64_t>{11, 21, 50, -999, 20, 3, -10, 13}));
  EXPECT_EQ(Integers(*program->Run(0, 8, {Value::Int64(-1), Value::Null(TypeId::kInt64)}, context), 0),
            (std::vector<int64_t>{0, -999, 39, -999, -999, 3, 1, 2}));
  for (size_t begin = 0; begin < 8; ++begin) {
    for (size_t end = begin + 1; end <= 8; ++end) {
      std::vector<int64_t> expected = {11, 21, 50, -999, 20, 3, -10, 13};
      expected = std::vector<int64_t>(expected.begin() + static_cast<ptrdiff_t>(begin), expected.begin() + static_cast<ptrdiff_t>(end));
      EXPECT_EQ(Integers(*program->Run(begin, end, {Value::Int64(10), Value::Int64(20)}, context), 0), expected) << begin << " " << end;
    }
  }
}

TEST(ValuesProgram, TheErrorIsTheFirstRows) {
  // Column 1 overflows in row 0, column 0 divides by zero in row 1: a column at a time would meet the second first.
  const auto constant = [](int64_t value) { return MakeConstant(Value::Int64(value)); };
  const ExprPtr p1 = ParameterOf(1, TypeId::kInt64);
  ValuesNode node;
  node.output = {{1, "a", TypeId::kInt64}, {2, "b", TypeId::kInt64}};
  node.rows = {{Call("/(int8,int8)", {constant(1), constant(1)}), Call("+(int8,int8)", {p1, constant(1)})},
               {Call("/(int8,int8)", {constant(1), constant(0)}), Call("+(int8,int8)", {p1, constant(0)})}};
  const std::shared_ptr<ValuesProgram> program = *ValuesProgram::Compile(node);
  const ExecContext context;
  EXPECT_TRUE(HasSqlState(program->Run(0, 2, {Value::Int64(INT64_MAX)}, context).status(), sqlstate::kNumericValueOutOfRange));
  EXPECT_TRUE(HasSqlState(program->Run(0, 2, {Value::Int64(1)}, context).status(), sqlstate::kDivisionByZero));
  EXPECT_TRUE(program->Run(0, 1, {Value::Int64(1)}, context).ok());
}

TEST(ValuesProgram, VolatileCallsAreMadeRowByRow) {
  ValuesNode node;
  node.output = {{1, "a", TypeId::kFloat64}, {2, "b", TypeId::kFloat64}};
  const ExprPtr call = MakeCall("random()", TypeId::kFloat64, {});
  node.rows = {{call, call}, {call, call}};
  Random random(3), same(3);
  ExecContext context;
  context.random = &random;
  const ColumnBatch batch = *(*ValuesProgram::Compile(node))->Run(0, 2, {}, context);
  ExecContext other;
  other.random = &same;
  for (size_t row = 0; row < 2; ++row) {
    for (size_t column = 0; column < 2; ++column) {
      EXPECT_EQ(batch.column(column).Get<double>(row), (*EvaluateConstant(*call, other)).AsDouble()) << row << " " << column;
    }
  }
}

TEST(ValuesProgram, WhatDoesNotFitItsTypeIsRefused) {
  const ExecContext context;
  const ValuesNode node = Column({ParameterOf(1, TypeId::kInt64), ParameterOf(1, TypeId::kInt64)});
  EXPECT_FALSE((*ValuesProgram::Compile(node))->Run(0, 2, {Value::Text("x")}, context).ok());
  EXPECT_FALSE(ValuesProgram::Compile(Column({MakeConstant(Value::Text("x"))})).ok());
  EXPECT_FALSE(ValuesProgram::Compile(Column({MakeCall("random()", TypeId::kText, {})})).ok());
}

TEST(ValuesOperator, ManyRowsComeInBatches) {
  const ValuesNode node = Column(std::vector<ExprPtr>(kDefaultBatchRows + 1, MakeConstant(Value::Int64(3))));
  const ExecContext context;
  ValuesOperator rows(node, context);
  ColumnBatch batch;
  ASSERT_EQ(*rows.Next(&batch), Pull::kRows);
  EXPECT_EQ(batch.rows(), kDefaultBatchRows);
  ASSERT_EQ(*rows.Next(&batch), Pull::kRows);
  EXPECT_EQ(batch.rows(), 1u);
  EXPECT_EQ(batch.column(0).Get<int64_t>(0), 3);
  EXPECT_EQ(*rows.Next(&batch), Pull::kDone);
}

}  // namespace
}  // namespace tsd::sql
