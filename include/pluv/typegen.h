// The types of a router's messages in other languages, written from the C++ types: TypeScript for
// clients, JSON Schema and AsyncAPI for tools. server.typescript() and its sisters say more than
// these: they know the checks of the user and whether rooms have documents. Pure functions.
//
//   std::ofstream("chat.d.ts") << pluv::typescript(router);
//
// docs/typegen.md has the way to do it in every build.
#pragma once

#include <string>

#include "pluv/detail/api.h"
#include "pluv/router.h"

namespace pluv {

// The text of a .d.ts: an interface for every struct, and `Server`, which names the events.
template <class... Ons>
[[nodiscard]] std::string typescript(const Router<Ons...>& router) {
  using User = typename detail::UserOf<Router<Ons...>>::type;
  return detail::write_typescript(detail::describe<User>(router));
}

// A JSON Schema (draft 2020-12) of an object {user, inputs, outputs}, the events' data in the last
// two, each under its event's name, with the checks of inputs.
template <class... Ons>
[[nodiscard]] std::string json_schema(const Router<Ons...>& router) {
  using User = typename detail::UserOf<Router<Ons...>>::type;
  return detail::write_json_schema(detail::describe<User>(router));
}

// An AsyncAPI 3.0 document (JSON) of the application's events; the protocol's own, which begin with
// '$', are in docs/protocol.md.
template <class... Ons>
[[nodiscard]] std::string async_api(const Router<Ons...>& router) {
  using User = typename detail::UserOf<Router<Ons...>>::type;
  return detail::write_async_api(detail::describe<User>(router));
}

}  // namespace pluv
