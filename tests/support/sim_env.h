#pragma once
// SimEnv: a file system in memory that can crash. Every byte has a written and a synced state, every name a volatile and a durable one.
// Thread-safe; deterministic for a seed if the calls are.
//
// Crash() does what a power cut may do: names and bytes synced stay; of the rest a random subset survives: single directory changes
// are kept or lost one by one, unsynced 512-byte sectors are kept, lost (zero, or the file shorter) or torn at any byte. All open files and
// locks of before are dead: their calls fail. Then the same SimEnv is used again, as after a restart.
// A log's file keeps a number of bytes in memory that is chosen anew for each file: what a kill takes, and a power cut may tear, differs.
#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "engine/base/mutex.h"
#include "engine/base/random.h"
#include "engine/env/env.h"

namespace tsd::engine {

enum class SimFault : uint8_t {
  kEio,      // 58030, nothing done
  kEnospc,   // 53100, nothing done
  kShort,    // a write stores a random prefix, then 53100; as kEio for other calls
};
enum class SimCall : uint8_t { kAny, kCreate, kAppend, kSync, kSyncDirectory, kRename, kDelete, kRead, kList };

class SimEnv final : public Env {
 public:
  explicit SimEnv(uint64_t seed);
  ~SimEnv() override;

  StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) override;
  StatusOr<std::unique_ptr<LogFile>> NewLogFile(const std::string& path) override;
  StatusOr<std::shared_ptr<RandomAccessFile>> OpenRandomAccess(const std::string& path) override;
  StatusOr<std::string> ReadFile(const std::string& path) override;
  Status WriteFileAtomically(const std::string& path, std::string_view bytes) override;
  bool FileExists(const std::string& path) override;
  StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Status DeleteFile(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status SyncDirectory(const std::string& path) override;
  StatusOr<uint64_t> FileSize(const std::string& path) override;
  StatusOr<std::unique_ptr<FileLock>> LockFile(const std::string& path) override;
  StatusOr<uint64_t> FreeBytes(const std::string& path) override;

  // ---- faults ----
  void Crash();
  /// As a killed process: every name and byte written so far survives; files and locks are dead.
  void KillProcess();
  /// Kills every open file now (all calls on them fail) without deciding what survives; Crash or KillProcess does that later.
  void Freeze();
  /// The n-th (0 = next) changing call from now on fails, once.
  void FailAt(uint64_t n, SimFault fault);
  /// Calls of a kind on paths that contain `path_part` fail until ClearFaults.
  void FailPath(std::string path_part, SimCall call, SimFault fault);
  void ClearFaults();
  /// Crash happens inside the n-th changing call from now on: it and every later call fails until Crash is called.
  void FreezeAt(uint64_t n);
  bool frozen() const;
  uint64_t changing_calls() const;  // so far
  void FlipBit(const std::string& path, uint64_t offset, int bit);
  void Truncate(const std::string& path, uint64_t size);
  /// Creates or replaces, synced, name and all.
  void PutFile(const std::string& path, std::string bytes);
  void SetCapacity(uint64_t bytes);  // further writes get 53100
  std::vector<std::string> AllFiles() const;

 private:
  struct Inode;
  struct State;
  class OpenFile;
  class SimWritableFile;
  class SimLogFile;
  class SimRandomAccessFile;
  class SimLock;
  std::shared_ptr<State> state_;
};

}  // namespace tsd::engine
