// ISO output of dates and times.
#include "engine/types/datetime.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

char* PutTwo(char* at, int value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
  return at + 2;
}

char* PutYear(char* at, int64_t year) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + year % 10);
    year /= 10;
  } while (year != 0);
  while (count < 4) digits[count++] = '0';
  while (count > 0) *at++ = digits[--count];
  return at;
}

/// "YYYY-MM-DD"; a year of 0 or less is printed by its BC number, which is written after the time by the caller.
char* PutDate(char* at, const CivilTime& civil) {
  at = PutYear(at, civil.year > 0 ? civil.year : 1 - civil.year);
  *at++ = '-';
  at = PutTwo(at, civil.month);
  *at++ = '-';
  return PutTwo(at, civil.day);
}

/// "hh:mm:ss[.ffffff]", trailing zeros of the fraction cut.
char* PutTime(char* at, int hour, int minute, int second, int micros) {
  at = PutTwo(at, hour);
  *at++ = ':';
  at = PutTwo(at, minute);
  *at++ = ':';
  at = PutTwo(at, second);
  if (micros == 0) return at;
  *at++ = '.';
  for (int scale = 100'000; micros != 0; scale /= 10) {
    *at++ = static_cast<char>('0' + micros / scale);
    micros %= scale;
  }
  return at;
}

char* PutOffset(char* at, int offset) {
  *at++ = offset < 0 ? '-' : '+';
  const int seconds = offset < 0 ? -offset : offset;
  at = PutTwo(at, seconds / 3600);
  if (seconds % 3600 != 0) {
    *at++ = ':';
    at = PutTwo(at, seconds / 60 % 60);
    if (seconds % 60 != 0) {
      *at++ = ':';
      at = PutTwo(at, seconds % 60);
    }
  }
  return at;
}

bool FormatInfinite(int64_t timestamp, std::string& out) {
  if (timestamp == kTimestampInfinity) {
    out += "infinity";
    return true;
  }
  if (timestamp == kTimestampMinusInfinity) {
    out += "-infinity";
    return true;
  }
  return false;
}

void PutBc(const CivilTime& civil, std::string& out) {
  if (civil.year <= 0) out += " BC";
}

}  // namespace

void FormatTimestamp(int64_t timestamp, std::string& out) {
  if (FormatInfinite(timestamp, out)) return;
  const CivilTime civil = CivilFromTimestamp(timestamp);
  char buffer[64];
  char* at = PutDate(buffer, civil);
  *at++ = ' ';
  at = PutTime(at, civil.hour, civil.minute, civil.second, civil.micros);
  out.append(buffer, at);
  PutBc(civil, out);
}

void FormatTimestampTz(int64_t timestamp, const absl::TimeZone& zone, std::string& out) {
  if (FormatInfinite(timestamp, out)) return;
  const int offset = ZoneOffsetAt(timestamp, zone);
  int64_t local;
  if (__builtin_add_overflow(timestamp, offset * kMicrosPerSecond, &local)) local = timestamp;
  const CivilTime civil = CivilFromTimestamp(local);
  char buffer[80];
  char* at = PutDate(buffer, civil);
  *at++ = ' ';
  at = PutTime(at, civil.hour, civil.minute, civil.second, civil.micros);
  at = PutOffset(at, offset);
  out.append(buffer, at);
  PutBc(civil, out);
}

void FormatDate(int32_t date, std::string& out) {
  if (date == kDateInfinity) {
    out += "infinity";
    return;
  }
  if (date == kDateMinusInfinity) {
    out += "-infinity";
    return;
  }
  CivilTime civil;
  CivilFromDays(date, &civil);
  char buffer[40];
  char* at = PutDate(buffer, civil);
  out.append(buffer, at);
  PutBc(civil, out);
}

void FormatTime(int64_t time, std::string& out) {
  // Stored times are 0 .. 24:00:00; bytes from elsewhere are kept inside the buffer.
  if (time < 0 || time > kMicrosPerDay) time = ((time % kMicrosPerDay) + kMicrosPerDay) % kMicrosPerDay;
  char buffer[32];
  char* at = PutTime(buffer, static_cast<int>(time / kMicrosPerHour), static_cast<int>(time / kMicrosPerMinute % 60),
                     static_cast<int>(time / kMicrosPerSecond % 60), static_cast<int>(time % kMicrosPerSecond));
  out.append(buffer, at);
}

}  // namespace tsd
