#include "tools/client/progress_bar.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace tsd::client {
namespace {

double Now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

ProgressBar::ProgressBar(uint64_t total_bytes) : total_bytes_(total_bytes), start_(Now()), terminal_(::isatty(STDERR_FILENO) == 1) {}

double ProgressBar::ElapsedSeconds() const { return Now() - start_; }

void ProgressBar::Update(uint64_t bytes, uint64_t rows) {
  const double now = Now();
  if (!terminal_ || now - last_drawn_ < 0.1) return;
  last_drawn_ = now;
  Draw(bytes, rows, now - start_);
}

void ProgressBar::Finish(uint64_t bytes, uint64_t rows) {
  if (!terminal_) return;
  Draw(bytes, rows, ElapsedSeconds());
  std::fputc('\n', stderr);
}

void ProgressBar::Draw(uint64_t bytes, uint64_t rows, double seconds) {
  constexpr int kWidth = 24;
  const double rate = seconds > 0 ? static_cast<double>(rows) / seconds : 0;
  std::fputc('\r', stderr);
  if (total_bytes_ > 0) {
    const double share = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total_bytes_));
    const int filled = static_cast<int>(share * kWidth);
    const double left = share > 0 ? seconds / share - seconds : 0;
    std::fprintf(stderr, "[%s%s] %3.0f%%  %.1f/%.1f MB  %llu rows  %.0f rows/s  %d:%02d left ", std::string(filled, '#').c_str(),
                 std::string(kWidth - filled, '.').c_str(), share * 100, static_cast<double>(bytes) / 1e6, static_cast<double>(total_bytes_) / 1e6,
                 static_cast<unsigned long long>(rows), rate, static_cast<int>(left) / 60, static_cast<int>(left) % 60);
  } else {
    std::fprintf(stderr, "%.1f MB  %llu rows  %.0f rows/s ", static_cast<double>(bytes) / 1e6, static_cast<unsigned long long>(rows), rate);
  }
  std::fputs("\033[K", stderr);
  std::fflush(stderr);
}

}  // namespace tsd::client
