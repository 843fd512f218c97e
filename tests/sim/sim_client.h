#pragma once
// A PostgreSQL client for the simulator: simple queries over a simulated connection, as a coroutine. One query at a time.
#include <memory>
#include <string>
#include <vector>

#include "engine/base/task.h"
#include "net/transport/transport.h"

namespace tsd::sim {

struct QueryAnswer {
  std::vector<std::vector<std::string>> rows;  // text form; NULL is ""
  std::vector<std::string> tags;
};

class SimClient {
 public:
  SimClient(net::Transport* transport, net::Endpoint server) : transport_(transport), server_(std::move(server)) {}

  /// Connects if needed. An ErrorResponse comes back as a Status with its SQLSTATE; a lost connection is 08006 (the outcome of what was
  /// sent is unknown), a failed connect 08001. `timeout` without an answer closes the connection: 08006.
  Task<StatusOr<QueryAnswer>> Query(std::string text, absl::Duration timeout);
  /// The last query failed, and the server itself said so: nothing of it may be there (unless it says that it does not know, 08007).
  bool refused() const { return refused_; }
  void Close();

 private:
  Task<Status> Connect();
  Task<StatusOr<QueryAnswer>> ReadAnswer();
  Task<Status> Fill(size_t bytes);

  net::Transport* const transport_;
  const net::Endpoint server_;
  std::shared_ptr<net::Connection> connection_;
  std::string buffer_;
  bool refused_ = false;
};

}  // namespace tsd::sim
