#pragma once
// What a binder needs to turn resolved names into Exprs: resolution, casts of arguments, defaults, literals of unknown type read as
// what the context wants. Pure; any thread.
#include <string>
#include <string_view>
#include <vector>

#include "sql/exec/operator.h"
#include "sql/function/registry.h"
#include "sql/plan/expression.h"

namespace tsd::sql {

struct GivenArguments {
  std::vector<ExprPtr> values;
  std::vector<std::string> names;  // empty, or one a value; empty string = positional
  bool variadic = false;
};

/// `expr` as `target` (typmod applied). A constant of unknown type is read by the type's input function at once; its errors point at it.
/// 42846 "cannot cast type a to b"; for kAssignment the caller may prefer its own 42804: test with CanCast first.
StatusOr<ExprPtr> BuildCast(ExprPtr expr, const DataType& target, CastContext context, const ExecContext& exec, int position = 0);

/// A scalar call. Fails with 42883/42725, 42809 when the name is another kind's.
StatusOr<ExprPtr> BuildCall(std::string_view schema, std::string_view name, GivenArguments arguments, const ExecContext& exec,
                            int position = 0);
/// Prefix: `left` is nullptr.
StatusOr<ExprPtr> BuildOperator(std::string_view op, ExprPtr left, ExprPtr right, const ExecContext& exec, int position = 0);
/// left op ANY/ALL (array). The key is "any =(int4,int4)" / "all <(…)" and so on.
enum class Quantifier : uint8_t { kAny, kAll };
StatusOr<ExprPtr> BuildQuantified(Quantifier quantifier, std::string_view op, ExprPtr left, ExprPtr array, const ExecContext& exec,
                                  int position = 0);
/// IS DISTINCT FROM (through the type's = ; never NULL). Key "is distinct from".
StatusOr<ExprPtr> BuildDistinct(ExprPtr left, ExprPtr right, const ExecContext& exec, int position = 0);
/// array[i][j] (slices: lower and upper bounds alternate). Keys "subscript", "slice".
StatusOr<ExprPtr> BuildSubscript(ExprPtr array, std::vector<ExprPtr> subscripts, bool slice, const ExecContext& exec, int position = 0);
/// All casted (implicitly) to their common type.
StatusOr<std::vector<ExprPtr>> CastToCommonType(std::vector<ExprPtr> exprs, std::string_view construct, const ExecContext& exec);

/// Resolution against Exprs' types for calls of any kind (aggregates, window and table functions): the call and its arguments, cast,
/// in parameter order, defaults filled in.
struct BoundCall {
  ResolvedCall call;
  std::vector<ExprPtr> arguments;
};
StatusOr<BoundCall> BindCall(std::string_view schema, std::string_view name, GivenArguments arguments, const ExecContext& exec,
                             int position = 0);

/// Type of a parsed literal's text: int4, int8 or numeric. 22P02 cannot happen for what the lexer accepts.
StatusOr<Value> NumberLiteral(std::string_view text);

/// Of the whole tree: the most volatile call in it. Sub-queries count as volatile.
Volatility VolatilityOf(const Expr& expr);

}  // namespace tsd::sql
