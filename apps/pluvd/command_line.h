// pluvd's command line as data: which command, which config file, which settings were given. Reads
// nothing but the arguments; the only unit that includes CLI11.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "apps/pluvd/settings.h"
#include "base/result.h"

namespace pluv::apps {

enum class Command : std::uint8_t { serve, check_config, help, version };

struct GivenSetting {
  const Setting* setting = nullptr;
  std::vector<std::string> values;
};

struct CommandLine {
  Command command = Command::serve;
  std::string config_file;  // empty: not given
  std::vector<GivenSetting> settings;
};

// arguments without the program's name. Errors are one sentence for a person. Of a flag that is
// given several times and is no list, the last one holds.
[[nodiscard]] Result<CommandLine> parse_command_line(std::span<const std::string> arguments);

// The whole --help.
[[nodiscard]] std::string help_text();

}  // namespace pluv::apps
