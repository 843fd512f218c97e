// The ISO form of timestamps, the one that bulk loads use: no allocation, no table look-up.
#include <cstring>

#include "engine/types/datetime.h"

namespace tsd {
namespace {

/// Two digits; 100 or more if they are none.
unsigned Two(const char* at) {
  const unsigned high = static_cast<unsigned>(at[0] - '0');
  const unsigned low = static_cast<unsigned>(at[1] - '0');
  return high > 9 || low > 9 ? 100 : high * 10 + low;
}

/// "Z", "±hh", "±hhmm", "±hh:mm" and nothing after it.
bool ParseOffset(const char* at, const char* end, int64_t* micros) {
  if (*at == 'Z' || *at == 'z') {
    *micros = 0;
    return at + 1 == end;
  }
  if (*at != '+' && *at != '-') return false;
  const bool west = *at++ == '-';
  if (end - at < 2) return false;
  const unsigned hours = Two(at);
  unsigned minutes = 0;
  at += 2;
  if (at != end && *at == ':') {
    if (end - at != 3) return false;
    minutes = Two(at + 1);
  } else if (at != end) {
    if (end - at != 2) return false;
    minutes = Two(at);
  }
  if (hours > 15 || minutes > 59) return false;
  const int64_t offset = hours * kMicrosPerHour + minutes * kMicrosPerMinute;
  *micros = west ? -offset : offset;
  return true;
}

}  // namespace

bool ParseIsoTimestampFast(std::string_view text, int64_t* timestamp, bool* has_zone) {
  const char* at = text.data();
  const char* end = at + text.size();
  if (text.size() < 10 || at[4] != '-' || at[7] != '-') return false;
  const unsigned century = Two(at), rest = Two(at + 2), month = Two(at + 5), day = Two(at + 8);
  if (century > 99 || rest > 99 || month - 1 > 11 || day - 1 > 30) return false;
  const int year = static_cast<int>(century * 100 + rest);
  if (year == 0 || (day > 28 && static_cast<int>(day) > DaysInMonth(year, static_cast<int>(month)))) return false;
  int64_t micros = DaysFromCivil(year, static_cast<int>(month), static_cast<int>(day)) * kMicrosPerDay;
  *has_zone = false;
  at += 10;
  if (at == end) {
    *timestamp = micros;
    return true;
  }
  if (end - at < 9 || (*at != ' ' && *at != 'T') || at[3] != ':' || at[6] != ':') return false;
  const unsigned hour = Two(at + 1), minute = Two(at + 4), second = Two(at + 7);
  // 24:00:00 and second 60 are left to the slow path.
  if (hour > 23 || minute > 59 || second > 59) return false;
  micros += hour * kMicrosPerHour + minute * kMicrosPerMinute + second * kMicrosPerSecond;
  at += 9;
  if (at != end && *at == '.') {
    ++at;
    unsigned fraction = 0;
    int digits = 0;
    for (; at != end && static_cast<unsigned>(*at - '0') < 10; ++at, ++digits) {
      if (digits == 6) return false;
      fraction = fraction * 10 + static_cast<unsigned>(*at - '0');
    }
    if (digits == 0) return false;
    static constexpr unsigned kScales[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
    micros += fraction * kScales[digits];
  }
  if (at != end) {
    int64_t offset;
    if (!ParseOffset(at, end, &offset)) return false;
    micros -= offset;
    *has_zone = true;
  }
  *timestamp = micros;
  return true;
}

}  // namespace tsd
