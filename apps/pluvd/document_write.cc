#include "apps/pluvd/document_write.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "apps/pluvd/document_kinds.h"
#include "apps/pluvd/text_ends.h"
#include "ycrdt/utf16.h"

namespace pluv::apps {
namespace {

using json::Kind;
using ycrdt::Any;
using ycrdt::Doc;
using ycrdt::SharedType;
using ycrdt::TypeKind;

// Types in types; each costs some stack frames.
constexpr int kDepthMax = 200;

Error too_deep() { return {ErrorCode::limit, "The document would be too deep"}; }

std::uint32_t units_of(std::string_view text) {
  return static_cast<std::uint32_t>(ycrdt::utf16_length(text).value_or(0));
}

// The kind of type that a value becomes; nullopt: it lies there as it is.
std::optional<TypeKind> kind_for(const json::Value& value) {
  if (value.kind() == Kind::object) return TypeKind::map;
  if (value.kind() == Kind::array) return TypeKind::array;
  return std::nullopt;
}

// Whether a type of this kind can be made like the value.
bool can_become(TypeKind kind, const json::Value& value) {
  if (kind == TypeKind::text) return value.kind() == Kind::string;
  return kind_for(value) == kind;
}

Result<void> make_like(const SharedType& type, const json::Value& value, int depth);

// --- Texts. Units are those of UTF-16, as indices are; an embed takes a place, and no text.

struct Place {
  std::uint32_t first = 0;  // before the embeds that stand there
  std::uint32_t last = 0;   // behind them
};

Place place_of(const std::vector<ycrdt::DeltaOp>& ops, std::uint32_t units) {
  Place place;
  std::uint32_t before = 0;
  for (const ycrdt::DeltaOp& op : ops) {
    const auto* any = std::get_if<Any>(&op.insert);
    const std::string* const text = any == nullptr ? nullptr : any->get<std::string>();
    if (text == nullptr) {
      ++place.last;
      if (before < units) place.first = place.last;
      continue;
    }
    const std::uint32_t length = units_of(*text);
    const std::uint32_t step = std::min(length, units - before);
    before += step;
    place.last += step;
    place.first = place.last;
    if (step < length) return place;
  }
  return place;
}

Result<void> make_text(ycrdt::Text text, std::string_view wanted) {
  const std::string old = text.to_string();
  const CommonEnds ends = common_ends(old, wanted);
  const std::uint32_t begin = units_of(std::string_view(old).substr(0, ends.front));
  const std::uint32_t removed =
      units_of(std::string_view(old).substr(ends.front, old.size() - ends.front - ends.back));
  const std::vector<ycrdt::DeltaOp> ops = text.to_delta();
  std::uint32_t at = place_of(ops, begin).first;
  if (removed > 0) {
    at = place_of(ops, begin).last;
    const std::uint32_t end = place_of(ops, begin + removed).first;
    if (Result<void> erased = text.erase(at, end - at); !erased.ok()) return erased;
  }
  const std::string_view added = wanted.substr(ends.front, wanted.size() - ends.front - ends.back);
  if (added.empty()) return {};
  return text.insert(at, added);
}

// --- Lists.

bool is_like(const ycrdt::Value& old, const json::Value& value) {
  const auto* type = std::get_if<SharedType>(&old);
  // A plain object and a map print alike.
  if (type == nullptr && kind_for(value)) return false;
  const Result<json::Value> json = json_of(old);
  return json.ok() && same_json(*json, value);
}

Result<void> make_list(ycrdt::Array list, const json::Value::Array& wanted, int depth) {
  const std::vector<ycrdt::Value> olds = list.to_array();
  const std::size_t most = std::min(olds.size(), wanted.size());
  std::size_t front = 0;
  while (front < most && is_like(olds[front], wanted[front])) ++front;
  std::size_t back = 0;
  while (back < most - front &&
         is_like(olds[olds.size() - back - 1], wanted[wanted.size() - back - 1])) {
    ++back;
  }
  const auto news = std::span(wanted).subspan(front, wanted.size() - front - back);
  const auto gone = std::span(olds).subspan(front, olds.size() - front - back);
  const bool side_by_side =
      std::ranges::equal(gone, news, [](const ycrdt::Value& old, const json::Value& value) {
        const auto* type = std::get_if<SharedType>(&old);
        return type != nullptr && can_become(kind_of(*type), value);
      });
  if (side_by_side) {  // what has changed lies in them
    for (std::size_t i = 0; i < gone.size(); ++i) {
      Result<void> made = make_like(std::get<SharedType>(gone[i]), news[i], depth + 1);
      if (!made.ok()) return made;
    }
    return {};
  }
  const auto at = static_cast<std::uint32_t>(front);
  if (!gone.empty()) {
    Result<void> erased = list.erase(at, static_cast<std::uint32_t>(gone.size()));
    if (!erased.ok()) return erased;
  }
  return insert_elements(list, at, news);
}

// --- Maps.

Result<void> put(ycrdt::Map map, const std::string& key, const json::Value& value, int depth) {
  const std::optional<ycrdt::Value> old = map.get(key);
  const auto* type = old ? std::get_if<SharedType>(&*old) : nullptr;
  if (type != nullptr && can_become(kind_of(*type), value)) {
    return make_like(*type, value, depth + 1);
  }
  const std::optional<TypeKind> kind = kind_for(value);
  if (!kind) {
    if (old && is_like(*old, value)) return {};
    return map.set(key, any_of(value));
  }
  const Result<SharedType> made = map.set_type(key, {.kind = *kind});
  if (!made.ok()) return made.error();
  return make_like(*made, value, depth + 1);
}

Result<void> make_map(ycrdt::Map map, const json::Value& wanted, int depth) {
  // By name, since a search for each would take the square of their number.
  std::vector<std::string_view> names;
  names.reserve(wanted.as_object()->size());
  for (const json::Value::Member& member : *wanted.as_object()) names.push_back(member.key);
  std::ranges::sort(names);
  for (const std::string& key : map.keys()) {
    if (std::ranges::binary_search(names, std::string_view(key))) continue;
    if (Result<void> erased = map.erase(key); !erased.ok()) return erased;
  }
  for (const json::Value::Member& member : *wanted.as_object()) {
    Result<void> done = put(map, member.key, member.value, depth);
    if (!done.ok()) return done;
  }
  return {};
}

Result<void> make_like(const SharedType& type, const json::Value& value, int depth) {
  if (depth > kDepthMax) return too_deep();
  if (const std::string* const text = value.as_string()) return make_text(type.as_text(), *text);
  if (const json::Value::Array* const list = value.as_array()) {
    return make_list(type.as_array(), *list, depth);
  }
  return make_map(type.as_map(), value, depth);
}

std::vector<const json::Value::Member*> sorted_members(const json::Value& object) {
  std::vector<const json::Value::Member*> out;
  out.reserve(object.as_object()->size());
  for (const json::Value::Member& member : *object.as_object()) out.push_back(&member);
  std::ranges::sort(out, {}, [](const auto* member) -> std::string_view { return member->key; });
  return out;
}

}  // namespace

bool is_blank(const SharedType& root) {
  return root.as_array().length() == 0 && root.as_map().size() == 0;
}

Result<void> clear_root(const SharedType& root) {
  const std::uint32_t length = root.as_array().length();
  if (length > 0) {
    if (Result<void> erased = root.as_array().erase(0, length); !erased.ok()) return erased;
  }
  return root.as_map().clear();
}

Result<void> write_root(Doc& doc, const std::string& name, const json::Value& value) {
  if (value.kind() != Kind::string && !kind_for(value)) {
    return Error{ErrorCode::conflict, "A root type is an object, an array or a text, so \"" + name +
                                          "\" cannot be " +
                                          std::string(json::kind_name(value.kind()))};
  }
  const SharedType root = doc.get_root(name);
  if (!is_blank(root) && !can_become(kind_of(root), value)) {
    return Error{ErrorCode::conflict, "The root type \"" + name + "\" is of another kind"};
  }
  return make_like(root, value, 0);
}

Result<void> write_roots(Doc& doc, const json::Value& object) {
  if (object.as_object() == nullptr) {
    return Error{ErrorCode::conflict, "A document is an object whose members are its root types"};
  }
  const std::vector<const json::Value::Member*> members = sorted_members(object);
  for (const std::string& name : doc.root_names()) {
    const bool stays = std::ranges::binary_search(
        members, std::string_view(name), {},
        [](const auto* member) -> std::string_view { return member->key; });
    if (stays) continue;
    if (Result<void> cleared = clear_root(doc.get_root(name)); !cleared.ok()) return cleared;
  }
  for (const json::Value::Member& member : *object.as_object()) {
    Result<void> written = write_root(doc, member.key, member.value);
    if (!written.ok()) return written;
  }
  return {};
}

Result<void> write_member(ycrdt::Map map, const std::string& key, const json::Value& value) {
  return put(map, key, value, 0);
}

Result<void> write_element(ycrdt::Array list, std::uint32_t index, const json::Value& value) {
  const std::optional<ycrdt::Value> old = list.get(index);
  if (!old) return Error{ErrorCode::not_found, "There is no such element"};
  const auto* type = std::get_if<SharedType>(&*old);
  if (type != nullptr && can_become(kind_of(*type), value)) return make_like(*type, value, 0);
  if (is_like(*old, value)) return {};
  if (Result<void> erased = list.erase(index); !erased.ok()) return erased;
  return insert_elements(list, index, {&value, 1});
}

Result<void> insert_elements(ycrdt::Array list, std::uint32_t index,
                             std::span<const json::Value> values) {
  std::vector<ycrdt::Input> plain;  // together they become one run
  const auto flush = [&]() -> Result<void> {
    if (plain.empty()) return {};
    Result<void> inserted = list.insert(index, plain);
    index += static_cast<std::uint32_t>(plain.size());
    plain.clear();
    return inserted;
  };
  for (const json::Value& value : values) {
    const std::optional<TypeKind> kind = kind_for(value);
    if (!kind) {
      plain.emplace_back(any_of(value));
      continue;
    }
    if (Result<void> flushed = flush(); !flushed.ok()) return flushed;
    const Result<SharedType> made = list.insert_type(index++, {.kind = *kind});
    if (!made.ok()) return made.error();
    if (Result<void> filled = make_like(*made, value, 0); !filled.ok()) return filled;
  }
  return flush();
}

Any any_of(const json::Value& value) {
  switch (value.kind()) {
    case Kind::boolean: return *value.as_bool();
    case Kind::number: return *value.as_number();
    case Kind::string: return *value.as_string();
    case Kind::array: {
      Any::Array out;
      out.reserve(value.as_array()->size());
      for (const json::Value& element : *value.as_array()) out.push_back(any_of(element));
      return out;
    }
    case Kind::object: {
      Any::Object out;
      out.reserve(value.as_object()->size());
      for (const json::Value::Member& member : *value.as_object()) {
        out.emplace_back(member.key, any_of(member.value));
      }
      return out;
    }
    case Kind::null:
    case Kind::none: break;
  }
  return nullptr;
}

Result<json::Value> json_of(const ycrdt::Value& value) {
  constexpr json::ParseLimits kWhole{.depth_max = json::kDepthCap, .values_max = SIZE_MAX};
  if (const auto* any = std::get_if<Any>(&value)) {
    return json::Value::parse(ycrdt::to_json(*any), kWhole);
  }
  if (const auto* type = std::get_if<SharedType>(&value)) {
    return json::Value::parse(type->json(), kWhole);
  }
  return json::Value(json::Value::Object{});
}

bool same_json(const json::Value& left, const json::Value& right) {
  if (left.kind() != right.kind()) return false;
  if (const json::Value::Array* const list = left.as_array()) {
    return std::ranges::equal(*list, *right.as_array(), same_json);
  }
  if (left.as_object() == nullptr) return left == right;
  return std::ranges::equal(sorted_members(left), sorted_members(right),
                            [](const auto* a, const auto* b) {
                              return a->key == b->key && same_json(a->value, b->value);
                            });
}

Result<std::string> seed_update(const json::Value& object, std::uint64_t writer) {
  Doc doc({.client_id = writer});
  Result<void> written;
  doc.transact([&] { written = write_roots(doc, object); });
  if (!written.ok()) return written.error();
  if (doc.item_count() == 0) return std::string();
  return doc.encode_state_as_update();
}

}  // namespace pluv::apps
