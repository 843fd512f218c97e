#include "engine/types/array.h"

#include <limits>

#include "engine/base/bytes.h"

namespace tsd {
namespace {

Status Damaged() { return Error(sqlstate::kDataCorrupted, "damaged array value"); }

/// A column of `count` elements from the bytes of Encode.
StatusOr<std::shared_ptr<Vector>> DecodeElements(DataType element, size_t count, ByteReader& reader) {
  std::vector<uint64_t> validity;
  const uint8_t has_nulls = reader.GetU8();
  if (has_nulls > 1) return Damaged();
  if (has_nulls == 1) {
    const size_t words = (count + 63) / 64;
    const std::string_view bits = reader.GetBytes(words * 8);
    if (!reader.ok()) return Damaged();
    validity.resize(words);
    if (words != 0) std::memcpy(validity.data(), bits.data(), bits.size());
  }
  auto vector = std::make_shared<Vector>(element);
  if (element.Physical() == PhysicalType::kBytes) {
    const std::string_view ends = reader.GetBytes(count * sizeof(uint32_t));
    const std::string_view heap = reader.Rest();
    if (!reader.ok()) return Damaged();
    std::vector<uint32_t> offsets(count + 1);
    if (count != 0) std::memcpy(offsets.data() + 1, ends.data(), ends.size());
    for (size_t i = 0; i < count; ++i) {
      if (offsets[i] > offsets[i + 1]) return Damaged();
    }
    if (offsets.back() != heap.size()) return Damaged();
    vector->AdoptBytes(std::move(offsets), std::string(heap));
  } else {
    const std::string_view values = reader.GetBytes(count * element.Width());
    if (!reader.ok() || !reader.AtEnd()) return Damaged();
    vector->ResizeFixed(count);
    if (count != 0) std::memcpy(vector->mutable_values<uint8_t>(), values.data(), values.size());
  }
  if (has_nulls == 1) vector->AdoptValidity(std::move(validity));
  return vector;
}

}  // namespace

ArrayValue::ArrayValue(std::vector<ArrayDimension> dimensions, std::shared_ptr<Vector> elements)
    : dimensions_(std::move(dimensions)), elements_(std::move(elements)) {
  size_t count = dimensions_.empty() ? 0 : 1;
  for (const ArrayDimension& dimension : dimensions_) count *= static_cast<size_t>(dimension.length);
  TSD_CHECK(count == elements_->size());
}

ArrayValue ArrayValue::FromVector(std::shared_ptr<Vector> elements) {
  std::vector<ArrayDimension> dimensions;
  if (elements->size() != 0) dimensions.push_back({static_cast<int32_t>(elements->size()), 1});
  return ArrayValue(std::move(dimensions), std::move(elements));
}

int64_t ArrayValue::IndexOf(const std::vector<int64_t>& subscripts) const {
  if (subscripts.size() != dimensions_.size() || subscripts.empty()) return -1;
  int64_t index = 0;
  for (size_t i = 0; i < subscripts.size(); ++i) {
    const int64_t low = dimensions_[i].lower_bound;
    if (subscripts[i] < low || subscripts[i] - low >= dimensions_[i].length) return -1;
    index = index * dimensions_[i].length + (subscripts[i] - low);
  }
  return index;
}

std::string ArrayValue::Encode() const {
  ByteWriter writer;
  writer.PutU8(static_cast<uint8_t>(element_type().id));
  writer.PutU8(static_cast<uint8_t>(dimensions_.size()));
  for (const ArrayDimension& dimension : dimensions_) {
    writer.PutU32(static_cast<uint32_t>(dimension.length));
    writer.PutU32(static_cast<uint32_t>(dimension.lower_bound));
  }
  const Vector& elements = *elements_;
  const std::span<const uint64_t> validity = elements.validity();
  writer.PutBool(!validity.empty());
  writer.PutBytes(RawBytes(validity.data(), validity.size()));
  if (element_type().Physical() == PhysicalType::kBytes) {
    writer.PutBytes(RawBytes(elements.offsets().data() + 1, elements.size()));
    writer.PutBytes(elements.heap());
  } else {
    writer.PutBytes(RawBytes(elements.values<uint8_t>(), elements.size() * element_type().Width()));
  }
  return std::move(writer).Take();
}

StatusOr<ArrayValue> ArrayValue::Decode(DataType element, std::string_view bytes) {
  ByteReader reader(bytes);
  const uint8_t id = reader.GetU8();
  const uint8_t dimension_count = reader.GetU8();
  if (!reader.ok() || id != static_cast<uint8_t>(element.id) || dimension_count > kMaxDimensions) return Damaged();
  std::vector<ArrayDimension> dimensions(dimension_count);
  size_t count = dimension_count == 0 ? 0 : 1;
  for (ArrayDimension& dimension : dimensions) {
    dimension.length = static_cast<int32_t>(reader.GetU32());
    dimension.lower_bound = static_cast<int32_t>(reader.GetU32());
    if (!reader.ok() || dimension.length <= 0) return Damaged();
    // Every element takes at least a byte, or the count lies; and the upper bound must be a subscript.
    count *= static_cast<size_t>(dimension.length);
    int32_t upper;
    if (count > bytes.size() || __builtin_add_overflow(dimension.lower_bound, dimension.length, &upper)) return Damaged();
  }
  ASSIGN_OR_RETURN(std::shared_ptr<Vector> elements, DecodeElements(element.Element(), count, reader));
  return ArrayValue(std::move(dimensions), std::move(elements));
}

}  // namespace tsd
