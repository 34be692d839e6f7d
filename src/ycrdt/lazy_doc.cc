#include "ycrdt/lazy_doc.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/free_memory.h"
#include "ycrdt/decoded_update.h"
#include "ycrdt/integration_order.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/update_writer.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

// Our own bytes, which were within the limits when they came.
constexpr UpdateLimits kNoLimits{.update_bytes_max = SIZE_MAX,
                                 .clients_max = SIZE_MAX,
                                 .structs_max = SIZE_MAX,
                                 .value_depth_max = SIZE_MAX};
// An update so long is a part of its own: it is not joined anew for few that come after it.
constexpr std::size_t kPartBytes = 4'096;

// What the update has beyond these clocks, one for each section: each struct, and its clock or the
// known one inside it.
template <typename Visit>
void for_each_new(const DecodedUpdate& update, const std::vector<Clock>& before,
                  const Visit& visit) {
  for (std::size_t s = update.sections().size(); s > 0; --s) {
    const DecodedUpdate::Section& section = update.sections()[s - 1];
    const Clock known = before[s - 1];
    for (std::uint32_t i = section.begin; i < section.end; ++i) {
      const StructRef ref = update.at(section, i);
      if (ref.kind == ContentKind::skip || ref.end() <= known) continue;
      visit(ref, std::max(ref.clock, known));
    }
  }
}

}  // namespace

// As the target of an IntegrationOrder: moves the clocks, and can put them back.
class LazyDoc::KnownClocks {
 public:
  explicit KnownClocks(LazyDoc& doc) : doc_(doc), clients_(doc.clients_.size()) {}

  [[nodiscard]] Clock state(ClientId client) const noexcept {
    return doc_.clients_[doc_.find(client)].end;
  }
  [[nodiscard]] bool place(const StructRef& ref, std::uint32_t) {
    const std::uint32_t client = doc_.intern(ref.client);
    if (moved_.empty() || moved_.back().first != client) {
      moved_.emplace_back(client, doc_.clients_[client].end);
    }
    doc_.clients_[client].end = ref.end();
    return true;
  }
  [[nodiscard]] static bool meet_again(const StructRef&) { return true; }

  void put_back() {
    for (; !moved_.empty(); moved_.pop_back()) {
      doc_.clients_[moved_.back().first].end = moved_.back().second;
    }
    while (doc_.clients_.size() > clients_) doc_.forget_last();
  }

 private:
  LazyDoc& doc_;
  std::size_t clients_;
  std::vector<std::pair<std::uint32_t, Clock>> moved_;
};

LazyDoc::LazyDoc(LazyDocOptions options)
    : options_(std::move(options)), seed_(seed_of(options_.doc.hash_seed, this)), clients_(1) {}
LazyDoc::LazyDoc(LazyDoc&&) noexcept = default;
LazyDoc& LazyDoc::operator=(LazyDoc&&) noexcept = default;
LazyDoc::~LazyDoc() = default;

// --- Clients.

std::uint32_t LazyDoc::find(ClientId id) const noexcept {
  return index_.find(mix64(id ^ seed_),
                     [&](std::uint32_t client) { return clients_[client].id == id; });
}

std::uint32_t LazyDoc::intern(ClientId id) {
  if (const std::uint32_t known = find(id); known != kNone) return known;
  const auto client = static_cast<std::uint32_t>(clients_.size());
  clients_.push_back({id, 0, {}});
  index_.insert(mix64(id ^ seed_), client);
  return client;
}

void LazyDoc::forget_last() noexcept {
  const auto client = static_cast<std::uint32_t>(clients_.size() - 1);
  index_.erase_last(mix64(clients_.back().id ^ seed_), client);
  clients_.pop_back();
}

// --- Updates.

Result<std::string> LazyDoc::apply_update(std::string_view update, std::string_view origin) {
  if (doc_ != nullptr) {
    // What is new comes out at the end of a transaction, and this one would not have ended.
    if (doc_->in_transaction()) {
      return Error{ErrorCode::conflict, "The document is in a transaction"};
    }
    return apply_to_doc(update, origin);
  }
  // Who was sent the document mostly sends all of it back.
  if (parts_.size() == 1 && update == parts_[0]) return std::string();
  auto decoded = DecodedUpdate::read(update, options_.doc.limits);
  if (!decoded) return decoded.error();
  std::vector<Clock> before;
  before.reserve(decoded->sections().size());
  for (const auto& section : decoded->sections()) {
    before.push_back(clients_[find(section.client)].end);
  }
  KnownClocks clocks(*this);
  IntegrationOrder order(*decoded, clocks);
  const bool ran = order.run();
  PLUV_ASSERT(ran);
  if (!order.complete() || !all_here(decoded->deletes())) {
    clocks.put_back();
    if (const auto made = doc(); !made) return made.error();
    return apply_to_doc(update, origin);
  }
  std::string added = take_new(*decoded, before);
  if (added.empty()) return added;
  add(added);
  return added;
}

Result<std::string> LazyDoc::apply_to_doc(std::string_view update, std::string_view origin) {
  // More than one where observers edit, or formatting is cleaned up after it.
  std::vector<std::string> added;
  const Subscription subscription = doc_->on_update(
      [&](std::string_view bytes, const Transaction&) { added.emplace_back(bytes); });
  const Result<void> applied = doc_->apply_update(update, origin);
  doc_->unobserve(subscription);
  if (!applied) return applied.error();
  if (added.empty()) return std::string();
  return merge_updates_in_turn(added, kNoLimits);
}

bool LazyDoc::all_here(const DeleteSet& deletes) const noexcept {
  return std::all_of(deletes.ranges().begin(), deletes.ranges().end(), [&](const auto& range) {
    return range.length == 0 || range.clock + range.length <= clients_[find(range.client)].end;
  });
}

bool LazyDoc::all_deleted(const DeleteSet& deletes) const noexcept {
  return std::all_of(deletes.ranges().begin(), deletes.ranges().end(), [&](const auto& range) {
    const auto& known = clients_[find(range.client)].deleted;
    const auto after =
        std::upper_bound(known.begin(), known.end(), range.clock,
                         [](Clock clock, const Range& one) { return clock < one.begin; });
    return range.length == 0 ||
           (after != known.begin() && range.clock + range.length <= std::prev(after)->end);
  });
}

Result<bool> LazyDoc::contains_update(std::string_view update) {
  if (doc_ == nullptr) {
    if (parts_.size() == 1 && update == parts_[0]) return true;
    const auto decoded = DecodedUpdate::read(update, options_.doc.limits);
    if (!decoded) return decoded.error();
    for (const auto& section : decoded->sections()) {
      const Clock known = clients_[find(section.client)].end;
      for (std::uint32_t i = section.begin; i < section.end; ++i) {
        const StructRef ref = decoded->at(section, i);
        if (ref.kind != ContentKind::skip && ref.end() > known) return false;
      }
    }
    if (!all_here(decoded->deletes())) return false;
    if (all_deleted(decoded->deletes())) return true;
    // Of members that were set at the same time only a document knows which have lost.
    if (const auto made = doc(); !made) return made.error();
  }
  return doc_contains_update(*doc_, update, options_.doc.limits);
}

// What the update has beyond these clocks, one for each section, and the deletes that are new.
std::string LazyDoc::take_new(const DecodedUpdate& update, const std::vector<Clock>& before) {
  DeleteSet deleted = update.deletes();
  std::uint64_t given = 0;
  for (const DeleteRange& range : deleted.ranges()) given += range.length;
  DeleteSet garbage;      // deleted even where no delete set says so
  std::size_t whole = 0;  // structs that are new from their first element on
  bool any = false;
  for_each_new(update, before, [&](const StructRef& ref, Clock begin) {
    any = true;
    if (begin == ref.clock) ++whole;
    const DeleteRange range{ref.client, begin, ref.end() - begin};
    if (ref.kind == ContentKind::gc) garbage.add(range);
    if (ref.kind == ContentKind::deleted) deleted.add(range);
  });
  DeleteSet added;
  add_deleted(std::move(deleted), &added);
  add_deleted(std::move(garbage), nullptr);
  if (!any && added.empty()) return {};
  std::uint64_t taken = 0;
  for (const DeleteRange& range : added.ranges()) taken += range.length;
  if (whole == update.struct_count() && taken == given && update.in_order()) {
    return std::string(update.all_bytes());
  }
  StructsWriter writer;
  for_each_new(update, before,
               [&](const StructRef& ref, Clock begin) { writer.add(ref, begin - ref.clock); });
  std::string out;
  writer.finish(out);
  added.normalize();
  added.write(out);
  return out;
}

// `added` gets what of it was not deleted yet.
void LazyDoc::add_deleted(DeleteSet set, DeleteSet* added) {
  set.normalize();
  const auto& ranges = set.ranges();
  for (std::size_t begin = 0; begin < ranges.size();) {
    std::size_t end = begin;
    while (end < ranges.size() && ranges[end].client == ranges[begin].client) ++end;
    add_deleted(clients_[find(ranges[begin].client)], std::span(ranges).subspan(begin, end - begin),
                added);
    begin = end;
  }
}

// Precondition: the ranges are of this client, ascending and apart from each other.
void LazyDoc::add_deleted(Client& client, std::span<const DeleteRange> ranges, DeleteSet* added) {
  // What lies before the first of them stays where it is; the rest is merged in one pass.
  auto& known = client.deleted;
  const auto first =
      std::lower_bound(known.begin(), known.end(), ranges.front().clock,
                       [](const Range& range, Clock clock) { return range.end < clock; });
  const std::vector<Range> rest(first, known.end());
  known.erase(first, known.end());
  const auto append = [&](Range range) {
    if (!known.empty() && known.back().end >= range.begin) {
      known.back().end = std::max(known.back().end, range.end);
    } else {
      known.push_back(range);
    }
  };
  auto at = rest.begin();
  for (const DeleteRange& range : ranges) {
    if (range.length == 0) continue;
    const Clock end = range.clock + range.length;
    for (; at != rest.end() && at->end <= range.clock; ++at) append(*at);
    Clock from = range.clock;  // of what is not looked at yet
    for (auto over = at; over != rest.end() && over->begin < end; ++over) {
      if (added != nullptr && from < over->begin) added->add({client.id, from, over->begin - from});
      from = std::max(from, over->end);
      if (over->end <= end) at = over + 1;
      append({std::min(over->begin, range.clock), std::max(over->end, range.clock)});
    }
    if (added != nullptr && from < end) added->add({client.id, from, end - from});
    append({range.clock, end});
  }
  for (; at != rest.end(); ++at) append(*at);
}

// Each byte is joined once for each doubling of what comes after it.
void LazyDoc::add(std::string_view update) {
  constexpr std::size_t kFreshMax = 64;
  if (update.size() >= kPartBytes) {
    if (fresh_ > 0) join_fresh();
    parts_.emplace_back(update);
    join_similar();
  } else {
    parts_.emplace_back(update);
    if (++fresh_ == kFreshMax) join_fresh();
  }
}

void LazyDoc::join_fresh() {
  join_last(fresh_);
  join_similar();
}

void LazyDoc::join_similar() {
  while (parts_.size() > 1 && parts_[parts_.size() - 2].size() < 2 * parts_.back().size()) {
    join_last(2);
  }
}

void LazyDoc::join_last(std::size_t count) {
  const std::size_t kept = parts_.size() - count;
  const std::vector<std::string_view> updates(parts_.begin() + static_cast<std::ptrdiff_t>(kept),
                                              parts_.end());
  Result<std::string> joined = merge_updates(updates, {.coalesce_text = true, .limits = kNoLimits});
  PLUV_ASSERT(joined.ok());  // our own writing
  parts_.resize(kept);
  parts_.push_back(std::move(*joined));
  parts_.back().shrink_to_fit();
  fresh_ = 0;
}

void LazyDoc::join_all() {
  if (parts_.size() > 1) join_last(parts_.size());
}

// --- State.

std::string LazyDoc::encode_state_as_update(const StateVector& state) {
  if (doc_ != nullptr) return doc_->encode_state_as_update(state);
  join_all();
  if (parts_.empty()) return std::string(kEmptyUpdate);
  if (state.entries().empty()) return parts_[0];
  Result<std::string> diff = diff_update(parts_[0], state, kNoLimits);
  PLUV_ASSERT(diff.ok());
  return std::move(*diff);
}

std::string LazyDoc::encode_without_pending(const StateVector& state) {
  return doc_ != nullptr ? doc_->encode_without_pending(state) : encode_state_as_update(state);
}

std::vector<std::string> LazyDoc::copy() const {
  if (doc_ != nullptr) return {doc_->encode_state_as_update()};
  return parts_;
}

StateVector LazyDoc::state_vector() const {
  if (doc_ != nullptr) return doc_->state_vector();
  std::vector<StateVector::Entry> entries;
  for (std::size_t c = 1; c < clients_.size(); ++c) {
    if (clients_[c].end != 0) entries.emplace_back(clients_[c].id, clients_[c].end);
  }
  return StateVector(std::move(entries));
}

std::string LazyDoc::encode_state_vector() const {
  return ycrdt::encode_state_vector(state_vector());
}

bool LazyDoc::has_pending() const noexcept { return doc_ != nullptr && doc_->has_pending(); }

std::size_t LazyDoc::pending_bytes() const noexcept {
  return doc_ != nullptr ? doc_->pending_bytes() : 0;
}

// --- The document.

void LazyDoc::set_limits(const UpdateLimits& limits) noexcept {
  options_.doc.limits = limits;
  if (doc_ != nullptr) doc_->set_limits(limits);
}

Result<Doc*> LazyDoc::doc() {
  if (doc_ != nullptr) return doc_.get();
  join_all();
  DocOptions options = options_.doc;
  options.limits.update_bytes_max = SIZE_MAX;
  options.limits.clients_max = SIZE_MAX;
  options.limits.structs_max = SIZE_MAX;
  options.limits.work_base = options_.load_work_base;
  auto made = std::make_unique<Doc>(std::move(options));
  if (!parts_.empty()) {
    if (auto applied = made->apply_update(parts_[0]); !applied) return applied.error();
  }
  made->set_limits(options_.doc.limits);
  doc_ = std::move(made);
  free_memory(parts_);
  fresh_ = 0;
  clients_.resize(1);
  clients_.shrink_to_fit();
  index_ = {};
  return doc_.get();
}

bool LazyDoc::unload() {
  if (doc_ == nullptr) return true;
  if (doc_->has_pending() || doc_->in_transaction()) return false;
  const std::string state = doc_->encode_state_as_update();
  const auto decoded = DecodedUpdate::read(state, kNoLimits);
  PLUV_ASSERT(decoded.ok());  // our own writing
  std::vector<Clock> before(decoded->sections().size());
  const StateVector vector = doc_->state_vector();
  for (const auto& [client, end] : vector.entries()) {
    clients_[intern(client)].end = end;
  }
  (void)take_new(*decoded, before);
  if (state != kEmptyUpdate) parts_.emplace_back(state);
  doc_.reset();
  return true;
}

std::size_t LazyDoc::memory_bytes() const noexcept {
  if (doc_ != nullptr) return doc_->memory_bytes();
  std::size_t total = clients_.capacity() * sizeof(Client) + index_.capacity_bytes() +
                      parts_.capacity() * sizeof(std::string);
  for (const std::string& part : parts_) total += part.capacity();
  for (const Client& client : clients_) total += client.deleted.capacity() * sizeof(Range);
  return total;
}

}  // namespace pluv::ycrdt
