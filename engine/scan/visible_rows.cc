#include "engine/scan/visible_rows.h"

#include <algorithm>

namespace tsd::engine {
namespace {

bool IsHidden(const std::vector<RowRange>& hidden, uint64_t row_id) {
  return std::any_of(hidden.begin(), hidden.end(),
                     [row_id](const RowRange& range) { return row_id >= range.first_row_id && row_id - range.first_row_id < range.count; });
}

}  // namespace

VisibleRows::VisibleRows(const ScanUnit& unit, const Snapshot& snapshot) : unit_(unit), read_(snapshot.read_timestamp) {
  check_commits_ = unit.some_too_new;
  check_hidden_ = unit.hidden != nullptr && !unit.hidden->empty();
  uint64_t low = 0;
  uint64_t high = UINT64_MAX;
  if (unit.block != nullptr) {
    if (unit.block->row_ids == nullptr) {
      low = unit.block->first_row_id;
      high = low + unit.block->row_count() - 1;
    }
  } else {
    low = unit.meta->min_row_id;
    high = unit.meta->max_row_id;
    if (const BlockSummaries* ids = unit.reader->Summaries(kRowIdColumn); ids != nullptr && ids->HasBounds(unit.group)) {
      low = static_cast<uint64_t>(ids->lows().Get<int64_t>(unit.group));
      high = static_cast<uint64_t>(ids->highs().Get<int64_t>(unit.group));
    }
    const BlockSummaries* commits = check_commits_ ? unit.reader->Summaries(kCommitColumn) : nullptr;
    if (commits != nullptr && commits->HasBounds(unit.group)) {
      none_ = static_cast<uint64_t>(commits->lows().Get<int64_t>(unit.group)) > read_.value();
      check_commits_ = static_cast<uint64_t>(commits->highs().Get<int64_t>(unit.group)) > read_.value();
    }
  }
  check_deleted_ = unit.view->deleted.AnyIn(low, high);
}

void VisibleRows::Filter(const Vector* row_ids, const Vector* commits, std::vector<uint8_t>& keep) const {
  for (size_t row = 0; row < keep.size(); ++row) {
    if (keep[row] == 0) continue;
    if (check_commits_ && (commits == nullptr || static_cast<uint64_t>(commits->Get<int64_t>(row)) > read_.value())) {
      keep[row] = 0;
      continue;
    }
    if (!check_deleted_ && !check_hidden_) continue;
    const uint64_t id = static_cast<uint64_t>(row_ids->Get<int64_t>(row));
    if (check_deleted_ && unit_.view->deleted.Contains(id)) keep[row] = 0;
    if (check_hidden_ && IsHidden(*unit_.hidden, id)) keep[row] = 0;
  }
}

}  // namespace tsd::engine
