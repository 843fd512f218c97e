#include "sql/exec/group_table.h"

#include "engine/base/hash.h"
#include "engine/types/compare.h"

namespace tsd::sql {
namespace {

constexpr size_t kFirstSlots = 256;

/// Bits a key takes when packed, its NULL flag included; 0 = cannot be packed.
size_t PackedBits(const DataType& type) {
  switch (type.Physical()) {
    case PhysicalType::kBool: return 9;
    case PhysicalType::kInt16: return 17;
    case PhysicalType::kInt32: return 33;
    case PhysicalType::kInt64: return 64;  // the flag goes to the upper word
    default: return 0;
  }
}

int64_t IntegerAt(const Vector& column, size_t row) {
  switch (column.type().Physical()) {
    case PhysicalType::kBool: return column.values<uint8_t>()[row];
    case PhysicalType::kInt16: return column.values<int16_t>()[row];
    case PhysicalType::kInt32: return column.values<int32_t>()[row];
    default: return column.values<int64_t>()[row];
  }
}

}  // namespace

GroupTable::GroupTable(std::vector<DataType> types) : types_(std::move(types)) {
  for (const DataType& type : types_) columns_.push_back(std::make_shared<Vector>(type));
  // One key of any width, or two of which the second leaves room for both NULL flags.
  if (types_.size() == 1) packable_ = PackedBits(types_[0]) != 0;
  if (types_.size() == 2) {
    const size_t first = PackedBits(types_[0]);
    const size_t second = PackedBits(types_[1]);
    packable_ = first != 0 && second != 0 && second <= 33;
  }
  slots_.assign(kFirstSlots, 0);
  mask_ = kFirstSlots - 1;
}

void GroupTable::Pack(const std::vector<VectorPtr>& keys, size_t rows, std::vector<Packed>* packed) const {
  packed->assign(rows, Packed{});
  for (size_t i = 0; i < rows; ++i) {
    Packed& out = (*packed)[i];
    if (keys[0]->IsNull(i)) {
      out.high |= uint64_t{1} << 63;
    } else {
      out.low = static_cast<uint64_t>(IntegerAt(*keys[0], i));
    }
    if (keys.size() == 2) {
      if (keys[1]->IsNull(i)) {
        out.high |= uint64_t{1} << 62;
      } else {
        out.high |= static_cast<uint64_t>(static_cast<uint32_t>(IntegerAt(*keys[1], i)));
      }
    }
  }
}

void GroupTable::Hash(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint64_t>* hashes) const {
  hashes->assign(rows, 0);
  HashMode mode = HashMode::kReplace;
  for (const VectorPtr& key : keys) {
    HashColumn(*key, *hashes, mode);
    mode = HashMode::kCombine;
  }
}

bool GroupTable::Equal(const std::vector<VectorPtr>& keys, size_t row, uint32_t group) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!RowsEqualOrBothNull(*keys[i], row, *columns_[i], group)) return false;
  }
  return true;
}

void GroupTable::Grow() {
  const size_t size = slots_.size() * 2;
  slots_.assign(size, 0);
  mask_ = size - 1;
  for (size_t group = 0; group < hashes_.size(); ++group) {
    uint64_t at = hashes_[group] & mask_;
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = static_cast<uint32_t>(group) + 1;
  }
}

void GroupTable::Resolve(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* ids) {
  ids->resize(rows);
  std::vector<Packed> packed;
  std::vector<uint64_t> hashes;
  if (packable_) {
    Pack(keys, rows, &packed);
  } else {
    Hash(keys, rows, &hashes);
  }
  for (size_t i = 0; i < rows; ++i) {
    if ((hashes_.size() + 1) * 2 > slots_.size()) Grow();
    const uint64_t hash = packable_ ? CombineHash(MixHash(packed[i].low), packed[i].high) : hashes[i];
    uint64_t at = hash & mask_;
    uint32_t group = kNone;
    while (slots_[at] != 0) {
      const uint32_t candidate = slots_[at] - 1;
      if (hashes_[candidate] == hash && (packable_ ? packed_[candidate] == packed[i] : Equal(keys, i, candidate))) {
        group = candidate;
        break;
      }
      at = (at + 1) & mask_;
    }
    if (group == kNone) {
      group = static_cast<uint32_t>(hashes_.size());
      slots_[at] = group + 1;
      hashes_.push_back(hash);
      if (packable_) packed_.push_back(packed[i]);
      for (size_t k = 0; k < keys.size(); ++k) columns_[k]->AppendFrom(*keys[k], i);
    }
    (*ids)[i] = group;
  }
}

void GroupTable::Lookup(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* ids) const {
  ids->resize(rows);
  std::vector<Packed> packed;
  std::vector<uint64_t> hashes;
  if (packable_) {
    Pack(keys, rows, &packed);
  } else {
    Hash(keys, rows, &hashes);
  }
  for (size_t i = 0; i < rows; ++i) {
    const uint64_t hash = packable_ ? CombineHash(MixHash(packed[i].low), packed[i].high) : hashes[i];
    uint64_t at = hash & mask_;
    uint32_t group = kNone;
    while (slots_[at] != 0) {
      const uint32_t candidate = slots_[at] - 1;
      if (hashes_[candidate] == hash && (packable_ ? packed_[candidate] == packed[i] : Equal(keys, i, candidate))) {
        group = candidate;
        break;
      }
      at = (at + 1) & mask_;
    }
    (*ids)[i] = group;
  }
}

std::vector<VectorPtr> GroupTable::Keys(size_t begin, size_t end) const {
  std::vector<VectorPtr> keys;
  for (const auto& column : columns_) keys.push_back(Vector::Slice(column, begin, end));
  return keys;
}

size_t GroupTable::MemoryBytes() const {
  size_t bytes = slots_.size() * 4 + hashes_.capacity() * 8 + packed_.capacity() * sizeof(Packed);
  for (const auto& column : columns_) bytes += column->MemoryBytes();
  return bytes;
}

}  // namespace tsd::sql
