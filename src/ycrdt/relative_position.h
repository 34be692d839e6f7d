// Positions that stay where they are while others edit: they name an element of a text, array or
// XML type instead of an index (yjs: RelativePosition). Cursors and comments are kept and sent as
// such.
//
//   Result<RelativePosition> cursor = create_relative_position(text, 5);
//   std::string bytes = encode_relative_position(*cursor);
//   ...
//   std::optional<AbsolutePosition> now = create_absolute_position(*cursor, doc);  // now->index
//
// Source: yjs, RelativePosition.js.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ycrdt/doc.h"
#include "ycrdt/ids.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

// At least one of the first three is there. Equal as compareRelativePositions has it: a decoded
// position is not equal to one that says more.
struct RelativePosition {
  std::optional<Id> type;           // the type that it lies in: the element that holds it (type)
  std::optional<std::string> root;  // or the name of the root (tname)
  std::optional<Id> item;           // the element; none: an end of the type
  // From 0 on: it stays before the element, or at the end of the type. Below: behind the element,
  // or at the beginning.
  std::int64_t assoc = 0;

  bool operator==(const RelativePosition&) const = default;
};

// Where that is now.
struct AbsolutePosition {
  SharedType type;  // not valid() when it is deleted; the index is 0 then
  std::uint32_t index = 0;
  std::int64_t assoc = 0;

  bool operator==(const AbsolutePosition&) const = default;
};

// The index counts as in the type: code units of a text, elements elsewhere. Beyond the end: the
// end. Error: not_found (the type is not valid). yjs: createRelativePositionFromTypeIndex.
[[nodiscard]] Result<RelativePosition> create_relative_position(const SharedType& type,
                                                                std::uint32_t index,
                                                                std::int64_t assoc = 0);
// Nothing when the document does not know the element or the type, or has collected it. A root that
// is not there appears, as with Doc::get_root(). follow_redone: an element that an undo manager of
// this document has written again is where it is now; others cannot know that, so leave it out for
// a place that all should find alike. yjs: createAbsolutePositionFromRelativePosition.
[[nodiscard]] std::optional<AbsolutePosition> create_absolute_position(
    const RelativePosition& position, Doc& doc, bool follow_redone = true);

// The element, or else the root, or else the type, and `assoc`. Precondition: one of them is there,
// and assoc is no more than 2^53 - 1 from 0. yjs: encodeRelativePosition.
[[nodiscard]] std::string encode_relative_position(const RelativePosition& position);
// Errors: invalid (malformed), limit (a clock beyond 32 bits). yjs: decodeRelativePosition.
[[nodiscard]] Result<RelativePosition> decode_relative_position(std::string_view bytes);

// All that is there, as JSON: {"type": {"client", "clock"}, "tname", "item": {"client", "clock"},
// "assoc"}. yjs: relativePositionToJSON.
[[nodiscard]] std::string relative_position_to_json(const RelativePosition& position);
// Other members are ignored, null is as good as absent. Errors as decode_relative_position. yjs:
// createRelativePositionFromJSON.
[[nodiscard]] Result<RelativePosition> relative_position_from_json(std::string_view json);

}  // namespace pluv::ycrdt
