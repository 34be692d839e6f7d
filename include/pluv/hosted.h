// A back end of a hosted service: rooms run there (a pluvd with projects is such a service), and
// this program makes the tokens of its users and hears by webhooks what happens in its rooms.
//
//   auto io = pluv::create_io(pluv::platform_hosted(pluv::HostedOptions{
//       .base_url = "https://rooms.example.com",
//       .public_key = "pk-acme",
//       .secret_key = getenv("PLUV_SECRET_KEY"),
//       .webhook_secret = getenv("PLUV_WEBHOOK_SECRET"),
//       .authorize = pluv::authorize<User>(),
//   }));
//   auto server = io.server(pluv::ServerOptions{
//       .get_initial_storage = [&](const auto& event) { return documents.find(event.room); },
//       .on_user_connected = [](const auto& event) { count(event.room, event.user->id); }});
//   server.listen({.port = 3000, .routes = {server.route("/webhook")}}).run();
//
// In another HTTP server, webhook() answers what route() would. Needs the target
// pluv::platform_hosted. Everything is thread-safe; handles share what they are of.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "json/writer.h"
#include "pluv/detail/hosted_core.h"
#include "pluv/io.h"
#include "pluv/task.h"

namespace pluv {

// The options of the platform. authorize must be given, without a secret: the service seals tokens.
template <class AuthorizeType = NoAuthorize, class ContextType = NoContext>
struct HostedOptions {
  std::string base_url{};    // of the service, "https://rooms.example.com"
  std::string base_path{};   // of the webhooks here, "/webhook": listen() serves it. Empty: nowhere
  std::string public_key{};  // the project's
  Secret secret_key{};
  // What webhooks are signed with; left out, all of them are refused. All of them are believed, so
  // to rotate put the new one beside the old one.
  Secret webhook_secret{};
  std::vector<Secret> webhook_secrets{};
  AuthorizeType authorize{};
  // As in NativeOptions, but made for each webhook, and not kept.
  ContextType context{};
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  // of a call to the service
  std::string ca_file{};  // PEM, of who signs its certificate; empty: the system's authorities
  // A webhook's body: a document of 30 MiB in base64, and some more. Anybody who reaches the route
  // can make this program take in and hash so much and, with a made-up signature, spell it anew,
  // since others sign another spelling than they send: of 40 MiB some tenths of a second and three
  // times the memory, for each request. (What is more than 1 MiB beside its document is refused.)
  // Lower it where documents are small, and let only the service reach the route.
  std::size_t webhook_bytes_max = std::size_t{44} * 1024 * 1024;
  Limits limits{};
  bool debug = false;
};

template <class Options>
struct HostedPlatform {
  Options options;
};

template <class A, class C>
[[nodiscard]] HostedPlatform<HostedOptions<A, C>> platform_hosted(HostedOptions<A, C> options) {
  return {std::move(options)};
}

// The arguments of create_token.
template <class User>
struct HostedTokenOptions {
  std::string room;                                              // a room id
  User user;                                                     // checked as those of webhooks are
  std::chrono::milliseconds max_age = std::chrono::seconds(60);  // from a second to a year
  // What the token allows: "read", "write", "presence", "event:NAME" ... Left out: everything.
  std::optional<std::vector<std::string>> permissions{};
};

// on_user_connected, on_user_disconnected. A session's id does not travel with webhooks.
template <class User, class Value>
struct HostedUserEvent {
  Value& context;
  std::string room;
  const User* user;  // never null
  EncodedState encoded_state;
};

namespace detail {

template <class Fn, class Event>
Result<void> call_hosted(const Fn& fn, const Event& event, HostedCall& call) {
  using Returned = std::invoke_result_t<const Fn&, const Event&>;
  static_assert(std::is_void_v<Returned> || std::is_same_v<Returned, task<void>>,
                "pluv: a listener returns nothing or pluv::task<void>");
  return guarded(
      [&]() -> Result<void> {
        if constexpr (std::is_void_v<Returned>) {
          fn(event);
          return {};
        } else {
          return call.wait(fn(event));
        }
      },
      [](Error error) -> Result<void> { return error; });
}

template <class Value>
Value& hosted_context(const HostedEvent& event) {
  if constexpr (std::is_same_v<Value, NoContext>) {
    static NoContext empty;
    return empty;
  } else {
    return *static_cast<Value*>(event.context.get());
  }
}

// make: a HostedEvent to what the listener takes.
template <class Fn, class Make>
HostedListeners::Listener hosted_listener(const Fn& listener, Make make) {
  if constexpr (std::is_same_v<Fn, NoListener>) {
    return nullptr;
  } else {
    return [listener, make](const HostedEvent& raw, const std::shared_ptr<HostedCall>& call) {
      return call_hosted(listener, make(raw), *call);
    };
  }
}

template <class Value, class Fn>
auto hosted_initial_storage(const Fn& listener) {
  using Event = InitialStorageEvent<Value>;
  using Returned = std::remove_cvref_t<std::invoke_result_t<const Fn&, const Event&>>;
  using State = typename TaskValue<Returned>::type;
  static_assert(std::is_convertible_v<State, std::optional<std::string>>,
                "pluv: get_initial_storage returns a std::string, a std::optional of one, or a "
                "pluv::task of these");
  return [fn = std::make_shared<const Fn>(listener)](const HostedEvent& raw,
                                                     const std::shared_ptr<HostedCall>& call) {
    return guarded(
        [&]() -> Result<std::string> {
          auto event = std::make_shared<Event>(Event{hosted_context<Value>(raw), raw.room});
          if constexpr (kIsTask<Returned>) {
            auto state = std::make_shared<std::string>();
            const Result<void> done = call->wait(wait_for_initial(fn, event, state));
            if (!done.ok()) return done.error();
            return std::move(*state);
          } else {
            return initial_bytes((*fn)(*event));
          }
        },
        [](Error error) -> Result<std::string> { return error; });
  };
}

template <class User, class Value, class Options>
HostedListeners make_hosted_listeners(const Options& options) {
  HostedListeners out;
  if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(options.get_initial_storage)>,
                                NoListener>) {
    out.get_initial_storage = hosted_initial_storage<Value>(options.get_initial_storage);
  }
  const auto user_event = [](const HostedEvent& raw) {
    return HostedUserEvent<User, Value>{hosted_context<Value>(raw), raw.room,
                                        static_cast<const User*>(raw.user.get()),
                                        raw.encoded_state};
  };
  out.on_user_connected = hosted_listener(options.on_user_connected, user_event);
  out.on_user_disconnected = hosted_listener(options.on_user_disconnected, user_event);
  out.on_storage_destroyed =
      hosted_listener(options.on_storage_destroyed, [](const HostedEvent& raw) {
        return StorageEvent<Value>{hosted_context<Value>(raw), raw.room, raw.encoded_state};
      });
  out.on_room_destroyed = hosted_listener(options.on_room_destroyed, [](const HostedEvent& raw) {
    return RoomDestroyedEvent<Value>{hosted_context<Value>(raw), raw.room};
  });
  return out;
}

template <class T>
inline constexpr bool kIsEmptyRouter = std::is_same_v<T, Router<>>;

// What a token's user and permissions are on the way to the service.
template <class User>
struct HostedTokenTexts {
  explicit HostedTokenTexts(const HostedTokenOptions<User>& options) {
    if (const Result<void> written = write_payload(options.user, user); !written.ok()) {
      raise<std::invalid_argument>(written.error().message);
    }
    if (!options.permissions) return;
    json::Writer writer(permissions);
    writer.begin_array();
    for (const std::string& name : *options.permissions) writer.string(name);
    writer.end_array();
  }
  [[nodiscard]] HostedTokenRequest request(const HostedTokenOptions<User>& options) const {
    return {options.room, user, options.max_age, permissions};
  }
  std::string user;
  std::string permissions;
};

template <class User>
task<std::string> wait_for_token(std::shared_ptr<const HostedService> service,
                                 HostedTokenOptions<User> options) {
  const HostedTokenTexts<User> texts(options);
  auto token =
      co_await from_callback<Result<std::string>>([&](resolver<Result<std::string>> answer) {
        service->start_token(texts.request(options), [answer](Result<std::string> made) {
          answer.resolve(std::move(made));
        });
      });
  if (!token.ok()) raise<std::runtime_error>(token.error().message);
  co_return std::move(token).value();
}

}  // namespace detail

template <class UserType, class ValueType>
class HostedServer {
 public:
  // By io.server().
  HostedServer(std::shared_ptr<const detail::HostedService> service,
               std::shared_ptr<const detail::HostedCore> core, std::string base_path)
      : service_(std::move(service)), core_(std::move(core)), base_path_(std::move(base_path)) {}

  // Checks a webhook and calls its listener, on this thread, which it may block; a listener that is
  // a task runs here until it is done. The answer is 200 {"ok":true,"data":{...}}; 401 for a
  // signature that is not right, 400 for what is no event, 413 for a body over webhook_bytes_max,
  // 500 when the listener threw, each {"ok":false,"error":{"message"}}. The service tries again
  // what was not answered with 200, so a listener may be told of something twice.
  [[nodiscard]] WebhookResponse webhook(const WebhookRequest& request) const {
    return core_->webhook(request);
  }
  // The same as a route of any server's listen().
  [[nodiscard]] Route route(std::string path) const { return core_->route(std::move(path)); }

  // As io.create_token().
  [[nodiscard]] std::string create_token(const HostedTokenOptions<UserType>& options) const {
    return service_->create_token(detail::HostedTokenTexts<UserType>(options).request(options));
  }

  // Serves the routes, and webhooks at base_path when that was given. There are no rooms here:
  // room_path does not count. Throws as Server::listen() does.
  Listening listen(ListenOptions options = {}) const {
    if (!base_path_.empty()) options.routes.push_back(route(base_path_));
    return Listening(core_->listen(std::move(options)));
  }

 private:
  std::shared_ptr<const detail::HostedService> service_;
  std::shared_ptr<const detail::HostedCore> core_;
  std::string base_path_;
};

template <class UserType, class ValueType>
class HostedIo {
 public:
  using User = UserType;
  using Context = ValueType;
  // What listeners are given.
  using RoomDestroyedEvent = pluv::RoomDestroyedEvent<Context>;
  using InitialStorageEvent = pluv::InitialStorageEvent<Context>;
  using StorageEvent = pluv::StorageEvent<Context>;
  using UserEvent = pluv::HostedUserEvent<User, Context>;

  HostedIo(std::shared_ptr<const detail::HostedService> service,
           detail::HostedCore::ContextMaker make_context, std::string base_path)
      : service_(std::move(service)),
        make_context_(std::move(make_context)),
        base_path_(std::move(base_path)) {}

  // Of ServerOptions: get_initial_storage, on_room_destroyed, on_storage_destroyed,
  // on_user_connected and on_user_disconnected. The service runs the rooms, so there is nothing
  // that could run procedures or hear of each message here.
  template <class R, class... Fns>
  [[nodiscard]] HostedServer<User, Context> server(ServerOptions<R, Fns...> options) const {
    using Options = ServerOptions<R, Fns...>;
    static_assert(detail::kIsEmptyRouter<R>,
                  "pluv: platform_hosted has no router: the service runs the rooms, and forwards "
                  "events as they are");
    static_assert(std::is_same_v<decltype(Options::on_room_message), NoListener>,
                  "pluv: platform_hosted has no on_room_message: the service does not send events");
    static_assert(std::is_same_v<decltype(Options::on_storage_updated), NoListener>,
                  "pluv: platform_hosted has no on_storage_updated: use on_storage_destroyed");
    static_assert(std::is_same_v<decltype(Options::on_room_deleted), NoListener>,
                  "pluv: platform_hosted has no on_room_deleted: use on_storage_destroyed");
    auto core = std::make_shared<const detail::HostedCore>(
        service_, make_context_, detail::make_hosted_listeners<User, Context>(options));
    return HostedServer<User, Context>(service_, std::move(core), base_path_);
  }
  [[nodiscard]] HostedServer<User, Context> server() const { return server(ServerOptions{}); }

  // A token for one user and one room, made by the service, for which this waits: in a route, use
  // blocking_get(). Throws std::invalid_argument for a user that fails its checks and an age
  // outside of a second to a year, and std::runtime_error "Authorization failed: ..." when the
  // service cannot be asked or refuses.
  //   io.create_token({.room = "my-room", .user = {.id = "1"}, .permissions = {{"read"}}})
  [[nodiscard]] std::string create_token(const HostedTokenOptions<User>& options) const {
    return service_->create_token(detail::HostedTokenTexts<User>(options).request(options));
  }
  // A call of the service's admin API, authorized by the secret key, for which this waits. Throws
  // std::runtime_error when there is no answer.
  //   io.admin("POST", "/rooms/my-room/events", R"({"event":"announced","data":{"text":"hi"}})")
  [[nodiscard]] AdminAnswer admin(std::string_view method, std::string_view path,
                                  std::string json = {}) const {
    return service_->admin(method, path, std::move(json));
  }
  // As create_token, for a handler that is a task: its room goes on meanwhile. With g++ 12 give the
  // options a name first (task.h says why).
  [[nodiscard]] task<std::string> create_token_later(HostedTokenOptions<User> options) const {
    return detail::wait_for_token<User>(service_, std::move(options));
  }

 private:
  std::shared_ptr<const detail::HostedService> service_;
  detail::HostedCore::ContextMaker make_context_;
  std::string base_path_;
};

// Throws std::invalid_argument for options that are missing or none.
template <class A, class C>
[[nodiscard]] auto create_io(HostedPlatform<HostedOptions<A, C>> platform) {
  static_assert(!std::is_same_v<A, NoAuthorize>,
                "pluv: platform_hosted needs HostedOptions{.authorize = pluv::authorize<User>()}");
  static_assert(detail::kIsAuthorize<A>,
                "pluv: the option authorize takes pluv::authorize<User>(...)");
  using Value = typename decltype(detail::context_type<C>())::type;
  auto& options = platform.options;
  detail::HostedConfig config;
  config.base_url = std::move(options.base_url);
  config.public_key = std::move(options.public_key);
  config.secret_key = std::move(options.secret_key);
  if (!options.webhook_secret.text().empty()) {
    config.webhook_secrets.push_back(options.webhook_secret.text());
  }
  for (const Secret& secret : options.webhook_secrets) {
    config.webhook_secrets.push_back(secret.text());
  }
  config.timeout = options.timeout;
  config.ca_file = std::move(options.ca_file);
  config.webhook_bytes_max = options.webhook_bytes_max;
  config.limits = options.limits;
  config.debug = options.debug;
  options.authorize.config.needs_secret = false;
  config.authorizer = std::make_shared<const detail::Authorizer>(
      std::move(options.authorize.config), options.limits);
  return HostedIo<typename A::User, Value>(
      std::make_shared<const detail::HostedService>(std::move(config)),
      detail::make_context<Value>(options.context), std::move(options.base_path));
}

}  // namespace pluv
