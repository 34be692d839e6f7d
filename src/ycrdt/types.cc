#include "ycrdt/types.h"

#include <algorithm>

#include "ycrdt/doc_state.h"
#include "ycrdt/list_edit.h"
#include "ycrdt/read.h"
#include "ycrdt/text_edit.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {
namespace {

// Precondition: the handle is not valid.
Error no_type(const SharedType& type) {
  if (type.doc() == nullptr) return Error{ErrorCode::not_found, "The handle names no shared type"};
  // Only a root's name can be wrong; all other handles without a place have no document either.
  if (type.branch() == kNone) return Error{ErrorCode::invalid, "The root's name is not UTF-8"};
  return Error{ErrorCode::not_found, "The shared type is deleted"};
}
Error beyond_end() { return Error{ErrorCode::limit, "The index is beyond the end"}; }

// Why nothing of this length can be written into the type, if so. Formats and what stands around it
// take clocks, too.
std::optional<Error> refusal(const SharedType& type, std::uint64_t length = 1) {
  constexpr std::uint64_t kClockEnd = std::uint64_t{1} << 32;
  constexpr std::uint64_t kMargin = 1u << 20;
  if (!type.valid()) return no_type(type);
  const DocState& doc = *type.doc();
  if (doc.store.state(doc.options.client_id) + length + kMargin >= kClockEnd) {
    return Error{ErrorCode::limit, "The client id has no clocks left"};
  }
  return std::nullopt;
}

// Why others would refuse an update with this in it, if so.
std::optional<Error> refusal_of(std::string_view name) {
  if (utf16_length(name)) return std::nullopt;
  return Error{ErrorCode::invalid, "A name is not UTF-8"};
}
std::optional<Error> refusal_of(const SharedType& type, const Any& value) {
  std::string encoded;
  write_any(encoded, value);
  ByteReader reader(encoded);
  bool shortest = true;
  // One less: as the meta data of a subdocument it lies in another object.
  const std::size_t depth_max = type.doc()->options.limits.value_depth_max - 1;
  switch (check_any(reader, depth_max, shortest)) {
    case AnyFault::none: break;
    case AnyFault::too_deep: return Error{ErrorCode::limit, "A value is too deep"};
    case AnyFault::malformed: return Error{ErrorCode::invalid, "A text in a value is not UTF-8"};
  }
  return std::nullopt;
}
std::optional<Error> refusal_of(const SharedType& type, const Input& input) {
  if (const auto* value = std::get_if<Any>(&input)) return refusal_of(type, *value);
  if (const auto* made = std::get_if<NewType>(&input)) return refusal_of(made->name);
  const auto& subdocument = std::get<NewDoc>(input);
  if (auto why = refusal_of(subdocument.guid)) return why;
  return refusal_of(type, subdocument.meta);
}
std::optional<Error> refusal_of(const SharedType& type, const DeltaOp::AttributeList& attributes) {
  for (const auto& [name, value] : attributes) {
    if (auto why = refusal_of(name)) return why;
    if (auto why = refusal_of(type, value)) return why;
  }
  return std::nullopt;
}

const Branch& branch_of(const SharedType& type) {
  return type.doc()->store.branches[type.branch()];
}

}  // namespace

bool SharedType::valid() const noexcept {
  return doc_ != nullptr && branch_ != kNone && !doc_->store.is_deleted(branch_);
}

TypeKind SharedType::kind() const noexcept {
  return doc_ == nullptr ? TypeKind::undefined : doc_->store.branches[branch_].kind;
}

SharedType SharedType::parent() const {
  if (!valid()) return {};
  const ItemIndex item = doc_->store.branches[branch_].item;
  return item == kNone ? SharedType() : SharedType(doc_, doc_->store.items[item].parent);
}

namespace {

// The first type at or after (before) the item that is there. yjs counts only types as siblings,
// since nothing else is in XML.
SharedType type_from(DocState* doc, ItemIndex at, ItemIndex Item::* next) {
  while (at != kNone) {
    const Item& item = doc->store.items[at];
    if (!item.deleted() && item.kind == ContentKind::type) return {doc, item.branch()};
    at = item.*next;
  }
  return {};
}

}  // namespace

SharedType SharedType::next_sibling() const {
  if (!valid()) return {};
  const ItemIndex item = branch_of(*this).item;
  if (item == kNone || doc_->store.items[item].key != kNone) return {};
  return type_from(doc_, doc_->store.items[item].right, &Item::right);
}

SharedType SharedType::previous_sibling() const {
  if (!valid()) return {};
  const ItemIndex item = branch_of(*this).item;
  if (item == kNone || doc_->store.items[item].key != kNone) return {};
  return type_from(doc_, doc_->store.items[item].left, &Item::left);
}

std::string SharedType::json() const {
  if (!valid()) return "null";
  std::string out;
  append_type_json(out, doc_->store, branch_, kind());
  return out;
}

Subscription SharedType::observe(EventObserver observer) const {
  PLUV_ASSERT(valid());
  doc_->callers.types = &DocState::call_type_observers;
  doc_->type_observers.push_back({++doc_->subscriptions, branch_, std::move(observer), {}});
  return doc_->subscriptions;
}

Subscription SharedType::observe_deep(DeepObserver observer) const {
  PLUV_ASSERT(valid());
  doc_->callers.types = &DocState::call_type_observers;
  doc_->type_observers.push_back({++doc_->subscriptions, branch_, {}, std::move(observer)});
  return doc_->subscriptions;
}

Text SharedType::as_text() const noexcept { return {doc_, branch_}; }
Array SharedType::as_array() const noexcept { return {doc_, branch_}; }
Map SharedType::as_map() const noexcept { return {doc_, branch_}; }
XmlFragment SharedType::as_xml_fragment() const noexcept { return {doc_, branch_}; }
XmlElement SharedType::as_xml_element() const noexcept { return {doc_, branch_}; }
XmlText SharedType::as_xml_text() const noexcept { return {doc_, branch_}; }
XmlHook SharedType::as_xml_hook() const noexcept { return {doc_, branch_}; }

DeltaOp DeltaOp::insert_text(std::string_view text, AttributeList attributes) {
  return {Kind::insert, Any(text), 0, std::move(attributes)};
}
DeltaOp DeltaOp::retain_length(std::uint32_t length, AttributeList attributes) {
  return {Kind::retain, Any(), length, std::move(attributes)};
}
DeltaOp DeltaOp::remove_length(std::uint32_t length) { return {Kind::remove, Any(), length, {}}; }

// --- Text.

std::uint32_t Text::length() const noexcept { return valid() ? branch_of(*this).length : 0; }

std::string Text::to_string() const {
  std::string out;
  if (valid()) append_text(out, doc_->store, branch_);
  return out;
}

std::vector<DeltaOp> Text::to_delta() const {
  std::vector<DeltaOp> out;
  if (!valid()) return out;
  const Store& store = doc_->store;
  DeltaReader delta(store, branch_);
  while (delta.next()) {
    DeltaOp op;
    if (delta.embed() == kNone) {
      op.insert = Any(delta.text());
    } else {
      op.insert = value_at(*doc_, store.items[delta.embed()], 0);
    }
    for (const auto& [key, value] : in_key_order(store, delta.attributes())) {
      op.attributes.emplace_back(store.key(key), decode_any(value));
    }
    out.push_back(std::move(op));
  }
  return out;
}

std::string Text::delta_json() const {
  if (!valid()) return "null";
  std::string out;
  append_delta_json(out, doc_->store, branch_);
  return out;
}

namespace {

Error too_many_newlines() {
  return Error{ErrorCode::limit, "Too many newlines would be needed beyond the end"};
}

// How many newlines the delta adds where it goes on beyond the end.
std::uint64_t newlines_beyond_end(const std::vector<DeltaOp>& delta, std::uint64_t length) {
  std::uint64_t newlines = 0;
  std::uint64_t left = length;  // of the text, behind the delta's place
  for (const DeltaOp& op : delta) {
    if (op.kind == DeltaOp::Kind::insert) continue;
    const std::uint64_t passed = std::min<std::uint64_t>(left, op.length);
    if (op.kind == DeltaOp::Kind::retain) newlines += op.length - passed;
    left -= passed;
  }
  return newlines;
}

// What the inserts have in common. attributes == nullptr: those of the place.
Result<ItemIndex> insert_at(const Text& text, std::uint32_t index, const TextInsert& insert,
                            const Text::AttributeList* attributes) {
  if (const auto why = refusal(text, insert.units)) return *why;
  if (index > text.length()) return beyond_end();
  if (insert.embed != nullptr) {
    if (const auto why = refusal_of(text, *insert.embed)) return *why;
  }
  if (attributes != nullptr) {
    if (const auto why = refusal_of(text, *attributes)) return *why;
  }
  DocState& doc = *text.doc();
  const Editing editing(doc);
  const GivenAttributes given(doc.store,
                              attributes == nullptr ? Text::AttributeList() : *attributes);
  TextPlace place = find_text_place(doc, text.branch(), index);
  return text_insert(doc, text.branch(), place, insert,
                     attributes == nullptr ? place.current : given.get());
}

// An item's size in bytes has 32 bits; a run that it joins has as many at most.
constexpr std::size_t kTextBytesMax = 0x7fffffff;

Result<void> insert_text_at(const Text& type, std::uint32_t index, std::string_view text,
                            const Text::AttributeList* attributes) {
  if (text.empty()) return {};
  const auto units = utf16_length(text);
  if (!units) return Error{ErrorCode::invalid, "The text is not UTF-8"};
  if (text.size() > kTextBytesMax) return Error{ErrorCode::limit, "The text is too long"};
  const auto inserted =
      insert_at(type, index, {text, static_cast<std::uint32_t>(*units), nullptr}, attributes);
  if (!inserted) return inserted.error();
  return {};
}

}  // namespace

Result<void> Text::insert(std::uint32_t index, std::string_view text) {
  return insert_text_at(*this, index, text, nullptr);
}

Result<void> Text::insert(std::uint32_t index, std::string_view text,
                          const AttributeList& attributes) {
  return insert_text_at(*this, index, text, &attributes);
}

Result<void> Text::insert_embed(std::uint32_t index, const Any& embed,
                                const AttributeList& attributes) {
  if (const auto* text = embed.get<std::string>()) {
    return insert_text_at(*this, index, *text, &attributes);
  }
  const Input input = embed;
  const auto inserted = insert_at(*this, index, {{}, 1, &input}, &attributes);
  if (!inserted) return inserted.error();
  return {};
}

Result<SharedType> Text::insert_type(std::uint32_t index, const NewType& type,
                                     const AttributeList& attributes) {
  const Input input = type;
  const auto inserted = insert_at(*this, index, {{}, 1, &input}, &attributes);
  if (!inserted) return inserted.error();
  return SharedType(doc_, doc_->store.items[*inserted].branch());
}

Result<void> Text::erase(std::uint32_t index, std::uint32_t length) {
  if (!valid()) return no_type(*this);
  if (length == 0) return {};
  if (index > this->length()) return beyond_end();
  const Editing editing(*doc_);
  TextPlace place = find_text_place(*doc_, branch_, index);
  text_erase(*doc_, place, length);
  return {};
}

Result<void> Text::format(std::uint32_t index, std::uint32_t length,
                          const AttributeList& attributes) {
  if (const auto why = refusal(*this, std::min(length, kNewlinesBeyondEndMax))) return *why;
  if (length == 0) return {};
  if (index > this->length()) return beyond_end();
  const std::uint64_t end = std::uint64_t{index} + length;
  if (end > this->length() + std::uint64_t{kNewlinesBeyondEndMax}) return too_many_newlines();
  if (const auto why = refusal_of(*this, attributes)) return *why;
  const Editing editing(*doc_);
  const GivenAttributes given(doc_->store, attributes);
  TextPlace place = find_text_place(*doc_, branch_, index);
  if (place.right == kNone) return {};
  text_format(*doc_, branch_, place, length, given.get());
  return {};
}

Result<void> Text::apply_delta(const std::vector<DeltaOp>& delta) {
  if (const auto why = refusal(*this)) return *why;
  std::uint64_t units = newlines_beyond_end(delta, length());
  if (units > kNewlinesBeyondEndMax) return too_many_newlines();
  for (const DeltaOp& op : delta) {
    if (const auto why = refusal_of(*this, op.attributes)) return *why;
    const Any* const value = std::get_if<Any>(&op.insert);
    const auto* const text = value == nullptr ? nullptr : value->get<std::string>();
    if (op.kind == DeltaOp::Kind::insert && text != nullptr && !utf16_length(*text)) {
      return Error{ErrorCode::invalid, "The text is not UTF-8"};
    }
    if (op.kind == DeltaOp::Kind::insert && value == nullptr) {
      return Error{ErrorCode::invalid, "A delta cannot insert a type that is elsewhere already"};
    }
    if (op.kind != DeltaOp::Kind::insert) continue;
    if (const auto why = refusal_of(*this, *value)) return *why;
    units += text != nullptr ? text->size() : 1;
  }
  if (const auto why = refusal(*this, units)) return *why;
  const Editing editing(*doc_);
  TextPlace place;
  place.right = doc_->store.branches[branch_].start;
  for (const DeltaOp& op : delta) {
    const GivenAttributes given(doc_->store, op.attributes);
    switch (op.kind) {
      case DeltaOp::Kind::insert: {
        const Any& value = std::get<Any>(op.insert);
        if (const auto* text = value.get<std::string>()) {
          if (text->empty()) break;
          text_insert(*doc_, branch_, place,
                      {*text, static_cast<std::uint32_t>(*utf16_length(*text)), nullptr},
                      given.get());
        } else {
          const Input input = value;
          text_insert(*doc_, branch_, place, {{}, 1, &input}, given.get());
        }
        break;
      }
      case DeltaOp::Kind::retain: text_format(*doc_, branch_, place, op.length, given.get()); break;
      case DeltaOp::Kind::remove: text_erase(*doc_, place, op.length); break;
    }
  }
  return {};
}

namespace {

std::optional<Value> attribute_of(const SharedType& type, std::string_view name) {
  return type.valid() ? map_get(*type.doc(), type.branch(), name) : std::nullopt;
}

Result<void> set_attribute_of(const SharedType& type, std::string_view name, const Any& value) {
  if (const auto why = refusal(type)) return *why;
  if (const auto why = refusal_of(name)) return *why;
  if (const auto why = refusal_of(type, value)) return *why;
  const Editing editing(*type.doc());
  map_set(*type.doc(), type.branch(), name, value);
  return {};
}

Result<void> remove_attribute_of(const SharedType& type, std::string_view name) {
  if (!type.valid()) return no_type(type);
  const Editing editing(*type.doc());
  map_erase(*type.doc(), type.branch(), name);
  return {};
}

}  // namespace

std::optional<Value> Text::attribute(std::string_view name) const {
  return attribute_of(*this, name);
}
std::vector<std::pair<std::string, Value>> Text::attributes() const { return as_map().entries(); }
Result<void> Text::set_attribute(std::string_view name, const Any& value) {
  return set_attribute_of(*this, name, value);
}
Result<void> Text::remove_attribute(std::string_view name) {
  return remove_attribute_of(*this, name);
}

// --- Array.

std::uint32_t Array::length() const noexcept { return valid() ? branch_of(*this).length : 0; }

std::optional<Value> Array::get(std::uint32_t index) const {
  if (index >= length()) return std::nullopt;
  const PositionIndex::Found found = doc_->store.find_position(branch_, index);
  return value_at(*doc_, doc_->store.items[found.item], index - found.start);
}

std::vector<Value> Array::to_array() const { return slice(0, length()); }

std::vector<Value> Array::slice(std::uint32_t begin, std::uint32_t end) const {
  return valid() ? list_values(*doc_, branch_, begin, end) : std::vector<Value>();
}

Result<void> Array::insert(std::uint32_t index, const std::vector<Input>& values) {
  if (const auto why = refusal(*this, values.size())) return *why;
  for (const Input& value : values) {
    if (const auto why = refusal_of(*this, value)) return *why;
  }
  if (index > length()) return beyond_end();
  const Editing editing(*doc_);
  list_insert_after(*doc_, branch_, list_place(*doc_, branch_, index), values);
  return {};
}

Result<void> Array::push(const std::vector<Input>& values) {
  if (const auto why = refusal(*this, values.size())) return *why;
  for (const Input& value : values) {
    if (const auto why = refusal_of(*this, value)) return *why;
  }
  const Editing editing(*doc_);
  list_insert_after(*doc_, branch_, branch_of(*this).end, values);
  return {};
}

Result<SharedType> Array::insert_type(std::uint32_t index, const NewType& type) {
  if (const auto why = refusal(*this)) return *why;
  if (const auto why = refusal_of(type.name)) return *why;
  if (index > length()) return beyond_end();
  const Editing editing(*doc_);
  const ItemIndex item =
      list_insert_after(*doc_, branch_, list_place(*doc_, branch_, index), {type});
  return SharedType(doc_, doc_->store.items[item].branch());
}

Result<void> Array::erase(std::uint32_t index, std::uint32_t length) {
  if (!valid()) return no_type(*this);
  if (length == 0) return {};
  if (index > this->length()) return beyond_end();
  const Editing editing(*doc_);
  if (list_erase(*doc_, branch_, index, length) != 0) return beyond_end();
  return {};
}

// --- Map.

std::uint32_t Map::size() const noexcept {
  if (!valid()) return 0;
  const Store& store = doc_->store;
  std::uint32_t count = 0;
  for (std::uint32_t m = branch_of(*this).first_member; m != kNone; m = store.members[m].next) {
    count += store.items[store.members[m].item].deleted() ? 0 : 1;
  }
  return count;
}

std::optional<Value> Map::get(std::string_view key) const { return attribute_of(*this, key); }
bool Map::has(std::string_view key) const { return get(key).has_value(); }

std::vector<std::string> Map::keys() const {
  std::vector<std::string> out;
  if (!valid()) return out;
  const Store& store = doc_->store;
  for (std::uint32_t m = branch_of(*this).first_member; m != kNone; m = store.members[m].next) {
    if (!store.items[store.members[m].item].deleted()) {
      out.emplace_back(store.key(store.members[m].key));
    }
  }
  return out;
}

std::vector<std::pair<std::string, Value>> Map::entries() const {
  std::vector<std::pair<std::string, Value>> out;
  for (std::string& key : keys()) {
    Value value = *get(key);
    out.emplace_back(std::move(key), std::move(value));
  }
  return out;
}

Result<void> Map::set(std::string_view key, const Input& value) {
  if (const auto why = refusal(*this)) return *why;
  if (const auto why = refusal_of(key)) return *why;
  if (const auto why = refusal_of(*this, value)) return *why;
  const Editing editing(*doc_);
  map_set(*doc_, branch_, key, value);
  return {};
}

Result<SharedType> Map::set_type(std::string_view key, const NewType& type) {
  if (const auto why = refusal(*this)) return *why;
  if (const auto why = refusal_of(key)) return *why;
  if (const auto why = refusal_of(type.name)) return *why;
  const Editing editing(*doc_);
  const ItemIndex item = map_set(*doc_, branch_, key, type);
  return SharedType(doc_, doc_->store.items[item].branch());
}

Result<void> Map::erase(std::string_view key) { return remove_attribute_of(*this, key); }

Result<void> Map::clear() {
  if (!valid()) return no_type(*this);
  const Editing editing(*doc_);
  for (const std::string& key : keys()) map_erase(*doc_, branch_, key);
  return {};
}

// --- XML.

std::string XmlFragment::to_string() const {
  std::string out;
  const bool element = kind() == TypeKind::xml_element;
  if (valid()) {
    append_xml(out, doc_->store, branch_, element ? TypeKind::xml_element : TypeKind::xml_fragment);
  }
  return out;
}

SharedType XmlFragment::first_child() const {
  return valid() ? type_from(doc_, branch_of(*this).start, &Item::right) : SharedType();
}

namespace {

bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::vector<XmlElement> XmlFragment::query_selector_all(std::string_view name) const {
  std::vector<XmlElement> out;
  SharedType at = first_child();
  while (at.valid()) {
    const XmlElement element = at.as_xml_element();
    const bool is_element = at.kind() == TypeKind::xml_element;
    if (is_element && equal_without_case(element.node_name(), name)) out.push_back(element);
    SharedType next;
    if (is_element || at.kind() == TypeKind::xml_fragment) next = element.first_child();
    // Up, until there is something beside.
    while (!next.valid() && at.branch() != branch_) {
      next = at.next_sibling();
      if (!next.valid()) at = at.parent();
    }
    at = next;
  }
  return out;
}

Result<XmlElement> XmlFragment::insert_element(std::uint32_t index, std::string_view name) {
  const auto inserted = insert_type(index, {TypeKind::xml_element, std::string(name)});
  if (!inserted) return inserted.error();
  return inserted->as_xml_element();
}

Result<XmlText> XmlFragment::insert_text(std::uint32_t index) {
  const auto inserted = insert_type(index, {TypeKind::xml_text, {}});
  if (!inserted) return inserted.error();
  return inserted->as_xml_text();
}

Result<XmlHook> XmlFragment::insert_hook(std::uint32_t index, std::string_view name) {
  const auto inserted = insert_type(index, {TypeKind::xml_hook, std::string(name)});
  if (!inserted) return inserted.error();
  return inserted->as_xml_hook();
}

std::string XmlElement::node_name() const {
  return valid() ? std::string(doc_->store.key(branch_of(*this).name)) : std::string();
}

std::optional<Value> XmlElement::attribute(std::string_view name) const {
  return attribute_of(*this, name);
}
Result<void> XmlElement::set_attribute(std::string_view name, const Any& value) {
  return set_attribute_of(*this, name, value);
}
Result<void> XmlElement::remove_attribute(std::string_view name) {
  return remove_attribute_of(*this, name);
}

std::vector<std::pair<std::string, Value>> XmlElement::attributes() const {
  return as_map().entries();
}

std::string XmlText::to_xml() const {
  std::string out;
  if (valid()) append_xml(out, doc_->store, branch_, TypeKind::xml_text);
  return out;
}

std::string XmlHook::hook_name() const {
  return valid() ? std::string(doc_->store.key(branch_of(*this).name)) : std::string();
}

}  // namespace pluv::ycrdt
