// The one table of what `pluvd storage` can do: the parser and both kinds of help are made from it.
// Plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "apps/pluvd/storage_command_line.h"

namespace pluv::apps {

// What a command takes; flags of a set.
inline constexpr std::uint32_t kTakesRoom = 1;
inline constexpr std::uint32_t kNeedsRoom = 2;
inline constexpr std::uint32_t kTakesAt = 4;
inline constexpr std::uint32_t kNeedsAt = 8;
inline constexpr std::uint32_t kTakesJson = 16;
inline constexpr std::uint32_t kTakesImportMode = 32;
inline constexpr std::uint32_t kNeedsYes = 64;
inline constexpr std::uint32_t kNeedsFile = 128;
inline constexpr std::uint32_t kTakesHistory = 256;
// It only reads, so that it works on the file of a server that runs.
inline constexpr std::uint32_t kOnlyReads = 512;

struct StorageVerbRow {
  StorageVerb verb;
  std::string_view name;
  std::string_view arguments;
  std::string_view summary;  // without its final stop
  std::string_view details;  // lines, each with its end
  std::uint32_t takes;

  [[nodiscard]] bool has(std::uint32_t flag) const noexcept { return (takes & flag) != 0; }
};

[[nodiscard]] std::span<const StorageVerbRow> storage_verbs();
[[nodiscard]] const StorageVerbRow& row_of(StorageVerb verb);

// pluvd storage --help, and pluvd storage COMMAND --help.
[[nodiscard]] std::string storage_help();
[[nodiscard]] std::string storage_help(const StorageVerbRow& row);

}  // namespace pluv::apps
