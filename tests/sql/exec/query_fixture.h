#pragma once
// A whole database in memory for tests of the SQL layer: a catalog, tables cut into chunks, and one to three "nodes" that run fragments from
// their encoded bytes. Statements run as coord runs them: parse, bind, optimise, build, pull.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/store/reader.h"
#include "sql/bind/binder.h"
#include "sql/exec/build.h"
#include "sql/optimize/optimizer.h"

namespace tsd::sql::test {

struct StoredChunk {
  ColumnBatch rows;                 // all columns of the relation
  std::vector<int64_t> row_ids;
  int node = 0;
};

class QueryDatabase : public OperatorFactory {
 public:
  /// `nodes`: rows are spread over so many. `blocking`: gathers answer kBlocked now and then.
  QueryDatabase(int nodes, bool blocking);
  ~QueryDatabase() override;

  /// Rows as text, columns joined by '|', NULL as "NULL"; or one line "ERROR: 42703 message".
  std::vector<std::string> Run(const std::string& sql, const std::vector<Value>& parameters = {});
  /// Lines of the optimised plan.
  std::vector<std::string> Explain(const std::string& sql);
  /// Optimised.
  StatusOr<PlanPtr> Plan(const std::string& sql);
  StatusOr<BoundStatement> Bind(const std::string& sql, std::vector<DataType> parameter_types = {});
  StatusOr<ColumnBatch> Pull(const PlanNode& plan);

  /// Turns an (empty) table into a hypertable: chunks of `interval` units of the time column, `partitions` of the space column.
  void MakeHypertable(const std::string& table, const std::string& time, int64_t interval, const std::string& space, int partitions);

  StatusOr<OperatorPtr> MakeGather(const GatherNode& node) override;
  StatusOr<OperatorPtr> MakeVirtualScan(const VirtualScanNode& node) override;
  StatusOr<OperatorPtr> MakeTableFunction(const FunctionScanNode& node, std::vector<std::optional<Value>> arguments) override;

  ExecContext exec;
  Catalog catalog;
  std::map<ChunkId, StoredChunk> chunks;
  std::map<ChunkId, TableId> owners;
  size_t fragments = 0;             // run so far
  size_t chunks_opened = 0;
  size_t rows_gathered = 0;
  mutable size_t rows_scanned = 0;  // handed out by scans
  bool push_down = true;
  /// Every fragment is shared by so many lanes, each pausing after every batch; and its scans use all that the store's interface allows:
  /// summaries instead of rows, last rows of segments, time floors.
  int lanes = 1;
  size_t gave_way = 0;              // how often a turn of exec.turn was over

 private:
  class Functions;
  class Virtual;
  BindContext NewBindContext();
  Status CreateTable(const parse::Statement& statement);
  StatusOr<std::vector<std::string>> RunStatement(const parse::Statement& statement, const std::vector<Value>& parameters);
  Status Insert(const RelationPtr& relation, const ColumnBatch& rows);
  Status Remove(const ColumnBatch& rows);
  std::vector<std::string> Format(const ColumnBatch& rows) const;
  ChunkId ChunkFor(const Relation& relation, const ColumnBatch& rows, size_t row);

  const int nodes_;
  const bool blocking_;
  int64_t next_row_ = 1;
  std::unique_ptr<MemoryBudget> memory_;
  std::unique_ptr<Functions> functions_;
  std::unique_ptr<Virtual> virtual_;
};

}  // namespace tsd::sql::test
