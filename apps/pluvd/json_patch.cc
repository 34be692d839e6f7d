#include "apps/pluvd/json_patch.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "apps/pluvd/document_kinds.h"
#include "apps/pluvd/document_write.h"

namespace pluv::apps {
namespace {

using json::Value;
using ycrdt::Any;
using ycrdt::Doc;
using ycrdt::SharedType;
using ycrdt::TypeKind;
using Tokens = std::span<const std::string>;

// JSON that the operations of one patch read, together: copies of copies double.
constexpr std::size_t kReadBytesMax = std::size_t{64} * 1024 * 1024;
// A value that is copied counts for so many bytes of it besides: an empty list is two bytes of
// JSON, and this much of a document's memory.
constexpr std::size_t kCopiedValueBytes = 128;

Error nothing_there() { return {ErrorCode::not_found, "there is nothing at that place"}; }
Error no_members() { return {ErrorCode::not_found, "what is there has no members"}; }

// An index as RFC 6901 spells it, below `end`.
std::optional<std::uint32_t> index_of(const std::string& token, std::size_t end) {
  if (token.empty() || (token.size() > 1 && token.front() == '0')) return std::nullopt;
  std::uint32_t index = 0;
  const char* const stop = token.data() + token.size();
  const auto [at, error] = std::from_chars(token.data(), stop, index);
  if (error != std::errc() || at != stop || index >= end) return std::nullopt;
  return index;
}

// Where something may be inserted: also at the end, which "-" names, too.
std::optional<std::uint32_t> insert_index_of(const std::string& name, std::size_t size) {
  if (name == "-") return static_cast<std::uint32_t>(size);
  return index_of(name, size + 1);
}

// Itself and all that is in it.
std::size_t count_values(const Value& value) {
  std::size_t count = 1;
  if (const Value::Array* const list = value.as_array()) {
    for (const Value& element : *list) count += count_values(element);
  }
  if (const Value::Object* const object = value.as_object()) {
    for (const Value::Member& member : *object) count += count_values(member.value);
  }
  return count;
}

// --- Inside of plain values, which change as a whole.

Any* member_of(Any::Object& object, const std::string& key) {
  const auto found = std::ranges::find(object, key, &std::pair<std::string, Any>::first);
  return found == object.end() ? nullptr : &found->second;
}

Any* step_into(Any& value, const std::string& token) {
  if (auto* object = value.get<Any::Object>()) return member_of(*object, token);
  if (auto* list = value.get<Any::Array>()) {
    const auto index = index_of(token, list->size());
    return index ? &(*list)[*index] : nullptr;
  }
  return nullptr;
}

// A null value takes the place away.
Result<void> edit_object(Any::Object& object, const std::string& key, PatchVerb verb,
                         const Value* value) {
  Any* const old = member_of(object, key);
  if (old == nullptr && verb != PatchVerb::add) return nothing_there();
  if (value == nullptr) {
    std::erase_if(object, [&](const auto& member) { return member.first == key; });
  } else if (old != nullptr) {
    *old = any_of(*value);
  } else {
    object.emplace_back(key, any_of(*value));
  }
  return {};
}

Result<void> edit_array(Any::Array& list, const std::string& token, PatchVerb verb,
                        const Value* value) {
  const auto index =
      verb == PatchVerb::add ? insert_index_of(token, list.size()) : index_of(token, list.size());
  if (!index) return nothing_there();
  if (value == nullptr) {
    list.erase(list.begin() + *index);
  } else if (verb == PatchVerb::add) {
    list.insert(list.begin() + *index, any_of(*value));
  } else {
    list[*index] = any_of(*value);
  }
  return {};
}

Result<void> edit_plain(Any& root, Tokens path, PatchVerb verb, const Value* value) {
  Any* at = &root;
  for (const std::string& token : path.first(path.size() - 1)) {
    at = step_into(*at, token);
    if (at == nullptr) return nothing_there();
  }
  if (auto* object = at->get<Any::Object>()) return edit_object(*object, path.back(), verb, value);
  if (auto* list = at->get<Any::Array>()) return edit_array(*list, path.back(), verb, value);
  return no_members();
}

// --- In shared types.

// What members of this name lie in. A blank root may be a map or a list: it is what the name fits.
TypeKind kind_for(const SharedType& type, const std::string& token) {
  if (type.parent().valid() || !is_blank(type)) return kind_of(type);
  return insert_index_of(token, 0) ? TypeKind::array : TypeKind::map;
}

std::optional<ycrdt::Value> child_of(const SharedType& type, const std::string& token) {
  if (kind_of(type) == TypeKind::map) return type.as_map().get(token);
  if (kind_of(type) != TypeKind::array) return std::nullopt;
  const auto index = index_of(token, type.as_array().length());
  return index ? type.as_array().get(*index) : std::nullopt;
}

Result<void> edit_list(ycrdt::Array list, const std::string& token, PatchVerb verb,
                       const Value* value) {
  const auto index = verb == PatchVerb::add ? insert_index_of(token, list.length())
                                            : index_of(token, list.length());
  if (!index) return nothing_there();
  if (value == nullptr) return list.erase(*index);
  if (verb == PatchVerb::add) return insert_elements(list, *index, {value, 1});
  return write_element(list, *index, *value);
}

Result<void> edit_map(ycrdt::Map map, const std::string& key, PatchVerb verb, const Value* value) {
  if (verb != PatchVerb::add && !map.has(key)) return nothing_there();
  if (value == nullptr) return map.erase(key);
  return write_member(map, key, *value);
}

class Patching {
 public:
  explicit Patching(Doc& doc) : doc_(doc) {
    for (std::string& name : doc.root_names()) roots_.insert(std::move(name));
  }

  Result<void> run(const PatchOperation& operation) {
    switch (operation.verb) {
      case PatchVerb::add:
      case PatchVerb::replace: return edit(operation.path, operation.verb, &operation.value);
      case PatchVerb::remove: return edit(operation.path, operation.verb, nullptr);
      case PatchVerb::test: return test(operation);
      case PatchVerb::copy: {
        const Result<Value> value = read_to_copy(operation.from);
        if (!value.ok()) return value.error();
        return edit(operation.path, PatchVerb::add, &*value);
      }
      case PatchVerb::move: break;
    }
    return move(operation);
  }

 private:
  Result<void> test(const PatchOperation& operation) {
    const Result<Value> value = read(operation.path);
    if (!value.ok()) return value.error();
    if (same_json(*value, operation.value)) return {};
    return Error{ErrorCode::conflict, "the value is another one"};
  }

  Result<void> move(const PatchOperation& operation) {
    const auto [in_from, in_path] = std::ranges::mismatch(operation.from, operation.path);
    const Result<Value> value = read_to_copy(operation.from);
    if (!value.ok()) return value.error();
    if (in_from == operation.from.end()) {
      if (in_path == operation.path.end()) return {};
      return Error{ErrorCode::forbidden, "nothing can be moved into itself"};
    }
    Result<void> removed = edit(operation.from, PatchVerb::remove, nullptr);
    if (!removed.ok()) return removed;
    return edit(operation.path, PatchVerb::add, &*value);
  }

  // The JSON of what is there.
  Result<Value> read(Tokens path) {
    Result<Value> value = Value(nullptr);
    if (path.empty()) {
      value = Value::parse(doc_.to_json(), {.depth_max = json::kDepthCap, .values_max = SIZE_MAX});
    } else {
      const auto found = find(path);
      if (!found.ok()) return found.error();
      value = json_of(*found);
    }
    if (!value.ok()) return value.error();
    if (Result<void> within = spend(value->to_text().size()); !within.ok()) return within.error();
    return value;
  }

  Result<Value> read_to_copy(Tokens path) {
    Result<Value> value = read(path);
    if (!value.ok()) return value;
    const Result<void> within = spend(kCopiedValueBytes * count_values(*value));
    return within.ok() ? std::move(value) : within.error();
  }

  Result<void> spend(std::size_t bytes) {
    read_bytes_ += bytes;
    if (read_bytes_ <= kReadBytesMax) return {};
    return Error{ErrorCode::limit, "the patch reads or copies too much"};
  }

  Result<ycrdt::Value> find(Tokens path) {
    if (!roots_.contains(path[0])) return nothing_there();
    ycrdt::Value at = doc_.get_root(path[0]);
    for (std::size_t i = 1; i < path.size(); ++i) {
      if (auto* any = std::get_if<Any>(&at)) {
        Any* const inside = step_into(*any, path[i]);
        if (inside == nullptr) return nothing_there();
        Any kept = std::move(*inside);
        at = std::move(kept);
        continue;
      }
      const auto* type = std::get_if<SharedType>(&at);
      auto child = type == nullptr ? std::nullopt : child_of(*type, path[i]);
      if (!child) return nothing_there();
      at = std::move(*child);
    }
    return at;
  }

  // value: null takes the place away.
  Result<void> edit(Tokens path, PatchVerb verb, const Value* value) {
    if (path.empty()) {
      if (value != nullptr) return edit_roots(*value);
      return Error{ErrorCode::forbidden, "a document cannot be removed from itself"};
    }
    if (path.size() == 1) return edit_root(path[0], verb, value);
    if (!roots_.contains(path[0])) return nothing_there();
    SharedType type = doc_.get_root(path[0]);
    for (std::size_t i = 1; i + 1 < path.size(); ++i) {
      std::optional<ycrdt::Value> child = child_of(type, path[i]);
      if (!child) return nothing_there();
      if (auto* plain = std::get_if<Any>(&*child)) {
        // It is copied as a whole.
        std::string encoded;
        ycrdt::write_any(encoded, *plain);
        if (Result<void> within = spend(encoded.size()); !within.ok()) return within;
        Result<void> edited = edit_plain(*plain, path.subspan(i + 1), verb, value);
        if (!edited.ok()) return edited;
        return put_plain(type, path[i], std::move(*plain));
      }
      const auto* next = std::get_if<SharedType>(&*child);
      if (next == nullptr) return no_members();
      type = *next;
    }
    return edit_in(type, path.back(), verb, value);
  }

  Result<void> edit_root(const std::string& name, PatchVerb verb, const Value* value) {
    if (verb != PatchVerb::add && !roots_.contains(name)) return nothing_there();
    if (value == nullptr) return clear_root(doc_.get_root(name));
    roots_.insert(name);
    return write_root(doc_, name, *value);
  }

  Result<void> edit_roots(const Value& object) {
    if (const Value::Object* const members = object.as_object()) {
      for (const Value::Member& member : *members) roots_.insert(member.key);
    }
    return write_roots(doc_, object);
  }

  static Result<void> edit_in(const SharedType& type, const std::string& token, PatchVerb verb,
                              const Value* value) {
    const TypeKind kind = kind_for(type, token);
    if (kind == TypeKind::array) return edit_list(type.as_array(), token, verb, value);
    if (kind == TypeKind::map) return edit_map(type.as_map(), token, verb, value);
    return no_members();
  }

  static Result<void> put_plain(const SharedType& type, const std::string& token, Any value) {
    if (kind_of(type) == TypeKind::map) return type.as_map().set(token, std::move(value));
    const auto index = index_of(token, type.as_array().length());
    if (!index) return nothing_there();
    ycrdt::Array list = type.as_array();
    if (Result<void> erased = list.erase(*index); !erased.ok()) return erased;
    return list.insert(*index, {std::move(value)});
  }

  Doc& doc_;
  std::set<std::string> roots_;  // their names, which the document would have to list each time
  std::size_t read_bytes_ = 0;
};

}  // namespace

Result<void> apply_patch(Doc& doc, const std::vector<PatchOperation>& patch) {
  Result<void> outcome;
  doc.transact([&] {
    Patching patching(doc);
    for (std::size_t i = 0; i < patch.size(); ++i) {
      outcome = patching.run(patch[i]);
      if (outcome.ok()) continue;
      outcome = Error{outcome.error().code,
                      "Operation " + std::to_string(i) + ": " + outcome.error().message};
      return;
    }
  });
  return outcome;
}

}  // namespace pluv::apps
