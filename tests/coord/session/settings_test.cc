#include "coord/session/settings.h"

#include <gtest/gtest.h>

namespace tsd::coord {
namespace {

std::string Normal(const std::string& name, const std::string& value) {
  const StatusOr<std::string> normal = NormalizeSetting(*FindSetting(name), value);
  return normal.ok() ? *normal : SqlStateOf(normal.status());
}

TEST(Settings, ValuesAreNormalisedAsPostgresDoes) {
  EXPECT_EQ(Normal("statement_timeout", "60000"), "1min");
  EXPECT_EQ(Normal("statement_timeout", "1500"), "1500ms");
  EXPECT_EQ(Normal("statement_timeout", "2 h"), "2h");
  EXPECT_EQ(Normal("work_mem", "65536"), "64MB");
  EXPECT_EQ(Normal("jit", "YES"), "on");
  EXPECT_EQ(Normal("datestyle", "iso, dmy"), "ISO, DMY");
  EXPECT_EQ(Normal("client_encoding", "'utf-8'"), "UTF8");
  EXPECT_EQ(Normal("extra_float_digits", "4"), sqlstate::kInvalidParameterValue);
  EXPECT_EQ(Normal("jit", "maybe"), sqlstate::kInvalidParameterValue);
  EXPECT_EQ(Normal("default_transaction_isolation", "never"), sqlstate::kInvalidParameterValue);
  EXPECT_EQ(Normal("timezone", "Nowhere/Land"), sqlstate::kInvalidParameterValue);
}

TEST(Settings, DateStyleKeepsWhatIsNotNamed) {
  const auto style = [](const std::string& value, const std::string& current) {
    const StatusOr<std::string> normal = NormalizeSetting(*FindSetting("DateStyle"), value, current);
    return normal.ok() ? *normal : SqlStateOf(normal.status());
  };
  EXPECT_EQ(style("postgres", "ISO, DMY"), "Postgres, DMY");
  EXPECT_EQ(style("ymd", "SQL, DMY"), "SQL, YMD");
  EXPECT_EQ(style("German", "ISO, MDY"), "German, DMY");
  EXPECT_EQ(style("german, mdy", "ISO, MDY"), "German, MDY");
  EXPECT_EQ(style("default", "SQL, DMY"), "ISO, MDY");
  EXPECT_EQ(style("iso, sql", "ISO, MDY"), sqlstate::kInvalidParameterValue);
  EXPECT_EQ(style("ISO, MDY, YMD", "ISO, MDY"), sqlstate::kInvalidParameterValue);
  EXPECT_EQ(style("", "ISO, MDY"), sqlstate::kInvalidParameterValue);
}

TEST(Settings, ZonesGivenAsNumbersAreShownAsPosixZones) {
  EXPECT_EQ(Normal("timezone", "-7"), "<-07>+07");
  EXPECT_EQ(Normal("timezone", "5.5"), "<+05:30>-05:30");
  EXPECT_EQ(Normal("timezone", "INTERVAL '+02:00'"), "<+02>-02");
  EXPECT_EQ(Normal("timezone", "INTERVAL '1 month'"), sqlstate::kInvalidParameterValue);
  EXPECT_EQ(Normal("IntervalStyle", "ISO_8601"), "iso_8601");
}

TEST(Settings, UnknownNamesUnderOurPrefixesAreRefusedOthersAreCustom) {
  ServerSettings server;
  SessionSettings session(server);
  EXPECT_EQ(SqlStateOf(session.Set("timescaledb.foo", "1", false)), sqlstate::kUndefinedObject);
  EXPECT_EQ(SqlStateOf(session.Set("nope", "1", false)), sqlstate::kUndefinedObject);
  EXPECT_TRUE(session.Set("my.own", "1", false).ok());
  EXPECT_EQ(*session.Get("my.own"), "1");
}

TEST(Settings, LocalEndsWithTheTransactionAndRollbackUndoesSet) {
  ServerSettings server;
  SessionSettings session(server);
  session.BeginTransaction();
  ASSERT_TRUE(session.Set("work_mem", "8MB", false).ok());
  ASSERT_TRUE(session.Set("jit", "on", true).ok());
  EXPECT_EQ(*session.Get("jit"), "on");
  session.EndTransaction(false);
  EXPECT_EQ(*session.Get("work_mem"), "4MB");
  EXPECT_EQ(*session.Get("jit"), "off");
}

TEST(Settings, ABadFileChangesNothing) {
  ServerSettings server;
  ASSERT_TRUE(server.LoadFile("max_prepared_transactions = 7  # comment\n", true).ok());
  EXPECT_EQ(server.GetInteger("max_prepared_transactions"), 7);
  const Status bad = server.LoadFile("max_prepared_transactions = 8\nnonsense = 1\n", false);
  EXPECT_NE(bad.message().find("line 2"), absl::string_view::npos);
  EXPECT_EQ(server.GetInteger("max_prepared_transactions"), 7);
}

TEST(Settings, WhatNeedsARestartWaitsForIt) {
  ServerSettings server;
  ASSERT_TRUE(server.LoadFile("", true).ok());
  ASSERT_TRUE(server.LoadFile("port = 6000\n", false).ok());
  EXPECT_EQ(server.Get("port"), "5440");
  EXPECT_EQ(server.PendingRestart(), std::vector<std::string>({"port"}));
}

}  // namespace
}  // namespace tsd::coord
