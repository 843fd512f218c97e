// Bytes and bits of bytea, and unistr.
#include <algorithm>
#include <bit>

#include "engine/base/strings.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

Status OutsideRange(int64_t index, int64_t size) {
  return Error(sqlstate::kArraySubscriptError, StrCat("index ", index, " out of valid range, 0..", size - 1));
}

Status GetByte(const RowArgs& a, Vector& out) {
  const std::string_view bytes = a.Text(0);
  const int32_t index = a.I32(1);
  if (index < 0 || static_cast<size_t>(index) >= bytes.size()) return OutsideRange(index, static_cast<int64_t>(bytes.size()));
  return Put<int32_t>(out, static_cast<uint8_t>(bytes[static_cast<size_t>(index)]));
}
Status SetByte(const RowArgs& a, Vector& out) {
  std::string bytes(a.Text(0));
  const int32_t index = a.I32(1);
  if (index < 0 || static_cast<size_t>(index) >= bytes.size()) return OutsideRange(index, static_cast<int64_t>(bytes.size()));
  bytes[static_cast<size_t>(index)] = static_cast<char>(a.I32(2));
  return PutText(out, bytes);
}
Status GetBit(const RowArgs& a, Vector& out) {
  const std::string_view bytes = a.Text(0);
  const int64_t index = a.I64(1);
  if (index < 0 || static_cast<size_t>(index) >= bytes.size() * 8) return OutsideRange(index, static_cast<int64_t>(bytes.size()) * 8);
  return Put<int32_t>(out, static_cast<uint8_t>(bytes[static_cast<size_t>(index / 8)]) >> (index % 8) & 1);
}
Status SetBit(const RowArgs& a, Vector& out) {
  std::string bytes(a.Text(0));
  const int64_t index = a.I64(1);
  if (index < 0 || static_cast<size_t>(index) >= bytes.size() * 8) return OutsideRange(index, static_cast<int64_t>(bytes.size()) * 8);
  if (a.I32(2) != 0 && a.I32(2) != 1) return Error(sqlstate::kInvalidParameterValue, "new bit must be 0 or 1");
  const int mask = 1 << (index % 8);
  char& byte = bytes[static_cast<size_t>(index / 8)];
  byte = static_cast<char>(a.I32(2) == 1 ? byte | mask : byte & ~mask);
  return PutText(out, bytes);
}
Status BitCount(const RowArgs& a, Vector& out) {
  int64_t count = 0;
  for (char c : a.Text(0)) count += std::popcount(static_cast<uint8_t>(c));
  return Put<int64_t>(out, count);
}

enum class Side : uint8_t { kLeft = 1, kRight = 2, kBoth = 3 };
template <Side kSide>
Status TrimBytes(const RowArgs& a, Vector& out) {
  std::string_view bytes = a.Text(0);
  const std::string_view set = a.Text(1);
  const auto in_set = [&](char c) { return set.find(c) != std::string_view::npos; };
  if (kSide != Side::kRight) {
    while (!bytes.empty() && in_set(bytes.front())) bytes.remove_prefix(1);
  }
  if (kSide != Side::kLeft) {
    while (!bytes.empty() && in_set(bytes.back())) bytes.remove_suffix(1);
  }
  return PutText(out, bytes);
}

/// unistr('\0041', '\+000041', '\u0041', '\U00000041').
Status Unistr(const RowArgs& a, Vector& out) {
  const auto bad = [] {
    return WithHint(Error(sqlstate::kSyntaxError, "invalid Unicode escape"), "Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.");
  };
  const std::string_view text = a.Text(0);
  std::string result;
  uint32_t first_half = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      if (first_half != 0) return Error(sqlstate::kSyntaxError, "invalid Unicode surrogate pair");
      result += text[at++];
      continue;
    }
    if (at + 1 < text.size() && text[at + 1] == '\\') {
      if (first_half != 0) return Error(sqlstate::kSyntaxError, "invalid Unicode surrogate pair");
      result += '\\';
      at += 2;
      continue;
    }
    const char kind = at + 1 < text.size() ? text[at + 1] : '\0';
    const size_t skip = kind == '+' || kind == 'u' || kind == 'U' ? 2 : 1;
    const size_t length = kind == '+' ? 6 : kind == 'U' ? 8 : 4;
    if (at + skip + length > text.size()) return bad();
    uint32_t code = 0;
    for (char c : text.substr(at + skip, length)) {
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) return bad();
      code = code << 4 | static_cast<uint32_t>(digit);
    }
    at += skip + length;
    if (first_half != 0) {
      if (code < 0xDC00 || code > 0xDFFF) return Error(sqlstate::kSyntaxError, "invalid Unicode surrogate pair");
      code = 0x10000 + ((first_half - 0xD800) << 10) + (code - 0xDC00);
      first_half = 0;
    } else if (code >= 0xD800 && code <= 0xDBFF) {
      first_half = code;
      continue;
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return Error(sqlstate::kSyntaxError, "invalid Unicode surrogate pair");
    }
    if (code == 0 || code > 0x10FFFF) return Error(sqlstate::kInvalidParameterValue, StrCat("invalid Unicode code point: ", text.substr(at - length, length)));
    AppendCodePoint(static_cast<char32_t>(code), result);
  }
  if (first_half != 0) return Error(sqlstate::kSyntaxError, "invalid Unicode surrogate pair");
  return PutText(out, result);
}

Status OverlayBytes(const RowArgs& a, Vector& out) {
  const std::string_view bytes = a.Text(0);
  const std::string_view part = a.Text(1);
  const int64_t start = a.I32(2);
  if (start <= 0) return Error(sqlstate::kSubstringError, "negative substring length not allowed");
  const int64_t count = a.count() > 3 ? a.I32(3) : static_cast<int64_t>(part.size());
  const size_t tail = static_cast<size_t>(std::clamp<int64_t>(start - 1 + count, 0, static_cast<int64_t>(bytes.size())));
  return PutText(out, StrCat(bytes.substr(0, static_cast<size_t>(start - 1)), part, bytes.substr(tail)));
}

}  // namespace

void RegisterBytea(RegistryBuilder& builder) {
  builder.Row("get_byte", "bytea,int4", "int4", GetByte);
  builder.Row("set_byte", "bytea,int4,int4", "bytea", SetByte);
  builder.Row("get_bit", "bytea,int8", "int4", GetBit);
  builder.Row("set_bit", "bytea,int8,int4", "bytea", SetBit);
  builder.Row("bit_count", "bytea", "int8", BitCount);
  builder.Row("btrim", "bytea,bytea", "bytea", TrimBytes<Side::kBoth>);
  builder.Row("ltrim", "bytea,bytea", "bytea", TrimBytes<Side::kLeft>);
  builder.Row("rtrim", "bytea,bytea", "bytea", TrimBytes<Side::kRight>);
  builder.Row("overlay", "bytea,bytea,int4", "bytea", OverlayBytes);
  builder.Row("overlay", "bytea,bytea,int4,int4", "bytea", OverlayBytes);
  builder.Row("unistr", "text", "text", Unistr);
}

}  // namespace tsd::sql
