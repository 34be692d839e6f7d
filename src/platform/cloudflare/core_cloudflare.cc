// The half of a Core that is a WebAssembly module's: it does not listen, and what server code says
// to its one room goes to the host that was attached. Of another room, which is another module's,
// nothing can be asked, and nothing is done.
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/ids.h"
#include "io/core_state.h"
#include "io/stderr_log.h"
#include "platform/cloudflare/module_host.h"
#include "pluv/detail/core.h"
#include "pluv/detail/exceptions.h"

namespace pluv::detail {
namespace {

[[noreturn]] void refuse_to_listen() {
  raise<std::logic_error>(
      "A module does not listen: PLUV_CLOUDFLARE_MODULE serves the server that it is given");
}

}  // namespace

struct Core::Platform {
  cloudflare::ModuleHost* host = nullptr;

  // Null before attach(), and of any other room.
  cloudflare::ModuleHost* of(std::string_view room) const {
    return host != nullptr && !room.empty() && room == host->room() ? host : nullptr;
  }
};

std::shared_ptr<Core> Core::make(CoreConfig config, std::shared_ptr<Runtime> runtime) {
  return std::make_shared<Core>(std::move(config), std::move(runtime));
}

Core::Core(CoreConfig config, std::shared_ptr<Runtime> runtime)
    : state_(std::make_unique<State>(std::move(config), std::move(runtime))),
      platform_(std::make_unique<Platform>()) {}

Core::~Core() {
  state_->runtime->detach();
  state_->runtime->destroy_frames();
}

void Core::attach(cloudflare::ModuleHost& host, Runtime::Logger log) {
  if (state_->definition.storage) check_limits(state_->definition.limits);
  platform_->host = &host;
  state_->runtime->attach(host, log ? std::move(log) : stderr_log(state_->debug));
}

void Core::listen(ListenOptions) { refuse_to_listen(); }
int Core::run() { refuse_to_listen(); }
void Core::start() { refuse_to_listen(); }
int Core::join() { refuse_to_listen(); }
std::size_t Core::poll(std::chrono::milliseconds) { refuse_to_listen(); }
void Core::drain() { refuse_to_listen(); }
void Core::stop() { refuse_to_listen(); }
bool Core::draining() const { refuse_to_listen(); }
std::uint16_t Core::port() const { refuse_to_listen(); }
Result<void> Core::register_connection(int) { refuse_to_listen(); }

void Core::broadcast(std::string_view room, std::string_view name, std::string_view data) {
  if (auto* const host = platform_->of(room)) {
    host->feed(room::ServerBroadcast{.name = name, .data = data});
  }
}

void Core::emit(std::string_view room, std::string_view name, std::string_view data) {
  if (auto* const host = platform_->of(room)) {
    host->feed(room::ServerEmit{.name = name, .data = data});
  }
}

void Core::evict(std::string_view room, std::string_view session) {
  const std::optional<SessionId> id = SessionId::parse(session);
  auto* const host = platform_->of(room);
  if (id && host != nullptr) host->feed(room::Evict{*id});
}

void Core::evict_user(std::string_view room, std::string_view user) {
  if (auto* const host = platform_->of(room)) host->feed(room::EvictUser{user});
}

void Core::set_permissions_text(std::string_view room, std::string_view user,
                                std::string_view text) {
  if (auto* const host = platform_->of(room)) {
    host->feed(room::SetPermissions{.user_id = user, .permissions = text});
  }
}

void Core::revoke(std::string_view room, std::string_view user) {
  if (auto* const host = platform_->of(room)) host->feed(room::Revoke{user});
}

void Core::evict_all(std::string_view room) {
  if (auto* const host = platform_->of(room)) host->feed(room::EvictAll{});
}

void Core::garbage_collect(std::string_view room) {
  if (auto* const host = platform_->of(room)) host->feed(room::CollectGarbage{});
}

std::size_t Core::size(std::string_view room) const {
  const auto* const host = platform_->of(room);
  return host != nullptr ? host->size(room) : 0;
}

Result<void> Core::register_socket(std::string_view, int, RegisterOptions) {
  return Error{ErrorCode::conflict, "A module has no sockets of its own"};
}

std::string Core::metrics_text() const { return {}; }

}  // namespace pluv::detail
