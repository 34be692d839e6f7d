// Nothing but what was signed is a token; anything may be tried as one.
// link: auth json base
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "auth/token.h"
#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const pluv::auth::TokenKeys keys = [] {
    auto made = pluv::auth::TokenKeys::from_secret("fuzzing secret");
    PLUV_ASSERT(made.ok());
    return std::move(made).value();
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  PLUV_ASSERT(!pluv::auth::decode_token(keys, text, "room", 1'795'467'862'000).ok());
  return 0;
}
