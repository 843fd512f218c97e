#pragma once
// Rows of a batch as DataRow messages, each column in text or binary. Rows are put together in a block of memory and appended to the
// output a block at a time; the usual types are written there directly, without a call or an allocation a value. Any thread.
#include <memory>
#include <string>
#include <vector>

#include "engine/types/column_batch.h"
#include "engine/types/text_form.h"

namespace tsd::net::pg {

class RowWriter {
 public:
  /// `formats` as in Bind: empty = all text, one = for all, else one a column.
  explicit RowWriter(std::vector<int16_t> formats) : formats_(std::move(formats)) {}

  /// Appends rows from `begin` on until `out` has at least `stop_bytes`; returns the first row not written.
  size_t Append(const ColumnBatch& batch, size_t begin, size_t stop_bytes, const TextContext& context, std::string& out) const {
    return Append(batch, begin, batch.rows(), stop_bytes, context, out);
  }
  size_t Append(const ColumnBatch& batch, size_t begin, size_t end, size_t stop_bytes, const TextContext& context, std::string& out) const;
  /// All columns are of the usual types, whose form no catalog is asked for: any thread may write them, with a context of its own.
  bool WritesFromAnyThread(const ColumnBatch& batch, const TextContext& context) const;

 private:
  std::vector<int16_t> formats_;
};

}  // namespace tsd::net::pg
