#pragma once
// The file system, injected: posix_env.h is the real one, tests/support/sim_env.h a crashable one in memory. Every call says what it
// promises about durability; nothing else may be assumed. Thread-safe; a file object is used by one thread at a time unless stated.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"

namespace tsd::engine {

/// Append-only file. Bytes survive a crash only after Sync ended with OK; before that any subset of them, torn anywhere, may be there.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(std::string_view bytes) = 0;
  /// fdatasync: all appended bytes and the length are durable (not the name: see Env::SyncDirectory). After a failure the file's state
  /// is unknown: do not retry.
  virtual Status Sync() = 0;
  virtual Status Close() = 0;
  virtual uint64_t size() const = 0;
};

/// Append-only file that is synced after every few bytes, as a log is. Appended bytes stay in memory until Sync, or until there are many
/// (a MiB or so), so the end of a process takes them too. They survive a crash only after Sync ended with OK; before that any subset of
/// them, torn anywhere, may be there. The file is written in whole blocks: it may end in zeros that nobody appended, and a Sync writes the
/// block with the end before it again, the old bytes as they were. So what was synced stays only if a torn write of a block keeps the
/// bytes that are the same in both: pages written back by a file system rest on the same.
class LogFile {
 public:
  virtual ~LogFile() = default;
  virtual Status Append(std::string_view bytes) = 0;
  /// All appended bytes and the length are durable (not the name: see Env::SyncDirectory). If the file grows for it, it gets `space` zeros
  /// more, if the disk has room: the syncs that find their space there need not wait for the file system. After a failure of this or of
  /// Append the file's state is unknown: do not retry.
  virtual Status Sync(uint64_t space) = 0;
  /// Syncs nothing.
  virtual Status Close() = 0;
};

/// Thread-safe.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  /// Exactly `length` bytes, or an error (XX001 if the file is shorter).
  virtual StatusOr<std::string> Read(uint64_t offset, size_t length) const = 0;
  /// The same if it need not wait for the disk; nullopt where it would, or that cannot be told, or on an error.
  virtual std::optional<std::string> ReadAtOnce(uint64_t /*offset*/, size_t /*length*/) const { return std::nullopt; }
  /// These bytes will be read soon. Does not wait.
  virtual void Prefetch(uint64_t /*offset*/, size_t /*length*/) const {}
  virtual uint64_t size() const = 0;
};

class FileLock {
 public:
  virtual ~FileLock() = default;  // unlocks
};

class Env {
 public:
  virtual ~Env() = default;
  /// Creates or truncates. The name is durable only after SyncDirectory of its directory.
  virtual StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) = 0;
  /// The same for a log's file.
  virtual StatusOr<std::unique_ptr<LogFile>> NewLogFile(const std::string& path) = 0;
  virtual StatusOr<std::shared_ptr<RandomAccessFile>> OpenRandomAccess(const std::string& path) = 0;
  virtual StatusOr<std::string> ReadFile(const std::string& path) = 0;
  /// Whole-file atomic replace: writes path + ".tmp", syncs, renames, syncs the directory. Durable on OK; old content or new after a crash.
  virtual Status WriteFileAtomically(const std::string& path, std::string_view bytes) = 0;
  virtual bool FileExists(const std::string& path) = 0;
  virtual StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) = 0;  // names, sorted
  virtual Status CreateDirectory(const std::string& path) = 0;  // mode 0700; OK if it exists
  virtual Status DeleteFile(const std::string& path) = 0;       // durable only after SyncDirectory
  virtual Status Rename(const std::string& from, const std::string& to) = 0;  // atomic; durable only after SyncDirectory
  virtual Status SyncDirectory(const std::string& path) = 0;
  virtual StatusOr<uint64_t> FileSize(const std::string& path) = 0;
  /// Exclusive among processes; 55006 if held. Released when the process dies.
  virtual StatusOr<std::unique_ptr<FileLock>> LockFile(const std::string& path) = 0;
  virtual StatusOr<uint64_t> FreeBytes(const std::string& path) = 0;
};

/// The directory that holds `path`: "." for a bare name.
inline std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace tsd::engine
