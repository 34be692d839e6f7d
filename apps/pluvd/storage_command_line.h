// The command line of `pluvd storage` as data: which command, on what, and its help. Reads nothing
// but the arguments; CLI11 stays in its .cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "apps/pluvd/command_line.h"
#include "base/result.h"

namespace pluv::apps {

enum class StorageVerb : std::uint8_t {
  ls,
  show,
  export_room,
  history,
  verify,
  backup,
  import_room,
  restore,
  rm,
  compact,
};

// What import does with a room that exists.
enum class ImportMode : std::uint8_t { refuse, merge, replace };

struct StorageCommandLine {
  StorageVerb verb = StorageVerb::ls;
  CommandLine settings;  // the config file, and of the settings --data and --history
  std::string room;      // empty: not given, which only compact allows
  std::string file;      // of a backup
  std::string at;        // empty: not given
  ImportMode import_mode = ImportMode::refuse;
  bool json = false;
  bool quiet = false;
  std::string help;  // not empty: print it instead of doing anything
};

// arguments without the program's name and the word storage. Errors are one sentence for a person.
// What a command needs is there: the room, the file, --at, --yes.
[[nodiscard]] Result<StorageCommandLine> parse_storage_command_line(
    std::span<const std::string> arguments);

// "ls", "export" ...
[[nodiscard]] std::string_view name_of(StorageVerb verb);

}  // namespace pluv::apps
