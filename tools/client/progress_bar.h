#pragma once
// A progress bar on stderr for loading a file: bytes, rows, rows a second, time left. Draws at most ten times a second; draws nothing if
// stderr is no terminal. One thread.
#include <cstdint>

namespace tsd::client {

class ProgressBar {
 public:
  /// `total_bytes` 0: unknown (a pipe).
  explicit ProgressBar(uint64_t total_bytes);
  void Update(uint64_t bytes, uint64_t rows);
  /// Draws the last state and ends the line.
  void Finish(uint64_t bytes, uint64_t rows);
  double ElapsedSeconds() const;

 private:
  void Draw(uint64_t bytes, uint64_t rows, double seconds);

  uint64_t total_bytes_;
  double start_ = 0, last_drawn_ = 0;
  bool terminal_ = false;
};

}  // namespace tsd::client
