// Takes back what was done to a document, and does it again: of one writer's changes only those,
// with what others have done meanwhile left in place. yjs: UndoManager. What it writes is new
// content, so others hear of it as of any edit.
//
//   Text note = doc.get_text("note");
//   UndoManager undo(doc, {note}, {.now_ms = my_clock});  // new Y.UndoManager(note)
//   (void)note.insert(0, "hello");
//   undo.undo();
//   undo.redo();
//
// It remembers steps: what one transaction, or several soon after each other, has inserted and
// deleted. What a step has deleted is kept in the document, though it collects garbage otherwise,
// until clear() lets go of it. The manager belongs to its document and hears of its transactions
// until either of them ends; once the document has ended there is nothing to undo any more. It
// borrows the document, which may be moved; it does not move itself. Not thread-safe, and like the
// document it has no clock of its own.
//
// Source: yjs, UndoManager.js.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ycrdt/doc.h"
#include "ycrdt/element_ranges.h"

namespace pluv::ycrdt {

struct CapturedChange;

// A step. yjs: StackItem.
struct StackItem {
  ElementRanges insertions;
  ElementRanges deletions;
  // The application's own, to be set when the step is added and read when it is popped: where the
  // cursor was, say. yjs: meta.
  std::map<std::string, Any, std::less<>> meta;
};

// An item that an undo or a redo is about to delete.
struct UndoDeletion {
  Id id;
  std::uint32_t length = 0;
  ContentKind kind = ContentKind::any;
  SharedType type;    // what it holds, when that is a type
  SharedType parent;  // what it lies in
};

struct UndoOptions {
  // The time in milliseconds, from any beginning before now, asked once for each transaction that
  // is tracked. Without it each of them is a step of its own. yjs reads the computer's clock.
  std::function<std::int64_t()> now_ms = {};
  // A change within so many milliseconds of the last one belongs to its step. 0: to a new one.
  std::uint32_t capture_timeout_ms = 500;
  // Which transactions are tracked, by their origin. The empty one is that of edits, transactions
  // and updates that name none (yjs: null). The manager's own, origin(), always is.
  std::set<std::string, std::less<>> tracked_origins = {""};
  // Answers whether a transaction may be tracked at all.
  std::function<bool(const Transaction&)> capture_transaction = {};
  // Answers whether an undo or a redo may delete this.
  std::function<bool(const UndoDeletion&)> delete_filter = {};
  // Whether a member of a map that others have set since is set back nevertheless.
  bool ignore_remote_map_changes = false;
};

// What observers are told of a step; valid as long as the call.
struct StackItemEvent {
  enum class Type : std::uint8_t { undo, redo };

  // It may be changed: its meta is.
  StackItem& item;
  // Of a step that was added or updated: the stack that it is on; of one that was popped: what is
  // done.
  Type type;
  // Who changed the document.
  std::string_view origin;
  // The types that were changed, and those around them. yjs: the keys of changedParentTypes. None
  // when the undo or redo is part of a transaction that goes on.
  const std::vector<SharedType>& changed_parent_types;
};

// yjs: stack-cleared.
struct StackClearedEvent {
  bool undo_stack = false;
  bool redo_stack = false;
};

class UndoManager {
 public:
  // Of the whole document. Transactions that change nothing are no steps; yjs makes steps of them
  // then, and forgets what could be redone. yjs: new UndoManager(doc).
  explicit UndoManager(Doc& doc, UndoOptions options = {});
  // Of these types, and all that is in them; of nothing, until add_to_scope(), when there are none.
  // Handles of another document, and those of nothing, are passed over.
  UndoManager(Doc& doc, const std::vector<SharedType>& scope, UndoOptions options = {});
  UndoManager(const UndoManager&) = delete;
  UndoManager& operator=(const UndoManager&) = delete;
  // Content that its steps keep stays in the document, as in yjs; clear() before lets go of it.
  // Precondition: not from within an observer of its own. yjs: destroy.
  ~UndoManager();

  // Takes back the last step that still changes something, and answers it; null when there is none.
  // Where the client id has no clocks left, what would need some stays away.
  std::shared_ptr<StackItem> undo();
  // The same for the last undo.
  std::shared_ptr<StackItem> redo();
  [[nodiscard]] bool can_undo() const noexcept { return !undo_stack_.empty(); }  // canUndo
  [[nodiscard]] bool can_redo() const noexcept { return !redo_stack_.empty(); }  // canRedo
  // The next change begins a new step. yjs: stopCapturing.
  void stop_capturing() noexcept { last_change_ms_ = 0; }

  // Forgets steps. What they kept is no longer kept, and is dropped with the next deletion of what
  // it lies in. yjs: clear.
  void clear() { clear({.undo_stack = true, .redo_stack = true}); }
  void clear_undo() { clear({.undo_stack = true, .redo_stack = false}); }
  void clear_redo() { clear({.undo_stack = false, .redo_stack = true}); }

  // yjs: addToScope.
  void add_to_scope(const SharedType& type);
  void add_document_to_scope() noexcept { whole_document_ = true; }
  void add_tracked_origin(std::string_view origin) { options_.tracked_origins.emplace(origin); }
  void remove_tracked_origin(std::string_view origin);

  // The origin of the transactions that undo and redo. No other manager of the document has it, and
  // nobody else should use it.
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  // The oldest step first. yjs: undoStack, redoStack.
  using Stack = std::vector<std::shared_ptr<StackItem>>;
  [[nodiscard]] const Stack& undo_stack() const noexcept { return undo_stack_; }
  [[nodiscard]] const Stack& redo_stack() const noexcept { return redo_stack_; }

  // --- Observers. They may edit. yjs: on("stack-item-added") and so on.
  using ItemObserver = std::function<void(const StackItemEvent&)>;
  using ClearedObserver = std::function<void(const StackClearedEvent&)>;
  Subscription on_stack_item_added(ItemObserver observer);
  // A change has become part of the last step.
  Subscription on_stack_item_updated(ItemObserver observer);
  Subscription on_stack_item_popped(ItemObserver observer);
  Subscription on_stack_cleared(ClearedObserver observer);
  void unobserve(Subscription subscription);

 private:
  friend struct DocState;

  using Type = StackItemEvent::Type;
  template <class Observer>
  using Observers = std::vector<std::pair<Subscription, Observer>>;

  void after_transaction(Transaction& transaction, const CapturedChange& captured);
  void document_ended() noexcept { doc_ = nullptr; }

  [[nodiscard]] bool tracks(const Transaction& transaction, const CapturedChange& captured) const;
  std::shared_ptr<StackItem> pop(Stack& stack, Type type);
  // Whether that changed something.
  bool take_back(const StackItem& step);
  [[nodiscard]] std::vector<ItemIndex> items_to_delete(const ElementRanges& insertions) const;
  [[nodiscard]] std::vector<ItemIndex> items_to_redo(const StackItem& step) const;
  [[nodiscard]] bool may_delete(ItemIndex index) const;
  void clear(StackClearedEvent which);
  void let_go(const Stack& stack);
  void tell(const Observers<ItemObserver>& observers, const StackItemEvent& event) const;
  [[nodiscard]] std::vector<SharedType> types_of(const std::vector<BranchIndex>& branches) const;

  DocState* doc_;
  UndoOptions options_;
  std::string origin_;
  std::vector<BranchIndex> scope_;
  bool whole_document_ = false;
  Stack undo_stack_;
  Stack redo_stack_;
  std::int64_t last_change_ms_ = 0;
  bool undoing_ = false;
  bool redoing_ = false;
  std::shared_ptr<StackItem> current_;    // being popped
  std::uint32_t popping_ = 0;             // the number of the transaction that does it
  std::vector<BranchIndex> popped_from_;  // what it has changed
  Observers<ItemObserver> added_observers_;
  Observers<ItemObserver> updated_observers_;
  Observers<ItemObserver> popped_observers_;
  Observers<ClearedObserver> cleared_observers_;
  Subscription subscriptions_ = 0;
};

}  // namespace pluv::ycrdt
