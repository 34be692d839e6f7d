// The form of the inspector's answers: JSON that nobody keeps. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace pluv::apps {

// 200 with this JSON.
[[nodiscard]] net::Response inspector_answer(std::string json);
// {"error": message}. message: a sentence without its final stop.
[[nodiscard]] net::Response inspector_error(int status, std::string_view message);
// The same, with the status that fits the error.
[[nodiscard]] net::Response inspector_error(const Error& error);

}  // namespace pluv::apps
