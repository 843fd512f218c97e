#pragma once
// COPY data: the options of PostgreSQL 15, and what is copied. COPY FROM goes two steps: copy_splitter.h cuts the input into pieces of
// whole rows, in order; copy_reader.h makes column batches of them, several at a time. COPY TO is copy_writer.h. Pure; any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "engine/types/text_form.h"

namespace tsd::net::pg {

enum class CopyFormat { kText, kCsv, kBinary };
enum class CopyHeader { kNone, kPresent, kMatch };

/// As given in the statement; nullopt = not given. Column lists are indices into the columns that are copied.
struct CopyOptions {
  CopyFormat format = CopyFormat::kText;
  std::optional<std::string> delimiter, null_string, quote, escape;
  CopyHeader header = CopyHeader::kNone;
  bool force_quote_all = false;
  std::vector<size_t> force_quote, force_not_null, force_null;
};

/// COPY TO or FROM: some options go with one only.
enum class CopyDirection { kFrom, kTo };

/// Options checked and completed with defaults.
struct CopyDialect {
  CopyFormat format = CopyFormat::kText;
  char delimiter = '\t';
  char quote = '"';
  char escape = '"';
  std::string null_string = "\\N";
  CopyHeader header = CopyHeader::kNone;
  std::vector<bool> force_quote, force_not_null, force_null;  // one a column
};

/// 22023, 42601, 0A000 with PostgreSQL's texts.
StatusOr<CopyDialect> ResolveCopyOptions(const CopyOptions& options, size_t columns, CopyDirection direction);

/// What is copied: names are used in errors and header lines.
struct CopyColumns {
  std::string table;  // bare name
  std::vector<std::string> names;
  std::vector<DataType> types;
};

/// All that reading a COPY's input depends on.
struct CopySource {
  CopyDialect dialect;
  CopyColumns columns;
  const TextContext* context;  // must outlive the COPY
};

/// A row that is larger is refused.
inline constexpr size_t kMaxCopyRowBytes = 0x3fffffff;

struct CopyBatch {
  ColumnBatch rows;
  /// Input line of each row (1-based; in binary: the row's number), for the CONTEXT of later errors.
  std::vector<uint64_t> lines;
};

/// CONTEXT for an error about a row as a whole: 'COPY t, line 3'.
std::string CopyRowContext(const CopyColumns& columns, uint64_t line);

}  // namespace tsd::net::pg
