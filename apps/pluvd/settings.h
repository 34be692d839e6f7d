// What pluvd can be told, and the one table that says so: every setting's flag, TOML key,
// environment variable, kind, range and help stand in one row, and the command line, the file, the
// environment, --help, check-config and docs/pluvd.md are all made from it. Plain values; reading
// the outside world is settings_file.h's and settings_load.h's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/pluvd/project_settings.h"
#include "base/limits.h"
#include "base/result.h"

namespace pluv::apps {

// The defaults are those of the members.
struct Settings {
  std::string host = "127.0.0.1";
  std::int64_t port = 3000;
  std::string data = "pluv-data";
  std::string storage = "sqlite";
  std::string durability = "process";
  std::int64_t history_ms = 24 * 3'600'000;
  std::int64_t threads = 0;
  bool deflate = false;
  std::string tls_cert;
  std::string tls_key;
  std::string handover;
  std::int64_t drain_window_ms = 5'000;
  std::int64_t drain_deadline_ms = 10'000;

  bool dev = false;
  bool demo = false;
  bool strict = false;
  bool auth = false;  // only asked in development mode; elsewhere tokens are always required
  std::vector<std::string> secrets;  // newest first; those of secret_file follow
  std::string secret_file;
  std::vector<std::string> origins;
  std::vector<std::string> cors_origins;
  std::vector<std::string> trusted_proxies;

  std::string log_level = "info";
  std::string log_format = "text";
  bool metrics = true;
  std::string metrics_token;
  std::string metrics_token_file;
  bool inspector = false;  // where nothing says otherwise: on in development mode
  std::string admin_token;
  std::string admin_token_file;
  std::int64_t inspector_interval_ms = 10'000;
  bool core_dumps = false;
  std::string audit_log;
  std::int64_t audit_log_bytes_max = std::int64_t{64} * 1024 * 1024;

  Limits limits;
  std::vector<ProjectSettings> projects;

  [[nodiscard]] bool tokens_required() const noexcept { return auth || !dev; }
};

enum class SettingKind : std::uint8_t {
  on_off,
  text,
  list,
  secret,   // a text that is never shown
  secrets,  // a list of them
  choice,
  count,
  size,      // bytes
  duration,  // milliseconds
};

// Where a value lives.
using SettingTarget =
    std::variant<bool Settings::*, std::string Settings::*, std::vector<std::string> Settings::*,
                 std::int64_t Settings::*, std::size_t Limits::*, std::uint32_t Limits::*,
                 std::int64_t Limits::*>;

struct Setting {
  std::string_view name;  // the flag is "--" and this
  std::string_view key;   // in the TOML file, with its table: "limits.message"
  std::string_view env;
  std::string_view group;
  SettingKind kind;
  SettingTarget target;
  std::string_view placeholder;  // of the value; for a choice: "a|b|c"
  std::string_view help;         // a sentence without its final stop
  std::int64_t min = 0;          // of numbers
  std::int64_t max = 0;
};

// In the order in which people read them; rows of one group stand together.
[[nodiscard]] std::span<const Setting> setting_table();
// nullptr when there is none.
[[nodiscard]] const Setting* find_setting(std::string_view name);
[[nodiscard]] const Setting* find_setting_by_key(std::string_view key);

[[nodiscard]] constexpr bool is_list(SettingKind kind) noexcept {
  return kind == SettingKind::list || kind == SettingKind::secrets;
}
[[nodiscard]] constexpr bool is_secret(SettingKind kind) noexcept {
  return kind == SettingKind::secret || kind == SettingKind::secrets;
}

// Reads values into the setting. What is no list takes exactly one. Errors say the value (unless it
// is secret) and what is expected: `"70000" is out of range: a whole number from 0 to 65535 ...`.
[[nodiscard]] Result<void> assign(Settings& settings, const Setting& setting,
                                  std::span<const std::string> values);

// The elements of a list in one text, as the environment has it: separated by commas or line ends,
// without white space around them; empty ones are dropped.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);
// The same of the lines of a file, where commas are part of an element.
[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);

// The value as a person would write it; lists are joined by ", ", an empty value is "". Secrets are
// "***", each.
[[nodiscard]] std::string display_value(const Settings& settings, const Setting& setting);
// All settings as a TOML file that would set them, secrets masked.
[[nodiscard]] std::string settings_toml(const Settings& settings);
// What --help prints after the usage.
[[nodiscard]] std::string settings_help();
// The table of docs/pluvd.md.
[[nodiscard]] std::string settings_markdown();

}  // namespace pluv::apps
