#include "apps/pluvd/project_rooms.h"

#include <utility>

#include "base/ids.h"
#include "json/codec.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

struct NotedUser {
  std::string id;
};

std::string session_fields(const room::ListenerEvent& event) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("room");
  writer.string(room_name_of(event.room));
  writer.key("session");
  writer.string(event.session.text());
  if (const auto user = json::from_json<NotedUser>(event.user_json); user.ok()) {
    writer.key("user");
    writer.string(user->id);
  }
  writer.end_object();
  return out;
}

}  // namespace

room::Listeners noted_listeners(room::Listeners inner, const Projects* projects, AuditLog& audit) {
  const auto note = [projects, &audit](const room::ListenerEvent& event, bool has_joined) {
    const std::string_view id = project_of(event.room);
    if (const Project* const project = projects == nullptr ? nullptr : projects->find(id)) {
      project->counts.sessions.fetch_add(has_joined ? 1 : -1);
      if (has_joined) project->counts.joined.fetch_add(1, std::memory_order_relaxed);
    }
    if (!audit.is_on()) return;
    audit.write(id, has_joined ? "joined" : "left", session_fields(event));
  };
  const auto noted = [&note](room::Listener listener, bool has_joined) -> room::Listener {
    return [note, has_joined, listener = std::move(listener)](room::ListenerEvent event) {
      note(event, has_joined);
      if (listener) listener(std::move(event));
    };
  };
  inner.on_user_connected = noted(std::move(inner.on_user_connected), true);
  inner.on_user_disconnected = noted(std::move(inner.on_user_disconnected), false);
  return inner;
}

ProjectRooms::ProjectRooms(const room::Definition& base, const Projects& projects, AuditLog& audit,
                           const std::function<room::Listeners(const Project&)>& listeners) {
  for (const auto& project : projects.all()) {
    auto own = std::make_unique<room::Definition>(base);
    own->limits = project->limits;
    own->strict = project->strict;
    own->refreshes_tokens = true;  // all of its sessions have one
    own->listeners =
        noted_listeners(listeners ? listeners(*project) : room::Listeners(), &projects, audit);
    own->freeze();
    definitions_.emplace(project->id, std::move(own));
  }
}

const room::Definition* ProjectRooms::find(std::string_view project) const {
  const auto found = definitions_.find(project);
  return found == definitions_.end() ? nullptr : found->second.get();
}

}  // namespace pluv::apps
