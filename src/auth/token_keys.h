// The keys of room tokens, derived from the deployment's secrets. Owns the derived keys and wipes
// them when it goes; never keeps, logs or returns a secret or a key. Made once at start, then
// read by any number of threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

struct evp_cipher_st;  // OpenSSL's EVP_CIPHER

namespace pluv::auth {

// A reader tries them all on a token that none of them made, so there are few.
inline constexpr std::size_t kTokenSecretsMax = 8;
inline constexpr std::size_t kTokenKeyBytes = 32;

// One A256GCM key: HKDF-SHA-256 (RFC 5869) of a secret with an empty salt and the info
// "Pluv.io Generated Encryption Key", so that tokens of existing deployments are read.
class TokenKey {
 public:
  explicit TokenKey(const std::array<std::uint8_t, kTokenKeyBytes>& bytes) noexcept
      : bytes_(bytes) {}
  ~TokenKey();
  TokenKey(TokenKey&& other) noexcept;
  TokenKey(const TokenKey&) = delete;
  TokenKey& operator=(const TokenKey&) = delete;
  TokenKey& operator=(TokenKey&&) = delete;

  [[nodiscard]] std::span<const std::uint8_t, kTokenKeyBytes> bytes() const noexcept {
    return bytes_;
  }

 private:
  std::array<std::uint8_t, kTokenKeyBytes> bytes_;
};

class TokenKeys {
 public:
  // The first secret signs, all of them read: to rotate, put the new one in front and drop the old
  // one when its last token has expired. The caller wipes its own secrets; none is kept.
  // Errors: invalid for no secret or an empty one, limit for more than kTokenSecretsMax, internal
  // when the crypto library fails.
  [[nodiscard]] static Result<TokenKeys> from_secrets(std::span<const std::string_view> secrets);
  [[nodiscard]] static Result<TokenKeys> from_secret(std::string_view secret);

  [[nodiscard]] const TokenKey& signing() const noexcept { return keys_.front(); }
  // Newest first, never empty.
  [[nodiscard]] std::span<const TokenKey> reading() const noexcept { return keys_; }
  // A256GCM, looked up once: the look-up takes locks and as long as reading a token.
  [[nodiscard]] const evp_cipher_st* cipher() const noexcept { return cipher_.get(); }

 private:
  struct FreeCipher {
    void operator()(evp_cipher_st* cipher) const noexcept;
  };
  using Cipher = std::unique_ptr<evp_cipher_st, FreeCipher>;

  TokenKeys(std::vector<TokenKey> keys, Cipher cipher) noexcept
      : keys_(std::move(keys)), cipher_(std::move(cipher)) {}

  std::vector<TokenKey> keys_;
  Cipher cipher_;
};

}  // namespace pluv::auth
