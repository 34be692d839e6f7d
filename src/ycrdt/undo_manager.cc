#include "ycrdt/undo_manager.h"

#include <algorithm>
#include <unordered_map>

#include "ycrdt/doc_state.h"
#include "ycrdt/redo.h"

namespace pluv::ycrdt {

namespace {

// Visits the items in the ranges, client by client; those that go beyond are split. What visit()
// does must leave them where they are. yjs: iterateDeletedStructs.
template <class Visit>
void each_item(DocState& doc, Change& change, const ElementRanges& ranges, Visit visit) {
  Store& store = doc.store;
  for (const ClientId id : ranges.clients()) {
    const ClientIndex client = store.find_client(id);
    if (client == kNone) continue;
    for (const ElementRanges::Range& range : ranges.of(id)) {
      const Clock end = range.clock + range.length;
      for (Clock clock = range.clock; clock < std::min(end, store.clients[client].end);) {
        const ItemIndex item = store.clean_start(change, {client, clock});
        if (store.items[item].end() > end) (void)store.clean_start(change, {client, end});
        clock = store.items[item].end();
        visit(item);
      }
    }
  }
}

// Whether items lie in a scope. Remembers what it has found, so that many items in deep documents
// cost one walk.
class Scope {
 public:
  Scope(const Store& store, const std::vector<BranchIndex>& types, bool whole_document)
      : store_(store), types_(types), whole_document_(whole_document) {}

  // Precondition: the item is no garbage.
  [[nodiscard]] bool holds(ItemIndex item) {
    if (whole_document_) return true;
    std::vector<BranchIndex> way;
    bool holds = false;
    for (BranchIndex at = store_.items[item].parent;;) {
      if (const auto known = known_.find(at); known != known_.end()) {
        holds = known->second;
        break;
      }
      way.push_back(at);
      holds = std::find(types_.begin(), types_.end(), at) != types_.end();
      const ItemIndex owner = store_.branches[at].item;
      if (holds || owner == kNone) break;
      at = store_.items[owner].parent;
    }
    for (const BranchIndex at : way) known_.emplace(at, holds);
    return holds;
  }

 private:
  const Store& store_;
  const std::vector<BranchIndex>& types_;
  bool whole_document_;
  std::unordered_map<BranchIndex, bool> known_;
};

// Where the item is now, if it was written again. yjs: followRedone.
ItemIndex follow_redone(DocState& doc, ItemIndex item) {
  Store& store = doc.store;
  Place place = store.items[item].first();
  for (Place next = store.redone(item); next.client != kNone; next = store.redone(item)) {
    place = {next.client, next.clock + (place.clock - store.items[item].clock)};
    item = store.find(place);
    if (store.items[item].is_gc()) return item;
  }
  return store.clean_start(doc.transaction().change, place);
}

}  // namespace

UndoManager::UndoManager(Doc& doc, UndoOptions options) : UndoManager(doc, {}, std::move(options)) {
  whole_document_ = true;
}

UndoManager::UndoManager(Doc& doc, const std::vector<SharedType>& scope, UndoOptions options)
    : doc_(doc.state_.get()),
      options_(std::move(options)),
      origin_("undo-manager-" + std::to_string(++doc_->subscriptions)) {
  options_.tracked_origins.insert(origin_);
  for (const SharedType& type : scope) add_to_scope(type);
  doc_->callers.capture = &DocState::capture;
  doc_->callers.undo_managers = &DocState::tell_undo_managers;
  doc_->undo_managers.push_back(this);
}

UndoManager::~UndoManager() {
  if (doc_ != nullptr) std::erase(doc_->undo_managers, this);
}

void UndoManager::add_to_scope(const SharedType& type) {
  if (type.doc() != doc_ || type.branch() == kNone) return;
  const auto known = std::find(scope_.begin(), scope_.end(), type.branch());
  if (known == scope_.end()) scope_.push_back(type.branch());
}

void UndoManager::remove_tracked_origin(std::string_view origin) {
  const auto at = options_.tracked_origins.find(origin);
  if (at != options_.tracked_origins.end()) options_.tracked_origins.erase(at);
}

// --- Observers.

Subscription UndoManager::on_stack_item_added(ItemObserver observer) {
  added_observers_.emplace_back(++subscriptions_, std::move(observer));
  return subscriptions_;
}
Subscription UndoManager::on_stack_item_updated(ItemObserver observer) {
  updated_observers_.emplace_back(++subscriptions_, std::move(observer));
  return subscriptions_;
}
Subscription UndoManager::on_stack_item_popped(ItemObserver observer) {
  popped_observers_.emplace_back(++subscriptions_, std::move(observer));
  return subscriptions_;
}
Subscription UndoManager::on_stack_cleared(ClearedObserver observer) {
  cleared_observers_.emplace_back(++subscriptions_, std::move(observer));
  return subscriptions_;
}

void UndoManager::unobserve(Subscription subscription) {
  const auto is_it = [&](const auto& entry) { return entry.first == subscription; };
  std::erase_if(added_observers_, is_it);
  std::erase_if(updated_observers_, is_it);
  std::erase_if(popped_observers_, is_it);
  std::erase_if(cleared_observers_, is_it);
}

void UndoManager::tell(const Observers<ItemObserver>& observers,
                       const StackItemEvent& event) const {
  Observers<ItemObserver> all;
  all = observers;  // they may come and go meanwhile
  for (const auto& [subscription, observer] : all) observer(event);
}

std::vector<SharedType> UndoManager::types_of(const std::vector<BranchIndex>& branches) const {
  std::vector<SharedType> out;
  out.reserve(branches.size());
  for (const BranchIndex branch : branches) out.emplace_back(doc_, branch);
  return out;
}

// --- Capturing.

bool UndoManager::tracks(const Transaction& transaction, const CapturedChange& captured) const {
  if (captured.insertions.empty() && captured.deletions.empty()) return false;
  if (options_.capture_transaction && !options_.capture_transaction(transaction)) return false;
  const auto in_scope = [&](BranchIndex branch) {
    return std::find(scope_.begin(), scope_.end(), branch) != scope_.end();
  };
  if (!whole_document_ &&
      std::none_of(captured.changed.begin(), captured.changed.end(), in_scope)) {
    return false;
  }
  return options_.tracked_origins.contains(transaction.origin);
}

void UndoManager::after_transaction(Transaction& transaction, const CapturedChange& captured) {
  if (transaction.change.number == popping_) popped_from_ = captured.changed;
  if (!tracks(transaction, captured)) return;
  const bool undoing = undoing_;
  const bool redoing = redoing_;
  Stack& stack = undoing ? redo_stack_ : undo_stack_;
  if (undoing) {
    stop_capturing();
  } else if (!redoing) {
    clear_redo();
  }
  const std::int64_t now = options_.now_ms ? options_.now_ms() : 0;
  const bool adds = undoing || redoing || stack.empty() || last_change_ms_ <= 0 ||
                    now - last_change_ms_ >= std::int64_t{options_.capture_timeout_ms};
  if (adds) stack.push_back(std::make_shared<StackItem>());
  const std::shared_ptr<StackItem> step = stack.back();
  step->insertions.add_all(captured.insertions);
  step->deletions.add_all(captured.deletions);
  if (!undoing && !redoing) last_change_ms_ = now;
  Scope scope(doc_->store, scope_, whole_document_);
  each_item(*doc_, transaction.change, captured.deletions, [&](ItemIndex item) {
    if (!doc_->store.items[item].is_gc() && scope.holds(item)) doc_->store.keep(item);
  });
  const std::vector<SharedType> types = types_of(captured.changed);
  tell(adds ? added_observers_ : updated_observers_,
       {*step, undoing ? Type::redo : Type::undo, transaction.origin, types});
}

// --- Undo and redo.

std::shared_ptr<StackItem> UndoManager::undo() {
  undoing_ = true;
  auto out = pop(undo_stack_, Type::undo);
  undoing_ = false;
  return out;
}

std::shared_ptr<StackItem> UndoManager::redo() {
  redoing_ = true;
  auto out = pop(redo_stack_, Type::redo);
  redoing_ = false;
  return out;
}

std::shared_ptr<StackItem> UndoManager::pop(Stack& stack, Type type) {
  if (doc_ == nullptr) return nullptr;
  popped_from_.clear();
  {
    const Editing editing(*doc_, origin_);
    popping_ = doc_->transaction().change.number;
    while (!stack.empty() && current_ == nullptr) {
      const std::shared_ptr<StackItem> step = stack.back();
      stack.pop_back();
      if (take_back(*step)) current_ = step;
    }
  }
  popping_ = 0;
  std::shared_ptr<StackItem> popped = std::exchange(current_, nullptr);
  if (popped == nullptr) return nullptr;
  const std::vector<SharedType> types = types_of(popped_from_);
  tell(popped_observers_, {*popped, type, origin_, types});
  return popped;
}

bool UndoManager::take_back(const StackItem& step) {
  const std::vector<ItemIndex> to_delete = items_to_delete(step.insertions);
  const std::vector<ItemIndex> to_redo = items_to_redo(step);
  bool changed = false;
  const auto deleted_by = [](const Stack& stack, Id id) {
    return std::any_of(stack.begin(), stack.end(),
                       [&](const auto& other) { return other->deletions.contains(id); });
  };
  Redo redo(
      *doc_, to_redo,
      {.ignore_remote_map_changes = options_.ignore_remote_map_changes, .gives_way = [&](Id id) {
         return step.insertions.contains(id) || deleted_by(undo_stack_, id) ||
                deleted_by(redo_stack_, id);
       }});
  for (const ItemIndex item : to_redo) changed |= redo.run(item);
  // What lies in a type before the type, so that the filter sees more.
  for (auto item = to_delete.rbegin(); item != to_delete.rend(); ++item) {
    if (!may_delete(*item)) continue;
    doc_->store.delete_item(doc_->transaction().change, *item);
    changed = true;
  }
  return changed;
}

std::vector<ItemIndex> UndoManager::items_to_delete(const ElementRanges& insertions) const {
  const Store& store = doc_->store;
  std::vector<ItemIndex> out;
  Scope scope(store, scope_, whole_document_);
  each_item(*doc_, doc_->transaction().change, insertions, [&](ItemIndex item) {
    const ItemIndex now = store.redone(item).client == kNone ? item : follow_redone(*doc_, item);
    if (!store.items[now].deleted() && scope.holds(now)) out.push_back(now);
  });
  return out;
}

std::vector<ItemIndex> UndoManager::items_to_redo(const StackItem& step) const {
  const Store& store = doc_->store;
  std::vector<ItemIndex> out;
  Scope scope(store, scope_, whole_document_);
  each_item(*doc_, doc_->transaction().change, step.deletions, [&](ItemIndex index) {
    const Item& item = store.items[index];
    if (item.is_gc() || !scope.holds(index)) return;
    // What came and went within one step does not come back.
    if (step.insertions.contains({store.clients[item.client].id, item.clock})) return;
    out.push_back(index);
  });
  return out;
}

bool UndoManager::may_delete(ItemIndex index) const {
  if (!options_.delete_filter) return true;
  const Item& item = doc_->store.items[index];
  UndoDeletion deletion{.id = {doc_->store.clients[item.client].id, item.clock},
                        .length = item.length,
                        .kind = item.kind,
                        .type = {},
                        .parent = SharedType(doc_, item.parent)};
  if (item.kind == ContentKind::type) deletion.type = SharedType(doc_, item.branch());
  return options_.delete_filter(deletion);
}

// --- Forgetting.

void UndoManager::clear(StackClearedEvent which) {
  if (doc_ == nullptr) return;
  if (!(which.undo_stack && can_undo()) && !(which.redo_stack && can_redo())) return;
  const Editing editing(*doc_);
  if (which.undo_stack) let_go(std::exchange(undo_stack_, {}));
  if (which.redo_stack) let_go(std::exchange(redo_stack_, {}));
  const Observers<ClearedObserver> all = cleared_observers_;
  for (const auto& [subscription, observer] : all) observer(which);
}

void UndoManager::let_go(const Stack& stack) {
  Scope scope(doc_->store, scope_, whole_document_);
  for (const auto& step : stack) {
    each_item(*doc_, doc_->transaction().change, step->deletions, [&](ItemIndex item) {
      if (!doc_->store.items[item].is_gc() && scope.holds(item)) doc_->store.let_go(item);
    });
  }
}

}  // namespace pluv::ycrdt
