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
#include "pluv/detail/exceptions.h"
#include "pluv/detail/throttle.h"
#include "pluv/listen.h"
#include "pluv/room.h"
#include "pluv/router.h"
#include "pluv/storage.h"

namespace pluv {

struct NoListener {};

// The options of io.server(), all of which may be left out. A listener is a function that takes the
// event (`const auto& event`, or one of decltype(io)'s event types) and returns nothing, or a
// coroutine that returns task<>. Listeners run on the room's own loop, never at the same time as
// the room's other handlers, but those of different rooms at the same time; a plain one must not
// block. An exception is logged and harms nothing. Of a misspelt option the compiler says "class
// template argument deduction failed".
template <class RouterType = Router<>, class GetInitialStorage = NoListener,
          class OnRoomDestroyed = NoListener, class OnRoomDeleted = NoListener,
          class OnStorageDestroyed = NoListener, class OnRoomMessage = NoListener,
          class OnStorageUpdated = NoListener, class OnUserConnected = NoListener,
          class OnUserDisconnected = NoListener>
struct ServerOptions {
  RouterType router{};
  // What a room's document begins with: InitialStorageEvent. Returns an update, as bytes or as
  // base64, in a std::string or a std::optional of one, or a task of these; empty or nullopt begins
  // a new document. Asked once when a room is loaded, and not when the server's store has the
  // document. When it throws, the room's sessions are sent away for now, and nothing is ever saved
  // in the document's place.
  GetInitialStorage get_initial_storage{};
  // The last session has left: RoomDestroyedEvent. A client that joins now waits until the listener
  // (its task) is done.
  OnRoomDestroyed on_room_destroyed{};
  // The same moment in the words of older versions, with the room's last document:
  // RoomDeletedEvent.
  OnRoomDeleted on_room_deleted{};
  // The same moment, for rooms whose document exists: StorageEvent with its last state. Before
  // on_room_destroyed; a client that joins now waits until the listener (its task) is done, and
  // then finds what get_initial_storage answers.
  OnStorageDestroyed on_storage_destroyed{};
  // Every valid message of a client but its heartbeat: RoomMessageEvent. Frequent: keep it light.
  OnRoomMessage on_room_message{};
  // A document was changed, and that was kept by the store if there is one: StorageUpdatedEvent.
  // Frequent: see throttle().
  OnStorageUpdated on_storage_updated{};
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
  EncodedState encoded_state;  // of the room's document
};

template <class Value>
struct InitialStorageEvent {
  Value& context;
  std::string room;
};

template <class Value>
struct StorageEvent {
  Value& context;
  std::string room;
  EncodedState encoded_state;
};

template <class User, class Value>
struct StorageUpdatedEvent {
  Value& context;
  std::string room;
  const User* user;  // who made the change; null without authorization, and for server code
  std::optional<SessionId> session_id;  // nullopt for server code
  EncodedState encoded_state;
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

// What has to be called, one after the other, when a room ends.
using TeardownStep = std::function<void(const room::ListenerEvent&, room::ListenerDone)>;
[[nodiscard]] std::function<void(room::ListenerEvent, room::ListenerDone)> make_teardown(
    std::vector<TeardownStep> steps);

template <class Event, class Fn, class Make>
TeardownStep teardown_step(const Fn& fn, const std::shared_ptr<Runtime>& runtime, const char* name,
                           Make make) {
  return [fn = std::make_shared<const Fn>(fn), runtime, name, make](const room::ListenerEvent& raw,
                                                                    room::ListenerDone done) {
    call_listener(fn, keep_event<Event>(raw, make), runtime, name, std::move(done));
  };
}

// Flush: a throttled on_storage_updated may have a change that waits.
template <class Value, class Options>
void add_teardown(const Options& options, TeardownStep flush, room::Listeners& listeners,
                  const std::shared_ptr<Runtime>& runtime) {
  std::vector<TeardownStep> steps;
  if (flush) steps.push_back(std::move(flush));
  using StorageDestroyed = std::remove_cvref_t<decltype(options.on_storage_destroyed)>;
  if constexpr (!std::is_same_v<StorageDestroyed, NoListener>) {
    using Event = StorageEvent<Value>;
    TeardownStep destroyed = teardown_step<Event>(
        options.on_storage_destroyed, runtime, "on_storage_destroyed",
        [](room::ListenerEvent& own) {
          return Event{context_of<Value>(own), own.room, EncodedState(own.document)};
        });
    steps.push_back([destroyed](const room::ListenerEvent& raw, room::ListenerDone done) {
      if (EncodedState(raw.document).exists()) {
        destroyed(raw, std::move(done));
      } else {
        done();
      }
    });
  }
  using Destroyed = std::remove_cvref_t<decltype(options.on_room_destroyed)>;
  if constexpr (!std::is_same_v<Destroyed, NoListener>) {
    using Event = RoomDestroyedEvent<Value>;
    steps.push_back(teardown_step<Event>(
        options.on_room_destroyed, runtime, "on_room_destroyed",
        [](room::ListenerEvent& own) { return Event{context_of<Value>(own), own.room}; }));
  }
  using Deleted = std::remove_cvref_t<decltype(options.on_room_deleted)>;
  if constexpr (!std::is_same_v<Deleted, NoListener>) {
    using Event = RoomDeletedEvent<Value>;
    steps.push_back(teardown_step<Event>(
        options.on_room_deleted, runtime, "on_room_deleted", [](room::ListenerEvent& own) {
          const EncodedState state(own.document);
          return Event{context_of<Value>(own), own.room,
                       state.exists() ? std::optional(state.bytes()) : std::nullopt};
        }));
  }
  if (!steps.empty()) listeners.on_room_destroyed = make_teardown(std::move(steps));
}

[[nodiscard]] inline std::string initial_bytes(std::string state) { return state; }
[[nodiscard]] inline std::string initial_bytes(std::optional<std::string> state) {
  return state ? std::move(*state) : std::string();
}

template <class Fn, class Event>
task<void> wait_for_initial(std::shared_ptr<const Fn> fn, std::shared_ptr<Event> event,
                            std::shared_ptr<std::string> state) {
  auto found = co_await (*fn)(*event);
  *state = initial_bytes(std::move(found));
}

template <class Value, class Fn>
auto make_initial_storage(const Fn& listener, const std::shared_ptr<Runtime>& runtime) {
  using Event = InitialStorageEvent<Value>;
  using Returned = std::remove_cvref_t<std::invoke_result_t<const Fn&, const Event&>>;
  using State = typename TaskValue<Returned>::type;
  static_assert(std::is_convertible_v<State, std::optional<std::string>>,
                "pluv: get_initial_storage returns a std::string, a std::optional of one, or a "
                "pluv::task of these");
  return [fn = std::make_shared<const Fn>(listener), runtime](room::ListenerEvent raw,
                                                              room::InitialStorageDone done) {
    const std::string room = raw.room;
    auto event = keep_event<Event>(std::move(raw), [](room::ListenerEvent& own) {
      return Event{context_of<Value>(own), own.room};
    });
    const auto failed = [runtime, done](const Error& error) {
      runtime->log_failure("get_initial_storage", error);
      done(Error{ErrorCode::unavailable, error.message});
    };
    guarded(
        [&] {
          if constexpr (kIsTask<Returned>) {
            auto state = std::make_shared<std::string>();
            spawn(runtime->executor(room), wait_for_initial(fn, event, state),
                  [state, event, done, failed](const Failure& failure) {
                    if (failure) {
                      failed(error_of(failure));
                    } else {
                      done(std::move(*state));
                    }
                  });
          } else {
            done(initial_bytes((*fn)(*event)));
          }
        },
        failed);
  };
}

template <class T>
struct ThrottledListener {
  static constexpr bool is = false;
};
template <class Fn>
struct ThrottledListener<Throttled<Fn>> {
  static constexpr bool is = true;
};

// Answers the step that a room's end has to begin with; null when there is none.
template <class User, class Value, class Fn>
TeardownStep add_storage_updated(const Fn& listener, room::Listeners& listeners,
                                 const std::shared_ptr<Runtime>& runtime) {
  using Event = StorageUpdatedEvent<User, Value>;
  const auto make = [](room::ListenerEvent& own) {
    return Event{context_of<Value>(own), own.room, static_cast<const User*>(own.user.get()),
                 own.has_session ? std::optional(own.session) : std::nullopt,
                 EncodedState(own.document)};
  };
  constexpr const char* kName = "on_storage_updated";
  if constexpr (ThrottledListener<Fn>::is) {
    const auto fn = std::make_shared<const decltype(listener.listener)>(listener.listener);
    auto throttle = std::make_shared<Throttle<Event>>(
        listener.interval, runtime,
        [fn, runtime](std::shared_ptr<Event> event, std::function<void()> done) {
          call_listener(fn, std::move(event), runtime, kName, std::move(done));
        });
    listeners.on_storage_updated = [throttle, make](room::ListenerEvent raw) {
      throttle->event(keep_event<Event>(std::move(raw), make));
    };
    return [throttle](const room::ListenerEvent& raw, room::ListenerDone done) {
      throttle->flush(raw.room, std::move(done));
    };
  } else {
    listeners.on_storage_updated = [fn = std::make_shared<const Fn>(listener), runtime,
                                    make](room::ListenerEvent raw) {
      call_listener(fn, keep_event<Event>(std::move(raw), make), runtime, kName, nullptr);
    };
    return nullptr;
  }
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
                        own.session, EncodedState(own.document)};
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
  using InitialStorage = std::remove_cvref_t<decltype(options.get_initial_storage)>;
  if constexpr (!std::is_same_v<InitialStorage, NoListener>) {
    listeners.get_initial_storage =
        make_initial_storage<Value>(options.get_initial_storage, runtime);
  }
  TeardownStep flush;
  using StorageUpdated = std::remove_cvref_t<decltype(options.on_storage_updated)>;
  if constexpr (!std::is_same_v<StorageUpdated, NoListener>) {
    flush = add_storage_updated<User, Value>(options.on_storage_updated, listeners, runtime);
  }
  add_teardown<Value>(options, std::move(flush), listeners, runtime);
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

  // Changes a room's document on the room's loop, where nothing else touches it; the room need not
  // have sessions. fn is given the ycrdt::Doc. The edit is kept and told as a client's is. done
  // (may be null) is called on that loop once the edit was kept, or with the reason why it was not;
  // what fn throws is such a reason, though what it had changed before stays. Errors: conflict
  // without crdt = yjs() and before listen(), invalid for a room name that is none, unavailable
  // when the document cannot be loaded or saved.
  void edit(std::string_view room, std::function<void(ycrdt::Doc&)> fn,
            std::function<void(Result<void>)> done = nullptr) const {
    core_->edit(room, std::move(fn), std::move(done));
  }

  // Binds the socket; then run(), start() or poll() serves. Once a server. Throws
  // std::runtime_error when the address cannot be bound or TLS not be set up (the message says
  // why), std::invalid_argument for options that contradict each other, std::logic_error the
  // second time. With PLUV_TYPEGEN in the environment the program ends here, having written the
  // types of its messages (docs/typegen.md).
  Listening listen(ListenOptions options = {}) const {
    core_->listen(std::move(options));
    return Listening(core_);
  }

  [[nodiscard]] const RouterType& router() const noexcept { return router_; }
  // Counters in Prometheus' text format; empty before listen().
  [[nodiscard]] std::string metrics_text() const { return core_->metrics_text(); }

  // The types of the server's messages, as pluv::typescript(router) and its sisters write them
  // (typegen.h), with what the router alone does not know. Needs no listen().
  [[nodiscard]] std::string typescript() const {
    return detail::write_typescript(core_->describe());
  }
  [[nodiscard]] std::string json_schema() const {
    return detail::write_json_schema(core_->describe());
  }
  [[nodiscard]] std::string async_api() const { return detail::write_async_api(core_->describe()); }

  // For tests of the library itself, and for pluvd, which has a server of its own.
  [[nodiscard]] detail::Core& core() const noexcept { return *core_; }

 private:
  std::shared_ptr<detail::Core> core_;
  std::shared_ptr<const detail::Authorizer> authorizer_;
  RouterType router_;
};

}  // namespace pluv
