#include "sql/exec/memory_hold.h"

#include <algorithm>

#include "engine/base/strings.h"

namespace tsd::sql {

Status MemoryHold::Refusal(int64_t bytes, int64_t allowed) const {
  const MemoryBudget* node = budget_->parent();
  const Status refused = Error(sqlstate::kOutOfMemory, "out of memory");
  if (node != nullptr && (budget_->limit() == node->limit() || budget_->used() + bytes <= allowed)) {
    return WithHint(WithDetail(refused, StrCat("The queries of the node together need more than its limit of ", node->limit(), " bytes.")),
                    "Try again when other queries have ended, or raise tsd.node_memory.");
  }
  return WithHint(WithDetail(refused, StrCat("The query needs more than its limit of ", budget_->limit(), " bytes.")),
                  "Raise tsd.query_memory, or let the query hold fewer rows at once.");
}

Status MemoryHold::Set(size_t bytes) {
  const int64_t wanted = static_cast<int64_t>(bytes);
  if (budget_ != nullptr) {
    if (wanted > held_ && !budget_->TryReserve(wanted - held_)) return Refusal(wanted - held_, budget_->limit());
    if (wanted < held_) budget_->Release(held_ - wanted);
  }
  held_ = wanted;
  return OkStatus();
}

Status MemoryHold::SetOrSpill(size_t bytes) {
  constexpr int64_t kLittle = 8, kLeft = 2;  // parts of the limit
  const int64_t wanted = static_cast<int64_t>(bytes);
  if (budget_ != nullptr && wanted > held_ && wanted > budget_->limit() / kLittle && !budget_->WouldLeave(wanted - held_, kLeft)) {
    return Refusal(wanted - held_, budget_->limit() - budget_->limit() / kLeft);
  }
  return Set(bytes);
}

bool MemoryHold::AreWorthSpilling(size_t bytes) const {
  constexpr int64_t kLeastPart = 32, kLeastBytes = int64_t{1} << 16;
  return budget_ != nullptr && static_cast<int64_t>(bytes) >= std::min(kLeastBytes, budget_->limit() / kLeastPart);
}

}  // namespace tsd::sql
