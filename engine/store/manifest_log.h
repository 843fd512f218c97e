#pragma once
// ManifestLog: the manifest on disk: a file that holds it whole, replaced atomically, and a log of the edits since (the frames of
// engine/wal). So a checkpoint or a merge costs what it changes, however many chunks the store has; when the edits have grown as long as the
// whole, they become part of it. Used by recovery and by the store's maintenance, one job at a time.
//
// S4 A file is in the manifest only after it is durable; the store's log is cut only after the manifest that makes it superfluous is durable.
#include <optional>
#include <string>

#include "engine/store/manifest.h"
#include "engine/wal/segment_writer.h"

namespace tsd::engine {

class ManifestLog {
 public:
  /// Of the store in `directory`: empty if there is none yet. XX001 names the damaged file.
  static StatusOr<ManifestLog> Open(Env& env, const std::string& directory);
  /// Reads what Open would, changing nothing.
  static Status Verify(Env& env, const std::string& directory);

  const Manifest& current() const { return current_; }
  /// Durable on OK. After 53100 the manifest is what it was, on disk too; after anything else either may be there.
  Status Apply(const ManifestEdit& edit);

 private:
  struct Found {
    Manifest manifest;
    WalScanResult log;
  };
  ManifestLog(Env& env, std::string directory) : env_(&env), directory_(std::move(directory)) {}
  static StatusOr<Found> Read(Env& env, const std::string& directory);
  Status Append(const std::string& edit);
  /// Replaces the whole: it counts from now on, and no edit so far, written or half written, does.
  Status Save(Manifest manifest);
  Status StartEdits();
  std::string LogDirectory() const;

  Env* env_;
  std::string directory_;
  Manifest current_;
  std::optional<SegmentWriter> edits_;  // absent after an error, until the next Save
  Lsn end_ = kFirstLsn;                 // of the edits
  uint64_t last_segment_ = 0;
  uint64_t whole_bytes_ = 0;
  uint64_t edit_bytes_ = 0;  // since the whole was written
};

}  // namespace tsd::engine
