#include "engine/chunk/block_summaries.h"

#include "engine/codec/block_codec.h"
#include "engine/codec/integer_codec.h"
#include "engine/types/compare.h"

namespace tsd::engine {
namespace {

constexpr int64_t kBounds = 1;
constexpr int64_t kExact = 2;
constexpr int64_t kEdges = 4;
constexpr int kSumShift = 3;
constexpr int64_t kLargestFlags = 2 << kSumShift | 7;

bool AnyFlag(const std::vector<int64_t>& flags, int64_t flag) {
  for (int64_t value : flags) {
    if ((value & flag) != 0) return true;
  }
  return false;
}

bool AnySum(const std::vector<int64_t>& flags, ColumnStats::SumKind kind) {
  for (int64_t value : flags) {
    if (value >> kSumShift == static_cast<int64_t>(kind)) return true;
  }
  return false;
}

}  // namespace

void PutIntegers(const std::vector<int64_t>& values, ByteWriter& writer) {
  std::string bytes;
  EncodeIntegers(values, bytes);
  writer.PutString(bytes);
}

std::vector<int64_t> GetIntegers(ByteReader& reader, size_t count) {
  ByteReader list(reader.GetString());
  std::vector<int64_t> values(count);
  if (!reader.ok() || !DecodeIntegers(list, values) || !list.ok() || !list.AtEnd()) {
    reader.Fail();
    values.assign(count, 0);
  }
  return values;
}

void PutColumn(const Vector& column, ByteWriter& writer) { writer.PutString(EncodeBlock(column)); }

VectorPtr GetColumn(ByteReader& reader, DataType type, size_t rows) {
  const std::string_view bytes = reader.GetString();
  if (reader.ok()) {
    StatusOr<VectorPtr> column = DecodeBlock(type, bytes, rows);
    if (column.ok()) return *std::move(column);
    reader.Fail();
  }
  return Vector::AllNull(type, rows);
}

BlockSummaries::BlockSummaries(DataType type)
    : type_(type), min_(type), max_(type), first_(type), last_(type), double_sums_(DataType(TypeId::kFloat64)) {}

void BlockSummaries::Append(const ColumnStats& stats) {
  int64_t flags = static_cast<int64_t>(stats.sum_kind) << kSumShift;
  if (stats.has_bounds) flags |= kBounds;
  if (stats.has_bounds && stats.exact) flags |= kExact;
  if (stats.has_edges) flags |= kEdges;
  flags_.push_back(flags);
  null_counts_.push_back(static_cast<int64_t>(stats.null_count));
  auto put = [](const Value& value, bool known, Vector& column) { known ? value.AppendTo(column) : column.AppendNull(); };
  put(stats.min, stats.has_bounds, min_);
  put(stats.max, stats.has_bounds, max_);
  put(stats.first, stats.has_edges, first_);
  put(stats.last, stats.has_edges, last_);
  sum_low_.push_back(static_cast<int64_t>(stats.int_sum));
  sum_high_.push_back(static_cast<int64_t>(stats.int_sum >> 64));
  double_sums_.Append<double>(stats.double_sum);
}

ColumnStats BlockSummaries::At(size_t group, uint64_t rows) const {
  ColumnStats stats;
  const int64_t flags = flags_[group];
  stats.rows = rows;
  stats.null_count = NullCount(group);
  stats.has_bounds = (flags & kBounds) != 0;
  stats.exact = (flags & kExact) != 0;
  stats.has_edges = (flags & kEdges) != 0;
  stats.sum_kind = static_cast<ColumnStats::SumKind>(flags >> kSumShift);
  if (stats.has_bounds) {
    stats.min = Value::FromVector(min_, group);
    stats.max = Value::FromVector(max_, group);
  }
  if (stats.has_edges) {
    stats.first = Value::FromVector(first_, group);
    stats.last = Value::FromVector(last_, group);
  }
  stats.int_sum = static_cast<__int128>(static_cast<unsigned __int128>(static_cast<uint64_t>(sum_high_[group])) << 64 |
                                        static_cast<uint64_t>(sum_low_[group]));
  stats.double_sum = double_sums_.Get<double>(group);
  return stats;
}

bool BlockSummaries::IsUniform(size_t group, uint64_t rows) const {
  if (NullCount(group) == rows) return true;
  if (NullCount(group) != 0 || (flags_[group] & kExact) == 0) return false;
  return CompareRows(min_, group, max_, group) == 0;
}

void BlockSummaries::Encode(ByteWriter& writer) const {
  if (flags_.empty()) return;
  PutIntegers(flags_, writer);
  PutIntegers(null_counts_, writer);
  if (AnyFlag(flags_, kBounds)) {
    PutColumn(min_, writer);
    PutColumn(max_, writer);
  }
  if (AnyFlag(flags_, kEdges)) {
    PutColumn(first_, writer);
    PutColumn(last_, writer);
  }
  if (AnySum(flags_, ColumnStats::SumKind::kInteger)) {
    PutIntegers(sum_low_, writer);
    PutIntegers(sum_high_, writer);
  }
  if (AnySum(flags_, ColumnStats::SumKind::kDouble)) PutColumn(double_sums_, writer);
}

BlockSummaries BlockSummaries::Decode(ByteReader& reader, DataType type, const std::vector<uint32_t>& group_rows) {
  BlockSummaries result(type);
  const size_t groups = group_rows.size();
  if (groups == 0) return result;
  result.flags_ = GetIntegers(reader, groups);
  result.null_counts_ = GetIntegers(reader, groups);
  for (size_t i = 0; i < groups; ++i) {
    if (result.flags_[i] < 0 || result.flags_[i] > kLargestFlags) reader.Fail();
    if (static_cast<uint64_t>(result.null_counts_[i]) > group_rows[i]) reader.Fail();
  }
  auto get = [&](Vector& column) {
    const VectorPtr read = GetColumn(reader, type, groups);
    column.AppendRange(*read, 0, groups);
  };
  if (AnyFlag(result.flags_, kBounds)) {
    get(result.min_);
    get(result.max_);
    // Comparisons rely on it.
    for (size_t i = 0; i < groups; ++i) {
      if (result.HasBounds(i) && (result.min_.IsNull(i) || result.max_.IsNull(i))) reader.Fail();
    }
  }
  if (AnyFlag(result.flags_, kEdges)) {
    get(result.first_);
    get(result.last_);
  }
  result.sum_low_.assign(groups, 0);
  result.sum_high_.assign(groups, 0);
  if (AnySum(result.flags_, ColumnStats::SumKind::kInteger)) {
    result.sum_low_ = GetIntegers(reader, groups);
    result.sum_high_ = GetIntegers(reader, groups);
  }
  if (AnySum(result.flags_, ColumnStats::SumKind::kDouble)) {
    const VectorPtr sums = GetColumn(reader, TypeId::kFloat64, groups);
    if (sums->HasNulls()) reader.Fail();
    result.double_sums_.AppendRange(*sums, 0, groups);
  } else {
    result.double_sums_.ResizeFixed(groups);
  }
  return result;
}

}  // namespace tsd::engine
