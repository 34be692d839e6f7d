#include "auth/token_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

namespace pluv::auth {
namespace {

constexpr std::string_view kInfo = "Pluv.io Generated Encryption Key";

struct FreeKdf {
  void operator()(EVP_KDF* kdf) const noexcept { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
};

// OpenSSL's parameters are not const, but it only reads these.
OSSL_PARAM octets(const char* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

bool derive(std::string_view secret, std::array<std::uint8_t, kTokenKeyBytes>& key) {
  const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
  if (kdf == nullptr) return false;
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kdf.get()));
  if (context == nullptr) return false;
  char digest[] = "SHA256";
  // No salt is an empty salt (RFC 5869 section 2.2: a block of zeros either way).
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                               octets(OSSL_KDF_PARAM_KEY, secret),
                               octets(OSSL_KDF_PARAM_INFO, kInfo), OSSL_PARAM_construct_end()};
  return EVP_KDF_derive(context.get(), key.data(), key.size(), params) == 1;
}

}  // namespace

TokenKey::~TokenKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

TokenKey::TokenKey(TokenKey&& other) noexcept : bytes_(other.bytes_) {
  OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
}

void TokenKeys::FreeCipher::operator()(evp_cipher_st* cipher) const noexcept {
  EVP_CIPHER_free(cipher);
}

Result<TokenKeys> TokenKeys::from_secrets(std::span<const std::string_view> secrets) {
  if (secrets.empty()) return Error{ErrorCode::invalid, "tokens need at least one secret"};
  if (secrets.size() > kTokenSecretsMax) {
    return Error{ErrorCode::limit, "tokens take at most 8 secrets"};
  }
  std::vector<TokenKey> keys;
  keys.reserve(secrets.size());
  for (const std::string_view secret : secrets) {
    if (secret.empty()) return Error{ErrorCode::invalid, "a token secret is empty"};
    std::array<std::uint8_t, kTokenKeyBytes> key;
    const bool derived = derive(secret, key);
    if (derived) keys.emplace_back(key);
    OPENSSL_cleanse(key.data(), key.size());
    if (!derived) {
      ERR_clear_error();
      return Error{ErrorCode::internal, "deriving a token key failed"};
    }
  }
  Cipher cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  if (cipher == nullptr) {
    ERR_clear_error();
    return Error{ErrorCode::internal, "the crypto library has no AES-256-GCM"};
  }
  return TokenKeys(std::move(keys), std::move(cipher));
}

Result<TokenKeys> TokenKeys::from_secret(std::string_view secret) {
  return from_secrets(std::span(&secret, 1));
}

}  // namespace pluv::auth
