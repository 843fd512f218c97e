#pragma once
// Sorts rows in steps of about a millisecond, so that a query that sorts millions of them gives way to others and can be cancelled:
// prefixes (row_prefixes.h), then quicksort (Hoare's partition, sub-ranges by std::sort). Rows with equal keys stay as they came. One thread
// at a time.
#include <memory>

#include "sql/exec/row_prefixes.h"

namespace tsd::sql {

class RowSorter {
 public:
  /// What a sort takes beside the batch.
  static size_t BytesARow(const std::vector<OrderKey>& keys) { return keys.size() < 2 ? 24 : 40; }

  /// The batch must outlive it.
  RowSorter(const ColumnBatch& batch, const std::vector<OrderKey>& keys);
  ~RowSorter();
  /// True: the order is there.
  bool Step();
  /// The rows of the batch in order. Requires: it is there.
  std::vector<uint32_t> Take();

 private:
  class Pass;
  template <typename RowAt, typename Less>
  class PassOf;

  const size_t row_count_;
  RowPrefixes prefixes_;
  std::unique_ptr<Pass> pass_;  // once the prefixes are there
  bool copied_ = false;         // they are in pass_
};

}  // namespace tsd::sql
