#pragma once
// The shell's state and how it runs a statement: sends it, prints results, errors and notices, feeds COPY. One thread; SIGINT only sets a
// flag that is looked at while the server or the input is waited for.
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tools/client/connection.h"
#include "tools/tsql/statement_splitter.h"
#include "tools/tsql/table_printer.h"

namespace tsd::tsql {

inline constexpr int kExitOk = 0, kExitFailed = 1, kExitConnectionLost = 2, kExitScriptError = 3;

/// Set by Ctrl-C; cleared by who acts on it.
extern volatile std::sig_atomic_t g_interrupted;

/// Lines of a file, a pipe or the keyboard.
class LineSource {
 public:
  virtual ~LineSource() = default;
  /// False at the end.
  virtual bool Read(const std::string& prompt, std::string* line) = 0;
  /// Bytes for COPY FROM STDIN; empty at the end of the data (a line "\." or the end of the input).
  virtual StatusOr<std::string> ReadCopyData() = 0;
  virtual bool interactive() const { return false; }
};

class Shell {
 public:
  Shell();
  ~Shell();
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  Status Connect(client::ConnectOptions options);
  /// Runs statements and commands of `source` to its end. An exit code.
  int RunInput(LineSource* source, std::string file_name);
  int RunFile(const std::string& path);
  /// -c: one simple query, or one backslash command. An exit code.
  int RunCommandString(const std::string& text);

  /// Runs SQL and prints what comes. False on an error.
  bool RunStatement(const std::string& sql);
  /// Runs and prints under a title, for the describing commands.
  bool PrintQuery(const std::string& sql, const std::string& title, bool footer = true);
  /// Rows for the shell's own use; nullopt after printing the error.
  std::optional<client::ResultSet> Fetch(const std::string& sql);
  /// `text` starts with a backslash. False on an error. What follows a second backslash command on the line is put in `rest`.
  bool RunCommand(const std::string& text, std::string* rest);

  void PrintError(std::string_view text);
  void PrintStatus(const Status& status, std::string_view sql);
  void PrintServerMessage(const client::ServerMessage& message, std::string_view sql);
  void Write(std::string_view text);
  /// Where results go: stdout, a file or a pipe. Empty: back to stdout.
  bool SetOutput(const std::string& target);
  FILE* output() const { return output_; }

  bool on_error_stop() const;
  bool quit() const { return quit_; }

  std::unique_ptr<client::Connection> connection;
  Variables variables;
  PrintOptions print;
  /// `print` for the output as it is now.
  PrintOptions Layout() const;
  bool quiet = false, timing = false;
  void Quit() { quit_ = true; }
  LineSource* source() const { return source_; }

 private:
  struct Answer;
  bool HandleEvent(client::Event event, std::string_view sql, Answer* answer);
  void PrintResult(const client::ResultSet& result);
  bool FeedCopy();
  std::string Prompt(const StatementSplitter& splitter) const;
  bool RunPiece(SplitResult piece, StatementSplitter* splitter, bool interactive);
  bool CheckConnection();

  FILE* output_ = stdout;
  bool output_is_pipe_ = false, quit_ = false;
  LineSource* source_ = nullptr;
  std::string file_name_;  // of the script; errors name it
  int line_number_ = 0;
};

/// "LINE 2: ..." and the caret below it, for a position in characters.
std::string ErrorPosition(std::string_view sql, int position);

}  // namespace tsd::tsql
