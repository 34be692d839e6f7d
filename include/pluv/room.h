// A room's handle for server code: sends events to its sessions and closes them. Copyable, cheap,
// thread-safe; it keeps the server alive but not the room, which exists while it has sessions. What
// is asked of a room without sessions does nothing. Calls return at once: the work is done on the
// room's own loop, in the order of the calls.
//
//   auto room = server.create_room("my-example-room");
//   room.broadcast<"sendMessage">({.message = "Hello world~!"});
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "pluv/detail/core.h"
#include "pluv/detail/exceptions.h"
#include "pluv/router.h"

namespace pluv {

namespace detail {

// The input of the procedure of that name; readable errors for a name that is none.
template <class RouterType, EventName kName>
consteval auto broadcast_input() {
  using Found = typename RouterType::template Find<kName>;
  static_assert(!std::is_same_v<Found, Unknown>, "pluv: the router has no event of this name");
  if constexpr (!std::is_same_v<Found, Unknown>) {
    static_assert(Found::Procedure::has_broadcast,
                  "pluv: this procedure has no broadcast resolver, so nothing would be sent");
    return std::type_identity<typename Found::Procedure::Input>{};
  } else {
    return std::type_identity<Empty>{};
  }
}
template <class RouterType, EventName kName>
using BroadcastInput = typename decltype(broadcast_input<RouterType, kName>())::type;

template <class RouterType, EventName kName>
using EmitPayload = typename FindPayload<kName, typename RouterType::Outputs>::type;

template <class T>
[[nodiscard]] std::string payload_text(const T& payload) {
  std::string text;
  if (const Result<void> written = write_payload(payload, text); !written.ok()) {
    raise<std::invalid_argument>(written.error().message);
  }
  return text;
}

}  // namespace detail

template <class RouterType>
class Room {
 public:
  // By server.create_room().
  Room(std::shared_ptr<detail::Core> core, std::string id)
      : core_(std::move(core)), id_(std::move(id)) {}

  [[nodiscard]] const std::string& id() const noexcept { return id_; }

  // Runs that procedure's broadcast resolver, without a session, and sends its output to everybody.
  // A name that is no event of the router and an input of another type do not compile. Throws
  // std::invalid_argument when the input does not pass the procedure's checks.
  template <EventName kName>
  void broadcast(const detail::BroadcastInput<RouterType, kName>& input) const {
    const std::string data = detail::payload_text(input);
    if (const Result<void> good = core_->check_broadcast(kName.view(), data); !good.ok()) {
      detail::raise<std::invalid_argument>(good.error().message);
    }
    core_->broadcast(id_, kName.view(), data);
  }
  // The same of a procedure without an input.
  template <EventName kName>
  void broadcast() const {
    using In = detail::BroadcastInput<RouterType, kName>;
    static_assert(std::is_same_v<In, Json> || std::is_same_v<In, Empty>,
                  "pluv: this event has an input: broadcast<\"name\">({...})");
    broadcast<kName>(In(make_empty<In>()));
  }

  // The same with a name known at run time. data: JSON text, an object or null. A name that is no
  // procedure is sent as it is. Errors: invalid for a name or data that is none or does not pass
  // the procedure's checks, limit for a long name, conflict for a procedure without broadcast
  // resolver.
  Result<void> broadcast(std::string_view name, std::string_view data) const {
    Result<void> good = core_->check_broadcast(name, data);
    if (good.ok()) core_->broadcast(id_, name, data);
    return good;
  }
  Result<void> broadcast(std::string_view name, const Json& data) const {
    return broadcast(name, std::string_view(data.to_text()));
  }

  // Sends an output event directly to everybody. The name and payload must be an output of one of
  // the router's procedures; braces take the first payload type of that name.
  template <EventName kName, class Payload = detail::EmitPayload<RouterType, kName>>
  void emit(const Payload& payload) const {
    using First = detail::EmitPayload<RouterType, kName>;
    static_assert(!std::is_same_v<First, detail::Unknown>,
                  "pluv: no procedure of the router has an output event of this name");
    static_assert(std::is_same_v<First, detail::Unknown> ||
                      detail::kHasPayload<kName, Payload, typename RouterType::Outputs>,
                  "pluv: this event is emitted with another payload type");
    if constexpr (!std::is_same_v<First, detail::Unknown>) {
      core_->emit(id_, kName.view(), detail::payload_text(payload));
    }
  }

  // Closes a session for good (close code 4001; its client stays away until it is reloaded).
  void evict(const SessionId& session) const { core_->evict(id_, session.text()); }
  // The same with an id as the wire spells it; one that is none does nothing.
  void evict(std::string_view session) const { core_->evict(id_, session); }
  // The same for the live sessions of a user, by the id in his tokens, in this room. Without
  // authorization nobody has one.
  void evict_user(std::string_view user_id) const { core_->evict_user(id_, user_id); }
  // What the live sessions of a user may do from now on: names as in TokenOptions::permissions
  // (auth.h), each once. Without "read" (or "write") among them: as revoke(). Throws
  // std::invalid_argument for a name that is none and for too many. No token changes: who presents
  // one, with $refreshToken or by connecting anew, has what that says (docs/tokens.md).
  //   room.set_permissions("ann", {"read", "presence", "event:wave"});
  void set_permissions(std::string_view user_id,
                       const std::vector<std::string>& permissions) const {
    core_->set_permissions(id_, user_id, permissions);
  }
  // Tells the live sessions of a user that they are not authorized, and closes them for good (close
  // code 3000; a client stays away until it has a new token). Tokens that he has stay good until
  // they expire: let nobody make him a new one.
  void revoke(std::string_view user_id) const { core_->revoke(id_, user_id); }
  // Closes all sessions, which destroys the room.
  void evict_all() const { core_->evict_all(id_); }
  // Closes sessions that are dead and tells the others who is left. The server does it by itself
  // every Limits::garbage_collect_ms.
  void garbage_collect() const { core_->garbage_collect(id_); }
  // Live sessions, as of the room's last step. 0 before listen().
  [[nodiscard]] std::size_t get_size() const { return core_->size(id_); }

  // Hands over a socket that the host program accepted and upgraded to a WebSocket itself. The fd
  // is taken in any case and closed by the server. A refused token is answered on the socket
  // ($error, close 3000). Errors: invalid for an fd that is none, conflict before listen().
  Result<void> register_socket(int fd, RegisterOptions options = {}) const {
    return core_->register_socket(id_, fd, std::move(options));
  }

 private:
  template <class In>
  static In make_empty() {
    if constexpr (std::is_same_v<In, Json>) {
      return Json(Json::Object{});
    } else {
      return In{};
    }
  }

  std::shared_ptr<detail::Core> core_;
  std::string id_;
};

}  // namespace pluv
