#include "auth/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

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
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace pluv::auth
