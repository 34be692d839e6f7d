// The admin API of a hosted pluvd (docs/admin-api.md): what a project's back end may see and change
// of its own rooms, as JSON over HTTP. It knows who asks by the project's secret key, and nothing
// of another project is reachable or can be told from what is not there. Requests are judged on the
// loops by their heads and carried out on threads of the API's own, where projects take turns. Made
// before the server and closed before it; everything else is thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/store.h"
#include "apps/pluvd/admin_handlers.h"
#include "apps/pluvd/admin_hooks.h"
#include "apps/pluvd/admin_route.h"
#include "apps/pluvd/fair_pool.h"
#include "apps/pluvd/waiting_rooms.h"
#include "net/http.h"
#include "platform/native/server.h"

namespace pluv::apps {

// The largest body of a project with these limits.
[[nodiscard]] std::size_t admin_body_bytes_max(const Limits& limits);

struct AdminOptions {
  AdminHooks hooks;
  // The largest body that any project may send.
  std::size_t body_bytes_max = admin_body_bytes_max(Limits());
  // Bodies that are in hand at once, of one project and of all together: each is there twice for a
  // moment.
  std::size_t project_bodies_bytes_max = std::size_t{128} * 1024 * 1024;
  std::size_t bodies_bytes_max = std::size_t{256} * 1024 * 1024;
  // After this a client has been answered that it took too long.
  std::int64_t answer_ms_max = 10'000;
  // A little less, so that what is said of what the rooms or the store did not answer is ours.
  std::int64_t wait_ms_max = 9'000;
};

class Admin : public std::enable_shared_from_this<Admin> {
 public:
  explicit Admin(AdminOptions options);

  // For native::ServerHooks::later.
  [[nodiscard]] native::LaterHttp hook();
  // Before the server runs. Both outlive close(). store: null when there is none.
  void attach(native::Server& server, adapters::Store* store);
  // What is being made is finished; what waits for it is never answered. Once, when no loop runs.
  void close();

  // Prometheus' text form.
  [[nodiscard]] std::string metrics_text() const;

 private:
  struct Asked {
    AdminCall call;
    std::string method;
    std::string path;   // as it was sent
    std::string query;  // the same
    std::string content_type;
    std::string client_address;
    std::chrono::steady_clock::time_point came;
    std::string idempotency_key;
    Idempotency::Held held;
    bool replayed = false;
    std::shared_ptr<void> weight;  // of the body
    native::HttpAnswerFn respond;
  };
  using AskedRef = std::shared_ptr<Asked>;

  [[nodiscard]] std::optional<net::Response> refuse(const net::Request& request,
                                                    std::string_view client_address);
  // What the head says; or the answer to it.
  [[nodiscard]] std::optional<net::Response> read(const net::Request& request, AdminCall& call);
  void answer(native::HttpQuestion question, native::HttpAnswerFn respond);
  [[nodiscard]] bool refuses_changes(const AdminCall& call) const;
  [[nodiscard]] net::Response draining_problem(const Asked& asked) const;
  // Whether the request's key lets it be carried out; else it was answered.
  [[nodiscard]] bool take_key(const AskedRef& asked, const net::Request& request);
  // Null: too much is in hand.
  [[nodiscard]] std::shared_ptr<void> take_weight(const std::string& project, std::size_t bytes);
  void carry_out(const AskedRef& asked);
  [[nodiscard]] net::Response outcome_of(const AskedRef& asked);
  [[nodiscard]] KeptAnswer answer_of(const Asked& asked);
  // The same answer, which is kept under the request's key unless nothing was done.
  [[nodiscard]] net::Response kept(const Asked& asked, const std::string& request,
                                   const KeptAnswer& answer);
  [[nodiscard]] net::Response problem_of(const Error& error, std::string_view path) const;
  // Nobody waits for it any more.
  void drop(const AskedRef& asked);
  void reply(const AskedRef& asked, net::Response response);
  void audit(const Asked& asked, int status) const;
  // Somebody without a key of any project.
  void audit_stranger(const net::Request& request, std::string_view client_address) const;
  void count(int status);

  const AdminOptions options_;
  WaitingRooms rooms_;
  AdminHandlers handlers_;
  mutable std::mutex counts_mutex_;
  std::map<int, std::uint64_t> answered_;  // by status
  // Apart, since a request may outlive the API.
  struct Bodies {
    std::mutex mutex;
    std::size_t bytes = 0;
    std::map<std::string, std::size_t> of_projects;
  };
  const std::shared_ptr<Bodies> bodies_ = std::make_shared<Bodies>();
  FairPool pool_;  // last: its jobs use the others
};

}  // namespace pluv::apps
