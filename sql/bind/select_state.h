#pragma once
// One SELECT while it is bound (select.cc) and stacked into a plan (select_plan.cc). Internal to sql/bind.
#include <algorithm>

#include "sql/bind/grouping.h"

namespace tsd::sql {

/// ASC / DESC / USING and NULLS FIRST / LAST with PostgreSQL's defaults.
Status SortDirection(const parse::SortItem& item, bool* descending, bool* nulls_first);

struct SelectState {
  SelectState(Binder& b, const parse::Query& q) : binder(b), query(q) {}

  struct Target {
    ExprPtr expr;
    std::string name;
    int id = -1;   // output column, once stacked
  };
  struct OrderItem {
    int target = 0;
    bool descending = false;
    bool nulls_first = false;
  };

  ExprEnv Env(Clause clause);
  ExprEnv OutputEnv(Clause clause);
  Status BindFrom();
  Status BindWhere();
  Status BindTargets(UnknownRule unknown);
  Status BindGroups();
  Status BindOrder();
  StatusOr<int> TargetByName(const std::string& name, const char* clause, int position);
  StatusOr<int> TargetByOrdinal(const parse::Expr& expr, const char* clause);
  StatusOr<size_t> GroupIndex(const parse::Expr& expr);
  StatusOr<std::vector<size_t>> GroupList(const parse::GroupItem& item);
  StatusOr<GroupSets> SetsOf(const parse::GroupItem& item);
  StatusOr<int> OrderTarget(const parse::Expr& expr, Clause clause, const char* word);

  bool IsAggregated() const { return !aggregates.empty() || !query.select.group_by.empty() || having != nullptr; }
  Status StackAggregation();
  Status RewriteAbove(const GroupRewriter& rewriter, const PlanNode& below);
  Status StackGroupings(const std::vector<ExprPtr>& group_exprs, int mask_id);
  Status StackWindows();
  void StackSets();
  Status StackTargets();
  Status StackOrder();
  StatusOr<BoundQuery> Finish();
  /// Computes those of `exprs` that are not columns yet, and makes them columns.
  PlanPtr WithColumns(PlanPtr below, const std::vector<ExprPtr*>& exprs);

  Binder& binder;
  const parse::Query& query;
  Scope scope;
  PlanPtr plan;
  std::vector<Target> targets;        // the select list, then hidden ones for ORDER BY and DISTINCT ON
  size_t visible_targets = 0;
  std::vector<ExprPtr> groups;
  GroupSets grouping_sets;            // empty: one set of all groups
  ExprPtr having;
  std::vector<OrderItem> order_by;
  std::vector<int> distinct_on;
  std::vector<PendingApply> applies;
  std::vector<PendingApply> aggregate_applies;
  std::vector<PendingAggregate> aggregates;
  std::vector<PendingWindow> windows;
  std::vector<PendingSet> sets;
  std::vector<std::pair<int, std::vector<ExprPtr>>> groupings;
};

}  // namespace tsd::sql
