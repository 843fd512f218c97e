#pragma once
// What runs of rows of one column say to an aggregation (RunColumn): from the summary of a whole row group, or from the values. Pure; any
// thread.
#include <span>
#include <vector>

#include "engine/codec/block_codec.h"
#include "engine/scan/column_stats.h"
#include "engine/scan/row_runs.h"

namespace tsd::engine {

/// Adds one run, all rows of `stats`; false, with nothing added, where the summary lacks something or its sum is not finite.
bool AddSummary(const ColumnStats& stats, DataType type, const RunRequest::Column& wanted, RunColumn& out);

/// Whether columns of the type have what is wanted.
bool CanSummarise(DataType type, const RunRequest::Column& wanted);

/// Adds a run for each span; `keep` has one byte a row, 0 for the rows to leave out, or is empty. Requires: CanSummarise.
void SummariseSpans(const Vector& values, std::span<const RowSpan> spans, std::span<const uint8_t> keep, const RunRequest::Column& wanted,
                    RunColumn& out);

}  // namespace tsd::engine
