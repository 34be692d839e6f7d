// The shared types: handles to what lies in a document. Copy them freely; each names a place, and
// reads as empty (and refuses edits with an error of code not_found) once that place is deleted. So
// does a handle of nothing; that of a root whose name is not UTF-8 refuses with invalid.
// Indices and lengths count UTF-16 code units in texts, as JavaScript does, and elements elsewhere.
// Edits outside of Doc::transact are transactions of their own. What others would refuse is refused
// here: names and texts that are not UTF-8 (invalid), values that are too deep, and edits when the
// client id has used up its 2^32 clocks (limit).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ycrdt/any.h"
#include "ycrdt/item.h"

namespace pluv::ycrdt {

struct DeltaBetween;
struct DocState;
struct Transaction;
class Snapshot;
class Event;
class Text;
class Array;
class Map;
class XmlFragment;
class XmlElement;
class XmlText;
class XmlHook;

// A new shared type, to be put into another one. name: of an XML element or hook.
struct NewType {
  TypeKind kind = TypeKind::map;
  std::string name = {};
};
// A new subdocument. yjs: new Y.Doc({guid, ...}).
struct NewDoc {
  std::string guid;
  bool gc = true;
  bool auto_load = false;
  Any meta = nullptr;
};
// What can be put into a list or a map.
using Input = std::variant<Any, NewType, NewDoc>;

// Event is in event.h; it lives as long as the call.
using EventObserver = std::function<void(Event&)>;
// The events of a type and of all types in it, those of the nearest first.
using DeepObserver = std::function<void(const std::vector<Event*>&, const Transaction&)>;
// Names an observer, for Doc::unobserve().
using Subscription = std::uint64_t;

class SharedType {
 public:
  SharedType() = default;
  SharedType(DocState* doc, BranchIndex branch) noexcept : doc_(doc), branch_(branch) {}

  // False for a handle of nothing, and once the place is deleted.
  [[nodiscard]] bool valid() const noexcept;
  [[nodiscard]] TypeKind kind() const noexcept;
  // The type that this one lies in; invalid for a root. yjs: parent.
  [[nodiscard]] SharedType parent() const;
  // Of types in an XML fragment or element, or in an array: the next type beside this one, and the
  // one before; invalid at the ends. What lies between and is no type is passed over. yjs:
  // nextSibling, prevSibling.
  [[nodiscard]] SharedType next_sibling() const;
  [[nodiscard]] SharedType previous_sibling() const;
  // yjs: toJSON(), as text; "null" when not valid.
  [[nodiscard]] std::string json() const;
  // Called after each transaction that has changed this type: what is in it (yjs: observe), or what
  // is in it and in all types in it (observeDeep). Doc::unobserve ends it (unobserve).
  // Precondition: valid(). Not called any more once the type is deleted.
  Subscription observe(EventObserver observer) const;
  Subscription observe_deep(DeepObserver observer) const;
  [[nodiscard]] BranchIndex branch() const noexcept { return branch_; }
  [[nodiscard]] DocState* doc() const noexcept { return doc_; }

  // This place as one of the kinds, whatever it is.
  [[nodiscard]] Text as_text() const noexcept;
  [[nodiscard]] Array as_array() const noexcept;
  [[nodiscard]] Map as_map() const noexcept;
  [[nodiscard]] XmlFragment as_xml_fragment() const noexcept;
  [[nodiscard]] XmlElement as_xml_element() const noexcept;
  [[nodiscard]] XmlText as_xml_text() const noexcept;
  [[nodiscard]] XmlHook as_xml_hook() const noexcept;

  bool operator==(const SharedType&) const = default;

 protected:
  DocState* doc_ = nullptr;
  BranchIndex branch_ = kNone;
};

// A subdocument where it lies: its name, and what whoever put it there said of it.
struct Subdoc {
  std::string guid;
  // An object with "gc": false, "autoLoad": true and "meta" (NewDoc::meta), each only where it is
  // so: a member that says nothing new is left out, and others there are none.
  Any options;
};
// What a transaction did to subdocuments.
struct SubdocsChange {
  std::vector<Subdoc> added;
  std::vector<Subdoc> removed;  // that were there before
  // Whose content is wanted: those that were put in here, those that load by themselves, and those
  // that Doc::load_subdoc() named.
  std::vector<Subdoc> loaded;
};
// What a list or a map holds at one place.
using Value = std::variant<Any, SharedType, Subdoc>;

// One step of a change to a text, or a piece of one. yjs (and Quill): delta.
struct DeltaOp {
  enum class Kind : std::uint8_t { insert, retain, remove };
  using AttributeList = std::vector<std::pair<std::string, Any>>;

  Kind kind = Kind::insert;
  Value insert;              // of kind insert: a text (an Any of a string), an embed, or a type
  std::uint32_t length = 0;  // of retain and remove
  AttributeList attributes;  // a null takes an attribute away

  [[nodiscard]] static DeltaOp insert_text(std::string_view text, AttributeList attributes = {});
  [[nodiscard]] static DeltaOp retain_length(std::uint32_t length, AttributeList attributes = {});
  [[nodiscard]] static DeltaOp remove_length(std::uint32_t length);
};

// Y.Text. Text with attributes and embedded values.
class Text : public SharedType {
 public:
  using SharedType::SharedType;
  using AttributeList = DeltaOp::AttributeList;

  [[nodiscard]] std::uint32_t length() const noexcept;  // text.length: embeds count 1
  [[nodiscard]] std::string to_string() const;          // toString(): without embeds
  [[nodiscard]] std::vector<DeltaOp> to_delta() const;  // toDelta()
  // JSON.stringify(toDelta()); "null" when not valid.
  [[nodiscard]] std::string delta_json() const;
  // The text as a snapshot has it, and what has changed since another one: see snapshot.h. A text
  // that was deleted since is read as it was, if nothing has collected it. Splits runs in a
  // transaction, and for good surrogate pairs that a snapshot has half of. yjs: toDelta(snapshot,
  // prevSnapshot, computeYChange).
  [[nodiscard]] std::vector<DeltaOp> to_delta(const DeltaBetween& between) const;
  [[nodiscard]] std::string delta_json(const DeltaBetween& between) const;

  // Without attributes the text takes those of its place; with a list, just those in it. Errors:
  // invalid (not UTF-8), limit (index beyond the end).
  // yjs: insert().
  Result<void> insert(std::uint32_t index, std::string_view text);
  Result<void> insert(std::uint32_t index, std::string_view text, const AttributeList& attributes);
  // A string is inserted as text. yjs: insertEmbed().
  Result<void> insert_embed(std::uint32_t index, const Any& embed,
                            const AttributeList& attributes = {});
  // insertEmbed() of a type.
  Result<SharedType> insert_type(std::uint32_t index, const NewType& type,
                                 const AttributeList& attributes = {});
  // As far as there is text: a length beyond the end deletes up to it. Error: limit (index beyond
  // the end). yjs: delete().
  Result<void> erase(std::uint32_t index, std::uint32_t length);
  // A null takes an attribute away; what is formatted beyond the end appears as newlines. Errors:
  // limit (index beyond the end, or more than kNewlinesBeyondEndMax newlines). yjs: format().
  Result<void> format(std::uint32_t index, std::uint32_t length, const AttributeList& attributes);
  // What it retains beyond the end appears as newlines, too, with the same limit. All or nothing.
  // yjs: applyDelta().
  Result<void> apply_delta(const std::vector<DeltaOp>& delta);

  // Attributes of the text as a whole: getAttribute, getAttributes, setAttribute, removeAttribute.
  [[nodiscard]] std::optional<Value> attribute(std::string_view name) const;
  [[nodiscard]] std::vector<std::pair<std::string, Value>> attributes() const;
  Result<void> set_attribute(std::string_view name, const Any& value);
  Result<void> remove_attribute(std::string_view name);
};

// A list. Y.Array, and what Y.XmlFragment and Y.XmlElement have in common with it.
class Array : public SharedType {
 public:
  using SharedType::SharedType;

  [[nodiscard]] std::uint32_t length() const noexcept;                // length
  [[nodiscard]] std::optional<Value> get(std::uint32_t index) const;  // get()
  [[nodiscard]] std::vector<Value> to_array() const;                  // toArray()
  // As the snapshot has it, also when it was deleted since. yjs: typeListToArraySnapshot.
  [[nodiscard]] std::vector<Value> to_array(const Snapshot& snapshot) const;
  // From `begin` up to `end`, as far as there is something. yjs: slice().
  [[nodiscard]] std::vector<Value> slice(std::uint32_t begin, std::uint32_t end) const;

  // Values side by side become one run. Errors: limit (index beyond the end).
  Result<void> insert(std::uint32_t index, const std::vector<Input>& values);           // insert()
  Result<void> push(const std::vector<Input>& values);                                  // push()
  Result<void> unshift(const std::vector<Input>& values) { return insert(0, values); }  // unshift()
  // Answers the type, to be filled. yjs: insert(index, [new Y.Map()]).
  Result<SharedType> insert_type(std::uint32_t index, const NewType& type);
  // Error: limit when there are fewer; what is there is deleted nevertheless, as in yjs.
  Result<void> erase(std::uint32_t index, std::uint32_t length = 1);  // delete()
};

// Y.Map.
class Map : public SharedType {
 public:
  using SharedType::SharedType;

  [[nodiscard]] std::uint32_t size() const noexcept;                   // size
  [[nodiscard]] std::optional<Value> get(std::string_view key) const;  // get()
  [[nodiscard]] bool has(std::string_view key) const;                  // has()
  // In the order in which the keys first came.
  [[nodiscard]] std::vector<std::string> keys() const;                       // keys()
  [[nodiscard]] std::vector<std::pair<std::string, Value>> entries() const;  // entries()
  // As the snapshot has it, also when it was deleted since; as_map() of a text or an XML element
  // has its attributes. yjs: typeMapGetSnapshot, typeMapGetAllSnapshot.
  [[nodiscard]] std::optional<Value> get(std::string_view key, const Snapshot& snapshot) const;
  [[nodiscard]] std::vector<std::pair<std::string, Value>> entries(const Snapshot& snapshot) const;

  // Error: invalid (a key that is not UTF-8).
  Result<void> set(std::string_view key, const Input& value);  // set()
  // Answers the type, to be filled. yjs: set(key, new Y.Map()).
  Result<SharedType> set_type(std::string_view key, const NewType& type);
  Result<void> erase(std::string_view key);  // delete()
  Result<void> clear();                      // clear()
};

// Y.XmlFragment: a list of XML elements and texts.
class XmlFragment : public Array {
 public:
  using Array::Array;

  [[nodiscard]] std::string to_string() const;   // toString()
  [[nodiscard]] SharedType first_child() const;  // firstChild; invalid when there is none
  // New children: insert(index, [new Y.XmlElement(name)]), and so on.
  Result<XmlElement> insert_element(std::uint32_t index, std::string_view name);
  Result<XmlText> insert_text(std::uint32_t index);
  Result<XmlHook> insert_hook(std::uint32_t index, std::string_view name);
  // All elements in here whose name is this, in document order, letters' case aside; at any depth.
  // yjs: querySelectorAll(). Linear in what is in here.
  [[nodiscard]] std::vector<XmlElement> query_selector_all(std::string_view name) const;
};

// Y.XmlElement.
class XmlElement : public XmlFragment {
 public:
  using XmlFragment::XmlFragment;

  [[nodiscard]] std::string node_name() const;                                  // nodeName
  [[nodiscard]] std::optional<Value> attribute(std::string_view name) const;    // getAttribute()
  Result<void> set_attribute(std::string_view name, const Any& value);          // setAttribute()
  Result<void> remove_attribute(std::string_view name);                         // removeAttribute()
  [[nodiscard]] std::vector<std::pair<std::string, Value>> attributes() const;  // getAttributes()
  // getAttributes(snapshot)
  [[nodiscard]] std::vector<std::pair<std::string, Value>> attributes(
      const Snapshot& snapshot) const;
};

// Y.XmlText: a text that prints its attributes as elements.
class XmlText : public Text {
 public:
  using Text::Text;

  [[nodiscard]] std::string to_xml() const;  // toString()
};

// Y.XmlHook: a map in a fragment, which a program of its own shows.
class XmlHook : public Map {
 public:
  using Map::Map;

  [[nodiscard]] std::string hook_name() const;  // hookName
};

}  // namespace pluv::ycrdt
