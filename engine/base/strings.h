#pragma once
// String building over std::string_view. Debian's Abseil has its own absl::string_view class, which std::string_view does not convert to;
// StrCat/StrAppend here take both, and AbslView/StdView convert.
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <string>
#include <string_view>
#include <type_traits>

namespace tsd {

inline absl::string_view AbslView(std::string_view text) { return absl::string_view(text.data(), text.size()); }
inline std::string_view StdView(absl::string_view text) { return std::string_view(text.data(), text.size()); }

namespace strings_internal {
template <typename T>
decltype(auto) ToAlphaNumArgument(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return AbslView(value);
  } else {
    return (value);
  }
}
}  // namespace strings_internal

template <typename... Args>
std::string StrCat(const Args&... args) {
  return absl::StrCat(strings_internal::ToAlphaNumArgument(args)...);
}
template <typename... Args>
void StrAppend(std::string* target, const Args&... args) {
  absl::StrAppend(target, strings_internal::ToAlphaNumArgument(args)...);
}

}  // namespace tsd
