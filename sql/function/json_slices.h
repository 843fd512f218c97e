#pragma once
// Members of a JSON value as slices of its text. The text comes from a json or jsonb column and so was checked once; damaged text gives
// fewer members, never a read past its end. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tsd::sql {

struct JsonMember {
  std::string_view key;    // with quotes, escapes and all; empty in arrays
  std::string_view value;
};
std::string_view TrimJson(std::string_view text);
/// Of an array or object; empty for scalars.
std::vector<JsonMember> JsonMembers(std::string_view text);
/// A string literal (with quotes) as the text it means.
std::string JsonStringText(std::string_view literal);
/// The last member of that key.
std::optional<std::string_view> JsonField(std::string_view object, std::string_view key);
/// Negative counts from the end.
std::optional<std::string_view> JsonElement(std::string_view array, int64_t index);
/// "object", "array", "string", "number", "boolean", "null".
std::string_view JsonKind(std::string_view text);

}  // namespace tsd::sql
