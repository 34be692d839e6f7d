// Gathers the settings from all their sources (defaults, file, environment, flags; the later one
// replaces) and judges them as a whole. Reads files, but writes, listens and logs nothing. All
// problems are reported, not only the first.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apps/pluvd/command_line.h"
#include "apps/pluvd/settings.h"

namespace pluv::apps {

// Names and values of environment variables; of PLUV_ ones alone, the rest is ignored. The
// process's own: process_secrets.h.
using Environment = std::vector<std::pair<std::string, std::string>>;

struct LoadedSettings {
  Settings settings;  // what stands in the files of secrets included
  // Sentences that name the setting and where it was given. None: the settings can be used.
  std::vector<std::string> problems;
  // What works but should make an operator think.
  std::vector<std::string> warnings;
  bool inspector_given = false;  // something says whether there is one
  // A file, or a name in it, could not be used: what is missing may have been meant there.
  bool is_incomplete = false;
  std::string config_file;  // empty: none was read
};

[[nodiscard]] LoadedSettings load_settings(const CommandLine& command_line,
                                           const Environment& environment);

// The same without the files of secrets and the rules about the whole: for a command that only
// looks for the documents, where a missing secret is no problem.
[[nodiscard]] LoadedSettings read_settings(const CommandLine& command_line,
                                           const Environment& environment);

// Whether the host is of this machine alone: 127.0.0.0/8, ::1 or localhost.
[[nodiscard]] bool is_loopback_host(std::string_view host);

// The rules that concern several settings, or their meaning; part of load_settings.
void judge_settings(LoadedSettings& loaded);

// A secret can be guessed by whoever has one token, at billions of guesses a second. Shorter ones
// are refused; of fewer different bytes than this, one is warned.
inline constexpr std::size_t kSecretBytesMin = 16;
inline constexpr std::size_t kSecretVarietyMin = 8;

}  // namespace pluv::apps
