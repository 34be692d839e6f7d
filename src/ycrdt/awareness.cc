#include "ycrdt/awareness.h"

#include <algorithm>

#include "base/sort.h"
#include "base/utf8.h"
#include "ycrdt/any.h"

namespace pluv::ycrdt {
namespace {

// The value of a JSON text that was read before.
Any any_of(std::string_view json) {
  std::string encoded;
  PLUV_ASSERT(encode_json(encoded, json, json.size()).ok());
  return decode_any(encoded);
}

// The same bytes for values that differ in the order of members only.
std::string sorted(std::string_view json) {
  Any root = any_of(json);
  std::vector<Any*> left = {&root};
  while (!left.empty()) {
    Any* const value = left.back();
    left.pop_back();
    if (auto* array = value->get<Any::Array>()) {
      for (Any& element : *array) left.push_back(&element);
    } else if (auto* object = value->get<Any::Object>()) {
      sort_by(object->begin(), object->end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
      for (auto& member : *object) left.push_back(&member.second);
    }
  }
  return to_json(root);
}

bool equal_states(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  if (!a || !b) return !a && !b;
  // Spelled alike but for the order means as many bytes.
  return *a == *b || (a->size() == b->size() && sorted(*a) == sorted(*b));
}

bool is_old(std::int64_t last_updated_ms, std::int64_t now_ms, std::int64_t age_ms) noexcept {
  // Unsigned: no two times are too far from each other.
  return now_ms >= last_updated_ms &&
         static_cast<std::uint64_t>(now_ms) - static_cast<std::uint64_t>(last_updated_ms) >=
             static_cast<std::uint64_t>(age_ms);
}

}  // namespace

Awareness::Awareness(AwarenessOptions options)
    : options_(options), seed_(seed_of(options.hash_seed ^ options.client_id, this)), clients_(1) {
  PLUV_ASSERT(options_.client_id <= kClientIdMax);
  Client& own = clients_[intern(options_.client_id)];
  own.meta.last_updated_ms = options_.now_ms;
  set_state(own, "{}");
}

Awareness::ClientIndex Awareness::find(ClientId id) const noexcept {
  return index_.find(hash(id), [&](std::uint32_t at) { return clients_[at].id == id; });
}

Awareness::ClientIndex Awareness::intern(ClientId id) {
  ClientIndex at = find(id);
  if (at != kNone) return at;
  at = static_cast<ClientIndex>(clients_.size());
  clients_.push_back({id, {}, std::nullopt, 0});
  index_.insert(hash(id), at);
  return at;
}

void Awareness::set_state(Client& client, std::optional<std::string> state) {
  if (client.state) state_bytes_ -= client.state->size();
  if (state) state_bytes_ += state->size();
  if (state && !client.state) client.came = ++came_;
  client.state = std::move(state);
}

std::optional<std::string> Awareness::state(ClientId client) const {
  return clients_[find(client)].state;
}

std::vector<AwarenessEntry> Awareness::states() const {
  std::vector<const Client*> here;
  for (const Client& client : clients_) {
    if (client.state) here.push_back(&client);
  }
  sort_by(here.begin(), here.end(),
          [](const Client* a, const Client* b) { return a->came < b->came; });
  std::vector<AwarenessEntry> out;
  out.reserve(here.size());
  for (const Client* client : here) out.push_back({client->id, client->meta.clock, *client->state});
  return out;
}

std::optional<Awareness::Meta> Awareness::meta(ClientId client) const {
  const ClientIndex at = find(client);
  return at == kNone ? std::nullopt : std::optional(clients_[at].meta);
}

Result<void> Awareness::set_local_state(std::string_view state, std::int64_t now_ms) {
  auto respelled = respell_awareness_state(state, options_.limits);
  if (!respelled) return respelled.error();
  if (*respelled == kAwarenessGone) {
    renew_local(std::nullopt, now_ms);
    return {};
  }
  const auto& before = clients_[find(client_id())].state;
  const std::size_t others = state_bytes_ - (before ? before->size() : 0);
  if (others + respelled->size() > options_.limits.states_bytes_max) {
    return Error{ErrorCode::limit, "The states are too large"};
  }
  renew_local(std::move(*respelled), now_ms);
  return {};
}

Result<void> Awareness::set_local_state_field(std::string_view field, std::string_view value,
                                              std::int64_t now_ms) {
  if (!is_utf8(field)) return Error{ErrorCode::invalid, "The field's name is not UTF-8"};
  const std::optional<std::string> before = local_state();
  if (!before) return {};
  // Within its object it is one level deeper.
  if (options_.limits.value_depth_max == 0) return Error{ErrorCode::limit, "A value is too deep"};
  std::string encoded;
  if (auto read = encode_json(encoded, value, options_.limits.value_depth_max - 1); !read) {
    return read.error();
  }
  Any state = any_of(*before);
  auto& members = *state.get<Any::Object>();
  const auto member = std::find_if(members.begin(), members.end(),
                                   [&](const auto& entry) { return entry.first == field; });
  if (member != members.end()) {
    member->second = decode_any(encoded);
  } else {
    members.emplace_back(std::string(field), decode_any(encoded));
  }
  return set_local_state(to_json(state), now_ms);
}

void Awareness::renew_local(std::optional<std::string> state, std::int64_t now_ms) {
  Client& own = clients_[find(client_id())];
  const bool was_here = own.state.has_value();
  const bool equal = equal_states(own.state, state);
  AwarenessChange change;
  (!state ? change.removed : was_here ? change.updated : change.added).push_back(own.id);
  ++own.meta.clock;
  own.meta.last_updated_ms = now_ms;
  set_state(own, std::move(state));
  std::vector<ClientId> changed;
  if (!equal) changed = change.updated;
  emit_both(std::move(change), std::move(changed), "local");
}

Result<std::string> Awareness::encode_update(std::span<const ClientId> clients) const {
  std::vector<AwarenessEntry> entries;
  entries.reserve(clients.size());
  for (const ClientId id : clients) {
    const ClientIndex at = find(id);
    if (at == kNone) {
      return Error{ErrorCode::not_found, "Client " + std::to_string(id) + " is not known"};
    }
    const Client& client = clients_[at];
    entries.push_back({id, client.meta.clock, client.state.value_or(std::string(kAwarenessGone))});
  }
  return encode_awareness_update(entries);
}

Result<std::string> Awareness::encode_update(std::span<const ClientId> clients,
                                             const StateList& states) const {
  StateList by_client = states;
  stable_sort_by(by_client.begin(), by_client.end(),
                 [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<AwarenessEntry> entries;
  entries.reserve(clients.size());
  for (const ClientId id : clients) {
    const ClientIndex at = find(id);
    if (at == kNone) {
      return Error{ErrorCode::not_found, "Client " + std::to_string(id) + " is not known"};
    }
    AwarenessEntry entry{id, clients_[at].meta.clock};
    // The last one that the list has.
    const auto after =
        std::upper_bound(by_client.begin(), by_client.end(), id,
                         [](ClientId wanted, const auto& state) { return wanted < state.first; });
    if (after != by_client.begin() && (after - 1)->first == id) {
      auto respelled = respell_awareness_state((after - 1)->second, options_.limits);
      if (!respelled) return respelled.error();
      entry.state = std::move(*respelled);
    }
    entries.push_back(std::move(entry));
  }
  return encode_awareness_update(entries);
}

Result<void> Awareness::apply_update(std::string_view update, std::string_view origin,
                                     std::int64_t now_ms) {
  auto entries = decode_awareness_update(update, options_.limits);
  if (!entries) return entries.error();
  if (auto fits = make_room(*entries); !fits) return fits;
  AwarenessChange change;
  std::vector<ClientId> changed;
  for (AwarenessEntry& entry : *entries) {
    const ClientId id = entry.client;
    const bool known = find(id) != kNone;
    const bool gone = entry.state == kAwarenessGone;
    const Client& before = clients_[find(id)];
    const bool newer = before.meta.clock < entry.clock ||
                       (before.meta.clock == entry.clock && gone && before.state);
    if (!newer) continue;
    Client& client = clients_[intern(id)];
    client.meta = {entry.clock, now_ms};
    if (gone) {
      if (id == client_id() && client.state) {
        ++client.meta.clock;
      } else {
        set_state(client, std::nullopt);
      }
      if (known) change.removed.push_back(id);
      continue;
    }
    if (known) {
      change.updated.push_back(id);
      if (!equal_states(client.state, entry.state)) changed.push_back(id);
    } else {
      change.added.push_back(id);
    }
    set_state(client, std::move(entry.state));
  }
  emit_both(std::move(change), std::move(changed), origin);
  return {};
}

// Counted as if nothing in the update took the place of anything.
Result<void> Awareness::make_room(std::span<const AwarenessEntry> entries) {
  std::size_t bytes = state_bytes_;
  std::size_t clients = known_clients();
  std::vector<bool> named(clients_.size());
  for (const AwarenessEntry& entry : entries) {
    if (entry.state != kAwarenessGone) bytes += entry.state.size();
    const ClientIndex at = find(entry.client);
    clients += at == kNone ? 1 : 0;
    named[at] = true;
  }
  if (bytes > options_.limits.states_bytes_max) {
    return Error{ErrorCode::limit, "The states are too large"};
  }
  if (clients <= options_.limits.clients_max) return {};
  std::vector<ClientIndex> candidates;
  for (ClientIndex at = 1; at < clients_.size(); ++at) {
    const Client& client = clients_[at];
    if (!client.state && !named[at] && client.id != client_id()) candidates.push_back(at);
  }
  const std::size_t wanted = clients - options_.limits.clients_max;
  if (candidates.size() < wanted) return Error{ErrorCode::limit, "There are too many clients"};
  forget_gone(wanted, std::move(candidates));
  return {};
}

void Awareness::forget_gone(std::size_t wanted, std::vector<ClientIndex> candidates) {
  // Half of them at least, so that it is not done for every single client that comes.
  const std::size_t count = std::max(wanted, candidates.size() / 2);
  sort_by(candidates.begin(), candidates.end(), [&](ClientIndex a, ClientIndex b) {
    const std::int64_t a_ms = clients_[a].meta.last_updated_ms;
    const std::int64_t b_ms = clients_[b].meta.last_updated_ms;
    return a_ms != b_ms ? a_ms < b_ms : a < b;
  });
  std::vector<bool> forgotten(clients_.size());
  for (std::size_t i = 0; i < count; ++i) forgotten[candidates[i]] = true;
  std::vector<Client> kept(1);
  HashIndex index;
  for (ClientIndex at = 1; at < clients_.size(); ++at) {
    if (forgotten[at]) continue;
    index.insert(hash(clients_[at].id), static_cast<std::uint32_t>(kept.size()));
    kept.push_back(std::move(clients_[at]));
  }
  clients_ = std::move(kept);
  index_ = std::move(index);
}

void Awareness::remove_states(std::span<const ClientId> clients, std::string_view origin,
                              std::int64_t now_ms) {
  AwarenessChange change;
  for (const ClientId id : clients) {
    Client& client = clients_[find(id)];
    if (!client.state) continue;
    set_state(client, std::nullopt);
    if (id == client_id()) client.meta = {client.meta.clock + 1, now_ms};
    change.removed.push_back(id);
  }
  emit_both(std::move(change), {}, origin);
}

void Awareness::check_outdated(std::int64_t now_ms) {
  const Client& own = clients_[find(client_id())];
  if (own.state && is_old(own.meta.last_updated_ms, now_ms, kAwarenessOutdatedMs / 2)) {
    renew_local(std::optional<std::string>(own.state), now_ms);
  }
  std::vector<ClientId> outdated;
  for (const Client& client : clients_) {
    if (client.id != client_id() && client.state &&
        is_old(client.meta.last_updated_ms, now_ms, kAwarenessOutdatedMs)) {
      outdated.push_back(client.id);
    }
  }
  remove_states(outdated, "timeout", now_ms);
}

Subscription Awareness::on_change(Observer observer) {
  change_observers_.emplace_back(++subscriptions_, std::move(observer));
  return subscriptions_;
}

Subscription Awareness::on_update(Observer observer) {
  update_observers_.emplace_back(++subscriptions_, std::move(observer));
  return subscriptions_;
}

void Awareness::unobserve(Subscription subscription) {
  const auto is_it = [&](const auto& entry) { return entry.first == subscription; };
  std::erase_if(change_observers_, is_it);
  std::erase_if(update_observers_, is_it);
}

void Awareness::emit_both(AwarenessChange change, std::vector<ClientId> changed,
                          std::string_view origin) {
  const auto tell = [&](const Observers& observers) {
    if (change.empty()) return;
    for (const auto& [subscription, observer] : observers) observer(change, origin);
  };
  // Copies: observers may come and go meanwhile.
  std::swap(change.updated, changed);
  const Observers of_changes = change_observers_;
  tell(of_changes);
  std::swap(change.updated, changed);
  const Observers of_updates = update_observers_;
  tell(of_updates);
}

}  // namespace pluv::ycrdt
