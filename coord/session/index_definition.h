#pragma once
// Indexes as written -> entries of a relation: PRIMARY KEY, UNIQUE, CREATE INDEX. Pure but for the ids it takes. One coroutine's turn.
#include <string>
#include <vector>

#include "coord/cluster/cluster_log.h"
#include "sql/catalog/catalog.h"
#include "sql/parse/ast.h"

namespace tsd::coord {

struct NewIndex {
  std::string name;                  // empty: PostgreSQL's choice
  std::vector<std::string> columns;
  bool unique = true;
  bool primary = false;
  bool constraint = true;            // false: CREATE INDEX
  bool nulls_distinct = true;
  int position = 0;
};

/// The key of a PRIMARY KEY or UNIQUE constraint; `column` for one written at a column. 0A000 for what is not supported.
StatusOr<NewIndex> KeyAsWritten(const sql::parse::Constraint& constraint, const std::string& column);
/// Of CREATE INDEX. 0A000 for a unique one that is not over plain columns.
StatusOr<NewIndex> IndexAsWritten(const sql::parse::CreateIndexStatement& statement);
/// Whether it says more than columns: an expression, a condition, another method. Only for indexes that are not unique.
bool IsMoreThanColumns(const sql::parse::CreateIndexStatement& statement);

/// Adds it to the relation, whose columns are all there; a primary key makes its columns NOT NULL. Returns its name.
/// 42703, 42701, 42P07, 42P16, 42704, TS103.
StatusOr<std::string> AddIndex(const NewIndex& index, ClusterLog& log, const sql::Catalog& catalog, sql::Relation* relation);
/// TS103 for a unique index without one of the hypertable's partitioning columns.
Status CheckPartitioningKeys(const sql::Relation& relation);
/// "(a, b)"
std::string IndexColumns(const sql::Relation& relation, const sql::Index& index);
/// As pg_get_indexdef and pg_get_constraintdef print them.
std::string IndexDefinition(const sql::Relation& relation, const sql::Index& index);
std::string KeyDefinition(const sql::Relation& relation, const sql::Index& index);

}  // namespace tsd::coord
