// A document's memory: items, who wrote them, the shared types that they belong to. Knows how a
// single item is found, split, placed, deleted, collected and merged with its neighbour, and keeps
// all tables in step; which items and when is the business of apply.cc, transaction.cc and the
// types. Nothing here looks at bytes from outside: what arrives was validated by UpdateReader.
// yjs: StructStore, Item, ContentType and what is scattered around them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ycrdt/block_list.h"
#include "ycrdt/hash_index.h"
#include "ycrdt/item.h"
#include "ycrdt/memory.h"
#include "ycrdt/position_index.h"
#include "ycrdt/redone_table.h"

namespace pluv::ycrdt {

// One client's runs. `end` is the clock that comes next.
struct Client {
  ClientId id = 0;
  BlockList blocks;
  Clock end = 0;
  Clock before = 0;           // `end` when the transaction `touched` began
  std::uint32_t touched = 0;  // the number of the transaction that last added something
};

// Which of a client's elements are deleted, as a delete set says it: a clock and a length, each a
// varint, for each range in order.
struct DeletedRanges {
  std::size_t count = 0;
  std::string bytes;
  bool known = false;  // false: to be found out again
};

// A shared type: a list of items, and items by key.
struct Branch {
  TypeKind kind = TypeKind::undefined;
  bool has_formatting = false;         // a format item was ever placed here
  bool alive = true;                   // false once collected
  KeyIndex name = kNone;               // a root's, or an XML element's or hook's
  ItemIndex item = kNone;              // what it is the content of; kNone for a root
  ItemIndex start = kNone;             // the list's first item, deleted ones included
  ItemIndex end = kNone;               // and its last
  std::uint32_t length = 0;            // of the list, in visible elements
  std::uint32_t first_member = kNone;  // members in the order in which their keys first came
  std::uint32_t last_member = kNone;
  std::uint32_t positions = kNone;  // its PositionIndex, if it has one
};

// A key of a branch: the item that is its value now (or was, when that is deleted). Older ones are
// to the left of it.
struct Member {
  BranchIndex branch = kNone;
  KeyIndex key = kNone;
  ItemIndex item = kNone;
  std::uint32_t next = kNone;
  ItemIndex first = kNone;  // the leftmost of all that were set
};

// A document in a document: known by its guid; its content is elsewhere.
struct Subdocument {
  std::string_view guid;
  std::string_view options;  // encoded
  bool should_load = false;  // somebody here wants its content
};

// What a transaction has done so far, as far as its end needs to know.
struct Change {
  struct Deleted {
    ClientIndex client;
    Clock clock;
    std::uint32_t length;
  };
  struct Touched {
    BranchIndex branch;
    KeyIndex key;  // kNone: the list
  };
  struct Grown {
    ClientIndex client;
    Clock before;
  };
  std::uint32_t number = 0;  // of the transaction, from 1
  // Whether runs are merged as they come, or all at the end. An undo manager knows runs one by one.
  bool merge_at_once = true;
  bool collectable = false;  // something with content was deleted
  Table<Grown> clients;      // that have something new
  Table<Deleted> deleted;
  Table<Place> to_merge;   // runs that were split or that lie in something deleted
  Table<Touched> touched;  // in the order of the first touch, with repetitions
  Table<std::uint32_t> docs_added;
  Table<std::uint32_t> docs_removed;
  Table<std::uint32_t> docs_loaded;
  std::uint64_t work = 0;  // steps spent, see UpdateLimits::work_base

  // As new, for another transaction, with the memory of this one.
  void begin_again(std::uint32_t transaction) noexcept {
    number = transaction;
    merge_at_once = true;
    collectable = false;
    clients.clear();
    deleted.clear();
    to_merge.clear();
    touched.clear();
    docs_added.clear();
    docs_removed.clear();
    docs_loaded.clear();
    work = 0;
  }
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    return clients.capacity_bytes() + deleted.capacity_bytes() + to_merge.capacity_bytes() +
           touched.capacity_bytes() + docs_added.capacity_bytes() + docs_removed.capacity_bytes() +
           docs_loaded.capacity_bytes();
  }
};

class Store {
 public:
  explicit Store(std::uint64_t hash_seed);

  bool has_formatting = false;  // a format item was ever placed

  // --- Clients.
  [[nodiscard]] ClientIndex find_client(ClientId id) const noexcept {  // kNone when unknown
    return clients[last_client_].id == id && last_client_ != kNone ? last_client_
                                                                   : find_another_client(id);
  }
  [[nodiscard]] ClientIndex intern_client(ClientId id) {
    const ClientIndex found = find_client(id);
    return found != kNone ? found : add_client(id);
  }
  [[nodiscard]] Clock state(ClientId id) const noexcept;
  // The clock from which the client's elements are new in this transaction.
  [[nodiscard]] Clock before(const Change& change, ClientIndex client) const noexcept;

  // --- Keys, names of roots and formats.
  [[nodiscard]] KeyIndex find_key(std::string_view text) const noexcept;
  [[nodiscard]] KeyIndex intern_key(std::string_view text);
  [[nodiscard]] std::string_view key(KeyIndex index) const noexcept { return keys_[index]; }

  // --- Shared types.
  [[nodiscard]] BranchIndex find_root(std::string_view name) const noexcept;
  [[nodiscard]] BranchIndex intern_root(std::string_view name);
  [[nodiscard]] const Table<BranchIndex>& roots() const noexcept { return roots_; }
  [[nodiscard]] BranchIndex add_branch(TypeKind kind, KeyIndex name);
  [[nodiscard]] std::uint32_t find_member(BranchIndex branch, KeyIndex key) const noexcept;
  // The member's item, deleted or not; kNone when there never was one.
  [[nodiscard]] ItemIndex member_item(BranchIndex branch, KeyIndex key) const noexcept;
  // Whether the type, or one that it lies in, is deleted.
  [[nodiscard]] bool is_deleted(BranchIndex branch) const noexcept {
    const Branch& b = branches[branch];
    return !b.alive || (b.item != kNone && items[b.item].deleted());
  }

  [[nodiscard]] std::uint32_t add_subdocument(std::string_view guid, std::string_view options);

  // --- Items. Preconditions: the place is known (clock < the client's end).
  [[nodiscard]] ItemIndex find(Place place) const noexcept;
  // The item that begins (ends) at the place; splits one for it if need be.
  [[nodiscard]] ItemIndex clean_start(Change& change, Place place);
  [[nodiscard]] ItemIndex clean_end(Change& change, Place place);
  [[nodiscard]] ItemIndex add_item() {
    if (free_ != kNone) return take_free_item();
    items.emplace_back();
    return static_cast<ItemIndex>(items.size() - 1);
  }

  // Finds the item's place among concurrent ones, links it, and deletes what must be (yjs:
  // Item.integrate). The item has everything but its final left and right. Without a parent it
  // becomes garbage. Afterwards it may have been merged into its left neighbour: the index of what
  // holds it now is answered. kNone, with change.work beyond work_max: given up.
  [[nodiscard]] ItemIndex integrate(Change& change, ItemIndex index, std::uint64_t work_max);
  void add_gc(Change& change, ClientIndex client, std::uint32_t length);
  // Appends text to the client's last run. Precondition: nothing has come between, see apply.cc.
  void extend_last(Change& change, ClientIndex client, std::string_view text, std::uint32_t units);
  // Marks the item and all that is in it.
  void delete_item(Change& change, ItemIndex index);
  // Deletes [clock, end), of which all is known. False: change.work is beyond work_max.
  [[nodiscard]] bool delete_range(Change& change, ClientIndex client, Clock clock, Clock end,
                                  std::uint64_t work_max);
  // Found once and kept until more of the client's is deleted: everybody who joins is sent them
  // all.
  [[nodiscard]] const DeletedRanges& deleted_ranges(ClientIndex client) const;
  // Drops the content of a deleted item and collects what was in it.
  void collect(ItemIndex index);
  // False: can_merge() would answer false. For neighbours in their client's list; most of an update
  // that was written by yjs are none in their type's, so this saves the call.
  [[nodiscard]] bool may_merge(ItemIndex left, ItemIndex right) const noexcept {
    const Item& item = items[left];
    return item.kind == items[right].kind && (item.is_gc() || item.right == right);
  }
  // Whether the runs are neighbours in every respect. Precondition: of one client, the left one
  // ends where the right one begins.
  [[nodiscard]] bool can_merge(ItemIndex left, ItemIndex right) const noexcept;
  // Makes the right run part of the left one. Precondition: can_merge().
  void merge(ItemIndex left, ItemIndex right);
  // Merges the run at the cursor with those before it, as far as they go; the cursor stays with
  // the result. Answers how many were taken in.
  std::uint32_t merge_with_lefts(Client& client, BlockList::Cursor& cursor);

  // --- For undo managers.
  // As what the item was written again; of client kNone when it was not. yjs: Item.redone.
  [[nodiscard]] Place redone(ItemIndex item) const noexcept {
    return (items[item].flags & Item::kRedone) != 0 ? redone_.find(items[item].first()) : Place();
  }
  void set_redone(ItemIndex item, Place again);
  // Whether one such item holds both the element and the one before it.
  [[nodiscard]] bool is_redone_across(Place place) const noexcept;
  // Whether the item, and what it lies in, is kept when it is deleted. As in yjs letting go ends at
  // the first type that is not kept, and no count is held of who else wants it. yjs: keepItem.
  void keep(ItemIndex item) noexcept;
  void let_go(ItemIndex item) noexcept;
  // Gives a new item the content of another one; of a type, an empty one of its kind. yjs: copy().
  void copy_content(ItemIndex from, ItemIndex to);

  // --- Content.
  void set_text(Item& item, std::string_view text, std::uint32_t units);
  // Whether between the element and the one before it runs the middle of a surrogate pair, of a run
  // that is not too long to be split for nothing.
  [[nodiscard]] bool is_pair_split_at(Change& change, Place place) const noexcept;
  // The longest run so far whose splitting means to look at it: text that is not ASCII, values.
  [[nodiscard]] std::size_t wide_max() const noexcept { return wide_max_; }

  // Appends to the text of an item in place if it can be.
  void append_text(Item& item, std::string_view text, std::uint32_t units);
  [[nodiscard]] KeyIndex format_key(const Item& item) const noexcept;
  [[nodiscard]] std::string_view format_value(const Item& item) const noexcept {
    return item.bytes().substr(sizeof(KeyIndex));
  }

  // --- Positions in a list, in visible elements.
  [[nodiscard]] PositionIndex::Found find_position(BranchIndex branch, std::uint32_t position);
  [[nodiscard]] std::uint32_t position_of(ItemIndex item);
  void resized(const Item& item, std::int64_t by) noexcept;

  // --- Taking everything back.
  class Checkpoint;
  [[nodiscard]] Checkpoint checkpoint();
  void restore(Checkpoint&& checkpoint);
  void discard_checkpoint() noexcept;

  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  // "" when all tables agree with each other, else what does not. Linear.
  [[nodiscard]] std::string_view find_fault() const;

  Table<Item> items;                // 0 is unused
  std::vector<Client> clients;      // 0 is unused
  Table<Branch> branches;           // 0 is unused
  Table<Member> members;            // 0 is unused
  Table<Subdocument> subdocuments;  // 0 is unused
  Arena arena;

 private:
  struct SplitText {  // four bytes that splitting a surrogate pair has overwritten
    char* at;
    char bytes[4];
  };

  [[nodiscard]] ClientIndex find_another_client(ClientId id) const noexcept;
  [[nodiscard]] ClientIndex add_client(ClientId id);
  ItemIndex split(Change& change, ItemIndex left, std::uint32_t length, BlockList::Cursor cursor);
  void split_content(Change& change, Item& left, Item& right, std::uint32_t length);
  void split_text(Change& change, Item& left, Item& right, std::uint32_t length);
  [[nodiscard]] bool find_left(Change& change, Item& item, std::uint64_t work_max);
  void link(ItemIndex index);
  void touch(Change& change, ClientIndex client) {
    Client& c = clients[client];
    if (c.touched == change.number) return;
    c.touched = change.number;
    c.before = c.end;
    change.clients.push_back({client, c.end});
  }
  void note_change(Change& change, BranchIndex branch, KeyIndex key) {
    if (!change.touched.empty()) {
      const Change::Touched& last = change.touched.back();
      if (last.branch == branch && last.key == key) return;
    }
    note_another_change(change, branch, key);
  }
  void note_another_change(Change& change, BranchIndex branch, KeyIndex key);
  void set_member(BranchIndex branch, KeyIndex key, ItemIndex item);
  void append_block(Change& change, ItemIndex index);
  void note_deleted(Change& change, const Item& item);
  void forget_deleted_ranges(ClientIndex client) noexcept;
  [[nodiscard]] DeletedRanges find_deleted_ranges(ClientIndex client) const;
  [[nodiscard]] ItemIndex take_free_item() noexcept;
  void free_item(ItemIndex item) noexcept;
  void merge_content(Item& left, Item& right);
  void note_width(const Item& item) noexcept {
    const bool wide =
        item.kind == ContentKind::string
            ? item.size != item.length
            : (item.kind == ContentKind::any || item.kind == ContentKind::json) && item.length > 1;
    if (wide && item.size > wide_max_) wide_max_ = item.size;
  }
  [[nodiscard]] PositionIndex* positions(BranchIndex branch) noexcept {
    return position_indices_[branches[branch].positions].get();
  }
  [[nodiscard]] std::uint64_t client_hash(ClientId id) const noexcept { return mix64(id ^ seed_); }
  [[nodiscard]] std::uint64_t member_hash(BranchIndex branch, KeyIndex key) const noexcept {
    return mix64(((std::uint64_t{branch} << 32) | key) ^ seed_);
  }

  // Marks what a conflict scan has passed; each scan has its own number.
  class ScanMarks {
   public:
    void begin() noexcept;
    void add(ItemIndex item, std::uint32_t order);
    // The order under which the item was added; 0 when it was not.
    [[nodiscard]] std::uint32_t order(ItemIndex item) const noexcept;

   private:
    struct Slot {
      ItemIndex item = kNone;
      std::uint32_t scan = 0;
      std::uint32_t order = 0;
    };
    void grow();
    Table<Slot> slots_;
    std::size_t used_ = 0;
    std::uint32_t scan_ = 0;
  };

  std::uint64_t seed_;
  ItemIndex free_ = kNone;  // unused items, linked by `right`
  HashIndex client_index_;
  HashIndex member_index_;
  HashIndex key_index_;
  HashIndex root_index_;
  Table<std::string_view> keys_;
  Table<BranchIndex> roots_;
  std::vector<std::unique_ptr<PositionIndex>> position_indices_;  // 0 is unused
  Table<SplitText> split_texts_;                                  // since the checkpoint
  bool checkpointed_ = false;
  std::size_t wide_max_ = 0;
  ScanMarks marks_;
  RedoneTable redone_;
  mutable std::vector<DeletedRanges> deleted_ranges_;  // by client; shorter when nobody has asked
  mutable ClientIndex last_client_ = kNone;
};

// A copy of all tables. Text and other bytes are only ever appended, so they need no copy.
class Store::Checkpoint {
 private:
  friend class Store;
  Table<Item> items_;
  std::vector<Client> clients_;
  Table<Branch> branches_;
  Table<Member> members_;
  HashIndex client_index_;
  HashIndex member_index_;
  ItemIndex free_ = kNone;
  std::size_t keys_ = 0;
  std::size_t roots_ = 0;
  std::size_t subdocuments_ = 0;
  Arena::Mark arena_;
};

}  // namespace pluv::ycrdt
