#include "tools/tsql/copy_data.h"

#include <strings.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/strings.h"
#include "tools/client/progress_bar.h"
#include "tools/tsql/line_editor.h"

namespace tsd::tsql {
namespace {

using client::Event;
using client::EventKind;

constexpr size_t kBlockBytes = 1 << 18;

bool IsWord(std::string_view text, std::string_view word) {
  return text.size() == word.size() && ::strncasecmp(text.data(), word.data(), word.size()) == 0;
}

/// The next word, quoted text or bracketed group from `text`, which is shortened.
std::string_view TakeToken(std::string_view* text) {
  while (!text->empty() && std::isspace(static_cast<unsigned char>(text->front()))) text->remove_prefix(1);
  size_t end = 0;
  int depth = 0;
  char quote = '\0';
  for (; end < text->size(); ++end) {
    const char c = (*text)[end];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (std::isspace(static_cast<unsigned char>(c)) && depth <= 0) {
      break;
    }
  }
  const std::string_view token = text->substr(0, end);
  text->remove_prefix(end);
  return token;
}

std::string Unquote(std::string_view token) {
  if (token.size() < 2 || token.front() != '\'' || token.back() != '\'') return std::string(token);
  std::string result;
  for (size_t i = 1; i + 1 < token.size(); ++i) {
    result.push_back(token[i]);
    if (token[i] == '\'' && token[i + 1] == '\'') ++i;
  }
  return result;
}

/// The file or program; closes it.
class LocalEnd {
 public:
  bool Open(const CopyCommand& command) {
    program_ = command.end == CopyCommand::End::kProgram;
    file_ = program_ ? ::popen(command.path.c_str(), command.from ? "r" : "w") : std::fopen(command.path.c_str(), command.from ? "re" : "we");
    struct stat info {};
    if (file_ != nullptr && !program_ && ::fstat(::fileno(file_), &info) == 0) size_ = static_cast<uint64_t>(info.st_size);
    return file_ != nullptr;
  }
  ~LocalEnd() { Close(); }
  bool Close() {
    if (file_ == nullptr) return true;
    const int result = program_ ? ::pclose(file_) : std::fclose(file_);
    file_ = nullptr;
    return result == 0;
  }
  FILE* file() const { return file_; }
  uint64_t size() const { return size_; }

 private:
  FILE* file_ = nullptr;
  uint64_t size_ = 0;
  bool program_ = false;
};

bool CopyFrom(Shell* shell, const CopyCommand& command, const std::string& sql) {
  LocalEnd input;
  if (!input.Open(command)) {
    shell->PrintError(StrCat(command.path, ": ", std::strerror(errno)));
    return false;
  }
  client::ProgressBar bar(input.size());
  uint64_t bytes = 0, lines = 0;
  const StatusOr<uint64_t> rows = shell->connection->CopyIn(sql, [&]() -> StatusOr<std::string> {
    if (g_interrupted != 0) {
      g_interrupted = 0;
      return Error(sqlstate::kQueryCanceled, "canceled by user");
    }
    std::string block(kBlockBytes, '\0');
    block.resize(std::fread(block.data(), 1, block.size(), input.file()));
    bytes += block.size();
    lines += static_cast<uint64_t>(std::count(block.begin(), block.end(), '\n'));
    if (!shell->quiet) bar.Update(bytes, lines);
    return block;
  });
  if (!shell->quiet) bar.Finish(bytes, rows.ok() ? *rows : lines);
  if (!rows.ok()) {
    shell->PrintStatus(rows.status(), {});
    return false;
  }
  if (!shell->quiet) shell->Write(StrCat("COPY ", *rows, "\n"));
  return true;
}

bool CopyTo(Shell* shell, const CopyCommand& command, const std::string& sql) {
  LocalEnd output;
  if (!output.Open(command)) {
    shell->PrintError(StrCat(command.path, ": ", std::strerror(errno)));
    return false;
  }
  Status status = shell->connection->Send(sql);
  bool failed = false, write_failed = false;
  while (status.ok()) {
    const StatusOr<Event> event = shell->connection->Next();
    status = event.status();
    if (!event.ok() || event->kind == EventKind::kReady) break;
    if (event->kind == EventKind::kCopyData) {
      write_failed |= std::fwrite(event->text.data(), 1, event->text.size(), output.file()) != event->text.size();
    } else if (event->kind == EventKind::kError) {
      shell->PrintServerMessage(event->error, {});
      failed = true;
    } else if (event->kind == EventKind::kComplete && !shell->quiet) {
      shell->Write(StrCat(event->text, "\n"));
    }
  }
  if (!status.ok()) shell->PrintStatus(status, {});
  if (!output.Close() || write_failed) {
    shell->PrintError(StrCat("could not write \"", command.path, "\""));
    return false;
  }
  return status.ok() && !failed;
}

}  // namespace

StatusOr<CopyCommand> ParseCopyCommand(std::string_view text) {
  CopyCommand command;
  const std::string_view all = text;
  while (true) {
    const std::string_view token = TakeToken(&text);
    if (token.empty()) return Error(sqlstate::kSyntaxError, "\\copy: FROM or TO is missing");
    command.from = IsWord(token, "from");
    if (!command.from && !IsWord(token, "to")) continue;
    command.subject = std::string(all.substr(0, static_cast<size_t>(token.data() - all.data())));
    break;
  }
  std::string_view token = TakeToken(&text);
  if (IsWord(token, "program")) {
    command.end = CopyCommand::End::kProgram;
    token = TakeToken(&text);
  } else if (IsWord(token, "stdin") || IsWord(token, "stdout") || IsWord(token, "pstdin") || IsWord(token, "pstdout")) {
    command.end = CopyCommand::End::kStandard;
  }
  if (token.empty() || command.subject.empty()) return Error(sqlstate::kSyntaxError, "\\copy: arguments required");
  command.path = Unquote(token);
  command.options = std::string(text);
  return command;
}

bool RunCopyCommand(Shell* shell, std::string_view arguments) {
  const StatusOr<CopyCommand> command = ParseCopyCommand(arguments);
  if (!command.ok()) {
    shell->PrintError(StdView(command.status().message()));
    return false;
  }
  const std::string sql = StrCat("COPY ", command->subject, command->from ? " FROM STDIN" : " TO STDOUT", command->options);
  if (command->end == CopyCommand::End::kStandard) return shell->RunStatement(sql);
  return command->from ? CopyFrom(shell, *command, sql) : CopyTo(shell, *command, sql);
}

}  // namespace tsd::tsql
