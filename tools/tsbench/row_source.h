#pragma once
// A CSV file handed out to several loading threads in pieces of whole rows. A row may hold line ends between quotes. All threads may call.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

#include "engine/base/status.h"

namespace tsd::tsbench {

class RowSource {
 public:
  /// "-" is stdin.
  static StatusOr<std::unique_ptr<RowSource>> Open(const std::string& path);
  ~RowSource();
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;

  /// True if the first line names columns: its first field does not begin with a digit.
  bool StartsWithNames();
  /// Some whole rows, at most `max_rows` (0: as many as fit a block); empty at the end. `*rows` says how many.
  StatusOr<std::string> Take(uint64_t max_rows, uint64_t* rows);
  /// From now on Take fails: another thread has.
  void Stop() { stopped_ = true; }

  uint64_t total_bytes() const { return total_bytes_; }  // 0: unknown
  uint64_t taken_bytes() const { return taken_bytes_; }
  uint64_t taken_rows() const { return taken_rows_; }

 private:
  explicit RowSource(FILE* file) : file_(file) {}
  bool Fill();
  /// Bytes of the first rows in the buffer, at most `max_rows`; 0 if there is no whole row.
  size_t WholeRows(uint64_t max_rows, uint64_t* rows) const;

  FILE* file_;
  std::mutex mutex_;
  std::string buffer_;
  bool ended_ = false;
  uint64_t total_bytes_ = 0;
  std::atomic<bool> stopped_ = false;
  std::atomic<uint64_t> taken_bytes_ = 0, taken_rows_ = 0;
};

}  // namespace tsd::tsbench
