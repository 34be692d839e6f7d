// The entrance: create_io(platform_native(NativeOptions{...})) fixes who users are and what a
// room's own value is; from the io come procedures, routers, servers and tokens that know both.
//
//   auto io = pluv::create_io(pluv::platform_native(pluv::NativeOptions{
//       .authorize = pluv::authorize<User>({.secret = getenv("PLUV_AUTH_SECRET")}),
//       .context = [](const pluv::RoomContext&) { return App{}; },
//   }));
//   using Ctx = decltype(io)::Ctx;
//
// An io is an immutable value; copies share the authorizer. Thread-safe.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/limits.h"
#include "pluv/auth.h"
#include "pluv/context.h"
#include "pluv/detail/exceptions.h"
#include "pluv/detail/target.h"
#include "pluv/persistence.h"
#include "pluv/procedure.h"
#include "pluv/router.h"
#include "pluv/server.h"
#include "pluv/storage.h"

namespace pluv {

struct NoAuthorize {
  using User = NoUser;
};

// The options of the self-hosted platform, all of which may be left out. Of a misspelt one the
// compiler says "class template argument deduction failed".
template <class AuthorizeType = NoAuthorize, class ContextType = NoContext, class Crdt = Noop>
struct NativeOptions {
  // authorize<User>(...): who may enter. Left out: everybody, and users are null.
  AuthorizeType authorize{};
  // A value, copied for each room, or a function of const RoomContext& (or of nothing) that makes
  // one when a room gets its first session. Handlers reach it by ctx.context(). The function must
  // not block; when it throws, the join is refused for now. It is called from any loop's thread.
  ContextType context{};
  // What rooms' documents are made of: noop() or yjs().
  Crdt crdt{};
  // Where documents are kept: sqlite({.path = ...}). Left out: nowhere.
  Persistence persistence{};
  Limits limits{};
  bool debug = false;  // log all lines, not only warnings and errors
};

// A platform: options that create_io takes.
template <class Options>
struct NativePlatform {
  Options options;
};

// The self-hosted server on event loops of its own, or inside a host program's.
template <class A, class C, class K>
[[nodiscard]] NativePlatform<NativeOptions<A, C, K>> platform_native(
    NativeOptions<A, C, K> options) {
  return {std::move(options)};
}
[[nodiscard]] inline NativePlatform<NativeOptions<>> platform_native() { return {}; }

namespace detail {

// The type that a context option gives a room.
template <class C>
consteval auto context_type() {
  if constexpr (std::invocable<const C&, const RoomContext&>) {
    return std::type_identity<
        std::remove_cvref_t<std::invoke_result_t<const C&, const RoomContext&>>>{};
  } else if constexpr (std::invocable<const C&>) {
    return std::type_identity<std::remove_cvref_t<std::invoke_result_t<const C&>>>{};
  } else {
    return std::type_identity<C>{};
  }
}

template <class Value, class C>
std::function<Result<std::shared_ptr<void>>(std::string_view)> make_context(const C& source) {
  if constexpr (std::is_same_v<C, NoContext>) {
    return nullptr;
  } else {
    return [source](std::string_view room) -> Result<std::shared_ptr<void>> {
      return guarded(
          [&]() -> Result<std::shared_ptr<void>> {
            if constexpr (std::invocable<const C&, const RoomContext&>) {
              return std::shared_ptr<void>(std::make_shared<Value>(source(RoomContext{room})));
            } else if constexpr (std::invocable<const C&>) {
              return std::shared_ptr<void>(std::make_shared<Value>(source()));
            } else {
              return std::shared_ptr<void>(std::make_shared<Value>(source));
            }
          },
          [](Error error) { return Error{ErrorCode::unavailable, std::move(error.message)}; });
    };
  }
}

template <class T>
inline constexpr bool kIsAuthorize = std::is_same_v<T, NoAuthorize>;
template <class User>
inline constexpr bool kIsAuthorize<Authorize<User>> = true;

}  // namespace detail

template <class UserType, class ValueType>
class Io {
 public:
  // NoUser without `authorize`; NoContext without `context`.
  using User = UserType;
  using Context = ValueType;
  // The context of plain handlers, and of coroutines.
  using Ctx = EventContext<User, Context>;
  using TaskCtx = TaskContext<User, Context>;
  // What listeners are given.
  using RoomDestroyedEvent = pluv::RoomDestroyedEvent<Context>;
  using RoomDeletedEvent = pluv::RoomDeletedEvent<Context>;
  using InitialStorageEvent = pluv::InitialStorageEvent<Context>;
  using StorageEvent = pluv::StorageEvent<Context>;
  using StorageUpdatedEvent = pluv::StorageUpdatedEvent<User, Context>;
  using RoomMessageEvent = pluv::RoomMessageEvent<User, Context>;
  using UserEvent = pluv::UserEvent<User, Context>;
  using ContextMaker = std::function<Result<std::shared_ptr<void>>(std::string_view room)>;

  Io(std::shared_ptr<const detail::Authorizer> authorizer, ContextMaker make_context,
     std::shared_ptr<const room::StorageKind> storage, Persistence persistence,
     const Limits& limits, bool debug)
      : authorizer_(std::move(authorizer)),
        make_context_(std::move(make_context)),
        storage_(std::move(storage)),
        persistence_(std::move(persistence)),
        limits_(limits),
        debug_(debug) {}

  // An empty procedure to build on (procedure.h).
  [[nodiscard]] pluv::Procedure<User, Context> procedure() const { return {}; }

  // Procedures under their events' names: io.router(on<"a">(a), on<"b">(b)). The same name twice
  // does not compile.
  template <EventName... kNames, class... Procs>
  [[nodiscard]] Router<On<kNames, Procs>...> router(On<kNames, Procs>... ons) const {
    static_assert(((std::is_same_v<typename Procs::UserType, User> &&
                    std::is_same_v<typename Procs::ContextType, Context>) &&
                   ...),
                  "pluv: a router's procedures must come from the same io");
    return Router<On<kNames, Procs>...>(std::tuple<On<kNames, Procs>...>(std::move(ons)...));
  }

  // The events of all of them; of equal names the last router's procedure counts.
  template <class... Routers>
    requires(sizeof...(Routers) > 0)
  [[nodiscard]] auto merge_routers(const Routers&... routers) const {
    return detail::merge_all(routers...);
  }

  // A server. See ServerOptions for what may be given; io.server() has no custom events.
  template <class R, class... Fns>
  [[nodiscard]] Server<User, Context, R> server(ServerOptions<R, Fns...> options) const {
    auto runtime = std::make_shared<detail::Runtime>();
    detail::CoreConfig config;
    config.authorizer = authorizer_;
    config.make_context = make_context_;
    config.storage = storage_;
    config.persistence = persistence_;
    config.limits = limits_;
    config.debug = debug_ || options.debug;
    config.strict = options.strict;
    if constexpr (detail::kHasTypegen) {
      config.describe = [router = options.router, authorizer = authorizer_,
                         has_documents = storage_ != nullptr] {
        detail::Api api = detail::describe<User>(router);
        if (authorizer) api.user_facts = authorizer->user_facts();
        api.has_documents = has_documents;
        return api;
      };
    }
    config.listeners = detail::make_listeners<User, Context>(options, runtime);
    std::apply(
        [&]<class... Ons>(const Ons&... ons) {
          (config.procedures.push_back(detail::make_entry(Ons::name, ons.procedure, runtime)), ...);
        },
        options.router.procedures());
    return Server<User, Context, R>(detail::Core::make(std::move(config), std::move(runtime)),
                                    authorizer_, std::move(options.router));
  }
  [[nodiscard]] Server<User, Context, Router<>> server() const { return server(ServerOptions{}); }

  // A token for one user and one room, to be presented within max_age (60 s unless given).
  //   io.create_token({.room = "my-example-room", .user = {.id = "1", .name = "Ada"}})
  // Throws std::invalid_argument for a room name that is none, a user that fails its checks, whose
  // id is over Limits::user_id_chars_max or whose JSON is over Limits::user_bytes_max, and an age
  // outside of one second to a year.
  [[nodiscard]] std::string create_token(const TokenOptions<User>& options) const {
    static_assert(!std::is_same_v<User, NoUser>,
                  "pluv: create_token needs NativeOptions{.authorize = ...}");
    return detail::create_token(authorizer_.get(), options);
  }

 private:
  std::shared_ptr<const detail::Authorizer> authorizer_;
  ContextMaker make_context_;
  std::shared_ptr<const room::StorageKind> storage_;
  Persistence persistence_;
  Limits limits_;
  bool debug_;
};

namespace detail {

// create_io of every platform, of whose options these are the common ones.
template <class A, class C, class K>
[[nodiscard]] auto make_io(A authorize, const C& context, const K& crdt, Persistence persistence,
                           const Limits& limits, bool debug) {
  static_assert(kIsAuthorize<A>, "pluv: the option authorize takes pluv::authorize<User>(...)");
  static_assert(std::is_same_v<K, Noop> || std::is_same_v<K, Yjs>,
                "pluv: the option crdt takes pluv::yjs() or pluv::noop()");
  using Value = typename decltype(context_type<C>())::type;
  static_assert(std::is_object_v<Value>, "pluv: the option context must give a value");
  std::shared_ptr<const Authorizer> authorizer;
  if constexpr (!std::is_same_v<A, NoAuthorize>) {
    authorizer = std::make_shared<const Authorizer>(std::move(authorize.config), limits);
  }
  return Io<typename A::User, Value>(std::move(authorizer), make_context<Value>(context),
                                     crdt.kind(), std::move(persistence), limits, debug);
}

}  // namespace detail

// Throws std::invalid_argument when `authorize` has no usable secret.
template <class A, class C, class K>
[[nodiscard]] auto create_io(NativePlatform<NativeOptions<A, C, K>> platform) {
  auto& options = platform.options;
  return detail::make_io(std::move(options.authorize), options.context, options.crdt,
                         std::move(options.persistence), options.limits, options.debug);
}

}  // namespace pluv
