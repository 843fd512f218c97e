#pragma once
// Blocks of fields to a column batch. A reader cuts its input into fields (slices of its buffer, nothing is copied), some hundred rows
// at a time; the loader then converts column by column in tight loops. If anything in a block is wrong, the block is gone through again
// row by row to report the error PostgreSQL would report first. One thread at a time.
#include <memory>
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
  /// `source` must outlive the loader. `input_bytes`: of what is to be loaded.
  CopyLoader(const CopySource& source, FieldForm form, size_t input_bytes);

  /// Converts the first `rows` rows. If one of them is refused, those before it are loaded.
  Status Load(const FieldBlock& block, size_t rows);
  /// The error of the first `fields` fields of one row, if any: for a row that cannot be loaded anyway.
  Status CheckRow(const FieldBlock& block, size_t row, size_t fields) const;
  /// The loaded rows. The loader is of no use any more.
  CopyBatch Take();

 private:
  Status LoadUntilRefused(const FieldBlock& block, size_t rows);
  /// Drops what a block of which some row is refused has left in some columns.
  void KeepWholeRows();
  bool LoadColumn(size_t column, const CopyField* fields, size_t rows);
  void TakeLines(const FieldBlock& block, size_t rows);
  Status Convert(size_t column, const CopyField& field, Vector& out) const;
  std::string Context(uint64_t line, size_t column, const CopyField& field) const;

  const CopySource& source_;
  const FieldForm form_;
  std::vector<std::shared_ptr<Vector>> vectors_;
  std::vector<uint64_t> lines_;  // of the rows in vectors_
};

/// 'COPY t, line 3: "..."', the line cut to 100 characters.
std::string CopyLineContext(const CopyColumns& columns, uint64_t line, std::string_view text);

}  // namespace tsd::net::pg
