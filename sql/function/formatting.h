#pragma once
// The parts of formatting: to_char, to_timestamp, to_date, to_number; for formatting*.cc only.
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {

void RegisterDateTimeParsing(RegistryBuilder& builder);
void RegisterNumberFormatting(RegistryBuilder& builder);

}  // namespace tsd::sql
