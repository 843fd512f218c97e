#include "tests/sim/sim_client.h"

#include "engine/base/bytes.h"
#include "engine/base/strings.h"

namespace tsd::sim {

Task<Status> SimClient::Fill(size_t bytes) {
  while (buffer_.size() < bytes) {
    std::shared_ptr<net::Connection> connection = connection_;
    if (!connection) co_return Error(sqlstate::kConnectionFailure, "closed");
    Future<StatusOr<std::string>> reading = connection->Read();
    CO_ASSIGN_OR_RETURN(const std::string more, co_await reading);
    if (more.empty()) co_return Error(sqlstate::kConnectionFailure, "server closed the connection");
    buffer_ += more;
  }
  co_return OkStatus();
}

Task<StatusOr<QueryAnswer>> SimClient::ReadAnswer() {
  QueryAnswer answer;
  Status error;
  while (true) {
    CO_RETURN_IF_ERROR(co_await Fill(5));
    ByteReader head(buffer_);
    const char type = static_cast<char>(head.GetU8());
    const uint32_t length = head.GetBeU32();
    if (length < 4 || length > (64u << 20)) co_return Error(sqlstate::kProtocolViolation, "bad length from the server");
    CO_RETURN_IF_ERROR(co_await Fill(1 + length));
    const std::string body = buffer_.substr(5, length - 4);
    buffer_.erase(0, 1 + length);
    ByteReader reader(body);
    if (type == 'E') {
      ErrorFields fields;
      std::string message;
      while (true) {
        const char field = static_cast<char>(reader.GetU8());
        if (field == 0) break;
        const std::string value(reader.GetCString());
        if (field == 'C') fields.sqlstate = value;
        if (field == 'M') message = value;
      }
      if (fields.sqlstate.size() != 5) fields.sqlstate = sqlstate::kProtocolViolation;
      error = ErrorWith(fields, message);
    } else if (type == 'D') {
      std::vector<std::string> row;
      for (uint16_t count = reader.GetBeU16(); count > 0; --count) {
        const int32_t size = static_cast<int32_t>(reader.GetBeU32());
        row.push_back(size < 0 ? "" : std::string(reader.GetBytes(static_cast<size_t>(size))));
      }
      answer.rows.push_back(std::move(row));
    } else if (type == 'C') {
      answer.tags.push_back(std::string(reader.GetCString()));
    } else if (type == 'Z') {
      refused_ = !error.ok() && !HasSqlState(error, sqlstate::kTransactionResolutionUnknown);
      if (!error.ok()) co_return error;
      co_return answer;
    }
  }
}

Task<Status> SimClient::Connect() {
  Future<StatusOr<std::shared_ptr<net::Connection>>> connecting = transport_->Connect(server_, absl::Seconds(2));
  CO_ASSIGN_OR_RETURN(connection_, co_await connecting);
  buffer_.clear();
  ByteWriter startup;
  startup.PutBeU32(0);
  startup.PutBeU32(196608);
  for (const char* text : {"user", "tsdbadmin", "database", "tsdb"}) startup.PutCString(text);
  startup.PutU8(0);
  startup.PatchBeU32(0, static_cast<uint32_t>(startup.size()));
  Future<Status> writing = connection_->Write(std::move(startup).Take());
  CO_RETURN_IF_ERROR(co_await writing);
  const StatusOr<QueryAnswer> ready = co_await ReadAnswer();
  co_return ready.status();
}

Task<StatusOr<QueryAnswer>> SimClient::Query(std::string text, absl::Duration timeout) {
  Executor* executor = co_await CurrentExecutor();
  refused_ = false;
  if (!connection_) {
    const Status connected = co_await Connect();
    if (!connected.ok()) {
      Close();
      co_return Error(sqlstate::kSqlclientUnableToConnect, StdView(connected.message()));
    }
  }
  std::shared_ptr<net::Connection> connection = connection_;
  const TimerId timer = executor->PostAfter(timeout, [connection] { connection->Close(); });
  ByteWriter message;
  message.PutU8('Q');
  message.PutBeU32(static_cast<uint32_t>(text.size() + 5));
  message.PutCString(text);
  Future<Status> writing = connection_->Write(std::move(message).Take());
  const Status written = co_await writing;
  StatusOr<QueryAnswer> answer = Error(sqlstate::kConnectionFailure, "not sent");
  if (written.ok()) answer = co_await ReadAnswer();
  executor->Cancel(timer);
  const bool lost = !answer.ok() && (SqlStateOf(answer.status()).substr(0, 2) == "08" || SqlStateOf(answer.status()).substr(0, 2) == "57");
  if (lost) Close();
  co_return answer;
}

void SimClient::Close() {
  if (connection_) connection_->Close();
  connection_.reset();
  buffer_.clear();
}

}  // namespace tsd::sim
