// What is behind a Doc, its handles and its events. Internal.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "ycrdt/apply.h"
#include "ycrdt/doc.h"
#include "ycrdt/store.h"
#include "ycrdt/transaction.h"

namespace pluv::ycrdt {

struct DocState {
  explicit DocState(DocOptions given)
      : options(std::move(given)), store(seed_of(options.hash_seed ^ options.client_id, this)) {}

  // Joins the open transaction or begins one.
  void begin(std::string_view origin);
  // Leaves it; the outermost end commits, and calls observers.
  void end();
  [[nodiscard]] Transaction& transaction() noexcept { return *open; }

  // --- Building blocks of local edits. Precondition: a transaction is open.
  // A new item of ours between two neighbours; its content is the caller's to set before
  // integrate().
  [[nodiscard]] ItemIndex new_item(BranchIndex parent, ItemIndex left, ItemIndex right);
  // Places it. The index may become another one: of the run that it was merged into.
  ItemIndex integrate(ItemIndex item);

  // Tells the observers of types what the transaction has changed. (observe.cc)
  void call_type_observers(const Transaction& transaction);
  void call_update_observers(const Transaction& transaction);
  void call_subdocs_observers(const Transaction& transaction);

  DocOptions options;
  Store store;
  Pending pending;
  std::uint32_t depth = 0;                               // of begin() without end()
  std::uint32_t transactions = 0;                        // begun so far
  std::unique_ptr<Transaction> open;                     // the one that edits go to
  std::vector<std::unique_ptr<Transaction>> committing;  // waiting for their observers
  bool in_commit = false;
  struct TypeObserver {
    Subscription subscription = 0;
    BranchIndex branch = kNone;
    EventObserver shallow;  // one of the two
    DeepObserver deep;
  };
  std::vector<TypeObserver> type_observers;
  using UpdateObservers = std::vector<std::pair<Subscription, Doc::UpdateObserver>>;
  UpdateObservers update_observers;
  UpdateObservers update_v2_observers;
  std::vector<std::pair<Subscription, Doc::SubdocsObserver>> subdocs_observers;
  Subscription subscriptions = 0;
};

// Opens a transaction for as long as it lives.
class Editing {
 public:
  explicit Editing(DocState& doc, std::string_view origin = {}) : doc_(doc) { doc.begin(origin); }
  Editing(const Editing&) = delete;
  Editing& operator=(const Editing&) = delete;
  ~Editing() { doc_.end(); }

 private:
  DocState& doc_;
};

}  // namespace pluv::ycrdt
