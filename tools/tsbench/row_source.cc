#include "tools/tsbench/row_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/strings.h"

namespace tsd::tsbench {

namespace {
constexpr size_t kBlockBytes = 1 << 18;
}

StatusOr<std::unique_ptr<RowSource>> RowSource::Open(const std::string& path) {
  FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
  if (file == nullptr) return Error(sqlstate::kUndefinedFile, StrCat(path, ": ", std::strerror(errno)));
  std::unique_ptr<RowSource> source(new RowSource(file));
  struct stat info {};
  if (::fstat(::fileno(file), &info) == 0 && S_ISREG(info.st_mode)) source->total_bytes_ = static_cast<uint64_t>(info.st_size);
  return source;
}

RowSource::~RowSource() {
  if (file_ != stdin) std::fclose(file_);
}

bool RowSource::Fill() {
  const size_t had = buffer_.size();
  buffer_.resize(had + kBlockBytes);
  buffer_.resize(had + std::fread(buffer_.data() + had, 1, kBlockBytes, file_));
  ended_ = buffer_.size() == had;
  return !ended_;
}

bool RowSource::StartsWithNames() {
  const std::lock_guard lock(mutex_);
  if (buffer_.empty()) Fill();
  const char first = buffer_.empty() ? '0' : buffer_[0];
  return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '"' || first == '_';
}

size_t RowSource::WholeRows(uint64_t max_rows, uint64_t* rows) const {
  *rows = 0;
  if (max_rows == 0 && std::memchr(buffer_.data(), '"', buffer_.size()) == nullptr) {
    const size_t last = buffer_.rfind('\n');
    if (last == std::string::npos) return 0;
    *rows = static_cast<uint64_t>(std::count(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(last) + 1, '\n'));
    return last + 1;
  }
  size_t whole = 0, at = 0;
  bool quoted = false;
  while (max_rows == 0 || *rows < max_rows) {
    const size_t end = buffer_.find('\n', at);
    if (end == std::string::npos) break;
    if (std::count(buffer_.begin() + static_cast<ptrdiff_t>(at), buffer_.begin() + static_cast<ptrdiff_t>(end), '"') % 2 != 0) quoted = !quoted;
    at = end + 1;
    if (quoted) continue;
    whole = at;
    ++*rows;
  }
  return whole;
}

StatusOr<std::string> RowSource::Take(uint64_t max_rows, uint64_t* rows) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return Error(sqlstate::kQueryCanceled, "another connection has failed");
  size_t size = 0;
  while (true) {
    size = WholeRows(max_rows, rows);
    if (size > 0 && (max_rows == 0 || *rows == max_rows)) break;
    if (ended_ || !Fill()) break;
  }
  if (size == 0 && !buffer_.empty()) {  // the file's last row lacks its line end
    size = buffer_.size();
    *rows = 1;
  }
  std::string piece = buffer_.substr(0, size);
  buffer_.erase(0, size);
  taken_bytes_ += piece.size();
  taken_rows_ += *rows;
  return piece;
}

}  // namespace tsd::tsbench
