#include "ycrdt/store.h"

#include <algorithm>
#include <limits>

#include "ycrdt/any.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {

Store::Store(std::uint64_t hash_seed) : seed_(mix64(hash_seed + 1)) {
  items.push_back({});
  clients.emplace_back();
  branches.push_back({});
  members.push_back({});
  subdocuments.push_back({});
  keys_.push_back({});
  position_indices_.emplace_back();
}

// --- Clients.

ClientIndex Store::find_another_client(ClientId id) const noexcept {
  const ClientIndex found =
      client_index_.find(client_hash(id), [&](ClientIndex c) { return clients[c].id == id; });
  if (found != kNone) last_client_ = found;
  return found;
}

ClientIndex Store::add_client(ClientId id) {
  const auto index = static_cast<ClientIndex>(clients.size());
  clients.emplace_back().id = id;
  client_index_.insert(client_hash(id), index);
  return index;
}

Clock Store::state(ClientId id) const noexcept {
  const ClientIndex client = find_client(id);
  return client == kNone ? 0 : clients[client].end;
}

Clock Store::before(const Change& change, ClientIndex client) const noexcept {
  const Client& c = clients[client];
  if (c.touched < change.number) return c.end;
  if (c.touched == change.number) return c.before;
  // An observer of this transaction has begun another one.
  for (const Change::Grown& grown : change.clients) {
    if (grown.client == client) return grown.before;
  }
  return c.before;
}

// --- Keys.

KeyIndex Store::find_key(std::string_view text) const noexcept {
  return key_index_.find(hash_text(text, seed_), [&](KeyIndex k) { return keys_[k] == text; });
}

KeyIndex Store::intern_key(std::string_view text) {
  if (const KeyIndex found = find_key(text); found != kNone) return found;
  const auto index = static_cast<KeyIndex>(keys_.size());
  keys_.push_back({arena.copy(text), text.size()});
  key_index_.insert(hash_text(text, seed_), index);
  return index;
}

// --- Shared types.

BranchIndex Store::find_root(std::string_view name) const noexcept {
  return root_index_.find(hash_text(name, seed_),
                          [&](BranchIndex b) { return keys_[branches[b].name] == name; });
}

BranchIndex Store::intern_root(std::string_view name) {
  if (const BranchIndex found = find_root(name); found != kNone) return found;
  const BranchIndex branch = add_branch(TypeKind::undefined, intern_key(name));
  root_index_.insert(hash_text(name, seed_), branch);
  roots_.push_back(branch);
  return branch;
}

BranchIndex Store::add_branch(TypeKind kind, KeyIndex name) {
  Branch branch;
  branch.kind = kind;
  branch.name = name;
  branches.push_back(branch);
  return static_cast<BranchIndex>(branches.size() - 1);
}

std::uint32_t Store::find_member(BranchIndex branch, KeyIndex key) const noexcept {
  return member_index_.find(member_hash(branch, key), [&](std::uint32_t m) {
    return members[m].branch == branch && members[m].key == key;
  });
}

ItemIndex Store::member_item(BranchIndex branch, KeyIndex key) const noexcept {
  return members[find_member(branch, key)].item;
}

void Store::set_member(BranchIndex branch, KeyIndex key, ItemIndex item) {
  if (const std::uint32_t found = find_member(branch, key); found != kNone) {
    members[found].item = item;
    return;
  }
  const auto index = static_cast<std::uint32_t>(members.size());
  members.push_back({branch, key, item, kNone, item});
  member_index_.insert(member_hash(branch, key), index);
  Branch& b = branches[branch];
  if (b.last_member == kNone) {
    b.first_member = index;
  } else {
    members[b.last_member].next = index;
  }
  b.last_member = index;
}

std::uint32_t Store::add_subdocument(std::string_view guid, std::string_view options) {
  subdocuments.push_back({{arena.copy(guid), guid.size()}, {arena.copy(options), options.size()}});
  return static_cast<std::uint32_t>(subdocuments.size() - 1);
}

// --- Items.

ItemIndex Store::find(Place place) const noexcept {
  const BlockList& blocks = clients[place.client].blocks;
  return blocks.at(blocks.find(place.clock)).item;
}

ItemIndex Store::clean_start(Change& change, Place place) {
  const BlockList& blocks = clients[place.client].blocks;
  const BlockList::Cursor cursor = blocks.find(place.clock);
  const ItemIndex found = blocks.at(cursor).item;
  if (items[found].clock == place.clock || items[found].is_gc()) return found;
  return split(change, found, place.clock - items[found].clock, cursor);
}

ItemIndex Store::clean_end(Change& change, Place place) {
  const BlockList& blocks = clients[place.client].blocks;
  const BlockList::Cursor cursor = blocks.find(place.clock);
  const ItemIndex found = blocks.at(cursor).item;
  const Item& item = items[found];
  if (item.end() != place.clock + 1 && !item.is_gc()) {
    (void)split(change, found, place.clock + 1 - item.clock, cursor);
  }
  return found;
}

ItemIndex Store::take_free_item() noexcept {
  const ItemIndex index = free_;
  free_ = items[index].right;
  items[index] = Item();
  return index;
}

void Store::free_item(ItemIndex item) noexcept {
  items[item] = Item();
  items[item].right = free_;
  free_ = item;
}

ItemIndex Store::split(Change& change, ItemIndex left_index, std::uint32_t length,
                       BlockList::Cursor cursor) {
  const ItemIndex right_index = add_item();
  Item& left = items[left_index];
  Item& right = items[right_index];
  right.clock = left.clock + length;
  right.length = left.length - length;
  right.client = left.client;
  right.left = left_index;
  right.right = left.right;
  right.origin = {left.client, left.clock + length - 1};
  right.right_origin = left.right_origin;
  right.parent = left.parent;
  right.key = left.key;
  right.kind = left.kind;
  right.flags = left.flags;
  PositionIndex* const index = positions(left.parent);
  if (index != nullptr) index->resized(left, -static_cast<std::int64_t>(left.visible()));
  split_content(change, left, right, length);
  left.length = length;
  left.right = right_index;
  if (right.right != kNone) {
    items[right.right].left = right_index;
  } else if (right.key != kNone) {
    set_member(right.parent, right.key, right_index);
  } else {
    branches[right.parent].end = right_index;
  }
  if (index != nullptr) {
    index->resized(left, left.visible());
    index->inserted(items, right_index);
  }
  clients[right.client].blocks.insert_after(cursor, {right.clock, right_index});
  change.to_merge.push_back(right.first());
  return right_index;
}

void Store::split_content(Change& change, Item& left, Item& right, std::uint32_t length) {
  switch (left.kind) {
    case ContentKind::string: split_text(change, left, right, length); break;
    case ContentKind::any:
    case ContentKind::json: {
      ByteReader reader(left.bytes());
      bool shortest = true;
      for (std::uint32_t i = 0; i < length; ++i) {
        if (!skip_any(reader, std::numeric_limits<std::size_t>::max(), shortest)) break;
      }
      change.work += (left.size - reader.left()) / 16;
      right.data = reader.position();
      right.size = static_cast<std::uint32_t>(reader.left());
      right.slack = left.slack;
      left.size -= right.size;
      left.slack = 0;
      break;
    }
    default: break;  // of length 1, or nothing but a length
  }
}

void Store::split_text(Change& change, Item& left, Item& right, std::uint32_t length) {
  Utf16Position at{length, false};
  if (left.size != left.length) {  // not ASCII
    at = utf16_position(left.bytes(), length);
    change.work += at.byte / 16;
  }
  right.slack = left.slack;
  left.slack = 0;
  if (!at.inside_pair) {
    right.data = left.data + at.byte;
    right.size = left.size - static_cast<std::uint32_t>(at.byte);
    left.size = static_cast<std::uint32_t>(at.byte);
    return;
  }
  // Each half becomes U+FFFD, as in yjs. Three bytes of each fit where the four were for one side;
  // the other, the shorter one, is copied.
  const std::string_view whole = left.bytes();
  const std::string_view rest = whole.substr(at.byte + 4);
  char* const pair = const_cast<char*>(left.data) + at.byte;
  if (checkpointed_) {
    SplitText saved{pair, {}};
    std::memcpy(saved.bytes, pair, 4);
    split_texts_.push_back(saved);
  }
  const auto rest_size = static_cast<std::uint32_t>(kReplacement.size() + rest.size());
  if (rest.size() < at.byte) {
    char* const copy = arena.allocate(rest_size);
    std::memcpy(copy, kReplacement.data(), kReplacement.size());
    std::memcpy(copy + kReplacement.size(), rest.data(), rest.size());
    right.data = copy;
    right.slack = 0;
    std::memcpy(pair, kReplacement.data(), kReplacement.size());
  } else {
    char* const copy = arena.allocate(at.byte + kReplacement.size());
    std::memcpy(copy, whole.data(), at.byte);
    std::memcpy(copy + at.byte, kReplacement.data(), kReplacement.size());
    left.data = copy;
    right.data = pair + 1;
    std::memcpy(pair + 1, kReplacement.data(), kReplacement.size());
  }
  change.work += (kReplacement.size() + std::min<std::size_t>(rest.size(), at.byte)) / 16;
  left.size = static_cast<std::uint32_t>(at.byte + kReplacement.size());
  right.size = rest_size;
}

bool Store::is_pair_split_at(Change& change, Place place) const noexcept {
  // Splitting copies the run twice, and nobody may be made to do that to a long one time and again.
  constexpr std::uint32_t kRunBytesMax = 1024;
  if (place.clock == 0) return false;
  const Item& item = items[find({place.client, place.clock - 1})];
  if (item.kind != ContentKind::string || item.size == item.length || item.size > kRunBytesMax ||
      item.end() <= place.clock) {
    return false;
  }
  change.work += item.size / 16;
  return utf16_position(item.bytes(), place.clock - item.clock).inside_pair;
}

// --- Content.

void Store::set_text(Item& item, std::string_view text, std::uint32_t units) {
  item.kind = ContentKind::string;
  item.data = arena.copy(text);
  item.size = static_cast<std::uint32_t>(text.size());
  item.length = units;
}

void Store::append_text(Item& item, std::string_view text, std::uint32_t units) {
  const std::size_t size = text.size();
  if (size > item.spare()) {
    if (item.slack == 0 && arena.extend(item.data + item.size, size)) {
      item.slack = 0;
    } else {
      // Room for as much again, so that a run that grows often is seldom copied.
      const std::size_t spare = item.size + size;
      char* const grown = arena.allocate(item.size + size + spare);
      std::memcpy(grown, item.data, item.size);
      item.data = grown;
      item.set_spare(spare);
    }
  } else {
    item.set_spare(item.spare() - size);
  }
  std::memcpy(const_cast<char*>(item.data) + item.size, text.data(), size);
  item.size += static_cast<std::uint32_t>(size);
  item.length += units;
}

KeyIndex Store::format_key(const Item& item) const noexcept {
  KeyIndex key = kNone;
  std::memcpy(&key, item.data, sizeof key);
  return key;
}

// --- Positions.

void Store::resized(const Item& item, std::int64_t by) noexcept {
  if (by == 0 || item.key != kNone) return;
  Branch& branch = branches[item.parent];
  branch.length = static_cast<std::uint32_t>(static_cast<std::int64_t>(branch.length) + by);
  if (PositionIndex* const index = positions(item.parent)) index->resized(item, by);
}

PositionIndex::Found Store::find_position(BranchIndex branch, std::uint32_t position) {
  if (PositionIndex* const index = positions(branch)) return index->find(items, position);
  // Short ways are walked; the first long one builds the index.
  constexpr int kWalkMax = 32;
  std::uint32_t start = 0;
  ItemIndex at = branches[branch].start;
  for (int walked = 0; walked < kWalkMax; ++walked) {
    const std::uint32_t visible = items[at].visible();
    if (position < start + visible) return {at, start};
    start += visible;
    at = items[at].right;
  }
  branches[branch].positions = static_cast<std::uint32_t>(position_indices_.size());
  position_indices_.push_back(std::make_unique<PositionIndex>(items, branches[branch].start));
  return position_indices_.back()->find(items, position);
}

std::uint32_t Store::position_of(ItemIndex item) {
  if (PositionIndex* const index = positions(items[item].parent)) {
    return index->position(items, item);
  }
  std::uint32_t start = 0;
  for (ItemIndex at = branches[items[item].parent].start; at != item; at = items[at].right) {
    start += items[at].visible();
  }
  return start;
}

// --- Taking everything back.

Store::Checkpoint Store::checkpoint() {
  Checkpoint out;
  out.items_ = items;
  out.clients_ = clients;
  out.branches_ = branches;
  out.members_ = members;
  out.client_index_ = client_index_;
  out.member_index_ = member_index_;
  out.free_ = free_;
  out.keys_ = keys_.size();
  out.roots_ = roots_.size();
  out.subdocuments_ = subdocuments.size();
  out.arena_ = arena.mark();
  split_texts_.clear();
  checkpointed_ = true;
  return out;
}

void Store::restore(Checkpoint&& checkpoint) {
  while (!split_texts_.empty()) {
    std::memcpy(split_texts_.back().at, split_texts_.back().bytes, 4);
    split_texts_.pop_back();
  }
  while (roots_.size() > checkpoint.roots_) {
    const BranchIndex root = roots_.back();
    root_index_.erase_last(hash_text(keys_[branches[root].name], seed_), root);
    roots_.pop_back();
  }
  while (keys_.size() > checkpoint.keys_) {
    const auto key = static_cast<KeyIndex>(keys_.size() - 1);
    key_index_.erase_last(hash_text(keys_[key], seed_), key);
    keys_.pop_back();
  }
  items = std::move(checkpoint.items_);
  clients = std::move(checkpoint.clients_);
  branches = std::move(checkpoint.branches_);
  members = std::move(checkpoint.members_);
  client_index_ = std::move(checkpoint.client_index_);
  member_index_ = std::move(checkpoint.member_index_);
  free_ = checkpoint.free_;
  subdocuments.truncate(checkpoint.subdocuments_);
  arena.go_back(checkpoint.arena_);
  // They may know items that are gone; they are made again when asked for.
  for (Branch& branch : branches) branch.positions = kNone;
  position_indices_.resize(1);
  last_client_ = kNone;
  deleted_ranges_.clear();
  checkpointed_ = false;
}

void Store::discard_checkpoint() noexcept {
  split_texts_.clear();
  checkpointed_ = false;
}

std::size_t Store::memory_bytes() const noexcept {
  std::size_t total = items.capacity_bytes() + branches.capacity_bytes() +
                      members.capacity_bytes() + arena.capacity_bytes() + keys_.capacity_bytes() +
                      client_index_.capacity_bytes() + member_index_.capacity_bytes() +
                      key_index_.capacity_bytes() + root_index_.capacity_bytes() +
                      clients.capacity() * sizeof(Client);
  total += redone_.memory_bytes();
  for (const Client& client : clients) total += client.blocks.capacity_bytes();
  for (const DeletedRanges& ranges : deleted_ranges_) {
    total += sizeof(DeletedRanges) + ranges.bytes.capacity();
  }
  return total;
}

// --- Checking.

std::string_view Store::find_fault() const {
  std::uint64_t redone_elements = 0;
  for (ClientIndex c = 1; c < clients.size(); ++c) {
    const BlockList& blocks = clients[c].blocks;
    Clock clock = 0;
    if (!blocks.empty()) {
      BlockList::Cursor cursor = blocks.first();
      do {
        const BlockList::Entry& entry = blocks.at(cursor);
        const Item& item = items[entry.item];
        if (entry.clock != clock || item.clock != clock) return "a client's clocks have a gap";
        if (item.length == 0) return "an item without length";
        if (item.client != c) return "an item of another client";
        if (item.is_gc() != (item.parent == kNone)) return "an item without a parent";
        if (item.is_gc() && !item.deleted()) return "garbage that is not deleted";
        if (item.left != kNone && items[item.left].right != entry.item) return "a broken left link";
        if (item.right != kNone && items[item.right].left != entry.item) return "a broken link";
        if (item.kind == ContentKind::string &&
            utf16_length(item.bytes()) != std::size_t{item.length}) {
          return "a text of another length";
        }
        if ((item.flags & Item::kRedone) != 0) {
          redone_elements += item.length;
          const Place again = redone_.find(item.first());
          const Place last = redone_.find(item.last());
          if (again.client == kNone || last.client != again.client ||
              last.clock - again.clock != item.length - 1 ||
              last.clock >= clients[again.client].end) {
            return "an item whose place it was written again at is unknown";
          }
        }
        clock = item.end();
      } while (blocks.next(cursor));
    }
    if (clock != clients[c].end) return "a client's end is wrong";
    if (c < deleted_ranges_.size() && deleted_ranges_[c].known &&
        deleted_ranges_[c].bytes != find_deleted_ranges(c).bytes) {
      return "what is known of a client's deletions is old";
    }
  }
  if (redone_elements != redone_.elements()) return "elements written again that are no item's";
  for (BranchIndex b = 1; b < branches.size(); ++b) {
    const Branch& branch = branches[b];
    if (!branch.alive) continue;
    std::uint64_t length = 0;
    std::size_t steps = 0;
    for (ItemIndex at = branch.start; at != kNone; at = items[at].right) {
      if (items[at].parent != b || items[at].key != kNone) return "a stranger in a list";
      if (++steps > items.size()) return "a list that runs in a circle";
      length += items[at].visible();
    }
    if (branch.end != kNone && items[branch.end].right != kNone) return "a list's end is wrong";
    if ((branch.end == kNone) != (branch.start == kNone)) return "a list without an end";
    if (length != branch.length) return "a list's length is wrong";
    for (std::uint32_t m = branch.first_member; m != kNone; m = members[m].next) {
      const ItemIndex item = members[m].item;
      if (item == kNone || items[item].right != kNone || items[item].parent != b ||
          items[item].key != members[m].key) {
        return "a member that is not the last of its key";
      }
      const ItemIndex first = members[m].first;
      if (first == kNone || items[first].left != kNone || items[first].parent != b ||
          items[first].key != members[m].key) {
        return "a member whose first item is not the first of its key";
      }
    }
  }
  return "";
}

}  // namespace pluv::ycrdt
