#include "ycrdt/relative_position.h"

#include <utility>

#include "base/utf8.h"
#include "json/writer.h"
#include "ycrdt/any.h"
#include "ycrdt/doc_state.h"
#include "ycrdt/lib0.h"

namespace pluv::ycrdt {
namespace {

constexpr std::uint64_t kClockEnd = std::uint64_t{1} << 32;

// What the first number of an encoded position says that it names.
enum class Named : std::uint8_t { item = 0, root = 1, type = 2 };

Id id_at(const Store& store, Place place) { return {store.clients[place.client].id, place.clock}; }

// The item that holds the element, which is the item's element `offset`; kNone when the document
// does not have it.
struct FoundItem {
  ItemIndex item = kNone;
  std::uint32_t offset = 0;
};

FoundItem find_item(const Store& store, Id id, bool follow_redone) {
  const ClientIndex client = store.find_client(id.client);
  if (client == kNone || id.clock >= store.clients[client].end) return {};
  for (Place place{client, id.clock};;) {
    const ItemIndex item = store.find(place);
    const std::uint32_t offset = place.clock - store.items[item].clock;
    const Place again = follow_redone ? store.redone(item) : Place();
    if (again.client == kNone) return {item, offset};
    place = {again.client, again.clock + offset};
  }
}

// How many elements are visible before the item.
std::uint32_t visible_before(Store& store, ItemIndex item) {
  if (store.items[item].key == kNone) return store.position_of(item);
  std::uint32_t count = 0;
  for (ItemIndex at = store.items[item].left; at != kNone; at = store.items[at].left) {
    count += store.items[at].visible();
  }
  return count;
}

std::optional<AbsolutePosition> position_at_item(DocState& doc, Id id, std::int64_t assoc,
                                                 bool follow_redone) {
  Store& store = doc.store;
  const FoundItem found = find_item(store, id, follow_redone);
  if (found.item == kNone || store.items[found.item].is_gc()) return std::nullopt;
  const Item& item = store.items[found.item];
  const SharedType type(&doc, item.parent);
  if (!type.valid()) return AbsolutePosition{type, 0, assoc};
  std::uint32_t index = visible_before(store, found.item);
  if (item.visible() != 0) index += found.offset + (assoc >= 0 ? 0 : 1);
  return AbsolutePosition{type, index, assoc};
}

AbsolutePosition position_at_end(const SharedType& type, std::int64_t assoc) {
  const std::uint32_t length = type.doc()->store.branches[type.branch()].length;
  return {type, assoc >= 0 ? length : 0, assoc};
}

void write_id(std::string& out, Id id) {
  write_var_uint(out, id.client);
  write_var_uint(out, id.clock);
}

Result<Id> id_of(std::uint64_t client, std::uint64_t clock) {
  if (clock >= kClockEnd) return Error{ErrorCode::limit, "A clock in a position is too large"};
  return Id{client, static_cast<Clock>(clock)};
}

}  // namespace

Result<RelativePosition> create_relative_position(const SharedType& type, std::uint32_t index,
                                                  std::int64_t assoc) {
  if (!type.valid()) return Error{ErrorCode::not_found, "The handle names no shared type"};
  Store& store = type.doc()->store;
  const Branch& branch = store.branches[type.branch()];
  RelativePosition out;
  out.assoc = assoc;
  if (branch.item == kNone) {
    out.root = std::string(store.key(branch.name));
  } else {
    out.type = id_at(store, store.items[branch.item].first());
  }
  if (assoc < 0) {
    if (index == 0) return out;
    --index;  // it goes with the element before
  }
  if (index < branch.length) {
    const PositionIndex::Found found = store.find_position(type.branch(), index);
    const Item& item = store.items[found.item];
    out.item = id_at(store, {item.client, item.clock + (index - found.start)});
  } else if (assoc < 0 && branch.end != kNone) {
    out.item = id_at(store, store.items[branch.end].last());
  }
  return out;
}

std::optional<AbsolutePosition> create_absolute_position(const RelativePosition& position, Doc& doc,
                                                         bool follow_redone) {
  DocState& state = doc.state();
  if (position.item) {
    return position_at_item(state, *position.item, position.assoc, follow_redone);
  }
  if (position.root) {
    const SharedType root = doc.get_root(*position.root);
    if (!root.valid()) return std::nullopt;
    return position_at_end(root, position.assoc);
  }
  if (!position.type) return std::nullopt;
  const FoundItem found = find_item(state.store, *position.type, follow_redone);
  if (found.item == kNone) return std::nullopt;
  const Item& item = state.store.items[found.item];
  if (item.kind != ContentKind::type) return std::nullopt;
  return position_at_end({&state, item.branch()}, position.assoc);
}

std::string encode_relative_position(const RelativePosition& position) {
  PLUV_ASSERT(position.item || position.root || position.type);
  std::string out;
  if (position.item) {
    out.push_back(static_cast<char>(Named::item));
    write_id(out, *position.item);
  } else if (position.root) {
    out.push_back(static_cast<char>(Named::root));
    write_var_bytes(out, *position.root);
  } else {
    out.push_back(static_cast<char>(Named::type));
    write_id(out, *position.type);
  }
  write_var_int(out, position.assoc);
  return out;
}

Result<RelativePosition> decode_relative_position(std::string_view bytes) {
  ByteReader reader(bytes);
  RelativePosition out;
  const std::uint64_t named = reader.var_uint();
  if (named > static_cast<std::uint64_t>(Named::type)) {
    return Error{ErrorCode::invalid, "A position of an unknown kind"};
  }
  if (named == static_cast<std::uint64_t>(Named::root)) {
    out.root = std::string(reader.var_bytes());
    if (!is_utf8(*out.root)) return Error{ErrorCode::invalid, "The root's name is not UTF-8"};
  } else {
    const std::uint64_t client = reader.var_uint();
    const Result<Id> id = id_of(client, reader.var_uint());
    if (!id) return id.error();
    (named == static_cast<std::uint64_t>(Named::item) ? out.item : out.type) = *id;
  }
  // Early versions of yjs wrote none.
  if (!reader.failed() && !reader.at_end()) out.assoc = reader.var_int().value;
  if (reader.failed()) return Error{ErrorCode::invalid, "The position ends early"};
  if (!reader.at_end()) return Error{ErrorCode::invalid, "Bytes after the position's end"};
  return out;
}

namespace {

void append_id(json::Writer& writer, std::string_view name, Id id) {
  writer.key(name);
  writer.begin_object();
  writer.key("client");
  writer.number(id.client);
  writer.key("clock");
  writer.number(std::uint64_t{id.clock});
  writer.end_object();
}

const Any* find_member(const Any& value, std::string_view name) {
  const auto* const object = value.get<Any::Object>();
  if (object == nullptr) return nullptr;
  for (const auto& [key, member] : *object) {
    if (key == name && !member.is_null()) return &member;
  }
  return nullptr;
}

// A whole number from -(2^53 - 1) to 2^53 - 1.
std::optional<std::int64_t> integer(const Any* value) {
  const double* const number = value == nullptr ? nullptr : value->get<double>();
  constexpr auto kMax = static_cast<double>(kClientIdMax);
  // Written so that NaN is outside, too.
  const bool inside = number != nullptr && *number >= -kMax && *number <= kMax;
  if (!inside) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(*number);
  if (static_cast<double>(whole) != *number) return std::nullopt;
  return whole;
}

Result<std::optional<Id>> id_of_member(const Any& json, std::string_view name) {
  const Any* const member = find_member(json, name);
  if (member == nullptr) return std::optional<Id>();
  const std::optional<std::int64_t> client = integer(find_member(*member, "client"));
  const std::optional<std::int64_t> clock = integer(find_member(*member, "clock"));
  if (!client || !clock || *client < 0 || *clock < 0) {
    return Error{ErrorCode::invalid, "A position's element needs a client and a clock"};
  }
  const Result<Id> id =
      id_of(static_cast<std::uint64_t>(*client), static_cast<std::uint64_t>(*clock));
  if (!id) return id.error();
  return std::optional<Id>(*id);
}

}  // namespace

std::string relative_position_to_json(const RelativePosition& position) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (position.type) append_id(writer, "type", *position.type);
  if (position.root) {
    writer.key("tname");
    writer.string(*position.root);
  }
  if (position.item) append_id(writer, "item", *position.item);
  writer.key("assoc");
  writer.number(position.assoc);
  writer.end_object();
  return out;
}

Result<RelativePosition> relative_position_from_json(std::string_view json) {
  constexpr std::size_t kDepthMax = 16;  // two are needed
  std::string encoded;
  if (Result<void> read = encode_json(encoded, json, kDepthMax); !read) {
    return std::move(read).error();
  }
  const Any any = decode_any(encoded);
  RelativePosition out;
  const Result<std::optional<Id>> type = id_of_member(any, "type");
  if (!type) return type.error();
  const Result<std::optional<Id>> item = id_of_member(any, "item");
  if (!item) return item.error();
  out.type = *type;
  out.item = *item;
  if (const Any* const root = find_member(any, "tname")) {
    const auto* const name = root->get<std::string>();
    if (name == nullptr) return Error{ErrorCode::invalid, "The root's name is not a text"};
    out.root = *name;
  }
  if (const Any* const assoc = find_member(any, "assoc")) {
    const std::optional<std::int64_t> whole = integer(assoc);
    if (!whole) return Error{ErrorCode::invalid, "A position's assoc is not a whole number"};
    out.assoc = *whole;
  }
  if (!out.type && !out.root && !out.item) {
    return Error{ErrorCode::invalid, "The position names neither an element nor a type"};
  }
  return out;
}

}  // namespace pluv::ycrdt
