#include "coord/server/compression_care.h"

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
  const sql::CompressionPolicy& policy = *hypertable.compression_policy;
  const Interval back{-policy.after.micros, -policy.after.days, -policy.after.months};
  const StatusOr<int64_t> limit = AddIntervalTz(now, back, absl::UTCTimeZone());
  if (!limit.ok()) return false;
  if (policy.by_creation) return chunk.created_at <= *limit;
  return chunk.range_end <= (time.Is(TypeId::kDate) ? *limit / kMicrosPerDay : *limit);
}

Task<std::set<ChunkId>> CompressionCare::Unfinished(std::vector<sql::ChunkPtr> chunks, TableSchemaPtr schema) {
  std::map<NodeId, std::vector<ChunkId>> by_node;
  for (const sql::ChunkPtr& chunk : chunks) {
    for (const NodeId node : chunk->nodes) by_node[node].push_back(chunk->id);
  }
  std::set<ChunkId> unfinished;
  for (const auto& [node, ids] : by_node) {
    StatusOr<std::shared_ptr<Participant>> participant = cluster_.ParticipantOf(node);
    Status status = participant.status();
    if (status.ok()) status = co_await (*participant)->Compact(ids, schema);
    if (status.ok()) continue;
    log::Debug("compression of chunks: ", status.message());
    unfinished.insert(ids.begin(), ids.end());
  }
  co_return unfinished;
}

Task<void> CompressionCare::Run() {
  if (clock_.Monotonic() < next_) co_return;
  next_ = clock_.Monotonic() + kInterval;
  const sql::CatalogPtr catalog = log_.Current();
  CatalogChange change;
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable || !relation->hypertable->compression || !relation->hypertable->compression_policy) continue;
    std::vector<sql::ChunkPtr> due;
    for (const sql::ChunkPtr& chunk : *relation->hypertable->chunks) {
      if (IsDue(*relation, *chunk)) due.push_back(chunk);
    }
    if (due.empty()) continue;
    const TableSchemaPtr schema = sql::StorageSchema(*relation, catalog->cluster_id);
    const std::set<ChunkId> unfinished = co_await Unfinished(due, schema);
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
