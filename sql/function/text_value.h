#pragma once
// Values of any type as text inside functions, and SQL quoting. Pure.
#include <string>
#include <string_view>

#include "sql/function/row_args.h"

namespace tsd::sql {

/// What the type's output function prints ('t' for true): concat(), format().
std::string OutputText(const RowArgs& args, size_t i);
/// What a cast to text gives ('true'): the || operator.
std::string CastText(const RowArgs& args, size_t i);

std::string QuoteIdentifier(std::string_view name);
std::string QuoteLiteral(std::string_view text);

}  // namespace tsd::sql
