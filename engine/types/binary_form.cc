#include "engine/types/binary_form.h"

#include <arpa/inet.h>

#include <bit>

#include "engine/base/bytes.h"
#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/datetime.h"
#include "engine/types/json_text.h"
#include "engine/types/numeric.h"
#include "engine/types/text_form.h"

namespace tsd {
namespace {

constexpr uint8_t kJsonbVersion = 1;
constexpr uint8_t kFamilyInet = 2;
constexpr uint8_t kFamilyInet6 = 3;

Status BadForm(std::string_view what = "incorrect binary data format") { return Error(sqlstate::kInvalidBinaryRepresentation, what); }

template <typename T>
void PutBe(T value, std::string& out) {
  if constexpr (sizeof(T) == 2) value = static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  if constexpr (sizeof(T) == 4) value = static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  if constexpr (sizeof(T) == 8) value = static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// The whole of `bytes` as one big-endian integer.
template <typename T>
bool GetBe(std::string_view bytes, T* value) {
  if (bytes.size() != sizeof(T)) return false;
  ByteReader reader(bytes);
  if constexpr (sizeof(T) == 2) *value = static_cast<T>(reader.GetBeU16());
  if constexpr (sizeof(T) == 4) *value = static_cast<T>(reader.GetBeU32());
  if constexpr (sizeof(T) == 8) *value = static_cast<T>(reader.GetBeU64());
  return true;
}

template <typename T>
Status AppendBe(std::string_view bytes, Vector& out) {
  T value;
  if (!GetBe(bytes, &value)) return BadForm();
  out.Append<T>(value);
  return OkStatus();
}

Status AppendTimestamp(DataType type, std::string_view bytes, Vector& out) {
  int64_t value;
  if (!GetBe(bytes, &value)) return BadForm();
  if (IsFiniteTimestamp(value) && !IsValidTimestamp(value)) return TimestampOutOfRange();
  out.Append<int64_t>(RoundToPrecision(value, type.typmod));
  return OkStatus();
}

Status AppendDate(std::string_view bytes, Vector& out) {
  int32_t value;
  if (!GetBe(bytes, &value)) return BadForm();
  if (IsFiniteDate(value) && !IsValidDate(value)) return DateOutOfRange();
  out.Append<int32_t>(value);
  return OkStatus();
}

Status AppendTime(DataType type, std::string_view bytes, Vector& out) {
  int64_t value;
  if (!GetBe(bytes, &value)) return BadForm();
  if (value < 0 || value > kMicrosPerDay) return Error(sqlstate::kDatetimeFieldOverflow, "time out of range");
  out.Append<int64_t>(RoundToPrecision(value, type.typmod));
  return OkStatus();
}

Status AppendInterval(std::string_view bytes, Vector& out) {
  if (bytes.size() != 16) return BadForm();
  ByteReader reader(bytes);
  Interval interval;
  interval.micros = static_cast<int64_t>(reader.GetBeU64());
  interval.days = static_cast<int32_t>(reader.GetBeU32());
  interval.months = static_cast<int32_t>(reader.GetBeU32());
  out.Append<Interval>(interval);
  return OkStatus();
}

Status AppendUuid(std::string_view bytes, Vector& out) {
  Uuid uuid;
  if (bytes.size() != sizeof(uuid.bytes)) return BadForm();
  std::memcpy(uuid.bytes, bytes.data(), sizeof(uuid.bytes));
  out.Append<Uuid>(uuid);
  return OkStatus();
}

Status AppendOid(std::string_view bytes, Vector& out) {
  uint32_t value;
  if (!GetBe(bytes, &value)) return BadForm();
  out.Append<int64_t>(value);
  return OkStatus();
}

Status AppendBinaryNumeric(DataType type, std::string_view bytes, Vector& out) {
  ASSIGN_OR_RETURN(Numeric value, Numeric::FromWire(bytes));
  if (type.typmod >= 4) {
    ASSIGN_OR_RETURN(value, value.ApplyTypmod(type.typmod));
  }
  out.AppendBytes(value.Encode());
  return OkStatus();
}

Status AppendJsonb(std::string_view bytes, Vector& out) {
  if (bytes.empty() || static_cast<uint8_t>(bytes[0]) != kJsonbVersion) {
    return Error(sqlstate::kInternalError, "unsupported jsonb version number");
  }
  RETURN_IF_ERROR(CheckUtf8(bytes.substr(1)));
  ASSIGN_OR_RETURN(const std::string normal, NormalizeJson(bytes.substr(1)));
  out.AppendBytes(normal);
  return OkStatus();
}

Status AppendInet(std::string_view bytes, Vector& out) {
  ByteReader reader(bytes);
  const uint8_t family = reader.GetU8();
  const uint8_t bits = reader.GetU8();
  reader.GetU8();  // whether it is a cidr
  const uint8_t size = reader.GetU8();
  const std::string_view address = reader.Rest();
  const bool six = family == kFamilyInet6;
  if (!reader.ok() || (family != kFamilyInet && !six) || size != (six ? 16 : 4) || address.size() != size || bits > size * 8) {
    return BadForm("invalid length in external \"inet\" value");
  }
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(six ? AF_INET6 : AF_INET, address.data(), buffer, sizeof(buffer));
  std::string text(buffer);
  if (bits != size * 8) StrAppend(&text, "/", static_cast<int>(bits));
  out.AppendBytes(text);
  return OkStatus();
}

void FormatInet(std::string_view text, std::string& out) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  uint8_t bytes[16] = {};
  const bool six = address.find(':') != std::string::npos;
  const uint8_t size = six ? 16 : 4;
  inet_pton(six ? AF_INET6 : AF_INET, address.c_str(), bytes);
  int bits = size * 8;
  if (slash != std::string_view::npos) {
    const StatusOr<int64_t> mask = ParseInteger(TypeId::kInt16, text.substr(slash + 1));
    if (mask.ok()) bits = static_cast<int>(*mask);
  }
  out += static_cast<char>(six ? kFamilyInet6 : kFamilyInet);
  out += static_cast<char>(bits);
  out += '\0';
  out += static_cast<char>(size);
  out.append(reinterpret_cast<const char*>(bytes), size);
}

Status AppendArray(DataType element, std::string_view bytes, Vector& out) {
  ByteReader reader(bytes);
  const uint32_t dimension_count = reader.GetBeU32();
  const uint32_t flags = reader.GetBeU32();
  const uint32_t element_oid = reader.GetBeU32();
  if (!reader.ok() || flags > 1) return BadForm("invalid array flags");
  if (dimension_count > ArrayValue::kMaxDimensions) {
    return Error(sqlstate::kProgramLimitExceeded, "number of array dimensions exceeds the maximum allowed (6)");
  }
  if (element_oid != TypeOid(element)) return Error(sqlstate::kDatatypeMismatch, "wrong element type");
  std::vector<ArrayDimension> dimensions(dimension_count);
  size_t count = dimension_count == 0 ? 0 : 1;
  for (ArrayDimension& dimension : dimensions) {
    dimension.length = static_cast<int32_t>(reader.GetBeU32());
    dimension.lower_bound = static_cast<int32_t>(reader.GetBeU32());
    int32_t upper;
    // Every element has a length word, so more elements than bytes is a lie.
    if (!reader.ok() || dimension.length < 0 || __builtin_add_overflow(dimension.lower_bound, dimension.length, &upper)) return BadForm();
    count *= static_cast<size_t>(dimension.length);
    if (count > bytes.size()) return BadForm("insufficient data left in message");
  }
  auto elements = std::make_shared<Vector>(element);
  for (size_t i = 0; i < count; ++i) {
    const int32_t length = static_cast<int32_t>(reader.GetBeU32());
    if (reader.ok() && length == -1) {
      elements->AppendNull();
      continue;
    }
    if (length < 0) return BadForm("insufficient data left in message");
    const std::string_view value = reader.GetBytes(static_cast<size_t>(length));
    if (!reader.ok()) return BadForm("insufficient data left in message");
    RETURN_IF_ERROR(ParseBinary(element, value, *elements));
  }
  if (!reader.ok() || !reader.AtEnd()) return BadForm();
  out.AppendBytes(count == 0 ? ArrayValue(element).Encode() : ArrayValue(std::move(dimensions), elements).Encode());
  return OkStatus();
}

void FormatArray(DataType element, std::string_view bytes, std::string& out) {
  const StatusOr<ArrayValue> decoded = ArrayValue::Decode(element, bytes);
  const ArrayValue array = decoded.ok() ? *decoded : ArrayValue(element);
  PutBe<uint32_t>(static_cast<uint32_t>(array.dimensions().size()), out);
  PutBe<uint32_t>(array.elements().HasNulls() ? 1 : 0, out);
  PutBe<uint32_t>(TypeOid(element), out);
  for (const ArrayDimension& dimension : array.dimensions()) {
    PutBe<int32_t>(dimension.length, out);
    PutBe<int32_t>(dimension.lower_bound, out);
  }
  for (size_t row = 0; row < array.size(); ++row) {
    if (array.elements().IsNull(row)) {
      PutBe<int32_t>(-1, out);
      continue;
    }
    const size_t length_at = out.size();
    PutBe<int32_t>(0, out);
    FormatBinary(array.elements(), row, out);
    const uint32_t length = __builtin_bswap32(static_cast<uint32_t>(out.size() - length_at - 4));
    std::memcpy(out.data() + length_at, &length, sizeof(length));
  }
}

}  // namespace

Status ParseBinary(DataType type, std::string_view bytes, Vector& out) {
  if (type.is_array) return AppendArray(type.Element(), bytes, out);
  switch (type.id) {
    case TypeId::kBool:
      if (bytes.size() != 1) return BadForm();
      out.Append<uint8_t>(bytes[0] != 0 ? 1 : 0);
      return OkStatus();
    case TypeId::kInt16: return AppendBe<int16_t>(bytes, out);
    case TypeId::kInt32: return AppendBe<int32_t>(bytes, out);
    case TypeId::kInt64:
    case TypeId::kPgLsn: return AppendBe<int64_t>(bytes, out);
    case TypeId::kFloat32: {
      uint32_t bits;
      if (!GetBe(bytes, &bits)) return BadForm();
      out.Append<float>(std::bit_cast<float>(bits));
      return OkStatus();
    }
    case TypeId::kFloat64: {
      uint64_t bits;
      if (!GetBe(bytes, &bits)) return BadForm();
      out.Append<double>(std::bit_cast<double>(bits));
      return OkStatus();
    }
    case TypeId::kNumeric: return AppendBinaryNumeric(type, bytes, out);
    case TypeId::kChar:
      if (bytes.size() != 1) return BadForm();
      out.AppendBytes(bytes);
      return OkStatus();
    case TypeId::kUnknown:
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kName: {
      RETURN_IF_ERROR(CheckUtf8(bytes));
      std::string stored;
      RETURN_IF_ERROR(ApplyStringTypmod(type, bytes, LengthRule::kReject, stored));
      out.AppendBytes(stored);
      return OkStatus();
    }
    case TypeId::kBytea: out.AppendBytes(bytes); return OkStatus();
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return AppendTimestamp(type, bytes, out);
    case TypeId::kDate: return AppendDate(bytes, out);
    case TypeId::kTime: return AppendTime(type, bytes, out);
    case TypeId::kInterval: return AppendInterval(bytes, out);
    case TypeId::kUuid: return AppendUuid(bytes, out);
    case TypeId::kJson:
      RETURN_IF_ERROR(CheckUtf8(bytes));
      RETURN_IF_ERROR(ValidateJson(bytes));
      out.AppendBytes(bytes);
      return OkStatus();
    case TypeId::kJsonb: return AppendJsonb(bytes, out);
    case TypeId::kOid:
    case TypeId::kXid:
    case TypeId::kRegclass:
    case TypeId::kRegtype:
    case TypeId::kRegproc:
    case TypeId::kRegnamespace:
    case TypeId::kRegrole: return AppendOid(bytes, out);
    case TypeId::kInet: return AppendInet(bytes, out);
    case TypeId::kVoid: out.AppendBytes(""); return OkStatus();
    case TypeId::kRecord: return Error(sqlstate::kFeatureNotSupported, "input of anonymous composite types is not implemented");
  }
  return Error(sqlstate::kInternalError, "unknown type id");
}

void FormatBinary(const Vector& vector, size_t row, std::string& out) {
  const DataType type = vector.type();
  if (type.is_array) {
    FormatArray(type.Element(), vector.GetBytes(row), out);
    return;
  }
  switch (type.id) {
    case TypeId::kBool: out += static_cast<char>(vector.Get<uint8_t>(row)); return;
    case TypeId::kInt16: PutBe(vector.Get<int16_t>(row), out); return;
    case TypeId::kInt32:
    case TypeId::kDate: PutBe(vector.Get<int32_t>(row), out); return;
    case TypeId::kInt64:
    case TypeId::kPgLsn:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTime: PutBe(vector.Get<int64_t>(row), out); return;
    case TypeId::kFloat32: PutBe(std::bit_cast<uint32_t>(vector.Get<float>(row)), out); return;
    case TypeId::kFloat64: PutBe(std::bit_cast<uint64_t>(vector.Get<double>(row)), out); return;
    case TypeId::kNumeric: {
      const StatusOr<Numeric> value = Numeric::Decode(vector.GetBytes(row));
      (value.ok() ? *value : Numeric::NaN()).AppendWire(out);
      return;
    }
    case TypeId::kUnknown:
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kName:
    case TypeId::kBytea:
    case TypeId::kJson:
    case TypeId::kRecord:
    case TypeId::kVoid: out += vector.GetBytes(row); return;
    case TypeId::kChar: {
      const std::string_view bytes = vector.GetBytes(row);
      out += bytes.empty() ? '\0' : bytes[0];
      return;
    }
    case TypeId::kJsonb:
      out += static_cast<char>(kJsonbVersion);
      out += vector.GetBytes(row);
      return;
    case TypeId::kInterval: {
      const Interval interval = vector.Get<Interval>(row);
      PutBe(interval.micros, out);
      PutBe(interval.days, out);
      PutBe(interval.months, out);
      return;
    }
    case TypeId::kUuid: {
      const Uuid uuid = vector.Get<Uuid>(row);
      out.append(reinterpret_cast<const char*>(uuid.bytes), sizeof(uuid.bytes));
      return;
    }
    case TypeId::kOid:
    case TypeId::kXid:
    case TypeId::kRegclass:
    case TypeId::kRegtype:
    case TypeId::kRegproc:
    case TypeId::kRegnamespace:
    case TypeId::kRegrole: PutBe(static_cast<uint32_t>(vector.Get<int64_t>(row)), out); return;
    case TypeId::kInet: FormatInet(vector.GetBytes(row), out); return;
  }
}

}  // namespace tsd
