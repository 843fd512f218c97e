#pragma once
// Names visible in a query: what FROM made, and the enclosing queries' behind it. Internal to sql/bind.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sql/catalog/catalog.h"
#include "sql/parse/ast.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

struct ScopeColumn {
  std::string name;
  int id = -1;
  DataType type;
};

/// One table alias.
struct ScopeItem {
  std::string schema;   // written or found; only for tables without alias
  std::string alias;
  std::vector<ScopeColumn> columns;
  RelationPtr relation;
  bool null_extended = false;  // an outer join may fill it up with NULLs
};

/// What one FROM item (or a join of them) offers: qualified names by item; unqualified names and * by `visible`, in order.
struct FromNames {
  std::vector<ScopeItem> items;
  std::vector<ScopeColumn> visible;
  std::vector<std::string> hidden;   // aliases inside (a JOIN b) AS x: they exist, but only x may be referred to
};

/// CTEs in reach, innermost WITH first. An item sees those before it (all of them, in WITH RECURSIVE, through their bound columns).
struct CteBinding {
  std::string name;
  int id = -1;                              // of the With plan, or of the working table in a recursive term
  std::vector<ScopeColumn> columns;
};
struct CteList {
  std::vector<CteBinding> items;
  const CteList* parent = nullptr;
};

struct Scope {
  FromNames names;
  const Scope* parent = nullptr;   // the enclosing query
  const CteList* ctes = nullptr;
};

}  // namespace tsd::sql
