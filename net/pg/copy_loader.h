#pragma once
// Blocks of fields to column batches. A reader cuts its input into fields (slices of its buffer, nothing is copied), some hundred rows
// at a time; the loader then converts column by column in tight loops. If anything in a block is wrong, the block is gone through again
// row by row to report the error PostgreSQL would report first. One thread at a time.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/types/text_columns.h"
#include "net/pg/copy_format.h"

namespace tsd::net::pg {

using CopyField = TextField;

/// Fields of up to kRows rows, column by column.
class FieldBlock {
 public:
  static constexpr size_t kRows = 256;
  explicit FieldBlock(size_t columns) : fields_(columns * kStride), lines_(kRows) {}

  CopyField* column(size_t index) { return fields_.data() + index * kStride; }
  const CopyField* column(size_t index) const { return fields_.data() + index * kStride; }
  CopyField& at(size_t column, size_t row) { return fields_[column * kStride + row]; }
  const CopyField& at(size_t column, size_t row) const { return fields_[column * kStride + row]; }
  /// Input line of a row.
  uint64_t& line(size_t row) { return lines_[row]; }
  uint64_t line(size_t row) const { return lines_[row]; }

 private:
  /// Not a power of two: the fields of one row would share the few lines of one set of the processor's cache.
  static constexpr size_t kStride = kRows + 4;

  std::vector<CopyField> fields_;
  std::vector<uint64_t> lines_;
};

enum class FieldForm { kText, kBinary };

class CopyLoader {
 public:
  CopyLoader(CopyColumns columns, FieldForm form, const TextContext* context);

  const CopyColumns& columns() const { return columns_; }
  /// Converts the first `rows` rows.
  Status Load(const FieldBlock& block, size_t rows);
  /// The error of the first `fields` fields of one row, if any: for a row that cannot be loaded anyway.
  Status CheckRow(const FieldBlock& block, size_t row, size_t fields) const;
  /// No more rows will come.
  void Finish() { Cut(); }
  std::optional<CopyBatch> TakeBatch();

 private:
  void Start();
  void Cut();
  bool LoadColumn(size_t column, const CopyField* fields, size_t rows);
  Status Convert(size_t column, const CopyField& field, Vector& out) const;
  std::string Context(uint64_t line, size_t column, const CopyField& field) const;

  const CopyColumns columns_;
  const FieldForm form_;
  const TextContext* const context_;
  std::vector<std::shared_ptr<Vector>> vectors_;
  std::vector<uint64_t> lines_;
  size_t rows_ = 0;
  size_t bytes_ = 0;  // of the fields in vectors_
  std::deque<CopyBatch> ready_;
};

/// 'COPY t, line 3: "..."', the line cut to 100 characters.
std::string CopyLineContext(const CopyColumns& columns, uint64_t line, std::string_view text);

}  // namespace tsd::net::pg
