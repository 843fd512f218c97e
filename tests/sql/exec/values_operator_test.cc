#include "sql/exec/values_operator.h"

#include <gtest/gtest.h>

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
