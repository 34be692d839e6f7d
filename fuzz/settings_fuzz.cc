// What an operator writes: the settings file, command lines, the environment, units, moments,
// lists. Anything is answered with settings or with a sentence that shows no secret; what is
// accepted prints as text that reads back as the same.
// link: pluvd_settings base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/pluvd/command_line.h"
#include "apps/pluvd/moment.h"
#include "apps/pluvd/settings.h"
#include "apps/pluvd/settings_file.h"
#include "apps/pluvd/settings_load.h"
#include "apps/pluvd/storage_command_line.h"
#include "apps/pluvd/units.h"
#include "base/assert.h"
#include "fuzz/lines.h"

namespace {

using namespace pluv::apps;

constexpr std::int64_t kNowMs = 1'795'467'862'000;

// In an error of a secret's value this must not be seen.
constexpr std::string_view kSecret = "hush-hush-hush";

void try_units(std::string_view text) {
  if (const auto ms = parse_duration_ms(text); ms.ok()) {
    PLUV_ASSERT(*ms >= 0 && *ms <= std::int64_t{366} * 24 * 3'600'000);
    const auto again = parse_duration_ms(format_duration(*ms));
    PLUV_ASSERT(again.ok() && *again == *ms);
  }
  if (const auto bytes = parse_size_bytes(text); bytes.ok()) {
    PLUV_ASSERT(*bytes >= 0 && *bytes <= std::int64_t{1} << 40);
    const auto again = parse_size_bytes(format_size(*bytes));
    PLUV_ASSERT(again.ok() && *again == *bytes);
    PLUV_ASSERT(short_size(static_cast<std::uint64_t>(*bytes)).size() <= 10);
  }
  if (const auto count = parse_count(text); count.ok()) {
    PLUV_ASSERT(*count >= 0 && *count <= 1'000'000'000'000'000);
    PLUV_ASSERT(parse_count(std::to_string(*count)).ok());
  }
  (void)parse_switch(text);
  if (const auto moment = parse_moment(text, kNowMs); moment.ok()) {
    const auto again = parse_moment(format_moment(*moment), kNowMs);
    PLUV_ASSERT(again.ok() && *again == *moment);
  }
  (void)is_loopback_host(text);
}

// The settings as a file that sets them are the same settings, but for secrets, which are masked.
void expect_stable(const Settings& settings) {
  const std::string toml = settings_toml(settings);
  const auto entries = parse_settings_text(toml, "written");
  PLUV_ASSERT(entries.ok());
  Settings again;
  for (const FileEntry& entry : *entries) {
    PLUV_ASSERT(entry.problem.empty());
    const Setting* setting = find_setting_by_key(entry.key);
    PLUV_ASSERT(setting != nullptr);
    PLUV_ASSERT(assign(again, *setting, entry.values).ok());
  }
  PLUV_ASSERT(settings_toml(again) == toml);
}

void try_file(std::string_view text) {
  const auto entries = parse_settings_text(text, "pluvd.toml");
  if (!entries.ok()) {
    PLUV_ASSERT(entries.error().message.starts_with("pluvd.toml"));
    return;
  }
  Settings settings;
  std::uint32_t line = 0;
  for (const FileEntry& entry : *entries) {
    PLUV_ASSERT(entry.line >= line);
    line = entry.line;
    const Setting* setting = find_setting_by_key(entry.key);
    if (setting == nullptr || !entry.problem.empty()) continue;
    const Settings before = settings;
    const auto assigned = assign(settings, *setting, entry.values);
    if (!assigned.ok()) {
      PLUV_ASSERT(settings_toml(settings) == settings_toml(before));
      if (is_secret(setting->kind)) {
        PLUV_ASSERT(assigned.error().message.find(kSecret) == std::string::npos);
      }
      continue;
    }
    if (is_secret(setting->kind)) {
      PLUV_ASSERT(display_value(settings, *setting).find(kSecret) == std::string::npos);
    }
  }
  expect_stable(settings);
}

void try_command_line(const std::vector<std::string>& arguments) {
  const auto line = parse_command_line(arguments);
  if (!line.ok()) {
    PLUV_ASSERT(!line.error().message.empty());
    return;
  }
  // What is on the disk is none of a fuzzer's business.
  CommandLine without_file = *line;
  without_file.config_file.clear();
  Environment environment;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals != argument.npos && !argument.starts_with("CONFIG")) {
      environment.emplace_back("PLUV_" + argument.substr(0, equals), argument.substr(equals + 1));
    }
  }
  const LoadedSettings loaded = read_settings(without_file, environment);
  if (loaded.problems.empty()) expect_stable(loaded.settings);
}

// What a command needs is there once it was accepted.
void try_storage_command(const std::vector<std::string>& arguments) {
  const auto line = parse_storage_command_line(arguments);
  if (!line.ok()) {
    PLUV_ASSERT(!line.error().message.empty());
    return;
  }
  if (!line->help.empty()) return;
  PLUV_ASSERT(!name_of(line->verb).empty());
  const bool of_a_file = line->verb == StorageVerb::restore || line->verb == StorageVerb::backup;
  if (line->verb == StorageVerb::rm || line->verb == StorageVerb::show) {
    PLUV_ASSERT(!line->room.empty());
  }
  if (of_a_file) PLUV_ASSERT(!line->file.empty() || !line->room.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: try_file(text); break;
    case 1: try_command_line(pluv::fuzz::lines_of(text)); break;
    case 2:
      for (const std::string& line : pluv::fuzz::lines_of(text)) try_units(line);
      for (const std::string& element : split_list(text)) PLUV_ASSERT(!element.empty());
      for (const std::string& element : split_lines(text)) PLUV_ASSERT(!element.empty());
      break;
    case 3: try_storage_command(pluv::fuzz::lines_of(text)); break;
  }
  return 0;
}
