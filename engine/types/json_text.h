#pragma once
// JSON text: validity (json keeps its text as given) and the normal form of jsonb (one spelling: keys ordered by length then bytes, the
// last duplicate kept, PostgreSQL's spacing, numbers as numeric). Nesting is bounded. Any bytes; any thread.
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace tsd {

/// 22P02 "invalid input syntax for type json" with DETAIL.
Status ValidateJson(std::string_view text);
/// The text jsonb prints; also its byte form in Vectors.
StatusOr<std::string> NormalizeJson(std::string_view text);
/// Appends `text` as a JSON string literal with quotes.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace tsd
