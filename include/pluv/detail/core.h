// The server without types: what is compiled once in src/io behind Server<...> and Room<...>. Owns
// the room definition and what serves it: from listen() on the native server, or, in a WebAssembly
// module, which does not listen, the host that was attached. Which of the two is chosen by what is
// linked (src/io/core_native.cc, src/platform/cloudflare/core_cloudflare.cc). Thread-safe unless it
// says otherwise. Internal to the public headers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "pluv/auth.h"
#include "pluv/detail/api.h"
#include "pluv/detail/runtime.h"
#include "pluv/listen.h"
#include "pluv/persistence.h"
#include "room/definition.h"

namespace pluv::ycrdt {
class Doc;
}
namespace pluv::cloudflare {
class ModuleHost;
}

namespace pluv::detail {

struct ProcedureEntry {
  room::Procedure procedure;
  // Checks an input as a call would.
  std::function<Result<void>(std::string_view data)> check_input;
  bool has_broadcast = false;
};

struct CoreConfig {
  std::shared_ptr<const Authorizer> authorizer;  // null: none
  std::vector<ProcedureEntry> procedures;
  room::Listeners listeners;
  std::function<Result<std::shared_ptr<void>>(std::string_view room)> make_context;
  std::shared_ptr<const room::StorageKind> storage;  // null: rooms have no documents
  Persistence persistence;
  std::function<Api()> describe;
  Limits limits;
  bool debug = false;
  bool strict = false;
};

class Core {
 public:
  // The last handle may be dropped anywhere: by a handler, too, on a thread that the core's end
  // waits for. The core then ends on a thread of its own.
  [[nodiscard]] static std::shared_ptr<Core> make(CoreConfig config,
                                                  std::shared_ptr<Runtime> runtime);
  Core(CoreConfig config, std::shared_ptr<Runtime> runtime);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  [[nodiscard]] const room::Definition& definition() const noexcept;
  [[nodiscard]] Runtime& runtime() const noexcept;
  // Null: everybody may enter.
  [[nodiscard]] std::shared_ptr<const Authorizer> authorizer() const noexcept;

  // Once, and only in a module: host must outlive this. Log lines go to stderr unless log is given.
  // Throws std::invalid_argument for limits that contradict each other.
  void attach(cloudflare::ModuleHost& host, Runtime::Logger log = nullptr);

  // Once, and not in a module, as all up to register_connection(). Throws std::invalid_argument for
  // bad options, std::runtime_error when it cannot listen, std::logic_error the second time.
  void listen(ListenOptions options);
  // After listen().
  int run();
  void start();
  int join();
  std::size_t poll(std::chrono::milliseconds wait);
  void drain();
  void stop();
  [[nodiscard]] bool draining() const;
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] Result<void> register_connection(int fd);

  // Throws std::invalid_argument when it is none.
  static void require_room_id(std::string_view room);
  // At run time: the name, that data is an object (or null), and, for a procedure, that it has a
  // broadcast resolver and takes the data.
  [[nodiscard]] Result<void> check_broadcast(std::string_view name, std::string_view data) const;
  void broadcast(std::string_view room, std::string_view name, std::string_view data);
  [[nodiscard]] Result<void> check_emit(std::string_view name, std::string_view data) const;
  void emit(std::string_view room, std::string_view name, std::string_view data);
  void evict(std::string_view room, std::string_view session);
  void evict_user(std::string_view room, std::string_view user);
  // Throws std::invalid_argument for names that are none.
  void set_permissions(std::string_view room, std::string_view user,
                       const std::vector<std::string>& names);
  void revoke(std::string_view room, std::string_view user);
  void evict_all(std::string_view room);
  void garbage_collect(std::string_view room);
  void edit(std::string_view room, std::function<void(ycrdt::Doc&)> fn,
            std::function<void(Result<void>)> done);
  [[nodiscard]] std::size_t size(std::string_view room) const;
  [[nodiscard]] Result<void> register_socket(std::string_view room, int fd,
                                             RegisterOptions options);
  [[nodiscard]] std::string metrics_text() const;
  // The server's messages, for typegen.
  [[nodiscard]] Api describe() const;

 private:
  struct State;
  struct Platform;
  // What they are between them and the room (base/permissions.h): already checked.
  void set_permissions_text(std::string_view room, std::string_view user, std::string_view text);

  std::unique_ptr<State> state_;
  std::unique_ptr<Platform> platform_;
};

}  // namespace pluv::detail
