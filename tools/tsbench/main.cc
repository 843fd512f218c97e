// tsbench: generates, loads and queries the CPU data set. A process of its own: it uses the system directly.
#include <cstdio>

#include "engine/base/strings.h"
#include "tools/tsbench/arguments.h"

namespace tsd::tsbench {
namespace {

constexpr char kUsage[] =
    "usage: tsbench generate --rows N --out FILE [--hosts H] [--seed S] [--start '2024-01-01'] [--header]\n"
    "       tsbench load  --file FILE.csv --table T [--header auto|yes|no] [connection]\n"
    "       tsbench query --table T [--runs N] [--windows N] [--seed S] [--only Q1,Q2f] [--print] [--also LABEL=[HOST:]PORT[/USER/DB],...] [connection]\n"
    "\n"
    "connection: --host --port --user --dbname, else PGHOST ... and tsd's defaults. FILE \"-\" is stdout or stdin.\n"
    "The data: time (every 10 s for each host), hostname, and ten double precision columns usage_user ... usage_guest_nice that walk\n"
    "between 0 and 100.\n"
    "query asks Q1 to Q11 (Q3 to Q9 over some random windows) and prints medians at the client; --also names further servers, which are asked\n"
    "in turn and must give the same answers; --print shows the statements instead.\n";

Status ParseArguments(int argc, char** argv, Arguments* arguments) {
  for (int i = 2; i < argc; ++i) {
    std::string argument = argv[i];
    if (!argument.starts_with("--")) return Error(sqlstate::kSyntaxError, StrCat("unexpected argument \"", argument, "\""));
    argument.erase(0, 2);
    if (const size_t equals = argument.find('='); equals != std::string::npos) {
      (*arguments)[argument.substr(0, equals)] = argument.substr(equals + 1);
    } else if (i + 1 < argc && std::string_view(argv[i + 1]).substr(0, 2) != "--") {
      (*arguments)[argument] = argv[++i];
    } else {
      (*arguments)[argument] = "yes";
    }
  }
  return OkStatus();
}

int Run(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  Arguments arguments;
  Status status = ParseArguments(argc, argv, &arguments);
  if (status.ok()) {
    if (command == "generate") {
      status = Generate(arguments);
    } else if (command == "load") {
      status = Load(arguments);
    } else if (command == "query") {
      status = RunQueries(arguments);
    } else {
      std::fputs(kUsage, stderr);
      return 2;
    }
  }
  if (status.ok()) return 0;
  const ErrorFields fields = FieldsOf(status);
  std::fprintf(stderr, "tsbench: %s\n", std::string(status.message()).c_str());
  if (!fields.detail.empty()) std::fprintf(stderr, "DETAIL:  %s\n", fields.detail.c_str());
  if (!fields.hint.empty()) std::fprintf(stderr, "HINT:  %s\n", fields.hint.c_str());
  if (!fields.where.empty()) std::fprintf(stderr, "CONTEXT:  %s\n", fields.where.c_str());
  return 1;
}

}  // namespace
}  // namespace tsd::tsbench

int main(int argc, char** argv) { return tsd::tsbench::Run(argc, argv); }
