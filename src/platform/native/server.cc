#include "platform/native/server.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

#include "platform/native/handover.h"
#include "platform/native/listening.h"
#include "platform/native/log_fields.h"
#include "platform/native/shared.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

// Every connection is a descriptor; the soft limit is often 1,024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::uint32_t loop_count(const ServerConfig& config) {
  if (config.manual) return 1;
  if (config.threads > 0) return config.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

thread_local bool is_loop_thread = false;

}  // namespace

struct Server::Impl {
  Impl(ServerConfig config, room::Definition definition, ServerHooks hooks) {
    definition.freeze();
    shared.config = std::move(config);
    definition.has_store = hooks.store != nullptr;
    definition.refreshes_tokens = hooks.authorize != nullptr;
    shared.definition = std::move(definition);
    shared.hooks = std::move(hooks);
    for (std::uint32_t i = 0; i < loop_count(shared.config); ++i) {
      shared.workers.push_back(std::make_shared<Worker>(shared));
    }
  }
  // In this order: replies that are under way find no worker; sockets and rooms go; then the rest.
  ~Impl() {
    stop();
    join_threads();
    handover.reset();
    shared.workers.clear();
  }

  Worker& first() { return *shared.workers.front(); }

  Result<void> configure();
  Result<void> listen();
  void begin();
  void log_kept_address() const;
  void drain();
  void stop() { shared.stop_loops(); }
  void on_signal(int signal);
  void on_handover(HandoverState state);
  void reload_tls();
  // For the workers from this one on.
  void start_threads(std::size_t first_worker) {
    PLUV_ASSERT(threads.empty());
    for (std::size_t i = first_worker; i < shared.workers.size(); ++i) {
      threads.emplace_back([raw = shared.workers[i].get()] {
        is_loop_thread = true;
        raw->run();
      });
    }
  }
  void join_threads() {
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
  template <class MakeInput>
  void feed(std::string_view room, MakeInput make_input);

  Shared shared;
  Listening listening;
  std::unique_ptr<HandoverPoint> handover;
  std::vector<std::thread> threads;
  bool configured = false;
  bool begun = false;
};

Result<void> Server::Impl::configure() {
  if (configured) return {};
  const ServerConfig& config = shared.config;
  Result<net::OriginList> origins = net::OriginList::parse(config.origins);
  if (!origins) return std::move(origins).error();
  Result<net::TrustedProxies> proxies = net::TrustedProxies::parse(config.trusted_proxies);
  if (!proxies) return std::move(proxies).error();
  if (config.deflate && (config.deflate_window_bits < net::kDeflateWindowBitsMin ||
                         config.deflate_window_bits > net::kDeflateWindowBitsMax)) {
    return Error{ErrorCode::invalid, "deflate_window_bits must be 9 to 15"};
  }
  if (config.tls) {
    auto tls = TlsContext::load(config.tls->certificate_chain_file, config.tls->private_key_file);
    if (!tls) return std::move(tls).error();
    shared.tls = std::move(tls).value();
  }
  shared.origins = std::move(origins).value();
  shared.proxies = std::move(proxies).value();
  configured = true;
  return {};
}

Result<void> Server::Impl::listen() {
  if (listening.socket) return Error{ErrorCode::conflict, "The server is listening already"};
  if (Result<void> done = configure(); !done) return done;
  Result<Listening> opened = open_listening(shared.config);
  if (!opened) return std::move(opened).error();
  listening = std::move(opened).value();
  return {};
}

// Before the loops run, on the thread that will run the first one.
void Server::Impl::begin() {
  if (begun) return;
  begun = true;
  raise_descriptor_limit();
  if (shared.config.handle_signals) {
    std::vector<int> signals = {SIGTERM, SIGINT};
    if (shared.hooks.on_hangup) signals.push_back(SIGHUP);
    first().loop().watch_signals(signals, [this](int signal) { on_signal(signal); });
  }
  first().start_memory_guard();
  if (!listening.socket) return;
  first().accept_from(listening.socket.get());
  if (!shared.config.handover_path.empty()) {
    handover = std::make_unique<HandoverPoint>(first().loop(), shared.config.handover_path,
                                               listening.socket.get(),
                                               [this](HandoverState state) { on_handover(state); });
    if (Result<void> opened = handover->open(); !opened) {
      shared.log("error", "handover_failed",
                 LogFields().add("error", opened.error().message).text());
      handover.reset();
    }
  }
  shared.log("info", "listening",
             LogFields()
                 .add("host", listening.address.text())
                 .add("port", listening.port)
                 .add("source", listening_source_name(listening.source))
                 .text());
  if (listening.source == ListeningSource::predecessor) log_kept_address();
  // From the first turn on, for then this server accepts.
  first().post([this] {
    if (shared.hooks.on_listening) shared.hooks.on_listening();
    if (listening.predecessor) {
      // It closes its sessions now, and they come here.
      ::send(listening.predecessor.get(), &kHandoverDrain, 1, MSG_NOSIGNAL);
      listening.predecessor.reset();
    }
  });
}

// The address is the predecessor's, whatever this server was told.
void Server::Impl::log_kept_address() const {
  const ServerConfig& config = shared.config;
  const auto host = net::IpAddress::parse(config.host);
  const bool same_host = !host || *host == listening.address;
  if (same_host && (config.port == 0 || config.port == listening.port)) return;
  shared.log("warn", "address_kept",
             LogFields()
                 .add("host", listening.address.text())
                 .add("port", listening.port)
                 .add("unused_host", config.host)
                 .add("unused_port", config.port)
                 .text());
}

void Server::Impl::drain() {
  if (shared.draining.exchange(true)) return;
  shared.log("info", "drain_started",
             LogFields().add("connections", shared.connections.load()).text());
  // The one that accepts goes first: whoever is closed and comes back must not find it accepting.
  first().post([this] {
    first().begin_drain();
    for (std::size_t i = 1; i < shared.workers.size(); ++i) {
      Worker* worker = shared.workers[i].get();
      worker->post([worker] { worker->begin_drain(); });
    }
  });
}

void Server::Impl::on_handover(HandoverState state) {
  switch (state) {
    case HandoverState::sending:
      shared.handing_over.store(true);
      if (shared.hooks.on_handing_over) shared.hooks.on_handing_over();
      return;
    case HandoverState::failed: shared.handing_over.store(false); return;
    case HandoverState::accepted: drain(); return;
  }
}

void Server::Impl::on_signal(int signal) {
  if (signal == SIGHUP) {
    shared.hooks.on_hangup();
    return;
  }
  if (!shared.draining.load()) {
    drain();
    return;
  }
  shared.exit_code.store(1);
  shared.log("warn", "stopped_by_signal",
             LogFields().add("connections", shared.connections.load()).text());
  stop();
}

// On the accepting loop, which alone makes connections with TLS; those that are there keep theirs.
void Server::Impl::reload_tls() {
  const TlsConfig& files = *shared.config.tls;
  auto tls = TlsContext::load(files.certificate_chain_file, files.private_key_file);
  if (!tls) {
    shared.log("error", "certificate_kept", LogFields().add("error", tls.error().message).text());
    return;
  }
  shared.tls = std::move(tls).value();
  shared.log("info", "certificate_reloaded",
             LogFields().add("file", files.certificate_chain_file).text());
}

// Copies what the input borrows: the call is carried out later.
template <class MakeInput>
void Server::Impl::feed(std::string_view room, MakeInput make_input) {
  Worker& owner = shared.owner_of(room);
  owner.post([&owner, room = std::string(room), make_input = std::move(make_input)] {
    owner.rooms().feed(room, make_input());
  });
}

Server::Server(ServerConfig config, room::Definition definition, ServerHooks hooks)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(definition), std::move(hooks))) {}
Server::~Server() = default;

bool Server::on_loop_thread() noexcept { return is_loop_thread; }

Result<void> Server::listen() { return impl_->listen(); }

int Server::run() {
  impl_->begin();
  impl_->start_threads(1);
  impl_->first().run();
  return join();
}

void Server::start() {
  impl_->begin();
  impl_->start_threads(0);
}

int Server::join() {
  impl_->join_threads();
  if (impl_->shared.draining.load()) {
    impl_->shared.log("info", "drained",
                      LogFields().add("connections", impl_->shared.connections.load()).text());
  }
  return impl_->shared.exit_code.load();
}

std::size_t Server::poll(std::chrono::milliseconds wait) {
  PLUV_ASSERT(impl_->shared.config.manual);
  impl_->begin();
  return impl_->first().poll(wait);
}

void Server::drain() { impl_->drain(); }
void Server::stop() { impl_->stop(); }
void Server::reload_tls() {
  if (!impl_->shared.config.tls) return;
  impl_->first().post([impl = impl_.get()] { impl->reload_tls(); });
}
bool Server::draining() const noexcept { return impl_->shared.draining.load(); }
bool Server::handing_over() const noexcept {
  return impl_->shared.draining.load() || impl_->shared.handing_over.load();
}
std::uint16_t Server::port() const noexcept { return impl_->listening.port; }
net::IpAddress Server::address() const noexcept { return impl_->listening.address; }

void Server::broadcast(std::string_view room, std::string_view event, std::string_view data) {
  impl_->feed(room, [event = std::string(event), data = std::string(data)] {
    return room::ServerBroadcast{.name = event, .data = data};
  });
}

void Server::emit(std::string_view room, std::string_view event, std::string_view data) {
  impl_->feed(room, [event = std::string(event), data = std::string(data)] {
    return room::ServerEmit{.name = event, .data = data};
  });
}

void Server::evict(std::string_view room, std::string_view session_id) {
  const std::optional<SessionId> id = SessionId::parse(session_id);
  if (id) impl_->feed(room, [id = *id] { return room::Evict{id}; });
}

void Server::evict_all(std::string_view room) {
  impl_->feed(room, [] { return room::EvictAll{}; });
}

void Server::evict_user(std::string_view room, std::string_view user_id) {
  impl_->feed(room, [id = std::string(user_id)] { return room::EvictUser{id}; });
}

void Server::set_permissions(std::string_view room, std::string_view user_id,
                             std::string_view permissions) {
  impl_->feed(room, [id = std::string(user_id), permissions = std::string(permissions)] {
    return room::SetPermissions{.user_id = id, .permissions = permissions};
  });
}

void Server::revoke(std::string_view room, std::string_view user_id) {
  impl_->feed(room, [id = std::string(user_id)] { return room::Revoke{id}; });
}

void Server::forget(std::string_view room, std::function<void()> done) {
  Worker& owner = impl_->shared.owner_of(room);
  owner.post([&owner, room = std::string(room), done = std::move(done)] {
    owner.rooms().forget(room, done);
  });
}

void Server::garbage_collect(std::string_view room) {
  impl_->feed(room, [] { return room::CollectGarbage{}; });
}

void Server::edit(std::string_view room, std::function<void(void* document)> edit,
                  std::function<void(Result<void>)> done) {
  if (!is_room_key(room)) {
    done(Error{ErrorCode::invalid, "The room's name is not allowed: " + std::string(room)});
    return;
  }
  Worker& owner = impl_->shared.owner_of(room);
  owner.post([&owner, room = std::string(room), edit = std::move(edit), done = std::move(done)] {
    owner.rooms().edit(room, edit, done);
  });
}

void Server::list_rooms(std::function<void(std::vector<RoomLine>)> done) {
  struct Gathering {
    std::mutex mutex;
    std::size_t missing = 0;
    std::vector<RoomLine> lines;
    std::function<void(std::vector<RoomLine>)> done;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->missing = impl_->shared.workers.size();
  gathering->done = std::move(done);
  for (const std::shared_ptr<Worker>& worker : impl_->shared.workers) {
    worker->post([raw = worker.get(), gathering] {
      raw->rooms().list([gathering](std::vector<RoomLine> lines) {
        std::unique_lock lock(gathering->mutex);
        std::ranges::move(lines, std::back_inserter(gathering->lines));
        if (--gathering->missing > 0) return;
        lock.unlock();
        gathering->done(std::move(gathering->lines));
      });
    });
  }
}

void Server::look(std::string_view room, RoomQuestion question,
                  std::function<void(std::optional<RoomLook>)> done) {
  Worker& owner = impl_->shared.owner_of(room);
  owner.post([&owner, room = std::string(room), question, done = std::move(done)] {
    done(owner.rooms().look(room, question));
  });
}

std::size_t Server::size(std::string_view room) const { return impl_->shared.sizes.get(room); }

Result<void> Server::register_socket(RegisterSocket socket) {
  auto fd = std::make_shared<OwnedFd>(socket.fd);
  if (!is_room_id(socket.room)) {
    return Error{ErrorCode::invalid, "The room's name is not allowed: " + socket.room};
  }
  if (::fcntl(socket.fd, F_GETFD) < 0) {
    return Error{ErrorCode::invalid, "There is no such descriptor"};
  }
  if (Result<void> done = impl_->configure(); !done) return done;
  Worker& owner = impl_->shared.owner_of(socket.room);
  owner.post([&owner, fd, socket = std::move(socket)]() mutable {
    socket.fd = fd->release();
    owner.handshakes().accept_upgraded(std::move(socket));
  });
  return {};
}

Result<void> Server::register_connection(int fd) {
  auto owned = std::make_shared<OwnedFd>(fd);
  if (::fcntl(fd, F_GETFD) < 0) {
    return Error{ErrorCode::invalid, "There is no such descriptor"};
  }
  if (Result<void> done = impl_->configure(); !done) return done;
  Worker& first = impl_->first();
  first.post([&first, owned] {
    const net::IpAddress peer = peer_address(owned->get());
    first.handshakes().accept(owned->release(), peer);
  });
  return {};
}

void Server::post(std::string_view room, std::function<void()> fn) {
  if (!room.empty()) {
    impl_->shared.owner_of(room).post(std::move(fn));
    return;
  }
  for (const std::shared_ptr<Worker>& worker : impl_->shared.workers) {
    if (worker->on_own_thread()) {
      worker->post(std::move(fn));
      return;
    }
  }
  impl_->first().post(std::move(fn));
}

void Server::post_after(std::chrono::milliseconds delay, std::function<void()> fn) {
  for (const std::shared_ptr<Worker>& worker : impl_->shared.workers) {
    if (worker->on_own_thread()) {
      worker->post_after(delay, std::move(fn));
      return;
    }
  }
  impl_->first().post([raw = &impl_->first(), delay, fn = std::move(fn)]() mutable {
    raw->post_after(delay, std::move(fn));
  });
}

MetricsSnapshot Server::metrics() const {
  const Shared& shared = impl_->shared;
  MetricsSnapshot snapshot;
  snapshot.connections = shared.connections.load();
  snapshot.rooms = shared.rooms.load();
  snapshot.draining = shared.draining.load();
  snapshot.memory_ceiling_bytes = shared.limits().memory_bytes_max;
  snapshot.memory_pressure = static_cast<std::uint64_t>(shared.memory_pressure.load());
  for (const std::shared_ptr<Worker>& worker : shared.workers) {
    std::as_const(*worker).metrics().add_to(snapshot);
  }
  return snapshot;
}

}  // namespace pluv::native
