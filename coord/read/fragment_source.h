#pragma once
// FragmentSource: the access node's end of one running fragment: a queue, bounded in batches and bytes, that a coroutine
// fills from the node (or a lane of a shared fragment fills) and an operator empties. Thread-safe.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coord/read/fragment_run.h"
#include "engine/base/mutex.h"
#include "engine/base/task.h"
#include "net/rpc/client.h"

namespace tsd::coord {

class FragmentSource final : public FragmentSink, public std::enable_shared_from_this<FragmentSource> {
 public:
  enum class Kind : uint8_t { kRows, kEnd, kWait };

  FragmentSource(std::string node_name, std::shared_ptr<Event> wake) : node_name_(std::move(node_name)), wake_(std::move(wake)) {}

  /// A node that can answer.
  struct Replica {
    std::string name;
    std::shared_ptr<net::rpc::RpcClient> client;
  };

  /// Start filling; returns at once. The source keeps itself alive until the fragment has ended.
  /// `replicas`: not empty. The first is asked; the next one when a node cannot be reached, or finds its files damaged, before it has
  /// answered anything.
  static void RunRemote(Executor& executor, std::shared_ptr<FragmentSource> source, std::vector<Replica> replicas, FragmentRequest request);

  /// The next batch; kWait: none yet, `wake` will be set. An error is the fragment's.
  StatusOr<Kind> Take(ColumnBatch* batch);
  /// Nobody will Take any more: the fragment is cancelled.
  void Abandon();
  /// Rows that come from now on are dropped; the fragment goes on, for what it says at its end.
  void Discard();
  bool HasEnded() const;
  /// What the fragment did; nullopt before its end, and if it failed or was abandoned.
  std::optional<FragmentStats> stats() const;
  const std::string& node_name() const { return node_name_; }

  Task<Status> Rows(ColumnBatch batch) override;
  /// The last call of whoever fills.
  void Ended(StatusOr<FragmentStats> result);
  bool IsCancelled() const override;

 private:
  static Task<void> FillRemote(std::shared_ptr<FragmentSource> source, std::vector<Replica> replicas, FragmentRequest request);
  static Task<StatusOr<FragmentStats>> FillFrom(std::shared_ptr<FragmentSource> source, std::shared_ptr<net::rpc::RpcClient> client,
                                                std::string request);
  bool HasRows() const;
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static Task<StatusOr<FragmentStats>> Receive(std::shared_ptr<FragmentSource> source, std::shared_ptr<net::rpc::RpcStream> stream);

  const std::string node_name_;
  const std::shared_ptr<Event> wake_;  // of the query's driver
  Event space_;
  mutable Mutex mutex_;
  std::deque<ColumnBatch> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool any_rows_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  bool discarded_ ABSL_GUARDED_BY(mutex_) = false;
  Status error_ ABSL_GUARDED_BY(mutex_);
  std::optional<FragmentStats> stats_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<net::rpc::RpcStream> stream_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
