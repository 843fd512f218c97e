#include "tests/engine/codec/random_columns.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "engine/base/hash.h"

namespace tsd::engine {
uint64_t ValuesWanted() {
  const char* text = std::getenv("TSD_CODEC_VALUES");
  return text == nullptr ? 400'000 : std::strtoull(text, nullptr, 10);
}

uint64_t ValuesIn(const Vector& vector) { return std::max<uint64_t>(vector.size(), vector.heap().size() / 64); }

bool IsWanted(std::string_view family) {
  const char* only = std::getenv("TSD_CODEC_FAMILY");
  return only == nullptr || only == family;
}

bool SameBits(const Vector& left, const Vector& right) {
  if (left.size() != right.size() || left.null_count() != right.null_count()) return false;
  const size_t width = left.type().Width();
  for (size_t row = 0; row < left.size(); ++row) {
    if (left.IsNull(row) != right.IsNull(row)) return false;
    if (width == 0 ? left.GetBytes(row) != right.GetBytes(row)
                   : std::memcmp(left.values<char>() + row * width, right.values<char>() + row * width, width) != 0) {
      return false;
    }
  }
  return true;
}

namespace {

/// Small ones, row groups as the writer makes them, and seldom the most that a block may have.
size_t RandomRows(Random& random) {
  if (random.Chance(0.01)) return random.Chance(0.5) ? kMaxBlockRows : 1 + random.Below(kMaxBlockRows);
  switch (random.Below(5)) {
    case 0: return 1 + random.Below(20);
    case 1: return 250 + random.Below(20);
    case 2: return 1 + random.Below(5000);
    case 3: return 5000 + random.Below(4000);
    default: return kDefaultBatchRows;
  }
}

/// Numbers as they come in practice and as they should not: walks, ramps, jumps, outliers, extremes, noise of every width, few distinct ones.
int64_t NextInteger(Random& random, int shape, unsigned width, int64_t last) {
  const auto wrap = [](uint64_t value) { return static_cast<int64_t>(value); };
  const uint64_t noise = width == 0 ? 0 : random.Next() >> (64 - width);
  switch (shape) {
    case 0: return wrap(static_cast<uint64_t>(last) + noise - (uint64_t{1} << (width == 0 ? 0 : width - 1)));
    case 1: return wrap(static_cast<uint64_t>(last) + 10'000'000);
    case 2: return wrap(static_cast<uint64_t>(last) + 1000 + (random.Chance(0.01) ? random.Next() >> 20 : 0));
    case 3: return wrap(noise);
    case 4: return random.Chance(0.02) ? wrap(random.Next()) : wrap(noise);
    case 5: return random.Chance(0.5) ? INT64_MIN + wrap(random.Below(3)) : INT64_MAX - wrap(random.Below(3));
    case 6: return random.Chance(0.9) ? last : wrap(noise);
    case 7: return wrap(static_cast<uint64_t>(last) + random.Below(3) - 1 + (random.Chance(0.05) ? random.Below(64) - 32 : 0));
    case 8: return wrap(static_cast<uint64_t>(last) + random.Below(3) - 1 + (random.Chance(0.1) ? random.Below(7) - 3 : 0));
    default: return wrap(random.Next());
  }
}
constexpr int kShapes = 10;

bool IsNullRow(Random& random, double chance, size_t row) { return chance > 0 && (random.Chance(chance) || (chance > 0.9 && row % 700 != 3)); }

double NullChance(Random& random) {
  switch (random.Below(5)) {
    case 0: return 0.1;
    case 1: return 0.95;
    default: return 0;
  }
}

template <typename T>
Vector RandomIntegers(DataType type, Random& random) {
  Vector vector(type);
  const size_t rows = RandomRows(random);
  const double nulls = NullChance(random);
  int shape = static_cast<int>(random.Below(kShapes));
  unsigned width = static_cast<unsigned>(random.Below(64));
  int64_t last = static_cast<int64_t>(random.Next() >> random.Below(64));
  for (size_t row = 0; row < rows; ++row) {
    if (random.Chance(0.001)) {  // the character of data changes
      shape = static_cast<int>(random.Below(kShapes));
      width = static_cast<unsigned>(random.Below(64));
    }
    last = NextInteger(random, shape, width, last);
    if (IsNullRow(random, nulls, row)) {
      vector.AppendNull();
    } else {
      vector.Append<T>(static_cast<T>(last));
    }
  }
  return vector;
}

template <typename T>
T NextFloat(Random& random, int shape, int64_t* walk) {
  *walk += random.Between(-3, 3);
  switch (shape) {
    case 0: return static_cast<T>(*walk);
    case 1: return static_cast<T>(static_cast<double>(*walk) / 100);
    case 2: return static_cast<T>(static_cast<double>(random.Between(0, 1'000'000'000)) / 1e6);
    case 3: return static_cast<T>(std::sin(static_cast<double>(*walk)) * 1e10);
    case 4: return std::bit_cast<T>(static_cast<std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>>(random.Next()));  // NaNs with payloads, subnormals
    case 5: {
      constexpr T kSpecial[] = {T(0.0), T(-0.0), std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(), std::numeric_limits<T>::denorm_min(),
                                std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(), std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::min()};
      return kSpecial[random.Below(9)];
    }
    case 6: return random.Chance(0.01) ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(*walk) / 10;
    case 7: return static_cast<T>(random.Fraction());
    case 8: return static_cast<T>(random.Fraction() - 0.5) * std::exp2(static_cast<T>(random.Between(-40, 40)));
    case 9: return static_cast<T>(static_cast<float>(random.Fraction()));  // doubles that are floats
    case 10: return std::sqrt(static_cast<T>(random.Below(300)));
    case 11: return random.Chance(0.7) ? T(0) : static_cast<T>(random.Fraction());
    case 12: return static_cast<T>(1) / static_cast<T>(1 + std::abs(*walk) / 16);  // runs
    case 13: return std::sin(static_cast<T>(*walk) / 500);                         // smooth
    default: return random.Chance(0.3) ? T(-0.0) : static_cast<T>(*walk);
  }
}
constexpr int kFloatShapes = 15;

template <typename T>
Vector RandomFloats(DataType type, Random& random) {
  Vector vector(type);
  const size_t rows = RandomRows(random);
  const double nulls = NullChance(random);
  int shape = static_cast<int>(random.Below(kFloatShapes));
  int64_t walk = random.Between(-100000, 100000);
  for (size_t row = 0; row < rows; ++row) {
    if (random.Chance(0.0005)) shape = static_cast<int>(random.Below(kFloatShapes));
    const T value = NextFloat<T>(random, shape, &walk);
    if (IsNullRow(random, nulls, row)) {
      vector.AppendNull();
    } else {
      vector.Append<T>(value);
    }
  }
  return vector;
}

Vector RandomStrings(Random& random) {
  Vector vector(TypeId::kText);
  const size_t rows = RandomRows(random);
  const double nulls = NullChance(random);
  const uint64_t distinct = random.Chance(0.3) ? 1 : 1 + random.Below(2000);
  const int shape = static_cast<int>(random.Below(4));
  for (size_t row = 0; row < rows; ++row) {
    if (IsNullRow(random, nulls, row)) {
      vector.AppendNull();
      continue;
    }
    const uint64_t which = random.Below(distinct);
    std::string text = "host_" + std::to_string(which);
    if (shape == 1) text = "/var/log/service-" + std::to_string(row / 7) + "/request?id=" + std::to_string(random.Next());
    if (shape == 2) text.assign(random.Below(40), '\0');
    if (shape == 3) {
      text.clear();
      for (size_t i = random.Below(60); i > 0; --i) text.push_back(static_cast<char>(random.Next()));
    }
    vector.AppendBytes(text);
  }
  return vector;
}

/// Pages, documents, noise: too long for symbols and dictionaries, so that LZ4 or nothing has them.
Vector RandomLongStrings(Random& random) {
  Vector vector(TypeId::kText);
  const size_t rows = 1 + random.Below(40);
  const double nulls = NullChance(random);
  const int shape = static_cast<int>(random.Below(4));
  std::string page;
  for (int word = 0; word < 300; ++word) page += "<td class=\"w" + std::to_string(random.Below(50)) + "\">";
  for (size_t row = 0; row < rows; ++row) {
    if (IsNullRow(random, nulls, row)) {
      vector.AppendNull();
      continue;
    }
    std::string text(1000 + random.Below(20'000), 'x');
    if (shape == 1) {
      for (size_t at = 0; at < text.size(); ++at) text[at] = page[(row * 31 + at) % page.size()];
    } else if (shape == 2) {
      for (char& byte : text) byte = static_cast<char>(random.Next());
    } else if (shape == 3 && random.Chance(0.5)) {
      text.resize(random.Below(3));
    }
    vector.AppendBytes(text);
  }
  return vector;
}

template <typename T>
Vector RandomWide(DataType type, Random& random) {
  Vector vector(type);
  const size_t rows = RandomRows(random);
  const uint64_t distinct = 1 + random.Below(100);
  for (size_t row = 0; row < rows; ++row) {
    T value{};
    const uint64_t parts[2] = {random.Chance(0.5) ? MixHash(random.Below(distinct)) : random.Next(), random.Next()};
    std::memcpy(static_cast<void*>(&value), parts, sizeof(T));
    if (random.Chance(0.05)) {
      vector.AppendNull();
    } else {
      vector.Append<T>(value);
    }
  }
  return vector;
}

}  // namespace

const std::vector<Family>& Families() {
  static const std::vector<Family> families = {
      {"bool", [](Random& random) {
         Vector vector(TypeId::kBool);
         const bool runs = random.Chance(0.5);
         uint8_t last = 0;
         for (size_t rows = RandomRows(random); rows > 0; --rows) {
           if (!runs || random.Chance(0.01)) last = static_cast<uint8_t>(random.Below(2));
           random.Chance(0.02) ? vector.AppendNull() : vector.Append<uint8_t>(last);
         }
         return vector;
       }},
      {"int2", [](Random& random) { return RandomIntegers<int16_t>(TypeId::kInt16, random); }},
      {"int4", [](Random& random) { return RandomIntegers<int32_t>(TypeId::kInt32, random); }},
      {"int8", [](Random& random) { return RandomIntegers<int64_t>(TypeId::kInt64, random); }},
      {"timestamp", [](Random& random) { return RandomIntegers<int64_t>(TypeId::kTimestampTz, random); }},
      {"float4", [](Random& random) { return RandomFloats<float>(TypeId::kFloat32, random); }},
      {"float8", [](Random& random) { return RandomFloats<double>(TypeId::kFloat64, random); }},
      {"text", RandomStrings},
      {"long_text", RandomLongStrings},
      {"uuid", [](Random& random) { return RandomWide<Uuid>(TypeId::kUuid, random); }},
      {"interval", [](Random& random) { return RandomWide<Interval>(TypeId::kInterval, random); }},
  };
  return families;
}

}  // namespace tsd::engine
