#pragma once
// The shell's command line, as psql's. Values only.
#include <string>
#include <vector>

#include "tools/client/conninfo.h"
#include "tools/tsql/statement_splitter.h"
#include "tools/tsql/table_printer.h"

namespace tsd::tsql {

struct CommandLine {
  struct Action {
    bool is_file = false;
    std::string text;
  };
  client::ConnectOptions connect;
  Variables variables;
  PrintOptions print;
  std::vector<Action> actions;  // -c and -f in their order
  std::string output;
  bool quiet = false, single_transaction = false, help = false, version = false;
};

extern const char kUsage[];

StatusOr<CommandLine> ParseCommandLine(int argc, char** argv);

}  // namespace tsd::tsql
