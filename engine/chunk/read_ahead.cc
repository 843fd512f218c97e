#include "engine/chunk/read_ahead.h"

#include <algorithm>

namespace tsd::engine {

ReadAhead::Blocks ReadAhead::Next(size_t block, size_t count, bool waits) {
  const bool follows = block + kNear >= last_ && block <= last_ + kNear;
  last_ = block;
  if (!follows) ahead_ = 0;
  if (waits && block >= asked_end_) {
    ahead_ = follows ? std::clamp(2 * ahead_, kFirstAhead, kMostAhead) : 0;
    asked_end_ = block + 1;
  }
  // Half of the last ones are still to come when the next are asked for.
  if (ahead_ == 0 || block + ahead_ / 2 < asked_end_) return {};
  ahead_ = std::min(2 * ahead_, kMostAhead);
  const Blocks blocks{std::max(asked_end_, block + 1), std::min(count, block + 1 + ahead_)};
  if (blocks.begin >= blocks.end) return {};
  asked_end_ = blocks.end;
  return blocks;
}

}  // namespace tsd::engine
