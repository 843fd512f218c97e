#include "net/pg/copy_writer.h"

#include <cstring>

#include "engine/types/binary_form.h"
#include "net/pg/byte_scan.h"
#include "net/pg/copy_binary_rows.h"

namespace tsd::net::pg {
namespace {

void PutFieldCount(uint16_t value, std::string& out) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}
void PutFieldLength(uint32_t value, std::string& out) {
  value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));  // tidy: the bytes of an integer in network order
}

/// The letter of a C-like escape, 0 = the character needs none.
char EscapeLetter(char c) {
  switch (c) {
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    default: return 0;
  }
}

void AppendTextField(std::string_view value, char delimiter, std::string& out) {
  for (const char c : value) {
    if (const char letter = EscapeLetter(c); letter != 0) {
      out.push_back('\\');
      out.push_back(letter);
    } else if (c == '\\' || c == delimiter) {
      out.push_back('\\');
      out.push_back(c);
    } else {
      out.push_back(c);
    }
  }
}

/// Types whose text never holds a byte that the text format must escape (a delimiter other than tab apart).
bool IsPlainType(const DataType& type) { return type.Physical() != PhysicalType::kBytes; }

}  // namespace

CopyWriter::CopyWriter(CopyDialect dialect, CopyColumns columns, const TextContext* context)
    : dialect_(std::move(dialect)), columns_(std::move(columns)), context_(context) {}

void CopyWriter::Begin(std::string& out) const {
  if (dialect_.format == CopyFormat::kBinary) {
    out.append(kCopySignature);
    out.append(8, '\0');
    return;
  }
  if (dialect_.header == CopyHeader::kNone) return;
  for (size_t c = 0; c < columns_.names.size(); ++c) {
    if (c > 0) out.push_back(dialect_.delimiter);
    if (dialect_.format == CopyFormat::kCsv) {
      CsvField(columns_.names[c], Quoting::kIfNeeded, out);
    } else {
      AppendTextField(columns_.names[c], dialect_.delimiter, out);
    }
  }
  out.push_back('\n');
}

void CopyWriter::End(std::string& out) const {
  if (dialect_.format == CopyFormat::kBinary) PutFieldCount(0xffff, out);
}

void CopyWriter::Rows(const ColumnBatch& batch, size_t begin, size_t end, std::string& out, std::vector<size_t>* ends) {
  for (size_t row = begin; row < end; ++row) {
    switch (dialect_.format) {
      case CopyFormat::kText: TextRow(batch, row, out); break;
      case CopyFormat::kCsv: CsvRow(batch, row, out); break;
      case CopyFormat::kBinary: BinaryRow(batch, row, out); break;
    }
    if (ends != nullptr) ends->push_back(out.size());
  }
}

void CopyWriter::TextRow(const ColumnBatch& batch, size_t row, std::string& out) {
  for (size_t c = 0; c < batch.column_count(); ++c) {
    if (c > 0) out.push_back(dialect_.delimiter);
    const Vector& column = batch.column(c);
    if (column.IsNull(row)) {
      out.append(dialect_.null_string);
    } else if (dialect_.delimiter == '\t' && IsPlainType(column.type())) {
      FormatText(column, row, *context_, out);
    } else {
      scratch_.clear();
      FormatText(column, row, *context_, scratch_);
      AppendTextField(scratch_, dialect_.delimiter, out);
    }
  }
  out.push_back('\n');
}

void CopyWriter::CsvRow(const ColumnBatch& batch, size_t row, std::string& out) {
  for (size_t c = 0; c < batch.column_count(); ++c) {
    if (c > 0) out.push_back(dialect_.delimiter);
    const Vector& column = batch.column(c);
    if (column.IsNull(row)) {
      out.append(dialect_.null_string);
      continue;
    }
    scratch_.clear();
    FormatText(column, row, *context_, scratch_);
    const bool force = c < dialect_.force_quote.size() && dialect_.force_quote[c];
    CsvField(scratch_, force ? Quoting::kAlways : Quoting::kIfNeeded, out);
  }
  out.push_back('\n');
}

void CopyWriter::CsvField(std::string_view value, Quoting quoting, std::string& out) const {
  bool quote = quoting == Quoting::kAlways || value == dialect_.null_string;
  // Alone on its line it would end the data.
  if (!quote && columns_.types.size() == 1 && value == "\\.") quote = true;
  if (!quote) {
    const ByteSet specials{dialect_.delimiter, dialect_.quote, '\n', '\r', '\r'};
    quote = ByteScanner<4>(value, specials).Next() < value.size();
  }
  if (!quote) {
    out.append(value);
    return;
  }
  out.push_back(dialect_.quote);
  for (const char c : value) {
    if (c == dialect_.quote || c == dialect_.escape) out.push_back(dialect_.escape);
    out.push_back(c);
  }
  out.push_back(dialect_.quote);
}

void CopyWriter::BinaryRow(const ColumnBatch& batch, size_t row, std::string& out) {
  PutFieldCount(static_cast<uint16_t>(batch.column_count()), out);
  for (size_t c = 0; c < batch.column_count(); ++c) {
    const Vector& column = batch.column(c);
    if (column.IsNull(row)) {
      PutFieldLength(0xffffffffu, out);
      continue;
    }
    const size_t at = out.size();
    out.append(4, '\0');
    FormatBinary(column, row, out);
    const uint32_t size = __builtin_bswap32(static_cast<uint32_t>(out.size() - at - 4));
    std::memcpy(out.data() + at, &size, sizeof(size));
  }
}

}  // namespace tsd::net::pg
