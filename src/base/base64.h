// Base64 after RFC 4648: the standard alphabet with padding (section 4, what pluv puts on the wire)
// and the URL alphabet without (section 5, what JOSE uses). Decoding is strict: no white space, no
// foreign characters, no non-zero trailing bits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pluv {

void base64_append(std::string& out, std::string_view bytes);
[[nodiscard]] std::string base64_encode(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

[[nodiscard]] std::string base64url_encode(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace pluv
