#include "tools/client/conninfo.h"

#include <cstdlib>

#include "engine/base/strings.h"

namespace tsd::client {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Status Unescape(std::string_view text, std::string* result) {
  result->clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result->push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Error(sqlstate::kSyntaxError, StrCat("invalid percent-encoded token: \"", text, "\""));
    result->push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return OkStatus();
}

Status SetOption(std::string_view key, std::string value, ConnectOptions* options) {
  if (key == "host" || key == "hostaddr") {
    options->host = std::move(value);
  } else if (key == "port") {
    options->port = std::move(value);
  } else if (key == "user") {
    options->user = std::move(value);
  } else if (key == "dbname") {
    options->database = std::move(value);
  } else if (key == "password") {
    options->password = std::move(value);
  } else if (key == "application_name" || key == "fallback_application_name") {
    options->application_name = std::move(value);
  } else if (key == "options") {
    options->options = std::move(value);
  } else if (key != "sslmode" && key != "connect_timeout" && key != "client_encoding" && key != "target_session_attrs") {
    return Error(sqlstate::kSyntaxError, StrCat("invalid connection option \"", key, "\""));
  }
  return OkStatus();
}

Status ParseUri(std::string_view text, ConnectOptions* options) {
  text.remove_prefix(text.find("://") + 3);
  std::string_view query;
  if (const size_t mark = text.find('?'); mark != std::string_view::npos) {
    query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  std::string_view database;
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    database = text.substr(slash + 1);
    text = text.substr(0, slash);
  }
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    std::string_view user = text.substr(0, at);
    text = text.substr(at + 1);
    if (const size_t colon = user.find(':'); colon != std::string_view::npos) {
      RETURN_IF_ERROR(Unescape(user.substr(colon + 1), &options->password));
      user = user.substr(0, colon);
    }
    RETURN_IF_ERROR(Unescape(user, &options->user));
  }
  const size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const size_t colon = bracket == std::string_view::npos ? text.find(':') : text.find(':', bracket);
  std::string_view host = text.substr(0, colon);
  if (bracket != std::string_view::npos) host = text.substr(1, bracket - 1);
  if (!host.empty()) RETURN_IF_ERROR(Unescape(host, &options->host));
  if (colon != std::string_view::npos) options->port = std::string(text.substr(colon + 1));
  if (!database.empty()) RETURN_IF_ERROR(Unescape(database, &options->database));
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return Error(sqlstate::kSyntaxError, StrCat("missing \"=\" after \"", pair, "\" in connection URI"));
    std::string value;
    RETURN_IF_ERROR(Unescape(pair.substr(equals + 1), &value));
    RETURN_IF_ERROR(SetOption(pair.substr(0, equals), std::move(value), options));
  }
  return OkStatus();
}

Status ParsePairs(std::string_view text, ConnectOptions* options) {
  size_t i = 0;
  auto skip_space = [&] { while (i < text.size() && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n')) ++i; };
  for (skip_space(); i < text.size(); skip_space()) {
    const size_t equals = text.find('=', i);
    if (equals == std::string_view::npos) return Error(sqlstate::kSyntaxError, StrCat("missing \"=\" after \"", text.substr(i), "\" in connection string"));
    std::string_view key = text.substr(i, equals - i);
    while (key.ends_with(' ')) key.remove_suffix(1);
    i = equals + 1;
    skip_space();
    std::string value;
    const bool quoted = i < text.size() && text[i] == '\'';
    if (quoted) ++i;
    bool closed = !quoted;
    for (; i < text.size(); ++i) {
      if (quoted && text[i] == '\'') {
        closed = true;
        ++i;
        break;
      }
      if (!quoted && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n')) break;
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      value.push_back(text[i]);
    }
    if (!closed) return Error(sqlstate::kSyntaxError, "unterminated quoted string in connection string");
    RETURN_IF_ERROR(SetOption(key, std::move(value), options));
  }
  return OkStatus();
}

void Fill(const char* variable, const char* fallback, std::string* target) {
  if (!target->empty()) return;
  const char* value = std::getenv(variable);
  *target = value != nullptr && *value != '\0' ? value : fallback;
}

}  // namespace

bool IsConnectionString(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://") || text.find('=') != std::string_view::npos;
}

Status ParseConnectionString(std::string_view text, ConnectOptions* options) {
  if (text.starts_with("postgresql://") || text.starts_with("postgres://")) return ParseUri(text, options);
  return ParsePairs(text, options);
}

void FillDefaults(ConnectOptions* options) {
  Fill("PGHOST", "127.0.0.1", &options->host);
  Fill("PGPORT", "5440", &options->port);
  Fill("PGUSER", "tsdbadmin", &options->user);
  Fill("PGDATABASE", "tsdb", &options->database);
  Fill("PGPASSWORD", "", &options->password);
  Fill("PGAPPNAME", "", &options->application_name);
  Fill("PGOPTIONS", "", &options->options);
}

}  // namespace tsd::client
