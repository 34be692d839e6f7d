#include "ycrdt/text_edit.h"

#include <algorithm>

#include "ycrdt/any.h"
#include "ycrdt/format_cleanup.h"
#include "ycrdt/list_edit.h"
#include "ycrdt/read.h"

namespace pluv::ycrdt {
namespace {

bool is_format(const Item& item) noexcept { return item.kind == ContentKind::format; }

// Past the item to the right of the place. Precondition: there is one.
void forward(const Store& store, TextPlace& place) {
  const Item& right = store.items[place.right];
  if (is_format(right) && !right.deleted()) {
    place.current.apply(store.format_key(right), store.format_value(right));
  }
  place.left = place.right;
  place.right = right.right;
}

// `data` as Item::data of a format; it is in the arena.
void insert_format(DocState& doc, BranchIndex branch, TextPlace& place, std::string_view data) {
  const ItemIndex index = doc.new_item(branch, place.left, place.right);
  Item& item = doc.store.items[index];
  item.kind = ContentKind::format;
  item.data = data.data();
  item.size = static_cast<std::uint32_t>(data.size());
  place.right = doc.integrate(index);
  forward(doc.store, place);
}

void insert_format(DocState& doc, BranchIndex branch, TextPlace& place, KeyIndex key,
                   std::string_view value) {
  std::string data(reinterpret_cast<const char*>(&key), sizeof key);
  data.append(value);
  insert_format(doc, branch, place, {doc.store.arena.copy(data), data.size()});
}

// Past what is deleted and past formats that say what is wanted anyway. yjs:
// minimizeAttributeChanges.
void skip_equal_formats(const Store& store, TextPlace& place, const Attributes& wanted) {
  while (place.right != kNone) {
    const Item& right = store.items[place.right];
    if (!right.deleted() &&
        !(is_format(right) && equal_attribute(wanted.value_or_null(store.format_key(right)),
                                              store.format_value(right)))) {
      return;
    }
    forward(store, place);
  }
}

// Begins what is wanted and does not hold yet; answers what has to be restored behind it. yjs:
// insertAttributes.
Attributes begin_attributes(DocState& doc, BranchIndex branch, TextPlace& place,
                            const Attributes& wanted) {
  Attributes negated;
  for (const auto& [key, value] : in_key_order(doc.store, wanted)) {
    const std::string_view holds = place.current.value_or_null(key);
    if (equal_attribute(holds, value)) continue;
    negated.set(key, holds);
    insert_format(doc, branch, place, key, value);
  }
  return negated;
}

// yjs: insertNegatedAttributes.
void end_attributes(DocState& doc, BranchIndex branch, TextPlace& place, Attributes& negated) {
  const Store& store = doc.store;
  while (place.right != kNone) {
    const Item& right = store.items[place.right];
    if (!right.deleted()) {
      if (!is_format(right)) break;
      const KeyIndex key = store.format_key(right);
      const std::string_view* const wanted = negated.find(key);
      if (wanted == nullptr || !equal_attribute(*wanted, store.format_value(right))) break;
      negated.erase(key);
    }
    forward(store, place);
  }
  negated.each([&](KeyIndex key, std::string_view value) {
    if (value == kEncodedNull) {
      insert_format(doc, branch, place, key, value);
    } else {
      // It is the value of a format that is here, whose key is before it. Both then have the very
      // same value, which counts where containers are compared (JavaScript's ===).
      insert_format(doc, branch, place, {value.data() - sizeof key, sizeof key + value.size()});
    }
  });
}

}  // namespace

GivenAttributes::GivenAttributes(Store& store, const Text::AttributeList& list) {
  encoded_.reserve(list.size());
  for (const auto& [name, value] : list) {
    write_any(encoded_.emplace_back(), value);
    attributes_.set(store.intern_key(name), encoded_.back());
  }
}

TextPlace find_text_place(DocState& doc, BranchIndex branch, std::uint32_t index) {
  Store& store = doc.store;
  TextPlace place;
  place.right = store.branches[branch].start;
  if (!store.branches[branch].has_formatting) {
    place.left = list_place(doc, branch, index);
    if (place.left != kNone) place.right = store.items[place.left].right;
    return place;
  }
  while (place.right != kNone && index > 0) {
    const Item& right = store.items[place.right];
    if (!right.deleted() && !is_format(right)) {
      if (index < right.length) {
        (void)store.clean_start(doc.transaction().change, {right.client, right.clock + index});
      }
      index -= store.items[place.right].length;
    }
    forward(store, place);
  }
  return place;
}

ItemIndex text_insert(DocState& doc, BranchIndex branch, TextPlace& place, const TextInsert& insert,
                      Attributes attributes) {
  // What holds here and is not wanted ends.
  place.current.each([&](KeyIndex key, std::string_view) {
    if (attributes.find(key) == nullptr) attributes.set(key, kEncodedNull);
  });
  skip_equal_formats(doc.store, place, attributes);
  Attributes negated = begin_attributes(doc, branch, place, attributes);
  const ItemIndex index = doc.new_item(branch, place.left, place.right);
  if (insert.embed == nullptr) {
    doc.store.set_text(doc.store.items[index], insert.text, insert.units);
  } else if (const Any* const value = std::get_if<Any>(insert.embed)) {
    std::string encoded;
    write_any(encoded, *value);
    Item& item = doc.store.items[index];
    item.kind = ContentKind::embed;
    item.data = doc.store.arena.copy(encoded);
    item.size = static_cast<std::uint32_t>(encoded.size());
  } else {
    set_input(doc, index, *insert.embed);
  }
  place.left = doc.integrate(index);
  place.right = doc.store.items[place.left].right;
  const ItemIndex inserted = place.left;
  end_attributes(doc, branch, place, negated);
  return inserted;
}

void text_format(DocState& doc, BranchIndex branch, TextPlace& place, std::uint32_t length,
                 const Attributes& attributes) {
  Store& store = doc.store;
  Change& change = doc.transaction().change;
  skip_equal_formats(store, place, attributes);
  Attributes negated = begin_attributes(doc, branch, place, attributes);
  // Formats of the same names inside the range go; those directly behind it may make an end
  // unnecessary.
  while (place.right != kNone) {
    const Item& right = store.items[place.right];
    if (length == 0 && (negated.empty() || (!right.deleted() && !is_format(right)))) break;
    if (!right.deleted() && is_format(right)) {
      const KeyIndex key = store.format_key(right);
      const std::string_view value = store.format_value(right);
      if (const std::string_view* const wanted = attributes.find(key)) {
        if (equal_attribute(*wanted, value)) {
          negated.erase(key);
        } else {
          if (length == 0) break;
          negated.set(key, value);
        }
        store.delete_item(change, place.right);
      } else {
        place.current.set(key, value);
      }
    } else if (!right.deleted()) {
      if (length < right.length) {
        (void)store.clean_start(change, {right.client, right.clock + length});
      }
      length -= store.items[place.right].length;
    }
    forward(store, place);
  }
  // Editors take for granted that a text ends with a newline; what is formatted beyond the end
  // appears as newlines.
  if (length > 0) {
    const std::string newlines(length, '\n');
    const ItemIndex index = doc.new_item(branch, place.left, place.right);
    store.set_text(store.items[index], newlines, length);
    place.left = doc.integrate(index);
    place.right = store.items[place.left].right;
  }
  end_attributes(doc, branch, place, negated);
}

void text_erase(DocState& doc, TextPlace& place, std::uint32_t length) {
  Store& store = doc.store;
  Change& change = doc.transaction().change;
  const Attributes before = place.current;
  const ItemIndex start = place.right;
  while (length > 0 && place.right != kNone) {
    const Item& right = store.items[place.right];
    if (!right.deleted() && (right.kind == ContentKind::string || right.kind == ContentKind::type ||
                             right.kind == ContentKind::embed)) {
      if (length < right.length) {
        (void)store.clean_start(change, {right.client, right.clock + length});
      }
      length -= store.items[place.right].length;
      store.delete_item(change, place.right);
    }
    forward(store, place);
  }
  // Not in plain text, where it would only walk over all that was deleted here before.
  if (start != kNone && store.branches[store.items[start].parent].has_formatting) {
    clean_formatting_gap(doc, start, place.right, before, place.current);
  }
}

}  // namespace pluv::ycrdt
