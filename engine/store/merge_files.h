#pragma once
// Several chunk files of one chunk -> one, row group by row group: memory holds one decoded row group a file, however large the files are.
// Files that are not sorted as the result has to be -> files that are: sorted kSortBytes of rows at a time, a file each, which later merges make
// fewer. Blocks the thread; any thread.
#include <vector>

#include "engine/base/status.h"
#include "engine/store/chunk_file.h"
#include "engine/store/delete_marks.h"

namespace tsd::engine {

inline constexpr size_t kSortBytes = size_t{64} << 20;  // as they lie in memory, in which sorting holds them twice

struct FileMergeInput {
  std::vector<FileRef> files;
  TableSchemaPtr schema;           // of the result
  const DeletedRows* gone_rows;    // rows to leave out
  Timestamp horizon;               // commits up to it need not be told apart
};

struct FileMergeResult {
  std::vector<FileRef> files;      // their names are durable; none: every row is gone
  std::vector<uint64_t> gone;      // row ids left out, ascending
};

StatusOr<FileMergeResult> MergeFiles(const std::shared_ptr<FileSpace>& space, const FileMergeInput& input);

}  // namespace tsd::engine
