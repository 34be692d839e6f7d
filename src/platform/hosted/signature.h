// The signature of a webhook: its header "x-pluv-signature-256" holds "sha256=" and the
// HMAC-SHA-256 of the payload in its stable form, in lower-case hex (docs/hosting.md). Free
// functions that keep nothing; safe from any thread. Never logs a secret.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/stable.h"

namespace pluv::hosted {

inline constexpr std::string_view kSignatureHeader = "x-pluv-signature-256";

using json::stable_json;  // of any spelling of the payload

// The header's value for a payload in its stable form. Errors invalid without a secret, internal
// when the crypto library fails.
[[nodiscard]] Result<std::string> sign_webhook(std::string_view secret,
                                               std::string_view stable_json);

// Whether header could be a signature: "sha256=" and 64 digits of lower-case hex.
[[nodiscard]] bool is_webhook_signature(std::string_view header) noexcept;

// Whether header is what sign_webhook answers; false without a secret. The time taken tells nothing
// of how much of the header is right.
[[nodiscard]] bool verify_webhook(std::string_view secret, std::string_view header,
                                  std::string_view stable_json);

}  // namespace pluv::hosted
