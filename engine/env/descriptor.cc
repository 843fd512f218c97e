#include "engine/env/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "engine/base/strings.h"

namespace tsd::engine {

Status SystemError(int error, std::string_view action, const std::string& path) {
  const std::string reason = std::generic_category().message(error);
  const std::string message = StrCat("could not ", action, " \"", path, "\": ", reason);
  switch (error) {
    case ENOSPC:
    case EDQUOT: return Error(sqlstate::kDiskFull, message);
    case ENOENT: return Error(sqlstate::kUndefinedFile, message);
    default: return Error(sqlstate::kIoError, message);
  }
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Status Descriptor::Close(const std::string& path) {
  const int fd = std::exchange(fd_, -1);
  // EINTR leaves the descriptor closed on Linux: no retry.
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) return SystemError(errno, "close file", path);
  return OkStatus();
}

StatusOr<Descriptor> OpenDescriptor(const std::string& path, int flags, std::string_view action) {
  const int fd = RetryInterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0600); });
  if (fd < 0) return SystemError(errno, action, path);
  return Descriptor(fd);
}

}  // namespace tsd::engine
