// What a transaction did to one shared type, for observers. yjs: YEvent, YTextEvent, YArrayEvent,
// YMapEvent, YXmlEvent. Valid while the observer runs; what it answers is computed when asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ycrdt/transaction.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

class Event {
 public:
  // A key, or an index, on the way from one type to another in it.
  using PathStep = std::variant<std::string, std::uint32_t>;

  struct KeyChange {
    enum class Action : std::uint8_t { add, update, remove };
    std::string key;
    Action action = Action::add;
    Value old_value;  // of update and remove
  };

  // One step of a change to a list.
  struct ListOp {
    DeltaOp::Kind kind = DeltaOp::Kind::insert;
    std::vector<Value> values;  // of insert
    std::uint32_t length = 0;   // of retain and remove
  };

  Event(DocState& doc, const Transaction& transaction, BranchIndex target,
        std::vector<KeyIndex> keys, bool list_changed)
      : doc_(&doc),
        transaction_(&transaction),
        target_(target),
        current_target_(target),
        changed_keys_(std::move(keys)),
        list_changed_(list_changed) {}

  [[nodiscard]] SharedType target() const noexcept { return {doc_, target_}; }
  // The type whose observer this is; not the target in observe_deep().
  [[nodiscard]] SharedType current_target() const noexcept { return {doc_, current_target_}; }
  [[nodiscard]] const Transaction& transaction() const noexcept { return *transaction_; }
  // Whether elements came or went (childListChanged); members are in keys().
  [[nodiscard]] bool list_changed() const noexcept { return list_changed_; }

  // From current_target() to target().
  [[nodiscard]] std::vector<PathStep> path() const;
  // Members, or attributes, that were set or deleted. A change that the transaction undid itself is
  // none.
  [[nodiscard]] std::vector<KeyChange> keys() const;
  // Keys that something was written to, with a change or none (keysChanged).
  [[nodiscard]] std::vector<std::string> touched_keys() const;
  // What happened to the list: YEvent.changes.delta.
  [[nodiscard]] std::vector<ListOp> list_delta() const;
  // What happened to the text: YTextEvent.delta. As in yjs this also deletes formats that it finds
  // to say nothing, in a transaction of its own; so whoever asks again gets the first answer. Good
  // as long as the event.
  [[nodiscard]] const std::vector<DeltaOp>& text_delta();

  void set_current_target(BranchIndex branch) noexcept { current_target_ = branch; }

 private:
  // How many of the item's elements were there before the transaction.
  [[nodiscard]] std::uint32_t old_part(const Item& item) const noexcept;
  [[nodiscard]] bool adds(const Item& item) const noexcept { return old_part(item) == 0; }
  [[nodiscard]] bool deletes(const Item& item) const noexcept;
  DocState* doc_;
  const Transaction* transaction_;
  BranchIndex target_;
  BranchIndex current_target_;
  std::vector<KeyIndex> changed_keys_;
  bool list_changed_;
  std::optional<std::vector<DeltaOp>> text_delta_;
};

}  // namespace pluv::ycrdt
