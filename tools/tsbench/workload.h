#pragma once
// The use cases: tables, rows by seed, and questions over random windows. Questions depend on the seed and the data's range only, so that
// every server is asked the same. Values only.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "engine/base/status.h"
#include "tools/tsbench/csv_file.h"

namespace tsd::tsbench {

struct BenchQuery {
  std::string name;
  std::string title;
  std::vector<std::string> statements;  // one a window
};

struct BenchTable {
  std::string name;
  std::string columns;  // of CREATE TABLE
  std::string header;   // names by comma
  bool hypertable = true;  // by the columns `time` and, where there are several nodes, the series
};

struct DataOptions {
  uint64_t rows = 0;  // of the largest table; use cases with gaps make somewhat fewer
  uint64_t series = 100;
  uint64_t seed = 1;
  absl::Time start;
};

struct WorkloadRange {
  std::string table;  // the use case's main one
  absl::Time first, last;  // times in the table
  uint64_t series = 100;
  uint64_t seed = 1;
  size_t windows = 5;
};

struct UseCase {
  std::string name;
  std::string series_column;
  absl::Duration step;  // between two rows of a series
  std::vector<BenchTable> tables;  // the main one first; names are defaults
  void (*write_rows)(const DataOptions&, std::span<CsvFile> files);  // one file a table
  std::vector<BenchQuery> (*queries)(const WorkloadRange&);
};

/// "cpu" or "iot".
StatusOr<UseCase> FindUseCase(const std::string& name);
UseCase CpuUseCase();
UseCase IotUseCase();

void WriteCpuRows(const DataOptions& options, std::span<CsvFile> files);
std::vector<BenchQuery> CpuQueries(const WorkloadRange& range);
void WriteIotRows(const DataOptions& options, std::span<CsvFile> files);
std::vector<BenchQuery> IotQueries(const WorkloadRange& range);

/// A time in the data with `span` of it behind, by `random`.
absl::Time PointIn(const WorkloadRange& range, absl::Duration span, uint64_t random);
std::string TimeLiteral(absl::Time time);

}  // namespace tsd::tsbench
