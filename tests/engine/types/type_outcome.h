#pragma once
// Outcomes as strings, so that tables of expected results can hold values and errors alike: an error is "!SQLSTATE message".
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/interval_text.h"
#include "engine/types/numeric.h"
#include "engine/types/text_form.h"
#include "engine/types/timezone.h"

namespace tsd::outcome {

inline std::string ErrorText(const Status& status) { return "!" + SqlStateOf(status) + " " + std::string(status.message()); }

inline std::string Outcome(const StatusOr<Numeric>& result) { return result.ok() ? result->ToString() : ErrorText(result.status()); }
inline std::string Outcome(const StatusOr<Interval>& result) {
  if (!result.ok()) return ErrorText(result.status());
  std::string out;
  FormatInterval(*result, out);
  return out;
}

inline absl::TimeZone Zone(std::string_view name) { return *RequireTimeZone(name); }

/// Of a type name as SQL spells it, "integer[]" for arrays.
inline DataType TypeOf(std::string_view name) {
  bool is_array = false;
  if (name.size() > 2 && name.substr(name.size() - 2) == "[]") {
    is_array = true;
    name.remove_suffix(2);
  }
  DataType type;
  EXPECT_TRUE(TypeFromName(name, &type)) << name;
  type.is_array |= is_array;
  return type;
}

/// Text in, text out, by way of a vector.
inline std::string RoundTrip(DataType type, std::string_view text, const TextContext& context = TextContext()) {
  Vector vector(type);
  const Status status = ParseText(type, text, context, vector);
  if (!status.ok()) {
    EXPECT_EQ(vector.size(), 0u);
    return ErrorText(status);
  }
  EXPECT_EQ(vector.size(), 1u);
  std::string out;
  FormatText(vector, 0, context, out);
  return out;
}

}  // namespace tsd::outcome
