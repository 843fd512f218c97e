#include "net/pg/copy_csv_reader.h"

#include "net/pg/byte_scan.h"

namespace tsd::net::pg {
namespace {
constexpr std::string_view kEndMarker = "\\.";
}  // namespace

Status CopyCsvReader::Scan() {
  const std::string_view data = this->data();
  const char delimiter = dialect().delimiter;
  const char quote = dialect().quote;
  const char escape = dialect().escape;
  const size_t null_size = dialect().null_string.size();
  ByteScanner<5> scanner(data, {delimiter, '\n', '\r', quote, escape});
  size_t row_start = 0, field_start = 0;
  size_t skip = 0;
  size_t embedded = 0;
  bool in_quote = false;
  Quotes quotes = Quotes::kNone;
  for (size_t at = scanner.Next(); at < data.size(); at = scanner.Next()) {
    if (at < skip) continue;
    const char c = data[at];
    if (in_quote) {
      if (c == quote && quote == escape) {
        in_quote = false;  // a doubled quote leaves and enters again
      } else if (c == escape) {
        if (at + 1 == data.size()) break;
        if (data[at + 1] == quote || data[at + 1] == escape) skip = at + 2;
      } else if (c == quote) {
        in_quote = false;
      } else if (c == (line_end() == CopyLineEnd::kNewline ? '\n' : '\r')) {
        ++embedded;
      }
      continue;
    }
    if (c == delimiter) {
      if (quotes == Quotes::kNone && !forces_null_) {
        const std::string_view value = data.substr(field_start, at - field_start);
        AddField(value, value.size() == null_size && IsNullText(value));
      } else {
        TakeField(field_start, at, quotes);
      }
      field_start = at + 1;
      quotes = Quotes::kNone;
    } else if (c == quote) {
      in_quote = true;
      quotes = Quotes::kSome;
    } else if (c == '\n' || c == '\r') {
      const std::string_view row = data.substr(row_start, at - row_start);
      if (row == kEndMarker) RETURN_IF_ERROR(CheckMarkerEnd(c));
      ASSIGN_OR_RETURN(const size_t end_size, TakeLineEnd(at));
      if (row == kEndMarker) {
        StopReading();
        return OkStatus();
      }
      TakeField(field_start, at, quotes);
      RETURN_IF_ERROR(EndRow(row_start, at, embedded));
      row_start = field_start = skip = at + end_size;
      embedded = 0;
      quotes = Quotes::kNone;
    }
  }
  if (row_start < data.size()) {
    if (in_quote) {
      return FailRow(Error(sqlstate::kBadCopyFileFormat, "unterminated CSV quoted field"), data.substr(row_start),
                     line() + embedded);
    }
    TakeField(field_start, data.size(), quotes);
    RETURN_IF_ERROR(EndRow(row_start, data.size(), embedded));
  }
  return OkStatus();
}

void CopyCsvReader::TakeField(size_t begin, size_t end, Quotes quotes) {
  std::string_view value = data().substr(begin, end - begin);
  bool is_null = false;
  if (quotes == Quotes::kNone) {
    is_null = IsNullText(value);
  } else {
    value = Unquote(value, Arena());
  }
  const size_t column = field_count();
  if (is_null) {
    if (column < dialect().force_not_null.size() && dialect().force_not_null[column]) {
      is_null = false;
      value = dialect().null_string;
    }
  } else if (column < dialect().force_null.size() && dialect().force_null[column]) {
    is_null = IsNullText(value);
  }
  AddField(value, is_null);
}

std::string_view CopyCsvReader::Unquote(std::string_view raw, std::string& arena) const {
  const char quote = dialect().quote;
  const char escape = dialect().escape;
  const size_t start = arena.size();
  bool in_quote = false;
  for (size_t at = 0; at < raw.size(); ++at) {
    const char c = raw[at];
    if (!in_quote) {
      if (c == quote) {
        in_quote = true;
      } else {
        arena.push_back(c);
      }
    } else if (c == escape && at + 1 < raw.size() && (raw[at + 1] == escape || raw[at + 1] == quote)) {
      arena.push_back(raw[++at]);
    } else if (c == quote) {
      in_quote = false;
    } else {
      arena.push_back(c);
    }
  }
  return std::string_view(arena).substr(start);
}

Status CopyCsvReader::CheckMarkerEnd(char line_end_byte) {
  const bool wrong = (line_end() == CopyLineEnd::kNewline && line_end_byte == '\r') ||
                     (line_end() == CopyLineEnd::kReturn && line_end_byte == '\n');
  return wrong ? FailHere("end-of-copy marker does not match previous newline style", "", 0) : OkStatus();
}

}  // namespace tsd::net::pg
