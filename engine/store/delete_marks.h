#pragma once
// Delete marks: which row ids of a chunk are deleted, and by which commit timestamp. Kept as immutable sorted runs; a commit adds one, small
// ones are merged, a checkpoint writes the new ones to a delete file (README.md draws its bytes). Marks are keyed by row id, so flush and merge
// never move them.
//
// S2 A row id has at most one mark: the row's lock is held from staging to commit.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"

namespace tsd::engine {

/// Immutable once shared.
struct DeleteRun {
  std::vector<uint64_t> row_ids;  // ascending, at least one
  std::vector<uint64_t> commits;  // one a row id; empty: all min_commit
  Timestamp min_commit, max_commit;
  uint64_t file_id = 0;           // the delete file that holds it; 0 = only the log does

  Timestamp CommitOf(size_t index) const { return commits.empty() ? min_commit : Timestamp(commits[index]); }
  size_t bytes() const { return sizeof(*this) + 8 * (row_ids.size() + commits.size()); }
};
using DeleteRunPtr = std::shared_ptr<const DeleteRun>;
using DeleteRuns = std::vector<DeleteRunPtr>;

/// Requires: row_ids ascending.
DeleteRunPtr MakeDeleteRun(std::vector<uint64_t> row_ids, Timestamp commit);
DeleteRunPtr MergeDeleteRuns(std::span<const DeleteRunPtr> runs);
/// Without the (ascending) ids of rows that are gone for good; null if nothing is left.
DeleteRunPtr WithoutRows(const DeleteRunPtr& run, std::span<const uint64_t> gone);
/// Appends a run of a new commit and merges small ones at the tail.
void AddDeleteRun(DeleteRuns& runs, DeleteRunPtr run);
std::optional<Timestamp> FindDelete(const DeleteRuns& runs, uint64_t row_id);

/// Bytes of a delete file, checksummed; see README.md.
std::string EncodeDeleteFile(const DeleteRun& run);
/// XX001 on anything else; the caller names the file.
StatusOr<std::shared_ptr<DeleteRun>> DecodeDeleteFile(std::string_view bytes);

/// The row ids a reader does not see: a lookup structure built once a chunk and scan.
class DeletedRows {
 public:
  DeletedRows() = default;
  /// Of the marks with timestamp <= read_timestamp, and `own` (a transaction's own deletions, any order).
  DeletedRows(const DeleteRuns& runs, Timestamp read_timestamp, std::vector<uint64_t> own);
  bool empty() const { return ids_.empty(); }
  /// Whether any id in [low, high] is deleted.
  bool AnyIn(uint64_t low, uint64_t high) const;
  bool Contains(uint64_t row_id) const {
    if (row_id < low_ || row_id > high_) return false;
    if (!bitmap_.empty()) {
      const uint64_t bit = row_id - low_;
      return (bitmap_[bit >> 6] >> (bit & 63) & 1) != 0;
    }
    return Search(row_id);
  }

 private:
  bool Search(uint64_t row_id) const;

  std::vector<uint64_t> ids_;     // ascending
  std::vector<uint64_t> bitmap_;  // over [low_, high_] when the ids are dense enough
  uint64_t low_ = 1, high_ = 0;
};

}  // namespace tsd::engine
