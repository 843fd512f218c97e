#pragma once
// pg_hba.conf: who may connect from where, and how they prove who they are. Parsing (hba_parse.cc) and matching (hba_match.cc) know
// nothing of pg messages: the same rules admit connections between nodes. A parsed file is immutable; HbaRules swaps whole files and may
// be used from any thread.
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/mutex.h"
#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/transport/transport.h"

namespace tsd::net::pg {

enum class HbaConnectionType { kLocal, kHost, kHostSsl, kHostNoSsl, kHostGssEnc, kHostNoGssEnc };
enum class HbaAddressKind { kNone, kNetwork, kHostName, kSameHost, kSameNet, kAll };
enum class HbaMethod { kTrust, kReject, kScramSha256, kMd5, kPassword, kCert, kGss, kSspi, kIdent, kPeer, kLdap, kRadius, kPam, kBsd };

/// "scram-sha-256" and the like.
std::string_view HbaMethodName(HbaMethod method);

struct HbaName {
  std::string text;
  bool quoted = false;  // a quoted keyword is a plain name
};

/// An IPv4 (4 bytes) or IPv6 (16 bytes) address.
struct NumericAddress {
  std::string bytes;
  static std::optional<NumericAddress> Parse(std::string_view text);
  /// An IPv4 address mapped into IPv6 (::ffff:1.2.3.4) becomes plain IPv4.
  NumericAddress Unmapped() const;
  std::string ToString() const;
  bool operator==(const NumericAddress&) const = default;
};

struct HbaRule {
  int line_number = 0;
  HbaConnectionType type = HbaConnectionType::kHost;
  std::vector<HbaName> databases;
  std::vector<HbaName> users;  // a leading '+' means members of that role
  HbaAddressKind address_kind = HbaAddressKind::kNone;
  NumericAddress network, mask;  // kNetwork
  std::string host_name;         // kHostName; a leading '.' means any host below that domain
  HbaMethod method = HbaMethod::kReject;
  std::vector<std::pair<std::string, std::string>> options;
  bool clientcert_full = false;  // clientcert=verify-full (or 1), or method cert
};

/// A row of the view pg_hba_file_rules. Only line_number and error are set for a bad line.
struct HbaFileRow {
  int line_number = 0;
  std::string type;
  std::vector<std::string> databases, users;
  std::optional<std::string> address, netmask;
  std::string auth_method;
  std::vector<std::string> options;
  std::optional<std::string> error;
};

struct HbaFile {
  std::vector<HbaRule> rules;     // good lines, in order
  std::vector<HbaFileRow> rows;   // all lines that are not blank, in order
  std::vector<std::string> notes; // for the log: extensions that were used ("line 3: address without mask ...")
  bool ok() const;
};

/// Reads a whole file's text.
HbaFile ParseHba(std::string_view text);

/// What is known of a connection when rules are matched.
struct HbaQuery {
  std::string peer_address;  // numeric; empty: a local (not TCP) connection
  std::string user;
  std::string database;
  std::vector<std::string> member_of;  // roles the user belongs to, itself included (for +role and samerole)
  bool encrypted = false;
  bool replication = false;
};

/// Thread-safe.
class HbaRules {
 public:
  /// `transport` resolves host names and lists interfaces, `clock` ages resolved names; both outlive this.
  HbaRules(Transport* transport, const Clock* clock);

  /// Replaces the rules. A text with any bad line changes nothing: F0000 'could not load pg_hba.conf' with "line N: why" as detail.
  Status Load(std::string_view text);
  std::shared_ptr<const HbaFile> file() const;

  /// The first rule that matches, nullopt = none.
  Task<std::optional<HbaRule>> Match(HbaQuery query);
  /// OK only if the matched rule is trust. 28000 with PostgreSQL's texts when there is none or it says reject; 0A000 'authentication method
  /// "md5" is not supported yet' for others. For callers that have no way to ask for a password (node connections).
  Task<Status> CheckTrusted(HbaQuery query);

 private:
  struct Resolved {
    absl::Duration at;
    std::vector<NumericAddress> addresses;
  };
  Task<bool> HostMatches(std::string host_name, NumericAddress peer);
  bool InterfaceMatches(HbaAddressKind kind, const NumericAddress& peer) const;

  Transport* const transport_;
  const Clock* const clock_;
  mutable Mutex mutex_;
  std::shared_ptr<const HbaFile> file_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Resolved> resolved_ ABSL_GUARDED_BY(mutex_);
};

/// 28000 'no pg_hba.conf entry for host "127.0.0.1", user "x", database "y", no encryption'.
Status NoHbaEntryError(const HbaQuery& query);
/// 28000 'pg_hba.conf rejects connection for host ...'.
Status HbaRejectError(const HbaQuery& query);
/// 0A000 'authentication method "md5" is not supported yet'.
Status UnsupportedMethodError(HbaMethod method);

}  // namespace tsd::net::pg
