// Reflection of plain aggregates without macros: how many fields a struct has, what they are called
// and a reference to each. All of it happens at compile time and owns nothing.
//
// The number of fields is the largest number of initialisers that aggregate initialisation takes;
// a structured binding gives the fields, and a field's name is read from how the compiler spells a
// pointer to it as a template argument (g++ 12 and later, clang 18 and later). A type with
// PLUV_FIELDS (fields.h) is described by that instead. Not for C arrays, bases or over 32 fields.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "json/fields.h"

namespace pluv::json {

inline constexpr std::size_t kReflectedFieldsMax = 32;

namespace reflection {

template <class T>
concept Described = requires { pluv_fields(static_cast<const T*>(nullptr)); };

// Converts to anything, in unevaluated code only.
struct Anything {
  template <class T>
  operator T() const noexcept {  // NOLINT: implicit is its purpose
    std::abort();                // never called; clang wants a body for types without linkage
  }
};

template <std::size_t>
using AnythingAt = Anything;

template <class T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires { T{AnythingAt<I>{}...}; };
}

// The largest n (not the first failure: one field less may fail on its own) that T{...} takes.
// A field takes a byte at least, so sizeof bounds the search.
template <class T>
inline constexpr std::size_t kFieldsPossible =
    sizeof(T) < kReflectedFieldsMax + 1 ? sizeof(T) : kReflectedFieldsMax + 1;

template <class T, std::size_t N = kFieldsPossible<T>>
constexpr std::size_t count_initialisers() {
  if constexpr (N == 0) {
    return 0;
  } else if constexpr (takes<T>(std::make_index_sequence<N>{})) {
    return N;
  } else {
    return count_initialisers<T, N - 1>();
  }
}

// Calls f with a reference to every field of an undescribed aggregate of N fields.
template <std::size_t N, class T, class F>
constexpr decltype(auto) bind(T& v, F&& f) {
#define PLUV_BIND(n, ...)    \
  if constexpr (N == n) {    \
    auto& [__VA_ARGS__] = v; \
    return f(__VA_ARGS__);   \
  } else
  // clang-format off
  if constexpr (N == 0) { return f(); } else
  PLUV_BIND(1, a)
  PLUV_BIND(2, a, b)
  PLUV_BIND(3, a, b, c)
  PLUV_BIND(4, a, b, c, d)
  PLUV_BIND(5, a, b, c, d, e)
  PLUV_BIND(6, a, b, c, d, e, g)
  PLUV_BIND(7, a, b, c, d, e, g, h)
  PLUV_BIND(8, a, b, c, d, e, g, h, i)
  PLUV_BIND(9, a, b, c, d, e, g, h, i, j)
  PLUV_BIND(10, a, b, c, d, e, g, h, i, j, k)
  PLUV_BIND(11, a, b, c, d, e, g, h, i, j, k, l)
  PLUV_BIND(12, a, b, c, d, e, g, h, i, j, k, l, m)
  PLUV_BIND(13, a, b, c, d, e, g, h, i, j, k, l, m, o)
  PLUV_BIND(14, a, b, c, d, e, g, h, i, j, k, l, m, o, p)
  PLUV_BIND(15, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q)
  PLUV_BIND(16, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r)
  PLUV_BIND(17, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s)
  PLUV_BIND(18, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t)
  PLUV_BIND(19, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u)
  PLUV_BIND(20, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w)
  PLUV_BIND(21, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x)
  PLUV_BIND(22, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y)
  PLUV_BIND(23, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z)
  PLUV_BIND(24, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A)
  PLUV_BIND(25, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A, B)
  PLUV_BIND(26, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A, B, C)
  PLUV_BIND(27, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A, B, C, D)
  PLUV_BIND(28, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A, B, C, D, E)
  PLUV_BIND(29, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A, B, C, D, E,
            G)
  PLUV_BIND(30, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A, B, C, D, E,
            G, H)
  PLUV_BIND(31, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A, B, C, D, E,
            G, H, I)
  PLUV_BIND(32, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z, A, B, C, D, E,
            G, H, I, J)
  static_assert(N <= kReflectedFieldsMax, "pluv: over 32 fields: describe them with PLUV_FIELDS");
  // clang-format on
#undef PLUV_BIND
}

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif

// An object that exists for the compiler only: never defined, its fields' addresses are names.
template <class T>
struct Nowhere {
  T object;
};
template <class T>
extern const Nowhere<T> nowhere;

// A pointer in a struct: clang spells the whole path to a subobject only then.
template <class P>
struct Pointer {
  P value;
};
template <class P>
Pointer(P) -> Pointer<P>;

template <auto kPointer>
consteval std::string_view spelling() {
  return __PRETTY_FUNCTION__;
}

template <class T, std::size_t I>
consteval auto pointer_to_field() {
  return bind<count_initialisers<T>()>(nowhere<T>.object, [](auto&... fields) {
    return Pointer{std::get<I>(std::tuple(&fields...))};
  });
}

// The last identifier of the pointer's spelling: "... [with auto kPointer = Pointer<const int*>
// {(& nowhere<User>.Nowhere<User>::object.User::id)}]".
template <class T, std::size_t I>
consteval std::string_view field_name() {
  constexpr std::string_view kText = spelling<pointer_to_field<T, I>()>();
  const auto part_of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
  };
  std::size_t end = kText.rfind('}');
  while (!part_of_name(kText[end - 1])) --end;
  std::size_t begin = end;
  while (part_of_name(kText[begin - 1])) --begin;
  return kText.substr(begin, end - begin);
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

template <class T>
constexpr std::size_t count_fields() {
  if constexpr (Described<T>) {
    return std::tuple_size_v<decltype(pluv_fields(static_cast<const T*>(nullptr)))>;
  } else {
    return count_initialisers<T>();
  }
}

template <class T, std::size_t... I>
consteval std::array<std::string_view, sizeof...(I)> names_of_fields(std::index_sequence<I...>) {
  if constexpr (Described<T>) {
    return {std::get<I>(pluv_fields(static_cast<const T*>(nullptr))).name...};
  } else {
    return {field_name<T, I>()...};
  }
}

template <class T>
inline constexpr auto kNames = names_of_fields<T>(std::make_index_sequence<count_fields<T>()>{});

}  // namespace reflection

// Structs whose fields can be listed: aggregates, and what PLUV_FIELDS describes.
template <class T>
concept Reflected = std::is_class_v<T> && (std::is_aggregate_v<T> || reflection::Described<T>);

template <Reflected T>
inline constexpr std::size_t field_count = reflection::count_fields<T>();

// In the order of declaration (or of PLUV_FIELDS).
template <Reflected T>
constexpr const std::array<std::string_view, field_count<T>>& field_names() noexcept {
  return reflection::kNames<T>;
}

// Calls f(name, reference) for every field in order. T may be const.
template <class T, class F>
  requires Reflected<std::remove_const_t<T>>
constexpr void for_each_field(T& value, F&& f) {
  using Plain = std::remove_const_t<T>;
  constexpr auto& kNames = reflection::kNames<Plain>;
  const auto visit = [&f](auto&... fields) {
    std::size_t i = 0;
    (f(kNames[i++], fields), ...);
  };
  if constexpr (reflection::Described<Plain>) {
    std::apply([&](const auto&... field) { visit(value.*field.pointer...); },
               pluv_fields(static_cast<const Plain*>(nullptr)));
  } else {
    reflection::bind<field_count<Plain>>(value, visit);
  }
}

}  // namespace pluv::json
