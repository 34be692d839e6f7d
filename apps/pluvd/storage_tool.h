// What the commands of `pluvd storage` share: the open store, waiting for its answers, saying what
// went wrong. Owned by run_storage; used on its thread.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/sqlite_store.h"
#include "apps/pluvd/settings.h"
#include "apps/pluvd/storage_command_line.h"
#include "apps/pluvd/storage_progress.h"
#include "base/result.h"

namespace pluv::apps {

inline constexpr int kExitFound = 1;  // something is wrong, or not there

struct StorageTool {
  StorageCommandLine line;
  Settings settings;
  std::string path;  // of the file
  std::int64_t now_unix_ms = 0;
  std::optional<std::int64_t> at_unix_ms;  // --at
  std::unique_ptr<adapters::SqliteStore> store;
};

// An update from outside that was checked.
struct Import {
  std::string update;
  bool waits = false;  // a part of it, for updates that are not in it
};

// Calls ask with a `done` and waits for the answer.
template <class T, class Ask>
Result<T> answer_of(Ask ask) {
  // Shared: the answering thread may still be inside set_value when get has returned.
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  ask([promise](Result<T> answer) { promise->set_value(std::move(answer)); });
  return future.get();
}

// Prints "pluvd storage: what" to stderr and answers the code.
int fail(int code, const std::string& what);
// The same of an error of the store, with the code that fits it.
int fail(const Error& error);
// Says that the room has no document, or had none at the asked moment, and answers the code.
int no_document(StorageTool& tool);
// A line on stdout about what was done, unless it is to be quiet.
void tell(const StorageTool& tool, const std::string& what);
// How it tells of its progress.
[[nodiscard]] StorageProgress::Mode mode_of(const StorageTool& tool);
// Bytes to stdout; the exit code.
[[nodiscard]] int write_out(std::string_view bytes);

// The document of the command's room at the asked moment, the present one when none is asked for;
// nothing in it when there is, or was, none.
[[nodiscard]] Result<adapters::StoredDocument> load_document(StorageTool& tool);
// The number of the newest record of the command's room, 0 when the room has no document. Reads no
// document, so it also answers for one that is damaged.
[[nodiscard]] Result<std::uint64_t> newest_record(StorageTool& tool);
[[nodiscard]] Result<std::vector<adapters::HistoryEntry>> load_history(StorageTool& tool);
// The present document of any room.
[[nodiscard]] Result<adapters::StoredDocument> load_present(StorageTool& tool,
                                                            const std::string& room);

// Calls visit(const StoredRoom&) for all rooms in order of name, until it answers false.
template <class Visit>
[[nodiscard]] Result<void> for_each_room(adapters::SqliteStore& store, Visit visit) {
  constexpr std::size_t kPage = 1'000;
  std::string after;
  for (;;) {
    const auto rooms = answer_of<std::vector<adapters::StoredRoom>>(
        [&](auto answer) { store.list(after, kPage, answer); });
    if (!rooms) return rooms.error();
    for (const adapters::StoredRoom& room : *rooms) {
      if (!visit(room)) return {};
    }
    if (rooms->size() < kPage) return {};
    after = rooms->back().room;
  }
}

// The commands. Each answers the exit code.
[[nodiscard]] int storage_ls(StorageTool& tool);
[[nodiscard]] int storage_show(StorageTool& tool);
[[nodiscard]] int storage_export(StorageTool& tool);
[[nodiscard]] int storage_history(StorageTool& tool);
[[nodiscard]] int storage_verify(StorageTool& tool);
[[nodiscard]] int storage_backup(StorageTool& tool);
[[nodiscard]] int storage_import(StorageTool& tool, const Import& import);
[[nodiscard]] int storage_restore(StorageTool& tool);
[[nodiscard]] int storage_rm(StorageTool& tool);
[[nodiscard]] int storage_compact(StorageTool& tool);

}  // namespace pluv::apps
