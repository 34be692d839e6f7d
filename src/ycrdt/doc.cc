#include "ycrdt/doc.h"

#include <algorithm>

#include "json/writer.h"
#include "ycrdt/commit.h"
#include "ycrdt/doc_state.h"
#include "ycrdt/encode.h"
#include "ycrdt/format_cleanup.h"
#include "ycrdt/list_edit.h"
#include "ycrdt/read.h"
#include "ycrdt/transcode.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {

void DocState::begin(std::string_view origin) {
  if (depth++ != 0) return;
  if (spare) {
    open = std::move(spare);
    open->local = true;
    open->clean_formatting = false;
  } else {
    open = std::make_unique<Transaction>();
  }
  open->change.begin_again(++transactions);
  open->change.merge_at_once = undo_managers.empty();
  open->origin.assign(origin);
}

namespace {

// The clients of whom something was deleted, in the order in which that began.
std::vector<ClientIndex> deletion_order(const Change& change, std::size_t clients) {
  std::vector<ClientIndex> out;
  if (change.deleted.empty()) return out;
  std::vector<bool> seen(clients);
  for (const Change::Deleted& range : change.deleted) {
    if (!seen[range.client]) out.push_back(range.client);
    seen[range.client] = true;
  }
  return out;
}

// Whether others have changed a rich text that is in use.
bool touches_formatted_text(const DocState& doc, const Change& change) {
  return std::any_of(change.touched.begin(), change.touched.end(), [&](const auto& touched) {
    const Branch& branch = doc.store.branches[touched.branch];
    return branch.has_formatting && !doc.store.is_deleted(touched.branch) &&
           (branch.kind == TypeKind::text || branch.kind == TypeKind::xml_text);
  });
}

}  // namespace

void DocState::end() {
  if (--depth != 0) return;
  committing.push_back(std::move(open));
  if (in_commit) return;  // the loop below comes to it
  in_commit = true;
  for (std::size_t i = 0; i < committing.size(); ++i) {
    Transaction& transaction = *committing[i];
    const bool may_clean = !transaction.local && options.clean_formatting;
    // Until there is formatting nobody asks for the order, and only observers could bring some now.
    const bool may_ask = store.has_formatting || !type_observers.empty() || !undo_managers.empty();
    std::vector<ClientIndex> order;
    if (may_clean && may_ask) order = deletion_order(transaction.change, store.clients.size());
    CapturedChange captured;
    if (!undo_managers.empty()) captured = (this->*callers.capture)(i);
    normalize_deleted(transaction.change);
    if (!type_observers.empty()) (this->*callers.types)(transaction);
    if (!undo_managers.empty()) (this->*callers.undo_managers)(transaction, captured);
    if (may_clean && touches_formatted_text(*this, transaction.change)) {
      clean_formatting_after(*this, transaction, order);
    }
    commit(store, transaction.change, {.gc = options.gc});
    if (update_observers) call_update_observers(transaction);
    if (update_v2_observers) (this->*callers.update_v2)(transaction);
    if (!subdocs_observers.empty()) (this->*callers.subdocs)(transaction);
  }
  // Typing and small updates are spared the allocations.
  constexpr std::size_t kSpareBytesMax = 4096;
  if (committing.front()->change.capacity_bytes() <= kSpareBytesMax) {
    spare = std::move(committing.front());
  }
  committing.clear();
  in_commit = false;
}

ItemIndex DocState::new_item(BranchIndex parent, ItemIndex left, ItemIndex right) {
  const ClientIndex client = store.intern_client(options.client_id);
  const ItemIndex index = store.add_item();
  Item& item = store.items[index];
  item.client = client;
  item.clock = store.clients[client].end;
  item.length = 1;
  item.parent = parent;
  item.left = left;
  item.right = right;
  if (left != kNone) item.origin = store.items[left].last();
  if (right != kNone) item.right_origin = store.items[right].first();
  return index;
}

ItemIndex DocState::integrate(ItemIndex item) {
  return store.integrate(transaction().change, item, UINT64_MAX);
}

Doc::Doc(DocOptions options) : state_(std::make_unique<DocState>(std::move(options))) {
  PLUV_ASSERT(state_->options.client_id <= kClientIdMax);
}
Doc::Doc(Doc&&) noexcept = default;
Doc& Doc::operator=(Doc&&) noexcept = default;
Doc::~Doc() = default;

ClientId Doc::client_id() const noexcept { return state_->options.client_id; }
const std::string& Doc::guid() const noexcept { return state_->options.guid; }

void Doc::set_client_id(ClientId id) noexcept {
  PLUV_ASSERT(state_->depth == 0 && id <= kClientIdMax);
  state_->options.client_id = id;
}

void Doc::set_limits(const UpdateLimits& limits) noexcept { state_->options.limits = limits; }

bool Doc::in_transaction() const noexcept { return state_->depth != 0 || state_->in_commit; }

DeleteSet Doc::deletes_of(const Transaction& transaction) const {
  return ycrdt::deletes_of(state_->store, transaction.change);
}

void Doc::begin(std::string_view origin) { state_->begin(origin); }
void Doc::end() { state_->end(); }

Result<void> Doc::apply_update(std::string_view update, std::string_view origin) {
  return apply(update, origin, ValueSpelling::json);
}

Result<void> Doc::apply(std::string_view update, std::string_view origin, ValueSpelling values) {
  const Editing editing(*state_, origin);
  Transaction& transaction = state_->transaction();
  auto applied = ycrdt::apply_update(state_->store, state_->pending, transaction.change,
                                     state_->decoded, update, state_->options.limits, values);
  if (applied) transaction.local = false;
  return applied;
}

Result<void> Doc::apply_update_v2(std::string_view update, std::string_view origin) {
  const auto transcoded = transcode_v2_to_v1(update, state_->options.limits);
  if (!transcoded) return transcoded.error();
  return apply(*transcoded, origin, ValueSpelling::kept);
}

std::string Doc::encode_state_as_update(const StateVector& state) const {
  return ycrdt::encode_state_as_update(state_->store, state_->pending, state);
}

std::string Doc::encode_without_pending(const StateVector& state) const {
  return ycrdt::encode_state_as_update(state_->store, Pending(), state);
}

std::string Doc::encode_state_as_update_v2(const StateVector& state) const {
  return transcode_v1_to_v2(
      ycrdt::encode_state_as_update(state_->store, state_->pending, state, ValueSpelling::kept));
}

std::string Doc::encode_without_pending_v2(const StateVector& state) const {
  return transcode_v1_to_v2(
      ycrdt::encode_state_as_update(state_->store, Pending(), state, ValueSpelling::kept));
}

StateVector Doc::state_vector() const { return ycrdt::state_vector(state_->store); }

std::string Doc::encode_state_vector() const {
  return ycrdt::encode_state_vector(ycrdt::state_vector(state_->store));
}

bool Doc::has_pending() const noexcept { return !state_->pending.empty(); }

std::size_t Doc::pending_bytes() const noexcept { return state_->pending.bytes(); }

namespace {

template <class Visit>
void each_subdoc(const Store& store, Visit visit) {
  if (store.subdocuments.size() == 1) return;
  for (const Client& client : store.clients) {
    if (client.blocks.empty()) continue;
    BlockList::Cursor cursor = client.blocks.first();
    do {
      const Item& item = store.items[client.blocks.at(cursor).item];
      if (item.kind == ContentKind::doc && !item.deleted()) visit(item);
    } while (client.blocks.next(cursor));
  }
}

BranchIndex root_of_kind(Store& store, std::string_view name, TypeKind kind) {
  if (!utf16_length(name)) return kNone;
  const BranchIndex branch = store.intern_root(name);
  if (store.branches[branch].kind == TypeKind::undefined) store.branches[branch].kind = kind;
  return branch;
}

}  // namespace

Text Doc::get_text(std::string_view name) {
  return {state_.get(), root_of_kind(state_->store, name, TypeKind::text)};
}
Array Doc::get_array(std::string_view name) {
  return {state_.get(), root_of_kind(state_->store, name, TypeKind::array)};
}
Map Doc::get_map(std::string_view name) {
  return {state_.get(), root_of_kind(state_->store, name, TypeKind::map)};
}
XmlFragment Doc::get_xml_fragment(std::string_view name) {
  return {state_.get(), root_of_kind(state_->store, name, TypeKind::xml_fragment)};
}
XmlElement Doc::get_xml_element(std::string_view name) {
  return {state_.get(), root_of_kind(state_->store, name, TypeKind::xml_element)};
}
SharedType Doc::get_root(std::string_view name) {
  return {state_.get(), utf16_length(name) ? state_->store.intern_root(name) : kNone};
}

std::vector<std::string> Doc::root_names() const {
  std::vector<std::string> out;
  for (const BranchIndex root : state_->store.roots()) {
    out.emplace_back(state_->store.key(state_->store.branches[root].name));
  }
  return out;
}

std::string Doc::to_json() const {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const BranchIndex root : state_->store.roots()) {
    const Branch& branch = state_->store.branches[root];
    writer.key(state_->store.key(branch.name));
    std::string value;
    append_type_json(value, state_->store, root, branch.kind);
    writer.raw(value);
  }
  writer.end_object();
  return out;
}

namespace {

using SharedUpdateObservers = std::shared_ptr<const DocState::UpdateObservers>;

SharedUpdateObservers with(const SharedUpdateObservers& observers, Subscription subscription,
                           Doc::UpdateObserver added) {
  auto out = observers ? std::make_shared<DocState::UpdateObservers>(*observers)
                       : std::make_shared<DocState::UpdateObservers>();
  out->emplace_back(subscription, std::move(added));
  return out;
}

// Null when none is left.
SharedUpdateObservers without(const SharedUpdateObservers& observers, Subscription subscription) {
  if (!observers) return nullptr;
  auto out = std::make_shared<DocState::UpdateObservers>(*observers);
  if (std::erase_if(*out, [&](const auto& entry) { return entry.first == subscription; }) == 0) {
    return observers;
  }
  return out->empty() ? nullptr : std::move(out);
}

}  // namespace

Subscription Doc::on_update(UpdateObserver observer) {
  const Subscription subscription = ++state_->subscriptions;
  state_->update_observers = with(state_->update_observers, subscription, std::move(observer));
  return subscription;
}

Subscription Doc::on_update_v2(UpdateObserver observer) {
  const Subscription subscription = ++state_->subscriptions;
  state_->callers.update_v2 = &DocState::call_update_v2_observers;
  state_->update_v2_observers =
      with(state_->update_v2_observers, subscription, std::move(observer));
  return subscription;
}

Subscription Doc::on_subdocs(SubdocsObserver observer) {
  state_->callers.subdocs = &DocState::call_subdocs_observers;
  state_->subdocs_observers.emplace_back(++state_->subscriptions, std::move(observer));
  return state_->subscriptions;
}

void Doc::unobserve(Subscription subscription) {
  const auto is_it = [&](const auto& entry) { return entry.first == subscription; };
  state_->update_observers = without(state_->update_observers, subscription);
  state_->update_v2_observers = without(state_->update_v2_observers, subscription);
  std::erase_if(state_->subdocs_observers, is_it);
  std::erase_if(state_->type_observers,
                [&](const auto& entry) { return entry.subscription == subscription; });
}

void Doc::load_subdoc(std::string_view guid) {
  const Editing editing(*state_);
  Store& store = state_->store;
  each_subdoc(store, [&](const Item& item) {
    Subdocument& subdocument = store.subdocuments[item.size];
    if (subdocument.guid != guid || subdocument.should_load) return;
    subdocument.should_load = true;
    state_->transaction().change.docs_loaded.push_back(item.size);
  });
}

std::vector<Subdoc> Doc::subdocs() const {
  std::vector<Subdoc> out;
  each_subdoc(state_->store, [&](const Item& item) {
    out.push_back(std::get<Subdoc>(value_at(*state_, item, 0)));
  });
  return out;
}

std::size_t Doc::memory_bytes() const noexcept { return state_->store.memory_bytes(); }
std::string Doc::check() const { return std::string(state_->store.find_fault()); }

std::size_t Doc::item_count() const noexcept {
  std::size_t total = 0;
  for (const Client& client : state_->store.clients) total += client.blocks.size();
  return total;
}

}  // namespace pluv::ycrdt
