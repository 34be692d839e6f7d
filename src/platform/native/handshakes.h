// Connections before their upgrade: HTTP requests, who may join, and how those who may not are
// told. The original's client reconnects at once after most failures, so a refusal for good accepts
// the upgrade, sends $error and closes with a code after which it stays away, and a refusal for now
// holds the socket for a while before it closes with 1013. Where there is no room to upgrade to,
// the HTTP answer is held as long. Owned by a Worker, used on its thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/http.h"
#include "platform/native/connection.h"
#include "platform/native/loop_metrics.h"
#include "platform/native/server.h"

namespace pluv::native {

class Worker;

// A connection with an accepted handshake, on its way to the loop that owns its room.
struct Arrival {
  std::unique_ptr<Connection> connection;
  std::string room;  // its key
  AuthorizedUser user;
  std::string received;  // bytes that came behind the handshake
};

class Handshakes {
 public:
  explicit Handshakes(Worker& worker) noexcept : worker_(worker) {}

  // A fresh TCP connection. The fd is taken in any case.
  void accept(int fd, const net::IpAddress& peer);
  // A socket whose upgrade the host has made itself.
  void accept_upgraded(RegisterSocket socket);
  // Bytes of a connection in Phase::http. It may have moved to another worker when this returns.
  void receive(Connection& connection, std::span<char> bytes);
  // The time for the handshake, or for the next request, is over.
  void timed_out(Connection& connection);
  // The server drains: what is asked has not long to be answered.
  void hurry_later(Connection& connection);
  // The connection is gone, and with it its request, asked or not.
  void forget_later(Connection& connection);

 private:
  struct AnswerForm {
    bool keep_alive = false;
    bool head_only = false;
  };
  void respond(Connection& connection, const AnswerForm& form, net::Response response);
  void fail(Connection& connection, ConnectionRefusal refusal, const net::Response& response);
  // For a client that asked for a WebSocket and gets an HTTP answer.
  void fail_paced(Connection& connection, const net::Response& response);
  void serve(Connection& connection, const net::Request& request);
  // Requests that are answered later (handshakes_later.cc).
  [[nodiscard]] const LaterHttp* later_for(const net::Request& request) const;
  [[nodiscard]] bool refuse_later(Connection& connection, const LaterHttp& hook,
                                  const net::Request& request);
  void begin_later(Connection& connection, const LaterHttp& hook, net::Request request,
                   std::string_view rest);
  void gather_body(Connection& connection, std::string_view bytes);
  [[nodiscard]] bool count_body(LaterRequest& later, std::size_t bytes);
  void fail_busy(Connection& connection, const LaterHttp& hook);
  std::unique_ptr<LaterRequest> take_later(Connection& connection);
  void ask_later(Connection& connection);
  void answer_later(std::uint64_t number, net::Response response);
  void late(Connection& connection);
  void upgrade(Connection& connection, const net::Request& request, std::string_view room,
               std::span<char> rest);
  [[nodiscard]] bool answer_upgrade(Connection& connection, const net::Request& request);
  [[nodiscard]] std::optional<ConnectionRefusal> refusal_for_now(Connection& connection,
                                                                 const net::IpAddress& client);
  void authorize_and_join(Connection& connection, const JoinRequest& request, std::span<char> rest);
  void refuse_for_now(Connection& connection, ConnectionRefusal refusal, std::string_view room);
  void refuse_join(Connection& connection, const JoinRequest& request, const Error& error);
  // Of an upgraded connection: held and closed with 1013; told why in an $error and closed.
  void pace_away(Connection& connection);
  void close_for_good(Connection& connection, std::string_view room, std::string_view error,
                      std::uint16_t code, std::string_view reason);
  // The address's connections with this one; 0 when they are not counted.
  [[nodiscard]] std::uint32_t count_address(Connection& connection, const net::IpAddress& address);
  [[nodiscard]] bool count_user(Connection& connection, const AuthorizedUser& user);

  Worker& worker_;
  std::unordered_map<std::uint64_t, Connection*> asked_;  // by the question's number
  std::uint64_t next_question_ = 1;
};

}  // namespace pluv::native
