#pragma once
// CountingEnv: another Env, and how many bytes were appended to files whose path contains a part. Thread-safe.
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "engine/env/env.h"

namespace tsd::engine {

class CountingEnv final : public Env {
 public:
  CountingEnv(Env* env, std::string path_part) : env_(env), path_part_(std::move(path_part)) {}
  uint64_t bytes() const { return bytes_.load(); }

  StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) override {
    ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env_->NewWritableFile(path));
    if (path.find(path_part_) == std::string::npos) return file;
    return std::unique_ptr<WritableFile>(std::make_unique<CountedFile>(std::move(file), &bytes_));
  }
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

 private:
  class CountedFile final : public WritableFile {
   public:
    CountedFile(std::unique_ptr<WritableFile> file, std::atomic<uint64_t>* bytes) : file_(std::move(file)), bytes_(bytes) {}
    Status Append(std::string_view bytes) override {
      bytes_->fetch_add(bytes.size());
      return file_->Append(bytes);
    }
    Status Sync() override { return file_->Sync(); }
    Status Close() override { return file_->Close(); }
    uint64_t size() const override { return file_->size(); }

   private:
    const std::unique_ptr<WritableFile> file_;
    std::atomic<uint64_t>* const bytes_;
  };

  Env* const env_;
  const std::string path_part_;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace tsd::engine
