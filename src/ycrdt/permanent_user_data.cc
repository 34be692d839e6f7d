#include "ycrdt/permanent_user_data.h"

#include <cmath>
#include <utility>

#include "ycrdt/doc_state.h"
#include "ycrdt/update_reader.h"

namespace pluv::ycrdt {
namespace {

// A member that is a type of this kind, or an invalid handle.
SharedType type_in(const Map& map, std::string_view key, TypeKind kind) {
  const std::optional<Value> value = map.get(key);
  const auto* type = value ? std::get_if<SharedType>(&*value) : nullptr;
  return type != nullptr && type->kind() == kind ? *type : SharedType();
}

Array list_in(const Map& user, std::string_view key) {
  return type_in(user, key, TypeKind::array).as_array();
}

Any bytes_of(const DeleteSet& deletes) {
  std::string out;
  deletes.write(out);
  return Any(Any::Bytes{std::move(out)});
}

// Calls visit for each value that the event says is new.
template <class Visit>
void each_added(const Event& event, Visit visit) {
  for (const Event::ListOp& op : event.list_delta()) {
    for (const Value& value : op.values) visit(value);
  }
}

}  // namespace

PermanentUserData::PermanentUserData(Doc& doc, Map users) : doc_(&doc), map_(users) {
  if (!map_.valid()) return;
  map_observer_ = map_.observe([this](Event& event) {
    for (const std::string& description : event.touched_keys()) read_user(description);
  });
  for (const std::string& description : map_.keys()) read_user(description);
}

PermanentUserData::~PermanentUserData() {
  doc_->unobserve(map_observer_);
  for (const User& user : users_) {
    doc_->unobserve(user.ids_observer);
    doc_->unobserve(user.deletes_observer);
  }
  for (const auto& mapping : mappings_) {
    doc_->unobserve(mapping->users_observer);
    mapping->doc->unobserve(mapping->update_observer);
  }
}

// Reads what the map has under this name. Others write there, too: what is no user is passed over.
void PermanentUserData::read_user(std::string_view description) {
  const Map map = type_in(map_, description, TypeKind::map).as_map();
  const Array ids = list_in(map, "ids");
  const Array deletes = list_in(map, "ds");
  if (!ids.valid() || !deletes.valid()) return;
  auto known = user_index_.find(description);
  if (known == user_index_.end()) {
    known = user_index_.emplace(description, users_.size()).first;
    users_.push_back({std::string(description), {}, 0, 0, {}, true});
  }
  const std::size_t index = known->second;
  User& user = users_[index];
  if (user.map != map) {
    doc_->unobserve(user.ids_observer);
    doc_->unobserve(user.deletes_observer);
    user.map = map;
    user.ids_observer = ids.observe([this, index](Event& event) {
      each_added(event, [&](const Value& value) { add_client(value, index); });
    });
    user.deletes_observer = deletes.observe([this, index](Event& event) {
      each_added(event, [&](const Value& value) { add_deletes(value, users_[index]); });
    });
  }
  user.deletes.clear();
  for (const Value& value : deletes.to_array()) add_deletes(value, user);
  for (const Value& value : ids.to_array()) add_client(value, index);
}

void PermanentUserData::add_client(const Value& value, std::size_t user) {
  const Any* const any = std::get_if<Any>(&value);
  const double* const number = any != nullptr ? any->get<double>() : nullptr;
  if (number == nullptr || !(*number >= 0) || *number > static_cast<double>(kClientIdMax) ||
      std::trunc(*number) != *number) {
    return;
  }
  const auto client = static_cast<ClientId>(*number);
  const auto [at, is_new] = client_index_.emplace(client, clients_.size());
  if (is_new) clients_.push_back({client, user});
  clients_[at->second].user = user;
}

void PermanentUserData::add_deletes(const Value& value, User& user) const {
  const Any* const any = std::get_if<Any>(&value);
  const auto* const bytes = any != nullptr ? any->get<Any::Bytes>() : nullptr;
  if (bytes == nullptr) return;
  // An update without structs is a zero and the delete set.
  const std::string update = '\0' + bytes->value;
  UpdateReader reader(update, map_.doc()->options.limits);
  StructRef none;
  DeleteSet read;
  if (reader.next(none) || !reader.read_delete_set(read)) return;
  for (const DeleteRange& range : read.ranges()) user.deletes.add(range);
  user.normalized = false;
}

// Put in order when somebody asks, not for each one that is added.
const DeleteSet& PermanentUserData::deletes_of(const User& user) {
  if (!std::exchange(user.normalized, true)) user.deletes.normalize();
  return user.deletes;
}

Result<void> PermanentUserData::set_user_mapping(Doc& doc, ClientId client,
                                                 std::string_view description, Filter filter) {
  if (client > kClientIdMax) return Error{ErrorCode::invalid, "The client id is too large"};
  if (!map_.valid()) return Error{ErrorCode::not_found, "The map of users is deleted"};
  if (!map_.has(description)) {
    const Editing editing(*map_.doc());
    auto made = map_.set_type(description, {TypeKind::map});
    if (!made) return made.error();
    for (const char* const list : {"ids", "ds"}) {
      if (auto set = made->as_map().set_type(list, {TypeKind::array}); !set) return set.error();
    }
  }
  const Map user = type_in(map_, description, TypeKind::map).as_map();
  if (!list_in(user, "ids").valid() || !list_in(user, "ds").valid()) {
    return Error{ErrorCode::conflict, "What the map has under this name is no user"};
  }
  if (auto pushed = list_in(user, "ids").push({Any(client)}); !pushed) return pushed;

  mappings_.push_back(std::make_unique<Mapping>());
  Mapping* const mapping = mappings_.back().get();
  *mapping = {&doc, std::string(description), user, std::move(filter), 0, 0};
  mapping->users_observer =
      map_.observe([this, mapping](Event&) { jobs_.push_back({mapping, std::nullopt}); });
  mapping->update_observer =
      doc.on_update([this, mapping](std::string_view, const Transaction& transaction) {
        note_deletes(*mapping, transaction);
      });
  return {};
}

void PermanentUserData::note_deletes(Mapping& mapping, const Transaction& transaction) {
  if (!transaction.local || transaction.change.deleted.empty()) return;
  const DeleteSet deletes = mapping.doc->deletes_of(transaction);
  if (mapping.filter && !mapping.filter(transaction, deletes)) return;
  std::string encoded;
  deletes.write(encoded);
  jobs_.push_back({&mapping, std::move(encoded)});
}

void PermanentUserData::settle() {
  if (doc_->in_transaction()) return;
  while (!jobs_.empty()) {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (!job.deletes) {
      follow_user(*job.mapping);
      continue;
    }
    // Without a user any more, or without clocks left to write, there is nobody to tell.
    (void)list_in(job.mapping->user, "ds").push({Any(Any::Bytes{std::move(*job.deletes)})});
  }
}

// When somebody else has added the same user, one of the two maps is lost with what is in it.
void PermanentUserData::follow_user(Mapping& mapping) {
  const Map user = type_in(map_, mapping.description, TypeKind::map).as_map();
  if (user == mapping.user || !user.valid()) return;
  mapping.user = user;
  const auto known = user_index_.find(mapping.description);
  if (known == user_index_.end()) return;
  const std::vector<ClientEntry> clients = clients_;  // observers add to them
  for (const ClientEntry& entry : clients) {
    if (entry.user == known->second) (void)list_in(user, "ids").push({Any(entry.client)});
  }
  (void)list_in(user, "ds").push({bytes_of(deletes_of(users_[known->second]))});
}

std::optional<std::string> PermanentUserData::user_by_client_id(ClientId client) const {
  const auto at = client_index_.find(client);
  if (at == client_index_.end()) return std::nullopt;
  return users_[clients_[at->second].user].description;
}

std::optional<std::string> PermanentUserData::user_by_deleted_id(Id id) const {
  for (const User& user : users_) {
    if (deletes_of(user).contains(id)) return user.description;
  }
  return std::nullopt;
}

}  // namespace pluv::ycrdt
