#include "ycrdt/any.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "base/sort.h"
#include "base/utf8.h"
#include "json/number.h"
#include "json/reader.h"
#include "json/writer.h"

namespace pluv::ycrdt {
std::optional<std::uint32_t> array_index(std::string_view key) noexcept {
  if (key.empty() || key.size() > 10 || (key[0] == '0' && key.size() > 1)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : key) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (value >= 0xffffffffu) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

namespace {

// lib0's type bytes, counted down from 127.
enum Tag : std::uint8_t {
  kBytes = 116,
  kArray = 117,
  kObject = 118,
  kString = 119,
  kTrue = 120,
  kFalse = 121,
  kBigInt = 122,
  kFloat64 = 123,
  kFloat32 = 124,
  kInteger = 125,
  kNull = 126,
  kUndefined = 127,
};

constexpr double kIntegerMax = 0x7fffffff;

template <class T>
T big_endian(std::string_view bytes) noexcept {
  T value = 0;
  for (const char c : bytes) value = static_cast<T>((value << 8) | static_cast<std::uint8_t>(c));
  return value;
}

template <class T>
void append_big_endian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

bool is_small_integer(double value) noexcept {
  return std::fabs(value) <= kIntegerMax && std::trunc(value) == value;
}

bool is_float32(double value) noexcept {
  return static_cast<double>(static_cast<float>(value)) == value;
}

// Brings members into JavaScript's order and drops all but the last value of a key.
void order_members(Any::Object& members) {
  struct Place {
    std::size_t at;
    std::optional<std::uint32_t> index;
  };
  std::vector<Place> places;
  places.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    places.push_back({i, array_index(members[i].first)});
  }
  // Equal keys side by side, the first one first: it takes the last one's value.
  sort_by(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    const int order = members[a.at].first.compare(members[b.at].first);
    return order != 0 ? order < 0 : a.at < b.at;
  });
  std::vector<Place> kept;
  kept.reserve(places.size());
  for (std::size_t i = 0; i < places.size();) {
    std::size_t last = i;
    while (last + 1 < places.size() &&
           members[places[last + 1].at].first == members[places[i].at].first) {
      ++last;
    }
    if (last != i) members[places[i].at].second = std::move(members[places[last].at].second);
    kept.push_back(places[i]);
    i = last + 1;
  }
  sort_by(kept.begin(), kept.end(), [](const Place& a, const Place& b) {
    if (a.index.has_value() != b.index.has_value()) return a.index.has_value();
    return a.index ? *a.index < *b.index : a.at < b.at;
  });
  Any::Object ordered;
  ordered.reserve(kept.size());
  for (const Place& place : kept) ordered.push_back(std::move(members[place.at]));
  members = std::move(ordered);
}

// Objects of more members are not looked at closely while they are walked over.
constexpr std::size_t kMembersLookedAt = 16;

struct Container {
  std::uint64_t left;
  bool object;
  std::size_t seen = 0;
  std::string_view keys[kMembersLookedAt];
};

// Whether the key keeps the object in lib0's own spelling.
bool key_in_order(Container& object, std::string_view key) noexcept {
  if (object.seen == kMembersLookedAt || array_index(key)) return false;
  for (std::size_t i = 0; i < object.seen; ++i) {
    if (object.keys[i] == key) return false;
  }
  object.keys[object.seen++] = key;
  return true;
}

bool skip_number(ByteReader& reader, std::uint8_t tag, bool& shortest) noexcept {
  if (tag == kInteger) {
    const auto read = reader.var_int();
    shortest &= read.shortest && read.value <= 0x7fffffff && read.value >= -0x7fffffff;
  } else if (tag == kFloat32) {
    const auto value =
        static_cast<double>(std::bit_cast<float>(big_endian<std::uint32_t>(reader.bytes(4))));
    shortest &= !std::isnan(value) && !is_small_integer(value);
  } else {
    const std::uint64_t bits = big_endian<std::uint64_t>(reader.bytes(8));
    const auto value = std::bit_cast<double>(bits);
    if (tag == kFloat64) {
      shortest &= std::isnan(value) ? bits == 0x7ff8000000000000u
                                    : !is_small_integer(value) && !is_float32(value);
    }
  }
  return !reader.failed();
}

// A count or a size in bytes.
std::uint64_t read_size(ByteReader& reader, bool& shortest) noexcept {
  const char* const begin = reader.position();
  const std::uint64_t size = reader.var_uint();
  const auto taken = static_cast<std::size_t>(reader.position() - begin);
  if (taken > 1 && taken != var_uint_size(size)) shortest = false;
  return size;
}

std::string_view read_text(ByteReader& reader, bool& shortest) noexcept {
  const std::string_view text = reader.bytes(read_size(reader, shortest));
  if (!is_utf8(text)) reader.fail();
  return text;
}

}  // namespace

AnyFault check_any(ByteReader& reader, std::size_t depth_max, bool& shortest) noexcept {
  // Most values are scalars; a stack is made for the others only.
  std::vector<Container> open;
  do {
    if (!open.empty()) {
      Container& container = open.back();
      if (container.left == 0) {
        open.pop_back();
        continue;
      }
      --container.left;
      if (container.object) {
        const std::string_view key = read_text(reader, shortest);
        if (reader.failed()) return AnyFault::malformed;
        if (shortest && !key_in_order(container, key)) shortest = false;
      }
    }
    const std::uint8_t tag = reader.byte();
    if (reader.failed()) return AnyFault::malformed;
    switch (tag) {
      case kUndefined:
      case kNull:
      case kTrue:
      case kFalse: break;
      case kInteger:
      case kFloat32:
      case kFloat64:
      case kBigInt:
        if (!skip_number(reader, tag, shortest)) return AnyFault::malformed;
        break;
      case kString:
        read_text(reader, shortest);
        if (reader.failed()) return AnyFault::malformed;
        break;
      case kBytes:
        reader.bytes(read_size(reader, shortest));
        if (reader.failed()) return AnyFault::malformed;
        break;
      case kArray:
      case kObject: {
        const std::uint64_t count = read_size(reader, shortest);
        // Each element takes a byte, each member two.
        const bool fits = !reader.failed() && count <= reader.left();
        if (!fits || open.size() >= depth_max) {
          reader.fail();
          return fits ? AnyFault::too_deep : AnyFault::malformed;
        }
        open.push_back({count, tag == kObject, 0, {}});
        break;
      }
      default: reader.fail(); return AnyFault::malformed;
    }
  } while (!open.empty());
  return AnyFault::none;
}

Any read_any(ByteReader& reader) {
  Any root;
  struct Open {
    Any* container;
    std::uint64_t left;
  };
  std::vector<Open> open;
  Any* target = &root;
  while (true) {
    const std::uint8_t tag = reader.byte();
    switch (tag) {
      case kNull: *target = Any(nullptr); break;
      case kTrue: *target = Any(true); break;
      case kFalse: *target = Any(false); break;
      case kInteger: {
        const auto read = reader.var_int();
        *target = Any(read.negative_zero ? -0.0 : static_cast<double>(read.value));
        break;
      }
      case kFloat32:
        *target = Any(
            static_cast<double>(std::bit_cast<float>(big_endian<std::uint32_t>(reader.bytes(4)))));
        break;
      case kFloat64:
        *target = Any(std::bit_cast<double>(big_endian<std::uint64_t>(reader.bytes(8))));
        break;
      case kBigInt:
        *target = Any(
            Any::BigInt{std::bit_cast<std::int64_t>(big_endian<std::uint64_t>(reader.bytes(8)))});
        break;
      case kString: *target = Any(reader.var_bytes()); break;
      case kBytes: *target = Any(Any::Bytes{std::string(reader.var_bytes())}); break;
      case kArray:
      case kObject: {
        const std::uint64_t count = reader.var_uint();
        PLUV_ASSERT(count <= reader.left());
        if (tag == kArray) {
          Any::Array array;
          array.reserve(static_cast<std::size_t>(count));
          *target = Any(std::move(array));
        } else {
          Any::Object object;
          object.reserve(static_cast<std::size_t>(count));
          *target = Any(std::move(object));
        }
        open.push_back({target, count});
        break;
      }
      default: *target = Any(); break;
    }
    // Containers reserved all their elements, so a pointer to one stays good.
    while (!open.empty() && open.back().left == 0) {
      if (auto* object = open.back().container->get<Any::Object>()) order_members(*object);
      open.pop_back();
    }
    if (open.empty() || reader.failed()) return root;
    Open& last = open.back();
    --last.left;
    if (auto* array = last.container->get<Any::Array>()) {
      target = &array->emplace_back();
    } else {
      auto* object = last.container->get<Any::Object>();
      object->emplace_back(std::string(reader.var_bytes()), Any());
      target = &object->back().second;
    }
  }
}

Any decode_any(std::string_view encoded) {
  ByteReader reader(encoded);
  return read_any(reader);
}

namespace {

void write_number(std::string& out, double value) {
  if (is_small_integer(value)) {
    out.push_back(static_cast<char>(kInteger));
    if (value == 0 && std::signbit(value)) {
      out.push_back(0x40);
    } else {
      write_var_int(out, static_cast<std::int64_t>(value));
    }
  } else if (is_float32(value)) {
    out.push_back(static_cast<char>(kFloat32));
    append_big_endian(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  } else {
    out.push_back(static_cast<char>(kFloat64));
    append_big_endian(out, std::isnan(value) ? std::uint64_t{0x7ff8000000000000u}
                                             : std::bit_cast<std::uint64_t>(value));
  }
}

bool in_order(const Any::Object& object) noexcept {
  if (object.size() > kMembersLookedAt) return false;
  Container seen{0, true, 0, {}};
  return std::all_of(object.begin(), object.end(),
                     [&](const auto& member) { return key_in_order(seen, member.first); });
}

// Writes a scalar, or a container's beginning.
void write_head(std::string& out, const Any& value) {
  struct Visitor {
    std::string& out;
    void tag(Tag tag) { out.push_back(static_cast<char>(tag)); }
    void operator()(Any::Undefined) { tag(kUndefined); }
    void operator()(Any::Null) { tag(kNull); }
    void operator()(bool boolean) { tag(boolean ? kTrue : kFalse); }
    void operator()(double number) { write_number(out, number); }
    void operator()(Any::BigInt number) {
      tag(kBigInt);
      append_big_endian(out, std::bit_cast<std::uint64_t>(number.value));
    }
    void operator()(const std::string& text) {
      tag(kString);
      write_var_bytes(out, text);
    }
    void operator()(const Any::Bytes& bytes) {
      tag(kBytes);
      write_var_bytes(out, bytes.value);
    }
    void operator()(const Any::Array& array) {
      tag(kArray);
      write_var_uint(out, array.size());
    }
    void operator()(const Any::Object& object) {
      tag(kObject);
      write_var_uint(out, object.size());
    }
  };
  std::visit(Visitor{out}, value.value());
}

}  // namespace

namespace {

// Every object's members are in order.
void write_ordered(std::string& out, const Any& value) {
  struct Open {
    const Any* container;
    std::size_t next;
  };
  std::vector<Open> open;
  const auto begin = [&](const Any& next) {
    write_head(out, next);
    if (next.get<Any::Array>() != nullptr || next.get<Any::Object>() != nullptr) {
      open.push_back({&next, 0});
    }
  };
  begin(value);
  while (!open.empty()) {
    Open& last = open.back();
    if (const auto* array = last.container->get<Any::Array>()) {
      if (last.next == array->size()) {
        open.pop_back();
      } else {
        begin((*array)[last.next++]);
      }
    } else {
      const auto& object = *last.container->get<Any::Object>();
      if (last.next == object.size()) {
        open.pop_back();
      } else {
        const auto& [key, member] = object[last.next++];
        write_var_bytes(out, key);
        begin(member);
      }
    }
  }
}

// Calls visit for every object in the value until it answers false.
template <class AnyT, class Visit>
bool each_object(AnyT& root, Visit visit) {
  std::vector<AnyT*> left = {&root};
  while (!left.empty()) {
    AnyT* value = left.back();
    left.pop_back();
    if (auto* array = value->template get<Any::Array>()) {
      for (auto& element : *array) left.push_back(&element);
    } else if (auto* object = value->template get<Any::Object>()) {
      if (!visit(*object)) return false;
      for (auto& member : *object) left.push_back(&member.second);
    }
  }
  return true;
}

}  // namespace

void write_any(std::string& out, const Any& value) {
  if (each_object(value, [](const Any::Object& object) { return in_order(object); })) {
    write_ordered(out, value);
    return;
  }
  Any ordered = value;
  each_object(ordered, [](Any::Object& object) {
    order_members(object);
    return true;
  });
  write_ordered(out, ordered);
}

void respell_any(std::string& out, std::string_view encoded) {
  write_ordered(out, decode_any(encoded));
}

namespace {

bool skip_if_undefined(ByteReader& reader) noexcept {
  if (reader.at_end() || static_cast<std::uint8_t>(*reader.position()) != kUndefined) return false;
  reader.byte();
  return true;
}

void append_bytes_json(json::Writer& writer, std::string_view bytes) {
  writer.begin_object();
  std::string key;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    key.clear();
    json::append_number(key, static_cast<std::uint64_t>(i));
    writer.key(key);
    writer.number(static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[i])));
  }
  writer.end_object();
}

}  // namespace

void append_json(std::string& out, std::string_view encoded) {
  struct Open {
    std::uint64_t left;
    bool object;
  };
  json::Writer writer(out);
  ByteReader reader(encoded);
  std::vector<Open> open;
  do {
    if (!open.empty()) {
      Open& last = open.back();
      if (last.left == 0) {
        last.object ? writer.end_object() : writer.end_array();
        open.pop_back();
        continue;
      }
      --last.left;
      if (last.object) {
        const std::string_view key = reader.var_bytes();
        if (skip_if_undefined(reader)) continue;
        writer.key(key);
      }
    }
    const std::uint8_t tag = reader.byte();
    switch (tag) {
      case kTrue: writer.boolean(true); break;
      case kFalse: writer.boolean(false); break;
      case kInteger: writer.number(static_cast<double>(reader.var_int().value)); break;
      case kFloat32:
        writer.number(
            static_cast<double>(std::bit_cast<float>(big_endian<std::uint32_t>(reader.bytes(4)))));
        break;
      case kFloat64:
        writer.number(std::bit_cast<double>(big_endian<std::uint64_t>(reader.bytes(8))));
        break;
      case kBigInt:
        writer.number(std::bit_cast<std::int64_t>(big_endian<std::uint64_t>(reader.bytes(8))));
        break;
      case kString: writer.string(reader.var_bytes()); break;
      case kBytes: append_bytes_json(writer, reader.var_bytes()); break;
      case kArray:
        open.push_back({reader.var_uint(), false});
        writer.begin_array();
        break;
      case kObject:
        open.push_back({reader.var_uint(), true});
        writer.begin_object();
        break;
      default: writer.null(); break;
    }
  } while (!open.empty() && !reader.failed());
}

std::string to_json(const Any& value) {
  std::string encoded;
  write_any(encoded, value);
  std::string out;
  append_json(out, encoded);
  return out;
}

Result<void> encode_json(std::string& out, std::string_view text, std::size_t depth_max) {
  json::Reader reader(text, depth_max);
  Any root;
  // Containers that are open, with the values they have so far.
  struct Open {
    bool object;
    Any::Array array;
    Any::Object members;
    std::string key;
  };
  std::vector<Open> open;
  std::string scratch;
  std::string_view view;
  while (reader.ok()) {
    if (!open.empty()) {
      Open& last = open.back();
      const bool more = last.object ? reader.next_member(last.key, view) : reader.next_element();
      if (!reader.ok()) break;
      if (more && last.object && view.data() != last.key.data()) last.key.assign(view);
      if (!more) {
        if (last.object) order_members(last.members);
        Any done = last.object ? Any(std::move(last.members)) : Any(std::move(last.array));
        open.pop_back();
        if (open.empty()) {
          root = std::move(done);
          break;
        }
        Open& outer = open.back();
        if (outer.object) {
          outer.members.emplace_back(std::move(outer.key), std::move(done));
          outer.key.clear();
        } else {
          outer.array.push_back(std::move(done));
        }
        continue;
      }
    }
    Any value;
    switch (reader.peek()) {
      case json::Kind::null:
        reader.read_null();
        value = Any(nullptr);
        break;
      case json::Kind::boolean: {
        bool boolean = false;
        reader.read_bool(boolean);
        value = Any(boolean);
        break;
      }
      case json::Kind::number: {
        double number = 0;
        reader.read_number(number);
        value = Any(number);
        break;
      }
      case json::Kind::string:
        if (reader.read_string(view, scratch)) value = Any(view);
        break;
      case json::Kind::array:
        reader.enter_array();
        open.push_back({false, {}, {}, {}});
        continue;
      case json::Kind::object:
        reader.enter_object();
        open.push_back({true, {}, {}, {}});
        continue;
      case json::Kind::none: reader.skip_value(); break;
    }
    if (open.empty()) {
      root = std::move(value);
      break;
    }
    Open& last = open.back();
    if (last.object) {
      last.members.emplace_back(std::move(last.key), std::move(value));
      last.key.clear();
    } else {
      last.array.push_back(std::move(value));
    }
  }
  if (!reader.finish()) return reader.error().to_error();
  write_ordered(out, root);
  return {};
}

}  // namespace pluv::ycrdt
