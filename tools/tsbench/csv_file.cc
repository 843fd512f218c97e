#include "tools/tsbench/csv_file.h"

#include <cerrno>
#include <cstring>

#include "engine/base/strings.h"

namespace tsd::tsbench {

StatusOr<CsvFile> CsvFile::Create(const std::string& path) {
  FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "we");
  if (file == nullptr) return Error(sqlstate::kIoError, StrCat(path, ": ", std::strerror(errno)));
  return CsvFile(file, path);
}

CsvFile::CsvFile(CsvFile&& other) noexcept : file_(other.file_), path_(std::move(other.path_)), buffer_(std::move(other.buffer_)), error_(other.error_) {
  other.file_ = nullptr;
}

CsvFile::~CsvFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
}

void CsvFile::Flush() {
  if (error_ == 0 && std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) error_ = errno;
  buffer_.clear();
}

Status CsvFile::Close() {
  Flush();
  FILE* file = file_;
  file_ = nullptr;
  const bool closed = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
  if (error_ == 0 && !closed) error_ = errno;
  return error_ == 0 ? OkStatus() : Error(sqlstate::kIoError, StrCat(path_, ": ", std::strerror(error_)));
}

void AppendDecimal(std::string* out, int64_t scaled, int decimals) {
  int64_t unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  const uint64_t magnitude = scaled < 0 ? uint64_t{0} - static_cast<uint64_t>(scaled) : static_cast<uint64_t>(scaled);
  const uint64_t whole = magnitude / static_cast<uint64_t>(unit);
  const std::string digits = StrCat(magnitude % static_cast<uint64_t>(unit));
  StrAppend(out, scaled < 0 ? "-" : "", whole);
  if (decimals > 0) StrAppend(out, ".", std::string(static_cast<size_t>(decimals) - digits.size(), '0'), digits);
}

}  // namespace tsd::tsbench
