#include "engine/types/text_form.h"

#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/interval_text.h"
#include "engine/types/json_text.h"
#include "engine/types/numeric.h"
#include "engine/types/record_form.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

Status AppendTimestamp(DataType type, std::string_view text, const TextContext& context, Vector& out) {
  int64_t timestamp;
  bool has_zone;
  const bool zoned = type.id == TypeId::kTimestampTz;
  if (type.typmod < 0 && ParseIsoTimestampFast(text, &timestamp, &has_zone) && (zoned || !has_zone)) {
    if (zoned && !has_zone) {
      ASSIGN_OR_RETURN(timestamp, LocalToUtc(timestamp, context.datetime.zone));
    }
    out.Append<int64_t>(timestamp);
    return OkStatus();
  }
  ASSIGN_OR_RETURN(timestamp, zoned ? ParseTimestampTz(text, type.typmod, context.datetime)
                                   : ParseTimestamp(text, type.typmod, context.datetime));
  out.Append<int64_t>(timestamp);
  return OkStatus();
}

/// Fast for plain numbers; the rest, and every error, is ParseInteger's.
template <typename T>
Status AppendInteger(TypeId type, std::string_view text, Vector& out) {
  const char* at = text.data();
  const char* end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  // Digits that cannot overflow T.
  constexpr ptrdiff_t kSafeDigits = sizeof(T) == 8 ? 18 : sizeof(T) == 4 ? 9 : 4;
  if (at != end && end - at <= kSafeDigits) {
    int64_t value = 0;
    while (at != end && static_cast<unsigned>(*at - '0') < 10) value = value * 10 + (*at++ - '0');
    if (at == end) {
      out.Append<T>(static_cast<T>(negative ? -value : value));
      return OkStatus();
    }
  }
  ASSIGN_OR_RETURN(const int64_t value, ParseInteger(type, text));
  out.Append<T>(static_cast<T>(value));
  return OkStatus();
}

Status AppendString(DataType type, std::string_view text, const TextContext& context, Vector& out) {
  RETURN_IF_ERROR(CheckUtf8(text));
  const bool limited = type.typmod >= 4 || type.id == TypeId::kName || type.id == TypeId::kChar;
  if (!limited) {
    out.AppendBytes(text);
    return OkStatus();
  }
  std::string stored;
  RETURN_IF_ERROR(ApplyStringTypmod(type, text, context.length_rule, stored));
  out.AppendBytes(stored);
  return OkStatus();
}

Status AppendNumeric(DataType type, std::string_view text, Vector& out) {
  ASSIGN_OR_RETURN(Numeric value, Numeric::Parse(text));
  if (type.typmod >= 4) {
    ASSIGN_OR_RETURN(value, value.ApplyTypmod(type.typmod));
  }
  out.AppendBytes(value.Encode());
  return OkStatus();
}

bool IsNumberText(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

Status AppendObjectId(TypeId type, std::string_view text, const TextContext& context, Vector& out) {
  if (text == "-" && type != TypeId::kOid && type != TypeId::kXid) {
    out.Append<int64_t>(0);
    return OkStatus();
  }
  const bool named = type != TypeId::kOid && type != TypeId::kXid && !IsNumberText(text);
  if (named && context.names == nullptr) {
    return Error(sqlstate::kFeatureNotSupported, StrCat("names are not supported as input of type ", TypeName(type), " here"));
  }
  ASSIGN_OR_RETURN(const uint32_t oid, named ? context.names->OidOf(type, text) : ParseOid(text));
  out.Append<int64_t>(oid);
  return OkStatus();
}

void FormatObjectId(TypeId type, int64_t oid, const TextContext& context, std::string& out) {
  if (type != TypeId::kOid && type != TypeId::kXid) {
    if (oid == 0) {
      out += '-';
      return;
    }
    std::string name;
    if (context.names != nullptr && context.names->NameOf(type, static_cast<uint32_t>(oid), &name)) {
      out += name;
      return;
    }
  }
  FormatInteger(static_cast<uint32_t>(oid), out);
}

Status AppendArray(DataType type, std::string_view text, const TextContext& context, Vector& out) {
  ASSIGN_OR_RETURN(const ArrayValue array, ArrayValue::ParseText(type.Element(), text, context));
  out.AppendBytes(array.Encode());
  return OkStatus();
}

void FormatArray(DataType type, std::string_view bytes, const TextContext& context, std::string& out) {
  const StatusOr<ArrayValue> array = ArrayValue::Decode(type.Element(), bytes);
  if (array.ok()) array->FormatText(context, out);
}

void FormatNumeric(std::string_view bytes, std::string& out) {
  const StatusOr<Numeric> value = Numeric::Decode(bytes);
  if (value.ok()) value->AppendTo(out);
}

}  // namespace

Status ParseText(DataType type, std::string_view text, const TextContext& context, Vector& out) {
  if (type.is_array) return AppendArray(type, text, context, out);
  switch (type.id) {
    case TypeId::kBool: {
      ASSIGN_OR_RETURN(const bool value, ParseBool(text));
      out.Append<uint8_t>(value ? 1 : 0);
      return OkStatus();
    }
    case TypeId::kInt16: return AppendInteger<int16_t>(type.id, text, out);
    case TypeId::kInt32: return AppendInteger<int32_t>(type.id, text, out);
    case TypeId::kInt64: return AppendInteger<int64_t>(type.id, text, out);
    case TypeId::kFloat32: {
      ASSIGN_OR_RETURN(const float value, ParseFloat32(text));
      out.Append<float>(value);
      return OkStatus();
    }
    case TypeId::kFloat64: {
      ASSIGN_OR_RETURN(const double value, ParseFloat64(text));
      out.Append<double>(value);
      return OkStatus();
    }
    case TypeId::kNumeric: return AppendNumeric(type, text, out);
    case TypeId::kUnknown:
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kName:
    case TypeId::kChar: return AppendString(type, text, context, out);
    case TypeId::kBytea: {
      ASSIGN_OR_RETURN(const std::string bytes, ParseBytea(text));
      out.AppendBytes(bytes);
      return OkStatus();
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return AppendTimestamp(type, text, context, out);
    case TypeId::kDate: {
      ASSIGN_OR_RETURN(const int32_t date, ParseDate(text, context.datetime));
      out.Append<int32_t>(date);
      return OkStatus();
    }
    case TypeId::kTime: {
      ASSIGN_OR_RETURN(const int64_t time, ParseTime(text, type.typmod, context.datetime));
      out.Append<int64_t>(time);
      return OkStatus();
    }
    case TypeId::kInterval: {
      ASSIGN_OR_RETURN(const Interval interval, ParseInterval(text, type.typmod));
      out.Append<Interval>(interval);
      return OkStatus();
    }
    case TypeId::kUuid: {
      ASSIGN_OR_RETURN(const Uuid uuid, ParseUuid(text));
      out.Append<Uuid>(uuid);
      return OkStatus();
    }
    case TypeId::kJson:
      RETURN_IF_ERROR(CheckUtf8(text));
      RETURN_IF_ERROR(ValidateJson(text));
      out.AppendBytes(text);
      return OkStatus();
    case TypeId::kJsonb: {
      RETURN_IF_ERROR(CheckUtf8(text));
      ASSIGN_OR_RETURN(const std::string normal, NormalizeJson(text));
      out.AppendBytes(normal);
      return OkStatus();
    }
    case TypeId::kOid:
    case TypeId::kXid:
    case TypeId::kRegclass:
    case TypeId::kRegtype:
    case TypeId::kRegproc:
    case TypeId::kRegnamespace:
    case TypeId::kRegrole: return AppendObjectId(type.id, text, context, out);
    case TypeId::kPgLsn: {
      ASSIGN_OR_RETURN(const uint64_t lsn, ParseLsn(text));
      out.Append<int64_t>(static_cast<int64_t>(lsn));
      return OkStatus();
    }
    case TypeId::kInet: {
      ASSIGN_OR_RETURN(const std::string address, ParseInet(text));
      out.AppendBytes(address);
      return OkStatus();
    }
    case TypeId::kRecord: return Error(sqlstate::kFeatureNotSupported, "input of anonymous composite types is not implemented");
    case TypeId::kVoid: out.AppendBytes(""); return OkStatus();
  }
  return Error(sqlstate::kInternalError, "unknown type id");
}

void FormatTextAs(DataType type, const Vector& vector, size_t row, const TextContext& context, std::string& out) {
  if (type.is_array) {
    FormatArray(type, vector.GetBytes(row), context, out);
    return;
  }
  switch (type.id) {
    case TypeId::kBool: out += vector.Get<uint8_t>(row) != 0 ? 't' : 'f'; return;
    case TypeId::kInt16: FormatInteger(vector.Get<int16_t>(row), out); return;
    case TypeId::kInt32: FormatInteger(vector.Get<int32_t>(row), out); return;
    case TypeId::kInt64: FormatInteger(vector.Get<int64_t>(row), out); return;
    case TypeId::kFloat32: FormatFloat32(vector.Get<float>(row), context.extra_float_digits, out); return;
    case TypeId::kFloat64: FormatFloat64(vector.Get<double>(row), context.extra_float_digits, out); return;
    case TypeId::kNumeric: FormatNumeric(vector.GetBytes(row), out); return;
    case TypeId::kUnknown:
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kName:
    case TypeId::kChar:
    case TypeId::kJson:
    case TypeId::kJsonb:
    case TypeId::kInet:
    case TypeId::kVoid: out += vector.GetBytes(row); return;
    case TypeId::kRecord: FormatRecord(vector.GetBytes(row), context, out); return;
    case TypeId::kBytea: FormatBytea(vector.GetBytes(row), context.bytea_output, out); return;
    case TypeId::kTimestamp: FormatTimestampStyled(vector.Get<int64_t>(row), context.datetime, out); return;
    case TypeId::kTimestampTz: FormatTimestampTzStyled(vector.Get<int64_t>(row), context.datetime, out); return;
    case TypeId::kDate: FormatDateStyled(vector.Get<int32_t>(row), context.datetime, out); return;
    case TypeId::kTime: FormatTime(vector.Get<int64_t>(row), out); return;
    case TypeId::kInterval: FormatIntervalStyled(vector.Get<Interval>(row), context.datetime.interval_style, out); return;
    case TypeId::kUuid: FormatUuid(vector.Get<Uuid>(row), out); return;
    case TypeId::kOid:
    case TypeId::kXid:
    case TypeId::kRegclass:
    case TypeId::kRegtype:
    case TypeId::kRegproc:
    case TypeId::kRegnamespace:
    case TypeId::kRegrole: FormatObjectId(type.id, vector.Get<int64_t>(row), context, out); return;
    case TypeId::kPgLsn: FormatLsn(static_cast<uint64_t>(vector.Get<int64_t>(row)), out); return;
  }
}

void FormatText(const Vector& vector, size_t row, const TextContext& context, std::string& out) {
  FormatTextAs(vector.type(), vector, row, context, out);
}

}  // namespace tsd
