#include "sql/exec/spill_partitions.h"

#include "engine/base/hash.h"
#include "engine/types/batch_codec.h"
#include "engine/types/compare.h"

namespace tsd::sql {
namespace {

constexpr size_t kPendingRows = 1024;              // of a partition, before they are written
constexpr size_t kPendingBytes = size_t{1} << 16;

}  // namespace

SpillPartitions::SpillPartitions(std::vector<DataType> types, size_t count, const ExecContext& context)
    : context_(context), memory_(context), selections_(count) {
  for (size_t i = 0; i < count; ++i) partitions_.emplace_back(types);
}

Status SpillPartitions::Write(const ColumnBatch& rows, std::span<const uint32_t> partitions) {
  for (std::vector<uint32_t>& selection : selections_) selection.clear();
  for (size_t row = 0; row < partitions.size(); ++row) selections_[partitions[row]].push_back(static_cast<uint32_t>(row));
  size_t pending_bytes = 0;
  for (size_t i = 0; i < partitions_.size(); ++i) {
    Partition& partition = partitions_[i];
    if (!selections_[i].empty()) {
      partition.pending.AppendSelected(rows, selections_[i]);
      if (partition.pending.rows() >= kPendingRows || partition.pending.MemoryBytes() >= kPendingBytes) RETURN_IF_ERROR(Flush(partition));
    }
    pending_bytes += partition.pending.MemoryBytes();
  }
  // Who spills has no memory to wait with.
  return memory_.Set(pending_bytes).ok() ? OkStatus() : FlushAll();
}

Status SpillPartitions::Flush(Partition& partition) {
  const ColumnBatch batch = partition.pending.Finish();
  if (batch.empty()) return OkStatus();
  RETURN_IF_ERROR(CheckCancelled(context_));
  if (file_ == nullptr) {
    ASSIGN_OR_RETURN(file_, context_.spill->Create());
  }
  ByteWriter body;
  EncodeBatch(batch, tsd::Compression::kLz4, body);
  RETURN_IF_ERROR(file_->Append(body.data()));
  partition.frames.push_back({written_, body.size()});
  partition.rows += batch.rows();
  written_ += body.size();
  return OkStatus();
}

Status SpillPartitions::FlushAll() {
  for (Partition& partition : partitions_) RETURN_IF_ERROR(Flush(partition));
  return memory_.Set(0);
}

Status SpillPartitions::Finish() { return FlushAll(); }

StatusOr<ColumnBatch> SpillPartitions::Read(size_t partition, size_t number) {
  RETURN_IF_ERROR(CheckCancelled(context_));
  const std::vector<Frame>& frames = partitions_[partition].frames;
  if (number >= frames.size()) return ColumnBatch();
  ASSIGN_OR_RETURN(const std::string body, file_->Read(frames[number].offset, frames[number].size));
  return DecodeBatch(body);
}

std::vector<uint32_t> PartitionsByKey(std::span<const VectorPtr> keys, size_t rows, size_t count, unsigned level) {
  std::vector<uint64_t> hashes(rows, 0);
  for (size_t i = 0; i < keys.size(); ++i) HashColumn(*keys[i], hashes, i == 0 ? HashMode::kReplace : HashMode::kCombine);
  std::vector<uint32_t> partitions(rows);
  for (size_t row = 0; row < rows; ++row) partitions[row] = static_cast<uint32_t>((MixHash(hashes[row] + level) >> 32) % count);
  return partitions;
}

}  // namespace tsd::sql
