// Edits of texts. Internal. Source: yjs, YText.js.
#pragma once

#include <string>
#include <vector>

#include "ycrdt/attributes.h"
#include "ycrdt/doc_state.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

// A place in a text, between two items, and what formats hold there. yjs: ItemTextListPosition.
struct TextPlace {
  ItemIndex left = kNone;
  ItemIndex right = kNone;
  Attributes current;
};

// Attributes that a caller gave, encoded; it owns the bytes.
class GivenAttributes {
 public:
  GivenAttributes(Store& store, const Text::AttributeList& list);
  GivenAttributes(const GivenAttributes&) = delete;
  GivenAttributes& operator=(const GivenAttributes&) = delete;

  [[nodiscard]] const Attributes& get() const noexcept { return attributes_; }

 private:
  std::vector<std::string> encoded_;
  Attributes attributes_;
};

// Precondition of all: a transaction is open.

// The place before the element of this index. Precondition: index <= the text's length.
[[nodiscard]] TextPlace find_text_place(DocState& doc, BranchIndex branch, std::uint32_t index);
// What is inserted: a text, or an embed or type.
struct TextInsert {
  std::string_view text;
  std::uint32_t units = 0;
  const Input* embed = nullptr;
};
// The place moves behind what was inserted. Answers the item that holds it.
ItemIndex text_insert(DocState& doc, BranchIndex branch, TextPlace& place, const TextInsert& insert,
                      Attributes attributes);
void text_format(DocState& doc, BranchIndex branch, TextPlace& place, std::uint32_t length,
                 const Attributes& attributes);
void text_erase(DocState& doc, TextPlace& place, std::uint32_t length);

}  // namespace pluv::ycrdt
