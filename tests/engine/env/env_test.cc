#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/random.h"
#include "engine/env/posix_env.h"
#include "tests/support/sim_env.h"

namespace tsd::engine {
namespace {

/// The promises of env.h, kept by both.
class EnvTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      std::string name = ::testing::TempDir() + "tsd_env_test_XXXXXX";
      ASSERT_NE(::mkdtemp(name.data()), nullptr);
      root_ = name;
      env_ = NewPosixEnv();
    } else {
      env_ = std::make_unique<SimEnv>(1);
      root_ = "/data";
      ASSERT_TRUE(env_->CreateDirectory(root_).ok());
    }
  }
  void TearDown() override {
    if (GetParam()) std::filesystem::remove_all(root_);
  }
  std::string Path(const std::string& name) const { return root_ + "/" + name; }

  std::unique_ptr<Env> env_;
  std::string root_;
};

TEST_P(EnvTest, WritesAndReads) {
  auto file = env_->NewWritableFile(Path("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE((*file)->Append("hello ").ok());
  EXPECT_TRUE((*file)->Append("world").ok());
  EXPECT_EQ((*file)->size(), 11u);
  EXPECT_TRUE((*file)->Sync().ok());
  EXPECT_TRUE((*file)->Close().ok());
  EXPECT_TRUE(env_->SyncDirectory(root_).ok());
  EXPECT_EQ(*env_->ReadFile(Path("a")), "hello world");
  EXPECT_EQ(*env_->FileSize(Path("a")), 11u);
  auto reader = env_->OpenRandomAccess(Path("a"));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(*(*reader)->Read(6, 5), "world");
  EXPECT_EQ(*(*reader)->Read(11, 0), "");
  EXPECT_TRUE(HasSqlState((*reader)->Read(6, 6).status(), sqlstate::kDataCorrupted));
  EXPECT_TRUE(HasSqlState((*reader)->Read(UINT64_MAX, 2).status(), sqlstate::kDataCorrupted));
  // A deleted file stays readable for who has it open.
  EXPECT_TRUE(env_->DeleteFile(Path("a")).ok());
  EXPECT_EQ(*(*reader)->Read(0, 5), "hello");
  EXPECT_FALSE(env_->FileExists(Path("a")));
}

TEST_P(EnvTest, MissingThingsAreNamed) {
  const Status status = env_->ReadFile(Path("nothing")).status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kUndefinedFile));
  EXPECT_NE(status.message().find("nothing"), absl::string_view::npos);
  EXPECT_NE(status.message().find("No such file or directory"), absl::string_view::npos);
  EXPECT_TRUE(HasSqlState(env_->NewWritableFile(Path("no/such")).status(), sqlstate::kUndefinedFile));
  EXPECT_TRUE(HasSqlState(env_->ListDirectory(Path("no")).status(), sqlstate::kUndefinedFile));
  EXPECT_TRUE(HasSqlState(env_->DeleteFile(Path("no")), sqlstate::kUndefinedFile));
  EXPECT_TRUE(HasSqlState(env_->Rename(Path("no"), Path("yes")), sqlstate::kUndefinedFile));
  EXPECT_TRUE(HasSqlState(env_->FileSize(Path("no")).status(), sqlstate::kUndefinedFile));
}

TEST_P(EnvTest, DirectoriesListRenameReplace) {
  EXPECT_TRUE(env_->CreateDirectory(Path("d")).ok());
  EXPECT_TRUE(env_->CreateDirectory(Path("d")).ok());
  EXPECT_TRUE(env_->WriteFileAtomically(Path("d/b"), "1").ok());
  EXPECT_TRUE(env_->WriteFileAtomically(Path("d/b"), "2").ok());
  EXPECT_TRUE(env_->WriteFileAtomically(Path("d/a"), "3").ok());
  EXPECT_EQ(*env_->ListDirectory(Path("d")), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*env_->ReadFile(Path("d/b")), "2");
  EXPECT_TRUE(env_->Rename(Path("d/a"), Path("d/b")).ok());
  EXPECT_EQ(*env_->ReadFile(Path("d/b")), "3");
  EXPECT_EQ(*env_->ListDirectory(root_), (std::vector<std::string>{"d"}));
  EXPECT_GT(*env_->FreeBytes(root_), 0u);
}

TEST_P(EnvTest, LockExcludes) {
  auto lock = env_->LockFile(Path("LOCK"));
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_TRUE(HasSqlState(env_->LockFile(Path("LOCK")).status(), sqlstate::kObjectInUse));
  lock->reset();
  EXPECT_TRUE(env_->LockFile(Path("LOCK")).ok());
}

TEST_P(EnvTest, CreateTruncates) {
  ASSERT_TRUE(env_->WriteFileAtomically(Path("f"), "old content").ok());
  auto file = env_->NewWritableFile(Path("f"));
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE((*file)->Append("new").ok());
  EXPECT_EQ(*env_->ReadFile(Path("f")), "new");
}

TEST_P(EnvTest, ALogsFileHoldsWhatWasAppendedAndZeros) {
  auto file = env_->NewLogFile(Path("log"));
  ASSERT_TRUE(file.ok()) << file.status();
  std::string expected;
  Random random(7);
  // Within a block, over blocks, exactly to the end of one, more than is kept in memory; with and without a sync between.
  for (const size_t bytes : {1, 100, 3995, 4096, 1, 8191, 0, 70'000, (1 << 20) - 5, 3'000'000, 12, 4084, 65'536}) {
    const std::string part(bytes, static_cast<char>('a' + random.Below(26)));
    ASSERT_TRUE((*file)->Append(part).ok());
    expected += part;
    if (random.Chance(0.7)) {
      ASSERT_TRUE((*file)->Sync(random.Chance(0.5) ? 10'000 : 0).ok());
      const std::string bytes_there = *env_->ReadFile(Path("log"));
      ASSERT_EQ(bytes_there.size() % 4096, 0u);
      ASSERT_EQ(bytes_there.substr(0, expected.size()), expected);
      ASSERT_EQ(bytes_there.find_first_not_of('\0', expected.size()), std::string::npos);
    }
  }
  ASSERT_TRUE((*file)->Sync(0).ok());
  ASSERT_TRUE((*file)->Sync(0).ok());
  ASSERT_TRUE((*file)->Close().ok());
  EXPECT_EQ(env_->ReadFile(Path("log"))->substr(0, expected.size()), expected);
}

TEST_P(EnvTest, ALogsFileGrowsByTheSpaceWanted) {
  auto file = *env_->NewLogFile(Path("log"));
  ASSERT_TRUE(file->Append("head").ok());
  ASSERT_TRUE(file->Sync(0).ok());
  EXPECT_EQ(*env_->FileSize(Path("log")), 4096u);
  ASSERT_TRUE(file->Append("still in the block").ok());
  ASSERT_TRUE(file->Sync(100'000).ok());
  EXPECT_EQ(*env_->FileSize(Path("log")), 4096u);
  ASSERT_TRUE(file->Append(std::string(4096, 'x')).ok());
  ASSERT_TRUE(file->Sync(200'000).ok());
  const uint64_t reserved = *env_->FileSize(Path("log"));
  EXPECT_GE(reserved, 208'000u);
  EXPECT_LT(reserved, 220'000u);
  ASSERT_TRUE(file->Append(std::string(150'000, 'y')).ok());
  ASSERT_TRUE(file->Sync(200'000).ok());
  EXPECT_EQ(*env_->FileSize(Path("log")), reserved);
}

TEST_P(EnvTest, ALogsFileBeginsEmpty) {
  ASSERT_TRUE(env_->WriteFileAtomically(Path("log"), std::string(10'000, 'o')).ok());
  auto file = *env_->NewLogFile(Path("log"));
  ASSERT_TRUE(file->Append("new").ok());
  ASSERT_TRUE(file->Sync(0).ok());
  EXPECT_EQ(*env_->ReadFile(Path("log")), "new" + std::string(4093, '\0'));
  EXPECT_TRUE(HasSqlState(env_->NewLogFile(Path("no/such")).status(), sqlstate::kUndefinedFile));
}

INSTANTIATE_TEST_SUITE_P(Envs, EnvTest, ::testing::Bool(), [](const auto& info) { return std::string(info.param ? "Posix" : "Sim"); });

TEST(PosixEnv, FilesArePrivate) {
  std::string name = ::testing::TempDir() + "tsd_env_test_XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::string root = name;
  const std::unique_ptr<Env> env = NewPosixEnv();
  ASSERT_TRUE(env->CreateDirectory(root + "/d").ok());
  ASSERT_TRUE(env->NewWritableFile(root + "/d/f").ok());
  struct stat info;
  ASSERT_EQ(::stat((root + "/d").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat((root + "/d/f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_FALSE(env->CreateDirectory(root + "/d/f").ok());
  std::filesystem::remove_all(root);
}

TEST(PosixEnv, FullDiskSaysSo) {
  const std::unique_ptr<Env> env = NewPosixEnv();
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP();
  auto file = env->NewWritableFile("/dev/full");
  ASSERT_TRUE(file.ok()) << file.status();
  const Status status = (*file)->Append("x");
  EXPECT_TRUE(HasSqlState(status, sqlstate::kDiskFull));
  EXPECT_EQ(status.message(), "could not write file \"/dev/full\": No space left on device");
  // It refuses direct writes too.
  auto log = env->NewLogFile("/dev/full");
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_TRUE((*log)->Append("x").ok());
  EXPECT_EQ((*log)->Sync(100'000).message(), "could not write file \"/dev/full\": No space left on device");
  EXPECT_TRUE(HasSqlState((*log)->Append(std::string(2 << 20, 'x')), sqlstate::kDiskFull));
}

/// Sets the size that no file of this process may pass, for as long as it lives. Beyond it writes are cut short, then fail.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(PosixEnv, ALogsFileTakesLessSpaceThanItWantedAndFailsWithoutAny) {
  std::string name = ::testing::TempDir() + "tsd_env_test_XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::string path = name + "/log";
  const std::unique_ptr<Env> env = NewPosixEnv();
  auto file = *env->NewLogFile(path);
  {
    const FileSizeLimit limit(32 << 10);
    // A write that is cut short behind the bytes is whole; one that is cut short among them goes on until it fails.
    ASSERT_TRUE(file->Append(std::string(5000, 'a')).ok());
    EXPECT_TRUE(file->Sync(100'000).ok());
    EXPECT_EQ(*env->FileSize(path), 32u << 10);
    ASSERT_TRUE(file->Append(std::string(27'000, 'b')).ok());
    EXPECT_TRUE(file->Sync(100'000).ok());
    ASSERT_TRUE(file->Append(std::string(10'000, 'c')).ok());
    EXPECT_FALSE(file->Sync(100'000).ok());
  }
  EXPECT_EQ(env->ReadFile(path)->substr(0, 32'000), std::string(5000, 'a') + std::string(27'000, 'b'));
  std::filesystem::remove_all(name);
}

TEST(SimEnv, SyncedSurvivesUnsyncedMayNot) {
  int kept = 0;
  int torn = 0;
  int names_lost = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SimEnv env(seed);
    ASSERT_TRUE(env.CreateDirectory("/d").ok());
    ASSERT_TRUE(env.SyncDirectory("/").ok());
    auto file = *env.NewWritableFile("/d/f");
    ASSERT_TRUE(file->Append(std::string(1000, 's')).ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(env.SyncDirectory("/d").ok());
    ASSERT_TRUE(file->Append(std::string(5000, 'u')).ok());
    auto unnamed = *env.NewWritableFile("/d/g");
    ASSERT_TRUE(unnamed->Append("x").ok());
    ASSERT_TRUE(unnamed->Sync().ok());
    env.Crash();
    EXPECT_FALSE(file->Append("x").ok());
    const std::string bytes = *env.ReadFile("/d/f");
    ASSERT_GE(bytes.size(), 1000u);
    ASSERT_EQ(bytes.substr(0, 1000), std::string(1000, 's'));
    kept += bytes.size() == 6000;
    torn += bytes.find('\0') != std::string::npos && bytes.find('u', bytes.find('\0')) != std::string::npos;
    names_lost += !env.FileExists("/d/g");
    if (env.FileExists("/d/g")) {
      EXPECT_EQ(*env.ReadFile("/d/g"), "x");
    }
  }
  EXPECT_GT(kept, 10);
  EXPECT_LT(kept, 190);
  EXPECT_GT(torn, 5);
  EXPECT_GT(names_lost, 50);
  EXPECT_LT(names_lost, 150);
}

TEST(SimEnv, ALogsFileKeepsWhatWasSyncedWhateverBecomesOfItsLastBlock) {
  int whole = 0;
  int lost = 0;
  int torn = 0;
  int killed_with = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SimEnv env(seed);
    ASSERT_TRUE(env.CreateDirectory("/d").ok());
    ASSERT_TRUE(env.SyncDirectory("/").ok());
    auto file = *env.NewLogFile("/d/f");
    ASSERT_TRUE(env.SyncDirectory("/d").ok());
    ASSERT_TRUE(file->Append(std::string(5000, 's')).ok());
    ASSERT_TRUE(file->Sync(seed % 2 * 100'000).ok());
    ASSERT_TRUE(file->Append(std::string(2000, 'u')).ok());
    const bool syncing = seed % 3 != 0;
    bool synced = false;
    if (syncing) {
      env.FreezeAt(seed % 3 - 1);  // in its write, or behind it
      synced = file->Sync(0).ok();
    }
    if (seed % 5 == 0) {
      env.KillProcess();
    } else {
      env.Crash();
    }
    EXPECT_FALSE(file->Append("x").ok());
    const std::string bytes = *env.ReadFile("/d/f");
    ASSERT_GE(bytes.size(), 5000u);
    ASSERT_EQ(bytes.substr(0, 5000), std::string(5000, 's'));
    const auto kept = std::count(bytes.begin(), bytes.end(), 'u');
    if (synced) {
      ASSERT_EQ(kept, 2000);
    }
    whole += !synced && kept == 2000;
    lost += kept == 0;
    torn += kept > 0 && kept < 2000;
    killed_with += !syncing && seed % 5 == 0 && kept > 0;
    for (size_t at = 5000; at < bytes.size(); ++at) ASSERT_TRUE(bytes[at] == '\0' || bytes[at] == 'u');
  }
  EXPECT_GT(whole, 30);
  EXPECT_GT(lost, 30);
  EXPECT_GT(torn, 30);
  EXPECT_GT(killed_with, 0);  // written because it was much
  EXPECT_LT(killed_with, 15);
}

TEST(SimEnv, AtomicReplacementIsOldOrNew) {
  int old_seen = 0;
  int new_seen = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SimEnv env(seed);
    env.PutFile("/d/f", "old");
    env.FreezeAt(seed % 6);
    const Status status = env.WriteFileAtomically("/d/f", "new");
    env.Crash();
    const std::string bytes = *env.ReadFile("/d/f");
    ASSERT_TRUE(bytes == "old" || bytes == "new") << bytes;
    if (status.ok()) {
      ASSERT_EQ(bytes, "new");
    }
    old_seen += bytes == "old";
    new_seen += bytes == "new";
  }
  EXPECT_GT(old_seen, 0);
  EXPECT_GT(new_seen, 0);
}

TEST(SimEnv, FaultsHitTheCallsTheyName) {
  SimEnv env(1);
  ASSERT_TRUE(env.CreateDirectory("/d").ok());
  env.FailAt(1, SimFault::kEnospc);
  auto file = env.NewWritableFile("/d/f");
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(HasSqlState((*file)->Append("x"), sqlstate::kDiskFull));
  EXPECT_TRUE((*file)->Append("x").ok());
  env.FailPath("/f", SimCall::kSync, SimFault::kEio);
  EXPECT_TRUE(HasSqlState((*file)->Sync(), sqlstate::kIoError));
  EXPECT_TRUE((*file)->Append("y").ok());
  env.ClearFaults();
  EXPECT_TRUE((*file)->Sync().ok());
  env.FlipBit("/d/f", 0, 0);
  EXPECT_EQ(*env.ReadFile("/d/f"), "yy");
  env.SetCapacity(3);
  EXPECT_TRUE((*file)->Append("z").ok());
  EXPECT_TRUE(HasSqlState((*file)->Append("z"), sqlstate::kDiskFull));
}

}  // namespace
}  // namespace tsd::engine
