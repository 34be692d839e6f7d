// Random bytes of the platform, by OpenSSL's generator (seeded from the kernel, reseeded after a
// fork): session ids, token ids, nonces. The core never draws any; it is given them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace pluv::auth {

// Fills out straight from the generator; about 1 us a call. Safe from any thread.
// Error unavailable when the platform has no randomness to give; out is then all zeros.
[[nodiscard]] Result<void> fill_random(std::span<std::uint8_t> out);

// Hands out random bytes from a block drawn in advance: a few ns for a session id. One owner (an
// event loop), not thread-safe. Bytes are wiped as they are handed out, so none is given twice and
// none stays in memory. A process that forks makes a new buffer in the child.
class RandomBuffer {
 public:
  RandomBuffer() = default;
  ~RandomBuffer();
  RandomBuffer(const RandomBuffer&) = delete;
  RandomBuffer& operator=(const RandomBuffer&) = delete;

  // Any size; more than the block's goes straight to the generator. Errors as fill_random.
  [[nodiscard]] Result<void> fill(std::span<std::uint8_t> out);

 private:
  static constexpr std::size_t kBlockBytes = 1024;

  std::array<std::uint8_t, kBlockBytes> block_{};
  std::size_t unused_bytes_ = 0;  // the last ones of block_
};

}  // namespace pluv::auth
