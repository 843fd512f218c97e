#include "tests/sql/function/expression_harness.h"

#include <vector>

#include "engine/base/strings.h"
#include "engine/types/timezone.h"
#include "sql/bind/binder.h"
#include "sql/exec/evaluator.h"
#include "sql/function/function_context.h"
#include "sql/function/registry.h"
#include "sql/parse/parser.h"

namespace tsd::sql {
namespace {

std::string ErrorText(const Status& status) {
  return StrCat("ERROR ", SqlStateOf(status), ": ", StdView(status.message()));
}

/// Types as regtype has them; nothing else is known.
class TypesOnly final : public FunctionContext {
 public:
  StatusOr<uint32_t> OidOf(TypeId kind, std::string_view name) const override {
    DataType type;
    if (kind == TypeId::kRegtype && TypeFromName(name, &type)) return TypeOid(type);
    return Error(sqlstate::kUndefinedTable, StrCat("relation \"", name, "\" does not exist"));
  }
  bool NameOf(TypeId kind, uint32_t oid, std::string* name) const override {
    bool known = false;
    const DataType type = TypeFromOid(oid, &known);
    if (kind != TypeId::kRegtype || !known) return false;
    *name = TypeName(type);
    return true;
  }
  StatusOr<Value> Call(std::string_view key, std::span<const Value>, const DataType&) override {
    return Error(sqlstate::kFeatureNotSupported, key);
  }
};

struct Session {
  TypesOnly names;
  RealClock clock;
  Random random{7};
  ExecContext exec;
  Session() {
    exec.datetime.zone = *RequireTimeZone("America/New_York");
    exec.datetime.now = absl::FromUnixSeconds(1'600'000'000);
    exec.statement_time = exec.datetime.now;
    exec.functions = &names;
    exec.clock = &clock;
    exec.random = &random;
  }
};

StatusOr<ExprPtr> Bind(std::string_view text, Session& session) {
  ASSIGN_OR_RETURN(parse::ExprPtr parsed, parse::ParseExpression(text));
  BindContext context;
  context.catalog = std::make_shared<Catalog>();
  context.exec = session.exec;
  return BindScalar(*parsed, DataType(TypeId::kUnknown), context);
}

/// As psql's (expr)::text shows it.
StatusOr<std::string> RowText(const Expr& expr, const ColumnBatch& batch, size_t row, Session& session) {
  ASSIGN_OR_RETURN(std::unique_ptr<CompiledExpr> compiled, CompiledExpr::Compile(expr));
  ASSIGN_OR_RETURN(VectorPtr result, compiled->Evaluate(batch, session.exec));
  if (result->size() != batch.rows()) return std::string("WRONG SIZE");
  if (result->IsNull(row)) return std::string("NULL");
  if (expr.type.Is(TypeId::kBool)) return std::string(result->Get<uint8_t>(row) != 0 ? "true" : "false");
  std::string text;
  FormatText(*result, row, TextContextOf(session.exec), text);
  if (expr.type.Is(TypeId::kBpchar)) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
  }
  return text;
}

enum class FirstRow : uint8_t { kNull, kValue };

/// Every constant becomes a column of three rows: NULL or the value, then the value twice.
ExprPtr ConstantsToColumns(const ExprPtr& expr, FirstRow first, std::vector<VectorPtr>& columns) {
  if (expr->kind == ExprKind::kConstant) {
    auto column = std::make_shared<Vector>(expr->type.WithoutTypmod());
    if (first == FirstRow::kNull) column->AppendNull();
    while (column->size() < 3) {
      if (expr->value.IsNull()) {
        column->AppendNull();
      } else {
        expr->value.AppendTo(*column);
      }
    }
    columns.push_back(std::move(column));
    return MakeColumn(static_cast<int>(columns.size()) - 1, expr->type);
  }
  auto copy = std::make_shared<Expr>(*expr);
  for (ExprPtr& argument : copy->arguments) argument = ConstantsToColumns(argument, first, columns);
  return copy;
}

std::string Show(const StatusOr<std::string>& text) { return text.ok() ? *text : ErrorText(text.status()); }

}  // namespace

std::string EvaluateConstantText(std::string_view expression) {
  Session session;
  StatusOr<ExprPtr> expr = Bind(expression, session);
  if (!expr.ok()) return ErrorText(expr.status());
  return Show(RowText(**expr, ColumnBatch(1), 0, session));
}

std::string EvaluateText(std::string_view expression) {
  Session session;
  StatusOr<ExprPtr> expr = Bind(expression, session);
  if (!expr.ok()) return ErrorText(expr.status());
  const std::string constant = Show(RowText(**expr, ColumnBatch(2), 1, session));
  // Where a NULL is an error of its own, the row before must be a value.
  std::string column;
  for (FirstRow first : {FirstRow::kNull, FirstRow::kValue}) {
    std::vector<VectorPtr> columns;
    const ExprPtr over_columns = ConstantsToColumns(*expr, first, columns);
    column = Show(RowText(*over_columns, ColumnBatch(columns, 3), 2, session));
    if (column == constant) return constant;
  }
  return StrCat("constants: ", constant, "; columns: ", column);
}

}  // namespace tsd::sql
