#pragma once
// A service for RPC tests; its methods' numbers are far from the real ones.
#include <memory>
#include <string>
#include <vector>

#include "engine/base/strings.h"
#include "net/rpc/service.h"

namespace tsd::net::rpc {

inline constexpr Method kEcho{200};        // answers its payload
inline constexpr Method kFail{201};        // 22012
inline constexpr Method kNever{202};       // sleeps an hour, then answers
inline constexpr Method kEchoStream{210};  // sends back each message until the client finishes
inline constexpr Method kProduce{211};     // payload "count size": sends so many messages until cancelled
inline constexpr Method kIgnore{212};      // reads nothing until cancelled
inline constexpr Method kRefuse{213};      // ends at once with 23505
inline constexpr Method kFirstOnly{214};   // reads one message, then ends with OK

class TestService final : public RpcService {
 public:
  Executor* executor = nullptr;
  int calls = 0;
  int streams = 0;
  int cancelled = 0;
  int64_t produced = 0;
  std::vector<HelloInfo> hellos;

  Task<Status> Authorize(HelloInfo hello, Endpoint) override {
    hellos.push_back(hello);
    if (hello.user == "mallory") co_return Error(sqlstate::kInvalidAuthorization, "no pg_hba entry");
    co_return OkStatus();
  }

  Task<StatusOr<std::string>> HandleCall(Method method, std::string payload, const PeerInfo& peer) override {
    ++calls;
    if (method == kEcho) co_return payload;
    if (method == kNever) {
      co_await SleepFor{absl::Hours(1)};
      co_return payload;
    }
    if (method == kFail) co_return WithDetail(Error(sqlstate::kDivisionByZero, "division by zero"), peer.hello.user);
    co_return Error(sqlstate::kFeatureNotSupported, "unknown method");
  }

  Task<Status> HandleStream(Method method, std::string payload, std::shared_ptr<RpcStream> stream, const PeerInfo&) override {
    ++streams;
    stream->OnCancel([this](const Status&) { ++cancelled; });
    if (method == kEchoStream) co_return co_await EchoStream(std::move(stream));
    if (method == kProduce) co_return co_await Produce(std::move(payload), std::move(stream));
    if (method == kRefuse) co_return Error(sqlstate::kUniqueViolation, "duplicate key");
    if (method == kFirstOnly) {
      StatusOr<std::optional<std::string>> first = co_await stream->Receive();
      co_return first.status();
    }
    while (!stream->IsCancelled()) co_await SleepFor{absl::Milliseconds(10)};
    co_return OkStatus();
  }

 private:
  static Task<Status> EchoStream(std::shared_ptr<RpcStream> stream) {
    while (true) {
      StatusOr<std::optional<std::string>> message = co_await stream->Receive();
      if (!message.ok()) co_return message.status();
      if (!message->has_value()) co_return OkStatus();
      Status sent = co_await stream->Send(**std::move(message));
      if (!sent.ok()) co_return sent;
    }
  }
  Task<Status> Produce(std::string payload, std::shared_ptr<RpcStream> stream) {
    const size_t space = payload.find(' ');
    const int64_t count = std::stoll(payload.substr(0, space));
    const size_t size = std::stoull(payload.substr(space + 1));
    for (int64_t i = 0; i < count; ++i) {
      std::string message = std::to_string(i);
      message.resize(std::max(size, message.size()), '.');
      Status sent = co_await stream->Send(std::move(message));
      if (!sent.ok()) co_return sent;
      ++produced;
    }
    co_return OkStatus();
  }
};

}  // namespace tsd::net::rpc
