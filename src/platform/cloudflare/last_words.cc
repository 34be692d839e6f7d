// What ends a module that the C++ library cannot go on with. The library's own functions for it
// print with printf, which with all that it can print is 15 KB of a module.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {

[[noreturn]] void end_with(std::string_view reason, std::string_view message = {}) noexcept {
  std::fwrite(reason.data(), 1, reason.size(), stderr);
  std::fwrite(message.data(), 1, message.size(), stderr);
  std::abort();
}

}  // namespace

// libc++ calls it in the place of a throw, and lets a program have its own. Formats have nothing to
// be put in, or one message.
void std::__libcpp_verbose_abort(const char* format, ...) {
  const std::string_view text(format);
  const std::size_t place = text.find("%s");
  if (place == std::string_view::npos) end_with(text);
  std::va_list arguments;
  va_start(arguments, format);
  end_with(text.substr(0, place), va_arg(arguments, const char*));
}

void* operator new(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) end_with("pluv: the module has no memory left\n");
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
