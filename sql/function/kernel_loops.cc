#include "sql/function/kernel_loops.h"

namespace tsd::sql {

void CombineValidity(const KernelCall& call, Vector& out) {
  std::vector<uint64_t> words;
  for (const VectorPtr& argument : call.arguments) {
    if (!argument->HasNulls()) continue;
    if (argument->IsConstant()) {
      // Only a strict call folded to one row can meet a constant NULL here.
      words.assign((out.size() + 63) / 64, 0);
      break;
    }
    const std::span<const uint64_t> validity = argument->validity();
    if (words.empty()) {
      words.assign(validity.begin(), validity.end());
    } else {
      for (size_t i = 0; i < words.size(); ++i) words[i] &= validity[i];
    }
  }
  if (!words.empty()) out.AdoptValidity(std::move(words));
}

}  // namespace tsd::sql
