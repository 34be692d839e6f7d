// The commands that change documents: import, restore, rm.
#include <algorithm>
#include <vector>

#include "adapters/sqlite_shrink.h"
#include "apps/pluvd/moment.h"
#include "apps/pluvd/serve.h"
#include "apps/pluvd/storage_document.h"
#include "apps/pluvd/storage_progress.h"
#include "apps/pluvd/storage_tool.h"
#include "apps/pluvd/units.h"

namespace pluv::apps {
namespace {

Result<void> append(StorageTool& tool, const std::string& update) {
  const auto number = answer_of<std::uint64_t>(
      [&](auto answer) { tool.store->append(tool.line.room, update, answer); });
  return number ? Result<void>() : Result<void>(number.error());
}

// Puts the update in the place of the document up to its newest record, in one step: a snapshot
// stands for all before it. What it replaces is the history of the room from now on.
Result<void> replace(StorageTool& tool, std::uint64_t newest, const std::string& update) {
  return answer_of<void>(
      [&](auto answer) { tool.store->compact(tool.line.room, newest, update, answer); });
}

void tell_of_waiting(const std::string& room) {
  fail(kExitOk, "a part of room " + room +
                    " waits for updates that are not there; until they are, it does not show");
}

// Of the command's room; null: of none that the settings have.
const ProjectSettings* project_of(const StorageTool& tool) {
  const std::vector<ProjectSettings>& all = tool.settings.projects;
  const std::string name = tool.line.room.substr(0, tool.line.room.find('/'));
  const auto at = std::ranges::find(all, name, &ProjectSettings::id);
  return at == all.end() || name == tool.line.room ? nullptr : &*at;
}

// Where there are projects, who names none of them has probably misspelt it. But a project may
// also be imported before it is made.
void tell_of_project(const StorageTool& tool) {
  if (tool.settings.projects.empty() || project_of(tool) != nullptr) return;
  fail(kExitOk, "room " + tool.line.room +
                    " is of no project that the settings have; a project's room is PROJECT/ROOM");
}

// What a server would take of clients; a tool may write more, and the operator should know.
void tell_of_size(const StorageTool& tool, std::size_t bytes) {
  const ProjectSettings* const project = project_of(tool);
  const Limits& limits = project == nullptr ? tool.settings.limits : project->limits;
  if (bytes <= limits.document_bytes_max) return;
  const std::string whose =
      project == nullptr ? "max-document" : "project " + project->id + "'s limit for documents";
  fail(kExitOk, "room " + tool.line.room + " is over " + whose + ", which is " +
                    short_size(limits.document_bytes_max) +
                    ": edits that make it larger are refused; and when max-storage-first or "
                    "max-queue-hard is less than four thirds of its size, nobody can join it");
}

int merge(StorageTool& tool, const Import& import) {
  const std::string& room = tool.line.room;
  const auto present = load_present(tool, room);
  if (!present) return fail(present.error());
  Result<ycrdt::Doc> doc = made_document(*present);
  if (!doc) return fail(kExitFound, "room " + room + ": " + doc.error().message);
  if (auto fits = apply_checked(*doc, import.update); !fits) {
    return fail(kExitFound, fits.error().message);
  }
  if (auto done = append(tool, import.update); !done) return fail(done.error());
  if (doc->has_pending()) tell_of_waiting(room);
  tell_of_size(tool, doc->encode_state_as_update().size());
  tell(tool, "added " + short_size(import.update.size()) + " to room " + room);
  return kExitOk;
}

}  // namespace

int storage_import(StorageTool& tool, const Import& import) {
  const std::string& room = tool.line.room;
  const std::string size = short_size(import.update.size());
  tell_of_project(tool);
  const auto newest = newest_record(tool);
  if (!newest) return fail(newest.error());
  const bool exists = *newest != 0;
  if (exists && tool.line.import_mode == ImportMode::refuse) {
    return fail(kExitFound, "room " + room +
                                " exists: --merge adds the update to its document, --replace puts "
                                "it in the document's place");
  }
  if (exists && tool.line.import_mode == ImportMode::merge) return merge(tool, import);
  if (!exists) {
    if (auto done = append(tool, import.update); !done) return fail(done.error());
    tell(tool, "made room " + room + " of " + size);
  } else {
    if (auto done = replace(tool, *newest, import.update); !done) return fail(done.error());
    tell(tool, "replaced the document of room " + room + " by " + size);
  }
  if (import.waits) tell_of_waiting(room);
  tell_of_size(tool, import.update.size());
  return kExitOk;
}

int storage_restore(StorageTool& tool) {
  const std::string& room = tool.line.room;
  const auto newest = newest_record(tool);
  if (!newest) return fail(newest.error());
  if (*newest == 0) return no_document(tool);
  const auto past = load_document(tool);
  if (!past) return fail(past.error());
  if (past->updates.empty()) return no_document(tool);
  // Checked: what cannot be used must not take the place of what is there.
  if (const auto doc = made_document(*past); !doc) {
    return fail(kExitFound, "room " + room + " of then: " + doc.error().message);
  }
  const Result<std::string> update = merged_update(*past);
  if (!update) return fail(kExitFound, "room " + room + " of then: " + update.error().message);
  if (auto done = replace(tool, *newest, *update); !done) return fail(done.error());
  tell(tool, "room " + room + " is as it was at " + format_moment(*tool.at_unix_ms) +
                 "; clients that hold later edits bring them back when they join");
  return kExitOk;
}

int storage_rm(StorageTool& tool) {
  const std::string& room = tool.line.room;
  const auto newest = newest_record(tool);
  if (!newest) return fail(newest.error());
  if (*newest == 0) return no_document(tool);
  if (auto done = answer_of<void>([&](auto answer) { tool.store->remove(room, answer); }); !done) {
    return fail(done.error());
  }
  if (auto closed = tool.store->close(); !closed) return fail(closed.error());
  // Gone means gone: the store would purge its records only while it runs.
  const auto purged = [&] {
    StorageProgress progress("deleting", mode_of(tool));
    return adapters::shrink_file({.path = tool.path}, progress.callback());
  }();
  if (!purged) return fail(purged.error());
  tell(tool, "deleted room " + room + " and its history");
  return kExitOk;
}

}  // namespace pluv::apps
