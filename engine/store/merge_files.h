#pragma once
// Several chunk files of one chunk -> one, row group by row group: memory holds one decoded row group a file, however large the files are.
// Blocks the thread; any thread.
#include <optional>
#include <vector>

#include "engine/base/status.h"
#include "engine/store/chunk_file.h"
#include "engine/store/delete_marks.h"

namespace tsd::engine {

struct FileMergeInput {
  std::vector<FileRef> files;
  TableSchemaPtr schema;           // of the result
  const DeletedRows* gone_rows;    // rows to leave out
  Timestamp horizon;               // commits up to it need not be told apart
};

struct FileMergeResult {
  std::optional<FileRef> file;     // none: every row is gone
  std::vector<uint64_t> gone;      // row ids left out, ascending
};

StatusOr<FileMergeResult> MergeFiles(const std::shared_ptr<FileSpace>& space, const FileMergeInput& input);

}  // namespace tsd::engine
