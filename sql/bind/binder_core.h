#pragma once
// The binder's working object: one a statement. Its methods are spread over the files of sql/bind by subject. Internal to sql/bind.
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/strings.h"
#include "sql/bind/binder.h"
#include "sql/bind/scope.h"
#include "sql/function/call_builder.h"
#include "sql/function/registry.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::sql {

/// Where an expression stands; decides what it may contain and how errors call the place.
enum class Clause : uint8_t {
  kSelectList, kWhere, kJoinOn, kGroupBy, kHaving, kOrderBy, kValues, kLimit, kOffset, kFromFunction, kUpdate, kReturning, kDefault,
  kCheck, kWindow, kWindowDefinition, kAggregateArgument, kFilter, kCallArgument,
};
const char* ClauseName(Clause clause);

/// A sub-query met in an expression, to be joined to the plan below that expression (AttachApplies). `output` is the column it yields.
struct PendingApply {
  ApplyKind kind = ApplyKind::kScalar;
  PlanPtr inner;
  PlanColumn output;
  ExprPtr condition;
  bool all = false;
};
struct PendingSet {   // a set-returning call in a select list
  std::shared_ptr<FunctionScanNode> function;
  PlanColumn output;
};
struct PendingWindow {
  WindowCall call;
  std::vector<ExprPtr> partition;
  struct Key { ExprPtr expr; bool descending; bool nulls_first; };
  std::vector<Key> order;
  PlanColumn output;
  ExprPtr range_start, range_end;   // RANGE offsets: bound values over the same input
};
struct PendingAggregate {
  AggregateCall call;               // order_by empty; see below
  std::vector<PendingWindow::Key> order;
  PlanColumn output;
};

/// What binding an expression may use and fills.
struct ExprEnv {
  const Scope* scope = nullptr;
  Clause clause = Clause::kSelectList;
  std::vector<PendingAggregate>* aggregates = nullptr;   // null: not allowed here
  std::vector<PendingApply>* aggregate_applies = nullptr; // sub-queries inside aggregate arguments
  std::vector<PendingWindow>* windows = nullptr;         // null: not allowed here
  const std::vector<parse::WindowSpec>* named_windows = nullptr;
  std::vector<PendingApply>* applies = nullptr;          // null: sub-queries not allowed here
  std::vector<PendingSet>* sets = nullptr;               // null: not allowed here
  std::vector<std::pair<int, std::vector<ExprPtr>>>* groupings = nullptr;  // GROUPING(..): output id, arguments
};

struct BoundQuery {
  PlanPtr plan;
  std::vector<ScopeColumn> columns;   // pairs with plan->output
};

enum class UnknownRule : uint8_t { kToText, kKeep };

struct SelectState;   // bind_select.cc

class Binder {
 public:
  explicit Binder(BindContext& context) : context_(context) {}

  // statement.cc
  StatusOr<BoundStatement> Statement(const parse::Statement& statement);
  StatusOr<BoundStatement> QueryStatement(const parse::Query& query);
  // dml.cc
  StatusOr<BoundStatement> Insert(const parse::InsertStatement& statement);
  StatusOr<BoundStatement> Update(const parse::UpdateStatement& statement);
  StatusOr<BoundStatement> Delete(const parse::DeleteStatement& statement);

  // query.cc
  StatusOr<BoundQuery> Query(const parse::Query& query, const Scope* parent, const CteList* ctes, UnknownRule unknown);
  // select.cc
  StatusOr<BoundQuery> Select(const parse::Query& query, const Scope* parent, const CteList* ctes, UnknownRule unknown);
  // set_operation.cc
  StatusOr<BoundQuery> SetOperation(const parse::Query& query, const Scope* parent, const CteList* ctes, UnknownRule unknown);
  StatusOr<BoundQuery> Values(const parse::Query& query, const Scope* parent, const CteList* ctes);
  /// Casts the output columns to these types (implicitly or by assignment).
  StatusOr<PlanPtr> CastOutput(PlanPtr plan, const std::vector<DataType>& types, CastContext cast);
  /// ORDER BY / LIMIT of VALUES and set operations: only output names and ordinals.
  StatusOr<PlanPtr> OrderOutput(PlanPtr plan, const std::vector<ScopeColumn>& columns, const parse::Query& query, const Scope* parent,
                                const CteList* ctes);
  /// `scope`: the query's own, whose columns LIMIT may not use.
  StatusOr<PlanPtr> AddLimit(PlanPtr plan, const parse::Query& query, std::vector<SortKey> keys, const Scope& scope);
  /// LIMIT and OFFSET given by sub-queries: a filter over numbered rows.
  StatusOr<PlanPtr> LimitByNumber(const LimitNode& limit, std::vector<PendingApply>* applies);
  // cte.cc
  struct WithPlans {
    CteList list;
    std::vector<int> ids;
    std::vector<std::string> names;
    std::vector<CteMaterialization> materialize;
    std::vector<PlanPtr> plans;
  };
  Status With(const parse::WithClause& with, const Scope* parent, const CteList* outer, WithPlans* out);
  PlanPtr WrapWith(PlanPtr plan, WithPlans& with);
  StatusOr<BoundQuery> Recursive(const parse::CommonTableExpr& cte, const Scope* parent, const CteList* ctes);

  // from.cc
  struct FromResult {
    PlanPtr plan;
    FromNames names;
  };
  StatusOr<FromResult> FromList(const std::vector<parse::TableRefPtr>& from, const Scope* parent, const CteList* ctes);
  StatusOr<FromResult> FromItem(const parse::TableRef& ref, const Scope* lateral, const CteList* ctes);
  StatusOr<FromResult> FromRelation(const parse::RelationRef& ref, const Scope* lateral, const CteList* ctes);
  StatusOr<FromResult> FromSubquery(const parse::SubqueryRef& ref, const Scope* lateral, const CteList* ctes);
  StatusOr<FromResult> FromFunction(const parse::FunctionRef& ref, const Scope* lateral, const CteList* ctes);
  StatusOr<FromResult> FromJoin(const parse::JoinRef& ref, const Scope* lateral, const CteList* ctes);
  StatusOr<FromResult> ScanRelation(const RelationPtr& relation, RowIds row_ids, bool only);
  Status ApplyAlias(const parse::TableRef& ref, std::string_view default_name, FromResult* result);
  /// Its rows numbered from 1 in the order they come in a further column.
  PlanPtr WithRowNumber(PlanPtr plan, const std::string& name);
  /// Left and right of FROM or a join; `right` may refer to left's columns.
  StatusOr<PlanPtr> Combine(PlanPtr left, PlanPtr right, JoinType type, ExprPtr condition, int position);

  // expr.cc and friends
  StatusOr<ExprPtr> Expr(const parse::Expr& expr, const ExprEnv& env);
  /// A boolean: 42804 "argument of WHERE must be type boolean, not type integer".
  StatusOr<ExprPtr> Condition(const parse::Expr& expr, const ExprEnv& env, const char* construct);
  StatusOr<ExprPtr> Cast(ExprPtr expr, const DataType& type, CastContext context, int position = 0);
  StatusOr<ExprPtr> Subquery(const parse::SubqueryExpr& expr, const ExprEnv& env);
  /// One of the `wanted` columns of (a, b) = (SELECT ..).
  StatusOr<ExprPtr> SubqueryColumn(const parse::SubqueryExpr& expr, size_t column, size_t wanted, const ExprEnv& env);
  StatusOr<ExprPtr> InSubquery(const parse::InExpr& expr, const ExprEnv& env);
  StatusOr<ExprPtr> QuantifiedSubquery(const parse::QuantifiedExpr& expr, const ExprEnv& env);
  /// left op ANY / ALL (query).
  StatusOr<ExprPtr> Quantify(std::vector<ExprPtr> left, const parse::Query& query, std::string_view op, bool all, const ExprEnv& env,
                             int position);
  StatusOr<PlanPtr> AttachApplies(PlanPtr plan, std::vector<PendingApply>* applies);
  /// Those of an outer join's condition, each below the side that it reads (from.cc).
  tsd::Status AttachToSides(std::vector<PendingApply>* applies, PlanPtr* left, PlanPtr* right, int position);
  /// VALUES whose expressions use sub-queries (set_operation.cc).
  StatusOr<PlanPtr> RowsOverApplies(std::vector<std::vector<ExprPtr>> rows, std::vector<PlanColumn> output, std::vector<PendingApply>* applies);
  StatusOr<ExprPtr> FunctionCall(const parse::FunctionCallExpr& call, const ExprEnv& env);

  // column.cc
  StatusOr<ExprPtr> ColumnRef(const parse::ColumnRefExpr& ref, const ExprEnv& env);
  /// The FROM item of that alias in the nearest scope that has one; else nullptr.
  static const ScopeItem* ItemNamed(const std::string& alias, const Scope* scope);
  /// 42P01 for a qualifier that no FROM item in reach has.
  tsd::Status MissingTable(const std::string& alias, const Scope* scope, int position) const;
  struct NamedExpr {
    ExprPtr expr;
    std::string name;
  };
  /// `position`: of the references made.
  Status ExpandStar(const parse::StarExpr& star, const Scope& scope, int position, std::vector<NamedExpr>* columns);

  // target.cc
  /// SET: one value a column, null for those that keep theirs.
  StatusOr<std::vector<ExprPtr>> Assignments(const std::vector<parse::Assignment>& assignments, const Relation& relation, ExprEnv& env);
  /// Null if no key could conflict.
  StatusOr<std::shared_ptr<const BoundConflict>> Conflict(const parse::InsertStatement& statement, RelationPtr into);
  StatusOr<std::vector<ExprPtr>> Returning(const std::vector<parse::TargetItem>& items, const Scope& scope, std::vector<ResultColumn>* columns);

  /// kParameter and casts of it: settles the parameters' types.
  Status SettleParameters(PlanNode& plan, std::vector<ExprPtr>* more);

  BindContext& context() { return context_; }
  int NewColumn(std::string name) {
    names_.push_back(std::move(name));
    return static_cast<int>(names_.size());
  }
  /// "t.c" for messages.
  std::string ColumnName(int id) const { return id >= 1 && static_cast<size_t>(id) <= names_.size() ? names_[id - 1] : "?"; }
  std::vector<RelationPtr>& reads() { return reads_; }
  /// Which table column an id is, if it is one; kept by bare columns on their way up.
  void SetOrigin(int id, TableId table, ColumnId column) { origins_[id] = {table, column}; }
  std::pair<TableId, ColumnId> Origin(int id) const {
    const auto found = origins_.find(id);
    return found == origins_.end() ? std::pair<TableId, ColumnId>() : found->second;
  }
  int NewCte() { return next_cte_++; }

 private:
  friend struct SelectState;
  StatusOr<ExprPtr> ExprNode(const parse::Expr& expr, const ExprEnv& env);
  StatusOr<ExprPtr> Literal(const parse::LiteralExpr& literal);
  StatusOr<ExprPtr> Parameter(const parse::ParameterExpr& parameter);
  StatusOr<ExprPtr> Unary(const parse::UnaryExpr& unary, const ExprEnv& env);
  StatusOr<ExprPtr> Binary(const parse::BinaryExpr& binary, const ExprEnv& env);
  StatusOr<ExprPtr> RowComparison(std::string_view op, const parse::RowExpr& left, const parse::RowExpr& right, const ExprEnv& env,
                                  int position);
  StatusOr<ExprPtr> Logical(const parse::LogicalExpr& logical, const ExprEnv& env);
  StatusOr<ExprPtr> IsTest(const parse::IsTestExpr& test, const ExprEnv& env);
  StatusOr<ExprPtr> In(const parse::InExpr& in, const ExprEnv& env);
  StatusOr<ExprPtr> Between(const parse::BetweenExpr& between, const ExprEnv& env);
  StatusOr<ExprPtr> Like(const parse::LikeExpr& like, const ExprEnv& env);
  StatusOr<ExprPtr> Case(const parse::CaseExpr& expr, const ExprEnv& env);
  StatusOr<ExprPtr> CastNode(const parse::CastExpr& cast, const ExprEnv& env);
  StatusOr<ExprPtr> Array(const parse::ArrayExpr& array, const ExprEnv& env, const DataType* element);
  StatusOr<ExprPtr> FieldSelect(const parse::FieldSelectExpr& select, const ExprEnv& env);
  StatusOr<ExprPtr> SubscriptNode(const parse::SubscriptExpr& subscript, const ExprEnv& env);
  StatusOr<ExprPtr> SqlValue(const parse::SqlValueExpr& value, const ExprEnv& env);
  StatusOr<ExprPtr> CoalesceNode(const parse::CoalesceExpr& expr, const ExprEnv& env);
  StatusOr<ExprPtr> MinMax(const parse::MinMaxExpr& expr, const ExprEnv& env);
  StatusOr<ExprPtr> NullIf(const parse::NullIfExpr& expr, const ExprEnv& env);
  StatusOr<ExprPtr> Row(const parse::RowExpr& row, const ExprEnv& env);
  StatusOr<ExprPtr> RowOfStar(const parse::StarExpr& star, const ExprEnv& env);
  StatusOr<ExprPtr> Grouping(const parse::GroupingExpr& expr, const ExprEnv& env);
  StatusOr<ExprPtr> Aggregate(const parse::FunctionCallExpr& call, const ExprEnv& env);
  StatusOr<ExprPtr> Window(const parse::FunctionCallExpr& call, const ExprEnv& env);
  /// to_json / to_jsonb of a value; `written` tells the column names of a table's row.
  StatusOr<ExprPtr> JsonOf(const parse::Expr& written, ExprPtr value, const ExprEnv& env, bool binary);
  tsd::Status PrepareJsonAggregate(const parse::FunctionCallExpr& call, const ExprEnv& env, GivenArguments* given, std::string* name);
  /// A set-returning function of the registry, applied to bound arguments.
  StatusOr<ExprPtr> SetCall(std::string_view name, GivenArguments given, const ExprEnv& env, int position);
  StatusOr<FromResult> FromSeveralFunctions(const parse::FunctionRef& ref, const ExprEnv& env, std::vector<PendingSet>* sets);
  StatusOr<ExprPtr> SetReturning(std::shared_ptr<FunctionScanNode> function, std::string_view name, const ExprEnv& env, int position);
  /// A coord function's arguments matched to a signature; nullptr function when no overload has the name.
  StatusOr<std::shared_ptr<FunctionScanNode>> ProviderCall(const parse::FunctionCallExpr& call, const ExprEnv& env);
  StatusOr<GivenArguments> Arguments(const parse::FunctionCallExpr& call, const ExprEnv& env);
  Status SettleExpr(ExprPtr* slot);

  BindContext& context_;
  std::vector<std::string> names_;   // by column id - 1
  std::vector<RelationPtr> reads_;
  std::map<int, std::pair<TableId, ColumnId>> origins_;
  std::vector<std::vector<PlanColumn>> record_shapes_;  // of records that table functions made, by typmod
  int next_cte_ = 1;
  int depth_ = 0;
  std::vector<std::string> views_;   // being expanded, against cycles
  std::vector<const FromNames*> out_of_reach_;   // FROM items beside what is being bound, which it may not refer to; for errors
};

/// Error with a position, when there is one.
tsd::Status ErrorAt(std::string_view state, std::string_view message, int position);
/// Conjuncts of a condition.
void SplitAnd(const ExprPtr& expr, std::vector<ExprPtr>* conjuncts);

}  // namespace tsd::sql
