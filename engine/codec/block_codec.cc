#include "engine/codec/block_codec.h"

#include <vector>

#include "engine/base/strings.h"
#include "engine/codec/boolean_codec.h"
#include "engine/codec/bytes_codec.h"
#include "engine/codec/chooser.h"
#include "engine/codec/dictionary_codes.h"
#include "engine/codec/float_alp.h"
#include "engine/codec/float_codec.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/wide_codec.h"

namespace tsd::engine {
namespace {

// Block: u8 presence, u8 codec, u16 zero, u32 rows, [validity], payload. See FORMAT.md.
enum class Presence : uint8_t { kAllPresent = 0, kBitmap = 1, kAllNull = 2 };
constexpr size_t kHeaderBytes = 8;

// ---- encoding: values that are present, without gaps ----

/// The rows that are present, one after another: the vector's own values if that is all of them.
template <typename T>
class PresentValues {
 public:
  explicit PresentValues(const Vector& vector) {
    const T* values = vector.values<T>();
    if (!vector.HasNulls()) {
      span_ = std::span<const T>(values, vector.size());
      return;
    }
    kept_.reserve(vector.size() - vector.null_count());
    const std::span<const uint64_t> validity = vector.validity();
    for (size_t word = 0; word < validity.size(); ++word) {
      for (uint64_t bits = validity[word]; bits != 0; bits &= bits - 1) {
        kept_.push_back(values[word * 64 + static_cast<size_t>(__builtin_ctzll(bits))]);
      }
    }
    span_ = kept_;
  }
  std::span<const T> get() const { return span_; }

 private:
  std::vector<T> kept_;
  std::span<const T> span_;
};

template <typename T>
std::vector<int64_t> PresentIntegers(const Vector& vector) {
  const PresentValues<T> values(vector);
  return std::vector<int64_t>(values.get().begin(), values.get().end());
}

CodecId EncodeIntegerColumn(std::span<const int64_t> values, std::string& out) {
  const CodecId codec = ChooseIntegerCodec(values);
  EncodeIntegersAs(codec, values, out);
  return codec;
}

CodecId EncodeVariable(const Vector& vector, SharedDictionary* shared, std::string& out) {
  std::vector<std::string_view> values;
  values.reserve(vector.size() - vector.null_count());
  for (size_t row = 0; row < vector.size(); ++row) {
    if (!vector.IsNull(row)) values.push_back(vector.GetBytes(row));
  }
  return EncodeStrings(values, shared, out);
}

CodecId EncodePayload(const Vector& vector, SharedDictionary* shared, std::string& out) {
  switch (vector.type().Physical()) {
    case PhysicalType::kBool: return EncodeBooleans(PresentValues<uint8_t>(vector).get(), out);
    case PhysicalType::kInt16: return EncodeIntegerColumn(PresentIntegers<int16_t>(vector), out);
    case PhysicalType::kInt32: return EncodeIntegerColumn(PresentIntegers<int32_t>(vector), out);
    case PhysicalType::kInt64: return EncodeIntegerColumn(PresentValues<int64_t>(vector).get(), out);
    case PhysicalType::kFloat32: return EncodeFloats(PresentValues<float>(vector).get(), out);
    case PhysicalType::kFloat64: return EncodeFloats(PresentValues<double>(vector).get(), out);
    case PhysicalType::kInterval: return EncodeWide(PresentValues<Interval>(vector).get(), out);
    case PhysicalType::kUuid: return EncodeWide(PresentValues<Uuid>(vector).get(), out);
    case PhysicalType::kBytes: return EncodeVariable(vector, shared, out);
  }
  TSD_CHECK_MSG(false, "no such layout");
}

// ---- decoding ----

/// Moves `present` values at the front to the rows the bitmap names; the others become zero. From the back, in place.
template <typename T>
void Spread(T* values, size_t present, const std::vector<uint64_t>& validity, size_t rows) {
  size_t from = present;
  for (size_t row = rows; row-- > 0;) {
    if ((validity[row / 64] >> (row % 64) & 1) != 0) {
      values[row] = values[--from];
    } else {
      values[row] = T{};
    }
  }
}

template <typename T>
bool DecodeNarrow(CodecId codec, ByteReader& reader, std::span<T> out) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return DecodeIntegersAs(codec, reader, out);
  } else {
    std::vector<int64_t> wide(out.size());
    if (!DecodeIntegersAs(codec, reader, wide)) return false;
    for (size_t i = 0; i < wide.size(); ++i) out[i] = static_cast<T>(wide[i]);
    return true;
  }
}

template <typename T>
bool DecodeValues(CodecId codec, ByteReader& reader, std::span<T> out) {
  if constexpr (std::is_same_v<T, uint8_t>) {
    return DecodeBooleans(codec, reader, out);
  } else if constexpr (std::is_integral_v<T>) {
    return DecodeNarrow<T>(codec, reader, out);
  } else if constexpr (std::is_floating_point_v<T>) {
    return DecodeFloats<T>(codec, reader, out);
  } else {
    return DecodeWide<T>(codec, reader, out);
  }
}

struct Validity {
  size_t present = 0;
  std::vector<uint64_t> words;  // empty if all are present
};

template <typename T>
bool DecodeFixed(CodecId codec, ByteReader& reader, Validity validity, size_t rows, Vector& vector) {
  vector.ResizeFixedUninitialized(rows);
  T* values = vector.mutable_values<T>();
  if (!DecodeValues<T>(codec, reader, std::span<T>(values, validity.present))) return false;
  if (!validity.words.empty()) {
    Spread(values, validity.present, validity.words, rows);
    vector.AdoptValidity(std::move(validity.words));
  } else if (codec == CodecId::kConstant) {
    vector.MarkUniform();
  }
  return true;
}

/// A block's own dictionary; null on damage.
VectorPtr DecodeOwnEntries(DataType type, ByteReader& reader) {
  ByteList own;
  if (!DecodeEntries(reader, own)) return nullptr;
  auto entries = std::make_shared<Vector>(type);
  entries->AdoptBytes(std::move(own.offsets), std::move(own.heap));
  return entries;
}

/// Rows of strings from those that are present.
void SpreadStrings(const Validity& validity, size_t rows, ByteList& strings) {
  if (validity.words.empty()) return;
  std::vector<uint32_t> spread(rows + 1);
  size_t from = 0;
  for (size_t row = 0; row < rows; ++row) {
    from += validity.words[row / 64] >> (row % 64) & 1;
    spread[row + 1] = strings.offsets[from];
  }
  strings.offsets = std::move(spread);
}

bool DecodeVariable(CodecId codec, ByteReader& reader, Validity validity, size_t rows, VectorPtr dictionary, Vector& vector) {
  ByteList strings;
  std::vector<uint16_t> codes;
  if (codec == CodecId::kBytes) {
    if (!DecodeBytes(reader, validity.present, strings)) return false;
  } else {
    if (codec == CodecId::kDictionary) dictionary = DecodeOwnEntries(vector.type(), reader);
    if (dictionary == nullptr || (codec != CodecId::kDictionary && codec != CodecId::kSharedDictionary)) return false;
    codes.resize(validity.present);
    if (!DecodeCodes(reader, dictionary->size(), codes) || !GatherStrings(dictionary->offsets(), dictionary->heap(), codes, strings)) return false;
  }
  SpreadStrings(validity, rows, strings);
  vector.AdoptBytes(std::move(strings.offsets), std::move(strings.heap));
  if (!validity.words.empty()) {
    vector.AdoptValidity(std::move(validity.words));
  } else if (!codes.empty()) {
    if (dictionary->size() == 1) vector.MarkUniform();
    vector.SetCodes(std::move(dictionary), std::move(codes));
  }
  return true;
}

bool DecodePayload(CodecId codec, ByteReader& reader, Validity validity, size_t rows, const VectorPtr& dictionary, Vector& vector) {
  switch (vector.type().Physical()) {
    case PhysicalType::kBool: return DecodeFixed<uint8_t>(codec, reader, std::move(validity), rows, vector);
    case PhysicalType::kInt16: return DecodeFixed<int16_t>(codec, reader, std::move(validity), rows, vector);
    case PhysicalType::kInt32: return DecodeFixed<int32_t>(codec, reader, std::move(validity), rows, vector);
    case PhysicalType::kInt64: return DecodeFixed<int64_t>(codec, reader, std::move(validity), rows, vector);
    case PhysicalType::kFloat32: return DecodeFixed<float>(codec, reader, std::move(validity), rows, vector);
    case PhysicalType::kFloat64: return DecodeFixed<double>(codec, reader, std::move(validity), rows, vector);
    case PhysicalType::kInterval: return DecodeFixed<Interval>(codec, reader, std::move(validity), rows, vector);
    case PhysicalType::kUuid: return DecodeFixed<Uuid>(codec, reader, std::move(validity), rows, vector);
    case PhysicalType::kBytes: return DecodeVariable(codec, reader, std::move(validity), rows, dictionary, vector);
  }
  return false;
}

bool ReadBitmap(ByteReader& reader, size_t rows, Validity& validity) {
  const std::string_view bits = reader.GetBytes((rows + 63) / 64 * 8);
  if (!reader.ok()) return false;
  validity.words.resize(bits.size() / 8);
  std::memcpy(validity.words.data(), bits.data(), bits.size());
  if (rows % 64 != 0 && validity.words.back() >> (rows % 64) != 0) return false;
  for (uint64_t word : validity.words) validity.present += static_cast<size_t>(__builtin_popcountll(word));
  return validity.present != 0 && validity.present != rows;
}

/// Reads the header: the block is ALP's, without NULLs.
bool IsPlainAlp(ByteReader& reader, size_t rows) {
  const Presence presence = static_cast<Presence>(reader.GetU8());
  const CodecId codec = static_cast<CodecId>(reader.GetU8());
  reader.GetU16();
  return reader.GetU32() == rows && reader.ok() && presence == Presence::kAllPresent && codec == CodecId::kAlp;
}

Status Damaged(std::string_view what) { return Error(sqlstate::kDataCorrupted, StrCat("damaged block: ", what)); }

struct Head {
  Presence presence = Presence::kAllPresent;
  CodecId codec = CodecId::kPlain;
  Validity validity;  // no rows where all are NULL
};

/// What stands in front of a block's payload.
Status ReadHead(ByteReader& reader, size_t rows, Head& head) {
  const uint8_t presence = reader.GetU8();
  head.codec = static_cast<CodecId>(reader.GetU8());
  const uint16_t reserved = reader.GetU16();
  const uint32_t stored_rows = reader.GetU32();
  if (!reader.ok() || reserved != 0 || presence > 2) return Damaged("bad header");
  if (stored_rows != rows || rows == 0 || rows > kMaxBlockRows) return Damaged("wrong number of rows");
  head.presence = static_cast<Presence>(presence);
  if (head.presence == Presence::kAllPresent) head.validity.present = rows;
  if (head.presence == Presence::kBitmap && !ReadBitmap(reader, rows, head.validity)) return Damaged("bad null bitmap");
  return OkStatus();
}

}  // namespace

const char* CodecName(CodecId codec) {
  switch (codec) {
    case CodecId::kPlain: return "plain";
    case CodecId::kConstant: return "constant";
    case CodecId::kRunLength: return "run length";
    case CodecId::kFrame: return "frame of reference";
    case CodecId::kDelta: return "delta";
    case CodecId::kDeltaDelta: return "delta of delta";
    case CodecId::kAlp: return "alp";
    case CodecId::kParts: return "two parts";
    case CodecId::kBitmap: return "bitmap";
    case CodecId::kDictionary: return "dictionary";
    case CodecId::kBytes: return "bytes";
    case CodecId::kLz4: return "lz4";
    case CodecId::kProgression: return "progression";
    case CodecId::kNarrow: return "narrow floats";
    case CodecId::kSharedDictionary: return "shared dictionary";
  }
  return "unknown";
}

std::string EncodeBlock(const Vector& vector) { return EncodeBlock(vector, nullptr); }

std::string EncodeBlock(const Vector& vector, SharedDictionary* shared) {
  const size_t rows = vector.size();
  TSD_CHECK(rows >= 1 && rows <= kMaxBlockRows && !vector.IsConstant());
  std::string out(kHeaderBytes, '\0');
  Presence presence = Presence::kAllPresent;
  if (vector.null_count() == rows) {
    presence = Presence::kAllNull;
  } else if (vector.HasNulls()) {
    presence = Presence::kBitmap;
    const std::span<const uint64_t> words = vector.validity();
    out.append(reinterpret_cast<const char*>(words.data()), words.size() * 8);
  }
  const CodecId codec = presence == Presence::kAllNull ? CodecId::kPlain : EncodePayload(vector, shared, out);
  out[0] = static_cast<char>(presence);
  out[1] = static_cast<char>(codec);
  const uint32_t row_count = static_cast<uint32_t>(rows);
  std::memcpy(out.data() + 4, &row_count, sizeof(row_count));
  return out;
}

StatusOr<std::shared_ptr<Vector>> DecodeBlock(DataType type, std::string_view bytes, size_t rows) { return DecodeBlock(type, bytes, rows, nullptr); }

StatusOr<std::shared_ptr<Vector>> DecodeBlock(DataType type, std::string_view bytes, size_t rows, const VectorPtr& dictionary) {
  ByteReader reader(bytes);
  Head head;
  RETURN_IF_ERROR(ReadHead(reader, rows, head));
  auto vector = std::make_shared<Vector>(type);
  if (head.presence == Presence::kAllNull) {
    if (head.codec != CodecId::kPlain || !reader.AtEnd()) return Damaged("values where all are null");
    for (size_t i = 0; i < rows; ++i) vector->AppendNull();
    return vector;
  }
  if (!DecodePayload(head.codec, reader, std::move(head.validity), rows, dictionary, *vector)) {
    return Damaged(StrCat("bad values in codec ", CodecName(head.codec)));
  }
  if (!reader.ok() || !reader.AtEnd()) return Damaged("bytes left over");
  return vector;
}

StatusOr<std::optional<CodedRows>> DecodeCodedRows(DataType type, std::string_view bytes, size_t rows, const VectorPtr& dictionary) {
  const CodecId codec = BlockCodec(bytes);
  if (type.Physical() != PhysicalType::kBytes || (codec != CodecId::kDictionary && codec != CodecId::kSharedDictionary)) return std::optional<CodedRows>();
  ByteReader reader(bytes);
  Head head;
  RETURN_IF_ERROR(ReadHead(reader, rows, head));
  CodedRows coded;
  coded.entries = dictionary;
  if (codec == CodecId::kDictionary) {
    coded.entries = DecodeOwnEntries(type, reader);
    if (coded.entries == nullptr) return Damaged("bad dictionary");
  }
  coded.codes.resize(head.validity.present);
  if (head.presence == Presence::kAllNull || coded.entries == nullptr || !DecodeCodes(reader, coded.entries->size(), coded.codes) || !reader.AtEnd()) {
    return Damaged(StrCat("bad values in codec ", CodecName(codec)));
  }
  coded.present = std::move(head.validity.words);
  return std::optional<CodedRows>(std::move(coded));
}

bool SumRows(std::string_view bytes, size_t rows, std::span<const RowSpan> spans, std::span<const uint8_t> keep, double* sums) {
  ByteReader reader(bytes);
  return IsPlainAlp(reader, rows) && SumAlp(reader, rows, spans, keep, sums) && reader.AtEnd();
}

bool TestRows(std::string_view bytes, size_t rows, DoubleTest test, uint8_t* keep) {
  ByteReader reader(bytes);
  return IsPlainAlp(reader, rows) && TestAlp(reader, rows, test, keep);
}

CodecId BlockCodec(std::string_view bytes) {
  return bytes.size() < kHeaderBytes ? CodecId::kPlain : static_cast<CodecId>(bytes[1]);
}

}  // namespace tsd::engine
