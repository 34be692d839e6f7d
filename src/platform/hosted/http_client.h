// HTTP calls from the server to others: webhooks, and whatever else of a hosted service has to ask
// somebody. One thread of its own carries out all of them at the same time (libcurl's multi
// interface); nobody who starts a call waits for anything, a name server included. It never follows
// a redirect, never speaks anything but http and https, always checks certificates, knows no
// proxies of the environment, unpacks nothing, and reads no more of an answer than it was told to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pluv::hosted {

struct HttpCall {
  std::string method = "POST";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // From the start to the last byte of the answer. Connecting may take no more than
  // kConnectMsMax of it.
  std::int64_t timeout_ms = 10'000;
  std::size_t response_bytes_max = 1 << 20;  // of the answer's body
  // Of the answer only its status and headers are wanted. It is taken as soon as they are there
  // (and, for a status of success, the body of the call is sent), whatever follows: the reply's
  // body is empty. A connection on which the rest was there at once is kept, any other is ended.
  bool status_only = false;
  // Asked before more of the answer's body is kept; false: it is too much now. On the client's
  // thread. Null: response_bytes_max alone counts.
  std::function<bool(std::size_t bytes)> may_read;
  std::string ca_file;  // PEM, of who may sign the server's certificate; empty: the system's
};

// A server that is there takes far less; one that is not should not use up the time of a call.
inline constexpr std::int64_t kConnectMsMax = 10'000;
// Of an answer's head: as much as servers commonly read of a request's, and more.
inline constexpr std::size_t kReplyHeadBytesMax = std::size_t{64} * 1024;
// Calls under way at once; more wait their turn, in their time. Each is a connection.
inline constexpr long kCallsMax = 2'048;

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
  std::string body;

  // Empty when there is none of that name (in lower case).
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

class HttpClient {
 public:
  // An answer of any status. Errors: invalid for a call that cannot be made (its address or a
  // header); limit for an answer over a bound; unavailable for everything else that kept an answer
  // from coming whole.
  using Done = std::function<void(Result<HttpReply>)>;

  HttpClient();
  ~HttpClient();  // closes
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // done is called once, on the client's thread, which it must not hold up; from it calls may be
  // started. What is started after close() is answered at once, on the caller's thread.
  void start(HttpCall call, Done done);
  // Starts it and waits. Not from the client's own thread.
  [[nodiscard]] Result<HttpReply> run(HttpCall call);
  // Cuts off what is under way; all of it is answered with unavailable when this returns. Not from
  // the client's own thread.
  void close();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace pluv::hosted
