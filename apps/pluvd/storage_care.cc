// The commands that take care of the file: verify, compact, backup.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <set>
#include <system_error>

#include "adapters/sqlite_shrink.h"
#include "apps/pluvd/hosting_database.h"
#include "apps/pluvd/serve.h"
#include "apps/pluvd/storage_document.h"
#include "apps/pluvd/storage_progress.h"
#include "apps/pluvd/storage_tool.h"
#include "apps/pluvd/store.h"
#include "apps/pluvd/webhook_outbox_file.h"

namespace pluv::apps {
namespace {

using adapters::Finding;
using adapters::StoredRoom;

std::string line_of(const StorageTool& tool, const Finding& finding) {
  if (finding.room.empty()) return tool.path + ": " + finding.message;
  std::string out = "room " + finding.room + ": ";
  if (finding.number != 0) out += "record " + std::to_string(finding.number) + ": ";
  out += finding.message;
  if (finding.in_history) {
    out += " (in the history; compact " + finding.room + " --history 0 drops it)";
  }
  return out;
}

// Why the document cannot be used, empty when it can.
std::string fault_of(StorageTool& tool, const std::string& room) {
  const auto stored = load_present(tool, room);
  if (!stored) return stored.error().message;
  if (stored->updates.empty()) return {};  // a room that was removed meanwhile
  const Result<ycrdt::Doc> doc = made_document(*stored);
  return doc ? std::string() : doc.error().message;
}

Result<std::vector<std::string>> all_rooms(StorageTool& tool) {
  std::vector<std::string> names;
  const Result<void> listed = for_each_room(*tool.store, [&](const StoredRoom& room) {
    names.push_back(room.room);
    return true;
  });
  if (!listed) return listed.error();
  return names;
}

// False: the room's document cannot be read, and was left as it is.
Result<bool> compact_room(StorageTool& tool, const std::string& room) {
  const auto stored = load_present(tool, room);
  if (!stored) {
    fail(kExitFound, stored.error().message);
    return false;
  }
  // A snapshot alone is as small as it gets.
  if (stored->updates.empty() || (stored->has_snapshot && stored->updates.size() == 1)) return true;
  if (const auto doc = made_document(*stored); !doc) {
    fail(kExitFound, "room " + room + ": " + doc.error().message);
    return false;
  }
  const Result<std::string> snapshot = merged_update(*stored);
  if (!snapshot) return snapshot.error();
  const auto done = answer_of<void>(
      [&](auto answer) { tool.store->compact(room, stored->last, *snapshot, answer); });
  if (!done) return done.error();
  return true;
}

struct BackupTarget {
  std::string documents;
  std::string hosting;
  std::string webhooks;
  bool made_folder = false;
};

// A folder gets the names of a data folder. Beside a file the others have its name and what they
// are.
Result<BackupTarget> backup_target(const StorageTool& tool) {
  const std::string& name = tool.line.file;
  std::error_code failed;
  const bool is_folder = std::filesystem::is_directory(name, failed);
  if (!is_folder && !name.ends_with('/')) {
    std::filesystem::path stem(name);
    stem.replace_extension();
    const auto beside = [&](std::string_view file) {
      return stem.string() + "-" + std::string(file);
    };
    return BackupTarget{
        .documents = name, .hosting = beside(kHostingFile), .webhooks = beside(kWebhooksFile)};
  }
  const auto inside = [&](std::string_view file) {
    return name + (name.ends_with('/') ? "" : "/") + std::string(file);
  };
  BackupTarget out{.documents = inside(kDocumentsFile),
                   .hosting = inside(kHostingFile),
                   .webhooks = inside(kWebhooksFile)};
  if (is_folder) return out;
  if (::mkdir(name.c_str(), 0700) != 0) {
    return Error{ErrorCode::unavailable, name + ": " + std::generic_category().message(errno)};
  }
  out.made_folder = true;
  return out;
}

}  // namespace

int storage_verify(StorageTool& tool) {
  auto findings = [&] {
    StorageProgress progress("checking records", mode_of(tool));
    return answer_of<std::vector<Finding>>(
        [&](auto answer) { tool.store->verify(progress.callback(), answer); });
  }();
  if (!findings) return fail(findings.error());
  std::set<std::string> damaged;
  std::string out;
  for (const Finding& finding : *findings) {
    // Without its history a document may still be whole.
    if (!finding.in_history) damaged.insert(finding.room);
    out += line_of(tool, finding) + "\n";
  }
  const auto rooms = all_rooms(tool);
  if (!rooms) {
    // Where the tables themselves are damaged the findings say so already.
    if (findings->empty()) return fail(rooms.error());
    return std::max(write_out(out), kExitFound);
  }
  {
    StorageProgress progress("loading documents", mode_of(tool));
    std::uint64_t done = 0;
    for (const std::string& room : *rooms) {
      progress.show({.done = done++, .total = rooms->size()});
      if (damaged.contains(room)) continue;
      const std::string fault = fault_of(tool, room);
      if (!fault.empty()) out.append("room ").append(room).append(": ").append(fault).append("\n");
    }
  }
  if (!out.empty()) return std::max(write_out(out), kExitFound);
  tell(tool, tool.path + ": " + std::to_string(rooms->size()) + " rooms, all is well");
  return kExitOk;
}

int storage_compact(StorageTool& tool) {
  std::vector<std::string> rooms = {tool.line.room};
  if (tool.line.room.empty()) {
    auto all = all_rooms(tool);
    if (!all) return fail(all.error());
    rooms = std::move(*all);
  } else {
    const auto newest = newest_record(tool);
    if (!newest) return fail(newest.error());
    if (*newest == 0) return no_document(tool);
  }
  int code = kExitOk;
  {
    StorageProgress progress("making snapshots", mode_of(tool));
    std::uint64_t done = 0;
    for (const std::string& room : rooms) {
      progress.show({.done = done++, .total = rooms.size()});
      const Result<bool> compacted = compact_room(tool, room);
      if (!compacted) return fail(compacted.error());
      if (!*compacted) code = kExitFound;
    }
  }
  if (auto closed = tool.store->close(); !closed) return fail(closed.error());
  const std::int64_t kept_since = tool.now_unix_ms - tool.settings.history_ms;
  const auto shrunk = [&] {
    StorageProgress progress("freeing space", mode_of(tool));
    return adapters::shrink_file(
        {.path = tool.path, .replaced_until_unix_ms = std::max<std::int64_t>(0, kept_since)},
        progress.callback());
  }();
  if (!shrunk) return fail(shrunk.error());
  if (code == kExitOk) {
    tell(tool,
         "compacted " + std::to_string(rooms.size()) + (rooms.size() == 1 ? " room" : " rooms"));
  }
  return code;
}

int storage_backup(StorageTool& tool) {
  const auto target = backup_target(tool);
  if (!target) return fail(target.error());
  // The store looks at all of them in this order, a moment apart. Documents first: an event of an
  // edit is written after it, so that no edit is in the copy whose event is not. Whose tokens are
  // revoked last: who is refused when the documents are copied is refused by the copy.
  const std::vector<adapters::BackupFile> beside = {
      {.from = tool.settings.data + "/" + std::string(kWebhooksFile),
       .to = target->webhooks,
       .on_copy = std::string(kMarkCopied)},
      {.from = tool.settings.data + "/" + std::string(kHostingFile),
       .to = target->hosting,
       .on_copy = {}}};
  const auto done = [&] {
    StorageProgress progress("copying pages", mode_of(tool));
    return answer_of<void>([&](auto answer) {
      tool.store->backup(target->documents, beside, progress.callback(), answer);
    });
  }();
  if (!done) {
    if (target->made_folder) ::rmdir(tool.line.file.c_str());
    return fail(done.error());
  }
  tell(tool, "copied " + tool.path + " to " + target->documents);
  for (const adapters::BackupFile& file : beside) {
    std::error_code failed;  // what was not there was not copied
    if (!std::filesystem::exists(file.to, failed)) continue;
    tell(tool, "copied " + file.from + " to " + file.to);
  }
  return kExitOk;
}

}  // namespace pluv::apps
