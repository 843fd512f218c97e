#pragma once
// ResultSink on a Wire: what a statement produces becomes messages. One a statement; used by the statement's coroutine. Large batches of
// rows become messages on other threads, while the statement makes the next ones; Finish waits for them.
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/pg/handler.h"
#include "net/pg/row_writer.h"
#include "net/pg/wire.h"

namespace tsd::net::pg {

/// What may interrupt a wait for the client's COPY data: a cancel or a termination. Any thread may raise it, then wake the pump.
class InterruptSource {
 public:
  virtual ~InterruptSource() = default;
  virtual Status interrupt() const = 0;
};

class WireSink final : public ResultSink {
 public:
  WireSink(Wire* wire, const TextContext* context, const InterruptSource* interrupts, std::vector<int16_t> formats)
      : wire_(wire), context_(context), interrupts_(interrupts), rows_(std::make_shared<const RowWriter>(std::move(formats))) {}

  void Describe(const RowDescription& columns) override;
  Task<Status> Rows(ColumnBatch batch) override;
  void Complete(std::string tag) override;
  void Empty() override;
  void SendNotice(const Notice& notice) override;
  void ParameterChanged(const std::string& name, const std::string& value) override;
  Task<Status> BeginCopyIn(bool binary, size_t columns) override;
  Task<StatusOr<std::optional<std::string_view>>> CopyReceive() override;
  Task<Status> BeginCopyOut(bool binary, size_t columns) override;
  Task<Status> CopySend(std::string data, std::vector<size_t> ends) override;
  Task<Status> EndCopyOut() override;

  /// After the statement, whatever its outcome, and before anything else is sent: what it produced is in the wire's buffer.
  Task<Status> Finish();
  /// A statement that ended well without having read all its COPY data: reads to the end of it.
  Task<Status> FinishCopyIn();
  /// Not OK if the client's bytes made no sense during the COPY.
  const Status& broken_input() const { return broken_input_; }

 private:
  /// Rows that are being written, and the messages behind them.
  struct Pending {
    Future<std::string> rows;
    std::string after;
  };

  /// Where the next message goes.
  std::string& Out() { return pending_.empty() ? wire_->out() : pending_.back().after; }
  Task<Status> WriteBeside(ColumnBatch batch);
  Task<Status> TakeOldest();

  Wire* const wire_;
  const TextContext* const context_;
  const InterruptSource* const interrupts_;
  const std::shared_ptr<const RowWriter> rows_;
  std::deque<Pending> pending_;
  bool copying_in_ = false;
  Status broken_input_;
};

}  // namespace tsd::net::pg
