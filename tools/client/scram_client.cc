#include "tools/client/scram_client.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <cstdlib>

#include "engine/base/strings.h"

namespace tsd::client {
namespace {

constexpr int kHashBytes = SHA256_DIGEST_LENGTH;
constexpr int kMaxIterations = 10'000'000;  // a hostile server must not keep us busy for ever

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string Hmac(std::string_view key, std::string_view data) {
  unsigned char result[kHashBytes];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(data), data.size(), result, &length);
  return std::string(reinterpret_cast<char*>(result), kHashBytes);
}

std::string Sha256(std::string_view data) {
  unsigned char result[kHashBytes];
  SHA256(Bytes(data), data.size(), result);
  return std::string(reinterpret_cast<char*>(result), kHashBytes);
}

std::string ToBase64(std::string_view data) {
  std::string result((data.size() + 2) / 3 * 4 + 1, '\0');
  result.resize(static_cast<size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()), Bytes(data), static_cast<int>(data.size()))));
  return result;
}

StatusOr<std::string> FromBase64(std::string_view text) {
  std::string result(text.size() / 4 * 3 + 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(result.data()), Bytes(text), static_cast<int>(text.size()));
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  if (length < static_cast<int>(padding)) return Error(sqlstate::kProtocolViolation, "malformed SCRAM message from server");
  result.resize(static_cast<size_t>(length) - padding);
  return result;
}

std::string_view Attribute(std::string_view message, char name) {
  while (!message.empty()) {
    const size_t end = message.find(',');
    const std::string_view part = message.substr(0, end);
    if (part.size() >= 2 && part[0] == name && part[1] == '=') return part.substr(2);
    message = end == std::string_view::npos ? std::string_view() : message.substr(end + 1);
  }
  return {};
}

}  // namespace

StatusOr<std::string> ScramClient::First() {
  char random[18];
  if (::getentropy(random, sizeof(random)) != 0) return Error(sqlstate::kIoError, "no random bytes for authentication");
  nonce_ = ToBase64(std::string_view(random, sizeof(random)));
  first_bare_ = StrCat("n=,r=", nonce_);
  return StrCat("n,,", first_bare_);
}

StatusOr<std::string> ScramClient::Final(std::string_view server_first) {
  const std::string_view nonce = Attribute(server_first, 'r');
  ASSIGN_OR_RETURN(const std::string salt, FromBase64(Attribute(server_first, 's')));
  const int iterations = std::atoi(std::string(Attribute(server_first, 'i')).c_str());
  if (!nonce.starts_with(nonce_) || nonce.size() <= nonce_.size() || iterations < 1 || iterations > kMaxIterations) {
    return Error(sqlstate::kProtocolViolation, "malformed SCRAM message from server");
  }
  unsigned char salted[kHashBytes];
  if (PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), Bytes(salt), static_cast<int>(salt.size()), iterations, EVP_sha256(),
                        kHashBytes, salted) != 1) {
    return Error(sqlstate::kInvalidPassword, "could not derive the key of the password");
  }
  const std::string_view salted_password(reinterpret_cast<char*>(salted), kHashBytes);
  const std::string without_proof = StrCat("c=biws,r=", nonce);
  const std::string auth_message = StrCat(first_bare_, ",", server_first, ",", without_proof);
  const std::string client_key = Hmac(salted_password, "Client Key");
  const std::string signature = Hmac(Sha256(client_key), auth_message);
  std::string proof = client_key;
  for (size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  server_signature_ = Hmac(Hmac(salted_password, "Server Key"), auth_message);
  return StrCat(without_proof, ",p=", ToBase64(proof));
}

Status ScramClient::Verify(std::string_view server_final) const {
  ASSIGN_OR_RETURN(const std::string signature, FromBase64(Attribute(server_final, 'v')));
  if (server_signature_.empty() || signature != server_signature_) return Error(sqlstate::kInvalidPassword, "the server could not prove that it knows the password");
  return OkStatus();
}

}  // namespace tsd::client
