#include "net/pg/copy_format.h"

#include "engine/base/strings.h"

namespace tsd::net::pg {
namespace {

Status Unsupported(std::string_view message) { return Error(sqlstate::kFeatureNotSupported, message); }
Status Invalid(std::string_view message) { return Error(sqlstate::kInvalidParameterValue, message); }

bool HasLineEnd(std::string_view text) { return text.find_first_of("\r\n") != std::string_view::npos; }

Status CheckBinary(const CopyOptions& options) {
  if (options.delimiter) return Error(sqlstate::kSyntaxError, "cannot specify DELIMITER in BINARY mode");
  if (options.null_string) return Error(sqlstate::kSyntaxError, "cannot specify NULL in BINARY mode");
  return OkStatus();
}

Status CheckDelimiterAndNull(const CopyOptions& options, CopyDialect* dialect) {
  const bool csv = options.format == CopyFormat::kCsv;
  const std::string delimiter = options.delimiter.value_or(csv ? "," : "\t");
  if (delimiter.size() != 1) return Unsupported("COPY delimiter must be a single one-byte character");
  if (HasLineEnd(delimiter)) return Invalid("COPY delimiter cannot be newline or carriage return");
  dialect->null_string = options.null_string.value_or(csv ? "" : "\\N");
  if (HasLineEnd(dialect->null_string)) return Invalid("COPY null representation cannot use newline or carriage return");
  dialect->delimiter = delimiter[0];
  constexpr std::string_view kMeaningful = "\\.abcdefghijklmnopqrstuvwxyz0123456789";
  if (!csv && kMeaningful.find(dialect->delimiter) != std::string_view::npos) {
    return Invalid(StrCat("COPY delimiter cannot be \"", delimiter, "\""));
  }
  return OkStatus();
}

Status CheckQuoteAndEscape(const CopyOptions& options, CopyDialect* dialect) {
  const bool csv = options.format == CopyFormat::kCsv;
  if (!csv && options.quote) return Unsupported("COPY quote available only in CSV mode");
  const std::string quote = options.quote.value_or("\"");
  if (quote.size() != 1) return Unsupported("COPY quote must be a single one-byte character");
  dialect->quote = quote[0];
  if (csv && dialect->delimiter == dialect->quote) return Invalid("COPY delimiter and quote must be different");
  if (!csv && options.escape) return Unsupported("COPY escape available only in CSV mode");
  const std::string escape = options.escape.value_or(quote);
  if (escape.size() != 1) return Unsupported("COPY escape must be a single one-byte character");
  dialect->escape = escape[0];
  return OkStatus();
}

Status CheckForce(const CopyOptions& options, CopyDirection direction) {
  const bool csv = options.format == CopyFormat::kCsv;
  const bool from = direction == CopyDirection::kFrom;
  const bool force_quote = options.force_quote_all || !options.force_quote.empty();
  if (!csv && force_quote) return Unsupported("COPY force quote available only in CSV mode");
  if (force_quote && from) return Unsupported("COPY force quote only available using COPY TO");
  if (!csv && !options.force_not_null.empty()) return Unsupported("COPY force not null available only in CSV mode");
  if (!options.force_not_null.empty() && !from) return Unsupported("COPY force not null only available using COPY FROM");
  if (!csv && !options.force_null.empty()) return Unsupported("COPY force null available only in CSV mode");
  if (!options.force_null.empty() && !from) return Unsupported("COPY force null only available using COPY FROM");
  return OkStatus();
}

std::vector<bool> Flags(const std::vector<size_t>& indices, size_t columns) {
  std::vector<bool> flags(columns);
  for (size_t index : indices) {
    if (index < columns) flags[index] = true;
  }
  return flags;
}

}  // namespace

StatusOr<CopyDialect> ResolveCopyOptions(const CopyOptions& options, size_t columns, CopyDirection direction) {
  CopyDialect dialect;
  dialect.format = options.format;
  dialect.header = options.header;
  const bool binary = options.format == CopyFormat::kBinary;
  if (binary) RETURN_IF_ERROR(CheckBinary(options));
  RETURN_IF_ERROR(CheckDelimiterAndNull(options, &dialect));
  if (binary && options.header != CopyHeader::kNone) return Unsupported("cannot specify HEADER in BINARY mode");
  if (options.header == CopyHeader::kMatch && direction == CopyDirection::kTo) {
    return Unsupported("cannot use \"match\" with HEADER in COPY TO");
  }
  RETURN_IF_ERROR(CheckQuoteAndEscape(options, &dialect));
  RETURN_IF_ERROR(CheckForce(options, direction));
  if (dialect.null_string.find(dialect.delimiter) != std::string::npos) {
    return Unsupported("COPY delimiter must not appear in the NULL specification");
  }
  if (options.format == CopyFormat::kCsv && dialect.null_string.find(dialect.quote) != std::string::npos) {
    return Unsupported("CSV quote character must not appear in the NULL specification");
  }
  dialect.force_quote = options.force_quote_all ? std::vector<bool>(columns, true) : Flags(options.force_quote, columns);
  dialect.force_not_null = Flags(options.force_not_null, columns);
  dialect.force_null = Flags(options.force_null, columns);
  return dialect;
}

std::string CopyRowContext(const CopyColumns& columns, uint64_t line) {
  return StrCat("COPY ", columns.table, ", line ", line);
}

}  // namespace tsd::net::pg
