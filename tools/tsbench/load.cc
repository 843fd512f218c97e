// tsbench load: a CSV file into a table by COPY over one or several connections, as one COPY a connection or in batches, each durable when
// its time is taken.
#include <time.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "engine/base/strings.h"
#include "tools/client/connection.h"
#include "tools/client/progress_bar.h"
#include "tools/tsbench/commands.h"
#include "tools/tsbench/percentiles.h"
#include "tools/tsbench/row_source.h"

namespace tsd::tsbench {
namespace {

double Now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// One connection's part of the load.
class Loader {
 public:
  Loader(RowSource* source, const std::string& table, uint64_t batch_rows)
      : source_(source), statement_(StrCat("COPY ", table, " FROM STDIN WITH (FORMAT csv)")), batch_rows_(batch_rows) {}

  Status Open(const Arguments& arguments) {
    ASSIGN_OR_RETURN(connection_, client::Connection::Open(ConnectOptionsOf(arguments)));
    return OkStatus();
  }

  void Run() {
    status_ = batch_rows_ == 0 ? CopyAll() : CopyBatches();
    if (!status_.ok()) source_->Stop();
  }

  const Status& status() const { return status_; }
  uint64_t rows() const { return rows_; }
  const std::vector<double>& batch_milliseconds() const { return batch_milliseconds_; }

 private:
  Status CopyAll() {
    uint64_t rows = 0;
    ASSIGN_OR_RETURN(rows_, connection_->CopyIn(statement_, [&] { return source_->Take(0, &rows); }));
    return OkStatus();
  }

  Status CopyBatches() {
    while (true) {
      uint64_t rows = 0;
      ASSIGN_OR_RETURN(std::string batch, source_->Take(batch_rows_, &rows));
      if (batch.empty()) return OkStatus();
      const double start = Now();
      // The batch, then the empty text that ends it.
      ASSIGN_OR_RETURN(const uint64_t copied, connection_->CopyIn(statement_, [&]() -> StatusOr<std::string> { return std::exchange(batch, std::string()); }));
      batch_milliseconds_.push_back((Now() - start) * 1e3);
      rows_ += copied;
    }
  }

  RowSource* source_;
  std::string statement_;
  uint64_t batch_rows_;
  std::unique_ptr<client::Connection> connection_;
  Status status_;
  uint64_t rows_ = 0;
  std::vector<double> batch_milliseconds_;
};

/// What the table takes, if the server tells: a hypertable's size, else PostgreSQL's word for a table's.
void PrintStoredBytes(const Arguments& arguments, const std::string& table, uint64_t rows) {
  const auto connection = client::Connection::Open(ConnectOptionsOf(arguments));
  if (!connection.ok()) return;
  for (const char* function : {"hypertable_size", "pg_total_relation_size"}) {
    const auto answer = (*connection)->Query(StrCat("SELECT ", function, "(", client::QuoteLiteral(table), ")"));
    if (!answer.ok() || answer->empty() || (*answer)[0].rows.empty() || !(*answer)[0].rows[0][0]) continue;
    const double bytes = std::strtod((*answer)[0].rows[0][0]->c_str(), nullptr);
    if (bytes == 0) {
      std::printf("0 bytes stored in files of the table yet: its rows are in memory and in the log\n");
      return;
    }
    std::printf("%.0f bytes stored in the table", bytes);
    if (rows > 0) std::printf(", %.2f a row of this load", bytes / static_cast<double>(rows));
    std::printf("\n");
    return;
  }
}

/// The first error that is not another connection's.
Status FirstError(const std::vector<Loader>& loaders) {
  Status first;
  for (const Loader& loader : loaders) {
    if (loader.status().ok()) continue;
    if (first.ok() || FieldsOf(first).sqlstate == sqlstate::kQueryCanceled) first = loader.status();
  }
  return first;
}

}  // namespace

Status LoadFile(const Arguments& arguments, const std::string& path, const std::string& table) {
  const uint64_t connections = std::max<uint64_t>(1, Number(arguments, "connections", 1)), batch_rows = Number(arguments, "batch-rows", 0);
  ASSIGN_OR_RETURN(const std::unique_ptr<RowSource> source, RowSource::Open(path));
  const std::string header = Text(arguments, "header", "auto");
  uint64_t names = 0;
  if (header == "yes" || (header == "auto" && source->StartsWithNames())) RETURN_IF_ERROR(source->Take(1, &names).status());
  std::vector<Loader> loaders;
  for (uint64_t i = 0; i < connections; ++i) {
    loaders.emplace_back(source.get(), table, batch_rows);
    RETURN_IF_ERROR(loaders.back().Open(arguments));
  }
  client::ProgressBar bar(source->total_bytes());
  const double start = Now();
  std::mutex mutex;
  std::condition_variable finished;
  size_t running = loaders.size();
  std::vector<std::thread> threads;
  for (Loader& loader : loaders) {
    threads.emplace_back([&] {
      loader.Run();
      const std::lock_guard lock(mutex);
      --running;
      finished.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    while (!finished.wait_for(lock, std::chrono::milliseconds(100), [&] { return running == 0; })) bar.Update(source->taken_bytes(), source->taken_rows());
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = Now() - start;
  bar.Finish(source->taken_bytes(), source->taken_rows());
  RETURN_IF_ERROR(FirstError(loaders));
  uint64_t rows = 0;
  std::vector<double> times;
  for (const Loader& loader : loaders) {
    rows += loader.rows();
    times.insert(times.end(), loader.batch_milliseconds().begin(), loader.batch_milliseconds().end());
  }
  std::printf("%llu rows in %.2f s, %.0f rows/s, %.1f MB/s\n", static_cast<unsigned long long>(rows), seconds, static_cast<double>(rows) / seconds,
              static_cast<double>(source->taken_bytes()) / 1e6 / seconds);
  if (!times.empty()) {
    const Percentiles ms = PercentilesOf(times);
    std::printf("%zu batches over %llu connections: p50 %.2f ms, p90 %.2f, p99 %.2f, max %.2f\n", times.size(), static_cast<unsigned long long>(connections), ms.p50,
                ms.p90, ms.p99, ms.max);
  }
  PrintStoredBytes(arguments, table, rows);
  return OkStatus();
}

Status Load(const Arguments& arguments) {
  const std::string path = Text(arguments, "file", ""), table = Text(arguments, "table", "");
  if (path.empty() || table.empty()) return Error(sqlstate::kInvalidParameterValue, "load needs --file and --table");
  return LoadFile(arguments, path, table);
}

}  // namespace tsd::tsbench
