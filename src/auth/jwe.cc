#include "auth/jwe.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <limits>
#include <memory>
#include <optional>

#include "base/base64.h"
#include "json/reader.h"

namespace pluv::auth {
namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kParts = 5;  // header, encrypted key, iv, ciphertext, tag
constexpr auto kBytesMax = static_cast<std::size_t>(std::numeric_limits<int>::max());

// {"alg":"dir","enc":"A256GCM"}
constexpr std::string_view kHeader = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0";

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// Leaves the thread's queue of OpenSSL errors as it was: the TLS code of the same thread reads it.
class ErrorsKept {
 public:
  ErrorsKept() noexcept { ERR_set_mark(); }
  ~ErrorsKept() { ERR_pop_to_mark(); }
  ErrorsKept(const ErrorsKept&) = delete;
  ErrorsKept& operator=(const ErrorsKept&) = delete;
};

Error refused(const char* why) { return Error{ErrorCode::unauthorized, why}; }

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// The sizes were checked against kBytesMax.
int int_size(std::string_view text) { return static_cast<int>(text.size()); }

bool split(std::string_view token, std::array<std::string_view, kParts>& parts) {
  for (std::size_t part = 0; part + 1 < kParts; ++part) {
    const std::size_t dot = token.find('.');
    if (dot == std::string_view::npos) return false;
    parts[part] = token.substr(0, dot);
    token.remove_prefix(dot + 1);
  }
  parts[kParts - 1] = token;
  return token.find('.') == std::string_view::npos;
}

// RFC 7516 section 4.1. Members that do not change how the token is read ("typ", "kid") may stand.
Result<void> check_header(std::string_view encoded) {
  if (encoded == kHeader) return {};
  const std::optional<std::string> text = base64url_decode(encoded);
  if (!text) return refused("the token's header is not base64url");
  json::Reader reader(*text);
  std::string scratch;
  std::string_view name;
  std::string_view value;
  bool alg = false;
  bool enc = false;
  if (reader.enter_object()) {
    while (reader.next_member(scratch, name)) {
      if (name == "zip") return refused("the token is compressed");
      if (name == "crit") return refused("the token's header has critical extensions");
      const bool is_alg = name == "alg";
      if (!is_alg && name != "enc") {
        reader.skip_value();
        continue;
      }
      if (reader.peek() != json::Kind::string) break;
      if (!reader.read_string(value, scratch)) break;
      if (is_alg && value != "dir") return refused("the token's alg is not dir");
      if (!is_alg && value != "A256GCM") return refused("the token's enc is not A256GCM");
      (is_alg ? alg : enc) = true;
    }
  }
  if (!reader.finish()) return refused("the token's header is not a JSON object of its kind");
  if (!alg) return refused("the token's header has no alg");
  if (!enc) return refused("the token's header has no enc");
  return {};
}

struct Sealed {
  std::string_view associated;  // the header as received
  std::string iv;
  std::string ciphertext;
  std::string tag;
};

Result<Sealed> parse(std::string_view token) {
  std::array<std::string_view, kParts> parts;
  if (!split(token, parts)) return refused("the token does not have five parts");
  if (Result<void> header = check_header(parts[0]); !header.ok()) return std::move(header).error();
  if (!parts[1].empty()) return refused("the token has an encrypted key");
  std::optional<std::string> iv = base64url_decode(parts[2]);
  if (!iv) return refused("the token's iv is not base64url");
  if (iv->size() != kJweIvBytes) return refused("the token's iv is not 12 bytes");
  std::optional<std::string> ciphertext = base64url_decode(parts[3]);
  if (!ciphertext) return refused("the token's ciphertext is not base64url");
  std::optional<std::string> tag = base64url_decode(parts[4]);
  if (!tag) return refused("the token's tag is not base64url");
  if (tag->size() != kTagBytes) return refused("the token's tag is not 16 bytes");
  return Sealed{parts[0], std::move(*iv), std::move(*ciphertext), std::move(*tag)};
}

// False when the tag does not fit; plaintext then holds what must not be used.
bool decrypt(EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, const TokenKey& key, Sealed& sealed,
             std::string& plaintext) {
  int written = 0;
  int last = 0;
  plaintext.resize(sealed.ciphertext.size());
  return EVP_DecryptInit_ex2(context, cipher, key.bytes().data(), bytes(sealed.iv), nullptr) == 1 &&
         EVP_DecryptUpdate(context, nullptr, &written, bytes(sealed.associated),
                           int_size(sealed.associated)) == 1 &&
         EVP_DecryptUpdate(context, bytes(plaintext), &written, bytes(sealed.ciphertext),
                           int_size(sealed.ciphertext)) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, sealed.tag.data()) == 1 &&
         EVP_DecryptFinal_ex(context, bytes(plaintext) + written, &last) == 1;
}

bool encrypt(EVP_CIPHER_CTX* context, const TokenKeys& keys, std::string_view plaintext,
             const JweIv& iv, std::string& ciphertext, std::array<char, kTagBytes>& tag) {
  int written = 0;
  int last = 0;
  ciphertext.resize(plaintext.size());
  return EVP_EncryptInit_ex2(context, keys.cipher(), keys.signing().bytes().data(), iv.data(),
                             nullptr) == 1 &&
         EVP_EncryptUpdate(context, nullptr, &written, bytes(kHeader), int_size(kHeader)) == 1 &&
         EVP_EncryptUpdate(context, bytes(ciphertext), &written, bytes(plaintext),
                           int_size(plaintext)) == 1 &&
         EVP_EncryptFinal_ex(context, bytes(ciphertext) + written, &last) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag.data()) == 1;
}

}  // namespace

Result<std::string> jwe_seal(const TokenKeys& keys, std::string_view plaintext, const JweIv& iv) {
  if (plaintext.size() > kBytesMax) return Error{ErrorCode::limit, "the token is too large"};
  const ErrorsKept errors_kept;
  const Context context(EVP_CIPHER_CTX_new());
  std::string ciphertext;
  std::array<char, kTagBytes> tag;
  if (context == nullptr || !encrypt(context.get(), keys, plaintext, iv, ciphertext, tag)) {
    return Error{ErrorCode::internal, "encrypting a token failed"};
  }
  std::string token(kHeader);
  token += "..";
  token += base64url_encode({reinterpret_cast<const char*>(iv.data()), iv.size()});
  token += '.';
  token += base64url_encode(ciphertext);
  token += '.';
  token += base64url_encode({tag.data(), tag.size()});
  return token;
}

Result<std::string> jwe_open(const TokenKeys& keys, std::string_view token) {
  if (token.size() > kBytesMax) return refused("the token is too large");
  Result<Sealed> sealed = parse(token);
  if (!sealed.ok()) return std::move(sealed).error();
  const ErrorsKept errors_kept;
  const Context context(EVP_CIPHER_CTX_new());
  if (context == nullptr) return Error{ErrorCode::internal, "decrypting a token failed"};
  std::string plaintext;
  for (const TokenKey& key : keys.reading()) {
    if (decrypt(context.get(), keys.cipher(), key, *sealed, plaintext)) return plaintext;
  }
  return refused("the token was not made with a secret of this server");
}

}  // namespace pluv::auth
