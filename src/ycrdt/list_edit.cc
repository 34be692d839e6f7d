#include "ycrdt/list_edit.h"

#include <algorithm>

#include "ycrdt/any.h"
#include "ycrdt/update_writer.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {

Value value_at(DocState& doc, const Item& item, std::uint32_t element) {
  switch (item.kind) {
    case ContentKind::any:
    case ContentKind::json: {
      ByteReader reader(item.bytes());
      bool shortest = true;
      for (std::uint32_t i = 0; i < element; ++i) {
        if (!skip_any(reader, item.size, shortest)) return Any();
      }
      return read_any(reader);
    }
    case ContentKind::binary: return Any(Any::Bytes{std::string(item.bytes())});
    case ContentKind::embed: return decode_any(item.bytes());
    case ContentKind::type: return SharedType(&doc, item.branch());
    case ContentKind::doc: {
      const Subdocument& subdocument = doc.store.subdocuments[item.size];
      return Subdoc{std::string(subdocument.guid), decode_any(subdocument.options)};
    }
    case ContentKind::string: {
      std::string rest;
      append_text_from(rest, item.bytes(), element, item.length);
      const Utf16Position second = utf16_position(rest, 1);
      return Any(second.inside_pair ? std::string(kReplacement) : rest.substr(0, second.byte));
    }
    default: return Any();
  }
}

std::vector<Value> list_values(DocState& doc, BranchIndex branch, std::uint32_t begin,
                               std::uint32_t end) {
  std::vector<Value> out;
  end = std::min(end, doc.store.branches[branch].length);
  if (begin >= end) return out;
  const PositionIndex::Found found = doc.store.find_position(branch, begin);
  std::uint32_t element = begin - found.start;
  for (ItemIndex at = found.item; begin < end; at = doc.store.items[at].right, element = 0) {
    const Item& item = doc.store.items[at];
    for (; element < item.visible() && begin < end; ++element, ++begin) {
      out.push_back(value_at(doc, item, element));
    }
  }
  return out;
}

ItemIndex list_place(DocState& doc, BranchIndex branch, std::uint32_t index) {
  if (index == 0) return kNone;
  Store& store = doc.store;
  const PositionIndex::Found found = store.find_position(branch, index - 1);
  const Item& item = store.items[found.item];
  const std::uint32_t offset = index - found.start;
  if (offset < item.length) {
    (void)store.clean_start(doc.transaction().change, {item.client, item.clock + offset});
  }
  return found.item;
}

void set_input(DocState& doc, ItemIndex index, const Input& input) {
  Store& store = doc.store;
  if (const auto* type = std::get_if<NewType>(&input)) {
    const bool named = type->kind == TypeKind::xml_element || type->kind == TypeKind::xml_hook;
    const BranchIndex branch =
        store.add_branch(type->kind, named ? store.intern_key(type->name) : kNone);
    store.items[index].kind = ContentKind::type;
    store.items[index].size = branch;
    return;
  }
  std::string encoded;
  if (const auto* subdocument = std::get_if<NewDoc>(&input)) {
    Any::Object options;
    if (!subdocument->gc) options.emplace_back("gc", false);
    if (subdocument->auto_load) options.emplace_back("autoLoad", true);
    const Any& meta = subdocument->meta;
    if (!meta.is_null() && !meta.is_undefined()) options.emplace_back("meta", meta);
    write_any(encoded, Any(std::move(options)));
    store.items[index].kind = ContentKind::doc;
    const std::uint32_t added = store.add_subdocument(subdocument->guid, encoded);
    store.subdocuments[added].should_load = true;
    store.items[index].size = added;
    return;
  }
  const Any& value = std::get<Any>(input);
  Item& item = store.items[index];
  if (const auto* bytes = value.get<Any::Bytes>()) {
    item.kind = ContentKind::binary;
    item.data = store.arena.copy(bytes->value);
    item.size = static_cast<std::uint32_t>(bytes->value.size());
    return;
  }
  write_any(encoded, value);
  item.kind = ContentKind::any;
  item.data = store.arena.copy(encoded);
  item.size = static_cast<std::uint32_t>(encoded.size());
}

ItemIndex list_insert_after(DocState& doc, BranchIndex branch, ItemIndex left,
                            const std::vector<Input>& values) {
  Store& store = doc.store;
  const ItemIndex right = left == kNone ? store.branches[branch].start : store.items[left].right;
  for (std::size_t i = 0; i < values.size();) {
    const ItemIndex index = doc.new_item(branch, left, right);
    // Values side by side are one run.
    std::string encoded;
    std::uint32_t count = 0;
    for (; i < values.size(); ++i, ++count) {
      const Any* const value = std::get_if<Any>(&values[i]);
      if (value == nullptr || value->get<Any::Bytes>() != nullptr) break;
      write_any(encoded, *value);
    }
    if (count != 0) {
      Item& item = store.items[index];
      item.kind = ContentKind::any;
      item.length = count;
      item.data = store.arena.copy(encoded);
      item.size = static_cast<std::uint32_t>(encoded.size());
    } else {
      set_input(doc, index, values[i++]);
    }
    left = doc.integrate(index);
  }
  return left;
}

std::uint32_t list_erase(DocState& doc, BranchIndex branch, std::uint32_t index,
                         std::uint32_t length) {
  Store& store = doc.store;
  Change& change = doc.transaction().change;
  ItemIndex at = kNone;
  if (index == 0) {
    at = store.branches[branch].start;
  } else {
    at = store.items[list_place(doc, branch, index)].right;
  }
  while (length > 0 && at != kNone) {
    if (!store.items[at].deleted()) {
      const Item& item = store.items[at];
      if (length < item.length) {
        (void)store.clean_start(change, {item.client, item.clock + length});
      }
      store.delete_item(change, at);
      length -= store.items[at].length;
    }
    at = store.items[at].right;
  }
  return length;
}

ItemIndex map_set(DocState& doc, BranchIndex branch, std::string_view key, const Input& value) {
  const KeyIndex name = doc.store.intern_key(key);
  const ItemIndex index = doc.new_item(branch, doc.store.member_item(branch, name), kNone);
  doc.store.items[index].key = name;
  set_input(doc, index, value);
  return doc.integrate(index);
}

void map_erase(DocState& doc, BranchIndex branch, std::string_view key) {
  const KeyIndex name = doc.store.find_key(key);
  if (name == kNone) return;
  const ItemIndex item = doc.store.member_item(branch, name);
  if (item != kNone) doc.store.delete_item(doc.transaction().change, item);
}

std::optional<Value> map_get(DocState& doc, BranchIndex branch, std::string_view key) {
  const KeyIndex name = doc.store.find_key(key);
  if (name == kNone) return std::nullopt;
  const ItemIndex index = doc.store.member_item(branch, name);
  if (index == kNone || doc.store.items[index].deleted()) return std::nullopt;
  const Item& item = doc.store.items[index];
  return value_at(doc, item, item.length - 1);
}

}  // namespace pluv::ycrdt
