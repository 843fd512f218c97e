// Random transactions, checkpoints, merges, drops and power cuts at random calls, against a model that keeps every row's two timestamps.
// After every restart and now and then between, every chunk is compared at the latest and at earlier timestamps (I1, I2, I3, S1 to S6).
#include <cstdlib>
#include <cstring>
#include <set>

#include "engine/base/log.h"
#include "tests/engine/store/store_fixture.h"

namespace tsd::engine {
namespace {

constexpr uint64_t kChunks = 4;

struct ModelRow {
  TestRow row;
  uint64_t inserted = 0;
  uint64_t deleted = UINT64_MAX;
};

enum class Fate : uint8_t { kActive, kPrepared, kCommitUnknown, kPrepareUnknown, kOutcomeUnknown, kAbortUnknown };

struct ModelTxn {
  Fate fate = Fate::kActive;
  uint32_t level = 0;
  uint64_t commit = 0;  // a two-phase decision
  struct Insert {
    uint32_t level;
    uint64_t chunk;
    TestRow row;
  };
  struct Removal {
    uint32_t level;
    uint64_t chunk;
    int64_t k;
  };
  std::vector<Insert> inserts;
  std::vector<Removal> removals;

  void Strip(uint64_t chunk) {
    std::erase_if(inserts, [chunk](const Insert& insert) { return insert.chunk == chunk; });
    std::erase_if(removals, [chunk](const Removal& removal) { return removal.chunk == chunk; });
  }
};

class ModelTest : public StoreTest, public ::testing::WithParamInterface<uint64_t> {
 protected:
  ModelTest() : StoreTest(GetParam()), random_(GetParam()) {}

  StoreOptions Options() override {
    StoreOptions options = StoreTest::Options();
    options.direct_file_bytes = 12 << 10;
    options.memtable_bytes = 96 << 10;
    options.rows_per_block = 32;
    options.wal_segment_bytes = 16 << 10;
    options.lock_timeout = absl::Milliseconds(50);
    return options;
  }

  void Run(int steps) {
    Open();
    for (int step = 0; step < steps && !HasFailure(); ++step) {
      if (random_.Chance(0.03)) env_.FreezeAt(random_.Below(40));
      Step();
      if (env_.frozen() || !store_->poisoned().ok() || random_.Chance(0.01)) Restart();
      if (random_.Chance(0.05)) Check();
    }
    if (HasFailure()) return;
    Restart();
    const Status verified = store_->Verify();
    EXPECT_TRUE(verified.ok()) << verified;
  }

  void Step() {
    switch (random_.Below(16)) {
      case 0: case 1: case 2: case 3: WriteSome(); break;
      case 4: case 5: DeleteSome(); break;
      case 6: RollBackSome(); break;
      case 7: case 8: case 9: CommitSome(); break;
      case 10: PrepareSome(); break;
      case 11: case 12: DecideSome(); break;
      case 13: AbortSome(); break;
      case 14:
        if (random_.Chance(0.5)) {
          Flush().IgnoreError();
        } else {
          Settle();
        }
        break;
      case 15: Rare(); break;
    }
  }

  std::map<uint64_t, ModelTxn>::iterator Pick(Fate fate) {
    std::vector<std::map<uint64_t, ModelTxn>::iterator> found;
    for (auto it = txns_.begin(); it != txns_.end(); ++it) {
      if (it->second.fate == fate) found.push_back(it);
    }
    return found.empty() ? txns_.end() : found[random_.Below(found.size())];
  }
  std::map<uint64_t, ModelTxn>::iterator PickOrBegin() {
    size_t active = 0;
    for (const auto& [id, txn] : txns_) active += txn.fate == Fate::kActive;
    if (active < 3 && random_.Chance(0.5)) return txns_.emplace(++last_txn_, ModelTxn{}).first;
    const auto found = Pick(Fate::kActive);
    return found != txns_.end() ? found : txns_.emplace(++last_txn_, ModelTxn{}).first;
  }

  void WriteSome() {
    const auto txn = PickOrBegin();
    ModelTxn& model = txn->second;
    ++model.level;
    const uint64_t chunk = random_.Below(kChunks) + 1;
    const int64_t count = random_.Chance(0.1) ? 200 : random_.Chance(0.5) ? 1 : static_cast<int64_t>(random_.Below(30)) + 1;
    const std::vector<TestRow> rows = Rows(next_key_, count);
    next_key_ += count;
    for (const TestRow& row : rows) model.inserts.push_back({model.level, chunk, row});
    Write(txn->first, chunk, rows, model.level).IgnoreError();
  }

  void DeleteSome() {
    const auto txn = PickOrBegin();
    ModelTxn& model = txn->second;
    const uint32_t level = ++model.level;
    const uint64_t chunk = random_.Below(kChunks) + 1;
    // Snapshots are of the past now and then: conflicts.
    const Timestamp read(random_.Chance(0.7) ? now_ : std::max(horizon_, now_ - std::min<uint64_t>(now_, random_.Below(5))));
    if (!Await(store_->AwaitReadable({ChunkId(chunk)}, {read, Txn(txn->first)}, absl::Milliseconds(10))).ok()) return;
    const StatusOr<Found> found = Scan({chunk}, {read, Txn(txn->first)});
    if (!found.ok() || found->rows.empty()) return;
    DeleteRequest request{Txn(txn->first), level, ChunkId(chunk), {}, read};
    std::set<int64_t> keys;
    const uint64_t count = random_.Below(8) + 1;
    for (uint64_t i = 0; i < count; ++i) keys.insert(found->rows[random_.Below(found->rows.size())].k);
    for (int64_t key : keys) request.row_ids.push_back(found->row_ids.at(key));
    const StatusOr<uint64_t> result = Await(store_->Delete(request));
    // Whoever deleted one of them after the snapshot is a conflict that must be seen.
    bool conflict = false;
    for (int64_t key : keys) {
      const auto row = rows_[chunk].find(key);
      conflict |= row != rows_[chunk].end() && row->second.deleted != UINT64_MAX && row->second.deleted > read.value();
    }
    if (result.ok()) {
      EXPECT_FALSE(conflict);
      EXPECT_EQ(*result, keys.size());
      for (int64_t key : keys) model.removals.push_back({level, chunk, key});
    }
  }

  void RollBackSome() {
    const auto txn = Pick(Fate::kActive);
    if (txn == txns_.end()) return;
    const uint32_t level = static_cast<uint32_t>(random_.Below(txn->second.level + 1)) + 1;
    if (!Await(store_->RollbackTo(Txn(txn->first), level)).ok()) return;
    std::erase_if(txn->second.inserts, [level](const auto& insert) { return insert.level >= level; });
    std::erase_if(txn->second.removals, [level](const auto& removal) { return removal.level >= level; });
  }

  void Apply(const ModelTxn& txn, uint64_t commit) {
    now_ = std::max(now_, commit);
    for (const auto& insert : txn.inserts) rows_[insert.chunk][insert.row.k] = {insert.row, commit, UINT64_MAX};
    for (const auto& removal : txn.removals) rows_[removal.chunk][removal.k].deleted = commit;
  }

  void CommitSome() {
    const auto txn = Pick(Fate::kActive);
    if (txn == txns_.end()) return;
    const StatusOr<Timestamp> commit = Commit(txn->first, random_.Chance(0.3) ? now_ + 3 : restarted_at_ + 1);
    if (commit.ok()) {
      EXPECT_GT(commit->value(), now_);
      EXPECT_GT(commit->value(), highest_read_);
      Apply(txn->second, commit->value());
      txns_.erase(txn);
    } else if (env_.frozen()) {
      txn->second.fate = Fate::kCommitUnknown;
    } else if (SqlStateOf(commit.status()) == sqlstate::kInFailedSqlTransaction) {
      txns_.erase(txn);  // it never staged anything
    } else {
      ADD_FAILURE() << commit.status();
    }
  }

  void PrepareSome() {
    const auto txn = Pick(Fate::kActive);
    if (txn == txns_.end() || txn->second.inserts.empty()) return;
    const Status status = Await(store_->Prepare(Txn(txn->first), {Timestamp(std::max(now_, highest_read_)), "c"}));
    if (status.ok()) {
      txn->second.fate = Fate::kPrepared;
    } else {
      EXPECT_TRUE(env_.frozen()) << status;
      txn->second.fate = Fate::kPrepareUnknown;
    }
  }

  void DecideSome() {
    const auto txn = Pick(Fate::kPrepared);
    if (txn == txns_.end()) return;
    ModelTxn& model = txn->second;
    if (random_.Chance(0.7)) {
      model.commit = now_ = std::max(now_, highest_read_) + 1;
      if (Await(store_->CommitPrepared(Txn(txn->first), Timestamp(model.commit))).ok()) {
        Apply(model, model.commit);
        txns_.erase(txn);
      } else {
        EXPECT_TRUE(env_.frozen());
        model.fate = Fate::kOutcomeUnknown;
      }
    } else {
      Await(store_->Abort(Txn(txn->first))).IgnoreError();
      model.fate = Fate::kAbortUnknown;  // it may be in doubt again after a crash
    }
  }

  void AbortSome() {
    const auto txn = Pick(Fate::kActive);
    if (txn == txns_.end()) return;
    Await(store_->Abort(Txn(txn->first))).IgnoreError();
    txns_.erase(txn);
  }

  void Rare() {
    if (random_.Chance(0.5)) {
      if (now_ > 20) horizon_ = std::max(horizon_, now_ - 20);
      store_->AdvanceHorizon(0, Timestamp(horizon_));
      return;
    }
    if (!random_.Chance(0.3)) return;
    const uint64_t chunk = random_.Below(kChunks) + 1;
    if (Expected(chunk, UINT64_MAX).empty()) return;
    if (Await(store_->DropChunks({ChunkId(chunk)})).ok()) {
      Dropped(chunk);
    } else {
      EXPECT_TRUE(env_.frozen());
      drop_unknown_ = chunk;
    }
  }
  void Dropped(uint64_t chunk) {
    rows_[chunk].clear();
    for (auto& [id, txn] : txns_) txn.Strip(chunk);
  }

  std::vector<TestRow> Expected(uint64_t chunk, uint64_t read) {
    std::vector<TestRow> expected;
    for (const auto& [k, row] : rows_[chunk]) {
      if (row.inserted <= read && (row.deleted > read || row.deleted == UINT64_MAX)) expected.push_back(row.row);
    }
    std::sort(expected.begin(), expected.end());
    return expected;
  }

  void CheckAt(uint64_t chunk, Timestamp read) {
    const StatusOr<Found> found = Scan({chunk}, {read});
    if (!found.ok() && !store_->poisoned().ok()) return;  // a checkpoint of its own met the fault meanwhile
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->rows, Expected(chunk, read.value())) << "chunk " << chunk << " at " << read;
  }
  void Check() {
    if (env_.frozen() || !store_->poisoned().ok()) return;
    for (uint64_t chunk = 1; chunk <= kChunks; ++chunk) {
      CheckAt(chunk, kMaxTimestamp);
      const uint64_t read = now_ - random_.Below(std::min<uint64_t>(now_, 15) + 1);
      if (read < horizon_) continue;
      // With a snapshot at or below `now_` nothing prepared can be below it: decisions come above.
      if (Await(store_->AwaitReadable({ChunkId(chunk)}, {Timestamp(read)}, absl::Milliseconds(5))).ok()) {
        highest_read_ = std::max(highest_read_, read);
        CheckAt(chunk, Timestamp(read));
      }
    }
  }

  /// Whether one witness of the transaction's effects is seen; the comparison that follows tells whether all are.
  bool HappenedAt(const ModelTxn& txn, uint64_t read) {
    auto present = [&](uint64_t chunk, int64_t k) {
      const StatusOr<Found> found = Scan({chunk}, {Timestamp(read)});
      EXPECT_TRUE(found.ok()) << found.status();
      return found.ok() && found->row_ids.contains(k);
    };
    for (const auto& insert : txn.inserts) {
      const bool removed = std::any_of(txn.removals.begin(), txn.removals.end(), [&](const auto& removal) { return removal.k == insert.row.k; });
      if (!removed) return present(insert.chunk, insert.row.k);
    }
    for (const auto& removal : txn.removals) {
      const bool own = std::any_of(txn.inserts.begin(), txn.inserts.end(), [&](const auto& insert) { return removal.k == insert.row.k; });
      if (!own) return !present(removal.chunk, removal.k);
    }
    return false;
  }

  void Restart() {
    Crash();
    // Now and then recovery itself is cut short.
    for (int attempt = 0; attempt < 3 && random_.Chance(0.3); ++attempt) {
      env_.FreezeAt(random_.Below(20));
      if (TryOpen().ok() && random_.Chance(0.5)) scheduler_.RunFor(absl::Milliseconds(1));
      Crash();
    }
    Open();
    if (HasFatalFailure()) return;
    const uint64_t before = restarted_at_ = now_;
    if (drop_unknown_ != 0) {
      bool gone = true;
      for (const TestRow& row : Expected(drop_unknown_, UINT64_MAX)) gone &= !Scan({drop_unknown_}, {kMaxTimestamp})->row_ids.contains(row.k);
      if (gone) Dropped(drop_unknown_);
      drop_unknown_ = 0;
    }
    std::set<uint64_t> in_doubt;
    for (const PreparedTransaction& prepared : store_->InDoubt()) in_doubt.insert(prepared.txn.sequence);
    for (auto it = txns_.begin(); it != txns_.end();) {
      ModelTxn& txn = it->second;
      const bool doubted = in_doubt.erase(it->first) != 0;
      bool keep = false;
      switch (txn.fate) {
        case Fate::kActive: EXPECT_FALSE(doubted); break;
        case Fate::kPrepared:
          EXPECT_TRUE(doubted) << "prepared transaction lost";
          keep = true;
          break;
        case Fate::kPrepareUnknown:
          keep = doubted;
          txn.fate = Fate::kPrepared;
          break;
        case Fate::kAbortUnknown:
          keep = doubted;
          txn.fate = Fate::kPrepared;
          if (doubted) {
            EXPECT_TRUE(Await(store_->Abort(Txn(it->first))).ok());
            txn.fate = Fate::kAbortUnknown;
          }
          break;
        case Fate::kOutcomeUnknown:
          if (doubted) {
            EXPECT_TRUE(Await(store_->CommitPrepared(Txn(it->first), Timestamp(txn.commit))).ok());
          }
          Apply(txn, txn.commit);
          break;
        case Fate::kCommitUnknown:
          EXPECT_FALSE(doubted);
          if (HappenedAt(txn, UINT64_MAX)) {
            uint64_t low = before, high = before + 100;
            while (low + 1 < high) {
              const uint64_t middle = (low + high) / 2;
              (HappenedAt(txn, middle) ? high : low) = middle;
            }
            Apply(txn, high);
          }
          break;
      }
      it = keep ? std::next(it) : txns_.erase(it);
    }
    EXPECT_TRUE(in_doubt.empty()) << "transaction in doubt that was never prepared";
    store_->AdvanceHorizon(0, Timestamp(horizon_));
    Check();
  }
  Random random_;
  std::map<uint64_t, std::map<int64_t, ModelRow>> rows_;
  std::map<uint64_t, ModelTxn> txns_;
  uint64_t last_txn_ = 0;
  int64_t next_key_ = 0;
  uint64_t now_ = 0;
  uint64_t restarted_at_ = 0;  // a coordinator's clock outlives the store: its minimum is above what it knows
  uint64_t highest_read_ = 0;
  uint64_t horizon_ = 0;
  uint64_t drop_unknown_ = 0;
};

TEST_P(ModelTest, AgreesWithTheModel) {
  log::SetLevel(log::Level::kError);
  sim::SimLeaksAllowed leaks;
  Run(400);
  log::SetLevel(log::Level::kInfo);
}

/// Five seeds take a second or two; TSD_SEEDS=first:last runs others.
std::pair<uint64_t, uint64_t> SeedRange() {
  uint64_t first = 1, last = 6;
  if (const char* text = std::getenv("TSD_SEEDS"); text != nullptr) {
    first = std::strtoull(text, nullptr, 10);
    const char* colon = std::strchr(text, ':');
    last = colon != nullptr ? std::strtoull(colon + 1, nullptr, 10) : first + 1;
  }
  return {first, last};
}
INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, ::testing::Range<uint64_t>(SeedRange().first, SeedRange().second));

}  // namespace
}  // namespace tsd::engine
