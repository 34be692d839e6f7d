// Value: any JSON value in memory, for the places where no C++ type says what to expect. A plain
// value: it copies, compares and owns all of its parts. Not for hot paths (see reader.h).
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "json/reader.h"

namespace pluv::json {

// Bounds of Value::parse: containers open at once, and values of all kinds in total (a value takes
// some 40 bytes beside its text).
struct ParseLimits {
  std::size_t depth_max = kDepthMax;
  std::size_t values_max = 1'000'000;
};

class Value {
 public:
  struct Member;
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;  // in order of first appearance

  Value() noexcept;
  Value(std::nullptr_t) noexcept;  // NOLINT: implicit, as are the next
  template <class T>
    requires(std::integral<T> || std::floating_point<T>)
  Value(T value) noexcept;            // NOLINT
  Value(std::string value) noexcept;  // NOLINT
  Value(std::string_view value);      // NOLINT
  Value(const char* value);           // NOLINT
  Value(Array value) noexcept;        // NOLINT
  Value(Object value) noexcept;       // NOLINT
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();

  // JSON.parse: of equal keys in one object the last wins and stands in the first one's place.
  [[nodiscard]] static Result<Value> parse(std::string_view text, ParseLimits limits = {});
  // Reads the next value of reader, whose depth limit holds. False when reader failed or values_max
  // was exceeded (reader.ok() then still holds).
  [[nodiscard]] static bool read(Reader& reader, Value& out, std::size_t values_max);

  [[nodiscard]] Kind kind() const noexcept;
  [[nodiscard]] bool is_null() const noexcept { return kind() == Kind::null; }

  // nullptr when the value is of another kind.
  [[nodiscard]] const bool* as_bool() const noexcept;
  [[nodiscard]] const double* as_number() const noexcept;
  [[nodiscard]] const std::string* as_string() const noexcept;
  [[nodiscard]] const Array* as_array() const noexcept;
  [[nodiscard]] const Object* as_object() const noexcept;
  [[nodiscard]] Array* as_array() noexcept;
  [[nodiscard]] Object* as_object() noexcept;

  // The member of that name, or nullptr (also when this is no object). Linear.
  [[nodiscard]] const Value* find(std::string_view key) const noexcept;
  [[nodiscard]] Value* find(std::string_view key) noexcept;
  // Sets a member, in its place if there is one, else at the end. What is no object becomes one.
  Value& set(std::string_view key, Value value);

  // As JSON.stringify writes it.
  void append_to(std::string& out) const;
  [[nodiscard]] std::string to_text() const;

  // Structural; the order of members counts, and NaN differs from itself. Recurses, as destruction
  // does: parse bounds the depth, and code that builds deeper values bounds its own.
  friend bool operator==(const Value& a, const Value& b) noexcept;

 private:
  std::variant<std::monostate, bool, double, std::string, Array, Object> state_;
};

struct Value::Member {
  std::string key;
  Value value;

  bool operator==(const Member&) const noexcept = default;
};

// Here, since Member is complete only now; the rest is in value.cc.
template <class T>
  requires(std::integral<T> || std::floating_point<T>)
Value::Value(T value) noexcept {
  if constexpr (std::same_as<T, bool>) {
    state_ = value;
  } else {
    state_ = static_cast<double>(value);
  }
}

}  // namespace pluv::json
