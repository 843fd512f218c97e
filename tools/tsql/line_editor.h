#pragma once
// Where lines come from: a file or pipe (FileLineSource), or the keyboard with editing, history and completion (LineEditor, over libedit).
// libedit keeps process-wide state: one LineEditor at a time.
#include "tools/tsql/shell.h"

namespace tsd::tsql {

class FileLineSource : public LineSource {
 public:
  explicit FileLineSource(FILE* file) : file_(file) {}
  bool Read(const std::string& prompt, std::string* line) override;
  StatusOr<std::string> ReadCopyData() override;

 private:
  FILE* file_;
  bool copy_ended_ = false;
};

class LineEditor : public LineSource {
 public:
  explicit LineEditor(Shell* shell);
  ~LineEditor() override;
  bool Read(const std::string& prompt, std::string* line) override;
  StatusOr<std::string> ReadCopyData() override;
  bool interactive() const override { return true; }
  static void AddHistory(const std::string& entry);
  /// Learns table and column names for completion anew.
  static void ForgetNames();

 private:
  std::string history_file_;
};

}  // namespace tsd::tsql
