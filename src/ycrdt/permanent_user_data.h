// Who wrote and who deleted what, for as long as the document lives: client ids are drawn anew with
// every session, so a map in the document itself says which belong to whom, and what each has
// deleted. Source and layout: yjs 13.6, PermanentUserData.js, whose names stand beside ours.
//
//   PermanentUserData users(doc);                                     // new PermanentUserData(doc)
//   Result<void> is_ada = users.set_user_mapping(doc, 1, "ada");      // setUserMapping()
//   ... edits ...
//   users.settle();                                                   // what yjs does in timers
//   users.user_by_deleted_id({2, 7});                                 // getUserByDeletedId()
//
// In the document: a root map "users", in it for each description of a user a map with the lists
// "ids" (client ids) and "ds" (delete sets as bytes). It only grows.
//
// Borrows the documents, which must outlive it and not be moved meanwhile. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/doc.h"
#include "ycrdt/event.h"
#include "ycrdt/ids.h"
#include "ycrdt/transaction.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

class PermanentUserData {
 public:
  // Whether the user is noted as who has deleted this. yjs asks later, from its timer.
  using Filter = std::function<bool(const Transaction&, const DeleteSet&)>;

  // Reads the document's root map "users", and follows it from now on.
  explicit PermanentUserData(Doc& doc) : PermanentUserData(doc, doc.get_map("users")) {}
  // The same with another map of the document.
  PermanentUserData(Doc& doc, Map users);
  PermanentUserData(const PermanentUserData&) = delete;
  PermanentUserData& operator=(const PermanentUserData&) = delete;
  ~PermanentUserData();

  // From now on the client, and what is deleted in `doc` by local transactions, are those of the
  // user, who is added when there is none of this description. To be called once for each session;
  // called twice, deletes are noted twice. Errors: invalid (a client id above kClientIdMax, a
  // description that is not UTF-8), conflict (what the map has under this name is no user),
  // not_found (the map itself is deleted).
  // yjs: setUserMapping().
  Result<void> set_user_mapping(Doc& doc, ClientId client, std::string_view description,
                                Filter filter = {});

  // Writes into the document what has been deleted since, and what is to be said again since
  // somebody else has added the same user at the same time. In yjs timers do that as soon as the
  // call that edits has returned; here it is the caller's to do, at the end of a turn say, and
  // always before the documents are left. The bytes are those of yjs when it is called after each
  // edit and each update. Nothing happens while a transaction is open.
  void settle();
  // Whether settle() has something to do.
  [[nodiscard]] bool unsettled() const noexcept { return !jobs_.empty(); }

  // The description of who writes under this id. yjs: getUserByClientId().
  [[nodiscard]] std::optional<std::string> user_by_client_id(ClientId client) const;
  // The description of who has deleted this element, of several the one that was here first.
  // yjs: getUserByDeletedId().
  [[nodiscard]] std::optional<std::string> user_by_deleted_id(Id id) const;

 private:
  struct User {
    std::string description;
    Map map;
    Subscription ids_observer = 0;
    Subscription deletes_observer = 0;
    mutable DeleteSet deletes;
    mutable bool normalized = true;
  };
  struct ClientEntry {
    ClientId client = 0;
    std::size_t user = 0;  // in users_
  };
  // What a call of set_user_mapping() has begun.
  struct Mapping {
    Doc* doc = nullptr;
    std::string description;
    Map user;
    Filter filter;
    Subscription users_observer = 0;
    Subscription update_observer = 0;
  };
  // Nothing to write: whether the user is another map by now.
  struct Job {
    Mapping* mapping = nullptr;
    std::optional<std::string> deletes;
  };

  void read_user(std::string_view description);
  void add_client(const Value& value, std::size_t user);
  void add_deletes(const Value& value, User& user) const;
  static const DeleteSet& deletes_of(const User& user);
  void note_deletes(Mapping& mapping, const Transaction& transaction);
  void follow_user(Mapping& mapping);

  Doc* doc_;
  Map map_;
  Subscription map_observer_ = 0;
  // In the order in which they came.
  std::deque<User> users_;
  std::map<std::string, std::size_t, std::less<>> user_index_;
  std::vector<ClientEntry> clients_;
  std::map<ClientId, std::size_t> client_index_;
  std::vector<std::unique_ptr<Mapping>> mappings_;
  std::deque<Job> jobs_;
};

}  // namespace pluv::ycrdt
