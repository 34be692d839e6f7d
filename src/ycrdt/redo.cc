#include "ycrdt/redo.h"

#include <limits>
#include <utility>

namespace pluv::ycrdt {

namespace {

// The item that begins where the item was written again; kNone when it was not.
ItemIndex item_again(DocState& doc, ItemIndex item) {
  const Place place = doc.store.redone(item);
  if (place.client == kNone) return kNone;
  return doc.store.clean_start(doc.transaction().change, place);
}

ItemIndex owner_in(const Store& store, ItemIndex item) noexcept {
  return store.branches[store.items[item].parent].item;
}

}  // namespace

// --- Neighbours.

// As what the item is in the owner's list.
ItemIndex RedoneNeighbours::trace(ItemIndex item, ItemIndex owner) {
  while (item != kNone && !doc_.store.items[item].is_gc()) {
    if (owner_in(doc_.store, item) == owner) return item;
    item = item_again(doc_, item);
  }
  return kNone;
}

// Whether trace() would find something; splits nothing.
bool RedoneNeighbours::is_there(ItemIndex item, ItemIndex owner) const {
  const Store& store = doc_.store;
  Place place = store.items[item].first();
  while (!store.items[item].is_gc()) {
    if (owner_in(store, item) == owner) return true;
    const Place first = store.redone(item);
    if (first.client == kNone) return false;
    place = {first.client, first.clock + (place.clock - store.items[item].clock)};
    item = store.find(place);
  }
  return false;
}

const RedoneNeighbours::Index& RedoneNeighbours::index(BranchIndex list, ItemIndex owner) {
  Index& index = indices_[list];
  const std::size_t splits = doc_.transaction().change.to_merge.size();
  if (index.owner == owner && index.splits == splits) return index;
  index = {owner, splits, {}, {}, {}};
  for (ItemIndex at = doc_.store.branches[list].start; at != kNone;
       at = doc_.store.items[at].right) {
    const auto place = static_cast<std::uint32_t>(index.items.size());
    index.items.push_back(at);
    index.places.emplace(at, place);
    if (is_there(at, owner)) index.there.insert(index.there.end(), place);
  }
  return index;
}

namespace {

constexpr int kWalkMax = 32;

}  // namespace

ItemIndex RedoneNeighbours::left(ItemIndex item, ItemIndex owner) {
  const BranchIndex list = doc_.store.items[item].parent;
  ItemIndex at = doc_.store.items[item].left;
  for (int walked = 0; at != kNone; at = doc_.store.items[at].left) {
    if (++walked > kWalkMax) {
      const Index& of = index(list, owner);
      const auto after = of.there.upper_bound(of.places.at(at));
      return after == of.there.begin() ? kNone : trace(of.items[*std::prev(after)], owner);
    }
    if (const ItemIndex found = trace(at, owner); found != kNone) return found;
  }
  return kNone;
}

ItemIndex RedoneNeighbours::right(ItemIndex item, ItemIndex owner) {
  const BranchIndex list = doc_.store.items[item].parent;
  ItemIndex at = item;
  for (int walked = 0; at != kNone; at = doc_.store.items[at].right) {
    if (++walked > kWalkMax) {
      const Index& of = index(list, owner);
      const auto next = of.there.lower_bound(of.places.at(at));
      return next == of.there.end() ? kNone : trace(of.items[*next], owner);
    }
    if (const ItemIndex found = trace(at, owner); found != kNone) return found;
  }
  return kNone;
}

void RedoneNeighbours::written_again(ItemIndex item, ItemIndex owner) {
  const BranchIndex list = doc_.store.items[item].parent;
  for (auto at = indices_.begin(); at != indices_.end();) {
    Index& index = at->second;
    if (at->first == list && index.owner == owner) {
      if (const auto place = index.places.find(item); place != index.places.end()) {
        index.there.insert(place->second);
      }
      ++at;
    } else if (index.owner == owner) {
      at = indices_.erase(at);  // it may hold items that were written again as this one
    } else {
      ++at;
    }
  }
}

// --- Items.

Redo::Redo(DocState& doc, const std::vector<ItemIndex>& items, Options options)
    : doc_(doc),
      options_(std::move(options)),
      items_(items.begin(), items.end()),
      neighbours_(doc) {}

ItemIndex Redo::owner_of(ItemIndex item) const noexcept { return owner_in(doc_.store, item); }

ItemIndex Redo::again(ItemIndex item) { return item_again(doc_, item); }

bool Redo::has_failed(ItemIndex item) const {
  const auto found = failed_.find(item);
  return found != failed_.end() && (found->second == kForGood || found->second == written_);
}

bool Redo::run(ItemIndex item) {
  const Store& store = doc_.store;
  if (again(item) != kNone) return true;
  // The types around it first, the outermost before the others.
  std::vector<ItemIndex> way{item};
  std::uint64_t failed = 0;
  for (;;) {
    const ItemIndex owner = owner_of(way.back());
    if (owner == kNone || !store.items[owner].deleted() || store.redone(owner).client != kNone) {
      break;
    }
    if (!items_.contains(owner)) {
      failed = kForGood;
    } else if (has_failed(owner)) {
      failed = failed_.at(owner);
    }
    if (failed != 0) break;
    way.push_back(owner);
  }
  while (failed == 0 && !way.empty()) {
    if (!write_again(way.back())) {
      // Something may have to be written first; until then it would fail again.
      failed = written_;
      break;
    }
    way.pop_back();
  }
  for (const ItemIndex at : way) failed_[at] = failed;
  return way.empty();
}

bool Redo::write_again(ItemIndex index) {
  Store& store = doc_.store;
  ItemIndex owner = owner_of(index);
  BranchIndex parent = store.items[index].parent;
  if (owner != kNone && store.items[owner].deleted()) {
    while (store.redone(owner).client != kNone) owner = again(owner);
    if (store.items[owner].kind != ContentKind::type) return false;  // collected meanwhile
    parent = store.items[owner].branch();
  }
  const KeyIndex key = store.items[index].key;
  ItemIndex left = kNone;
  ItemIndex right = kNone;
  if (key != kNone) {
    if (!find_left_value(index, left)) return false;
    if (left == kNone || owner_of(left) != owner) left = store.member_item(parent, key);
  } else if (owner_of(index) == owner) {
    left = store.items[index].left;
    right = index;
  } else {
    left = neighbours_.left(index, owner);
    right = neighbours_.right(index, owner);
  }
  const ClientIndex client = store.intern_client(doc_.options.client_id);
  if (store.items[index].length > std::numeric_limits<Clock>::max() - store.clients[client].end) {
    return false;  // the client id has no clocks left
  }
  const ItemIndex item = doc_.new_item(parent, left, right);
  store.items[item].key = key;
  store.copy_content(index, item);
  store.set_redone(index, store.items[item].first());
  store.keep(item);
  (void)doc_.integrate(item);
  ++written_;
  if (key == kNone && owner_of(index) != owner) neighbours_.written_again(index, owner);
  return true;
}

bool Redo::find_left_value(ItemIndex item, ItemIndex& left) {
  const Store& store = doc_.store;
  const auto right_of = [&](ItemIndex at) { return store.items[at].right; };
  if (options_.ignore_remote_map_changes || right_of(item) == kNone) return true;
  left = item;
  while (right_of(left) != kNone) {
    const ItemIndex right = right_of(left);
    const Item& next = store.items[right];
    const bool gives_way = store.redone(right).client != kNone ||
                           options_.gives_way({store.clients[next.client].id, next.clock});
    if (!gives_way) return false;
    left = right;
    while (store.redone(left).client != kNone) left = again(left);
    if (store.items[left].is_gc()) return false;
  }
  return true;
}

}  // namespace pluv::ycrdt
