#include "net/transport/asio_executor.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tsd::net {
namespace {

// The alarm's own clock.
using AlarmTime = boost::asio::steady_timer::time_point;

absl::Duration Now() { return absl::FromChrono(AlarmTime::clock::now().time_since_epoch()); }

}  // namespace

TimerId AsioExecutor::PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) {
  const absl::Duration due = Now() + std::clamp(delay, absl::ZeroDuration(), absl::Hours(24 * 365));
  MutexLock lock(mutex_);
  if (stopped_) return 0;
  const TimerId id = timers_.Add(due, std::move(task));
  SetAlarm();
  return id;
}

void AsioExecutor::SetAlarm() {
  const absl::Duration due = timers_.NextDue();
  if (due >= alarm_at_) return;
  alarm_at_ = due;
  alarm_.expires_at(AlarmTime(absl::ToChronoNanoseconds(due)));
  alarm_.async_wait([this](const boost::system::error_code& error) {
    if (!error) OnAlarm();
  });
}

void AsioExecutor::OnAlarm() {
  MutexLock lock(mutex_);
  const absl::Duration now = Now();
  while (std::optional<TimerQueue::Task> task = timers_.TakeDue(now)) workers_.Continue(*std::move(task));
  // One that was set anew as it went off comes here early; then nothing was due, and it is set again.
  alarm_at_ = absl::InfiniteDuration();
  if (!stopped_) SetAlarm();
}

void AsioExecutor::Cancel(TimerId timer) {
  std::optional<TimerQueue::Task> dropped;  // ends outside the mutex
  MutexLock lock(mutex_);
  dropped = timers_.Remove(timer);
}

void AsioExecutor::DropTimers() {
  std::vector<TimerQueue::Task> dropped;
  MutexLock lock(mutex_);
  stopped_ = true;
  dropped = timers_.TakeAll();
  alarm_.cancel();
}

}  // namespace tsd::net
