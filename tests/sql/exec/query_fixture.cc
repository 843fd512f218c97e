#include "tests/sql/exec/query_fixture.h"

#include <algorithm>

#include "engine/chunk/zone_map.h"
#include "engine/types/compare.h"
#include "sql/exec/lanes.h"
#include "sql/exec/merge_operator.h"
#include "sql/exec/projector.h"
#include "sql/exec/row_order.h"
#include "sql/exec/table_scan_operator.h"
#include "sql/exec/turn.h"
#include "sql/function/function_context.h"
#include "sql/parse/parser.h"
#include "sql/parse/print.h"
#include "sql/plan/plan_codec.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::sql::test {
namespace {

constexpr char kWords[] = "alpha beta gamma";

bool Passes(const ColumnCondition& condition, const Vector& column, size_t row) {
  using Op = ColumnCondition::Op;
  if (condition.op == Op::kIsNull) return column.IsNull(row);
  if (column.IsNull(row)) return false;
  if (condition.op == Op::kIsNotNull) return true;
  if (condition.op == Op::kIn) {
    return std::any_of(condition.values.begin(), condition.values.end(),
                       [&](const Value& value) { return CompareRowToValue(column, row, value) == 0; });
  }
  const int order = CompareRowToValue(column, row, condition.values[0]);
  switch (condition.op) {
    case Op::kEqual: return order == 0;
    case Op::kLess: return order < 0;
    case Op::kLessEqual: return order <= 0;
    case Op::kGreater: return order > 0;
    default: return order >= 0;
  }
}

bool SameRun(const ColumnBatch& batch, size_t row, size_t other, const engine::RunRequest& request) {
  return std::all_of(request.keys.begin(), request.keys.end(), [&](const engine::RunRequest::Key& key) {
    const Vector& column = batch.column(key.column);
    if (key.width == 0 || column.IsNull(row) || column.IsNull(other)) return RowsEqualOrBothNull(column, row, column, other);
    const auto cell = [&](size_t at) {
      const int64_t distance = column.Get<int64_t>(at) - key.origin;
      return distance / key.width - (distance % key.width < 0 ? 1 : 0);
    };
    return cell(row) == cell(other);
  });
}

/// One entry of each list, row by row.
void AppendRun(const Vector& values, const engine::RunRequest::Column& wanted, engine::RunColumn& out) {
  const engine::ColumnStats stats = engine::ComputeStats(values);
  out.counts.push_back(static_cast<uint32_t>(stats.value_count()));
  if (values.type().IsFloat()) out.float_sums.push_back(stats.double_sum);
  if (values.type().IsInteger()) out.integer_sums.push_back(stats.int_sum);
  if (!wanted.bounds) return;
  if (out.lows == nullptr) out.lows = std::make_shared<Vector>(values.type());
  if (out.highs == nullptr) out.highs = std::make_shared<Vector>(values.type());
  stats.has_bounds ? stats.min.AppendTo(*out.lows) : out.lows->AppendNull();
  stats.has_bounds ? stats.max.AppendTo(*out.highs) : out.highs->AppendNull();
}

engine::RowRuns RunsOf(const ColumnBatch& batch, const engine::RunRequest& request) {
  engine::RowRuns runs;
  runs.columns.resize(request.columns.size());
  std::vector<uint32_t> starts;
  for (size_t begin = 0; begin < batch.rows();) {
    size_t end = begin + 1;
    while (end < batch.rows() && SameRun(batch, begin, end, request)) ++end;
    starts.push_back(static_cast<uint32_t>(begin));
    runs.rows.push_back(static_cast<uint32_t>(end - begin));
    for (size_t i = 0; i < request.columns.size(); ++i) {
      AppendRun(*Vector::Slice(batch.column_ptr(request.columns[i].column), begin, end), request.columns[i], runs.columns[i]);
    }
    begin = end;
  }
  runs.keys.SetRows(starts.size());
  for (const engine::RunRequest::Key& key : request.keys) runs.keys.Add(Vector::Gather(batch.column_ptr(key.column), starts));
  return runs;
}

/// Applies the predicate to the letter: a predicate that is not implied by the filters loses rows here.
class MemoryScan final : public engine::TableScan {
 public:
  /// `at`: the next chunk, shared by the scans that share the work.
  MemoryScan(const QueryDatabase& database, engine::ScanSpec spec, const Relation& relation, std::shared_ptr<size_t> at)
      : database_(database), spec_(std::move(spec)), relation_(relation), at_(std::move(at)) {
    stats_.chunks = spec_.chunks.size();
  }
  StatusOr<ColumnBatch> Next() override {
    ColumnBatch batch;
    while (TakeChunk(&batch)) {
      if (!batch.empty()) return batch;
    }
    return ColumnBatch();
  }
  StatusOr<engine::ScanPart> NextPart(const engine::RunRequest& request) override {
    engine::ScanPart part;
    ColumnBatch batch;
    while (part.AtEnd() && TakeChunk(&batch)) {
      // Every second one, so that rows and runs mix.
      if (database_.lanes > 1 && ++parts_ % 2 == 1 && !batch.empty() && !spec_.with_row_ids) {
        part.runs = RunsOf(batch, request);
      } else {
        part.rows = std::move(batch);
      }
    }
    return part;
  }
  void RaiseTimeFloor(int64_t floor) override {
    if (database_.lanes > 1) floor_ = floor;
  }
  const engine::ScanStats& stats() const override { return stats_; }

 private:
  size_t PositionOf(ColumnId id) const {
    for (size_t i = 0; i < relation_.columns.size(); ++i) {
      if (relation_.columns[i].id == id) return i;
    }
    TSD_CHECK(false);
    return 0;
  }
  bool TakeChunk(ColumnBatch* batch) {
    *batch = ColumnBatch();
    if (*at_ >= spec_.chunks.size()) return false;
    const ChunkId id = spec_.chunks[(*at_)++];
    const auto found = database_.chunks.find(id);
    if (found != database_.chunks.end()) *batch = Project(id, found->second);
    return true;
  }

  /// Of rows equal in the segment columns, the one with the greatest time; and none below the floor.
  void Thin(const StoredChunk& chunk, std::vector<uint32_t>& rows) const {
    if (database_.lanes < 2 || spec_.schema->order_by.empty()) return;
    const Vector& times = chunk.rows.column(PositionOf(spec_.schema->order_by[0]));
    if (times.type().Physical() == PhysicalType::kInt64) {
      std::erase_if(rows, [&](uint32_t row) { return times.Get<int64_t>(row) < floor_; });
    }
    if (spec_.choice != engine::RowChoice::kLastOfSegment) return;
    std::vector<uint32_t> last;
    for (uint32_t row : rows) {
      const auto same = std::find_if(last.begin(), last.end(), [&](uint32_t other) {
        return std::all_of(spec_.schema->segment_by.begin(), spec_.schema->segment_by.end(), [&](ColumnId key) {
          return RowsEqualOrBothNull(chunk.rows.column(PositionOf(key)), row, chunk.rows.column(PositionOf(key)), other);
        });
      });
      if (same == last.end()) {
        last.push_back(row);
      } else if (CompareRows(times, row, times, *same) > 0) {
        *same = row;
      }
    }
    std::sort(last.begin(), last.end());
    rows = std::move(last);
  }

  ColumnBatch Project(ChunkId id, const StoredChunk& chunk) {
    std::vector<uint32_t> kept;
    for (size_t row = 0; row < chunk.rows.rows(); ++row) {
      const bool passes = std::all_of(spec_.predicate.conditions.begin(), spec_.predicate.conditions.end(), [&](const ColumnCondition& condition) {
        return Passes(condition, chunk.rows.column(PositionOf(condition.column)), row);
      });
      if (passes) kept.push_back(static_cast<uint32_t>(row));
    }
    Thin(chunk, kept);
    ColumnBatch result(kept.size());
    for (ColumnId column : spec_.columns) result.Add(Vector::Gather(chunk.rows.column_ptr(PositionOf(column)), kept));
    if (spec_.with_row_ids) {
      auto chunk_ids = std::make_shared<Vector>(DataType(TypeId::kInt64));
      auto row_ids = std::make_shared<Vector>(DataType(TypeId::kInt64));
      for (uint32_t row : kept) {
        chunk_ids->Append<int64_t>(static_cast<int64_t>(id.value()));
        row_ids->Append<int64_t>(chunk.row_ids[row]);
      }
      result.Add(std::move(chunk_ids));
      result.Add(std::move(row_ids));
    }
    stats_.rows_read += kept.size();
    database_.rows_scanned += kept.size();
    return result;
  }

  const QueryDatabase& database_;
  engine::ScanSpec spec_;
  const Relation& relation_;
  const std::shared_ptr<size_t> at_;
  size_t parts_ = 0;
  int64_t floor_ = INT64_MIN;
  engine::ScanStats stats_;
};

class MemoryReader final : public engine::StoreReader {
 public:
  explicit MemoryReader(QueryDatabase& database) : database_(database) {}
  Future<Status> AwaitReadable(std::vector<ChunkId>, engine::Snapshot, absl::Duration) override { return ReadyFuture(OkStatus()); }
  StatusOr<std::unique_ptr<engine::TableScan>> OpenScan(engine::ScanSpec spec) override {
    database_.chunks_opened += spec.chunks.size();
    const RelationPtr relation = database_.catalog.Find(spec.schema->id);
    TSD_CHECK(relation != nullptr);
    return std::unique_ptr<engine::TableScan>(std::make_unique<MemoryScan>(database_, std::move(spec), *relation, std::make_shared<size_t>(0)));
  }
  StatusOr<std::vector<std::unique_ptr<engine::TableScan>>> OpenScans(engine::ScanSpec spec, size_t parts) override {
    database_.chunks_opened += spec.chunks.size();
    const RelationPtr relation = database_.catalog.Find(spec.schema->id);
    TSD_CHECK(relation != nullptr);
    std::vector<std::unique_ptr<engine::TableScan>> scans;
    const auto at = std::make_shared<size_t>(0);
    for (size_t i = 0; i < parts; ++i) scans.push_back(std::make_unique<MemoryScan>(database_, spec, *relation, at));
    return scans;
  }

 private:
  QueryDatabase& database_;
};

/// One fragment on one node, from its bytes.
class FragmentOperator final : public Operator, public OperatorFactory {
 public:
  FragmentOperator(QueryDatabase& database, PlanPtr plan) : database_(database), plan_(std::move(plan)), reader_(database) {
    context_ = database.exec;
    context_.functions = nullptr;
    context_.turn = nullptr;
  }
  Status Start() {
    if (database_.lanes > 1) {
      if (std::optional<LanePlan> split = SplitForLanes(plan_)) {
        ASSIGN_OR_RETURN(shares_, reader_.OpenScans(TableScanOperator::SpecOf(*FragmentScan(*split->lane), engine::Snapshot{}),
                                                    static_cast<size_t>(database_.lanes)));
        plan_ = split->rest;
      }
    }
    ASSIGN_OR_RETURN(operators_, BuildOperators(*plan_, *this, context_));
    return OkStatus();
  }
  StatusOr<OperatorPtr> MakeScan(const ScanNode& node) override {
    OperatorPtr made;
    if (shares_.empty()) {
      ASSIGN_OR_RETURN(made, TableScanOperator::Make(node, reader_, engine::Snapshot{}, context_));
    } else {
      ASSIGN_OR_RETURN(made, TableScanOperator::Over(node, std::move(shares_.back()), context_));
      shares_.pop_back();
      static_cast<TableScanOperator&>(*made).SetSlice(1, 1);
    }
    return made;
  }
  /// The lanes of this node.
  StatusOr<OperatorPtr> MakeGather(const GatherNode& node) override {
    std::vector<OperatorPtr> lanes;
    while (!shares_.empty()) {
      ASSIGN_OR_RETURN(OperatorPtr lane, BuildOperators(*node.children[0], *this, context_));
      lanes.push_back(std::move(lane));
    }
    if (node.merge.empty()) return MakeConcat(std::move(lanes));
    return MakeMerge(std::move(lanes), node.merge, node.output);
  }
  StatusOr<Pull> Next(ColumnBatch* out) override { return operators_->Next(out); }
  std::string Name() const override { return "Fragment"; }

 private:
  QueryDatabase& database_;
  PlanPtr plan_;
  MemoryReader reader_;
  ExecContext context_;
  std::vector<std::unique_ptr<engine::TableScan>> shares_;
  OperatorPtr operators_;
};

/// Now and then kBlocked, as a network would have it; checks the promised order and types.
class Arrival final : public Operator {
 public:
  Arrival(OperatorPtr inner, QueryDatabase& database, const GatherNode& node, bool blocking)
      : inner_(std::move(inner)), database_(database), node_(node), blocking_(blocking) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    if (blocking_ && (++calls_ % 2) == 1) return Pull::kBlocked;
    ASSIGN_OR_RETURN(const Pull pull, inner_->Next(out));
    if (pull == Pull::kRows) {
      database_.rows_gathered += out->rows();
      TSD_CHECK(out->column_count() == node_.output.size());
      for (size_t i = 0; i < node_.output.size(); ++i) {
        TSD_CHECK_MSG(out->column(i).type().Physical() == node_.output[i].type.Physical(), node_.output[i].name);
      }
    }
    return pull;
  }
  std::string Name() const override { return "Arrival"; }

 private:
  OperatorPtr inner_;
  QueryDatabase& database_;
  const GatherNode& node_;
  bool blocking_;
  size_t calls_ = 0;
};

/// A source of rows on the access node, for coord's functions.
OperatorPtr Rows(std::vector<VectorPtr> columns, size_t rows) {
  return MakeBatchSource({ColumnBatch(std::move(columns), rows)});
}

class TestFunctions final : public FunctionContext {
 public:
  StatusOr<Value> Call(std::string_view key, std::span<const Value>, const DataType& result) override {
    if (result.Is(TypeId::kText) || result.Is(TypeId::kName)) return Value::Bytes(result, std::string(key.substr(0, key.find('('))));
    return Value::Null(result);
  }
  StatusOr<uint32_t> OidOf(TypeId, std::string_view name) const override {
    if (name == "metrics") return 12345u;
    return Error(sqlstate::kUndefinedTable, StrCat("relation \"", name, "\" does not exist"));
  }
  bool NameOf(TypeId kind, uint32_t oid, std::string* name) const override {
    if (kind == TypeId::kRegtype) {
      bool known = false;
      *name = TypeName(TypeFromOid(oid, &known));
      return known;
    }
    if (oid != 12345) return false;
    *name = "metrics";
    return true;
  }
};

}  // namespace

class QueryDatabase::Functions final : public TableFunctions {
 public:
  Functions() {
    words_.name = "test_words";
    words_.parameters = {{"count", TypeId::kInt32, false}, {"prefix", TypeId::kText, true}};
    words_.columns = {{"test_words", TypeId::kText}};
    words_.returns_set = true;
    pair_.name = "test_pair";
    pair_.parameters = {{"a", TypeId::kInt32, false}, {"b", TypeId::kText, true}};
    pair_.columns = {{"num", TypeId::kInt32}, {"word", TypeId::kText}};
  }
  std::vector<const TableFunctionSignature*> Find(std::string_view, std::string_view name) const override {
    if (name == words_.name) return {&words_};
    if (name == pair_.name) return {&pair_};
    return {};
  }
  TestFunctions context;

 private:
  TableFunctionSignature words_, pair_;
};

class QueryDatabase::Virtual final : public VirtualTables {
 public:
  Virtual() {
    auto relation = std::make_shared<Relation>();
    relation->id = TableId(9000);
    relation->kind = RelationKind::kVirtual;
    relation->schema = "pg_catalog";
    relation->name = "pg_test";
    relation->columns = {{ColumnId(1), "oid", TypeId::kOid}, {ColumnId(2), "testname", TypeId::kName}, {ColumnId(3), "kind", TypeId::kChar}};
    table_ = std::move(relation);
    auto view = std::make_shared<Relation>();
    view->id = TableId(9001);
    view->kind = RelationKind::kView;
    view->schema = "pg_catalog";
    view->name = "pg_test_view";
    view->view_sql = "SELECT testname AS name, kind = 'r' AS is_r FROM pg_catalog.pg_test WHERE oid > 1";
    view_ = std::move(view);
  }
  RelationPtr Find(std::string_view schema, std::string_view name) const override {
    if (schema == table_->schema && name == table_->name) return table_;
    if (schema == view_->schema && name == view_->name) return view_;
    return nullptr;
  }
  StatusOr<ColumnBatch> Rows(const Relation&) const override {
    BatchBuilder builder({TypeId::kOid, TypeId::kName, TypeId::kChar});
    for (int i = 1; i <= 3; ++i) {
      builder.column(0).Append<int64_t>(i);
      builder.column(1).AppendBytes(StrCat("name", i));
      builder.column(2).AppendBytes(i == 2 ? "v" : "r");
      builder.FinishRow();
    }
    return builder.Finish();
  }

 private:
  RelationPtr table_, view_;
};

QueryDatabase::QueryDatabase(int nodes, bool blocking)
    : nodes_(nodes), blocking_(blocking), memory_(std::make_unique<MemoryBudget>(int64_t{256} << 20)), functions_(std::make_unique<Functions>()),
      virtual_(std::make_unique<Virtual>()) {
  exec.memory = memory_.get();
  exec.functions = &functions_->context;
  exec.datetime.now = absl::FromUnixSeconds(1'790'000'000);
  exec.statement_time = exec.datetime.now;
  catalog.cluster_id = 7;
  catalog.schemas["public"] = 2200;
}

QueryDatabase::~QueryDatabase() {
  // Every operator gives back what it held.
  TSD_CHECK_MSG(memory_->used() == 0, std::to_string(memory_->used()));
}

BindContext QueryDatabase::NewBindContext() {
  BindContext context;
  context.catalog = std::make_shared<Catalog>(catalog);
  context.virtual_tables = virtual_.get();
  context.table_functions = functions_.get();
  context.user = "tester";
  context.database = "test";
  context.exec = exec;
  return context;
}

StatusOr<OperatorPtr> QueryDatabase::MakeGather(const GatherNode& node) {
  const ScanNode* scan = FragmentScan(*node.children[0]);
  TSD_CHECK(scan != nullptr && scan->relation != nullptr);
  const std::vector<ChunkPtr> pruned = PruneChunks(*scan->relation, scan->predicate);
  std::vector<OperatorPtr> streams;
  for (int n = 0; n < nodes_; ++n) {
    std::vector<ChunkPtr> mine;
    if (scan->relation->IsHypertable()) {
      for (const ChunkPtr& chunk : pruned) {
        if (chunks[chunk->id].node == n) mine.push_back(chunk);
      }
    } else {
      // A plain table's rows are spread here as well: heap + 1000 * n.
      auto chunk = std::make_shared<Chunk>(*pruned[0]);
      chunk->id = ChunkId(scan->relation->heap.value() + 1000 * static_cast<uint64_t>(n));
      mine.push_back(std::move(chunk));
    }
    if (mine.empty()) continue;
    ASSIGN_OR_RETURN(const std::string bytes, EncodePlan(*WithChunks(node.children[0], mine)));
    ASSIGN_OR_RETURN(PlanPtr plan, DecodePlan(bytes));
    auto fragment = std::make_unique<FragmentOperator>(*this, std::move(plan));
    RETURN_IF_ERROR(fragment->Start());
    ++fragments;
    streams.push_back(std::make_unique<Arrival>(std::move(fragment), *this, node, blocking_));
  }
  if (node.merge.empty()) return MakeConcat(std::move(streams));
  return MakeMerge(std::move(streams), node.merge, node.output);
}

StatusOr<OperatorPtr> QueryDatabase::MakeVirtualScan(const VirtualScanNode& node) {
  ASSIGN_OR_RETURN(const ColumnBatch rows, virtual_->Rows(*node.relation));
  return MakeBatchSource({rows.Project(node.columns)});
}

StatusOr<OperatorPtr> QueryDatabase::MakeTableFunction(const FunctionScanNode& node, std::vector<std::optional<Value>> arguments) {
  if (node.function == "test_pair") {
    auto number = std::make_shared<Vector>(DataType(TypeId::kInt32));
    auto word = std::make_shared<Vector>(DataType(TypeId::kText));
    number->Append<int32_t>(static_cast<int32_t>(arguments[0]->AsInteger()) * 2);
    word->AppendBytes(arguments[1].has_value() ? arguments[1]->AsBytes() : "none");
    return Rows({number, word}, 1);
  }
  auto words = std::make_shared<Vector>(DataType(TypeId::kText));
  const int64_t count = arguments[0]->AsInteger();
  for (int64_t i = 0; i < count; ++i) words->AppendBytes(StrCat(arguments[1].has_value() ? arguments[1]->AsBytes() : kWords, i));
  return Rows({words}, static_cast<size_t>(count));
}

StatusOr<ColumnBatch> QueryDatabase::Pull(const PlanNode& plan) {
  ASSIGN_OR_RETURN(OperatorPtr root, BuildOperators(plan, *this, exec));
  std::vector<DataType> types;
  for (const PlanColumn& column : plan.output) types.push_back(column.type);
  BatchBuilder builder(types);
  size_t rows = 0;
  for (int blocked = 0; blocked < 100'000;) {
    ColumnBatch batch;
    if (exec.turn != nullptr) exec.turn->Resume();
    ASSIGN_OR_RETURN(const tsd::sql::Pull pull, root->Next(&batch));
    if (exec.turn != nullptr) exec.turn->Pause();
    if (pull == tsd::sql::Pull::kDone) {
      ColumnBatch all = builder.Finish();
      all.SetRows(rows);
      return all;
    }
    if (pull == tsd::sql::Pull::kBlocked) {
      ++blocked;
      if (exec.turn != nullptr && exec.turn->TakeGivenWay()) ++gave_way;
      continue;
    }
    TSD_CHECK(!batch.empty() && batch.column_count() == types.size());
    for (size_t i = 0; i < types.size(); ++i) TSD_CHECK(batch.column(i).type().Physical() == types[i].Physical());
    rows += batch.rows();
    builder.Append(batch);
  }
  return Error(sqlstate::kInternalError, "blocked for ever");
}

std::vector<std::string> QueryDatabase::Format(const ColumnBatch& rows) const {
  std::vector<std::string> lines;
  const TextContext context = TextContextOf(exec);
  for (size_t row = 0; row < rows.rows(); ++row) {
    std::string line;
    for (size_t i = 0; i < rows.column_count(); ++i) {
      if (i > 0) line += '|';
      if (rows.column(i).IsNull(row)) {
        line += "NULL";
      } else {
        FormatText(rows.column(i), row, context, line);
      }
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Status QueryDatabase::CreateTable(const parse::Statement& statement) {
  const auto& create = parse::As<parse::CreateTableStatement>(statement);
  auto relation = std::make_shared<Relation>();
  relation->id = TableId(catalog.next_oid++);
  relation->schema = "public";
  relation->name = create.name.name;
  relation->heap = ChunkId(catalog.next_chunk++);
  BindContext context = NewBindContext();
  for (const parse::TableElement& element : create.elements) {
    Column column;
    column.id = ColumnId(static_cast<uint16_t>(++relation->last_column_id));
    column.name = element.column->name;
    ASSIGN_OR_RETURN(column.type, ResolveTypeName(element.column->type, context));
    for (const parse::Constraint& constraint : element.column->constraints) {
      if (constraint.kind == parse::ConstraintKind::kNotNull) column.not_null = true;
      if (constraint.kind == parse::ConstraintKind::kDefault) column.default_sql = parse::PrintExpr(*constraint.expr);
    }
    relation->columns.push_back(std::move(column));
  }
  catalog.Put(std::move(relation));
  return OkStatus();
}

void QueryDatabase::MakeHypertable(const std::string& table, const std::string& time, int64_t interval, const std::string& space, int partitions) {
  auto relation = std::make_shared<Relation>(*catalog.Find("public", table));
  Hypertable hypertable;
  hypertable.id = catalog.next_hypertable++;
  hypertable.distributed = true;
  Dimension time_dimension;
  time_dimension.column = relation->Find(time)->id;
  time_dimension.interval = interval;
  hypertable.dimensions.push_back(time_dimension);
  if (!space.empty()) {
    Dimension space_dimension;
    space_dimension.kind = DimensionKind::kSpace;
    space_dimension.column = relation->Find(space)->id;
    space_dimension.number_partitions = static_cast<int16_t>(partitions);
    hypertable.dimensions.push_back(space_dimension);
  }
  relation->hypertable = std::move(hypertable);
  catalog.Put(std::move(relation));
}

ChunkId QueryDatabase::ChunkFor(const Relation& old_relation, const ColumnBatch& rows, size_t row) {
  const RelationPtr relation = catalog.Find(old_relation.id);
  if (!relation->IsHypertable()) {
    const ChunkId id(relation->heap.value() + 1000 * static_cast<uint64_t>(next_row_ % nodes_));
    chunks[id].node = static_cast<int>(next_row_ % nodes_);
    return id;
  }
  const Hypertable& hypertable = *relation->hypertable;
  const auto position = [&](ColumnId id) { return static_cast<size_t>(relation->Find(id) - relation->columns.data()); };
  const int64_t time = ChunkScale(Value::FromVector(rows.column(position(hypertable.time().column)), row));
  const int slot = hypertable.space() == nullptr ? 0 : SlotOf(rows.column(position(hypertable.space()->column)), row);
  for (const ChunkPtr& chunk : *hypertable.chunks) {
    if (time >= chunk->range_start && time < chunk->range_end && slot >= chunk->slot_start && slot < chunk->slot_end) return chunk->id;
  }
  auto chunk = std::make_shared<Chunk>();
  const int64_t interval = hypertable.time().interval;
  int64_t index = time / interval;
  if (time % interval < 0) --index;
  chunk->id = ChunkId(100'000 + catalog.next_chunk++);
  chunk->range_start = index * interval;
  chunk->range_end = chunk->range_start + interval;
  int partition = 0;
  if (hypertable.space() != nullptr) {
    const int width = kSlotCount / hypertable.space()->number_partitions;
    partition = slot / width;
    chunk->slot_start = partition * width;
    chunk->slot_end = chunk->slot_start + width;
  }
  const int node = static_cast<int>((hypertable.space() != nullptr ? partition : index & 0xffff) % nodes_);
  chunk->nodes = {NodeId(static_cast<uint32_t>(node + 1))};
  chunk->name = StrCat("_dist_hyper_", hypertable.id, "_", chunk->id.value(), "_chunk");
  chunks[chunk->id].node = node;
  const ChunkId id = chunk->id;
  ChunkSet set = *hypertable.chunks;
  set.Put({std::move(chunk)});
  auto changed = std::make_shared<Relation>(*relation);
  changed->hypertable->chunks = std::make_shared<ChunkSet>(std::move(set));
  catalog.Put(std::move(changed));
  return id;
}

Status QueryDatabase::Insert(const RelationPtr& relation, const ColumnBatch& rows) {
  std::vector<DataType> types;
  for (const Column& column : relation->columns) types.push_back(column.type);
  for (size_t row = 0; row < rows.rows(); ++row) {
    for (size_t i = 0; i < relation->columns.size(); ++i) {
      if (relation->columns[i].not_null && rows.column(i).IsNull(row)) {
        return Error(sqlstate::kNotNullViolation, StrCat("null value in column \"", relation->columns[i].name, "\" of relation \"",
                                                         relation->name, "\" violates not-null constraint"));
      }
    }
    StoredChunk& chunk = chunks[ChunkFor(*relation, rows, row)];
    BatchBuilder builder(types);
    if (!chunk.rows.empty()) builder.Append(chunk.rows);
    builder.AppendRow(rows, row);
    chunk.rows = builder.Finish();
    chunk.row_ids.push_back(next_row_++);
  }
  return OkStatus();
}

Status QueryDatabase::Remove(const ColumnBatch& rows) {
  for (size_t i = 0; i < rows.rows(); ++i) {
    StoredChunk& chunk = chunks.at(ChunkId(static_cast<uint64_t>(rows.column(0).Get<int64_t>(i))));
    const auto found = std::find(chunk.row_ids.begin(), chunk.row_ids.end(), rows.column(1).Get<int64_t>(i));
    if (found == chunk.row_ids.end()) return Error(sqlstate::kInternalError, "a row is removed twice");
    const size_t at = static_cast<size_t>(found - chunk.row_ids.begin());
    std::vector<uint32_t> kept;
    for (size_t row = 0; row < chunk.rows.rows(); ++row) {
      if (row != at) kept.push_back(static_cast<uint32_t>(row));
    }
    chunk.rows = chunk.rows.Gather(kept);
    chunk.row_ids.erase(found);
  }
  return OkStatus();
}

StatusOr<std::vector<std::string>> QueryDatabase::RunStatement(const parse::Statement& statement, const std::vector<Value>& parameters) {
  if (statement.kind == parse::StatementKind::kCreateTable) {
    RETURN_IF_ERROR(CreateTable(statement));
    return std::vector<std::string>();
  }
  BindContext bind = NewBindContext();
  for (const Value& value : parameters) bind.parameter_types.push_back(value.type());
  ASSIGN_OR_RETURN(BoundStatement bound, BindStatement(statement, bind));
  OptimizeContext optimize;
  optimize.catalog = std::make_shared<Catalog>(catalog);
  optimize.exec = &exec;
  optimize.push_aggregates = push_down;
  optimize.push_limits = push_down;
  ASSIGN_OR_RETURN(PlanPtr plan, Optimize(SubstituteParameters(*bound.plan, parameters), optimize));
  ASSIGN_OR_RETURN(const ColumnBatch rows, Pull(*plan));
  if (bound.kind == BoundKind::kSelect) return Format(rows);
  if (bound.kind != BoundKind::kInsert) RETURN_IF_ERROR(Remove(rows));
  if (bound.kind != BoundKind::kDelete) {
    const size_t first = bound.kind == BoundKind::kUpdate ? 2 : 0;
    std::vector<size_t> columns;
    for (size_t i = 0; i < bound.relation->columns.size(); ++i) columns.push_back(first + i);
    RETURN_IF_ERROR(Insert(bound.relation, rows.Project(columns)));
  }
  if (bound.returning.empty()) return std::vector<std::string>();
  ASSIGN_OR_RETURN(const auto projector, Projector::Make(bound.returning));
  ASSIGN_OR_RETURN(const ColumnBatch returned, projector->Run(rows, exec));
  return Format(returned);
}

std::vector<std::string> QueryDatabase::Run(const std::string& sql, const std::vector<Value>& parameters) {
  const auto failed = [](const Status& status) {
    return std::vector<std::string>{StrCat("ERROR: ", SqlStateOf(status), " ", StdView(status.message()))};
  };
  const auto parsed = parse::ParseSql(sql);
  if (!parsed.ok()) return failed(parsed.status());
  std::vector<std::string> lines;
  for (const parse::ParsedStatement& one : *parsed) {
    StatusOr<std::vector<std::string>> result = RunStatement(*one.statement, parameters);
    if (!result.ok()) return failed(result.status());
    lines = *std::move(result);
  }
  return lines;
}

StatusOr<BoundStatement> QueryDatabase::Bind(const std::string& sql, std::vector<DataType> parameter_types) {
  ASSIGN_OR_RETURN(const auto parsed, parse::ParseSql(sql));
  BindContext bind = NewBindContext();
  bind.parameter_types = std::move(parameter_types);
  return BindStatement(*parsed.at(0).statement, bind);
}

StatusOr<PlanPtr> QueryDatabase::Plan(const std::string& sql) {
  ASSIGN_OR_RETURN(BoundStatement bound, Bind(sql));
  OptimizeContext optimize;
  optimize.catalog = std::make_shared<Catalog>(catalog);
  optimize.exec = &exec;
  optimize.push_aggregates = push_down;
  optimize.push_limits = push_down;
  return Optimize(std::move(bound.plan), optimize);
}

std::vector<std::string> QueryDatabase::Explain(const std::string& sql) {
  const StatusOr<PlanPtr> plan = Plan(sql);
  if (!plan.ok()) return {std::string(StdView(plan.status().message()))};
  return PrintPlan(**plan, ExplainOptions());
}

}  // namespace tsd::sql::test
