#include "engine/env/posix_log_file.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/base/log.h"
#include "engine/env/descriptor.h"

namespace tsd::engine {
namespace {

/// Offsets, lengths and addresses of direct writes are multiples of it: no less than any usual device asks for.
constexpr size_t kBlockBytes = 4096;
/// What is kept in memory at most. Also the size of the writes of a large group, which go one after the other.
constexpr size_t kLogBufferBytes = 1 << 20;
alignas(kBlockBytes) constexpr char kZeros[64 << 10] = {};

constexpr uint64_t WholeBlocks(uint64_t bytes) { return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes; }

struct FreeMemory {
  void operator()(char* memory) const { std::free(memory); }
};
using AlignedMemory = std::unique_ptr<char, FreeMemory>;

class PosixLogFile final : public LogFile {
 public:
  PosixLogFile(std::string path, Descriptor fd, bool direct, AlignedMemory buffer)
      : path_(std::move(path)), fd_(std::move(fd)), direct_(direct), buffer_(std::move(buffer)) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const size_t part = std::min(bytes.size(), kLogBufferBytes - filled_);
      std::memcpy(buffer_.get() + filled_, bytes.data(), part);
      filled_ += part;
      bytes.remove_prefix(part);
      if (filled_ < kLogBufferBytes) continue;
      RETURN_IF_ERROR(Write(0, 0));
      wrote_unsynced_ = true;
      DropWritten(kLogBufferBytes);
    }
    return OkStatus();
  }

  Status Sync(uint64_t space) override {
    if (filled_ != synced_) {
      const uint64_t end = start_ + WholeBlocks(filled_);
      std::memset(buffer_.get() + filled_, 0, WholeBlocks(filled_) - filled_);
      RETURN_IF_ERROR(Write(end > length_ ? WholeBlocks(space) : 0, wrote_unsynced_ || !can_dsync_ ? 0 : RWF_DSYNC));
      if (!can_dsync_) wrote_unsynced_ = true;
    }
    // A synchronous write vouches for its own bytes only.
    if (wrote_unsynced_ && RetryInterrupted([&] { return ::fdatasync(fd_.get()); }) != 0) return SystemError(errno, "fsync file", path_);
    wrote_unsynced_ = false;
    DropWritten(filled_ / kBlockBytes * kBlockBytes);
    synced_ = filled_;
    return OkStatus();
  }

  Status Close() override { return fd_.Close(path_); }

 private:
  /// The buffer's blocks, and as many of the zeros behind them as the disk has room for.
  Status Write(uint64_t zeros, int flags) {
    const uint64_t wanted = WholeBlocks(filled_);
    uint64_t done = 0;
    while (done < wanted) {
      const ssize_t written = WriteOnce(done, wanted - done, zeros, flags);
      if (written < 0) {
        const int error = errno;
        if (GiveUpAnOption(error, flags)) continue;
        if (error == ENOSPC && zeros > 0) {
          log::Debug("no space reserved in \"", path_, "\"");
          zeros = 0;
          continue;
        }
        return SystemError(error, "write file", path_);
      }
      // What a short write left of a block is written again.
      const uint64_t blocks = static_cast<uint64_t>(written) / kBlockBytes * kBlockBytes;
      if (blocks == 0) return SystemError(ENOSPC, "write file", path_);
      done += blocks;
    }
    length_ = std::max(length_, start_ + done);
    return OkStatus();
  }

  ssize_t WriteOnce(uint64_t from, uint64_t bytes, uint64_t zeros, int flags) {
    std::vector<iovec> parts{{buffer_.get() + from, bytes}};
    for (uint64_t left = zeros; left > 0; left -= parts.back().iov_len) {
      parts.push_back({const_cast<char*>(kZeros), std::min<uint64_t>(left, sizeof(kZeros))});
    }
    return RetryInterrupted(
        [&] { return ::pwritev2(fd_.get(), parts.data(), static_cast<int>(parts.size()), static_cast<off_t>(start_ + from), flags); });
  }

  /// True if the write may be tried again without something that this file system does not have.
  bool GiveUpAnOption(int error, int& flags) {
    if (error == EINVAL && direct_) {
      log::Debug("no direct writes to \"", path_, "\"");
      direct_ = false;
      const int status_flags = ::fcntl(fd_.get(), F_GETFL);
      return status_flags >= 0 && ::fcntl(fd_.get(), F_SETFL, status_flags & ~O_DIRECT) == 0;
    }
    if ((error == EOPNOTSUPP || error == ENOSYS) && flags != 0) {
      log::Debug("no synchronous writes to \"", path_, "\"");
      can_dsync_ = false;
      flags = 0;
      return true;
    }
    return false;
  }

  /// The first `bytes` of the buffer, whole blocks, are in the file and not needed any more.
  void DropWritten(size_t bytes) {
    std::memmove(buffer_.get(), buffer_.get() + bytes, filled_ - bytes);
    start_ += bytes;
    filled_ -= bytes;
    synced_ = 0;
  }

  const std::string path_;
  Descriptor fd_;
  bool direct_;
  bool can_dsync_ = true;
  const AlignedMemory buffer_;   // the file's bytes from start_ on, which is a multiple of the block size
  uint64_t start_ = 0;
  size_t filled_ = 0;            // bytes in the buffer
  size_t synced_ = 0;            // of these
  uint64_t length_ = 0;          // of the file, reserved zeros among it
  bool wrote_unsynced_ = false;  // blocks before start_ may be in the device's cache only
};

}  // namespace

StatusOr<std::unique_ptr<LogFile>> NewPosixLogFile(const std::string& path) {
  AlignedMemory buffer(static_cast<char*>(std::aligned_alloc(kBlockBytes, kLogBufferBytes)));
  if (buffer == nullptr) return Error(sqlstate::kOutOfMemory, "out of memory");
  auto open = [&](int flags) {
    return RetryInterrupted([&] { return ::open(path.c_str(), flags | O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); });
  };
  int fd = open(O_DIRECT);
  const bool direct = fd >= 0 || errno != EINVAL;
  if (!direct) {
    log::Debug("no direct writes to \"", path, "\"");
    fd = open(0);
  }
  if (fd < 0) return SystemError(errno, "create file", path);
  return std::unique_ptr<LogFile>(std::make_unique<PosixLogFile>(path, Descriptor(fd), direct, std::move(buffer)));
}

}  // namespace tsd::engine
