#pragma once
// COPY FROM in text format: fields end at the delimiter, a backslash takes away a byte's meaning or gives it another, `\.` ends the data.
#include "net/pg/copy_line_reader.h"

namespace tsd::net::pg {

class CopyTextReader final : public CopyLineReader {
 public:
  using CopyLineReader::CopyLineReader;

 private:
  Status Scan() override;
  enum class Escapes { kNone, kSome };
  void TakeField(size_t begin, size_t end, Escapes escapes);
  std::string_view Unescape(std::string_view raw, std::string& arena);
  /// An error if what follows the `\.` at `at` is no line end, or one of another kind than those before.
  Status CheckEndMarker(size_t at);

  const bool null_has_escape_ = dialect().null_string.find('\\') != std::string::npos;
};

}  // namespace tsd::net::pg
