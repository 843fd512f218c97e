#pragma once
// VisibleRows: which rows of a unit a snapshot sees: commit timestamps, delete marks, the reader's own hidden ranges (X1). Any thread.
#include <cstdint>
#include <vector>

#include "engine/base/status.h"
#include "engine/scan/scan_work.h"

namespace tsd::engine {

class VisibleRows {
 public:
  /// What can be said without reading: whether every row is visible, whether none is.
  VisibleRows(const ScanUnit& unit, const Snapshot& snapshot);

  bool none() const { return none_; }
  bool all() const { return !none_ && !check_commits_ && !check_deleted_ && !check_hidden_; }
  bool needs_row_ids() const { return check_deleted_ || check_hidden_; }
  bool needs_commits() const { return check_commits_; }
  /// keep[row] &= whether the row is visible. The columns are there where needed.
  void Filter(const Vector* row_ids, const Vector* commits, std::vector<uint8_t>& keep) const;

 private:
  const ScanUnit& unit_;
  const Timestamp read_;
  bool none_ = false;
  bool check_commits_ = false;
  bool check_deleted_ = false;
  bool check_hidden_ = false;
};

}  // namespace tsd::engine
