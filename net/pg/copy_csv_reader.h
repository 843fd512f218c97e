#pragma once
// COPY FROM in CSV format: quotes may begin anywhere in a field, quoted line ends are data, `\.` alone on a line ends the data.
#include <algorithm>

#include "net/pg/copy_line_reader.h"

namespace tsd::net::pg {

class CopyCsvReader final : public CopyLineReader {
 public:
  using CopyLineReader::CopyLineReader;

 private:
  Status Scan() override;
  enum class Quotes { kNone, kSome };
  void TakeField(size_t begin, size_t end, Quotes quotes);
  std::string_view Unquote(std::string_view raw, std::string& arena) const;
  /// An error if the line end after an end marker is of another kind than those before.
  Status CheckMarkerEnd(char line_end_byte);

  static bool Any(const std::vector<bool>& flags) { return std::find(flags.begin(), flags.end(), true) != flags.end(); }
  const bool forces_null_ = Any(dialect().force_not_null) || Any(dialect().force_null);  // of any column
};

}  // namespace tsd::net::pg
