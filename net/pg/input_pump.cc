#include "net/pg/input_pump.h"

namespace tsd::net::pg {
namespace {

constexpr std::string_view kTerminate("X\0\0\0\4", 5);

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

void InputPump::ReplaceConnection(std::shared_ptr<Connection> connection) {
  MutexLock lock(mutex_);
  TSD_CHECK(!reading_);
  connection_ = std::move(connection);
}

bool InputPump::WantsMore() const {
  if (ended_ || reading_) return false;
  return (wanted_ && arrived_.empty()) || (watching_ && arrived_.size() < read_ahead_bytes_);
}

void InputPump::ReadOn() {
  while (true) {
    std::shared_ptr<Connection> connection;
    {
      MutexLock lock(mutex_);
      if (!WantsMore()) return;
      reading_ = true;
      connection = connection_;
    }
    // A loop, not a callback that calls itself: reads that are ready at once must not nest.
    Future<StatusOr<std::string>> read = connection->Read();
    if (!read.ready()) {
      read.OnReady([self = shared_from_this(), read]() mutable {
        if (self->Arrived(read.Take())) self->ReadOn();
      });
      return;
    }
    if (!Arrived(read.Take())) return;
  }
}

bool InputPump::Arrived(StatusOr<std::string> bytes) {
  absl::AnyInvocable<void()> on_gone;
  bool more;
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!bytes.ok() || bytes->empty()) {
      ended_ = true;
      if (watching_ && !goodbye_seen_ && !EndsWith(arrived_, kTerminate)) on_gone = std::move(on_gone_);
      on_gone_ = nullptr;
    } else if (arrived_.empty()) {
      arrived_ = *std::move(bytes);
    } else {
      arrived_ += *bytes;
    }
    more = WantsMore();
  }
  changed_.Set();
  if (on_gone) on_gone();
  return more;
}

Task<std::string> InputPump::Receive() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (woken_) {
        // What has arrived stays for the next call: an empty result is how the caller learns of the wake-up.
        wanted_ = false;
        woken_ = false;
        co_return std::string();
      }
      if (!arrived_.empty() || ended_) {
        wanted_ = false;
        std::string result = std::move(arrived_);
        arrived_.clear();
        co_return result;
      }
      wanted_ = true;
    }
    ReadOn();
    co_await changed_.Wait();
  }
}

bool InputPump::Ended() const {
  MutexLock lock(mutex_);
  return ended_ && arrived_.empty();
}

void InputPump::Wake() {
  {
    MutexLock lock(mutex_);
    woken_ = true;
  }
  changed_.Set();
}

void InputPump::StartWatching(bool goodbye_seen, absl::AnyInvocable<void()> on_gone) {
  {
    MutexLock lock(mutex_);
    watching_ = true;
    goodbye_seen_ = goodbye_seen;
    on_gone_ = std::move(on_gone);
  }
  ReadOn();
}

void InputPump::StopWatching() {
  absl::AnyInvocable<void()> dropped;
  MutexLock lock(mutex_);
  watching_ = false;
  dropped = std::move(on_gone_);
  on_gone_ = nullptr;
}

}  // namespace tsd::net::pg
