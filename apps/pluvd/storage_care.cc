// The commands that take care of the file: verify, compact, backup.
#include <algorithm>
#include <cstdio>
#include <set>

#include "adapters/sqlite_shrink.h"
#include "apps/pluvd/serve.h"
#include "apps/pluvd/storage_document.h"
#include "apps/pluvd/storage_progress.h"
#include "apps/pluvd/storage_tool.h"

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
  const auto done = [&] {
    StorageProgress progress("copying pages", mode_of(tool));
    return answer_of<void>(
        [&](auto answer) { tool.store->backup(tool.line.file, progress.callback(), answer); });
  }();
  if (!done) return fail(done.error());
  tell(tool, "copied " + tool.path + " to " + tool.line.file);
  return kExitOk;
}

}  // namespace pluv::apps
