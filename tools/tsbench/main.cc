// tsbench: generates, loads and queries the data of a use case. A process of its own: it uses the system directly.
#include <cstdio>

#include "engine/base/strings.h"
#include "tools/tsbench/commands.h"

namespace tsd::tsbench {
namespace {

constexpr char kUsage[] =
    "usage: tsbench generate [--use-case cpu|iot] --rows N --out FILE|FOLDER [--series N] [--seed S] [--start 2016-01-01] [--header]\n"
    "       tsbench load  --file FILE.csv --table T [--connections N] [--batch-rows N] [--header auto|yes|no] [connection]\n"
    "       tsbench query [--use-case cpu|iot] [--table T] [--runs N] [--windows N] [--seed S] [--only Q1,Q2f]\n"
    "                     [--also LABEL=[HOST:]PORT[/USER/DB],...] [connection]\n"
    "       tsbench query --print [--use-case cpu|iot] --rows N [--series N] [--start DATE] [--windows N] [--seed S] [--only Q1]\n"
    "       tsbench run   [--use-case cpu|iot] --rows N [options of the three] [connection]\n"
    "\n"
    "connection: --host --port --user --dbname, else PGHOST ... and tsd's defaults. FILE \"-\" is stdout or stdin.\n"
    "cpu: one table; every 10 s for each host ten double precision metrics that walk between 0 and 100. Questions Q1 to Q11.\n"
    "iot: positions, fuel and vehicles; devices fall silent, or send late what they kept. --out is a folder with a file a table. Questions I1 to I9.\n"
    "The same seed makes the same data and questions.\n"
    "load copies a file over some connections, as one COPY a connection or, with --batch-rows, a COPY a batch, whose times are printed.\n"
    "query asks each question over some random windows and prints times at the client; --also names further servers, which are asked in turn\n"
    "and must give the same answers; --print shows the statements and asks nobody.\n"
    "run makes the tables (distributed where the server has data nodes), generates, loads and queries.\n";

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
    } else if (command == "run") {
      status = RunAll(arguments);
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
