#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/random.h"
#include "engine/chunk/chunk_reader.h"
#include "engine/chunk/chunk_writer.h"
#include "tests/support/sim_env.h"

namespace tsd::engine {
namespace {

constexpr char kPath[] = "/chunks/7.chunk";

const std::vector<ChunkColumn>& Columns() {
  static const std::vector<ChunkColumn> columns = {
      {ColumnId(1), TypeId::kTimestampTz},
      {ColumnId(2), TypeId::kText},
      {ColumnId(3), TypeId::kFloat64},
      {ColumnId(4), TypeId::kInt32},
      {ColumnId(5), TypeId::kInt16},
      {ColumnId(6), TypeId::kBool},
      {ColumnId(7), TypeId::kFloat32},
      {ColumnId(8), TypeId::kInterval},
      {ColumnId(9), TypeId::kUuid},
      {ColumnId(10), DataType(TypeId::kVarchar, false, 24)},
      {ColumnId(11), TypeId::kBytea},
      {ColumnId(12), DataType::ArrayOf(TypeId::kInt32)},
      {ColumnId(13), TypeId::kJsonb},
      {ColumnId(14), TypeId::kDate},
      {kRowIdColumn, TypeId::kInt64},
      {kCommitColumn, TypeId::kInt64},
  };
  return columns;
}

void AppendValue(Vector& vector, size_t row, Random& random) {
  if (random.Chance(0.1)) {
    vector.AppendNull();
    return;
  }
  switch (vector.type().Physical()) {
    case PhysicalType::kBool: vector.Append<uint8_t>(random.Chance(0.5)); break;
    case PhysicalType::kInt16: vector.Append<int16_t>(static_cast<int16_t>(random.Next())); break;
    case PhysicalType::kInt32: vector.Append<int32_t>(static_cast<int32_t>(random.Between(-50, 50))); break;
    case PhysicalType::kInt64: vector.Append<int64_t>(static_cast<int64_t>(row) * 1000); break;
    case PhysicalType::kFloat32: vector.Append<float>(static_cast<float>(random.Between(0, 100)) / 4); break;
    case PhysicalType::kFloat64: vector.Append<double>(static_cast<double>(random.Between(0, 1000)) / 10); break;
    case PhysicalType::kInterval: vector.Append<Interval>(Interval{random.Between(0, 9), 1, 0}); break;
    case PhysicalType::kUuid: vector.Append<Uuid>(Uuid{{static_cast<uint8_t>(random.Next())}}); break;
    case PhysicalType::kBytes: vector.AppendBytes("value " + std::to_string(vector.type().Is(TypeId::kJsonb) ? random.Next() : random.Below(30))); break;
  }
}

ColumnBatch MakeBatch(const std::vector<ChunkColumn>& columns, size_t first_row, size_t rows, Random& random) {
  ColumnBatch batch(rows);
  for (const ChunkColumn& column : columns) {
    auto vector = std::make_shared<Vector>(column.type);
    for (size_t i = 0; i < rows; ++i) AppendValue(*vector, first_row + i, random);
    batch.Add(vector);
  }
  return batch;
}

struct Written {
  ColumnBatch rows;
  ChunkFileInfo info;
};

Written WriteFile(Env& env, size_t rows, size_t rows_per_block, uint64_t seed = 1, size_t batch_rows = 700) {
  Random random(seed);
  EXPECT_TRUE(env.CreateDirectory("/chunks").ok());
  ChunkWriterOptions options;
  options.rows_per_block = rows_per_block;
  auto writer = ChunkWriter::Create(env, kPath, Columns(), options);
  EXPECT_TRUE(writer.ok()) << writer.status();
  std::vector<DataType> types;
  for (const ChunkColumn& column : Columns()) types.push_back(column.type);
  BatchBuilder all(types);
  for (size_t begin = 0; begin < rows; begin += batch_rows) {
    const ColumnBatch batch = MakeBatch(Columns(), begin, std::min(batch_rows, rows - begin), random);
    EXPECT_TRUE((*writer)->Append(batch).ok());
    all.Append(batch);
  }
  auto info = (*writer)->Finish();
  EXPECT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(*env.FileSize(kPath), info->bytes);
  return Written{all.Finish(), *info};
}

void ExpectColumn(const Vector& expected, size_t first, const Vector& actual) {
  for (size_t row = 0; row < actual.size(); ++row) {
    ASSERT_TRUE(Value::FromVector(expected, first + row).SameAs(Value::FromVector(actual, row))) << "row " << first + row;
  }
}

TEST(ChunkFile, AllTypesComeBack) {
  for (const auto& [rows, rows_per_block] : std::vector<std::pair<size_t, size_t>>{{0, 100}, {1, 100}, {100, 100}, {101, 100}, {3000, 512}, {2500, 65536}}) {
    SimEnv env(1);
    const Written written = WriteFile(env, rows, rows_per_block);
    auto reader = ChunkReader::Open(env, kPath);
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->rows(), rows);
    EXPECT_EQ((*reader)->row_group_count(), (rows + rows_per_block - 1) / rows_per_block);
    uint64_t first = 0;
    for (size_t group = 0; group < (*reader)->row_group_count(); ++group) {
      EXPECT_EQ((*reader)->first_row_of(group), first);
      for (size_t i = 0; i < Columns().size(); ++i) {
        auto column = (*reader)->ReadColumn(group, Columns()[i].id);
        ASSERT_TRUE(column.ok()) << column.status();
        ASSERT_EQ((*column)->size(), (*reader)->rows_in(group));
        ASSERT_EQ((*column)->type(), Columns()[i].type);
        ExpectColumn(written.rows.column(i), first, **column);
      }
      first += (*reader)->rows_in(group);
    }
    EXPECT_EQ(first, rows);
    EXPECT_TRUE((*reader)->Verify().ok()) << (*reader)->Verify();
    EXPECT_EQ((*reader)->CanSkipFile(ScanPredicate()), rows == 0);
  }
}

TEST(ChunkFile, AnUnknownColumnIsNull) {
  SimEnv env(1);
  WriteFile(env, 10, 100);
  auto reader = *ChunkReader::Open(env, kPath);
  auto column = reader->ReadColumn(0, ColumnId(99));
  ASSERT_TRUE(column.ok());
  EXPECT_EQ(*column, nullptr);
  EXPECT_EQ(reader->Summaries(ColumnId(99)), nullptr);
  ScanPredicate predicate;
  predicate.conditions.push_back({ColumnId(99), ColumnCondition::Op::kEqual, {Value::Int32(1)}});
  EXPECT_FALSE(reader->CanSkip(0, predicate));
}

TEST(ChunkFile, WideRowsCutTheGroupEarly) {
  SimEnv env(1);
  ASSERT_TRUE(env.CreateDirectory("/chunks").ok());
  ChunkWriterOptions options;
  options.max_block_group_bytes = 100'000;
  auto writer = *ChunkWriter::Create(env, kPath, {{ColumnId(1), TypeId::kText}}, options);
  auto vector = std::make_shared<Vector>(TypeId::kText);
  for (int i = 0; i < 100; ++i) vector->AppendBytes(std::string(30'000, static_cast<char>('a' + i % 26)));
  ASSERT_TRUE(writer->Append(ColumnBatch({vector}, 100)).ok());
  ASSERT_TRUE(writer->Finish().ok());
  auto reader = *ChunkReader::Open(env, kPath);
  EXPECT_GT(reader->row_group_count(), 10u);
  EXPECT_TRUE(reader->Verify().ok());
  uint64_t row = 0;
  for (size_t group = 0; group < reader->row_group_count(); ++group) {
    auto column = *reader->ReadColumn(group, ColumnId(1));
    for (size_t i = 0; i < column->size(); ++i) ASSERT_EQ(column->GetBytes(i)[0], static_cast<char>('a' + row++ % 26));
  }
}

/// Reads everything; the first error, if any.
Status ReadAll(Env& env, const Written& written) {
  auto reader = ChunkReader::Open(env, kPath);
  if (!reader.ok()) return reader.status();
  for (size_t group = 0; group < (*reader)->row_group_count(); ++group) {
    for (size_t i = 0; i < Columns().size(); ++i) {
      auto column = (*reader)->ReadColumn(group, Columns()[i].id);
      if (!column.ok()) return column.status();
      ExpectColumn(written.rows.column(i), (*reader)->first_row_of(group), **column);
    }
  }
  return OkStatus();
}

TEST(ChunkFile, AFlippedByteIsFoundAndNamed) {
  SimEnv env(1);
  const Written written = WriteFile(env, 24, 16);
  ASSERT_TRUE(ReadAll(env, written).ok());
  for (uint64_t at = 0; at < written.info.bytes; ++at) {
    env.FlipBit(kPath, at, static_cast<int>(at % 8));
    const Status status = ReadAll(env, written);
    ASSERT_FALSE(status.ok()) << "offset " << at;
    ASSERT_TRUE(HasSqlState(status, sqlstate::kDataCorrupted) || HasSqlState(status, sqlstate::kFeatureNotSupported)) << status;
    ASSERT_NE(status.message().find(kPath), absl::string_view::npos) << status;
    ASSERT_NE(status.message().find("at offset"), absl::string_view::npos) << status;
    env.FlipBit(kPath, at, static_cast<int>(at % 8));
  }
  EXPECT_TRUE(ReadAll(env, written).ok());
}

TEST(ChunkFile, ACutFileIsRefused) {
  SimEnv env(1);
  const Written written = WriteFile(env, 60, 40);
  const std::string bytes = *env.ReadFile(kPath);
  for (size_t length = 0; length < bytes.size(); length += 1 + length / 50) {
    env.PutFile(kPath, bytes.substr(0, length));
    EXPECT_TRUE(HasSqlState(ChunkReader::Open(env, kPath).status(), sqlstate::kDataCorrupted)) << length;
  }
}

TEST(ChunkFile, AnUnknownVersionIsRefused) {
  SimEnv env(1);
  WriteFile(env, 10, 40);
  std::string bytes = *env.ReadFile(kPath);
  bytes[8] = 9;
  env.PutFile(kPath, bytes);
  EXPECT_TRUE(HasSqlState(ChunkReader::Open(env, kPath).status(), sqlstate::kFeatureNotSupported));
}

constexpr ColumnId kTag(2);

/// A segment of each size, in row groups of up to 2048 rows: those of less than 128 share.
ChunkFileInfo WriteSegments(Env& env, const std::vector<size_t>& sizes, size_t max_group_bytes = 32 << 20) {
  EXPECT_TRUE(env.CreateDirectory("/chunks").ok());
  ChunkWriterOptions options;
  options.rows_per_block = 2048;
  options.max_block_group_bytes = max_group_bytes;
  options.order = ChunkOrder{{kTag}, {ColumnId(1)}};
  auto writer = *ChunkWriter::Create(env, kPath, {{ColumnId(1), TypeId::kTimestampTz}, {kTag, TypeId::kText}, {ColumnId(3), TypeId::kFloat64}}, options);
  auto times = std::make_shared<Vector>(TypeId::kTimestampTz), tags = std::make_shared<Vector>(TypeId::kText), values = std::make_shared<Vector>(TypeId::kFloat64);
  std::vector<uint32_t> starts;
  for (size_t segment = 0; segment < sizes.size(); ++segment) {
    starts.push_back(static_cast<uint32_t>(times->size()));
    for (size_t row = 0; row < sizes[segment]; ++row) {
      times->Append<int64_t>(static_cast<int64_t>(row));
      tags->AppendBytes("tag " + std::to_string(10000 + segment));
      row % 5 == 0 ? values->AppendNull() : values->Append<double>(static_cast<double>(segment * 7 + row));
    }
  }
  const size_t rows = times->size();
  const ColumnBatch batch({times, tags, values}, rows);
  // In two pieces, the second of which goes on with a segment.
  const size_t cut = rows * 2 / 3;
  const auto second = std::upper_bound(starts.begin(), starts.end(), cut);
  EXPECT_TRUE(writer->Append(batch, 0, cut, {starts.begin(), second}).ok());
  EXPECT_TRUE(writer->Append(batch, cut, rows, {second, starts.end()}).ok());
  auto info = writer->Finish();
  EXPECT_TRUE(info.ok()) << info.status();
  return *info;
}

void TryHostileFooters(SimEnv& env) {
  const std::string bytes = *env.ReadFile(kPath);
  uint64_t footer_offset;
  std::memcpy(&footer_offset, bytes.data() + bytes.size() - kChunkTrailerBytes, 8);
  const std::string footer = bytes.substr(footer_offset, bytes.size() - kChunkTrailerBytes - footer_offset);
  Random random(3);
  for (int round = 0; round < 800; ++round) {
    std::string bad = footer;
    for (size_t i = 0; i < 1 + random.Below(3); ++i) bad[random.Below(bad.size())] = static_cast<char>(random.Next());
    if (random.Chance(0.1)) bad.resize(random.Below(bad.size()));
    // With a right checksum, as a hostile peer would send it.
    env.PutFile(kPath, bytes.substr(0, footer_offset) + bad + EncodeChunkTrailer(footer_offset, bad));
    auto reader = ChunkReader::Open(env, kPath);
    if (!reader.ok()) continue;
    for (size_t group = 0; group < (*reader)->row_group_count(); ++group) {
      for (const ChunkColumn& column : (*reader)->columns()) (void)(*reader)->ReadColumn(group, column.id);
      for (const ChunkColumn& column : (*reader)->columns()) {
        if ((*reader)->FirstLastRow(group).has_value()) (void)(*reader)->ReadLastRows(column.id);
      }
    }
    (void)(*reader)->Verify();
  }
}

TEST(ChunkFile, HostileFootersAreRefused) {
  SimEnv env(1);
  WriteFile(env, 60, 40);
  TryHostileFooters(env);
  WriteSegments(env, {40, 100, 300, 60, 33});
  TryHostileFooters(env);
}

TEST(ChunkFile, FailuresOfTheDiskAreReported) {
  for (uint64_t n = 0; n < 6; ++n) {
    SimEnv env(1);
    ASSERT_TRUE(env.CreateDirectory("/chunks").ok());
    env.FailAt(n, SimFault::kEnospc);
    Random random(1);
    auto writer = ChunkWriter::Create(env, kPath, Columns());
    Status status = writer.status();
    if (status.ok()) status = (*writer)->Append(MakeBatch(Columns(), 0, 100, random));
    if (status.ok()) status = (*writer)->Finish().status();
    EXPECT_EQ(status.ok(), n >= 3) << n;  // create, write, sync
    EXPECT_TRUE(status.ok() || HasSqlState(status, sqlstate::kDiskFull));
  }
}

TEST(ChunkFile, FinishedSurvivesAPowerCut) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    SimEnv env(seed);
    const Written written = WriteFile(env, 300, 100, seed);
    ASSERT_TRUE(env.SyncDirectory("/").ok());
    ASSERT_TRUE(env.SyncDirectory("/chunks").ok());
    env.Crash();
    const Status status = ReadAll(env, written);
    ASSERT_TRUE(status.ok()) << status;
  }
}

TEST(ChunkFile, TheCacheServesRepeatedReads) {
  SimEnv env(1);
  const Written written = WriteFile(env, 1000, 100);
  BlockCache cache(1 << 20);
  auto reader = *ChunkReader::Open(env, kPath, &cache, 7);
  const ColumnId values(13);  // in shared symbols or LZ4: kept decoded
  const VectorPtr first = *reader->ReadColumn(3, values);
  EXPECT_EQ(*reader->ReadColumn(3, values), first);
  EXPECT_EQ(cache.hits(), 1u);
  EXPECT_EQ(cache.misses(), 1u);
  env.FlipBit(kPath, 100, 0);
  EXPECT_EQ(*reader->ReadColumn(3, values), first);
  cache.EraseFile(7);
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_NE(*reader->ReadColumn(3, values), first);
  // Cheap blocks are kept encoded: read once, decoded each time.
  const VectorPtr times = *reader->ReadColumn(3, ColumnId(1));
  const uint64_t misses = cache.misses();
  const VectorPtr again = *reader->ReadColumn(3, ColumnId(1));
  EXPECT_NE(times, again);
  EXPECT_EQ(cache.misses(), misses);
}

TEST(ChunkFile, ADictionaryIsReadOnceForAllItsBlocks) {
  SimEnv env(1);
  const Written written = WriteFile(env, 8000, 2000);
  BlockCache cache(1 << 20);
  auto reader = *ChunkReader::Open(env, kPath, &cache, 7);
  ASSERT_EQ(*reader->CodecOf(1, ColumnId(2)), CodecId::kSharedDictionary);
  const auto codes = *reader->ReadCodes(0, ColumnId(2));
  ASSERT_TRUE(codes.has_value());
  EXPECT_EQ(codes->entries->size(), 30u);
  EXPECT_EQ((*reader->ReadCodes(1, ColumnId(2)))->entries, codes->entries);
  EXPECT_FALSE((*reader->ReadCodes(0, ColumnId(3))).has_value());  // numbers
  EXPECT_EQ(cache.misses(), 3u);  // two blocks, the dictionary
  for (size_t group = 0; group < reader->row_group_count(); ++group) ExpectColumn(written.rows.column(1), group * 2000, **reader->ReadColumn(group, ColumnId(2)));
}

TEST(ChunkFile, LastRowsOfSharedRowGroupsAreKeptOnceMore) {
  SimEnv env(1);
  for (const size_t max_group_bytes : {size_t{32} << 20, size_t{6000}}) {
    const std::vector<size_t> sizes = {40, 100, 3000, 60, 33, 50, 127, 1, 90, 5000, 64};
    const ChunkFileInfo info = WriteSegments(env, sizes, max_group_bytes);
    auto reader = *ChunkReader::Open(env, kPath);
    ASSERT_TRUE(reader->Verify().ok()) << reader->Verify();
    size_t shared = 0, ends = 0;
    const auto& starts = reader->segments().first_rows;
    ASSERT_EQ(starts.size(), sizes.size());
    for (size_t group = 0; group < reader->row_group_count(); ++group) {
      const uint64_t first = reader->first_row_of(group), end = first + reader->rows_in(group);
      const auto next = std::upper_bound(starts.begin(), starts.end(), first);
      const bool is_shared = next != starts.end() && *next < end;
      ASSERT_EQ(reader->FirstLastRow(group).has_value(), is_shared);
      if (!is_shared) continue;
      ++shared;
      const VectorPtr times = *reader->ReadLastRows(ColumnId(1)), tags = *reader->ReadLastRows(kTag), values = *reader->ReadLastRows(ColumnId(3));
      size_t row = *reader->FirstLastRow(group);
      for (auto start = next; start != starts.end() && *start <= end; ++start, ++row) {
        const size_t segment = static_cast<size_t>(start - starts.begin()) - 1;
        EXPECT_EQ(tags->GetBytes(row), "tag " + std::to_string(10000 + segment));
        EXPECT_EQ(times->Get<int64_t>(row), static_cast<int64_t>(sizes[segment] - 1));
        EXPECT_EQ(values->IsNull(row), (sizes[segment] - 1) % 5 == 0);
        if (!values->IsNull(row)) {
          EXPECT_EQ(values->Get<double>(row), static_cast<double>(segment * 7 + sizes[segment] - 1));
        }
        ++ends;
      }
    }
    EXPECT_GE(shared, 2u);
    EXPECT_GE(ends, 5u);
    // No damage passes: neither of the bytes, nor of what they mean.
    for (uint64_t at = 0; at < info.bytes; ++at) {
      env.FlipBit(kPath, at, static_cast<int>(at % 8));
      auto damaged = ChunkReader::Open(env, kPath);
      EXPECT_FALSE(damaged.ok() && (*damaged)->Verify().ok()) << at;
      env.FlipBit(kPath, at, static_cast<int>(at % 8));
    }
  }
}

TEST(ChunkFile, LastRowsAreLeftOutWhereTheyWouldBeMany) {
  SimEnv env(1);
  WriteSegments(env, std::vector<size_t>(3000, 20));
  EXPECT_FALSE((*ChunkReader::Open(env, kPath))->FirstLastRow(0).has_value());
  WriteSegments(env, std::vector<size_t>(3000, 40));
  auto reader = *ChunkReader::Open(env, kPath);
  EXPECT_EQ((*reader->ReadLastRows(kTag))->size(), 3000u);
  EXPECT_TRUE(reader->Verify().ok()) << reader->Verify();
}

TEST(BlockCache, KeepsWithinItsBudgetAndDropsTheOldest) {
  auto block = [] {
    auto vector = std::make_shared<Vector>(TypeId::kInt64);
    vector->ResizeFixed(1000);
    return VectorPtr(vector);
  };
  BlockCache cache(100'000);
  for (uint32_t i = 0; i < 50; ++i) {
    cache.Insert({1, ColumnId(1), i}, {nullptr, block()});
    EXPECT_NE(cache.Find({1, ColumnId(1), 0}).decoded, nullptr);  // kept in use
    EXPECT_LE(cache.bytes(), 100'000u);
  }
  EXPECT_EQ(cache.Find({1, ColumnId(1), 1}).decoded, nullptr);
  EXPECT_NE(cache.Find({1, ColumnId(1), 49}).decoded, nullptr);
  auto large = std::make_shared<Vector>(TypeId::kInt64);
  large->ResizeFixed(100'000);
  cache.Insert({2, ColumnId(1), 0}, {nullptr, large});
  EXPECT_EQ(cache.Find({2, ColumnId(1), 0}).decoded, nullptr);
}

}  // namespace
}  // namespace tsd::engine
