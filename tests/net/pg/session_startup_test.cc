#include "tests/net/pg/fakes.h"

namespace tsd::net::pg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string SslRequest() { return Packet(Be32(80877103)); }
std::string GssRequest() { return Packet(Be32(80877104)); }

TEST(Startup, GreetingAndDefaults) {
  SessionFixture f;
  auto c = f.Connect();
  EXPECT_THAT(f.Say(*c, StartupFor("u")), ElementsAre("R:0", "S:server_version=15.0", "K", "Z:I"));
  EXPECT_EQ(f.factory.startup.user, "u");
  EXPECT_EQ(f.factory.startup.database, "u");
  EXPECT_EQ(f.context.session_count(), 1);
  EXPECT_EQ(f.executor.timer_count(), 0u);  // the authentication timer is gone
}

TEST(Startup, InitialBytesCount) {
  SessionFixture f;
  const std::string all = StartupFor("u") + Query("select 1");
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    auto c = f.Connect(all.substr(0, cut));
    c->Send(all.substr(cut));
    f.executor.Run();
    EXPECT_THAT(Read(c->TakeOutput()), ElementsAre("R:0", "S:server_version=15.0", "K", "Z:I", "T:n/0,t/0", "D:0|t0", "C:SELECT 1", "Z:I"));
    c->End();
    f.executor.Run();
  }
  EXPECT_EQ(f.context.session_count(), 0);
}

TEST(Startup, SettingsAndOptions) {
  SessionFixture f;
  f.Connect(Packet(Be32(196608) + Z("user") + Z("u") + Z("application_name") + Z("app") + Z("database") + Z("d") + Z("options") +
                   Z("-c a=b  --search-path=x\\ y -cq=1=2\\\\") + '\0'));
  using Setting = std::pair<std::string, std::string>;
  EXPECT_THAT(f.factory.startup.settings,
              ElementsAre(Setting("a", "b"), Setting("search_path", "x y"), Setting("q", "1=2\\"), Setting("application_name", "app")));
  EXPECT_EQ(f.factory.startup.database, "d");
}

TEST(Startup, BadOptions) {
  SessionFixture f;
  const auto fatal = [&f](std::string_view options) {
    auto c = f.Connect();
    auto got = f.Say(*c, StartupFor("u", Z("options") + Z(options)));
    EXPECT_TRUE(c->closed());
    return got;
  };
  EXPECT_THAT(fatal("foo"), ElementsAre("E:FATAL 42601 invalid command-line argument for server process: foo"));
  EXPECT_THAT(fatal("-c"), ElementsAre("E:FATAL 42601 invalid command-line argument for server process: -c"));
  EXPECT_THAT(fatal("-c foo"), ElementsAre("E:FATAL 42601 -c foo requires a value"));
  EXPECT_THAT(fatal("--foo"), ElementsAre("E:FATAL 42601 --foo requires a value"));
}

TEST(Startup, MissingUser) {
  SessionFixture f;
  auto c = f.Connect();
  EXPECT_THAT(f.Say(*c, Packet(Be32(196608) + '\0')), ElementsAre("E:FATAL 28000 no PostgreSQL user name specified in startup packet"));
  EXPECT_TRUE(c->closed());
  EXPECT_EQ(f.context.session_count(), 0);
}

TEST(Startup, BadLengthsAndLayouts) {
  for (uint32_t length : {0u, 1u, 3u, 4u, 5u, 7u, 10001u, 0x7fffffffu, 0xffffffffu, 0x80000000u}) {
    SessionFixture f;
    auto c = f.Connect();
    EXPECT_THAT(f.Say(*c, Be32(length) + "xxxx"), ElementsAre("E:FATAL 08P01 invalid length of startup packet")) << length;
    EXPECT_TRUE(c->closed());
  }
  for (const std::string& body : {std::string(), Z("user") + "u", Z("user") + Z("u"), Z("user") + Z("u") + '\0' + 'x'}) {
    SessionFixture f;
    auto c = f.Connect();
    EXPECT_THAT(f.Say(*c, Packet(Be32(196608) + body)),
                ElementsAre("E:FATAL 08P01 invalid startup packet layout: expected terminator as last byte"));
  }
  SessionFixture f;
  auto c = f.Connect();
  EXPECT_THAT(f.Say(*c, Packet(Be32(131072) + '\0')),
              ElementsAre("E:FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.0"));
}

TEST(Startup, OtherProtocolsOnThePort) {
  SessionFixture f;
  auto http = f.Connect();
  EXPECT_THAT(f.Say(*http, "GET / HTTP/1.1\r\n\r\n"), SizeIs(1));
  EXPECT_TRUE(http->closed());
  auto tls = f.Connect();
  EXPECT_THAT(f.Say(*tls, std::string("\x16\x03\x01\x00\xa5\x01\x00\x00", 8)), IsEmpty());
  EXPECT_TRUE(tls->closed());
}

TEST(Startup, NegotiatesProtocolVersion) {
  SessionFixture f;
  auto c = f.Connect();
  auto got = f.Say(*c, Packet(Be32(196610) + Z("user") + Z("u") + Z("_pq_.foo") + Z("x") + '\0'));
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got[0], "v:" + Be32(196608) + Be32(1) + Z("_pq_.foo"));
  EXPECT_EQ(got[1], "R:0");
}

TEST(Startup, EncryptionIsDeclined) {
  SessionFixture f;
  auto c = f.Connect();
  c->Send(SslRequest());
  f.executor.Run();
  EXPECT_EQ(c->TakeOutput(), "N");
  c->Send(GssRequest());
  f.executor.Run();
  EXPECT_EQ(c->TakeOutput(), "N");
  EXPECT_THAT(f.Say(*c, StartupFor("u")), SizeIs(4));
}

TEST(Startup, EncryptionRequestsOnceOnly) {
  for (const std::string& request : {SslRequest(), GssRequest()}) {
    SessionFixture f;
    auto c = f.Connect();
    c->Send(request);
    f.executor.Run();
    c->TakeOutput();
    EXPECT_THAT(f.Say(*c, request), ElementsAre(HasSubstr("FATAL 0A000 unsupported frontend protocol 1234.56")));
    EXPECT_TRUE(c->closed());
  }
}

TEST(Startup, BytesBehindSslRequestAreRefused) {
  SessionFixture f;
  auto c = f.Connect();
  EXPECT_THAT(f.Say(*c, SslRequest() + StartupFor("u")), ElementsAre("E:FATAL 08P01 received unencrypted data after SSL request"));
  EXPECT_TRUE(c->closed());
}

class FakeTls final : public TlsAcceptor {
 public:
  Task<StatusOr<std::shared_ptr<Connection>>> Accept(std::shared_ptr<Connection> plain) override {
    ++accepted;
    co_return plain;
  }
  int accepted = 0;
};

TEST(Startup, TlsSeam) {
  FakeTls tls;
  SessionFixture f({}, &tls);
  ASSERT_TRUE(f.hba.Load("hostssl all all all trust").ok());
  auto c = f.Connect();
  c->Send(SslRequest());
  f.executor.Run();
  EXPECT_EQ(c->TakeOutput(), "S");
  EXPECT_THAT(f.Say(*c, StartupFor("u")), SizeIs(4));
  EXPECT_EQ(tls.accepted, 1);
}

TEST(Startup, HbaTexts) {
  SessionFixture f;
  auto c = f.Connect({}, "192.0.2.1");
  EXPECT_THAT(f.Say(*c, StartupFor("x", Z("database") + Z("y"))),
              ElementsAre("E:FATAL 28000 no pg_hba.conf entry for host \"192.0.2.1\", user \"x\", database \"y\", no encryption"));
  c = f.Connect({}, "10.0.0.2");
  EXPECT_THAT(f.Say(*c, StartupFor("x")),
              ElementsAre("E:FATAL 28000 pg_hba.conf rejects connection for host \"10.0.0.2\", user \"x\", database \"x\", no encryption"));
  c = f.Connect({}, "10.0.0.1");
  EXPECT_THAT(f.Say(*c, StartupFor("md5er")), ElementsAre("E:FATAL 0A000 authentication method \"md5\" is not supported yet"));
  EXPECT_TRUE(f.factory.handlers.empty());
  EXPECT_EQ(f.context.session_count(), 0);
}

TEST(Startup, FactoryRefuses) {
  SessionFixture f;
  f.factory.refuse = Error(sqlstate::kInvalidCatalogName, "database \"nodb\" does not exist");
  auto c = f.Connect();
  EXPECT_THAT(f.Say(*c, StartupFor("u")), ElementsAre("R:0", "E:FATAL 3D000 database \"nodb\" does not exist"));
  EXPECT_TRUE(c->closed());
}

TEST(Startup, AuthenticationTimeout) {
  SessionFixture f;
  auto silent = f.Connect();
  auto slow = f.Connect(StartupFor("u").substr(0, 9));
  f.executor.Advance(absl::Seconds(59));
  EXPECT_FALSE(silent->closed());
  f.executor.Advance(absl::Seconds(2));
  EXPECT_TRUE(silent->closed());
  EXPECT_TRUE(slow->closed());
  EXPECT_EQ(f.context.session_count(), 0);
}

TEST(Startup, ConnectionLimit) {
  SessionFixture f(PgServerOptions{.max_connections = 2});
  auto a = f.LogIn();
  auto b = f.LogIn();
  auto c = f.Connect();
  EXPECT_THAT(f.Say(*c, StartupFor("u")), ElementsAre("E:FATAL 53300 sorry, too many clients already"));
  a->Send(Message('X'));
  f.executor.Run();
  EXPECT_TRUE(a->closed());
  auto d = f.Connect();
  EXPECT_THAT(f.Say(*d, StartupFor("u")), SizeIs(4));
}

struct Key {
  int32_t process_id;
  std::string secret;
};
Key LogInForKey(SessionFixture& f, std::shared_ptr<FakeConnection>* connection) {
  *connection = f.Connect(StartupFor("u"));
  const std::string output = (*connection)->TakeOutput();
  const size_t at = output.find(std::string("K\0\0\0\x0c", 5));
  ByteReader reader(std::string_view(output).substr(at + 5, 8));
  const int32_t process_id = static_cast<int32_t>(reader.GetBeU32());
  return {process_id, std::string(reader.GetBytes(4))};
}

TEST(Cancel, RightAndWrongKeys) {
  SessionFixture f;
  std::shared_ptr<FakeConnection> c;
  const Key key = LogInForKey(f, &c);
  EXPECT_THAT(f.Say(*c, Query("hang")), IsEmpty());
  const auto cancel = [&f](int32_t process_id, const std::string& secret) {
    auto canceller = f.Connect(Packet(Be32(80877102) + Be32(static_cast<uint32_t>(process_id)) + secret));
    EXPECT_TRUE(canceller->closed());
    EXPECT_EQ(canceller->TakeOutput(), "");
  };
  std::string wrong = key.secret;
  wrong[0] ^= 1;
  cancel(key.process_id, wrong);
  cancel(key.process_id + 1, key.secret);
  cancel(key.process_id, key.secret + "more");
  EXPECT_EQ(f.handler().cancels, 0);
  cancel(key.process_id, key.secret);
  EXPECT_THAT(Read(c->TakeOutput()), ElementsAre("E:57014 canceling statement due to user request", "Z:I"));
  // Between statements a cancel does nothing.
  cancel(key.process_id, key.secret);
  EXPECT_EQ(f.handler().cancels, 1);
  EXPECT_THAT(f.Say(*c, Query("select 1")), SizeIs(4));
}

TEST(Cancel, DuringCopyIn) {
  SessionFixture f;
  std::shared_ptr<FakeConnection> c;
  const Key key = LogInForKey(f, &c);
  EXPECT_THAT(f.Say(*c, Query("copy in")), SizeIs(1));
  EXPECT_TRUE(f.context.CancelStatement(key.process_id));
  f.executor.Run();
  EXPECT_THAT(Read(c->TakeOutput()), ElementsAre("E:57014 canceling statement due to user request", "Z:I"));
  EXPECT_THAT(f.Say(*c, Message('d', "x") + Message('c') + Query("begin")), ElementsAre("C:begin", "Z:T"));
}

TEST(Shutdown, EndsSessionsWithFatal) {
  SessionFixture f;
  auto idle = f.LogIn();
  auto busy = f.LogIn();
  f.Say(*busy, Query("hang"));
  auto unborn = f.Connect();
  auto copying = f.LogIn();
  f.Say(*copying, Query("copy in"));
  bool done = false;
  struct Runner {
    static Task<void> Run(PgServerContext* context, bool* done) {
      co_await context->Shutdown();
      *done = true;
    }
  };
  Spawn(f.executor, Runner::Run(&f.context, &done));
  f.executor.Run();
  const std::string expected = "E:FATAL 57P01 terminating connection due to administrator command";
  for (auto* connection : {idle.get(), busy.get(), unborn.get(), copying.get()}) {
    EXPECT_THAT(Read(connection->TakeOutput()), ElementsAre(expected));
    EXPECT_TRUE(connection->closed());
  }
  EXPECT_TRUE(done);
  EXPECT_EQ(f.executor.timer_count(), 0u);
  for (const auto& handler : f.factory.handlers) EXPECT_EQ(handler->ends, 1);
  auto late = f.Connect();
  EXPECT_THAT(Read(late->TakeOutput()), ElementsAre("E:FATAL 57P03 the database system is shutting down"));
}

TEST(Shutdown, ClosesWhoeverDoesNotRead) {
  SessionFixture f;
  auto stuck = f.LogIn();
  stuck->Stall(true);
  f.Say(*stuck, Query("select 100000"));
  bool done = false;
  struct Runner {
    static Task<void> Run(PgServerContext* context, bool* done) {
      co_await context->Shutdown();
      *done = true;
    }
  };
  Spawn(f.executor, Runner::Run(&f.context, &done));
  f.executor.Run();
  EXPECT_FALSE(done);
  f.executor.Advance(absl::Seconds(6));
  EXPECT_TRUE(done);
  EXPECT_TRUE(stuck->closed());
  EXPECT_EQ(f.handler().ends, 1);
}

TEST(Shutdown, TerminateOneSession) {
  SessionFixture f;
  std::shared_ptr<FakeConnection> c;
  const Key key = LogInForKey(f, &c);
  EXPECT_FALSE(f.context.TerminateSession(key.process_id + 1));
  EXPECT_TRUE(f.context.TerminateSession(key.process_id));
  f.executor.Run();
  EXPECT_THAT(Read(c->TakeOutput()), ElementsAre("E:FATAL 57P01 terminating connection due to administrator command"));
  EXPECT_TRUE(c->closed());
}

TEST(Vanish, ClientGoneCancelsTheStatement) {
  SessionFixture f;
  auto c = f.LogIn();
  f.Say(*c, Query("hang"));
  EXPECT_TRUE(c->reading());
  c->End();
  f.executor.Run();
  EXPECT_EQ(f.handler().cancels, 1);
  EXPECT_EQ(f.handler().ends, 1);
  EXPECT_TRUE(c->closed());
}

TEST(Vanish, BrokenConnectionCancelsTheStatement) {
  SessionFixture f;
  auto c = f.LogIn();
  f.Say(*c, Query("hang"));
  c->Break();
  f.executor.Run();
  EXPECT_EQ(f.handler().cancels, 1);
  EXPECT_EQ(f.handler().ends, 1);
  EXPECT_EQ(f.context.session_count(), 0);
}

TEST(Vanish, GoodbyeLetsTheStatementFinish) {
  for (bool together : {true, false}) {
    SessionFixture f;
    auto c = f.LogIn();
    if (together) {
      f.Say(*c, Query("hang") + Message('X'));
    } else {
      f.Say(*c, Query("hang"));
      f.Say(*c, Message('X'));
    }
    c->End();
    f.executor.Run();
    EXPECT_EQ(f.handler().cancels, 0);
    f.handler().hang.Set(OkStatus());
    f.executor.Run();
    EXPECT_EQ(f.handler().ends, 1);
  }
}

TEST(Vanish, EofWhileIdleAndInCopy) {
  SessionFixture f;
  auto c = f.LogIn();
  c->End();
  f.executor.Run();
  EXPECT_EQ(f.handler().ends, 1);
  auto d = f.LogIn();
  f.Say(*d, Query("copy in"));
  d->End();
  f.executor.Run();
  EXPECT_EQ(f.handler().ends, 1);
  EXPECT_TRUE(d->closed());
}

TEST(Vanish, ReadAheadIsBounded) {
  SessionFixture f(PgServerOptions{.read_ahead_bytes = 1000});
  auto c = f.LogIn();
  c->SetReadLimit(100);
  f.Say(*c, Query("hang"));
  f.Say(*c, std::string(100000, 'x'));
  EXPECT_GE(c->unread(), 98000u);
  EXPECT_FALSE(c->reading());
  f.handler().hang.Set(OkStatus());
  f.executor.Run();
}

}  // namespace
}  // namespace tsd::net::pg
