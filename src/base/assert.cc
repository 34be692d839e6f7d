#include "base/assert.h"

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace pluv {

// Without printf, which with all that it can print is 15 KB of a WebAssembly module, and in one
// write, so that lines do not mix.
void assertion_failed(const char* expression, const char* file, int line) noexcept {
  char number[16];
  const char* const number_end = std::to_chars(number, number + sizeof number, line).ptr;
  char text[1024];
  std::size_t size = 0;
  for (const std::string_view part :
       {std::string_view("pluv: assertion failed: "), std::string_view(expression),
        std::string_view(" ("), std::string_view(file), std::string_view(":"),
        std::string_view(number, static_cast<std::size_t>(number_end - number)),
        std::string_view(")\n")}) {
    size += part.copy(text + size, sizeof text - size);
  }
  std::fwrite(text, 1, size, stderr);
  std::abort();
}

}  // namespace pluv
