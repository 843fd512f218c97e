#include "engine/store/key_matches.h"

#include <algorithm>

#include "engine/chunk/zone_map.h"
#include "engine/types/compare.h"

namespace tsd::engine {
namespace {

/// Up to so many rows are compared one with one.
constexpr size_t kFewRows = 8;

/// Calls `found(row)` for every row of `there` that has the key of `probe`'s row.
template <typename Found>
void ForEqualRows(const KeyRows& probe, size_t row, const KeyRows& there, const KeyTable* table, Found found) {
  if (table == nullptr) {
    for (uint32_t other = 0; other < there.rows(); ++other) {
      if (there.Equal(other, probe, row) && there.AppliesTo(other)) found(other);
    }
    return;
  }
  for (uint32_t other = table->First(probe.Hash(row)); other != KeyTable::kNone; other = table->Next(other)) {
    if (there.Equal(other, probe, row)) found(other);
  }
}

/// Rows of the probe that the bounds let through.
std::vector<uint32_t> RowsWithin(const KeyRows& rows, const KeyBounds& bounds) {
  std::vector<uint32_t> result;
  for (uint32_t row = 0; row < rows.rows(); ++row) {
    if (rows.AppliesTo(row) && rows.Within(row, bounds)) result.push_back(row);
  }
  return result;
}

class MatchFinder {
 public:
  MatchFinder(const TableSchema& schema, const std::vector<KeyOfBlockPtr>& own, const KeyView& view) : schema_(schema), own_(own), view_(view) {}

  StatusOr<std::vector<KeyMatch>> Run() {
    for (const KeyView::Block& block : view_.blocks) InBlock(block);
    for (const KeyView::File& file : view_.files) {
      for (size_t key = 0; key < own_.size(); ++key) RETURN_IF_ERROR(InFile(file, key));
    }
    std::ranges::stable_sort(matches_, {}, [](const KeyMatch& match) { return std::pair(match.position, match.key); });
    return std::move(matches_);
  }

 private:
  void InBlock(const KeyView::Block& block);
  std::shared_ptr<const KeyTable> TableOf(const KeyView::Block& block) const;
  Status InFile(const KeyView::File& file, size_t key);
  Status InGroup(const KeyView::File& file, size_t key, const ChunkReader& reader, size_t group, const std::vector<uint32_t>& candidates,
                 const KeyRows& wanted, const KeyTable* table);
  /// What rows of the key must satisfy to equal one of these.
  ScanPredicate PredicateFor(const KeyRows& wanted, const UniqueKey& key) const;

  const TableSchema& schema_;
  const std::vector<KeyOfBlockPtr>& own_;
  const KeyView& view_;
  std::vector<KeyMatch> matches_;
};

std::shared_ptr<const KeyTable> MatchFinder::TableOf(const KeyView::Block& block) const {
  if (block.values->rows.rows() <= kFewRows) return nullptr;
  MutexLock lock(block.values->mutex);
  if (block.values->table == nullptr) {
    // Rows that are deleted stay so: a key that is updated again and again leaves many behind.
    std::vector<uint8_t> left_out;
    if (!view_.deletes.empty() && block.owner == nullptr) {
      left_out.resize(block.block->row_count());
      for (size_t row = 0; row < left_out.size(); ++row) left_out[row] = view_.IsDeleted(block.block->RowId(row)) ? 1 : 0;
    }
    block.values->table = std::make_shared<KeyTable>(block.values->rows, left_out);
  }
  return block.values->table;
}

void MatchFinder::InBlock(const KeyView::Block& block) {
  const KeyOfBlock& mine = *own_[block.key];
  const std::vector<uint32_t> candidates = RowsWithin(mine.rows, block.values->bounds);
  if (candidates.empty()) return;
  const std::shared_ptr<const KeyTable> table = TableOf(block);
  for (const uint32_t position : candidates) {
    ForEqualRows(mine.rows, position, block.values->rows, table.get(), [&](uint32_t row) {
      const uint64_t row_id = block.block->RowId(row);
      if (view_.IsDeleted(row_id)) return;
      KeyMatch match;
      match.position = position;
      match.key = block.key;
      match.row_id = row_id;
      match.owner = block.owner;
      match.level = block.level;
      match.unchecked = block.unchecked;
      match.commit = block.block->commits == nullptr ? block.commit : Timestamp(static_cast<uint64_t>(block.block->commits->Get<int64_t>(row)));
      match.block = block.block;
      match.row = row;
      matches_.push_back(std::move(match));
    });
  }
}

ScanPredicate MatchFinder::PredicateFor(const KeyRows& wanted, const UniqueKey& key) const {
  ScanPredicate predicate;
  for (size_t i = 0; i < key.columns.size(); ++i) {
    const Vector& column = *wanted.columns()[i];
    if (!HasZoneOrder(column.type()) || column.HasNulls()) continue;
    size_t low = 0, high = 0;
    for (size_t row = 1; row < wanted.rows(); ++row) {
      if (CompareRows(column, row, column, low) < 0) low = row;
      if (CompareRows(column, row, column, high) > 0) high = row;
    }
    using Op = ColumnCondition::Op;
    if (low == high) {
      predicate.conditions.push_back({key.columns[i], Op::kEqual, {Value::FromVector(column, low)}});
    } else {
      predicate.conditions.push_back({key.columns[i], Op::kGreaterEqual, {Value::FromVector(column, low)}});
      predicate.conditions.push_back({key.columns[i], Op::kLessEqual, {Value::FromVector(column, high)}});
    }
  }
  return predicate;
}

Status MatchFinder::InFile(const KeyView::File& file, size_t key) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const ChunkReader> reader, file.file->Reader());
  const UniqueKey& unique = schema_.unique_keys[key];
  const KeyOfBlock& mine = *own_[key];
  KeyBounds bounds;
  for (size_t i = 0; i < unique.columns.size(); ++i) {
    bounds.ranges.emplace_back();
    const ColumnStats* stats = reader->FileStats(unique.columns[i]);
    if (!mine.bounds.ranges[i] || stats == nullptr || !stats->has_bounds || (!unique.nulls_distinct && stats->null_count > 0)) continue;
    if (stats->min.type().Physical() != mine.rows.columns()[i]->type().Physical()) continue;
    bounds.ranges[i] = KeyBounds::Range{stats->min.AsInteger(), stats->max.AsInteger()};
  }
  bounds.any_rows = true;
  if (!mine.bounds.Meets(bounds)) return OkStatus();
  const std::vector<uint32_t> candidates = RowsWithin(mine.rows, bounds);
  if (candidates.empty()) return OkStatus();
  std::vector<VectorPtr> columns;
  for (const VectorPtr& column : mine.rows.columns()) columns.push_back(Vector::Gather(column, candidates));
  const KeyRows wanted(std::move(columns), candidates.size(), unique.nulls_distinct);
  const ScanPredicate predicate = PredicateFor(wanted, unique);
  if (reader->CanSkipFile(predicate)) return OkStatus();
  std::optional<KeyTable> table;
  if (wanted.rows() > kFewRows) table.emplace(wanted, std::span<const uint8_t>());
  for (size_t group = 0; group < reader->row_group_count(); ++group) {
    if (reader->CanSkip(group, predicate)) continue;
    RETURN_IF_ERROR(InGroup(file, key, *reader, group, candidates, wanted, table ? &*table : nullptr));
  }
  return OkStatus();
}

Status MatchFinder::InGroup(const KeyView::File& file, size_t key, const ChunkReader& reader, size_t group,
                            const std::vector<uint32_t>& candidates, const KeyRows& wanted, const KeyTable* table) {
  const UniqueKey& unique = schema_.unique_keys[key];
  std::vector<VectorPtr> columns;
  for (const ColumnId id : unique.columns) {
    const ColumnSchema& column = *schema_.Find(id);
    ASSIGN_OR_RETURN(VectorPtr values, reader.ReadColumn(group, id));
    if (values == nullptr) values = MissingColumn(column, reader.rows_in(group));
    ASSIGN_OR_RETURN(values, Relabel(std::move(values), column.type));
    columns.push_back(std::move(values));
  }
  const KeyRows there(std::move(columns), reader.rows_in(group), unique.nulls_distinct);
  const KeyBounds bounds = wanted.Bounds();
  std::vector<std::pair<uint32_t, uint32_t>> found;  // candidate, row of the group
  for (uint32_t row = 0; row < there.rows(); ++row) {
    if (!there.Within(row, bounds) || !there.AppliesTo(row)) continue;
    ForEqualRows(there, row, wanted, table, [&](uint32_t candidate) { found.emplace_back(candidate, row); });
  }
  if (found.empty()) return OkStatus();
  ASSIGN_OR_RETURN(const VectorPtr row_ids, reader.ReadColumn(group, kRowIdColumn));
  ASSIGN_OR_RETURN(const VectorPtr commits, reader.ReadColumn(group, kCommitColumn));
  if (row_ids == nullptr) return Error(sqlstate::kDataCorrupted, "chunk file without row ids");
  for (const auto& [candidate, row] : found) {
    KeyMatch match;
    match.row_id = static_cast<uint64_t>(row_ids->Get<int64_t>(row));
    if (view_.IsDeleted(match.row_id)) continue;
    match.position = candidates[candidate];
    match.key = key;
    match.owner = file.owner;
    for (const RowRange& range : file.ranges) {
      if (match.row_id >= range.first_row_id && match.row_id - range.first_row_id < range.count) match.level = range.level;
    }
    match.commit = commits == nullptr ? file.commit : Timestamp(static_cast<uint64_t>(commits->Get<int64_t>(row)));
    match.file = file.file;
    match.group = group;
    match.row = row;
    matches_.push_back(std::move(match));
  }
  return OkStatus();
}

}  // namespace

StatusOr<KeyOfBlockPtr> KeyOf(const RowBlock& block, const TableSchema& schema, const UniqueKey& key) {
  if (KeyOfBlockPtr known = block.keys.Find(key)) return known;
  std::vector<VectorPtr> columns;
  for (const ColumnId id : key.columns) {
    ASSIGN_OR_RETURN(VectorPtr column, ColumnFor(block, *schema.Find(id)));
    columns.push_back(std::move(column));
  }
  return block.keys.Add(std::make_shared<KeyOfBlock>(KeyRows(std::move(columns), block.row_count(), key.nulls_distinct), key.columns,
                                                   key.nulls_distinct));
}

std::optional<uint32_t> FirstRepeated(KeyOfBlock& key) {
  const KeyRows& rows = key.rows;
  if (rows.rows() < 2 || rows.IsStrictlyAscending()) return std::nullopt;
  auto table = std::make_shared<KeyTable>(rows.rows());
  const std::vector<uint64_t> hashes = rows.Hashes();
  for (uint32_t row = 0; row < rows.rows(); ++row) {
    if (!rows.AppliesTo(row)) continue;
    for (uint32_t other = table->First(hashes[row]); other != KeyTable::kNone; other = table->Next(other)) {
      if (rows.Equal(row, rows, other)) return row;
    }
    table->Insert(hashes[row], row);
  }
  MutexLock lock(key.mutex);
  key.table = std::move(table);
  return std::nullopt;
}

StatusOr<std::vector<KeyMatch>> FindKeyMatches(const TableSchema& schema, const std::vector<KeyOfBlockPtr>& own, const KeyView& view) {
  return MatchFinder(schema, own, view).Run();
}

StatusOr<ColumnBatch> RowsOfMatches(const TableSchema& schema, std::span<const KeyMatch> matches) {
  const auto place = [&](uint32_t i) {
    const void* source = matches[i].block != nullptr ? static_cast<const void*>(matches[i].block.get()) : matches[i].file.get();
    return std::pair(source, matches[i].group);
  };
  // A row group is read once, so rows come by their places; `back` puts them into the order of the matches.
  std::vector<uint32_t> order(matches.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](uint32_t left, uint32_t right) { return place(left) < place(right); });
  std::vector<uint32_t> back(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) back[order[i]] = i;
  std::vector<VectorPtr> columns;
  for (const ColumnSchema& column : schema.columns) {
    auto values = std::make_shared<Vector>(column.type);
    VectorPtr from;
    for (size_t i = 0; i < order.size(); ++i) {
      const KeyMatch& match = matches[order[i]];
      if (i == 0 || place(order[i]) != place(order[i - 1])) {
        if (match.block != nullptr) {
          ASSIGN_OR_RETURN(from, ColumnFor(*match.block, column));
        } else {
          ASSIGN_OR_RETURN(const std::shared_ptr<const ChunkReader> reader, match.file->Reader());
          ASSIGN_OR_RETURN(from, reader->ReadColumn(match.group, column.id));
          if (from == nullptr) from = MissingColumn(column, reader->rows_in(match.group));
          ASSIGN_OR_RETURN(from, Relabel(std::move(from), column.type));
        }
      }
      values->AppendFrom(*from, match.row);
    }
    columns.push_back(std::move(values));
  }
  return ColumnBatch(std::move(columns), matches.size()).Gather(back);
}

}  // namespace tsd::engine
