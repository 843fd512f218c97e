#pragma once
// Expr: a bound, typed expression; what the binder makes, the optimiser rewrites, the evaluator runs and the fragment codec ships.
// All casts are explicit nodes, all functions resolved. Column references carry a plan-wide unique ColumnRef id; before execution
// ResolveColumns turns them into positions in the input batch.
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/status.h"
#include "engine/types/value.h"

namespace tsd::sql {

enum class ExprKind : uint8_t {
  kConstant,    // value
  kColumn,      // column (id, or position once resolved)
  kOuterColumn, // column of an enclosing query (correlated sub-query); gone after decorrelation
  kParameter,   // column = 1-based number; replaced by kConstant at Bind time
  kFunction,    // function (signature key) over arguments: operators, casts and functions alike
  kAnd, kOr,    // n-ary, three-valued
  kNot,
  kIsNull, kIsNotNull,
  kCase,        // arguments: when1, then1, when2, then2, ..., else (always present); conditions boolean
  kCoalesce,
  kInList,      // arguments[0] IN (arguments[1..]), all of one type
  kArray,       // ARRAY[...]
  kRow,         // ROW(...): record
  kSubquery,    // uncorrelated or correlated sub-query; index into the statement's sub-plans (sql/bind)
};

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;  // immutable once shared

struct Expr {
  ExprKind kind = ExprKind::kConstant;
  DataType type;
  int position = 0;                 // in the query text, for errors; 0 unknown
  Value value;                      // kConstant
  int column = -1;                  // kColumn, kOuterColumn, kParameter, kSubquery
  std::string function;             // kFunction: registry signature key, e.g. "time_bucket(interval,timestamptz)"
  std::vector<ExprPtr> arguments;
};

ExprPtr MakeConstant(Value value, int position = 0);
ExprPtr MakeColumn(int column, DataType type, int position = 0);
ExprPtr MakeCall(std::string function, DataType result, std::vector<ExprPtr> arguments, int position = 0);
ExprPtr MakeLogical(ExprKind kind, std::vector<ExprPtr> arguments);  // kAnd, kOr, kNot, kIsNull, kIsNotNull

bool SameExpr(const Expr& left, const Expr& right);  // positions apart
/// Column ids used, ascending, without repetition.
std::vector<int> ColumnsOf(const Expr& expr);
/// Copy with every kColumn id replaced through `map` (id -> position). Requires: all ids present.
ExprPtr ResolveColumns(const ExprPtr& expr, const std::vector<std::pair<int, int>>& map);

void EncodeExpr(const Expr& expr, ByteWriter& writer);
/// Depth-limited; from untrusted bytes. Function keys are checked by the evaluator's compile step.
StatusOr<ExprPtr> DecodeExpr(ByteReader& reader);

}  // namespace tsd::sql
