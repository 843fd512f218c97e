#include "engine/env/posix_env.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "engine/base/fault.h"
#include "engine/base/strings.h"
#include "engine/env/descriptor.h"
#include "engine/env/posix_log_file.h"

namespace tsd::engine {
namespace {

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = RetryInterrupted([&] { return ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_)); });
      if (written < 0) return SystemError(errno, "write file", path_);
      size_ += static_cast<uint64_t>(written);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return OkStatus();
  }
  Status Sync() override {
    if (RetryInterrupted([&] { return ::fdatasync(fd_.get()); }) != 0) return SystemError(errno, "fsync file", path_);
    return OkStatus();
  }
  Status Close() override { return fd_.Close(path_); }
  uint64_t size() const override { return size_; }

 private:
  const std::string path_;
  Descriptor fd_;
  uint64_t size_ = 0;
};

class PosixRandomAccessFile final : public RandomAccessFile {
 public:
  PosixRandomAccessFile(std::string path, Descriptor fd, uint64_t size) : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

  StatusOr<std::string> Read(uint64_t offset, size_t length) const override {
    if (offset > size_ || length > size_ - offset) return Short(offset, length);
    std::string result(length, '\0');
    size_t done = 0;
    while (done < length) {
      const ssize_t got =
          RetryInterrupted([&] { return ::pread(fd_.get(), result.data() + done, length - done, static_cast<off_t>(offset + done)); });
      if (got < 0) return SystemError(errno, "read file", path_);
      if (got == 0) return Short(offset, length);
      done += static_cast<size_t>(got);
    }
    return result;
  }
  std::optional<std::string> ReadAtOnce(uint64_t offset, size_t length) const override {
    std::string result(length, '\0');
    const iovec piece{result.data(), length};
    const ssize_t got = RetryInterrupted([&] { return ::preadv2(fd_.get(), &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT); });
    if (got != static_cast<ssize_t>(length)) return std::nullopt;
    return result;
  }
  void Prefetch(uint64_t offset, size_t length) const override {
    ::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_WILLNEED);  // a hint: what comes of it does not matter
  }
  uint64_t size() const override { return size_; }

 private:
  Status Short(uint64_t offset, size_t length) const {
    return Error(sqlstate::kDataCorrupted,
                 StrCat("could not read ", length, " bytes at offset ", offset, " of file \"", path_,
                         "\": the file is shorter"));
  }

  const std::string path_;
  const Descriptor fd_;
  const uint64_t size_;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  const Descriptor fd_;  // closing it unlocks
};

class PosixEnv final : public Env {
 public:
  StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_WRONLY | O_CREAT | O_TRUNC, "create file"));
    return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(path, std::move(fd)));
  }

  StatusOr<std::unique_ptr<LogFile>> NewLogFile(const std::string& path) override { return NewPosixLogFile(path); }

  StatusOr<std::shared_ptr<RandomAccessFile>> OpenRandomAccess(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_RDONLY, "open file"));
    struct stat info;
    if (::fstat(fd.get(), &info) != 0) return SystemError(errno, "stat file", path);
    if (!S_ISREG(info.st_mode)) return Error(sqlstate::kIoError, StrCat("could not open file \"", path, "\": not a regular file"));
    return std::shared_ptr<RandomAccessFile>(
        std::make_shared<PosixRandomAccessFile>(path, std::move(fd), static_cast<uint64_t>(info.st_size)));
  }

  StatusOr<std::string> ReadFile(const std::string& path) override {
    ASSIGN_OR_RETURN(std::shared_ptr<RandomAccessFile> file, OpenRandomAccess(path));
    return file->Read(0, file->size());
  }

  Status WriteFileAtomically(const std::string& path, std::string_view bytes) override {
    const std::string temporary = path + ".tmp";
    ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, NewWritableFile(temporary));
    RETURN_IF_ERROR(file->Append(bytes));
    RETURN_IF_ERROR(file->Sync());
    RETURN_IF_ERROR(file->Close());
    TSD_FAULT_POINT("env.atomic_write.before_rename");
    RETURN_IF_ERROR(Rename(temporary, path));
    TSD_FAULT_POINT("env.atomic_write.after_rename");
    return SyncDirectory(DirectoryOf(path));
  }

  bool FileExists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) override {
    struct Closer {
      void operator()(DIR* directory) const { ::closedir(directory); }
    };
    const std::unique_ptr<DIR, Closer> directory(::opendir(path.c_str()));
    if (directory == nullptr) return SystemError(errno, "open directory", path);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return SystemError(errno, "read directory", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  Status CreateDirectory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) == 0) return OkStatus();
    const int error = errno;
    struct stat info;
    if (error == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return OkStatus();
    return SystemError(error, "create directory", path);
  }

  Status DeleteFile(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return SystemError(errno, "remove file", path);
    return OkStatus();
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) {
      return SystemError(errno, "rename file", StrCat(from, "\" to \"", to));
    }
    return OkStatus();
  }

  Status SyncDirectory(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_RDONLY | O_DIRECTORY, "open directory"));
    if (RetryInterrupted([&] { return ::fsync(fd.get()); }) != 0) return SystemError(errno, "fsync directory", path);
    return OkStatus();
  }

  StatusOr<uint64_t> FileSize(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return SystemError(errno, "stat file", path);
    return static_cast<uint64_t>(info.st_size);
  }

  StatusOr<std::unique_ptr<FileLock>> LockFile(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_RDWR | O_CREAT, "create lock file"));
    if (RetryInterrupted([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno != EWOULDBLOCK) return SystemError(errno, "lock file", path);
      return WithHint(Error(sqlstate::kObjectInUse, StrCat("lock file \"", path, "\" is held by another process")),
                      "Is another server running in this data directory?");
    }
    return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(fd)));
  }

  StatusOr<uint64_t> FreeBytes(const std::string& path) override {
    struct statvfs info;
    if (RetryInterrupted([&] { return ::statvfs(path.c_str(), &info); }) != 0) return SystemError(errno, "stat file system of", path);
    return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  }
};

}  // namespace

std::unique_ptr<Env> NewPosixEnv() { return std::make_unique<PosixEnv>(); }

}  // namespace tsd::engine
