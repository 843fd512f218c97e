#pragma once
// Rows of plain literals (sql/parse/literal_rows.h) read straight into columns. A value is only read where its text means the same to the
// column's type as the binder's casts would make of it; anything else, errors too, is left to them.
#include <optional>
#include <vector>

#include "engine/types/column_batch.h"
#include "engine/types/value.h"
#include "sql/exec/operator.h"
#include "sql/parse/literal_rows.h"

namespace tsd::sql {

/// `types`: of the columns that the values of a row are for, as many as rows.width.
std::optional<std::vector<ColumnBatch>> ReadLiteralRows(const parse::LiteralRows& rows, const std::vector<DataType>& types, const ExecContext& exec);

}  // namespace tsd::sql
