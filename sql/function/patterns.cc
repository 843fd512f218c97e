// LIKE, ILIKE, SIMILAR TO, regular expression operators and functions.
#include "sql/function/patterns.h"

#include <optional>

#include "engine/base/strings.h"
#include "sql/function/kernel_loops.h"
#include "sql/function/like.h"
#include "sql/function/registry_builder.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

struct RegexCache {
  std::string pattern;
  RegexOptions options;
  std::shared_ptr<const Regex> regex;
};

bool SameOptions(const RegexOptions& a, const RegexOptions& b) {
  return a.ignore_case == b.ignore_case && a.newline_sensitive == b.newline_sensitive && a.expanded == b.expanded && a.literal == b.literal;
}

}  // namespace

StatusOr<std::shared_ptr<const Regex>> CachedRegex(const KernelCall& call, std::string_view pattern, const RegexOptions& options) {
  if (call.cache == nullptr) return Regex::Compile(pattern, options);
  auto* cached = static_cast<RegexCache*>(call.cache->get());
  if (cached != nullptr && cached->pattern == pattern && SameOptions(cached->options, options)) return cached->regex;
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, Regex::Compile(pattern, options));
  *call.cache = std::make_shared<RegexCache>(RegexCache{std::string(pattern), options, regex});
  return regex;
}

StatusOr<std::vector<RegexMatch>> AllMatches(const Regex& regex, std::string_view text, bool global) {
  std::vector<RegexMatch> matches;
  size_t from = 0;
  while (from <= text.size()) {
    RegexMatch match;
    ASSIGN_OR_RETURN(const bool found, regex.Search(text, from, &match));
    if (!found) break;
    const Regex::Span whole = match[0];
    matches.push_back(std::move(match));
    if (!global) break;
    // After an empty match the search goes on one character further.
    from = whole.end > whole.begin ? whole.end : whole.end + (whole.end < text.size() ? CharLength(text, whole.end) : 1);
  }
  return matches;
}

ArrayValue GroupsAsArray(std::string_view text, const RegexMatch& match) {
  auto elements = std::make_shared<Vector>(DataType(TypeId::kText));
  const size_t first = match.size() > 1 ? 1 : 0;
  for (size_t i = first; i < match.size(); ++i) {
    if (match[i].matched()) {
      elements->AppendBytes(text.substr(match[i].begin, match[i].end - match[i].begin));
    } else {
      elements->AppendNull();
    }
  }
  return ArrayValue::FromVector(std::move(elements));
}

StatusOr<std::vector<std::string_view>> SplitByRegex(const Regex& regex, std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<RegexMatch> matches, AllMatches(regex, text, true));
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  for (const RegexMatch& match : matches) {
    const Regex::Span whole = match[0];
    const bool empty = whole.begin == whole.end;
    // Empty matches at the ends, or right after another match, are ignored.
    if (empty && (whole.begin == begin || whole.begin >= text.size())) continue;
    pieces.push_back(text.substr(begin, whole.begin - begin));
    begin = whole.end;
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

namespace {

enum class Sense : uint8_t { kMatches, kNotMatches };
enum class Case : uint8_t { kSensitive, kIgnored };

// ---- LIKE ----
template <Sense kSense, Case kCase>
StatusOr<VectorPtr> Like(const KernelCall& call) {
  auto out = MakeResult(call);
  uint8_t* target = out->mutable_values<uint8_t>();
  const Vector& texts = *call.arguments[0];
  const Vector& patterns = *call.arguments[1];
  std::optional<LikePattern> compiled;
  std::string compiled_from;
  for (size_t row = 0; row < call.rows; ++row) {
    if (AnyNull(call, row)) continue;
    const std::string_view pattern = patterns.GetBytes(row);
    if (!compiled.has_value() || (!patterns.IsConstant() && compiled_from != pattern)) {
      compiled_from = std::string(pattern);
      compiled.emplace(kCase == Case::kIgnored ? LowerText(pattern) : compiled_from);
    }
    const std::string_view text = texts.GetBytes(row);
    ASSIGN_OR_RETURN(const bool matches, kCase == Case::kIgnored ? compiled->Matches(LowerText(text)) : compiled->Matches(text));
    target[row] = matches == (kSense == Sense::kMatches) ? 1 : 0;
  }
  CombineValidity(call, *out);
  return VectorPtr(std::move(out));
}

/// A pattern with escape character `escape` (empty: none) as one with backslashes.
StatusOr<std::string> EscapeToBackslash(std::string_view pattern, std::string_view escape) {
  if (CharCount(escape) > 1) {
    return WithHint(Error(sqlstate::kInvalidEscapeSequence, "invalid escape string"), "Escape string must be empty or one character.");
  }
  if (escape == "\\") return std::string(pattern);
  std::string out;
  for (size_t at = 0; at < pattern.size();) {
    const std::string_view character = pattern.substr(at, CharLength(pattern, at));
    at += character.size();
    if (!escape.empty() && character == escape) {
      if (at >= pattern.size()) return Error(sqlstate::kInvalidEscapeSequence, "LIKE pattern must not end with escape character");
      const std::string_view next = pattern.substr(at, CharLength(pattern, at));
      at += next.size();
      out += '\\';
      out += next;
    } else {
      if (character == "\\") out += '\\';
      out += character;
    }
  }
  return out;
}
Status LikeEscape(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const std::string pattern, EscapeToBackslash(a.Text(0), a.Text(1)));
  return PutText(out, pattern);
}

// ---- SIMILAR TO ----
/// SQL's pattern as a regular expression. escape-double-quote separators make three parts: the middle one is a group.
StatusOr<std::string> SimilarToRegex(std::string_view pattern, std::string_view escape) {
  if (CharCount(escape) > 1) {
    return WithHint(Error(sqlstate::kInvalidEscapeSequence, "invalid escape string"), "Escape string must be empty or one character.");
  }
  std::string out = "^(?:";
  bool in_bracket = false;
  int separators = 0;
  for (size_t at = 0; at < pattern.size();) {
    const std::string_view character = pattern.substr(at, CharLength(pattern, at));
    at += character.size();
    const char c = character[0];
    if (!escape.empty() && character == escape) {
      if (at >= pattern.size()) break;
      const std::string_view next = pattern.substr(at, CharLength(pattern, at));
      at += next.size();
      if (next == "\"" && !in_bracket) {
        if (++separators > 2) {
          return Error(sqlstate::kInvalidEscapeSequence, "SQL regular expression may not contain more than two escape-double-quote separators");
        }
        out += separators == 1 ? "){1,1}?(" : "){1,1}(?:";
        continue;
      }
      if (next.size() == 1 && !IsLetterOrDigit(static_cast<uint8_t>(next[0]))) out += '\\';
      out += next;
      continue;
    }
    if (in_bracket) {
      if (c == '\\') out += '\\';
      out += character;
      if (c == ']') in_bracket = false;
      continue;
    }
    switch (c) {
      case '[':
        in_bracket = true;
        out += c;
        break;
      case '%': out += ".*"; break;
      case '_': out += '.'; break;
      case '(': out += "(?:"; break;
      case '\\':
      case '.':
      case '^':
      case '$':
        out += '\\';
        out += c;
        break;
      default: out += character;
    }
  }
  out += ")$";
  return out;
}
Status SimilarEscape(const RowArgs& a, Vector& out) {
  if (a.IsNull(0)) return PutNull(out);
  const bool given = a.count() > 1;
  if (given && a.IsNull(1)) return PutNull(out);
  ASSIGN_OR_RETURN(const std::string regex, SimilarToRegex(a.Text(0), given ? a.Text(1) : "\\"));
  return PutText(out, regex);
}
Status SimilarSubstring(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const std::string pattern, SimilarToRegex(a.Text(1), a.Text(2)));
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, pattern, RegexOptions()));
  RegexMatch match;
  ASSIGN_OR_RETURN(const bool found, regex->Search(a.Text(0), 0, &match));
  if (!found) return PutNull(out);
  const Regex::Span span = match.size() > 1 ? match[1] : match[0];
  return span.matched() ? PutText(out, a.Text(0).substr(span.begin, span.end - span.begin)) : PutNull(out);
}

// ---- ~ ----
template <Sense kSense, Case kCase>
Status RegexOperator(const RowArgs& a, Vector& out) {
  RegexOptions options;
  options.ignore_case = kCase == Case::kIgnored;
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, a.Text(1), options));
  ASSIGN_OR_RETURN(const bool matches, regex->Matches(a.Text(0)));
  return PutBool(out, matches == (kSense == Sense::kMatches));
}

// ---- functions ----
StatusOr<RegexOptions> FlagsAt(const RowArgs& a, size_t i) { return a.count() > i ? ParseRegexFlags(a.Text(i)) : RegexOptions(); }

Status NoGlobal(std::string_view function) {
  return Error(sqlstate::kInvalidParameterValue, StrCat(function, "() does not support the \"global\" option"));
}

Status RegexpMatch(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const RegexOptions options, FlagsAt(a, 2));
  if (options.global) return WithHint(NoGlobal("regexp_match"), "Use the regexp_matches function instead.");
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, a.Text(1), options));
  RegexMatch match;
  ASSIGN_OR_RETURN(const bool found, regex->Search(a.Text(0), 0, &match));
  return found ? PutText(out, GroupsAsArray(a.Text(0), match).Encode()) : PutNull(out);
}

Status RegexpLike(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const RegexOptions options, FlagsAt(a, 2));
  if (options.global) return NoGlobal("regexp_like");
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, a.Text(1), options));
  ASSIGN_OR_RETURN(const bool found, regex->Matches(a.Text(0)));
  return PutBool(out, found);
}

Status RegexpCount(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const RegexOptions options, FlagsAt(a, 3));
  if (options.global) return NoGlobal("regexp_count");
  std::string_view text = a.Text(0);
  if (a.count() > 2) {
    if (a.I32(2) <= 0) return Error(sqlstate::kInvalidParameterValue, StrCat("invalid value for parameter \"start\": ", a.I32(2)));
    text = CharRange(text, static_cast<size_t>(a.I32(2)) - 1, SIZE_MAX);
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, a.Text(1), options));
  ASSIGN_OR_RETURN(std::vector<RegexMatch> matches, AllMatches(*regex, text, true));
  return Put<int32_t>(out, static_cast<int32_t>(matches.size()));
}

/// The N-th match from a start position on, for regexp_instr and regexp_substr; false if there are fewer. *offset: where the text begins.
StatusOr<bool> NthMatch(const RowArgs& a, size_t flags, const char* name, RegexMatch* match, size_t* offset) {
  ASSIGN_OR_RETURN(const RegexOptions options, FlagsAt(a, flags));
  if (options.global) return NoGlobal(name);
  const int32_t start = a.count() > 2 ? a.I32(2) : 1;
  const int32_t wanted = a.count() > 3 ? a.I32(3) : 1;
  if (start <= 0) return Error(sqlstate::kInvalidParameterValue, StrCat("invalid value for parameter \"start\": ", start));
  if (wanted <= 0) return Error(sqlstate::kInvalidParameterValue, StrCat("invalid value for parameter \"n\": ", wanted));
  *offset = CharOffset(a.Text(0), static_cast<size_t>(start) - 1);
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, a.Text(1), options));
  ASSIGN_OR_RETURN(std::vector<RegexMatch> matches, AllMatches(*regex, a.Text(0).substr(*offset), true));
  if (matches.size() < static_cast<size_t>(wanted)) return false;
  *match = std::move(matches[static_cast<size_t>(wanted) - 1]);
  return true;
}

/// Which span of the match counts: its group, the whole without one; nullptr when there is no such group.
StatusOr<const Regex::Span*> GroupOf(const RowArgs& a, size_t argument, const RegexMatch& match) {
  const int32_t group = a.count() > argument ? a.I32(argument) : 0;
  if (group < 0) return Error(sqlstate::kInvalidParameterValue, StrCat("invalid value for parameter \"subexpr\": ", group));
  if (static_cast<size_t>(group) >= match.size() || !match[static_cast<size_t>(group)].matched()) return static_cast<const Regex::Span*>(nullptr);
  return &match[static_cast<size_t>(group)];
}

Status RegexpInstr(const RowArgs& a, Vector& out) {
  const int32_t end_option = a.count() > 4 ? a.I32(4) : 0;
  if (end_option != 0 && end_option != 1) {
    return Error(sqlstate::kInvalidParameterValue, StrCat("invalid value for parameter \"endoption\": ", end_option));
  }
  RegexMatch match;
  size_t offset = 0;
  ASSIGN_OR_RETURN(const bool found, NthMatch(a, 5, "regexp_instr", &match, &offset));
  if (!found) return Put<int32_t>(out, 0);
  ASSIGN_OR_RETURN(const Regex::Span* span, GroupOf(a, 6, match));
  if (span == nullptr) return Put<int32_t>(out, 0);
  const size_t at = offset + (end_option == 1 ? span->end : span->begin);
  return Put<int32_t>(out, static_cast<int32_t>(CharCount(a.Text(0).substr(0, at))) + 1);
}

Status RegexpSubstr(const RowArgs& a, Vector& out) {
  RegexMatch match;
  size_t offset = 0;
  ASSIGN_OR_RETURN(const bool found, NthMatch(a, 4, "regexp_substr", &match, &offset));
  if (!found) return PutNull(out);
  ASSIGN_OR_RETURN(const Regex::Span* span, GroupOf(a, 5, match));
  return span == nullptr ? PutNull(out) : PutText(out, a.Text(0).substr(offset + span->begin, span->end - span->begin));
}

/// substring(text from pattern): the first group, or the whole match. regexp_substr: the whole match.
template <size_t kGroups>
Status RegexSubstring(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, a.Text(1), RegexOptions()));
  RegexMatch match;
  ASSIGN_OR_RETURN(const bool found, regex->Search(a.Text(0), 0, &match));
  if (!found) return PutNull(out);
  const Regex::Span span = match.size() > kGroups ? match[kGroups] : match[0];
  return span.matched() ? PutText(out, a.Text(0).substr(span.begin, span.end - span.begin)) : PutNull(out);
}

void AppendReplacement(std::string_view replacement, std::string_view text, const RegexMatch& match, std::string& out) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\' || i + 1 == replacement.size()) {
      out += replacement[i];
      continue;
    }
    const char next = replacement[++i];
    const size_t group = next == '&' ? 0 : next >= '1' && next <= '9' ? static_cast<size_t>(next - '0') : SIZE_MAX;
    if (group == SIZE_MAX) {
      if (next != '\\') out += '\\';
      out += next;
    } else if (group < match.size() && match[group].matched()) {
      out += text.substr(match[group].begin, match[group].end - match[group].begin);
    }
  }
}

/// Replaces match number `nth` (0: all) of those that start at or after byte `from`.
Status ReplaceMatches(const RowArgs& a, const RegexOptions& options, size_t from, int32_t nth, Vector& out) {
  const std::string_view text = a.Text(0);
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, a.Text(1), options));
  const std::string_view rest = text.substr(from);
  ASSIGN_OR_RETURN(std::vector<RegexMatch> matches, AllMatches(*regex, rest, nth != 1));
  std::string result(text.substr(0, from));
  size_t begin = 0;
  for (size_t i = 0; i < matches.size(); ++i) {
    if (nth != 0 && static_cast<int64_t>(i) + 1 != nth) continue;
    const Regex::Span whole = matches[i][0];
    result += rest.substr(begin, whole.begin - begin);
    AppendReplacement(a.Text(2), rest, matches[i], result);
    begin = whole.end;
  }
  result += rest.substr(begin);
  return PutText(out, result);
}

Status RegexpReplace(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const RegexOptions options, FlagsAt(a, 3));
  return ReplaceMatches(a, options, 0, options.global ? 0 : 1, out);
}
/// (text, pattern, replacement, start [, nth [, flags]])
Status RegexpReplaceFrom(const RowArgs& a, Vector& out) {
  const int32_t start = a.I32(3);
  const int32_t nth = a.count() > 4 ? a.I32(4) : 1;
  if (start <= 0) return Error(sqlstate::kInvalidParameterValue, StrCat("invalid value for parameter \"start\": ", start));
  if (nth < 0) return Error(sqlstate::kInvalidParameterValue, StrCat("invalid value for parameter \"n\": ", nth));
  ASSIGN_OR_RETURN(const RegexOptions options, FlagsAt(a, 5));
  return ReplaceMatches(a, options, CharOffset(a.Text(0), static_cast<size_t>(start) - 1), nth, out);
}

Status RegexpSplitToArray(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const RegexOptions options, FlagsAt(a, 2));
  if (options.global) return NoGlobal("regexp_split_to_array");
  ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, CachedRegex(*a.call, a.Text(1), options));
  ASSIGN_OR_RETURN(std::vector<std::string_view> pieces, SplitByRegex(*regex, a.Text(0)));
  auto elements = std::make_shared<Vector>(DataType(TypeId::kText));
  for (std::string_view piece : pieces) elements->AppendBytes(piece);
  return PutText(out, ArrayValue::FromVector(std::move(elements)).Encode());
}

void RegisterOperators(RegistryBuilder& builder) {
  for (std::string_view types : {"text,text", "name,text", "bpchar,text"}) {
    builder.Columns("~~", types, "bool", Like<Sense::kMatches, Case::kSensitive>);
    builder.Columns("!~~", types, "bool", Like<Sense::kNotMatches, Case::kSensitive>);
    builder.Columns("~~*", types, "bool", Like<Sense::kMatches, Case::kIgnored>);
    builder.Columns("!~~*", types, "bool", Like<Sense::kNotMatches, Case::kIgnored>);
    builder.Row("~", types, "bool", RegexOperator<Sense::kMatches, Case::kSensitive>);
    builder.Row("!~", types, "bool", RegexOperator<Sense::kNotMatches, Case::kSensitive>);
    builder.Row("~*", types, "bool", RegexOperator<Sense::kMatches, Case::kIgnored>);
    builder.Row("!~*", types, "bool", RegexOperator<Sense::kNotMatches, Case::kIgnored>);
  }
}

}  // namespace

void RegisterPatterns(RegistryBuilder& builder) {
  RegisterOperators(builder);
  builder.Row("like_escape", "text,text", "text", LikeEscape);
  NotStrict(builder.Row("similar_to_escape", "text", "text", SimilarEscape));
  NotStrict(builder.Row("similar_to_escape", "text,text", "text", SimilarEscape));
  builder.Row("substring", "text,text", "text", RegexSubstring<1>);
  builder.Row("substring", "text,text,text", "text", SimilarSubstring);
  builder.Row("regexp_match", "text,text", "_text", RegexpMatch);
  builder.Row("regexp_match", "text,text,text", "_text", RegexpMatch);
  builder.Row("regexp_like", "text,text", "bool", RegexpLike);
  builder.Row("regexp_like", "text,text,text", "bool", RegexpLike);
  builder.Row("regexp_count", "text,text", "int4", RegexpCount);
  builder.Row("regexp_count", "text,text,int4", "int4", RegexpCount);
  builder.Row("regexp_count", "text,text,int4,text", "int4", RegexpCount);
  builder.Row("regexp_substr", "text,text", "text", RegexSubstring<0>);
  for (std::string_view more : {",int4", ",int4,int4", ",int4,int4,text", ",int4,int4,text,int4"}) {
    builder.Row("regexp_substr", StrCat("text,text", more), "text", RegexpSubstr);
  }
  for (std::string_view more : {"", ",int4", ",int4,int4", ",int4,int4,int4", ",int4,int4,int4,text", ",int4,int4,int4,text,int4"}) {
    builder.Row("regexp_instr", StrCat("text,text", more), "int4", RegexpInstr);
  }
  builder.Row("regexp_replace", "text,text,text", "text", RegexpReplace);
  builder.Row("regexp_replace", "text,text,text,text", "text", RegexpReplace);
  builder.Row("regexp_replace", "text,text,text,int4", "text", RegexpReplaceFrom);
  builder.Row("regexp_replace", "text,text,text,int4,int4", "text", RegexpReplaceFrom);
  builder.Row("regexp_replace", "text,text,text,int4,int4,text", "text", RegexpReplaceFrom);
  builder.Row("regexp_split_to_array", "text,text", "_text", RegexpSplitToArray);
  builder.Row("regexp_split_to_array", "text,text,text", "_text", RegexpSplitToArray);
}

}  // namespace tsd::sql
