#include "engine/store/memtable.h"

#include <utility>

namespace tsd::engine {
namespace {

constexpr size_t kBlockFanIn = 16;

int SizeClass(size_t rows) { return rows < 16 ? 0 : rows < 256 ? 1 : rows < 4096 ? 2 : 3; }

}  // namespace

int64_t Memtable::Add(CommittedBlock block) {
  const size_t before = bytes_;
  bytes_ += block.block->bytes;
  rows_ += block.block->row_count();
  blocks_.push_back(std::move(block));
  MergeTail();
  return static_cast<int64_t>(bytes_) - static_cast<int64_t>(before);
}

void Memtable::MergeTail() {
  while (true) {
    const int last_class = SizeClass(blocks_.back().block->row_count());
    if (last_class == 3) return;
    size_t count = 0;
    while (count < blocks_.size() && SizeClass(blocks_[blocks_.size() - 1 - count].block->row_count()) <= last_class) ++count;
    if (count < kBlockFanIn) return;
    const size_t begin = blocks_.size() - count;
    size_t merged_bytes = 0;
    for (size_t i = begin; i < blocks_.size(); ++i) merged_bytes += blocks_[i].block->bytes;
    StatusOr<CommittedBlock> merged = ConcatBlocks(std::span(blocks_).subspan(begin));
    if (!merged.ok()) return;  // layouts differ: a scan reports it, nothing is lost
    blocks_.resize(begin);
    bytes_ = bytes_ - merged_bytes + merged->block->bytes;
    blocks_.push_back(*std::move(merged));
  }
}

std::vector<CommittedBlock> Memtable::Take() {
  bytes_ = 0;
  rows_ = 0;
  return std::exchange(blocks_, {});
}

void Memtable::PutBack(std::vector<CommittedBlock> blocks) {
  for (const CommittedBlock& block : blocks) {
    bytes_ += block.block->bytes;
    rows_ += block.block->row_count();
  }
  blocks_.insert(blocks_.begin(), std::make_move_iterator(blocks.begin()), std::make_move_iterator(blocks.end()));
}

}  // namespace tsd::engine
