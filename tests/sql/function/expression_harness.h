#pragma once
// Evaluates one SQL expression from its text: parse, bind, compile, run; once over constants and once with every constant made a column
// with a NULL row before it, so that the vector paths run too.
#include <string>
#include <string_view>

namespace tsd::sql {

/// The result's text, "NULL", or "ERROR <sqlstate>: <message>". If constants and columns disagree, both are shown.
std::string EvaluateText(std::string_view expression);
/// With constants only.
std::string EvaluateConstantText(std::string_view expression);

struct ExpressionCase {
  const char* expression;
  const char* expected;
};

}  // namespace tsd::sql
