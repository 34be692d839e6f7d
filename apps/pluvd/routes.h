// pluvd's HTTP routes as a function of the request: tokens in development, health, metrics, the
// start page and the pages. Immutable after construction, but for the metrics' token; answers from
// any loop. What is not here is the platform's: rooms, and 404 for what nobody answers.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apps/pluvd/pages.h"
#include "apps/pluvd/web_files.h"
#include "base/result.h"
#include "net/http.h"
#include "net/origin.h"

namespace pluv::apps {

inline constexpr std::string_view kRoomPath = "/api/pluv/room/";
inline constexpr std::string_view kHostedRoomPath = "/api/room/";  // of projects
inline constexpr std::string_view kAuthorizePath = "/api/pluv/authorize";

// What a client of a project connects to, with names for what it has to fill in.
[[nodiscard]] std::string project_room_path();

struct RouteOptions {
  bool dev = false;
  bool tokens_required = true;  // for the start page
  bool tls = false;             // for the start page
  bool inspector = false;       // its page
  bool projects = false;        // their rooms
  bool own_rooms = true;        // rooms of no project can be entered, too
  bool metrics = true;
  std::string metrics_token;  // empty: none is asked for
  net::OriginList cors_origins;
  bool cors_any = false;
  std::span<const WebFile> web_files;  // the pages'; borrowed
};

// Where the answers come from. Called on any loop; none may block or throw.
struct RouteSources {
  // For room (which is_room_id), user id and name; an empty id or name: a random one.
  std::function<Result<std::string>(std::string_view room, std::string_view id,
                                    std::string_view name)>
      make_token;
  std::function<bool()> draining;
  std::function<std::string()> metrics_text;
};

class Routes {
 public:
  Routes(RouteOptions options, RouteSources sources);

  // nullopt: no such route. A HEAD is answered as its GET; the platform drops the body.
  [[nodiscard]] std::optional<net::Response> answer(const net::Request& request) const;

  // In the place of that of the options; empty: none is asked for. From any thread.
  void set_metrics_token(std::string token);
  // Without the token.
  [[nodiscard]] const RouteOptions& given_options() const noexcept { return options_; }

 private:
  enum class Route : std::uint8_t {
    none,
    authorize,
    health,
    ready,
    metrics,
    start_page,
    page,
    room
  };

  [[nodiscard]] Route route_of(std::string_view path) const;
  [[nodiscard]] net::Response get(Route route, const net::Request& request) const;
  [[nodiscard]] net::Response authorize(const net::Request& request) const;
  [[nodiscard]] net::Response metrics(const net::Request& request) const;
  [[nodiscard]] net::Response options(Route route, const net::Request& request) const;
  void add_cors(net::Response& response, Route route, const net::Request& request) const;
  [[nodiscard]] bool may_read_metrics(const net::Request& request) const;

  mutable std::mutex metrics_token_mutex_;
  std::string metrics_token_;
  const RouteOptions options_;
  const Pages pages_;
  const RouteSources sources_;
};

struct StartPage {
  std::string_view host;  // as the browser wrote it: "localhost:3000"; not trusted
  bool tls = false;
  bool tokens_required = false;
  bool inspector = false;  // whether there is one to go to
};
// The page at "/" of a development server.
[[nodiscard]] std::string start_page_html(const StartPage& page);

}  // namespace pluv::apps
