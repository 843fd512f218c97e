#include "tests/support/sim_env.h"

#include <algorithm>
#include <optional>

#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

constexpr size_t kSector = 512;
constexpr size_t kBlock = 4096;  // of a log's file

Status Missing(std::string_view action, const std::string& path) {
  return Error(sqlstate::kUndefinedFile, StrCat("could not ", action, " \"", path, "\": No such file or directory"));
}
Status Eio(std::string_view action, const std::string& path) {
  return Error(sqlstate::kIoError, StrCat("could not ", action, " \"", path, "\": Input/output error"));
}
Status NoSpace(std::string_view action, const std::string& path) {
  return Error(sqlstate::kDiskFull, StrCat("could not ", action, " \"", path, "\": No space left on device"));
}

}  // namespace

struct SimEnv::Inode {
  std::string data;             // as processes see it
  std::string synced;           // what a power cut leaves for certain
  bool truncated = false;       // emptied since the last sync
};

struct SimEnv::State {
  struct NameChange {
    enum class Kind : uint8_t { kCreate, kDelete, kRename, kCreateDirectory } kind;
    std::string path, to;
    std::shared_ptr<Inode> inode;
  };
  struct PathFault {
    std::string part;
    SimCall call;
    SimFault fault;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  explicit State(uint64_t seed) : random(seed) {}

  mutable Mutex mutex;
  Random random ABSL_GUARDED_BY(mutex);
  Names names ABSL_GUARDED_BY(mutex);
  Names durable_names ABSL_GUARDED_BY(mutex);
  std::set<std::string> directories ABSL_GUARDED_BY(mutex) = {"/", "."};
  std::set<std::string> durable_directories ABSL_GUARDED_BY(mutex) = {"/", "."};
  std::vector<NameChange> changes ABSL_GUARDED_BY(mutex);  // not yet synced, in order
  std::set<std::string> locks ABSL_GUARDED_BY(mutex);
  uint64_t generation ABSL_GUARDED_BY(mutex) = 0;  // open files of another generation are dead
  bool frozen ABSL_GUARDED_BY(mutex) = false;
  uint64_t calls ABSL_GUARDED_BY(mutex) = 0;
  std::optional<std::pair<uint64_t, SimFault>> fail_at ABSL_GUARDED_BY(mutex);
  std::optional<uint64_t> freeze_at ABSL_GUARDED_BY(mutex);
  std::vector<PathFault> path_faults ABSL_GUARDED_BY(mutex);
  uint64_t capacity ABSL_GUARDED_BY(mutex) = UINT64_MAX;

  /// Counts a call and says whether it fails. `*keep` is set if part of the call's effect takes place nevertheless.
  Status Enter(SimCall call, std::string_view action, const std::string& path, bool* keep = nullptr) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (frozen) return Eio(action, path);
    std::optional<SimFault> fault;
    if (call != SimCall::kRead && call != SimCall::kList) {
      const uint64_t number = calls++;
      if (freeze_at.has_value() && number == *freeze_at) {
        frozen = true;
        freeze_at.reset();
        if (keep != nullptr) *keep = true;
        return Eio(action, path);
      }
      if (fail_at.has_value() && number == fail_at->first) {
        fault = fail_at->second;
        fail_at.reset();
      }
    }
    for (const PathFault& entry : path_faults) {
      if ((entry.call == SimCall::kAny || entry.call == call) && path.find(entry.part) != std::string::npos) fault = entry.fault;
    }
    if (!fault.has_value()) return OkStatus();
    if (*fault == SimFault::kShort && keep != nullptr) *keep = true;
    return *fault == SimFault::kEio ? Eio(action, path) : NoSpace(action, path);
  }

  void Apply(const NameChange& change, Names& to_names, std::set<std::string>& to_directories) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    switch (change.kind) {
      case NameChange::Kind::kCreate: to_names[change.path] = change.inode; break;
      case NameChange::Kind::kDelete: to_names.erase(change.path); break;
      case NameChange::Kind::kRename:
        to_names.erase(change.path);
        to_names[change.to] = change.inode;
        break;
      case NameChange::Kind::kCreateDirectory: to_directories.insert(change.path); break;
    }
  }
  void Change(NameChange change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Apply(change, names, directories);
    changes.push_back(std::move(change));
  }
  /// A new file, or the old one emptied.
  StatusOr<std::shared_ptr<Inode>> Create(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    RETURN_IF_ERROR(Enter(SimCall::kCreate, "create file", path));
    if (!directories.contains(DirectoryOf(path))) return Missing("create file", path);
    const auto found = names.find(path);
    if (found != names.end()) {
      found->second->data.clear();
      found->second->truncated = true;
      return found->second;
    }
    auto inode = std::make_shared<Inode>();
    Change({NameChange::Kind::kCreate, path, "", inode});
    return inode;
  }
  uint64_t UsedBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    uint64_t bytes = 0;
    for (const auto& [path, inode] : names) bytes += inode->data.size();
    return bytes;
  }
  void CrashNames() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void CrashBytes(Inode& inode) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void EndProcess() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    ++generation;
    frozen = false;
    locks.clear();
    fail_at.reset();
    freeze_at.reset();
    path_faults.clear();
  }
};

void SimEnv::State::CrashNames() {
  // Single changes reach the disk or not; file systems order them little.
  for (const NameChange& change : changes) {
    if (random.Chance(0.5)) Apply(change, durable_names, durable_directories);
  }
  changes.clear();
  std::erase_if(durable_names, [&](const auto& entry) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return !durable_directories.contains(DirectoryOf(entry.first));
  });
  names = durable_names;
  directories = durable_directories;
}

void SimEnv::State::CrashBytes(Inode& inode) {
  std::string base = inode.synced;
  if (inode.truncated && random.Chance(0.5)) base.clear();
  const std::string& data = inode.data;
  std::string result = base;
  if (data != base || inode.truncated) {
    const size_t longest = std::max(data.size(), base.size());
    size_t length = longest;
    if (random.Chance(0.5)) length = base.size() + random.Below(longest - base.size() + 1);
    result.resize(length);
    constexpr double kKept[] = {0.0, 0.5, 0.9, 1.0};
    const double kept = kKept[random.Below(4)];
    for (size_t begin = 0; begin < std::min(length, data.size()); begin += kSector) {
      const size_t end = std::min({begin + kSector, length, data.size()});
      // A lost sector keeps its synced bytes: those not overwritten since are the same in both.
      if (data.compare(begin, end - begin, result, begin, end - begin) == 0 || !random.Chance(kept)) continue;
      const size_t written = random.Chance(0.2) ? random.Below(end - begin) : end - begin;
      result.replace(begin, written, data, begin, written);
    }
  }
  inode.data = inode.synced = std::move(result);
  inode.truncated = false;
}

/// What the two kinds of files that are written have in common.
class SimEnv::OpenFile {
 public:
  OpenFile(std::shared_ptr<State> state, std::string path, std::shared_ptr<Inode> inode, uint64_t generation)
      : state_(std::move(state)), path_(std::move(path)), inode_(std::move(inode)), generation_(generation) {}

  State& state() { return *state_; }
  uint64_t size() const { return size_; }
  void Close() { closed_ = true; }
  Status CheckAlive(std::string_view action) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    return generation_ != state_->generation || closed_ ? Eio(action, path_) : OkStatus();
  }

  Status Write(std::string_view bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    RETURN_IF_ERROR(CheckAlive("write file"));
    bool keep = false;
    const Status status = state_->Enter(SimCall::kAppend, "write file", path_, &keep);
    if (!status.ok()) {
      if (keep && !bytes.empty()) Put(bytes.substr(0, state_->random.Below(bytes.size())));
      return status;
    }
    if (!HasRoom(bytes.size())) return NoSpace("write file", path_);
    Put(bytes);
    size_ += bytes.size();
    return OkStatus();
  }
  /// Zeros behind the end, up to a file of `length` bytes, if there is room.
  void Lengthen(uint64_t length) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    if (length > inode_->data.size() && HasRoom(length - inode_->data.size())) inode_->data.resize(length);
  }
  bool Reaches(uint64_t length) const { return inode_->data.size() >= length; }
  Status Sync() ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    RETURN_IF_ERROR(CheckAlive("fsync file"));
    bool keep = false;
    const Status status = state_->Enter(SimCall::kSync, "fsync file", path_, &keep);
    // A power cut during a sync may come after its effect; a failed sync has none.
    if (!status.ok() && !(keep && state_->frozen && state_->random.Chance(0.5))) return status;
    inode_->synced = inode_->data;
    inode_->truncated = false;
    return status;
  }

 private:
  bool HasRoom(uint64_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    return state_->capacity == UINT64_MAX || state_->UsedBytes() + bytes <= state_->capacity;
  }
  /// At the end of what was written, over reserved zeros.
  void Put(std::string_view bytes) {
    if (inode_->data.size() < size_ + bytes.size()) inode_->data.resize(size_ + bytes.size());
    inode_->data.replace(size_, bytes.size(), bytes);
  }

  const std::shared_ptr<State> state_;
  const std::string path_;
  const std::shared_ptr<Inode> inode_;
  const uint64_t generation_;
  uint64_t size_ = 0;
  bool closed_ = false;
};

class SimEnv::SimWritableFile final : public WritableFile {
 public:
  explicit SimWritableFile(OpenFile file) : file_(std::move(file)) {}
  Status Append(std::string_view bytes) override {
    MutexLock lock(file_.state().mutex);
    return file_.Write(bytes);
  }
  Status Sync() override {
    MutexLock lock(file_.state().mutex);
    return file_.Sync();
  }
  Status Close() override {
    file_.Close();
    return OkStatus();
  }
  uint64_t size() const override { return file_.size(); }

 private:
  OpenFile file_;
};

class SimEnv::SimLogFile final : public LogFile {
 public:
  SimLogFile(OpenFile file, size_t most_in_memory) : file_(std::move(file)), most_in_memory_(most_in_memory) {}
  Status Append(std::string_view bytes) override {
    MutexLock lock(file_.state().mutex);
    RETURN_IF_ERROR(file_.CheckAlive("write file"));
    in_memory_ += bytes;
    return in_memory_.size() > most_in_memory_ ? Write() : OkStatus();
  }
  Status Sync(uint64_t space) override {
    MutexLock lock(file_.state().mutex);
    if (!in_memory_.empty()) RETURN_IF_ERROR(Write());
    if (!file_.Reaches(InBlocks(file_.size()))) file_.Lengthen(InBlocks(file_.size()) + InBlocks(space));
    file_.Lengthen(InBlocks(file_.size()));
    return file_.Sync();
  }
  Status Close() override {
    file_.Close();
    return OkStatus();
  }

 private:
  static uint64_t InBlocks(uint64_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }
  Status Write() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    RETURN_IF_ERROR(file_.Write(in_memory_));
    in_memory_.clear();
    return OkStatus();
  }

  OpenFile file_;
  const size_t most_in_memory_;
  std::string in_memory_;
};

class SimEnv::SimRandomAccessFile final : public RandomAccessFile {
 public:
  SimRandomAccessFile(std::shared_ptr<State> state, std::string path, std::shared_ptr<Inode> inode, uint64_t generation, uint64_t size)
      : state_(std::move(state)), path_(std::move(path)), inode_(std::move(inode)), generation_(generation), size_(size) {}

  StatusOr<std::string> Read(uint64_t offset, size_t length) const override {
    MutexLock lock(state_->mutex);
    if (generation_ != state_->generation) return Eio("read file", path_);
    RETURN_IF_ERROR(state_->Enter(SimCall::kRead, "read file", path_));
    if (offset > inode_->data.size() || length > inode_->data.size() - offset) {
      return Error(sqlstate::kDataCorrupted, StrCat("could not read ", length, " bytes at offset ", offset, " of file \"", path_,
                                                    "\": the file is shorter"));
    }
    return inode_->data.substr(offset, length);
  }
  uint64_t size() const override { return size_; }

 private:
  const std::shared_ptr<State> state_;
  const std::string path_;
  const std::shared_ptr<Inode> inode_;
  const uint64_t generation_;
  const uint64_t size_;
};

class SimEnv::SimLock final : public FileLock {
 public:
  SimLock(std::shared_ptr<State> state, std::string path, uint64_t generation)
      : state_(std::move(state)), path_(std::move(path)), generation_(generation) {}
  ~SimLock() override {
    MutexLock lock(state_->mutex);
    if (generation_ == state_->generation) state_->locks.erase(path_);
  }

 private:
  const std::shared_ptr<State> state_;
  const std::string path_;
  const uint64_t generation_;
};

SimEnv::SimEnv(uint64_t seed) : state_(std::make_shared<State>(seed)) {}
SimEnv::~SimEnv() = default;

StatusOr<std::unique_ptr<WritableFile>> SimEnv::NewWritableFile(const std::string& path) {
  MutexLock lock(state_->mutex);
  ASSIGN_OR_RETURN(std::shared_ptr<Inode> inode, state_->Create(path));
  return std::unique_ptr<WritableFile>(std::make_unique<SimWritableFile>(OpenFile(state_, path, std::move(inode), state_->generation)));
}

StatusOr<std::unique_ptr<LogFile>> SimEnv::NewLogFile(const std::string& path) {
  MutexLock lock(state_->mutex);
  ASSIGN_OR_RETURN(std::shared_ptr<Inode> inode, state_->Create(path));
  constexpr size_t kMostInMemory[] = {kSector, kBlock, 16 * kBlock, 256 * kBlock};
  const size_t most = kMostInMemory[state_->random.Below(4)];
  return std::unique_ptr<LogFile>(std::make_unique<SimLogFile>(OpenFile(state_, path, std::move(inode), state_->generation), most));
}

StatusOr<std::shared_ptr<RandomAccessFile>> SimEnv::OpenRandomAccess(const std::string& path) {
  MutexLock lock(state_->mutex);
  RETURN_IF_ERROR(state_->Enter(SimCall::kRead, "open file", path));
  const auto found = state_->names.find(path);
  if (found == state_->names.end()) return Missing("open file", path);
  return std::shared_ptr<RandomAccessFile>(
      std::make_shared<SimRandomAccessFile>(state_, path, found->second, state_->generation, found->second->data.size()));
}

StatusOr<std::string> SimEnv::ReadFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::shared_ptr<RandomAccessFile> file, OpenRandomAccess(path));
  return file->Read(0, file->size());
}

Status SimEnv::WriteFileAtomically(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, NewWritableFile(temporary));
  RETURN_IF_ERROR(file->Append(bytes));
  RETURN_IF_ERROR(file->Sync());
  RETURN_IF_ERROR(Rename(temporary, path));
  return SyncDirectory(DirectoryOf(path));
}

bool SimEnv::FileExists(const std::string& path) {
  MutexLock lock(state_->mutex);
  return state_->names.contains(path) || state_->directories.contains(path);
}

StatusOr<std::vector<std::string>> SimEnv::ListDirectory(const std::string& path) {
  MutexLock lock(state_->mutex);
  RETURN_IF_ERROR(state_->Enter(SimCall::kList, "open directory", path));
  if (!state_->directories.contains(path)) return Missing("open directory", path);
  std::vector<std::string> result;
  auto add = [&](const std::string& full) {
    if (full != path && DirectoryOf(full) == path && full != ".") result.push_back(full.substr(full.rfind('/') + 1));
  };
  for (const auto& [name, inode] : state_->names) add(name);
  for (const std::string& name : state_->directories) add(name);
  std::sort(result.begin(), result.end());
  return result;
}

Status SimEnv::CreateDirectory(const std::string& path) {
  MutexLock lock(state_->mutex);
  if (state_->directories.contains(path)) return OkStatus();
  RETURN_IF_ERROR(state_->Enter(SimCall::kCreate, "create directory", path));
  if (!state_->directories.contains(DirectoryOf(path))) return Missing("create directory", path);
  state_->Change({State::NameChange::Kind::kCreateDirectory, path, "", nullptr});
  return OkStatus();
}

Status SimEnv::DeleteFile(const std::string& path) {
  MutexLock lock(state_->mutex);
  RETURN_IF_ERROR(state_->Enter(SimCall::kDelete, "remove file", path));
  if (!state_->names.contains(path)) return Missing("remove file", path);
  state_->Change({State::NameChange::Kind::kDelete, path, "", nullptr});
  return OkStatus();
}

Status SimEnv::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(state_->mutex);
  RETURN_IF_ERROR(state_->Enter(SimCall::kRename, "rename file", from));
  const auto found = state_->names.find(from);
  if (found == state_->names.end() || !state_->directories.contains(DirectoryOf(to))) return Missing("rename file", from);
  state_->Change({State::NameChange::Kind::kRename, from, to, found->second});
  return OkStatus();
}

Status SimEnv::SyncDirectory(const std::string& path) {
  MutexLock lock(state_->mutex);
  RETURN_IF_ERROR(state_->Enter(SimCall::kSyncDirectory, "fsync directory", path));
  if (!state_->directories.contains(path)) return Missing("open directory", path);
  std::vector<State::NameChange> others;
  for (State::NameChange& change : state_->changes) {
    const bool touches = DirectoryOf(change.path) == path || (!change.to.empty() && DirectoryOf(change.to) == path);
    if (touches) {
      state_->Apply(change, state_->durable_names, state_->durable_directories);
    } else {
      others.push_back(std::move(change));
    }
  }
  state_->changes = std::move(others);
  return OkStatus();
}

StatusOr<uint64_t> SimEnv::FileSize(const std::string& path) {
  MutexLock lock(state_->mutex);
  const auto found = state_->names.find(path);
  if (found == state_->names.end()) return Missing("stat file", path);
  return found->second->data.size();
}

StatusOr<std::unique_ptr<FileLock>> SimEnv::LockFile(const std::string& path) {
  MutexLock lock(state_->mutex);
  if (state_->frozen) return Eio("lock file", path);
  if (!state_->directories.contains(DirectoryOf(path))) return Missing("create lock file", path);
  if (!state_->locks.insert(path).second) {
    return Error(sqlstate::kObjectInUse, StrCat("lock file \"", path, "\" is held by another process"));
  }
  return std::unique_ptr<FileLock>(std::make_unique<SimLock>(state_, path, state_->generation));
}

StatusOr<uint64_t> SimEnv::FreeBytes(const std::string&) {
  MutexLock lock(state_->mutex);
  const uint64_t used = state_->UsedBytes();
  return used > state_->capacity ? 0 : state_->capacity - used;
}

void SimEnv::Crash() {
  MutexLock lock(state_->mutex);
  state_->CrashNames();
  for (const auto& [path, inode] : state_->names) state_->CrashBytes(*inode);
  state_->EndProcess();
}

void SimEnv::KillProcess() {
  MutexLock lock(state_->mutex);
  state_->EndProcess();
}

void SimEnv::Freeze() {
  MutexLock lock(state_->mutex);
  state_->frozen = true;
}

void SimEnv::FailAt(uint64_t n, SimFault fault) {
  MutexLock lock(state_->mutex);
  state_->fail_at = {state_->calls + n, fault};
}

void SimEnv::FailPath(std::string path_part, SimCall call, SimFault fault) {
  MutexLock lock(state_->mutex);
  state_->path_faults.push_back({std::move(path_part), call, fault});
}

void SimEnv::ClearFaults() {
  MutexLock lock(state_->mutex);
  state_->path_faults.clear();
  state_->fail_at.reset();
  state_->freeze_at.reset();
}

void SimEnv::FreezeAt(uint64_t n) {
  MutexLock lock(state_->mutex);
  state_->freeze_at = state_->calls + n;
}

bool SimEnv::frozen() const {
  MutexLock lock(state_->mutex);
  return state_->frozen;
}

uint64_t SimEnv::changing_calls() const {
  MutexLock lock(state_->mutex);
  return state_->calls;
}

void SimEnv::FlipBit(const std::string& path, uint64_t offset, int bit) {
  MutexLock lock(state_->mutex);
  Inode& inode = *state_->names.at(path);
  inode.data.at(offset) = static_cast<char>(inode.data.at(offset) ^ (1 << bit));
  if (offset < inode.synced.size()) inode.synced[offset] = inode.data[offset];
}

void SimEnv::Truncate(const std::string& path, uint64_t size) {
  MutexLock lock(state_->mutex);
  Inode& inode = *state_->names.at(path);
  inode.data.resize(std::min<uint64_t>(size, inode.data.size()));
  inode.synced.resize(std::min<uint64_t>(size, inode.synced.size()));
}

void SimEnv::PutFile(const std::string& path, std::string bytes) {
  MutexLock lock(state_->mutex);
  for (std::string directory = DirectoryOf(path); directory != "/" && directory != "."; directory = DirectoryOf(directory)) {
    state_->directories.insert(directory);
    state_->durable_directories.insert(directory);
  }
  auto inode = std::make_shared<Inode>();
  inode->data = inode->synced = std::move(bytes);
  std::erase_if(state_->changes, [&](const State::NameChange& change) { return change.path == path; });
  state_->names[path] = state_->durable_names[path] = std::move(inode);
}

void SimEnv::SetCapacity(uint64_t bytes) {
  MutexLock lock(state_->mutex);
  state_->capacity = bytes;
}

std::vector<std::string> SimEnv::AllFiles() const {
  MutexLock lock(state_->mutex);
  std::vector<std::string> result;
  for (const auto& [path, inode] : state_->names) result.push_back(path);
  return result;
}

}  // namespace tsd::engine
