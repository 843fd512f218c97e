#include "tools/tsql/line_editor.h"

#include <editline/readline.h>
#include <setjmp.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "engine/base/strings.h"

namespace tsd::tsql {
namespace {

constexpr int kMaxHistory = 2000;
constexpr size_t kCopyBlock = 1 << 16;

const char* const kKeywords[] = {
    "ALTER", "ANALYZE", "AND", "AS", "ASC", "BEGIN", "BETWEEN", "BY", "CASE", "COMMIT", "COPY", "COUNT", "CREATE", "CROSS", "CURRENT_TIMESTAMP", "DELETE",
    "DESC", "DISTINCT", "DROP", "ELSE", "END", "EXPLAIN", "FALSE", "FILTER", "FROM", "FULL", "GROUP", "HAVING", "IN", "INNER", "INSERT", "INTERVAL",
    "INTO", "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "NOT", "NULL", "OFFSET", "ON", "OR", "ORDER", "OVER", "PARTITION", "RETURNING", "RIGHT", "ROLLBACK",
    "SELECT", "SET", "SHOW", "STDIN", "STDOUT", "TABLE", "THEN", "TO", "TRUE", "TRUNCATE", "UNION", "UPDATE", "USING", "VALUES", "VIEW", "WHEN", "WHERE",
    "WITH", "add_data_node", "approximate_row_count", "attach_data_node", "chunks_detailed_size", "create_distributed_hypertable", "create_hypertable",
    "delete_data_node", "detach_data_node", "distributed_exec", "drop_chunks", "first", "histogram", "hypertable_detailed_size", "hypertable_size", "last",
    "show_chunks", "time_bucket", "time_bucket_gapfill", "locf", "interpolate", "timescaledb_information.chunks", "timescaledb_information.data_nodes",
    "timescaledb_information.dimensions", "timescaledb_information.hypertables"};

Shell* g_shell = nullptr;
std::vector<std::string> g_names;
bool g_names_known = false;
sigjmp_buf g_prompt;
volatile std::sig_atomic_t g_at_prompt = 0;

// Nothing with a destructor is alive between the prompt and libedit, so leaving it by a jump is safe; a flag alone would not end its read.
void OnInterrupt(int) {
  g_interrupted = 1;
  if (g_at_prompt == 1) siglongjmp(g_prompt, 1);
}

void LearnNames() {
  g_names_known = true;
  g_names.clear();
  if (g_shell->connection->transaction_state() != 'I') return;
  const auto results = g_shell->connection->Query(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
      "UNION SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'");
  if (!results.ok() || results->empty()) return;
  for (const client::TextRow& row : results->front().rows) g_names.push_back(row[0].value_or(""));
}

char* NextCompletion(const char* text, int state) {
  static size_t keyword, name;
  if (state == 0) {
    keyword = name = 0;
    if (!g_names_known) LearnNames();
  }
  const size_t length = std::strlen(text);
  while (name < g_names.size()) {
    const std::string& candidate = g_names[name++];
    if (candidate.compare(0, length, text) == 0) return ::strdup(candidate.c_str());
  }
  while (length > 0 && keyword < std::size(kKeywords)) {
    const char* candidate = kKeywords[keyword++];
    if (::strncasecmp(candidate, text, length) != 0) continue;
    char* result = ::strdup(candidate);
    if (text[0] >= 'a' && text[0] <= 'z') {
      for (char* c = result; *c != '\0'; ++c) *c = static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
    }
    return result;
  }
  return nullptr;
}

char** Complete(const char* text, int, int) {
  rl_attempted_completion_over = 1;
  return rl_completion_matches(text, NextCompletion);
}

StatusOr<std::string> ReadCopyLines(FILE* file, bool* ended) {
  std::string block;
  char* line = nullptr;
  size_t capacity = 0;
  while (!*ended && block.size() < kCopyBlock) {
    const ssize_t length = ::getline(&line, &capacity, file);
    if (length <= 0) {
      *ended = true;
      break;
    }
    std::string_view text(line, static_cast<size_t>(length));
    if (text == "\\.\n" || text == "\\.\r\n" || text == "\\.") {
      *ended = true;
      break;
    }
    block.append(text);
    if (::isatty(::fileno(file)) == 1) break;
  }
  std::free(line);
  if (block.empty()) *ended = false;  // ready for the next COPY
  return block;
}

}  // namespace

bool FileLineSource::Read(const std::string&, std::string* line) {
  char* text = nullptr;
  size_t capacity = 0;
  const ssize_t length = ::getline(&text, &capacity, file_);
  if (length > 0) line->assign(text, static_cast<size_t>(text[length - 1] == '\n' ? length - 1 : length));
  std::free(text);
  return length > 0;
}

StatusOr<std::string> FileLineSource::ReadCopyData() { return ReadCopyLines(file_, &copy_ended_); }

LineEditor::LineEditor(Shell* shell) {
  g_shell = shell;
  rl_readline_name = "tsql";
  rl_initialize();
  using_history();
  stifle_history(kMaxHistory);
  rl_attempted_completion_function = Complete;
  if (const char* home = std::getenv("HOME")) history_file_ = StrCat(home, "/.tsql_history");
  if (!history_file_.empty()) read_history(history_file_.c_str());
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  ::sigaction(SIGINT, &action, nullptr);
}

LineEditor::~LineEditor() {
  if (!history_file_.empty()) write_history(history_file_.c_str());
  g_shell = nullptr;
}

bool LineEditor::Read(const std::string& prompt, std::string* line) {
  // Not on the stack across the jump.
  static char* text;
  text = nullptr;
  if (sigsetjmp(g_prompt, 1) != 0) {
    g_at_prompt = 0;
    std::puts("^C");
    // Not rl_initialize, which would forget the history.
    rl_reset_terminal(nullptr);
    line->clear();
    return true;
  }
  g_at_prompt = 1;
  text = ::readline(prompt.c_str());
  g_at_prompt = 0;
  if (text == nullptr) return false;
  line->assign(text);
  std::free(text);
  return true;
}

StatusOr<std::string> LineEditor::ReadCopyData() {
  // Not through libedit: a tab in the data is no completion, and the data is no history.
  std::fputs(">> ", stdout);
  std::fflush(stdout);
  char* text = nullptr;
  size_t capacity = 0;
  const ssize_t length = ::getline(&text, &capacity, stdin);
  std::string line(text == nullptr ? "" : text, length > 0 ? static_cast<size_t>(length) : 0);
  std::free(text);
  if (length <= 0) std::clearerr(stdin);  // the end of the data, or an interrupt
  return line == "\\.\n" ? std::string() : line;
}

void LineEditor::AddHistory(const std::string& entry) {
  static std::string last;
  if (entry.empty() || entry == last) return;
  last = entry;
  std::string one_line = entry;
  std::replace(one_line.begin(), one_line.end(), '\n', ' ');
  add_history(one_line.c_str());
  ForgetNames();
}

void LineEditor::ForgetNames() { g_names_known = false; }

}  // namespace tsd::tsql
