#include "json/value.h"

#include <cstdint>

#include "base/sort.h"
#include "json/number.h"
#include "json/writer.h"

namespace pluv::json {
namespace {

// Of equal keys the last value goes to the first one's place; the others are removed.
void join_equal_keys(Value::Object& members) {
  if (members.size() < 2) return;
  constexpr std::size_t kLinearMax = 16;
  std::vector<bool> dropped;
  const auto join = [&](std::size_t first, std::size_t later) {
    if (dropped.empty()) dropped.resize(members.size());
    members[first].value = std::move(members[later].value);
    dropped[later] = true;
  };
  if (members.size() <= kLinearMax) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      std::size_t j = 0;
      while (members[j].key != members[i].key) ++j;
      if (j < i) join(j, i);
    }
  } else {
    std::vector<std::uint32_t> order(members.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    sort_by(order.begin(), order.end(), [&members](std::uint32_t a, std::uint32_t b) {
      const int compared = members[a].key.compare(members[b].key);
      return compared != 0 ? compared < 0 : a < b;
    });
    std::size_t first = 0;
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (members[order[i]].key == members[order[first]].key) {
        join(order[first], order[i]);
      } else {
        first = i;
      }
    }
  }
  if (dropped.empty()) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (dropped[i]) continue;
    if (kept != i) members[kept] = std::move(members[i]);
    ++kept;
  }
  members.resize(kept);
}

bool read_scalar(Reader& reader, Value& out, std::string& scratch) {
  switch (reader.peek()) {
    case Kind::null: out = Value(); return reader.read_null();
    case Kind::boolean: {
      bool value = false;
      if (!reader.read_bool(value)) return false;
      out = Value(value);
      return true;
    }
    case Kind::number: {
      double value = 0;
      if (!reader.read_number(value)) return false;
      out = Value(value);
      return true;
    }
    case Kind::string: {
      std::string_view text;
      if (!reader.read_string(text, scratch)) return false;
      out = Value(text);
      return true;
    }
    default: return reader.skip_value();  // says what is wrong
  }
}

}  // namespace

Value::Value() noexcept = default;
Value::Value(std::nullptr_t) noexcept {}
Value::Value(std::string value) noexcept : state_(std::move(value)) {}
Value::Value(std::string_view value) : state_(std::string(value)) {}
Value::Value(const char* value) : state_(std::string(value)) {}
Value::Value(Array value) noexcept : state_(std::move(value)) {}
Value::Value(Object value) noexcept : state_(std::move(value)) {}
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

const bool* Value::as_bool() const noexcept { return std::get_if<bool>(&state_); }
const double* Value::as_number() const noexcept { return std::get_if<double>(&state_); }
const std::string* Value::as_string() const noexcept { return std::get_if<std::string>(&state_); }
const Value::Array* Value::as_array() const noexcept { return std::get_if<Array>(&state_); }
const Value::Object* Value::as_object() const noexcept { return std::get_if<Object>(&state_); }
Value::Array* Value::as_array() noexcept { return std::get_if<Array>(&state_); }
Value::Object* Value::as_object() noexcept { return std::get_if<Object>(&state_); }

bool Value::read(Reader& reader, Value& out, std::size_t values_max) {
  std::vector<Value*> open;  // a container's address is fixed while something in it is read
  std::string scratch;
  std::size_t count = 0;
  Value* target = &out;
  for (;;) {
    if (++count > values_max) return false;
    const Kind kind = reader.peek();
    if (kind == Kind::object) {
      if (!reader.enter_object()) return false;
      *target = Value(Object());
      open.push_back(target);
    } else if (kind == Kind::array) {
      if (!reader.enter_array()) return false;
      *target = Value(Array());
      open.push_back(target);
    } else if (!read_scalar(reader, *target, scratch)) {
      return false;
    }
    for (target = nullptr; target == nullptr; open.pop_back()) {
      if (open.empty()) return true;
      if (Array* array = open.back()->as_array(); array != nullptr) {
        if (reader.next_element()) {
          target = &array->emplace_back();
          break;
        }
      } else {
        Object& object = *open.back()->as_object();
        std::string_view key;
        if (reader.next_member(scratch, key)) {
          target = &object.emplace_back(Member{std::string(key), Value()}).value;
          break;
        }
        join_equal_keys(object);
      }
      if (!reader.ok()) return false;
    }
  }
}

Result<Value> Value::parse(std::string_view text, ParseLimits limits) {
  Reader reader(text, limits.depth_max);
  Value value;
  if (!read(reader, value, limits.values_max) && reader.ok()) {
    return Error{ErrorCode::limit,
                 "More than " + std::to_string(limits.values_max) + " JSON values"};
  }
  if (!reader.finish()) return reader.error().to_error();
  return value;
}

Kind Value::kind() const noexcept {
  constexpr Kind kKinds[] = {Kind::null,   Kind::boolean, Kind::number,
                             Kind::string, Kind::array,   Kind::object};
  return kKinds[state_.index()];
}

const Value* Value::find(std::string_view key) const noexcept {
  if (const Object* object = as_object(); object != nullptr) {
    for (const Member& member : *object) {
      if (member.key == key) return &member.value;
    }
  }
  return nullptr;
}

Value* Value::find(std::string_view key) noexcept {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

Value& Value::set(std::string_view key, Value value) {
  if (as_object() == nullptr) state_ = Object();
  if (Value* place = find(key); place != nullptr) return *place = std::move(value);
  return as_object()->emplace_back(Member{std::string(key), std::move(value)}).value;
}

void Value::append_to(std::string& out) const {
  struct Frame {
    const Value* container;
    std::size_t next;  // the index of the part to write next
  };
  std::vector<Frame> open;
  Writer writer(out);
  const auto write = [&](const Value& value) {
    switch (value.kind()) {
      case Kind::boolean: return writer.boolean(*value.as_bool());
      case Kind::number: return writer.number(*value.as_number());
      case Kind::string: return writer.string(*value.as_string());
      case Kind::array: open.push_back({&value, 0}); return writer.begin_array();
      case Kind::object: open.push_back({&value, 0}); return writer.begin_object();
      default: return writer.null();
    }
  };
  write(*this);
  while (!open.empty()) {
    Frame& frame = open.back();
    if (const Array* array = frame.container->as_array(); array != nullptr) {
      if (frame.next < array->size()) {
        write((*array)[frame.next++]);
        continue;
      }
      writer.end_array();
    } else {
      const Object& object = *frame.container->as_object();
      if (frame.next < object.size()) {
        const Member& member = object[frame.next++];
        writer.key(member.key);
        write(member.value);
        continue;
      }
      writer.end_object();
    }
    open.pop_back();
  }
}

std::string Value::to_text() const {
  std::string out;
  append_to(out);
  return out;
}

bool operator==(const Value& a, const Value& b) noexcept { return a.state_ == b.state_; }

}  // namespace pluv::json
