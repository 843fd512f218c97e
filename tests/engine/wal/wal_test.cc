#include "engine/wal/wal.h"

#include <gtest/gtest.h>

#include <deque>

#include "engine/base/random.h"
#include "engine/base/thread_pool.h"
#include "tests/support/sim_env.h"

namespace tsd::engine {
namespace {

/// Runs nothing until told.
class ManualExecutor final : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> task) override { tasks_.push_back(std::move(task)); }
  TimerId PostAfter(absl::Duration, absl::AnyInvocable<void()>) override { return 0; }
  void Cancel(TimerId) override {}
  void RunAll() {
    while (RunOne()) {
    }
  }
  bool RunOne() {
    if (tasks_.empty()) return false;
    absl::AnyInvocable<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  void Drop() { tasks_.clear(); }

 private:
  std::deque<absl::AnyInvocable<void()>> tasks_;
};

struct Record {
  uint64_t lsn;
  uint8_t type;
  std::string payload;
  bool operator==(const Record&) const = default;
};

constexpr char kDirectory[] = "/wal";

class WalTest : public ::testing::Test {
 protected:
  WalOptions Options(SimEnv& env) {
    WalOptions options;
    options.env = &env;
    options.executor = &executor_;
    options.directory = kDirectory;
    options.segment_bytes = segment_bytes_;
    options.max_queued_bytes = max_queued_bytes_;
    options.on_poisoned = [this](const Status&) { ++poisonings_; };
    return options;
  }
  StatusOr<std::unique_ptr<Wal>> Open(SimEnv& env, std::vector<Record>* records, Lsn from = Lsn()) {
    if (records != nullptr) records->clear();
    return Wal::Open(Options(env), from, [records](const WalRecord& record) {
      if (records != nullptr) records->push_back({record.lsn.value(), record.type, std::string(record.payload)});
      return OkStatus();
    });
  }
  StatusOr<std::vector<Record>> Read(SimEnv& env, Lsn from = Lsn()) {
    std::vector<Record> records;
    const auto result = ScanWal(env, kDirectory, from, [&](const WalRecord& record) {
      records.push_back({record.lsn.value(), record.type, std::string(record.payload)});
      return OkStatus();
    });
    if (!result.ok()) return result.status();
    return records;
  }
  Status Run(Future<Status> future) {
    executor_.RunAll();
    return future.Take();
  }
  StatusOr<Lsn> Run(Future<StatusOr<Lsn>> future) {
    executor_.RunAll();
    return future.Take();
  }
  static std::string SegmentPath(uint64_t number) { return std::string(kDirectory) + "/" + SegmentName(number); }

  ManualExecutor executor_;
  uint64_t segment_bytes_ = 64 << 20;
  uint64_t max_queued_bytes_ = 64 << 20;
  int poisonings_ = 0;
};

TEST_F(WalTest, EmptyLogOpensAndReopens) {
  SimEnv env(1);
  std::vector<Record> records;
  for (int i = 0; i < 3; ++i) {
    auto wal = Open(env, &records);
    ASSERT_TRUE(wal.ok()) << wal.status();
    EXPECT_TRUE(records.empty());
    EXPECT_EQ((*wal)->NextLsn(), kFirstLsn);
  }
  EXPECT_EQ(env.ListDirectory(kDirectory)->size(), 1u);
}

TEST_F(WalTest, RecordsComeBackInOrder) {
  SimEnv env(1);
  std::vector<Record> expected;
  {
    auto wal = *Open(env, nullptr);
    for (int i = 0; i < 100; ++i) {
      const std::string payload(static_cast<size_t>(i * 3), static_cast<char>('a' + i % 26));
      auto future = wal->Append(static_cast<uint8_t>(1 + i), payload, i % 3 == 0 ? Durability::kSync : Durability::kBuffered);
      EXPECT_EQ(future.ready(), i % 3 != 0);
      executor_.RunAll();
      expected.push_back({future.Take()->value(), static_cast<uint8_t>(1 + i), payload});
    }
    EXPECT_TRUE(Run(wal->Close()).ok());
    EXPECT_TRUE(HasSqlState(Run(wal->Append(1, "x", Durability::kSync)).status(), sqlstate::kAdminShutdown));
  }
  env.Crash();
  std::vector<Record> records;
  auto wal = Open(env, &records);
  ASSERT_TRUE(wal.ok()) << wal.status();
  EXPECT_EQ(records, expected);
  // From the middle.
  EXPECT_EQ((*Read(env, Lsn(expected[40].lsn))), std::vector<Record>(expected.begin() + 40, expected.end()));
}

TEST_F(WalTest, ReservedSpaceIsNotPartOfTheLog) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SimEnv env(seed);
    std::vector<Record> expected;
    {
      auto wal = *Open(env, nullptr);
      for (int i = 0; i < 3; ++i) {
        const std::string payload = "record " + std::string(2000, static_cast<char>('0' + i));
        const StatusOr<Lsn> lsn = Run(wal->Append(1, payload, Durability::kSync));
        ASSERT_TRUE(lsn.ok());
        expected.push_back({lsn->value(), 1, payload});
      }
      EXPECT_GT(*env.FileSize(SegmentPath(1)), 100'000u);
      if (seed % 2 == 0) {
        EXPECT_TRUE(Run(wal->Close()).ok());
      }
    }
    env.Crash();
    const auto scan = ScanWal(env, kDirectory, Lsn(), [](const WalRecord&) { return OkStatus(); });
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_EQ(scan->closed_cleanly, seed % 2 == 0);
    EXPECT_FALSE(scan->tail_torn);
    EXPECT_EQ(*Read(env), expected);
    // The next run goes on behind the last record, and its records are found behind the old ones.
    std::vector<Record> records;
    auto wal = Open(env, &records);
    ASSERT_TRUE(wal.ok()) << wal.status();
    EXPECT_EQ(records, expected);
    const StatusOr<Lsn> lsn = Run((*wal)->Append(2, "next", Durability::kSync));
    ASSERT_TRUE(lsn.ok());
    expected.push_back({lsn->value(), 2, "next"});
    EXPECT_EQ(*Read(env), expected);
  }
}

TEST_F(WalTest, OneSyncForAGroup) {
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  EXPECT_TRUE(Run(wal->Append(1, "reserves space", Durability::kSync)).ok());
  const uint64_t before = env.changing_calls();
  std::vector<Future<StatusOr<Lsn>>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(wal->Append(1, "record", Durability::kSync));
  EXPECT_TRUE(executor_.RunOne());
  EXPECT_EQ(env.changing_calls() - before, 2u);  // one write, one sync
  uint64_t last = 0;
  for (auto& future : futures) {
    ASSERT_TRUE(future.ready());
    const uint64_t lsn = future.Take()->value();
    EXPECT_GT(lsn, last);
    last = lsn;
  }
  EXPECT_EQ(wal->DurableLsn(), wal->NextLsn());
}

TEST_F(WalTest, BufferedAppendsWaitWhenTheQueueIsFull) {
  max_queued_bytes_ = 1000;
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  EXPECT_TRUE(wal->Append(1, std::string(500, 'x'), Durability::kBuffered).ready());
  auto waiting = wal->Append(1, std::string(500, 'y'), Durability::kBuffered);
  EXPECT_FALSE(waiting.ready());
  executor_.RunAll();
  EXPECT_TRUE(waiting.ready());
  EXPECT_TRUE(waiting.Take().ok());
  EXPECT_TRUE(wal->Append(1, std::string(500, 'x'), Durability::kBuffered).ready());
}

TEST_F(WalTest, BufferedAppendsWakeNobodyUntilTheyAreMany) {
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  ASSERT_TRUE(Run(wal->Append(1, "synced", Durability::kSync)).ok());
  const uint64_t before = env.changing_calls();
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(wal->Append(2, std::string(1000, 'b'), Durability::kBuffered).ready());
    EXPECT_FALSE(executor_.RunOne());
  }
  EXPECT_EQ(env.changing_calls(), before);
  EXPECT_LT(wal->DurableLsn(), wal->NextLsn());
  // Whoever waits takes them along.
  EXPECT_TRUE(Run(wal->Append(3, "synced", Durability::kSync)).ok());
  EXPECT_EQ(wal->DurableLsn(), wal->NextLsn());
  EXPECT_EQ(Read(env)->size(), 102u);
  // Many of them are taken out of the queue.
  int appended = 0;
  while (!executor_.RunOne()) {
    ASSERT_TRUE(wal->Append(2, std::string(1000, 'b'), Durability::kBuffered).ready());
    ASSERT_LT(++appended, 300);
  }
  EXPECT_GT(appended, 200);
  for (auto command : {&Wal::Sync, &Wal::Rotate, &Wal::Close}) {
    ASSERT_TRUE(wal->Append(2, "last", Durability::kBuffered).ready());
    EXPECT_TRUE(Run((wal.get()->*command)()).ok());
    EXPECT_GE(wal->DurableLsn(), wal->NextLsn());  // above it by the end mark
  }
  EXPECT_EQ(Read(env)->size(), 105u + static_cast<size_t>(appended));
}

TEST_F(WalTest, BufferedAppendsThatCameMeanwhileAreWrittenWithWhatIsWantedLater) {
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  auto synced = wal->Append(1, "synced", Durability::kSync);
  // In the middle of the group: its completion.
  synced.OnReady([&] { wal->Append(2, "meanwhile", Durability::kBuffered); });
  executor_.RunAll();
  EXPECT_LT(wal->DurableLsn(), wal->NextLsn());
  EXPECT_TRUE(Run(wal->Sync()).ok());
  EXPECT_EQ(wal->DurableLsn(), wal->NextLsn());
  EXPECT_EQ(Read(env)->size(), 2u);
}

TEST_F(WalTest, ASegmentThatWasNeverBegunIsNoSegment) {
  SimEnv source(1);
  Open(source, nullptr)->reset();
  const std::string empty = *source.ReadFile(SegmentPath(1));
  ASSERT_EQ(empty.size(), 4096u);
  auto wal = *Open(source, nullptr);
  ASSERT_TRUE(Run(wal->Append(1, "x", Durability::kSync)).ok());
  const std::string used = *source.ReadFile(SegmentPath(2));
  for (const size_t torn : {0, 1, 8, 40, 63}) {
    SimEnv env(2);
    // The file's length and a part of its first block reached the disk.
    env.PutFile(SegmentPath(1), empty.substr(0, torn) + std::string(4096 - torn, '\0'));
    std::vector<Record> records;
    auto opened = Open(env, &records);
    ASSERT_TRUE(opened.ok()) << opened.status() << " torn at " << torn;
    EXPECT_TRUE(records.empty());
    EXPECT_FALSE(env.FileExists(SegmentPath(1)));
    // With a frame behind it, it is damage.
    env.PutFile(SegmentPath(1), used.substr(0, torn) + std::string(kSegmentHeaderBytes - torn, '\0') + used.substr(kSegmentHeaderBytes));
    EXPECT_TRUE(HasSqlState(Read(env).status(), sqlstate::kDataCorrupted)) << torn;
  }
}

TEST_F(WalTest, TooLargeARecordIsRefusedAndALargeOneGetsItsOwnSegment) {
  segment_bytes_ = 4096;
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  EXPECT_TRUE(HasSqlState(wal->Append(1, std::string(kMaxRecordBytes + 1, 'x'), Durability::kSync).Take().status(),
                          sqlstate::kProgramLimitExceeded));
  const std::string large(1 << 20, 'L');
  EXPECT_TRUE(Run(wal->Append(1, "small", Durability::kSync)).ok());
  EXPECT_TRUE(Run(wal->Append(2, large, Durability::kSync)).ok());
  EXPECT_TRUE(Run(wal->Append(3, "small", Durability::kSync)).ok());
  const auto records = Read(env);
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), 3u);
  EXPECT_EQ((*records)[1].payload, large);
  EXPECT_EQ(env.ListDirectory(kDirectory)->size(), 3u);
}

TEST_F(WalTest, RotationAndDropping) {
  segment_bytes_ = 1024;
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  std::vector<uint64_t> lsns;
  for (int i = 0; i < 40; ++i) lsns.push_back(Run(wal->Append(1, std::string(100, 'x'), Durability::kSync))->value());
  EXPECT_GE(env.ListDirectory(kDirectory)->size(), 5u);
  EXPECT_EQ(Read(env)->size(), 40u);
  const uint64_t bytes = wal->TotalBytes();
  ASSERT_TRUE(Run(wal->DropSegmentsBelow(Lsn(lsns[20]))).ok());
  EXPECT_LT(wal->TotalBytes(), bytes);
  // What is needed is still there; what came before it in the same segment does not matter.
  EXPECT_EQ(Read(env, Lsn(lsns[20]))->size(), 20u);
  EXPECT_TRUE(HasSqlState(Read(env, Lsn(lsns[0])).status(), sqlstate::kDataCorrupted));
  EXPECT_TRUE(Run(wal->Rotate()).ok());
  EXPECT_TRUE(Run(wal->Rotate()).ok());  // an empty segment is not left behind
  ASSERT_TRUE(Run(wal->DropSegmentsBelow(wal->NextLsn())).ok());
  EXPECT_EQ(env.ListDirectory(kDirectory)->size(), 1u);
  const Lsn next = wal->NextLsn();
  wal.reset();
  env.Crash();
  std::vector<Record> records;
  wal = *Open(env, &records, next);
  EXPECT_TRUE(records.empty());
  EXPECT_EQ(wal->NextLsn(), next);
}

TEST_F(WalTest, CutAnywhereGivesAnExactPrefix) {
  SimEnv source(1);
  std::vector<Record> expected;
  std::vector<uint64_t> ends;
  {
    auto wal = *Open(source, nullptr);
    for (int i = 0; i < 12; ++i) {
      const std::string payload(static_cast<size_t>(i * 7), 'p');
      expected.push_back({Run(wal->Append(1, payload, Durability::kSync))->value(), 1, payload});
      ends.push_back(wal->NextLsn().value() - kFirstLsn.value() + kSegmentHeaderBytes);
    }
  }
  std::string bytes = *source.ReadFile(SegmentPath(1));
  ASSERT_GE(bytes.size(), ends.back());
  ASSERT_EQ(bytes.find_first_not_of('\0', ends.back()), std::string::npos);  // reserved
  bytes.resize(ends.back());
  for (size_t length = 0; length <= bytes.size(); ++length) {
    SimEnv env(2);
    env.PutFile(SegmentPath(1), bytes.substr(0, length));
    size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= length) ++whole;
    std::vector<Record> records;
    auto wal = Open(env, &records);
    ASSERT_TRUE(wal.ok()) << wal.status() << " length " << length;
    ASSERT_EQ(records, std::vector<Record>(expected.begin(), expected.begin() + static_cast<ptrdiff_t>(whole))) << "length " << length;
    // The log goes on, and the next recovery sees both parts.
    ASSERT_TRUE(Run((*wal)->Append(2, "after", Durability::kSync)).ok());
    wal->reset();
    env.Crash();
    const auto again = Read(env);
    ASSERT_TRUE(again.ok()) << again.status() << " length " << length;
    ASSERT_EQ(again->size(), whole + 1);
    ASSERT_EQ(again->back().payload, "after");
  }
}

TEST_F(WalTest, AFlippedBitIsNeverARecord) {
  SimEnv source(1);
  std::vector<Record> expected;
  {
    auto wal = *Open(source, nullptr);
    for (int i = 0; i < 6; ++i) {
      expected.push_back({Run(wal->Append(1, "payload " + std::to_string(i), Durability::kSync))->value(), 1, "payload " + std::to_string(i)});
    }
    ASSERT_TRUE(Run(wal->Rotate()).ok());
    expected.push_back({Run(wal->Append(1, "second", Durability::kSync))->value(), 1, "second"});
    expected.push_back({Run(wal->Append(1, "third", Durability::kSync))->value(), 1, "third"});
  }
  // Without the reserved space behind the last record.
  const std::string first = source.ReadFile(SegmentPath(1))->substr(0, kSegmentHeaderBytes + expected[6].lsn - kFirstLsn.value());
  const std::string second = source.ReadFile(SegmentPath(2))->substr(0, kSegmentHeaderBytes + FrameBytes(6) + FrameBytes(5));
  const uint64_t last_frame = second.size() - FrameBytes(5);
  for (int file = 1; file <= 2; ++file) {
    const size_t size = file == 1 ? first.size() : second.size();
    for (size_t at = 0; at < size; ++at) {
      SimEnv env(3);
      env.PutFile(SegmentPath(1), first);
      env.PutFile(SegmentPath(2), second);
      env.FlipBit(SegmentPath(static_cast<uint64_t>(file)), at, static_cast<int>(at % 8));
      const auto records = Read(env);
      if (file == 2 && at >= last_frame) {
        // The very last record: nothing behind it tells a torn write from damage.
        ASSERT_TRUE(records.ok()) << records.status();
        ASSERT_EQ(*records, std::vector<Record>(expected.begin(), expected.end() - 1)) << at;
      } else {
        ASSERT_FALSE(records.ok()) << "file " << file << " offset " << at;
        const std::string state = SqlStateOf(records.status());
        ASSERT_TRUE(state == sqlstate::kDataCorrupted || state == sqlstate::kFeatureNotSupported) << records.status();
        ASSERT_NE(records.status().message().find(SegmentName(static_cast<uint64_t>(file))), absl::string_view::npos) << records.status();
        ASSERT_NE(records.status().message().find("at offset"), absl::string_view::npos) << records.status();
      }
    }
  }
}

TEST_F(WalTest, AMissingSegmentIsNoticed) {
  segment_bytes_ = 512;
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Run(wal->Append(1, std::string(100, 'x'), Durability::kSync)).ok());
  ASSERT_TRUE(env.DeleteFile(SegmentPath(2)).ok());
  EXPECT_TRUE(HasSqlState(Read(env).status(), sqlstate::kDataCorrupted));
  ASSERT_TRUE(env.DeleteFile(SegmentPath(1)).ok());
  EXPECT_TRUE(HasSqlState(Read(env).status(), sqlstate::kDataCorrupted));
}

TEST_F(WalTest, BytesOfAnotherLogDoNotCount) {
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Run(wal->Append(1, "12345678", Durability::kSync)).ok());
  wal.reset();
  std::string bytes = *env.ReadFile(SegmentPath(1));
  // The second frame once more at the end: whole, but not at its place.
  bytes += bytes.substr(kSegmentHeaderBytes + FrameBytes(8), FrameBytes(8));
  env.PutFile(SegmentPath(1), bytes);
  EXPECT_EQ(Read(env)->size(), 4u);
}

TEST_F(WalTest, AnUnknownVersionIsRefused) {
  SimEnv env(1);
  Open(env, nullptr)->reset();
  std::string bytes = *env.ReadFile(SegmentPath(1));
  bytes[8] = 2;
  env.PutFile(SegmentPath(1), bytes);
  EXPECT_TRUE(HasSqlState(Read(env).status(), sqlstate::kFeatureNotSupported));
}

TEST_F(WalTest, AFailedSyncPoisons) {
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  ASSERT_TRUE(Run(wal->Append(1, "good", Durability::kSync)).ok());
  env.FailAt(1, SimFault::kEio);
  auto first = wal->Append(1, "lost", Durability::kSync);
  auto second = wal->Append(1, "lost too", Durability::kSync);
  executor_.RunAll();
  EXPECT_TRUE(HasSqlState(first.Take().status(), sqlstate::kIoError));
  EXPECT_TRUE(HasSqlState(second.Take().status(), sqlstate::kIoError));
  EXPECT_EQ(poisonings_, 1);
  EXPECT_FALSE(wal->status().ok());
  EXPECT_TRUE(HasSqlState(Run(wal->Append(1, "x", Durability::kBuffered)).status(), sqlstate::kIoError));
  EXPECT_TRUE(HasSqlState(Run(wal->Sync()), sqlstate::kIoError));
  EXPECT_TRUE(HasSqlState(Run(wal->Close()), sqlstate::kIoError));
  EXPECT_EQ(poisonings_, 1);
}

TEST_F(WalTest, AFullDiskPoisonsAndTheLogRecovers) {
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  ASSERT_TRUE(Run(wal->Append(1, "good", Durability::kSync)).ok());
  env.FailAt(0, SimFault::kShort);
  EXPECT_TRUE(HasSqlState(Run(wal->Append(1, std::string(1000, 'x'), Durability::kSync)).status(), sqlstate::kDiskFull));
  EXPECT_TRUE(HasSqlState(Run(wal->Append(1, "more", Durability::kSync)).status(), sqlstate::kDiskFull));
  EXPECT_EQ(poisonings_, 1);
  wal.reset();
  std::vector<Record> records;
  ASSERT_TRUE(Open(env, &records).ok());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].payload, "good");
}

TEST_F(WalTest, PositionsLostWithUnneededRecordsAreNotUsedAgain) {
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  ASSERT_TRUE(Run(wal->Append(1, "needed once", Durability::kSync)).ok());
  ASSERT_TRUE(Run(wal->Append(1, "never synced", Durability::kBuffered)).ok());
  const Lsn flushed = wal->NextLsn();  // the owner keeps their effect elsewhere
  const std::string synced = env.ReadFile(SegmentPath(1))->substr(0, kSegmentHeaderBytes + FrameBytes(11));
  wal.reset();
  env.PutFile(SegmentPath(1), synced);  // the power cut took the second one
  std::vector<Record> records;
  wal = *Open(env, &records, flushed);
  EXPECT_TRUE(records.empty());
  EXPECT_EQ(wal->NextLsn(), flushed);
  ASSERT_TRUE(Run(wal->Append(1, "new", Durability::kSync)).ok());
  wal.reset();
  env.Crash();
  ASSERT_TRUE(Open(env, &records, flushed).ok());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].payload, "new");
}

TEST_F(WalTest, AVisitorsErrorEndsTheScan) {
  SimEnv env(1);
  auto wal = *Open(env, nullptr);
  ASSERT_TRUE(Run(wal->Append(1, "x", Durability::kSync)).ok());
  EXPECT_TRUE(HasSqlState(
      ScanWal(env, kDirectory, Lsn(), [](const WalRecord&) { return Error(sqlstate::kInternalError, "no"); }).status(),
      sqlstate::kInternalError));
}

/// W1 and W2 under power cuts and kills at any call, over several lives: what a life finds is a prefix of what the lives before wrote,
/// and holds everything acknowledged.
class WalCrashTest : public WalTest, public ::testing::WithParamInterface<int> {};

TEST_P(WalCrashTest, EverythingAcknowledgedIsThere) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed * 1000 + static_cast<uint64_t>(GetParam()));
    SimEnv env(random.Next());
    segment_bytes_ = 300 + random.Below(3000);
    std::vector<Record> known;       // written in the lives so far, as far as the last recovery found them
    size_t acknowledged = 0;         // of known
    uint64_t counter = 0;
    for (int life = 0; life < 6; ++life) {
      env.FreezeAt(random.Below(40));
      std::vector<Record> found;
      auto opened = Open(env, &found);
      if (opened.ok()) {
        ASSERT_GE(found.size(), acknowledged) << "seed " << seed << " life " << life;
        ASSERT_LE(found.size(), known.size());
        for (size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], known[i]) << "seed " << seed << " life " << life;
        known = found;
        acknowledged = known.size();  // recovery made them durable
        auto wal = *std::move(opened);
        std::vector<std::pair<size_t, Future<StatusOr<Lsn>>>> waiting;
        while (!env.frozen() && counter < 10'000) {
          const std::string payload = std::to_string(counter++) + std::string(random.Below(400), 'x');
          const Durability durability = random.Chance(0.5) ? Durability::kSync : Durability::kBuffered;
          const Lsn lsn = wal->NextLsn();
          auto future = wal->Append(1, payload, durability);
          known.push_back({lsn.value(), 1, payload});
          if (durability == Durability::kSync) waiting.emplace_back(known.size(), future);
          if (random.Chance(0.3)) executor_.RunAll();
          if (random.Chance(0.05)) wal->Rotate();
        }
        executor_.RunAll();
        for (auto& [count, future] : waiting) {
          ASSERT_TRUE(future.ready());
          if (future.Take().ok()) acknowledged = std::max(acknowledged, count);
        }
      } else {
        ASSERT_TRUE(env.frozen()) << opened.status() << " seed " << seed << " life " << life;
      }
      executor_.Drop();
      if (random.Chance(0.7)) {
        env.Crash();
      } else {
        env.KillProcess();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, WalCrashTest, ::testing::Range(0, 4));

TEST(WalThreads, ConcurrentAppendsKeepTheirOrderPerThread) {
  SimEnv env(1);
  std::vector<uint64_t> seen_of_thread(4, 0);
  {
    ThreadPool writer("wal", 1);
    ThreadPool clients("clients", 4);
    WalOptions options;
    options.env = &env;
    options.executor = &writer;
    options.directory = kDirectory;
    options.segment_bytes = 5000;
    auto wal = *Wal::Open(options, Lsn(), [](const WalRecord&) { return OkStatus(); });
    std::atomic<int> left = 4;
    std::atomic<int> failed = 0;
    for (int thread = 0; thread < 4; ++thread) {
      clients.Post([&, thread] {
        for (int i = 0; i < 300; ++i) {
          auto future = wal->Append(static_cast<uint8_t>(1 + thread), std::to_string(i), i % 10 == 0 ? Durability::kSync : Durability::kBuffered);
          future.OnReady([&failed, future]() mutable { failed += !future.Take().ok(); });
        }
        --left;
      });
    }
    clients.Shutdown();
    wal->Close().OnReady([] {});
    writer.Shutdown();
    EXPECT_EQ(left, 0);
    EXPECT_EQ(failed, 0);
  }
  env.Crash();
  ASSERT_TRUE(ScanWal(env, kDirectory, Lsn(), [&](const WalRecord& record) {
                EXPECT_EQ(record.payload, std::to_string(seen_of_thread[record.type - 1u]));
                ++seen_of_thread[record.type - 1u];
                return OkStatus();
              }).ok());
  for (uint64_t seen : seen_of_thread) EXPECT_EQ(seen, 300u);
}

}  // namespace
}  // namespace tsd::engine
