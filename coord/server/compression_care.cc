#include "coord/server/compression_care.h"

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

Task<StatusOr<bool>> CompressionCare::Finish(sql::ChunkPtr chunk, bool write_out) {
  const std::vector<ChunkId> chunks(1, chunk->id);
  for (const NodeId node : chunk->nodes) {
    CO_ASSIGN_OR_RETURN(std::shared_ptr<Participant> participant, cluster_.ParticipantOf(node));
    CO_ASSIGN_OR_RETURN(const std::vector<engine::ChunkSize> sizes, co_await participant->SizesOf(chunks));
    if (sizes[0].memory_rows == 0) continue;
    if (!write_out) co_return false;
    CO_RETURN_IF_ERROR(co_await participant->Compact(chunks));
  }
  co_return true;
}

Task<void> CompressionCare::Run() {
  if (clock_.Monotonic() < next_) co_return;
  next_ = clock_.Monotonic() + kInterval;
  const sql::CatalogPtr catalog = log_.Current();
  CatalogChange change;
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable || !relation->hypertable->compression) continue;
    for (const sql::ChunkPtr& chunk : relation->hypertable->chunks->chunks) {
      if (!IsDue(*relation, *chunk)) continue;
      const StatusOr<bool> finished = co_await Finish(chunk, relation->hypertable->compression_policy.has_value());
      if (!finished.ok()) log::Debug("compression of chunk ", chunk->name, ": ", finished.status().message());
      if (finished.ok() && *finished) change.SetCompression(relation->id, chunk->id, sql::ChunkCompression::kCompressed);
    }
  }
  if (change.empty()) co_return;
  Future<Status> committed = log_.Commit(std::move(change));
  const Status status = co_await committed;
  if (!status.ok()) log::Debug("compressed chunks: ", status.message());
}

}  // namespace tsd::coord
