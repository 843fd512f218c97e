#pragma once
// Manifest: what the store's files say as of a checkpoint: every log record below `checkpoint` is in these files, or belongs to a prepared
// transaction whose records are kept (from `replay_from` on). A value; manifest_log.h keeps it on disk; README.md here draws its bytes.
#include <map>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/store/chunk_file.h"
#include "engine/wal/wal_format.h"

namespace tsd::engine {

struct ManifestFile {
  FileMeta meta;
  Timestamp min_commit, max_commit;
};

struct ManifestChunk {
  uint64_t next_row_id = 1;
  std::vector<ManifestFile> files;
  std::vector<uint64_t> delete_files;
};

struct ManifestPosition {
  Lsn checkpoint;
  Lsn replay_from;
  uint64_t next_file_id = 1;
  Timestamp last_commit;
};

struct Manifest {
  ManifestPosition position;
  std::map<uint64_t, TableSchemaPtr> schemas;  // of the files, by fingerprint
  std::map<ChunkId, ManifestChunk> chunks;
  Lsn edits_from = kFirstLsn;  // in the log of edits: those before are part of this

  /// Forgets schemas of which there is no file any more.
  void DropUnusedSchemas();
  std::string Encode() const;
  /// XX001 / 0A000; the caller names the file.
  static StatusOr<Manifest> Decode(std::string_view bytes);
};

/// What a checkpoint or a merge changes: of a store with very many chunks a small part.
struct ManifestEdit {
  ManifestPosition position;
  std::map<uint64_t, TableSchemaPtr> schemas;  // of the chunks' files; the others stay
  std::vector<ChunkId> gone;
  std::map<ChunkId, ManifestChunk> chunks;  // as they are now

  void ApplyTo(Manifest& manifest) const;
  std::string Encode() const;
  static StatusOr<ManifestEdit> Decode(std::string_view bytes);
};

}  // namespace tsd::engine
