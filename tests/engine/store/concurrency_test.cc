// Real threads: transfers between accounts while readers check that every snapshot has the same sum, with checkpoints and merges under way.
// Meant for ThreadSanitizer as much as for its own assertions.
#include <atomic>
#include <thread>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/thread_pool.h"
#include "engine/store/store.h"
#include "gtest/gtest.h"
#include "tests/engine/store/store_fixture.h"
#include "tests/support/sim_env.h"

namespace tsd::engine {
namespace {

constexpr int64_t kAccounts = 24;
constexpr int64_t kBalance = 100;

class ConcurrencyTest : public ::testing::Test {
 protected:
  ConcurrencyTest() : env_(1), workers_("workers", 2), wal_("wal", 1), background_("background", 1) {
    log::SetLevel(log::Level::kError);
    StoreOptions options;
    options.directory = "/db";
    options.env = &env_;
    options.clock = &clock_;
    options.workers = &workers_;
    options.wal_executor = &wal_;
    options.background = &background_;
    options.rows_per_block = 64;
    options.memtable_bytes = 256 << 10;
    options.lock_timeout = absl::Seconds(5);
    store_ = *Store::Open(options);
  }
  ~ConcurrencyTest() override {
    EXPECT_TRUE(Wait(store_->Close()).ok());
    background_.Shutdown();
    workers_.Shutdown();
    wal_.Shutdown();
    log::SetLevel(log::Level::kInfo);
  }

  template <typename T>
  static T Wait(Future<T> future) {
    Mutex mutex;
    CondVar ready;
    bool done = false;
    future.OnReady([&] {
      MutexLock lock(mutex);
      done = true;
      ready.NotifyAll();
    });
    MutexLock lock(mutex);
    while (!done) ready.Wait(mutex);
    return future.Take();
  }

  struct Account {
    int64_t balance = 0;
    uint64_t row_id = 0;
  };
  static ChunkId ChunkOf(int64_t account) { return ChunkId(static_cast<uint64_t>(account % 3) + 1); }
  static std::vector<ChunkId> AllChunks() { return {ChunkId(1), ChunkId(2), ChunkId(3)}; }

  StatusOr<std::map<int64_t, Account>> Read(Snapshot snapshot) {
    RETURN_IF_ERROR(Wait(store_->AwaitReadable(AllChunks(), snapshot, absl::Seconds(10))));
    ScanSpec spec;
    spec.schema = TestSchema();
    spec.chunks = AllChunks();
    spec.columns = {ColumnId(1), ColumnId(2)};
    spec.with_row_ids = true;
    spec.snapshot = snapshot;
    std::map<int64_t, Account> accounts;
    ASSIGN_OR_RETURN(const std::unique_ptr<TableScan> scan, store_->OpenScan(spec));
    while (true) {
      ASSIGN_OR_RETURN(const ColumnBatch batch, scan->Next());
      if (batch.empty()) return accounts;
      for (size_t row = 0; row < batch.rows(); ++row) {
        const auto [entry, added] = accounts.try_emplace(
            batch.column(0).Get<int64_t>(row), Account{batch.column(1).Get<int64_t>(row), static_cast<uint64_t>(batch.column(3).Get<int64_t>(row))});
        EXPECT_TRUE(added) << "account twice in a snapshot";
      }
    }
  }
  Status Set(TxnId txn, int64_t account, int64_t balance) {
    return Wait(store_->Write({txn, 1, TestSchema(), ChunkOf(account), TestBatch({{account, balance, "x"}})}));
  }

  /// Moves one unit; 40001 or 40P01 if another transfer was in the way.
  Status Transfer(TxnId txn, int64_t from, int64_t to, bool two_phase) {
    const Timestamp read(clock_now_.load());
    ASSIGN_OR_RETURN(const auto accounts, Read({read, txn}));
    const int64_t moves[2][2] = {{from, -1}, {to, 1}};
    for (const auto& [account, amount] : moves) {
      const Account& old = accounts.at(account);
      RETURN_IF_ERROR(Wait(store_->Delete({txn, 1, ChunkOf(account), {old.row_id}, read})).status());
      RETURN_IF_ERROR(Set(txn, account, old.balance + amount));
    }
    if (two_phase) {
      RETURN_IF_ERROR(Wait(store_->Prepare(txn, {Timestamp(clock_now_.load()), "c"})));
      const Timestamp commit(clock_now_.fetch_add(1) + 1);
      return Wait(store_->CommitPrepared(txn, commit));
    }
    ASSIGN_OR_RETURN(const Timestamp commit, Wait(store_->CommitOnePhase(txn, Timestamp(clock_now_.load() + 1))));
    uint64_t now = clock_now_.load();
    while (now < commit.value() && !clock_now_.compare_exchange_weak(now, commit.value())) {
    }
    return OkStatus();
  }

  SimEnv env_;
  RealClock clock_;
  ThreadPool workers_, wal_, background_;
  std::unique_ptr<Store> store_;
  std::atomic<uint64_t> clock_now_{1};
};

TEST_F(ConcurrencyTest, EverySnapshotHasTheSameSum) {
  for (int64_t account = 0; account < kAccounts; ++account) ASSERT_TRUE(Set({1, 1}, account, kBalance).ok());
  clock_now_.store(Wait(store_->CommitOnePhase({1, 1}, Timestamp(1)))->value());
  std::atomic<bool> stop{false};
  std::atomic<int> committed{0}, reads{0};
  std::vector<std::thread> threads;
  for (uint64_t writer = 0; writer < 3; ++writer) {
    threads.emplace_back([&, writer] {
      Random random(writer + 1);
      for (uint64_t i = 1; i <= 60; ++i) {
        const TxnId txn{writer + 10, i};
        const int64_t from = random.Between(0, kAccounts - 1);
        const int64_t to = (from + random.Between(1, kAccounts - 1)) % kAccounts;
        const Status status = Transfer(txn, from, to, random.Chance(0.5));
        if (status.ok()) {
          ++committed;
          continue;
        }
        EXPECT_TRUE(HasSqlState(status, sqlstate::kSerializationFailure) || HasSqlState(status, sqlstate::kDeadlockDetected)) << status;
        EXPECT_TRUE(Wait(store_->Abort(txn)).ok());
      }
    });
  }
  threads.emplace_back([&] {
    while (!stop.load()) EXPECT_TRUE(Wait(store_->Flush()).ok());
  });
  threads.emplace_back([&] {
    while (!stop.load()) {
      const StatusOr<std::map<int64_t, Account>> accounts = Read({Timestamp(clock_now_.load())});
      ASSERT_TRUE(accounts.ok()) << accounts.status();
      int64_t sum = 0;
      for (const auto& [account, state] : *accounts) sum += state.balance;
      EXPECT_EQ(sum, kAccounts * kBalance);
      EXPECT_EQ(accounts->size(), static_cast<size_t>(kAccounts));
      ++reads;
    }
  });
  for (size_t i = 0; i < 3; ++i) threads[i].join();
  stop = true;
  for (size_t i = 3; i < threads.size(); ++i) threads[i].join();
  EXPECT_GT(committed.load(), 0);
  EXPECT_GT(reads.load(), 0);
  EXPECT_TRUE(store_->Verify().ok());
}

}  // namespace
}  // namespace tsd::engine
