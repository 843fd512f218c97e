#pragma once
// Expressions as written: the parser's output, nothing resolved yet. Every node says its kind; switch over it and use
// As<T>(node) (checked) or TryAs<T>(pointer). `position` is the 1-based character of the statement text that an error about
// the node points at (0: unknown). Trees are at most kMaxTreeDepth high, so that recursion over them is safe.
// Plain data: made by one thread, afterwards read by any.
// Everything under sql/parse/ is in namespace tsd::sql::parse: tsd::sql::Expr is the bound expression (sql/plan/expression.h).
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/check.h"

namespace tsd::sql::parse {

inline constexpr int kMaxTreeDepth = 1000;

enum class ExprKind : uint8_t {
  kLiteral,        // 1, 1.5, 'x', NULL, true, b'01'
  kParameter,      // $1
  kColumnRef,      // c, t.c, s.t.c
  kStar,           // *, t.*  (target lists, row constructors)
  kUnary,          // - x, OPERATOR(..) x
  kBinary,         // a + b
  kLogical,        // AND / OR (flattened), NOT
  kIsTest,         // IS [NOT] NULL / TRUE / FALSE / UNKNOWN
  kDistinct,       // IS [NOT] DISTINCT FROM
  kIn,             // [NOT] IN (list | subquery)
  kBetween,        // [NOT] BETWEEN [SYMMETRIC]
  kLike,           // [NOT] LIKE / ILIKE / SIMILAR TO
  kQuantified,     // x op ANY / ALL (array | subquery)
  kSubquery,       // (SELECT ..), EXISTS (..), ARRAY(SELECT ..)
  kCase,
  kCast,           // CAST(x AS t), x::t, t 'x'
  kCollate,
  kArray,          // ARRAY[..]
  kSubscript,      // x[i], x[lo:hi]
  kFieldSelect,    // (x).f, (x).*
  kRow,            // ROW(..), (a, b)
  kFunctionCall,   // also EXTRACT, SUBSTRING, TRIM, AT TIME ZONE .. (see CallSyntax)
  kCoalesce,
  kNullIf,
  kMinMax,         // GREATEST, LEAST
  kSqlValue,       // CURRENT_DATE, CURRENT_USER ..
  kGrouping,       // GROUPING(a, b)
  kDefault,        // DEFAULT in INSERT / UPDATE
};

struct Expr {
  virtual ~Expr() = default;
  const ExprKind kind;
  int position;

 protected:
  Expr(ExprKind k, int p) : kind(k), position(p) {}
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;
};
using ExprPtr = std::unique_ptr<Expr>;

/// Gives a node type its kind, for As / TryAs / Is.
template <ExprKind K>
struct ExprNode : Expr {
  static constexpr ExprKind kKind = K;
  explicit ExprNode(int p) : Expr(K, p) {}
};

// The same three serve Expr, TableRef and Statement.
template <typename T, typename Base>
bool Is(const Base& node) {
  return node.kind == T::kKind;
}
template <typename T, typename Base>
const T& As(const Base& node) {
  TSD_CHECK(node.kind == T::kKind);
  return static_cast<const T&>(node);
}
template <typename T, typename Base>
T& As(Base& node) {
  TSD_CHECK(node.kind == T::kKind);
  return static_cast<T&>(node);
}
/// nullptr when `node` is null or of another kind.
template <typename T, typename Base>
const T* TryAs(const Base* node) {
  return node != nullptr && node->kind == T::kKind ? static_cast<const T*>(node) : nullptr;
}
template <typename T, typename Base>
T* TryAs(Base* node) {
  return node != nullptr && node->kind == T::kKind ? static_cast<T*>(node) : nullptr;
}

struct Query;                                // ast_query.h
struct QueryDeleter { void operator()(Query* query) const; };
using QueryPtr = std::unique_ptr<Query, QueryDeleter>;

/// [[catalog.]schema.]name of a table, function, type .. ; unwritten parts are empty.
struct ObjectName {
  std::string catalog, schema, name;
  int position = 0;
};

/// Bits of the fields of `interval year to month` etc.; 0 = none written.
enum IntervalField : uint8_t {
  kIntervalYear = 1, kIntervalMonth = 2, kIntervalDay = 4, kIntervalHour = 8, kIntervalMinute = 16, kIntervalSecond = 32,
};

/// A type as written. SQL spellings are already PostgreSQL's internal names with schema pg_catalog
/// (int -> pg_catalog.int4, double precision -> pg_catalog.float8, character varying -> pg_catalog.varchar,
/// timestamp with time zone -> pg_catalog.timestamptz); any other type keeps its written name.
struct TypeName {
  ObjectName name;
  std::vector<ExprPtr> modifiers;   // varchar(10), numeric(10,2), timestamp(3); interval's precision too
  std::vector<int> array_bounds;    // one a dimension; -1: no bound written
  uint8_t interval_fields = 0;      // IntervalField bits
  bool setof = false;
  int position = 0;
  bool IsArray() const { return !array_bounds.empty(); }
};

enum class LiteralKind : uint8_t {
  kNull,
  kBoolean,   // text "true" / "false"
  kInteger,   // fits int4; text is the digits
  kNumeric,   // decimal, exponent, or an integer beyond int4 (PostgreSQL: int8 if it fits, else numeric)
  kString,    // type unknown
  kBit,       // text 'b' + digits or 'x' + digits, as PostgreSQL's bit_in takes it
};
struct LiteralExpr : ExprNode<ExprKind::kLiteral> {
  LiteralExpr(int p, LiteralKind k, std::string t) : ExprNode(p), literal(k), text(std::move(t)) {}
  LiteralKind literal;
  std::string text;
};
struct ParameterExpr : ExprNode<ExprKind::kParameter> {
  using ExprNode::ExprNode;
  int number = 0;
};
struct ColumnRefExpr : ExprNode<ExprKind::kColumnRef> {
  using ExprNode::ExprNode;
  std::vector<std::string> parts;   // 1..4, the last is the column
};
struct StarExpr : ExprNode<ExprKind::kStar> {
  using ExprNode::ExprNode;
  std::vector<std::string> qualifier;   // empty: plain *
};

/// An operator; `schema` only for OPERATOR(schema.op). `!=` is already `<>`.
struct OperatorName {
  std::string schema, name;
  int position = 0;
};
struct UnaryExpr : ExprNode<ExprKind::kUnary> {   // prefix
  using ExprNode::ExprNode;
  OperatorName op;
  ExprPtr operand;
};
struct BinaryExpr : ExprNode<ExprKind::kBinary> {   // position: the operator's
  using ExprNode::ExprNode;
  OperatorName op;
  ExprPtr left, right;
};
enum class LogicalOp : uint8_t { kAnd, kOr, kNot };
struct LogicalExpr : ExprNode<ExprKind::kLogical> {
  using ExprNode::ExprNode;
  LogicalOp op = LogicalOp::kAnd;
  std::vector<ExprPtr> args;   // kNot: one
};
enum class IsTestKind : uint8_t { kNull, kTrue, kFalse, kUnknown, kDocument, kNormalized };
struct IsTestExpr : ExprNode<ExprKind::kIsTest> {
  using ExprNode::ExprNode;
  IsTestKind test = IsTestKind::kNull;
  bool negated = false;
  ExprPtr operand;
};
struct DistinctExpr : ExprNode<ExprKind::kDistinct> {
  using ExprNode::ExprNode;
  bool negated = false;   // IS NOT DISTINCT FROM
  ExprPtr left, right;
};
struct InExpr : ExprNode<ExprKind::kIn> {
  using ExprNode::ExprNode;
  bool negated = false;
  ExprPtr operand;
  std::vector<ExprPtr> list;   // empty when `query` is set
  QueryPtr query;
};
struct BetweenExpr : ExprNode<ExprKind::kBetween> {
  using ExprNode::ExprNode;
  bool negated = false;
  bool symmetric = false;
  ExprPtr operand, low, high;
};
enum class LikeKind : uint8_t { kLike, kILike, kSimilar };
struct LikeExpr : ExprNode<ExprKind::kLike> {
  using ExprNode::ExprNode;
  LikeKind like = LikeKind::kLike;
  bool negated = false;
  ExprPtr operand, pattern;
  ExprPtr escape;   // null when not written
};
struct QuantifiedExpr : ExprNode<ExprKind::kQuantified> {
  using ExprNode::ExprNode;
  OperatorName op;      // LIKE ANY: ~~, ILIKE ANY: ~~*, NOT LIKE ANY: !~~ ..
  bool all = false;     // ALL; else ANY / SOME
  ExprPtr left;
  ExprPtr array;        // either this
  QueryPtr query;       // or this
};
enum class SubqueryKind : uint8_t { kScalar, kExists, kArray };
struct SubqueryExpr : ExprNode<ExprKind::kSubquery> {
  using ExprNode::ExprNode;
  SubqueryKind subquery = SubqueryKind::kScalar;
  QueryPtr query;
};
struct CaseExpr : ExprNode<ExprKind::kCase> {
  using ExprNode::ExprNode;
  struct When { ExprPtr condition, result; };
  ExprPtr operand;   // null: searched form
  std::vector<When> whens;
  ExprPtr otherwise;   // null: no ELSE
};
enum class CastSyntax : uint8_t { kCast, kDoubleColon, kTypedLiteral };
struct CastExpr : ExprNode<ExprKind::kCast> {
  using ExprNode::ExprNode;
  CastSyntax syntax = CastSyntax::kCast;
  ExprPtr operand;
  TypeName type;
};
struct CollateExpr : ExprNode<ExprKind::kCollate> {
  using ExprNode::ExprNode;
  ExprPtr operand;
  ObjectName collation;
};
struct ArrayExpr : ExprNode<ExprKind::kArray> {
  using ExprNode::ExprNode;
  std::vector<ExprPtr> elements;   // nested [..] are ArrayExpr
};
struct SubscriptExpr : ExprNode<ExprKind::kSubscript> {
  using ExprNode::ExprNode;
  ExprPtr operand;
  bool slice = false;
  ExprPtr lower;   // the index when not a slice; may be null in a slice
  ExprPtr upper;   // slices only; may be null
};
struct FieldSelectExpr : ExprNode<ExprKind::kFieldSelect> {
  using ExprNode::ExprNode;
  ExprPtr operand;
  std::string field;   // empty: (x).*
};
struct RowExpr : ExprNode<ExprKind::kRow> {
  using ExprNode::ExprNode;
  std::vector<ExprPtr> elements;
  bool explicit_row = false;   // ROW(..) rather than (a, b)
};

enum class SortOrder : uint8_t { kDefault, kAscending, kDescending, kUsing };
enum class NullsOrder : uint8_t { kDefault, kFirst, kLast };
struct SortItem {
  ExprPtr expr;
  SortOrder order = SortOrder::kDefault;
  NullsOrder nulls = NullsOrder::kDefault;
  OperatorName using_op;   // kUsing
};

enum class FrameMode : uint8_t { kRange, kRows, kGroups };
enum class FrameBoundKind : uint8_t { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
enum class FrameExclusion : uint8_t { kNoOthers, kCurrentRow, kGroup, kTies };
struct FrameBound {
  FrameBoundKind bound = FrameBoundKind::kCurrentRow;
  ExprPtr offset;   // kPreceding, kFollowing
};
struct WindowFrame {
  FrameMode mode = FrameMode::kRange;
  FrameBound start{FrameBoundKind::kUnboundedPreceding, nullptr};
  FrameBound end;   // CURRENT ROW when not written
  FrameExclusion exclusion = FrameExclusion::kNoOthers;
};
/// OVER w: only `reference`. OVER (w PARTITION BY ..): `base` is w. WINDOW w AS (..): `name` is w.
struct WindowSpec {
  std::string name, reference, base;
  std::vector<ExprPtr> partition_by;
  std::vector<SortItem> order_by;
  std::optional<WindowFrame> frame;
  int position = 0;
};

/// How a call was written. All but kPlain are already translated into an ordinary call of a pg_catalog function with
/// positional arguments; the value matters for printing only.
enum class CallSyntax : uint8_t {
  kPlain,
  kExtract,      // extract(field literal, source)
  kPosition,     // position(string, substring)
  kSubstring,    // substring(string, from[, for]); FOR alone: from is 1
  kSimilarSubstring,  // substring(string, pattern, escape)
  kOverlay,      // overlay(string, new, from[, for])
  kTrim,         // btrim / ltrim / rtrim(string[, characters])
  kNormalize,    // normalize(string[, form literal])
  kAtTimeZone,   // timezone(zone, time)
  kOverlaps,     // overlaps(a, b, c, d)
  kCollationFor, // pg_collation_for(x)
};
struct FunctionArg {
  ExprPtr value;
  std::string name;   // f(name => value); empty: positional
  int name_position = 0;
};
struct FunctionCallExpr : ExprNode<ExprKind::kFunctionCall> {
  using ExprNode::ExprNode;
  ObjectName name;
  std::vector<FunctionArg> args;
  CallSyntax syntax = CallSyntax::kPlain;
  bool star = false;           // count(*)
  bool distinct = false;
  bool variadic = false;       // the last argument is VARIADIC
  bool within_group = false;   // then order_by holds WITHIN GROUP's keys
  std::vector<SortItem> order_by;
  ExprPtr filter;
  std::unique_ptr<WindowSpec> over;
};
struct CoalesceExpr : ExprNode<ExprKind::kCoalesce> {
  using ExprNode::ExprNode;
  std::vector<ExprPtr> args;
};
struct NullIfExpr : ExprNode<ExprKind::kNullIf> {
  using ExprNode::ExprNode;
  ExprPtr left, right;
};
struct MinMaxExpr : ExprNode<ExprKind::kMinMax> {
  using ExprNode::ExprNode;
  bool greatest = true;
  std::vector<ExprPtr> args;
};
enum class SqlValueKind : uint8_t {
  kCurrentDate, kCurrentTime, kCurrentTimestamp, kLocalTime, kLocalTimestamp,
  kCurrentRole, kCurrentUser, kUser, kSessionUser, kCurrentCatalog, kCurrentSchema,
};
struct SqlValueExpr : ExprNode<ExprKind::kSqlValue> {
  using ExprNode::ExprNode;
  SqlValueKind value = SqlValueKind::kCurrentDate;
  int precision = -1;   // CURRENT_TIMESTAMP(3); -1: none
};
struct GroupingExpr : ExprNode<ExprKind::kGrouping> {
  using ExprNode::ExprNode;
  std::vector<ExprPtr> args;
};
struct DefaultExpr : ExprNode<ExprKind::kDefault> {
  using ExprNode::ExprNode;
};

}  // namespace tsd::sql::parse
