// What undo managers hear of a transaction.
#include <algorithm>

#include "base/sort.h"
#include "ycrdt/commit.h"
#include "ycrdt/doc_state.h"
#include "ycrdt/undo_manager.h"

namespace pluv::ycrdt {

DocState::~DocState() {
  for (UndoManager* manager : undo_managers) manager->document_ended();
}

CapturedChange DocState::capture(std::size_t at) {
  CapturedChange out;
  Change& change = committing[at]->change;
  // What observers have inserted since, in transactions that still wait, counts as inserted by this
  // one, too, as in yjs.
  std::vector<Change::Grown> grown;
  for (std::size_t i = at; i < committing.size(); ++i) {
    const auto& clients = committing[i]->change.clients;
    grown.insert(grown.end(), clients.begin(), clients.end());
  }
  stable_sort_by(grown.begin(), grown.end(),
                 [](const auto& a, const auto& b) { return a.client < b.client; });
  for (std::size_t i = 0; i < grown.size(); ++i) {
    const Client& client = store.clients[grown[i].client];
    if (i != 0 && grown[i].client == grown[i - 1].client) continue;
    if (client.end > grown[i].before) {
      out.insertions.add(client.id, grown[i].before, client.end - grown[i].before);
    }
  }
  // Clients in the order in which they were first deleted from, and ranges by clock.
  for (const Change::Deleted& range : change.deleted) {
    out.deletions.add_client(store.clients[range.client].id);
  }
  normalize_deleted(change);
  for (const Change::Deleted& range : change.deleted) {
    out.deletions.add(store.clients[range.client].id, range.clock, range.length);
  }
  out.changed = changed_with_parents(change);
  return out;
}

void DocState::tell_undo_managers(Transaction& transaction, const CapturedChange& captured) {
  const std::vector<UndoManager*> managers = undo_managers;  // they may come and go meanwhile
  for (UndoManager* manager : managers) {
    const auto still = std::find(undo_managers.begin(), undo_managers.end(), manager);
    if (still != undo_managers.end()) manager->after_transaction(transaction, captured);
  }
}

}  // namespace pluv::ycrdt
