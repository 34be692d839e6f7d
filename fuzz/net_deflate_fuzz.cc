// Expanding any bytes stays within its bound, and what was compressed comes back.
// link: net base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "net/permessage_deflate.h"

namespace {

using pluv::net::ContextTakeover;

constexpr std::size_t kOutputBytesMax = 10'000;

// Two messages on one stream.
void expand_twice(std::string_view bytes, ContextTakeover takeover) {
  pluv::net::Inflater inflater({.window_bits = 9, .takeover = takeover});
  std::string out;
  const bool first = inflater.expand(bytes, kOutputBytesMax, out).ok();
  PLUV_ASSERT(out.size() <= kOutputBytesMax);
  const std::string before = out;
  out.clear();
  const bool second = inflater.expand(bytes, kOutputBytesMax, out).ok();
  PLUV_ASSERT(out.size() <= kOutputBytesMax);
  if (takeover == ContextTakeover::no) PLUV_ASSERT(first == second && (!first || out == before));
  if (takeover == ContextTakeover::yes && !first) PLUV_ASSERT(!second);
}

void round_trip(std::string_view bytes, ContextTakeover takeover, int window_bits) {
  pluv::net::Deflater deflater({.window_bits = window_bits, .takeover = takeover});
  pluv::net::Inflater inflater({.window_bits = window_bits, .takeover = takeover});
  for (int i = 0; i < 2; ++i) {
    std::string compressed;
    std::string out;
    PLUV_ASSERT(deflater.compress(bytes, compressed).ok());
    PLUV_ASSERT(inflater.expand(compressed, bytes.size(), out).ok());
    PLUV_ASSERT(out == bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto takeover = data[0] % 2 == 0 ? ContextTakeover::no : ContextTakeover::yes;
  expand_twice(bytes, takeover);
  round_trip(bytes, takeover, 9 + data[0] / 2 % 7);
  return 0;
}
