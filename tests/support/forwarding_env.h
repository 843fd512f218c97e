#pragma once
// ForwardingEnv: hands every call on to another Env; whoever changes some of them derives from it. Thread-safe as the other is.
#include <memory>
#include <string>
#include <vector>

#include "engine/env/env.h"

namespace tsd::engine {

class ForwardingEnv : public Env {
 public:
  /// `env` outlives this one.
  explicit ForwardingEnv(Env* env) : env_(env) {}

  StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) override { return env_->NewWritableFile(path); }
  StatusOr<std::unique_ptr<LogFile>> NewLogFile(const std::string& path) override { return env_->NewLogFile(path); }
  StatusOr<std::shared_ptr<RandomAccessFile>> OpenRandomAccess(const std::string& path) override { return env_->OpenRandomAccess(path); }
  StatusOr<std::string> ReadFile(const std::string& path) override { return env_->ReadFile(path); }
  Status WriteFileAtomically(const std::string& path, std::string_view bytes) override { return env_->WriteFileAtomically(path, bytes); }
  bool FileExists(const std::string& path) override { return env_->FileExists(path); }
  StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) override { return env_->ListDirectory(path); }
  Status CreateDirectory(const std::string& path) override { return env_->CreateDirectory(path); }
  Status DeleteFile(const std::string& path) override { return env_->DeleteFile(path); }
  Status Rename(const std::string& from, const std::string& to) override { return env_->Rename(from, to); }
  Status SyncDirectory(const std::string& path) override { return env_->SyncDirectory(path); }
  StatusOr<uint64_t> FileSize(const std::string& path) override { return env_->FileSize(path); }
  StatusOr<std::unique_ptr<FileLock>> LockFile(const std::string& path) override { return env_->LockFile(path); }
  StatusOr<uint64_t> FreeBytes(const std::string& path) override { return env_->FreeBytes(path); }

 protected:
  Env& env() { return *env_; }

 private:
  Env* const env_;
};

}  // namespace tsd::engine
