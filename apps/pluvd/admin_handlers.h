// What each route of the admin API does, as functions that wait for their answers: they run on
// threads of the API's own, never on a loop. A handler sees the rooms of one project only: every
// name becomes the key of a room of that project before anything is asked. Thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apps/pluvd/admin_hooks.h"
#include "apps/pluvd/admin_route.h"
#include "apps/pluvd/members_once.h"
#include "apps/pluvd/waiting_rooms.h"
#include "base/result.h"
#include "ycrdt/lazy_doc.h"

namespace pluv::apps {

struct AdminCall {
  AdminProject project;
  AdminRequest request;
  std::string body;
  // Set before anything is changed that must not be changed twice: from then on an error on our
  // side does not say whether it was.
  mutable bool may_have_changed = false;
  // Of the request's room, or of another one of the project.
  [[nodiscard]] std::string key() const;
  [[nodiscard]] std::string key(std::string_view room) const;
};

struct AdminReply {
  int status = 200;
  std::string media_type{};  // empty: no body
  std::string body{};
  std::string location{};  // empty: none
};

class AdminHandlers {
 public:
  AdminHandlers(const AdminHooks& hooks, WaitingRooms& rooms);

  // Errors become problems; see admin_status_of().
  [[nodiscard]] Result<AdminReply> answer(const AdminCall& call);

 private:
  using Reply = Result<AdminReply>;

  // admin_rooms.cc
  [[nodiscard]] Reply list_rooms(const AdminCall& call);
  [[nodiscard]] Reply list_live(const AdminCall& call, admin_api::RoomList page);
  [[nodiscard]] Reply create_room(const AdminCall& call);
  [[nodiscard]] Reply get_room(const AdminCall& call);
  [[nodiscard]] Reply delete_room(const AdminCall& call);
  [[nodiscard]] Result<admin_api::Room> facts_of(const AdminCall& call, const std::string& room);
  [[nodiscard]] Result<std::string> first_update(const AdminCall& call,
                                                 const admin_api::NewRoom& wanted);
  // One at a time for each room, or two would find that it has no document.
  [[nodiscard]] Result<void> fill_room(const AdminCall& call, const std::string& room,
                                       std::string update);
  [[nodiscard]] Result<void> fill(const AdminCall& call, const std::string& key,
                                  std::string update);

  // admin_document.cc
  [[nodiscard]] Reply get_document(const AdminCall& call);
  [[nodiscard]] Reply post_update(const AdminCall& call);
  [[nodiscard]] Reply patch_document(const AdminCall& call);
  // What becomes of an edit when the document has changed since it was made: it is made again, or
  // only when it might be too large by now.
  enum class OnChange : std::uint8_t { again, measure };
  // Edits a copy of the document; answers what that added, as an update, empty for nothing.
  using MakeEdit = std::function<Result<std::string>(ycrdt::LazyDoc& copy)>;
  // The document never becomes larger than the project's may be.
  [[nodiscard]] Reply edit_document(const AdminCall& call, OnChange on_change,
                                    const MakeEdit& make);
  [[nodiscard]] Result<bool> edit_once(const AdminCall& call, OnChange on_change,
                                       const MakeEdit& make);
  [[nodiscard]] Error refused_when_empty(const AdminCall& call, const Error& refusal);
  [[nodiscard]] Reply list_versions(const AdminCall& call);
  [[nodiscard]] Reply get_version(const AdminCall& call);
  [[nodiscard]] Reply restore_version(const AdminCall& call);

  // admin_people.cc
  [[nodiscard]] Result<std::vector<native::SessionLook>> sessions_of(const AdminCall& call);
  [[nodiscard]] Result<std::uint32_t> sessions_of_user(const AdminCall& call,
                                                       const std::string& key);
  [[nodiscard]] Reply list_users(const AdminCall& call);
  [[nodiscard]] Reply list_sessions(const AdminCall& call);
  [[nodiscard]] Reply get_presence(const AdminCall& call);
  [[nodiscard]] Reply evict_user(const AdminCall& call);
  [[nodiscard]] Reply evict_session(const AdminCall& call);
  [[nodiscard]] Reply set_permissions(const AdminCall& call);
  [[nodiscard]] Reply revoke(const AdminCall& call);
  [[nodiscard]] Reply send_event(const AdminCall& call);

  // admin_project.cc
  [[nodiscard]] Reply create_token(const AdminCall& call);
  [[nodiscard]] Reply get_usage(const AdminCall& call);
  [[nodiscard]] Reply dead_webhooks(const AdminCall& call);
  [[nodiscard]] Reply dead_webhook(const AdminCall& call);
  [[nodiscard]] Reply change_webhooks(const AdminCall& call);

  const AdminHooks& hooks_;
  WaitingRooms& rooms_;
  const std::string openapi_;
  const std::string since_;  // when it was made, as usage tells
  std::mutex making_mutex_;
  std::set<std::string> making_;  // keys of rooms whose first document is being made
};

template <class T>
[[nodiscard]] AdminReply admin_reply(const T& value, int status = 200) {
  return {.status = status, .media_type = "application/json", .body = json::to_json(value)};
}
[[nodiscard]] inline AdminReply admin_done() { return {.status = 204}; }

// The body as a T. Errors: invalid.
template <class T>
[[nodiscard]] Result<T> admin_body(const AdminCall& call) {
  Result<T> body = json::from_json<T>(call.body);
  if (!body.ok()) return Error{ErrorCode::invalid, "The body: " + body.error().message};
  if (const Result<void> once = members_once(call.body); !once.ok()) {
    return Error{ErrorCode::invalid, "The body: " + once.error().message};
  }
  return body;
}

[[nodiscard]] Error admin_no_room();
[[nodiscard]] Error admin_draining();
// The room has none, and whoever is asked for its first one gave none.
[[nodiscard]] Error admin_no_document();
// So long that is waited for: threads are few.
inline constexpr std::int64_t kAdminFirstDocumentMsMax = 1'000;

// A page of what is sorted by `name_of`, which is unique: begins behind `after`.
template <class T, class NameOf>
json::Nullable<std::string> admin_page(std::vector<T>& all, const AdminRequest& request,
                                       NameOf name_of) {
  std::ranges::sort(all, {}, name_of);
  if (!request.after.empty()) {
    all.erase(all.begin(), std::ranges::upper_bound(all, request.after, {}, name_of));
  }
  if (all.size() <= request.limit) return nullptr;
  all.resize(request.limit);
  return std::string(std::invoke(name_of, all.back()));
}

}  // namespace pluv::apps
