#include "ycrdt/commit.h"

#include <algorithm>

#include "base/sort.h"

namespace pluv::ycrdt {
namespace {

void collect_deleted(Store& store, const Change& change) {
  for (const Change::Deleted& range : change.deleted) {
    const BlockList& blocks = store.clients[range.client].blocks;
    BlockList::Cursor cursor = blocks.find(range.clock);
    do {
      const ItemIndex index = blocks.at(cursor).item;
      const Item& item = store.items[index];
      if (item.clock >= range.clock + range.length) break;
      if (!item.is_gc() && item.kind != ContentKind::deleted && item.deleted() &&
          (item.flags & Item::kKeep) == 0) {
        store.collect(index);
      }
    } while (blocks.next(cursor));
  }
}

// Whether the client's runs from this clock on are new. merge_new tries each of them with the one
// before it, and what could not be merged once cannot be later.
bool is_new(const Store& store, const Change& change, ClientIndex client, Clock clock) {
  return clock >= store.before(change, client);
}

void merge_deleted(Store& store, const Change& change) {
  for (std::size_t i = change.deleted.size(); i > 0; --i) {
    const Change::Deleted& range = change.deleted[i - 1];
    if (is_new(store, change, range.client, range.clock)) continue;
    Client& client = store.clients[range.client];
    // From the run after the range down to its first.
    BlockList::Cursor cursor = client.blocks.find(range.clock + range.length - 1);
    (void)client.blocks.next(cursor);
    while (client.blocks.at(cursor).clock >= range.clock) {
      store.merge_with_lefts(client, cursor);
      if (!client.blocks.previous(cursor)) break;
    }
  }
}

void merge_new(Store& store, const Change& change) {
  for (const Change::Grown& grown : change.clients) {
    Client& client = store.clients[grown.client];
    if (client.end == grown.before) continue;
    const BlockList::Cursor until = client.blocks.find(grown.before);
    const Clock first = client.blocks.at(until).clock;
    BlockList::Cursor cursor = client.blocks.last();
    while (client.blocks.at(cursor).clock >= first) {
      BlockList::Cursor left = cursor;
      if (!client.blocks.previous(left)) break;
      if (!store.may_merge(client.blocks.at(left).item, client.blocks.at(cursor).item)) {
        cursor = left;
        continue;
      }
      store.merge_with_lefts(client, cursor);
      if (!client.blocks.previous(cursor)) break;
    }
  }
}

void merge_split(Store& store, const Change& change) {
  for (std::size_t i = change.to_merge.size(); i > 0; --i) {
    const Place place = change.to_merge[i - 1];
    if (is_new(store, change, place.client, place.clock)) continue;
    Client& client = store.clients[place.client];
    BlockList::Cursor cursor = client.blocks.find(place.clock);
    if (BlockList::Cursor right = cursor; client.blocks.next(right)) {
      if (store.merge_with_lefts(client, right) > 1) continue;
      cursor = client.blocks.find(place.clock);
    }
    store.merge_with_lefts(client, cursor);
  }
}

}  // namespace

void normalize_deleted(Change& change) {
  auto& ranges = change.deleted;
  const auto before = [](const Change::Deleted& a, const Change::Deleted& b) {
    return a.client != b.client ? a.client < b.client : a.clock < b.clock;
  };
  if (!std::is_sorted(ranges.begin(), ranges.end(), before)) {
    sort_by(ranges.begin(), ranges.end(), before);
  }
  if (ranges.empty()) return;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    Change::Deleted& last = ranges[kept];
    const Change::Deleted& next = ranges[i];
    if (last.client == next.client && last.clock + last.length >= next.clock) {
      last.length = std::max(last.length, next.clock + next.length - last.clock);
    } else {
      ranges[++kept] = next;
    }
  }
  ranges.truncate(kept + 1);
}

void commit(Store& store, Change& change, const CommitOptions& options) {
  normalize_deleted(change);
  if (options.gc && change.collectable) collect_deleted(store, change);
  merge_deleted(store, change);
  merge_new(store, change);
  merge_split(store, change);
  change.to_merge.clear();
}

}  // namespace pluv::ycrdt
