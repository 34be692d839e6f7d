#include "apps/pluvd/storage_command.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "apps/pluvd/moment.h"
#include "apps/pluvd/process_secrets.h"
#include "apps/pluvd/project_settings.h"
#include "apps/pluvd/serve.h"
#include "apps/pluvd/settings_load.h"
#include "apps/pluvd/storage_document.h"
#include "apps/pluvd/storage_tool.h"
#include "apps/pluvd/storage_verbs.h"
#include "apps/pluvd/store.h"
#include "base/ids.h"

namespace pluv::apps {
namespace {

constexpr int kExitMisused = kExitConfiguration;

// A command does not know with which --history the server runs, so it leaves the past alone; only
// compact is told how much to keep.
constexpr std::int64_t kKeepAllHistoryMs = std::numeric_limits<std::int64_t>::max() / 2;

std::int64_t system_unix_ms() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

Result<std::string> read_input() {
  std::string out;
  char buffer[64 * 1024];
  std::size_t size = 0;
  while ((size = std::fread(buffer, 1, sizeof buffer, stdin)) != 0) {
    out.append(buffer, size);
    if (out.size() > adapters::kRecordBytesMax) {
      return Error{ErrorCode::limit, "standard input is over " +
                                         std::to_string(adapters::kRecordBytesMax) + " bytes"};
    }
  }
  if (std::ferror(stdin) != 0) {
    return Error{ErrorCode::unavailable, std::string("standard input: ") + std::strerror(errno)};
  }
  return out;
}

// What is wrong with the call itself, seen before the file is touched.
int check_call(StorageTool& tool) {
  if (tool.path.empty()) {
    return fail(kExitMisused, "storage is \"" + tool.settings.storage +
                                  "\", so that no documents are kept in a file");
  }
  if (tool.settings.data.empty()) return fail(kExitMisused, "data: no folder is set");
  if (!tool.line.at.empty()) {
    const Result<std::int64_t> moment = parse_moment(tool.line.at, tool.now_unix_ms);
    if (!moment) {
      return fail(kExitMisused,
                  "--at: \"" + tool.line.at + "\" is not understood: " + moment.error().message);
    }
    if (*moment > tool.now_unix_ms) {
      return fail(kExitMisused, "--at: " + format_moment(*moment) + " is in the future");
    }
    tool.at_unix_ms = *moment;
  }
  if (tool.line.verb == StorageVerb::export_room && ::isatty(STDOUT_FILENO) == 1) {
    return fail(kExitMisused, "an update is bytes, and no text for a terminal: > FILE, or a pipe");
  }
  if (tool.line.verb == StorageVerb::import_room) {
    if (!is_room_key(tool.line.room)) {
      return fail(kExitMisused, tool.line.room +
                                    " is not the name of a room: letters, digits, and - and _ "
                                    "between them; a project's room is PROJECT/ROOM");
    }
    if (::isatty(STDIN_FILENO) == 1) {
      return fail(kExitMisused, "import reads an update from standard input: < FILE, or a pipe");
    }
  }
  return kExitOk;
}

// Before the file is opened, and so before it is locked or made.
Result<Import> read_import() {
  Result<std::string> input = read_input();
  if (!input) return std::move(input).error();
  ycrdt::Doc doc;
  if (auto applied = apply_checked(doc, *input); !applied) return std::move(applied).error();
  return Import{std::move(*input), doc.has_pending()};
}

Error explained(Error error, const StorageTool& tool) {
  if (error.code == ErrorCode::conflict) {
    error.message += ": stop pluvd first";
    if (tool.line.verb == StorageVerb::import_room) {
      error.message += ", or have a client of the room send the update";
    } else if (tool.line.verb == StorageVerb::compact) {
      error.message += "; while it runs it compacts by itself";
    }
  } else if (error.code == ErrorCode::not_found) {
    error.message += "; --data names its folder";
  }
  return error;
}

Result<void> open_store(StorageTool& tool) {
  const bool only_reads = row_of(tool.line.verb).has(kOnlyReads);
  if (tool.line.verb == StorageVerb::import_room) {
    if (auto made = prepare_data_folder(tool.settings.data); !made) return made;
  } else if (std::error_code failed; !std::filesystem::exists(tool.path, failed) && !failed) {
    // The store would make one.
    return explained({ErrorCode::not_found, tool.path + " does not exist"}, tool);
  }
  adapters::SqliteOptions options;
  options.path = tool.path;
  // What is answered is on the disk. Snapshots hold nothing new, and all are synced at the end.
  options.durability = tool.line.verb == StorageVerb::compact ? adapters::Durability::process
                                                              : adapters::Durability::strict;
  options.history_ms = kKeepAllHistoryMs;
  options.read_only = only_reads;
  options.log = [](std::string_view, std::string_view, std::string_view message) {
    fail(kExitFound, std::string(message));
  };
  auto opened = adapters::SqliteStore::open(std::move(options));
  if (!opened) return explained(std::move(opened).error(), tool);
  tool.store = std::move(*opened);
  return {};
}

int dispatch(StorageTool& tool, const Import& import) {
  switch (tool.line.verb) {
    case StorageVerb::ls: return storage_ls(tool);
    case StorageVerb::show: return storage_show(tool);
    case StorageVerb::export_room: return storage_export(tool);
    case StorageVerb::history: return storage_history(tool);
    case StorageVerb::verify: return storage_verify(tool);
    case StorageVerb::backup: return storage_backup(tool);
    case StorageVerb::import_room: return storage_import(tool, import);
    case StorageVerb::restore: return storage_restore(tool);
    case StorageVerb::rm: return storage_rm(tool);
    case StorageVerb::compact: return storage_compact(tool);
  }
  return kExitMisused;
}

}  // namespace

int run_storage(std::span<const std::string> arguments) {
  auto parsed = parse_storage_command_line(arguments);
  if (!parsed) return fail(kExitMisused, parsed.error().message);
  if (!parsed->help.empty()) return write_out(parsed->help);
  StorageTool tool;
  tool.line = std::move(*parsed);
  LoadedSettings loaded = read_settings(tool.line.settings, take_process_environment());
  resolve_project_limits(loaded, loaded.config_file);
  for (const std::string& problem : loaded.problems) fail(kExitMisused, problem);
  if (!loaded.problems.empty()) return kExitMisused;
  for (const std::string& warning : loaded.warnings) {
    if (!tool.line.quiet) fail(kExitOk, "warning: " + warning);
  }
  tool.settings = loaded.settings;
  tool.path = storage_file(tool.settings);
  tool.now_unix_ms = system_unix_ms();
  if (const int code = check_call(tool); code != kExitOk) return code;
  Import import;
  if (tool.line.verb == StorageVerb::import_room) {
    Result<Import> input = read_import();
    if (!input) return fail(kExitFound, input.error().message);
    import = std::move(*input);
  }
  if (auto opened = open_store(tool); !opened) return fail(kExitStorage, opened.error().message);
  const int code = dispatch(tool, import);
  // rm and compact have closed it already.
  if (auto closed = tool.store->close(); !closed) return fail(kExitStorage, closed.error().message);
  return code;
}

}  // namespace pluv::apps
