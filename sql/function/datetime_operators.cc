// Arithmetic of dates, times, timestamps and intervals.
#include "engine/base/strings.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/interval_text.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

const absl::TimeZone& Zone(const RowArgs& args) { return args.context().datetime.zone; }

// ---- timestamps ----
Status TimestampPlus(const RowArgs& a, Vector& out) { return PutOr<int64_t>(out, AddInterval(a.I64(0), a.Ival(1))); }
Status PlusTimestamp(const RowArgs& a, Vector& out) { return PutOr<int64_t>(out, AddInterval(a.I64(1), a.Ival(0))); }
Status TimestampMinus(const RowArgs& a, Vector& out) { return PutOr<int64_t>(out, SubtractInterval(a.I64(0), a.Ival(1))); }
Status TimestampTzPlus(const RowArgs& a, Vector& out) { return PutOr<int64_t>(out, AddIntervalTz(a.I64(0), a.Ival(1), Zone(a))); }
Status PlusTimestampTz(const RowArgs& a, Vector& out) { return PutOr<int64_t>(out, AddIntervalTz(a.I64(1), a.Ival(0), Zone(a))); }
Status TimestampTzMinus(const RowArgs& a, Vector& out) { return PutOr<int64_t>(out, SubtractIntervalTz(a.I64(0), a.Ival(1), Zone(a))); }
Status Difference(const RowArgs& a, Vector& out) { return PutOr<Interval>(out, SubtractTimestamps(a.I64(0), a.I64(1))); }

// ---- dates ----
Status DatePlusDays(const RowArgs& a, Vector& out) { return PutOr<int32_t>(out, AddDays(a.I32(0), a.I32(1))); }
Status DaysPlusDate(const RowArgs& a, Vector& out) { return PutOr<int32_t>(out, AddDays(a.I32(1), a.I32(0))); }
Status DateMinusDays(const RowArgs& a, Vector& out) { return PutOr<int32_t>(out, AddDays(a.I32(0), -static_cast<int64_t>(a.I32(1)))); }
Status DateDifference(const RowArgs& a, Vector& out) { return PutOr<int32_t>(out, SubtractDates(a.I32(0), a.I32(1))); }

Status DateWith(int32_t date, const Interval& interval, bool minus, Vector& out) {
  ASSIGN_OR_RETURN(const int64_t timestamp, DateToTimestamp(date));
  return PutOr<int64_t>(out, minus ? SubtractInterval(timestamp, interval) : AddInterval(timestamp, interval));
}
Status DatePlus(const RowArgs& a, Vector& out) { return DateWith(a.I32(0), a.Ival(1), false, out); }
Status PlusDate(const RowArgs& a, Vector& out) { return DateWith(a.I32(1), a.Ival(0), false, out); }
Status DateMinus(const RowArgs& a, Vector& out) { return DateWith(a.I32(0), a.Ival(1), true, out); }
Status DatePlusTime(const RowArgs& a, Vector& out) { return DateWith(a.I32(0), TimeToInterval(a.I64(1)), false, out); }
Status TimePlusDate(const RowArgs& a, Vector& out) { return DateWith(a.I32(1), TimeToInterval(a.I64(0)), false, out); }

// ---- times ----
Status TimePlus(const RowArgs& a, Vector& out) { return Put<int64_t>(out, AddIntervalToTime(a.I64(0), a.Ival(1))); }
Status PlusTime(const RowArgs& a, Vector& out) { return Put<int64_t>(out, AddIntervalToTime(a.I64(1), a.Ival(0))); }
Status TimeMinus(const RowArgs& a, Vector& out) { return Put<int64_t>(out, SubtractIntervalFromTime(a.I64(0), a.Ival(1))); }
Status TimeDifference(const RowArgs& a, Vector& out) { return Put<Interval>(out, Interval{a.I64(0) - a.I64(1), 0, 0}); }

// ---- intervals ----
Status IntervalPlus(const RowArgs& a, Vector& out) { return PutOr<Interval>(out, AddIntervals(a.Ival(0), a.Ival(1))); }
Status IntervalMinus(const RowArgs& a, Vector& out) { return PutOr<Interval>(out, SubtractIntervals(a.Ival(0), a.Ival(1))); }
Status IntervalNegate(const RowArgs& a, Vector& out) { return PutOr<Interval>(out, NegateInterval(a.Ival(0))); }
Status IntervalTimes(const RowArgs& a, Vector& out) { return PutOr<Interval>(out, MultiplyInterval(a.Ival(0), a.F64(1))); }
Status TimesInterval(const RowArgs& a, Vector& out) { return PutOr<Interval>(out, MultiplyInterval(a.Ival(1), a.F64(0))); }
Status IntervalDivide(const RowArgs& a, Vector& out) { return PutOr<Interval>(out, DivideInterval(a.Ival(0), a.F64(1))); }

/// (start, end) OVERLAPS (start, end): half-open, ends in any order, NULL ends where they do not matter.
template <typename T>
Status Overlaps(const RowArgs& args, Vector& out) {
  struct Period {
    bool start_null, end_null;
    T start, end;
  };
  const auto read = [&](size_t i) {
    Period p{args.IsNull(i), args.IsNull(i + 1), T{}, T{}};
    if (!p.start_null) p.start = args.column(i).Get<T>(args.row);
    if (!p.end_null) p.end = args.column(i + 1).Get<T>(args.row);
    // The known end first, the smaller first.
    if (p.start_null || (!p.end_null && p.start > p.end)) {
      std::swap(p.start, p.end);
      std::swap(p.start_null, p.end_null);
    }
    return p;
  };
  const Period a = read(0);
  const Period b = read(2);
  if (a.start_null || b.start_null) return PutNull(out);
  if (a.start == b.start) {
    if (a.end_null || b.end_null) return PutNull(out);
    return PutBool(out, true);
  }
  const Period& first = a.start < b.start ? a : b;
  const Period& second = a.start < b.start ? b : a;
  if (first.end_null) return PutNull(out);
  if (second.start < first.end) return PutBool(out, true);
  if (second.end_null) return PutNull(out);
  return PutBool(out, false);
}

/// (start, length) OVERLAPS ..: each length counts from its start. kLengths: bit 0 the first pair, bit 1 the second.
enum class LengthUnit : uint8_t { kTimestamp, kTimestampTz, kTime };
template <LengthUnit kUnit, int kLengths>
Status OverlapsWithLength(const RowArgs& args, Vector& out) {
  const DataType type = kUnit == LengthUnit::kTime ? TypeId::kTime : kUnit == LengthUnit::kTimestamp ? TypeId::kTimestamp : TypeId::kTimestampTz;
  std::vector<VectorPtr> columns;
  for (size_t i = 0; i < 4; ++i) {
    auto column = std::make_shared<Vector>(type);
    if (i % 2 == 0 || (kLengths >> (i / 2) & 1) == 0) {
      column->AppendFrom(args.column(i), args.row);
    } else if (args.IsNull(i) || args.IsNull(i - 1)) {
      column->AppendNull();
    } else {
      const int64_t start = args.I64(i - 1);
      StatusOr<int64_t> end = kUnit == LengthUnit::kTime        ? StatusOr<int64_t>(AddIntervalToTime(start, args.Ival(i)))
                              : kUnit == LengthUnit::kTimestamp ? AddInterval(start, args.Ival(i))
                                                                : AddIntervalTz(start, args.Ival(i), Zone(args));
      RETURN_IF_ERROR(PutOr<int64_t>(*column, end));
    }
    columns.push_back(std::move(column));
  }
  KernelCall call = *args.call;
  call.arguments = columns;
  return Overlaps<int64_t>(RowArgs{&call, 0}, out);
}

template <LengthUnit kUnit>
void RegisterOverlapLengths(RegistryBuilder& builder, std::string_view type) {
  NotStrict(builder.Row("overlaps", StrCat(type, ",interval,", type, ",interval"), "bool", OverlapsWithLength<kUnit, 3>));
  NotStrict(builder.Row("overlaps", StrCat(type, ",interval,", type, ",", type), "bool", OverlapsWithLength<kUnit, 1>));
  NotStrict(builder.Row("overlaps", StrCat(type, ",", type, ",", type, ",interval"), "bool", OverlapsWithLength<kUnit, 2>));
}

}  // namespace

void RegisterDateTimeOperators(RegistryBuilder& builder) {
  builder.Row("+", "timestamp,interval", "timestamp", TimestampPlus);
  builder.Row("+", "interval,timestamp", "timestamp", PlusTimestamp);
  builder.Row("-", "timestamp,interval", "timestamp", TimestampMinus);
  builder.Row("-", "timestamp,timestamp", "interval", Difference);
  Stable(builder.Row("+", "timestamptz,interval", "timestamptz", TimestampTzPlus));
  Stable(builder.Row("+", "interval,timestamptz", "timestamptz", PlusTimestampTz));
  Stable(builder.Row("-", "timestamptz,interval", "timestamptz", TimestampTzMinus));
  builder.Row("-", "timestamptz,timestamptz", "interval", Difference);
  builder.Row("+", "date,int4", "date", DatePlusDays);
  builder.Row("+", "int4,date", "date", DaysPlusDate);
  builder.Row("-", "date,int4", "date", DateMinusDays);
  builder.Row("-", "date,date", "int4", DateDifference);
  builder.Row("+", "date,interval", "timestamp", DatePlus);
  builder.Row("+", "interval,date", "timestamp", PlusDate);
  builder.Row("-", "date,interval", "timestamp", DateMinus);
  builder.Row("+", "date,time", "timestamp", DatePlusTime);
  builder.Row("+", "time,date", "timestamp", TimePlusDate);
  builder.Row("+", "time,interval", "time", TimePlus);
  builder.Row("+", "interval,time", "time", PlusTime);
  builder.Row("-", "time,interval", "time", TimeMinus);
  builder.Row("-", "time,time", "interval", TimeDifference);
  builder.Row("+", "interval,interval", "interval", IntervalPlus);
  builder.Row("-", "interval,interval", "interval", IntervalMinus);
  builder.Row("-", "interval", "interval", IntervalNegate);
  builder.Row("*", "interval,float8", "interval", IntervalTimes);
  builder.Row("*", "float8,interval", "interval", TimesInterval);
  builder.Row("/", "interval,float8", "interval", IntervalDivide);
  NotStrict(builder.Row("overlaps", "timestamp,timestamp,timestamp,timestamp", "bool", Overlaps<int64_t>));
  NotStrict(builder.Row("overlaps", "timestamptz,timestamptz,timestamptz,timestamptz", "bool", Overlaps<int64_t>));
  NotStrict(builder.Row("overlaps", "time,time,time,time", "bool", Overlaps<int64_t>));
  RegisterOverlapLengths<LengthUnit::kTimestamp>(builder, "timestamp");
  RegisterOverlapLengths<LengthUnit::kTimestampTz>(builder, "timestamptz");
  RegisterOverlapLengths<LengthUnit::kTime>(builder, "time");
}

}  // namespace tsd::sql
