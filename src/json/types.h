// The vocabulary types of messages: Nullable, Raw, Extra, Tag and the names of enumerators. Plain
// values that own their text; how they read and write is in codec.h.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pluv::json {

// A member that must be there but may be null, and is written as null. (std::optional may be
// missing or null, and is left out when written.)
template <class T>
class Nullable {
 public:
  Nullable() = default;
  Nullable(std::nullptr_t) {}                      // NOLINT: implicit
  Nullable(T value) : value_(std::move(value)) {}  // NOLINT: implicit
  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] std::optional<T>& optional() noexcept { return value_; }
  [[nodiscard]] const std::optional<T>& optional() const noexcept { return value_; }
  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }
  bool operator==(const Nullable&) const = default;

 private:
  std::optional<T> value_;
};

// Any JSON value as its exact text, validated when read and copied through when written. An empty
// text is written as null. What a program assigns must be valid JSON.
struct Raw {
  std::string text;

  bool operator==(const Raw&) const = default;
};

// A struct with a member of this type keeps the members it has no field for (zod's passthrough), in
// their order, and writes them back after its own fields. Equal names are kept as they came.
struct Extra {
  struct Member {
    std::string name;
    Raw value;

    bool operator==(const Member&) const = default;
  };
  std::vector<Member> members;

  // The last of that name, as JSON.parse would see it, or nullptr.
  [[nodiscard]] const Raw* find(std::string_view name) const noexcept {
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      if (member->name == name) return &member->value;
    }
    return nullptr;
  }
  bool operator==(const Extra&) const = default;
};

// Marks a struct as an alternative of a union told by a member:
//
//   struct Circle { static constexpr Tag pluv_tag{"circle"}; double radius; };
//   struct Square { static constexpr Tag pluv_tag{"square"}; double side; };
//   using Shape = std::variant<Circle, Square>;        // {"type":"circle","radius":1}
//
// A tagged struct writes its tag first and asks for it when read, in a variant or alone. All
// alternatives of one variant name the same member.
struct Tag {
  std::string_view value;
  std::string_view member = "type";
};

// The names of an enum's values; specialise it with `static constexpr std::pair<E,
// std::string_view> table[]` for names that are no identifiers, else use PLUV_ENUM.
template <class E>
struct EnumNames;

template <class E, std::size_t N>
struct EnumTable {
  std::array<std::pair<E, std::string_view>, N> entries;
};

// Pairs the values with the names in `list`, which is "red, green, blue".
template <class E, std::size_t N>
constexpr EnumTable<E, N> make_enum_table(const E (&values)[N], std::string_view list) {
  EnumTable<E, N> table{};
  for (std::size_t i = 0; i < N; ++i) {
    while (list.front() == ' ') list.remove_prefix(1);
    const std::size_t end = list.find_first_of(" ,");
    table.entries[i] = {values[i], list.substr(0, end)};
    const std::size_t comma = list.find(',');
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return table;
}

}  // namespace pluv::json

// Stands after the enum in its own namespace: PLUV_ENUM(Color, red, green, blue).
#define PLUV_ENUM(E, ...)                                           \
  [[maybe_unused]] constexpr auto pluv_enum(const E*) noexcept {    \
    using enum E;                                                   \
    constexpr E kValues[] = {__VA_ARGS__};                          \
    return ::pluv::json::make_enum_table<E>(kValues, #__VA_ARGS__); \
  }
