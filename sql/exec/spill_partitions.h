#pragma once
// SpillPartitions: rows on disk, cut into partitions by a key's hash, so that rows with equal keys come back together. One temporary file
// for all of them. Written to its end, then read, a partition as often as it takes. One driver.
#include <memory>
#include <span>
#include <vector>

#include "sql/exec/build_state.h"
#include "sql/exec/spill.h"

namespace tsd::sql {

class SpillPartitions {
 public:
  static constexpr size_t kUsualCount = 64;

  /// Requires: context.spill.
  SpillPartitions(std::vector<DataType> types, size_t count, const ExecContext& context);
  size_t count() const { return partitions_.size(); }
  /// Row i goes to partitions[i].
  Status Write(const ColumnBatch& rows, std::span<const uint32_t> partitions);
  /// After the last Write.
  Status Finish();
  size_t rows(size_t partition) const { return partitions_[partition].rows; }
  /// The partition's batches in the order they were written, by number from 0; an empty one behind the last. Requires: Finish.
  StatusOr<ColumnBatch> Read(size_t partition, size_t number);

 private:
  struct Frame {
    uint64_t offset;
    size_t size;
  };
  struct Partition {
    explicit Partition(const std::vector<DataType>& types) : pending(types) {}
    BatchBuilder pending;
    std::vector<Frame> frames;
    size_t rows = 0;
  };
  Status Flush(Partition& partition);
  Status FlushAll();

  const ExecContext& context_;
  MemoryHold memory_;
  std::unique_ptr<SpillFile> file_;
  uint64_t written_ = 0;
  std::vector<Partition> partitions_;
  std::vector<std::vector<uint32_t>> selections_;  // of the batch at hand
};

/// The partition of each row by the hash of its keys (flat columns); each level cuts the rows of one partition anew.
std::vector<uint32_t> PartitionsByKey(std::span<const VectorPtr> keys, size_t rows, size_t count, unsigned level = 0);

}  // namespace tsd::sql
