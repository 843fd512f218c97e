// Text form of arrays.
#include <limits>

#include "engine/base/ascii.h"
#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/text_form.h"

namespace tsd {
namespace {


bool IsNullWord(std::string_view text) {
  static constexpr std::string_view kNull = "null";
  if (text.size() != kNull.size()) return false;
  for (size_t i = 0; i < kNull.size(); ++i) {
    if ((text[i] | 0x20) != kNull[i]) return false;
  }
  return true;
}

/// One pass over the literal: nesting fixes the dimensions, elements go to a vector as they are read.
class ArrayReader {
 public:
  ArrayReader(DataType element, std::string_view text, const TextContext& context)
      : text_(text), context_(context), elements_(std::make_shared<Vector>(element)) {}

  StatusOr<ArrayValue> Read();

 private:
  Status Malformed(std::string_view detail) const {
    return WithDetail(Error(sqlstate::kInvalidTextRepresentation, StrCat("malformed array literal: \"", text_, "\"")), detail);
  }
  Status EndedEarly() const { return Malformed("Unexpected end of input."); }
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  Status ReadBounds();
  bool ReadBound(int32_t* bound);
  Status ReadLevel(int depth);
  Status ReadElement();
  Status ReadQuoted(std::string& value);

  std::string_view text_;
  const TextContext& context_;
  size_t at_ = 0;
  std::shared_ptr<Vector> elements_;
  std::vector<ArrayDimension> given_;  // "[l:u]..." before '='
  std::vector<int32_t> lengths_;       // by depth; -1 = not known yet
  int element_depth_ = -1;             // depth at which elements stand
};

bool ArrayReader::ReadBound(int32_t* bound) {
  const size_t start = at_;
  if (Peek() == '-' || Peek() == '+') ++at_;
  while (Peek() >= '0' && Peek() <= '9') ++at_;
  const StatusOr<int64_t> value = ParseInteger(TypeId::kInt32, text_.substr(start, at_ - start));
  if (!value.ok()) return false;
  *bound = static_cast<int32_t>(*value);
  return true;
}

Status ArrayReader::ReadBounds() {
  while (Peek() == '[') {
    if (given_.size() == ArrayValue::kMaxDimensions) {
      return Error(sqlstate::kProgramLimitExceeded, "number of array dimensions exceeds the maximum allowed (6)");
    }
    ++at_;
    int32_t low = 1, high;
    if (!ReadBound(&high)) return Malformed("\"[\" must introduce explicitly-specified array dimensions.");
    if (Peek() == ':') {
      ++at_;
      low = high;
      if (!ReadBound(&high)) return Malformed("Missing array dimension value.");
    }
    if (Peek() != ']') return Malformed("Missing \"]\" after array dimensions.");
    ++at_;
    if (high < low) return Error(sqlstate::kArraySubscriptError, "upper bound cannot be less than lower bound");
    const int64_t length = int64_t{high} - low + 1;
    if (length > static_cast<int64_t>(ArrayValue::kMaxElements) || high == std::numeric_limits<int32_t>::max()) {
      return Error(sqlstate::kProgramLimitExceeded, "array size exceeds the maximum allowed (134217727)");
    }
    given_.push_back({static_cast<int32_t>(length), low});
    SkipBlanks();
  }
  if (!given_.empty()) {
    if (Peek() != '=') return Malformed("Missing \"=\" after array dimensions.");
    ++at_;
    SkipBlanks();
  }
  return OkStatus();
}

Status ArrayReader::ReadQuoted(std::string& value) {
  ++at_;
  while (true) {
    if (at_ >= text_.size()) return EndedEarly();
    const char c = text_[at_++];
    if (c == '"') return OkStatus();
    if (c == '\\') {
      if (at_ >= text_.size()) return EndedEarly();
      value += text_[at_++];
    } else {
      value += c;
    }
  }
}

Status ArrayReader::ReadElement() {
  std::string value;
  bool plain = true;  // neither quoted nor escaped: may be NULL
  size_t keep = 0;    // bytes that trailing blanks are not cut from
  if (Peek() == '"') {
    RETURN_IF_ERROR(ReadQuoted(value));
    plain = false;
    keep = value.size();
    SkipBlanks();
    if (Peek() != ',' && Peek() != '}') {
      if (at_ >= text_.size()) return EndedEarly();
      return Malformed("Unexpected array element.");
    }
  } else {
    while (true) {
      if (at_ >= text_.size()) return EndedEarly();
      const char c = Peek();
      if (c == ',' || c == '}') break;
      if (c == '"') return Malformed("Unexpected array element.");
      if (c == '{') return Malformed("Unexpected \"{\" character.");
      ++at_;
      if (c == '\\') {
        if (at_ >= text_.size()) return EndedEarly();
        value += text_[at_++];
        plain = false;
        keep = value.size();
      } else {
        value += c;
      }
    }
    while (value.size() > keep && IsBlank(value.back())) value.pop_back();
    if (value.empty()) return Malformed(StrCat("Unexpected \"", std::string(1, Peek()), "\" character."));
  }
  if (elements_->size() >= ArrayValue::kMaxElements) {
    return Error(sqlstate::kProgramLimitExceeded, "array size exceeds the maximum allowed (134217727)");
  }
  if (plain && IsNullWord(value)) {
    elements_->AppendNull();
    return OkStatus();
  }
  return ParseText(elements_->type(), value, context_, *elements_);
}

/// At '{' of nesting `depth`.
Status ArrayReader::ReadLevel(int depth) {
  constexpr std::string_view kRagged = "Multidimensional arrays must have sub-arrays with matching dimensions.";
  if (depth >= ArrayValue::kMaxDimensions) {
    return Error(sqlstate::kProgramLimitExceeded, "number of array dimensions exceeds the maximum allowed (6)");
  }
  if (lengths_.size() <= static_cast<size_t>(depth)) lengths_.resize(static_cast<size_t>(depth) + 1, -1);
  ++at_;
  int32_t count = 0;
  SkipBlanks();
  while (Peek() != '}' || count != 0) {
    SkipBlanks();
    if (at_ >= text_.size()) return EndedEarly();
    if (Peek() == '{') {
      if (element_depth_ == depth) return Malformed("Unexpected \"{\" character.");
      if (element_depth_ >= 0 && depth >= element_depth_) return Malformed(kRagged);
      RETURN_IF_ERROR(ReadLevel(depth + 1));
    } else {
      if (element_depth_ < 0) element_depth_ = depth;
      if (element_depth_ != depth || lengths_.size() > static_cast<size_t>(depth) + 1) return Malformed(kRagged);
      RETURN_IF_ERROR(ReadElement());
    }
    ++count;
    SkipBlanks();
    if (Peek() == '}') break;
    if (at_ >= text_.size()) return EndedEarly();
    if (Peek() != ',') return Malformed(StrCat("Unexpected \"", text_.substr(at_, 1), "\" character."));
    ++at_;
  }
  // Only the array as a whole may be empty.
  if (count == 0 && depth > 0) return Malformed("Unexpected \"}\" character.");
  ++at_;
  int32_t& length = lengths_[static_cast<size_t>(depth)];
  if (length >= 0 && length != count) return Malformed(kRagged);
  length = count;
  return OkStatus();
}

StatusOr<ArrayValue> ArrayReader::Read() {
  SkipBlanks();
  RETURN_IF_ERROR(ReadBounds());
  if (Peek() != '{') return Malformed("Array value must start with \"{\" or dimension information.");
  RETURN_IF_ERROR(ReadLevel(0));
  SkipBlanks();
  if (at_ != text_.size()) return Malformed("Junk after closing right brace.");
  if (elements_->size() == 0) {
    if (!given_.empty()) return Malformed("Specified array dimensions do not match array contents.");
    return ArrayValue(elements_->type());
  }
  std::vector<ArrayDimension> dimensions;
  for (int32_t length : lengths_) dimensions.push_back({length, 1});
  if (!given_.empty()) {
    bool match = given_.size() == dimensions.size();
    for (size_t i = 0; match && i < given_.size(); ++i) match = given_[i].length == dimensions[i].length;
    if (!match) return Malformed("Specified array dimensions do not match array contents.");
    dimensions = given_;
  }
  return ArrayValue(std::move(dimensions), elements_);
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty() || IsNullWord(text)) return true;
  for (char c : text) {
    if (c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || IsBlank(c)) return true;
  }
  return false;
}

void AppendElement(std::string_view text, std::string& out) {
  if (!NeedsQuotes(text)) {
    out += text;
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

StatusOr<ArrayValue> ArrayValue::ParseText(DataType element, std::string_view text, const TextContext& context) {
  return ArrayReader(element, text, context).Read();
}

void ArrayValue::FormatText(const TextContext& context, std::string& out) const {
  if (dimensions_.empty()) {
    out += "{}";
    return;
  }
  bool shifted = false;
  for (const ArrayDimension& dimension : dimensions_) shifted |= dimension.lower_bound != 1;
  if (shifted) {
    for (const ArrayDimension& dimension : dimensions_) {
      StrAppend(&out, "[", dimension.lower_bound, ":", int64_t{dimension.lower_bound} + dimension.length - 1, "]");
    }
    out += '=';
  }
  // Braces open and close where an element's index is a multiple of the sizes of the inner dimensions.
  std::string text;
  for (size_t row = 0; row < elements_->size(); ++row) {
    size_t block = elements_->size();
    if (row != 0) {
      size_t closing = 0;
      for (const ArrayDimension& dimension : dimensions_) {
        if (row % block == 0) ++closing;
        block /= static_cast<size_t>(dimension.length);
      }
      out.append(closing, '}');
      out += ',';
      out.append(closing, '{');
    } else {
      out.append(dimensions_.size(), '{');
    }
    if (elements_->IsNull(row)) {
      out += "NULL";
    } else {
      text.clear();
      tsd::FormatText(*elements_, row, context, text);
      AppendElement(text, out);
    }
  }
  out.append(dimensions_.size(), '}');
}

}  // namespace tsd
