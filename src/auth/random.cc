#include "auth/random.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <limits>

namespace pluv::auth {

Result<void> fill_random(std::span<std::uint8_t> out) {
  constexpr auto kBytesACall = static_cast<std::size_t>(std::numeric_limits<int>::max());
  for (std::span<std::uint8_t> rest = out; !rest.empty();) {
    const std::size_t bytes = std::min(rest.size(), kBytesACall);
    if (RAND_bytes(rest.data(), static_cast<int>(bytes)) != 1) {
      ERR_clear_error();
      OPENSSL_cleanse(out.data(), out.size());
      return Error{ErrorCode::unavailable, "the platform gave no random bytes"};
    }
    rest = rest.subspan(bytes);
  }
  return {};
}

RandomBuffer::~RandomBuffer() { OPENSSL_cleanse(block_.data(), block_.size()); }

Result<void> RandomBuffer::fill(std::span<std::uint8_t> out) {
  if (out.size() > kBlockBytes) return fill_random(out);
  if (out.size() > unused_bytes_) {
    // What is left of the old block is overwritten, not joined: simpler, and bytes are cheap.
    unused_bytes_ = 0;
    if (Result<void> filled = fill_random(block_); !filled.ok()) {
      std::fill(out.begin(), out.end(), std::uint8_t{0});
      return filled;
    }
    unused_bytes_ = kBlockBytes;
  }
  if (out.empty()) return {};
  const std::span<std::uint8_t> taken =
      std::span(block_).subspan(kBlockBytes - unused_bytes_, out.size());
  std::copy(taken.begin(), taken.end(), out.begin());
  OPENSSL_cleanse(taken.data(), taken.size());
  unused_bytes_ -= out.size();
  return {};
}

}  // namespace pluv::auth
