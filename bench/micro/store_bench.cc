// Stores with very many chunk files: the time until one answers after it was opened, and what a checkpoint of one chunk costs. Files are made
// without syncs, which are not what is measured; making a hundred thousand of them takes a minute.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "engine/base/strings.h"
#include "engine/base/thread_pool.h"
#include "engine/env/posix_env.h"
#include "engine/store/store.h"
#include "tests/support/forwarding_env.h"

namespace tsd::engine {
namespace {

class UnsyncedFile final : public WritableFile {
 public:
  explicit UnsyncedFile(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  Status Append(std::string_view bytes) override { return file_->Append(bytes); }
  Status Sync() override { return OkStatus(); }
  Status Close() override { return file_->Close(); }
  uint64_t size() const override { return file_->size(); }

 private:
  const std::unique_ptr<WritableFile> file_;
};

class UnsyncedLogFile final : public LogFile {
 public:
  explicit UnsyncedLogFile(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  Status Append(std::string_view bytes) override { return file_->Append(bytes); }
  Status Sync(uint64_t) override { return OkStatus(); }
  Status Close() override { return file_->Close(); }

 private:
  const std::unique_ptr<WritableFile> file_;
};

class UnsyncedEnv final : public ForwardingEnv {
 public:
  explicit UnsyncedEnv(Env* env) : ForwardingEnv(env) {}
  StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) override {
    ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env().NewWritableFile(path));
    return std::unique_ptr<WritableFile>(std::make_unique<UnsyncedFile>(std::move(file)));
  }
  StatusOr<std::unique_ptr<LogFile>> NewLogFile(const std::string& path) override {
    ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env().NewWritableFile(path));
    return std::unique_ptr<LogFile>(std::make_unique<UnsyncedLogFile>(std::move(file)));
  }
  Status SyncDirectory(const std::string&) override { return OkStatus(); }
};

class OpenStore {
 public:
  OpenStore(Env* env, const std::string& directory) : workers_("workers", 2), log_("log", 1), background_("background", 1) {
    StoreOptions options;
    options.directory = directory;
    options.env = env;
    options.clock = &clock_;
    options.workers = &workers_;
    options.wal_executor = &log_;
    options.background = &background_;
    store_ = Store::Open(std::move(options)).value();
  }
  ~OpenStore() { Await(store_->Close()).IgnoreError(); }
  Store* operator->() { return store_.get(); }

  template <typename T>
  static T Await(Future<T> future) {
    while (!future.ready()) absl::SleepFor(absl::Microseconds(200));
    return future.Take();
  }

 private:
  RealClock clock_;
  ThreadPool workers_, log_, background_;
  std::unique_ptr<Store> store_;
};

TableSchemaPtr Schema() {
  auto schema = std::make_shared<TableSchema>();
  schema->id = TableId(1);
  schema->name = "public.t";
  schema->columns = {{ColumnId(1), "time", TypeId::kTimestampTz, Value()}, {ColumnId(2), "v", TypeId::kFloat64, Value()}};
  schema->order_by = {ColumnId(1)};
  return schema;
}

/// A row in each chunk from `first` to `last`, in files.
void FillStore(OpenStore& store, int64_t first, int64_t last) {
  const TableSchemaPtr schema = Schema();
  static uint64_t transactions = 0;
  const TxnId txn{1, ++transactions};
  for (int64_t chunk = first; chunk <= last; ++chunk) {
    auto time = std::make_shared<Vector>(TypeId::kTimestampTz);
    auto value = std::make_shared<Vector>(TypeId::kFloat64);
    time->Append<int64_t>(chunk);
    value->Append<double>(0.5);
    TSD_CHECK(OpenStore::Await(store->Write({txn, 0, schema, ChunkId(static_cast<uint64_t>(chunk)), ColumnBatch({time, value}, 1)})).ok());
  }
  TSD_CHECK(OpenStore::Await(store->CommitOnePhase(txn, Timestamp(1))).ok());
  TSD_CHECK(OpenStore::Await(store->Flush()).ok());
}

/// A directory with a store of so many chunk files.
class FilledDirectory {
 public:
  explicit FilledDirectory(int64_t chunks)
      : path_(std::filesystem::temp_directory_path() / StrCat("tsd-store-bench-", getpid())), store_((path_ / "store").string()) {
    std::filesystem::create_directories(path_);
    OpenStore store(&env_, store_);
    FillStore(store, 1, chunks);
  }
  ~FilledDirectory() { std::filesystem::remove_all(path_); }
  Env* env() { return &env_; }
  const std::string& store() const { return store_; }

 private:
  const std::unique_ptr<Env> real_env_ = NewPosixEnv();
  UnsyncedEnv env_{real_env_.get()};
  const std::filesystem::path path_;
  const std::string store_;
};

void BM_OpenStoreOfChunkFiles(benchmark::State& state) {
  FilledDirectory directory(state.range(0));
  for (auto _ : state) OpenStore store(directory.env(), directory.store());
}
BENCHMARK(BM_OpenStoreOfChunkFiles)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

/// A row into one of so many chunks, and the checkpoint that makes a file of it; every eighth time a merge follows.
void BM_CheckpointOfOneChunkAmong(benchmark::State& state) {
  FilledDirectory directory(state.range(0));
  OpenStore store(directory.env(), directory.store());
  for (auto _ : state) FillStore(store, state.range(0) / 2, state.range(0) / 2);
}
BENCHMARK(BM_CheckpointOfOneChunkAmong)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(64);

}  // namespace
}  // namespace tsd::engine
