// A document that stays bytes for as long as nobody looks into it: its updates, joined as they grow
// in number, and for each client what is known and what is deleted. That is enough to relay an
// update (what of it is new, as an update), to answer a state vector, and to save; it takes about
// the memory that the bytes take, and an update costs its own size. doc() makes the document;
// unload() makes it bytes again.
//
// What has to wait for other updates cannot be told apart in bytes, so an update that does makes
// the document. Two things that only a document knows appear in its bytes when it was made: which
// of several members of a map that were set at the same time have lost, and garbage without its
// content.
//
// Not thread-safe: one thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ycrdt/doc.h"
#include "ycrdt/hash_index.h"
#include "ycrdt/ids.h"
#include "ycrdt/limits.h"
#include "ycrdt/state_vector.h"

namespace pluv::ycrdt {

class DecodedUpdate;

struct LazyDocOptions {
  // Of the document, once it is made; its limits count for every update that comes.
  DocOptions doc = {};
  // Steps that making the document may take (see UpdateLimits::work_base). More than an update may,
  // since these bytes came in many updates, each of which kept to its limit: a few seconds.
  std::uint64_t load_work_base = 100'000'000;
};

class LazyDoc {
 public:
  explicit LazyDoc(LazyDocOptions options = {});
  LazyDoc(LazyDoc&&) noexcept;  // leaves what may only be destroyed or assigned to
  LazyDoc& operator=(LazyDoc&&) noexcept;
  ~LazyDoc();

  // What the update adds to the document, as an update: what others have to be told. Empty when all
  // of it was known, and when all that is new has to wait for other updates (has_pending()): it
  // comes with the answer to the update that it has waited for. An error: it is malformed or over a
  // limit, or the document is in a transaction, and nothing has changed; or it has to wait for
  // others, and the document that could tell could not be made (see doc()).
  [[nodiscard]] Result<std::string> apply_update(std::string_view update,
                                                 std::string_view origin = {});

  // Whether the document has all of the update, its deletes too. Costs the update's size; where it
  // deletes what the bytes do not say is deleted, the document is made, for only that can tell. An
  // error: it is malformed or over a limit, or the document could not be made.
  [[nodiscard]] Result<bool> contains_update(std::string_view update);

  // What somebody with this state vector lacks, with all deletes; without one, the whole document.
  // Joins what has come since the last time, which costs the document's size.
  [[nodiscard]] std::string encode_state_as_update(const StateVector& state = {});
  // The same without what waits for updates that have not come.
  [[nodiscard]] std::string encode_without_pending(const StateVector& state = {});
  // Updates that together are the document, with what waits: copies of the bytes that are here, or,
  // once it was made, of the whole.
  [[nodiscard]] std::vector<std::string> copy() const;
  [[nodiscard]] StateVector state_vector() const;
  [[nodiscard]] std::string encode_state_vector() const;
  // Whether something waits for updates that have not come.
  [[nodiscard]] bool has_pending() const noexcept;
  [[nodiscard]] std::size_t pending_bytes() const noexcept;  // as Doc

  // What counts from the next update on.
  void set_limits(const UpdateLimits& limits) noexcept;

  // The document. It is this one's: good until unload() or the end. Edits of it count. An error of
  // code limit: its bytes are over a limit of documents; they can still be relayed and merged.
  [[nodiscard]] Result<Doc*> doc();
  [[nodiscard]] bool loaded() const noexcept { return doc_ != nullptr; }
  // Back to bytes; handles, observers and the document itself are gone. False, and nothing has
  // changed, when something waits, in a transaction and in an observer.
  bool unload();

  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Range {
    Clock begin = 0;
    Clock end = 0;
  };
  struct Client {
    ClientId id = 0;
    Clock end = 0;
    std::vector<Range> deleted;  // sorted, apart from each other
  };
  class KnownClocks;

  [[nodiscard]] std::uint32_t find(ClientId id) const noexcept;
  [[nodiscard]] std::uint32_t intern(ClientId id);
  void forget_last() noexcept;
  [[nodiscard]] Result<std::string> apply_to_doc(std::string_view update, std::string_view origin);
  [[nodiscard]] bool all_here(const DeleteSet& deletes) const noexcept;
  [[nodiscard]] bool all_deleted(const DeleteSet& deletes) const noexcept;
  [[nodiscard]] std::string take_new(const DecodedUpdate& update, const std::vector<Clock>& before);
  void add_deleted(DeleteSet set, DeleteSet* added);
  void add_deleted(Client& client, std::span<const DeleteRange> ranges, DeleteSet* added);
  void add(std::string_view update);
  void join_fresh();
  void join_similar();
  void join_last(std::size_t count);
  void join_all();

  LazyDocOptions options_;
  std::uint64_t seed_;
  // The document's updates, oldest first: joined ones, each about twice as long as the next, then
  // `fresh_` as they came.
  std::vector<std::string> parts_;
  std::size_t fresh_ = 0;
  std::vector<Client> clients_;  // 0 is unused
  HashIndex index_;
  std::unique_ptr<Doc> doc_;  // then the members above are empty
};

}  // namespace pluv::ycrdt
