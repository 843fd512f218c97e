#include "coord/read/query_run.h"

#include "coord/read/local_fragment.h"
#include "coord/read/source_operator.h"
#include "sql/exec/merge_operator.h"
#include "sql/optimize/chunk_exclusion.h"
#include "sql/plan/plan_codec.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::coord {
namespace {

// A LIMIT is content before a fragment has said what it did: it mostly says so at once, but may be at work for long.
constexpr absl::Duration kStatsWait = absl::Milliseconds(20);
constexpr absl::Duration kStatsPause = absl::Milliseconds(1);

// A table function running as a coroutine beside the operators; its rows arrive once.
class TableFunctionOperator final : public sql::Operator {
 public:
  struct State {
    Mutex mutex;
    std::optional<StatusOr<ColumnBatch>> result ABSL_GUARDED_BY(mutex);
  };
  TableFunctionOperator(std::shared_ptr<State> state, std::string name) : state_(std::move(state)), name_(std::move(name)) {}
  StatusOr<sql::Pull> Next(ColumnBatch* out) override {
    MutexLock lock(state_->mutex);
    if (!state_->result.has_value()) return sql::Pull::kBlocked;
    RETURN_IF_ERROR(state_->result->status());
    *out = std::move(**state_->result);
    state_->result = ColumnBatch();
    return out->empty() ? sql::Pull::kDone : sql::Pull::kRows;
  }
  std::string Name() const override { return name_; }

 private:
  const std::shared_ptr<State> state_;
  const std::string name_;
};

Task<void> RunInto(std::shared_ptr<TableFunctionRunner> runner, std::string function, std::vector<std::optional<Value>> arguments,
                   std::vector<DataType> types, std::shared_ptr<TableFunctionOperator::State> state, std::shared_ptr<Event> wake,
                   std::shared_ptr<std::atomic<int>> running) {
  StatusOr<ColumnBatch> result = co_await runner->RunTableFunction(std::move(function), std::move(arguments), std::move(types));
  {
    MutexLock lock(state->mutex);
    state->result = std::move(result);
  }
  running->fetch_sub(1);
  wake->Set();
}

}  // namespace

std::vector<NodeChunks> ChunksByNode(const sql::Catalog& catalog, const sql::GatherNode& gather, size_t* excluded) {
  const sql::ScanNode* scan = sql::FragmentScan(*gather.children[0]);
  sql::RelationPtr relation = catalog.Find(gather.relation->id);
  if (!relation) relation = gather.relation;
  std::vector<sql::ChunkPtr> chunks = sql::PruneChunks(*relation, scan->predicate);
  const size_t all = relation->hypertable ? relation->hypertable->chunks->size() : 1;
  *excluded = all - chunks.size();
  std::map<std::pair<NodeId, std::vector<NodeId>>, NodeChunks> by_node;
  std::map<std::vector<NodeId>, NodeChunks*> placed;  // there are many chunks, but few sets of nodes
  for (sql::ChunkPtr& chunk : chunks) {
    NodeChunks*& known = placed[chunk->nodes];
    if (known != nullptr) {
      known->chunks.push_back(std::move(chunk));
      continue;
    }
    // The first available replica answers; equal node lists give equal choices, as a full pushdown needs, and the same second choices.
    NodeId chosen = chunk->nodes.empty() ? NodeId() : chunk->nodes.front();
    for (NodeId node : chunk->nodes) {
      const sql::DataNodePtr entry = catalog.FindNode(node);
      if (!node.IsValid() || (entry && entry->available)) {
        chosen = node;
        break;
      }
    }
    const std::vector<NodeId> replicas = chunk->nodes.size() > 1 ? chunk->nodes : std::vector<NodeId>();
    NodeChunks& part = by_node[{chosen, replicas}];
    part.node = chosen;
    part.replicas = replicas;
    part.chunks.push_back(std::move(chunk));
    known = &part;
  }
  std::vector<NodeChunks> result;
  for (auto& [key, part] : by_node) result.push_back(std::move(part));
  return result;
}

QueryRun::QueryRun(const Services& services, std::shared_ptr<Transaction> transaction, QueryOptions options)
    : services_(services),
      transaction_(std::move(transaction)),
      options_(std::move(options)),
      turn_(services_.clock),
      memory_(services_.memory->OfQuery(options_.memory_bytes)) {
  options_.exec.memory = memory_.get();
  options_.exec.spill = services_.spill;
  options_.exec.cancelled = &options_.cancel->cancelled;
  options_.exec.turn = &turn_;
  options_.cancel->Add(wake_);
}

QueryRun::~QueryRun() {
  root_.reset();
  options_.cancel->Remove(wake_);
}

Status QueryRun::Start(sql::PlanPtr plan) {
  plan_ = std::move(plan);
  sql::BuildOptions build;
  if (options_.analyze) {
    stats_.resize(sql::NumberPlan(*plan_).size());
    build.clock = services_.clock;
    build.stats = &stats_;
  }
  ASSIGN_OR_RETURN(root_, sql::BuildOperators(*plan_, *this, options_.exec, build));
  return OkStatus();
}

Task<StatusOr<ColumnBatch>> QueryRun::Next() {
  while (!done_) {
    if (options_.exec.IsCancelled()) {
      // What runs in this session beside us ends first: the next statement would meet it.
      while (functions_running_->load() > 0) co_await wake_->Wait();
      co_return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
    }
    ColumnBatch batch;
    turn_.Resume();
    CO_ASSIGN_OR_RETURN(const sql::Pull pull, root_->Next(&batch));
    turn_.Pause();
    if (pull == sql::Pull::kRows) co_return batch;
    if (pull == sql::Pull::kDone) {
      done_ = true;
      if (options_.analyze) co_await AwaitStats();
      root_.reset();
      break;
    }
    if (turn_.TakeGivenWay()) {
      co_await Yield{};
    } else {
      co_await wake_->Wait();
    }
  }
  co_return ColumnBatch();
}

Task<void> QueryRun::AwaitStats() {
  const absl::Duration until = services_.clock->Monotonic() + kStatsWait;
  for (const auto& [gather, fragments] : fragments_) {
    for (const Fragment& fragment : fragments) {
      if (!fragment.elsewhere) continue;
      fragment.source->Discard();
      while (!fragment.source->HasEnded() && services_.clock->Monotonic() < until) co_await SleepFor{kStatsPause};
    }
  }
}

StatusOr<sql::OperatorPtr> QueryRun::MakeGather(const sql::GatherNode& node) {
  services_.transactions->Hasten();
  const sql::CatalogPtr catalog = transaction_->CatalogOver(services_.log->Current());
  size_t excluded = 0;
  std::vector<NodeChunks> parts = ChunksByNode(*catalog, node, &excluded);
  const sql::PlanPtr& fragment = node.children[0];
  std::vector<sql::OperatorPtr> inputs;
  fragments_[&node].clear();
  for (NodeChunks& part : parts) {
    auto source = std::make_shared<FragmentSource>(services_.cluster->NameOf(part.node), wake_);
    fragments_[&node].push_back({source, part.node.IsValid()});
    sql::PlanPtr plan = sql::WithChunks(fragment, part.chunks);
    engine::Snapshot snapshot;
    snapshot.read_timestamp = transaction_->snapshot();
    snapshot.own = transaction_->id();
    snapshot.own_level = transaction_->level();
    if (!part.node.IsValid()) {
      inputs.push_back(MakeLocal(std::move(plan), snapshot, std::move(source)));
      continue;
    }
    FragmentRequest request;
    ASSIGN_OR_RETURN(request.plan, sql::EncodePlan(*plan));
    request.snapshot = snapshot;
    request.incarnation = services_.commit_clock->incarnation();
    request.zone = options_.zone;
    request.now = TimestampFromAbsl(options_.exec.datetime.now);
    request.text.datetime = options_.exec.datetime;
    request.text.bytea_output = options_.exec.bytea_output;
    request.text.extra_float_digits = options_.exec.extra_float_digits;
    request.memory_bytes = options_.memory_bytes;
    ASSIGN_OR_RETURN(std::shared_ptr<net::rpc::RpcClient> client, services_.cluster->ClientOf(part.node));
    std::vector<FragmentSource::Replica> replicas = {{services_.cluster->NameOf(part.node), std::move(client)}};
    for (NodeId other : part.replicas) {
      if (other == part.node) continue;
      StatusOr<std::shared_ptr<net::rpc::RpcClient>> usable = services_.cluster->ClientOf(other);
      if (usable.ok()) replicas.push_back({services_.cluster->NameOf(other), std::move(*usable)});
    }
    FragmentSource::RunRemote(*services_.executor, source, std::move(replicas), std::move(request));
    inputs.push_back(std::make_unique<SourceOperator>(std::move(source)));
  }
  if (node.merge.empty() || inputs.size() < 2) return sql::MakeConcat(std::move(inputs));
  return sql::MakeMerge(std::move(inputs), node.merge, node.output);
}

sql::OperatorPtr QueryRun::MakeLocal(sql::PlanPtr plan, engine::Snapshot snapshot, std::shared_ptr<FragmentSource> note) {
  FragmentDeps deps;
  deps.store = services_.store;
  deps.clock = services_.clock;
  deps.threads = services_.threads;
  deps.spill = services_.spill;
  LocalFragment::Request request;
  request.plan = std::move(plan);
  request.snapshot = snapshot;
  request.text.datetime = options_.exec.datetime;
  request.text.bytea_output = options_.exec.bytea_output;
  request.text.extra_float_digits = options_.exec.extra_float_digits;
  request.memory = memory_;
  return std::make_unique<LocalFragment>(*services_.executor, deps, std::move(request), wake_, std::move(note));
}

StatusOr<sql::OperatorPtr> QueryRun::MakeVirtualScan(const sql::VirtualScanNode& node) {
  ASSIGN_OR_RETURN(const ColumnBatch all, options_.virtual_tables->Rows(*node.relation));
  std::vector<ColumnBatch> batches;
  if (!all.empty()) batches.push_back(all.Project(node.columns));
  return sql::MakeBatchSource(std::move(batches));
}

StatusOr<sql::OperatorPtr> QueryRun::MakeTableFunction(const sql::FunctionScanNode& node, std::vector<std::optional<Value>> arguments) {
  auto state = std::make_shared<TableFunctionOperator::State>();
  std::vector<DataType> types;
  for (const auto& column : node.output) types.push_back(column.type);
  if (node.with_ordinality && !types.empty()) types.pop_back();
  functions_running_->fetch_add(1);
  Spawn(*services_.executor, RunInto(options_.table_functions, node.function, std::move(arguments), std::move(types), state, wake_, functions_running_));
  return sql::OperatorPtr(std::make_unique<TableFunctionOperator>(std::move(state), node.function));
}

std::vector<sql::FragmentNote> QueryRun::NotesOf(const sql::GatherNode& gather) const {
  const sql::CatalogPtr catalog = transaction_->CatalogOver(services_.log->Current());
  size_t excluded = 0;
  std::vector<sql::FragmentNote> notes;
  for (NodeChunks& part : ChunksByNode(*catalog, gather, &excluded)) {
    sql::FragmentNote note;
    note.node_name = services_.cluster->NameOf(part.node);
    note.chunks = std::move(part.chunks);
    notes.push_back(std::move(note));
  }
  const auto ran = fragments_.find(&gather);
  for (size_t i = 0; i < notes.size(); ++i) {
    notes[i].chunks_excluded = excluded;
    if (!options_.analyze || ran == fragments_.end() || i >= ran->second.size()) continue;
    const std::optional<FragmentStats> stats = ran->second[i].source->stats();
    notes[i].ended_early = !stats.has_value();
    if (!stats.has_value()) continue;
    notes[i].actual = {stats->rows_sent, stats->bytes_sent, stats->scan.rows_read, stats->scan.bytes_read, stats->scan.blocks_read,
                       stats->scan.blocks_summarised, stats->scan.blocks_skipped, stats->micros};
  }
  return notes;
}

}  // namespace tsd::coord
