#pragma once
// What the real file system's files share: a descriptor that closes itself, calls repeated after a signal, errors in PostgreSQL's words.
// Used inside engine/env only. Any thread.
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/status.h"

namespace tsd::engine {

/// "could not <action> "<path>": <reason>", with the SQLSTATE that the errno means.
Status SystemError(int error, std::string_view action, const std::string& path);

/// Repeats a call that a signal interrupted.
template <typename Call>
auto RetryInterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }
  /// Closes it, if it is open, and says what the system thought of that.
  Status Close(const std::string& path);

 private:
  int fd_;
};

/// Close-on-exec; a new file is 0600.
StatusOr<Descriptor> OpenDescriptor(const std::string& path, int flags, std::string_view action);

}  // namespace tsd::engine
