// Reads shared types out of a store: as text, as deltas, as JSON, as XML. All walks are iterative.
// Source: yjs, toString, toDelta and toJSON of its types.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ycrdt/attributes.h"
#include "ycrdt/store.h"

namespace pluv::ycrdt {

// The visible text of a list, without embeds (YText.toString).
void append_text(std::string& out, const Store& store, BranchIndex branch);

// A text's content in order, as runs of equal attributes and embeds (YText.toDelta).
class DeltaReader {
 public:
  DeltaReader(const Store& store, BranchIndex branch) noexcept
      : store_(store), at_(store.branches[branch].start) {}

  // False at the end. Otherwise either text() is not empty, or embed() is an embed or type item.
  [[nodiscard]] bool next();
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] ItemIndex embed() const noexcept { return embed_; }
  [[nodiscard]] const Attributes& attributes() const noexcept { return shown_; }

 private:
  const Store& store_;
  ItemIndex at_;
  ItemIndex embed_ = kNone;
  Attributes current_;
  Attributes shown_;
  std::string text_;
};

// The attributes as JavaScript orders an object's members, which toDelta makes of them.
[[nodiscard]] std::vector<Attributes::Entry> in_key_order(const Store& store,
                                                          const Attributes& attributes);

// What toJSON gives for a type of this kind. An undefined one is taken for what it looks like: a
// text when it holds text, a map when it has members only, else an array.
void append_type_json(std::string& out, const Store& store, BranchIndex branch, TypeKind kind);
// The delta of a text as a JSON array.
void append_delta_json(std::string& out, const Store& store, BranchIndex branch);
// What toString gives for an XML fragment, element or text.
void append_xml(std::string& out, const Store& store, BranchIndex branch, TypeKind kind);

// What an undefined root looks like.
[[nodiscard]] TypeKind guess_kind(const Store& store, BranchIndex branch) noexcept;

}  // namespace pluv::ycrdt
