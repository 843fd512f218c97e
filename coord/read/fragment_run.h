#pragma once
// Runs one fragment of a plan over one node's store and hands its batches to a sink; the same code on a data node (the sink is an RPC
// stream) and for the access node's own store (the sink is the gather's queue). A fragment that reads for longer than a moment is shared
// by the node's threads (sql/exec/lanes.h); all of them give way to others every few milliseconds.
#include <atomic>
#include <functional>

#include "coord/node/node_messages.h"
#include "coord/read/query_memory.h"
#include "engine/base/clock.h"
#include "engine/base/task.h"
#include "engine/store/reader.h"
#include "sql/exec/spill.h"

namespace tsd::coord {

class FragmentSink {
 public:
  virtual ~FragmentSink() = default;
  /// Ends when more may come; an error (also: nobody reads any more) ends the run.
  virtual Task<Status> Rows(ColumnBatch batch) = 0;
  virtual bool IsCancelled() const = 0;
};

struct FragmentDeps {
  engine::StoreReader* store = nullptr;
  const Clock* clock = nullptr;
  absl::Duration decision_timeout = absl::Seconds(30);  // waiting for undecided transactions
  int threads = 1;                                      // of the executor
  sql::SpillSpace* spill = nullptr;
  QueryMemory* memory = nullptr;                        // of fragments that come from other nodes
};

/// `sink` and deps' pointers outlive the task.
Task<StatusOr<FragmentStats>> RunFragment(FragmentDeps deps, FragmentRequest request, FragmentSink* sink);

}  // namespace tsd::coord
