// JSON Patch (RFC 6902) on plain JSON, as naive as can be, for a fuzzer to hold the one on
// documents to it. The roots of a document have a kind of their own, which these rules are about: a
// root is an object, a list or a text; it keeps its kind until it is empty; it cannot be taken
// away, only emptied. An empty one reads as a list, or as an object where it has ever had members.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "apps/pluvd/document_write.h"
#include "apps/pluvd/json_patch.h"
#include "json/value.h"

namespace pluv::fuzz {

class PatchReference {
 public:
  explicit PatchReference(const json::Value& roots) { (void)write_roots(roots); }

  // Why it is refused; nullopt: it is carried out.
  [[nodiscard]] std::optional<ErrorCode> run(const apps::PatchOperation& operation) {
    using apps::PatchVerb;
    const json::Value* const value = &operation.value;
    switch (operation.verb) {
      case PatchVerb::add: return edit(operation.path, true, value);
      case PatchVerb::replace: return edit(operation.path, false, value);
      case PatchVerb::remove: return edit(operation.path, false, nullptr);
      case PatchVerb::test: {
        const auto there = read(operation.path);
        if (!there) return ErrorCode::not_found;
        if (!apps::same_json(*there, *value)) return ErrorCode::conflict;
        return std::nullopt;
      }
      case PatchVerb::copy: {
        const auto there = read(operation.from);
        if (!there) return ErrorCode::not_found;
        return edit(operation.path, true, &*there);
      }
      case PatchVerb::move: break;
    }
    const auto there = read(operation.from);
    if (!there) return ErrorCode::not_found;
    if (operation.from == operation.path) return std::nullopt;
    const bool is_inside =
        operation.path.size() > operation.from.size() &&
        std::equal(operation.from.begin(), operation.from.end(), operation.path.begin());
    if (is_inside) return ErrorCode::forbidden;
    if (const auto refused = edit(operation.from, false, nullptr)) return refused;
    return edit(operation.path, true, &*there);
  }

  // All roots; the empty ones too, or not.
  [[nodiscard]] json::Value document(bool with_blank) const {
    json::Value::Object out;
    for (const auto& [name, root] : roots_) {
      if (with_blank || !is_blank(root.value)) out.push_back({name, root.value});
    }
    return out;
  }
  // So much has been read, or lies so deep, that a limit may refuse what this one does not.
  [[nodiscard]] bool is_large() const noexcept { return read_bytes_ > 100'000 || depth_ > 60; }

 private:
  using Path = std::span<const std::string>;
  struct Root {
    json::Value value = json::Value::Array();
    bool had_members = false;
  };

  [[nodiscard]] static bool is_blank(const json::Value& value) {
    if (const auto* text = value.as_string()) return text->empty();
    if (const auto* list = value.as_array()) return list->empty();
    return value.as_object() != nullptr && value.as_object()->empty();
  }
  [[nodiscard]] static std::size_t depth_of(const json::Value& value) {
    std::size_t most = 0;
    if (const auto* list = value.as_array()) {
      for (const json::Value& element : *list) most = std::max(most, 1 + depth_of(element));
    }
    if (const auto* object = value.as_object()) {
      for (const auto& member : *object) most = std::max(most, 1 + depth_of(member.value));
    }
    return most;
  }
  // Numbers that are too large for JSON read as null.
  [[nodiscard]] static json::Value stored(json::Value value) {
    if (const auto* number = value.as_number()) {
      if (!std::isfinite(*number)) return nullptr;
    }
    if (auto* list = value.as_array()) {
      for (json::Value& element : *list) element = stored(std::move(element));
    }
    if (auto* object = value.as_object()) {
      for (auto& member : *object) member.value = stored(std::move(member.value));
    }
    return value;
  }
  [[nodiscard]] static std::optional<std::size_t> index_of(const std::string& token,
                                                           std::size_t end) {
    std::size_t index = 0;
    const auto read = std::from_chars(token.data(), token.data() + token.size(), index);
    const bool is_whole = read.ec == std::errc() && read.ptr == token.data() + token.size();
    if (!is_whole || token != std::to_string(index) || index >= end) return std::nullopt;
    return index;
  }
  [[nodiscard]] static std::optional<std::size_t> insert_index_of(const std::string& token,
                                                                  std::size_t size) {
    return token == "-" ? size : index_of(token, size + 1);
  }
  [[nodiscard]] static json::Value* child_of(json::Value& value, const std::string& token) {
    if (value.as_object() != nullptr) return value.find(token);
    if (value.as_array() == nullptr) return nullptr;
    const auto index = index_of(token, value.as_array()->size());
    return index ? &(*value.as_array())[*index] : nullptr;
  }

  [[nodiscard]] std::optional<json::Value> read(Path path) {
    std::optional<json::Value> out;
    if (path.empty()) {
      out = document(true);
    } else if (const auto root = roots_.find(path[0]); root != roots_.end()) {
      json::Value* at = &root->second.value;
      for (const std::string& token : path.subspan(1)) {
        at = at == nullptr ? nullptr : child_of(*at, token);
      }
      if (at != nullptr) out = *at;
    }
    if (out) read_bytes_ += out->to_text().size();
    return out;
  }

  [[nodiscard]] std::optional<ErrorCode> write_roots(const json::Value& roots) {
    if (roots.as_object() == nullptr) return ErrorCode::conflict;
    for (auto& [name, root] : roots_) {
      if (roots.find(name) == nullptr) root.value = blank_of(root);
    }
    for (const auto& member : *roots.as_object()) {
      if (const auto refused = write_root(member.key, member.value)) return refused;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<ErrorCode> write_root(const std::string& name,
                                                    const json::Value& value) {
    const bool can_be =
        value.as_object() != nullptr || value.as_array() != nullptr || value.as_string() != nullptr;
    if (!can_be) return ErrorCode::conflict;
    Root& root = roots_[name];
    if (!is_blank(root.value) && root.value.kind() != value.kind()) return ErrorCode::conflict;
    set_root(root, stored(value));
    return std::nullopt;
  }
  static json::Value blank_of(const Root& root) {
    if (root.had_members) return json::Value::Object();
    return json::Value::Array();
  }
  static void set_root(Root& root, json::Value value) {
    root.had_members |= value.as_object() != nullptr && !value.as_object()->empty();
    root.value = is_blank(value) ? blank_of(root) : std::move(value);
  }

  // value: null takes the place away.
  [[nodiscard]] std::optional<ErrorCode> edit(Path path, bool adds, const json::Value* value) {
    if (value != nullptr) depth_ = std::max(depth_, path.size() + depth_of(*value));
    if (path.empty()) return value == nullptr ? ErrorCode::forbidden : write_roots(*value);
    const auto root = roots_.find(path[0]);
    if (path.size() == 1) {
      if (root == roots_.end() && !adds) return ErrorCode::not_found;
      if (value != nullptr) return write_root(path[0], *value);
      root->second.value = blank_of(root->second);
      return std::nullopt;
    }
    if (root == roots_.end()) return ErrorCode::not_found;
    json::Value whole = root->second.value;
    // An empty root becomes what the name fits.
    if (is_blank(whole)) {
      const bool is_index = insert_index_of(path[1], 0).has_value();
      whole = is_index ? json::Value(json::Value::Array()) : json::Value(json::Value::Object());
    }
    json::Value* parent = &whole;
    for (const std::string& token : path.subspan(1, path.size() - 2)) {
      parent = child_of(*parent, token);
      if (parent == nullptr) return ErrorCode::not_found;
    }
    if (!edit_in(*parent, path.back(), adds, value)) return ErrorCode::not_found;
    read_bytes_ += whole.to_text().size();
    set_root(root->second, std::move(whole));
    return std::nullopt;
  }
  // False: there is no such place.
  [[nodiscard]] static bool edit_in(json::Value& parent, const std::string& token, bool adds,
                                    const json::Value* value) {
    if (auto* object = parent.as_object()) {
      if (!adds && parent.find(token) == nullptr) return false;
      if (value != nullptr) {
        parent.set(token, stored(*value));
      } else {
        std::erase_if(*object, [&](const auto& member) { return member.key == token; });
      }
      return true;
    }
    auto* const list = parent.as_array();
    if (list == nullptr) return false;
    const auto index = adds ? insert_index_of(token, list->size()) : index_of(token, list->size());
    if (!index) return false;
    const auto at = list->begin() + static_cast<std::ptrdiff_t>(*index);
    if (value == nullptr) {
      list->erase(at);
    } else if (adds) {
      list->insert(at, stored(*value));
    } else {
      *at = stored(*value);
    }
    return true;
  }

  std::map<std::string, Root, std::less<>> roots_;
  std::size_t read_bytes_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace pluv::fuzz
