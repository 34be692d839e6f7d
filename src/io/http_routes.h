// Answers HTTP requests that are not for rooms: the application's routes, /healthz and /readyz.
// Owned by Core; immutable after construction, so safe from all loops at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "pluv/detail/runtime.h"
#include "pluv/request.h"

namespace pluv::detail {

enum class Readiness : std::uint8_t { ready, draining };

class HttpRoutes {
 public:
  HttpRoutes() = default;
  HttpRoutes(std::vector<Route> routes, Runtime::Logger logger);

  // nullopt: no such path. 405 for another method than GET and HEAD.
  [[nodiscard]] std::optional<net::Response> answer(const net::Request& http,
                                                    std::string_view client_address,
                                                    Readiness readiness) const;

 private:
  [[nodiscard]] net::Response call(const Route& route, const Request& request) const;

  std::vector<Route> routes_;
  Runtime::Logger logger_;
};

}  // namespace pluv::detail
