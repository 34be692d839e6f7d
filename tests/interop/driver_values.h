// What the scripts of ycrdt_driver.cc hold as values, and how their answers show what is no bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "driver_step.h"
#include "ycrdt/any.h"
#include "ycrdt/doc.h"
#include "ycrdt/event.h"
#include "ycrdt/relative_position.h"
#include "ycrdt/types.h"
#include "ycrdt/undo_manager.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {

inline Text::AttributeList attributes_of(const Any& any) {
  const auto* object = any.get<Any::Object>();
  return object == nullptr ? Text::AttributeList() : *object;
}

// What goes into a list or a map: ["v", value], ["t", kind, name] or ["d", guid, gc, load, meta].
inline Input input_of(const Any& any) {
  const Step step(any);
  const std::string& kind = step.string(0);
  if (kind == "v") return step.any(1);
  if (kind == "t") {
    return NewType{static_cast<TypeKind>(step.number(1)), step.string(2)};
  }
  return NewDoc{step.string(1), step.boolean(2), step.boolean(3), step.any(4)};
}

inline std::vector<Input> inputs_of(const Any::Array& list) {
  std::vector<Input> out;
  for (const Any& any : list) out.push_back(input_of(any));
  return out;
}

inline std::vector<DeltaOp> delta_of(const Any::Array& list) {
  std::vector<DeltaOp> out;
  for (const Any& any : list) {
    const Step op(any);
    if (op.string(0) == "i") {
      DeltaOp insert{DeltaOp::Kind::insert, op.any(1), 0, attributes_of(op.any(2))};
      out.push_back(std::move(insert));
    } else if (op.string(0) == "r") {
      out.push_back(DeltaOp::retain_length(op.index(1), attributes_of(op.any(2))));
    } else {
      out.push_back(DeltaOp::remove_length(op.index(1)));
    }
  }
  return out;
}

inline StateVector vector_of(const Any::Array& list) {
  std::vector<StateVector::Entry> entries;
  for (const Any& any : list) {
    const Step pair(any);
    entries.emplace_back(pair.number(0), pair.index(1));
  }
  return StateVector(std::move(entries));
}

// --- What is shown of things that are not bytes.

inline std::string show_meta(const UpdateMeta& meta) {
  std::string out;
  for (const UpdateMeta::Range& range : meta.clients) {
    if (!out.empty()) out += ',';
    out += std::to_string(range.client) + ' ' + std::to_string(range.from) + ' ' +
           std::to_string(range.to);
  }
  return out;
}

inline std::string show_guids(const std::vector<Subdoc>& subdocs) {
  std::string out;
  for (const Subdoc& subdoc : subdocs) out += (out.empty() ? "" : ",") + subdoc.guid;
  return out;
}

inline std::string show_value(const Value& value) {
  if (const auto* type = std::get_if<SharedType>(&value)) {
    return "type " + std::to_string(static_cast<int>(type->kind()));
  }
  if (const auto* subdoc = std::get_if<Subdoc>(&value)) return "doc " + subdoc->guid;
  const Any& any = std::get<Any>(value);
  return any.is_undefined() ? "undefined" : to_json(any);
}

inline std::string show_attributes(const DeltaOp::AttributeList& attributes) {
  return attributes.empty() ? "" : " " + to_json(Any(Any::Object(attributes)));
}

inline std::string show_place(const RelativePosition& position) {
  RelativePosition place = position;
  place.item.reset();
  return relative_position_to_json(place);
}

inline std::string show_op(const DeltaOp& op) {
  switch (op.kind) {
    case DeltaOp::Kind::insert:
      return "insert " + show_value(op.insert) + show_attributes(op.attributes);
    case DeltaOp::Kind::retain:
      return "retain " + std::to_string(op.length) + show_attributes(op.attributes);
    case DeltaOp::Kind::remove: break;
  }
  return "delete " + std::to_string(op.length);
}

inline std::string show_op(const Event::ListOp& op) {
  if (op.kind == DeltaOp::Kind::retain) return "retain " + std::to_string(op.length);
  if (op.kind == DeltaOp::Kind::remove) return "delete " + std::to_string(op.length);
  std::string out;
  for (const Value& value : op.values) out += (out.empty() ? "insert " : ",") + show_value(value);
  return out.empty() ? "insert " : out;
}

inline std::string show_event(Event& event) {
  Any::Array path;
  for (const Event::PathStep& step : event.path()) {
    if (const auto* key = std::get_if<std::string>(&step)) {
      path.emplace_back(*key);
    } else {
      path.emplace_back(static_cast<double>(std::get<std::uint32_t>(step)));
    }
  }
  std::string out = to_json(Any(std::move(path)));
  for (const Event::KeyChange& change : event.keys()) {
    constexpr const char* kActions[] = {"add", "update", "delete"};
    out += '\n' + to_json(Any(change.key)) + ' ' + kActions[static_cast<int>(change.action)] + ' ' +
           show_value(change.old_value);
  }
  out += "\ndelta";
  const TypeKind kind = event.target().kind();
  if (kind == TypeKind::text || kind == TypeKind::xml_text) {
    for (const DeltaOp& op : event.text_delta()) out += '\n' + show_op(op);
  } else {
    for (const Event::ListOp& op : event.list_delta()) out += '\n' + show_op(op);
  }
  return out;
}

inline std::string show_ranges(const ElementRanges& ranges) {
  std::string out;
  for (const ClientId client : ranges.clients()) {
    out += (out.empty() ? "" : " ") + std::to_string(client) + ':';
    bool first = true;
    for (const ElementRanges::Range& range : ranges.of(client)) {
      out += (first ? "" : ",") + std::to_string(range.clock) + '+' + std::to_string(range.length);
      first = false;
    }
  }
  return out;
}

inline std::string show_stack_event(const std::string& what, const StackItemEvent& event,
                                    const std::string& own_origin) {
  std::vector<int> sorted;
  for (const SharedType& type : event.changed_parent_types) {
    if (type.kind() != TypeKind::undefined) sorted.push_back(static_cast<int>(type.kind()));
  }
  std::sort(sorted.begin(), sorted.end());
  std::string kinds;
  for (const int kind : sorted) kinds += (kinds.empty() ? "" : ",") + std::to_string(kind);
  const bool undo = event.type == StackItemEvent::Type::undo;
  return what + (undo ? " undo by " : " redo by ") +
         (event.origin == own_origin ? "manager" : std::string(event.origin)) + " meta " +
         to_json(event.item.meta["step"]) + " types " + kinds + " insertions " +
         show_ranges(event.item.insertions) + " deletions " + show_ranges(event.item.deletions);
}

// Whether steps that begin with the letter are for such types.
inline bool suits(char letter, TypeKind kind) {
  const bool text = kind == TypeKind::text || kind == TypeKind::xml_text;
  switch (letter) {
    case 't': return text;
    case 'a':
      return kind == TypeKind::array || kind == TypeKind::xml_element ||
             kind == TypeKind::xml_fragment;
    case 'm': return kind == TypeKind::map || kind == TypeKind::xml_hook;
    case 'x': return text || kind == TypeKind::xml_element;
    default: return true;
  }
}

}  // namespace pluv::ycrdt
