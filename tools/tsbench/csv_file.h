#pragma once
// A CSV file being written: rows are appended to a buffer that goes to the file by the megabyte. One thread.
#include <cstdio>
#include <string>

#include "engine/base/status.h"

namespace tsd::tsbench {

class CsvFile {
 public:
  /// "-" is stdout.
  static StatusOr<CsvFile> Create(const std::string& path);
  CsvFile(CsvFile&& other) noexcept;
  CsvFile& operator=(CsvFile&&) = delete;
  ~CsvFile();

  /// Append to this; then EndRow().
  std::string& row() { return buffer_; }
  void EndRow() {
    buffer_.push_back('\n');
    if (buffer_.size() >= kFlushBytes) Flush();
  }
  /// Fails if any write before has failed.
  Status Close();

 private:
  static constexpr size_t kFlushBytes = 1 << 20;
  CsvFile(FILE* file, std::string path) : file_(file), path_(std::move(path)) {}
  void Flush();

  FILE* file_;
  std::string path_, buffer_;
  int error_ = 0;
};

/// `scaled` / 10^decimals, as text.
void AppendDecimal(std::string* out, int64_t scaled, int decimals);

}  // namespace tsd::tsbench
