#include "sql/exec/key_codes.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "engine/base/hash.h"
#include "engine/types/compare.h"

namespace tsd::sql {
namespace {

constexpr size_t kFirstCodeSlots = 64;
constexpr uint64_t kNullHash = 0x51ab5c4bd2e1f7a9ULL;

bool ComparesAsBytes(const DataType& type) {
  if (type.is_array) return false;
  switch (type.id) {
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kName:
    case TypeId::kBytea: return true;
    default: return false;
  }
}

uint64_t Load64(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, 8);
  return word;
}
uint32_t Load32(const char* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, 4);
  return word;
}

/// Of keys in memory only: never written anywhere. Short strings are read as two words that may overlap.
uint64_t HashShort(std::string_view bytes) {
  const size_t size = bytes.size();
  const char* data = bytes.data();
  uint64_t low = 0, high = 0;
  if (size >= 8) {
    low = Load64(data);
    high = Load64(data + size - 8);
  } else if (size >= 4) {
    low = Load32(data);
    high = Load32(data + size - 4);
  } else if (size > 0) {
    low = static_cast<uint8_t>(data[0]);
    high = static_cast<uint64_t>(static_cast<uint8_t>(data[size / 2])) << 8 | static_cast<uint8_t>(data[size - 1]);
  }
  const unsigned __int128 product =
      static_cast<unsigned __int128>(low ^ 0x9e3779b97f4a7c15ULL) * (high ^ (0xe7037ed1a0b428dbULL + size));
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t HashPlain(std::string_view bytes) { return MixHash(bytes.size() <= 16 ? HashShort(bytes) : Hash64(bytes)); }

inline bool SameBytes(const char* left, const char* right, size_t size) {
  if (size > 16) return std::memcmp(left, right, size) == 0;
  if (size >= 8) return ((Load64(left) ^ Load64(right)) | (Load64(left + size - 8) ^ Load64(right + size - 8))) == 0;
  if (size >= 4) return ((Load32(left) ^ Load32(right)) | (Load32(left + size - 4) ^ Load32(right + size - 4))) == 0;
  for (size_t i = 0; i < size; ++i) {
    if (left[i] != right[i]) return false;
  }
  return true;
}

template <typename T>
uint64_t WordOf(T value) {
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(value)) return 0x7ff8000000000000ULL;
    if (value == 0) return 0;
    return std::bit_cast<uint64_t>(value);
  } else if constexpr (std::is_same_v<T, float>) {
    if (std::isnan(value)) return 0x7fc00000U;
    if (value == 0) return 0;
    return std::bit_cast<uint32_t>(value);
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

template <typename T>
void LoadWordsOf(const Vector& column, const uint32_t* rows, size_t count, uint64_t* words, size_t stride) {
  const T* values = column.values<T>();
  if (column.HasNulls()) {
    for (size_t i = 0; i < count; ++i) {
      const size_t row = rows == nullptr ? i : rows[i];
      words[i * stride] = column.IsNull(row) ? 0 : WordOf(values[row]);
    }
  } else if (rows == nullptr) {
    for (size_t i = 0; i < count; ++i) words[i * stride] = WordOf(values[i]);
  } else {
    for (size_t i = 0; i < count; ++i) words[i * stride] = WordOf(values[rows[i]]);
  }
}

template <typename T>
void MarkChangesOf(const T* __restrict values, size_t rows, uint8_t* __restrict marks) {
  // Blocks of a constant size become vector code at -O2.
  size_t i = 1;
  for (; i + 32 <= rows; i += 32) {
    for (size_t j = 0; j < 32; ++j) marks[i + j] |= values[i + j] != values[i + j - 1] ? 1 : 0;
  }
  for (; i < rows; ++i) marks[i] |= values[i] != values[i - 1] ? 1 : 0;
}

struct Bytes16 {
  uint64_t low, high;
  bool operator!=(const Bytes16& other) const { return ((low ^ other.low) | (high ^ other.high)) != 0; }
};

void MarkByteChanges(const Vector& column, size_t rows, uint8_t* marks) {
  if (column.codes().size() >= rows) return MarkChangesOf(column.codes().data(), rows, marks);
  const uint32_t* offsets = column.offsets().data();
  const char* heap = column.heap().data();
  size_t previous = rows > 0 ? offsets[1] - offsets[0] : 0;
  for (size_t i = 1; i < rows; ++i) {
    const size_t size = offsets[i + 1] - offsets[i];
    if (size != previous || !SameBytes(heap + offsets[i], heap + offsets[i - 1], size)) marks[i] = 1;
    previous = size;
  }
}

}  // namespace

ValueDictionary::ValueDictionary(DataType type)
    : plain_bytes_(ComparesAsBytes(type)), values_(std::make_shared<Vector>(type)), slots_(kFirstCodeSlots), mask_(kFirstCodeSlots - 1) {}

uint64_t ValueDictionary::HashOf(const Vector& column, size_t row) const {
  if (column.IsNull(row)) return kNullHash;
  return plain_bytes_ ? HashPlain(column.GetBytes(row)) : MixHash(HashRow(column, row));
}

bool ValueDictionary::Equal(const Vector& column, size_t row, uint32_t code) const {
  if (!plain_bytes_ || column.HasNulls() || values_->HasNulls()) return RowsEqualOrBothNull(column, row, *values_, code);
  const std::string_view left = column.GetBytes(row);
  const std::string_view right = values_->GetBytes(code);
  return left.size() == right.size() && SameBytes(left.data(), right.data(), left.size());
}

void ValueDictionary::Grow() {
  slots_.assign(slots_.size() * 2, CodeSlot());
  mask_ = slots_.size() - 1;
  for (size_t code = 0; code < hashes_.size(); ++code) {
    uint64_t at = hashes_[code] & mask_;
    while (slots_[at].entry != 0) at = (at + 1) & mask_;
    slots_[at] = {static_cast<uint32_t>(code) + 1, static_cast<uint32_t>(hashes_[code] >> 32)};
  }
}

template <bool kAdd>
uint32_t ValueDictionary::CodeOf(const Vector& column, size_t row) {
  const uint64_t hash = HashOf(column, row);
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  uint64_t at = hash & mask_;
  while (slots_[at].entry != 0) {
    if (slots_[at].tag == tag && Equal(column, row, slots_[at].entry - 1)) return slots_[at].entry - 1;
    at = (at + 1) & mask_;
  }
  if constexpr (!kAdd) return kNoCode;
  const uint32_t code = static_cast<uint32_t>(hashes_.size());
  slots_[at] = {code + 1, tag};
  hashes_.push_back(hash);
  values_->AppendFrom(column, row);
  if (hashes_.size() * 2 > slots_.size()) Grow();
  return code;
}

void ValueDictionary::EncodeEntries(const Vector& column, const uint32_t* rows, size_t count, uint32_t* codes) {
  if (entries_ != column.entries()) {
    entries_ = column.entries();
    entry_codes_.assign(entries_->size(), kNoCode);
  }
  const uint16_t* const entries = column.codes().data();
  for (size_t i = 0; i < count; ++i) {
    const uint16_t entry = entries[rows == nullptr ? i : rows[i]];
    uint32_t& code = entry_codes_[entry];
    if (code == kNoCode) code = CodeOf<true>(*entries_, entry);
    codes[i] = code;
  }
}

void ValueDictionary::Encode(const Vector& column, const uint32_t* rows, size_t count, uint32_t* codes) {
  if (HasCodes(column)) return EncodeEntries(column, rows, count, codes);
  for (size_t i = 0; i < count; ++i) codes[i] = CodeOf<true>(column, rows == nullptr ? i : rows[i]);
}

void ValueDictionary::Find(const Vector& column, const uint32_t* rows, size_t count, uint32_t* codes) const {
  ValueDictionary& self = const_cast<ValueDictionary&>(*this);  // CodeOf<false> changes nothing
  if (HasCodes(column) && column.entries()->size() <= count) {
    constexpr uint32_t kNotAsked = kNoCode - 1;
    std::vector<uint32_t> entry_codes(column.entries()->size(), kNotAsked);
    for (size_t i = 0; i < count; ++i) {
      const uint16_t entry = column.codes()[rows == nullptr ? i : rows[i]];
      if (entry_codes[entry] == kNotAsked) entry_codes[entry] = self.CodeOf<false>(*column.entries(), entry);
      codes[i] = entry_codes[entry];
    }
    return;
  }
  for (size_t i = 0; i < count; ++i) codes[i] = self.CodeOf<false>(column, rows == nullptr ? i : rows[i]);
}

size_t ValueDictionary::MemoryBytes() const { return values_->MemoryBytes() + slots_.size() * sizeof(CodeSlot) + hashes_.capacity() * 8 + entry_codes_.capacity() * 4; }

bool IsWordType(const DataType& type) {
  switch (type.Physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt16:
    case PhysicalType::kInt32:
    case PhysicalType::kInt64:
    case PhysicalType::kFloat32:
    case PhysicalType::kFloat64: return true;
    default: return false;
  }
}

void LoadWords(const Vector& column, const uint32_t* rows, size_t count, uint64_t* words, size_t stride) {
  switch (column.type().Physical()) {
    case PhysicalType::kBool: return LoadWordsOf<uint8_t>(column, rows, count, words, stride);
    case PhysicalType::kInt16: return LoadWordsOf<int16_t>(column, rows, count, words, stride);
    case PhysicalType::kInt32: return LoadWordsOf<int32_t>(column, rows, count, words, stride);
    case PhysicalType::kInt64: return LoadWordsOf<int64_t>(column, rows, count, words, stride);
    case PhysicalType::kFloat32: return LoadWordsOf<float>(column, rows, count, words, stride);
    case PhysicalType::kFloat64: return LoadWordsOf<double>(column, rows, count, words, stride);
    default: TSD_CHECK(false);
  }
}

void AppendWord(uint64_t word, Vector& out) {
  switch (out.type().Physical()) {
    case PhysicalType::kBool: out.Append<uint8_t>(static_cast<uint8_t>(word)); break;
    case PhysicalType::kInt16: out.Append<int16_t>(static_cast<int16_t>(word)); break;
    case PhysicalType::kInt32: out.Append<int32_t>(static_cast<int32_t>(word)); break;
    case PhysicalType::kInt64: out.Append<int64_t>(static_cast<int64_t>(word)); break;
    case PhysicalType::kFloat32: out.Append<float>(std::bit_cast<float>(static_cast<uint32_t>(word))); break;
    case PhysicalType::kFloat64: out.Append<double>(std::bit_cast<double>(word)); break;
    default: TSD_CHECK(false);
  }
}

void MarkChanges(const Vector& column, size_t rows, uint8_t* marks) {
  if (rows < 2 || column.IsConstant() || column.IsUniform()) return;
  if (column.HasNulls()) {
    for (size_t i = 1; i < rows; ++i) marks[i] |= column.IsNull(i) != column.IsNull(i - 1) ? 1 : 0;
  }
  if (column.type().Physical() == PhysicalType::kBytes) return MarkByteChanges(column, rows, marks);
  switch (column.type().Width()) {
    case 1: return MarkChangesOf(column.values<uint8_t>(), rows, marks);
    case 2: return MarkChangesOf(column.values<uint16_t>(), rows, marks);
    case 4: return MarkChangesOf(column.values<uint32_t>(), rows, marks);
    case 8: return MarkChangesOf(column.values<uint64_t>(), rows, marks);
    case 16: return MarkChangesOf(column.values<Bytes16>(), rows, marks);
    default: std::memset(marks + 1, 1, rows - 1);
  }
}

}  // namespace tsd::sql
