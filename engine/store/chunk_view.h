#pragma once
// ChunkView: everything a scan reads of one chunk, taken at once under the store's mutex and held alive. Immutable.
#include <vector>

#include "engine/base/ids.h"
#include "engine/store/transaction.h"

namespace tsd::engine {

/// A file of the reading transaction itself.
struct OwnFile {
  ChunkFilePtr file;
  std::vector<RowRange> hidden;  // written by the statement that reads, or later ones
};

struct ChunkView {
  ChunkId chunk;
  std::vector<CommittedBlock> blocks;
  std::vector<FileRef> files;
  DeleteRuns deletes;
  std::vector<RowBlockPtr> own_blocks;
  std::vector<OwnFile> own_files;
  std::vector<uint64_t> own_deletes;
};

}  // namespace tsd::engine
