#include "sql/function/digest.h"

#include <openssl/evp.h>

#include <array>

namespace tsd::sql {
namespace {

const EVP_MD* MethodOf(DigestKind kind) {
  switch (kind) {
    case DigestKind::kMd5: return EVP_md5();
    case DigestKind::kSha224: return EVP_sha224();
    case DigestKind::kSha256: return EVP_sha256();
    case DigestKind::kSha384: return EVP_sha384();
    case DigestKind::kSha512: return EVP_sha512();
  }
  return nullptr;
}

}  // namespace

StatusOr<std::string> Digest(DigestKind kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, MethodOf(kind), nullptr) != 1) {
    return Error(sqlstate::kFeatureNotSupported, "this digest is not available here");
  }
  return std::string(digest.begin(), digest.begin() + size);
}

}  // namespace tsd::sql
