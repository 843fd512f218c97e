#include "sql/function/like.h"

#include "sql/function/utf8.h"

namespace tsd::sql {

LikePattern::LikePattern(std::string_view pattern) : pattern_(pattern) {
  size_t percents_first = 0;
  size_t percents_last = 0;
  bool simple = true;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '%') {
      if (literal_.empty()) {
        percents_first = 1;
      } else {
        percents_last = 1;
      }
      continue;
    }
    simple = simple && percents_last == 0 && c != '_';
    // A lone escape at the end has no simple shape: it is an error when a text gets there.
    if (c == '\\' && ++i == pattern.size()) return;
    literal_ += pattern[i];
  }
  if (!simple) return;
  if (percents_first != 0 && (percents_last != 0 || literal_.empty())) {
    shape_ = Shape::kContains;
  } else if (percents_first != 0) {
    shape_ = Shape::kSuffix;
  } else {
    shape_ = percents_last != 0 ? Shape::kPrefix : Shape::kExact;
  }
}

StatusOr<bool> LikePattern::Matches(std::string_view text) const {
  switch (shape_) {
    case Shape::kExact: return text == literal_;
    case Shape::kPrefix: return text.starts_with(literal_);
    case Shape::kSuffix: return text.ends_with(literal_);
    case Shape::kContains: return text.find(literal_) != std::string_view::npos;
    case Shape::kGeneral: return MatchesGeneral(text);
  }
  return false;
}

/// Greedy with one remembered % : on a mismatch the last % takes one character more. At most |text| * |pattern| steps.
StatusOr<bool> LikePattern::MatchesGeneral(std::string_view text) const {
  size_t t = 0;
  size_t p = 0;
  size_t retry_pattern = std::string_view::npos;
  size_t retry_text = 0;
  while (t < text.size()) {
    if (p < pattern_.size() && pattern_[p] == '%') {
      retry_pattern = ++p;
      retry_text = t;
      continue;
    }
    if (p < pattern_.size()) {
      if (pattern_[p] == '_') {
        t += CharLength(text, t);
        ++p;
        continue;
      }
      const size_t literal = pattern_[p] == '\\' ? p + 1 : p;
      if (literal == pattern_.size()) {
        return Error(sqlstate::kInvalidEscapeSequence, "LIKE pattern must not end with escape character");
      }
      if (pattern_[literal] == text[t]) {
        ++t;
        p = literal + 1;
        continue;
      }
    }
    if (retry_pattern == std::string_view::npos) return false;
    retry_text += CharLength(text, retry_text);
    t = retry_text;
    p = retry_pattern;
  }
  while (p < pattern_.size() && pattern_[p] == '%') ++p;
  return p == pattern_.size();
}

}  // namespace tsd::sql
