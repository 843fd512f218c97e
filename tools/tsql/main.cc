// tsql: the shell. A process of its own: it uses the system directly.
#include <signal.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>

#include "engine/base/strings.h"
#include "tools/tsql/command_line.h"
#include "tools/tsql/line_editor.h"
#include "tools/tsql/shell.h"

namespace tsd::tsql {
namespace {

void OnInterrupt(int) { g_interrupted = 1; }

int RunActions(const CommandLine& line, Shell* shell) {
  int code = kExitOk;
  if (line.single_transaction && !shell->RunStatement("BEGIN")) return kExitFailed;
  for (const CommandLine::Action& action : line.actions) {
    code = action.is_file ? shell->RunFile(action.text) : shell->RunCommandString(action.text);
    if (code == kExitConnectionLost || shell->quit() || (code != kExitOk && (shell->on_error_stop() || line.single_transaction))) break;
  }
  if (line.single_transaction && !shell->connection->lost()) {
    if (!shell->RunStatement(code == kExitOk ? "COMMIT" : "ROLLBACK")) return kExitFailed;
  }
  return code;
}

int Run(const CommandLine& line) {
  Shell shell;
  shell.variables = line.variables;
  shell.print = line.print;
  shell.quiet = line.quiet;
  if (const Status status = shell.Connect(line.connect); !status.ok()) {
    std::fprintf(stderr, "tsql: error: %s\n", std::string(status.message()).c_str());
    return kExitConnectionLost;
  }
  if (!shell.SetOutput(line.output)) return kExitFailed;
  struct sigaction action {};
  action.sa_handler = OnInterrupt;  // without SA_RESTART: waits end and look at the flag
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  if (!line.actions.empty()) return RunActions(line, &shell);
  if (::isatty(STDIN_FILENO) != 1) {
    FileLineSource source(stdin);
    return shell.RunInput(&source, "");
  }
  if (!shell.quiet) std::printf("tsql (tsd, server %s)\nType \"\\?\" for help.\n\n", std::string(shell.connection->server_version()).c_str());
  LineEditor editor(&shell);
  const int code = shell.RunInput(&editor, "");
  if (!shell.quit()) std::puts("\\q");
  return code;
}

}  // namespace
}  // namespace tsd::tsql

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  const tsd::StatusOr<tsd::tsql::CommandLine> line = tsd::tsql::ParseCommandLine(argc, argv);
  if (!line.ok()) {
    std::fprintf(stderr, "tsql: error: %s\ntsql: hint: Try \"tsql --help\" for more information.\n", std::string(line.status().message()).c_str());
    return tsd::tsql::kExitFailed;
  }
  if (line->help || line->version) {
    std::fputs(line->help ? tsd::tsql::kUsage : "tsql (tsd)\n", stdout);
    return tsd::tsql::kExitOk;
  }
  return tsd::tsql::Run(*line);
}
