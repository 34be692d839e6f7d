// Edits of lists and maps, and what they hold. Internal. Source: yjs, AbstractType.js.
#pragma once

#include <vector>

#include "ycrdt/doc_state.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

// What an item holds at one of its elements.
[[nodiscard]] Value value_at(DocState& doc, const Item& item, std::uint32_t element);
// All that is visible in the list from `begin` to `end`.
[[nodiscard]] std::vector<Value> list_values(DocState& doc, BranchIndex branch, std::uint32_t begin,
                                             std::uint32_t end);

// Precondition of the following: a transaction is open.

// The item after which an element of this index goes; splits one for it. kNone: the beginning.
// Precondition: index <= the list's length.
[[nodiscard]] ItemIndex list_place(DocState& doc, BranchIndex branch, std::uint32_t index);
// yjs: typeListInsertGenericsAfter. Answers the last item.
ItemIndex list_insert_after(DocState& doc, BranchIndex branch, ItemIndex left,
                            const std::vector<Input>& values);
// Answers how many elements were missing. yjs: typeListDelete.
[[nodiscard]] std::uint32_t list_erase(DocState& doc, BranchIndex branch, std::uint32_t index,
                                       std::uint32_t length);
ItemIndex map_set(DocState& doc, BranchIndex branch, std::string_view key, const Input& value);
void map_erase(DocState& doc, BranchIndex branch, std::string_view key);
// Gives the new item the content of a type, a document or a single value.
void set_input(DocState& doc, ItemIndex index, const Input& input);

// The member's value; nothing when it is deleted or never was.
[[nodiscard]] std::optional<Value> map_get(DocState& doc, BranchIndex branch, std::string_view key);

}  // namespace pluv::ycrdt
