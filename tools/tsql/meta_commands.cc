// Backslash commands: Shell::RunCommand and what it calls.
#include <cctype>

#include "engine/base/strings.h"
#include "tools/tsql/copy_data.h"
#include "tools/tsql/describe.h"
#include "tools/tsql/shell.h"

namespace tsd::tsql {
namespace {

constexpr char kHelp[] =
    "General\n"
    "  \\q                    quit\n"
    "  \\? \\h                 this help\n"
    "  \\g \\p \\r              run, show or clear what is typed so far\n"
    "  \\i FILE               run a file\n"
    "  \\o [FILE|\"|PROGRAM\"] send results to a file or program\n"
    "  \\echo TEXT            print text\n"
    "  \\set [NAME [VALUE]]   show or set variables; \\unset NAME\n"
    "  \\conninfo             show the connection;  \\c [DBNAME] connect anew\n"
    "  \\timing [on|off]      show how long statements take\n"
    "Database\n"
    "  \\d [NAME]             list tables and views, or describe one\n"
    "  \\dt \\dv \\dn \\du \\l     list tables, views, schemas, roles, databases\n"
    "  \\nodes                list data nodes and whether they can be reached\n"
    "  \\copy ...             COPY with a file on this machine\n"
    "Layout\n"
    "  \\x [on|off|auto]      expanded rows; auto: where a row is wider than the terminal\n"
    "  \\a \\t                 aligned or not; rows only\n"
    "  \\pset NAME [VALUE]    format, null, fieldsep, tuples_only, expanded, footer\n"
    "A statement ends with a semicolon.\n";

/// Words as a shell would part them; '...' keeps spaces. Stops before a further backslash command, which goes to `rest`.
std::vector<std::string> Words(std::string_view text, const Variables& variables, std::string* rest) {
  std::vector<std::string> words;
  size_t i = 0;
  while (true) {
    while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i]))) ++i;
    if (i >= text.size()) return words;
    if (text[i] == '\\') {
      *rest = text.substr(text.substr(i).starts_with("\\\\") ? i + 2 : i);
      return words;
    }
    std::string word;
    bool quoted = false;
    for (; i < text.size() && (quoted || !std::isspace(static_cast<unsigned char>(text[i]))); ++i) {
      if (text[i] == '\'' && quoted && i + 1 < text.size() && text[i + 1] == '\'') {
        word.push_back(text[i++]);
      } else if (text[i] == '\'') {
        quoted = !quoted;
      } else {
        word.push_back(text[i]);
      }
    }
    if (word.size() > 1 && word[0] == ':') {
      if (const auto found = variables.find(std::string_view(word).substr(1)); found != variables.end()) word = found->second;
    }
    words.push_back(std::move(word));
  }
}

bool ToggleOrSet(bool* value, const std::vector<std::string>& words, size_t index = 0) {
  *value = words.size() > index ? words[index] == "on" || words[index] == "1" || words[index] == "true" || words[index] == "yes" : !*value;
  return *value;
}

Expanded SetExpanded(Expanded* value, const std::vector<std::string>& words, size_t index = 0) {
  if (words.size() > index && words[index] == "auto") return *value = Expanded::kAuto;
  bool on = *value == Expanded::kOn;
  return *value = ToggleOrSet(&on, words, index) ? Expanded::kOn : Expanded::kOff;
}

bool SetPrintOption(Shell* shell, const std::vector<std::string>& words) {
  const std::string name = words.empty() ? "" : words[0];
  const std::string value = words.size() > 1 ? words[1] : "";
  if (name == "format" && (value == "aligned" || value == "unaligned" || value == "csv")) {
    shell->print.format = value == "csv" ? TableFormat::kCsv : value == "aligned" ? TableFormat::kAligned : TableFormat::kUnaligned;
  } else if (name == "null") {
    shell->print.null_text = value;
  } else if (name == "fieldsep") {
    shell->print.separator = value;
  } else if (name == "tuples_only" || name == "t") {
    ToggleOrSet(&shell->print.tuples_only, words, 1);
  } else if (name == "expanded" || name == "x") {
    SetExpanded(&shell->print.expanded, words, 1);
  } else if (name == "footer") {
    ToggleOrSet(&shell->print.footer, words, 1);
  } else if (name != "pager" && name != "border" && name != "linestyle") {
    shell->PrintError(StrCat("\\pset: unknown option: ", name));
    return false;
  }
  return true;
}

bool SetVariable(Shell* shell, const std::vector<std::string>& words) {
  if (words.empty()) {
    for (const auto& [name, value] : shell->variables) shell->Write(StrCat(name, " = '", value, "'\n"));
    return true;
  }
  std::string value;
  for (size_t i = 1; i < words.size(); ++i) value += words[i];
  shell->variables[words[0]] = value;
  return true;
}

void SayState(Shell* shell, std::string_view what, bool on) {
  if (!shell->quiet) shell->Write(StrCat(what, " is ", on ? "on" : "off", ".\n"));
}

bool Reconnect(Shell* shell, const std::vector<std::string>& words) {
  client::ConnectOptions options = shell->connection->options();
  Status status;
  if (!words.empty() && client::IsConnectionString(words[0])) {
    status = client::ParseConnectionString(words[0], &options);
  } else {
    std::string* const targets[] = {&options.database, &options.user, &options.host, &options.port};
    for (size_t i = 0; i < words.size() && i < std::size(targets); ++i) {
      if (words[i] != "-") *targets[i] = words[i];
    }
  }
  if (status.ok()) status = shell->Connect(options);
  if (!status.ok()) {
    shell->PrintStatus(status, {});
    return false;
  }
  if (!shell->quiet) shell->Write(StrCat("You are now connected to database \"", options.database, "\" as user \"", options.user, "\".\n"));
  return true;
}

bool RunLayoutCommand(Shell* shell, const std::string& name, const std::vector<std::string>& words, bool* known) {
  if (name == "x") {
    const Expanded now = SetExpanded(&shell->print.expanded, words);
    const std::string_view state = now == Expanded::kAuto ? "used automatically" : now == Expanded::kOn ? "on" : "off";
    if (!shell->quiet) shell->Write(StrCat("Expanded display is ", state, ".\n"));
  } else if (name == "a") {
    const bool aligned = shell->print.format == TableFormat::kAligned;
    shell->print.format = aligned ? TableFormat::kUnaligned : TableFormat::kAligned;
    if (!shell->quiet) shell->Write(StrCat("Output format is ", aligned ? "unaligned" : "aligned", ".\n"));
  } else if (name == "t") {
    SayState(shell, "Tuples only", ToggleOrSet(&shell->print.tuples_only, words));
  } else if (name == "timing") {
    SayState(shell, "Timing", ToggleOrSet(&shell->timing, words));
  } else if (name == "pset") {
    return SetPrintOption(shell, words);
  } else {
    *known = false;
  }
  return true;
}

}  // namespace

bool Shell::RunCommand(const std::string& text, std::string* rest) {
  size_t end = 1;
  while (end < text.size() && !std::isspace(static_cast<unsigned char>(text[end])) && text[end] != '\\') ++end;
  const std::string name = text.substr(1, end - 1);
  if (name == "copy") return RunCopyCommand(this, std::string_view(text).substr(end));
  const std::vector<std::string> words = Words(std::string_view(text).substr(end), variables, rest);
  const std::string first = words.empty() ? "" : words[0];
  if (name == "q" || name == "quit") {
    Quit();
  } else if (name == "?" || name == "h" || name == "help") {
    Write(kHelp);
  } else if (name == "i" || name == "include") {
    const int code = RunFile(first);
    return code == kExitOk;
  } else if (name == "o" || name == "out") {
    std::string target;
    for (const std::string& word : words) StrAppend(&target, target.empty() ? "" : " ", word);
    return SetOutput(target);
  } else if (name == "echo" || name == "qecho" || name == "warn") {
    std::string line;
    for (const std::string& word : words) StrAppend(&line, line.empty() ? "" : " ", word);
    line.push_back('\n');
    if (name == "qecho") Write(line);
    else std::fputs(line.c_str(), name == "warn" ? stderr : stdout);
  } else if (name == "set") {
    return SetVariable(this, words);
  } else if (name == "unset") {
    variables.erase(first);
  } else if (name == "conninfo") {
    const client::ConnectOptions& options = connection->options();
    Write(StrCat("You are connected to database \"", options.database, "\" as user \"", options.user, "\" on host \"", options.host, "\" at port \"",
                 options.port, "\".\n"));
  } else if (name == "c" || name == "connect") {
    return Reconnect(this, words);
  } else if (const std::optional<bool> described = RunDescribe(this, name, first)) {
    std::fflush(output_);
    return *described;
  } else {
    bool known = true;
    const bool done = RunLayoutCommand(this, name, words, &known);
    if (known) return done;
    PrintError(StrCat("invalid command \\", name, "\nTry \\? for help."));
    return false;
  }
  return true;
}

}  // namespace tsd::tsql
