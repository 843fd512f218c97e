#pragma once
// The bytes of a record value: PostgreSQL's binary wire form of a composite (a count, then of each field its type's OID, its length and its
// binary form), so that they go to a client as they are. Pure; any thread.
#include <span>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/text_form.h"
#include "engine/types/vector.h"

namespace tsd {

/// Row `row` of the fields, as a record.
void AppendRecord(std::span<const VectorPtr> fields, size_t row, std::string& out);
/// "(1,,\"a b\")". What is damaged is left out.
void FormatRecord(std::string_view record, const TextContext& context, std::string& out);
/// Appends the field (0-based) to `out`, NULL where the record has no such field of `out`'s type.
Status AppendRecordField(std::string_view record, size_t field, Vector& out);

}  // namespace tsd
