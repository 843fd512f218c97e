#pragma once
// RowRuns: what an aggregation has to know of consecutive rows of one group, instead of the rows. A scan that is asked for runs
// (TableScan::NextPart) answers with them where it can say them from summaries, sorted times and encoded values; else with rows. Values; any
// thread.
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/types/column_batch.h"

namespace tsd::engine {

/// Columns are positions in ScanSpec::columns.
struct RunRequest {
  /// The rows of a run are equal in `column`; or, if there is a width, lie in the same cell of the grid origin + k * width.
  struct Key {
    size_t column = 0;
    int64_t width = 0;
    int64_t origin = 0;
  };
  /// Counts always; sums and bounds where asked for.
  struct Column {
    size_t column = 0;
    bool sums = false;
    bool bounds = false;
  };
  std::vector<Key> keys;
  std::vector<Column> columns;
};

/// One entry a run in each list that is filled.
struct RunColumn {
  std::vector<uint32_t> counts;                // of values that are not NULL
  std::vector<double> float_sums;              // of floats; finite
  std::vector<__int128> integer_sums;          // of integers
  std::shared_ptr<Vector> lows, highs;         // of the column's type; NULL for a run without values. NaN is the largest
};

struct RowRuns {
  ColumnBatch keys;               // the request's key columns in their order: values that stand for all of the run's
  std::vector<uint32_t> rows;     // how many rows each run has, at least one
  std::vector<RunColumn> columns; // one a column of the request
};

}  // namespace tsd::engine
