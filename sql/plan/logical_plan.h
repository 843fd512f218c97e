#pragma once
// The plan tree: what the binder makes, the optimiser rewrites, BuildOperators (sql/exec/build.h) runs, plan_codec ships and explain
// prints. One tree has one owner; a rewrite takes it and gives back another (ClonePlan for a copy). Never shared between threads while
// it is rewritten; a finished plan is read-only.
//
// Columns have ids unique in one statement. A node's `output` names what it yields, in order. Filter, Sort, TopN, Limit, Distinct keep the
// child's columns (same ids); Project, Aggregate, SetOperation … make new ones. Expressions refer to the ids of the node's children.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/scan/predicate.h"
#include "engine/types/column_batch.h"
#include "engine/types/schema.h"
#include "sql/catalog/catalog.h"
#include "sql/plan/expression.h"

namespace tsd::sql {

using engine::ColumnCondition;
using engine::ScanPredicate;

enum class PlanKind : uint8_t {
  kScan = 1, kVirtualScan, kFunctionScan, kValues, kFilter, kProject, kProjectSet, kAggregate, kDistinct, kDistinctOn, kSort, kTopN, kLimit,
  kJoin, kApply, kSetOperation, kWindow, kWith, kCteScan, kRecursiveUnion, kGather,
};

struct PlanColumn {
  int id = -1;
  std::string name;
  DataType type;
};

struct SortKey {
  int column = -1;
  bool descending = false;
  bool nulls_first = false;
  bool operator==(const SortKey&) const = default;
};

struct PlanNode;
using PlanPtr = std::shared_ptr<PlanNode>;

struct PlanNode {
  virtual ~PlanNode() = default;
  const PlanKind kind;
  std::vector<PlanColumn> output;
  std::vector<PlanPtr> children;

  const PlanColumn* FindOutput(int id) const;

 protected:
  explicit PlanNode(PlanKind k) : kind(k) {}
  PlanNode(const PlanNode&) = default;
};

template <PlanKind K>
struct PlanNodeOf : PlanNode {
  static constexpr PlanKind kKind = K;
  PlanNodeOf() : PlanNode(K) {}
};

template <typename T>
T& PlanAs(PlanNode& node) {
  TSD_CHECK(node.kind == T::kKind);
  return static_cast<T&>(node);
}
template <typename T>
const T& PlanAs(const PlanNode& node) {
  TSD_CHECK(node.kind == T::kKind);
  return static_cast<const T&>(node);
}
/// nullptr when of another kind.
template <typename T>
T* PlanTry(PlanNode* node) {
  return node != nullptr && node->kind == T::kKind ? static_cast<T*>(node) : nullptr;
}
template <typename T>
const T* PlanTry(const PlanNode* node) {
  return node != nullptr && node->kind == T::kKind ? static_cast<const T*>(node) : nullptr;
}

/// The order in which a scan visits its chunks, so that an ordered LIMIT above may stop early.
enum class ChunkOrder : uint8_t { kAny, kOldestFirst, kNewestFirst };
enum class RowIds : uint8_t { kWithout, kWith };

/// A base table's rows. Always below exactly one Gather. `output` matches `columns`, plus chunk id and row id (int8) with RowIds::kWith.
struct ScanNode : PlanNodeOf<PlanKind::kScan> {
  RelationPtr relation;            // access node only: not shipped
  TableSchemaPtr schema;           // travels with the fragment
  std::vector<ColumnId> columns;
  RowIds row_ids = RowIds::kWithout;
  ScanPredicate predicate;         // necessary conditions, made from the filters
  std::vector<ExprPtr> filters;    // the exact conditions, all of them
  bool exact_predicate = false;    // `predicate` says no less than `filters`
  bool last_of_segment = false;    // of a segment (TableSchema::segment_by) only the last row by time is wanted
  ChunkOrder order = ChunkOrder::kAny;
  std::vector<ChunkId> chunks;     // set by WithChunks
  std::vector<std::pair<int64_t, int64_t>> chunk_ranges;  // time ranges of `chunks` when `order` is set, else empty
  bool only = false;               // ONLY t: no rows of a hypertable's chunks
};

/// A relation whose rows coord makes (pg_catalog …). `columns` are indexes into the relation's columns.
struct VirtualScanNode : PlanNodeOf<PlanKind::kVirtualScan> {
  RelationPtr relation;
  std::vector<size_t> columns;
};

/// A set-returning function in FROM: generate_series and unnest (built in, `provider` false), or one of coord's (TableFunctions).
struct FunctionScanNode : PlanNodeOf<PlanKind::kFunctionScan> {
  std::string function;             // lower-case name, e.g. "generate_series", "add_data_node"
  bool provider = false;
  std::vector<ExprPtr> arguments;   // null: not given (optional parameter of a provider's function). No columns, but outer ones may occur
  bool with_ordinality = false;     // then the last output column is the number (int8)
};

struct ValuesNode : PlanNodeOf<PlanKind::kValues> {
  std::vector<std::vector<ExprPtr>> rows;  // a SELECT without FROM is one row without columns
  std::vector<ColumnBatch> ready;          // instead of `rows`, rows that are values already; such a plan stays on its node
};

struct FilterNode : PlanNodeOf<PlanKind::kFilter> {
  ExprPtr condition;
};

/// output[i] is expressions[i]; a bare column usually keeps its id.
struct ProjectNode : PlanNodeOf<PlanKind::kProject> {
  std::vector<ExprPtr> expressions;
};

/// Project whose items may be set-returning functions; rows are the longest set's, others NULL-padded (PostgreSQL's rule).
struct ProjectSetNode : PlanNodeOf<PlanKind::kProjectSet> {
  struct Item {
    ExprPtr expression;                          // null: `function`
    std::shared_ptr<FunctionScanNode> function;  // its arguments may use the child's columns. Several output columns: a record
  };
  std::vector<Item> items;
};

enum class AggregatePhase : uint8_t {
  kFull,
  kPartial,  // yields groups and states (FUNC's partial form)
  kFinal,    // takes those
  kCombine,  // takes states, yields states: one node's threads come together. Never shipped
};

struct AggregateCall {
  std::string function;            // signature key, "sum(integer)"
  std::vector<ExprPtr> arguments;  // kFinal: one column, the state
  std::vector<DataType> argument_types;  // of the original arguments: chooses the state in every phase
  bool distinct = false;
  ExprPtr filter;                  // FILTER (WHERE ..), or null
  std::vector<SortKey> order_by;   // ORDER BY inside the call / WITHIN GROUP; columns of the child
  DataType result_type;
};

/// output: group keys, then aggregates, then one int4 GROUPING bit mask when there are several grouping sets.
struct AggregateNode : PlanNodeOf<PlanKind::kAggregate> {
  AggregatePhase phase = AggregatePhase::kFull;
  std::vector<ExprPtr> groups;
  std::vector<AggregateCall> aggregates;
  /// GROUPING SETS: indexes into groups; empty: one set of all groups. The mask, an int8, has bit i set when groups[i] is not in the set, and
  /// the set's number from bit kMaxMaskedGroups on.
  static constexpr size_t kMaxMaskedGroups = 50;
  std::vector<std::vector<size_t>> grouping_sets;
  /// Above stand only the `newest_limit` groups that come first by groups[newest_group] descending, which is a time rounded down: groups
  /// that cannot be among them may be left out. -1: all groups are wanted.
  int newest_group = -1;
  int64_t newest_limit = 0;
};

struct DistinctNode : PlanNodeOf<PlanKind::kDistinct> {};

/// Rows are sorted by `keys` first (Sort below); of equal keys the first row stays.
struct DistinctOnNode : PlanNodeOf<PlanKind::kDistinctOn> {
  std::vector<int> keys;
};

struct SortNode : PlanNodeOf<PlanKind::kSort> {
  std::vector<SortKey> keys;
};

/// Sort + Limit + Offset of constants. With ties: also the rows equal to the last one.
struct TopNNode : PlanNodeOf<PlanKind::kTopN> {
  std::vector<SortKey> keys;
  int64_t limit = 0;   // rows after the offset
  int64_t offset = 0;
  bool with_ties = false;
};

/// limit / offset are int8 expressions without columns, evaluated at start; null expression = none.
struct LimitNode : PlanNodeOf<PlanKind::kLimit> {
  ExprPtr limit;
  ExprPtr offset;
  std::vector<SortKey> ties;  // WITH TIES: the keys below
};

enum class JoinType : uint8_t { kInner, kLeft, kRight, kFull, kCross, kSemi, kAnti, kAntiNotIn };

/// Hash join when there are keys (the right side is built), else nested loops over the materialised right side.
/// output: columns of left, then of right, those that are used above; semi and anti: all of left. kAntiNotIn has NOT IN's NULL rules (one key, no residual).
struct JoinNode : PlanNodeOf<PlanKind::kJoin> {
  JoinType join = JoinType::kInner;
  std::vector<ExprPtr> left_keys, right_keys;  // equal pairwise, of the same type
  ExprPtr residual;                            // further ON condition, or null
};

enum class ApplyKind : uint8_t {
  kScalar,       // + the sub-query's only column of its only row, or NULL; 21000 on two rows
  kExists,       // + boolean
  kArray,        // + ARRAY(SELECT ..)
  kQuantified,   // + boolean: `condition` ANY/ALL over the inner rows, three-valued
  kCross,        // + inner columns: LATERAL / CROSS JOIN LATERAL
  kLeft,         // + inner columns or NULLs: LEFT JOIN LATERAL
};

/// children[0] outer, children[1] inner. The inner plan sees the outer row through kOuterColumn expressions whose ids are in
/// `correlated`; without any it runs once. output: outer columns, then as said above.
struct ApplyNode : PlanNodeOf<PlanKind::kApply> {
  ApplyKind apply = ApplyKind::kScalar;
  std::vector<int> correlated;  // ids of the outer child's columns
  ExprPtr condition;            // kQuantified, and the ON condition of kCross / kLeft: over outer and inner columns
  bool all = false;             // kQuantified: ALL
};

enum class SetOperationType : uint8_t { kUnion, kIntersect, kExcept };

/// Children have the same column types pairwise; output has fresh ids.
struct SetOperationNode : PlanNodeOf<PlanKind::kSetOperation> {
  SetOperationType operation = SetOperationType::kUnion;
  bool all = false;
};

enum class FrameUnit : uint8_t { kRange, kRows, kGroups };
enum class FrameEdge : uint8_t { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
enum class FrameExclude : uint8_t { kNothing, kCurrentRow, kGroup, kTies };

struct WindowFrameSpec {
  FrameUnit unit = FrameUnit::kRange;
  FrameEdge start = FrameEdge::kUnboundedPreceding;
  FrameEdge end = FrameEdge::kCurrentRow;
  ExprPtr start_offset, end_offset;  // int8 for ROWS and GROUPS; RANGE: already applied, see the columns below
  FrameExclude exclude = FrameExclude::kNothing;
};

struct WindowCall {
  std::string function;            // "row_number" …, or an aggregate's signature key
  bool aggregate = false;
  std::vector<ExprPtr> arguments;
  std::vector<DataType> argument_types;
  ExprPtr filter;
  bool ignore_nulls = false;
  DataType result_type;
  WindowFrameSpec frame;
  /// RANGE with offsets: per row the bound values, columns of the child of the sort key's type (-1 none).
  int range_start = -1, range_end = -1;
};

/// Functions over one (PARTITION BY, ORDER BY). Sorts by itself. output: child's columns, then one a call.
struct WindowNode : PlanNodeOf<PlanKind::kWindow> {
  std::vector<int> partition;
  std::vector<SortKey> order;
  std::vector<WindowCall> calls;
};

enum class CteMaterialization : uint8_t { kAuto, kAlways, kNever };

/// children[0] is the statement; children[i + 1] the plan of CTE ids[i], run at most once and kept for its CteScans.
struct WithNode : PlanNodeOf<PlanKind::kWith> {
  std::vector<int> ids;
  std::vector<std::string> names;
  std::vector<CteMaterialization> materialize;
};

/// Reads a CTE of an enclosing With, or the working table of an enclosing RecursiveUnion; output pairs with the CTE's columns by position.
struct CteScanNode : PlanNodeOf<PlanKind::kCteScan> {
  int cte = -1;
  std::string name;
};

/// children: start, step; step reads the rows of the last round by CteScan(cte).
struct RecursiveUnionNode : PlanNodeOf<PlanKind::kRecursiveUnion> {
  int cte = -1;
  bool all = false;
  std::string name;
};

enum class GatherResult : uint8_t {
  kRows,      // each node's rows are rows of the result
  kPartial,   // partial aggregate states; a kFinal Aggregate is above
  kFinal,     // groups complete on their node: equal slot ranges lie on one node (chunks with equal `nodes` must be read from one node)
};

/// The access node's end of one fragment a node. children[0] is the fragment: self-contained, exactly one Scan, constants only at run time.
struct GatherNode : PlanNodeOf<PlanKind::kGather> {
  RelationPtr relation;
  std::vector<SortKey> merge;       // each node's rows come sorted so; the gather merges. Empty: any order
  GatherResult result = GatherResult::kRows;
};

// ---- makers and small questions ----

PlanPtr MakeFilter(PlanPtr child, ExprPtr condition);
/// With no columns at all: one empty row.
PlanPtr MakeOneRow();
/// Output of a node that keeps its child's columns.
template <typename Node>
std::shared_ptr<Node> MakeUnary(PlanPtr child) {
  auto node = std::make_shared<Node>();
  node->output = child->output;
  node->children.push_back(std::move(child));
  return node;
}

/// The only Scan of a fragment; nullptr if there is none.
const ScanNode* FragmentScan(const PlanNode& fragment);

}  // namespace tsd::sql
