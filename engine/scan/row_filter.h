#pragma once
// Which rows of a column satisfy a condition: what a scan checks itself before it reads the other columns. FilterRows looks at values; pure, any
// thread. CodeFilter looks at codes of strings, and once at each string that they stand for; one thread.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/chunk_reader.h"
#include "engine/codec/row_test.h"
#include "engine/scan/predicate.h"
#include "engine/types/vector.h"

namespace tsd::engine {

/// Whether FilterRows understands the condition for columns of the type; otherwise it is left to the executor.
bool CanFilter(DataType type, const ColumnCondition& condition);

/// The condition as a test of doubles, where it is one for a column of the type.
std::optional<DoubleTest> DoubleTestOf(DataType type, const ColumnCondition& condition);

/// keep[row] &= whether the row satisfies the condition (NULL does not, but for IS NULL). Requires: CanFilter, one byte a row.
void FilterRows(const Vector& column, const ColumnCondition& condition, std::vector<uint8_t>& keep);

class CodeFilter {
 public:
  /// Whether such a condition on such a column is worth a try. Requires: CanFilter.
  static bool MayApply(DataType type, const ColumnCondition& condition);
  /// FilterRows on a row group's column of strings; false, with nothing done, if that has no dictionary. Requires: MayApply; the same
  /// conditions, and no others at their addresses, as long as this lives.
  StatusOr<bool> Filter(const ChunkReader& reader, size_t row_group, const ColumnCondition& condition, std::vector<uint8_t>& keep);

 private:
  /// What a condition says of each entry of the dictionary it met last.
  struct Verdict {
    const ColumnCondition* condition = nullptr;
    VectorPtr entries;
    std::vector<uint8_t> passes;
  };
  const std::vector<uint8_t>& Passes(const ColumnCondition& condition, const VectorPtr& entries);

  std::vector<Verdict> verdicts_;
};

}  // namespace tsd::engine
