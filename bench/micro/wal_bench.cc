// The write-ahead log on a real disk: durable appends one at a time, in groups that share a sync, and buffered throughput.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "bench/micro/await.h"
#include "engine/base/thread_pool.h"
#include "engine/env/posix_env.h"
#include "engine/wal/wal.h"

namespace tsd::engine {
namespace {

constexpr uint8_t kRecord = kFirstUserType;

/// A log in a folder of its own, below the folder where the benchmark runs: /tmp may be memory.
class LogOnDisk {
 public:
  LogOnDisk() : env_(NewPosixEnv()) {
    folder_ = (std::filesystem::current_path() / "wal-bench-XXXXXX").string();
    if (::mkdtemp(folder_.data()) == nullptr) return;
    WalOptions options;
    options.env = env_.get();
    options.executor = &thread_;
    options.directory = folder_;
    auto opened = Wal::Open(options, Lsn(0), [](const WalRecord&) { return OkStatus(); });
    if (opened.ok()) log_ = *std::move(opened);
  }
  ~LogOnDisk() {
    if (log_ != nullptr) (void)AwaitInBenchmark(log_->Close());
    log_ = nullptr;
    thread_.Shutdown();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Wal* log() { return log_.get(); }

 private:
  std::unique_ptr<Env> env_;
  ThreadPool thread_{"wal-bench", 1};
  std::string folder_;
  std::unique_ptr<Wal> log_;
};

/// Arguments: bytes of a record, durable appends in flight.
void DurableAppends(benchmark::State& state) {
  LogOnDisk disk;
  if (disk.log() == nullptr) return state.SkipWithError("no log");
  const auto bytes = static_cast<size_t>(state.range(0)), group = static_cast<size_t>(state.range(1));
  for (auto _ : state) {
    std::vector<Future<StatusOr<Lsn>>> waiting;
    for (size_t i = 0; i < group; ++i) waiting.push_back(disk.log()->Append(kRecord, std::string(bytes, 'r'), Durability::kSync));
    for (auto& future : waiting) {
      if (!AwaitInBenchmark(std::move(future)).ok()) return state.SkipWithError("append failed");
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * group));
}
BENCHMARK(DurableAppends)->ArgNames({"bytes", "in_flight"})->Args({200, 1})->Args({200, 8})->Args({200, 64})->Args({65536, 1})->UseRealTime()->Unit(benchmark::kMicrosecond);

void BufferedAppends(benchmark::State& state) {
  LogOnDisk disk;
  if (disk.log() == nullptr) return state.SkipWithError("no log");
  const auto bytes = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    if (!AwaitInBenchmark(disk.log()->Append(kRecord, std::string(bytes, 'r'), Durability::kBuffered)).ok()) return state.SkipWithError("append failed");
  }
  (void)AwaitInBenchmark(disk.log()->Sync());
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}
BENCHMARK(BufferedAppends)->ArgName("bytes")->Arg(200)->Arg(65536)->UseRealTime()->Iterations(4000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tsd::engine
