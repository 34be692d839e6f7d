// The admin API's routes about rooms as a whole.
#include <algorithm>
#include <map>
#include <utility>

#include "apps/pluvd/admin_handlers.h"
#include "apps/pluvd/admin_table.h"
#include "apps/pluvd/document_read.h"
#include "apps/pluvd/document_write.h"
#include "apps/pluvd/moment.h"
#include "apps/pluvd/random_writer.h"
#include "base/base64.h"
#include "base/ids.h"
#include "net/http.h"

namespace pluv::apps {
namespace {

using adapters::StoredRoom;
using admin_api::RoomLine;

// Of a search that finds little, a page ends after so many stored rooms.
constexpr std::size_t kStoredSeenMax = 20'000;
constexpr std::size_t kStoredPage = 500;
// A Yjs update that says nothing: a document without anything in it.
constexpr std::string_view kEmptyUpdate("\0\0", 2);

Error too_large(std::size_t bytes, std::size_t bytes_max) {
  return {ErrorCode::limit, "The document has " + std::to_string(bytes) + " bytes, and may have " +
                                std::to_string(bytes_max) + " (limits.document)"};
}

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::uint64_t bytes_of(const StoredRoom& room) { return room.snapshot_bytes + room.log_bytes; }

void add_stored(RoomLine& line, const StoredRoom& stored) {
  line.stored = true;
  line.changed_at = format_moment(stored.changed_unix_ms);
  if (line.document_bytes == 0) line.document_bytes = bytes_of(stored);
}

// Rooms by name, behind `after`: those in memory, and as far as they were read those in the store.
class Listing {
 public:
  explicit Listing(const AdminCall& call)
      : call_(call), search_(folded(call.request.search)), prefix_(call.key("")) {}

  void add(const native::RoomLine& line) {
    if (!line.room.starts_with(prefix_) || (line.sessions == 0 && line.document_bytes == 0)) return;
    const std::string name = line.room.substr(prefix_.size());
    if (name <= call_.request.after) return;
    RoomLine& out = lines_[name];
    out.sessions = line.sessions;
    out.users = line.users;
    out.document_bytes = line.document_bytes;
  }

  // The page, once enough is known; false: more stored rooms have to be added.
  [[nodiscard]] bool is_full() const {
    std::size_t found = 0;
    for (const auto& [name, line] : lines_) {
      if (!is_complete_ && name > reached_) return false;
      if (is_wanted(name, line) && ++found > call_.request.limit) return true;
    }
    return is_complete_;
  }

  // Rooms of the store in their order, all up to the last of them.
  void add(const std::vector<StoredRoom>& rooms) {
    if (rooms.size() < kStoredPage) is_complete_ = true;
    for (const StoredRoom& stored : rooms) {
      if (!stored.room.starts_with(prefix_)) {
        is_complete_ = true;
        return;
      }
      reached_ = stored.room.substr(prefix_.size());
      ++seen_;
      RoomLine& line = lines_[reached_];
      add_stored(line, stored);
      // What is not wanted need not be kept.
      if (!is_wanted(reached_, line)) lines_.erase(reached_);
    }
  }
  [[nodiscard]] std::string next_key() const {
    return prefix_ + (reached_.empty() ? call_.request.after : reached_);
  }
  [[nodiscard]] bool has_seen_enough() const { return seen_ >= kStoredSeenMax; }

  // The page of what was added, when nothing follows.
  [[nodiscard]] admin_api::RoomList all() {
    is_complete_ = true;
    return page();
  }
  [[nodiscard]] admin_api::RoomList page() {
    admin_api::RoomList out;
    for (auto& [name, line] : lines_) {
      if (!is_complete_ && name > reached_) break;
      if (!is_wanted(name, line)) continue;
      if (out.rooms.size() == call_.request.limit) {
        out.next = out.rooms.back().room;
        return out;
      }
      line.room = name;
      out.rooms.push_back(std::move(line));
    }
    if (!is_complete_) out.next = reached_;
    return out;
  }

 private:
  [[nodiscard]] bool is_wanted(const std::string& name, const RoomLine& line) const {
    if (call_.request.live && *call_.request.live != (line.sessions > 0)) return false;
    return search_.empty() || folded(name).find(search_) != std::string::npos;
  }

  const AdminCall& call_;
  const std::string search_;
  const std::string prefix_;
  std::map<std::string, RoomLine> lines_;
  std::string reached_;  // the last stored room that was added
  std::size_t seen_ = 0;
  bool is_complete_ = false;
};

}  // namespace

Result<AdminReply> AdminHandlers::list_rooms(const AdminCall& call) {
  const auto live = rooms_.live();
  if (!live.ok()) return live.error();
  Listing listing(call);
  for (const native::RoomLine& line : *live) listing.add(line);
  if (call.request.live == true) return list_live(call, listing.all());
  while (!listing.is_full() && !listing.has_seen_enough()) {
    const auto stored = rooms_.stored_after(listing.next_key(), kStoredPage);
    if (!stored.ok()) return stored.error();
    listing.add(*stored);
  }
  return admin_reply(listing.page());
}

// Of the store these alone, which may have any number of others.
Result<AdminReply> AdminHandlers::list_live(const AdminCall& call, admin_api::RoomList page) {
  for (RoomLine& line : page.rooms) {
    const auto stored = rooms_.stored(call.key(line.room));
    if (!stored.ok()) return stored.error();
    if (*stored) add_stored(line, **stored);
  }
  return admin_reply(page);
}

Result<admin_api::Room> AdminHandlers::facts_of(const AdminCall& call, const std::string& room) {
  const std::string key = call.key(room);
  const auto look = rooms_.look(key, {.sessions_max = SIZE_MAX, .document_unless = {}});
  if (!look.ok()) return look.error();
  const auto stored = rooms_.stored(key);
  if (!stored.ok()) return stored.error();
  admin_api::Room out;
  out.room = room;
  std::vector<std::string_view> users;
  admin_api::DocumentFacts document;
  if (*look) {
    out.sessions = (*look)->sessions_total;
    for (const native::SessionLook& session : (*look)->sessions) {
      users.push_back(session.user_id.empty() ? session.id : session.user_id);
    }
    if ((*look)->document) {
      document.bytes = (*look)->document->bytes;
      document.version = (*look)->document->version;
    }
  }
  std::ranges::sort(users);
  out.users = static_cast<std::uint32_t>(std::ranges::unique(users).begin() - users.begin());
  if (*stored) {
    document.stored = true;
    document.changed_at = format_moment((*stored)->changed_unix_ms);
    if (document.bytes == 0) document.bytes = bytes_of(**stored);
    if (document.version == 0) document.version = (*stored)->last;
  }
  if (out.sessions == 0 && document.bytes == 0) return admin_no_room();
  if (document.bytes > 0) out.document = document;
  return out;
}

Result<AdminReply> AdminHandlers::get_room(const AdminCall& call) {
  const auto facts = facts_of(call, call.request.room);
  if (!facts.ok()) return facts.error();
  return admin_reply(*facts);
}

// What the new document is to be; empty: nothing is in it.
Result<std::string> AdminHandlers::first_update(const AdminCall& call,
                                                const admin_api::NewRoom& wanted) {
  if (wanted.document.has_value() + wanted.json.has_value() + wanted.copy_of.has_value() > 1) {
    return Error{ErrorCode::limit, "A document comes from document, json or copy_of, one of them"};
  }
  if (wanted.json) {
    const auto writer = random_writer();
    if (!writer.ok()) return writer.error();
    auto update = seed_update(*wanted.json, *writer);
    if (update.ok()) return update;
    return Error{ErrorCode::limit, "json: " + update.error().message};
  }
  if (wanted.document) {
    auto update = base64_decode(*wanted.document);
    if (!update) return Error{ErrorCode::invalid, "document: base64 is expected"};
    ycrdt::Doc document({.clean_formatting = false});  // by the limits of what clients send
    if (const auto applied = document.apply_update(*update); !applied.ok()) {
      return Error{ErrorCode::limit, "document: " + applied.error().message};
    }
    if (document.has_pending()) {
      return Error{ErrorCode::limit, "document: it depends on updates that are not there"};
    }
    // Deletes that cut what they are in make it larger than it came.
    const std::size_t bytes = document.encode_state_as_update().size();
    if (bytes > call.project.limits.document_bytes_max) {
      return too_large(bytes, call.project.limits.document_bytes_max);
    }
    return std::move(*update);
  }
  if (!wanted.copy_of) return std::string();
  if (!is_room_id(*wanted.copy_of)) {
    return Error{ErrorCode::invalid, "copy_of: no room can have this name"};
  }
  const auto document = rooms_.document(call.key(*wanted.copy_of));
  if (!document.ok()) return document.error();
  if (!*document) return Error{ErrorCode::not_found, "copy_of: there is no such room"};
  if ((*document)->updates.empty()) return std::string();
  return one_update((*document)->updates);
}

Result<void> AdminHandlers::fill_room(const AdminCall& call, const std::string& room,
                                      std::string update) {
  const std::string key = call.key(room);
  {
    const std::lock_guard lock(making_mutex_);
    if (!making_.insert(key).second) {
      return Error{ErrorCode::conflict, "Another request is giving the room a document"};
    }
  }
  Result<void> filled = fill(call, key, std::move(update));
  const std::lock_guard lock(making_mutex_);
  making_.erase(key);
  return filled;
}

Result<void> AdminHandlers::fill(const AdminCall& call, const std::string& key,
                                 std::string update) {
  const Error has_one{ErrorCode::conflict, "The room has a document already"};
  const auto stored = rooms_.stored(key);
  if (!stored.ok()) return stored.error();
  if (*stored) return has_one;
  if (rooms_.has_store()) {
    // Not by way of the room, which would ask initial-storage what it begins with.
    call.may_have_changed = true;
    const auto added =
        rooms_.append_unless_live(key, update.empty() ? std::string(kEmptyUpdate) : update);
    if (!added.ok()) return added.error();
    if (*added) return {};
    call.may_have_changed = false;
  } else {
    const auto look = rooms_.look(key, {});
    if (!look.ok()) return look.error();
    if (!*look || (*look)->sessions_total == 0) {
      return Error{ErrorCode::conflict,
                   "This server keeps documents in memory, for rooms that somebody is in"};
    }
  }
  const auto filled = rooms_.edit(
      key,
      [has_one, update = std::move(update)](ycrdt::Doc& document) -> Result<void> {
        if (document.item_count() > 0 || document.has_pending()) return has_one;
        return update.empty() ? Result<void>() : document.apply_update(update);
      },
      kAdminFirstDocumentMsMax);
  call.may_have_changed = filled.begun;
  if (filled.changed.ok()) return {};
  const bool none = !filled.begun && filled.changed.error().code == ErrorCode::unavailable;
  return none ? admin_no_document() : filled.changed.error();
}

Result<AdminReply> AdminHandlers::create_room(const AdminCall& call) {
  const auto wanted = admin_body<admin_api::NewRoom>(call);
  if (!wanted.ok()) return wanted.error();
  if (!is_room_id(wanted->room)) {
    return Error{ErrorCode::invalid, "room: no room can have this name"};
  }
  auto update = first_update(call, *wanted);
  if (!update.ok()) return update.error();
  if (update->size() > call.project.limits.document_bytes_max) {
    return too_large(update->size(), call.project.limits.document_bytes_max);
  }
  if (Result<void> filled = fill_room(call, wanted->room, std::move(*update)); !filled.ok()) {
    return filled.error();
  }
  const auto facts = facts_of(call, wanted->room);
  // Somebody may have left meanwhile, of whom alone it was.
  AdminReply reply =
      admin_reply(facts.ok() ? *facts : admin_api::Room{.room = wanted->room, .document = {}}, 201);
  reply.location = std::string(kAdminPath) + "/rooms/" + net::percent_encode(wanted->room);
  return reply;
}

Result<AdminReply> AdminHandlers::delete_room(const AdminCall& call) {
  const auto facts = facts_of(call, call.request.room);
  if (!facts.ok()) return facts.error();
  call.may_have_changed = true;
  if (Result<void> removed = rooms_.remove(call.key()); !removed.ok()) return removed.error();
  return admin_done();
}

}  // namespace pluv::apps
