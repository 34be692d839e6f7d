// One struct as an update carries it: a run of elements that one client wrote, or a run of garbage
// or of clocks that are left out. Everything borrows from the update's bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "ycrdt/ids.h"

namespace pluv::ycrdt {

// What a struct holds; the numbers are the format's (yjs: contentRefs, GC and Skip).
enum class ContentKind : std::uint8_t {
  gc = 0,       // collected: only the length is known
  deleted = 1,  // an item whose content is gone; it still has its place
  json = 2,     // a legacy list of JSON values
  binary = 3,
  string = 4,
  embed = 5,   // one value in rich text
  format = 6,  // an attribute begins or ends here; not counted
  type = 7,    // a nested type
  any = 8,     // a list of values
  doc = 9,     // a subdocument
  skip = 10,   // these clocks are not in this update
};

// The shared types; the numbers are the format's (yjs: typeRefs).
enum class TypeKind : std::uint8_t {
  array = 0,
  map = 1,
  text = 2,
  xml_element = 3,
  xml_fragment = 4,
  xml_hook = 5,
  xml_text = 6,
  undefined = 15,  // a root that nobody has named the type of; never on the wire
};

// How bytes of version 1 spell the values of embeds and formats. The format's own way are JSON
// texts. Version 2 has lib0 values there, which can be more than JSON says (any.h); between the two
// formats they are kept as they came, encoded, after a byte that no text has. That spelling stays
// in memory.
enum class ValueSpelling : std::uint8_t { json, kept };
inline constexpr char kKeptValueMark = '\xff';

struct StructRef {
  ClientId client = 0;
  Clock clock = 0;
  std::uint32_t length = 0;  // in clocks; a string's is in UTF-16 code units
  ContentKind kind = ContentKind::gc;
  TypeKind type = TypeKind::undefined;  // of kind type
  bool has_origin = false;
  bool has_right_origin = false;
  bool has_parent_id = false;    // without origins: one of these two says where it belongs
  bool has_parent_name = false;  // a root type's name
  bool has_key = false;          // a member of a map ("parentSub"); with origins it is not written
  bool marked_key = false;       // the first byte says that it is a member, written or not
  bool respell = false;          // values are not spelled as yjs would
  bool kept_value = false;       // of embed and format: the value is encoded, no JSON text
  Id origin;                     // the element that stood to the left when this was written
  Id right_origin;
  Id parent;
  std::string_view parent_name;
  std::string_view key;
  std::string_view name;     // of format: its key; of xml_element and xml_hook; of doc: its guid
  std::string_view content;  // string: UTF-8; binary: bytes; any: `length` encoded values; doc: an
                             // encoded value; json: `length` JSON texts with their sizes before
                             // them; embed, format: a JSON text, or an encoded value

  // As new. Field by field: assigning a new one copies in wide loads what was just stored
  // narrowly, or is a slow fill, and the processor waits for either.
  void reset() noexcept {
    client = 0;
    clock = 0;
    length = 0;
    kind = ContentKind::gc;
    type = TypeKind::undefined;
    has_origin = has_right_origin = has_parent_id = has_parent_name = false;
    has_key = marked_key = respell = kept_value = false;
    origin = right_origin = parent = Id();
    parent_name = key = name = content = std::string_view();
  }
  [[nodiscard]] Clock end() const noexcept { return clock + length; }
  [[nodiscard]] bool is_item() const noexcept {
    return kind != ContentKind::gc && kind != ContentKind::skip;
  }
};

// Who adds a member resets it.
static_assert(sizeof(StructRef) == 3 * sizeof(Id) + 4 * sizeof(std::string_view) + 32);

}  // namespace pluv::ycrdt
