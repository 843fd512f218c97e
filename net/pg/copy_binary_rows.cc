#include "net/pg/copy_binary_rows.h"

#include "engine/base/bytes.h"

namespace tsd::net::pg {
namespace {

constexpr size_t kFixedHeaderBytes = 11 + 4 + 4;
constexpr uint32_t kOidsFlag = 1u << 16;

Status Refuse(std::string_view message) { return Error(sqlstate::kBadCopyFileFormat, message); }

}  // namespace

StatusOr<size_t> BinaryHeaderSize(std::string_view data) {
  const std::string_view signature = data.substr(0, kCopySignature.size());
  if (signature != kCopySignature.substr(0, signature.size())) return Refuse("COPY file signature not recognized");
  if (data.size() < kFixedHeaderBytes) return size_t{0};
  ByteReader reader(data.substr(kCopySignature.size()));
  const uint32_t flags = reader.GetBeU32();
  if ((flags & kOidsFlag) != 0) return Refuse("invalid COPY file header (WITH OIDS)");
  if ((flags >> 16) != 0) return Refuse("unrecognized critical flags in COPY file header");
  const uint32_t extension = reader.GetBeU32();
  if (static_cast<int32_t>(extension) < 0) return Refuse("invalid COPY file header (missing length)");
  if (data.size() - kFixedHeaderBytes < extension) return size_t{0};
  return kFixedHeaderBytes + extension;
}

Status RefuseCutHeader(std::string_view data) {
  if (data.size() < kCopySignature.size()) return Refuse("COPY file signature not recognized");
  if (data.size() < kFixedHeaderBytes - 4) return Refuse("invalid COPY file header (missing flags)");
  if (data.size() < kFixedHeaderBytes) return Refuse("invalid COPY file header (missing length)");
  return Refuse("invalid COPY file header (wrong length)");
}

}  // namespace tsd::net::pg
