#include "tests/support/each_target.h"

#include <hwy/highway.h>

namespace tsd {

int OnEachTarget(absl::FunctionRef<void(const char* target)> body) {
  const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();  // the best first
  for (auto target = targets.rbegin(); target != targets.rend(); ++target) {
    hwy::SetSupportedTargetsForTest(*target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body(hwy::TargetName(*target));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return static_cast<int>(targets.size());
}

}  // namespace tsd
