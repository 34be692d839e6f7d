// Between C++ values and JSON text: from_json, to_json and the Codec of every type that can stand
// in a message. Reading is one pass over the text without a document in between; it collects the
// first error only, with the path to it ("items[2].name: expected string, received number").
//
// Types: bool, integers (range-checked; 1.0 and 1e3 are integers, 1.5 is not), double and float
// (finite), std::string, std::optional (missing or null; left out when written), Nullable,
// std::vector, std::array, maps with string keys (unordered ones are written sorted), enums with
// names, structs (reflect.h, or PLUV_FIELDS), std::variant of tagged structs, Value, Raw. Anything
// else by specialising Codec. Recursive types are fine: the reader's depth bounds them.
//
// Members without a field are dropped (zod's strip); a struct with `static constexpr bool
// pluv_strict = true` refuses them, one with a member of type Extra keeps them. Of equal names in
// one object the last wins.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/sort.h"
#include "json/reader.h"
#include "json/reflect.h"
#include "json/types.h"
#include "json/value.h"
#include "json/writer.h"

namespace pluv::json {

// What is wrong with a text and where. The path grows from the inside out, when a failure unwinds.
struct Issue {
  ErrorCode code = ErrorCode::invalid;
  std::string path;     // "items[2].name"; empty at the root
  std::string message;  // "expected string, received number"

  // Both put an outer step before the path. Names from outside are cut to 64 bytes.
  void inside_member(std::string_view name);
  void inside_element(std::size_t index);
  // "path: message".
  [[nodiscard]] Error to_error() const;
};

// How a type is read and written. A specialisation has
//   static bool read(Reader&, T& out, Issue&);   // out is fresh; false after filling the issue
//   static void write(Writer&, const T&);
// and may say what it writes, for generated types (shape.h), both as std::string_view:
//   typescript ("string"), json_schema (R"({"type":"string"})").
template <class T>
struct Codec;

template <>
struct Codec<Raw> {
  static bool read(Reader& reader, Raw& out, Issue& issue);
  static void write(Writer& writer, const Raw& value) {
    writer.raw(value.text.empty() ? std::string_view("null") : std::string_view(value.text));
  }
};

// What happens to members that a struct has no field for.
enum class Unknown : std::uint8_t { strip, refuse };

namespace codec {

// All fill the issue and answer false; `expected` is "string", "integer" ...
bool mismatch(Reader& reader, std::string_view expected, Issue& issue);
bool syntax(const Reader& reader, Issue& issue);
bool missing(std::string_view name, Issue& issue);
bool unexpected_member(std::string_view name, Issue& issue);
bool not_one_of(const std::string_view* names, std::size_t count, Issue& issue);
bool wrong_size(std::size_t expected, std::size_t received, Issue& issue);

bool read_text(Reader& reader, std::string& out, Issue& issue);
bool read_signed(Reader& reader, std::int64_t& out, std::int64_t min, std::int64_t max,
                 Issue& issue);
bool read_unsigned(Reader& reader, std::uint64_t& out, std::uint64_t max, Issue& issue);
// Refuses what is larger in magnitude than max.
bool read_finite(Reader& reader, double& out, double max, Issue& issue);
// Finds a union's tag without moving on: `reader` is a copy. False with the issue filled.
bool find_tag(Reader reader, std::string_view member, std::string& out, Issue& issue);

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
concept Tagged = requires { T::pluv_tag.value; };

template <class T>
concept StringMap = requires(T map, std::string key) {
  typename T::mapped_type;
  requires std::same_as<typename T::key_type, std::string>;
  map[std::move(key)];
  map.clear();
};

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                  !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                  !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <class T>
constexpr bool refuses_unknown() {
  if constexpr (requires { T::pluv_strict; }) {
    return T::pluv_strict;
  } else {
    return false;
  }
}

// What a codec of this file finds in its type; codecs of a program's own say nothing of the kind.
enum class Parts : std::uint8_t { optional, elements, entries, names, alternatives, members };

// The fields of T that were read, a bit each in their order; the last bit is the tag.
using FieldBits = std::uint64_t;
inline constexpr std::size_t kFieldsMax = 63;
inline constexpr FieldBits kTagBit = FieldBits{1} << 63;

// Reads one member's value into the field called `key`, or drops, keeps or refuses it.
template <class T>
bool read_member(Reader& reader, std::string_view key, T& out, FieldBits& seen, Unknown unknown,
                 Issue& issue) {
  if constexpr (Tagged<T>) {
    if (key == T::pluv_tag.member) {
      std::string tag;
      constexpr std::string_view kTag = T::pluv_tag.value;
      if (!read_text(reader, tag, issue) || (tag != kTag && !not_one_of(&kTag, 1, issue))) {
        issue.inside_member(key);
        return false;
      }
      seen |= kTagBit;
      return true;
    }
  }
  bool found = false;
  bool good = true;
  Extra* extra = nullptr;
  FieldBits bit = 1;
  for_each_field(out, [&](std::string_view name, auto& field) {
    using F = std::remove_reference_t<decltype(field)>;
    if constexpr (std::same_as<F, Extra>) {
      extra = &field;
    } else if (!found && name == key) {
      found = true;
      if ((seen & bit) != 0) field = F{};
      seen |= bit;
      good = Codec<F>::read(reader, field, issue);
      if (!good) issue.inside_member(name);
    }
    bit <<= 1;
  });
  if (found) return good;
  if (extra != nullptr) {
    std::string name(key);
    std::string_view raw;
    if (!reader.raw_value(raw)) return syntax(reader, issue);
    extra->members.push_back({std::move(name), Raw{std::string(raw)}});
    return true;
  }
  if (unknown == Unknown::refuse) return unexpected_member(key, issue);
  return reader.skip_value() || syntax(reader, issue);
}

// Reads a struct's members; says in `seen` which, and does not ask for the others.
template <class T>
bool read_members(Reader& reader, T& out, FieldBits& seen, Unknown unknown, Issue& issue) {
  static_assert(field_count<T> <= kFieldsMax, "pluv: a struct in a message has at most 63 fields");
  if (reader.peek() != Kind::object) return mismatch(reader, "object", issue);
  if (!reader.enter_object()) return syntax(reader, issue);
  if constexpr (refuses_unknown<T>()) unknown = Unknown::refuse;
  std::string scratch;
  std::string_view key;
  while (reader.next_member(scratch, key)) {
    if (!read_member(reader, key, out, seen, unknown, issue)) return false;
  }
  return reader.ok() || syntax(reader, issue);
}

// False when a member that must be there was not seen.
template <class T>
bool require_members(const T& out, FieldBits seen, Issue& issue) {
  if constexpr (Tagged<T>) {
    if ((seen & kTagBit) == 0) return missing(T::pluv_tag.member, issue);
  }
  bool good = true;
  FieldBits bit = 1;
  for_each_field(out, [&](std::string_view name, const auto& field) {
    using F = std::remove_cvref_t<decltype(field)>;
    if constexpr (!kIsOptional<F> && !std::same_as<F, Extra>) {
      if (good && (seen & bit) == 0) good = missing(name, issue);
    }
    bit <<= 1;
  });
  return good;
}

template <class T>
void write_members(Writer& writer, const T& value) {
  if constexpr (Tagged<T>) {
    writer.key(T::pluv_tag.member);
    writer.string(T::pluv_tag.value);
  }
  const Extra* extra = nullptr;
  for_each_field(value, [&](std::string_view name, const auto& field) {
    using F = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::same_as<F, Extra>) {
      extra = &field;
      return;
    } else if constexpr (kIsOptional<F>) {
      if (!field) return;
    }
    if constexpr (!std::same_as<F, Extra>) {
      writer.key(name);
      Codec<F>::write(writer, field);
    }
  });
  if (extra == nullptr) return;
  for (const Extra::Member& member : extra->members) {
    writer.key(member.name);
    Codec<Raw>::write(writer, member.value);
  }
}

template <class E>
constexpr auto enum_entries() {
  if constexpr (requires { pluv_enum(static_cast<const E*>(nullptr)); }) {
    return pluv_enum(static_cast<const E*>(nullptr)).entries;
  } else {
    static_assert(
        requires { EnumNames<E>::table; },
        "pluv: say the names of this enum's values with PLUV_ENUM");
    return std::to_array(EnumNames<E>::table);
  }
}

template <class E>
constexpr auto enum_names() {
  constexpr auto kEntries = enum_entries<E>();
  std::array<std::string_view, kEntries.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kEntries[i].second;
  return names;
}

template <class E>
inline constexpr auto kEnumEntries = enum_entries<E>();
template <class E>
inline constexpr auto kEnumNames = enum_names<E>();

}  // namespace codec

template <>
struct Codec<bool> {
  static bool read(Reader& reader, bool& out, Issue& issue);
  static void write(Writer& writer, const bool& value) { writer.boolean(value); }
};

template <codec::Integer T>
struct Codec<T> {
  static bool read(Reader& reader, T& out, Issue& issue) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>) {
      std::int64_t value = 0;
      if (!codec::read_signed(reader, value, Limits::min(), Limits::max(), issue)) return false;
      out = static_cast<T>(value);
    } else {
      std::uint64_t value = 0;
      if (!codec::read_unsigned(reader, value, Limits::max(), issue)) return false;
      out = static_cast<T>(value);
    }
    return true;
  }
  static void write(Writer& writer, T value) {
    if constexpr (std::is_signed_v<T>) {
      writer.number(static_cast<std::int64_t>(value));
    } else {
      writer.number(static_cast<std::uint64_t>(value));
    }
  }
};

template <std::floating_point T>
struct Codec<T> {
  static bool read(Reader& reader, T& out, Issue& issue) {
    double value = 0;
    const double max = static_cast<double>(std::numeric_limits<T>::max());
    if (!codec::read_finite(reader, value, max, issue)) return false;
    out = static_cast<T>(value);
    return true;
  }
  static void write(Writer& writer, T value) { writer.number(static_cast<double>(value)); }
};

template <>
struct Codec<std::string> {
  static bool read(Reader& reader, std::string& out, Issue& issue) {
    return codec::read_text(reader, out, issue);
  }
  static void write(Writer& writer, const std::string& value) { writer.string(value); }
};

template <>
struct Codec<Value> {
  static bool read(Reader& reader, Value& out, Issue& issue);
  static void write(Writer& writer, const Value& value);
};

template <class T>
struct Codec<std::optional<T>> {
  static constexpr codec::Parts kParts = codec::Parts::optional;

  static bool read(Reader& reader, std::optional<T>& out, Issue& issue) {
    if (reader.peek() != Kind::null) return Codec<T>::read(reader, out.emplace(), issue);
    out.reset();
    return reader.read_null() || codec::syntax(reader, issue);
  }
  static void write(Writer& writer, const std::optional<T>& value) {
    if (value) {
      Codec<T>::write(writer, *value);
    } else {
      writer.null();
    }
  }
};

template <class T>
struct Codec<Nullable<T>> {
  static constexpr codec::Parts kParts = codec::Parts::optional;

  static bool read(Reader& reader, Nullable<T>& out, Issue& issue) {
    return Codec<std::optional<T>>::read(reader, out.optional(), issue);
  }
  static void write(Writer& writer, const Nullable<T>& value) {
    Codec<std::optional<T>>::write(writer, value.optional());
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static constexpr codec::Parts kParts = codec::Parts::elements;

  static bool read(Reader& reader, std::vector<T>& out, Issue& issue) {
    out.clear();
    if (reader.peek() != Kind::array) return codec::mismatch(reader, "array", issue);
    if (!reader.enter_array()) return codec::syntax(reader, issue);
    while (reader.next_element()) {
      T element{};
      if (!Codec<T>::read(reader, element, issue)) {
        issue.inside_element(out.size());
        return false;
      }
      out.push_back(std::move(element));
    }
    return reader.ok() || codec::syntax(reader, issue);
  }
  static void write(Writer& writer, const std::vector<T>& value) {
    writer.begin_array();
    for (const auto& element : value) Codec<T>::write(writer, element);
    writer.end_array();
  }
};

template <class T, std::size_t N>
struct Codec<std::array<T, N>> {
  static constexpr codec::Parts kParts = codec::Parts::elements;

  static bool read(Reader& reader, std::array<T, N>& out, Issue& issue) {
    if (reader.peek() != Kind::array) return codec::mismatch(reader, "array", issue);
    if (!reader.enter_array()) return codec::syntax(reader, issue);
    std::size_t count = 0;
    while (reader.next_element()) {
      if (count >= N) {
        if (!reader.skip_value()) break;
      } else if (!Codec<T>::read(reader, out[count], issue)) {
        issue.inside_element(count);
        return false;
      }
      ++count;
    }
    if (!reader.ok()) return codec::syntax(reader, issue);
    return count == N || codec::wrong_size(N, count, issue);
  }
  static void write(Writer& writer, const std::array<T, N>& value) {
    writer.begin_array();
    for (const T& element : value) Codec<T>::write(writer, element);
    writer.end_array();
  }
};

template <codec::StringMap T>
struct Codec<T> {
  static constexpr codec::Parts kParts = codec::Parts::entries;

  using Mapped = typename T::mapped_type;

  static bool read(Reader& reader, T& out, Issue& issue) {
    out.clear();
    if (reader.peek() != Kind::object) return codec::mismatch(reader, "object", issue);
    if (!reader.enter_object()) return codec::syntax(reader, issue);
    std::string scratch;
    std::string_view key;
    while (reader.next_member(scratch, key)) {
      Mapped& mapped = out[std::string(key)];
      mapped = Mapped{};
      if (!Codec<Mapped>::read(reader, mapped, issue)) {
        issue.inside_member(key);
        return false;
      }
    }
    return reader.ok() || codec::syntax(reader, issue);
  }
  static void write(Writer& writer, const T& value) {
    writer.begin_object();
    if constexpr (requires {
                    typename T::hasher;
                  }) {  // an order of its own would differ from run to run
      std::vector<const typename T::value_type*> sorted;
      sorted.reserve(value.size());
      for (const auto& entry : value) sorted.push_back(&entry);
      sort_by(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
      for (const auto* entry : sorted) write_entry(writer, *entry);
    } else {
      for (const auto& entry : value) write_entry(writer, entry);
    }
    writer.end_object();
  }

 private:
  static void write_entry(Writer& writer, const typename T::value_type& entry) {
    writer.key(entry.first);
    Codec<Mapped>::write(writer, entry.second);
  }
};

template <class T>
  requires std::is_enum_v<T>
struct Codec<T> {
  static constexpr codec::Parts kParts = codec::Parts::names;

  static bool read(Reader& reader, T& out, Issue& issue) {
    std::string name;
    if (!codec::read_text(reader, name, issue)) return false;
    for (const auto& [value, known] : codec::kEnumEntries<T>) {
      if (known == name) {
        out = value;
        return true;
      }
    }
    return codec::not_one_of(codec::kEnumNames<T>.data(), codec::kEnumNames<T>.size(), issue);
  }
  // A value without a name is written as null.
  static void write(Writer& writer, T value) {
    for (const auto& [known, name] : codec::kEnumEntries<T>) {
      if (known == value) return writer.string(name);
    }
    writer.null();
  }
};

template <codec::Tagged... T>
struct Codec<std::variant<T...>> {
  static constexpr codec::Parts kParts = codec::Parts::alternatives;

  static bool read(Reader& reader, std::variant<T...>& out, Issue& issue) {
    static constexpr std::array<Tag, sizeof...(T)> kTags = {Tag(T::pluv_tag)...};
    static constexpr std::array<std::string_view, sizeof...(T)> kNames = {T::pluv_tag.value...};
    static_assert(((T::pluv_tag.member == kTags[0].member) && ...),
                  "pluv: all alternatives of a variant name the same tag member");
    std::string tag;
    if (!codec::find_tag(reader, kTags[0].member, tag, issue)) return false;
    bool good = false;
    const bool known = ((tag == T::pluv_tag.value &&
                         (good = Codec<T>::read(reader, out.template emplace<T>(), issue), true)) ||
                        ...);
    if (known) return good;
    codec::not_one_of(kNames.data(), kNames.size(), issue);
    issue.inside_member(kTags[0].member);
    return false;
  }
  static void write(Writer& writer, const std::variant<T...>& value) {
    std::visit(
        [&writer](const auto& alternative) {
          Codec<std::remove_cvref_t<decltype(alternative)>>::write(writer, alternative);
        },
        value);
  }
};

template <Reflected T>
  requires(!codec::StringMap<T>)
struct Codec<T> {
  static constexpr codec::Parts kParts = codec::Parts::members;

  static bool read(Reader& reader, T& out, Issue& issue) {
    codec::FieldBits seen = 0;
    return codec::read_members(reader, out, seen, Unknown::strip, issue) &&
           codec::require_members(out, seen, issue);
  }
  static void write(Writer& writer, const T& value) {
    writer.begin_object();
    codec::write_members(writer, value);
    writer.end_object();
  }
};

// The next value of reader as a T. `out` should be fresh. False with the issue filled.
template <class T>
bool read(Reader& reader, T& out, Issue& issue) {
  return Codec<T>::read(reader, out, issue);
}

// The whole text as a T.
template <class T>
[[nodiscard]] Result<T> from_json(std::string_view text, std::size_t depth_max = kDepthMax) {
  Reader reader(text, depth_max);
  Issue issue;
  T value{};
  if (!Codec<T>::read(reader, value, issue)) return issue.to_error();
  if (!reader.finish()) return reader.error().to_error();
  return value;
}

// Appends.
template <class T>
void to_json(const T& value, std::string& out) {
  Writer writer(out);
  Codec<T>::write(writer, value);
}

template <class T>
[[nodiscard]] std::string to_json(const T& value) {
  std::string out;
  to_json(value, out);
  return out;
}

}  // namespace pluv::json
