// COPY parsing and row formatting: rows a second on one core, for a timestamp and ten short doubles.
#include <benchmark/benchmark.h>

#include <string>

#include "engine/base/random.h"
#include "engine/base/strings.h"
#include "net/pg/copy_reader.h"
#include "net/pg/copy_writer.h"
#include "net/pg/row_writer.h"

namespace tsd::net::pg {
namespace {

constexpr size_t kRows = 50'000;
constexpr size_t kDoubles = 10;
constexpr size_t kSliceBytes = 64 * 1024;

CopyColumns CpuColumns() {
  CopyColumns columns{"cpu", {"time"}, {DataType(TypeId::kTimestampTz)}};
  for (size_t i = 0; i < kDoubles; ++i) {
    columns.names.push_back(StrCat("v", i));
    columns.types.emplace_back(TypeId::kFloat64);
  }
  return columns;
}

/// `parts`: what the doubles are whole numbers of; 1e4 gives four decimals, 360 an average's full mantissa.
ColumnBatch CpuRows(double parts) {
  Random random(1);
  const CopyColumns columns = CpuColumns();
  std::vector<VectorPtr> vectors;
  for (const DataType& type : columns.types) {
    auto vector = std::make_shared<Vector>(type);
    for (size_t row = 0; row < kRows; ++row) {
      if (type.Is(TypeId::kFloat64)) {
        vector->Append<double>(static_cast<double>(random.Below(1'000'000)) / parts);
      } else {
        vector->Append<int64_t>(504'921'600'000'000 + static_cast<int64_t>(row) * 10'000'000);
      }
    }
    vectors.push_back(std::move(vector));
  }
  return ColumnBatch(std::move(vectors), kRows);
}

CopyDialect Dialect(CopyFormat format) { return *ResolveCopyOptions({.format = format}, kDoubles + 1, CopyDirection::kTo); }

std::string CpuData(CopyFormat format) {
  const TextContext context;
  CopyWriter writer(Dialect(format), CpuColumns(), &context);
  std::string data;
  writer.Begin(data);
  writer.Rows(CpuRows(1e4), 0, kRows, data);
  writer.End(data);
  return data;
}

void ReadCopy(benchmark::State& state, CopyFormat format) {
  const std::string data = CpuData(format);
  const TextContext context;
  const auto source = std::make_shared<const CopySource>(CopySource{Dialect(format), CpuColumns(), &context});
  for (auto _ : state) {
    const std::unique_ptr<CopySplitter> splitter = MakeCopySplitter(source);
    size_t rows = 0;
    const auto read = [&] {
      while (const std::optional<CopyPiece> piece = splitter->TakePiece()) rows += ReadCopyPiece(*source, *piece).batch.rows.rows();
    };
    for (size_t at = 0; at < data.size(); at += kSliceBytes) {
      if (!splitter->Feed(std::string_view(data).substr(at, kSliceBytes)).ok()) state.SkipWithError("feed");
      read();
    }
    splitter->Finish();
    read();
    if (rows != kRows) state.SkipWithError("rows");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRows));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
}
BENCHMARK_CAPTURE(ReadCopy, text, CopyFormat::kText)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ReadCopy, csv, CopyFormat::kCsv)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ReadCopy, binary, CopyFormat::kBinary)->Unit(benchmark::kMillisecond);

// The part of ReadCopy that one thread does for all.
void SplitCopy(benchmark::State& state, CopyFormat format) {
  const std::string data = CpuData(format);
  const TextContext context;
  const auto source = std::make_shared<const CopySource>(CopySource{Dialect(format), CpuColumns(), &context});
  for (auto _ : state) {
    const std::unique_ptr<CopySplitter> splitter = MakeCopySplitter(source);
    for (size_t at = 0; at < data.size(); at += kSliceBytes) {
      if (!splitter->Feed(std::string_view(data).substr(at, kSliceBytes)).ok()) state.SkipWithError("feed");
      while (splitter->TakePiece().has_value()) continue;
    }
    splitter->Finish();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRows));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
}
BENCHMARK_CAPTURE(SplitCopy, text, CopyFormat::kText)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SplitCopy, csv, CopyFormat::kCsv)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SplitCopy, binary, CopyFormat::kBinary)->Unit(benchmark::kMillisecond);

void WriteRows(benchmark::State& state, int16_t format, double parts) {
  const ColumnBatch rows = CpuRows(parts);
  const TextContext context;
  const RowWriter writer({format});
  std::string out;
  size_t bytes = 0;
  for (auto _ : state) {
    for (size_t row = 0; row < kRows;) {
      out.clear();
      row = writer.Append(rows, row, kSliceBytes, context, out);
      bytes += out.size();
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRows));
}
BENCHMARK_CAPTURE(WriteRows, text, int16_t{0}, 1e4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(WriteRows, text_averages, int16_t{0}, 360)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(WriteRows, binary, int16_t{1}, 1e4)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tsd::net::pg
