// What expression texts cannot show: untaken branches over columns, filters, folding, hostile expressions.
#include "sql/exec/evaluator.h"

#include <gtest/gtest.h>

#include "engine/base/strings.h"
#include "sql/function/call_builder.h"

namespace tsd::sql {
namespace {

VectorPtr Ints(std::initializer_list<std::optional<int32_t>> values) {
  auto column = std::make_shared<Vector>(DataType(TypeId::kInt32));
  for (const std::optional<int32_t>& value : values) {
    if (value.has_value()) {
      column->Append<int32_t>(*value);
    } else {
      column->AppendNull();
    }
  }
  return column;
}

ExprPtr Int(int32_t value) { return MakeConstant(Value::Int32(value)); }
ExprPtr Column(int index) { return MakeColumn(index, DataType(TypeId::kInt32)); }
ExprPtr Op(std::string_view op, ExprPtr left, ExprPtr right) {
  return *BuildOperator(op, std::move(left), std::move(right), ExecContext());
}

ExprPtr Case(std::vector<ExprPtr> arguments) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kCase;
  expr->type = arguments.back()->type;
  expr->arguments = std::move(arguments);
  return expr;
}

std::string RunText(const ExprPtr& expr, const ColumnBatch& batch) {
  StatusOr<std::unique_ptr<CompiledExpr>> compiled = CompiledExpr::Compile(*expr);
  if (!compiled.ok()) return SqlStateOf(compiled.status());
  StatusOr<VectorPtr> result = (*compiled)->Evaluate(batch, ExecContext());
  if (!result.ok()) return SqlStateOf(result.status());
  EXPECT_EQ((*result)->size(), batch.rows());
  std::string text;
  for (size_t row = 0; row < batch.rows(); ++row) {
    if (row > 0) text += ' ';
    if ((*result)->IsNull(row)) {
      text += "-";
    } else {
      FormatText(**result, row, TextContext(), text);
    }
  }
  return text;
}

std::vector<uint32_t> Filter(const ExprPtr& expr, const ColumnBatch& batch) {
  std::vector<uint32_t> selection = {99};
  EXPECT_TRUE((*CompiledExpr::Compile(*expr))->EvaluateFilter(batch, ExecContext(), &selection).ok());
  return selection;
}

const ColumnBatch& Batch() {
  static const ColumnBatch batch({Ints({0, 1, 2, std::nullopt, 4}), Ints({5, 5, std::nullopt, 5, 2})}, 5);
  return batch;
}

TEST(Evaluator, DivisionInUntakenBranchDoesNotFire) {
  const ExprPtr quotient = Op("/", Int(100), Column(0));
  EXPECT_EQ(RunText(quotient, Batch()), "22012");
  EXPECT_EQ(RunText(Case({Op("=", Column(0), Int(0)), Int(-1), quotient}), Batch()), "-1 100 50 - 25");
  EXPECT_EQ(RunText(MakeLogical(ExprKind::kAnd, {Op("<>", Column(0), Int(0)), Op(">", quotient, Int(40))}), Batch()), "f t t - f");
  EXPECT_EQ(RunText(MakeLogical(ExprKind::kOr, {Op("=", Column(0), Int(0)), Op(">", quotient, Int(40))}), Batch()), "t t t - f");
  EXPECT_EQ(Filter(MakeLogical(ExprKind::kAnd, {Op("<>", Column(0), Int(0)), Op(">", quotient, Int(20))}), Batch()),
            (std::vector<uint32_t>{1, 2, 4}));
}

TEST(Evaluator, NestedBranchesKeepRowsApart) {
  const ExprPtr inner = Case({Op(">", Column(0), Int(1)), Op("/", Int(8), Column(0)), Int(7)});
  const ExprPtr outer = Case({Op("=", Column(0), Int(0)), Int(0), inner});
  EXPECT_EQ(RunText(outer, Batch()), "0 7 4 7 2");
}

/// The rows' strings, once as a file's dictionary gives them, once without it.
std::pair<ColumnBatch, ColumnBatch> CodedAndPlain(const VectorPtr& entries, const std::vector<uint16_t>& codes) {
  auto plain = std::make_shared<Vector>(entries->type());
  for (uint16_t code : codes) plain->AppendFrom(*entries, code);
  auto coded = std::make_shared<Vector>(*plain);
  coded->SetCodes(entries, codes);
  return {ColumnBatch({coded}, codes.size()), ColumnBatch({plain}, codes.size())};
}

VectorPtr Texts(const std::vector<std::string>& values) {
  auto column = std::make_shared<Vector>(DataType(TypeId::kText));
  for (const std::string& value : values) column->AppendBytes(value);
  return column;
}

TEST(Evaluator, StringsOfADictionaryAreCalledOnceAnEntry) {
  const ExprPtr column = MakeColumn(0, DataType(TypeId::kText));
  const auto text = [](std::string_view value) { return MakeConstant(Value::Bytes(DataType(TypeId::kText), std::string(value))); };
  const auto call = [](std::string_view name, std::vector<ExprPtr> arguments) { return *BuildCall("", name, {std::move(arguments), {}}, ExecContext()); };
  const VectorPtr entries = Texts({"0aff", "error", "", "b1"});
  const auto [coded, plain] = CodedAndPlain(entries, {0, 3, 0, 3, 2, 2, 0, 3});
  const auto [failing, plain_failing] = CodedAndPlain(entries, {0, 1, 0, 3});
  const std::vector<ExprPtr> calls = {Op("<>", column, text("b1")), Op("||", text("x"), column), call("upper", {Op("||", column, text("a"))}),
                                      call("length", {call("upper", {column})}),
                                      call("decode", {column, text("hex")})};  // "error" is no such text: no row has it
  for (const ExprPtr& expr : calls) {
    EXPECT_EQ(RunText(expr, coded), RunText(expr, plain));
    EXPECT_EQ(RunText(expr, failing), RunText(expr, plain_failing));
  }
  EXPECT_EQ(RunText(calls.back(), failing), "22023");
  EXPECT_EQ(RunText(calls.back(), coded), "\\x0aff \\xb1 \\x0aff \\xb1 \\x \\x \\x0aff \\xb1");
  EXPECT_EQ(Filter(calls[0], coded), (std::vector<uint32_t>{0, 2, 4, 5, 6}));
}

TEST(Evaluator, ResultsOfEntriesServeTheNextBatch) {
  const ExprPtr column = MakeColumn(0, DataType(TypeId::kText));
  const auto compiled = *CompiledExpr::Compile(**BuildCall("", "upper", {{column}, {}}, ExecContext()));
  const VectorPtr entries = Texts({"a", "b", "c"});
  for (const std::vector<uint16_t>& codes : {std::vector<uint16_t>{0, 1, 2, 1}, std::vector<uint16_t>{2}, std::vector<uint16_t>{1, 1}}) {
    const VectorPtr result = *compiled->Evaluate(CodedAndPlain(entries, codes).first, ExecContext());
    ASSERT_EQ(result->size(), codes.size());
    EXPECT_EQ(result->codes().size(), codes.size());
    for (size_t row = 0; row < codes.size(); ++row) {
      EXPECT_EQ(result->GetBytes(row), std::string(1, static_cast<char>('A' + codes[row])));
      EXPECT_EQ(result->entries()->GetBytes(result->codes()[row]), result->GetBytes(row));
    }
  }
  const VectorPtr other = *compiled->Evaluate(CodedAndPlain(Texts({"x", "y"}), {1, 0, 1}).first, ExecContext());
  EXPECT_EQ(other->GetBytes(0), "Y");
}

TEST(Evaluator, CoalesceTakesTheFirstPresentValue) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kCoalesce;
  expr->type = DataType(TypeId::kInt32);
  expr->arguments = {Column(0), Column(1), Op("/", Int(1), Int(0))};
  EXPECT_EQ(RunText(expr, Batch()), "0 1 2 5 4");
}

TEST(Evaluator, ErrorsOfNullRowsDoNotFire) {
  EXPECT_EQ(RunText(Op("+", MakeConstant(Value::Int32(INT32_MAX - 4)), Column(0)), Batch()),
            "2147483643 2147483644 2147483645 - 2147483647");
  EXPECT_EQ(RunText(Op("+", MakeConstant(Value::Int32(INT32_MAX - 3)), Column(0)), Batch()), "22003");
  const ColumnBatch zero_and_null({Ints({8, 8}), Ints({2, std::nullopt})}, 2);
  EXPECT_EQ(RunText(Op("/", Column(0), Column(1)), zero_and_null), "4 -");
}

TEST(Evaluator, LongColumnsThroughBlockLoops) {
  auto a = std::make_shared<Vector>(DataType(TypeId::kInt32));
  auto b = std::make_shared<Vector>(DataType(TypeId::kInt32));
  for (int i = 0; i < 1000; ++i) {
    a->Append<int32_t>(i);
    if (i % 7 == 0) {
      b->AppendNull();
    } else {
      b->Append<int32_t>(2 * i);
    }
  }
  const ColumnBatch batch({a, b}, 1000);
  auto sum = *(*CompiledExpr::Compile(*Op("+", Column(0), Column(1))))->Evaluate(batch, ExecContext());
  for (size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(sum->IsNull(i), i % 7 == 0);
    if (!sum->IsNull(i)) {
      ASSERT_EQ(sum->Get<int32_t>(i), static_cast<int32_t>(3 * i));
    }
  }
  EXPECT_EQ(Filter(Op(">=", Column(0), Int(998)), batch), (std::vector<uint32_t>{998, 999}));
}

TEST(Evaluator, NoRows) {
  const ColumnBatch empty({Ints({}), Ints({})}, 0);
  EXPECT_EQ(RunText(Op("/", Int(1), Int(0)), empty), "");
  EXPECT_TRUE(Filter(Op("=", Column(0), Int(0)), empty).empty());
}

TEST(Evaluator, InListOverColumns) {
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kInList;
  expr->type = DataType(TypeId::kBool);
  expr->arguments = {Column(0), Int(1), Column(1), MakeConstant(Value::Null(DataType(TypeId::kInt32)))};
  EXPECT_EQ(RunText(expr, Batch()), "- t - - -");
  auto many = std::make_shared<Expr>(*expr);
  many->arguments = {Column(0)};
  for (int i = 0; i < 40; i += 2) many->arguments.push_back(Int(i));
  EXPECT_EQ(RunText(many, Batch()), "t f t - t");
}

TEST(Evaluator, Folding) {
  const ExprPtr sum = Op("+", Int(1), Op("*", Int(2), Int(3)));
  const ExprPtr folded = FoldConstants(Op("=", Column(0), sum), ExecContext(), FoldLevel::kImmutable);
  EXPECT_EQ(folded->arguments[1]->kind, ExprKind::kConstant);
  EXPECT_EQ(folded->arguments[1]->value.AsInteger(), 7);
  // A call that fails stays.
  EXPECT_EQ(FoldConstants(Op("/", Int(1), Int(0)), ExecContext(), FoldLevel::kStable)->kind, ExprKind::kFunction);
  const ExprPtr now = *BuildCall("", "now", {}, ExecContext());
  EXPECT_EQ(FoldConstants(now, ExecContext(), FoldLevel::kImmutable)->kind, ExprKind::kFunction);
  EXPECT_EQ(FoldConstants(now, ExecContext(), FoldLevel::kStable)->kind, ExprKind::kConstant);
  const ExprPtr random = *BuildCall("", "random", {}, ExecContext());
  EXPECT_EQ(FoldConstants(random, ExecContext(), FoldLevel::kStable)->kind, ExprKind::kFunction);
  EXPECT_EQ(VolatilityOf(*random), Volatility::kVolatile);
}

TEST(Evaluator, RandomDiffersByRow) {
  Random random(1);
  ExecContext context;
  context.random = &random;
  const ExprPtr call = *BuildCall("", "random", {}, context);
  auto values = *(*CompiledExpr::Compile(*call))->Evaluate(ColumnBatch(3), context);
  EXPECT_NE(values->Get<double>(0), values->Get<double>(1));
  EXPECT_TRUE(HasSqlState((*CompiledExpr::Compile(*call))->Evaluate(ColumnBatch(1), ExecContext()).status(), sqlstate::kFeatureNotSupported));
}

TEST(Evaluator, HostileExpressionsDoNotCompile) {
  const auto call = [](std::string key, DataType result, std::vector<ExprPtr> arguments) {
    return MakeCall(std::move(key), result, std::move(arguments));
  };
  const ExprPtr text = MakeConstant(Value::Text("x"));
  EXPECT_EQ(RunText(call("+(int4,int4)", TypeId::kInt32, {Int(1), text}), Batch()), "XX000");
  EXPECT_EQ(RunText(call("+(int4,int4)", TypeId::kText, {Int(1), Int(1)}), Batch()), "XX000");
  EXPECT_EQ(RunText(call("+(int4,int4)", TypeId::kInt32, {Int(1)}), Batch()), "XX000");
  EXPECT_EQ(RunText(call("no_such(int4)", TypeId::kInt32, {Int(1)}), Batch()), "42883");
  EXPECT_EQ(RunText(call("sum(int4)", TypeId::kInt64, {Int(1)}), Batch()), "42883");
  EXPECT_EQ(RunText(call("array_append(anycompatiblearray,anycompatible)", DataType::ArrayOf(TypeId::kInt32), {Int(1), Int(1)}), Batch()), "XX000");
  EXPECT_EQ(RunText(call("greatest(variadic anycompatible)", TypeId::kInt64, {Int(1), Int(1)}), Batch()), "XX000");
  EXPECT_EQ(RunText(call("any =(int4,int4)", TypeId::kBool, {Int(1), Int(1)}), Batch()), "XX000");
  EXPECT_EQ(RunText(call("subscript", TypeId::kInt32, {Int(1), Int(1)}), Batch()), "XX000");
  EXPECT_EQ(RunText(call("cast.explicit", TypeId::kUuid, {Int(1)}), Batch()), "42846");
  EXPECT_EQ(RunText(MakeColumn(0, DataType(TypeId::kText)), Batch()), "XX000");
  EXPECT_EQ(RunText(MakeColumn(7, DataType(TypeId::kInt32)), Batch()), "XX000");
  EXPECT_EQ(RunText(Case({Int(1), Int(1), Int(1)}), Batch()), "XX000");
  EXPECT_EQ(RunText(MakeLogical(ExprKind::kAnd, {Int(1)}), Batch()), "XX000");
  EXPECT_EQ(RunText(MakeLogical(ExprKind::kNot, {}), Batch()), "XX000");
}

TEST(ExprCodec, RoundTripAndDamage) {
  const ExprPtr expr = MakeLogical(ExprKind::kAnd, {Op("<>", Column(0), Int(0)), Op("=", MakeConstant(Value::Text("a")), MakeConstant(Value::Text("b")))});
  ByteWriter writer;
  EncodeExpr(*expr, writer);
  ByteReader reader(writer.data());
  StatusOr<ExprPtr> back = DecodeExpr(reader);
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(SameExpr(*expr, **back));
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_EQ(ColumnsOf(**back), std::vector<int>{0});
  for (size_t cut = 0; cut < writer.size(); ++cut) {
    ByteReader damaged(std::string_view(writer.data()).substr(0, cut));
    EXPECT_FALSE(DecodeExpr(damaged).ok());
  }
  for (size_t i = 0; i < writer.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = writer.data();
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      ByteReader damaged(bytes);
      StatusOr<ExprPtr> decoded = DecodeExpr(damaged);
      if (decoded.ok()) (void)RunText(*decoded, Batch());
    }
  }
  // Deeper than any parser lets through.
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += std::string("\x07\x01\x00\x01\x00\x01", 6);
  ByteReader deep(nested);
  EXPECT_TRUE(HasSqlState(DecodeExpr(deep).status(), sqlstate::kStatementTooComplex));
}

}  // namespace
}  // namespace tsd::sql
