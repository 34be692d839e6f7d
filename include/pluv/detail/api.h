// The description of a server's messages: the shapes of its user and of its events' inputs and
// outputs, from which typegen.h's texts are written. Templates only gather it; the writing is
// compiled once in src/io. Plain values. Internal to the public headers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "json/fact.h"
#include "json/shape.h"
#include "pluv/context.h"
#include "pluv/router.h"

namespace pluv::detail {

struct ApiOutput {
  std::string event;
  json::ShapeId shape = 0;
};

struct ApiProcedure {
  std::string event;
  // What .input() says; without it any object is taken, and perhaps not looked at.
  std::optional<json::ShapeId> input{};
  bool reads_input = false;
  json::SchemaFacts facts{};
  std::vector<ApiOutput> outputs{};  // one for each event and type
};

struct Api {
  json::Shapes shapes{};
  std::optional<json::ShapeId> user{};
  json::SchemaFacts user_facts{};
  bool has_documents = false;
  std::vector<ApiProcedure> procedures{};
};

// Adds the output unless it is known.
void add_output(ApiProcedure& procedure, std::string_view event, json::ShapeId shape);

template <class... Es>
void describe_outputs(Api& api, ApiProcedure& procedure, TypeList<Es...>) {
  static_cast<void>(api);  // without outputs
  (add_output(procedure, Es::name, api.shapes.add<decltype(Es::payload)>()), ...);
}

template <class One>
void describe_procedure(Api& api, const One& on) {
  using Proc = typename One::Procedure;
  ApiProcedure procedure{.event = std::string(One::name), .reads_input = Proc::reads_input};
  if constexpr (Proc::has_input) {
    procedure.input = api.shapes.add<typename Proc::Input>();
    procedure.facts = on.procedure.schema_part().facts();
  }
  describe_outputs(api, procedure, typename Proc::Outputs{});
  api.procedures.push_back(std::move(procedure));
}

template <class User, class... Ons>
[[nodiscard]] Api describe(const Router<Ons...>& router) {
  Api api;
  if constexpr (!std::is_same_v<User, NoUser>) api.user = api.shapes.add<User>();
  std::apply([&](const Ons&... ons) { (describe_procedure(api, ons), ...); }, router.procedures());
  return api;
}

// What a router's procedures know of their io; NoUser of an empty router.
template <class RouterType>
struct UserOf {
  using type = NoUser;
};
template <class First, class... Rest>
struct UserOf<Router<First, Rest...>> {
  using type = typename First::Procedure::UserType;
};

// Pure functions of the description; the texts end with a line feed.
[[nodiscard]] std::string write_typescript(const Api& api);
[[nodiscard]] std::string write_json_schema(const Api& api);
[[nodiscard]] std::string write_async_api(const Api& api);

}  // namespace pluv::detail
