// Functions of dates and times: now, date_trunc, age, make_*, AT TIME ZONE.
#include "engine/base/strings.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/interval_text.h"
#include "engine/types/timezone.h"
#include "sql/function/fixed_floor.h"
#include "sql/function/kernel_loops.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

const absl::TimeZone& Zone(const RowArgs& args) { return args.context().datetime.zone; }

// ---- now ----
Status TransactionTime(const RowArgs& args, Vector& out) { return Put<int64_t>(out, TimestampFromAbsl(args.context().datetime.now)); }
Status StatementTime(const RowArgs& args, Vector& out) { return Put<int64_t>(out, TimestampFromAbsl(args.context().statement_time)); }
Status ClockTime(const RowArgs& args, Vector& out) {
  if (args.context().clock == nullptr) return Error(sqlstate::kFeatureNotSupported, "clock_timestamp() cannot be evaluated here");
  return Put<int64_t>(out, TimestampFromAbsl(args.context().clock->Now()));
}

// ---- date_trunc ----
int64_t FixedUnit(DateTimeField field) {
  switch (field) {
    case DateTimeField::kMilliseconds: return 1000;
    case DateTimeField::kSecond: return kMicrosPerSecond;
    case DateTimeField::kMinute: return kMicrosPerMinute;
    case DateTimeField::kHour: return kMicrosPerHour;
    case DateTimeField::kDay: return kMicrosPerDay;
    default: return 0;
  }
}

bool IsUtc(const absl::TimeZone& zone) { return zone == absl::UTCTimeZone(); }

/// A constant unit of fixed length over wall-clock values: one loop. `zone` nullptr: timestamp.
StatusOr<VectorPtr> TruncateColumn(const KernelCall& call, const absl::TimeZone* zone) {
  const Vector& units = *call.arguments[0];
  const Vector& times = *call.arguments[1];
  auto out = MakeResult(call);
  int64_t* target = out->mutable_values<int64_t>();
  const DataType type = times.type();
  std::optional<DateTimeField> constant;
  if (units.IsConstant()) {
    ASSIGN_OR_RETURN(constant, ParseDateTimeField(units.GetBytes(0), type));
    const int64_t width = FixedUnit(*constant);
    // Seconds are the same in every zone of whole seconds.
    const bool zone_free = zone == nullptr || IsUtc(*zone) || width == 1000 || width == kMicrosPerSecond;
    const std::optional<FixedFloor> floor = zone_free && !times.IsConstant() ? FixedFloor::Make(width, 0) : std::nullopt;
    if (floor.has_value() && floor->Run(times.values<int64_t>(), target, call.rows)) {
      CombineValidity(call, *out);
      return VectorPtr(std::move(out));
    }
  }
  for (size_t row = 0; row < call.rows; ++row) {
    if (AnyNull(call, row)) continue;
    DateTimeField field;
    if (constant.has_value()) {
      field = *constant;
    } else {
      ASSIGN_OR_RETURN(field, ParseDateTimeField(units.GetBytes(row), type));
    }
    const int64_t value = times.Get<int64_t>(row);
    ASSIGN_OR_RETURN(target[row], zone == nullptr ? TruncateTimestamp(field, value) : TruncateTimestampTz(field, value, *zone));
  }
  CombineValidity(call, *out);
  return VectorPtr(std::move(out));
}
StatusOr<VectorPtr> TruncateTimestamps(const KernelCall& call) { return TruncateColumn(call, nullptr); }
StatusOr<VectorPtr> TruncateTimestampTzs(const KernelCall& call) { return TruncateColumn(call, &call.context->datetime.zone); }
Status TruncateInZone(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, RequireTimeZone(args.Text(2)));
  ASSIGN_OR_RETURN(const DateTimeField field, ParseDateTimeField(args.Text(0), args.type(1)));
  return PutOr<int64_t>(out, TruncateTimestampTz(field, args.I64(1), zone));
}
Status TruncateIntervalRow(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(const DateTimeField field, ParseDateTimeField(args.Text(0), args.type(1)));
  return PutOr<Interval>(out, TruncateInterval(field, args.Ival(1)));
}

// ---- age ----
Status AgeOfTimestamps(const RowArgs& args, Vector& out) { return PutOr<Interval>(out, Age(args.I64(0), args.I64(1))); }
Status AgeOfTimestampTzs(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(const int64_t left, UtcToLocal(args.I64(0), Zone(args)));
  ASSIGN_OR_RETURN(const int64_t right, UtcToLocal(args.I64(1), Zone(args)));
  return PutOr<Interval>(out, Age(left, right));
}
/// Midnight of today on the session's wall clock.
StatusOr<int64_t> Today(const RowArgs& args) {
  ASSIGN_OR_RETURN(const int32_t date, TimestampTzToDate(TimestampFromAbsl(args.context().datetime.now), Zone(args)));
  return DateToTimestamp(date);
}
Status AgeOfTimestamp(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(const int64_t today, Today(args));
  return PutOr<Interval>(out, Age(today, args.I64(0)));
}
Status AgeOfTimestampTz(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(const int64_t today, Today(args));
  ASSIGN_OR_RETURN(const int64_t local, UtcToLocal(args.I64(0), Zone(args)));
  return PutOr<Interval>(out, Age(today, local));
}

// ---- make_* ----
Status MakeDateRow(const RowArgs& a, Vector& out) { return PutOr<int32_t>(out, MakeDate(a.I32(0), a.I32(1), a.I32(2))); }
Status MakeTimeRow(const RowArgs& a, Vector& out) { return PutOr<int64_t>(out, MakeTime(a.I32(0), a.I32(1), a.F64(2))); }
StatusOr<int64_t> MakeLocal(const RowArgs& a) { return MakeTimestamp(a.I32(0), a.I32(1), a.I32(2), a.I32(3), a.I32(4), a.F64(5)); }
Status MakeTimestampRow(const RowArgs& a, Vector& out) { return PutOr<int64_t>(out, MakeLocal(a)); }
Status MakeTimestampTzRow(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const int64_t local, MakeLocal(a));
  return PutOr<int64_t>(out, LocalToUtc(local, Zone(a)));
}
// A zone as timestamps have it: a signed number counts east, unlike AT TIME ZONE's.
StatusOr<absl::TimeZone> ZoneOfParts(std::string_view text) {
  if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    return WithHint(Error(sqlstate::kInvalidParameterValue, StrCat("invalid input syntax for type numeric time zone: \"", text, "\"")),
                    "Numeric time zones must have \"-\" or \"+\" as first character.");
  }
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return RequireTimeZone(text);
  int seconds_east = 0;
  switch (ParseIsoOffset(text, &seconds_east)) {
    case OffsetText::kOffset: return absl::FixedTimeZone(seconds_east);
    case OffsetText::kOutOfRange: return Error(sqlstate::kInvalidParameterValue, StrCat("numeric time zone \"", text, "\" out of range"));
    case OffsetText::kMalformed: break;
  }
  return Error(sqlstate::kInvalidParameterValue, StrCat("time zone \"", text, "\" not recognized"));
}
Status MakeTimestampInZone(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOfParts(a.Text(6)));
  ASSIGN_OR_RETURN(const int64_t local, MakeLocal(a));
  return PutOr<int64_t>(out, LocalToUtc(local, zone));
}
Status MakeIntervalRow(const RowArgs& a, Vector& out) {
  return PutOr<Interval>(out, MakeInterval(a.I32(0), a.I32(1), a.I32(2), a.I32(3), a.I32(4), a.I32(5), a.F64(6)));
}
Status FromEpoch(const RowArgs& args, Vector& out) { return PutOr<int64_t>(out, TimestampFromEpochSeconds(args.F64(0))); }

// ---- AT TIME ZONE ----
Status ToLocalTime(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, RequireTimeZone(args.Text(0)));
  return PutOr<int64_t>(out, UtcToLocal(args.I64(1), zone));
}
Status FromLocalTime(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(const absl::TimeZone zone, RequireTimeZone(args.Text(0)));
  return PutOr<int64_t>(out, LocalToUtc(args.I64(1), zone));
}
Status ShiftByOffset(const RowArgs& args, int sign, Vector& out) {
  const Interval offset = args.Ival(0);
  const int64_t value = args.I64(1);
  if (offset.months != 0 || offset.days != 0) {
    std::string text;
    FormatInterval(offset, text);
    return Error(sqlstate::kInvalidParameterValue, StrCat("interval time zone \"", text, "\" must not include months or days"));
  }
  if (!IsFiniteTimestamp(value)) return Put<int64_t>(out, value);
  const __int128 shifted = static_cast<__int128>(value) + static_cast<__int128>(offset.micros / kMicrosPerSecond) * kMicrosPerSecond * sign;
  if (shifted < kMinTimestamp || shifted >= kEndTimestamp) return TimestampOutOfRange();
  return Put<int64_t>(out, static_cast<int64_t>(shifted));
}
Status ToOffsetTime(const RowArgs& args, Vector& out) { return ShiftByOffset(args, 1, out); }
Status FromOffsetTime(const RowArgs& args, Vector& out) { return ShiftByOffset(args, -1, out); }

// ---- the rest ----
Status FiniteDate(const RowArgs& args, Vector& out) { return PutBool(out, IsFiniteDate(args.I32(0))); }
Status FiniteTimestamp(const RowArgs& args, Vector& out) { return PutBool(out, IsFiniteTimestamp(args.I64(0))); }
Status FiniteInterval(const RowArgs&, Vector& out) { return PutBool(out, true); }
Status JustifyHoursRow(const RowArgs& args, Vector& out) { return PutOr<Interval>(out, JustifyHours(args.Ival(0))); }
Status JustifyDaysRow(const RowArgs& args, Vector& out) { return PutOr<Interval>(out, JustifyDays(args.Ival(0))); }
Status JustifyIntervalRow(const RowArgs& args, Vector& out) { return PutOr<Interval>(out, JustifyInterval(args.Ival(0))); }

void RegisterMakers(RegistryBuilder& builder) {
  builder.Row("make_date", "year int4,month int4,day int4", "date", MakeDateRow);
  builder.Row("make_time", "hour int4,min int4,sec float8", "time", MakeTimeRow);
  const std::string fields = "year int4,month int4,mday int4,hour int4,min int4,sec float8";
  builder.Row("make_timestamp", fields, "timestamp", MakeTimestampRow);
  Stable(builder.Row("make_timestamptz", fields, "timestamptz", MakeTimestampTzRow));
  Stable(builder.Row("make_timestamptz", fields + ",timezone text", "timestamptz", MakeTimestampInZone));
  builder.Row("make_interval", "years int4=0,months int4=0,weeks int4=0,days int4=0,hours int4=0,mins int4=0,secs float8=0.0", "interval",
              MakeIntervalRow);
}

}  // namespace

void RegisterDateTime(RegistryBuilder& builder) {
  Stable(builder.Row("now", "", "timestamptz", TransactionTime));
  Stable(builder.Row("transaction_timestamp", "", "timestamptz", TransactionTime));
  Stable(builder.Row("statement_timestamp", "", "timestamptz", StatementTime));
  VolatileCall(builder.Row("clock_timestamp", "", "timestamptz", ClockTime));
  builder.Columns("date_trunc", "text,timestamp", "timestamp", TruncateTimestamps);
  Stable(builder.Columns("date_trunc", "text,timestamptz", "timestamptz", TruncateTimestampTzs));
  Stable(builder.Row("date_trunc", "text,timestamptz,text", "timestamptz", TruncateInZone));
  builder.Row("date_trunc", "text,interval", "interval", TruncateIntervalRow);
  RegisterMakers(builder);
  builder.Row("age", "timestamp,timestamp", "interval", AgeOfTimestamps);
  Stable(builder.Row("age", "timestamptz,timestamptz", "interval", AgeOfTimestampTzs));
  Stable(builder.Row("age", "timestamp", "interval", AgeOfTimestamp));
  Stable(builder.Row("age", "timestamptz", "interval", AgeOfTimestampTz));
  builder.Row("to_timestamp", "float8", "timestamptz", FromEpoch);
  builder.Row("timezone", "text,timestamptz", "timestamp", ToLocalTime);
  builder.Row("timezone", "text,timestamp", "timestamptz", FromLocalTime);
  builder.Row("timezone", "interval,timestamptz", "timestamp", ToOffsetTime);
  builder.Row("timezone", "interval,timestamp", "timestamptz", FromOffsetTime);
  builder.Row("isfinite", "date", "bool", FiniteDate);
  builder.Row("isfinite", "timestamp", "bool", FiniteTimestamp);
  builder.Row("isfinite", "timestamptz", "bool", FiniteTimestamp);
  builder.Row("isfinite", "interval", "bool", FiniteInterval);
  builder.Row("justify_hours", "interval", "interval", JustifyHoursRow);
  builder.Row("justify_days", "interval", "interval", JustifyDaysRow);
  builder.Row("justify_interval", "interval", "interval", JustifyIntervalRow);
}

}  // namespace tsd::sql
