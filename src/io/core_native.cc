// The native half of a Core: the native server, from listen() on.
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "io/core_state.h"
#include "io/http_routes.h"
#include "io/stderr_log.h"
#include "io/typegen_mode.h"
#include "json/writer.h"
#include "platform/native/server.h"
#include "pluv/detail/core.h"

namespace pluv::detail {
namespace {

class NativeHost final : public Host {
 public:
  explicit NativeHost(native::Server& server) : server_(server) {}

  void post(std::string_view room, std::function<void()> fn) override {
    server_.post(room, std::move(fn));
  }
  void post_after(std::chrono::milliseconds delay, std::function<void()> fn) override {
    server_.post_after(delay, std::move(fn));
  }
  void garbage_collect(std::string_view room) override { server_.garbage_collect(room); }
  void edit(std::string_view room, std::function<void(void*)> fn,
            std::function<void(Result<void>)> done) override {
    server_.edit(room, std::move(fn), std::move(done));
  }
  std::size_t size(std::string_view room) const override { return server_.size(room); }

 private:
  native::Server& server_;
};

constexpr std::size_t kBodyBytesCap = std::size_t{1} << 30;

native::ServerConfig make_server_config(ListenOptions& options) {
  native::ServerConfig config;
  config.host = options.host;
  config.port = options.port;
  config.threads = options.threads;
  config.manual = options.manual;
  if (options.tls) {
    config.tls =
        native::TlsConfig{options.tls->certificate_chain_file, options.tls->private_key_file};
  }
  config.origins = options.origins;
  config.trusted_proxies = options.trusted_proxies;
  config.room_paths.clear();
  if (!options.room_path.empty()) config.room_paths.push_back(options.room_path);
  config.deflate = options.deflate;
  config.drain_window_ms = options.drain_window.count();
  config.drain_deadline_ms = options.drain_deadline.count();
  config.handover_path = options.handover_path;
  config.handle_signals = options.handle_signals;
  return config;
}

void check_options(const ListenOptions& options) {
  if (!options.room_path.empty() &&
      (options.room_path.front() != '/' || options.room_path.back() != '/')) {
    throw std::invalid_argument("listen: room_path must begin and end with '/'");
  }
  for (const Route& route : options.routes) {
    if (route.path.empty() || route.path.front() != '/') {
      throw std::invalid_argument("listen: a route's path must begin with '/'");
    }
    if (!route.handler) throw std::invalid_argument("listen: a route has no handler");
    if (route.body_bytes_max > kBodyBytesCap) {
      throw std::invalid_argument("listen: a route's body_bytes_max is over 1 GiB");
    }
    if (!route.may_block && route.method != "GET") {
      throw std::invalid_argument("listen: a route of another method than GET needs may_block");
    }
  }
}

}  // namespace

struct Core::Platform {
  std::mutex listen_mutex;
  HttpRoutes routes;
  BlockingPool pool;  // of routes that may block
  std::unique_ptr<NativeHost> host;
  std::unique_ptr<native::Server> owned;
  std::atomic<native::Server*> server{nullptr};  // owned, once it listens

  native::Server& listening() const {
    native::Server* const found = server.load(std::memory_order_acquire);
    if (found == nullptr) throw std::logic_error("The server does not listen");
    return *found;
  }
  // null: it does not listen yet, so there are no rooms.
  native::Server* get() const noexcept { return server.load(std::memory_order_acquire); }

  native::ServerHooks make_hooks(const State& state, ListenOptions& options);
};

std::shared_ptr<Core> Core::make(CoreConfig config, std::shared_ptr<Runtime> runtime) {
  auto core = std::make_unique<Core>(std::move(config), std::move(runtime));
  return std::shared_ptr<Core>(core.release(), [](Core* last) {
    if (native::Server::on_loop_thread() || Runtime::on_pool_thread()) {
      std::thread([last] { delete last; }).detach();
    } else {
      delete last;
    }
  });
}

Core::Core(CoreConfig config, std::shared_ptr<Runtime> runtime)
    : state_(std::make_unique<State>(std::move(config), std::move(runtime))),
      platform_(std::make_unique<Platform>()) {}

Core::~Core() {
  // Outwards in: nothing new reaches the loops, the loops end, what still waited is freed.
  platform_->pool.stop();
  state_->runtime->detach();
  platform_->server.store(nullptr);
  platform_->owned.reset();
  state_->runtime->destroy_frames();
}

native::ServerHooks Core::Platform::make_hooks(const State& state, ListenOptions& options) {
  native::ServerHooks hooks;
  if (state.authorizer) {
    hooks.authorize = [authorizer = state.authorizer](
                          const native::JoinRequest& join) -> Result<native::AuthorizedUser> {
      const Request request =
          join.http != nullptr ? Request(*join.http, join.client_address) : Request();
      Result<ParsedUser> user =
          authorizer->authorize(join.room, join.token, request, join.now_unix_ms);
      if (!user.ok()) return std::move(user).error();
      return native::AuthorizedUser{.id = std::move(user->id),
                                    .json = std::move(user->json),
                                    .user = std::move(user->user),
                                    .project = {},
                                    .permissions = std::move(user->permissions)};
    };
  }
  hooks.http = [this](const net::Request& http, std::string_view client_address) {
    const native::Server* const found = get();
    return routes.answer(
        http, client_address,
        found != nullptr && found->draining() ? Readiness::draining : Readiness::ready);
  };
  hooks.log = options.log ? options.log : stderr_log(state.debug);
  return hooks;
}

void Core::listen(ListenOptions options) {
  answer_typegen(*this);
  check_options(options);
  if (state_->definition.storage) check_limits(state_->definition.limits);
  if (!state_->definition.storage && state_->persistence) {
    throw std::invalid_argument("pluv: persistence keeps documents, so it needs crdt = yjs()");
  }
  const std::lock_guard lock(platform_->listen_mutex);
  if (platform_->owned) throw std::logic_error("The server listens already");
  native::ServerHooks hooks = platform_->make_hooks(*state_, options);
  platform_->routes = HttpRoutes(std::move(options.routes), hooks.log);
  if (auto later = platform_->routes.later(platform_->pool)) {
    hooks.later.push_back(std::move(*later));
  }
  const Runtime::Logger logger = hooks.log;
  auto opened = state_->persistence.open(
      [logger](std::string_view level, std::string_view event, std::string_view message) {
        std::string fields;
        json::Writer writer(fields);
        writer.begin_object();
        writer.key("message");
        writer.string(message);
        writer.end_object();
        logger(level, event, fields);
      });
  if (!opened.ok()) throw std::runtime_error(opened.error().message);
  hooks.store = std::move(*opened);
  auto server = std::make_unique<native::Server>(make_server_config(options), state_->definition,
                                                 std::move(hooks));
  if (const Result<void> listening = server->listen(); !listening.ok()) {
    throw std::runtime_error(listening.error().message);
  }
  // The loops do not turn yet, so nothing has missed the host. A runtime is attached once.
  platform_->host = std::make_unique<NativeHost>(*server);
  state_->runtime->attach(*platform_->host, logger);
  platform_->server.store(server.get(), std::memory_order_release);
  platform_->owned = std::move(server);
}

int Core::run() { return platform_->listening().run(); }
void Core::start() { platform_->listening().start(); }
int Core::join() { return platform_->listening().join(); }
std::size_t Core::poll(std::chrono::milliseconds wait) { return platform_->listening().poll(wait); }
void Core::drain() { platform_->listening().drain(); }
void Core::stop() { platform_->listening().stop(); }
bool Core::draining() const { return platform_->listening().draining(); }
std::uint16_t Core::port() const { return platform_->listening().port(); }
Result<void> Core::register_connection(int fd) {
  return platform_->listening().register_connection(fd);
}

void Core::broadcast(std::string_view room, std::string_view name, std::string_view data) {
  if (native::Server* const server = platform_->get()) server->broadcast(room, name, data);
}

void Core::emit(std::string_view room, std::string_view name, std::string_view data) {
  if (native::Server* const server = platform_->get()) server->emit(room, name, data);
}

void Core::evict(std::string_view room, std::string_view session) {
  if (native::Server* const server = platform_->get()) server->evict(room, session);
}

void Core::evict_user(std::string_view room, std::string_view user) {
  if (native::Server* const server = platform_->get()) server->evict_user(room, user);
}

void Core::set_permissions_text(std::string_view room, std::string_view user,
                                std::string_view text) {
  if (native::Server* const server = platform_->get()) server->set_permissions(room, user, text);
}

void Core::revoke(std::string_view room, std::string_view user) {
  if (native::Server* const server = platform_->get()) server->revoke(room, user);
}

void Core::evict_all(std::string_view room) {
  if (native::Server* const server = platform_->get()) server->evict_all(room);
}

void Core::garbage_collect(std::string_view room) {
  if (native::Server* const server = platform_->get()) server->garbage_collect(room);
}

std::size_t Core::size(std::string_view room) const {
  const native::Server* const server = platform_->get();
  return server != nullptr ? server->size(room) : 0;
}

Result<void> Core::register_socket(std::string_view room, int fd, RegisterOptions options) {
  if (fd < 0) return Error{ErrorCode::invalid, "The file descriptor is negative"};
  native::Server* const server = platform_->get();
  if (server == nullptr) {
    ::close(fd);
    return Error{ErrorCode::conflict, "The server does not listen yet"};
  }
  native::RegisterSocket socket;
  socket.fd = fd;
  socket.room = std::string(room);
  socket.token = std::move(options.token);
  socket.received = std::move(options.received);
  return server->register_socket(std::move(socket));
}

std::string Core::metrics_text() const {
  const native::Server* const server = platform_->get();
  return server != nullptr ? native::prometheus_text(server->metrics()) : std::string();
}

}  // namespace pluv::detail
