#include "engine/types/text_columns.h"

#include "engine/types/datetime.h"
#include "engine/types/fast_parse.h"

namespace tsd {
namespace {

template <typename T>
bool ParseIntegerField(TypeId type, std::string_view text, T* value) {
  int64_t wide;
  if (!FastParseInteger(text, &wide)) {
    const StatusOr<int64_t> parsed = ParseInteger(type, text);
    if (!parsed.ok()) return false;
    wide = *parsed;
  }
  *value = static_cast<T>(wide);
  return *value == wide;
}

bool ParseDoubleField(std::string_view text, double* value) {
  if (FastParseDouble(text, value)) return true;
  const StatusOr<double> parsed = ParseFloat64(text);
  if (!parsed.ok()) return false;
  *value = *parsed;
  return true;
}

bool ParseTimestampField(bool with_zone, const DateTimeContext& context, bool zone_is_utc, std::string_view text, int64_t* value) {
  bool has_zone;
  if (ParseIsoTimestampFast(text, value, &has_zone) && (with_zone ? has_zone || zone_is_utc : !has_zone)) return true;
  const StatusOr<int64_t> parsed = with_zone ? ParseTimestampTz(text, -1, context) : ParseTimestamp(text, -1, context);
  if (parsed.ok()) *value = *parsed;
  return parsed.ok();
}

/// Any type, a value at a time.
bool AppendEach(DataType type, std::span<const TextField> fields, const TextContext& context, Vector& out) {
  for (const TextField& field : fields) {
    if (field.data == nullptr) {
      out.AppendNull();
    } else if (!ParseText(type, field.view(), context, out).ok()) {
      return false;
    }
  }
  return true;
}

}  // namespace

void AppendBytesColumn(std::span<const TextField> fields, Vector& out) {
  for (const TextField& field : fields) {
    if (field.data == nullptr) {
      out.AppendNull();
    } else {
      out.AppendBytes(field.view());
    }
  }
}

bool AppendTextColumn(DataType type, std::span<const TextField> fields, const TextContext& context, Vector& out) {
  if (type.is_array || type.typmod != -1) return AppendEach(type, fields, context, out);
  switch (type.id) {
    case TypeId::kFloat64: return AppendFixedColumn<double>(fields, out, ParseDoubleField);
    case TypeId::kInt16:
      return AppendFixedColumn<int16_t>(fields, out, [](std::string_view text, int16_t* v) { return ParseIntegerField(TypeId::kInt16, text, v); });
    case TypeId::kInt32:
      return AppendFixedColumn<int32_t>(fields, out, [](std::string_view text, int32_t* v) { return ParseIntegerField(TypeId::kInt32, text, v); });
    case TypeId::kInt64:
      return AppendFixedColumn<int64_t>(fields, out, [](std::string_view text, int64_t* v) { return ParseIntegerField(TypeId::kInt64, text, v); });
    case TypeId::kTimestampTz:
    case TypeId::kTimestamp: {
      const bool with_zone = type.Is(TypeId::kTimestampTz);
      const bool zone_is_utc = context.datetime.zone == absl::UTCTimeZone();
      return AppendFixedColumn<int64_t>(fields, out, [&](std::string_view text, int64_t* v) {
        return ParseTimestampField(with_zone, context.datetime, zone_is_utc, text, v);
      });
    }
    case TypeId::kText:
    case TypeId::kVarchar: AppendBytesColumn(fields, out); return true;
    default: return AppendEach(type, fields, context, out);
  }
}

}  // namespace tsd
