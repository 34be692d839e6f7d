// JSON into a document, by edits like any writer's: an object becomes a map, an array a list, so
// that people can go on editing them together; other values lie in those as they are. A root is a
// map, a list or a text, by the kind of what is put there first. What is the same already is left
// alone, also inside of texts, lists and maps. Pure functions on a document of the caller's; after
// an error it is neither what it was nor what was asked for, so it has to be a copy.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"
#include "ycrdt/doc.h"

namespace pluv::apps {

// A root without anything in it, which may become of another kind.
[[nodiscard]] bool is_blank(const ycrdt::SharedType& root);

// Makes the root, or makes it like the value. Errors: conflict (the root is of another kind, or the
// value is of none that a root can have), limit (too deep).
[[nodiscard]] Result<void> write_root(ycrdt::Doc& doc, const std::string& name,
                                      const json::Value& value);
// All roots of the object; those that it does not name become empty. Errors as above; conflict when
// it is no object.
[[nodiscard]] Result<void> write_roots(ycrdt::Doc& doc, const json::Value& object);
// Empties it, whatever it is.
[[nodiscard]] Result<void> clear_root(const ycrdt::SharedType& root);

// Puts the value at that place; what is there already is made like it where it can be.
[[nodiscard]] Result<void> write_member(ycrdt::Map map, const std::string& key,
                                        const json::Value& value);
[[nodiscard]] Result<void> write_element(ycrdt::Array list, std::uint32_t index,
                                         const json::Value& value);
// New elements before this place.
[[nodiscard]] Result<void> insert_elements(ycrdt::Array list, std::uint32_t index,
                                           std::span<const json::Value> values);

[[nodiscard]] ycrdt::Any any_of(const json::Value& value);
// What toJSON() says of it.
[[nodiscard]] Result<json::Value> json_of(const ycrdt::Value& value);
// As JSON: whatever the order of their members is.
[[nodiscard]] bool same_json(const json::Value& left, const json::Value& right);

// The update that makes a new document of this object's roots. Empty when it has none. Errors as
// write_root.
[[nodiscard]] Result<std::string> seed_update(const json::Value& object, std::uint64_t writer);

}  // namespace pluv::apps
