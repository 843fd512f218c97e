#include "engine/chunk/chunk_reader.h"

#include <algorithm>

#include "engine/base/strings.h"
#include "engine/chunk/zone_map.h"
#include "engine/codec/block_codec.h"
#include "engine/types/compare.h"

namespace tsd::engine {
namespace {

Status InFile(const Status& status, const std::string& path, uint64_t offset) {
  return WithPrefix(status, StrCat("chunk file \"", path, "\" at offset ", offset, ": "));
}
Status DamageAt(const std::string& path, uint64_t offset, std::string_view what) {
  return InFile(Error(sqlstate::kDataCorrupted, what), path, offset);
}

/// Decoding these costs so little that memory is better spent on their encoded bytes, which the CPU's caches hold more of.
bool DecodesFast(CodecId codec) { return codec != CodecId::kLz4 && codec != CodecId::kBytes; }

/// A disk gives a run of bytes sooner than a sixteenth of it in small pieces.
constexpr uint64_t kReadBetween = 16;

/// Where the cache has a column's dictionary: no row group is numbered so.
constexpr uint32_t kDictionaryGroup = UINT32_MAX;
/// Added to the number of a row group: where the cache has its strings, apart from the codes that they were made of.
constexpr uint32_t kStringsOfGroup = 1u << 31;
static_assert(kMaxRowGroups < kStringsOfGroup);

/// Quick answer for the usual conditions, without making values. Requires: bounds of the group.
bool OutOfBounds(const BlockSummaries& summaries, size_t group, const ColumnCondition& condition) {
  using Op = ColumnCondition::Op;
  const int low = CompareRowToValue(summaries.lows(), group, condition.values[0]);
  switch (condition.op) {
    case Op::kLess: return low >= 0;
    case Op::kLessEqual: return low > 0;
    case Op::kGreater: return CompareRowToValue(summaries.highs(), group, condition.values[0]) <= 0;
    case Op::kGreaterEqual: return CompareRowToValue(summaries.highs(), group, condition.values[0]) < 0;
    case Op::kEqual: return low > 0 || CompareRowToValue(summaries.highs(), group, condition.values[0]) < 0;
    default: return false;
  }
}

bool IsPlainComparison(const ColumnCondition& condition, DataType type) {
  return condition.op < ColumnCondition::Op::kIn && condition.values.size() == 1 && !condition.values[0].IsNull() &&
         condition.values[0].type().SameAs(type) && ComparableWith(condition.values[0], type);
}

}  // namespace

StatusOr<std::shared_ptr<const ChunkReader>> ChunkReader::Open(Env& env, const std::string& path, BlockCache* cache, uint64_t file_id) {
  ASSIGN_OR_RETURN(std::shared_ptr<RandomAccessFile> file, env.OpenRandomAccess(path));
  const uint64_t size = file->size();
  if (size < kChunkHeaderBytes + kChunkTrailerBytes) return DamageAt(path, 0, "file is cut short");
  ASSIGN_OR_RETURN(const std::string header, file->Read(0, kChunkHeaderBytes));
  const Status header_status = CheckChunkHeader(header);
  if (!header_status.ok()) return InFile(header_status, path, 0);
  const uint64_t trailer_offset = size - kChunkTrailerBytes;
  ASSIGN_OR_RETURN(const std::string trailer, file->Read(trailer_offset, kChunkTrailerBytes));
  const StatusOr<uint64_t> footer_offset = FooterOffset(trailer, size);
  if (!footer_offset.ok()) return InFile(footer_offset.status(), path, trailer_offset);
  ASSIGN_OR_RETURN(const std::string footer_bytes, file->Read(*footer_offset, trailer_offset - *footer_offset));
  if (EncodeChunkTrailer(*footer_offset, footer_bytes) != trailer) return DamageAt(path, *footer_offset, "checksum of the footer is wrong");
  StatusOr<ChunkFooter> footer = ChunkFooter::Decode(footer_bytes, *footer_offset);
  if (!footer.ok()) return InFile(footer.status(), path, *footer_offset);
  return std::shared_ptr<const ChunkReader>(new ChunkReader(path, std::move(file), *std::move(footer), cache, file_id));
}

ChunkReader::ChunkReader(std::string path, std::shared_ptr<RandomAccessFile> file, ChunkFooter footer, BlockCache* cache, uint64_t file_id)
    : path_(std::move(path)), file_(std::move(file)), file_bytes_(file_->size()), footer_(std::move(footer)), cache_(cache), file_id_(file_id) {
  file_stats_.resize(footer_.columns.size());
  one_segment_.assign(footer_.groups(), true);
  for (size_t group = 0; group < footer_.groups(); ++group) {
    for (size_t i = 0; i < file_stats_.size(); ++i) file_stats_[i].Merge(footer_.blocks[i].summaries.At(group, footer_.group_rows[group]));
    for (ColumnId id : footer_.order.segment_by) {
      const BlockSummaries* summaries = Summaries(id);
      if (summaries == nullptr || !summaries->IsUniform(group, footer_.group_rows[group])) one_segment_[group] = false;
    }
  }
  if (footer_.last_rows == 0) return;
  uint32_t passed = 0;
  for (uint32_t sharing : footer_.SharingSegments()) {
    first_last_rows_.push_back(sharing == 0 ? std::nullopt : std::optional<uint32_t>(passed));
    passed += sharing;
  }
}

std::optional<uint32_t> ChunkReader::FirstLastRow(size_t row_group) const {
  return first_last_rows_.empty() ? std::nullopt : first_last_rows_[row_group];
}

const ColumnStats* ChunkReader::FileStats(ColumnId id) const {
  const int column = footer_.Index(id);
  return column < 0 ? nullptr : &file_stats_[static_cast<size_t>(column)];
}

const BlockSummaries* ChunkReader::Summaries(ColumnId id) const {
  const int column = footer_.Index(id);
  return column < 0 ? nullptr : &footer_.blocks[static_cast<size_t>(column)].summaries;
}

ColumnStats ChunkReader::BlockStats(size_t row_group, ColumnId id) const {
  return footer_.blocks[static_cast<size_t>(footer_.Index(id))].summaries.At(row_group, footer_.group_rows[row_group]);
}

uint64_t ChunkReader::BlockBytes(size_t row_group, ColumnId id) const {
  const int column = footer_.Index(id);
  return column < 0 ? 0 : footer_.blocks[static_cast<size_t>(column)].lengths[row_group];
}

StatusOr<BlockBytesPtr> ChunkReader::LoadBlock(size_t row_group, size_t column) const {
  const ColumnBlocks& blocks = footer_.blocks[column];
  std::optional<std::string> in_memory = file_->ReadAtOnce(blocks.offsets[row_group], blocks.lengths[row_group]);
  AskAhead(row_group, column, !in_memory.has_value());
  if (!in_memory.has_value()) {
    ASSIGN_OR_RETURN(in_memory, file_->Read(blocks.offsets[row_group], blocks.lengths[row_group]));
  }
  std::string bytes = *std::move(in_memory);
  if (BlockChecksum(bytes) != blocks.checksums[row_group]) {
    return DamageAt(path_, blocks.offsets[row_group], "checksum of the block is wrong");
  }
  return BlockBytesPtr(std::make_shared<const std::string>(std::move(bytes)));
}

void ChunkReader::AskAhead(size_t row_group, size_t column, bool waits) const {
  ReadAhead::Blocks ahead;
  {
    MutexLock lock(mutex_);
    if (read_ahead_.empty()) {
      if (!waits) return;
      read_ahead_.resize(footer_.columns.size());
    }
    ahead = read_ahead_[column].Next(row_group, footer_.groups(), waits);
  }
  if (ahead.begin >= ahead.end) return;
  const ColumnBlocks& blocks = footer_.blocks[column];
  uint64_t wanted = 0;
  for (size_t block = ahead.begin; block < ahead.end; ++block) wanted += blocks.lengths[block];
  const uint64_t begin = blocks.offsets[ahead.begin];
  const uint64_t all = blocks.offsets[ahead.end - 1] + blocks.lengths[ahead.end - 1] - begin;
  if (all <= wanted * kReadBetween) {
    file_->Prefetch(begin, all);
  } else {
    for (size_t block = ahead.begin; block < ahead.end; ++block) file_->Prefetch(blocks.offsets[block], blocks.lengths[block]);
  }
}

StatusOr<CodecId> ChunkReader::CodecOf(size_t row_group, ColumnId id) const {
  ASSIGN_OR_RETURN(const BlockBytesPtr bytes, LoadBlock(row_group, static_cast<size_t>(footer_.Index(id))));
  return BlockCodec(*bytes);
}

StatusOr<VectorPtr> ChunkReader::LoadDictionary(size_t column) const {
  const DictionaryBlock& block = footer_.blocks[column].dictionary;
  ASSIGN_OR_RETURN(const std::string bytes, file_->Read(block.offset, block.length));
  if (BlockChecksum(bytes) != block.checksum) return DamageAt(path_, block.offset, "checksum of the dictionary is wrong");
  StatusOr<std::shared_ptr<Vector>> entries = DecodeBlock(footer_.columns[column].type, bytes, block.entries);
  if (!entries.ok()) return InFile(entries.status(), path_, block.offset);
  if ((*entries)->HasNulls()) return DamageAt(path_, block.offset, "a NULL in the dictionary");
  return VectorPtr(*std::move(entries));
}

StatusOr<VectorPtr> ChunkReader::DictionaryFor(size_t column, CodecId codec) const {
  if (codec != CodecId::kSharedDictionary || footer_.blocks[column].dictionary.entries == 0) return VectorPtr();
  const BlockKey key{file_id_, footer_.columns[column].id, kDictionaryGroup};
  BlockCache::Entry entry;
  if (cache_ != nullptr) entry = cache_->Find(key);
  if (entry.decoded != nullptr) return entry.decoded;
  ASSIGN_OR_RETURN(entry.decoded, LoadDictionary(column));
  if (cache_ != nullptr) cache_->Insert(key, entry);
  return entry.decoded;
}

StatusOr<VectorPtr> ChunkReader::DecodeLoaded(size_t row_group, size_t column, std::string_view bytes) const {
  ASSIGN_OR_RETURN(const VectorPtr dictionary, DictionaryFor(column, BlockCodec(bytes)));
  StatusOr<std::shared_ptr<Vector>> vector = DecodeBlock(footer_.columns[column].type, bytes, footer_.rows_in(row_group), dictionary);
  if (!vector.ok()) return InFile(vector.status(), path_, footer_.blocks[column].offsets[row_group]);
  const BlockSummaries& summaries = footer_.blocks[column].summaries;
  if (row_group < footer_.groups() && summaries.NullCount(row_group) == 0) {
    if (summaries.IsUniform(row_group, footer_.group_rows[row_group])) (*vector)->MarkUniform();
    const bool is_time = !footer_.order.order_by.empty() && footer_.columns[column].id == footer_.order.order_by.front();
    if (is_time && one_segment_[row_group]) (*vector)->MarkAscending();
  }
  return VectorPtr(*std::move(vector));
}

StatusOr<BlockCache::Entry> ChunkReader::CachedBlock(size_t row_group, size_t column) const {
  const BlockKey key{file_id_, footer_.columns[column].id, static_cast<uint32_t>(row_group)};
  BlockCache::Entry entry;
  if (cache_ != nullptr) entry = cache_->Find(key);
  if (entry.encoded != nullptr || entry.decoded != nullptr) return entry;
  ASSIGN_OR_RETURN(entry.encoded, LoadBlock(row_group, column));
  if (!DecodesFast(BlockCodec(*entry.encoded))) {
    ASSIGN_OR_RETURN(entry.decoded, DecodeLoaded(row_group, column, *entry.encoded));
    entry.encoded = nullptr;
  }
  if (cache_ != nullptr) cache_->Insert(key, entry);
  return entry;
}

StatusOr<VectorPtr> ChunkReader::ReadColumn(size_t row_group, ColumnId id) const {
  const int found = footer_.Index(id);
  if (found < 0) return VectorPtr();
  const size_t column = static_cast<size_t>(found);
  ASSIGN_OR_RETURN(const BlockCache::Entry entry, CachedBlock(row_group, column));
  if (entry.decoded != nullptr) return entry.decoded;
  if (cache_ != nullptr && footer_.columns[column].type.Physical() == PhysicalType::kBytes) return ReadStrings(row_group, column);
  return DecodeLoaded(row_group, column, *entry.encoded);
}

StatusOr<VectorPtr> ChunkReader::ReadStrings(size_t row_group, size_t column) const {
  const BlockKey key{file_id_, footer_.columns[column].id, static_cast<uint32_t>(row_group) | kStringsOfGroup};
  BlockCache::Entry entry = cache_->Find(key);
  if (entry.decoded != nullptr) return entry.decoded;
  ASSIGN_OR_RETURN(const BlockCache::Entry block, CachedBlock(row_group, column));
  if (block.decoded != nullptr) return block.decoded;
  ASSIGN_OR_RETURN(entry.decoded, DecodeLoaded(row_group, column, *block.encoded));
  cache_->Insert(key, entry);
  return entry.decoded;
}

StatusOr<std::optional<CodedRows>> ChunkReader::ReadCodes(size_t row_group, ColumnId id) const {
  const int found = footer_.Index(id);
  if (found < 0) return std::optional<CodedRows>();
  const size_t column = static_cast<size_t>(found);
  const DataType type = footer_.columns[column].type;
  if (type.Physical() != PhysicalType::kBytes) return std::optional<CodedRows>();
  ASSIGN_OR_RETURN(const BlockCache::Entry entry, CachedBlock(row_group, column));
  if (entry.encoded == nullptr) return std::optional<CodedRows>();
  ASSIGN_OR_RETURN(const VectorPtr dictionary, DictionaryFor(column, BlockCodec(*entry.encoded)));
  StatusOr<std::optional<CodedRows>> rows = DecodeCodedRows(type, *entry.encoded, footer_.group_rows[row_group], dictionary);
  if (!rows.ok()) return InFile(rows.status(), path_, footer_.blocks[column].offsets[row_group]);
  return rows;
}

StatusOr<BlockBytesPtr> ChunkReader::EncodedDoubles(size_t row_group, ColumnId id) const {
  const int column = footer_.Index(id);
  if (column < 0 || !footer_.columns[static_cast<size_t>(column)].type.Is(TypeId::kFloat64)) return BlockBytesPtr();
  ASSIGN_OR_RETURN(BlockCache::Entry entry, CachedBlock(row_group, static_cast<size_t>(column)));
  return std::move(entry.encoded);
}

StatusOr<bool> ChunkReader::SumRows(size_t row_group, ColumnId id, std::span<const RowSpan> spans, std::span<const uint8_t> keep,
                                    double* sums) const {
  ASSIGN_OR_RETURN(const BlockBytesPtr block, EncodedDoubles(row_group, id));
  return block != nullptr && engine::SumRows(*block, footer_.group_rows[row_group], spans, keep, sums);
}

StatusOr<bool> ChunkReader::TestRows(size_t row_group, ColumnId id, DoubleTest test, uint8_t* keep) const {
  ASSIGN_OR_RETURN(const BlockBytesPtr block, EncodedDoubles(row_group, id));
  return block != nullptr && engine::TestRows(*block, footer_.group_rows[row_group], test, keep);
}

bool ChunkReader::CanSkip(size_t row_group, const ScanPredicate& predicate) const {
  for (const ColumnCondition& condition : predicate.conditions) {
    const int found = footer_.Index(condition.column);
    if (found < 0) continue;
    const DataType type = footer_.columns[static_cast<size_t>(found)].type;
    const BlockSummaries& summaries = footer_.blocks[static_cast<size_t>(found)].summaries;
    if (summaries.HasBounds(row_group) && IsPlainComparison(condition, type)) {
      if (OutOfBounds(summaries, row_group, condition)) return true;
    } else if (!MayMatch(summaries.At(row_group, footer_.group_rows[row_group]), type, condition)) {
      return true;
    }
  }
  return false;
}

bool ChunkReader::CanSkipFile(const ScanPredicate& predicate) const {
  if (rows() == 0) return true;
  for (const ColumnCondition& condition : predicate.conditions) {
    const int column = footer_.Index(condition.column);
    if (column < 0) continue;
    const size_t index = static_cast<size_t>(column);
    if (!MayMatch(file_stats_[index], footer_.columns[index].type, condition)) return true;
  }
  return false;
}

bool ChunkReader::MustMatch(size_t row_group, const ColumnCondition& condition) const {
  const int column = footer_.Index(condition.column);
  if (column < 0) return false;
  return engine::MustMatch(BlockStats(row_group, condition.column), footer_.columns[static_cast<size_t>(column)].type, condition);
}

Status ChunkReader::Verify() const {
  for (size_t column = 0; column < footer_.columns.size(); ++column) {
    if (footer_.blocks[column].dictionary.entries != 0) RETURN_IF_ERROR(LoadDictionary(column).status());
    BlockSummaries expected(footer_.columns[column].type);
    for (size_t group = 0; group < footer_.groups(); ++group) {
      ASSIGN_OR_RETURN(const BlockBytesPtr bytes, LoadBlock(group, column));
      ASSIGN_OR_RETURN(const VectorPtr vector, DecodeLoaded(group, column, *bytes));
      expected.Append(ComputeStats(*vector));
    }
    ByteWriter computed, stored;
    expected.Encode(computed);
    footer_.blocks[column].summaries.Encode(stored);
    if (computed.data() != stored.data()) {
      return DamageAt(path_, file_bytes_ - kChunkTrailerBytes, StrCat("statistics of column ", footer_.columns[column].id.value(), " do not describe its blocks"));
    }
  }
  RETURN_IF_ERROR(VerifySegments());
  return VerifyLastRows();
}

Status ChunkReader::VerifyLastRows() const {
  const std::vector<uint32_t> sharing = footer_.SharingSegments();
  const std::vector<uint64_t>& starts = footer_.segments.first_rows;
  for (size_t column = 0; column < footer_.columns.size() && footer_.last_rows > 0; ++column) {
    ASSIGN_OR_RETURN(const BlockBytesPtr bytes, LoadBlock(footer_.groups(), column));
    ASSIGN_OR_RETURN(const VectorPtr last, DecodeLoaded(footer_.groups(), column, *bytes));
    for (size_t group = 0; group < footer_.groups(); ++group) {
      if (sharing[group] == 0) continue;
      ASSIGN_OR_RETURN(const VectorPtr values, ReadColumn(group, footer_.columns[column].id));
      auto next = std::upper_bound(starts.begin(), starts.end(), footer_.first_rows[group]);
      for (uint32_t i = 0; i < sharing[group]; ++i, ++next) {
        const uint64_t end = i + 1 < sharing[group] ? *next : footer_.first_rows[group + 1];
        const size_t row = static_cast<size_t>(end - 1 - footer_.first_rows[group]);
        if (!Value::FromVector(*last, *first_last_rows_[group] + i).SameAs(Value::FromVector(*values, row))) {
          return DamageAt(path_, footer_.blocks[column].offsets[footer_.groups()], "the last rows are not those of the segments");
        }
      }
    }
  }
  return OkStatus();
}

Status ChunkReader::VerifySegments() const {
  const SegmentIndex& segments = footer_.segments;
  for (size_t i = 0; i < footer_.order.segment_by.size() && segments.size() > 0; ++i) {
    for (size_t segment = 0, group = 0; segment < segments.size(); ++segment) {
      while (segments.first_rows[segment] >= footer_.first_rows[group + 1]) ++group;
      ASSIGN_OR_RETURN(const VectorPtr values, ReadColumn(group, footer_.order.segment_by[i]));
      const size_t row = static_cast<size_t>(segments.first_rows[segment] - footer_.first_rows[group]);
      if (!RowsEqualOrBothNull(segments.values.column(i), segment, *values, row)) {
        return DamageAt(path_, file_bytes_ - kChunkTrailerBytes, "the segment index does not describe the rows");
      }
    }
  }
  return OkStatus();
}

}  // namespace tsd::engine
