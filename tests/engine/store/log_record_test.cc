// The store's log records: what is written is read back, and a prepare of earlier versions too.
#include "engine/store/log_record.h"

#include <gtest/gtest.h>

namespace tsd::engine {
namespace {

const TxnId kTxn{7, 42};

TEST(LogRecord, APrepareKeepsWhoTakesPart) {
  const Preparation preparation{Timestamp(50), "who decides", {NodeId(0), NodeId(3), NodeId(4'000'000'000)}};
  const StatusOr<LoggedRecord> record = DecodeLogRecord(LogType::kPrepare, EncodePrepare(kTxn, preparation, {}));
  ASSERT_TRUE(record.ok()) << record.status().message();
  EXPECT_EQ(record->txn, kTxn);
  EXPECT_EQ(record->preparation.floor, Timestamp(50));
  EXPECT_EQ(record->preparation.coordinator, "who decides");
  EXPECT_EQ(record->preparation.participants, preparation.participants);
}

TEST(LogRecord, APrepareOfEarlierVersionsHasNoParticipants) {
  ByteWriter old;
  old.PutU64(kTxn.origin);
  old.PutU64(kTxn.sequence);
  old.PutU64(50);
  old.PutString("who decides");
  old.PutVarint(0);
  const StatusOr<LoggedRecord> record = DecodeLogRecord(LogType::kPrepareAlone, old.data());
  ASSERT_TRUE(record.ok()) << record.status().message();
  EXPECT_EQ(record->txn, kTxn);
  EXPECT_EQ(record->preparation.coordinator, "who decides");
  EXPECT_TRUE(record->preparation.participants.empty());
}

TEST(LogRecord, CutAndPaddedPreparesAreRefused) {
  const std::string bytes = EncodePrepare(kTxn, {Timestamp(50), "c", {NodeId(1), NodeId(2)}}, {});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeLogRecord(LogType::kPrepare, std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeLogRecord(LogType::kPrepare, bytes + '\0').ok());
}

}  // namespace
}  // namespace tsd::engine
