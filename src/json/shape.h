// Shapes: what the codec makes of C++ types, as data: which members a struct has, which names an
// enum. For those who describe a program's messages in another language; messages themselves are
// read and written by codec.h, which needs none of this. A Shapes owns the shapes of all types that
// were added to it, each once, so types that refer to themselves end. Not thread-safe.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "json/codec.h"

namespace pluv::json {

enum class ShapeKind : std::uint8_t {
  any,  // any JSON value
  boolean,
  integer,
  number,
  string,
  nullable,   // parts[0] or null
  list,       // of parts[0]
  tuple,      // `size` times parts[0]
  map,        // from strings to parts[0]
  choice,     // an enum: one of the strings `values`
  structure,  // an object with `members`
  variant,    // one of the structures `parts`
  custom,     // a codec of the program's own
};

// An index into its Shapes.
using ShapeId = std::size_t;

struct ShapeMember {
  std::string name;
  ShapeId shape = 0;
  // std::optional: may be missing or null when read, is left out when written and empty.
  bool optional = false;
};

struct Shape {
  ShapeKind kind = ShapeKind::any;
  std::string name{};  // of a structure or a choice, as C++ spells it: "chat::SendMessage"
  std::vector<ShapeMember> members{};
  bool strict = false;  // members without a field are refused
  bool extra = false;   // members without a field are kept
  std::string tag_member{};
  std::string tag_value{};
  std::vector<std::string> values{};
  std::vector<ShapeId> parts{};
  std::size_t size = 0;
  unsigned bits = 0;  // of an integer
  bool is_signed = false;
  // What a codec of the program's own says of itself, or empty.
  std::string typescript{};
  std::string json_schema{};
};

namespace shapes {

// Text that has the type's name in it; type_name() finds it.
template <class T>
[[nodiscard]] constexpr std::string_view spelling() {
  return __PRETTY_FUNCTION__;
}
[[nodiscard]] std::string type_name(std::string_view spelling);

// Differs from type to type. (Not a constant's address: equal constants may be folded into one.)
template <class T>
[[nodiscard]] const void* identity() noexcept {
  static char unique = 0;
  return &unique;
}

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

}  // namespace shapes

class Shapes {
 public:
  // The shape of T, and of all that it is made of.
  template <class T>
  ShapeId add() {
    const void* const identity = shapes::identity<T>();
    for (std::size_t i = 0; i < identities_.size(); ++i) {
      if (identities_[i] == identity) return i;
    }
    const ShapeId id = identities_.size();
    identities_.push_back(identity);
    all_.emplace_back();
    Shape shape;  // apart, since adding parts moves all_
    fill<T>(shape);
    all_[id] = std::move(shape);
    return id;
  }
  [[nodiscard]] const Shape& operator[](ShapeId id) const { return all_[id]; }
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

 private:
  template <class T>
  void fill(Shape& shape) {
    if constexpr (std::same_as<T, bool>) {
      shape.kind = ShapeKind::boolean;
    } else if constexpr (codec::Integer<T>) {
      shape.kind = ShapeKind::integer;
      shape.bits = static_cast<unsigned>(sizeof(T) * 8);
      shape.is_signed = std::is_signed_v<T>;
    } else if constexpr (std::floating_point<T>) {
      shape.kind = ShapeKind::number;
    } else if constexpr (std::same_as<T, std::string>) {
      shape.kind = ShapeKind::string;
    } else if constexpr (std::same_as<T, Value> || std::same_as<T, Raw>) {
      shape.kind = ShapeKind::any;
    } else if constexpr (requires { Codec<T>::kParts; }) {
      fill_built_in<T>(shape);
    } else {
      fill_custom<T>(shape);
    }
  }

  template <class T>
  void fill_built_in(Shape& shape) {
    constexpr codec::Parts kParts = Codec<T>::kParts;
    if constexpr (kParts == codec::Parts::optional) {
      shape.kind = ShapeKind::nullable;
      shape.parts = {add<std::remove_cvref_t<decltype(*std::declval<T&>())>>()};
    } else if constexpr (kParts == codec::Parts::elements) {
      shape.kind = shapes::kIsVector<T> ? ShapeKind::list : ShapeKind::tuple;
      if constexpr (!shapes::kIsVector<T>) shape.size = std::tuple_size_v<T>;
      shape.parts = {add<typename T::value_type>()};
    } else if constexpr (kParts == codec::Parts::entries) {
      shape.kind = ShapeKind::map;
      shape.parts = {add<typename T::mapped_type>()};
    } else if constexpr (kParts == codec::Parts::names) {
      shape.kind = ShapeKind::choice;
      shape.name = shapes::type_name(shapes::spelling<T>());
      for (const std::string_view name : codec::kEnumNames<T>) shape.values.emplace_back(name);
    } else if constexpr (kParts == codec::Parts::alternatives) {
      shape.kind = ShapeKind::variant;
      fill_alternatives(shape, static_cast<const T*>(nullptr));
    } else {
      static_assert(kParts == codec::Parts::members);
      fill_structure<T>(shape);
    }
  }
  template <class... T>
  void fill_alternatives(Shape& shape, const std::variant<T...>*) {
    (shape.parts.push_back(add<T>()), ...);
  }

  template <class T>
  void fill_structure(Shape& shape) {
    shape.kind = ShapeKind::structure;
    shape.name = shapes::type_name(shapes::spelling<T>());
    shape.strict = codec::refuses_unknown<T>();
    if constexpr (codec::Tagged<T>) {
      shape.tag_member = T::pluv_tag.member;
      shape.tag_value = T::pluv_tag.value;
    }
    T value{};
    for_each_field(value, [&](std::string_view name, auto& field) {
      using F = std::remove_reference_t<decltype(field)>;
      if constexpr (std::same_as<F, Extra>) {
        shape.extra = true;
      } else if constexpr (codec::kIsOptional<F>) {
        shape.members.push_back({std::string(name), add<typename F::value_type>(), true});
      } else {
        shape.members.push_back({std::string(name), add<F>(), false});
      }
    });
  }

  template <class T>
  void fill_custom(Shape& shape) {
    shape.kind = ShapeKind::custom;
    if constexpr (requires { Codec<T>::typescript; }) shape.typescript = Codec<T>::typescript;
    if constexpr (requires { Codec<T>::json_schema; }) shape.json_schema = Codec<T>::json_schema;
  }

  std::vector<Shape> all_;
  std::vector<const void*> identities_;
};

// The parts of a name as C++ spells it, outermost first, each made a plain identifier; what has no
// name (unnamed namespaces, functions) is left out: "chat::Page<chat::Message>" gives "chat" and
// "PageMessage".
[[nodiscard]] std::vector<std::string> name_parts(std::string_view name);

}  // namespace pluv::json
