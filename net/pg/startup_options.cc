// What a startup packet asks for.
#include <algorithm>

#include "engine/base/ascii.h"
#include "engine/base/strings.h"
#include "net/pg/message.h"

namespace tsd::net::pg {
namespace {

constexpr std::string_view kProtocolOptionPrefix = "_pq_.";
constexpr size_t kMaxNameBytes = 63;


/// Splits at blanks; a backslash takes the next character literally.
std::vector<std::string> SplitSwitches(std::string_view text) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < text.size()) {
    if (IsBlank(text[at])) {
      ++at;
      continue;
    }
    std::string word;
    for (; at < text.size() && !IsBlank(text[at]); ++at) {
      if (text[at] == '\\' && ++at == text.size()) break;
      word.push_back(text[at]);
    }
    words.push_back(std::move(word));
  }
  return words;
}

/// "search-path=x" -> {"search_path", "x"}; `spelled` is for the error.
Status AddSetting(std::string_view assignment, std::string_view switch_prefix, StartupParameters* result) {
  const size_t equals = assignment.find('=');
  std::string name(assignment.substr(0, equals));
  if (equals == std::string_view::npos) {
    return Error(sqlstate::kSyntaxError, StrCat(switch_prefix, assignment, " requires a value"));
  }
  std::replace(name.begin(), name.end(), '-', '_');
  result->settings.emplace_back(std::move(name), assignment.substr(equals + 1));
  return OkStatus();
}

Status AddSwitches(std::string_view text, StartupParameters* result) {
  const std::vector<std::string> words = SplitSwitches(text);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "-c" && i + 1 < words.size()) {
      RETURN_IF_ERROR(AddSetting(words[++i], "-c ", result));
    } else if (word.substr(0, 2) == "-c" && word.size() > 2) {
      RETURN_IF_ERROR(AddSetting(word.substr(2), "-c ", result));
    } else if (word.substr(0, 2) == "--" && word.size() > 2) {
      RETURN_IF_ERROR(AddSetting(word.substr(2), "--", result));
    } else {
      return WithHint(Error(sqlstate::kSyntaxError, StrCat("invalid command-line argument for server process: ", word)),
                      "Settings are given as \"-c name=value\" or \"--name=value\".");
    }
  }
  return OkStatus();
}

/// As PostgreSQL: names are cut to 63 bytes, at a character's border.
std::string CutName(std::string name) {
  if (name.size() <= kMaxNameBytes) return name;
  size_t end = kMaxNameBytes;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  name.resize(end);
  return name;
}

bool IsFalse(std::string_view value) { return value == "false" || value == "off" || value == "0" || value == "no"; }

}  // namespace

StatusOr<StartupParameters> InterpretStartup(const StartupPacket& packet) {
  StartupParameters result;
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& [name, value] : packet.parameters) {
    RETURN_IF_ERROR(CheckUtf8(name));
    RETURN_IF_ERROR(CheckUtf8(value));
    if (name == "user") {
      result.user = CutName(value);
    } else if (name == "database") {
      result.database = CutName(value);
    } else if (name == "options") {
      RETURN_IF_ERROR(AddSwitches(value, &result));
    } else if (name == "replication") {
      if (!IsFalse(value)) return Error(sqlstate::kFeatureNotSupported, "replication connections are not supported");
    } else if (name.compare(0, kProtocolOptionPrefix.size(), kProtocolOptionPrefix) != 0) {
      settings.emplace_back(name, value);
    }
  }
  if (result.user.empty()) {
    return Error(sqlstate::kInvalidAuthorization, "no PostgreSQL user name specified in startup packet");
  }
  if (result.database.empty()) result.database = result.user;
  result.settings.insert(result.settings.end(), settings.begin(), settings.end());
  return result;
}

std::vector<std::string> UnknownProtocolOptions(const StartupPacket& packet) {
  std::vector<std::string> result;
  for (const auto& [name, value] : packet.parameters) {
    if (name.compare(0, kProtocolOptionPrefix.size(), kProtocolOptionPrefix) == 0) result.push_back(name);
  }
  return result;
}

}  // namespace tsd::net::pg
