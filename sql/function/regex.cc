#include "sql/function/regex.h"

#include <boost/regex.hpp>

#include "engine/base/strings.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

constexpr size_t kMaxPattern = 100'000;

bool IsAscii(std::string_view text) {
  uint8_t all = 0;
  for (char c : text) all |= static_cast<uint8_t>(c);
  return all < 0x80;
}

std::wstring Widen(std::string_view text) {
  std::wstring wide;
  wide.reserve(text.size());
  for (size_t at = 0; at < text.size(); at += CharLength(text, at)) wide += static_cast<wchar_t>(CodePointAt(text, at));
  return wide;
}

/// What PostgreSQL spells otherwise: word boundaries, \Z, [[:<:]], prefixes and options at the start.
std::string Translate(std::string_view pattern, RegexOptions& options) {
  if (pattern.starts_with("***=")) {
    options.literal = true;
    pattern.remove_prefix(4);
  } else if (pattern.starts_with("***:")) {
    pattern.remove_prefix(4);
  }
  std::string out;
  if (options.literal) {
    for (char c : pattern) {
      if (static_cast<uint8_t>(c) < 0x80 && !IsLetterOrDigit(static_cast<char32_t>(c))) out += '\\';
      out += c;
    }
    return out;
  }
  // (?xyz) at the very start sets options.
  if (pattern.starts_with("(?")) {
    const size_t end = pattern.find(')');
    if (end != std::string_view::npos && end > 2) {
      StatusOr<RegexOptions> embedded = ParseRegexFlags(pattern.substr(2, end - 2));
      if (embedded.ok()) {
        options.ignore_case = embedded->ignore_case || (options.ignore_case && pattern.substr(2, end - 2).find('c') == std::string_view::npos);
        options.newline_sensitive = options.newline_sensitive || embedded->newline_sensitive;
        options.expanded = options.expanded || embedded->expanded;
        pattern.remove_prefix(end + 1);
      }
    }
  }
  bool in_bracket = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (in_bracket) {
      if (c == '[' && i + 1 < pattern.size() && (pattern[i + 1] == ':' || pattern[i + 1] == '.' || pattern[i + 1] == '=')) {
        const size_t end = pattern.find(']', i + 2);
        const size_t stop = end == std::string_view::npos ? pattern.size() : end + 1;
        out += pattern.substr(i, stop - i);
        i = stop - 1;
        continue;
      }
      if (c == ']') in_bracket = false;
      out += c;
      if (c == '\\' && i + 1 < pattern.size()) out += pattern[++i];
      continue;
    }
    if (pattern.substr(i).starts_with("[[:<:]]") || pattern.substr(i).starts_with("[[:>:]]")) {
      out += pattern[i + 3] == '<' ? "\\<" : "\\>";
      i += 6;
      continue;
    }
    if (c == '[') {
      in_bracket = true;
      out += c;
      // A ] that comes first is an ordinary member.
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') {
        out += "\\]";
        ++i;
      }
      continue;
    }
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      switch (next) {
        case 'm': out += "\\<"; break;
        case 'M': out += "\\>"; break;
        case 'y': out += "\\b"; break;
        case 'Y': out += "\\B"; break;
        case 'Z': out += "\\z"; break;
        case 'B': out += "\\\\"; break;
        default:
          out += c;
          out += next;
      }
      continue;
    }
    out += c;
  }
  return out.empty() ? "(?:)" : out;
}

std::string_view ErrorText(boost::regex_constants::error_type code) {
  using namespace boost::regex_constants;
  switch (code) {
    case error_paren: return "parentheses () not balanced";
    case error_brack: return "brackets [] not balanced";
    case error_brace: return "braces {} not balanced";
    case error_badbrace: return "invalid repetition count(s)";
    case error_badrepeat: return "quantifier operand invalid";
    case error_escape: return "invalid escape \\ sequence";
    case error_range: return "invalid character range";
    case error_backref: return "invalid backreference number";
    case error_ctype: return "invalid character class";
    case error_collate: return "invalid collating element";
    default: return "regular expression is too complex";
  }
}

Status TooComplex() { return Error(sqlstate::kInvalidRegularExpression, "regular expression failed: regular expression is too complex"); }

}  // namespace

/// Narrow for ASCII subjects; wide, one unit a character, for the others.
struct Regex::Program {
  boost::regex narrow;
  boost::wregex wide;
};

Regex::Regex() : program_(std::make_unique<Program>()) {}
Regex::~Regex() = default;

StatusOr<RegexOptions> ParseRegexFlags(std::string_view flags) {
  RegexOptions options;
  for (char flag : flags) {
    switch (flag) {
      case 'g': options.global = true; break;
      case 'i': options.ignore_case = true; break;
      case 'c': options.ignore_case = false; break;
      case 'n':
      case 'm':
      case 'p': options.newline_sensitive = true; break;
      case 's':
      case 'w':
      case 't':
      case 'e':
      case 'b': break;
      case 'x': options.expanded = true; break;
      case 'q': options.literal = true; break;
      default:
        return Error(sqlstate::kInvalidParameterValue, StrCat("invalid regular expression option: \"", std::string(1, flag), "\""));
    }
  }
  return options;
}

StatusOr<std::shared_ptr<const Regex>> Regex::Compile(std::string_view pattern, const RegexOptions& given) {
  if (pattern.size() > kMaxPattern) return TooComplex();
  RegexOptions options = given;
  const std::string translated = Translate(pattern, options);
  std::shared_ptr<Regex> regex(new Regex());
  try {
    unsigned flags = boost::regex::perl;
    if (options.ignore_case) flags |= boost::regex::icase;
    if (options.expanded) flags |= boost::regex::mod_x;
    flags |= options.newline_sensitive ? boost::regex::no_mod_s : boost::regex::no_mod_m | boost::regex::mod_s;
    if (IsAscii(translated)) regex->program_->narrow.assign(translated, flags);
    regex->program_->wide.assign(Widen(translated), flags);
    regex->group_count_ = regex->program_->wide.mark_count();
  } catch (const boost::regex_error& error) {
    return Error(sqlstate::kInvalidRegularExpression, StrCat("invalid regular expression: ", ErrorText(error.code())));
  } catch (const std::exception&) {
    return TooComplex();
  }
  return std::shared_ptr<const Regex>(std::move(regex));
}

namespace {

template <typename Iterator, typename Expression>
bool SearchIn(Iterator begin, Iterator from, Iterator end, const Expression& expression, boost::match_results<Iterator>& results) {
  boost::match_flag_type flags = boost::match_default;
  if (from != begin) flags |= boost::match_prev_avail | boost::match_not_bob;
  return boost::regex_search(from, end, results, expression, flags, begin);
}

}  // namespace

StatusOr<bool> Regex::Search(std::string_view text, size_t from, std::vector<Span>* groups) const {
  try {
    if (!program_->narrow.empty() && IsAscii(text)) {
      boost::match_results<const char*> results;
      const char* begin = text.data();
      if (!SearchIn(begin, begin + from, begin + text.size(), program_->narrow, results)) return false;
      if (groups == nullptr) return true;
      groups->assign(results.size(), Span());
      for (size_t i = 0; i < results.size(); ++i) {
        if (!results[static_cast<int>(i)].matched) continue;
        (*groups)[i] = {static_cast<size_t>(results[static_cast<int>(i)].first - begin),
                        static_cast<size_t>(results[static_cast<int>(i)].second - begin)};
      }
      return true;
    }
    const std::wstring wide = Widen(text);
    boost::match_results<const wchar_t*> results;
    const wchar_t* begin = wide.data();
    const size_t start = CharCount(text.substr(0, from));
    if (!SearchIn(begin, begin + start, begin + wide.size(), program_->wide, results)) return false;
    if (groups == nullptr) return true;
    groups->assign(results.size(), Span());
    for (size_t i = 0; i < results.size(); ++i) {
      if (!results[static_cast<int>(i)].matched) continue;
      (*groups)[i] = {CharOffset(text, static_cast<size_t>(results[static_cast<int>(i)].first - begin)),
                      CharOffset(text, static_cast<size_t>(results[static_cast<int>(i)].second - begin))};
    }
    return true;
  } catch (const std::exception&) {
    return TooComplex();
  }
}

StatusOr<bool> Regex::Matches(std::string_view text) const { return Search(text, 0, nullptr); }

}  // namespace tsd::sql
