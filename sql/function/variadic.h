#pragma once
// f(VARIADIC array) of functions that take any number of arguments of any types (concat, format, json_build_array ..): a companion entry
// "variadic f" whose last argument is an array; it calls f's kernel with the array's elements. Used by Register functions.
#include <string_view>

#include "engine/base/strings.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {

/// The name of the entry that VARIADIC calls.
inline std::string VariadicName(std::string_view name) { return StrCat("variadic ", name); }

/// What the call gives for a NULL array.
enum class NullArray : uint8_t { kGivesNull, kHasNoElements };
Status SpreadLastArgument(const RowArgs& args, RowKernel kernel, NullArray null_array, Vector& out);

/// Declares `name`(`fixed`, VARIADIC "any") and its companion; stable, not strict. `fixed` is empty or ends in a comma.
template <RowKernel kKernel, NullArray kNullArray = NullArray::kGivesNull>
void DeclareVariadic(RegistryBuilder& builder, std::string_view name, std::string_view fixed, std::string_view result) {
  Stable(NotStrict(builder.Row(name, StrCat(fixed, "variadic any"), result, kKernel)));
  Stable(NotStrict(builder.Row(VariadicName(name), StrCat(fixed, "anyarray"), result,
                               [](const RowArgs& args, Vector& out) { return SpreadLastArgument(args, kKernel, kNullArray, out); })));
}

}  // namespace tsd::sql
