#pragma once
// CoordFunctions: the functions behind CoordTableFunctions(), each run for one session: node functions (node_functions.cc), hypertables
// (hypertable_functions.cc), chunks and sizes (chunk_functions.cc), the server (server_functions.cc). Runs within the session's coroutine turn.
#include <optional>
#include <string>
#include <vector>

#include "coord/session/session.h"

namespace tsd::coord {

/// Arguments of one call, by position in the signature; "not given" and NULL are told apart.
class CallArguments {
 public:
  explicit CallArguments(std::vector<std::optional<Value>> values) : values_(std::move(values)) {}
  /// Parameters of the overload that was called.
  size_t size() const { return values_.size(); }
  bool IsGiven(size_t index) const { return index < values_.size() && values_[index].has_value(); }
  /// Not given, or NULL.
  bool IsNull(size_t index) const { return !IsGiven(index) || values_[index]->IsNull(); }
  const Value& Get(size_t index) const { return *values_[index]; }
  std::string Text(size_t index) const { return IsNull(index) ? "" : values_[index]->AsBytes(); }
  bool Bool(size_t index, bool fallback) const { return IsNull(index) ? fallback : values_[index]->AsBool(); }
  int64_t Integer(size_t index, int64_t fallback) const { return IsNull(index) ? fallback : values_[index]->AsInteger(); }

 private:
  std::vector<std::optional<Value>> values_;
};

/// Collects result rows, one Value a column.
class ResultRows {
 public:
  explicit ResultRows(std::vector<DataType> types) : builder_(std::move(types)) {}
  void Add(const std::vector<Value>& row) {
    for (size_t i = 0; i < row.size(); ++i) row[i].AppendTo(builder_.column(i));
    builder_.FinishRow();
  }
  ColumnBatch Finish() { return builder_.Finish(); }

 private:
  BatchBuilder builder_;
};

class CoordFunctions {
 public:
  using Handler = Task<Status> (CoordFunctions::*)(CallArguments arguments, ResultRows* rows);
  explicit CoordFunctions(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  /// nullptr for an unknown name.
  static Handler Find(const std::string& name);

 private:
  // node_functions.cc
  Task<Status> AddDataNode(CallArguments arguments, ResultRows* rows);
  Task<Status> DeleteDataNode(CallArguments arguments, ResultRows* rows);
  Task<Status> AttachDataNode(CallArguments arguments, ResultRows* rows);
  Task<Status> DetachDataNode(CallArguments arguments, ResultRows* rows);
  Task<Status> AlterDataNode(CallArguments arguments, ResultRows* rows);
  Task<Status> DistributedExec(CallArguments arguments, ResultRows* rows);
  Task<Status> ExecuteOn(sql::DataNodePtr node, std::string query, bool transactional);
  // hypertable_functions.cc
  Task<Status> CreateHypertable(CallArguments arguments, ResultRows* rows);
  Task<Status> CreateDistributedHypertable(CallArguments arguments, ResultRows* rows);
  Task<Status> SetChunkTimeInterval(CallArguments arguments, ResultRows* rows);
  // dimension_functions.cc
  Task<Status> CreateHypertableByDimension(CallArguments arguments, ResultRows* rows);
  Task<Status> AddDimension(CallArguments arguments, ResultRows* rows);
  Task<Status> SetNumberPartitions(CallArguments arguments, ResultRows* rows);
  struct NewDimension {
    bool by_hash = false;
    std::string column;
    std::optional<int64_t> partitions;
    std::optional<Value> interval;
    bool if_not_exists = false;
  };
  static StatusOr<NewDimension> ReadDimension(const CallArguments& arguments, size_t index);
  Task<Status> AddDimensionTo(CallArguments arguments, NewDimension wanted, ResultRows* rows);
  // chunk_functions.cc
  Task<Status> ShowChunks(CallArguments arguments, ResultRows* rows);
  Task<Status> DropChunks(CallArguments arguments, ResultRows* rows);
  Task<Status> HypertableSize(CallArguments arguments, ResultRows* rows);
  Task<Status> ApproximateRowCount(CallArguments arguments, ResultRows* rows);
  Task<Status> HypertableDetailedSize(CallArguments arguments, ResultRows* rows);
  Task<Status> ChunksDetailedSize(CallArguments arguments, ResultRows* rows);
  // compression_functions.cc
  Task<Status> CompressChunk(CallArguments arguments, ResultRows* rows);
  Task<Status> DecompressChunk(CallArguments arguments, ResultRows* rows);
  Task<Status> RecompressChunk(CallArguments arguments, ResultRows* rows);
  Task<Status> ChunkCompressionStats(CallArguments arguments, ResultRows* rows);
  Task<Status> HypertableCompressionStats(CallArguments arguments, ResultRows* rows);
  Task<Status> AddCompressionPolicy(CallArguments arguments, ResultRows* rows);
  Task<Status> RemoveCompressionPolicy(CallArguments arguments, ResultRows* rows);
  Task<Status> ColumnStatistics(CallArguments arguments, ResultRows* rows);
  Task<Status> Verify(CallArguments arguments, ResultRows* rows);
  struct ChunkOfTable {
    sql::RelationPtr relation;
    sql::ChunkPtr chunk;
  };
  StatusOr<ChunkOfTable> ChunkArgument(const CallArguments& arguments, size_t index) const;
  Task<Status> CompactChunk(ChunkOfTable target);
  Task<Status> SetChunkCompression(ChunkOfTable target, sql::ChunkCompression compression);
  void AddColumnUsage(const sql::Relation& relation, const sql::Chunk& chunk, NodeId node, const engine::ColumnUsage& usage, ResultRows* rows) const;
  /// NULL for the access node.
  Value NodeName(NodeId node) const;
  // server_functions.cc
  Task<Status> ListeningChannels(CallArguments arguments, ResultRows* rows);
  Task<Status> Sleep(CallArguments arguments, ResultRows* rows);

  struct HypertableRequest {
    sql::RelationPtr relation;
    std::string time_column;
    std::string space_column;
    std::optional<int64_t> partitions;
    std::string schema, prefix;
    std::optional<Value> interval;
    bool if_not_exists = false;
    bool migrate_data = false;
    bool distributed = false;
    bool id_and_created_only = false;  // the result row of the form with dimension_info
    std::optional<int64_t> replication_factor;
    std::optional<std::vector<std::string>> data_nodes;
  };
  Task<Status> MakeHypertable(HypertableRequest request, ResultRows* rows);
  Task<StatusOr<std::vector<NodeId>>> ChooseNodes(HypertableRequest request);
  Status RequireSuperuser(std::string_view what) const;
  Status RequireAccessNode() const;
  StatusOr<sql::RelationPtr> HypertableArgument(const CallArguments& arguments, size_t index) const;
  StatusOr<sql::DataNodePtr> NodeArgument(const CallArguments& arguments, size_t index) const;
  StatusOr<std::optional<int64_t>> ChunkBound(const sql::Relation& relation, const CallArguments& arguments, size_t index) const;
  StatusOr<std::vector<sql::ChunkPtr>> ChunksBetween(const sql::Relation& relation, const CallArguments& arguments, size_t older, size_t newer,
                                                     size_t created_before, size_t created_after) const;
  struct NodeSize {
    NodeId node;
    std::vector<sql::ChunkPtr> chunks;
    std::vector<engine::ChunkSize> sizes;
    uint64_t Total() const {
      uint64_t total = 0;
      for (const engine::ChunkSize& size : sizes) total += size.bytes;
      return total;
    }
  };
  Task<StatusOr<std::vector<NodeSize>>> SizesByNode(sql::RelationPtr relation);
  void RepartitionForNodes(sql::Hypertable* hypertable, const sql::Relation& relation);

  const std::shared_ptr<Session> session_;
};

/// How many partitions a space dimension may have.
inline constexpr int64_t kMaxPartitions = 32767;
/// 22023 outside 1 .. kMaxPartitions.
Status CheckPartitions(int64_t partitions, const std::string& column);

/// The interval argument of create_hypertable and set_chunk_time_interval, in the time column's chunk units. Not given: 7 days.
StatusOr<int64_t> ChunkInterval(const sql::Column& column, const std::optional<Value>& given);

}  // namespace tsd::coord
