// A node's budget bounds what its queries hold together; fragments of one statement share one; nothing is left when they have ended.
#include "coord/read/query_memory.h"

#include <gtest/gtest.h>

#include "engine/base/status.h"
#include "sql/exec/memory_hold.h"

namespace tsd::coord {
namespace {

constexpr TxnId kOne{7, 1}, kOther{7, 2};

TEST(QueryMemory, QueriesDrawOnTheNode) {
  QueryMemory memory(1000);
  {
    const std::shared_ptr<MemoryBudget> first = memory.OfQuery(800), second = memory.OfQuery(800);
    sql::MemoryHold rows(first.get()), others(second.get());
    EXPECT_TRUE(rows.Set(700).ok());
    EXPECT_TRUE(others.Set(300).ok());
    EXPECT_EQ(memory.used(), 1000);
    const Status of_node = others.Set(301);
    EXPECT_EQ(SqlStateOf(of_node), sqlstate::kOutOfMemory);
    EXPECT_NE(FieldsOf(of_node).hint.find("tsd.node_memory"), std::string::npos);
    EXPECT_EQ(second->used(), 300);  // what the node refused is not charged to the query
    const Status of_query = rows.Set(801);
    EXPECT_EQ(SqlStateOf(of_query), sqlstate::kOutOfMemory);
    EXPECT_NE(FieldsOf(of_query).hint.find("tsd.query_memory"), std::string::npos);
    EXPECT_TRUE(rows.Set(100).ok());
    EXPECT_TRUE(others.Set(800).ok());
  }
  EXPECT_EQ(memory.used(), 0);
}

TEST(QueryMemory, NoQueryMayHaveMoreThanTheNode) {
  QueryMemory memory(1000);
  EXPECT_EQ(memory.OfQuery(5000)->limit(), 1000);
  EXPECT_EQ(memory.OfQuery(500)->limit(), 500);
}

TEST(QueryMemory, WhoCanSpillLeavesHalfOfTheNodeToOthers) {
  QueryMemory memory(1000);
  const std::shared_ptr<MemoryBudget> first = memory.OfQuery(800), second = memory.OfQuery(800);
  sql::MemoryHold window(first.get()), sort(second.get());
  EXPECT_TRUE(window.Set(450).ok());
  EXPECT_TRUE(sort.SetOrSpill(50).ok());
  EXPECT_FALSE(sort.SetOrSpill(200).ok());
  EXPECT_TRUE(window.Set(0).ok());
  EXPECT_TRUE(sort.SetOrSpill(200).ok());
}

TEST(QueryMemory, FragmentsOfOneStatementShare) {
  QueryMemory memory(1000);
  std::shared_ptr<MemoryBudget> first = memory.OfFragment(kOne, 1, 500);
  EXPECT_EQ(first, memory.OfFragment(kOne, 1, 500));
  EXPECT_NE(first, memory.OfFragment(kOne, 2, 500));
  EXPECT_NE(first, memory.OfFragment(kOther, 1, 500));
  // Once all have ended, the next statement of that name begins anew.
  first.reset();
  EXPECT_EQ(memory.OfFragment(kOne, 1, 300)->limit(), 300);
}

TEST(QueryMemory, AFragmentMayOutliveTheNodesPart) {
  auto memory = std::make_unique<QueryMemory>(1000);
  const std::shared_ptr<MemoryBudget> fragment = memory->OfFragment(kOne, 1, 500);
  memory.reset();
  EXPECT_TRUE(fragment->TryReserve(10));
  fragment->Release(10);
}

}  // namespace
}  // namespace tsd::coord
