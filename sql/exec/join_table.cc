#include "sql/exec/join_table.h"

namespace tsd::sql {

bool AnyNull(const std::vector<VectorPtr>& keys, size_t row) {
  for (const VectorPtr& key : keys) {
    if (key->IsNull(row)) return true;
  }
  return false;
}

JoinTable::JoinTable(std::vector<DataType> row_types, std::vector<DataType> key_types)
    : has_keys_(!key_types.empty()), columns_(row_types.size()), builder_(std::move(row_types)), table_(std::move(key_types)) {}

void JoinTable::Add(const ColumnBatch& rows, const std::vector<VectorPtr>& keys) {
  builder_.Append(rows);
  if (!has_keys_) return;
  table_.Resolve(keys, rows.rows(), &ids_);
  for (size_t row = 0; row < ids_.size(); ++row) {
    if (AnyNull(keys, row)) ids_[row] = kNone;
  }
  next_.insert(next_.end(), ids_.begin(), ids_.end());
}

void JoinTable::Build() {
  rows_ = builder_.Finish();
  if (!has_keys_) return;
  first_.assign(table_.size(), kNone);
  for (size_t row = next_.size(); row-- > 0;) {  // backwards: chains run in input order
    const uint32_t id = next_[row];
    if (id == kNone) continue;
    next_[row] = first_[id];
    first_[id] = static_cast<uint32_t>(row);
  }
}

size_t JoinTable::MemoryBytes() const {
  const size_t rows = rows_.empty() ? builder_.MemoryBytes() : rows_.MemoryBytes();
  return rows + table_.MemoryBytes() + (next_.capacity() + table_.size()) * sizeof(uint32_t);
}

void JoinTable::FirstCandidates(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* candidates) const {
  if (!has_keys_) {
    candidates->assign(rows, rows_.empty() ? kNone : 0);
    return;
  }
  table_.Lookup(keys, rows, candidates);
  for (size_t row = 0; row < rows; ++row) {
    uint32_t& candidate = (*candidates)[row];
    if (candidate != kNone) candidate = AnyNull(keys, row) ? kNone : first_[candidate];
  }
}

}  // namespace tsd::sql
