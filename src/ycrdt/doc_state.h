// What is behind a Doc, its handles and its events. Internal.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "ycrdt/apply.h"
#include "ycrdt/doc.h"
#include "ycrdt/element_ranges.h"
#include "ycrdt/store.h"
#include "ycrdt/transaction.h"

namespace pluv::ycrdt {

class UndoManager;

// What an undo manager is told of a transaction besides.
struct CapturedChange {
  ElementRanges insertions;
  ElementRanges deletions;
  std::vector<BranchIndex> changed;  // see DocState::changed_with_parents
};

struct DocState {
  explicit DocState(DocOptions given)
      : options(std::move(given)), store(seed_of(options.hash_seed ^ options.client_id, this)) {}
  DocState(const DocState&) = delete;
  DocState& operator=(const DocState&) = delete;
  // Undo managers hear that the document ends.
  ~DocState();

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
  void call_update_v2_observers(const Transaction& transaction);
  void call_subdocs_observers(const Transaction& transaction);
  // The types that the transaction has changed and that are still there, and all types around them,
  // in the order in which each is first met from there. yjs: changedParentTypes.
  [[nodiscard]] std::vector<BranchIndex> changed_with_parents(const Change& change) const;
  // What undo managers are told, as it is before observers are called; normalizes what is deleted.
  // `at` is the transaction's place in `committing`. (undo_capture.cc)
  [[nodiscard]] CapturedChange capture(std::size_t at);
  void tell_undo_managers(Transaction& transaction, const CapturedChange& captured);

  DocOptions options;
  Store store;
  Pending pending;
  std::uint32_t depth = 0;                               // of begin() without end()
  std::uint32_t transactions = 0;                        // begun so far
  std::unique_ptr<Transaction> open;                     // the one that edits go to
  std::unique_ptr<Transaction> spare;                    // a past one, whose memory is used again
  DecodedUpdate decoded;                                 // of the last update; the same
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
  // Shared with whoever is calling them, so that they may come and go meanwhile.
  std::shared_ptr<const UpdateObservers> update_observers;
  std::shared_ptr<const UpdateObservers> update_v2_observers;
  std::vector<std::pair<Subscription, Doc::SubdocsObserver>> subdocs_observers;
  std::vector<UndoManager*> undo_managers;
  Subscription subscriptions = 0;
  // How they are told. Set when the first of them comes, so that a program in which there is none,
  // such as the module of a room, has none of the code.
  struct Callers {
    void (DocState::*types)(const Transaction&) = nullptr;
    void (DocState::*update_v2)(const Transaction&) = nullptr;
    void (DocState::*subdocs)(const Transaction&) = nullptr;
    CapturedChange (DocState::*capture)(std::size_t) = nullptr;
    void (DocState::*undo_managers)(Transaction&, const CapturedChange&) = nullptr;
  };
  Callers callers;
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
