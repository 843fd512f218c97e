// Table locks: the conflict table, the queue's order, upgrades, deadlocks, what is left when an owner goes.
#include "coord/txn/lock_manager.h"

#include <gtest/gtest.h>

#include "engine/base/random.h"

namespace tsd::coord {
namespace {

constexpr TableId kTable(20000);
constexpr TableId kOther(20001);

class LockManagerTest : public testing::Test {
 protected:
  using WaitPtr = std::shared_ptr<LockManager::Wait>;
  static LockManager::Request Ask(LockManager::OwnerId owner, LockMode mode, TableId target = kTable, uint32_t level = 0) {
    return {owner, target, mode, level, static_cast<int32_t>(owner)};
  }
  bool Take(LockManager::OwnerId owner, LockMode mode, TableId target = kTable, uint32_t level = 0) {
    return locks_.TryAcquire(Ask(owner, mode, target, level));
  }
  // A request that has to wait.
  WaitPtr WaitFor(LockManager::OwnerId owner, LockMode mode, TableId target = kTable) {
    StatusOr<WaitPtr> wait = locks_.Acquire(Ask(owner, mode, target), std::make_shared<Event>());
    EXPECT_TRUE(wait.ok()) << wait.status().message();
    EXPECT_TRUE(wait.ok() && *wait) << "it did not have to wait";
    return wait.ok() ? *wait : nullptr;
  }
  LockManager locks_;
  const LockManager::OwnerId a_ = locks_.NewOwner(), b_ = locks_.NewOwner(), c_ = locks_.NewOwner();
};

TEST_F(LockManagerTest, ModesConflictAsDocumented) {
  // PostgreSQL 15, 13.3.1: a row a requested mode, X where a current one stands in its way.
  const char* const kTableOfConflicts[] = {".......X", "......XX", "....XXXX", "...XXXXX", "..XX.XXX", "..XXXXXX", ".XXXXXXX", "XXXXXXXX"};
  for (int i = 0; i < kLockModes; ++i) {
    for (int j = 0; j < kLockModes; ++j) {
      const auto left = static_cast<LockMode>(i), right = static_cast<LockMode>(j);
      EXPECT_EQ(LockModesConflict(left, right), kTableOfConflicts[i][j] == 'X') << LockModeName(left) << " " << LockModeName(right);
      EXPECT_EQ(LockModesConflict(left, right), LockModesConflict(right, left));
      LockManager locks;
      const auto first = locks.NewOwner(), second = locks.NewOwner();
      ASSERT_TRUE(locks.TryAcquire(Ask(first, right)));
      EXPECT_EQ(locks.TryAcquire(Ask(second, left)), !LockModesConflict(left, right));
      locks.Release(second);
      EXPECT_TRUE(locks.TryAcquire(Ask(first, left))) << "an owner never conflicts with itself";
    }
  }
}

TEST_F(LockManagerTest, AWaiterIsGrantedWhenTheHolderGoes) {
  ASSERT_TRUE(Take(a_, LockMode::kRowExclusive));
  const WaitPtr wait = WaitFor(b_, LockMode::kAccessExclusive);
  EXPECT_FALSE(locks_.IsGranted(*wait));
  locks_.Release(a_);
  EXPECT_TRUE(locks_.IsGranted(*wait));
  EXPECT_FALSE(Take(a_, LockMode::kAccessShare));
  locks_.Release(b_);
  EXPECT_TRUE(Take(a_, LockMode::kAccessShare));
}

TEST_F(LockManagerTest, NobodyOvertakesAWaiterItConflictsWith) {
  ASSERT_TRUE(Take(a_, LockMode::kAccessShare));
  const WaitPtr ddl = WaitFor(b_, LockMode::kAccessExclusive);
  EXPECT_FALSE(Take(c_, LockMode::kAccessShare)) << "a stream of readers would starve the DDL";
  const WaitPtr reader = WaitFor(c_, LockMode::kAccessShare);
  locks_.Release(a_);
  EXPECT_TRUE(locks_.IsGranted(*ddl));
  EXPECT_FALSE(locks_.IsGranted(*reader));
  locks_.Release(b_);
  EXPECT_TRUE(locks_.IsGranted(*reader));
}

TEST_F(LockManagerTest, AWithdrawnWaiterLetsOthersPass) {
  ASSERT_TRUE(Take(a_, LockMode::kAccessShare));
  const WaitPtr ddl = WaitFor(b_, LockMode::kAccessExclusive);
  const WaitPtr reader = WaitFor(c_, LockMode::kAccessShare);
  EXPECT_TRUE(locks_.Withdraw(ddl));
  EXPECT_TRUE(locks_.IsGranted(*reader));
  EXPECT_FALSE(locks_.Withdraw(reader)) << "granted meanwhile";
  locks_.Release(a_);
  locks_.Release(c_);
  EXPECT_TRUE(locks_.Snapshot().empty());
}

TEST_F(LockManagerTest, AHolderThatWantsMoreGoesBeforeThoseThatWaitForIt) {
  ASSERT_TRUE(Take(a_, LockMode::kAccessShare));
  const WaitPtr ddl = WaitFor(b_, LockMode::kAccessExclusive);
  EXPECT_TRUE(Take(a_, LockMode::kRowExclusive)) << "waiting behind b would be a deadlock";
  locks_.Release(a_);
  EXPECT_TRUE(locks_.IsGranted(*ddl));
}

TEST_F(LockManagerTest, TwoThatUpgradeAreADeadlock) {
  ASSERT_TRUE(Take(a_, LockMode::kShare));
  ASSERT_TRUE(Take(b_, LockMode::kShare));
  const WaitPtr wait = WaitFor(a_, LockMode::kRowExclusive);
  const auto second = locks_.Acquire(Ask(b_, LockMode::kRowExclusive), std::make_shared<Event>());
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(HasSqlState(second.status(), sqlstate::kDeadlockDetected));
  EXPECT_NE(FieldsOf(second.status()).detail.find("waits for RowExclusiveLock on relation 20000; blocked by process"), std::string::npos);
  locks_.Release(b_);  // its transaction fails
  EXPECT_TRUE(locks_.IsGranted(*wait));
}

TEST_F(LockManagerTest, ACycleOverThreeIsRefusedAndLeavesTheOthersWaiting) {
  const TableId third(20002);
  ASSERT_TRUE(Take(a_, LockMode::kAccessExclusive, kTable));
  ASSERT_TRUE(Take(b_, LockMode::kAccessExclusive, kOther));
  ASSERT_TRUE(Take(c_, LockMode::kAccessExclusive, third));
  const WaitPtr first = WaitFor(a_, LockMode::kAccessShare, kOther);
  const WaitPtr second = WaitFor(b_, LockMode::kAccessShare, third);
  const auto refused = locks_.Acquire(Ask(c_, LockMode::kAccessShare, kTable), std::make_shared<Event>());
  ASSERT_FALSE(refused.ok());
  EXPECT_FALSE(locks_.IsGranted(*first));
  locks_.Release(c_);
  EXPECT_TRUE(locks_.IsGranted(*second));
  locks_.Release(b_);
  EXPECT_TRUE(locks_.IsGranted(*first));
}

TEST_F(LockManagerTest, RollbackToASavepointGivesBackWhatCameAfter) {
  ASSERT_TRUE(Take(a_, LockMode::kAccessShare, kTable, 1));
  ASSERT_TRUE(Take(a_, LockMode::kAccessExclusive, kTable, 3));
  ASSERT_TRUE(Take(a_, LockMode::kAccessExclusive, kOther, 3));
  locks_.ReleaseFrom(a_, 2);
  EXPECT_TRUE(Take(b_, LockMode::kExclusive, kOther));
  EXPECT_TRUE(Take(b_, LockMode::kRowExclusive, kTable));
  EXPECT_FALSE(Take(b_, LockMode::kAccessExclusive, kTable)) << "the older lock stays";
}

TEST_F(LockManagerTest, WordsOfLockTable) {
  LockMode mode;
  EXPECT_TRUE(LockModeFromWords("SHARE UPDATE EXCLUSIVE", &mode));
  EXPECT_EQ(mode, LockMode::kShareUpdateExclusive);
  EXPECT_FALSE(LockModeFromWords("SHARED", &mode));
}

// Seeded: owners take, wait, give up and go; no two conflicting locks are ever held together and in the end everybody gets through.
TEST_F(LockManagerTest, RandomOwnersNeverConflictAndAllEnd) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    LockManager locks;
    std::vector<LockManager::OwnerId> owners;
    for (int i = 0; i < 6; ++i) owners.push_back(locks.NewOwner());
    std::map<LockManager::OwnerId, std::shared_ptr<LockManager::Wait>> waiting;
    for (int step = 0; step < 200; ++step) {
      const auto owner = owners[random.Below(owners.size())];
      auto wait = waiting.find(owner);
      if (wait != waiting.end() && !locks.IsGranted(*wait->second)) {
        if (random.Below(4) == 0) {
          ASSERT_TRUE(locks.Withdraw(wait->second));
          waiting.erase(wait);
          locks.Release(owner);
        }
      } else if (random.Below(4) == 0) {
        waiting.erase(owner);
        locks.Release(owner);
      } else {
        waiting.erase(owner);
        const auto asked = locks.Acquire(Ask(owner, static_cast<LockMode>(random.Below(kLockModes)), TableId(30000 + static_cast<uint32_t>(random.Below(3)))),
                                         std::make_shared<Event>());
        if (!asked.ok()) locks.Release(owner);
        else if (*asked) waiting[owner] = *asked;
      }
      const auto held = locks.Snapshot();
      for (const auto& x : held) {
        for (const auto& y : held) {
          if (!x.granted || !y.granted || x.request.owner == y.request.owner || x.request.target != y.request.target) continue;
          ASSERT_FALSE(LockModesConflict(x.request.mode, y.request.mode)) << "seed " << seed << " step " << step;
        }
      }
    }
    // Whoever does not wait goes; somebody always can.
    for (int round = 0; round < 7; ++round) {
      for (auto owner : owners) {
        auto wait = waiting.find(owner);
        if (wait != waiting.end() && !locks.IsGranted(*wait->second)) continue;
        waiting.erase(owner);
        locks.Release(owner);
      }
    }
    EXPECT_TRUE(waiting.empty()) << "seed " << seed;
    EXPECT_TRUE(locks.Snapshot().empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tsd::coord
