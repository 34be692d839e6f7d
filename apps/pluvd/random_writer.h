// Client ids for documents that the program itself edits.
#pragma once

#include <array>
#include <cstdint>

#include "auth/random.h"
#include "base/result.h"

namespace pluv::apps {

// As yjs draws one; none that is in a document already, but for a chance in billions.
[[nodiscard]] inline Result<std::uint64_t> random_writer() {
  std::array<std::uint8_t, 4> bytes{};
  if (Result<void> drawn = auth::fill_random(bytes); !drawn.ok()) return drawn.error();
  std::uint64_t writer = 0;
  for (const std::uint8_t byte : bytes) writer = writer << 8 | byte;
  return writer;
}

}  // namespace pluv::apps
