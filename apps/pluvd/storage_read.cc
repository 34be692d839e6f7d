// The commands that look: ls, show, export, history.
#include <cstdio>
#include <string_view>
#include <utility>

#include "apps/pluvd/moment.h"
#include "apps/pluvd/serve.h"
#include "apps/pluvd/storage_document.h"
#include "apps/pluvd/storage_tool.h"
#include "apps/pluvd/units.h"
#include "base/ids.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

// A name that pluvd itself would not have taken may hold anything: as a JSON string it cannot move
// the cursor.
std::string printable(const std::string& room) {
  if (is_room_key(room)) return room;
  std::string out;
  json::append_string(out, room);
  return out;
}

std::string column(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text + "  ";
}

// The room comes last: its width is the only one that is not known before the last one is read.
constexpr std::string_view kHeadOfRooms =
    "CHANGED                   UPDATES         LOG    SNAPSHOT  ROOM\n";

constexpr std::string_view kHeadOfHistory = "TIME                       NUMBER       BYTES  KIND\n";

std::string line_of(const adapters::StoredRoom& room) {
  return format_moment(room.changed_unix_ms) + "  " + column(std::to_string(room.log_updates), 7) +
         column(short_size(room.log_bytes), 10) + column(short_size(room.snapshot_bytes), 10) +
         printable(room.room) + "\n";
}

std::string json_of(const adapters::StoredRoom& room) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("room");
  writer.string(room.room);
  writer.key("changed");
  writer.string(format_moment(room.changed_unix_ms));
  for (const auto& [key, value] :
       {std::pair("updates", room.log_updates), std::pair("logBytes", room.log_bytes),
        std::pair("snapshotBytes", room.snapshot_bytes)}) {
    writer.key(key);
    writer.number(value);
  }
  writer.end_object();
  return out + "\n";
}

std::string line_of(const adapters::HistoryEntry& entry) {
  return format_moment(entry.unix_ms) + "  " + column(std::to_string(entry.number), 7) +
         column(short_size(entry.bytes), 10) + (entry.is_snapshot ? "snapshot\n" : "update\n");
}

std::string json_of(const adapters::HistoryEntry& entry) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("time");
  writer.string(format_moment(entry.unix_ms));
  writer.key("number");
  writer.number(entry.number);
  writer.key("kind");
  writer.string(entry.is_snapshot ? "snapshot" : "update");
  writer.key("bytes");
  writer.number(entry.bytes);
  writer.end_object();
  return out + "\n";
}

}  // namespace

int storage_ls(StorageTool& tool) {
  int code = kExitOk;
  bool first = true;
  const Result<void> listed = for_each_room(*tool.store, [&](const adapters::StoredRoom& room) {
    std::string out;
    if (first && !tool.line.json) out = kHeadOfRooms;
    first = false;
    out += tool.line.json ? json_of(room) : line_of(room);
    code = write_out(out);
    return code == kExitOk;
  });
  return listed ? code : fail(listed.error());
}

int storage_show(StorageTool& tool) {
  const auto stored = load_document(tool);
  if (!stored) return fail(stored.error());
  if (stored->updates.empty()) return no_document(tool);
  const Result<ycrdt::Doc> doc = made_document(*stored);
  if (!doc) return fail(kExitFound, "room " + tool.line.room + ": " + doc.error().message);
  if (doc->has_pending()) {
    std::fprintf(stderr,
                 "pluvd storage: something in room %s waits for updates that are not here, and is "
                 "not shown\n",
                 tool.line.room.c_str());
  }
  return write_out(doc->to_json() + "\n");
}

int storage_export(StorageTool& tool) {
  const auto stored = load_document(tool);
  if (!stored) return fail(stored.error());
  if (stored->updates.empty()) return no_document(tool);
  const Result<std::string> update = merged_update(*stored);
  if (!update) return fail(kExitFound, "room " + tool.line.room + ": " + update.error().message);
  return write_out(*update);
}

int storage_history(StorageTool& tool) {
  const auto entries = load_history(tool);
  if (!entries) return fail(entries.error());
  if (entries->empty()) return no_document(tool);
  std::string out;
  if (!tool.line.json) out = kHeadOfHistory;
  for (const adapters::HistoryEntry& entry : *entries) {
    out += tool.line.json ? json_of(entry) : line_of(entry);
  }
  return write_out(out);
}

}  // namespace pluv::apps
