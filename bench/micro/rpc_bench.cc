// RPC: frames alone, and calls and streams between a client and a server of one process over loopback.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/micro/await.h"
#include "engine/base/clock.h"
#include "engine/base/thread_pool.h"
#include "net/rpc/client.h"
#include "net/rpc/frame.h"
#include "net/rpc/server.h"
#include "net/transport/asio_transport.h"

namespace tsd::net::rpc {
namespace {

constexpr Method kEcho{200};
constexpr Method kProduce{201};

void EncodeAndDecodeFrame(benchmark::State& state) {
  const std::string payload(static_cast<size_t>(state.range(0)), 'p');
  FrameDecoder decoder;
  for (auto _ : state) {
    const std::string bytes = EncodeFrame(FrameType::kData, 1, payload);
    std::string_view input = bytes;
    auto frame = decoder.Next(&input);
    if (!frame.ok() || !frame->has_value()) return state.SkipWithError("no frame");
    benchmark::DoNotOptimize(frame);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * payload.size()));
}
BENCHMARK(EncodeAndDecodeFrame)->ArgName("bytes")->Arg(64)->Arg(4096)->Arg(1 << 20);

class BenchService final : public RpcService {
 public:
  Task<Status> Authorize(HelloInfo, Endpoint) override { co_return OkStatus(); }
  Task<StatusOr<std::string>> HandleCall(Method, std::string payload, const PeerInfo&) override { co_return payload; }
  Task<Status> HandleStream(Method, std::string payload, std::shared_ptr<RpcStream> stream, const PeerInfo&) override {
    while (true) {
      Status sent = co_await stream->Send(payload);
      if (!sent.ok()) co_return sent;
    }
  }
};

/// Client and server, with threads as a node has them.
class Pair {
 public:
  Pair() {
    auto transport = AsioTransport::Create();
    if (!transport.ok()) return;
    transport_ = *std::move(transport);
    auto listener = transport_->Listen(Endpoint{"127.0.0.1", 0}, [this](std::shared_ptr<Connection> connection) { Spawn(workers_, Serve(this, std::move(connection))); });
    if (!listener.ok()) return;
    listener_ = *std::move(listener);
    client_ = std::make_unique<RpcClient>(RpcDeps{&workers_, &clock_, transport_.get()}, listener_->Address(), HelloInfo{});
  }
  ~Pair() {
    client_ = nullptr;
    listener_ = nullptr;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& connection : connections_) connection->Close();
    }
    for (int i = 0; i < 10'000 && running_ > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    transport_ = nullptr;
    workers_.Shutdown();
  }
  RpcClient* client() { return client_.get(); }
  Executor& workers() { return workers_; }

 private:
  static Task<void> Serve(Pair* self, std::shared_ptr<Connection> connection) {
    ++self->running_;
    Future<StatusOr<std::string>> reading = connection->Read();
    StatusOr<std::string> first = co_await reading;
    if (first.ok()) {
      auto server = RpcServerConnection::Create(RpcDeps{&self->workers_, &self->clock_, nullptr}, connection, *std::move(first), &self->service_, "bench");
      {
        const std::lock_guard lock(self->mutex_);
        self->connections_.push_back(server);
      }
      co_await server->Run();
    }
    --self->running_;
  }

  RealClock clock_;
  ThreadPool workers_{"rpc-bench", 2};
  BenchService service_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<RpcServerConnection>> connections_;
  std::atomic<int> running_{0};
  std::unique_ptr<AsioTransport> transport_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<RpcClient> client_;
};

Task<void> CallInto(RpcClient* client, std::string payload, Promise<StatusOr<std::string>> done) {
  done.Set(co_await client->Call(kEcho, std::move(payload), absl::Seconds(10)));
}

/// Arguments: bytes each way, calls in flight.
void Calls(benchmark::State& state) {
  Pair pair;
  if (pair.client() == nullptr) return state.SkipWithError("no loopback");
  const auto bytes = static_cast<size_t>(state.range(0)), group = static_cast<size_t>(state.range(1));
  for (auto _ : state) {
    std::vector<Future<StatusOr<std::string>>> waiting;
    for (size_t i = 0; i < group; ++i) {
      Promise<StatusOr<std::string>> done;
      waiting.push_back(done.future());
      Spawn(pair.workers(), CallInto(pair.client(), std::string(bytes, 'c'), done));
    }
    for (auto& future : waiting) {
      if (!AwaitInBenchmark(std::move(future)).ok()) return state.SkipWithError("call failed");
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * group));
}
BENCHMARK(Calls)->ArgNames({"bytes", "in_flight"})->Args({64, 1})->Args({64, 16})->Args({65536, 1})->UseRealTime()->Unit(benchmark::kMicrosecond);

Task<void> ReceiveInto(RpcClient* client, std::string message, int count, Promise<Status> done) {
  StatusOr<std::shared_ptr<RpcStream>> stream = co_await client->Open(kProduce, std::move(message));
  Status status = stream.status();
  for (int i = 0; status.ok() && i < count; ++i) status = (co_await (*stream)->Receive()).status();
  if (stream.ok()) (*stream)->Cancel(Error(sqlstate::kQueryCanceled, "enough"));
  done.Set(status);
}

void StreamedMessages(benchmark::State& state) {
  constexpr int kMessages = 200;
  Pair pair;
  if (pair.client() == nullptr) return state.SkipWithError("no loopback");
  const auto bytes = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    Promise<Status> done;
    Future<Status> future = done.future();
    Spawn(pair.workers(), ReceiveInto(pair.client(), std::string(bytes, 'm'), kMessages, done));
    if (!AwaitInBenchmark(std::move(future)).ok()) return state.SkipWithError("stream failed");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kMessages * bytes));
}
BENCHMARK(StreamedMessages)->ArgName("bytes")->Arg(4096)->Arg(256 << 10)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tsd::net::rpc
