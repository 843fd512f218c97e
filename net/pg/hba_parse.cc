// pg_hba.conf text to rules: tokens first (quotes, comments, lists, continued lines), then one line at a time.
#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "engine/base/strings.h"
#include "net/pg/hba.h"

namespace tsd::net::pg {
namespace {

struct MethodEntry {
  std::string_view name;
  HbaMethod method;
};
constexpr MethodEntry kMethods[] = {
    {"trust", HbaMethod::kTrust}, {"reject", HbaMethod::kReject}, {"scram-sha-256", HbaMethod::kScramSha256},
    {"md5", HbaMethod::kMd5},     {"password", HbaMethod::kPassword}, {"cert", HbaMethod::kCert},
    {"gss", HbaMethod::kGss},     {"sspi", HbaMethod::kSspi},     {"ident", HbaMethod::kIdent},
    {"peer", HbaMethod::kPeer},   {"ldap", HbaMethod::kLdap},     {"radius", HbaMethod::kRadius},
    {"pam", HbaMethod::kPam},     {"bsd", HbaMethod::kBsd},
};

struct TypeEntry {
  std::string_view name;
  HbaConnectionType type;
};
constexpr TypeEntry kTypes[] = {
    {"local", HbaConnectionType::kLocal},           {"host", HbaConnectionType::kHost},
    {"hostssl", HbaConnectionType::kHostSsl},       {"hostnossl", HbaConnectionType::kHostNoSsl},
    {"hostgssenc", HbaConnectionType::kHostGssEnc}, {"hostnogssenc", HbaConnectionType::kHostNoGssEnc},
};

constexpr std::string_view kOptionNames[] = {
    "map", "clientcert", "clientname", "pamservice", "pam_use_hostname", "ldapurl", "ldaptls", "ldapscheme", "ldapserver",
    "ldapport", "ldapbinddn", "ldapbindpasswd", "ldapsearchattribute", "ldapsearchfilter", "ldapbasedn", "ldapprefix",
    "ldapsuffix", "krb_realm", "include_realm", "compat_realm", "upn_username", "radiusservers", "radiusports",
    "radiussecrets", "radiusidentifiers",
};

bool IsFieldSeparator(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// A field of a line: names separated by commas.
using Field = std::vector<HbaName>;

Status BadLine(std::string_view message) { return Error(sqlstate::kConfigFileError, message); }

/// Reads one name at `at`; sets *comma if a comma ended it.
HbaName ReadName(std::string_view line, size_t& at, bool* comma) {
  HbaName name;
  bool in_quote = false;
  *comma = false;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (in_quote) {
      if (c != '"') {
        name.text.push_back(c);
      } else if (at + 1 < line.size() && line[at + 1] == '"') {
        name.text.push_back('"');
        ++at;
      } else {
        in_quote = false;
      }
      continue;
    }
    if (IsFieldSeparator(c)) break;
    if (c == '#') {
      at = line.size();
      break;
    }
    if (c == ',') {
      *comma = true;
      ++at;
      break;
    }
    if (c == '"') {
      in_quote = true;
      if (name.text.empty()) name.quoted = true;
    } else {
      name.text.push_back(c);
    }
  }
  return name;
}

std::vector<Field> Tokenize(std::string_view line) {
  std::vector<Field> fields;
  size_t at = 0;
  while (true) {
    while (at < line.size() && (IsFieldSeparator(line[at]) || line[at] == ',')) ++at;
    if (at == line.size() || line[at] == '#') return fields;
    Field field;
    bool comma = true;
    while (comma) {
      while (at < line.size() && (IsFieldSeparator(line[at]) || line[at] == ',')) ++at;
      HbaName name = ReadName(line, at, &comma);
      if (!name.text.empty() || name.quoted) field.push_back(std::move(name));
    }
    if (!field.empty()) fields.push_back(std::move(field));
  }
}

NumericAddress PrefixMask(size_t bytes, int bits) {
  NumericAddress mask;
  for (size_t i = 0; i < bytes; ++i) {
    const int here = std::min(8, std::max(0, bits - static_cast<int>(8 * i)));
    mask.bytes.push_back(static_cast<char>(0xff << (8 - here)));
  }
  return mask;
}

/// One line's parse; fields are taken from left to right.
class LineParser {
 public:
  LineParser(std::vector<Field> fields, int line_number, HbaFile* file) : fields_(std::move(fields)), file_(file) {
    rule_.line_number = line_number;
  }

  StatusOr<HbaRule> Parse() {
    RETURN_IF_ERROR(ParseType());
    RETURN_IF_ERROR(TakeNames("database", &rule_.databases));
    RETURN_IF_ERROR(TakeNames("role", &rule_.users));
    if (rule_.type != HbaConnectionType::kLocal) RETURN_IF_ERROR(ParseAddress());
    RETURN_IF_ERROR(ParseMethod());
    RETURN_IF_ERROR(ParseOptions());
    return std::move(rule_);
  }

 private:
  bool AtEnd() const { return next_ == fields_.size(); }

  Status TakeSingle(std::string_view what, std::string_view plural_hint, HbaName* name) {
    if (AtEnd()) return BadLine(StrCat("end-of-line before ", what, " specification"));
    const Field& field = fields_[next_++];
    if (field.size() > 1) return WithHint(BadLine(StrCat("multiple values specified for ", what)), plural_hint);
    *name = field[0];
    return OkStatus();
  }

  Status TakeNames(std::string_view what, std::vector<HbaName>* names) {
    if (AtEnd()) return BadLine(StrCat("end-of-line before ", what, " specification"));
    *names = fields_[next_++];
    for (const HbaName& name : *names) {
      if (!name.quoted && name.text[0] == '@') {
        return BadLine(StrCat("name lists in files are not supported: \"", name.text, "\""));
      }
    }
    return OkStatus();
  }

  Status ParseType() {
    HbaName name;
    RETURN_IF_ERROR(TakeSingle("connection type", "Specify exactly one connection type per line.", &name));
    for (const TypeEntry& entry : kTypes) {
      if (entry.name == name.text) {
        rule_.type = entry.type;
        return OkStatus();
      }
    }
    return BadLine(StrCat("invalid connection type \"", name.text, "\""));
  }

  Status ParseAddress() {
    if (AtEnd()) return BadLine("end-of-line before IP address specification");
    HbaName name;
    RETURN_IF_ERROR(TakeSingle("host address", "Specify one address range per line.", &name));
    const auto keyword = [&name](std::string_view word) { return !name.quoted && name.text == word; };
    rule_.address_kind = HbaAddressKind::kAll;
    if (keyword("all")) return OkStatus();
    rule_.address_kind = HbaAddressKind::kSameHost;
    if (keyword("samehost")) return OkStatus();
    rule_.address_kind = HbaAddressKind::kSameNet;
    if (keyword("samenet")) return OkStatus();
    const size_t slash = name.text.find('/');
    const std::optional<NumericAddress> address = NumericAddress::Parse(name.text.substr(0, slash));
    if (!address) {
      if (slash != std::string::npos) {
        return BadLine(StrCat("specifying both host name and CIDR mask is invalid: \"", name.text, "\""));
      }
      rule_.address_kind = HbaAddressKind::kHostName;
      rule_.host_name = name.text;
      return OkStatus();
    }
    rule_.address_kind = HbaAddressKind::kNetwork;
    return slash == std::string::npos ? ParseMaskField(name.text, *address)
                                      : ParsePrefix(name.text, std::string_view(name.text).substr(slash + 1), *address);
  }

  Status ParsePrefix(std::string_view text, std::string_view digits, const NumericAddress& address) {
    int bits = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const int most = static_cast<int>(address.bytes.size()) * 8;
    if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits > most) {
      return BadLine(StrCat("invalid CIDR mask in address \"", text, "\""));
    }
    SetNetwork(address, PrefixMask(address.bytes.size(), bits));
    return OkStatus();
  }

  /// An address without a slash: a mask follows, or (our extension) nothing, which means this one address.
  Status ParseMaskField(std::string_view text, const NumericAddress& address) {
    if (!AtEnd() && fields_[next_].size() == 1) {
      const std::optional<NumericAddress> mask = NumericAddress::Parse(fields_[next_][0].text);
      if (mask) {
        ++next_;
        if (mask->bytes.size() != address.bytes.size()) return BadLine("IP address and mask do not match");
        SetNetwork(address, *mask);
        return OkStatus();
      }
    }
    if (AtEnd()) return WithHint(BadLine("end-of-line before netmask specification"),
                                 "Specify an address range in CIDR notation, or provide a separate netmask.");
    const int bits = static_cast<int>(address.bytes.size()) * 8;
    SetNetwork(address, PrefixMask(address.bytes.size(), bits));
    file_->notes.push_back(
        StrCat("line ", rule_.line_number, ": address \"", text, "\" has no mask; taken as ", text, "/", bits));
    return OkStatus();
  }

  void SetNetwork(const NumericAddress& address, const NumericAddress& mask) {
    rule_.network = address;  // bits beyond the mask are shown, not compared
    rule_.mask = mask;
  }

  Status ParseMethod() {
    if (AtEnd()) return BadLine("end-of-line before authentication method");
    const Field& field = fields_[next_++];
    if (field.size() > 1) {
      return WithHint(BadLine("multiple values specified for authentication type"),
                      "Specify exactly one authentication type per line.");
    }
    const std::string& name = field[0].text;
    for (const MethodEntry& entry : kMethods) {
      if (entry.name != name) continue;
      rule_.method = entry.method;
      if (entry.method == HbaMethod::kPeer && rule_.type != HbaConnectionType::kLocal) {
        return BadLine("peer authentication is only supported on local sockets");
      }
      if (entry.method == HbaMethod::kCert && rule_.type != HbaConnectionType::kHostSsl) {
        return BadLine("cert authentication is only supported on hostssl connections");
      }
      rule_.clientcert_full = entry.method == HbaMethod::kCert;
      return OkStatus();
    }
    return BadLine(StrCat("invalid authentication method \"", name, "\""));
  }

  Status ParseOptions() {
    for (; !AtEnd(); ++next_) {
      for (const HbaName& option : fields_[next_]) {
        const size_t equals = option.text.find('=');
        if (equals == std::string::npos) {
          return BadLine(StrCat("authentication option not in name=value format: ", option.text));
        }
        RETURN_IF_ERROR(TakeOption(option.text.substr(0, equals), option.text.substr(equals + 1)));
      }
    }
    return OkStatus();
  }

  Status TakeOption(std::string name, std::string value) {
    if (std::find(std::begin(kOptionNames), std::end(kOptionNames), name) == std::end(kOptionNames)) {
      return BadLine(StrCat("unrecognized authentication option name: \"", name, "\""));
    }
    if (name == "clientcert") {
      if (rule_.type != HbaConnectionType::kHostSsl) return BadLine("clientcert can only be configured for \"hostssl\" rows");
      if (value == "verify-full" || value == "1") {  // 1: the spelling of PostgreSQL before 14
        rule_.clientcert_full = true;
      } else if (value != "verify-ca") {
        return BadLine(StrCat("invalid value for clientcert: \"", value, "\""));
      } else if (rule_.method == HbaMethod::kCert) {
        return BadLine("clientcert only accepts \"verify-full\" when using \"cert\" authentication");
      }
    }
    rule_.options.emplace_back(std::move(name), std::move(value));
    return OkStatus();
  }

  const std::vector<Field> fields_;
  HbaFile* const file_;
  size_t next_ = 0;
  HbaRule rule_;
};

std::vector<std::string> Texts(const std::vector<HbaName>& names) {
  std::vector<std::string> result;
  for (const HbaName& name : names) result.push_back(name.text);
  return result;
}

HbaFileRow RowOf(const HbaRule& rule) {
  HbaFileRow row;
  row.line_number = rule.line_number;
  for (const TypeEntry& entry : kTypes) {
    if (entry.type == rule.type) row.type = std::string(entry.name);
  }
  row.databases = Texts(rule.databases);
  row.users = Texts(rule.users);
  switch (rule.address_kind) {
    case HbaAddressKind::kNone: break;
    case HbaAddressKind::kNetwork:
      row.address = rule.network.ToString();
      row.netmask = rule.mask.ToString();
      break;
    case HbaAddressKind::kHostName: row.address = rule.host_name; break;
    case HbaAddressKind::kSameHost: row.address = "samehost"; break;
    case HbaAddressKind::kSameNet: row.address = "samenet"; break;
    case HbaAddressKind::kAll: row.address = "all"; break;
  }
  row.auth_method = std::string(HbaMethodName(rule.method));
  for (const auto& [name, value] : rule.options) row.options.push_back(StrCat(name, "=", value));
  return row;
}

/// Takes the next line off `text`; a backslash at its end joins the following one.
std::string TakeLine(std::string_view& text, int& line_number) {
  std::string result;
  bool more = true;
  while (more && !text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line_number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    more = !line.empty() && line.back() == '\\';
    if (more) line.remove_suffix(1);
    result.append(line);
  }
  return result;
}

}  // namespace

std::string_view HbaMethodName(HbaMethod method) {
  for (const MethodEntry& entry : kMethods) {
    if (entry.method == method) return entry.name;
  }
  return "";
}

std::optional<NumericAddress> NumericAddress::Parse(std::string_view text) {
  // A zone ("fe80::1%eth0") names an interface of one machine; the address is what counts.
  const std::string copy(text.substr(0, text.find('%')));
  NumericAddress result;
  result.bytes.resize(4);
  if (inet_pton(AF_INET, copy.c_str(), result.bytes.data()) == 1) return result;
  result.bytes.resize(16);
  if (inet_pton(AF_INET6, copy.c_str(), result.bytes.data()) == 1) return result;
  return std::nullopt;
}

NumericAddress NumericAddress::Unmapped() const {
  static constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (bytes.size() == 16 && std::string_view(bytes).substr(0, 12) == kMapped) return NumericAddress{bytes.substr(12)};
  return *this;
}

std::string NumericAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

bool HbaFile::ok() const {
  return std::none_of(rows.begin(), rows.end(), [](const HbaFileRow& row) { return row.error.has_value(); });
}

HbaFile ParseHba(std::string_view text) {
  HbaFile file;
  int lines_read = 0;
  while (!text.empty()) {
    const int line_number = lines_read + 1;
    std::vector<Field> fields = Tokenize(TakeLine(text, lines_read));
    if (fields.empty()) continue;
    StatusOr<HbaRule> rule = LineParser(std::move(fields), line_number, &file).Parse();
    if (rule.ok()) {
      file.rows.push_back(RowOf(*rule));
      file.rules.push_back(*std::move(rule));
    } else {
      HbaFileRow row;
      row.line_number = line_number;
      row.error = std::string(rule.status().message());
      file.rows.push_back(std::move(row));
    }
  }
  return file;
}

}  // namespace tsd::net::pg
