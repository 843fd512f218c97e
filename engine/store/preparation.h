#pragma once
// Preparation: what a transaction is prepared with. A plain value; any thread.
#include <string>
#include <vector>

#include "engine/base/ids.h"

namespace tsd::engine {

/// What a prepare is given by whoever decides the transaction; apart from the floor it is kept for him as it is.
struct Preparation {
  Timestamp floor;                        // every commit timestamp that may be chosen later is greater: readers at or below need not wait
  std::string coordinator;                // opaque bytes: who decides
  std::vector<NodeId> participants = {};  // all that prepare, as the coordinator numbers them, if that is enough to commit (coord/TXN.md)
};

}  // namespace tsd::engine
