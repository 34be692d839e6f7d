// The admin API's answers to what it does not do: problem details (RFC 9457). Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace pluv::apps {

// detail: a sentence without its final stop; instance: the request's path.
[[nodiscard]] net::Response admin_problem(int status, std::string_view detail,
                                          std::string_view instance);
// The status that says what kind of failure it is.
[[nodiscard]] int admin_status_of(ErrorCode code) noexcept;

// JSON that nobody keeps.
[[nodiscard]] net::Response admin_json(int status, std::string json);

}  // namespace pluv::apps
