#pragma once
// COPY TO STDOUT: column batches to text, CSV or binary. One thread at a time.
#include <string>
#include <vector>

#include "engine/types/column_batch.h"
#include "engine/types/text_form.h"
#include "net/pg/copy_format.h"

namespace tsd::net::pg {

class CopyWriter {
 public:
  /// `context` must outlive the writer.
  CopyWriter(CopyDialect dialect, CopyColumns columns, const TextContext* context);

  /// What comes before the rows: the header line or the binary signature. May append nothing.
  void Begin(std::string& out) const;
  /// Rows [begin, end); `ends`, if given, gets the end of each in `out`.
  void Rows(const ColumnBatch& batch, size_t begin, size_t end, std::string& out, std::vector<size_t>* ends = nullptr);
  /// The binary trailer, or nothing.
  void End(std::string& out) const;

 private:
  void TextRow(const ColumnBatch& batch, size_t row, std::string& out);
  void CsvRow(const ColumnBatch& batch, size_t row, std::string& out);
  void BinaryRow(const ColumnBatch& batch, size_t row, std::string& out);
  enum class Quoting { kIfNeeded, kAlways };
  void CsvField(std::string_view value, Quoting quoting, std::string& out) const;

  const CopyDialect dialect_;
  const CopyColumns columns_;
  const TextContext* const context_;
  std::string scratch_;
};

}  // namespace tsd::net::pg
