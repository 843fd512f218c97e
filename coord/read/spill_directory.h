#pragma once
// SpillDirectory: temporary files of queries in one directory of the node, emptied when the server starts. Thread-safe.
#include <atomic>
#include <memory>
#include <string>

#include "engine/env/env.h"
#include "sql/exec/spill.h"

namespace tsd::coord {

class SpillDirectory final : public sql::SpillSpace {
 public:
  /// Creates the directory if it is missing; removes what a crash left in it.
  static StatusOr<std::unique_ptr<SpillDirectory>> Open(engine::Env& env, std::string path);
  StatusOr<std::unique_ptr<sql::SpillFile>> Create() override;

 private:
  SpillDirectory(engine::Env& env, std::string path) : env_(env), path_(std::move(path)) {}
  engine::Env& env_;
  const std::string path_;
  std::atomic<uint64_t> next_{1};
};

}  // namespace tsd::coord
