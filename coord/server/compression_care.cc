#include "coord/server/compression_care.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "engine/base/log.h"
#include "engine/types/datetime.h"
#include "engine/types/datetime_functions.h"

namespace tsd::coord {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(10);

}  // namespace

bool CompressionCare::IsDue(const sql::Relation& relation, const sql::Chunk& chunk) const {
  const sql::Hypertable& hypertable = *relation.hypertable;
  if (chunk.compression == sql::ChunkCompression::kCompressed) return false;
  const DataType time = relation.Find(hypertable.time().column)->type;
  const int64_t now = TimestampFromAbsl(clock_.Now());
  if (!hypertable.compression_policy) {
    if (chunk.compression == sql::ChunkCompression::kKeptOpen) return false;
    return !time.IsInteger() && chunk.range_end < INT64_MAX / kMicrosPerDay && chunk.range_end * (time.Is(TypeId::kDate) ? kMicrosPerDay : 1) <= now;
  }
  const sql::CompressionPolicy& policy = *hypertable.compression_policy;
  const Interval back{-policy.after.micros, -policy.after.days, -policy.after.months};
  const StatusOr<int64_t> limit = AddIntervalTz(now, back, absl::UTCTimeZone());
  if (!limit.ok()) return false;
  if (policy.by_creation) return chunk.created_at <= *limit;
  return chunk.range_end <= (time.Is(TypeId::kDate) ? *limit / kMicrosPerDay : *limit);
}

Task<std::set<ChunkId>> CompressionCare::Unfinished(std::vector<sql::ChunkPtr> chunks, TableSchemaPtr schema, bool write_out) {
  std::map<NodeId, std::vector<ChunkId>> by_node;
  for (const sql::ChunkPtr& chunk : chunks) {
    for (const NodeId node : chunk->nodes) by_node[node].push_back(chunk->id);
  }
  std::set<ChunkId> unfinished;
  for (const auto& [node, ids] : by_node) {
    std::vector<ChunkId> in_memory;
    Status status = co_await ListInMemory(node, ids, &in_memory);
    if (write_out) in_memory.clear();
    std::vector<ChunkId> to_compact;
    std::ranges::copy_if(ids, std::back_inserter(to_compact), [&](ChunkId id) { return std::ranges::find(in_memory, id) == in_memory.end(); });
    if (status.ok() && !to_compact.empty()) {
      StatusOr<std::shared_ptr<Participant>> participant = cluster_.ParticipantOf(node);
      status = participant.status();
      if (status.ok()) status = co_await (*participant)->Compact(to_compact, schema);
    }
    if (!status.ok()) {
      log::Debug("compression of chunks: ", status.message());
      in_memory = ids;
    }
    unfinished.insert(in_memory.begin(), in_memory.end());
  }
  co_return unfinished;
}

Task<Status> CompressionCare::ListInMemory(NodeId node, std::vector<ChunkId> chunks, std::vector<ChunkId>* in_memory) {
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, cluster_.ParticipantOf(node));
  CO_ASSIGN_OR_RETURN(const std::vector<engine::ChunkSize> sizes, co_await participant->SizesOf(chunks));
  for (size_t i = 0; i < chunks.size() && i < sizes.size(); ++i) {
    if (sizes[i].memory_rows > 0) in_memory->push_back(chunks[i]);
  }
  co_return OkStatus();
}

Task<void> CompressionCare::Run() {
  if (clock_.Monotonic() < next_) co_return;
  next_ = clock_.Monotonic() + kInterval;
  const sql::CatalogPtr catalog = log_.Current();
  CatalogChange change;
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable || !relation->hypertable->compression) continue;
    std::vector<sql::ChunkPtr> due;
    for (const sql::ChunkPtr& chunk : *relation->hypertable->chunks) {
      if (IsDue(*relation, *chunk)) due.push_back(chunk);
    }
    if (due.empty()) continue;
    const TableSchemaPtr schema = sql::StorageSchema(*relation, catalog->cluster_id);
    const std::set<ChunkId> unfinished = co_await Unfinished(due, schema, relation->hypertable->compression_policy.has_value());
    const sql::RelationPtr now = log_.Current()->Find(relation->id);
    if (now == nullptr) continue;
    // An ALTER TABLE that came meanwhile wants another order.
    const TableSchemaPtr order = sql::StorageSchema(*now, catalog->cluster_id);
    if (order->segment_by != schema->segment_by || order->order_by != schema->order_by) continue;
    for (const sql::ChunkPtr& chunk : due) {
      if (!unfinished.contains(chunk->id)) change.SetCompression(relation->id, chunk->id, sql::ChunkCompression::kCompressed);
    }
  }
  if (change.empty()) co_return;
  Future<Status> committed = log_.Commit(std::move(change));
  const Status status = co_await committed;
  if (!status.ok()) log::Debug("compressed chunks: ", status.message());
}

}  // namespace tsd::coord
