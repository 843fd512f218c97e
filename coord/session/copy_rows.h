#pragma once
// The rows of a COPY FROM, in the order of its input: received and cut into pieces here, read by as many threads as there are, given out one
// batch after the other. What is under way is bounded, so a client that is faster than the writes waits. One coroutine at a time.
#include <absl/functional/any_invocable.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/task.h"
#include "engine/env/env.h"
#include "net/pg/copy_reader.h"
#include "net/pg/handler.h"

namespace tsd::coord {

/// Gives a COPY its bytes: from the client, or from a file of the server.
class CopyInput {
 public:
  CopyInput(net::pg::ResultSink* sink, std::shared_ptr<engine::RandomAccessFile> file) : sink_(sink), file_(std::move(file)) {}
  /// Bytes that stay until the next call; nullopt: the input is complete.
  Task<StatusOr<std::optional<std::string_view>>> Next();

 private:
  net::pg::ResultSink* const sink_;
  const std::shared_ptr<engine::RandomAccessFile> file_;
  uint64_t offset_ = 0;
  std::string read_;  // of the file
};

class CopyRows {
 public:
  /// `threads`: of `executor`. `interrupted`: an error where the statement must end; asked when input has come.
  CopyRows(std::shared_ptr<const net::pg::CopySource> source, CopyInput input, absl::AnyInvocable<Status()> interrupted, Executor* executor,
           int threads);
  struct Batch {
    std::shared_ptr<const net::pg::CopyPiece> piece;
    net::pg::CopyBatch read;
  };
  /// Some rows; nullopt: there are no more. An error of a row comes after the rows before it.
  Task<StatusOr<std::optional<Batch>>> Next();
  /// Must be awaited before the end, also after an error.
  Task<void> Finish();

 private:
  struct Reading {
    std::shared_ptr<const net::pg::CopyPiece> piece;
    Future<net::pg::CopyPieceRows> rows;
  };
  bool HasRoom() const;
  /// Reads input until as much is under way as may be, or the input is complete.
  Task<Status> ReadAhead();
  void Begin(net::pg::CopyPiece piece);
  struct Read {
    std::shared_ptr<const net::pg::CopyPiece> piece;
    net::pg::CopyPieceRows rows;
  };
  Task<Read> AwaitOldest();

  const std::shared_ptr<const net::pg::CopySource> source_;
  CopyInput input_;
  absl::AnyInvocable<Status()> interrupted_;
  Executor* const executor_;
  const size_t max_under_way_;
  const bool reads_here_;  // its types need the session
  const std::unique_ptr<net::pg::CopySplitter> splitter_;
  bool input_ended_ = false;
  bool rows_ended_ = false;  // by an end marker or a refused row
  Status failed_;            // after the pieces that there are
  std::deque<Reading> under_way_;
  size_t bytes_under_way_ = 0;
};

}  // namespace tsd::coord
