#include "tools/tsd/verify.h"

#include <cstdio>

#include "coord/cluster/cluster_log.h"
#include "engine/base/clock.h"
#include "engine/base/strings.h"
#include "engine/base/thread_pool.h"
#include "engine/env/posix_env.h"
#include "engine/store/store.h"

namespace tsd {
namespace {

Status Verify(const std::string& directory) {
  std::unique_ptr<engine::Env> env = engine::NewPosixEnv();
  if (!env->FileExists(directory + "/store")) return Error(sqlstate::kUndefinedFile, StrCat("\"", directory, "\" is not a data directory"));
  const auto lock = env->LockFile(directory + "/lock");
  if (!lock.ok()) return WithHint(lock.status(), "Stop the server first, or ask it: SELECT * FROM tsd.verify().");
  RealClock clock;
  ThreadPool workers("tsd-worker", 2);
  ThreadPool wal("tsd-wal", 1);
  ThreadPool background("tsd-background", 1);
  coord::ClusterLogOptions log_options;
  log_options.env = env.get();
  log_options.executor = &wal;
  log_options.directory = directory + "/cluster";
  RETURN_IF_ERROR(coord::ClusterLog::Open(std::move(log_options)).status());
  engine::StoreOptions options;
  options.directory = directory + "/store";
  options.env = env.get();
  options.clock = &clock;
  options.workers = &workers;
  options.wal_executor = &wal;
  options.background = &background;
  ASSIGN_OR_RETURN(const std::unique_ptr<engine::Store> store, engine::Store::Open(std::move(options)));
  RETURN_IF_ERROR(store->Verify());
  uint64_t files = 0, bytes = 0;
  const std::vector<ChunkId> chunks = store->Chunks();
  for (const ChunkId chunk : chunks) {
    const engine::ChunkSize size = store->SizeOf(chunk);
    files += size.file_count;
    bytes += size.bytes;
  }
  std::printf("%zu chunks, %llu files, %llu bytes: all whole\n", chunks.size(), static_cast<unsigned long long>(files), static_cast<unsigned long long>(bytes));
  return OkStatus();
}

}  // namespace

int VerifyDirectory(const std::string& directory) {
  const Status status = Verify(directory);
  if (status.ok()) return 0;
  const ErrorFields fields = FieldsOf(status);
  std::fprintf(stderr, "tsd verify: %s\n", std::string(StdView(status.message())).c_str());
  for (const std::string& more : {fields.detail, fields.hint}) {
    if (!more.empty()) std::fprintf(stderr, "%s\n", more.c_str());
  }
  return 1;
}

}  // namespace tsd
