// SlotOf. Placement on disk depends on every byte hashed here: never change it.
#include <cmath>

#include "engine/base/hash.h"
#include "engine/types/numeric.h"
#include "sql/catalog/catalog.h"

namespace tsd::sql {
namespace {

uint64_t HashInt(int64_t value) {
  char bytes[8];
  std::memcpy(bytes, &value, 8);
  return Hash64(std::string_view(bytes, 8));
}

uint64_t HashDouble(double value) {
  if (std::isnan(value)) return HashInt(0x7ff8000000000000);
  if (value == 0) value = 0;  // -0
  int64_t bits;
  std::memcpy(&bits, &value, 8);
  return HashInt(bits);
}

uint64_t HashNumeric(std::string_view bytes) {
  StatusOr<Numeric> value = Numeric::Decode(bytes);
  if (!value.ok()) return Hash64(bytes);
  return Hash64(value->TrimScale().ToString());
}

}  // namespace

int SlotOf(const Vector& keys, size_t row) {
  if (keys.IsNull(row)) return 0;
  uint64_t hash = 0;
  switch (keys.type().Physical()) {
    case PhysicalType::kBool: hash = HashInt(keys.Get<uint8_t>(row) != 0 ? 1 : 0); break;
    case PhysicalType::kInt16: hash = HashInt(keys.Get<int16_t>(row)); break;
    case PhysicalType::kInt32: hash = HashInt(keys.Get<int32_t>(row)); break;
    case PhysicalType::kInt64: hash = HashInt(keys.Get<int64_t>(row)); break;
    case PhysicalType::kFloat32: hash = HashDouble(keys.Get<float>(row)); break;
    case PhysicalType::kFloat64: hash = HashDouble(keys.Get<double>(row)); break;
    case PhysicalType::kInterval: {
      const __int128 value = keys.Get<Interval>(row).ComparisonValue();
      char bytes[16];
      std::memcpy(bytes, &value, 16);
      hash = Hash64(std::string_view(bytes, 16));
      break;
    }
    case PhysicalType::kUuid: {
      const Uuid value = keys.Get<Uuid>(row);
      hash = Hash64(std::string_view(reinterpret_cast<const char*>(value.bytes), 16));  // tidy: hashes a uuid's bytes
      break;
    }
    case PhysicalType::kBytes: {
      std::string_view bytes = keys.GetBytes(row);
      if (keys.type().Is(TypeId::kNumeric)) {
        hash = HashNumeric(bytes);
        break;
      }
      if (keys.type().Is(TypeId::kBpchar)) {
        while (!bytes.empty() && bytes.back() == ' ') bytes.remove_suffix(1);
      }
      hash = Hash64(bytes);
      break;
    }
  }
  return static_cast<int>(hash % kSlotCount);
}

}  // namespace tsd::sql
