// create_hypertable, create_distributed_hypertable, set_chunk_time_interval.
#include <algorithm>

#include "coord/session/coord_functions.h"
#include "coord/session/index_definition.h"
#include "coord/write/table_writer.h"
#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/datetime.h"
#include "engine/types/interval_text.h"
#include "sql/parse/parser.h"
#include "sql/parse/print.h"

namespace tsd::coord {
namespace {

constexpr size_t kDimensionFormParameters = 5;  // relation, dimension, create_default_indexes, if_not_exists, migrate_data
constexpr int64_t kDefaultIntervalMicros = 7 * kMicrosPerDay;

bool IsTimeType(DataType type) { return type.IsInteger() || type.IsDateTime(); }

// PostgreSQL-style array of names to a list; a NULL element gives an error.
StatusOr<std::vector<std::string>> NameList(const Value& value) {
  std::vector<std::string> names;
  ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::Decode(TypeId::kName, value.AsBytes()));
  if (array.dimensions().size() > 1) return Error(sqlstate::kInvalidParameterValue, "invalid data nodes list");
  for (size_t i = 0; i < array.size(); ++i) {
    if (array.elements().IsNull(i)) {
      return WithDetail(Error(sqlstate::kInvalidParameterValue, "invalid data nodes list"), "The array of data nodes cannot contain null values.");
    }
    names.push_back(std::string(array.elements().GetBytes(i)));
  }
  return names;
}

}  // namespace

Status CheckPartitions(int64_t partitions, const std::string& column) {
  if (partitions >= 1 && partitions <= kMaxPartitions) return OkStatus();
  return WithHint(Error(sqlstate::kInvalidParameterValue, StrCat("invalid number of partitions for dimension \"", column, "\"")),
                  StrCat("A closed (space) dimension must specify between 1 and ", kMaxPartitions, " partitions."));
}

StatusOr<int64_t> ChunkInterval(const sql::Column& column, const std::optional<Value>& given) {
  const bool integer = column.type.IsInteger();
  if (!given.has_value() || given->IsNull()) {
    if (!integer) return kDefaultIntervalMicros;
    return WithHint(Error(sqlstate::kInvalidParameterValue, "integer dimensions require an explicit interval"),
                    "Give chunk_time_interval in the units of the column.");
  }
  int64_t interval = 0;
  const DataType type = given->type();
  if (type.IsInteger()) {
    interval = given->AsInteger();  // for timestamps and dates: microseconds
  } else if (integer) {
    return Error(sqlstate::kInvalidParameterValue, StrCat("invalid interval type for ", TypeName(column.type), " dimension"));
  } else {
    Interval parsed;
    if (type.Is(TypeId::kInterval)) {
      parsed = given->AsInterval();
    } else {
      ASSIGN_OR_RETURN(parsed, ParseInterval(given->AsBytes(), -1));
    }
    if (parsed.months != 0) interval = (int64_t{parsed.months} * 30 + parsed.days) * kMicrosPerDay + parsed.micros;
    else interval = int64_t{parsed.days} * kMicrosPerDay + parsed.micros;
  }
  if (interval < 1) return Error(sqlstate::kInvalidParameterValue, "invalid interval: must be between 1 and 9223372036854775807");
  if (column.type.Is(TypeId::kDate) && interval < kMicrosPerDay) {
    return Error(sqlstate::kInvalidParameterValue, "invalid interval: must be at least one day for a date column");
  }
  return interval;
}

StatusOr<sql::RelationPtr> CoordFunctions::HypertableArgument(const CallArguments& arguments, size_t index) const {
  if (arguments.IsNull(index)) return Error(sqlstate::kInvalidParameterValue, "hypertable cannot be NULL");
  const TableId id(static_cast<uint32_t>(arguments.Integer(index, 0)));
  sql::RelationPtr relation = session_->catalog()->Find(id);
  if (!relation) return Error(sqlstate::kUndefinedTable, "relation does not exist");
  if (!relation->hypertable) {
    return Error(sqlstate::kHypertableNotExist, StrCat("table \"", relation->name, "\" is not a hypertable"));
  }
  return relation;
}

Task<StatusOr<std::vector<NodeId>>> CoordFunctions::ChooseNodes(HypertableRequest request) {
  const sql::CatalogPtr catalog = session_->catalog();
  std::vector<NodeId> nodes;
  if (request.data_nodes.has_value()) {
    if (request.data_nodes->empty()) {
      co_return WithDetail(Error(sqlstate::kInvalidParameterValue, "invalid data nodes list"), "The array of data nodes cannot be empty.");
    }
    for (const std::string& name : *request.data_nodes) {
      auto found = catalog->nodes.find(name);
      if (found == catalog->nodes.end()) co_return Error(sqlstate::kUndefinedObject, StrCat("server \"", name, "\" does not exist"));
      nodes.push_back(found->second->id);
    }
  } else {
    for (const auto& [name, node] : catalog->nodes) nodes.push_back(node->id);
  }
  if (nodes.empty()) {
    co_return WithHint(WithDetail(Error(sqlstate::kInsufficientDataNodes, "no data nodes can be assigned to the hypertable"),
                                  "No data nodes were available to assign to the hypertable."),
                       "Add data nodes to the database.");
  }
  if (nodes.size() == 1) {
    session_->Notice("WARNING", sqlstate::kWarning, "only one data node was assigned to the hypertable",
                     "A distributed hypertable should have at least two data nodes for best performance.");
  }
  if (request.replication_factor.has_value() && *request.replication_factor > static_cast<int64_t>(nodes.size())) {
    co_return WithHint(WithDetail(Error(sqlstate::kInsufficientDataNodes,
                                        StrCat("replication factor too large for hypertable \"", request.relation->name, "\"")),
                                  StrCat("The hypertable has ", nodes.size(), " data nodes attached, while the replication factor is ",
                                         *request.replication_factor, ".")),
                       "Decrease the replication factor or attach more data nodes to the hypertable.");
  }
  co_return nodes;
}

Task<Status> CoordFunctions::MakeHypertable(HypertableRequest request, ResultRows* rows) {
  // Nobody writes to the table, or reads its old storage, while it changes.
  CO_RETURN_IF_ERROR(co_await session_->AcquireLock(request.relation->id, LockMode::kAccessExclusive, request.relation->name, Session::LockWait::kWait));
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  // Locks were awaited: look again.
  request.relation = session_->catalog()->Find(request.relation->id);
  if (!request.relation || request.relation->kind != sql::RelationKind::kTable) {
    co_return Error(sqlstate::kWrongObjectType, "only a table can become a hypertable");
  }
  const sql::Relation& relation = *request.relation;
  if (relation.owner != session_->identity().user && !session_->IsSuperuser()) {
    co_return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of relation ", relation.name));
  }
  auto add_row = [&](const sql::Relation& table, bool created) {
    if (request.id_and_created_only) {
      rows->Add({Value::Int32(table.hypertable->id), Value::Bool(created)});
      return;
    }
    rows->Add({Value::Int32(table.hypertable->id), Value::Bytes(TypeId::kName, table.schema), Value::Bytes(TypeId::kName, table.name),
               Value::Bool(created)});
  };
  if (relation.hypertable) {
    if (!request.if_not_exists) co_return Error(sqlstate::kHypertableExists, StrCat("table \"", relation.name, "\" is already a hypertable"));
    session_->Notice("NOTICE", sqlstate::kHypertableExists, StrCat("table \"", relation.name, "\" is already a hypertable, skipping"));
    add_row(relation, false);
    co_return OkStatus();
  }
  const sql::Column* time = relation.Find(request.time_column);
  if (time == nullptr) co_return Error(sqlstate::kUndefinedColumn, StrCat("column \"", request.time_column, "\" does not exist"));
  if (!IsTimeType(time->type)) {
    co_return WithHint(Error(sqlstate::kInvalidParameterValue, StrCat("invalid type for dimension \"", time->name, "\"")),
                       "Use an integer, timestamp, or date type.");
  }
  if (request.replication_factor.has_value() && (*request.replication_factor < 1 || *request.replication_factor > 32767)) {
    co_return WithHint(Error(sqlstate::kInvalidParameterValue, "invalid replication factor"),
                       "A hypertable's replication factor must be between 1 and 32767.");
  }
  sql::Relation changed = relation;
  sql::Hypertable hypertable;
  hypertable.id = session_->services_.log->AllocateHypertable();
  hypertable.distributed = request.distributed;
  if (request.distributed) {
    CO_ASSIGN_OR_RETURN(hypertable.data_nodes, co_await ChooseNodes(request));
    hypertable.replication_factor = static_cast<int16_t>(request.replication_factor.value_or(
        std::atoi(session_->settings().GetOr("timescaledb.hypertable_replication_factor_default", "1").c_str())));
  }
  if (!request.schema.empty()) hypertable.chunk_schema = request.schema;
  hypertable.chunk_prefix = !request.prefix.empty() ? request.prefix : StrCat(request.distributed ? "_dist_hyper_" : "_hyper_", hypertable.id);
  sql::Dimension time_dimension;
  time_dimension.id = session_->services_.log->AllocateDimension();
  time_dimension.kind = sql::DimensionKind::kTime;
  time_dimension.column = time->id;
  CO_ASSIGN_OR_RETURN(time_dimension.interval, ChunkInterval(*time, request.interval));
  hypertable.dimensions.push_back(time_dimension);
  if (!request.space_column.empty()) {
    const sql::Column* space = relation.Find(request.space_column);
    if (space == nullptr) co_return Error(sqlstate::kUndefinedColumn, StrCat("column \"", request.space_column, "\" does not exist"));
    if (space->id == time->id) {
      co_return Error(sqlstate::kDuplicateDimension, StrCat("column \"", space->name, "\" is already a dimension"));
    }
    const int64_t default_partitions = request.distributed ? static_cast<int64_t>(hypertable.data_nodes.size()) : 0;
    const int64_t partitions = request.partitions.value_or(default_partitions);
    CO_RETURN_IF_ERROR(CheckPartitions(partitions, space->name));
    if (partitions < static_cast<int64_t>(hypertable.data_nodes.size())) {
      session_->Notice("WARNING", sqlstate::kWarning, StrCat("insufficient number of partitions for dimension \"", space->name, "\""),
                       "There are not enough partitions to make use of all data nodes.");
    }
    sql::Dimension dimension;
    dimension.id = session_->services_.log->AllocateDimension();
    dimension.kind = sql::DimensionKind::kSpace;
    dimension.column = space->id;
    dimension.number_partitions = static_cast<int16_t>(partitions);
    hypertable.dimensions.push_back(dimension);
  } else if (request.partitions.has_value()) {
    co_return WithHint(Error(sqlstate::kInvalidParameterValue, "number of partitions given without a partitioning column"),
                       "Name the column with partitioning_column.");
  }
  for (sql::Column& column : changed.columns) {
    if (column.id != time->id) continue;
    if (column.type.Is(TypeId::kTimestamp)) {
      session_->Notice("WARNING", sqlstate::kWarning,
                       StrCat("column type \"timestamp without time zone\" used for \"", column.name, "\" does not follow best practices"), "",
                       "Use datatype TIMESTAMPTZ instead.");
    }
    if (!column.not_null) {
      session_->Notice("NOTICE", sqlstate::kSuccess, StrCat("adding not-null constraint to column \"", column.name, "\""), "",
                       "Dimensions cannot have NULL values.");
      column.not_null = true;
    }
  }

  // Rows that are there already either move through the write path or forbid the conversion.
  const std::string select = StrCat("SELECT * FROM ", sql::parse::QuoteIdentifier(relation.schema), ".", sql::parse::QuoteIdentifier(relation.name));
  CO_ASSIGN_OR_RETURN(const std::vector<sql::parse::ParsedStatement> parsed, sql::parse::ParseSql(request.migrate_data ? select : StrCat(select, " LIMIT 1")));
  CO_ASSIGN_OR_RETURN(StatementResult existing, co_await session_->RunSelect(parsed[0].statement.get(), nullptr));
  CO_ASSIGN_OR_RETURN(ColumnBatch batch, co_await existing.rows->Next());
  if (!batch.empty() && !request.migrate_data) {
    co_return WithHint(Error(sqlstate::kFeatureNotSupported, StrCat("table \"", relation.name, "\" is not empty")),
                       "You can migrate data by specifying 'migrate_data => true' when calling this function.");
  }
  CatalogChange change;
  const ChunkId old_heap = changed.heap;
  changed.hypertable = std::move(hypertable);
  CO_RETURN_IF_ERROR(CheckPartitioningKeys(changed));
  change.AddPendingDrop(NodeId(), old_heap);
  change.PutRelation(changed);
  session_->ApplyDdl(change);
  if (!batch.empty()) {
    session_->Notice("NOTICE", sqlstate::kSuccess, "migrating data to chunks", "Migration might take a while depending on the amount of data.");
    TableWriter writer(session_->services_.ForWrites(changed), session_->transaction_, session_->catalog()->Find(changed.id), nullptr);
    Status status;
    while (status.ok() && !batch.empty()) {
      status = co_await writer.Write(std::move(batch));
      if (!status.ok()) break;
      StatusOr<ColumnBatch> next = co_await existing.rows->Next();
      status = next.status();
      if (status.ok()) batch = std::move(*next);
    }
    const Status finished = co_await writer.Finish(TableWriter::LastWrite::kSend);
    CO_RETURN_IF_ERROR(status);
    CO_RETURN_IF_ERROR(finished);
  }
  add_row(changed, true);
  co_return OkStatus();
}

namespace {

template <typename Request>
Status FillRequest(const CallArguments& arguments, const sql::Catalog& catalog, Request* request) {
  if (arguments.IsNull(0)) return Error(sqlstate::kInvalidParameterValue, "relation cannot be NULL");
  request->relation = catalog.Find(TableId(static_cast<uint32_t>(arguments.Integer(0, 0))));
  if (!request->relation) return Error(sqlstate::kUndefinedTable, "relation does not exist");
  if (arguments.IsNull(1)) return Error(sqlstate::kInvalidParameterValue, "time column cannot be NULL");
  request->time_column = arguments.Text(1);
  request->space_column = arguments.Text(2);
  if (!arguments.IsNull(3)) request->partitions = arguments.Integer(3, 0);
  request->schema = arguments.Text(4);
  request->prefix = arguments.Text(5);
  if (!arguments.IsNull(6)) request->interval = arguments.Get(6);
  request->if_not_exists = arguments.Bool(8, false);
  for (size_t function : {size_t{9}, size_t{13}}) {
    if (!arguments.IsNull(function)) return Error(sqlstate::kFeatureNotSupported, "partitioning functions are not supported");
  }
  request->migrate_data = arguments.Bool(10, false);
  if (!arguments.IsNull(11)) return Error(sqlstate::kFeatureNotSupported, "adaptive chunking is not supported");
  if (!arguments.IsNull(14)) request->replication_factor = arguments.Integer(14, 0);
  if (!arguments.IsNull(15)) {
    ASSIGN_OR_RETURN(request->data_nodes, NameList(arguments.Get(15)));
  }
  return OkStatus();
}

}  // namespace

Task<Status> CoordFunctions::CreateHypertable(CallArguments arguments, ResultRows* rows) {
  if (arguments.size() == kDimensionFormParameters) co_return co_await CreateHypertableByDimension(std::move(arguments), rows);
  HypertableRequest request;
  CO_RETURN_IF_ERROR(FillRequest(arguments, *session_->catalog(), &request));
  const std::string fallback = session_->settings().GetOr("timescaledb.hypertable_distributed_default", "auto");
  const bool by_default = fallback == "distributed" || (fallback == "auto" && request.data_nodes.has_value());
  request.distributed = arguments.IsNull(16) ? request.replication_factor.has_value() || by_default : arguments.Bool(16, false);
  if (request.distributed) CO_RETURN_IF_ERROR(RequireAccessNode());
  co_return co_await MakeHypertable(std::move(request), rows);
}

Task<Status> CoordFunctions::CreateDistributedHypertable(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireAccessNode());
  HypertableRequest request;
  CO_RETURN_IF_ERROR(FillRequest(arguments, *session_->catalog(), &request));
  request.distributed = true;
  co_return co_await MakeHypertable(std::move(request), rows);
}

Task<Status> CoordFunctions::SetChunkTimeInterval(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 0));
  if (arguments.IsNull(1)) co_return Error(sqlstate::kInvalidParameterValue, "invalid interval: an explicit interval must be specified");
  const sql::Column* time = relation->Find(relation->hypertable->time().column);
  if (!arguments.IsNull(2) && arguments.Text(2) != time->name) {
    co_return Error(sqlstate::kUndefinedObject, StrCat("hypertable \"", relation->name, "\" does not have a time dimension \"", arguments.Text(2), "\""));
  }
  sql::Relation changed = *relation;
  CO_ASSIGN_OR_RETURN(changed.hypertable->dimensions[0].interval, ChunkInterval(*time, arguments.Get(1)));
  CatalogChange change;
  change.PutRelation(changed);
  session_->ApplyDdl(change);
  rows->Add({Value::Bytes(TypeId::kVoid, "")});
  co_return OkStatus();
}

}  // namespace tsd::coord
