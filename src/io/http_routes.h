// Answers HTTP requests that are not for rooms: the application's routes, /healthz and /readyz.
// Owned by Core; immutable after construction, so safe from all loops at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/blocking_pool.h"
#include "net/http.h"
#include "platform/native/server.h"
#include "pluv/detail/runtime.h"
#include "pluv/request.h"

namespace pluv::detail {

enum class Readiness : std::uint8_t { ready, draining };

class HttpRoutes {
 public:
  HttpRoutes() = default;
  HttpRoutes(std::vector<Route> routes, Runtime::Logger logger);

  // nullopt: no such path. 405 for a method that nothing answers. Not for those that may block.
  [[nodiscard]] std::optional<net::Response> answer(const net::Request& http,
                                                    std::string_view client_address,
                                                    Readiness readiness) const;

  // The routes that may block, which run on pool; nullopt when there are none. Both outlive the
  // server.
  [[nodiscard]] std::optional<native::LaterHttp> later(BlockingPool& pool) const;

 private:
  [[nodiscard]] const Route* find(const net::Request& http) const;
  [[nodiscard]] std::string allowed(std::string_view path) const;
  [[nodiscard]] net::Response call(const Route& route, const Request& request) const;

  std::vector<Route> routes_;
  Runtime::Logger logger_;
};

}  // namespace pluv::detail
