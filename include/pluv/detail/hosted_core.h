// The hosted platform without types: what is compiled once in src/io behind HostedIo<...> and
// HostedServer<...>. A HostedService knows how to ask the service for tokens, a HostedCore in
// addition what to do with its webhooks. Internal to the public headers; thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "pluv/auth.h"
#include "pluv/detail/executor.h"
#include "pluv/detail/runtime.h"
#include "pluv/listen.h"
#include "pluv/storage.h"
#include "pluv/task.h"

namespace pluv {

// A webhook as it came, for whatever HTTP server received it. Views are borrowed for the call.
struct WebhookRequest {
  std::string_view signature;  // the header x-pluv-signature-256; empty when there is none
  std::string_view body;
};

// What to answer.
struct WebhookResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
};

// Of the service's admin API.
struct AdminAnswer {
  int status = 0;
  std::string body;
};

namespace detail {

struct HostedConfig {
  std::string base_url;
  std::string public_key;
  Secret secret_key;
  std::vector<std::string> webhook_secrets;
  std::chrono::milliseconds timeout{};
  std::string ca_file;
  std::size_t webhook_bytes_max = 0;
  std::shared_ptr<const Authorizer> authorizer;
  Limits limits;
  bool debug = false;
};

struct HostedTokenRequest {
  std::string_view room;
  std::string_view user_json;
  std::chrono::milliseconds max_age{};
  std::string_view permissions;  // raw JSON; empty: none
};

class HostedService {
 public:
  // Throws std::invalid_argument for an address that is none, or a key that is missing.
  explicit HostedService(HostedConfig config);
  HostedService(const HostedService&) = delete;
  HostedService& operator=(const HostedService&) = delete;
  ~HostedService();

  // Waits for the service. Throws std::invalid_argument for a user that fails its checks and an age
  // that is none, std::runtime_error "Authorization failed: ..." when the service makes no token.
  [[nodiscard]] std::string create_token(const HostedTokenRequest& wanted) const;
  // The same without waiting; done is called once, on a thread of the service's, unless this throws
  // std::invalid_argument.
  void start_token(const HostedTokenRequest& wanted,
                   std::function<void(Result<std::string>)> done) const;
  // Waits for the service. Throws std::runtime_error when it does not answer.
  [[nodiscard]] AdminAnswer admin(std::string_view method, std::string_view path,
                                  std::string json) const;
  [[nodiscard]] const HostedConfig& config() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One webhook at work on the thread that called: tasks of its listener run here, too.
class HostedCall : public Executor {
 public:
  // Until the task is done. Waits on the calling thread. The error is what it failed with.
  [[nodiscard]] virtual Result<void> wait(task<void> work) = 0;
};

// What a listener is told.
struct HostedEvent {
  std::string room;
  std::shared_ptr<void> context;
  EncodedState encoded_state;
  std::shared_ptr<const void> user;
};

// Each null when there is no such listener.
struct HostedListeners {
  using Listener =
      std::function<Result<void>(const HostedEvent& event, const std::shared_ptr<HostedCall>&)>;
  // An update, as bytes or base64; empty: none.
  std::function<Result<std::string>(const HostedEvent& event, const std::shared_ptr<HostedCall>&)>
      get_initial_storage;
  Listener on_room_destroyed;
  Listener on_storage_destroyed;
  Listener on_user_connected;
  Listener on_user_disconnected;
};

class HostedCore : public std::enable_shared_from_this<HostedCore> {
 public:
  using ContextMaker = std::function<Result<std::shared_ptr<void>>(std::string_view room)>;

  HostedCore(std::shared_ptr<const HostedService> service, ContextMaker make_context,
             HostedListeners listeners);

  // Calls the listener, on this thread, and says what to answer.
  [[nodiscard]] WebhookResponse webhook(const WebhookRequest& request) const;
  // A route that does so.
  [[nodiscard]] Route route(std::string path) const;
  // A server of routes alone. Throws as Core::listen does.
  [[nodiscard]] std::shared_ptr<Core> listen(ListenOptions options) const;

 private:
  std::shared_ptr<const HostedService> service_;
  ContextMaker make_context_;
  HostedListeners listeners_;
};

}  // namespace detail
}  // namespace pluv
