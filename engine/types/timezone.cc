#include "engine/types/timezone.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "engine/base/ascii.h"
#include "engine/base/mutex.h"
#include "engine/base/strings.h"
#include "engine/types/datetime.h"
#include "engine/types/datetime_scan.h"

namespace tsd {
namespace {

struct Abbreviation {
  std::string_view name;
  int minutes;  // east
};

// Sorted by name.
constexpr Abbreviation kAbbreviations[] = {
    {"acdt", 630}, {"acst", 570}, {"adt", -180}, {"aedt", 660}, {"aest", 600}, {"akdt", -480}, {"akst", -540}, {"almt", 360},
    {"art", -180}, {"ast", -240}, {"awst", 480}, {"bnt", 480},  {"bot", -240}, {"bra", -180}, {"brt", -180},  {"bst", 60},
    {"cadt", 630}, {"cast", 570}, {"cdt", -300}, {"cest", 120}, {"cet", 60},   {"cetdst", 120}, {"chadt", 825}, {"chast", 765},
    {"clst", -180}, {"clt", -240}, {"cot", -300}, {"cst", -360}, {"east", -360}, {"eat", 180}, {"edt", -240},  {"eest", 180},
    {"eet", 120},  {"eetdst", 180}, {"egst", 0}, {"egt", -60},  {"est", -300}, {"fet", 180},  {"fjt", 720},   {"gft", -180},
    {"gmt", 0},    {"gst", 600},  {"hkt", 480},  {"hst", -600}, {"ict", 420},  {"idt", 180},  {"iot", 360},   {"irkt", 480},
    {"ist", 120},  {"jst", 540},  {"kgt", 360},  {"kst", 540},  {"lhdt", 660}, {"lhst", 630}, {"magt", 660},  {"mart", -570},
    {"mdt", -360}, {"mest", 120}, {"mesz", 120}, {"met", 60},   {"metdst", 120}, {"mez", 60}, {"mmt", 390},   {"msd", 240},
    {"msk", 180},  {"mst", -420}, {"mut", 240},  {"mvt", 300},  {"myt", 480},  {"ndt", -150}, {"nft", -210},  {"novt", 420},
    {"npt", 345},  {"nst", -210}, {"nzdt", 780}, {"nzst", 720}, {"nzt", 720},  {"omst", 360}, {"pdt", -420},  {"pet", -300},
    {"pgt", 600},  {"phot", 780}, {"pht", 480},  {"pkt", 300},  {"pst", -480}, {"pyt", -240}, {"ret", 240},   {"sadt", 630},
    {"sast", 120}, {"sgt", 480},  {"tft", 300},  {"tjt", 300},  {"tmt", 300},  {"ulat", 480}, {"ut", 0},      {"utc", 0},
    {"uyt", -180}, {"uzt", 300},  {"vet", -240}, {"vlat", 600}, {"wadt", 480}, {"wast", 420}, {"wat", 60},    {"wdt", 540},
    {"west", 60},  {"wet", 0},    {"wetdst", 60}, {"wgst", -60}, {"wgt", -120}, {"wst", 480}, {"yakt", 540},  {"yekt", 300},
    {"z", 0},      {"zulu", 0},
};
constexpr bool AbbreviationsSorted() {
  for (size_t i = 1; i < std::size(kAbbreviations); ++i) {
    if (!(kAbbreviations[i - 1].name < kAbbreviations[i].name)) return false;
  }
  return true;
}
static_assert(AbbreviationsSorted());

std::string Mapped(std::string_view text, char (*map)(char)) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), map);
  return result;
}

/// "america/new_york" -> "America/New_York".
std::string Capitalised(std::string_view text) {
  std::string result;
  bool start = true;
  for (char c : text) {
    result += start ? Upper(c) : Lower(c);
    start = !IsLetter(c);
  }
  return result;
}

/// Only names of zone files: the loader would take a path or a special prefix too.
bool IsPlainZoneName(std::string_view name) {
  if (name.empty() || name.size() > 64 || name[0] == '/') return false;
  for (char c : name) {
    if (!IsLetter(c) && !IsDigit(c) && c != '/' && c != '_' && c != '-' && c != '+') return false;
  }
  return true;
}

class ZoneCache {
 public:
  bool Find(std::string_view name, absl::TimeZone* zone) {
    MutexLock lock(mutex_);
    const auto found = zones_.find(std::string(name));
    if (found == zones_.end()) return false;
    *zone = found->second;
    return true;
  }
  void Remember(std::string_view name, const absl::TimeZone& zone) {
    MutexLock lock(mutex_);
    // Names come from clients; the number of spellings is bounded, the zones themselves are few.
    if (zones_.size() < kMaxNames) zones_.emplace(std::string(name), zone);
  }

 private:
  static constexpr size_t kMaxNames = 4096;
  Mutex mutex_;
  absl::flat_hash_map<std::string, absl::TimeZone> zones_ ABSL_GUARDED_BY(mutex_);
};

ZoneCache& Cache() {
  static ZoneCache cache;
  return cache;
}

bool LoadZoneFile(std::string_view name, absl::TimeZone* zone) {
  if (!IsPlainZoneName(name)) return false;
  for (const std::string& spelling : {std::string(name), Mapped(name, Upper), Capitalised(name)}) {
    if (absl::LoadTimeZone(spelling, zone)) return true;
  }
  return false;
}

/// [name | <name>] ±hh[:mm[:ss]], no daylight part; the number counts west.
bool ParsePosixZone(std::string_view text, absl::TimeZone* zone) {
  size_t at = 0;
  if (!text.empty() && text[0] == '<') {
    at = text.find('>');
    if (at == std::string_view::npos) return false;
    ++at;
  } else {
    while (at < text.size() && IsLetter(text[at])) ++at;
    if (at != 0 && at < 3) return false;
  }
  if (at >= text.size()) return false;
  bool negative = false;
  if (text[at] == '+' || text[at] == '-') {
    negative = text[at] == '-';
    ++at;
  } else if (at == 0 && text.find(':') == std::string_view::npos) {
    return false;
  }
  int parts[3] = {0, 0, 0};
  for (int i = 0; i < 3; ++i) {
    const size_t start = at;
    while (at < text.size() && IsDigit(text[at]) && at - start < 3) parts[i] = parts[i] * 10 + (text[at++] - '0');
    if (at == start) return false;
    if (at == text.size()) break;
    if (text[at] != ':' || i == 2) return false;
    ++at;
  }
  if (at != text.size() || parts[0] > 167 || parts[1] > 59 || parts[2] > 59) return false;
  const int west = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (west >= 24 * 3600) return false;  // absl's fixed zones end there
  *zone = absl::FixedTimeZone(negative ? west : -west);
  return true;
}

struct OffsetSpan {
  absl::TimeZone zone;
  int64_t begin = 1;  // UTC microseconds; empty at first
  int64_t end = 0;
  int offset = 0;
};

// Zone tables are complete in this span, so "no further transition" can be trusted.
constexpr int64_t kSpanMin = -100 * int64_t{366} * kMicrosPerDay;
constexpr int64_t kSpanMax = 100 * int64_t{365} * kMicrosPerDay;

int64_t CivilToMicros(const absl::CivilSecond& civil) {
  const int64_t days = DaysFromCivil(civil.year(), civil.month(), civil.day());
  return days * kMicrosPerDay + civil.hour() * kMicrosPerHour + civil.minute() * kMicrosPerMinute + civil.second() * kMicrosPerSecond;
}

int LookUpOffset(int64_t utc, const absl::TimeZone& zone) { return zone.At(TimestampToAbsl(utc)).offset; }

/// The last span of constant offset this thread used: consecutive rows mostly share it, and a zone lookup costs a binary search.
thread_local OffsetSpan last_span;

/// The span around `utc`, or nullptr outside the trusted years.
const OffsetSpan* SpanAt(int64_t utc, const absl::TimeZone& zone) {
  OffsetSpan& span = last_span;
  if (utc >= span.begin && utc < span.end && span.zone == zone) return &span;
  if (utc < kSpanMin || utc > kSpanMax) return nullptr;
  OffsetSpan found;
  found.zone = zone;
  found.offset = LookUpOffset(utc, zone);
  found.begin = kSpanMin;
  found.end = kSpanMax;
  const int64_t shift = found.offset * kMicrosPerSecond;
  const absl::Time time = TimestampToAbsl(utc);
  absl::TimeZone::CivilTransition transition;
  if (zone.NextTransition(time, &transition)) found.end = std::min(kSpanMax, CivilToMicros(transition.from) - shift);
  if (zone.PrevTransition(time + absl::Seconds(1), &transition)) found.begin = std::max(kSpanMin, CivilToMicros(transition.to) - shift);
  if (utc < found.begin || utc >= found.end) return nullptr;
  span = found;
  return &span;
}

}  // namespace

bool FindZoneAbbreviation(std::string_view lower, int* offset_seconds) {
  const auto* found = std::lower_bound(std::begin(kAbbreviations), std::end(kAbbreviations), lower,
                                       [](const Abbreviation& entry, std::string_view name) { return entry.name < name; });
  if (found == std::end(kAbbreviations) || found->name != lower) return false;
  *offset_seconds = found->minutes * 60;
  return true;
}

bool FindTimeZone(std::string_view name, absl::TimeZone* zone) {
  if (name.empty() || name.size() > 64) return false;
  if (Cache().Find(name, zone)) return true;
  const std::string lower = Mapped(name, Lower);
  int offset;
  if (lower == "utc" || lower == "gmt" || lower == "z" || lower == "zulu") {
    *zone = absl::UTCTimeZone();
  } else if (FindZoneAbbreviation(lower, &offset)) {
    *zone = absl::FixedTimeZone(offset);
  } else if (!LoadZoneFile(name, zone) && !ParsePosixZone(name, zone)) {
    return false;
  }
  Cache().Remember(name, *zone);
  return true;
}

bool FindTimeZoneSetting(std::string_view value, absl::TimeZone* zone) {
  std::string_view digits = value;
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  double hours;
  const std::from_chars_result result = std::from_chars(digits.data(), digits.data() + digits.size(), hours);
  if (result.ec == std::errc() && result.ptr == digits.data() + digits.size() && std::isfinite(hours)) {
    if (std::fabs(hours) >= 24) return false;
    *zone = absl::FixedTimeZone(static_cast<int>(hours * 3600));
    return true;
  }
  return FindTimeZone(value, zone);
}

StatusOr<absl::TimeZone> RequireTimeZone(std::string_view name) {
  absl::TimeZone zone;
  if (FindTimeZone(name, &zone)) return zone;
  return Error(sqlstate::kInvalidParameterValue, StrCat("time zone \"", name, "\" not recognized"));
}

OffsetText ParseIsoOffset(std::string_view text, int* seconds_east) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return OffsetText::kMalformed;
  const bool west = text[0] == '-';
  std::string_view rest = text.substr(1);
  if (rest.empty()) return OffsetText::kMalformed;
  int parts[3] = {0, 0, 0};
  if (rest.find(':') == std::string_view::npos) {
    int value;
    if (rest.size() > 6 || !SmallNumber(rest, &value)) return OffsetText::kMalformed;
    if (rest.size() > 4) {
      parts[2] = value % 100;
      value /= 100;
    }
    if (rest.size() > 2) {
      parts[0] = value / 100;
      parts[1] = value % 100;
    } else {
      parts[0] = value;
    }
  } else {
    for (int i = 0; !rest.empty(); ++i) {
      const size_t end = rest.find(':');
      if (i == 3 || !SmallNumber(rest.substr(0, end), &parts[i])) return OffsetText::kMalformed;
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  if (parts[0] > 15 || parts[1] > 59 || parts[2] > 59) return OffsetText::kOutOfRange;
  const int seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  *seconds_east = west ? -seconds : seconds;
  return OffsetText::kOffset;
}

int ZoneOffsetAt(int64_t utc_timestamp, const absl::TimeZone& zone) {
  const OffsetSpan* span = SpanAt(utc_timestamp, zone);
  return span != nullptr ? span->offset : LookUpOffset(utc_timestamp, zone);
}

std::string ZoneAbbreviationAt(int64_t utc_timestamp, const absl::TimeZone& zone) {
  return zone.At(TimestampToAbsl(utc_timestamp)).zone_abbr;
}

StatusOr<int64_t> UtcToLocal(int64_t utc_timestamp, const absl::TimeZone& zone) {
  if (!IsFiniteTimestamp(utc_timestamp)) return utc_timestamp;
  int64_t local;
  if (__builtin_add_overflow(utc_timestamp, ZoneOffsetAt(utc_timestamp, zone) * kMicrosPerSecond, &local) || !IsValidTimestamp(local)) {
    return TimestampOutOfRange();
  }
  return local;
}

StatusOr<int64_t> LocalToUtc(int64_t local_timestamp, const absl::TimeZone& zone) {
  if (!IsFiniteTimestamp(local_timestamp)) return local_timestamp;
  if (!IsValidTimestamp(local_timestamp)) return TimestampOutOfRange();
  // A wall clock a day or more inside the last span of constant offset is neither in a gap nor in an overlap.
  const OffsetSpan& span = last_span;
  if (span.zone == zone) {
    const int64_t utc = local_timestamp - span.offset * kMicrosPerSecond;
    if (span.end - span.begin > 2 * kMicrosPerDay && utc >= span.begin + kMicrosPerDay && utc < span.end - kMicrosPerDay) return utc;
  }
  const CivilTime civil = CivilFromTimestamp(local_timestamp);
  const absl::CivilSecond second(civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second);
  const absl::TimeZone::TimeInfo info = zone.At(second);
  const absl::Time instant = info.kind == absl::TimeZone::TimeInfo::REPEATED ? info.post : info.pre;
  const int64_t utc = TimestampFromAbsl(instant) + civil.micros;
  if (!IsValidTimestamp(utc)) return TimestampOutOfRange();
  SpanAt(utc, zone);  // remembered for the next row
  return utc;
}

}  // namespace tsd
