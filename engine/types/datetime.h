#pragma once
// Dates and times: representation, calendar, text. A date is int32 days, a timestamp int64 microseconds since 2000-01-01 (UTC for
// timestamptz, wall clock for timestamp), a time int64 microseconds since midnight (0 .. 24:00:00). The extreme integers are -infinity
// and infinity. The calendar is proleptic Gregorian, years are astronomical here (0 = 1 BC). Pure functions, any thread.
// Time zones: timezone.h. Fields, truncation, arithmetic: datetime_functions.h. time_bucket: time_bucket.h.
#include <absl/time/time.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/data_type.h"

namespace tsd {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;
/// 1970-01-01 to 2000-01-01.
inline constexpr int64_t kEpochShiftSeconds = 946'684'800;
inline constexpr int64_t kEpochShiftMicros = kEpochShiftSeconds * kMicrosPerSecond;
inline constexpr int32_t kEpochShiftDays = 10957;

inline constexpr int64_t kTimestampInfinity = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kTimestampMinusInfinity = std::numeric_limits<int64_t>::min();
inline constexpr int32_t kDateInfinity = std::numeric_limits<int32_t>::max();
inline constexpr int32_t kDateMinusInfinity = std::numeric_limits<int32_t>::min();
/// Finite timestamps: kMinTimestamp <= t < kEndTimestamp (4714-11-24 BC .. 294276-12-31).
inline constexpr int64_t kMinTimestamp = -211'813'488'000'000'000;
inline constexpr int64_t kEndTimestamp = 9'223'371'331'200'000'000;
/// Finite dates: kMinDate <= d < kEndDate.
inline constexpr int32_t kMinDate = -2'451'545;
inline constexpr int32_t kEndDate = 2'147'483'494 - 2'451'545;

inline bool IsFiniteTimestamp(int64_t value) { return value != kTimestampInfinity && value != kTimestampMinusInfinity; }
inline bool IsFiniteDate(int32_t value) { return value != kDateInfinity && value != kDateMinusInfinity; }
inline bool IsValidTimestamp(int64_t value) { return value >= kMinTimestamp && value < kEndTimestamp; }
inline bool IsValidDate(int32_t value) { return value >= kMinDate && value < kEndDate; }

enum class DateOrder : uint8_t { kMdy, kDmy, kYmd };
enum class DateStyle : uint8_t { kIso, kPostgres, kSql, kGerman };
enum class IntervalStyle : uint8_t { kPostgres, kPostgresVerbose, kSqlStandard, kIso8601 };

/// What text input and output of dates and times depend on; one a session or statement. `now` is the transaction's start.
struct DateTimeContext {
  absl::TimeZone zone = absl::UTCTimeZone();
  DateOrder order = DateOrder::kMdy;
  DateStyle style = DateStyle::kIso;
  IntervalStyle interval_style = IntervalStyle::kPostgres;
  absl::Time now = absl::UnixEpoch();
};

struct CivilTime {
  int64_t year = 2000;  // astronomical
  int month = 1;        // 1..12
  int day = 1;          // 1..31
  int hour = 0;         // 0..23
  int minute = 0;
  int second = 0;
  int micros = 0;
};

/// Days since 2000-01-01 of a calendar day. Requires: month 1..12; day may be any.
int64_t DaysFromCivil(int64_t year, int month, int64_t day);
/// Fills year, month, day.
void CivilFromDays(int64_t days, CivilTime* civil);
/// Wall-clock microseconds to fields. Requires: finite.
CivilTime CivilFromTimestamp(int64_t timestamp);
/// 22008 "timestamp out of range" beyond the range. Fields may exceed their usual bounds (hour 24, second 60).
StatusOr<int64_t> TimestampFromCivil(const CivilTime& civil);
int DaysInMonth(int64_t year, int month);
bool IsLeapYear(int64_t year);
/// 0 = Sunday.
int DayOfWeek(int64_t days);

absl::Time TimestampToAbsl(int64_t timestamp);
/// Microseconds since 2000-01-01, rounded down.
int64_t TimestampFromAbsl(absl::Time time);

Status TimestampOutOfRange();  // 22008 "timestamp out of range"
Status DateOutOfRange();       // 22008 "date out of range"
Status IntervalOutOfRange();   // 22008 "interval out of range"

// ---- text input (datetime_parse.cc) ----
/// 22007 / 22008 / 22023 with PostgreSQL's texts. `typmod` is the precision 0..6, or -1.
StatusOr<int64_t> ParseTimestamp(std::string_view text, int32_t typmod, const DateTimeContext& context);
StatusOr<int64_t> ParseTimestampTz(std::string_view text, int32_t typmod, const DateTimeContext& context);
StatusOr<int32_t> ParseDate(std::string_view text, const DateTimeContext& context);
StatusOr<int64_t> ParseTime(std::string_view text, int32_t typmod, const DateTimeContext& context);
/// Rounds to `typmod` fractional digits; unchanged if typmod is not 0..5.
int64_t RoundToPrecision(int64_t micros, int32_t typmod);

/// The hot path: 'YYYY-MM-DD[T ]hh:mm:ss[.f{1,6}][Z|±hh[[:]mm]]' or 'YYYY-MM-DD' of a valid date. False = take the slow path.
/// `has_zone` tells whether an offset was given; then *timestamp is UTC, else wall clock.
bool ParseIsoTimestampFast(std::string_view text, int64_t* timestamp, bool* has_zone);

// ---- text output (datetime_format.cc), ISO style, appended ----
void FormatTimestamp(int64_t timestamp, std::string& out);
void FormatTimestampTz(int64_t timestamp, const absl::TimeZone& zone, std::string& out);
void FormatDate(int32_t date, std::string& out);
void FormatTime(int64_t time, std::string& out);

// ---- text output in the context's DateStyle (datetime_styles.cc; ISO goes straight to the above) ----
void FormatTimestampStyled(int64_t timestamp, const DateTimeContext& context, std::string& out);
void FormatTimestampTzStyled(int64_t timestamp, const DateTimeContext& context, std::string& out);
void FormatDateStyled(int32_t date, const DateTimeContext& context, std::string& out);

}  // namespace tsd
