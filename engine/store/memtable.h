#pragma once
// Memtable: the committed rows of one chunk that no chunk file holds yet, as a short list of blocks. Small blocks are merged as they come
// (sixteen of a size class into one of the next), so that thousands of one-row commits make a list of a few dozen blocks and each row is
// copied at most three times. Guarded by the store's mutex; the blocks themselves are immutable and shared with scans.
#include <vector>

#include "engine/store/row_block.h"

namespace tsd::engine {

class Memtable {
 public:
  /// Returns how many bytes the memtable grew (or shrank) by.
  int64_t Add(CommittedBlock block);
  const std::vector<CommittedBlock>& blocks() const { return blocks_; }
  bool empty() const { return blocks_.empty(); }
  size_t bytes() const { return bytes_; }
  size_t rows() const { return rows_; }
  /// All blocks; the memtable is empty afterwards.
  std::vector<CommittedBlock> Take();
  /// Puts blocks of a failed flush back in front.
  void PutBack(std::vector<CommittedBlock> blocks);

 private:
  void MergeTail();

  std::vector<CommittedBlock> blocks_;
  size_t bytes_ = 0;
  size_t rows_ = 0;
};

}  // namespace tsd::engine
