#pragma once
// QueryRun: one optimised plan running on the access node: makes its operators, starts the fragments on their nodes, and pulls. Owns all
// that the operators use. One coroutine at a time; Cancel from any thread.
#include <atomic>
#include <map>
#include <memory>
#include <set>

#include "coord/read/fragment_source.h"
#include "coord/session/services.h"
#include "coord/txn/transaction.h"
#include "engine/base/memory_budget.h"
#include "sql/bind/binder.h"
#include "sql/exec/build.h"
#include "sql/exec/turn.h"
#include "sql/function/function_context.h"

namespace tsd::coord {

/// A result's rows, pulled.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// The next rows; an empty batch at the end.
  virtual Task<StatusOr<ColumnBatch>> Next() = 0;
};

/// Runs coord's table functions (add_data_node, show_chunks …); implemented by the session.
class TableFunctionRunner {
 public:
  virtual ~TableFunctionRunner() = default;
  virtual Task<StatusOr<ColumnBatch>> RunTableFunction(std::string function, std::vector<std::optional<Value>> arguments,
                                                       std::vector<DataType> types) = 0;
};

/// Cancellation shared by a session and what it runs: the runs under way are woken, each by its own event (a function in a query may run
/// another query). Thread-safe.
class CancelState {
 public:
  std::atomic<bool> cancelled{false};
  void Cancel() {
    cancelled.store(true);
    MutexLock lock(mutex_);
    for (const std::shared_ptr<Event>& wake : wakes_) wake->Set();
  }
  void Add(std::shared_ptr<Event> wake) {
    MutexLock lock(mutex_);
    wakes_.insert(std::move(wake));
  }
  void Remove(const std::shared_ptr<Event>& wake) {
    MutexLock lock(mutex_);
    wakes_.erase(wake);
  }

 private:
  Mutex mutex_;
  std::set<std::shared_ptr<Event>> wakes_ ABSL_GUARDED_BY(mutex_);
};

struct QueryOptions {
  sql::ExecContext exec;            // session values; memory and cancelled are set by the run
  std::string zone;                 // the TimeZone setting
  uint64_t memory_bytes = 1 << 30;
  const sql::VirtualTables* virtual_tables = nullptr;
  std::shared_ptr<TableFunctionRunner> table_functions;
  std::shared_ptr<CancelState> cancel;
  bool analyze = false;
};

class QueryRun final : public RowSource, public sql::OperatorFactory {
 public:
  QueryRun(const Services& services, std::shared_ptr<Transaction> transaction, QueryOptions options);
  ~QueryRun() override;

  /// Binds operators to the plan; fragments start.
  Status Start(sql::PlanPtr plan);
  Task<StatusOr<ColumnBatch>> Next() override;

  const sql::PlanNode& plan() const { return *plan_; }
  sql::PlanStats& stats() { return stats_; }
  /// For EXPLAIN: nodes and chunks of a gather as they would be / were run.
  std::vector<sql::FragmentNote> NotesOf(const sql::GatherNode& gather) const;
  sql::ExecContext& exec() { return options_.exec; }
  /// For rows that are kept after they left the run, too.
  const std::shared_ptr<MemoryBudget>& memory() const { return memory_; }

  StatusOr<sql::OperatorPtr> MakeGather(const sql::GatherNode& node) override;
  sql::OperatorPtr MakeLocal(sql::PlanPtr plan, engine::Snapshot snapshot, std::shared_ptr<FragmentSource> note);
  StatusOr<sql::OperatorPtr> MakeVirtualScan(const sql::VirtualScanNode& node) override;
  StatusOr<sql::OperatorPtr> MakeTableFunction(const sql::FunctionScanNode& node, std::vector<std::optional<Value>> arguments) override;

 private:
  /// Of fragments that are about to end, for EXPLAIN.
  Task<void> AwaitStats();

  const Services& services_;
  const std::shared_ptr<Transaction> transaction_;
  QueryOptions options_;
  const std::shared_ptr<Event> wake_ = std::make_shared<Event>();
  sql::Turn turn_;
  const std::shared_ptr<MemoryBudget> memory_;  // shared with fragments over the own store
  sql::PlanPtr plan_;
  sql::PlanStats stats_;
  struct Fragment {
    std::shared_ptr<FragmentSource> source;
    bool elsewhere = false;  // on another node
  };
  std::map<const sql::GatherNode*, std::vector<Fragment>> fragments_;
  sql::OperatorPtr root_;
  bool done_ = false;
  const std::shared_ptr<std::atomic<int>> functions_running_ = std::make_shared<std::atomic<int>>(0);
};

/// Which chunks of a gather are read on which node: the plan's fragment, cut by node.
struct NodeChunks {
  NodeId node;
  std::vector<NodeId> replicas;  // nodes that hold all of them; `node` may be any
  std::vector<sql::ChunkPtr> chunks;
};
std::vector<NodeChunks> ChunksByNode(const sql::Catalog& catalog, const sql::GatherNode& gather, size_t* excluded);

}  // namespace tsd::coord
