#include "engine/base/random.h"
#include "tests/net/pg/fakes.h"

namespace tsd::net::pg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kSync = Message('S');

TEST(SimpleQuery, RowsErrorsAndEmpty) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, Query("select 3")), ElementsAre("T:n/0,t/0", "D:0|t0", "D:1|t1", "D:2|NULL", "C:SELECT 3", "Z:I"));
  EXPECT_THAT(f.Say(*c, Query("select 0")), ElementsAre("T:n/0,t/0", "C:SELECT 0", "Z:I"));
  EXPECT_THAT(f.Say(*c, Query("")), ElementsAre("I", "Z:I"));
  EXPECT_THAT(f.Say(*c, Query("error")), ElementsAre("E:42P01 no table", "Z:I"));
  EXPECT_THAT(f.Say(*c, Query("begin;notice;set;error;begin")),
              ElementsAre("C:begin", "N:NOTICE 00000 careful", "C:notice", "S:TimeZone=UTC", "C:set", "E:42P01 no table", "Z:E"));
  EXPECT_THAT(f.Say(*c, Query("commit")), ElementsAre("C:commit", "Z:I"));
}

TEST(SimpleQuery, ErrorFields) {
  SessionFixture f;
  auto c = f.LogIn();
  c->Send(Query("error"));
  f.executor.Run();
  const std::string body = Z("SERROR") + Z("VERROR") + Z("C42P01") + Z("Mno table") + Z("Dd") + Z("Hh") + Z("P3") + '\0';
  EXPECT_EQ(c->TakeOutput(), Message('E', body) + Message('Z', "I"));
}

TEST(SimpleQuery, BadBodies) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, Message('Q', "select")), ElementsAre("E:08P01 invalid string in message", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('Q', Z("select") + "x")), ElementsAre("E:08P01 invalid message format", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('Q', Z("\xe9"))), ElementsAre(HasSubstr("E:22021 invalid byte sequence for encoding \"UTF8\": 0xe9"), "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('F', Be32(1))), ElementsAre(HasSubstr("E:0A000"), "Z:I"));
}

TEST(SimpleQuery, PipelinedAndSplitAtEveryByte) {
  const std::string script = Query("select 1") + ParseMsg("", "select 2") + BindMsg("", "") + Message('D', Z("P")) + ExecuteMsg("") + kSync +
                             Query("copy in") + Message('d', "ab") + Message('c') + Query("error") + Query("");
  const std::vector<std::string> expected = {
      "T:n/0,t/0", "D:0|t0", "C:SELECT 1", "Z:I", "1", "2", "T:n/0,t/0", "D:0|t0", "D:1|t1", "C:SELECT 2", "Z:I",
      "G:" + std::string("\0\0\2\0\0\0\0", 7), "C:COPY 2", "Z:I", "E:42P01 no table", "Z:I", "I", "Z:I"};
  SessionFixture f;
  auto whole = f.LogIn();
  EXPECT_EQ(f.Say(*whole, script), expected);
  for (size_t cut = 1; cut < script.size(); ++cut) {
    auto c = f.LogIn();
    std::vector<std::string> got = f.Say(*c, script.substr(0, cut));
    for (const std::string& message : f.Say(*c, script.substr(cut))) got.push_back(message);
    EXPECT_EQ(got, expected) << cut;
    c->End();
    f.executor.Run();
  }
  auto trickle = f.LogIn();
  trickle->SetReadLimit(1);
  EXPECT_EQ(f.Say(*trickle, script), expected);
}

TEST(Notifications, GoOutWhileTheSessionIsIdle) {
  SessionFixture f;
  auto c = f.LogIn();
  const auto notify = [&](const std::string& payload) {
    f.handler().notifications.push_back({7, "c", payload});
    f.handler().wake();
  };
  notify("one");
  EXPECT_THAT(f.Say(*c, ""), ElementsAre("A:7 c one"));
  f.Say(*c, Query("begin"));
  notify("two");
  EXPECT_THAT(f.Say(*c, ""), IsEmpty());
  EXPECT_THAT(f.Say(*c, Query("select 0")), ElementsAre("T:n/0,t/0", "C:SELECT 0", "Z:T"));
  EXPECT_THAT(f.Say(*c, Query("commit")), ElementsAre("C:commit", "A:7 c two", "Z:I"));
}

TEST(Extended, WholeCycle) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, ParseMsg("s", "select 2") + Message('D', "S" + Z("s")) + kSync),
              ElementsAre("1", "t:" + Be16(1) + Be32(20), "T:n/0,t/0", "Z:I"));
  EXPECT_THAT(f.Say(*c, BindMsg("p", "s", Be16(2) + Be16(1) + Be16(0)) + Message('D', "P" + Z("p")) + ExecuteMsg("p") + kSync),
              ElementsAre("2", "T:n/1,t/0", "D:" + Be32(0) + "|t0", "D:" + Be32(1) + "|t1", "C:SELECT 2", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('C', "P" + Z("p")) + Message('C', "S" + Z("s")) + Message('C', "S" + Z("nope")) + kSync),
              ElementsAre("3", "3", "3", "Z:I"));
  EXPECT_THAT(f.Say(*c, ParseMsg("", "begin") + BindMsg("", "") + Message('D', "P" + Z("")) + ExecuteMsg("") + kSync),
              ElementsAre("1", "2", "n", "C:begin", "Z:T"));
  EXPECT_THAT(f.Say(*c, ParseMsg("", "") + BindMsg("", "") + ExecuteMsg("") + kSync), ElementsAre("1", "2", "I", "Z:T"));
}

TEST(Extended, NothingIsSentBeforeFlushOrSync) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, ParseMsg("", "select 1")), IsEmpty());
  EXPECT_THAT(f.Say(*c, Message('D', "S" + Z(""))), IsEmpty());
  EXPECT_THAT(f.Say(*c, Message('H')), SizeIs(3));
  EXPECT_THAT(f.Say(*c, Message('H')), IsEmpty());
  EXPECT_THAT(f.Say(*c, kSync), ElementsAre("Z:I"));
}

TEST(Extended, AnErrorGoesOutBeforeSync) {
  // asyncpg sends Parse, Describe, Flush and waits for the answers before it says anything more.
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, ParseMsg("", "syntax") + Message('D', "S" + Z("")) + Message('H')), ElementsAre("E:42601 syntax error"));
  EXPECT_THAT(f.Say(*c, kSync), ElementsAre("Z:I"));
  EXPECT_THAT(f.Say(*c, ExecuteMsg("nope") + Message('H')), ElementsAre("E:34000 no such portal"));
  EXPECT_THAT(f.Say(*c, kSync), ElementsAre("Z:I"));
}

TEST(Extended, Suspension) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, ParseMsg("", "select 5") + BindMsg("p", "") + ExecuteMsg("p", 2) + Message('H')),
              ElementsAre("1", "2", "D:0|t0", "D:1|t1", "s"));
  EXPECT_THAT(f.Say(*c, ExecuteMsg("p", 2) + Message('H')), ElementsAre("D:2|NULL", "D:3|t3", "s"));
  EXPECT_THAT(f.Say(*c, ExecuteMsg("p", 0xffffffff) + kSync), ElementsAre("D:4|t4", "C:SELECT 1", "Z:I"));
}

TEST(Extended, SkipsUntilSync) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, ParseMsg("", "syntax") + BindMsg("", "") + ExecuteMsg("") + Message('H') + Query("select 1") + Message('F') +
                            Message('d', "x") + kSync + kSync),
              ElementsAre("E:42601 syntax error", "Z:I", "Z:I"));
  EXPECT_THAT(f.Say(*c, BindMsg("", "nope") + kSync), ElementsAre("E:26000 no such statement", "Z:I"));
  EXPECT_THAT(f.Say(*c, ExecuteMsg("nope") + kSync), ElementsAre("E:34000 no such portal", "Z:I"));
  EXPECT_THAT(f.Say(*c, ParseMsg("", "error") + BindMsg("", "") + ExecuteMsg("") + ExecuteMsg("") + kSync + Query("select 0")),
              ElementsAre("1", "2", "E:42P01 no table", "Z:I", "T:n/0,t/0", "C:SELECT 0", "Z:I"));
  EXPECT_EQ(f.handler().syncs, 5);
}

TEST(Extended, BadBodies) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, Message('B', "x") + Message('P', Z("a")) + kSync), ElementsAre("E:08P01 invalid string in message", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('P', Z("a") + Z("select 1")) + kSync), ElementsAre("E:08P01 insufficient data left in message", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('P', Z("a") + Z("select 1") + Be16(0) + "x") + kSync), ElementsAre("E:08P01 invalid message format", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('P', Z("a") + Z("select 1") + Be16(0xffff)) + kSync), ElementsAre("E:08P01 insufficient data left in message", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('D', "X" + Z("a")) + kSync), ElementsAre("E:08P01 invalid DESCRIBE message subtype 88", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('C', "X" + Z("a")) + kSync), ElementsAre("E:08P01 invalid CLOSE message subtype 88", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('E', Z("a")) + kSync), ElementsAre("E:08P01 insufficient data left in message", "Z:I"));
}

TEST(Extended, BindParameters) {
  SessionFixture f;
  auto c = f.LogIn();
  f.Say(*c, ParseMsg("", "begin") + kSync);
  const std::string start = Z("") + Z("");
  const auto bind = [&](const std::string& body) { return f.Say(*c, Message('B', start + body) + kSync); };
  EXPECT_THAT(bind(Be16(2) + Be16(0) + Be16(1) + Be16(2) + Be32(3) + "abc" + Be32(0xffffffff) + Be16(0)), ElementsAre("2", "Z:I"));
  ASSERT_EQ(f.handler().parameters.size(), 2u);
  EXPECT_EQ(f.handler().parameters[0].bytes, "abc");
  EXPECT_FALSE(f.handler().parameters[0].binary);
  EXPECT_TRUE(f.handler().parameters[1].is_null);
  EXPECT_TRUE(f.handler().parameters[1].binary);
  EXPECT_THAT(bind(Be16(2) + Be16(0) + Be16(0) + Be16(1) + Be32(0xffffffff) + Be16(0)),
              ElementsAre("E:08P01 bind message has 2 parameter formats but 1 parameters", "Z:I"));
  EXPECT_THAT(bind(Be16(1) + Be16(7) + Be16(1) + Be32(0xffffffff) + Be16(0)), ElementsAre("E:22023 unsupported format code: 7", "Z:I"));
  EXPECT_THAT(bind(Be16(0) + Be16(1) + Be32(0xfffffffe) + Be16(0)), ElementsAre("E:08P01 insufficient data left in message", "Z:I"));
  EXPECT_THAT(bind(Be16(0) + Be16(1) + Be32(100) + "abc"), ElementsAre("E:08P01 insufficient data left in message", "Z:I"));
  EXPECT_THAT(bind(Be16(0) + Be16(0xffff) + Be16(0)), ElementsAre("E:08P01 insufficient data left in message", "Z:I"));
  EXPECT_THAT(bind(Be16(0) + Be16(1) + Be32(1) + "\xe9" + Be16(0)), ElementsAre(HasSubstr("E:22021"), "Z:I"));
  EXPECT_THAT(bind(Be16(0) + Be16(0) + Be16(1) + Be16(9)), ElementsAre("E:22023 unsupported format code: 9", "Z:I"));
}

TEST(Extended, SyncErrorIsReportedOnce) {
  SessionFixture f;
  auto c = f.LogIn();
  f.handler().sync_result = Error(sqlstate::kSerializationFailure, "could not serialize");
  EXPECT_THAT(f.Say(*c, kSync), ElementsAre("E:40001 could not serialize", "Z:I"));
  f.handler().sync_result = OkStatus();
  EXPECT_THAT(f.Say(*c, ParseMsg("", "select 0") + kSync), ElementsAre("1", "Z:I"));
}

const std::string kCopyIn = "G:" + std::string("\0\0\2\0\0\0\0", 7);

TEST(Copy, InSimple) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, Query("copy in")), ElementsAre(kCopyIn));
  EXPECT_THAT(f.Say(*c, Message('d', "abc") + Message('H') + Message('S') + Message('d') + Message('d', "d")), IsEmpty());
  EXPECT_THAT(f.Say(*c, Message('c')), ElementsAre("C:COPY 4", "Z:I"));
  EXPECT_EQ(f.handler().copied, "abcd");
}

TEST(Copy, InFails) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, Query("copy in") + Message('f', Z("because"))),
              ElementsAre(kCopyIn, "E:57014 COPY from stdin failed: because", "Z:I"));
  // An error of ours: what still comes of the data is swallowed.
  EXPECT_THAT(f.Say(*c, Query("copy in early") + Message('d', "a") + Message('d', "b") + Message('d', "c") + Message('c') + Query("select 0")),
              ElementsAre(kCopyIn, "E:22P04 bad data", "Z:I", "T:n/0,t/0", "C:SELECT 0", "Z:I"));
  EXPECT_THAT(f.Say(*c, Query("copy in early") + Message('d', "a") + Message('d', "b") + Message('f', Z("x")) + Query("select 0")),
              ElementsAre(kCopyIn, "E:22P04 bad data", "Z:I", "T:n/0,t/0", "C:SELECT 0", "Z:I"));
  EXPECT_THAT(f.Say(*c, Query("copy in") + Query("select 1") + Message('c') + Query("")),
              ElementsAre(kCopyIn, "E:08P01 unexpected message type 0x51 during COPY from stdin", "Z:I", "I", "Z:I"));
  // The statement is content before the data has ended.
  EXPECT_THAT(f.Say(*c, Query("copy in quit") + Message('d', "a") + Message('d', "b") + Message('c') + Query("")),
              ElementsAre(kCopyIn, "C:COPY 0", "Z:I", "I", "Z:I"));
}

TEST(Copy, InExtended) {
  SessionFixture f;
  auto c = f.LogIn();
  // As libpq: Sync right behind Execute, and again behind CopyDone.
  EXPECT_THAT(f.Say(*c, ParseMsg("", "copy in") + BindMsg("", "") + ExecuteMsg("") + kSync), ElementsAre("1", "2", kCopyIn));
  EXPECT_THAT(f.Say(*c, Message('d', "ab") + Message('c') + kSync), ElementsAre("C:COPY 2", "Z:I"));
  EXPECT_THAT(f.Say(*c, ParseMsg("", "copy in early") + BindMsg("", "") + ExecuteMsg("") + kSync), SizeIs(3));
  EXPECT_THAT(f.Say(*c, Message('d', "ab") + Message('d', "cd") + Message('c') + kSync), ElementsAre("E:22P04 bad data", "Z:I"));
}

TEST(Copy, Out) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, Query("copy out;select 0")),
              ElementsAre("H:" + std::string("\0\0\2\0\0\0\0", 7), "d:1\tx\n", "d:2\ty\n", "c", "C:COPY 2", "T:n/0,t/0", "C:SELECT 0", "Z:I"));
}

TEST(Copy, DataOutsideOfACopyIsIgnored) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, Message('d', "x") + Message('c') + Message('f', Z("x"))), IsEmpty());
  EXPECT_THAT(f.Say(*c, kSync), ElementsAre("Z:I"));
}

TEST(Framing, FatalErrors) {
  const auto fatal = [](const std::string& bytes) {
    SessionFixture f;
    auto c = f.LogIn();
    std::vector<std::string> got = f.Say(*c, bytes);
    EXPECT_TRUE(c->closed());
    EXPECT_EQ(f.handler().ends, 1);
    EXPECT_EQ(f.context.session_count(), 0);
    return got.empty() ? "" : got.back();
  };
  EXPECT_EQ(fatal("y"), "E:FATAL 08P01 invalid frontend message type 121");
  EXPECT_EQ(fatal("p" + Be32(4)), "E:FATAL 08P01 invalid frontend message type 112");
  EXPECT_EQ(fatal(std::string(1, '\0')), "E:FATAL 08P01 invalid frontend message type 0");
  for (uint32_t length : {0u, 1u, 2u, 3u, 0x40000000u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    EXPECT_EQ(fatal("Q" + Be32(length)), "E:FATAL 08P01 invalid message length") << length;
  }
  EXPECT_EQ(fatal("S" + Be32(20000)), "E:FATAL 08P01 invalid message length");
  EXPECT_EQ(fatal(Query("copy in") + "y"), "E:FATAL 08P01 invalid frontend message type 121");
  EXPECT_EQ(fatal(Query("copy in") + "d" + Be32(3)), "E:FATAL 08P01 invalid message length");
}

TEST(Framing, AnnouncedBytesAreNotReserved) {
  SessionFixture f;
  auto c = f.LogIn();
  EXPECT_THAT(f.Say(*c, "Q" + Be32(0x3fffffff) + "select"), IsEmpty());
  EXPECT_FALSE(c->closed());
}

TEST(SimpleQuery, RowsWrittenBesideKeepTheirPlaces) {
  // Large batches become messages on other threads, which end in any order; what is said between and behind them stays there.
  const std::string wanted = "T D*20000 C:SELECT 20000 N C:notice T D*3 C:SELECT 3 T D*9000 C:SELECT 9000 S C:set T D*12000 C:SELECT 12000 E Z";
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SessionFixture f;
    auto c = f.LogIn();
    f.executor.Shuffle(seed);
    c->Send(Query("select 20000;notice;select 3;select 9000;set;select 12000;error"));
    f.executor.Run();
    std::string seen;
    size_t rows = 0;
    for (const std::string& message : Read(c->TakeOutput())) {
      if (message[0] == 'D') {
        const std::string number = std::to_string(rows++);
        ASSERT_TRUE(message.starts_with("D:" + number)) << message << " where row " << number << " belongs";
        continue;
      }
      if (rows > 0) seen += StrCat(" D*", rows);
      rows = 0;
      seen += StrCat(seen.empty() ? "" : " ", message[0] == 'C' ? message.substr(0, message.find('\0')) : message.substr(0, 1));
    }
    EXPECT_EQ(seen, wanted);
  }
}

TEST(BackPressure, RowsWaitForTheSocket) {
  SessionFixture f;
  auto c = f.LogIn();
  c->Stall(true);
  c->Send(Query("select 50000"));
  size_t rows = 0, rounds = 0;
  bool complete = false;
  std::string output;
  while (!complete && ++rounds < 1000) {
    f.executor.Run();
    std::string chunk = c->TakeOutput();
    EXPECT_LE(chunk.size(), 400'000u);
    output += chunk;
    complete = output.size() > 6 && output.substr(output.size() - 6) == Message('Z', "I");
    c->Stall(false);
    c->Stall(true);
  }
  EXPECT_GT(rounds, 10u);
  for (const std::string& message : Read(output)) rows += message[0] == 'D' ? 1 : 0;
  EXPECT_EQ(rows, 50000u);
}

TEST(BackPressure, WriteErrorEndsTheSession) {
  SessionFixture f;
  auto c = f.LogIn();
  c->Stall(true);
  f.Say(*c, Query("select 200000"));
  c->Break();
  f.executor.Run();
  EXPECT_EQ(f.handler().ends, 1);
  EXPECT_EQ(f.context.session_count(), 0);
}

/// A random client of well-framed messages of the extended protocol.
std::string RandomMessage(Random& random) {
  static const char* kTexts[] = {"select 3", "error", "", "begin", "commit", "copy out", "notice", "syntax"};
  const std::string text = kTexts[random.Below(8)];
  const std::string name = random.Chance(0.5) ? "" : "a";
  switch (random.Below(10)) {
    case 0: case 1: return ParseMsg(name, text);
    case 2: return BindMsg(name, name);
    case 3: return Message('D', (random.Chance(0.5) ? "S" : "P") + Z(name));
    case 4: return ExecuteMsg(name, static_cast<uint32_t>(random.Below(3)));
    case 5: return Message('C', (random.Chance(0.5) ? "S" : "P") + Z(name));
    case 6: return Message('H');
    case 7: return Message("dcf"[random.Below(3)], random.Chance(0.5) ? "x" : "");
    case 8: return Message("PBDEC"[random.Below(5)], Z("a"));
    default: return kSync;
  }
}

TEST(Fuzz, EverySyncGetsOneReadyForQuery) {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    SessionFixture f;
    auto c = f.LogIn();
    c->SetReadLimit(1 + random.Below(300));
    int syncs = 0, got = 0;
    std::string script;
    for (int i = 0; i < 300; ++i) {
      const std::string message = RandomMessage(random);
      syncs += message == kSync ? 1 : 0;
      script += message;
    }
    for (const std::string& message : f.Say(*c, script)) got += message[0] == 'Z' ? 1 : 0;
    EXPECT_EQ(got, syncs) << round;
    EXPECT_FALSE(c->closed());
  }
}

TEST(Fuzz, RandomBytesNeverBreakTheOutput) {
  Random random(11);
  const std::string types = "QFXBCDEHPSdcfpy";
  for (int round = 0; round < 2000; ++round) {
    SessionFixture f;
    auto c = f.LogIn();
    std::string script;
    for (int i = 0; i < 20; ++i) {
      std::string body;
      for (uint64_t left = random.Below(30); left > 0; --left) {
        body.push_back(static_cast<char>(random.Chance(0.4) ? 0 : random.Chance(0.5) ? 'a' + random.Below(26) : random.Below(256)));
      }
      script += random.Chance(0.98) ? Message(types[random.Below(types.size() - 2)], body) : body;
    }
    for (const std::string& message : f.Say(*c, script)) {
      EXPECT_THAT(message, ::testing::Not(HasSubstr("broken frame")));
      EXPECT_THAT(message, ::testing::Not(HasSubstr("bad body")));
    }
    c->End();
    f.executor.Run();
    EXPECT_TRUE(c->closed());
    EXPECT_EQ(f.handler().ends, 1);
  }
}

TEST(Fuzz, RandomStartupBytes) {
  Random random(13);
  for (int round = 0; round < 3000; ++round) {
    SessionFixture f;
    std::string bytes;
    for (uint64_t left = random.Below(40); left > 0; --left) bytes.push_back(static_cast<char>(random.Below(256)));
    const uint32_t codes[] = {196608, 80877102, 80877103, 80877104, 131072};
    if (random.Chance(0.8)) bytes = Packet(Be32(codes[random.Below(5)]) + bytes);
    auto c = f.Connect(bytes);
    c->End();
    f.executor.Run();
    EXPECT_TRUE(c->closed());
    EXPECT_EQ(f.context.session_count(), 0);
  }
}

}  // namespace
}  // namespace tsd::net::pg
