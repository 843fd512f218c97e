#include "coord/session/table_functions.h"

#include <map>

#include "coord/session/coord_functions.h"
#include "engine/base/check.h"
#include "engine/base/strings.h"
#include "sql/function/registry.h"

namespace tsd::coord {
namespace {

using sql::TableFunctionSignature;

TableFunctionSignature::Parameter Required(std::string name, DataType type) { return {std::move(name), type, false}; }
TableFunctionSignature::Parameter Optional(std::string name, DataType type) { return {std::move(name), type, true}; }

constexpr TypeId kAny = TypeId::kUnknown;

std::vector<TableFunctionSignature::Parameter> HypertableParameters(bool distributed_flag) {
  std::vector<TableFunctionSignature::Parameter> parameters = {
      Required("relation", TypeId::kRegclass),          Required("time_column_name", TypeId::kName),
      Optional("partitioning_column", TypeId::kName),   Optional("number_partitions", TypeId::kInt32),
      Optional("associated_schema_name", TypeId::kName), Optional("associated_table_prefix", TypeId::kName),
      Optional("chunk_time_interval", kAny),            Optional("create_default_indexes", TypeId::kBool),
      Optional("if_not_exists", TypeId::kBool),         Optional("partitioning_func", TypeId::kRegproc),
      Optional("migrate_data", TypeId::kBool),          Optional("chunk_target_size", TypeId::kText),
      Optional("chunk_sizing_func", TypeId::kRegproc),  Optional("time_partitioning_func", TypeId::kRegproc),
      Optional("replication_factor", TypeId::kInt32),   Optional("data_nodes", DataType::ArrayOf(TypeId::kName)),
  };
  if (distributed_flag) parameters.push_back(Optional("distributed", TypeId::kBool));
  return parameters;
}

std::vector<TableFunctionSignature> Signatures() {
  const std::vector<TableFunctionSignature::ResultColumn> hypertable_row = {
      {"hypertable_id", TypeId::kInt32}, {"schema_name", TypeId::kName}, {"table_name", TypeId::kName}, {"created", TypeId::kBool}};
  const std::vector<TableFunctionSignature::ResultColumn> size_columns = {
      {"table_bytes", TypeId::kInt64}, {"index_bytes", TypeId::kInt64}, {"toast_bytes", TypeId::kInt64}, {"total_bytes", TypeId::kInt64},
      {"node_name", TypeId::kName}};
  std::vector<TableFunctionSignature::ResultColumn> chunk_size_columns = {{"chunk_schema", TypeId::kName}, {"chunk_name", TypeId::kName}};
  chunk_size_columns.insert(chunk_size_columns.end(), size_columns.begin(), size_columns.end());
  std::vector<TableFunctionSignature::ResultColumn> compression_columns;
  for (const char* when : {"before", "after"}) {
    for (const char* what : {"table", "index", "toast", "total"}) {
      compression_columns.push_back({StrCat(when, "_compression_", what, "_bytes"), TypeId::kInt64});
    }
  }
  compression_columns.push_back({"node_name", TypeId::kName});
  std::vector<TableFunctionSignature::ResultColumn> chunk_compression_columns = {
      {"chunk_schema", TypeId::kName}, {"chunk_name", TypeId::kName}, {"compression_status", TypeId::kText}};
  chunk_compression_columns.insert(chunk_compression_columns.end(), compression_columns.begin(), compression_columns.end());
  compression_columns.insert(compression_columns.begin(), {{"total_chunks", TypeId::kInt64}, {"number_compressed_chunks", TypeId::kInt64}});
  std::vector<TableFunctionSignature::ResultColumn> column_statistics;
  for (const char* name : {"hypertable_schema", "hypertable_name", "chunk_schema", "chunk_name", "node_name", "column_name"}) {
    column_statistics.push_back({name, TypeId::kName});
  }
  for (const char* name : {"data_type", "encoding"}) column_statistics.push_back({name, TypeId::kText});
  for (const char* name : {"blocks", "rows", "null_count", "bytes"}) column_statistics.push_back({name, TypeId::kInt64});
  for (const char* name : {"minimum", "maximum"}) column_statistics.push_back({name, TypeId::kText});
  const std::vector<TableFunctionSignature::Parameter> bounds = {Optional("older_than", kAny), Optional("newer_than", kAny)};
  return {
      {"", "add_data_node",
       {Required("node_name", TypeId::kName), Required("host", TypeId::kText), Optional("database", TypeId::kName), Optional("port", TypeId::kInt32),
        Optional("if_not_exists", TypeId::kBool), Optional("bootstrap", TypeId::kBool), Optional("password", TypeId::kText)},
       {{"node_name", TypeId::kName}, {"host", TypeId::kText}, {"port", TypeId::kInt32}, {"database", TypeId::kName},
        {"node_created", TypeId::kBool}, {"database_created", TypeId::kBool}, {"extension_created", TypeId::kBool}},
       false},
      {"", "delete_data_node",
       {Required("node_name", TypeId::kName), Optional("if_exists", TypeId::kBool), Optional("force", TypeId::kBool),
        Optional("repartition", TypeId::kBool), Optional("drop_database", TypeId::kBool)},
       {{"delete_data_node", TypeId::kBool}}, false},
      {"", "attach_data_node",
       {Required("node_name", TypeId::kName), Required("hypertable", TypeId::kRegclass), Optional("if_not_attached", TypeId::kBool),
        Optional("repartition", TypeId::kBool)},
       {{"hypertable_id", TypeId::kInt32}, {"node_hypertable_id", TypeId::kInt32}, {"node_name", TypeId::kName}}, false},
      {"", "detach_data_node",
       {Required("node_name", TypeId::kName), Optional("hypertable", TypeId::kRegclass), Optional("if_attached", TypeId::kBool),
        Optional("force", TypeId::kBool), Optional("repartition", TypeId::kBool), Optional("drop_remote_data", TypeId::kBool)},
       {{"detach_data_node", TypeId::kInt32}}, false},
      {"", "alter_data_node",
       {Required("node_name", TypeId::kName), Optional("host", TypeId::kText), Optional("database", TypeId::kName), Optional("port", TypeId::kInt32),
        Optional("available", TypeId::kBool)},
       {{"node_name", TypeId::kName}, {"host", TypeId::kText}, {"port", TypeId::kInt32}, {"database", TypeId::kName}, {"available", TypeId::kBool}},
       false},
      {"", "distributed_exec",
       {Required("query", TypeId::kText), Optional("node_list", DataType::ArrayOf(TypeId::kName)), Optional("transactional", TypeId::kBool)},
       {{"distributed_exec", TypeId::kVoid}}, false},
      {"", "create_hypertable", HypertableParameters(true), hypertable_row, false},
      {"", "create_distributed_hypertable", HypertableParameters(false), hypertable_row, false},
      {"", "create_hypertable",
       {Required("relation", TypeId::kRegclass), Required("dimension", TypeId::kRecord), Optional("create_default_indexes", TypeId::kBool),
        Optional("if_not_exists", TypeId::kBool), Optional("migrate_data", TypeId::kBool)},
       {{"hypertable_id", TypeId::kInt32}, {"created", TypeId::kBool}}, false},
      {"", "add_dimension",
       {Required("hypertable", TypeId::kRegclass), Required("column_name", TypeId::kName), Optional("number_partitions", TypeId::kInt32),
        Optional("chunk_time_interval", kAny), Optional("partitioning_func", TypeId::kRegproc), Optional("if_not_exists", TypeId::kBool)},
       {{"dimension_id", TypeId::kInt32}, {"schema_name", TypeId::kName}, {"table_name", TypeId::kName}, {"column_name", TypeId::kName},
        {"created", TypeId::kBool}},
       false},
      {"", "add_dimension",
       {Required("hypertable", TypeId::kRegclass), Required("dimension", TypeId::kRecord), Optional("if_not_exists", TypeId::kBool)},
       {{"dimension_id", TypeId::kInt32}, {"created", TypeId::kBool}}, false},
      {"", "set_number_partitions",
       {Required("hypertable", TypeId::kRegclass), Required("number_partitions", TypeId::kInt32), Optional("dimension_name", TypeId::kName)},
       {{"set_number_partitions", TypeId::kVoid}}, false},
      {"", "set_partitioning_interval",
       {Required("hypertable", TypeId::kRegclass), Required("partition_interval", kAny), Optional("dimension_name", TypeId::kName)},
       {{"set_partitioning_interval", TypeId::kVoid}}, false},
      {"", "set_chunk_time_interval",
       {Required("hypertable", TypeId::kRegclass), Required("chunk_time_interval", kAny), Optional("dimension_name", TypeId::kName)},
       {{"set_chunk_time_interval", TypeId::kVoid}}, false},
      {"", "show_chunks",
       {Required("relation", TypeId::kRegclass), bounds[0], bounds[1], Optional("created_before", kAny), Optional("created_after", kAny)},
       {{"show_chunks", TypeId::kRegclass}}, true},
      {"", "drop_chunks",
       {Required("relation", TypeId::kRegclass), bounds[0], bounds[1], Optional("verbose", TypeId::kBool), Optional("created_before", kAny),
        Optional("created_after", kAny)},
       {{"drop_chunks", TypeId::kText}}, true},
      {"", "hypertable_size", {Required("hypertable", TypeId::kRegclass)}, {{"hypertable_size", TypeId::kInt64}}, false},
      {"", "hypertable_approximate_size", {Required("relation", TypeId::kRegclass)}, {{"hypertable_approximate_size", TypeId::kInt64}}, false},
      {"", "approximate_row_count", {Required("relation", TypeId::kRegclass)}, {{"approximate_row_count", TypeId::kInt64}}, false},
      {"", "hypertable_detailed_size", {Required("hypertable", TypeId::kRegclass)}, size_columns, true},
      {"", "chunks_detailed_size", {Required("hypertable", TypeId::kRegclass)}, chunk_size_columns, true},
      {"", "compress_chunk", {Required("uncompressed_chunk", TypeId::kRegclass), Optional("if_not_compressed", TypeId::kBool)},
       {{"compress_chunk", TypeId::kRegclass}}, false},
      {"", "decompress_chunk", {Required("uncompressed_chunk", TypeId::kRegclass), Optional("if_compressed", TypeId::kBool)},
       {{"decompress_chunk", TypeId::kRegclass}}, false},
      {"", "recompress_chunk", {Required("chunk", TypeId::kRegclass), Optional("if_not_compressed", TypeId::kBool)},
       {{"recompress_chunk", TypeId::kVoid}}, false},
      {"", "chunk_compression_stats", {Required("hypertable", TypeId::kRegclass)}, chunk_compression_columns, true},
      {"", "hypertable_compression_stats", {Required("hypertable", TypeId::kRegclass)}, compression_columns, true},
      {"", "add_compression_policy",
       {Required("hypertable", TypeId::kRegclass), Optional("compress_after", kAny), Optional("if_not_exists", TypeId::kBool),
        Optional("schedule_interval", TypeId::kInterval), Optional("initial_start", TypeId::kTimestampTz), Optional("timezone", TypeId::kText),
        Optional("compress_created_before", TypeId::kInterval)},
       {{"add_compression_policy", TypeId::kInt32}}, false},
      {"", "remove_compression_policy", {Required("hypertable", TypeId::kRegclass), Optional("if_exists", TypeId::kBool)},
       {{"remove_compression_policy", TypeId::kBool}}, false},
      {"tsd", "column_statistics", {}, column_statistics, true},
      {"tsd", "verify", {}, {{"node_name", TypeId::kName}, {"error", TypeId::kText}}, true},
      {"pg_catalog", "pg_listening_channels", {}, {{"pg_listening_channels", TypeId::kText}}, true},
      {"pg_catalog", "pg_sleep", {Required("seconds", TypeId::kFloat64)}, {{"pg_sleep", TypeId::kVoid}}, false},
  };
}

class Functions final : public sql::TableFunctions {
 public:
  Functions() : signatures_(Signatures()) {
    for (const TableFunctionSignature& signature : signatures_) {
      TSD_CHECK_MSG(sql::Registry::Get().Named(signature.name).empty(), "the function would be hidden by one of the registry");
      by_name_[signature.name].push_back(&signature);
    }
  }
  std::vector<const TableFunctionSignature*> Find(std::string_view schema, std::string_view name) const override {
    auto found = by_name_.find(name);
    if (found == by_name_.end()) return {};
    const std::string& own = found->second.front()->schema;
    const bool fits = own == "tsd" ? schema == "tsd" : schema.empty() || schema == (own.empty() ? "public" : own);
    return fits ? found->second : std::vector<const TableFunctionSignature*>();
  }

 private:
  const std::vector<TableFunctionSignature> signatures_;
  std::map<std::string, std::vector<const TableFunctionSignature*>, std::less<>> by_name_;
};

}  // namespace

const sql::TableFunctions& CoordTableFunctions() {
  static const auto* functions = new Functions();
  return *functions;
}

CoordFunctions::Handler CoordFunctions::Find(const std::string& name) {
  static const std::map<std::string, Handler> kHandlers = {
      {"add_data_node", &CoordFunctions::AddDataNode},
      {"delete_data_node", &CoordFunctions::DeleteDataNode},
      {"attach_data_node", &CoordFunctions::AttachDataNode},
      {"detach_data_node", &CoordFunctions::DetachDataNode},
      {"alter_data_node", &CoordFunctions::AlterDataNode},
      {"distributed_exec", &CoordFunctions::DistributedExec},
      {"create_hypertable", &CoordFunctions::CreateHypertable},
      {"create_distributed_hypertable", &CoordFunctions::CreateDistributedHypertable},
      {"set_chunk_time_interval", &CoordFunctions::SetChunkTimeInterval},
      {"set_partitioning_interval", &CoordFunctions::SetChunkTimeInterval},
      {"add_dimension", &CoordFunctions::AddDimension},
      {"set_number_partitions", &CoordFunctions::SetNumberPartitions},
      {"hypertable_approximate_size", &CoordFunctions::HypertableSize},
      {"show_chunks", &CoordFunctions::ShowChunks},
      {"drop_chunks", &CoordFunctions::DropChunks},
      {"hypertable_size", &CoordFunctions::HypertableSize},
      {"approximate_row_count", &CoordFunctions::ApproximateRowCount},
      {"hypertable_detailed_size", &CoordFunctions::HypertableDetailedSize},
      {"chunks_detailed_size", &CoordFunctions::ChunksDetailedSize},
      {"compress_chunk", &CoordFunctions::CompressChunk},
      {"decompress_chunk", &CoordFunctions::DecompressChunk},
      {"recompress_chunk", &CoordFunctions::RecompressChunk},
      {"chunk_compression_stats", &CoordFunctions::ChunkCompressionStats},
      {"hypertable_compression_stats", &CoordFunctions::HypertableCompressionStats},
      {"add_compression_policy", &CoordFunctions::AddCompressionPolicy},
      {"remove_compression_policy", &CoordFunctions::RemoveCompressionPolicy},
      {"column_statistics", &CoordFunctions::ColumnStatistics},
      {"verify", &CoordFunctions::Verify},
      {"pg_listening_channels", &CoordFunctions::ListeningChannels},
      {"pg_sleep", &CoordFunctions::Sleep},
  };
  auto found = kHandlers.find(name);
  return found == kHandlers.end() ? nullptr : found->second;
}

Task<StatusOr<ColumnBatch>> Session::RunTableFunction(std::string function, std::vector<std::optional<Value>> arguments,
                                                      std::vector<DataType> types) {
  const CoordFunctions::Handler handler = CoordFunctions::Find(function);
  if (handler == nullptr) co_return Error(sqlstate::kUndefinedFunction, StrCat("function ", function, "() does not exist"));
  CoordFunctions functions(shared_from_this());
  ResultRows rows(std::move(types));
  CallArguments call(std::move(arguments));
  CO_RETURN_IF_ERROR(co_await (functions.*handler)(std::move(call), &rows));
  co_return rows.Finish();
}

}  // namespace tsd::coord
