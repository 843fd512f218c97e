#include "engine/wal/wal_format.h"

#include <charconv>
#include <cstring>

#include "engine/base/bytes.h"
#include "engine/base/hash.h"
#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

constexpr size_t kLogMagicBytes = sizeof(kSegmentMagic) - 1;
constexpr size_t kFrameChecksumAt = 24;
constexpr std::string_view kNamePrefix = "wal-";
constexpr std::string_view kNameSuffix = ".log";
constexpr size_t kNameDigits = 16;

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  ByteWriter writer;
  writer.PutBytes(std::string_view(kSegmentMagic, kLogMagicBytes));
  writer.PutU32(kWalVersion);
  writer.PutU32(0);
  writer.PutU64(header.number);
  writer.PutU64(header.start_lsn.value());
  while (writer.size() < kSegmentHeaderBytes - 8) writer.PutU64(0);
  writer.PutU64(Hash64(writer.data()));
  return std::move(writer).Take();
}

StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return Error(sqlstate::kDataCorrupted, "log segment header is cut short");
  ByteReader reader(bytes.substr(0, kSegmentHeaderBytes));
  const bool magic_fits = reader.GetBytes(kLogMagicBytes) == std::string_view(kSegmentMagic, kLogMagicBytes);
  const uint32_t version = reader.GetU32();
  reader.GetU32();
  SegmentHeader header;
  header.number = reader.GetU64();
  header.start_lsn = Lsn(reader.GetU64());
  reader.GetBytes(kSegmentHeaderBytes - 8 - reader.position());
  const uint64_t checksum = reader.GetU64();
  // A future version may well keep its checksum elsewhere, so the version is looked at first.
  if (magic_fits && version > kWalVersion && version < 1000) {
    return Error(sqlstate::kFeatureNotSupported, StrCat("log segment has version ", version, ", this server reads up to ", kWalVersion));
  }
  if (!magic_fits || version != kWalVersion || checksum != Hash64(bytes.substr(0, kSegmentHeaderBytes - 8))) {
    return Error(sqlstate::kDataCorrupted, "log segment header is damaged");
  }
  if (header.start_lsn.value() % kFrameAlignment != 0 || header.start_lsn < kFirstLsn) {
    return Error(sqlstate::kDataCorrupted, "log segment header names an impossible position");
  }
  return header;
}

void EncodeFrameHeader(const FrameHeader& header, uint64_t payload_hash, char* out) {
  std::memset(out, 0, kFrameHeaderBytes);
  const uint64_t lsn = header.lsn.value();
  const uint64_t durable_lsn = header.durable_lsn.value();
  std::memcpy(out, &header.length, 4);
  out[4] = static_cast<char>(header.type);
  std::memcpy(out + 8, &lsn, 8);
  std::memcpy(out + 16, &durable_lsn, 8);
  const uint64_t checksum = Hash64(std::string_view(out, kFrameChecksumAt), payload_hash);
  std::memcpy(out + kFrameChecksumAt, &checksum, 8);
}

std::optional<Frame> DecodeFrame(std::string_view bytes, Lsn expected) {
  ByteReader reader(bytes);
  Frame frame;
  frame.header.length = reader.GetU32();
  frame.header.type = reader.GetU8();
  reader.GetBytes(3);
  frame.header.lsn = Lsn(reader.GetU64());
  frame.header.durable_lsn = Lsn(reader.GetU64());
  const uint64_t checksum = reader.GetU64();
  if (!reader.ok() || frame.header.lsn != expected || frame.header.length > kMaxRecordBytes) return std::nullopt;
  frame.payload = reader.GetBytes(frame.header.length);
  const std::string_view padding = reader.GetBytes(FrameBytes(frame.header.length) - kFrameHeaderBytes - frame.header.length);
  if (!reader.ok()) return std::nullopt;
  if (checksum != Hash64(bytes.substr(0, kFrameChecksumAt), Hash64(frame.payload))) return std::nullopt;
  for (char c : padding) {
    if (c != 0) return std::nullopt;
  }
  return frame;
}

std::string SegmentName(uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kNameDigits) digits.insert(0, kNameDigits - digits.size(), '0');
  return StrCat(kNamePrefix, digits, kNameSuffix);
}

std::optional<uint64_t> SegmentNumber(std::string_view file_name) {
  if (file_name.size() < kNamePrefix.size() + kNameDigits + kNameSuffix.size()) return std::nullopt;
  if (!file_name.starts_with(kNamePrefix) || !file_name.ends_with(kNameSuffix)) return std::nullopt;
  const std::string_view digits = file_name.substr(kNamePrefix.size(), file_name.size() - kNamePrefix.size() - kNameSuffix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0) return std::nullopt;
  return number;
}

}  // namespace tsd::engine
