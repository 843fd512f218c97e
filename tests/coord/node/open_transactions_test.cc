// T4 and T7: a node prepares only what it has whole, and nothing that is over at its access node.
#include "coord/node/open_transactions.h"

#include <gtest/gtest.h>

namespace tsd::coord {
namespace {

constexpr uint64_t kCluster = 9;
TxnId Txn(uint64_t number) { return {kCluster, number}; }

TEST(OpenTransactions, APrepareMustKnowOfAllThatWasDone) {
  OpenTransactions open;
  EXPECT_FALSE(open.BeginPrepare(Txn(1), 1).ok());
  open.NoteOperation(Txn(1));
  EXPECT_FALSE(open.BeginPrepare(Txn(1), 2).ok());
  EXPECT_TRUE(open.BeginPrepare(Txn(1), 1).ok());
  open.Forget(Txn(1));
  EXPECT_FALSE(open.BeginPrepare(Txn(1), 1).ok());
  EXPECT_FALSE(open.CheckOperations(Txn(1), 1).ok());
}

TEST(OpenTransactions, RowsThatAnAbortOvertookAreNotTakenForAll) {
  OpenTransactions open;
  open.NoteArrival(Txn(1));
  EXPECT_TRUE(open.NoteArrived(Txn(1)).ok());
  EXPECT_TRUE(open.BeginPrepare(Txn(1), 1).ok());
  open.NoteArrival(Txn(2));
  open.Forget(Txn(2));
  EXPECT_FALSE(open.NoteArrived(Txn(2)).ok());
  EXPECT_FALSE(open.BeginPrepare(Txn(2), 1).ok());
}

TEST(OpenTransactions, WhatIsOverIsNotPrepared) {
  OpenTransactions open;
  for (uint64_t number : {10, 20}) open.NoteOperation(Txn(number));
  open.NoteOperation({kCluster + 1, 10});
  open.RaiseFence(kCluster, Timestamp(20));
  open.RaiseFence(kCluster, Timestamp(5));  // an older message
  EXPECT_FALSE(open.BeginPrepare(Txn(10), 1).ok());
  EXPECT_TRUE(open.BeginPrepare(Txn(20), 1).ok());
  EXPECT_TRUE(open.BeginPrepare({kCluster + 1, 10}, 1).ok());  // another cluster's numbers
}

TEST(OpenTransactions, AFenceStandsWhenNothingBelowItIsBeingPrepared) {
  OpenTransactions open;
  for (uint64_t number : {10, 11, 30}) {
    open.NoteOperation(Txn(number));
    EXPECT_TRUE(number == 11 || open.BeginPrepare(Txn(number), 1).ok());
  }
  EXPECT_FALSE(open.IsFenced(kCluster, Timestamp(20)));
  EXPECT_FALSE(open.BeginPrepare(Txn(11), 1).ok());
  open.NotePrepareRefused(Txn(10));
  EXPECT_TRUE(open.IsFenced(kCluster, Timestamp(20)));
  EXPECT_TRUE(open.IsFenced(kCluster, Timestamp(15)));
  EXPECT_FALSE(open.IsFenced(kCluster, Timestamp(31)));
  open.Forget(Txn(30));  // prepared
  EXPECT_TRUE(open.IsFenced(kCluster, Timestamp(31)));
}

TEST(OpenTransactions, ListsWhatOneClusterHasHere) {
  OpenTransactions open;
  open.NoteArrival(Txn(1));
  open.NoteOperation(Txn(2));
  ASSERT_TRUE(open.BeginPrepare(Txn(2), 1).ok());
  open.NoteOperation({kCluster + 1, 3});
  const std::vector<HeldTransaction> held = open.List(kCluster);
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0].txn, Txn(1));
  EXPECT_EQ(held[0].state, HeldState::kActive);
  EXPECT_EQ(held[1].state, HeldState::kPreparing);
}

}  // namespace
}  // namespace tsd::coord
