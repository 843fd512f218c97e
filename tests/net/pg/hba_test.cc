#include "net/pg/hba.h"

#include "tests/net/pg/fakes.h"

namespace tsd::net::pg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

HbaFileRow OneRow(std::string_view line) {
  const HbaFile file = ParseHba(line);
  EXPECT_EQ(file.rows.size(), 1u) << line;
  return file.rows.empty() ? HbaFileRow() : file.rows[0];
}
std::string ErrorOf(std::string_view line) { return OneRow(line).error.value_or("ok"); }

TEST(HbaParse, Rows) {
  const HbaFileRow row = OneRow("  host\tall,\"All\", db2 +grp,u 192.168.12.10/24 scram-sha-256  map=x # comment");
  EXPECT_FALSE(row.error.has_value());
  EXPECT_EQ(row.type, "host");
  EXPECT_THAT(row.databases, ElementsAre("all", "All", "db2"));
  EXPECT_THAT(row.users, ElementsAre("+grp", "u"));
  EXPECT_EQ(row.address, "192.168.12.10");
  EXPECT_EQ(row.netmask, "255.255.255.0");
  EXPECT_EQ(row.auth_method, "scram-sha-256");
  EXPECT_THAT(row.options, ElementsAre("map=x"));
}

TEST(HbaParse, AddressWithoutMask) {
  HbaFileRow row = OneRow("host all all 127.0.0.1 trust");
  EXPECT_EQ(row.address, "127.0.0.1");
  EXPECT_EQ(row.netmask, "255.255.255.255");
  EXPECT_EQ(row.auth_method, "trust");
  row = OneRow("host all all ::1 trust");
  EXPECT_EQ(row.netmask, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  row = OneRow("host all all 10.1.0.0 255.255.0.0 md5");
  EXPECT_EQ(row.netmask, "255.255.0.0");
  EXPECT_EQ(row.auth_method, "md5");
  EXPECT_THAT(ParseHba("# x\nhost all all 127.0.0.1 trust").notes, ElementsAre(HasSubstr("line 2: address \"127.0.0.1\" has no mask")));
}

TEST(HbaParse, Keywords) {
  EXPECT_EQ(OneRow("host all all all trust").address, "all");
  EXPECT_EQ(OneRow("host all all samehost trust").address, "samehost");
  EXPECT_EQ(OneRow("host all all samenet trust").netmask, std::nullopt);
  EXPECT_EQ(OneRow("host all all .example.com trust").address, ".example.com");
  EXPECT_EQ(OneRow("local all all peer").address, std::nullopt);
  for (const char* method : {"trust", "reject", "scram-sha-256", "md5", "password", "gss", "sspi", "ident", "ldap", "radius", "pam", "bsd"}) {
    EXPECT_EQ(OneRow(StrCat("host all all all ", method)).auth_method, method);
  }
}

TEST(HbaParse, Errors) {
  EXPECT_EQ(ErrorOf("host all all 1.2.3.4 nonsense"), "invalid authentication method \"nonsense\"");
  EXPECT_EQ(ErrorOf("nohost all all all trust"), "invalid connection type \"nohost\"");
  EXPECT_EQ(ErrorOf("host,local all all all trust"), "multiple values specified for connection type");
  EXPECT_EQ(ErrorOf("host"), "end-of-line before database specification");
  EXPECT_EQ(ErrorOf("host all"), "end-of-line before role specification");
  EXPECT_EQ(ErrorOf("host all all"), "end-of-line before IP address specification");
  EXPECT_EQ(ErrorOf("host all all 1.2.3.4"), "end-of-line before netmask specification");
  EXPECT_EQ(ErrorOf("host all all 1.2.3.4/32"), "end-of-line before authentication method");
  EXPECT_EQ(ErrorOf("local all all"), "end-of-line before authentication method");
  EXPECT_EQ(ErrorOf("host all all 1.2.3.4/33 trust"), "invalid CIDR mask in address \"1.2.3.4/33\"");
  EXPECT_EQ(ErrorOf("host all all 1.2.3.4/x trust"), "invalid CIDR mask in address \"1.2.3.4/x\"");
  EXPECT_EQ(ErrorOf("host all all ::1/129 trust"), "invalid CIDR mask in address \"::1/129\"");
  EXPECT_EQ(ErrorOf("host all all name/8 trust"), "specifying both host name and CIDR mask is invalid: \"name/8\"");
  EXPECT_EQ(ErrorOf("host all all 1.2.3.4 ffff:: trust"), "IP address and mask do not match");
  EXPECT_EQ(ErrorOf("host all all 1.2.3.4,1.2.3.5 trust"), "multiple values specified for host address");
  EXPECT_EQ(ErrorOf("host all all all trust,md5"), "multiple values specified for authentication type");
  EXPECT_EQ(ErrorOf("host all all all trust junk"), "authentication option not in name=value format: junk");
  EXPECT_EQ(ErrorOf("host all all all trust junk=1"), "unrecognized authentication option name: \"junk\"");
  EXPECT_EQ(ErrorOf("host all all all peer"), "peer authentication is only supported on local sockets");
  EXPECT_EQ(ErrorOf("host all all all cert"), "cert authentication is only supported on hostssl connections");
  EXPECT_EQ(ErrorOf("host all all all trust clientcert=1"), "clientcert can only be configured for \"hostssl\" rows");
  EXPECT_EQ(ErrorOf("hostssl all all all cert clientcert=1"), "ok");
  EXPECT_EQ(ErrorOf("hostssl all all all cert clientcert=verify-ca"),
            "clientcert only accepts \"verify-full\" when using \"cert\" authentication");
  EXPECT_EQ(ErrorOf("hostssl all all all trust clientcert=2"), "invalid value for clientcert: \"2\"");
  EXPECT_THAT(ErrorOf("host @file all all trust"), HasSubstr("not supported"));
}

TEST(HbaParse, LinesCommentsContinuations) {
  const HbaFile file = ParseHba("# comment\n\n  \t\nhost all all all trust\r\nhost all \\\n all all reject\n\"host\" \"a#b\" \"c\"\"d\" all md5#x\nhost all");
  ASSERT_EQ(file.rows.size(), 4u);
  EXPECT_EQ(file.rows[0].line_number, 4);
  EXPECT_EQ(file.rows[1].line_number, 5);
  EXPECT_EQ(file.rows[1].auth_method, "reject");
  EXPECT_EQ(file.rows[2].line_number, 7);
  EXPECT_THAT(file.rows[2].databases, ElementsAre("a#b"));
  EXPECT_THAT(file.rows[2].users, ElementsAre("c\"d"));
  EXPECT_EQ(file.rows[2].auth_method, "md5");
  EXPECT_TRUE(file.rows[3].error.has_value());
  EXPECT_FALSE(file.ok());
}

struct Matcher {
  Matcher() : rules(&transport, &clock) {}
  static Task<void> Run(HbaRules* rules, HbaQuery query, std::string* result) {
    std::optional<HbaRule> rule = co_await rules->Match(std::move(query));
    *result = rule ? StrCat(rule->line_number) : "none";
  }
  std::string Match(HbaQuery query) {
    std::string result = "not done";
    Spawn(executor, Run(&rules, std::move(query), &result));
    executor.Run();
    return result;
  }
  std::string From(std::string address) { return Match({.peer_address = std::move(address), .user = "u", .database = "d"}); }
  ManualExecutor executor;
  FakeTransport transport;
  FakeClock clock;
  HbaRules rules;
};

TEST(HbaMatch, FirstWins) {
  Matcher m;
  ASSERT_TRUE(m.rules.Load("host all bad all reject\nhost all all 10.0.0.0/8 md5\nhost all all 10.1.0.0/16 trust\nhost all all ::/0 trust").ok());
  EXPECT_EQ(m.From("10.1.2.3"), "2");
  EXPECT_EQ(m.From("11.1.2.3"), "none");
  EXPECT_EQ(m.From("fe80::1"), "4");
  EXPECT_EQ(m.From("fe80::1%eth0"), "4");
  EXPECT_EQ(m.From("::ffff:10.0.0.1"), "2");
  EXPECT_EQ(m.From(""), "none");
  EXPECT_EQ(m.Match({.peer_address = "1.1.1.1", .user = "bad", .database = "d"}), "1");
}

TEST(HbaMatch, DatabasesAndUsers) {
  Matcher m;
  ASSERT_TRUE(m.rules.Load("host sameuser all all trust\nhost \"all\" all all trust\nhost samerole all all trust\nhost x,y \"+grp\",+grp all trust\n"
                           "host replication all all trust\nhost all root all trust")
                  .ok());
  const auto match = [&m](std::string user, std::string database, std::vector<std::string> roles = {}) {
    return m.Match({.peer_address = "1.1.1.1", .user = user, .database = database, .member_of = roles});
  };
  EXPECT_EQ(match("a", "a"), "1");
  EXPECT_EQ(match("a", "all"), "2");
  EXPECT_EQ(match("a", "r", {"r"}), "3");
  EXPECT_EQ(match("a", "y", {"grp"}), "4");
  EXPECT_EQ(match("grp", "y"), "4");
  EXPECT_EQ(match("+grp", "x"), "4");
  EXPECT_EQ(match("a", "y"), "none");
  EXPECT_EQ(match("a", "replication"), "none");
  EXPECT_EQ(m.Match({.peer_address = "1.1.1.1", .user = "a", .replication = true}), "5");
  EXPECT_EQ(match("root", "z"), "6");
}

TEST(HbaMatch, EncryptionAndLocal) {
  Matcher m;
  ASSERT_TRUE(m.rules.Load("hostssl all all all trust\nhostnossl all all all md5\nlocal all all trust\nhostgssenc all all all trust").ok());
  EXPECT_EQ(m.From("1.1.1.1"), "2");
  EXPECT_EQ(m.Match({.peer_address = "1.1.1.1", .user = "u", .database = "d", .encrypted = true}), "1");
  EXPECT_EQ(m.From(""), "3");
}

TEST(HbaMatch, Interfaces) {
  Matcher m;
  ASSERT_TRUE(m.rules.Load("host all all samehost trust\nhost all all samenet md5").ok());
  EXPECT_EQ(m.From("10.1.2.3"), "1");
  EXPECT_EQ(m.From("10.1.2.99"), "2");
  EXPECT_EQ(m.From("10.1.3.1"), "none");
  EXPECT_EQ(m.From("127.8.8.8"), "2");
  EXPECT_EQ(m.From("::1"), "1");
}

TEST(HbaMatch, HostNamesAreResolvedAndCached) {
  Matcher m;
  m.transport.names["client.example"] = {"10.9.9.9", "fe80::9"};
  ASSERT_TRUE(m.rules.Load("host all all client.example trust\nhost all all .example trust\nhost all all nowhere trust").ok());
  EXPECT_EQ(m.From("10.9.9.9"), "1");
  EXPECT_EQ(m.From("fe80::9"), "1");
  EXPECT_EQ(m.transport.resolves, 1);
  EXPECT_EQ(m.From("10.9.9.8"), "none");
  m.clock.now += absl::Minutes(1);
  m.transport.names["client.example"] = {"10.9.9.8"};
  EXPECT_EQ(m.From("10.9.9.8"), "1");
}

TEST(HbaRules, BadFileKeepsTheOldRules) {
  Matcher m;
  ASSERT_TRUE(m.rules.Load("host all all all trust").ok());
  const Status status = m.rules.Load("host all all all reject\nhost all all 1.2.3.4 nonsense");
  EXPECT_EQ(SqlStateOf(status), "F0000");
  EXPECT_EQ(FieldsOf(status).detail, "line 2: invalid authentication method \"nonsense\"");
  EXPECT_EQ(m.From("1.2.3.4"), "1");
  ASSERT_TRUE(m.rules.Load("").ok());
  EXPECT_EQ(m.From("1.2.3.4"), "none");
}

Task<void> RunCheck(HbaRules* rules, HbaQuery query, Status* result) { *result = co_await rules->CheckTrusted(std::move(query)); }

TEST(HbaRules, CheckTrusted) {
  Matcher m;
  ASSERT_TRUE(m.rules.Load("host all a all trust\nhost all b all reject\nhost all c all scram-sha-256").ok());
  const auto check = [&m](std::string user) {
    Status status = Error("XX000", "not done");
    Spawn(m.executor, RunCheck(&m.rules, {.peer_address = "1.1.1.1", .user = user, .database = "d"}, &status));
    m.executor.Run();
    return status.ok() ? "ok" : StrCat(SqlStateOf(status), " ", status.message());
  };
  EXPECT_EQ(check("a"), "ok");
  EXPECT_EQ(check("b"), "28000 pg_hba.conf rejects connection for host \"1.1.1.1\", user \"b\", database \"d\", no encryption");
  EXPECT_EQ(check("c"), "0A000 authentication method \"scram-sha-256\" is not supported yet");
  EXPECT_EQ(check("d"), "28000 no pg_hba.conf entry for host \"1.1.1.1\", user \"d\", database \"d\", no encryption");
}

}  // namespace
}  // namespace tsd::net::pg
