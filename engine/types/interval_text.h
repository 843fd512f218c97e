#pragma once
// interval: text in (every PostgreSQL form: units, verbose '@ … ago', SQL standard, ISO 8601) and out (style postgres); arithmetic.
// Pure, any thread.
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/interval.h"

namespace tsd {

/// 22007 'invalid input syntax for type interval: "x"', 22015 'interval field value out of range: "x"'.
StatusOr<Interval> ParseInterval(std::string_view text, int32_t typmod);
void FormatInterval(const Interval& interval, std::string& out);

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
