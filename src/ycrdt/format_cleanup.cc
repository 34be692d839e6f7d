#include "ycrdt/format_cleanup.h"

#include <algorithm>
#include <numeric>

#include "base/sort.h"
#include "ycrdt/any.h"

namespace pluv::ycrdt {
namespace {

// JavaScript's === of two attribute values: containers are only equal to themselves.
bool is_same(std::string_view a, std::string_view b) {
  return is_container(a) ? a.data() == b.data() : equal_attribute(a, b);
}

bool is_format(const Item& item) noexcept { return item.kind == ContentKind::format; }

// Of formats that stand in a row, for each whether it is the last one of its key.
std::vector<bool> last_of_keys(const std::vector<KeyIndex>& keys) {
  if (keys.size() < 2) return std::vector<bool>(keys.size(), true);
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  stable_sort_by(order.begin(), order.end(),
                 [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  std::vector<bool> last(keys.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    last[order[i]] = i + 1 == order.size() || keys[order[i]] != keys[order[i + 1]];
  }
  return last;
}

// yjs: cleanupContextlessFormattingGap.
void clean_gap_without_context(DocState& doc, ItemIndex at) {
  Store& store = doc.store;
  while (store.items[at].right != kNone) {
    const Item& right = store.items[store.items[at].right];
    if (!right.deleted() && right.countable()) break;
    at = store.items[at].right;
  }
  // From right to left; the rightmost of each key stays.
  std::vector<ItemIndex> formats;
  std::vector<KeyIndex> keys;
  for (; at != kNone; at = store.items[at].left) {
    const Item& item = store.items[at];
    if (item.deleted()) continue;
    if (item.countable()) break;
    if (!is_format(item)) continue;
    formats.push_back(at);
    keys.push_back(store.format_key(item));
  }
  std::reverse(keys.begin(), keys.end());
  const std::vector<bool> stays = last_of_keys(keys);
  for (std::size_t i = 0; i < formats.size(); ++i) {
    if (!stays[formats.size() - 1 - i]) store.delete_item(doc.transaction().change, formats[i]);
  }
}

// yjs: cleanupYTextFormatting.
void clean_text(DocState& doc, BranchIndex branch) {
  Store& store = doc.store;
  ItemIndex start = store.branches[branch].start;
  Attributes before;
  Attributes current;
  for (ItemIndex at = start; at != kNone; at = store.items[at].right) {
    const Item& item = store.items[at];
    if (item.deleted()) continue;
    if (is_format(item)) {
      current.apply(store.format_key(item), store.format_value(item));
    } else {
      clean_formatting_gap(doc, start, at, before, current);
      before = current;
      start = at;
    }
  }
}

}  // namespace

void clean_formatting_gap(DocState& doc, ItemIndex from, ItemIndex at, const Attributes& before,
                          Attributes& current) {
  Store& store = doc.store;
  std::vector<KeyIndex> keys;
  ItemIndex end = from;
  while (end != kNone) {
    const Item& item = store.items[end];
    if (!item.deleted() && item.countable()) break;
    if (!item.deleted() && is_format(item)) keys.push_back(store.format_key(item));
    end = item.right;
  }
  const std::vector<bool> last = last_of_keys(keys);
  std::size_t seen = 0;
  bool reached = false;
  for (ItemIndex i = from; i != end; i = store.items[i].right) {
    reached |= i == at;
    const Item& item = store.items[i];
    if (item.deleted() || !is_format(item)) continue;
    const KeyIndex key = store.format_key(item);
    const std::string_view value = store.format_value(item);
    const std::string_view value_before = before.value_or_null(key);
    const bool counts = last[seen++];  // the last of its key
    if (!counts || is_same(value_before, value)) {
      store.delete_item(doc.transaction().change, i);
      if (!reached && is_same(current.value_or_null(key), value) && !is_same(value_before, value)) {
        current.apply(key, value_before);
      }
    } else if (!reached) {
      current.apply(key, value);
    }
  }
}

void clean_formatting_after(DocState& doc, const Transaction& transaction,
                            const std::vector<ClientIndex>& order) {
  Store& store = doc.store;
  std::vector<BranchIndex> whole;
  const auto clean_whole = [&](BranchIndex branch) {
    if (std::find(whole.begin(), whole.end(), branch) == whole.end()) whole.push_back(branch);
  };
  // In the order in which the document first heard of the clients, as yjs's afterState has it.
  std::vector<Change::Grown> clients(transaction.change.clients.begin(),
                                     transaction.change.clients.end());
  sort_by(clients.begin(), clients.end(),
          [](const auto& a, const auto& b) { return a.client < b.client; });
  for (const Change::Grown& grown : clients) {
    const BlockList& blocks = store.clients[grown.client].blocks;
    if (store.clients[grown.client].end == grown.before) continue;
    BlockList::Cursor cursor = blocks.find(grown.before);
    do {
      const Item& item = store.items[blocks.at(cursor).item];
      if (!item.deleted() && is_format(item)) clean_whole(item.parent);
    } while (blocks.next(cursor));
  }
  const Editing editing(doc);
  // A deleted format ends the cleaning of single gaps, so the order of the clients counts.
  std::vector<Change::Deleted> deleted(transaction.change.deleted.begin(),
                                       transaction.change.deleted.end());
  const auto rank = [&](const Change::Deleted& range) {
    return std::find(order.begin(), order.end(), range.client);
  };
  stable_sort_by(deleted.begin(), deleted.end(),
                 [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  for (const Change::Deleted& range : deleted) {
    const BlockList& blocks = store.clients[range.client].blocks;
    BlockList::Cursor cursor = blocks.find(range.clock);
    do {
      const ItemIndex index = blocks.at(cursor).item;
      const Item& item = store.items[index];
      if (item.clock >= range.clock + range.length) break;
      if (item.is_gc() || !store.branches[item.parent].has_formatting ||
          std::find(whole.begin(), whole.end(), item.parent) != whole.end()) {
        continue;
      }
      if (is_format(item)) {
        clean_whole(item.parent);
      } else {
        clean_gap_without_context(doc, index);
      }
    } while (blocks.next(cursor));
  }
  for (const BranchIndex branch : whole) clean_text(doc, branch);
}

}  // namespace pluv::ycrdt
