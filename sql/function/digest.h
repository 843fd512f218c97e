#pragma once
// Digests for SQL's md5() and sha224() to sha512(), through OpenSSL. Pure; any thread.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace tsd::sql {

enum class DigestKind : uint8_t { kMd5, kSha224, kSha256, kSha384, kSha512 };

/// The digest's bytes. 0A000 if the system's OpenSSL does not offer it (MD5 under FIPS rules).
StatusOr<std::string> Digest(DigestKind kind, std::string_view bytes);

}  // namespace tsd::sql
