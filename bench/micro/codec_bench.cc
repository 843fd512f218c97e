// Block codecs on one core: bytes of values in memory a second, encoding and decoding, and how many bytes a value takes. A block is a row
// group of the store (4096 rows).
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cmath>
#include <functional>

#include "engine/base/hash.h"
#include "engine/base/random.h"
#include "engine/base/strings.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/shared_dictionary.h"

namespace tsd::engine {
namespace {

constexpr size_t kRows = 4096;
constexpr size_t kBlocks = 16;  // different ones: a branch predictor must not learn a block by heart

int64_t Step(Random& random) {  // truncated normal steps, as in the CPU data
  const uint64_t step = random.Below(1000);
  return step < 376 ? 0 : step < 615 ? 1 : step < 854 ? -1 : step < 920 ? 2 : step < 985 ? -2 : step < 993 ? 3 : -3;
}

using Maker = std::function<Vector(Random&)>;

Maker Integers(std::function<int64_t(Random&, size_t, int64_t)> next) {
  return [next](Random& random) {
    Vector vector(TypeId::kInt64);
    int64_t last = 1'000'000;
    for (size_t i = 0; i < kRows; ++i) vector.Append<int64_t>(last = next(random, i, last));
    return vector;
  };
}
Maker Doubles(std::function<double(Random&, size_t, int64_t)> next) {
  return [next](Random& random) {
    Vector vector(TypeId::kFloat64);
    int64_t walk = 50;
    for (size_t i = 0; i < kRows; ++i) vector.Append<double>(next(random, i, walk += Step(random)));
    return vector;
  };
}
Maker Reals(std::function<double(Random&, size_t)> next) {
  return [next](Random& random) {
    Vector vector(TypeId::kFloat32);
    for (size_t i = 0; i < kRows; ++i) vector.Append<float>(static_cast<float>(next(random, i)));
    return vector;
  };
}
Maker Texts(std::function<std::string(Random&, size_t)> next) {
  return [next](Random& random) {
    Vector vector(TypeId::kText);
    for (size_t i = 0; i < kRows; ++i) vector.AppendBytes(next(random, i));
    return vector;
  };
}

Maker Booleans(std::function<bool(Random&, size_t)> next) {
  return [next](Random& random) {
    Vector vector(TypeId::kBool);
    for (size_t i = 0; i < kRows; ++i) vector.Append<uint8_t>(next(random, i) ? 1 : 0);
    return vector;
  };
}
Maker Uuids(std::function<uint64_t(Random&, size_t)> next) {
  return [next](Random& random) {
    Vector vector(TypeId::kUuid);
    for (size_t i = 0; i < kRows; ++i) {
      const uint64_t half = next(random, i);
      vector.Append<Uuid>(std::bit_cast<Uuid>(std::array<uint64_t, 2>{half, MixHash(half)}));
    }
    return vector;
  };
}
/// 64 pages of some kilobytes, of a few paragraphs each: LZ4 has them.
Vector LongTexts(Random& random) {
  std::vector<std::string> paragraphs(20);
  for (std::string& paragraph : paragraphs) {
    while (paragraph.size() < 400) StrAppend(&paragraph, "word", random.Below(10'000), " ");
  }
  Vector vector(TypeId::kText);
  for (size_t i = 0; i < 64; ++i) {
    std::string page = StrCat("page ", i, ": ");
    while (page.size() < 4000) page += paragraphs[random.Below(paragraphs.size())];
    vector.AppendBytes(page);
  }
  return vector;
}
/// Every tenth row NULL.
Maker WithNulls(std::function<void(Random&, Vector&)> append, DataType type) {
  return [append, type](Random& random) {
    Vector vector(type);
    for (size_t i = 0; i < kRows; ++i) {
      if (random.Chance(0.1)) {
        vector.AppendNull();
      } else {
        append(random, vector);
      }
    }
    return vector;
  };
}

struct Shape {
  const char* name;
  Maker make;
};

const std::vector<Shape>& Shapes() {
  static const std::vector<Shape> shapes = {
      {"timestamps_regular", Integers([](Random&, size_t, int64_t last) { return last + 10'000'000; })},
      {"timestamps_jitter", Integers([](Random& random, size_t, int64_t last) { return last + 10'000'000 + random.Between(-500, 500); })},
      {"timestamps_gaps", Integers([](Random& random, size_t, int64_t last) { return last + (random.Chance(0.01) ? 60'000'000 : 10'000'000); })},
      {"integers_10_bits", Integers([](Random& random, size_t, int64_t) { return random.Between(0, 1000); })},
      {"integers_one_value", Integers([](Random&, size_t, int64_t) { return int64_t{42}; })},
      {"integers_noise", Integers([](Random& random, size_t, int64_t) { return static_cast<int64_t>(random.Next()); })},
      {"integers_with_nulls", WithNulls([](Random& random, Vector& vector) { vector.Append<int64_t>(random.Between(0, 1000)); }, TypeId::kInt64)},
      {"integers_runs", Integers([](Random&, size_t i, int64_t) { return static_cast<int64_t>(i / 100 * 17 % 31); })},
      {"booleans_noise", Booleans([](Random& random, size_t) { return random.Chance(0.5); })},
      {"booleans_runs", Booleans([](Random&, size_t i) { return i / 300 % 2 == 0; })},
      {"booleans_one_value", Booleans([](Random&, size_t) { return true; })},
      {"doubles_one_value", Doubles([](Random&, size_t, int64_t) { return 0.1; })},
      {"doubles_with_nulls", WithNulls([](Random& random, Vector& vector) { vector.Append<double>(static_cast<double>(random.Below(10'000)) / 100); }, TypeId::kFloat64)},
      {"doubles_walk_of_integers", Doubles([](Random&, size_t, int64_t walk) { return static_cast<double>(walk); })},
      {"doubles_walk_of_cents", Doubles([](Random&, size_t, int64_t walk) { return static_cast<double>(walk) / 100; })},
      {"doubles_decimals", Doubles([](Random& random, size_t, int64_t) { return static_cast<double>(random.Between(0, 99'999)) / 1000; })},
      {"doubles_full_mantissa", Doubles([](Random&, size_t i, int64_t) { return std::sin(static_cast<double>(i) / 100) * 1e3; })},
      {"doubles_noise", Doubles([](Random& random, size_t, int64_t) { return random.Fraction() - 0.5; })},
      {"doubles_walk_of_noise", Doubles([](Random& random, size_t, int64_t walk) { return static_cast<double>(walk) / 7 + random.Fraction() / 1e3; })},
      {"doubles_few_values", Doubles([](Random& random, size_t, int64_t) { return std::sqrt(static_cast<double>(random.Below(200))); })},
      {"doubles_that_are_reals", Doubles([](Random& random, size_t, int64_t) { return static_cast<float>(random.Below(10'000)) / 100; })},
      {"reals_noise", Reals([](Random& random, size_t) { return random.Fraction() - 0.5; })},
      {"reals_decimals", Reals([](Random& random, size_t) { return static_cast<double>(random.Below(10'000)) / 100; })},
      {"text_one_value", Texts([](Random&, size_t) { return std::string("host_17"); })},
      {"text_100_values", Texts([](Random& random, size_t) { return StrCat("host_", random.Below(100)); })},
      {"text_distinct", Texts([](Random& random, size_t i) { return StrCat("/api/v1/items/", i, "?session=", random.Next()); })},
      {"text_with_nulls", WithNulls([](Random& random, Vector& vector) { vector.AppendBytes(StrCat("host_", random.Below(100))); }, TypeId::kText)},
      {"text_pages", LongTexts},
      {"uuids", Uuids([](Random& random, size_t) { return random.Next(); })},
      {"uuids_100_values", Uuids([](Random& random, size_t) { return random.Below(100); })},
      {"uuids_one_value", Uuids([](Random&, size_t) { return uint64_t{7}; })},
      {"uuids_in_sequence", [](Random& random) {
         Vector vector(TypeId::kUuid);
         const uint64_t first = random.Next();
         for (size_t i = 0; i < kRows; ++i) vector.Append<Uuid>(std::bit_cast<Uuid>(std::array<uint64_t, 2>{first, first + i}));
         return vector;
       }},
  };
  return shapes;
}

size_t RawBytes(const Vector& vector) { return vector.heap().size() + vector.size() * vector.type().Width(); }

void Encode(benchmark::State& state, const Maker& make) {
  Random random(1);
  std::vector<Vector> blocks;
  for (size_t i = 0; i < kBlocks; ++i) blocks.push_back(make(random));
  size_t at = 0;
  size_t encoded = 0;
  for (auto _ : state) {
    const std::string bytes = EncodeBlock(blocks[at++ % kBlocks]);
    encoded += bytes.size();
    benchmark::DoNotOptimize(bytes.data());
  }
  const double rows = static_cast<double>(state.iterations()) * static_cast<double>(blocks[0].size());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(RawBytes(blocks[0])));
  state.counters["bytes_a_value"] = static_cast<double>(encoded) / rows;
  state.counters["values"] = benchmark::Counter(rows, benchmark::Counter::kIsRate);
}

void Decode(benchmark::State& state, const Maker& make) {
  Random random(1);
  std::vector<std::string> blocks;
  DataType type;
  size_t raw = 0, rows = 0;
  for (size_t i = 0; i < kBlocks; ++i) {
    const Vector vector = make(random);
    type = vector.type();
    rows = vector.size();
    raw = RawBytes(vector);
    blocks.push_back(EncodeBlock(vector));
  }
  size_t at = 0;
  for (auto _ : state) {
    const auto vector = DecodeBlock(type, blocks[at++ % kBlocks], rows);
    benchmark::DoNotOptimize(vector.ok());
  }
  state.SetLabel(CodecName(BlockCodec(blocks[0])));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(raw));
  state.counters["values"] = benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(rows), benchmark::Counter::kIsRate);
}

/// Blocks that keep codes only: the strings of all of them are the file's.
void DecodeShared(benchmark::State& state) {
  Random random(1);
  const Maker make = Texts([](Random& values, size_t) { return StrCat("/api/v1/items/", 1000 + values.Below(2000)); });
  SharedDictionary shared;
  std::vector<std::string> blocks;
  size_t raw = 0, encoded = 0;
  for (size_t i = 0; i < kBlocks; ++i) {
    const Vector vector = make(random);
    raw = vector.heap().size();
    blocks.push_back(EncodeBlock(vector, &shared));
    encoded += blocks.back().size();
  }
  const auto entries = std::make_shared<const Vector>(shared.Entries(TypeId::kText));
  size_t at = 0;
  for (auto _ : state) {
    const auto vector = DecodeBlock(TypeId::kText, blocks[at++ % kBlocks], kRows, entries);
    benchmark::DoNotOptimize(vector.ok());
  }
  state.SetLabel(CodecName(BlockCodec(blocks[0])));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(raw));
  state.counters["bytes_a_value"] = static_cast<double>(encoded) / (kBlocks * kRows);
  state.counters["values"] = benchmark::Counter(static_cast<double>(state.iterations()) * kRows, benchmark::Counter::kIsRate);
}
BENCHMARK(DecodeShared);

const bool kRegistered = [] {
  for (const Shape& shape : Shapes()) {
    benchmark::RegisterBenchmark(StrCat("EncodeBlock/", shape.name).c_str(), [&shape](benchmark::State& state) { Encode(state, shape.make); });
    benchmark::RegisterBenchmark(StrCat("DecodeBlock/", shape.name).c_str(), [&shape](benchmark::State& state) { Decode(state, shape.make); });
  }
  return true;
}();

}  // namespace
}  // namespace tsd::engine
