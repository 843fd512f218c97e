#include "tools/tsql/shell.h"

#include <time.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <absl/strings/str_format.h>

#include "engine/base/strings.h"
#include "tools/tsql/line_editor.h"

namespace tsd::tsql {

volatile std::sig_atomic_t g_interrupted = 0;

namespace {

using client::Event;
using client::EventKind;
using client::ResultSet;
using client::ServerMessage;

double Milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

bool IsModification(std::string_view tag) {
  return tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE") || tag.starts_with("MERGE");
}

/// The bytes of characters [from, to) of UTF-8 text.
std::string Characters(std::string_view text, size_t from, size_t to) {
  std::string result;
  size_t character = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && (text[i] & 0xc0) != 0x80) ++character;
    if (character >= to) break;
    if (character >= from) result.push_back(text[i] == '\t' || text[i] == '\r' ? ' ' : text[i]);
  }
  return result;
}

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string ErrorPosition(std::string_view sql, int position) {
  constexpr size_t kWidth = 60, kKeepRight = 10, kDots = 3;
  if (position <= 0) return "";
  size_t offset = 0;
  for (int character = 1; offset < sql.size(); ++offset) {
    if ((sql[offset] & 0xc0) == 0x80) continue;
    if (character++ == position) break;
  }
  const std::string_view before = sql.substr(0, offset);
  const auto line_number = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view line = sql.substr(line_start, std::min(sql.find('\n', line_start), sql.size()) - line_start);
  const size_t length = CountCharacters(line), caret = CountCharacters(sql.substr(line_start, offset - line_start));
  size_t from = 0, to = length;
  if (length > kWidth) {
    if (caret + kKeepRight < kWidth) {
      to = kWidth - kDots;
    } else {
      if (length - caret > kKeepRight) to = caret + kKeepRight;
      if (to > kWidth) from = to - (kWidth - kDots);
    }
  }
  const std::string head = StrCat("LINE ", line_number, ": ", from > 0 ? "..." : "");
  return StrCat(head, Characters(line, from, to), to < length ? "..." : "", "\n", std::string(head.size() + caret - from, ' '), "^\n");
}

struct Shell::Answer {
  ResultSet result;
  bool failed = false, copying_out = false;
};

Shell::Shell() = default;

Shell::~Shell() { SetOutput(""); }

Status Shell::Connect(client::ConnectOptions options) {
  if (options.application_name.empty()) options.application_name = "tsql";
  ASSIGN_OR_RETURN(std::unique_ptr<client::Connection> opened, client::Connection::Open(std::move(options)));
  connection = std::move(opened);
  connection->set_on_notice([this](const ServerMessage& message) { PrintServerMessage(message, {}); });
  connection->set_on_wait([this] {
    if (g_interrupted == 0) return;
    g_interrupted = 0;
    std::fputs("Cancel request sent\n", stderr);
    connection->Cancel();
  });
  return OkStatus();
}

bool Shell::on_error_stop() const {
  const auto found = variables.find("ON_ERROR_STOP");
  return found != variables.end() && found->second != "0" && found->second != "off" && found->second != "false";
}

void Shell::Write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), output_); }

bool Shell::SetOutput(const std::string& target) {
  if (output_ != stdout) output_is_pipe_ ? ::pclose(output_) : std::fclose(output_);
  output_ = stdout;
  output_is_pipe_ = false;
  if (target.empty()) return true;
  const bool pipe = target[0] == '|';
  FILE* file = pipe ? ::popen(target.c_str() + 1, "w") : std::fopen(target.c_str(), "we");
  if (file == nullptr) {
    PrintError(StrCat(target, ": ", std::strerror(errno)));
    return false;
  }
  output_ = file;
  output_is_pipe_ = pipe;
  return true;
}

void Shell::PrintError(std::string_view text) {
  std::fflush(output_);
  if (!file_name_.empty()) std::fprintf(stderr, "tsql:%s:%d: ", file_name_.c_str(), line_number_);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

void Shell::PrintServerMessage(const ServerMessage& message, std::string_view sql) {
  const auto verbosity = variables.find("VERBOSITY");
  const std::string style = verbosity == variables.end() ? "default" : verbosity->second;
  if (style == "sqlstate" && !message.sqlstate.empty() && message.severity != "NOTICE") {
    PrintError(StrCat(message.severity, ":  ", message.sqlstate));
    return;
  }
  std::string text = StrCat(message.severity, ":  ", style == "verbose" ? StrCat(message.sqlstate, ": ") : "", message.message, "\n");
  if (style != "terse") {
    text += ErrorPosition(sql, message.position);
    if (!message.detail.empty()) StrAppend(&text, "DETAIL:  ", message.detail, "\n");
    if (!message.hint.empty()) StrAppend(&text, "HINT:  ", message.hint, "\n");
    if (!message.where.empty() && message.severity != "NOTICE") StrAppend(&text, "CONTEXT:  ", message.where, "\n");
  }
  text.pop_back();
  PrintError(text);
}

void Shell::PrintStatus(const Status& status, std::string_view sql) { PrintServerMessage(client::MessageOf(status), sql); }

PrintOptions Shell::Layout() const {
  PrintOptions options = print;
  struct winsize size {};
  if (output_ == stdout && ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) options.terminal_columns = size.ws_col;
  return options;
}

void Shell::PrintResult(const ResultSet& result) {
  if (result.has_rows) Write(PrintTable(result, Layout()));
  if (!quiet && (!result.has_rows || IsModification(result.tag))) Write(StrCat(result.tag, "\n"));
}

bool Shell::FeedCopy() {
  LineSource* source = source_;
  FileLineSource standard_input(stdin);
  if (source == nullptr) source = &standard_input;
  if (source->interactive() && !quiet) {
    std::puts("Enter data to be copied followed by a newline.\nEnd with a backslash and a period on a line by itself, or an EOF signal.");
  }
  while (!connection->HasInput()) {
    const StatusOr<std::string> bytes = source->ReadCopyData();
    if (!bytes.ok()) return connection->SendCopyFail(StdView(bytes.status().message())).ok();
    if (g_interrupted != 0) {
      g_interrupted = 0;
      return connection->SendCopyFail("canceled by user").ok();
    }
    if (bytes->empty()) return connection->SendCopyDone().ok();
    if (!connection->SendCopyData(*bytes).ok()) return false;
  }
  // The server gave up early: the rest of the data must not be taken for statements.
  for (StatusOr<std::string> bytes = source->ReadCopyData(); bytes.ok() && !bytes->empty(); bytes = source->ReadCopyData()) {
  }
  return true;
}

bool Shell::HandleEvent(Event event, std::string_view sql, Answer* answer) {
  switch (event.kind) {
    case EventKind::kColumns:
      answer->result.has_rows = true;
      answer->result.columns = std::move(event.columns);
      break;
    case EventKind::kRow: answer->result.rows.push_back(std::move(event.row)); break;
    case EventKind::kComplete:
      answer->result.tag = std::move(event.text);
      if (!answer->copying_out || output_ != stdout) PrintResult(answer->result);
      *answer = Answer{.failed = answer->failed};
      break;
    case EventKind::kError:
      PrintServerMessage(event.error, sql);
      answer->failed = true;
      break;
    case EventKind::kCopyIn: return FeedCopy();
    case EventKind::kCopyOut: answer->copying_out = true; break;
    case EventKind::kCopyData: Write(event.text); break;
    default: break;
  }
  return true;
}

bool Shell::CheckConnection() {
  if (!connection->lost()) return true;
  if (source_ == nullptr || !source_->interactive()) return false;
  std::fputs("The connection to the server was lost. Attempting reset: ", stderr);
  if (const Status status = Connect(connection->options()); !status.ok()) {
    std::fputs("Failed.\n", stderr);
    return false;
  }
  std::fputs("Succeeded.\n", stderr);
  return true;
}

bool Shell::RunStatement(const std::string& sql) {
  const double start = Milliseconds();
  Answer answer;
  Status status = connection->Send(sql);
  while (status.ok()) {
    StatusOr<Event> event = connection->Next();
    if (!event.ok()) {
      status = event.status();
      break;
    }
    if (event->kind == EventKind::kReady) break;
    HandleEvent(std::move(*event), sql, &answer);
  }
  if (!status.ok()) {
    PrintError(StdView(status.message()));
    CheckConnection();
    return false;
  }
  if (timing) Write(absl::StrFormat("Time: %.3f ms\n", Milliseconds() - start));
  std::fflush(output_);
  return !answer.failed;
}

std::optional<ResultSet> Shell::Fetch(const std::string& sql) {
  StatusOr<std::vector<ResultSet>> results = connection->Query(sql);
  if (results.ok() && !results->empty()) return std::move(results->front());
  if (!results.ok()) PrintStatus(results.status(), sql);
  return std::nullopt;
}

bool Shell::PrintQuery(const std::string& sql, const std::string& title, bool footer) {
  const std::optional<ResultSet> result = Fetch(sql);
  if (!result) return false;
  PrintOptions options = Layout();
  options.title = title;
  options.footer = footer;
  Write(PrintTable(*result, options));
  std::fflush(output_);
  return true;
}

std::string Shell::Prompt(const StatementSplitter& splitter) const {
  const char state = connection->transaction_state();
  return StrCat(connection->options().database, std::string(1, splitter.prompt_mark()), state == 'T' ? "*" : state == 'E' ? "!" : "", "> ");
}

bool Shell::RunPiece(SplitResult piece, StatementSplitter* splitter, bool interactive) {
  if (piece == SplitResult::kStatement) {
    const std::string statement = splitter->TakeStatement();
    if (interactive) LineEditor::AddHistory(statement);
    return statement == ";" || RunStatement(statement);
  }
  const std::string command = splitter->RestOfLine();
  if (interactive && !splitter->InStatement()) LineEditor::AddHistory(command);
  if (command.size() > 1 && std::strchr("gpr", command[1]) != nullptr && (command.size() == 2 || command[2] == ' ')) {
    const std::string statement = splitter->buffer();
    if (command[1] == 'p') Write(StrCat(statement, "\n"));
    if (command[1] != 'p') splitter->Clear();
    return command[1] != 'g' || statement.empty() || RunStatement(statement);
  }
  std::string rest;
  const bool done = RunCommand(command, &rest);
  splitter->PushBack(StrCat(rest, "\n"));
  return done;
}

int Shell::RunInput(LineSource* source, std::string file_name) {
  LineSource* const outer_source = std::exchange(source_, source);
  const std::string outer_file = std::exchange(file_name_, std::move(file_name));
  const int outer_line = std::exchange(line_number_, 0);
  StatementSplitter splitter(&variables);
  std::string line;
  int code = kExitOk;
  bool at_end = false;
  while (!quit_ && !at_end && code == kExitOk) {
    if (g_interrupted != 0) {
      g_interrupted = 0;
      splitter.Clear();
      if (!source->interactive()) break;
    }
    at_end = !source->Read(Prompt(splitter), &line);
    if (!at_end) {
      ++line_number_;
      splitter.AddLine(line);
    }
    for (SplitResult piece = splitter.Next(); !quit_; piece = splitter.Next()) {
      bool done = true;
      if (piece != SplitResult::kNeedMore) {
        done = RunPiece(piece, &splitter, source->interactive());
      } else if (at_end && splitter.InStatement() && !source->interactive()) {
        done = RunStatement(splitter.TakeStatement());
      }
      if (connection->lost()) code = kExitConnectionLost;
      else if (!done && on_error_stop() && !source->interactive()) code = kExitScriptError;
      if (piece == SplitResult::kNeedMore || code != kExitOk) break;
    }
  }
  source_ = outer_source;
  file_name_ = outer_file;
  line_number_ = outer_line;
  return code;
}

int Shell::RunFile(const std::string& path) {
  if (path == "-") {
    FileLineSource source(stdin);
    return RunInput(&source, "<stdin>");
  }
  FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) {
    PrintError(StrCat(file_name_.empty() ? "tsql: error: " : "error: ", path, ": ", std::strerror(errno)));
    return kExitFailed;
  }
  FileLineSource source(file);
  const int code = RunInput(&source, path);
  std::fclose(file);
  return code;
}

int Shell::RunCommandString(const std::string& text) {
  std::string rest;
  const bool done = text.starts_with('\\') ? RunCommand(text, &rest) : RunStatement(text);
  if (connection->lost()) return kExitConnectionLost;
  return done ? kExitOk : kExitFailed;
}

}  // namespace tsd::tsql
