#pragma once
// CountingEnv: another Env, and how many bytes were appended to files whose path contains a part. Thread-safe.
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/forwarding_env.h"

namespace tsd::engine {

class CountingEnv final : public ForwardingEnv {
 public:
  CountingEnv(Env* env, std::string path_part) : ForwardingEnv(env), path_part_(std::move(path_part)) {}
  uint64_t bytes() const { return bytes_.load(); }

  StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) override {
    ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env().NewWritableFile(path));
    if (path.find(path_part_) == std::string::npos) return file;
    return std::unique_ptr<WritableFile>(std::make_unique<CountedFile>(std::move(file), &bytes_));
  }

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

  const std::string path_part_;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace tsd::engine
