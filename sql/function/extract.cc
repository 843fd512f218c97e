// extract and date_part. Fields of days and hours change seldom from row to row: they are worked out once for each minute that a column has
// times in, and the rows share the results as strings of a dictionary (vector.h).
#include <absl/container/flat_hash_map.h>

#include "engine/base/strings.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/timezone.h"
#include "sql/function/kernel_loops.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

StatusOr<std::optional<Numeric>> ExtractAny(const RowArgs& args, DataType field_type) {
  ASSIGN_OR_RETURN(const DateTimeField field, ParseDateTimeField(args.Text(0), field_type));
  switch (args.type(1).id) {
    case TypeId::kTimestamp: return ExtractTimestamp(field, args.I64(1));
    case TypeId::kTimestampTz: return ExtractTimestampTz(field, args.I64(1), args.context().datetime.zone);
    case TypeId::kTime: return ExtractTime(field, args.I64(1));
    case TypeId::kDate: return ExtractDate(field, args.I32(1));
    default: return ExtractInterval(field, args.Ival(1));
  }
}

Status Extract(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(std::optional<Numeric> value, ExtractAny(args, args.type(1)));
  return value.has_value() ? PutNumeric(out, *value) : PutNull(out);
}

Status DatePart(const RowArgs& args, Vector& out) {
  std::optional<Numeric> value;
  if (args.type(1).Is(TypeId::kDate)) {
    // date_part reads a date as a timestamp, which knows more fields.
    ASSIGN_OR_RETURN(const DateTimeField field, ParseDateTimeField(args.Text(0), DataType(TypeId::kTimestamp)));
    ASSIGN_OR_RETURN(const int64_t timestamp, DateToTimestamp(args.I32(1)));
    ASSIGN_OR_RETURN(value, ExtractTimestamp(field, timestamp));
  } else {
    ASSIGN_OR_RETURN(value, ExtractAny(args, args.type(1)));
  }
  return value.has_value() ? Put<double>(out, value->ToDouble()) : PutNull(out);
}

/// Whether the field is the same for all times of a minute, in any zone's modern rules.
bool IsCoarse(DateTimeField field) {
  switch (field) {
    case DateTimeField::kMinute:
    case DateTimeField::kHour:
    case DateTimeField::kDay:
    case DateTimeField::kDow:
    case DateTimeField::kIsoDow:
    case DateTimeField::kDoy:
    case DateTimeField::kWeek:
    case DateTimeField::kMonth:
    case DateTimeField::kQuarter:
    case DateTimeField::kYear:
    case DateTimeField::kIsoYear: return true;
    default: return false;
  }
}

/// The results that were worked out so far. Entries that were handed out stay as they are: a new value makes a new list.
struct FieldMemo {
  std::string field;
  absl::TimeZone zone;
  absl::flat_hash_map<int64_t, uint16_t> codes;  // by minute
  VectorPtr entries;
  int64_t last_minute = INT64_MIN;
  uint16_t last_code = 0;
};

constexpr int64_t kOldest = 0;  // 2000-01-01: offsets, and when they change, are whole minutes since (Newfoundland changed at 00:01)
constexpr size_t kMostMinutes = 1 << 16;
constexpr size_t kMostEntries = 512;

/// The code of the row's result; -1: there are too many of them.
StatusOr<int> CodeOf(FieldMemo& memo, int64_t minute, RowKernel row_kernel, const RowArgs& args) {
  if (const auto known = memo.codes.find(minute); known != memo.codes.end()) return known->second;
  if (memo.codes.size() >= kMostMinutes) memo.codes.clear();
  Vector one(memo.entries->type());
  RETURN_IF_ERROR(row_kernel(args, one));
  int code = 0;
  const int count = static_cast<int>(memo.entries->size());
  while (code < count && memo.entries->GetBytes(static_cast<size_t>(code)) != one.GetBytes(0)) ++code;
  if (code == count) {
    if (memo.entries->size() >= kMostEntries) return -1;
    auto more = std::make_shared<Vector>(*memo.entries);
    more->AppendFrom(one, 0);
    memo.entries = std::move(more);
  }
  memo.codes[minute] = static_cast<uint16_t>(code);
  return code;
}

FieldMemo& MemoOf(const KernelCall& call, std::string_view field) {
  auto* memo = static_cast<FieldMemo*>(call.cache->get());
  const absl::TimeZone& zone = call.context->datetime.zone;
  if (memo == nullptr || memo->field != field || memo->zone != zone) {
    auto made = std::make_shared<FieldMemo>();
    made->field = std::string(field);
    made->zone = zone;
    made->entries = std::make_shared<const Vector>(call.result);
    memo = made.get();
    *call.cache = std::move(made);
  }
  return *memo;
}

/// extract of a coarse field by minutes; null: it cannot be done so.
StatusOr<VectorPtr> ExtractByMinutes(const KernelCall& call) {
  const Vector& times = *call.arguments[1];
  if (call.cache == nullptr || !call.arguments[0]->IsConstant() || times.IsConstant() || times.HasNulls()) return VectorPtr();
  const std::string_view text = call.arguments[0]->GetBytes(0);
  ASSIGN_OR_RETURN(const DateTimeField field, ParseDateTimeField(text, times.type()));
  if (!IsCoarse(field)) return VectorPtr();
  FieldMemo& memo = MemoOf(call, text);
  std::vector<uint16_t> codes(call.rows);
  const int64_t* values = times.values<int64_t>();
  for (size_t row = 0; row < call.rows; ++row) {
    if (values[row] < kOldest || !IsFiniteTimestamp(values[row])) return VectorPtr();
    const int64_t minute = values[row] / kMicrosPerMinute;
    if (minute != memo.last_minute) {
      ASSIGN_OR_RETURN(const int code, CodeOf(memo, minute, Extract, RowArgs{&call, row}));
      if (code < 0) return VectorPtr();
      memo.last_minute = minute;
      memo.last_code = static_cast<uint16_t>(code);
    }
    codes[row] = memo.last_code;
  }
  auto out = std::make_shared<Vector>(call.result);
  out->AppendSelected(*memo.entries, std::vector<uint32_t>(codes.begin(), codes.end()));
  out->SetCodes(memo.entries, std::move(codes));
  return VectorPtr(std::move(out));
}

StatusOr<VectorPtr> ExtractColumn(const KernelCall& call) {
  ASSIGN_OR_RETURN(VectorPtr quick, ExtractByMinutes(call));
  if (quick != nullptr) return quick;
  auto out = std::make_shared<Vector>(call.result);
  for (size_t row = 0; row < call.rows; ++row) {
    if (AnyNull(call, row)) {
      out->AppendNull();
    } else {
      RETURN_IF_ERROR(Extract(RowArgs{&call, row}, *out));
    }
  }
  return VectorPtr(std::move(out));
}

}  // namespace

void RegisterExtract(RegistryBuilder& builder) {
  for (std::string_view type : {"timestamp", "timestamptz", "time", "interval", "date"}) {
    const Volatility volatility = type == "timestamptz" ? Volatility::kStable : Volatility::kImmutable;
    const std::string arguments = StrCat("text,", type);
    Function& extract = type.starts_with("timestamp") ? builder.Columns("extract", arguments, "numeric", ExtractColumn) : builder.Row("extract", arguments, "numeric", Extract);
    extract.volatility = volatility;
    builder.Row("date_part", arguments, "float8", DatePart).volatility = volatility;
  }
}

}  // namespace tsd::sql
