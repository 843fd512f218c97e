#pragma once
// BlockSummaries: the statistics of one column, a row group each, kept and stored column by column, so that a footer is small and decoding
// it is decoding a few blocks. Immutable once decoded; any thread.
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/scan/column_stats.h"
#include "engine/types/vector.h"

namespace tsd::engine {

class BlockSummaries {
 public:
  explicit BlockSummaries(DataType type);

  size_t size() const { return flags_.size(); }
  /// Requires: stats of a column of the type.
  void Append(const ColumnStats& stats);
  /// What was appended for a row group of `rows` rows.
  ColumnStats At(size_t group, uint64_t rows) const;
  uint64_t NullCount(size_t group) const { return static_cast<uint64_t>(null_counts_[group]); }
  bool HasBounds(size_t group) const { return (flags_[group] & 1) != 0; }
  /// All rows of the group are equal: one value, or all NULL.
  bool IsUniform(size_t group, uint64_t rows) const;
  /// Bounds of the group as rows of these; use only where HasBounds.
  const Vector& lows() const { return min_; }
  const Vector& highs() const { return max_; }
  bool HasEdges(size_t group) const { return (flags_[group] & 4) != 0; }
  /// The groups' last values; use only where HasEdges.
  const Vector& lasts() const { return last_; }

  void Encode(ByteWriter& writer) const;
  /// !reader.ok() on damage. `group_rows` has a number of rows a group.
  static BlockSummaries Decode(ByteReader& reader, DataType type, const std::vector<uint32_t>& group_rows);

 private:
  DataType type_;
  std::vector<int64_t> flags_;  // 1 bounds, 2 exact, 4 edges, SumKind << 3
  std::vector<int64_t> null_counts_;
  Vector min_, max_, first_, last_;  // NULL where there is none
  std::vector<int64_t> sum_low_, sum_high_;
  Vector double_sums_;
};

/// Lists of numbers in a footer: varint bytes, integers (codec/integer_codec.h).
void PutIntegers(const std::vector<int64_t>& values, ByteWriter& writer);
std::vector<int64_t> GetIntegers(ByteReader& reader, size_t count);
/// A column of a footer: varint bytes, block (codec/block_codec.h). Requires: 1 <= rows <= kMaxBlockRows.
void PutColumn(const Vector& column, ByteWriter& writer);
VectorPtr GetColumn(ByteReader& reader, DataType type, size_t rows);

}  // namespace tsd::engine
