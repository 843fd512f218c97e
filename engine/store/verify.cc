// Verify: every file the store relies on is there, whole and decodable.
#include <algorithm>

#include "engine/base/strings.h"
#include "engine/store/store_core.h"

namespace tsd::engine {

Status StoreCore::Verify() {
  std::vector<std::pair<ChunkId, FileRef>> files;
  std::vector<uint64_t> delete_files;
  {
    MutexLock lock(mutex_);
    RETURN_IF_ERROR(CheckOpen());
    for (const auto& [id, chunk] : chunks_) {
      for (const FileRef& file : chunk->files) files.emplace_back(id, file);
      for (const DeleteRunPtr& run : chunk->saved_deletes) delete_files.push_back(run->file_id);
    }
  }
  std::stable_sort(files.begin(), files.end(), [](const auto& left, const auto& right) { return left.first < right.first; });
  RETURN_IF_ERROR(ManifestLog::Verify(*options_.env, options_.directory));
  for (const auto& [chunk, file] : files) {
    const auto open = file.file->Reader();
    const Status whole = open.ok() ? (*open)->Verify() : open.status();
    if (!whole.ok()) return WithDetail(whole, StrCat("The file belongs to chunk ", chunk.value(), "."));
    const ChunkReader& reader = **open;
    const ColumnStats* ids = reader.FileStats(kRowIdColumn);
    const FileMeta& meta = file.file->meta();
    if (meta.rows > 0 && (ids == nullptr || !ids->has_bounds || static_cast<uint64_t>(ids->min.AsInteger()) < meta.min_row_id ||
                          static_cast<uint64_t>(ids->max.AsInteger()) > meta.max_row_id)) {
      return Error(sqlstate::kDataCorrupted, StrCat("chunk file \"", reader.path(), "\": row ids outside the recorded range"));
    }
    if (file.min_commit > file.max_commit || (file.min_commit != file.max_commit && !reader.HasColumn(kCommitColumn))) {
      return Error(sqlstate::kDataCorrupted, StrCat("chunk file \"", reader.path(), "\": commit timestamps missing"));
    }
  }
  for (uint64_t file : delete_files) {
    // A merge may have replaced it meanwhile.
    if (!options_.env->FileExists(space_->DeletePath(file))) continue;
    RETURN_IF_ERROR(ReadDeleteFile(*space_, file).status());
  }
  return OkStatus();
}

}  // namespace tsd::engine
