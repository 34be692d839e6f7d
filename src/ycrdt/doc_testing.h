// What tests of documents have in common: bytes as hexadecimal digits, exchanging updates, and
// deltas and events as the JSON that JavaScript makes of them, so that a test can quote what yjs
// says. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ycrdt/any.h"
#include "ycrdt/doc.h"
#include "ycrdt/event.h"

namespace pluv::ycrdt {

inline std::string to_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

// Blanks are skipped, so that the parts of an update can be told apart.
inline std::string from_hex(std::string_view digits) {
  std::string out;
  int half = -1;
  for (const char c : digits) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    EXPECT_TRUE(digit >= 0 && digit < 16) << c;
    if (half >= 0) out.push_back(static_cast<char>(half * 16 + digit));
    half = half >= 0 ? -1 : digit;
  }
  EXPECT_EQ(half, -1) << "an odd number of digits";
  return out;
}

inline std::string encoded(const Any& value) {
  std::string out;
  write_any(out, value);
  return out;
}

inline std::string state_hex(const Doc& doc) { return to_hex(doc.encode_state_as_update()); }

inline void sync(const Doc& from, Doc& to) {
  ASSERT_TRUE(to.apply_update(from.encode_state_as_update(to.state_vector())).ok());
}

// Afterwards both have everything, and agree.
inline void exchange(Doc& a, Doc& b) {
  sync(a, b);
  sync(b, a);
  EXPECT_EQ(a.encode_state_as_update(), b.encode_state_as_update());
  EXPECT_EQ(a.check(), "");
  EXPECT_EQ(b.check(), "");
}

// A value as JSON; a type as its kind's number and its content, a subdocument as its guid.
inline std::string value_json(const Value& value) {
  if (const auto* any = std::get_if<Any>(&value)) {
    return any->is_undefined() ? "undefined" : to_json(*any);
  }
  if (const auto* type = std::get_if<SharedType>(&value)) {
    return "type " + std::to_string(static_cast<int>(type->kind())) + " " + type->json();
  }
  return "doc " + std::get<Subdoc>(value).guid;
}

inline std::string attributes_json(const DeltaOp::AttributeList& attributes) {
  std::string out;
  for (const auto& [name, value] : attributes) {
    out += (out.empty() ? "" : ",") + to_json(Any(name)) + ":" + to_json(value);
  }
  return "{" + out + "}";
}

// As JSON.stringify(event.delta) of a text.
inline std::string delta_json(const std::vector<DeltaOp>& delta) {
  std::string out;
  for (const DeltaOp& op : delta) {
    out += out.empty() ? "{" : ",{";
    switch (op.kind) {
      case DeltaOp::Kind::insert: out += "\"insert\":" + value_json(op.insert); break;
      case DeltaOp::Kind::retain: out += "\"retain\":" + std::to_string(op.length); break;
      case DeltaOp::Kind::remove: out += "\"delete\":" + std::to_string(op.length); break;
    }
    if (!op.attributes.empty()) out += ",\"attributes\":" + attributes_json(op.attributes);
    out += "}";
  }
  return "[" + out + "]";
}

// As JSON.stringify(event.changes.delta) of a list.
inline std::string delta_json(const std::vector<Event::ListOp>& delta) {
  std::string out;
  for (const Event::ListOp& op : delta) {
    out += out.empty() ? "{" : ",{";
    if (op.kind == DeltaOp::Kind::insert) {
      std::string values;
      for (const Value& value : op.values)
        values += (values.empty() ? "" : ",") + value_json(value);
      out += "\"insert\":[" + values + "]";
    } else {
      out += op.kind == DeltaOp::Kind::retain ? "\"retain\":" : "\"delete\":";
      out += std::to_string(op.length);
    }
    out += "}";
  }
  return "[" + out + "]";
}

// "name:action(old value)" for each of an event's keys, in order.
inline std::string keys_text(const std::vector<Event::KeyChange>& keys) {
  std::string out;
  for (const Event::KeyChange& change : keys) {
    out += (out.empty() ? "" : " ") + change.key;
    switch (change.action) {
      case Event::KeyChange::Action::add: out += ":add"; break;
      case Event::KeyChange::Action::update: out += ":update"; break;
      case Event::KeyChange::Action::remove: out += ":delete"; break;
    }
    if (change.action != Event::KeyChange::Action::add) {
      out += "(" + value_json(change.old_value) + ")";
    }
  }
  return out;
}

// As JSON.stringify(event.path).
inline std::string path_json(const std::vector<Event::PathStep>& path) {
  std::string out;
  for (const Event::PathStep& step : path) {
    out += out.empty() ? "" : ",";
    if (const auto* key = std::get_if<std::string>(&step)) out += to_json(Any(*key));
    if (const auto* at = std::get_if<std::uint32_t>(&step)) out += std::to_string(*at);
  }
  return "[" + out + "]";
}

}  // namespace pluv::ycrdt
