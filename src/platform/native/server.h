// The native platform: event loops (one a core, the only threads), sockets, TLS and timers around
// the rooms. A connection starts on the accepting loop and moves, after its upgrade, to the loop
// that owns its room, so a room is stepped by one thread and holds no lock. All of Asio stays
// behind this header. Methods are thread-safe unless they say otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/store.h"
#include "base/limits.h"
#include "base/result.h"
#include "net/http.h"
#include "net/ip_address.h"
#include "platform/native/message_tap.h"
#include "platform/native/metrics.h"
#include "platform/native/room_look.h"
#include "room/definition.h"
#include "room/effects.h"

namespace pluv::native {

struct TlsConfig {
  std::string certificate_chain_file;  // PEM
  std::string private_key_file;        // PEM
};

struct ServerConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3000;  // 0: any free one; see Server::port()
  // Loops. 0: one a core. With manual = true there is exactly one, driven by Server::poll().
  std::uint32_t threads = 0;
  bool manual = false;
  std::optional<TlsConfig> tls;
  // Allowed Origin headers ("https://app.example.com", "https://*.example.com", "*"). Empty: any.
  // A request without an Origin (no browser) is always allowed.
  std::vector<std::string> origins;
  // CIDRs of proxies whose Forwarded / X-Forwarded-For is believed.
  std::vector<std::string> trusted_proxies;
  // Rooms are served at each of these + "{room}"; JoinRequest::http tells which one it was.
  std::vector<std::string> room_paths = {"/api/pluv/room/"};
  bool deflate = false;          // permessage-deflate, RFC 7692
  int deflate_window_bits = 10;  // 9..15
  bool per_address_limits = true;
  // Drain: closes (1012) are spread over window_ms; after deadline_ms what is left is cut.
  std::int64_t drain_window_ms = 5'000;
  std::int64_t drain_deadline_ms = 10'000;
  // Unix socket on which a successor asks for the listening socket. Empty: none.
  std::string handover_path;
  // Bodies of requests that are answered later (LaterHttp), all together, from their first byte
  // until they are answered; one as large as its taker allows always has room. Beyond it: 503. Six
  // documents of the largest size at once, where slow clients could else fill the memory.
  std::size_t gathered_bytes_max = std::size_t{256} * 1024 * 1024;
  // Use the listening socket of systemd (LISTEN_FDS) when there is one.
  bool socket_activation = true;
  // listen() refuses a socket that other machines can reach, wherever it comes from.
  bool loopback_only = false;
  // SIGTERM and SIGINT drain, SIGHUP calls on_hangup; only run() with this set touches signals.
  bool handle_signals = false;
};

// Who a token is for. user: the application's own type; see room::Opened.
struct AuthorizedUser {
  std::string id;
  std::string json;
  std::shared_ptr<const void> user;
  // Whose room it is: the room is known as room_key(project, room) from then on. Empty: nobody's;
  // else is_project_id. Rooms and users of different projects have nothing to do with each other.
  std::string project{};
  std::string permissions = "*";  // as in room::Opened: without `read` the join is refused
};

// What an authorizer sees. Views live for the call.
struct JoinRequest {
  const net::Request* http = nullptr;  // null for a socket that the host registered itself
  std::string_view room;               // its name
  std::string_view token;  // from ?token=, percent-decoded once; empty when there is none
  std::string_view client_address;
  std::int64_t now_unix_ms = 0;
  std::string_view project{};  // of the session that presents a new token; empty before a join
};

// A log line of the platform's: level is "debug", "info", "warn" or "error". fields is a JSON
// object
// ("{}" when there is nothing more to say). Called from any thread; must not block for long.
using Logger =
    std::function<void(std::string_view level, std::string_view event, std::string_view fields)>;

// A request with its whole body.
struct HttpQuestion {
  net::Request request;
  std::string body;
  std::string client_address;
};
// Takes the answer, once, at once or later, from any thread. Without one in time the client is told
// so; what comes after that, or after the client has gone, is dropped.
using HttpAnswerFn = std::function<void(net::Response)>;

// HTTP requests whose answers take time: their connection reads nothing more until it has its
// answer. All functions but refuse; they run on a loop and must not block or throw.
struct LaterHttp {
  // Which requests; told by the head alone.
  std::function<bool(const net::Request&)> takes;
  // Who is answered by the head alone, before any body is waited for. Null: nobody.
  std::function<std::optional<net::Response>(const net::Request&, std::string_view client_address)>
      refuse;
  std::function<void(HttpQuestion, HttpAnswerFn)> answer;
  // What is said of a request that never gets so far: 408, 411, 413, 503.
  std::function<net::Response(int status, std::string_view message)> error;
  std::size_t body_bytes_max = std::size_t{64} * 1024;
  std::int64_t answer_ms_max = 10'000;
  // A POST or PUT without Content-Length has an empty body (RFC 9112, section 6.3): refuse() says
  // which ones need one. Else all of them do, and are answered 411.
  bool takes_no_length = false;
};

struct ServerHooks {
  // Where rooms keep their documents; the definition's has_store follows it. Null: nowhere.
  std::shared_ptr<adapters::Store> store;
  // Null: no authorization, every session is its own user. An error refuses the join with
  // $error "Not authorized" and close 3000 (unavailable: held, then 1013); its message goes to the
  // log alone, so there must be no token in it. Is asked for the new
  // tokens of sessions, too, where an error changes nothing; then http is null, and the user has to
  // be the session's. Must not throw.
  std::function<Result<AuthorizedUser>(const JoinRequest&)> authorize;
  // Which project a join that was refused was for, for the log. Null, or empty: none. Must not
  // throw.
  std::function<std::string(const JoinRequest&)> project_of;
  // Requests other than room upgrades. nullopt: 404. Runs on a loop: must not block or throw.
  std::function<std::optional<net::Response>(const net::Request&, std::string_view client_address)>
      http;
  // Asked in this order, before http.
  std::vector<LaterHttp> later;
  // What the rooms of a project do and allow: frozen, with has_store as there is a store,
  // refreshes_tokens as there is an authorizer, and outliving the server. Null, or the answer null:
  // as all rooms. Before a socket's project is known, and for what all projects share (memory,
  // connections, addresses), the server's own limits hold. Called on any loop.
  std::function<const room::Definition*(std::string_view project)> definition_of;
  // Something of a session's was turned down. room: its key. On any loop, inside a step: must not
  // block, throw or call the server.
  std::function<void(std::string_view room, std::string_view session, room::RefusalReason reason)>
      refused;
  // Is shown messages while it is on. Null: nobody is.
  std::shared_ptr<MessageTap> tap;
  Logger log;
  // What the process takes of memory, in bytes, for the ceiling on it. Called often, on a loop.
  // Null: its resident memory, as the kernel says.
  std::function<std::size_t()> memory_bytes;
  // The server is listening (port known) / has drained.
  std::function<void()> on_listening;
  // A successor is about to be given the listening socket; on the accepting loop, must not block.
  std::function<void()> on_handing_over;
  // At a SIGHUP, on the accepting loop. Null: the signal does what it would without a server.
  std::function<void()> on_hangup;
};

// A socket that the host accepted and upgraded to a WebSocket itself.
struct RegisterSocket {
  int fd = -1;  // taken over: closed by the server
  std::string room;
  std::string token;
  std::string received;  // bytes already read after the upgrade
};

class Server {
 public:
  // definition is frozen by the constructor.
  Server(ServerConfig config, room::Definition definition, ServerHooks hooks);
  ~Server();  // stops (not drains) what still runs
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds (or takes over, or inherits) the listening socket. Errors say what and why.
  [[nodiscard]] Result<void> listen();
  // Runs the loops until stop() or the end of a drain; the calling thread is one of them.
  // Returns 0, or 1 when the drain met its deadline with connections left.
  int run();
  // The same on threads of its own. join() waits for their end.
  void start();
  int join();
  // manual only: one turn of the loop, waiting at most wait for something to do. Returns the number
  // of handlers run.
  std::size_t poll(std::chrono::milliseconds wait);

  void drain();
  void stop();
  [[nodiscard]] bool draining() const noexcept;
  // Whether a successor may have the listening socket, from just before it is sent until it died
  // without having accepted, or the server drains. What both keep somewhere together the successor
  // may have read by then.
  [[nodiscard]] bool handing_over() const noexcept;
  // Reads the certificate and its key again, for the connections from then on. What cannot be used
  // changes nothing. Either way the log says so.
  void reload_tls();
  [[nodiscard]] std::uint16_t port() const noexcept;
  // The address that the listening socket is bound to, which may have been chosen by systemd or by
  // the server that it was taken over from.
  [[nodiscard]] net::IpAddress address() const noexcept;

  // Rooms, by their keys. Each call is carried out on the room's own loop; broadcast, emit and
  // evict of a room without sessions do nothing. data: a raw JSON object or "null".
  void broadcast(std::string_view room, std::string_view event, std::string_view data);
  void emit(std::string_view room, std::string_view event, std::string_view data);
  void evict(std::string_view room, std::string_view session_id);
  void evict_all(std::string_view room);
  // The live sessions of a user in the room: closed; given these permissions (their text form;
  // without `read`: as revoked); told that they are not authorized, and closed for good.
  void evict_user(std::string_view room, std::string_view user_id);
  void set_permissions(std::string_view room, std::string_view user_id,
                       std::string_view permissions);
  void revoke(std::string_view room, std::string_view user_id);
  // Evicts everybody and drops the room's document from memory once the store has all of it. Joins
  // are refused for now meanwhile. done: on the room's loop when no such room is in memory, before
  // a new one can be; must not throw or block.
  void forget(std::string_view room, std::function<void()> done);
  void garbage_collect(std::string_view room);
  // Changes the room's document (a ycrdt::Doc, for the storage kind that yjs_storage() makes) on
  // the room's loop, where nothing else touches it; the room need not have sessions. done, on that
  // loop: the change was kept, or why not. edit and done must not throw or block.
  void edit(std::string_view room, std::function<void(void* document)> edit,
            std::function<void(Result<void>)> done);
  // Looking in. done: once, on a loop, or never when the server is stopped before.
  // All rooms in memory, in no order. A loop goes through its rooms in slices.
  void list_rooms(std::function<void(std::vector<RoomLine>)> done);
  // nullopt: there is no such room in memory. The room does nothing meanwhile.
  void look(std::string_view room, RoomQuestion question,
            std::function<void(std::optional<RoomLook>)> done);
  // Live sessions, as of the room's last step.
  [[nodiscard]] std::size_t size(std::string_view room) const;
  // Hands a WebSocket over to a room. The fd is taken in any case.
  [[nodiscard]] Result<void> register_socket(RegisterSocket socket);
  // Hands a freshly accepted TCP connection over, before its HTTP request.
  [[nodiscard]] Result<void> register_connection(int fd);

  // Runs fn on the loop that owns the room (any loop when room is empty).
  void post(std::string_view room, std::function<void()> fn);
  // From a loop's thread: runs fn on this same loop after delay. From another: on any loop.
  void post_after(std::chrono::milliseconds delay, std::function<void()> fn);

  [[nodiscard]] MetricsSnapshot metrics() const;

  // Whether the calling thread is one that start() or run() of any server made. The destructor
  // waits for such threads, so none of them may be the one that calls it.
  [[nodiscard]] static bool on_loop_thread() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pluv::native
