#pragma once
// \copy: a COPY whose file is read or written here, with a progress bar when loading a file at a terminal.
#include <string>
#include <string_view>

#include "tools/tsql/shell.h"

namespace tsd::tsql {

struct CopyCommand {
  enum class End { kFile, kStandard, kProgram };
  bool from = false;
  End end = End::kFile;
  std::string subject;  // table, columns or (query)
  std::string path;     // file or program
  std::string options;
};

StatusOr<CopyCommand> ParseCopyCommand(std::string_view text);
bool RunCopyCommand(Shell* shell, std::string_view arguments);

}  // namespace tsd::tsql
