// Matching a connection against pg_hba.conf rules.
#include <algorithm>

#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "net/pg/hba.h"

namespace tsd::net::pg {
namespace {

constexpr absl::Duration kResolvedFor = absl::Seconds(10);

bool Contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool DatabaseMatches(const HbaRule& rule, const HbaQuery& query) {
  for (const HbaName& name : rule.databases) {
    const bool keyword = !name.quoted;
    if (query.replication) {
      if (keyword && name.text == "replication") return true;
    } else if (keyword && name.text == "all") {
      return true;
    } else if (keyword && name.text == "sameuser") {
      if (query.database == query.user) return true;
    } else if (keyword && (name.text == "samerole" || name.text == "samegroup")) {
      if (query.database == query.user || Contains(query.member_of, query.database)) return true;
    } else if (keyword && name.text == "replication") {
      continue;
    } else if (name.text == query.database) {
      return true;
    }
  }
  return false;
}

bool UserMatches(const HbaRule& rule, const HbaQuery& query) {
  for (const HbaName& name : rule.users) {
    if (!name.quoted && name.text == "all") return true;
    if (!name.quoted && name.text[0] == '+') {
      const std::string_view role = std::string_view(name.text).substr(1);
      if (role == query.user || Contains(query.member_of, role)) return true;
    } else if (name.text == query.user) {
      return true;
    }
  }
  return false;
}

bool TypeMatches(const HbaRule& rule, const HbaQuery& query) {
  const bool local = query.peer_address.empty();
  switch (rule.type) {
    case HbaConnectionType::kLocal: return local;
    case HbaConnectionType::kHost: return !local;
    case HbaConnectionType::kHostSsl: return !local && query.encrypted;
    case HbaConnectionType::kHostNoSsl: return !local && !query.encrypted;
    case HbaConnectionType::kHostGssEnc: return false;
    case HbaConnectionType::kHostNoGssEnc: return !local;
  }
  return false;
}

bool InNetwork(const NumericAddress& peer, const NumericAddress& network, const NumericAddress& mask) {
  if (peer.bytes.size() != network.bytes.size()) return false;
  for (size_t i = 0; i < peer.bytes.size(); ++i) {
    if (((peer.bytes[i] ^ network.bytes[i]) & mask.bytes[i]) != 0) return false;
  }
  return true;
}

std::string Describe(const HbaQuery& query) {
  return StrCat("host \"", query.peer_address.empty() ? "[local]" : query.peer_address, "\", user \"", query.user,
                "\", database \"", query.database, "\", ", query.encrypted ? "SSL encryption" : "no encryption");
}

}  // namespace

HbaRules::HbaRules(Transport* transport, const Clock* clock)
    : transport_(transport), clock_(clock), file_(std::make_shared<const HbaFile>()) {}

Status HbaRules::Load(std::string_view text) {
  auto file = std::make_shared<HbaFile>(ParseHba(text));
  for (const HbaFileRow& row : file->rows) {
    if (!row.error) continue;
    return WithDetail(Error(sqlstate::kConfigFileError, "could not load pg_hba.conf"),
                      StrCat("line ", row.line_number, ": ", *row.error));
  }
  for (const std::string& note : file->notes) log::Info("pg_hba.conf ", note);
  MutexLock lock(mutex_);
  file_ = std::move(file);
  return OkStatus();
}

std::shared_ptr<const HbaFile> HbaRules::file() const {
  MutexLock lock(mutex_);
  return file_;
}

Task<std::optional<HbaRule>> HbaRules::Match(HbaQuery query) {
  const std::shared_ptr<const HbaFile> file = this->file();
  const std::optional<NumericAddress> parsed = NumericAddress::Parse(query.peer_address);
  const NumericAddress peer = parsed ? parsed->Unmapped() : NumericAddress();
  for (const HbaRule& rule : file->rules) {
    if (!TypeMatches(rule, query) || !DatabaseMatches(rule, query) || !UserMatches(rule, query)) continue;
    bool address_matches = false;
    switch (rule.address_kind) {
      case HbaAddressKind::kNone:
      case HbaAddressKind::kAll:
        address_matches = true;
        break;
      case HbaAddressKind::kNetwork:
        address_matches = InNetwork(peer, rule.network, rule.mask);
        break;
      case HbaAddressKind::kSameHost:
      case HbaAddressKind::kSameNet:
        address_matches = InterfaceMatches(rule.address_kind, peer);
        break;
      case HbaAddressKind::kHostName:
        address_matches = co_await HostMatches(rule.host_name, peer);
        break;
    }
    if (address_matches) co_return rule;
  }
  co_return std::nullopt;
}

bool HbaRules::InterfaceMatches(HbaAddressKind kind, const NumericAddress& peer) const {
  for (const auto& [text, prefix] : transport_->InterfaceAddresses()) {
    const std::optional<NumericAddress> own = NumericAddress::Parse(text);
    if (!own) continue;
    if (kind == HbaAddressKind::kSameHost) {
      if (*own == peer) return true;
      continue;
    }
    NumericAddress mask;
    for (size_t i = 0; i < own->bytes.size(); ++i) {
      const int bits = std::min(8, std::max(0, prefix - static_cast<int>(8 * i)));
      mask.bytes.push_back(static_cast<char>(0xff << (8 - bits)));
    }
    if (InNetwork(peer, *own, mask)) return true;
  }
  return false;
}

Task<bool> HbaRules::HostMatches(std::string host_name, NumericAddress peer) {
  // A domain suffix would need the peer's name from a reverse look-up, which Transport does not offer: such a rule admits nobody.
  if (host_name.empty() || host_name[0] == '.') co_return false;
  const absl::Duration now = clock_->Monotonic();
  {
    MutexLock lock(mutex_);
    auto found = resolved_.find(host_name);
    if (found != resolved_.end() && now - found->second.at < kResolvedFor) {
      const std::vector<NumericAddress>& known = found->second.addresses;
      co_return std::find(known.begin(), known.end(), peer) != known.end();
    }
  }
  const StatusOr<std::vector<std::string>> texts = co_await transport_->Resolve(host_name);
  Resolved resolved{now, {}};
  if (texts.ok()) {
    for (const std::string& text : *texts) {
      if (std::optional<NumericAddress> address = NumericAddress::Parse(text)) resolved.addresses.push_back(address->Unmapped());
    }
  }
  const bool matches = std::find(resolved.addresses.begin(), resolved.addresses.end(), peer) != resolved.addresses.end();
  MutexLock lock(mutex_);
  resolved_[host_name] = std::move(resolved);
  co_return matches;
}

Task<Status> HbaRules::CheckTrusted(HbaQuery query) {
  const std::optional<HbaRule> rule = co_await Match(query);
  if (!rule) co_return NoHbaEntryError(query);
  if (rule->method == HbaMethod::kTrust) co_return OkStatus();
  if (rule->method == HbaMethod::kReject) co_return HbaRejectError(query);
  co_return UnsupportedMethodError(rule->method);
}

Status NoHbaEntryError(const HbaQuery& query) {
  return Error(sqlstate::kInvalidAuthorization, StrCat("no pg_hba.conf entry for ", Describe(query)));
}

Status HbaRejectError(const HbaQuery& query) {
  return Error(sqlstate::kInvalidAuthorization, StrCat("pg_hba.conf rejects connection for ", Describe(query)));
}

Status UnsupportedMethodError(HbaMethod method) {
  return Error(sqlstate::kFeatureNotSupported,
               StrCat("authentication method \"", HbaMethodName(method), "\" is not supported yet"));
}

}  // namespace tsd::net::pg
