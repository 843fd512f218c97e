#pragma once
// interval: text in (every PostgreSQL form: units, verbose '@ … ago', SQL standard, ISO 8601) and out (the four IntervalStyles; interval_styles.cc); arithmetic.
// Pure, any thread.
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/datetime.h"
#include "engine/types/interval.h"

namespace tsd {

/// A bare number counts in the typmod's last field ('2' day). 22007 'invalid input syntax for type interval: "x"', 22015 'interval field value out of range: "x"'.
StatusOr<Interval> ParseInterval(std::string_view text, int32_t typmod);
/// Cut and rounded to a typmod: fields below the last one named are dropped, seconds rounded to its digits. The typmod is PostgreSQL's:
/// bits of the fields << 16 | digits (0xffff: all); fields 0x7fff: all.
Interval LimitInterval(Interval interval, int32_t typmod);
void FormatInterval(const Interval& interval, std::string& out);  // style postgres
void FormatIntervalStyled(const Interval& interval, IntervalStyle style, std::string& out);

// 22008 "interval out of range".
StatusOr<Interval> AddIntervals(const Interval& left, const Interval& right);
StatusOr<Interval> SubtractIntervals(const Interval& left, const Interval& right);
StatusOr<Interval> NegateInterval(const Interval& interval);
/// Fractions of months spill into days (of 30 a month), of days into time.
StatusOr<Interval> MultiplyInterval(const Interval& interval, double factor);
StatusOr<Interval> DivideInterval(const Interval& interval, double divisor);
StatusOr<Interval> JustifyHours(const Interval& interval);
StatusOr<Interval> JustifyDays(const Interval& interval);
StatusOr<Interval> JustifyInterval(const Interval& interval);

}  // namespace tsd
