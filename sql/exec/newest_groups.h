#pragma once
// NewestGroups: while an aggregation reads, the least value of a descending group key that can still be among the first `limit` groups.
// The key is a time rounded down, so it bounds the rows that matter as well. One driver.
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "sql/exec/group_table.h"
#include "sql/exec/sort_operator.h"

namespace tsd::sql {

class NewestGroups {
 public:
  /// `key`: position among the group keys, int64.
  NewestGroups(size_t key, size_t limit, std::shared_ptr<TopNBound> bound) : key_(key), limit_(limit), bound_(std::move(bound)) {}
  /// Looks at the groups that are new since the last call.
  void Update(const GroupTable& table) {
    if (seen_ == table.size()) return;
    const VectorPtr keys = table.Keys(seen_, table.size())[key_];
    seen_ = table.size();
    for (size_t i = 0; i < keys->size(); ++i) {
      if (keys->IsNull(i)) {  // comes first, always
        if (limit_ > 0) --limit_;
        continue;
      }
      best_.push(keys->Get<int64_t>(i));
    }
    while (best_.size() > limit_) best_.pop();
    if (limit_ == 0 || best_.size() < limit_) return;
    bound_->full = true;
    bound_->worst = best_.top();
  }

 private:
  const size_t key_;
  size_t limit_;
  const std::shared_ptr<TopNBound> bound_;
  size_t seen_ = 0;
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> best_;  // the least on top
};

}  // namespace tsd::sql
