// Shapes of inputs, payloads and users: plain structs are reflected, refinements are added with
// check(). Public names of the JSON layer, gathered here; plain values, pure functions.
//
//   struct SendMessage { std::string message; std::optional<int> volume; };
//   io.procedure().input<SendMessage>(pluv::check(&SendMessage::message, pluv::max_length(4096)))
//
// Renames and types that reflection cannot see into: PLUV_FIELDS (json/fields.h); enums: PLUV_ENUM.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/result.h"
#include "json/codec.h"
#include "json/schema.h"
#include "json/value.h"

namespace pluv {

// Any JSON value, for data that no struct describes.
using Json = json::Value;
using json::Extra;     // member of a struct: keeps the members that it has no field for
using json::Nullable;  // must be there, may be null
using json::Raw;       // any JSON value as its text
using json::Tag;       // marks the alternatives of a variant

// check(&Struct::member, rules...), and the rules (json/rules.h).
using json::check;
using json::default_value;
using json::each;
using json::ends_with;
using json::fields;
using json::includes;
using json::integer;
using json::length;
using json::max_items;
using json::max_length;
using json::maximum;
using json::min_items;
using json::min_length;
using json::minimum;
using json::multiple_of;
using json::negative;
using json::non_negative;
using json::one_of;
using json::pattern;
using json::positive;
using json::refine;
using json::starts_with;
using json::strict;

// An object without members: the input of a procedure that needs none, the data of a mere signal.
struct Empty {
  bool operator==(const Empty&) const = default;
};

namespace detail {

template <class T>
inline constexpr bool kIsTaggedVariant = false;
template <class... Ts>
inline constexpr bool kIsTaggedVariant<std::variant<Ts...>> = (json::codec::Tagged<Ts> && ...);

template <class T>
inline constexpr bool kIsArray = false;
template <class T, std::size_t N>
inline constexpr bool kIsArray<std::array<T, N>> = true;

// Error unless raw is one valid JSON object.
[[nodiscard]] Result<void> require_object(std::string_view raw);

}  // namespace detail

// Whether a type is written as a JSON object. Of Json and Raw it is known only when written.
template <class T>
inline constexpr bool kIsObject =
    (json::Reflected<T> && !detail::kIsArray<T>) || json::codec::StringMap<T> ||
    detail::kIsTaggedVariant<T> || std::same_as<T, Json>;

namespace detail {

template <class T>
inline constexpr bool kIsDynamic = std::same_as<T, Json> || std::same_as<T, Raw>;

template <class T, class... Checks>
[[nodiscard]] json::Schema<T> make_schema(Checks... checks) {
  if constexpr (sizeof...(Checks) == 0) {
    return {};
  } else {
    return json::Schema<T>(std::move(checks)...);
  }
}

// Reads data (one JSON value) as a T that passed its checks.
template <class T, class Schema>
[[nodiscard]] Result<T> read_input(std::string_view data, const Schema& schema) {
  if constexpr (kIsDynamic<T>) {
    if (Result<void> object = require_object(data); !object.ok()) return std::move(object).error();
  }
  if constexpr (requires { schema.parse(data); }) {
    return schema.parse(data);
  } else {
    return json::from_json<T>(data);
  }
}

// Appends a payload as a JSON object.
template <class T>
[[nodiscard]] Result<void> write_payload(const T& payload, std::string& out) {
  const std::size_t begin = out.size();
  json::to_json(payload, out);
  if constexpr (kIsDynamic<T>) {
    return require_object(std::string_view(out).substr(begin));
  } else {
    static_cast<void>(begin);
    return {};
  }
}

}  // namespace detail
}  // namespace pluv
