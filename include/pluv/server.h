// The server: rooms, a router and listeners together. Made by io.server(); a handle, so copies mean
// the same server, which ends (stopping its loops) with the last handle of it, of its rooms or of
// its Listening. Thread-safe.
//
//   auto server = io.server(pluv::ServerOptions{
//       .router = router,
//       .on_user_connected = [](const auto& event) { count(event.room, event.user->id); }});
//   server.listen({.port = 3000}).run();
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "pluv/auth.h"
#include "pluv/context.h"
#include "pluv/detail/build.h"
#include "pluv/detail/core.h"
#include "pluv/listen.h"
#include "pluv/room.h"
#include "pluv/router.h"

namespace pluv {

struct NoListener {};

// The options of io.server(), all of which may be left out. A listener is a function that takes the
// event (`const auto& event`, or one of decltype(io)'s event types) and returns nothing, or a
// coroutine that returns task<>. Listeners run on the room's own loop, never at the same time as
// the room's other handlers, but those of different rooms at the same time; a plain one must not
// block. An exception is logged and harms nothing.
template <class RouterType = Router<>, class OnRoomDestroyed = NoListener,
          class OnRoomDeleted = NoListener, class OnRoomMessage = NoListener,
          class OnUserConnected = NoListener, class OnUserDisconnected = NoListener>
struct ServerOptions {
  RouterType router{};
  // The last session has left: RoomDestroyedEvent. A client that joins now waits until the listener
  // (its task) is done.
  OnRoomDestroyed on_room_destroyed{};
  // The same moment in the words of older versions, with the room's last document:
  // RoomDeletedEvent.
  OnRoomDeleted on_room_deleted{};
  // Every valid message of a client but its heartbeat: RoomMessageEvent. Frequent: keep it light.
  OnRoomMessage on_room_message{};
  // A session has joined, has left: UserEvent.
  OnUserConnected on_user_connected{};
  OnUserDisconnected on_user_disconnected{};
  bool debug = false;   // log all lines, not only warnings and errors
  bool strict = false;  // refuse events that no procedure has, instead of forwarding them
};

// Events of listeners. They live until the listener (its task) is done.
template <class Value>
struct RoomDestroyedEvent {
  Value& context;  // the room's own value
  std::string room;
};

template <class Value>
struct RoomDeletedEvent {
  Value& context;
  std::string room;
  // The document's last state; nullopt when the room had none.
  std::optional<std::string> encoded_state;
};

template <class User, class Value>
struct UserEvent {
  Value& context;
  std::string room;
  const User* user;  // null without authorization
  SessionId session_id;
};

struct RoomMessage {
  std::string type;  // the event's name; internal ones begin with '$'
  std::string data;  // a JSON object
};

template <class User, class Value>
struct RoomMessageEvent {
  Value& context;
  std::string room;
  const User* user;  // null without authorization
  SessionId session_id;
  RoomMessage message;
};

namespace detail {

template <class Value>
Value& context_of(const room::ListenerEvent& raw) {
  if constexpr (std::is_same_v<Value, NoContext>) {
    static NoContext empty;
    return empty;
  } else {
    return *static_cast<Value*>(raw.context.get());
  }
}

template <class Event, class Make>
std::shared_ptr<Event> keep_event(room::ListenerEvent raw, Make make) {
  auto own = std::make_shared<room::ListenerEvent>(std::move(raw));
  auto kept =
      std::make_shared<std::pair<std::shared_ptr<room::ListenerEvent>, Event>>(own, make(*own));
  return std::shared_ptr<Event>(kept, &kept->second);
}

// on_room_destroyed and then on_room_deleted; done after both.
template <class Value, class Destroyed, class Deleted>
auto make_destroyed(const Destroyed& destroyed, const Deleted& deleted,
                    const std::shared_ptr<Runtime>& runtime) {
  return [destroyed = std::make_shared<const Destroyed>(destroyed),
          deleted = std::make_shared<const Deleted>(deleted),
          runtime](room::ListenerEvent raw, room::ListenerDone done) {
    const auto call_deleted = [deleted, runtime, raw, done] {
      if constexpr (std::is_same_v<Deleted, NoListener>) {
        done();
      } else {
        using Event = RoomDeletedEvent<Value>;
        auto event = keep_event<Event>(raw, [](room::ListenerEvent& own) {
          return Event{context_of<Value>(own), own.room, std::nullopt};
        });
        call_listener(deleted, std::move(event), runtime, "on_room_deleted", done);
      }
    };
    if constexpr (std::is_same_v<Destroyed, NoListener>) {
      call_deleted();
    } else {
      using Event = RoomDestroyedEvent<Value>;
      auto event = keep_event<Event>(
          raw, [](room::ListenerEvent& own) { return Event{context_of<Value>(own), own.room}; });
      call_listener(destroyed, std::move(event), runtime, "on_room_destroyed", call_deleted);
    }
  };
}

template <class User, class Value, class Options>
room::Listeners make_listeners(const Options& options, const std::shared_ptr<Runtime>& runtime) {
  room::Listeners listeners;
  using Joined = UserEvent<User, Value>;
  const auto user_listener = [&]<class Fn>(const Fn& fn, const char* name) -> room::Listener {
    if constexpr (std::is_same_v<Fn, NoListener>) {
      return nullptr;
    } else {
      return [fn = std::make_shared<const Fn>(fn), runtime, name](room::ListenerEvent raw) {
        auto event = keep_event<Joined>(std::move(raw), [](room::ListenerEvent& own) {
          return Joined{context_of<Value>(own), own.room, static_cast<const User*>(own.user.get()),
                        own.session};
        });
        call_listener(fn, std::move(event), runtime, name, nullptr);
      };
    }
  };
  listeners.on_user_connected = user_listener(options.on_user_connected, "on_user_connected");
  listeners.on_user_disconnected =
      user_listener(options.on_user_disconnected, "on_user_disconnected");

  if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(options.on_room_message)>,
                                NoListener>) {
    using Fn = std::remove_cvref_t<decltype(options.on_room_message)>;
    using Event = RoomMessageEvent<User, Value>;
    listeners.on_room_message = [fn = std::make_shared<const Fn>(options.on_room_message),
                                 runtime](room::ListenerEvent raw) {
      auto event = keep_event<Event>(std::move(raw), [](room::ListenerEvent& own) {
        return Event{context_of<Value>(own),
                     own.room,
                     static_cast<const User*>(own.user.get()),
                     own.session,
                     {std::move(own.name), std::move(own.data)}};
      });
      call_listener(fn, std::move(event), runtime, "on_room_message", nullptr);
    };
  }
  using Destroyed = std::remove_cvref_t<decltype(options.on_room_destroyed)>;
  using Deleted = std::remove_cvref_t<decltype(options.on_room_deleted)>;
  if constexpr (!std::is_same_v<Destroyed, NoListener> || !std::is_same_v<Deleted, NoListener>) {
    listeners.on_room_destroyed =
        make_destroyed<Value>(options.on_room_destroyed, options.on_room_deleted, runtime);
  }
  return listeners;
}

}  // namespace detail

template <class User, class Value, class RouterType>
class Server {
 public:
  using Router = RouterType;
  using Room = pluv::Room<RouterType>;

  // By io.server().
  Server(std::shared_ptr<detail::Core> core, std::shared_ptr<const detail::Authorizer> authorizer,
         RouterType router)
      : core_(std::move(core)), authorizer_(std::move(authorizer)), router_(std::move(router)) {}

  // A handle of the room with that id. Throws std::invalid_argument "Unsupported room name" for an
  // id that does not match ^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$ or is over 256 characters.
  [[nodiscard]] Room create_room(std::string id) const {
    detail::Core::require_room_id(id);
    return Room(core_, std::move(id));
  }

  // As io.create_token().
  [[nodiscard]] std::string create_token(const TokenOptions<User>& options) const {
    return detail::create_token(authorizer_.get(), options);
  }

  // Binds the socket; then run(), start() or poll() serves. Once a server. Throws
  // std::runtime_error when the address cannot be bound or TLS not be set up (the message says
  // why), std::invalid_argument for options that contradict each other, std::logic_error the
  // second time.
  Listening listen(ListenOptions options = {}) const {
    core_->listen(std::move(options));
    return Listening(core_);
  }

  [[nodiscard]] const RouterType& router() const noexcept { return router_; }
  // Counters in Prometheus' text format; empty before listen().
  [[nodiscard]] std::string metrics_text() const { return core_->metrics_text(); }

  // For tests of the library itself.
  [[nodiscard]] detail::Core& core() const noexcept { return *core_; }

 private:
  std::shared_ptr<detail::Core> core_;
  std::shared_ptr<const detail::Authorizer> authorizer_;
  RouterType router_;
};

}  // namespace pluv
