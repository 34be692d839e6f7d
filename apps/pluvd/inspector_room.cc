// The inspector's routes that read one room: who is there, its document, its history.
#include <limits>
#include <utility>

#include "apps/pluvd/document_read.h"
#include "apps/pluvd/inspector.h"
#include "apps/pluvd/inspector_answer.h"
#include "apps/pluvd/inspector_query.h"
#include "apps/pluvd/stored_look.h"
#include "base/assert.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

// Of a room with more the first ones are shown.
constexpr std::size_t kSessionsShown = 1'000;
constexpr std::uint64_t kHistoryLimit = 200;
constexpr std::uint64_t kHistoryLimitMax = 1'000;

void raw_or_null(json::Writer& writer, std::string_view name, const std::string& json) {
  writer.key(name);
  if (json.empty()) {
    writer.null();
  } else {
    writer.raw(json);
  }
}

void write(json::Writer& writer, const native::SessionLook& session) {
  writer.begin_object();
  writer.key("id");
  writer.string(session.id);
  writer.key("user_id");
  if (session.user_id.empty()) {
    writer.null();
  } else {
    writer.string(session.user_id);
  }
  raw_or_null(writer, "user", session.user_json);
  raw_or_null(writer, "presence", session.presence_json);
  writer.key("idle_ms");
  writer.number(session.idle_ms);
  writer.end_object();
}

std::string room_json(const std::string& room, const native::RoomLook& look) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  writer.key("room");
  writer.string(room);
  writer.key("sessions");
  writer.begin_array();
  for (const native::SessionLook& session : look.sessions) write(writer, session);
  writer.end_array();
  writer.key("sessions_total");
  writer.number(static_cast<std::uint64_t>(look.sessions_total));
  writer.key("document");
  if (look.document) {
    writer.begin_object();
    writer.key("bytes");
    writer.number(look.document->bytes);
    writer.key("version");
    writer.number(look.document->version);
    writer.end_object();
  } else {
    writer.null();
  }
  writer.end_object();
  return json;
}

void write_document(json::Writer& writer, const std::optional<std::string>& json) {
  writer.key("document");
  if (json) {
    writer.raw(*json);
  } else {
    writer.null();
  }
  writer.key("truncated");
  writer.boolean(!json);
}

Error no_room(const std::string& room) {
  return {ErrorCode::not_found, "There is no room " + room + ", and no document of it"};
}

// How many of the entries make a page of so many: those of one number stay together.
std::size_t shown_of(const std::vector<adapters::HistoryEntry>& entries, std::size_t most) {
  if (entries.size() <= most) return entries.size();
  std::size_t shown = most;
  while (shown > 0 && entries[shown - 1].number == entries[shown].number) --shown;
  return shown > 0 ? shown : entries.size();
}

std::string history_json(const std::vector<adapters::HistoryEntry>& entries, std::size_t most) {
  const std::size_t shown = shown_of(entries, most);
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  writer.key("entries");
  writer.begin_array();
  for (std::size_t i = 0; i < shown; ++i) {
    const adapters::HistoryEntry& entry = entries[i];
    writer.begin_object();
    writer.key("number");
    writer.number(entry.number);
    writer.key("is_snapshot");
    writer.boolean(entry.is_snapshot);
    writer.key("at_unix_ms");
    writer.number(entry.unix_ms);
    writer.key("bytes");
    writer.number(entry.bytes);
    writer.end_object();
  }
  writer.end_array();
  writer.key("next");
  if (entries.size() > most) {
    writer.number(entries[shown - 1].number);
  } else {
    writer.null();
  }
  writer.end_object();
  return json;
}

}  // namespace

void Inspector::room(const CallRef& call) {
  server_->look(call->room(), {.sessions_max = kSessionsShown, .document_unless = {}},
                [weak = weak_from_this(), call](std::optional<native::RoomLook> look) {
                  const auto self = weak.lock();
                  if (!self) return;
                  if (!look) return self->stored_room(call);
                  auto kept = std::make_shared<native::RoomLook>(std::move(*look));
                  self->quickly([raw = self.get(), call, kept] {
                    raw->reply(call, inspector_answer(room_json(call->room(), *kept)));
                  });
                });
}

void Inspector::stored_room(const CallRef& call) {
  with_stored_room(call, [this, call](const adapters::StoredRoom& stored) {
    native::RoomLook look;
    look.document.emplace();
    look.document->bytes = stored.snapshot_bytes + stored.log_bytes;
    look.document->version = stored.last;
    reply(call, inspector_answer(room_json(call->room(), look)));
  });
}

void Inspector::with_stored_room(const CallRef& call,
                                 std::function<void(adapters::StoredRoom)> use) {
  if (store_ == nullptr) return reply(call, no_room(call->room()));
  store_->list(
      name_before(call->room()), 1,
      when_stored<std::vector<adapters::StoredRoom>>(
          call, [this, call, use = std::move(use)](const std::vector<adapters::StoredRoom>& rooms) {
            const bool found = !rooms.empty() && rooms.front().room == call->room();
            if (!found || rooms.front().last == 0) {
              return reply(call, no_room(call->room()));
            }
            use(rooms.front());
          }));
}

void Inspector::with_updates(const CallRef& call, std::uint64_t unless_version,
                             std::function<void(const native::DocumentLook&)> use) {
  PLUV_ASSERT(call->slot.use_count() > 0);
  const auto on_thread = [this, use = std::move(use)](native::DocumentLook look) {
    auto kept = std::make_shared<native::DocumentLook>(std::move(look));
    with_document([use, kept] { use(*kept); });
  };
  const auto load_stored = [this, call, on_thread] {
    store_->load(call->room(), when_stored<adapters::StoredDocument>(
                                   call, [this, call, on_thread](adapters::StoredDocument stored) {
                                     if (stored.updates.empty()) {
                                       return reply(call, no_room(call->room()));
                                     }
                                     on_thread(look_of(std::move(stored)));
                                   }));
  };
  const auto ask_store = [this, call, unless_version, on_thread, load_stored] {
    if (store_ == nullptr) return reply(call, no_room(call->room()));
    if (unless_version == 0) return load_stored();
    with_stored_room(call,
                     [unless_version, on_thread, load_stored](const adapters::StoredRoom& stored) {
                       if (stored.last != unless_version) return load_stored();
                       native::DocumentLook unchanged;
                       unchanged.version = stored.last;
                       on_thread(std::move(unchanged));
                     });
  };
  server_->look(
      call->room(), {.sessions_max = 0, .document_unless = unless_version},
      [weak = weak_from_this(), call, on_thread, ask_store](std::optional<native::RoomLook> look) {
        const auto self = weak.lock();
        if (!self) return;
        if (!look) return ask_store();
        if (!look->document) {
          return self->reply(call,
                             Error{ErrorCode::not_found, "The room's document is not here yet"});
        }
        on_thread(std::move(*look->document));
      });
}

void Inspector::document(const CallRef& call) {
  const auto unless = number_parameter(call->question.request, "unless", 0);
  if (!unless.ok()) return reply(call, unless.error());
  if (!take_slot(call)) return;
  with_updates(call, *unless, [this, call, unless = *unless](const native::DocumentLook& look) {
    std::string json;
    json::Writer writer(json);
    writer.begin_object();
    writer.key("version");
    writer.number(look.version);
    if (look.version == unless) {
      writer.key("unchanged");
      writer.boolean(true);
    } else {
      const auto shown = shown_json(look.updates);
      if (!shown.ok()) return reply(call, shown.error());
      writer.key("bytes");
      writer.number(look.bytes);
      write_document(writer, *shown);
    }
    writer.end_object();
    reply(call, inspector_answer(std::move(json)));
  });
}

void Inspector::export_document(const CallRef& call) {
  const std::string format = call->question.request.query_get("format").value_or("update");
  if (format != "update" && format != "json") {
    return reply(call, Error{ErrorCode::invalid, "format: update or json"});
  }
  if (!take_slot(call)) return;
  with_updates(call, 0, [this, call, format](const native::DocumentLook& look) {
    const bool as_json = format == "json";
    auto bytes = as_json ? whole_json(look.updates) : one_update(look.updates);
    if (!bytes.ok()) return reply(call, bytes.error());
    std::string file = call->room() + (as_json ? ".json" : ".yjs");
    std::ranges::replace(file, '/', '_');  // of a project's room
    reply(call,
          net::Response(200)
              .header("Cache-Control", "no-store")
              .header("X-Content-Type-Options", "nosniff")
              .header("Content-Disposition", "attachment; filename=\"" + file + "\"")
              .body(as_json ? "application/json" : "application/octet-stream", std::move(*bytes)));
  });
}

void Inspector::history(const CallRef& call) {
  const net::Request& request = call->question.request;
  const auto before = number_parameter(request, "before", std::numeric_limits<std::int64_t>::max());
  if (!before.ok()) return reply(call, before.error());
  const auto limit = number_parameter(request, "limit", kHistoryLimit, kHistoryLimitMax);
  if (!limit.ok()) return reply(call, limit.error());
  if (store_ == nullptr) {
    return reply(call, Error{ErrorCode::not_found, "Documents in memory have no history"});
  }
  const auto most = static_cast<std::size_t>(std::max<std::uint64_t>(*limit, 1));
  // One more says whether there are more.
  store_->history_before(
      call->room(), *before, most + 1,
      when_stored<std::vector<adapters::HistoryEntry>>(
          call, [this, call, most](const std::vector<adapters::HistoryEntry>& entries) {
            reply(call, inspector_answer(history_json(entries, most)));
          }));
}

void Inspector::past_document(const CallRef& call) {
  if (store_ == nullptr) {
    return reply(call, Error{ErrorCode::not_found, "Documents in memory have no history"});
  }
  if (!take_slot(call)) return;
  store_->load_number(
      call->room(), call->route.number,
      when_stored<adapters::PastDocument>(call, [this, call](adapters::PastDocument past) {
        auto kept = std::make_shared<adapters::PastDocument>(std::move(past));
        with_document([this, call, kept] {
          const auto shown = shown_json(kept->document.updates);
          if (!shown.ok()) return reply(call, shown.error());
          std::string json;
          json::Writer writer(json);
          writer.begin_object();
          writer.key("number");
          writer.number(call->route.number);
          writer.key("at_unix_ms");
          writer.number(kept->unix_ms);
          write_document(writer, *shown);
          writer.end_object();
          reply(call, inspector_answer(std::move(json)));
        });
      }));
}

}  // namespace pluv::apps
