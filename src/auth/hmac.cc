#include "auth/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>

namespace pluv::auth {

Result<std::string> hmac_sha256_hex(std::string_view key, std::string_view message) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  constexpr unsigned char kNoKey = 0;
  std::array<std::uint8_t, kHmacSha256HexSize / 2> mac;
  std::size_t written = 0;
  // A null key would mean "no key given" to OpenSSL, so an empty one points somewhere.
  const void* const key_bytes = key.empty() ? static_cast<const void*>(&kNoKey) : key.data();
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key_bytes, key.size(),
                reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(),
                mac.size(), &written) == nullptr ||
      written != mac.size()) {
    return Error{ErrorCode::internal, "HMAC-SHA-256 failed"};
  }
  std::string hex;
  hex.reserve(kHmacSha256HexSize);
  for (const std::uint8_t byte : mac) {
    hex.push_back(kHexDigits[byte >> 4]);
    hex.push_back(kHexDigits[byte & 0x0f]);
  }
  return hex;
}

bool equal_constant_time(std::string_view left, std::string_view right) noexcept {
  // Digests are of one length: the texts' own would be told by how soon they differ.
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest_of_left;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest_of_right;
  SHA256(reinterpret_cast<const unsigned char*>(left.data()), left.size(), digest_of_left.data());
  SHA256(reinterpret_cast<const unsigned char*>(right.data()), right.size(),
         digest_of_right.data());
  const bool equal =
      CRYPTO_memcmp(digest_of_left.data(), digest_of_right.data(), digest_of_left.size()) == 0;
  OPENSSL_cleanse(digest_of_left.data(), digest_of_left.size());
  OPENSSL_cleanse(digest_of_right.data(), digest_of_right.size());
  return equal;
}

}  // namespace pluv::auth
