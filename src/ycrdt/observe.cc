// How observers hear of a transaction. Source: yjs, cleanupTransactions and callTypeObservers.
#include <algorithm>
#include <functional>
#include <memory>

#include "base/sort.h"
#include "ycrdt/any.h"
#include "ycrdt/doc_state.h"
#include "ycrdt/encode.h"
#include "ycrdt/event.h"
#include "ycrdt/hash_index.h"
#include "ycrdt/transcode.h"

namespace pluv::ycrdt {
namespace {

// One event for each type that was changed and is still there, in the order of the first change.
std::vector<std::unique_ptr<Event>> events_of(DocState& doc, const Transaction& transaction) {
  struct Changed {
    BranchIndex branch = kNone;
    std::vector<KeyIndex> keys;
    bool list = false;
  };
  std::vector<Changed> changed(1);  // 0 is unused
  HashIndex index;
  HashIndex members;  // of `touched`, those with a key
  const auto& touches = transaction.change.touched;
  for (std::size_t i = 0; i < touches.size(); ++i) {
    const Change::Touched& touched = touches[i];
    const std::uint64_t hash = mix64(touched.branch);
    std::uint32_t at =
        index.find(hash, [&](std::uint32_t c) { return changed[c].branch == touched.branch; });
    if (at == kNone) {
      at = static_cast<std::uint32_t>(changed.size());
      changed.push_back({touched.branch, {}, false});
      index.insert(hash, at);
    }
    if (touched.key == kNone) {
      changed[at].list = true;
      continue;
    }
    const std::uint64_t member_hash = mix64((std::uint64_t{touched.branch} << 32) | touched.key);
    const auto same = [&](std::uint32_t t) {
      return touches[t - 1].branch == touched.branch && touches[t - 1].key == touched.key;
    };
    if (members.find(member_hash, same) != kNone) continue;
    members.insert(member_hash, static_cast<std::uint32_t>(i + 1));
    changed[at].keys.push_back(touched.key);
  }
  std::vector<std::unique_ptr<Event>> out;
  for (Changed& entry : changed) {
    if (entry.branch == kNone || doc.store.is_deleted(entry.branch)) continue;
    out.push_back(
        std::make_unique<Event>(doc, transaction, entry.branch, std::move(entry.keys), entry.list));
  }
  return out;
}

// Which observed types lie around a type, the nearest first. Remembers what it has found, so that
// many changes in deep documents cost one walk.
class ObservedAround {
 public:
  ObservedAround(const Store& store, const std::vector<DocState::TypeObserver>& observers)
      : store_(store) {
    for (const auto& observer : observers) {
      if (observer.deep) observed_.push_back(observer.branch);
    }
    nodes_.push_back({});
    known_.push_back({});
  }

  [[nodiscard]] bool any() const noexcept { return !observed_.empty(); }

  template <class Visit>
  void each(BranchIndex branch, Visit visit) {
    for (std::uint32_t n = node_of(branch); n != kNone; n = nodes_[n].next) visit(nodes_[n].branch);
  }

 private:
  struct Node {  // an observed type, and the next one around it
    BranchIndex branch = kNone;
    std::uint32_t next = kNone;
  };
  struct Known {
    BranchIndex branch = kNone;
    std::uint32_t node = kNone;
  };

  std::uint32_t node_of(BranchIndex branch) {
    std::vector<BranchIndex> way;
    std::uint32_t node = kNone;
    for (BranchIndex at = branch;;) {
      const std::uint32_t known =
          index_.find(mix64(at), [&](std::uint32_t k) { return known_[k].branch == at; });
      if (known != kNone) {
        node = known_[known].node;
        break;
      }
      way.push_back(at);
      if (store_.branches[at].item == kNone) break;
      at = store_.items[store_.branches[at].item].parent;
    }
    for (; !way.empty(); way.pop_back()) {
      const BranchIndex at = way.back();
      if (std::find(observed_.begin(), observed_.end(), at) != observed_.end()) {
        nodes_.push_back({at, node});
        node = static_cast<std::uint32_t>(nodes_.size() - 1);
      }
      index_.insert(mix64(at), static_cast<std::uint32_t>(known_.size()));
      known_.push_back({at, node});
    }
    return node;
  }

  const Store& store_;
  std::vector<BranchIndex> observed_;
  std::vector<Node> nodes_;   // 0 is unused
  std::vector<Known> known_;  // 0 is unused
  HashIndex index_;
};

}  // namespace

void DocState::call_type_observers(const Transaction& transaction) {
  const auto events = events_of(*this, transaction);
  const std::vector<TypeObserver> observers = type_observers;  // they may come and go meanwhile
  struct Deep {
    BranchIndex branch;
    std::vector<Event*> events;
  };
  std::vector<Deep> deep;  // only observed types, in the order in which they were first met
  ObservedAround around(store, observers);
  for (const auto& event : events) {
    const BranchIndex target = event->target().branch();
    if (around.any()) {
      around.each(target, [&](BranchIndex branch) {
        auto known = std::find_if(deep.begin(), deep.end(),
                                  [&](const Deep& entry) { return entry.branch == branch; });
        if (known == deep.end()) known = deep.insert(known, {branch, {}});
        known->events.push_back(event.get());
      });
    }
    for (const TypeObserver& observer : observers) {
      if (observer.shallow && observer.branch == target) observer.shallow(*event);
    }
  }
  for (Deep& entry : deep) {
    if (store.is_deleted(entry.branch)) continue;
    std::vector<std::pair<std::size_t, Event*>> by_depth;
    for (Event* event : entry.events) {
      if (store.is_deleted(event->target().branch())) continue;
      event->set_current_target(entry.branch);
      by_depth.emplace_back(event->path().size(), event);
    }
    stable_sort_by(by_depth.begin(), by_depth.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Event*> sorted;
    sorted.reserve(by_depth.size());
    for (const auto& [depth_of, event] : by_depth) sorted.push_back(event);
    for (const TypeObserver& observer : observers) {
      if (observer.deep && observer.branch == entry.branch) observer.deep(sorted, transaction);
    }
  }
}

std::vector<BranchIndex> DocState::changed_with_parents(const Change& change) const {
  std::vector<BranchIndex> out;
  HashIndex index;
  for (const Change::Touched& touched : change.touched) {
    if (store.is_deleted(touched.branch)) continue;
    for (BranchIndex at = touched.branch;; at = store.items[store.branches[at].item].parent) {
      const std::uint64_t hash = mix64(at);
      if (index.find(hash, [&](std::uint32_t known) { return known == at; }) != kNone) break;
      index.insert(hash, at);
      out.push_back(at);
      if (store.branches[at].item == kNone) break;
    }
  }
  return out;
}

namespace {

using UpdateObservers = std::shared_ptr<const DocState::UpdateObservers>;

// observers: held meanwhile, for those that are called may come and go.
void call(UpdateObservers observers, std::string_view update, const Transaction& transaction) {
  for (const auto& [subscription, observer] : *observers) observer(update, transaction);
}

}  // namespace

void DocState::call_update_observers(const Transaction& transaction) {
  const std::string update = encode_change(store, transaction.change);
  if (!update.empty()) call(update_observers, update, transaction);
}

void DocState::call_update_v2_observers(const Transaction& transaction) {
  const std::string update = encode_change(store, transaction.change, ValueSpelling::kept);
  if (!update.empty()) call(update_v2_observers, transcode_v1_to_v2(update), transaction);
}

void DocState::call_subdocs_observers(const Transaction& transaction) {
  const Change& done = transaction.change;
  const auto sorted = [](const Table<std::uint32_t>& table) {
    std::vector<std::uint32_t> out(table.begin(), table.end());
    sort_by(out.begin(), out.end(), std::less<>());
    return out;
  };
  const std::vector<std::uint32_t> all_added = sorted(done.docs_added);
  const std::vector<std::uint32_t> all_removed = sorted(done.docs_removed);
  const auto has = [](const std::vector<std::uint32_t>& table, std::uint32_t doc) {
    return std::binary_search(table.begin(), table.end(), doc);
  };
  const auto subdoc = [&](std::uint32_t index) {
    const Subdocument& of = store.subdocuments[index];
    return Subdoc{std::string(of.guid), decode_any(of.options)};
  };
  SubdocsChange change;
  for (const std::uint32_t doc : done.docs_added) {
    if (!has(all_removed, doc)) change.added.push_back(subdoc(doc));
  }
  for (const std::uint32_t doc : done.docs_removed) {
    if (!has(all_added, doc)) change.removed.push_back(subdoc(doc));
  }
  for (const std::uint32_t doc : done.docs_loaded) change.loaded.push_back(subdoc(doc));
  if (change.added.empty() && change.removed.empty() && change.loaded.empty()) return;
  const auto observers = subdocs_observers;
  for (const auto& [subscription, observer] : observers) observer(change, transaction);
}

}  // namespace pluv::ycrdt
