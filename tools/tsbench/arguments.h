#pragma once
// --name value and --name=value pairs of a command. Values only.
#include <cstdlib>
#include <map>
#include <string>

#include "tools/client/conninfo.h"

namespace tsd::tsbench {

using Arguments = std::map<std::string, std::string, std::less<>>;

inline std::string Text(const Arguments& arguments, std::string_view name, std::string fallback) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? fallback : found->second;
}

inline uint64_t Number(const Arguments& arguments, std::string_view name, uint64_t fallback) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? fallback : std::strtoull(found->second.c_str(), nullptr, 10);
}

inline client::ConnectOptions ConnectOptionsOf(const Arguments& arguments) {
  client::ConnectOptions options;
  options.host = Text(arguments, "host", "");
  options.port = Text(arguments, "port", "");
  options.user = Text(arguments, "user", "");
  options.database = Text(arguments, "dbname", "");
  options.application_name = "tsbench";
  return options;
}

}  // namespace tsd::tsbench
