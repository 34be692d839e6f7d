// A Yjs document: shared types that many may edit at the same time and that end up equal once
// everybody has everybody's updates. Bytes in, bytes out, edits between; it knows no network, no
// clock, no threads and no randomness. The name that yjs has for an operation stands beside ours.
//
//   Doc doc({.client_id = 1});  // 32 random bits, in earnest
//   Result<void> typed = doc.get_text("note").insert(0, "hello");  // doc.getText("note").insert()
//   std::string update = doc.encode_state_as_update();             // Y.encodeStateAsUpdate(doc)
//   Doc other({.client_id = 2});
//   Result<void> applied = other.apply_update(update);             // Y.applyUpdate(other, update)
//
// Not thread-safe: one thread at a time. Handles of shared types (types.h) are small values that
// borrow from the document, which must outlive them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/limits.h"
#include "ycrdt/state_vector.h"
#include "ycrdt/struct_ref.h"
#include "ycrdt/transaction.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

struct DocState;
class UndoManager;

struct DocOptions {
  // Who writes with this document: a number that no other writer uses. yjs draws 32 random bits;
  // here the caller does, since nothing here is random. yjs also draws another one when an update
  // shows that somebody else writes with its own; here it stays, and the copies of two writers with
  // one id differ for good. Precondition: at most kClientIdMax, 2^53 - 1; more is an assertion.
  ClientId client_id = 0;
  // Names the document where it lies in another one, see NewDoc. yjs draws a UUID; here the caller
  // does, when it needs one.
  std::string guid = {};
  // Drop the content of what is deleted. Without, it stays, for snapshots.
  bool gc = true;
  // After updates of others remove formatting that they made redundant, as yjs does wherever a text
  // is in use. A document that only stores should not write: leave it off there.
  bool clean_formatting = true;
  // Makes where things lie in the tables unpredictable to others, so that nobody can choose names
  // and ids that collide. Where the document lies in memory is mixed in, so that without one it is
  // not plain either. Nothing that comes out depends on it.
  std::uint64_t hash_seed = 0;
  UpdateLimits limits = {};
};

class Doc {
 public:
  explicit Doc(DocOptions options = {});
  Doc(Doc&&) noexcept;
  Doc& operator=(Doc&&) noexcept;
  ~Doc();

  [[nodiscard]] ClientId client_id() const noexcept;       // doc.clientID
  [[nodiscard]] const std::string& guid() const noexcept;  // doc.guid
  // Preconditions: no transaction is open, and the id is at most kClientIdMax.
  void set_client_id(ClientId id) noexcept;

  // What counts from the next update on. What is here already is not looked at again.
  void set_limits(const UpdateLimits& limits) noexcept;
  // Whether a transaction is open, or one's observers are being called.
  [[nodiscard]] bool in_transaction() const noexcept;

  // --- Updates.

  // Applies an update in version 1 format: all of it, or nothing and an error that says why. What
  // depends on updates that have not come waits (has_pending()). yjs: applyUpdate.
  [[nodiscard]] Result<void> apply_update(std::string_view update, std::string_view origin = {});
  // The same in version 2 format. The limits count for the update and for what it is in version 1.
  // yjs: applyUpdateV2.
  [[nodiscard]] Result<void> apply_update_v2(std::string_view update, std::string_view origin = {});

  // What somebody with this state vector lacks, with all deletes and what is pending; without one,
  // the whole document. yjs: encodeStateAsUpdate.
  [[nodiscard]] std::string encode_state_as_update(const StateVector& state = {}) const;
  // The same without what is pending.
  [[nodiscard]] std::string encode_without_pending(const StateVector& state = {}) const;
  // Both in version 2 format (encodeStateAsUpdateV2): fewer bytes where there is much of a kind,
  // and the values of embeds and formats as they are, where version 1 has what JSON says of them.
  [[nodiscard]] std::string encode_state_as_update_v2(const StateVector& state = {}) const;
  [[nodiscard]] std::string encode_without_pending_v2(const StateVector& state = {}) const;
  [[nodiscard]] StateVector state_vector() const;  // getStateVector
  // encodeStateVector, and encodeStateVectorV2, whose bytes are the same.
  [[nodiscard]] std::string encode_state_vector() const;
  // Whether something waits for updates that have not come.
  [[nodiscard]] bool has_pending() const noexcept;
  // What of that is kept, roughly in bytes; 0: nothing.
  [[nodiscard]] std::size_t pending_bytes() const noexcept;

  // --- Shared types at the root. The first typed access decides what the root is: its kind(), and
  // what json() and to_json() print. A later one of another kind answers a handle whose own
  // functions read and edit the same content in their way, a text's letters or an array's elements;
  // the root stays what it is, also in that handle's kind() and json(). yjs throws instead. A name
  // that is not UTF-8 gives an invalid handle. yjs: getText, getArray, getMap, getXmlFragment,
  // getXmlElement.
  [[nodiscard]] Text get_text(std::string_view name);
  [[nodiscard]] Array get_array(std::string_view name);
  [[nodiscard]] Map get_map(std::string_view name);
  [[nodiscard]] XmlFragment get_xml_fragment(std::string_view name);
  [[nodiscard]] XmlElement get_xml_element(std::string_view name);
  // The names of the roots, in the order in which they appeared (doc.share.keys()).
  [[nodiscard]] std::vector<std::string> root_names() const;
  // The root without deciding what it is; its json() guesses.
  [[nodiscard]] SharedType get_root(std::string_view name);
  // All roots as one JSON object (doc.toJSON()).
  [[nodiscard]] std::string to_json() const;

  // --- Transactions.

  // What the transaction of this document has deleted, for its observers (transaction.deleteSet).
  [[nodiscard]] DeleteSet deletes_of(const Transaction& transaction) const;

  // Runs edit() as one transaction: observers hear once, one update results. Edits outside are
  // transactions of their own. yjs: doc.transact.
  template <class Edit>
  void transact(Edit&& edit, std::string_view origin = {}) {
    begin(origin);
    edit();
    end();
  }

  // --- Observers. They may edit: that becomes a transaction of its own, of which observers hear
  // next. Types have their own: SharedType::observe.
  using UpdateObserver = std::function<void(std::string_view update, const Transaction&)>;
  // What each transaction has changed, as an update; not called when nothing has. yjs:
  // doc.on("update").
  Subscription on_update(UpdateObserver observer);
  // The same in version 2 format, made only where somebody observes (doc.on("updateV2")).
  Subscription on_update_v2(UpdateObserver observer);
  // Subdocuments that a transaction has brought, taken and asked to be loaded. Their content is
  // elsewhere: a Doc of its own for each guid, which the caller keeps. yjs: doc.on("subdocs").
  using SubdocsObserver = std::function<void(const SubdocsChange&, const Transaction&)>;
  Subscription on_subdocs(SubdocsObserver observer);
  // All that are there now, in no particular order (doc.getSubdocs()).
  [[nodiscard]] std::vector<Subdoc> subdocs() const;
  // Asks for the subdocument's content: observers of subdocuments hear that it is to be loaded, if
  // it is there and nobody has asked before. yjs: subdoc.load().
  void load_subdoc(std::string_view guid);
  void unobserve(Subscription subscription);

  // --- For those who watch over it.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  // Empty when everything in memory agrees with everything else, else what does not. Linear.
  [[nodiscard]] std::string check() const;
  [[nodiscard]] std::size_t item_count() const noexcept;

  // What is behind it, for the engine's own functions on documents.
  [[nodiscard]] DocState& state() noexcept { return *state_; }
  [[nodiscard]] const DocState& state() const noexcept { return *state_; }

 private:
  Result<void> apply(std::string_view update, std::string_view origin, ValueSpelling values);
  void begin(std::string_view origin);
  void end();

  friend class UndoManager;

  std::unique_ptr<DocState> state_;
};

}  // namespace pluv::ycrdt
