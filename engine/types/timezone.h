#pragma once
// Time zones by name, and wall clock <-> UTC in one. Zone data comes from the system's zoneinfo through absl::LoadTimeZone.
// Any thread; loaded zones and the last transition interval used are cached (the latter per thread).
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace tsd {

/// A zone by IANA name (in its own, upper, lower or capitalised spelling), POSIX form ('UTC+3', '+03', '<+03>-3': the number counts west)
/// or abbreviation: what AT TIME ZONE and zone names in timestamps mean. False if there is none.
bool FindTimeZone(std::string_view name, absl::TimeZone* zone);
/// As FindTimeZone; 22023 'time zone "x" not recognized'.
StatusOr<absl::TimeZone> RequireTimeZone(std::string_view name);
/// What SET timezone means: a bare number ('3', '-5.5') counts hours east, all else as FindTimeZone.
bool FindTimeZoneSetting(std::string_view value, absl::TimeZone* zone);
/// Fixed offset of a usual abbreviation (EST, PDT, CET …), in seconds east; false if unknown. Lower case.
bool FindZoneAbbreviation(std::string_view lower, int* offset_seconds);

/// "±h", "±hh", "±hmm", "±hhmm", "±hh:mm[:ss]" as in timestamps: the number counts east (ISO 8601).
enum class OffsetText : uint8_t { kOffset, kMalformed, kOutOfRange };
OffsetText ParseIsoOffset(std::string_view text, int* seconds_east);

/// Seconds east of UTC at that instant.
int ZoneOffsetAt(int64_t utc_timestamp, const absl::TimeZone& zone);
/// The zone's abbreviation at that instant ("CEST").
std::string ZoneAbbreviationAt(int64_t utc_timestamp, const absl::TimeZone& zone);

/// Wall clock of an instant; infinities pass through. 22008 when out of range.
StatusOr<int64_t> UtcToLocal(int64_t utc_timestamp, const absl::TimeZone& zone);
/// Instant of a wall clock. In a gap the offset before it counts, in an overlap the offset after (as PostgreSQL).
StatusOr<int64_t> LocalToUtc(int64_t local_timestamp, const absl::TimeZone& zone);

}  // namespace tsd
