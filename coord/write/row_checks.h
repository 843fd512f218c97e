#pragma once
// RowChecks: the CHECK constraints of one relation, compiled; every row on its way to storage passes them. One coroutine at a time.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sql/bind/binder.h"
#include "sql/exec/evaluator.h"

namespace tsd::coord {

/// The relation with the names that the constraint's SQL uses.
sql::Relation AsCheckSees(const sql::Relation& relation, const sql::CheckConstraint& check);

/// "Failing row contains (1, null)."
std::string FailingRow(const ColumnBatch& rows, size_t row);

class RowChecks {
 public:
  /// null if the relation has none.
  static StatusOr<std::shared_ptr<RowChecks>> Make(const sql::Relation& relation, sql::BindContext& context);
  /// `rows`: all columns in the relation's order. 23514 for the first of them that fails one, which `refused_row` then tells.
  Status Check(const ColumnBatch& rows, std::optional<size_t>* refused_row);

 private:
  struct Compiled {
    std::string name;
    std::unique_ptr<sql::CompiledExpr> condition;
  };
  std::string schema_, table_;
  sql::ExecContext exec_;
  std::vector<Compiled> checks_;  // by name, the order in which a row must pass them
};

}  // namespace tsd::coord
