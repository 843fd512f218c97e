#include "engine/store/manifest_log.h"

#include <gtest/gtest.h>

#include "engine/base/strings.h"
#include "tests/support/sim_env.h"

namespace tsd::engine {
namespace {

ManifestEdit EditOf(uint64_t chunk, uint64_t file, uint64_t checkpoint) {
  ManifestEdit edit;
  edit.position = {Lsn(checkpoint), Lsn(checkpoint), file + 1, Timestamp(checkpoint)};
  ManifestChunk& entry = edit.chunks[ChunkId(chunk)];
  entry.next_row_id = file * 10;
  FileMeta meta;
  meta.id = file;
  meta.rows = 5;
  entry.files.push_back({meta, Timestamp(1), Timestamp(2)});
  return edit;
}

class ManifestLogTest : public ::testing::Test {
 protected:
  ManifestLogTest() {
    EXPECT_TRUE(env_.CreateDirectory("/db").ok());
    EXPECT_TRUE(env_.SyncDirectory("/").ok());
  }
  ManifestLog Open() {
    StatusOr<ManifestLog> log = ManifestLog::Open(env_, "/db");
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }
  static uint64_t FileOf(const ManifestLog& log, uint64_t chunk) {
    const auto found = log.current().chunks.find(ChunkId(chunk));
    return found == log.current().chunks.end() ? 0 : found->second.files.at(0).meta.id;
  }
  size_t FilesOfEdits() const {
    size_t count = 0;
    for (const std::string& name : env_.AllFiles()) count += name.starts_with("/db/manifest/") ? 1 : 0;
    return count;
  }

  SimEnv env_{1};
};

TEST_F(ManifestLogTest, AnEditIsThereAfterAPowerCut) {
  for (uint64_t round = 1; round <= 30; ++round) {
    ManifestLog log = Open();
    if (round > 1) {
      EXPECT_EQ(FileOf(log, 1), (round - 1) * 10 + 2);
      EXPECT_EQ(FileOf(log, 2), (round - 1) * 10 + 1);
      EXPECT_EQ(log.current().position.checkpoint, Lsn((round - 1) * 10 + 2));
    }
    ASSERT_TRUE(log.Apply(EditOf(2, round * 10 + 1, round * 10 + 1)).ok());
    ASSERT_TRUE(log.Apply(EditOf(1, round * 10 + 2, round * 10 + 2)).ok());
    EXPECT_LE(FilesOfEdits(), 2u);
    env_.Crash();
  }
}

TEST_F(ManifestLogTest, WhatIsGoneStaysGone) {
  ManifestLog log = Open();
  ASSERT_TRUE(log.Apply(EditOf(1, 1, 1)).ok());
  ASSERT_TRUE(log.Apply(EditOf(2, 2, 2)).ok());
  ManifestEdit gone;
  gone.position = log.current().position;
  gone.gone = {ChunkId(1), ChunkId(7)};
  ASSERT_TRUE(log.Apply(gone).ok());
  env_.Crash();
  const ManifestLog again = Open();
  EXPECT_EQ(FileOf(again, 1), 0u);
  EXPECT_EQ(FileOf(again, 2), 2u);
}

TEST_F(ManifestLogTest, ManyEditsAreFoldedIntoTheWhole) {
  ManifestLog log = Open();
  for (uint64_t file = 1; file <= 3000; ++file) ASSERT_TRUE(log.Apply(EditOf(file % 50, file, file)).ok());
  EXPECT_LE(FilesOfEdits(), 2u);
  uint64_t bytes = 0;
  for (const std::string& name : env_.AllFiles()) bytes += *env_.FileSize(name);
  EXPECT_LT(bytes, 100'000u);
  env_.Crash();
  const ManifestLog again = Open();
  for (uint64_t chunk = 0; chunk < 50; ++chunk) EXPECT_EQ(FileOf(again, chunk), chunk == 0 ? 3000 : 2950 + chunk);
}

// Whatever call the power cut or the error hits: the last edit that was answered is there, and the one under way whole or not at all.
TEST_F(ManifestLogTest, EveryCallMayBeTheLast) {
  for (uint64_t call = 0; call < 100; ++call) {
    SCOPED_TRACE(call);
    SimEnv env(call + 1);
    ASSERT_TRUE(env.CreateDirectory("/db").ok());
    ASSERT_TRUE(env.SyncDirectory("/").ok());
    uint64_t answered = 0;
    env.FreezeAt(call);
    for (int start = 0; start < 4; ++start) {
      StatusOr<ManifestLog> log = ManifestLog::Open(env, "/db");
      for (int i = 0; log.ok() && i < 8 && log->Apply(EditOf(1, answered + 1, answered + 1)).ok(); ++i) ++answered;
    }
    ASSERT_TRUE(env.frozen());
    env.Crash();
    const StatusOr<ManifestLog> log = ManifestLog::Open(env, "/db");
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_GE(FileOf(*log, 1), answered);
    EXPECT_LE(FileOf(*log, 1), answered + 1);
  }
}

TEST_F(ManifestLogTest, AFullDiskLeavesTheManifestAsItWas) {
  for (uint64_t call = 0; call < 12; ++call) {
    SCOPED_TRACE(call);
    ManifestLog log = Open();
    ASSERT_TRUE(log.Apply(EditOf(1, call * 10 + 1, 1)).ok());
    env_.FailAt(call, SimFault::kShort);
    Status status;
    for (int i = 0; i < 20 && status.ok(); ++i) status = log.Apply(EditOf(1, call * 10 + 2, 2));
    if (status.ok()) continue;  // the failed call was one that may fail
    EXPECT_EQ(SqlStateOf(status), sqlstate::kDiskFull);
    const uint64_t before = FileOf(log, 1);
    env_.Crash();
    ManifestLog again = Open();
    EXPECT_EQ(FileOf(again, 1), before);
    ASSERT_TRUE(again.Apply(EditOf(1, call * 10 + 3, 3)).ok());
  }
}

TEST_F(ManifestLogTest, DamageIsFoundAndNamed) {
  {
    ManifestLog log = Open();
    for (uint64_t file = 1; file <= 3; ++file) ASSERT_TRUE(log.Apply(EditOf(file, file, file)).ok());
  }
  std::string edits;
  for (const std::string& name : env_.AllFiles()) {
    if (name.starts_with("/db/manifest/")) edits = name;
  }
  EXPECT_TRUE(ManifestLog::Verify(env_, "/db").ok());
  env_.FlipBit(edits, 64 + 40, 2);  // in the first edit
  const Status status = ManifestLog::Open(env_, "/db").status();
  EXPECT_EQ(SqlStateOf(status), sqlstate::kDataCorrupted);
  EXPECT_NE(StdView(status.message()).find(edits), std::string_view::npos);
  EXPECT_FALSE(ManifestLog::Verify(env_, "/db").ok());
  env_.FlipBit(edits, 64 + 40, 2);
  EXPECT_EQ(FileOf(Open(), 3), 3u);
}

TEST_F(ManifestLogTest, CutEditsAreRefused) {
  const std::string bytes = EditOf(1, 2, 3).Encode();
  ASSERT_TRUE(ManifestEdit::Decode(bytes).ok());
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(ManifestEdit::Decode(std::string_view(bytes).substr(0, size)).ok());
}

}  // namespace
}  // namespace tsd::engine
