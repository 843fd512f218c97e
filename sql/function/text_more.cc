// Text functions: concatenation, quoting, format, codes, md5, encodings.
#include <algorithm>
#include <cctype>

#include <absl/strings/escaping.h>

#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/text_form.h"
#include "sql/function/digest.h"
#include "sql/function/function_context.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"
#include "sql/function/text_value.h"
#include "sql/function/utf8.h"
#include "sql/function/variadic.h"
#include "sql/parse/keywords.h"

namespace tsd::sql {

std::string OutputText(const RowArgs& args, size_t i) {
  if (args.type(i).Physical() == PhysicalType::kBytes && (args.type(i).IsString() || args.type(i).Is(TypeId::kUnknown))) {
    return std::string(args.Text(i));
  }
  std::string text;
  FormatText(args.column(i), args.row, TextContextOf(args.context()), text);
  return text;
}

std::string CastText(const RowArgs& args, size_t i) {
  if (args.type(i).Is(TypeId::kBool)) return args.Bool(i) ? "true" : "false";
  std::string text = OutputText(args, i);
  if (args.type(i).Is(TypeId::kBpchar)) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
  }
  return text;
}

std::string QuoteLiteral(std::string_view text) {
  std::string result;
  if (text.find('\\') != std::string_view::npos) result += 'E';
  result += '\'';
  for (char c : text) {
    if (c == '\'' || c == '\\') result += c;
    result += c;
  }
  result += '\'';
  return result;
}

std::string QuoteIdentifier(std::string_view name) {
  bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  for (char c : name) plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  if (plain) {
    const parse::Keyword keyword = parse::FindKeyword(name);
    plain = keyword == parse::Keyword::kNotKeyword || parse::InfoOf(keyword).keyword_class == parse::KeywordClass::kUnreserved;
  }
  if (plain) return std::string(name);
  std::string result = "\"";
  for (char c : name) {
    if (c == '"') result += c;
    result += c;
  }
  result += '"';
  return result;
}

namespace {

// ---- concatenation ----
Status ConcatTexts(const RowArgs& a, Vector& out) { return PutText(out, StrCat(a.Text(0), a.Text(1))); }
Status ConcatAnyText(const RowArgs& a, Vector& out) { return PutText(out, StrCat(CastText(a, 0), a.Text(1))); }
Status ConcatTextAny(const RowArgs& a, Vector& out) { return PutText(out, StrCat(a.Text(0), CastText(a, 1))); }
Status Concat(const RowArgs& a, Vector& out) {
  std::string result;
  for (size_t i = 0; i < a.count(); ++i) {
    if (!a.IsNull(i)) result += OutputText(a, i);
  }
  return PutText(out, result);
}
Status ConcatWithSeparator(const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return PutNull(out);
  std::string result;
  bool first = true;
  for (size_t i = 1; i < a.count(); ++i) {
    if (a.IsNull(i)) continue;
    if (!first) result += a.Text(0);
    first = false;
    result += OutputText(a, i);
  }
  return PutText(out, result);
}

// ---- quoting ----
Status QuoteIdentRow(const RowArgs& a, Vector& out) { return PutText(out, QuoteIdentifier(a.Text(0))); }
Status QuoteLiteralRow(const RowArgs& a, Vector& out) { return PutText(out, QuoteLiteral(CastText(a, 0))); }
Status QuoteNullableRow(const RowArgs& a, Vector& out) {
  return PutText(out, a.IsNull(0) ? std::string("NULL") : QuoteLiteral(CastText(a, 0)));
}

// ---- format ----
struct FormatSpec {
  int64_t argument = 0;      // explicit position; 0 = next
  bool left = false;
  int64_t width = 0;
  int64_t width_argument = -1;  // -1 none, 0 next, else a position
  char type = 's';
};

Status BadSpec(std::string_view text) { return Error(sqlstate::kInvalidParameterValue, text); }

class Formatter {
 public:
  Formatter(const RowArgs& args, std::string& out) : args_(args), text_(args.Text(0)), out_(out) {}

  Status Run() {
    while (at_ < text_.size()) {
      if (text_[at_] != '%') {
        out_ += text_[at_++];
        continue;
      }
      ++at_;
      if (at_ < text_.size() && text_[at_] == '%') {
        out_ += text_[at_++];
        continue;
      }
      FormatSpec spec;
      RETURN_IF_ERROR(ReadSpec(spec));
      RETURN_IF_ERROR(Emit(spec));
    }
    return OkStatus();
  }

 private:
  static Status Unterminated() {
    return WithHint(BadSpec("unterminated format() type specifier"), "For a single \"%\" use \"%%\".");
  }
  bool Digits(int64_t* value) {
    const size_t start = at_;
    *value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && *value < 1'000'000'000) *value = *value * 10 + (text_[at_++] - '0');
    return at_ > start;
  }
  Status ReadSpec(FormatSpec& spec) {
    const size_t start = at_;
    int64_t number = 0;
    if (Digits(&number)) {
      if (at_ < text_.size() && text_[at_] == '$') {
        if (number == 0) return BadSpec("format specifies argument 0, but arguments are numbered from 1");
        spec.argument = number;
        ++at_;
      } else {
        at_ = start;
      }
    }
    while (at_ < text_.size() && text_[at_] == '-') {
      spec.left = true;
      ++at_;
    }
    if (at_ < text_.size() && text_[at_] == '*') {
      ++at_;
      spec.width_argument = 0;
      if (Digits(&number)) {
        if (at_ >= text_.size() || text_[at_] != '$') return BadSpec("width argument position must be ended by \"$\"");
        if (number == 0) return BadSpec("format specifies argument 0, but arguments are numbered from 1");
        spec.width_argument = number;
        ++at_;
      }
    } else if (Digits(&number)) {
      spec.width = number;
    }
    if (at_ >= text_.size()) return Unterminated();
    spec.type = text_[at_++];
    if (spec.type != 's' && spec.type != 'I' && spec.type != 'L') {
      return WithHint(BadSpec(StrCat("unrecognized format() type specifier \"", std::string(1, spec.type), "\"")),
                      "For a single \"%\" use \"%%\".");
    }
    return OkStatus();
  }
  StatusOr<size_t> Take(int64_t position) {
    const size_t index = position > 0 ? static_cast<size_t>(position) : next_;
    next_ = index + 1;
    if (index >= args_.count()) return BadSpec("too few arguments for format()");
    return index;
  }
  Status Emit(const FormatSpec& spec) {
    int64_t width = spec.width;
    bool left = spec.left;
    if (spec.width_argument >= 0) {
      ASSIGN_OR_RETURN(const size_t index, Take(spec.width_argument));
      width = 0;
      if (!args_.IsNull(index)) {
        ASSIGN_OR_RETURN(width, ParseInteger(TypeId::kInt32, OutputText(args_, index)));
      }
      if (width < 0) {
        left = true;
        width = -width;
      }
    }
    if (width > (1 << 24)) return BadSpec("number is out of range");
    ASSIGN_OR_RETURN(const size_t index, Take(spec.argument));
    std::string text;
    if (args_.IsNull(index)) {
      if (spec.type == 'I') return Error(sqlstate::kNullValueNotAllowed, "null values cannot be formatted as an SQL identifier");
      if (spec.type == 'L') text = "NULL";
    } else {
      text = OutputText(args_, index);
      if (spec.type == 'I') text = QuoteIdentifier(text);
      if (spec.type == 'L') text = QuoteLiteral(text);
    }
    const int64_t missing = width - static_cast<int64_t>(CharCount(text));
    const std::string padding(missing > 0 ? static_cast<size_t>(missing) : 0, ' ');
    out_ += left ? text + padding : padding + text;
    return OkStatus();
  }

  const RowArgs& args_;
  std::string_view text_;
  std::string& out_;
  size_t at_ = 0;
  size_t next_ = 1;
};

Status Format(const RowArgs& args, Vector& out) {
  if (args.IsNull(0)) return PutNull(out);
  std::string result;
  RETURN_IF_ERROR(Formatter(args, result).Run());
  return PutText(out, result);
}

// ---- codes ----
Status Ascii(const RowArgs& a, Vector& out) {
  return Put<int32_t>(out, a.Text(0).empty() ? 0 : static_cast<int32_t>(CodePointAt(a.Text(0), 0)));
}
Status Chr(const RowArgs& a, Vector& out) {
  const int32_t code = a.I32(0);
  if (code < 0) return Error(sqlstate::kInvalidParameterValue, "character number must be positive");
  if (code == 0) return Error(sqlstate::kProgramLimitExceeded, "null character not permitted");
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    return Error(sqlstate::kProgramLimitExceeded, StrCat("requested character too large for encoding: ", code));
  }
  std::string text;
  AppendCodePoint(static_cast<char32_t>(code), text);
  return PutText(out, text);
}
Status HexDigits(uint64_t value, Vector& out) { return PutText(out, std::string_view(StrCat(absl::Hex(value)))); }
Status ToHex32(const RowArgs& a, Vector& out) { return HexDigits(static_cast<uint32_t>(a.I32(0)), out); }
Status ToHex64(const RowArgs& a, Vector& out) { return HexDigits(static_cast<uint64_t>(a.I64(0)), out); }
Status Md5(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const std::string digest, Digest(DigestKind::kMd5, a.Text(0)));
  return PutText(out, absl::BytesToHexString(AbslView(digest)));
}
template <DigestKind kKind>
Status Sha(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const std::string digest, Digest(kKind, a.Text(0)));
  return PutText(out, digest);
}

// ---- encode, decode ----
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string EncodeBase64(std::string_view bytes) {
  std::string out;
  size_t line = 0;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? static_cast<uint8_t>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) out += k <= left ? kBase64[(group >> (18 - 6 * k)) & 63] : '=';
    line += 4;
    if (line >= 76 && i + 3 < bytes.size()) {
      out += '\n';
      line = 0;
    }
  }
  return out;
}

StatusOr<std::string> DecodeBase64(std::string_view text) {
  std::string out;
  uint32_t group = 0;
  int bits = 0;
  bool ended = false;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    if (c == '=') {
      ended = true;
      continue;
    }
    const size_t digit = kBase64.find(c);
    if (digit == std::string_view::npos || ended) {
      return Error(sqlstate::kInvalidParameterValue, StrCat("invalid symbol \"", std::string(1, c), "\" found while decoding base64 sequence"));
    }
    group = group << 6 | static_cast<uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((group >> bits) & 0xff);
    }
  }
  if (bits >= 6) {
    return WithHint(Error(sqlstate::kInvalidParameterValue, "invalid base64 end sequence"),
                    "Input data is missing padding, is truncated, or is otherwise corrupted.");
  }
  return out;
}

StatusOr<std::string> DecodeHex(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  int high = -1;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    const int value = digit(c);
    if (value < 0) return Error(sqlstate::kInvalidParameterValue, StrCat("invalid hexadecimal digit: \"", std::string(1, c), "\""));
    if (high < 0) {
      high = value;
    } else {
      out += static_cast<char>(high << 4 | value);
      high = -1;
    }
  }
  if (high >= 0) return Error(sqlstate::kInvalidParameterValue, "invalid hexadecimal data: odd number of digits");
  return out;
}

Status UnknownEncoding(std::string_view name) {
  return Error(sqlstate::kInvalidParameterValue, StrCat("unrecognized encoding: \"", name, "\""));
}

Status Encode(const RowArgs& a, Vector& out) {
  const std::string name = LowerText(a.Text(1));
  std::string text;
  if (name == "hex") {
    FormatBytea(a.Text(0), ByteaOutput::kHex, text);
    return PutText(out, std::string_view(text).substr(2));
  }
  if (name == "base64") return PutText(out, EncodeBase64(a.Text(0)));
  if (name != "escape") return UnknownEncoding(a.Text(1));
  for (char c : a.Text(0)) {
    const uint8_t byte = static_cast<uint8_t>(c);
    if (byte == 0 || byte >= 0x80) {
      text += '\\';
      for (int shift : {6, 3, 0}) text += static_cast<char>('0' + ((byte >> shift) & 7));
    } else {
      if (c == '\\') text += c;
      text += c;
    }
  }
  return PutText(out, text);
}

Status Decode(const RowArgs& a, Vector& out) {
  const std::string name = LowerText(a.Text(1));
  StatusOr<std::string> bytes = std::string();
  if (name == "hex") {
    bytes = DecodeHex(a.Text(0));
  } else if (name == "base64") {
    bytes = DecodeBase64(a.Text(0));
  } else if (name == "escape") {
    bytes = ParseBytea(a.Text(0));
  } else {
    return UnknownEncoding(a.Text(1));
  }
  return bytes.ok() ? PutText(out, *bytes) : bytes.status();
}


Status NotAnIdentifier(std::string_view text, std::string_view detail) {
  Status status = Error(sqlstate::kInvalidParameterValue, StrCat("string is not a valid identifier: \"", text, "\""));
  return detail.empty() ? status : WithDetail(std::move(status), detail);
}
bool IsIdentifierByte(char c, bool first) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalpha(byte) != 0 || c == '_' || byte >= 0x80 || (!first && (std::isdigit(byte) != 0 || c == '$'));
}
/// The parts of a qualified name; without `strict` anything may follow.
Status ParseIdent(const RowArgs& a, Vector& out) {
  const std::string_view text = a.Text(0);
  const bool strict = a.count() < 2 || a.Bool(1);
  auto parts = std::make_shared<Vector>(TypeId::kText);
  size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
  };
  while (true) {
    skip_spaces();
    std::string part;
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at >= text.size()) return NotAnIdentifier(text, "String has unclosed double quotes.");
        if (text[at] != '"') part += text[at];
        else if (at + 1 < text.size() && text[at + 1] == '"') part += text[at++];
        else break;
      }
      ++at;
      if (part.empty()) return NotAnIdentifier(text, "Quoted identifier must not be empty.");
    } else {
      for (; at < text.size() && IsIdentifierByte(text[at], part.empty()); ++at) part += static_cast<char>(std::tolower(static_cast<unsigned char>(text[at])));
      if (part.empty()) {
        const bool dot = at < text.size() && text[at] == '.';
        return NotAnIdentifier(text, dot ? "No valid identifier before \".\"." : parts->size() > 0 ? "No valid identifier after \".\"." : "");
      }
    }
    parts->AppendBytes(part);
    skip_spaces();
    if (at < text.size() && text[at] == '.') {
      ++at;
      continue;
    }
    if (at < text.size() && strict) return NotAnIdentifier(text, "");
    return PutText(out, ArrayValue::FromVector(std::move(parts)).Encode());
  }
}

}  // namespace

void RegisterTextMore(RegistryBuilder& builder) {
  builder.Row("||", "text,text", "text", ConcatTexts);
  builder.Row("||", "bytea,bytea", "bytea", ConcatTexts);
  Stable(builder.Row("||", "anynonarray,text", "text", ConcatAnyText));
  Stable(builder.Row("||", "text,anynonarray", "text", ConcatTextAny));
  DeclareVariadic<Concat>(builder, "concat", "", "text");
  DeclareVariadic<ConcatWithSeparator>(builder, "concat_ws", "text,", "text");
  builder.Row("quote_ident", "text", "text", QuoteIdentRow);
  builder.Row("quote_literal", "text", "text", QuoteLiteralRow);
  Stable(builder.Row("quote_literal", "anyelement", "text", QuoteLiteralRow));
  NotStrict(builder.Row("quote_nullable", "text", "text", QuoteNullableRow));
  Stable(NotStrict(builder.Row("quote_nullable", "anyelement", "text", QuoteNullableRow)));
  builder.Row("parse_ident", "text", "_text", ParseIdent);
  builder.Row("parse_ident", "text,bool", "_text", ParseIdent);
  Stable(NotStrict(builder.Row("format", "text", "text", Format)));
  DeclareVariadic<Format, NullArray::kHasNoElements>(builder, "format", "text,", "text");
  builder.Row("ascii", "text", "int4", Ascii);
  builder.Row("chr", "int4", "text", Chr);
  builder.Row("to_hex", "int4", "text", ToHex32);
  builder.Row("to_hex", "int8", "text", ToHex64);
  builder.Row("md5", "text", "text", Md5);
  builder.Row("md5", "bytea", "text", Md5);
  builder.Row("sha224", "bytea", "bytea", Sha<DigestKind::kSha224>);
  builder.Row("sha256", "bytea", "bytea", Sha<DigestKind::kSha256>);
  builder.Row("sha384", "bytea", "bytea", Sha<DigestKind::kSha384>);
  builder.Row("sha512", "bytea", "bytea", Sha<DigestKind::kSha512>);
  builder.Row("encode", "bytea,text", "text", Encode);
  builder.Row("decode", "text,text", "bytea", Decode);
}

}  // namespace tsd::sql
