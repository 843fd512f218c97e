#pragma once
// Regex: PostgreSQL's advanced regular expressions over a backtracking library whose run time is bounded; what is too complex is an
// error, never a hang. Differences: alternatives are tried in order, not for the longest match. One thread at a time may compile; a
// compiled Regex is read by any.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"

namespace tsd::sql {

struct RegexOptions {
  bool ignore_case = false;
  bool newline_sensitive = false;  // . and [^ do not match a newline, ^ and $ match at one
  bool expanded = false;
  bool literal = false;
  bool global = false;             // not for the compiler: the 'g' of regexp_replace and the like
};
/// PostgreSQL's flag letters. 22023 'invalid regular expression option: "x"'.
StatusOr<RegexOptions> ParseRegexFlags(std::string_view flags);

class Regex {
 public:
  /// Bytes [begin, end); begin == npos: the group took no part.
  struct Span {
    size_t begin = std::string_view::npos;
    size_t end = 0;
    bool matched() const { return begin != std::string_view::npos; }
  };
  /// 2201B "invalid regular expression: ...".
  static StatusOr<std::shared_ptr<const Regex>> Compile(std::string_view pattern, const RegexOptions& options);
  ~Regex();

  /// The first match at or after byte `from`; groups[0] is the whole. False if there is none.
  StatusOr<bool> Search(std::string_view text, size_t from, std::vector<Span>* groups) const;
  StatusOr<bool> Matches(std::string_view text) const;
  size_t group_count() const { return group_count_; }

 private:
  Regex();
  struct Program;
  std::unique_ptr<Program> program_;
  size_t group_count_ = 0;
};

}  // namespace tsd::sql
