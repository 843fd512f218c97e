#pragma once
// Registry: every function, operator, aggregate, window function and table function SQL can call, with PostgreSQL's overload resolution.
// Built once, immutable afterwards, any thread. A signature key names one entry for ever, since fragments ship it: "lower(text)",
// "+(int4,int4)", "array_append(anycompatiblearray,anycompatible)", "concat(variadic any)"; types by internal names (int4, _text).
// A cast is a call of one of the three kCast* keys; what it does follows from the argument's type and the call's result type.
// Binders want call_builder.h: it resolves, casts the arguments and returns the Expr.
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "engine/types/value.h"
#include "sql/exec/operator.h"

namespace tsd::sql {

class AggregateState;  // sql/exec/aggregate_state.h
struct RowArgs;        // row_args.h

enum class FunctionKind : uint8_t { kScalar, kAggregate, kWindow, kTable };
/// kStable: one result a statement for the same arguments (now(), anything that looks at the session's zone).
enum class Volatility : uint8_t { kImmutable, kStable, kVolatile };

/// A declared argument or result type: a real one or one of PostgreSQL's pseudo-types.
enum class PseudoType : uint8_t {
  kNone, kAny, kAnyElement, kAnyArray, kAnyNonArray, kAnyCompatible, kAnyCompatibleArray, kAnyCompatibleNonArray,
};
struct ParameterType {
  DataType type;
  PseudoType pseudo = PseudoType::kNone;
  bool operator==(const ParameterType&) const = default;
};
struct Parameter {
  std::string name;          // empty: cannot be named
  ParameterType type;
  bool has_default = false;
  std::string default_text;  // input text of the default
  bool default_null = false;
};

/// One call of a kernel. Every argument has `rows` logical rows; some may be constant, but not all unless rows == 1.
struct KernelCall {
  std::span<const VectorPtr> arguments;
  size_t rows = 0;
  DataType result;
  const ExecContext* context = nullptr;
  /// A slot that lives as long as the compiled expression, for what a constant argument was compiled to (a regex, a zone).
  std::shared_ptr<void>* cache = nullptr;
  std::string_view key;
};
/// Whole columns at once. NULLs are the kernel's own business, except that no argument of a strict function is a constant NULL.
using Kernel = StatusOr<VectorPtr> (*)(const KernelCall&);
/// One row: appends exactly one value (or NULL) to `out`, or fails. Of a strict function only called when no argument is NULL.
using RowKernel = Status (*)(const RowArgs&, Vector& out);

/// A running table function: batches until an empty one.
class TableFunctionRun {
 public:
  virtual ~TableFunctionRun() = default;
  /// At most about kDefaultBatchRows rows; a batch of none ends it.
  virtual StatusOr<ColumnBatch> Next() = 0;
};
struct OutputColumn {
  std::string name;
  DataType type;
};

struct Function;
/// A call whose function and types are settled.
struct ResolvedCall {
  const Function* function = nullptr;
  /// Per parameter after defaults and variadic arguments are laid out: the type the argument must be cast to.
  std::vector<DataType> argument_types;
  /// Per parameter: index of the given argument, or -1 for the default.
  std::vector<int> argument_order;
  /// The arguments from here on are collected into one ARRAY[..] (a VARIADIC parameter of array type); -1 = none.
  int variadic_from = -1;
  DataType result;
  /// kTable: the row it returns; one column named like the function unless it declares more.
  std::vector<OutputColumn> columns;
};

using AggregateFactory = StatusOr<std::unique_ptr<AggregateState>> (*)(const Function& function, std::span<const DataType> arguments,
                                                                       DataType result);
using TableStart = StatusOr<std::unique_ptr<TableFunctionRun>> (*)(std::span<const Value> arguments,
                                                                   std::span<const OutputColumn> columns, const ExecContext& context);

struct Function {
  std::string schema;         // pg_catalog, public (TimescaleDB's), timescaledb_experimental
  std::string name;
  std::string key;
  FunctionKind kind = FunctionKind::kScalar;
  Volatility volatility = Volatility::kImmutable;
  bool strict = true;         // NULL if any argument is NULL
  bool variadic = false;      // the last parameter repeats (any) or collects (array)
  bool ordered_set = false;   // aggregate with WITHIN GROUP; parameters: direct ones, then the sort key
  bool context = false;       // implemented by the FunctionContext (function_context.h), on the access node only
  std::vector<Parameter> parameters;
  ParameterType result;
  std::vector<OutputColumn> columns;  // kTable
  Kernel kernel = nullptr;            // kScalar: one of these two
  RowKernel row = nullptr;
  AggregateFactory aggregate = nullptr;
  TableStart table = nullptr;

  size_t required() const;    // parameters without default
};

class Registry {
 public:
  static const Registry& Get();
  /// nullptr if there is none.
  const Function* Find(std::string_view key) const;
  /// All overloads of a name, any kind.
  std::span<const Function* const> Named(std::string_view name) const;
  const std::vector<std::unique_ptr<Function>>& all() const { return functions_; }
  ~Registry();

 private:
  Registry();
  struct Index;
  std::vector<std::unique_ptr<Function>> functions_;
  std::unique_ptr<Index> index_;
};

struct ArgumentList {
  std::span<const DataType> types;          // kUnknown: untyped literal, NULL or parameter
  std::span<const std::string> names;       // empty, or one a type; empty string = positional
  bool variadic = false;                    // VARIADIC before the last one
};
/// By PostgreSQL's rules. `schema` may be empty. 42883 with HINT, 42725.
StatusOr<ResolvedCall> ResolveFunction(std::string_view schema, std::string_view name, const ArgumentList& arguments);
/// Prefix operators: `left` is nullptr. 42883 "operator does not exist: text + integer", 42725.
StatusOr<ResolvedCall> ResolveOperator(std::string_view op, const DataType* left, const DataType& right);
/// Aggregates only; star: count(*).
StatusOr<ResolvedCall> ResolveAggregate(std::string_view name, std::span<const DataType> types, bool star);
/// Whether some overload is an aggregate / window function / table function.
bool IsNameOfKind(std::string_view name, FunctionKind kind);

// ---- casts ----
enum class CastContext : uint8_t { kImplicit, kAssignment, kExplicit };
inline constexpr std::string_view kCastImplicit = "cast.implicit";
inline constexpr std::string_view kCastAssignment = "cast.assignment";
inline constexpr std::string_view kCastExplicit = "cast.explicit";  // varchar(n) truncates instead of failing
std::string_view CastKey(CastContext context);
bool IsCastKey(std::string_view key);

/// Whether the cast is allowed there (typmods apart). Unknown and the same type always are.
bool CanCast(const DataType& from, const DataType& to, CastContext context);
/// Text forms of dates with zones and of reg* types are stable, all else immutable.
Volatility CastVolatility(const DataType& from, const DataType& to);

/// Volatility of a call by key (casts by their types); kVolatile for an unknown key.
Volatility VolatilityOf(std::string_view key, std::span<const DataType> arguments, const DataType& result);

// ---- type classes (pg_type.typcategory) ----
/// 'N' numbers, 'S' strings, 'D' dates, 'T' interval, 'B' bool, 'A' arrays, 'U' others, 'X' unknown, 'P' pseudo.
char TypeCategory(const DataType& type);
bool IsPreferredType(const DataType& type);
/// The type UNION, CASE, COALESCE, VALUES, ARRAY[], GREATEST settle on: kText if all are unknown.
/// 42804 '<construct> types integer and text cannot be matched'; `construct` is "UNION", "CASE" …
StatusOr<DataType> SelectCommonType(std::span<const DataType> types, std::string_view construct);

/// Starts a table function that is not `context` (those are PLAN's TableFunctionProvider's).
StatusOr<std::unique_ptr<TableFunctionRun>> StartTableFunction(const ResolvedCall& call, std::span<const Value> arguments,
                                                               const ExecContext& context);

}  // namespace tsd::sql
