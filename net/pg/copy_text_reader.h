#pragma once
// COPY FROM in text format: fields end at the delimiter, a backslash takes away a byte's meaning or gives it another, `\.` ends the data.
#include "net/pg/copy_line_reader.h"

namespace tsd::net::pg {

class CopyTextReader final : public CopyLineReader {
 public:
  CopyTextReader(CopyDialect dialect, CopyColumns columns, const TextContext* context, size_t scan_bytes);

 private:
  StatusOr<size_t> Scan(std::string_view data, bool final) override;
  enum class Escapes { kNone, kSome };
  void TakeField(std::string_view data, size_t begin, size_t end, Escapes escapes);
  std::string_view Unescape(std::string_view raw, std::string& arena);
  /// A `\.` at `at`: true if it ends the data, false if more bytes are needed to tell.
  StatusOr<bool> TakeEndMarker(std::string_view data, size_t at, bool final);

  const bool null_has_escape_;
};

}  // namespace tsd::net::pg
