#pragma once
// Manifest: what the store's files say as of a checkpoint: every log record below `checkpoint` is in these files, or belongs to a prepared
// transaction whose records are kept (from `replay_from` on). One small file, replaced atomically; README.md here draws it.
// A value; written only by the store's maintenance, one job at a time.
//
// S4 A file is in the manifest only after it is durable; the log is cut only after the manifest that makes it superfluous is durable.
#include <map>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/store/chunk_file.h"

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

struct Manifest {
  Lsn checkpoint;
  Lsn replay_from;
  uint64_t next_file_id = 1;
  Timestamp last_commit;
  std::map<uint64_t, TableSchemaPtr> schemas;  // of the files, by fingerprint
  std::map<ChunkId, ManifestChunk> chunks;

  /// Sets `schemas` to those of the files.
  void ListSchemas(SchemaRegistry& registry);
  std::string Encode() const;
  /// XX001 / 0A000; the caller names the file.
  static StatusOr<Manifest> Decode(std::string_view bytes);
  static std::string Path(const std::string& directory);
  /// An empty manifest if there is no file.
  static StatusOr<Manifest> Load(Env& env, const std::string& directory);
  Status Save(Env& env, const std::string& directory) const;
};

}  // namespace tsd::engine
