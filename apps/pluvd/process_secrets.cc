#include "apps/pluvd/process_secrets.h"

#include <openssl/crypto.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace pluv::apps {
namespace {

bool is_secret_variable(std::string_view name) {
  return std::ranges::any_of(setting_table(), [&](const Setting& setting) {
    return setting.env == name && is_secret(setting.kind);
  });
}

bool is_secret_flag(std::string_view flag) noexcept {
  if (!flag.starts_with("--")) return false;
  const Setting* const setting = find_setting(flag.substr(2));
  return setting != nullptr && is_secret(setting->kind);
}

}  // namespace

Environment take_process_environment() {
  Environment out;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || !entry.starts_with("PLUV_")) continue;
    out.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
    if (!is_secret_variable(out.back().first)) continue;
    OPENSSL_cleanse(*at + equals + 1, entry.size() - equals - 1);
  }
  return out;
}

void hide_secret_arguments(int argc, char** argv) noexcept {
  for (int at = 1; at < argc; ++at) {
    const std::string_view argument = argv[at];
    const std::size_t equals = argument.find('=');
    if (!is_secret_flag(argument.substr(0, equals))) continue;
    if (equals != std::string_view::npos) {
      std::memset(argv[at] + equals + 1, '*', argument.size() - equals - 1);
    } else if (at + 1 < argc) {
      ++at;
      std::memset(argv[at], '*', std::strlen(argv[at]));
    }
  }
}

void forbid_core_dumps() noexcept {
  // A sandbox may refuse; then it has a limit of its own.
  constexpr rlimit kNone{};
  ::setrlimit(RLIMIT_CORE, &kNone);
}

}  // namespace pluv::apps
