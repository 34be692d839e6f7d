#include "ycrdt/apply.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/sort.h"
#include "base/uninitialized.h"
#include "ycrdt/any.h"
#include "ycrdt/decoded_update.h"
#include "ycrdt/kept_updates.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {

namespace {

// Of an update that waits, besides its bytes.
constexpr std::size_t kWaitingOverhead = sizeof(std::string) + sizeof(MissingClock) + 16;
// When more than this waits, it is not tried each time that yjs does.
constexpr std::size_t kMuchWaits = 256 * 1024;

}  // namespace

std::size_t Pending::bytes_with(std::string_view update, std::size_t delete_ranges) const noexcept {
  return bytes_of(update_bytes_ + (update.empty() ? 0 : update.size() + kWaitingOverhead),
                  delete_ranges);
}

void Pending::add(std::string update, const std::vector<MissingClock>& missing) {
  update_bytes_ += update.size() + kWaitingOverhead;
  updates_.push_back(std::move(update));
  missing_.insert(missing_.end(), missing.begin(), missing.end());
  // Made few again when they have doubled.
  constexpr std::size_t kFew = 64;
  if (missing_.size() < 2 * missing_sorted_ + kFew) return;
  sort_by(missing_.begin(), missing_.end(),
          [](const MissingClock& a, const MissingClock& b) { return a.client < b.client; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < missing_.size(); ++i) {
    MissingClock& last = missing_[kept];
    const MissingClock& next = missing_[i];
    if (last.client == next.client) {
      last.clock = std::min(last.clock, next.clock);
      last.needed = std::min(last.needed, next.needed);
    } else {
      missing_[++kept] = next;
    }
  }
  missing_.resize(kept + 1);
  missing_sorted_ = missing_.size();
}

void Pending::came(std::size_t bytes) noexcept {
  came_bytes_ += bytes;
  came_since_bytes_ += bytes;
}

bool Pending::may_be_tried() const noexcept {
  // Of much, so many bytes are read again for each that has come since. Of little, so many for each
  // that ever came, and these besides: documents that somebody edits stay far below.
  constexpr std::uint64_t kEach = 16;
  constexpr std::uint64_t kBesides = 64 * 1024 * 1024;
  if (bytes() > kMuchWaits) return bytes() <= kEach * came_since_bytes_;
  return tried_bytes_ <= kBesides + kEach * came_bytes_;
}

std::vector<std::string> Pending::take_updates() {
  missing_.clear();
  missing_sorted_ = 0;
  tried_bytes_ += update_bytes_;
  update_bytes_ = 0;
  came_since_bytes_ = 0;
  return std::exchange(updates_, {});
}

namespace {

class Integration {
 public:
  Integration(Store& store, Change& change, const UpdateLimits& limits, std::uint64_t work_max,
              DecodedUpdate* update = nullptr)
      : store_(store), change_(change), limits_(limits), work_max_(work_max), update_(update) {}

  // The target of IntegrationOrder. False: the work became too much, or the whole update has to be
  // known and is not.
  [[nodiscard]] Clock state(ClientId client) const noexcept { return store_.state(client); }
  [[nodiscard]] bool place(const StructRef& ref, std::uint32_t offset);
  [[nodiscard]] bool meet_again(const StructRef& ref);

  // `rest` gets what is not here yet. False: the work became too much.
  [[nodiscard]] bool deletes(const DeleteSet& deletes, DeleteSet& rest);

 private:
  [[nodiscard]] bool extend_last(const StructRef& ref, ClientIndex client);
  [[nodiscard]] bool stays_split_at(Place place) const {
    return store_.is_redone_across(place) || store_.is_pair_split_at(change_, place);
  }
  [[nodiscard]] std::optional<bool> came_apart(Place right, Place origin) const;
  void set_parent(Item& item, const StructRef& ref);
  void set_content(ItemIndex index, const StructRef& ref, std::uint32_t offset);
  void store_values(Item& item, const StructRef& ref, std::uint32_t offset);
  void store_json(std::string& out, std::string_view text) const;
  void store_embedded(std::string& out, const StructRef& ref) const;

  Store& store_;
  Change& change_;
  const UpdateLimits& limits_;
  std::uint64_t work_max_;
  DecodedUpdate* update_;
  std::string scratch_;
};

// The commonest case, typing: the text continues its client's last run, and nothing has come
// between. Then no item is made.
bool Integration::extend_last(const StructRef& ref, ClientIndex client) {
  if (!change_.merge_at_once || ref.kind != ContentKind::string || !ref.has_origin ||
      ref.origin.client != ref.client || ref.origin.clock + 1 != ref.clock) {
    return false;
  }
  const ItemIndex last = store_.clients[client].blocks.back();
  Item& item = store_.items[last];
  if (item.kind != ContentKind::string || item.deleted() || item.key != kNone ||
      (item.flags & (Item::kKeep | Item::kRedone)) != 0) {
    return false;
  }
  if (ref.has_right_origin) {
    if (item.right == kNone) return false;
    const Item& right = store_.items[item.right];
    if (right.clock != ref.right_origin.clock ||
        store_.clients[right.client].id != ref.right_origin.client ||
        item.right_origin != right.first()) {
      return false;
    }
  } else if (item.right != kNone || item.right_origin.client != kNone) {
    return false;
  }
  store_.extend_last(change_, client, ref.content, ref.length);
  return true;
}

// Of two places in one run: whether yjs, which merges at the end of a transaction, has them in two
// items still. Unknown without the update when both came with it.
std::optional<bool> Integration::came_apart(Place right, Place origin) const {
  const Clock before = store_.before(change_, origin.client);
  if (right.clock <= before) return before <= origin.clock;
  if (update_ == nullptr) return std::nullopt;
  return update_->start_of(store_.clients[origin.client].id, origin.clock) >= right.clock;
}

bool Integration::place(const StructRef& ref, std::uint32_t offset) {
  const ClientIndex client = store_.intern_client(ref.client);
  if (ref.kind == ContentKind::gc) {
    store_.add_gc(change_, client, ref.length - offset);
    return true;
  }
  if (offset == 0 && !store_.clients[client].blocks.empty() && extend_last(ref, client)) {
    return true;
  }
  ItemIndex left = kNone;
  ItemIndex right = kNone;
  Place origin;
  const auto place_of = [&](Id id) { return Place{store_.find_client(id.client), id.clock}; };
  if (ref.has_origin) {
    left = store_.clean_end(change_, place_of(ref.origin));
    // Not what `left` ends with later: where the right origin is not to the right of the origin,
    // finding it may split `left`, and the item then goes before its origin. As in yjs.
    origin = store_.items[left].last();
  }
  if (ref.has_right_origin) {
    // Where nobody else wrote at the same time it is what stands to the right of the origin now.
    right = left == kNone ? kNone : store_.items[left].right;
    const Item& beside = store_.items[right];
    if (right == kNone || beside.clock != ref.right_origin.clock ||
        store_.clients[beside.client].id != ref.right_origin.client) {
      right = store_.clean_start(change_, place_of(ref.right_origin));
      if (left != kNone && store_.items[left].last() != origin) {
        const auto apart = came_apart(place_of(ref.right_origin), origin);
        if (!apart) return false;
        if (*apart) left = store_.find(origin);
      }
    }
  }
  const ItemIndex index = store_.add_item();
  Item& item = store_.items[index];
  item.client = client;
  item.left = left;
  item.right = right;
  item.clock = ref.clock + offset;
  item.length = ref.length - offset;
  const bool collected = (left != kNone && store_.items[left].is_gc()) ||
                         (right != kNone && store_.items[right].is_gc());
  if (!collected) set_parent(item, ref);
  if (offset > 0 && item.parent != kNone) {
    // It continues what is here already.
    const ItemIndex before = store_.clean_end(change_, {client, item.clock - 1});
    Item& again = store_.items[index];
    again.left = before;
    origin = store_.items[before].last();
    // Where its beginning is; an update that says otherwise contradicts what is here.
    again.parent = store_.items[before].parent;
    again.key = store_.items[before].key;
  }
  Item& placed = store_.items[index];
  placed.origin = origin;
  if (placed.right != kNone) placed.right_origin = store_.items[placed.right].first();
  if (placed.parent == kNone) {
    placed.kind = ContentKind::gc;
  } else {
    set_content(index, ref, offset);
  }
  return store_.integrate(change_, index, work_max_) != kNone && change_.work <= work_max_;
}

// What is known changes nothing, except where its neighbours are named within a surrogate pair, or
// within a run that was written again: yjs splits the run there for the moment, and the pair stays
// broken, the run split.
bool Integration::meet_again(const StructRef& ref) {
  const auto place_of = [&](Id id) { return Place{store_.find_client(id.client), id.clock}; };
  if (ref.has_origin) {
    const Place place = place_of(ref.origin);
    if (stays_split_at({place.client, place.clock + 1})) {
      (void)store_.clean_end(change_, place);
    }
  }
  if (ref.has_right_origin) {
    const Place place = place_of(ref.right_origin);
    if (stays_split_at(place)) (void)store_.clean_start(change_, place);
  }
  return change_.work <= work_max_;
}

void Integration::set_parent(Item& item, const StructRef& ref) {
  if (ref.has_parent_name) {
    item.parent = store_.intern_root(ref.parent_name);
  } else if (ref.has_parent_id) {
    const Item& owner =
        store_.items[store_.find({store_.find_client(ref.parent.client), ref.parent.clock})];
    // What is no type, or is collected, holds nothing: the item becomes garbage.
    item.parent = owner.kind == ContentKind::type ? owner.branch() : kNone;
  } else {
    const Item& neighbour = store_.items[item.left != kNone ? item.left : item.right];
    item.parent = neighbour.parent;
    item.key = neighbour.key;
  }
  if (ref.has_key) item.key = store_.intern_key(ref.key);
}

void Integration::set_content(ItemIndex index, const StructRef& ref, std::uint32_t offset) {
  Item& item = store_.items[index];
  item.kind = ref.kind;
  switch (ref.kind) {
    case ContentKind::string: {
      if (offset == 0) {
        item.data = store_.arena.copy(ref.content);
        item.size = static_cast<std::uint32_t>(ref.content.size());
        break;
      }
      scratch_.clear();
      append_text_from(scratch_, ref.content, offset, ref.length);
      item.data = store_.arena.copy(scratch_);
      item.size = static_cast<std::uint32_t>(scratch_.size());
      break;
    }
    case ContentKind::binary:
      item.data = store_.arena.copy(ref.content);
      item.size = static_cast<std::uint32_t>(ref.content.size());
      break;
    case ContentKind::json:
    case ContentKind::any: store_values(item, ref, offset); break;
    case ContentKind::embed:
      scratch_.clear();
      store_embedded(scratch_, ref);
      item.data = store_.arena.copy(scratch_);
      item.size = static_cast<std::uint32_t>(scratch_.size());
      break;
    case ContentKind::format: {
      const KeyIndex key = store_.intern_key(ref.name);
      scratch_.assign(reinterpret_cast<const char*>(&key), sizeof key);
      store_embedded(scratch_, ref);
      item.data = store_.arena.copy(scratch_);
      item.size = static_cast<std::uint32_t>(scratch_.size());
      break;
    }
    case ContentKind::type: {
      const bool named = ref.type == TypeKind::xml_element || ref.type == TypeKind::xml_hook;
      item.size = store_.add_branch(ref.type, named ? store_.intern_key(ref.name) : kNone);
      break;
    }
    case ContentKind::doc:
      scratch_.clear();
      respell_subdocument_options(scratch_, ref.content);
      item.size = store_.add_subdocument(ref.name, scratch_);
      store_.subdocuments[item.size].should_load = loads_by_itself(scratch_);
      break;
    case ContentKind::deleted:
    case ContentKind::gc:
    case ContentKind::skip: break;
  }
}

void Integration::store_values(Item& item, const StructRef& ref, std::uint32_t offset) {
  ByteReader reader(ref.content);
  bool shortest = true;
  scratch_.clear();
  for (std::uint32_t i = 0; i < ref.length; ++i) {
    if (ref.kind == ContentKind::json) {
      const std::string_view text = reader.var_bytes();
      if (i >= offset) store_json(scratch_, text);
      continue;
    }
    const char* const begin = reader.position();
    if (i == offset && !ref.respell) {
      scratch_.append(begin, reader.left());
      break;
    }
    if (!skip_any(reader, limits_.value_depth_max, shortest)) break;
    if (i >= offset) {
      respell_any(scratch_, {begin, static_cast<std::size_t>(reader.position() - begin)});
    }
  }
  item.data = store_.arena.copy(scratch_);
  item.size = static_cast<std::uint32_t>(scratch_.size());
}

void Integration::store_json(std::string& out, std::string_view text) const {
  if (text == "undefined") {
    write_any(out, Any());
    return;
  }
  const Result<void> encoded = encode_json(out, text, limits_.value_depth_max);
  PLUV_ASSERT(encoded.ok());  // the reader has checked it
}

void Integration::store_embedded(std::string& out, const StructRef& ref) const {
  if (!ref.kept_value) {
    store_json(out, ref.content);
  } else if (ref.respell) {
    respell_any(out, ref.content);
  } else {
    out.append(ref.content);
  }
}

bool Integration::deletes(const DeleteSet& deletes, DeleteSet& rest) {
  for (const DeleteRange& range : deletes.ranges()) {
    if (range.length == 0) continue;
    const ClientIndex client = store_.find_client(range.client);
    const Clock end = client == kNone ? 0 : store_.clients[client].end;
    const Clock range_end = range.clock + range.length;
    if (range.clock >= end) {
      rest.add(range);
      continue;
    }
    if (end < range_end) rest.add({range.client, end, range_end - end});
    if (!store_.delete_range(change_, client, range.clock, std::min(end, range_end), work_max_)) {
      return false;
    }
  }
  return true;
}

// Of very many deletes that wait only those of clients are looked at that have something new.
// Others may have had it before, but of elements that we have written ourselves nobody knows early
// who means well.
constexpr std::size_t kManyDeletes = 1024;

// How many of the deletes that wait could have their turn after the update.
std::size_t deletes_that_may_come(const DeleteSet& deletes, const DecodedUpdate& update) {
  const std::vector<DeleteRange>& ranges = deletes.ranges();
  if (ranges.size() <= kManyDeletes) return ranges.size();
  std::size_t count = 0;
  for (const DecodedUpdate::Section& section : update.sections()) {
    const auto [begin, end] = std::equal_range(
        ranges.begin(), ranges.end(), DeleteRange{section.client, 0, 0},
        [](const DeleteRange& a, const DeleteRange& b) { return a.client > b.client; });
    count += static_cast<std::size_t>(end - begin);
  }
  return count;
}

// The most steps that an update could need; see UpdateLimits::work_base. `wide` is the size of the
// longest run whose splitting costs something. What the update brings may grow by respelling.
std::uint64_t work_bound(const Store& store, const Pending& pending, const DecodedUpdate& update) {
  constexpr std::uint64_t kRespellingMax = 8;
  const std::uint64_t structs = update.struct_count();
  const std::uint64_t splits = 2 * (structs + update.deletes().ranges().size() +
                                    deletes_that_may_come(pending.deletes, update));
  const std::uint64_t wide =
      std::max<std::uint64_t>(store.wide_max(), kRespellingMax * update.all_bytes().size());
  return structs * (store.items.size() + 3 * structs) + splits * (wide / 16 + 1);
}

// Whether some pending delete has something to delete now.
bool any_due(const Store& store, const Change& change, const DeleteSet& deletes) {
  if (deletes.ranges().size() > kManyDeletes) {
    return std::any_of(change.clients.begin(), change.clients.end(), [&](const auto& grown) {
      const Client& client = store.clients[grown.client];
      const DeleteRange* first = deletes.first_of(client.id);
      return first != nullptr && first->clock < client.end;
    });
  }
  ClientId last = 0;
  Clock end = 0;
  bool first = true;
  return std::any_of(deletes.ranges().begin(), deletes.ranges().end(), [&](const auto& range) {
    if (first || range.client != last) {
      last = range.client;
      end = store.state(last);
      first = false;
    }
    return range.clock < end;
  });
}

// Whether what waits is to be tried again: as yjs does, when something has come of a client that it
// waits for. When much waits, only if that may have been enough; and always when all that it waits
// for may be there.
bool any_due(const Store& store, const Pending& pending) {
  const std::vector<MissingClock>& missing = pending.missing();
  const auto may_be_there = [&](const MissingClock& entry) {
    return entry.needed < store.state(entry.client);
  };
  if (!pending.may_be_tried()) {
    return !missing.empty() && std::all_of(missing.begin(), missing.end(), may_be_there);
  }
  if (pending.bytes() > kMuchWaits)
    return std::any_of(missing.begin(), missing.end(), may_be_there);
  return std::any_of(missing.begin(), missing.end(), [&](const MissingClock& entry) {
    return entry.clock < store.state(entry.client);
  });
}

// As in yjs a root is there as soon as something names it that is not here yet.
void open_roots(Store& store, const DecodedUpdate& update) {
  update.each_root([&](ClientId client, std::string_view name, Clock end) {
    if (end > store.state(client)) (void)store.intern_root(name);
  });
}

// Takes back what an update that is refused has done.
class Undo {
 public:
  Undo(Store& store, Change& change) : store_(store), change_(change) {}
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    if (checkpoint_) store_.discard_checkpoint();
  }

  // Everything from now on. Costs a copy of the store's tables.
  void begin() {
    if (checkpoint_) return;
    checkpoint_ = store_.checkpoint();
    before_ = change_;
  }
  [[nodiscard]] bool possible() const noexcept { return checkpoint_.has_value(); }
  // Precondition: possible().
  void run() {
    PLUV_ASSERT(possible());
    store_.restore(std::move(*checkpoint_));
    change_ = std::move(before_);
    checkpoint_.reset();
  }

 private:
  Store& store_;
  Change& change_;
  std::optional<Store::Checkpoint> checkpoint_;
  Change before_;
};

// One update on its way into a store.
class Application {
 public:
  Application(Store& store, Pending& pending, Change& change, const UpdateLimits& limits,
              ValueSpelling values)
      : store_(store),
        pending_(pending),
        change_(change),
        limits_(limits),
        values_(values),
        undo_(store, change) {}

  // Reads and places it.
  [[nodiscard]] Result<void> run(std::string_view update, DecodedUpdate& decoded);
  [[nodiscard]] Result<void> run(DecodedUpdate& update);
  // Whether something of what waited before could have its turn now.
  [[nodiscard]] bool due() const noexcept { return due_; }

 private:
  enum class Taken { all, some, none };

  [[nodiscard]] Taken place_while_reading(UpdateReader& reader);
  [[nodiscard]] Result<void> finish(Integration& integration, const DeleteSet& deletes,
                                    std::string rest, const std::vector<MissingClock>& missing);
  // One look at each item is always within it, so that long documents need no copy.
  [[nodiscard]] std::uint64_t work_max(std::size_t structs) const noexcept {
    return work_before_ + limits_.work_base + items_before_ + limits_.work_per_struct * structs;
  }
  [[nodiscard]] Error refuse(const char* why) {
    undo_.run();
    return Error{ErrorCode::limit, why};
  }

  Store& store_;
  Pending& pending_;
  Change& change_;
  const UpdateLimits& limits_;
  ValueSpelling values_;
  Undo undo_;
  const std::uint64_t work_before_ = change_.work;
  const std::size_t items_before_ = store_.items.size();
  std::size_t placed_ = 0;  // structs, while it was read
  bool may_wait_too_long_ = false;
  bool due_ = false;
};

Result<void> Application::run(std::string_view update, DecodedUpdate& decoded) {
  // A document that is loaded takes its structs as they are read, which saves reading them twice
  // and an index of them: a third of the time. What it has had until then costs little to copy, in
  // case that the end of the update is bad. Of small updates the copy would cost more.
  constexpr std::size_t kSmallUpdate = 1024;
  if (update.size() > kSmallUpdate && store_.items.size() * sizeof(Item) <= update.size()) {
    undo_.begin();
    UpdateReader reader(update, limits_, values_);
    const Taken taken = place_while_reading(reader);
    DeleteSet deletes;
    if (taken == Taken::all && reader.read_delete_set(deletes)) {
      may_wait_too_long_ = pending_.bytes() + update.size() > limits_.pending_bytes_max;
      Integration integration(store_, change_, limits_, work_max(placed_));
      return finish(integration, deletes, {}, {});
    }
    if (taken != Taken::some || reader.failed()) {
      undo_.run();
      placed_ = 0;
    }
    if (reader.failed()) return reader.error();
  }
  if (auto read = decoded.read_again(update, limits_, values_); !read) {
    if (undo_.possible()) undo_.run();
    return read;
  }
  if (!decoded.in_order() && placed_ > 0) {
    undo_.run();
    placed_ = 0;
  }
  decoded.pass(placed_);
  return run(decoded);
}

// As IntegrationOrder would have it, up to the first struct that is not the next one of its client
// or depends on what is not here yet.
Application::Taken Application::place_while_reading(UpdateReader& reader) {
  // What the update may cost is not known before its end; it is done again if this is not enough.
  Integration integration(store_, change_, limits_, work_max(0));
  ClientId last = 0;
  Clock known = 0;  // of the client
  PLUV_UNINITIALIZED StructRef ref;
  // Of the client's own the reader answers for that.
  const auto is_here = [&](bool has, Id id) {
    return !has || id.client == ref.client || id.clock < integration.state(id.client);
  };
  while (reader.next(ref)) {
    if (reader.began_client()) {
      if (placed_ > 0 && ref.client >= last) return Taken::none;
      last = ref.client;
      known = integration.state(ref.client);
      // What an update says of itself is believed only as far as it costs little.
      constexpr std::size_t kReservedMax = 64 * 1024;
      store_.items.reserve_more(std::min(reader.structs_left_max(), kReservedMax) + 1);
    }
    if (ref.kind == ContentKind::skip || known != ref.clock ||
        !is_here(ref.has_origin, ref.origin) || !is_here(ref.has_right_origin, ref.right_origin) ||
        !is_here(ref.has_parent_id, ref.parent)) {
      return Taken::some;
    }
    if (ref.has_parent_name) (void)store_.intern_root(ref.parent_name);
    if (!integration.place(ref, 0)) return Taken::none;
    known = ref.end();
    ++placed_;
  }
  return reader.failed() ? Taken::none : Taken::all;
}

Result<void> Application::run(DecodedUpdate& update) {
  const std::uint64_t work = work_max(update.struct_count());
  may_wait_too_long_ = pending_.bytes() + update.all_bytes().size() > limits_.pending_bytes_max;
  if (may_wait_too_long_ || change_.work + work_bound(store_, pending_, update) > work) {
    undo_.begin();
  }
  open_roots(store_, update);
  // One run after the other takes a new item; typing, which does not, comes in small updates.
  constexpr std::size_t kSmallUpdate = 16;
  if (update.struct_count() > kSmallUpdate) store_.items.reserve_more(update.struct_count());
  // Without a checkpoint the work cannot be too much.
  Integration integration(store_, change_, limits_, undo_.possible() ? work : UINT64_MAX, &update);
  IntegrationOrder order(update, integration);
  if (!order.run()) return refuse("The update takes too much work");
  return finish(integration, update.deletes(), order.complete() ? std::string() : order.take_rest(),
                order.missing());
}

// All structs that could be placed were. rest: those that could not, which wait for `missing`.
Result<void> Application::finish(Integration& integration, const DeleteSet& deletes,
                                 std::string rest, const std::vector<MissingClock>& missing) {
  DeleteSet waiting;
  if (!integration.deletes(deletes, waiting)) return refuse("The update takes too much work");
  const bool deletes_due = !pending_.deletes.empty() && any_due(store_, change_, pending_.deletes);
  if (deletes_due && !integration.deletes(pending_.deletes, waiting)) {
    return refuse("The update takes too much work");
  }
  if (may_wait_too_long_) {
    const std::size_t ranges =
        waiting.ranges().size() + (deletes_due ? 0 : pending_.deletes.ranges().size());
    const std::size_t bytes = pending_.bytes_with(rest, ranges);
    if (bytes > limits_.pending_bytes_max && bytes > pending_.bytes()) {
      return refuse("Too much waits for updates that have not come");
    }
  }
  due_ = any_due(store_, pending_);
  waiting.normalize();
  if (deletes_due) {
    pending_.deletes = std::move(waiting);
  } else {
    pending_.deletes.join(waiting);
  }
  if (!rest.empty()) pending_.add(std::move(rest), missing);
  return {};
}

}  // namespace

Result<void> apply_update(Store& store, Pending& pending, Change& change, DecodedUpdate& decoded,
                          std::string_view update, const UpdateLimits& limits,
                          ValueSpelling values) {
  {
    pending.came(update.size());
    PLUV_UNINITIALIZED Application application(store, pending, change, limits, values);
    auto applied = application.run(update, decoded);
    decoded.forget();
    if (!applied || !application.due()) return applied;
  }
  // What waited has one more try for each update that comes, as in yjs.
  // Together it may be more than one update may bring.
  UpdateLimits together = limits;
  together.update_bytes_max = together.clients_max = together.structs_max = SIZE_MAX;
  const auto merged = merge_kept_in_turn(pending.take_updates(), together);
  PLUV_ASSERT(merged.ok());  // our own writing
  auto again = DecodedUpdate::read(*merged, together, ValueSpelling::kept);
  PLUV_ASSERT(again.ok());
  // When these take too much work it is they that are dropped, not what has just come.
  (void)Application(store, pending, change, limits, ValueSpelling::kept).run(*again);
  return {};
}

}  // namespace pluv::ycrdt
