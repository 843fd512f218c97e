#include "tools/tsql/table_printer.h"

#include <wchar.h>

#include <algorithm>
#include <cstring>

#include "engine/base/strings.h"

namespace tsd::tsql {
namespace {

using client::ColumnInfo;
using client::ResultSet;
using client::TextRow;

bool IsRightAligned(uint32_t type_oid) {
  switch (type_oid) {
    case 20: case 21: case 23: case 26: case 28: case 29: case 700: case 701: case 790: case 1700: case 5069: return true;
    default: return false;
  }
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else if (c == '\r') {
      lines.back() += "\\r";
    } else if (c == '\t') {
      lines.back().append(8 - DisplayWidth(lines.back()) % 8, ' ');
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      constexpr char kDigits[] = "0123456789ABCDEF";
      lines.back() += StrCat("\\x", std::string(1, kDigits[(c >> 4) & 15]), std::string(1, kDigits[c & 15]));
    } else {
      lines.back().push_back(c);
    }
  }
  return lines;
}

size_t Widest(const std::vector<std::string>& lines) {
  size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, DisplayWidth(line));
  return width;
}

const std::string& CellText(const std::optional<std::string>& cell, const PrintOptions& options) { return cell ? *cell : options.null_text; }

std::string RowCount(size_t rows) { return rows == 1 ? "(1 row)" : StrCat("(", rows, " rows)"); }

void AppendFooter(const ResultSet& result, const PrintOptions& options, std::string* out) {
  for (const std::string& line : options.footers) StrAppend(out, line, "\n");
  if (options.footers.empty() && options.footer) StrAppend(out, RowCount(result.rows.size()), "\n");
}

using Cells = std::vector<std::vector<std::string>>;

/// One row, which may take several lines. `header`: centred instead of by type.
void AppendAlignedRow(const Cells& cells, const std::vector<size_t>& widths, const std::vector<ColumnInfo>& columns, bool header, std::string* out) {
  size_t height = 1;
  for (const auto& cell : cells) height = std::max(height, cell.size());
  for (size_t line = 0; line < height; ++line) {
    for (size_t column = 0; column < cells.size(); ++column) {
      const auto& cell = cells[column];
      const std::string text = line < cell.size() ? cell[line] : "";
      const size_t space = widths[column] - DisplayWidth(text);
      const bool last = column + 1 == cells.size(), goes_on = line + 1 < cell.size();
      size_t before = 0;
      if (header) {
        before = space / 2;
      } else if (IsRightAligned(columns[column].type_oid)) {
        before = space;
      }
      out->push_back(' ');
      out->append(before, ' ');
      out->append(text);
      if (!last || header || goes_on) {
        out->append(space - before, ' ');
        out->push_back(goes_on ? '+' : ' ');
      }
      if (!last) out->push_back('|');
    }
    out->push_back('\n');
  }
}

std::string Aligned(const ResultSet& result, const PrintOptions& options) {
  const size_t count = result.columns.size();
  std::vector<size_t> widths(count);
  Cells header(count);
  for (size_t i = 0; i < count; ++i) {
    header[i] = Lines(result.columns[i].name);
    widths[i] = Widest(header[i]);
  }
  std::vector<Cells> rows;
  rows.reserve(result.rows.size());
  for (const TextRow& row : result.rows) {
    Cells& cells = rows.emplace_back(count);
    for (size_t i = 0; i < count && i < row.size(); ++i) {
      cells[i] = Lines(CellText(row[i], options));
      widths[i] = std::max(widths[i], Widest(cells[i]));
    }
  }
  std::string out;
  if (!options.tuples_only) {
    size_t total = count == 0 ? 0 : count - 1;
    for (const size_t width : widths) total += width + 2;
    if (!options.title.empty()) {
      const size_t width = DisplayWidth(options.title);
      out = StrCat(std::string(width < total ? (total - width) / 2 : 0, ' '), options.title, "\n");
    }
    if (count > 0) AppendAlignedRow(header, widths, result.columns, true, &out);
    if (count == 0) out += "--";
    for (size_t i = 0; i < count; ++i) StrAppend(&out, i > 0 ? "+" : "", std::string(widths[i] + 2, '-'));
    out.push_back('\n');
  }
  if (count > 0) {
    for (const Cells& cells : rows) AppendAlignedRow(cells, widths, result.columns, false, &out);
  }
  if (!options.tuples_only) AppendFooter(result, options, &out);
  out.push_back('\n');
  return out;
}

/// `head` stands in the line's beginning.
void AppendRecordLine(const std::string& head, size_t name_width, size_t value_width, std::string* out) {
  std::string line(name_width + 1, '-');
  line += '+';
  line.append(value_width + 1, '-');
  StrAppend(out, head, line.size() > head.size() ? line.substr(head.size()) : "", "\n");
}

std::string ExpandedAligned(const ResultSet& result, const PrintOptions& options) {
  if (result.rows.empty()) return options.tuples_only ? "\n" : options.footer ? "(0 rows)\n\n" : "\n";
  size_t name_width = 0, value_width = 0;
  for (const ColumnInfo& column : result.columns) name_width = std::max(name_width, Widest(Lines(column.name)));
  for (const TextRow& row : result.rows) {
    for (const auto& cell : row) value_width = std::max(value_width, Widest(Lines(CellText(cell, options))));
  }
  std::string out = options.title.empty() || options.tuples_only ? "" : StrCat(options.title, "\n");
  for (size_t number = 0; number < result.rows.size(); ++number) {
    if (!options.tuples_only) {
      AppendRecordLine(StrCat("-[ RECORD ", number + 1, " ]"), name_width, value_width, &out);
    } else if (number > 0) {
      AppendRecordLine("", name_width, value_width, &out);
    }
    for (size_t i = 0; i < result.columns.size(); ++i) {
      const std::vector<std::string> names = Lines(result.columns[i].name), values = Lines(CellText(result.rows[number][i], options));
      for (size_t line = 0; line < std::max(names.size(), values.size()); ++line) {
        const std::string name = line < names.size() ? names[line] : "";
        StrAppend(&out, name, std::string(name_width - DisplayWidth(name), ' '), line + 1 < names.size() ? "+" : " ", "|");
        if (line < values.size()) {
          StrAppend(&out, " ", values[line]);
          if (line + 1 < values.size()) StrAppend(&out, std::string(value_width - DisplayWidth(values[line]), ' '), "+");
        }
        out.push_back('\n');
      }
    }
  }
  out.push_back('\n');
  return out;
}

std::string CsvField(std::string_view text, const std::string& separator) {
  const bool quote = text.find_first_of("\"\r\n") != std::string_view::npos || text.find(separator) != std::string_view::npos || text == "\\.";
  return quote ? client::QuoteIdentifier(text) : std::string(text);
}

std::string Delimited(const ResultSet& result, const PrintOptions& options) {
  const bool csv = options.format == TableFormat::kCsv;
  const std::string separator = csv ? "," : options.separator;
  auto field = [&](std::string_view text) { return csv ? CsvField(text, separator) : std::string(text); };
  std::string out;
  if (options.expanded == Expanded::kOn) {
    for (size_t number = 0; number < result.rows.size(); ++number) {
      if (!csv && number > 0) out.push_back('\n');
      for (size_t i = 0; i < result.columns.size(); ++i) {
        StrAppend(&out, field(result.columns[i].name), separator, field(CellText(result.rows[number][i], options)), "\n");
      }
    }
    return out;
  }
  if (!options.tuples_only) {
    if (!options.title.empty() && !csv) StrAppend(&out, options.title, "\n");
    for (size_t i = 0; i < result.columns.size(); ++i) StrAppend(&out, i > 0 ? separator : "", field(result.columns[i].name));
    out.push_back('\n');
  }
  for (const TextRow& row : result.rows) {
    for (size_t i = 0; i < row.size(); ++i) StrAppend(&out, i > 0 ? separator : "", field(CellText(row[i], options)));
    out.push_back('\n');
  }
  if (!csv && !options.tuples_only) AppendFooter(result, options, &out);
  return out;
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t wide = 0;
    const size_t used = static_cast<unsigned char>(text[0]) < 0x80 ? 1 : std::mbrtowc(&wide, text.data(), text.size(), &state);
    if (used == 1 || used == 0 || used > text.size()) {
      state = {};
      // Bytes that the locale does not know: count characters, not continuation bytes.
      if ((text[0] & 0xc0) != 0x80) ++width;
      text.remove_prefix(1);
      continue;
    }
    width += static_cast<size_t>(std::max(0, ::wcwidth(wide)));
    text.remove_prefix(used);
  }
  return width;
}

std::string PrintTable(const ResultSet& result, const PrintOptions& options) {
  if (options.format != TableFormat::kAligned) return Delimited(result, options);
  if (options.expanded == Expanded::kOn) return ExpandedAligned(result, options);
  std::string aligned = Aligned(result, options);
  if (options.expanded == Expanded::kAuto && options.terminal_columns > 0 && !result.rows.empty()) {
    for (const std::string& line : Lines(aligned)) {
      if (DisplayWidth(line) > options.terminal_columns) return ExpandedAligned(result, options);
    }
  }
  return aligned;
}

}  // namespace tsd::tsql
