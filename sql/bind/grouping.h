#pragma once
// GROUP BY and aggregates of one SELECT: which expressions are groups, and the rewriting of what stands above the aggregation.
// Internal to sql/bind.
#include <set>

#include "sql/bind/binder_core.h"

namespace tsd::sql {

class GroupRewriter {
 public:
  /// `groups` pairs with `outputs`. `known`: columns that exist above the aggregation (aggregates, sub-queries, sets, windows).
  GroupRewriter(Binder& binder, std::vector<ExprPtr> groups, std::vector<PlanColumn> outputs, std::set<int> known)
      : binder_(binder), groups_(std::move(groups)), outputs_(std::move(outputs)), known_(std::move(known)) {}
  /// 42803 when a column is neither grouped nor aggregated.
  StatusOr<ExprPtr> Rewrite(const ExprPtr& expr) const;
  /// The outer references of a sub-query into this query must be grouped columns.
  Status CheckInner(const PlanNode& inner, const PlanNode& below) const;

 private:
  Binder& binder_;
  std::vector<ExprPtr> groups_;
  std::vector<PlanColumn> outputs_;
  std::set<int> known_;
};

/// Sets of indexes into the groups found, from GROUPING SETS, ROLLUP, CUBE and plain items: their cross product.
using GroupSets = std::vector<std::vector<size_t>>;

}  // namespace tsd::sql
