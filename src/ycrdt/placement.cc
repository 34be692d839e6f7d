// How items find their place and leave it: integration, deletion, collection, merging.
#include <utility>

#include "ycrdt/lib0.h"
#include "ycrdt/store.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {

// --- Conflict scans.

void Store::ScanMarks::begin() noexcept {
  ++scan_;
  used_ = 0;
}

void Store::ScanMarks::add(ItemIndex item, std::uint32_t order) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  std::size_t at = mix64(item) & (slots_.size() - 1);
  while (slots_[at].scan == scan_) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {item, scan_, order};
  ++used_;
}

std::uint32_t Store::ScanMarks::order(ItemIndex item) const noexcept {
  if (used_ == 0) return 0;
  for (std::size_t at = mix64(item) & (slots_.size() - 1); slots_[at].scan == scan_;
       at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].item == item) return slots_[at].order;
  }
  return 0;
}

void Store::ScanMarks::grow() {
  Table<Slot> old;
  old.swap(slots_);
  const std::size_t size = old.empty() ? 32 : old.size() * 2;
  slots_.reserve(size);
  for (std::size_t i = 0; i < size; ++i) slots_.push_back({});
  for (const Slot& slot : old) {
    if (slot.scan != scan_) continue;
    std::size_t at = mix64(slot.item) & (size - 1);
    while (slots_[at].scan == scan_) at = (at + 1) & (size - 1);
    slots_[at] = slot;
  }
}

// Where the item goes among those that were inserted at the same place at the same time. From its
// left neighbour on it passes every item that either has the same origin and a lower client, or
// whose origin it has passed already; it stops at the first other one. (The YATA rules; the
// comments of yjs's Item.integrate name the cases.)
bool Store::find_left(Change& change, Item& item, std::uint64_t work_max) {
  ItemIndex left = item.left;
  ItemIndex at = kNone;
  if (left != kNone) {
    at = items[left].right;
  } else if (item.key != kNone) {
    at = members[find_member(item.parent, item.key)].first;
  } else {
    at = branches[item.parent].start;
  }
  marks_.begin();
  std::uint32_t order = 0;
  std::uint32_t conflicting_from = 1;  // what was passed since `left` was set
  while (at != kNone && at != item.right) {
    if (++change.work > work_max) return false;
    marks_.add(at, ++order);
    const Item& other = items[at];
    if (item.origin == other.origin) {
      if (clients[other.client].id < clients[item.client].id) {
        left = at;
        conflicting_from = order + 1;
      } else if (item.right_origin == other.right_origin) {
        break;
      }
    } else if (other.origin.client != kNone) {
      const std::uint32_t passed = marks_.order(find(other.origin));
      if (passed == 0) break;
      if (passed < conflicting_from) {
        left = at;
        conflicting_from = order + 1;
      }
    } else {
      break;
    }
    at = other.right;
  }
  item.left = left;
  return true;
}

// Precondition: left is final.
void Store::link(ItemIndex index) {
  Item& item = items[index];
  if (item.left != kNone) {
    item.right = items[item.left].right;
    items[item.left].right = index;
  } else if (item.key != kNone) {
    // A key that is new gets its member when the item becomes its value.
    if (const std::uint32_t member = find_member(item.parent, item.key); member != kNone) {
      item.right = members[member].first;
      members[member].first = index;
    } else {
      item.right = kNone;
    }
  } else {
    item.right = branches[item.parent].start;
    branches[item.parent].start = index;
  }
  if (item.right != kNone) {
    items[item.right].left = index;
  } else if (item.key == kNone) {
    branches[item.parent].end = index;
  }
}

void Store::append_block(Change& change, ItemIndex index) {
  const Item& item = items[index];
  touch(change, item.client);
  Client& client = clients[item.client];
  PLUV_ASSERT(client.end == item.clock);
  client.blocks.push_back({item.clock, index});
  client.end = item.end();
}

void Store::note_another_change(Change& change, BranchIndex branch, KeyIndex key) {
  if (const ItemIndex owner = branches[branch].item; owner != kNone) {
    const Item& item = items[owner];
    if (item.deleted() || item.clock >= before(change, item.client)) return;
  }
  change.touched.push_back({branch, key});
}

ItemIndex Store::integrate(Change& change, ItemIndex index, std::uint64_t work_max) {
  if (items[index].parent == kNone) {
    const ClientIndex client = items[index].client;
    const std::uint32_t length = items[index].length;
    free_item(index);
    add_gc(change, client, length);
    return clients[client].blocks.back();
  }
  {
    Item& item = items[index];
    const bool conflict = item.left == kNone
                              ? item.right == kNone || items[item.right].left != kNone
                              : items[item.left].right != item.right;
    if (conflict && !find_left(change, item, work_max)) return kNone;
  }
  link(index);
  note_width(items[index]);
  const BranchIndex parent = items[index].parent;
  const KeyIndex key = items[index].key;
  if (key != kNone && items[index].right == kNone) {
    set_member(parent, key, index);
    if (const ItemIndex replaced = items[index].left; replaced != kNone) {
      delete_item(change, replaced);
    }
  }
  append_block(change, index);
  Item& item = items[index];
  switch (item.kind) {
    case ContentKind::deleted:
      item.flags |= Item::kDeleted;
      note_deleted(change, item);
      break;
    case ContentKind::format: branches[parent].has_formatting = has_formatting = true; break;
    case ContentKind::type: branches[item.branch()].item = index; break;
    case ContentKind::doc:
      change.docs_added.push_back(item.size);
      if (subdocuments[item.size].should_load) change.docs_loaded.push_back(item.size);
      break;
    default: break;
  }
  if (key == kNone) {
    branches[parent].length += item.visible();
    if (PositionIndex* const positions_of = positions(parent)) positions_of->inserted(items, index);
  }
  note_change(change, parent, key);
  if (is_deleted(parent) || (key != kNone && item.right != kNone)) {
    delete_item(change, index);
    return index;
  }
  // What was typed after what is there already becomes one run with it at once. Not with what is
  // kept: should this transaction delete what is new, it must not be kept with it.
  if (change.merge_at_once && item.left != kNone && items[item.left].client == item.client &&
      (items[item.left].flags & Item::kKeep) == 0 && key == kNone &&
      items[item.left].end() == item.clock &&
      (item.kind == ContentKind::string || item.kind == ContentKind::any)) {
    const ItemIndex left = item.left;
    BlockList::Cursor cursor = clients[item.client].blocks.last();
    if (can_merge(left, index)) {
      merge(left, index);
      clients[items[left].client].blocks.erase(cursor);
      return left;
    }
  }
  return index;
}

void Store::add_gc(Change& change, ClientIndex client, std::uint32_t length) {
  touch(change, client);
  forget_deleted_ranges(client);
  Client& c = clients[client];
  if (!c.blocks.empty() && items[c.blocks.back()].is_gc()) {
    items[c.blocks.back()].length += length;
    c.end += length;
    return;
  }
  const ItemIndex index = add_item();
  Item& item = items[index];
  item.client = client;
  item.clock = clients[client].end;
  item.length = length;
  item.flags = Item::kDeleted;
  append_block(change, index);
}

void Store::extend_last(Change& change, ClientIndex client, std::string_view text,
                        std::uint32_t units) {
  touch(change, client);
  Client& c = clients[client];
  Item& item = items[c.blocks.back()];
  append_text(item, text, units);
  note_width(item);
  c.end += units;
  resized(item, units);
  note_change(change, item.parent, kNone);
}

// --- Deletion.

bool Store::delete_range(Change& change, ClientIndex client, Clock clock, Clock end,
                         std::uint64_t work_max) {
  const BlockList& blocks = clients[client].blocks;
  BlockList::Cursor cursor = blocks.find(clock);
  ItemIndex at = blocks.at(cursor).item;
  if (!items[at].deleted() && items[at].clock < clock) {
    at = split(change, at, clock - items[at].clock, cursor);
    cursor = blocks.find(clock);
  }
  while (true) {
    if (change.work > work_max) return false;
    if (!items[at].deleted()) {
      if (end < items[at].end()) (void)split(change, at, end - items[at].clock, cursor);
      delete_item(change, at);
      // Splitting may have moved the entry to another chunk.
      cursor = blocks.find(items[at].clock);
    }
    if (items[at].end() >= end || !blocks.next(cursor)) return true;
    at = blocks.at(cursor).item;
  }
}

void Store::note_deleted(Change& change, const Item& item) {
  change.deleted.push_back({item.client, item.clock, item.length});
  forget_deleted_ranges(item.client);
}

void Store::delete_item(Change& change, ItemIndex index) {
  if (items[index].deleted()) return;
  // Whatever lies in a type comes right after it, as in yjs: the order of deletions is that of
  // undo.
  struct Rest {  // of a deleted type that is still to be visited
    ItemIndex item;
    std::uint32_t member;
  };
  Table<Rest> rests;
  const auto mark = [&](ItemIndex at) {
    Item& item = items[at];
    resized(item, -static_cast<std::int64_t>(item.visible()));
    item.flags |= Item::kDeleted;
    change.collectable = true;
    note_deleted(change, item);
    note_change(change, item.parent, item.key);
    if (item.kind == ContentKind::type) {
      const Branch& branch = branches[item.branch()];
      rests.push_back({branch.start, branch.first_member});
    }
    if (item.kind == ContentKind::doc) change.docs_removed.push_back(item.size);
  };
  const auto visit = [&](ItemIndex at) {
    const Item& item = items[at];
    if (!item.deleted()) {
      mark(at);
    } else if (item.clock < before(change, item.client)) {
      // It will be collected, and may then be merged with its neighbours.
      change.to_merge.push_back(item.first());
    }
  };
  mark(index);
  while (!rests.empty()) {
    Rest& rest = rests.back();
    if (rest.item != kNone) {
      const ItemIndex at = rest.item;
      rest.item = items[at].right;
      visit(at);
    } else if (rest.member != kNone) {
      const ItemIndex at = members[rest.member].item;
      rest.member = members[rest.member].next;
      visit(at);
    } else {
      rests.pop_back();
    }
  }
}

const DeletedRanges& Store::deleted_ranges(ClientIndex client) const {
  if (deleted_ranges_.size() < clients.size()) deleted_ranges_.resize(clients.size());
  DeletedRanges& ranges = deleted_ranges_[client];
  if (!ranges.known) ranges = find_deleted_ranges(client);
  return ranges;
}

void Store::forget_deleted_ranges(ClientIndex client) noexcept {
  if (client < deleted_ranges_.size()) deleted_ranges_[client].known = false;
}

DeletedRanges Store::find_deleted_ranges(ClientIndex client) const {
  DeletedRanges out;
  out.known = true;
  const BlockList& blocks = clients[client].blocks;
  if (blocks.empty()) return out;
  BlockList::Cursor cursor = blocks.first();
  Clock begin = 0;
  bool deleted = false;
  const auto end_range = [&](Clock end) {
    if (!deleted) return;
    write_var_uint(out.bytes, begin);
    write_var_uint(out.bytes, end - begin);
    ++out.count;
    deleted = false;
  };
  do {
    const Item& item = items[blocks.at(cursor).item];
    if (!item.deleted()) {
      end_range(item.clock);
    } else if (!deleted) {
      begin = item.clock;
      deleted = true;
    }
  } while (blocks.next(cursor));
  end_range(clients[client].end);
  return out;
}

void Store::collect(ItemIndex index) {
  Table<BranchIndex> left;  // types whose content is to be collected
  const auto drop_content = [&](Item& item) {
    if (item.kind == ContentKind::type) left.push_back(item.branch());
    item.data = nullptr;
    item.size = 0;
    item.slack = 0;
  };
  // Their parent is gone, so nothing but the length is kept.
  const auto drop_item = [&](Item& item) {
    drop_content(item);
    if ((item.flags & Item::kRedone) != 0) redone_.erase(item.first(), item.length);
    Item gc;
    gc.clock = item.clock;
    gc.length = item.length;
    gc.client = item.client;
    gc.flags = Item::kDeleted;
    item = gc;
  };
  drop_content(items[index]);
  items[index].kind = ContentKind::deleted;
  while (!left.empty()) {
    const BranchIndex b = left.back();
    left.pop_back();
    for (ItemIndex at = branches[b].start; at != kNone;) {
      const ItemIndex next = items[at].right;
      drop_item(items[at]);
      at = next;
    }
    for (std::uint32_t m = branches[b].first_member; m != kNone; m = members[m].next) {
      for (ItemIndex at = members[m].item; at != kNone;) {
        const ItemIndex next = items[at].left;
        drop_item(items[at]);
        at = next;
      }
      members[m].item = members[m].first = kNone;
    }
    Branch& branch = branches[b];
    position_indices_[branch.positions].reset();
    branch.positions = kNone;
    branch.alive = false;
    branch.start = branch.end = kNone;
    branch.item = kNone;
    branch.length = 0;
    branch.first_member = branch.last_member = kNone;
  }
}

// --- For undo managers.

void Store::set_redone(ItemIndex item, Place again) {
  redone_.add(items[item].first(), items[item].length, again);
  items[item].flags |= Item::kRedone;
}

bool Store::is_redone_across(Place place) const noexcept {
  if (place.clock == 0) return false;
  const Item& item = items[find({place.client, place.clock - 1})];
  return (item.flags & Item::kRedone) != 0 && item.end() > place.clock;
}

void Store::keep(ItemIndex item) noexcept {
  while (item != kNone && (items[item].flags & Item::kKeep) == 0) {
    items[item].flags |= Item::kKeep;
    item = branches[items[item].parent].item;
  }
}

void Store::let_go(ItemIndex item) noexcept {
  while (item != kNone && (items[item].flags & Item::kKeep) != 0) {
    items[item].flags &= static_cast<std::uint8_t>(~Item::kKeep);
    item = branches[items[item].parent].item;
  }
}

void Store::copy_content(ItemIndex from, ItemIndex to) {
  const Item source = items[from];
  Item& item = items[to];
  item.kind = source.kind;
  item.length = source.length;
  item.size = source.size;
  if (source.kind == ContentKind::type) {
    const Branch type = branches[source.branch()];
    item.size = add_branch(type.kind, type.name);
  } else if (source.kind == ContentKind::doc) {
    const Subdocument document = subdocuments[source.size];
    item.size = add_subdocument(document.guid, document.options);
    subdocuments[item.size].should_load = loads_by_itself(document.options);
  } else if (source.kind == ContentKind::string && source.size != source.length) {
    // Splitting a surrogate pair writes into the text.
    item.data = arena.copy(source.bytes());
  } else {
    item.data = source.data;  // shared: what follows the bytes is never written over
  }
}

// --- Merging.

bool Store::can_merge(ItemIndex left_index, ItemIndex right_index) const noexcept {
  const Item& left = items[left_index];
  const Item& right = items[right_index];
  if (left.kind != right.kind || left.deleted() != right.deleted()) return false;
  if (left.is_gc()) return true;
  if (right.origin != left.last() || left.right != right_index ||
      left.right_origin != right.right_origin || left.client != right.client ||
      left.end() != right.clock || ((left.flags | right.flags) & Item::kRedone) != 0) {
    return false;
  }
  switch (left.kind) {
    case ContentKind::string:
    case ContentKind::any:
    case ContentKind::json:
    case ContentKind::deleted: return true;
    default: return false;
  }
}

void Store::merge(ItemIndex left_index, ItemIndex right_index) {
  Item& left = items[left_index];
  Item& right = items[right_index];
  if (left.is_gc()) {
    left.length += right.length;
    free_item(right_index);
    return;
  }
  if (right.key != kNone) {
    const std::uint32_t member = find_member(right.parent, right.key);
    if (members[member].item == right_index) members[member].item = left_index;
  } else if (PositionIndex* const index = positions(left.parent)) {
    index->merging(items, right_index);
  }
  left.flags |= right.flags & Item::kKeep;
  left.right = right.right;
  if (left.right != kNone) {
    items[left.right].left = left_index;
  } else if (left.key == kNone) {
    branches[left.parent].end = left_index;
  }
  const std::uint32_t length = left.length + right.length;
  if (left.kind != ContentKind::deleted) merge_content(left, right);
  left.length = length;
  note_width(left);
  free_item(right_index);
}

void Store::merge_content(Item& left, Item& right) {
  if (left.data + left.size == right.data) {
    left.size += right.size;
    left.slack = right.slack;
  } else {
    append_text(left, right.bytes(), 0);
  }
}

std::uint32_t Store::merge_with_lefts(Client& client, BlockList::Cursor& cursor) {
  std::uint32_t count = 0;
  for (BlockList::Cursor left = cursor;
       client.blocks.previous(left) &&
       can_merge(client.blocks.at(left).item, client.blocks.at(cursor).item);
       cursor = left) {
    ++count;
  }
  // From the left: text that has to be copied is appended to what grows, each piece once.
  for (std::uint32_t i = 0; i < count; ++i) {
    BlockList::Cursor right = cursor;
    (void)client.blocks.next(right);
    merge(client.blocks.at(cursor).item, client.blocks.at(right).item);
    client.blocks.erase(right);
    cursor = right;
  }
  return count;
}

}  // namespace pluv::ycrdt
