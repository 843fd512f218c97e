// Text of string-like types: varchar and char lengths, UTF-8, bytea, uuid, pg_lsn, inet.
#include <arpa/inet.h>

#include "engine/base/ascii.h"
#include "engine/base/strings.h"
#include "engine/types/text_form.h"

namespace tsd {
namespace {

constexpr size_t kNameBytes = 63;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Status InvalidString(std::string_view type, std::string_view text) {
  return Error(sqlstate::kInvalidTextRepresentation, StrCat("invalid input syntax for type ", type, ": \"", text, "\""));
}

/// Bytes a character takes by its first byte (1 for a bad one).
size_t SequenceLength(uint8_t lead) {
  if (lead < 0x80) return 1;
  if ((lead & 0xe0) == 0xc0) return 2;
  if ((lead & 0xf0) == 0xe0) return 3;
  if ((lead & 0xf8) == 0xf0) return 4;
  return 1;
}

bool IsLegalSequence(const uint8_t* at, size_t length, size_t available) {
  if (length > available) return false;
  const uint8_t lead = at[0];
  if (length == 1) return lead < 0x80 && lead != 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at[i] & 0xc0) != 0x80) return false;
  }
  switch (lead) {
    case 0xe0: return at[1] >= 0xa0;             // overlong
    case 0xed: return at[1] <= 0x9f;             // surrogates
    case 0xf0: return at[1] >= 0x90;             // overlong
    case 0xf4: return at[1] <= 0x8f;             // beyond U+10FFFF
    default: return lead >= 0xc2 && lead <= 0xf4;
  }
}

/// The longest prefix of at most `characters` characters.
std::string_view Utf8Prefix(std::string_view text, size_t characters) {
  size_t at = 0;
  while (at < text.size() && characters > 0) {
    at += SequenceLength(static_cast<uint8_t>(text[at]));
    --characters;
  }
  return text.substr(0, std::min(at, text.size()));
}

/// The longest prefix of at most `bytes` bytes that does not split a character.
std::string_view ClipBytes(std::string_view text, size_t bytes) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t next = at + SequenceLength(static_cast<uint8_t>(text[at]));
    if (next > bytes) break;
    at = next;
  }
  return text.substr(0, std::min(at, text.size()));
}

Status TooLong(DataType type) {
  return Error(sqlstate::kStringDataRightTruncation, StrCat("value too long for type ", TypeName(type.Element())));
}

StatusOr<std::string> ParseHexBytea(std::string_view digits) {
  std::string result;
  result.reserve(digits.size() / 2);
  for (size_t i = 0; i < digits.size();) {
    if (IsBlank(digits[i])) {
      ++i;
      continue;
    }
    const int high = HexDigit(digits[i]);
    if (high < 0) {
      return Error(sqlstate::kInvalidParameterValue, StrCat("invalid hexadecimal digit: \"", digits.substr(i, SequenceLength(static_cast<uint8_t>(digits[i]))), "\""));
    }
    if (i + 1 >= digits.size()) return Error(sqlstate::kInvalidParameterValue, "invalid hexadecimal data: odd number of digits");
    const int low = HexDigit(digits[i + 1]);
    if (low < 0) {
      return Error(sqlstate::kInvalidParameterValue, StrCat("invalid hexadecimal digit: \"", digits.substr(i + 1, SequenceLength(static_cast<uint8_t>(digits[i + 1]))), "\""));
    }
    result += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return result;
}

bool IsOctal(char c, char highest) { return c >= '0' && c <= highest; }

}  // namespace

Status CheckUtf8(std::string_view text) {
  const auto* at = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = at + text.size();
  while (at != end) {
    // Eight ASCII bytes at a time: no high bit, no zero byte.
    while (end - at >= 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      constexpr uint64_t kHighBits = 0x8080808080808080ULL;
      if (((word | (word - 0x0101010101010101ULL)) & kHighBits) != 0) break;
      at += 8;
    }
    if (at == end) break;
    const size_t length = SequenceLength(*at);
    const size_t available = static_cast<size_t>(end - at);
    if (!IsLegalSequence(at, length, available)) {
      std::string bytes;
      static constexpr char kDigits[] = "0123456789abcdef";
      for (size_t i = 0; i < std::min(length, available); ++i) {
        if (i != 0) bytes += ' ';
        bytes += "0x";
        bytes += kDigits[at[i] >> 4];
        bytes += kDigits[at[i] & 15];
      }
      return Error(sqlstate::kCharacterNotInRepertoire, StrCat("invalid byte sequence for encoding \"UTF8\": ", bytes));
    }
    at += length;
  }
  return OkStatus();
}

size_t Utf8Length(std::string_view text) {
  size_t count = 0;
  for (char c : text) count += (static_cast<uint8_t>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

Status ApplyStringTypmod(DataType type, std::string_view text, LengthRule rule, std::string& out) {
  if (type.id == TypeId::kName) {
    out.assign(text.size() > kNameBytes ? ClipBytes(text, kNameBytes) : text);
    return OkStatus();
  }
  if (type.id == TypeId::kChar) {
    out.assign(text.substr(0, 1));
    return OkStatus();
  }
  const bool limited = (type.id == TypeId::kVarchar || type.id == TypeId::kBpchar) && type.typmod >= 4;
  if (!limited) {
    out.assign(text);
    return OkStatus();
  }
  const size_t limit = static_cast<size_t>(type.typmod - 4);
  // Bytes bound characters from above, so short values need no counting.
  const size_t length = text.size() <= limit && type.id == TypeId::kVarchar ? text.size() : Utf8Length(text);
  if (length > limit) {
    const std::string_view kept = Utf8Prefix(text, limit);
    const std::string_view rest = text.substr(kept.size());
    if (rule == LengthRule::kReject && rest.find_first_not_of(' ') != std::string_view::npos) return TooLong(type);
    out.assign(kept);
    return OkStatus();
  }
  out.assign(text);
  if (type.id == TypeId::kBpchar) out.append(limit - length, ' ');
  return OkStatus();
}

StatusOr<std::string> ParseBytea(std::string_view text) {
  if (text.size() >= 2 && text[0] == '\\' && text[1] == 'x') return ParseHexBytea(text.substr(2));
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      result += text[i++];
    } else if (i + 3 < text.size() && IsOctal(text[i + 1], '3') && IsOctal(text[i + 2], '7') && IsOctal(text[i + 3], '7')) {
      result += static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0'));
      i += 4;
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      result += '\\';
      i += 2;
    } else {
      return Error(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type bytea");
    }
  }
  return result;
}

void FormatBytea(std::string_view bytes, ByteaOutput style, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  if (style == ByteaOutput::kHex) {
    const size_t at = out.size();
    out.resize(at + 2 + bytes.size() * 2);
    char* target = out.data() + at;
    *target++ = '\\';
    *target++ = 'x';
    for (char c : bytes) {
      *target++ = kDigits[static_cast<uint8_t>(c) >> 4];
      *target++ = kDigits[static_cast<uint8_t>(c) & 15];
    }
    return;
  }
  for (char c : bytes) {
    const uint8_t byte = static_cast<uint8_t>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (byte < 0x20 || byte > 0x7e) {
      out += '\\';
      out += static_cast<char>('0' + (byte >> 6));
      out += static_cast<char>('0' + (byte >> 3 & 7));
      out += static_cast<char>('0' + (byte & 7));
    } else {
      out += c;
    }
  }
}

StatusOr<Uuid> ParseUuid(std::string_view text) {
  std::string_view rest = text;
  const bool braces = !rest.empty() && rest[0] == '{';
  if (braces) rest.remove_prefix(1);
  Uuid uuid;
  size_t at = 0;
  for (size_t i = 0; i < 16; ++i) {
    if (at + 1 >= rest.size()) return InvalidString("uuid", text);
    const int high = HexDigit(rest[at]);
    const int low = HexDigit(rest[at + 1]);
    if (high < 0 || low < 0) return InvalidString("uuid", text);
    uuid.bytes[i] = static_cast<uint8_t>(high << 4 | low);
    at += 2;
    // A hyphen may follow every fourth digit.
    if (i % 2 == 1 && i < 15 && at < rest.size() && rest[at] == '-') ++at;
  }
  if (braces) {
    if (at >= rest.size() || rest[at] != '}') return InvalidString("uuid", text);
    ++at;
  }
  if (at != rest.size()) return InvalidString("uuid", text);
  return uuid;
}

void FormatUuid(const Uuid& uuid, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char buffer[36];
  char* at = buffer;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    *at++ = kDigits[uuid.bytes[i] >> 4];
    *at++ = kDigits[uuid.bytes[i] & 15];
  }
  out.append(buffer, sizeof(buffer));
}

StatusOr<uint64_t> ParseLsn(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return InvalidString("pg_lsn", text);
  uint64_t parts[2] = {0, 0};
  const std::string_view words[2] = {text.substr(0, slash), text.substr(slash + 1)};
  for (int i = 0; i < 2; ++i) {
    if (words[i].empty() || words[i].size() > 8) return InvalidString("pg_lsn", text);
    for (char c : words[i]) {
      const int digit = HexDigit(c);
      if (digit < 0) return InvalidString("pg_lsn", text);
      parts[i] = parts[i] << 4 | static_cast<uint64_t>(digit);
    }
  }
  return parts[0] << 32 | parts[1];
}

void FormatLsn(uint64_t lsn, std::string& out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const auto append_hex = [&out](uint32_t value) {
    char buffer[8];
    int at = 8;
    do {
      buffer[--at] = kDigits[value & 15];
      value >>= 4;
    } while (value != 0);
    out.append(buffer + at, static_cast<size_t>(8 - at));
  };
  append_hex(static_cast<uint32_t>(lsn >> 32));
  out += '/';
  append_hex(static_cast<uint32_t>(lsn));
}

StatusOr<std::string> ParseInet(std::string_view text) {
  const std::string_view word = Trim(text);
  const size_t slash = word.find('/');
  const std::string address(word.substr(0, slash));
  const bool six = address.find(':') != std::string::npos;
  uint8_t bytes[16];
  if (address.find('\0') != std::string::npos || inet_pton(six ? AF_INET6 : AF_INET, address.c_str(), bytes) != 1) {
    return InvalidString("inet", text);
  }
  const int full = six ? 128 : 32;
  int bits = full;
  if (slash != std::string_view::npos) {
    const std::string_view mask = word.substr(slash + 1);
    if (mask.empty() || mask.size() > 3) return InvalidString("inet", text);
    bits = 0;
    for (char c : mask) {
      if (c < '0' || c > '9') return InvalidString("inet", text);
      bits = bits * 10 + (c - '0');
    }
    if (bits > full) return InvalidString("inet", text);
  }
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(six ? AF_INET6 : AF_INET, bytes, buffer, sizeof(buffer));
  std::string result(buffer);
  if (bits != full) StrAppend(&result, "/", bits);
  return result;
}

}  // namespace tsd
