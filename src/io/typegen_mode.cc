#include "io/typegen_mode.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace pluv::detail {
namespace {

constexpr int kCannotWrite = 1;
constexpr int kMisused = 2;

// Not by std::exit: the program's own ends (threads, files) are of a server that runs.
[[noreturn]] void end(int code, const char* problem) {
  if (problem != nullptr) std::fprintf(stderr, "pluv: %s\n", problem);
  std::_Exit(code);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

void answer_typegen(const Core& core) {
  const char* const format = std::getenv("PLUV_TYPEGEN");
  if (format == nullptr) return;
  std::string text;
  if (std::string_view(format) == "typescript") {
    text = write_typescript(core.describe());
  } else if (std::string_view(format) == "json-schema") {
    text = write_json_schema(core.describe());
  } else if (std::string_view(format) == "async-api") {
    text = write_async_api(core.describe());
  } else {
    end(kMisused, "PLUV_TYPEGEN is typescript, json-schema or async-api");
  }
  int fd = STDOUT_FILENO;
  if (const char* given = std::getenv("PLUV_TYPEGEN_FD"); given != nullptr) {
    const std::string_view digits(given);
    const auto [rest, error] = std::from_chars(digits.begin(), digits.end(), fd);
    if (error != std::errc() || rest != digits.end()) end(kMisused, "PLUV_TYPEGEN_FD is a number");
  }
  if (!write_all(fd, text)) end(kCannotWrite, "the types cannot be written");
  // Where nobody asked for them by `pluv typegen`, the variable may be left from elsewhere.
  const bool asked = std::getenv("PLUV_TYPEGEN_FD") != nullptr;
  end(0, asked ? nullptr : "PLUV_TYPEGEN is set: the types were written, and nothing is served");
}

}  // namespace pluv::detail
