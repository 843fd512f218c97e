#pragma once
// Cuts input into statements at semicolons outside quotes, dollar quotes, comments and brackets, and finds backslash commands. Pure: text in,
// pieces out. Variables (:name, :'name', :"name") are put in on the way.
#include <map>
#include <string>
#include <string_view>

namespace tsd::tsql {

using Variables = std::map<std::string, std::string, std::less<>>;

enum class SplitResult { kNeedMore, kStatement, kCommand };

class StatementSplitter {
 public:
  explicit StatementSplitter(const Variables* variables) : variables_(variables) {}

  /// Adds a line (without its newline).
  void AddLine(std::string_view line);
  /// The next piece of what was added. kStatement: TakeStatement() has it. kCommand: RestOfLine() starts with its backslash.
  SplitResult Next();
  std::string TakeStatement();
  /// The unread rest of the line; it counts as read.
  std::string RestOfLine();
  /// Puts `text` before what is unread.
  void PushBack(std::string_view text);
  /// What was read of a statement that has not ended.
  const std::string& buffer() const { return statement_; }
  bool InStatement() const;
  /// The second character of the prompt: '=' new, '-' going on, '\'' '"' '$' '*' '(' inside such.
  char prompt_mark() const;
  void Clear();

 private:
  enum class State { kPlain, kSingleQuote, kEscapeQuote, kDoubleQuote, kDollar, kBlockComment };
  SplitResult Plain();
  void Quoted();
  bool PutVariable();
  std::string_view rest() const { return std::string_view(pending_).substr(position_); }
  void Keep(size_t count);
  void Drop(size_t count);

  const Variables* variables_;
  std::string pending_, statement_, dollar_tag_;
  size_t position_ = 0;  // of pending_: what is before it was read
  State state_ = State::kPlain;
  int comment_depth_ = 0, bracket_depth_ = 0;
  bool has_content_ = false;
};

}  // namespace tsd::tsql
