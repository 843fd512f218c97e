#pragma once
// The store's files on disk: names, ids, and their life: a chunk file or delete file exists while the manifest, an undecided transaction or
// a scan needs it, and is deleted when its last holder lets go after it was marked obsolete.
//
// S3 A file is marked obsolete only when no later recovery can ask for it: the manifest without it is durable, or its transaction's abort is.
// Any thread.
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <atomic>
#include <list>
#include <memory>
#include <span>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/mutex.h"
#include "engine/chunk/chunk_reader.h"
#include "engine/env/env.h"
#include "engine/store/delete_marks.h"
#include "engine/store/row_block.h"
#include "engine/store/schema_registry.h"

namespace tsd::engine {

/// Where a store's files lie; shared by the store and every open file.
class ChunkReaders;

struct FileSpace {
  Env* env = nullptr;
  std::string directory;
  std::shared_ptr<BlockCache> cache;
  size_t rows_per_block = 8192;
  SchemaRegistry schemas;
  std::shared_ptr<ChunkReaders> readers;  // the files that are open
  std::atomic<uint64_t> next_id{1};
  /// Off once the store is closed or gone: a file must not vanish under the store's next incarnation.
  std::atomic<bool> deleting{true};

  std::string ChunkPath(uint64_t id) const;
  std::string DeletePath(uint64_t id) const;
};

/// What the manifest and the log say of a chunk file.
struct FileMeta {
  uint64_t id = 0;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t raw_bytes = 0;  // of its rows in memory: what a merge will need
  uint64_t min_row_id = 0, max_row_id = 0;
  uint64_t schema_fingerprint = 0;  // of the schema it was written under (SchemaRegistry)

  void Encode(ByteWriter& writer) const;
  static FileMeta Decode(ByteReader& reader);
};

/// The chunk files that are open, the least recently used closed first: a store may have more files than a process may have open, and their
/// footers would fill its memory. Thread-safe.
class ChunkReaders {
 public:
  explicit ChunkReaders(size_t capacity) : capacity_(capacity) {}
  /// Null if it is not open.
  std::shared_ptr<const ChunkReader> Find(uint64_t file);
  void Insert(uint64_t file, std::shared_ptr<const ChunkReader> reader);
  void Erase(uint64_t file);

 private:
  struct Open {
    uint64_t file;
    std::shared_ptr<const ChunkReader> reader;
  };
  const size_t capacity_;
  Mutex mutex_;
  std::list<Open> open_ ABSL_GUARDED_BY(mutex_);  // most recently used first
  absl::flat_hash_map<uint64_t, std::list<Open>::iterator> index_ ABSL_GUARDED_BY(mutex_);
};

class ChunkFile {
 public:
  ChunkFile(std::shared_ptr<FileSpace> space, FileMeta meta);
  ~ChunkFile();
  ChunkFile(const ChunkFile&) = delete;
  ChunkFile& operator=(const ChunkFile&) = delete;

  const FileMeta& meta() const { return meta_; }
  /// Opens the file where needed; it stays open while the result is held. XX001 if it is not the file that the store wrote.
  StatusOr<std::shared_ptr<const ChunkReader>> Reader() const;
  /// Deleted when the last holder lets go (S3).
  void MarkObsolete() const { obsolete_.store(true); }
  /// Delete marks between its row ids that were found not to be its own (merge.cc).
  uint64_t swept_in_vain() const { return swept_in_vain_.load(); }
  void SetSweptInVain(uint64_t marks) const { swept_in_vain_.store(marks); }

 private:
  const std::shared_ptr<FileSpace> space_;
  const FileMeta meta_;
  mutable std::atomic<bool> obsolete_{false};
  mutable std::atomic<uint64_t> swept_in_vain_{0};
};
using ChunkFilePtr = std::shared_ptr<const ChunkFile>;

/// A committed chunk file: all rows committed between the two; equal unless the file has the hidden commit column.
struct FileRef {
  ChunkFilePtr file;
  Timestamp min_commit, max_commit;
  bool in_manifest = false;  // false: only the log knows that it is committed
};

enum class CommitTimes : uint8_t {
  kOutside,  // one timestamp for all rows, kept by whoever owns the file
  kPerRow,   // a hidden column, unless all rows have the same one
};

/// The columns of a file of the schema: its own, then the hidden ones.
std::vector<ChunkColumn> FileColumns(const TableSchema& schema, bool per_row_commits);

/// Writes the rows, sorted as the schema says, to a new file: durable on OK, but for its name, which a sync of the directory makes so: once
/// for many files. Blocks the thread.
StatusOr<ChunkFilePtr> WriteChunkFile(const std::shared_ptr<FileSpace>& space, std::span<const CommittedBlock> blocks, CommitTimes times);
/// A file that the manifest or the log names. Only looks whether it is there and as long as it must be: it is opened when it is read.
StatusOr<ChunkFilePtr> AdoptChunkFile(const std::shared_ptr<FileSpace>& space, const FileMeta& meta);

/// Writes a run to a new delete file (durable) and returns it with file_id set.
StatusOr<DeleteRunPtr> WriteDeleteFile(FileSpace& space, const DeleteRun& run);
StatusOr<DeleteRunPtr> ReadDeleteFile(FileSpace& space, uint64_t id);
void RemoveDeleteFile(FileSpace& space, uint64_t id);

/// Paths of the files that nobody needs (chunk and delete file ids); new files get higher ids. Deletes half-written temporary ones itself.
StatusOr<std::vector<std::string>> FindOrphans(FileSpace& space, const absl::flat_hash_set<uint64_t>& needed_chunk_files,
                                               const absl::flat_hash_set<uint64_t>& needed_delete_files);

}  // namespace tsd::engine
