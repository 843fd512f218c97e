#pragma once
// Binder: syntax tree -> typed, resolved plan, with PostgreSQL's semantic errors (code, text, position). Pure: reads the catalog snapshot
// in the context, runs no query. Called on the access node from a session's thread; a context serves one statement.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "sql/catalog/catalog.h"
#include "sql/exec/operator.h"
#include "sql/parse/ast.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

/// A function that coord runs (create_hypertable, add_data_node, show_chunks …): callable in FROM and in a select list.
struct TableFunctionSignature {
  struct Parameter {
    std::string name;
    DataType type;            // kUnknown: any type, passed as it is (untyped literals as text)
    bool optional = false;    // may be left out: then its argument is "not given"
  };
  struct ResultColumn {
    std::string name;
    DataType type;
  };
  std::string schema;         // empty: found in any search path
  std::string name;
  std::vector<Parameter> parameters;
  std::vector<ResultColumn> columns;  // one column: a scalar (set); several: a record
  bool returns_set = false;           // false: exactly one row
};

class TableFunctions {
 public:
  virtual ~TableFunctions() = default;
  /// All overloads of that name (schema empty: unqualified). Empty if there is none.
  virtual std::vector<const TableFunctionSignature*> Find(std::string_view schema, std::string_view name) const = 0;
};

struct BindContext {
  CatalogPtr catalog;
  const VirtualTables* virtual_tables = nullptr;
  const TableFunctions* table_functions = nullptr;
  std::vector<std::string> search_path = {"public"};  // pg_catalog is searched first, implicitly
  std::string temporary_schema;          // the session's own, also called pg_temp; searched before all others. Empty: it has none
  std::string user;
  std::string database;
  ExecContext exec;                      // session zone, statement time, functions: for reading literals and folding
  /// In: declared types (kUnknown where undeclared). Out: all of them, by number - 1.
  std::vector<DataType> parameter_types;
  /// Out: relations found by name, also when binding failed later.
  std::vector<RelationPtr> resolved;
};

enum class BoundKind : uint8_t { kSelect, kInsert, kUpdate, kDelete };

struct ResultColumn {
  std::string name;
  DataType type;
  TableId table;      // invalid: not a plain column
  ColumnId column;
};

/// kSelect: plan's output is the result. kInsert: plan yields all columns of `relation` in its order, casts and defaults applied (NOT NULL
/// is the writer's to check). kUpdate: plan yields chunk id, row id (int8), then all new column values in the relation's order, then
/// `extra` columns that RETURNING needs. kDelete: chunk id, row id, then extra columns (the old row first if RETURNING is there).
/// RETURNING: expressions whose kColumn numbers are positions in the plan's output row; run them with Projector (sql/exec/projector.h).
/// INSERT's ON CONFLICT.
struct BoundConflict {
  std::vector<size_t> arbiters;          // which of the relation's unique indexes, counted among these; as TableSchema::unique_keys
  bool updates = false;                  // DO UPDATE
  std::vector<ExprPtr> values;           // the new row. kColumn = position in the existing row, then the excluded one
  ExprPtr where;                         // of DO UPDATE, over the same; null: none
};

struct BoundStatement {
  BoundKind kind = BoundKind::kSelect;
  PlanPtr plan;                          // not optimised
  std::vector<ResultColumn> columns;     // of the result; for DML of RETURNING
  RelationPtr relation;                  // DML's target
  std::vector<ExprPtr> returning;        // empty: none
  std::shared_ptr<const BoundConflict> conflict;  // null: none, or no key that could conflict
  std::vector<RelationPtr> reads;        // relations scanned, for privileges and cache invalidation
  std::vector<DataType> parameter_types;
};

/// SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE. Others: 0A000 (coord has them).
StatusOr<BoundStatement> BindStatement(const parse::Statement& statement, BindContext& context);
/// A query on its own (COPY (query) TO, CREATE TABLE AS, cursors, views).
StatusOr<BoundStatement> BindQuery(const parse::Query& query, BindContext& context);

struct BoundCopy {
  RelationPtr relation;
  std::vector<size_t> columns;           // indexes into relation->columns of the file's columns, in the file's order
  std::vector<ExprPtr> defaults;         // by relation column: for those not in the file; null: NULL. No column references
};
/// COPY table [(columns)] FROM / TO: names only.
StatusOr<BoundCopy> BindCopy(const parse::CopyStatement& statement, BindContext& context);

/// A scalar expression without columns, cast to `type` by assignment rules (kUnknown: its own type): defaults, EXECUTE and CALL arguments.
StatusOr<ExprPtr> BindScalar(const parse::Expr& expr, DataType type, BindContext& context);
/// A condition or expression over one relation's columns (CHECK, ALTER TYPE USING, COPY WHERE); kColumn = position in relation->columns.
StatusOr<ExprPtr> BindOverRelation(const parse::Expr& expr, const Relation& relation, DataType type, BindContext& context);
/// The column's DEFAULT, cast to its type; null when it has none.
StatusOr<ExprPtr> BindDefault(const Column& column, BindContext& context);

/// int4, numeric(10,2), timestamptz[] … -> DataType. 42704 `type "x" does not exist`.
StatusOr<DataType> ResolveTypeName(const parse::TypeName& name, BindContext& context);
/// A table, view or virtual table by name and search path. 42P01.
StatusOr<RelationPtr> ResolveRelation(const parse::ObjectName& name, BindContext& context);

}  // namespace tsd::sql
