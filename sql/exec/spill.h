#pragma once
// Spilling: what a query's memory does not hold goes to temporary files and comes back once. The files are coord's (SpillSpace); here they
// are runs of batches. A run is used by one driver; a SpillSpace by any.
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "sql/exec/operator.h"

namespace tsd::sql {

/// A temporary file: appended to, then read. Gone with the object.
class SpillFile {
 public:
  virtual ~SpillFile() = default;
  virtual Status Append(std::string_view bytes) = 0;
  /// Exactly `length` bytes; no Append after the first Read.
  virtual StatusOr<std::string> Read(uint64_t offset, size_t length) = 0;
};

/// Thread-safe.
class SpillSpace {
 public:
  virtual ~SpillSpace() = default;
  virtual StatusOr<std::unique_ptr<SpillFile>> Create() = 0;
};

/// Batches written one after the other, then read in that order, once.
class SpillRun {
 public:
  static StatusOr<std::unique_ptr<SpillRun>> Create(SpillSpace& space);
  Status Write(const ColumnBatch& batch);
  /// The next batch; an empty one at the end.
  StatusOr<ColumnBatch> Next();

 private:
  explicit SpillRun(std::unique_ptr<SpillFile> file) : file_(std::move(file)) {}
  const std::unique_ptr<SpillFile> file_;
  uint64_t written_ = 0, read_ = 0;
};

/// A run's batches as an operator.
OperatorPtr MakeRunSource(std::unique_ptr<SpillRun> run);

}  // namespace tsd::sql
