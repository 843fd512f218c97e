#include "net/pg/copy_text_reader.h"

#include "engine/base/strings.h"
#include "net/pg/byte_scan.h"

namespace tsd::net::pg {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

}  // namespace

Status CopyTextReader::Scan() {
  const std::string_view data = this->data();
  const char delimiter = dialect().delimiter;
  ByteScanner<4> scanner(data, {delimiter, '\n', '\r', '\\', '\\'});
  size_t row_start = 0, field_start = 0;
  size_t skip = 0;  // specials before this have been dealt with
  Escapes escapes = Escapes::kNone;
  for (size_t at = scanner.Next(); at < data.size(); at = scanner.Next()) {
    if (at < skip) continue;
    const char c = data[at];
    if (c == delimiter) {
      TakeField(field_start, at, escapes);
      field_start = at + 1;
      escapes = Escapes::kNone;
      continue;
    }
    if (c == '\\') {
      if (at + 1 == data.size()) break;
      if (data[at + 1] == '.') {
        RETURN_IF_ERROR(CheckEndMarker(at));
        if (at > row_start) {
          TakeField(field_start, at, escapes);
          RETURN_IF_ERROR(EndRow(row_start, at, 0));
        }
        StopReading();
        return OkStatus();
      }
      escapes = Escapes::kSome;
      skip = at + 2;
      continue;
    }
    size_t end_size = 1;
    if (c != '\n' || line_end() != CopyLineEnd::kNewline) {
      ASSIGN_OR_RETURN(end_size, TakeLineEnd(at));
    }
    TakeField(field_start, at, escapes);
    RETURN_IF_ERROR(EndRow(row_start, at, 0));
    row_start = field_start = skip = at + end_size;
    escapes = Escapes::kNone;
  }
  if (row_start < data.size()) {
    // A backslash that is the very last byte stands for nothing; Unescape drops it.
    if (data.back() == '\\') escapes = Escapes::kSome;
    TakeField(field_start, data.size(), escapes);
    RETURN_IF_ERROR(EndRow(row_start, data.size(), 0));
  }
  return OkStatus();
}

void CopyTextReader::TakeField(size_t begin, size_t end, Escapes escapes) {
  std::string_view raw = data().substr(begin, end - begin);
  if (escapes == Escapes::kNone) {
    AddField(raw, !null_has_escape_ && IsNullText(raw));
  } else if (IsNullText(raw)) {
    AddField(raw, true);
  } else {
    AddField(Unescape(raw, Arena()), false);
  }
}

std::string_view CopyTextReader::Unescape(std::string_view raw, std::string& arena) {
  const size_t start = arena.size();
  bool made_bytes = false;  // \ooo or \xhh that is not plain ASCII
  for (size_t at = 0; at < raw.size();) {
    char c = raw[at++];
    if (c != '\\') {
      arena.push_back(c);
      continue;
    }
    if (at == raw.size()) break;
    c = raw[at++];
    switch (c) {
      case 'b': c = '\b'; break;
      case 'f': c = '\f'; break;
      case 'n': c = '\n'; break;
      case 'r': c = '\r'; break;
      case 't': c = '\t'; break;
      case 'v': c = '\v'; break;
      case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': {
        int value = c - '0';
        for (int more = 0; more < 2 && at < raw.size() && IsOctal(raw[at]); ++more) value = value * 8 + (raw[at++] - '0');
        c = static_cast<char>(value);
        made_bytes |= c <= 0;
        break;
      }
      case 'x':
        if (at < raw.size() && HexDigit(raw[at]) >= 0) {
          int value = HexDigit(raw[at++]);
          if (at < raw.size() && HexDigit(raw[at]) >= 0) value = value * 16 + HexDigit(raw[at++]);
          c = static_cast<char>(value);
          made_bytes |= c <= 0;
        }
        break;
      default:
        break;
    }
    arena.push_back(c);
  }
  const std::string_view result = std::string_view(arena).substr(start);
  if (made_bytes) RefuseRow(CheckUtf8(result));
  return result;
}

Status CopyTextReader::CheckEndMarker(size_t at) {
  size_t next = at + 2;
  const auto take = [this, &next] { return next < data().size() ? data()[next++] : '\0'; };
  if (line_end() == CopyLineEnd::kReturnNewline) {
    const char c = take();
    if (c == '\n') return FailHere("end-of-copy marker does not match previous newline style", "", 0);
    if (c != '\r') return FailHere("end-of-copy marker corrupt", "", 0);
  }
  const char c = take();
  if (c != '\r' && c != '\n') return FailHere("end-of-copy marker corrupt", "", 0);
  const bool wants_return = line_end() == CopyLineEnd::kReturn;
  if (line_end() != CopyLineEnd::kUnknown && (c == '\r') != wants_return) {
    return FailHere("end-of-copy marker does not match previous newline style", "", 0);
  }
  return OkStatus();
}

}  // namespace tsd::net::pg
