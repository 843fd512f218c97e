#include "tools/tsql/statement_splitter.h"

#include <algorithm>
#include <cctype>

#include "engine/base/strings.h"
#include "tools/client/connection.h"

namespace tsd::tsql {
namespace {

bool IsNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }

}  // namespace

void StatementSplitter::AddLine(std::string_view line) {
  pending_.append(line);
  pending_.push_back('\n');
}

void StatementSplitter::Drop(size_t count) {
  position_ = std::min(position_ + count, pending_.size());
  if (position_ < pending_.size()) return;
  pending_.clear();
  position_ = 0;
}

void StatementSplitter::PushBack(std::string_view text) {
  pending_ = StrCat(text, rest());
  position_ = 0;
}

void StatementSplitter::Keep(size_t count) {
  statement_.append(rest().substr(0, count));
  Drop(count);
}

SplitResult StatementSplitter::Next() {
  while (!rest().empty()) {
    if (state_ != State::kPlain) {
      Quoted();
      continue;
    }
    const SplitResult result = Plain();
    if (result != SplitResult::kNeedMore) return result;
  }
  return SplitResult::kNeedMore;
}

SplitResult StatementSplitter::Plain() {
  const char c = rest()[0];
  const char next = rest().size() > 1 ? rest()[1] : '\0';
  if (std::isspace(static_cast<unsigned char>(c))) {
    if (statement_.empty()) {
      Drop(1);
    } else {
      Keep(1);
    }
    return SplitResult::kNeedMore;
  }
  if (c == '-' && next == '-') {
    Drop(rest().find('\n'));
    return SplitResult::kNeedMore;
  }
  if (c == '\\') return SplitResult::kCommand;
  if (c == ';' && bracket_depth_ == 0) {
    Keep(1);
    return SplitResult::kStatement;
  }
  if (c == ':' && PutVariable()) return SplitResult::kNeedMore;
  const bool starts_word = statement_.empty() || !IsNameCharacter(statement_.back());
  if (c == '/' && next == '*') {
    state_ = State::kBlockComment;
    comment_depth_ = 1;
    Keep(2);
    return SplitResult::kNeedMore;
  }
  has_content_ = true;
  if (c == '\'') {
    const char before = statement_.empty() ? '\0' : statement_.back();
    const bool escape = (before == 'e' || before == 'E') && (statement_.size() < 2 || !IsNameCharacter(statement_[statement_.size() - 2]));
    state_ = escape ? State::kEscapeQuote : State::kSingleQuote;
  } else if (c == '"') {
    state_ = State::kDoubleQuote;
  } else if (c == '$' && starts_word) {
    const std::string_view text = rest();
    size_t end = 1;
    while (end < text.size() && IsNameCharacter(text[end])) ++end;
    if (end < text.size() && text[end] == '$' && std::isdigit(static_cast<unsigned char>(next)) == 0) {
      dollar_tag_ = std::string(text.substr(0, end + 1));
      state_ = State::kDollar;
      Keep(end + 1);
      return SplitResult::kNeedMore;
    }
  } else if (c == '(' || c == '[') {
    ++bracket_depth_;
  } else if ((c == ')' || c == ']') && bracket_depth_ > 0) {
    --bracket_depth_;
  } else if (c == ':' && next == ':') {
    Keep(1);
  }
  Keep(1);
  return SplitResult::kNeedMore;
}

void StatementSplitter::Quoted() {
  const char c = rest()[0];
  const char next = rest().size() > 1 ? rest()[1] : '\0';
  if (state_ == State::kBlockComment) {
    const bool opens = c == '/' && next == '*', closes = c == '*' && next == '/';
    if (opens) ++comment_depth_;
    if (closes && --comment_depth_ == 0) state_ = State::kPlain;
    Keep(opens || closes ? 2 : 1);
  } else if (state_ == State::kDollar) {
    if (rest().starts_with(dollar_tag_)) {
      state_ = State::kPlain;
      Keep(dollar_tag_.size());
    } else {
      Keep(1);
    }
  } else {
    const char quote = state_ == State::kDoubleQuote ? '"' : '\'';
    if (state_ == State::kEscapeQuote && c == '\\' && rest().size() > 1) {
      Keep(2);
    } else {
      // A doubled quote closes and opens again: the same result.
      if (c == quote) state_ = next == quote ? state_ : State::kPlain;
      Keep(c == quote && next == quote ? 2 : 1);
    }
  }
}

bool StatementSplitter::PutVariable() {
  const std::string_view text = rest();
  const char quote = text.size() > 1 && (text[1] == '\'' || text[1] == '"') ? text[1] : '\0';
  const size_t start = quote != '\0' ? 2 : 1;
  size_t end = start;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  if (end == start || (quote != '\0' && (end == text.size() || text[end] != quote))) return false;
  const auto found = variables_->find(text.substr(start, end - start));
  if (found == variables_->end()) return false;
  const std::string value = quote == '\'' ? client::QuoteLiteral(found->second) : quote == '"' ? client::QuoteIdentifier(found->second) : found->second;
  Drop(quote != '\0' ? end + 1 : end);
  statement_.append(value);
  has_content_ = true;
  return true;
}

std::string StatementSplitter::TakeStatement() {
  std::string result = std::move(statement_);
  while (!result.empty() && std::isspace(static_cast<unsigned char>(result.back()))) result.pop_back();
  Clear();
  return result;
}

std::string StatementSplitter::RestOfLine() {
  const size_t end = std::min(rest().find('\n'), rest().size());
  std::string result(rest().substr(0, end));
  Drop(end + 1);
  return result;
}

bool StatementSplitter::InStatement() const { return has_content_ || state_ != State::kPlain; }

char StatementSplitter::prompt_mark() const {
  switch (state_) {
    case State::kSingleQuote: case State::kEscapeQuote: return '\'';
    case State::kDoubleQuote: return '"';
    case State::kDollar: return '$';
    case State::kBlockComment: return '*';
    case State::kPlain: break;
  }
  if (bracket_depth_ > 0) return '(';
  return InStatement() ? '-' : '=';
}

void StatementSplitter::Clear() {
  statement_.clear();
  state_ = State::kPlain;
  comment_depth_ = bracket_depth_ = 0;
  has_content_ = false;
}

}  // namespace tsd::tsql
