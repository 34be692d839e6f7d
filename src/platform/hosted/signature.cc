#include "platform/hosted/signature.h"

#include "auth/hmac.h"

namespace pluv::hosted {

Result<std::string> sign_webhook(std::string_view secret, std::string_view stable_json) {
  if (secret.empty()) return Error{ErrorCode::invalid, "A webhook needs a secret"};
  Result<std::string> hex = auth::hmac_sha256_hex(secret, stable_json);
  if (!hex.ok()) return hex;
  return "sha256=" + *hex;
}

bool is_webhook_signature(std::string_view header) noexcept {
  constexpr std::string_view kPrefix = "sha256=";
  if (!header.starts_with(kPrefix)) return false;
  const std::string_view hex = header.substr(kPrefix.size());
  return hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool verify_webhook(std::string_view secret, std::string_view header,
                    std::string_view stable_json) {
  const Result<std::string> wanted = sign_webhook(secret, stable_json);
  return wanted.ok() && auth::equal_constant_time(header, *wanted);
}

}  // namespace pluv::hosted
