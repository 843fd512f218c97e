// time_bucket in all its forms (TimescaleDB), date_bin. Constant fixed widths run as one tight loop.
#include "engine/types/time_bucket.h"

#include "engine/base/strings.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/timezone.h"
#include "sql/function/fixed_floor.h"
#include "sql/function/kernel_loops.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

template <typename T, bool kOffset>
Status BucketInteger(const RowArgs& args, Vector& out) {
  const T width = args.column(0).Get<T>(args.row);
  const T value = args.column(1).Get<T>(args.row);
  int64_t offset = 0;
  if constexpr (kOffset) offset = args.column(2).Get<T>(args.row);
  ASSIGN_OR_RETURN(const int64_t bucket, TimeBucketInteger(width, value, offset, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  return Put<T>(out, static_cast<T>(bucket));
}

template <typename T>
void RegisterIntegerBucket(RegistryBuilder& builder, std::string_view type) {
  builder.Row("time_bucket", StrCat("bucket_width ", type, ",ts ", type), type, BucketInteger<T, false>).schema = "public";
  builder.Row("time_bucket", StrCat("bucket_width ", type, ",ts ", type, ",offset ", type), type, BucketInteger<T, true>).schema =
      "public";
}

enum class Third : uint8_t { kNone, kOffset, kOrigin };

template <Third kThird>
TimeBucketOptions OptionsOf(const RowArgs& args, TypeId type) {
  TimeBucketOptions options;
  if constexpr (kThird == Third::kOffset) options.offset = args.Ival(2);
  if constexpr (kThird == Third::kOrigin) {
    // A date's origin counts in timestamps at midnight.
    options.origin = type == TypeId::kDate ? static_cast<int64_t>(args.I32(2)) * kMicrosPerDay : args.I64(2);
  }
  if (type == TypeId::kTimestampTz) options.session_zone = &args.context().datetime.zone;
  return options;
}

template <Third kThird>
Status BucketTimestampRow(const RowArgs& args, Vector& out) {
  return PutOr<int64_t>(out, TimeBucketTimestamp(args.Ival(0), args.I64(1), OptionsOf<kThird>(args, args.type(1).id)));
}
template <Third kThird>
Status BucketDateRow(const RowArgs& args, Vector& out) {
  return PutOr<int32_t>(out, TimeBucketDate(args.Ival(0), args.I32(1), OptionsOf<kThird>(args, TypeId::kDate)));
}

/// Rows one by one, NULLs skipped: the checked path.
StatusOr<VectorPtr> EachRow(const KernelCall& call, RowKernel body) {
  auto out = std::make_shared<Vector>(call.result);
  out->Reserve(call.rows, 0);
  for (size_t row = 0; row < call.rows; ++row) {
    if (AnyNull(call, row)) {
      out->AppendNull();
    } else {
      RETURN_IF_ERROR(body(RowArgs{&call, row}, *out));
    }
  }
  return VectorPtr(std::move(out));
}

/// (interval, timestamp | timestamptz [, constant third]) with a constant fixed width.
template <Third kThird>
StatusOr<VectorPtr> BucketTimestamps(const KernelCall& call) {
  const Vector& widths = *call.arguments[0];
  const Vector& times = *call.arguments[1];
  const bool third_constant = kThird == Third::kNone || (kThird == Third::kOrigin && call.arguments.back()->IsConstant());
  if (!widths.IsConstant() || times.IsConstant() || !third_constant) return EachRow(call, BucketTimestampRow<kThird>);
  ASSIGN_OR_RETURN(const int64_t width, FixedBucketWidth(widths.Get<Interval>(0)));
  int64_t origin = kDefaultBucketOrigin;
  if constexpr (kThird == Third::kOrigin) origin = call.arguments.back()->Get<int64_t>(0);
  if (width == 0 || !IsFiniteTimestamp(origin)) return EachRow(call, BucketTimestampRow<kThird>);
  const std::optional<FixedFloor> floor = FixedFloor::Make(width, origin);
  if (!floor.has_value()) return EachRow(call, BucketTimestampRow<kThird>);
  auto out = MakeResult(call);
  if (!floor->Run(times.values<int64_t>(), out->mutable_values<int64_t>(), call.rows)) return EachRow(call, BucketTimestampRow<kThird>);
  CombineValidity(call, *out);
  return VectorPtr(std::move(out));
}

/// (width, timestamptz, zone, origin = NULL, offset = NULL): NULL only for NULLs among the first three.
Status BucketInZone(const RowArgs& args, Vector& out) {
  if (args.IsNull(0) || args.IsNull(1) || args.IsNull(2)) return PutNull(out);
  ASSIGN_OR_RETURN(const absl::TimeZone zone, RequireTimeZone(args.Text(2)));
  TimeBucketOptions options;
  options.zone = &zone;
  if (!args.IsNull(3)) options.origin = args.I64(3);
  if (!args.IsNull(4)) options.offset = args.Ival(4);
  return PutOr<int64_t>(out, TimeBucketTimestamp(args.Ival(0), args.I64(1), options));
}

// ---- date_bin ----
Status BinRow(const RowArgs& args, Vector& out) {
  const Interval stride = args.Ival(0);
  const int64_t source = args.I64(1);
  const int64_t origin = args.I64(2);
  if (!IsFiniteTimestamp(source)) return Put<int64_t>(out, source);
  if (!IsFiniteTimestamp(origin)) return Error(sqlstate::kDatetimeFieldOverflow, "origin out of range");
  if (stride.months != 0) {
    return Error(sqlstate::kFeatureNotSupported, "timestamps cannot be binned into intervals containing months or years");
  }
  const __int128 width = static_cast<__int128>(stride.days) * kMicrosPerDay + stride.micros;
  if (width <= 0) return Error(sqlstate::kDatetimeFieldOverflow, "stride must be greater than zero");
  const __int128 distance = static_cast<__int128>(source) - origin;
  if (width > INT64_MAX || distance > INT64_MAX || distance < INT64_MIN) return Error(sqlstate::kDatetimeFieldOverflow, "interval out of range");
  __int128 steps = distance / width;
  if (distance % width < 0) --steps;
  const __int128 result = static_cast<__int128>(origin) + steps * width;
  if (result < kMinTimestamp || result >= kEndTimestamp) return TimestampOutOfRange();
  return Put<int64_t>(out, static_cast<int64_t>(result));
}

void RegisterTimestampBucket(RegistryBuilder& builder, std::string_view type) {
  const std::string start = StrCat("bucket_width interval,ts ", type);
  // The offset's days and the session's zone make the zoned forms stable.
  const Volatility volatility = type == "timestamptz" ? Volatility::kStable : Volatility::kImmutable;
  Function& plain = builder.Columns("time_bucket", start, type, BucketTimestamps<Third::kNone>);
  plain.schema = "public";
  Function& offset = builder.Columns("time_bucket", StrCat(start, ",offset interval"), type, BucketTimestamps<Third::kOffset>);
  offset.schema = "public";
  offset.volatility = volatility;
  builder.Columns("time_bucket", StrCat(start, ",origin ", type), type, BucketTimestamps<Third::kOrigin>).schema = "public";
}

}  // namespace

void RegisterTimeBucket(RegistryBuilder& builder) {
  RegisterIntegerBucket<int16_t>(builder, "int2");
  RegisterIntegerBucket<int32_t>(builder, "int4");
  RegisterIntegerBucket<int64_t>(builder, "int8");
  RegisterTimestampBucket(builder, "timestamp");
  RegisterTimestampBucket(builder, "timestamptz");
  const std::string start = "bucket_width interval,ts date";
  builder.Row("time_bucket", start, "date", BucketDateRow<Third::kNone>).schema = "public";
  builder.Row("time_bucket", start + ",offset interval", "date", BucketDateRow<Third::kOffset>).schema = "public";
  builder.Row("time_bucket", start + ",origin date", "date", BucketDateRow<Third::kOrigin>).schema = "public";
  NotStrict(builder.Row("time_bucket", "bucket_width interval,ts timestamptz,timezone text,origin timestamptz=null,offset interval=null",
                        "timestamptz", BucketInZone)).schema = "public";
  builder.Row("date_bin", "interval,timestamp,timestamp", "timestamp", BinRow);
  builder.Row("date_bin", "interval,timestamptz,timestamptz", "timestamptz", BinRow);
}

}  // namespace tsd::sql
