// The admin API's description for people and programs: an OpenAPI 3.1 document, written from the
// table of routes (admin_table.h) and the shapes of what they take and answer (admin_types.h), so
// that it says what the server does. Pure functions.
#pragma once

#include <string>

namespace pluv::apps {

// Made once, kept by whoever serves it.
[[nodiscard]] std::string admin_openapi();

}  // namespace pluv::apps
