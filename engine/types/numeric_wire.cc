// Numeric: PostgreSQL's binary wire form: u16 digits, i16 weight, u16 sign, u16 display scale, base-10000 digits; big-endian.
#include "engine/base/bytes.h"
#include "engine/types/numeric.h"
#include "engine/types/numeric_big.h"

namespace tsd {
namespace {

constexpr uint16_t kPositive = 0x0000;
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNaN = 0xC000;
constexpr uint16_t kInfinity = 0xD000;
constexpr uint16_t kNegativeInfinity = 0xF000;
/// What PostgreSQL sends as the display scale of an infinity.
constexpr int kInfinityScale = 0x20;

void PutBe16(uint16_t value, std::string& out) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void PutHeader(size_t digits, int weight, uint16_t sign, int scale, std::string& out) {
  PutBe16(static_cast<uint16_t>(digits), out);
  PutBe16(static_cast<uint16_t>(weight), out);
  PutBe16(sign, out);
  PutBe16(static_cast<uint16_t>(scale), out);
}

Status BadWire(std::string_view what) {
  return Error(sqlstate::kInvalidBinaryRepresentation, std::string(what) + " in external \"numeric\" value");
}

}  // namespace

void Numeric::AppendWire(std::string& out) const {
  switch (kind_) {
    case Kind::kNaN: PutHeader(0, 0, kNaN, 0, out); return;
    case Kind::kInfinity: PutHeader(0, 0, kInfinity, kInfinityScale, out); return;
    case Kind::kNegativeInfinity: PutHeader(0, 0, kNegativeInfinity, kInfinityScale, out); return;
    case Kind::kFinite: break;
  }
  // Decimal digits, padded so that the point falls between groups of four.
  std::string text = Abs().ToString();
  const size_t point = text.find('.');
  std::string whole = text.substr(0, point);
  std::string fraction = point == std::string::npos ? std::string() : text.substr(point + 1);
  whole.insert(0, (4 - whole.size() % 4) % 4, '0');
  fraction.append((4 - fraction.size() % 4) % 4, '0');
  const std::string digits = whole + fraction;
  std::vector<uint16_t> groups;
  for (size_t i = 0; i < digits.size(); i += 4) {
    groups.push_back(static_cast<uint16_t>((digits[i] - '0') * 1000 + (digits[i + 1] - '0') * 100 + (digits[i + 2] - '0') * 10 + (digits[i + 3] - '0')));
  }
  size_t first = 0;
  while (first < groups.size() && groups[first] == 0) ++first;
  size_t last = groups.size();
  while (last > first && groups[last - 1] == 0) --last;
  const int weight = first == groups.size() ? 0 : static_cast<int>(whole.size() / 4) - 1 - static_cast<int>(first);
  PutHeader(last - first, weight, Sign() < 0 ? kNegative : kPositive, scale_, out);
  for (size_t i = first; i < last; ++i) PutBe16(groups[i], out);
}

StatusOr<Numeric> Numeric::FromWire(std::string_view bytes) {
  ByteReader reader(bytes);
  const size_t count = reader.GetBeU16();
  const int weight = static_cast<int16_t>(reader.GetBeU16());
  const uint16_t sign = reader.GetBeU16();
  const int scale = reader.GetBeU16();
  if (!reader.ok() || reader.remaining() != count * 2) return BadWire("invalid length");
  if (sign == kNaN) return NaN();
  if (sign == kInfinity) return Infinity();
  if (sign == kNegativeInfinity) return NegativeInfinity();
  if (sign != kPositive && sign != kNegative) return BadWire("invalid sign");
  if (scale > kMaxScale) return BadWire("invalid scale");
  std::string digits;
  digits.reserve(count * 4 + 1);
  digits += '0';
  for (size_t i = 0; i < count; ++i) {
    const uint16_t group = reader.GetBeU16();
    if (group > 9999) return BadWire("invalid digit");
    for (int unit = 1000; unit > 0; unit /= 10) digits += static_cast<char>('0' + group / unit % 10);
  }
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return FromScaled(0, scale);
  // The digits are worth 10^(4 * (weight + 1 - count)); hidden digits beyond the scale are cut, as PostgreSQL does.
  BigInt mantissa(digits.substr(first));
  const int shift = scale + 4 * (weight + 1 - static_cast<int>(count));
  if (shift >= 0) {
    mantissa *= BigPowerOfTen(shift);
  } else {
    mantissa /= BigPowerOfTen(-shift);
  }
  if (sign == kNegative) mantissa = -mantissa;
  return BigMantissa::MakeChecked(mantissa, scale);
}

}  // namespace tsd
