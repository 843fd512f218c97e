#pragma once
// Regular expressions as SQL functions use them: flags, global matches, results as arrays. Shared by patterns.cc and table functions.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types/array.h"
#include "sql/function/regex.h"
#include "sql/function/row_args.h"

namespace tsd::sql {

/// Compiled pattern, kept in the call's cache while pattern and flags stay the same.
StatusOr<std::shared_ptr<const Regex>> CachedRegex(const KernelCall& call, std::string_view pattern, const RegexOptions& options);

using RegexMatch = std::vector<Regex::Span>;
/// Matches from left to right without overlap; one without `global`.
StatusOr<std::vector<RegexMatch>> AllMatches(const Regex& regex, std::string_view text, bool global);
/// text[] of the groups, or of the whole match if there are none.
ArrayValue GroupsAsArray(std::string_view text, const RegexMatch& match);
/// The pieces between matches; empty matches next to another match do not split.
StatusOr<std::vector<std::string_view>> SplitByRegex(const Regex& regex, std::string_view text);

}  // namespace tsd::sql
