// Text functions: lengths, cases, parts, padding, trimming, search.
#include <algorithm>

#include "engine/base/strings.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

std::string_view WithoutTrailingBlanks(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// ---- lengths ----
Status Length(const RowArgs& a, Vector& out) { return Put<int32_t>(out, static_cast<int32_t>(CharCount(a.Text(0)))); }
Status BpcharLength(const RowArgs& a, Vector& out) {
  return Put<int32_t>(out, static_cast<int32_t>(CharCount(WithoutTrailingBlanks(a.Text(0)))));
}
Status OctetLength(const RowArgs& a, Vector& out) { return Put<int32_t>(out, static_cast<int32_t>(a.Text(0).size())); }
Status BitLength(const RowArgs& a, Vector& out) { return Put<int32_t>(out, static_cast<int32_t>(a.Text(0).size() * 8)); }

// ---- cases ----
Status Lower(const RowArgs& a, Vector& out) { return PutText(out, LowerText(a.Text(0))); }
Status Upper(const RowArgs& a, Vector& out) { return PutText(out, UpperText(a.Text(0))); }
Status InitCap(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  std::string result;
  bool inside = false;
  for (size_t at = 0; at < text.size(); at += CharLength(text, at)) {
    const char32_t code = CodePointAt(text, at);
    AppendCodePoint(inside ? ToLower(code) : ToUpper(code), result);
    inside = IsLetterOrDigit(code);
  }
  return PutText(out, result);
}

// ---- parts ----
Status SubstringFrom(const RowArgs& a, Vector& out) {
  const int32_t start = a.I32(1);
  return PutText(out, CharRange(a.Text(0), start > 1 ? static_cast<size_t>(start) - 1 : 0, SIZE_MAX));
}
Status SubstringFor(const RowArgs& a, Vector& out) {
  if (a.I32(2) < 0) return Error(sqlstate::kSubstringError, "negative substring length not allowed");
  const int64_t start = a.I32(1);
  const int64_t end = start + a.I32(2);
  if (end <= 1) return PutText(out, "");
  const int64_t first = std::max<int64_t>(start, 1);
  return PutText(out, CharRange(a.Text(0), static_cast<size_t>(first - 1), static_cast<size_t>(end - first)));
}
Status ByteSubstringFrom(const RowArgs& a, Vector& out) {
  const std::string_view bytes = a.Text(0);
  const int32_t start = a.I32(1);
  return PutText(out, bytes.substr(std::min(bytes.size(), start > 1 ? static_cast<size_t>(start) - 1 : 0)));
}
Status ByteSubstringFor(const RowArgs& a, Vector& out) {
  if (a.I32(2) < 0) return Error(sqlstate::kSubstringError, "negative substring length not allowed");
  const std::string_view bytes = a.Text(0);
  const int64_t end = std::min<int64_t>(static_cast<int64_t>(a.I32(1)) + a.I32(2) - 1, static_cast<int64_t>(bytes.size()));
  const int64_t first = std::max<int64_t>(a.I32(1), 1) - 1;
  return PutText(out, first < end ? bytes.substr(static_cast<size_t>(first), static_cast<size_t>(end - first)) : std::string_view());
}
Status Left(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  int64_t count = a.I32(1);
  if (count < 0) count = std::max<int64_t>(0, static_cast<int64_t>(CharCount(text)) + count);
  return PutText(out, CharRange(text, 0, static_cast<size_t>(count)));
}
Status Right(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  const int64_t count = a.I32(1);
  const int64_t length = static_cast<int64_t>(CharCount(text));
  const int64_t skip = count < 0 ? -count : std::max<int64_t>(0, length - count);
  return PutText(out, CharRange(text, static_cast<size_t>(std::min(skip, length)), SIZE_MAX));
}
Status Overlay(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  const std::string_view part = a.Text(1);
  const int64_t start = a.I32(2);
  if (start <= 0) return Error(sqlstate::kSubstringError, "negative substring length not allowed");
  const int64_t count = a.count() > 3 ? a.I32(3) : static_cast<int64_t>(CharCount(part));
  const int64_t tail = std::max<int64_t>(0, start - 1 + count);
  std::string result(CharRange(text, 0, static_cast<size_t>(start - 1)));
  result += part;
  result += CharRange(text, static_cast<size_t>(tail), SIZE_MAX);
  return PutText(out, result);
}
Status SplitPart(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  const std::string_view separator = a.Text(1);
  int64_t wanted = a.I32(2);
  if (wanted == 0) return Error(sqlstate::kInvalidParameterValue, "field position must not be zero");
  if (text.empty()) return PutText(out, "");
  if (separator.empty()) return PutText(out, wanted == 1 || wanted == -1 ? text : std::string_view());
  if (wanted < 0) {
    int64_t fields = 1;
    for (size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator, at + separator.size())) ++fields;
    wanted += fields + 1;
    if (wanted < 1) return PutText(out, "");
  }
  size_t begin = 0;
  while (true) {
    const size_t end = text.find(separator, begin);
    if (--wanted == 0) return PutText(out, text.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return PutText(out, "");
    begin = end + separator.size();
  }
}

// ---- search ----
Status Position(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  const size_t at = text.find(a.Text(1));
  return Put<int32_t>(out, at == std::string_view::npos ? 0 : static_cast<int32_t>(CharCount(text.substr(0, at))) + 1);
}
Status BytePosition(const RowArgs& a, Vector& out) {
  const size_t at = a.Text(0).find(a.Text(1));
  return Put<int32_t>(out, at == std::string_view::npos ? 0 : static_cast<int32_t>(at) + 1);
}
Status StartsWith(const RowArgs& a, Vector& out) { return PutBool(out, a.Text(0).starts_with(a.Text(1))); }

// ---- trimming, padding ----
enum Side : uint8_t { kLeft = 1, kRight = 2, kBoth = 3 };

bool ContainsChar(std::string_view set, std::string_view character) {
  for (size_t at = 0; at < set.size(); at += CharLength(set, at)) {
    if (set.substr(at, CharLength(set, at)) == character) return true;
  }
  return false;
}
std::string_view Trim(std::string_view text, std::string_view set, Side side) {
  while ((side & kLeft) != 0 && !text.empty()) {
    const size_t length = CharLength(text, 0);
    if (!ContainsChar(set, text.substr(0, length))) break;
    text.remove_prefix(length);
  }
  while ((side & kRight) != 0 && !text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && IsContinuation(text[at])) --at;
    if (!ContainsChar(set, text.substr(at))) break;
    text = text.substr(0, at);
  }
  return text;
}
template <Side kSide>
Status TrimBlanks(const RowArgs& a, Vector& out) { return PutText(out, Trim(a.Text(0), " ", kSide)); }
template <Side kSide>
Status TrimSet(const RowArgs& a, Vector& out) { return PutText(out, Trim(a.Text(0), a.Text(1), kSide)); }

constexpr int64_t kMaxText = int64_t{1} << 28;

Status TooLong() { return Error(sqlstate::kProgramLimitExceeded, "requested length too large"); }

template <Side kSide>
Status Pad(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  const std::string_view fill = a.count() > 2 ? a.Text(2) : std::string_view(" ");
  const int64_t wanted = std::max<int32_t>(a.I32(1), 0);
  const int64_t length = static_cast<int64_t>(CharCount(text));
  if (wanted <= length || fill.empty()) return PutText(out, CharRange(text, 0, static_cast<size_t>(wanted)));
  if (wanted > kMaxText) return TooLong();
  std::string padding;
  int64_t missing = wanted - length;
  while (missing > 0) {
    for (size_t at = 0; at < fill.size() && missing > 0; --missing) {
      const size_t size = CharLength(fill, at);
      padding += fill.substr(at, size);
      at += size;
    }
  }
  std::string result = kSide == kLeft ? padding + std::string(text) : std::string(text) + padding;
  return PutText(out, result);
}
Status Repeat(const RowArgs& a, Vector& out) {
  const int64_t count = std::max<int32_t>(a.I32(1), 0);
  const std::string_view text = a.Text(0);
  if (static_cast<int64_t>(text.size()) * count > kMaxText) return TooLong();
  std::string result;
  for (int64_t i = 0; i < count; ++i) result += text;
  return PutText(out, result);
}

// ---- changes ----
Status Reverse(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  std::string result(text.size(), ' ');
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharLength(text, at);
    std::copy_n(text.begin() + static_cast<ptrdiff_t>(at), length, result.end() - static_cast<ptrdiff_t>(at + length));
    at += length;
  }
  return PutText(out, result);
}
Status Replace(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  const std::string_view from = a.Text(1);
  if (from.empty()) return PutText(out, text);
  std::string result;
  size_t begin = 0;
  for (size_t at = text.find(from); at != std::string_view::npos; at = text.find(from, begin)) {
    result += text.substr(begin, at - begin);
    result += a.Text(2);
    begin = at + from.size();
  }
  result += text.substr(begin);
  return PutText(out, result);
}
Status Translate(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  const std::string_view from = a.Text(1);
  const std::string_view to = a.Text(2);
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const std::string_view character = text.substr(at, CharLength(text, at));
    at += character.size();
    size_t index = 0;
    bool found = false;
    for (size_t f = 0; f < from.size() && !found; f += CharLength(from, f)) {
      found = from.substr(f, CharLength(from, f)) == character;
      if (!found) ++index;
    }
    result += found ? CharRange(to, index, 1) : character;
  }
  return PutText(out, result);
}

}  // namespace

void RegisterText(RegistryBuilder& builder) {
  for (std::string_view name : {"length", "char_length", "character_length"}) {
    builder.Row(name, "text", "int4", Length);
    builder.Row(name, "bpchar", "int4", BpcharLength);
  }
  builder.Row("length", "bytea", "int4", OctetLength);
  for (std::string_view type : {"text", "bpchar", "bytea"}) builder.Row("octet_length", type, "int4", OctetLength);
  for (std::string_view type : {"text", "bytea"}) builder.Row("bit_length", type, "int4", BitLength);
  builder.Row("lower", "text", "text", Lower);
  builder.Row("upper", "text", "text", Upper);
  builder.Row("initcap", "text", "text", InitCap);
  for (std::string_view name : {"substr", "substring"}) {
    builder.Row(name, "text,int4", "text", SubstringFrom);
    builder.Row(name, "text,int4,int4", "text", SubstringFor);
    builder.Row(name, "bytea,int4", "bytea", ByteSubstringFrom);
    builder.Row(name, "bytea,int4,int4", "bytea", ByteSubstringFor);
  }
  builder.Row("left", "text,int4", "text", Left);
  builder.Row("right", "text,int4", "text", Right);
  builder.Row("overlay", "text,text,int4", "text", Overlay);
  builder.Row("overlay", "text,text,int4,int4", "text", Overlay);
  builder.Row("split_part", "text,text,int4", "text", SplitPart);
  builder.Row("position", "text,text", "int4", Position);
  builder.Row("strpos", "text,text", "int4", Position);
  builder.Row("position", "bytea,bytea", "int4", BytePosition);
  builder.Row("starts_with", "text,text", "bool", StartsWith);
  builder.Row("^@", "text,text", "bool", StartsWith);
  builder.Row("btrim", "text", "text", TrimBlanks<kBoth>);
  builder.Row("ltrim", "text", "text", TrimBlanks<kLeft>);
  builder.Row("rtrim", "text", "text", TrimBlanks<kRight>);
  builder.Row("btrim", "text,text", "text", TrimSet<kBoth>);
  builder.Row("ltrim", "text,text", "text", TrimSet<kLeft>);
  builder.Row("rtrim", "text,text", "text", TrimSet<kRight>);
  builder.Row("lpad", "text,int4", "text", Pad<kLeft>);
  builder.Row("lpad", "text,int4,text", "text", Pad<kLeft>);
  builder.Row("rpad", "text,int4", "text", Pad<kRight>);
  builder.Row("rpad", "text,int4,text", "text", Pad<kRight>);
  builder.Row("repeat", "text,int4", "text", Repeat);
  builder.Row("reverse", "text", "text", Reverse);
  builder.Row("replace", "text,text,text", "text", Replace);
  builder.Row("translate", "text,text,text", "text", Translate);
}

}  // namespace tsd::sql
