#include "apps/pluvd/storage_tool.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "apps/pluvd/moment.h"
#include "apps/pluvd/serve.h"
#include "apps/pluvd/units.h"

namespace pluv::apps {
namespace {

// Rooms that are looked at for a name that may be meant: more take longer than it is worth.
constexpr std::size_t kNearRoomsMax = 20'000;

int no_such_room(StorageTool& tool) {
  std::vector<std::string> names;
  const Result<void> listed = for_each_room(*tool.store, [&](const adapters::StoredRoom& room) {
    names.push_back(room.room);
    return names.size() < kNearRoomsMax;
  });
  if (!listed) return fail(listed.error());
  std::string message = "no such room: " + tool.line.room;
  if (const auto near = nearest(tool.line.room, names)) {
    message.append("; did you mean ").append(*near).append("?");
  }
  return fail(kExitFound, message);
}

}  // namespace

int fail(int code, const std::string& what) {
  std::fprintf(stderr, "pluvd storage: %s\n", what.c_str());
  return code;
}

int fail(const Error& error) {
  return fail(error.code == ErrorCode::not_found ? kExitFound : kExitStorage, error.message);
}

int no_document(StorageTool& tool) {
  if (!tool.at_unix_ms) return no_such_room(tool);
  const auto newest = newest_record(tool);
  if (!newest) return fail(newest.error());
  if (*newest == 0) return no_such_room(tool);
  return fail(kExitFound, "room " + tool.line.room + " had no document yet at " +
                              format_moment(*tool.at_unix_ms));
}

void tell(const StorageTool& tool, const std::string& what) {
  if (!tool.line.quiet) std::printf("%s\n", what.c_str());
}

StorageProgress::Mode mode_of(const StorageTool& tool) {
  return tool.line.quiet ? StorageProgress::Mode::quiet : StorageProgress::mode_of_stderr();
}

int write_out(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() ||
      std::fflush(stdout) != 0) {
    return fail(kExitStorage, std::string("cannot write to stdout: ") + std::strerror(errno));
  }
  return kExitOk;
}

Result<adapters::StoredDocument> load_present(StorageTool& tool, const std::string& room) {
  return answer_of<adapters::StoredDocument>([&](auto answer) { tool.store->load(room, answer); });
}

Result<std::vector<adapters::HistoryEntry>> load_history(StorageTool& tool) {
  return answer_of<std::vector<adapters::HistoryEntry>>(
      [&](auto answer) { tool.store->history(tool.line.room, answer); });
}

Result<std::uint64_t> newest_record(StorageTool& tool) {
  const auto entries = load_history(tool);
  if (!entries) return entries.error();
  return entries->empty() ? std::uint64_t{0} : entries->back().number;
}

Result<adapters::StoredDocument> load_document(StorageTool& tool) {
  const std::string& room = tool.line.room;
  if (!tool.at_unix_ms) return load_present(tool, room);
  auto loaded = answer_of<adapters::StoredDocument>(
      [&](auto answer) { tool.store->load_at(room, *tool.at_unix_ms, answer); });
  if (!loaded && loaded.error().code == ErrorCode::not_found) {
    return Error{ErrorCode::not_found,
                 loaded.error().message + "; see pluvd storage history " + room};
  }
  return loaded;
}

}  // namespace pluv::apps
