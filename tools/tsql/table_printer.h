#pragma once
// Turns a result into text: aligned, expanded, unaligned or CSV, as psql lays it out. Pure.
#include <string>

#include "tools/client/connection.h"

namespace tsd::tsql {

enum class TableFormat { kAligned, kUnaligned, kCsv };
/// kAuto: when rows are wider than the terminal, and aligned.
enum class Expanded { kOff, kOn, kAuto };

struct PrintOptions {
  TableFormat format = TableFormat::kAligned;
  Expanded expanded = Expanded::kOff;
  size_t terminal_columns = 0;  // 0 = no terminal
  bool tuples_only = false;
  bool footer = true;  // "(3 rows)"
  std::string separator = "|";
  std::string null_text;
  std::string title;
  std::vector<std::string> footers;  // lines that stand where the row count would
};

std::string PrintTable(const client::ResultSet& result, const PrintOptions& options);

/// Columns that `text` takes on a terminal.
size_t DisplayWidth(std::string_view text);

}  // namespace tsd::tsql
