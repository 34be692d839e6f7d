// Who is there and what they are doing: a cursor, a name, a colour. Each client has one state, a
// JSON object, which all others see and nobody keeps. It is no part of a document. The protocol is
// that of npm y-protocols 1.0.6 (awareness.js), byte for byte; the name that it has for an
// operation stands beside ours.
//
//   Awareness ada({.client_id = 1, .now_ms = now});                      // new Awareness(doc)
//   Result<void> set = ada.set_local_state(R"({"name":"Ada"})", now);    // setLocalState()
//   Result<std::string> update = ada.encode_update({1});                 // encodeAwarenessUpdate()
//   Result<void> applied = bob.apply_update(*update, "network", now);    // applyAwarenessUpdate()
//
// Sans-IO: the time is an argument, milliseconds that never matter but as differences. Call
// check_outdated() every three seconds or so. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ycrdt/awareness_update.h"
#include "ycrdt/hash_index.h"
#include "ycrdt/ids.h"
#include "ycrdt/limits.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

// A client that has not been heard of for so long is taken to have gone; a client says that it is
// there after half of it. yjs: outdatedTimeout.
inline constexpr std::int64_t kAwarenessOutdatedMs = 30'000;

struct AwarenessOptions {
  // Ours: that of the document. At most kClientIdMax; more is an assertion.
  ClientId client_id = 0;
  std::int64_t now_ms = 0;
  // As DocOptions::hash_seed.
  std::uint64_t hash_seed = 0;
  AwarenessLimits limits = {};
};

// What one call has changed. A client may be in a list more than once, when an update names it so.
struct AwarenessChange {
  std::vector<ClientId> added;
  std::vector<ClientId> updated;
  std::vector<ClientId> removed;

  [[nodiscard]] bool empty() const noexcept {
    return added.empty() && updated.empty() && removed.empty();
  }
  bool operator==(const AwarenessChange&) const = default;
};

class Awareness {
 public:
  // origin: "local", "timeout", or what the caller of the function passed.
  using Observer = std::function<void(const AwarenessChange&, std::string_view origin)>;

  struct Meta {
    std::uint64_t clock = 0;
    std::int64_t last_updated_ms = 0;
  };

  // Begins with the local state {} and clock 0. A server, which is no client, sets it to null.
  explicit Awareness(AwarenessOptions options);
  Awareness(const Awareness&) = delete;
  Awareness& operator=(const Awareness&) = delete;

  [[nodiscard]] ClientId client_id() const noexcept { return options_.client_id; }

  // --- States: JSON objects as JSON.stringify spells them.

  // Nothing when the client is not there.
  [[nodiscard]] std::optional<std::string> state(ClientId client) const;
  // yjs: getLocalState().
  [[nodiscard]] std::optional<std::string> local_state() const { return state(client_id()); }
  // Of all clients that are there, in the order in which they came; with their clocks.
  // yjs: getStates().
  [[nodiscard]] std::vector<AwarenessEntry> states() const;
  // Of a client that is there or was there before. yjs: meta.get().
  [[nodiscard]] std::optional<Meta> meta(ClientId client) const;
  // Clients that are known, those that have gone among them.
  [[nodiscard]] std::size_t known_clients() const noexcept { return clients_.size() - 1; }

  // The state is a JSON object, or null: we go. That is also how one takes leave, since nothing is
  // sent from here when an Awareness ends (yjs: destroy()). Errors: invalid (neither of the two),
  // limit; nothing is changed then. yjs: setLocalState().
  Result<void> set_local_state(std::string_view state, std::int64_t now_ms);
  // Sets one member of the local state; without one it does nothing. Errors: invalid (the value is
  // no JSON text, the field is not UTF-8), limit. yjs: setLocalStateField().
  Result<void> set_local_state_field(std::string_view field, std::string_view value,
                                     std::int64_t now_ms);

  // --- Updates.

  // What these clients' states are, of one that has gone that it has. Error: not_found (a client
  // that is not known; yjs throws). yjs: encodeAwarenessUpdate().
  [[nodiscard]] Result<std::string> encode_update(std::span<const ClientId> clients) const;
  [[nodiscard]] Result<std::string> encode_update(std::initializer_list<ClientId> clients) const {
    return encode_update(std::span(clients.begin(), clients.size()));
  }
  // The same with the states of this list instead of those that are here: a client that is not in
  // it is said to have gone. Errors: of a state as set_local_state(). yjs: its third argument.
  using StateList = std::vector<std::pair<ClientId, std::string>>;
  [[nodiscard]] Result<std::string> encode_update(std::span<const ClientId> clients,
                                                  const StateList& states) const;

  // Takes what is newer than what is here: a higher clock, or that a client has gone under the
  // clock that is here. That we have gone is answered with our clock one higher, so that whoever
  // hears our state next knows better. Errors: invalid, limit; nothing is changed then. Of clients
  // beyond AwarenessLimits::clients_max those are forgotten that have gone, the longest ago first;
  // when all are there the update is refused. yjs: applyAwarenessUpdate().
  [[nodiscard]] Result<void> apply_update(std::string_view update, std::string_view origin,
                                          std::int64_t now_ms);

  // Takes these clients away; clients that are not there are passed over. Others hear of it only
  // when the caller sends an update of them. yjs: removeAwarenessStates().
  void remove_states(std::span<const ClientId> clients, std::string_view origin,
                     std::int64_t now_ms);
  void remove_states(std::initializer_list<ClientId> clients, std::string_view origin,
                     std::int64_t now_ms) {
    remove_states(std::span(clients.begin(), clients.size()), origin, now_ms);
  }

  // Renews our state when it is half of kAwarenessOutdatedMs old, and takes those away that have
  // not been heard of for all of it, with the origin "timeout". yjs does that in a timer.
  void check_outdated(std::int64_t now_ms);

  // --- Observers. They may change states; others hear of that at once, in the middle.

  // Called when somebody came, went or has another state; equal states, whatever the order of their
  // members, are none. yjs: on("change").
  Subscription on_change(Observer observer);
  // Called when anything is newer, after on_change: what is to be sent on. yjs: on("update").
  Subscription on_update(Observer observer);
  void unobserve(Subscription subscription);

 private:
  using ClientIndex = std::uint32_t;  // in clients_; 0: none

  struct Client {
    ClientId id = 0;
    Meta meta;
    std::optional<std::string> state;
    std::uint64_t came = 0;  // when it did, counted in clients
  };

  using Observers = std::vector<std::pair<Subscription, Observer>>;

  [[nodiscard]] std::uint64_t hash(ClientId id) const noexcept { return mix64(id ^ seed_); }
  [[nodiscard]] ClientIndex find(ClientId id) const noexcept;
  ClientIndex intern(ClientId id);
  void set_state(Client& client, std::optional<std::string> state);
  void renew_local(std::optional<std::string> state, std::int64_t now_ms);
  [[nodiscard]] Result<void> make_room(std::span<const AwarenessEntry> entries);
  void forget_gone(std::size_t wanted, std::vector<ClientIndex> candidates);
  // `changed`: of change.updated those whose states differ.
  void emit_both(AwarenessChange change, std::vector<ClientId> changed, std::string_view origin);

  AwarenessOptions options_;
  std::uint64_t seed_;
  std::vector<Client> clients_;  // 0 is unused; in the order in which they were first heard of
  HashIndex index_;
  std::size_t state_bytes_ = 0;
  std::uint64_t came_ = 0;
  Observers change_observers_;
  Observers update_observers_;
  Subscription subscriptions_ = 0;
};

}  // namespace pluv::ycrdt
