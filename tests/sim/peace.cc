// The faults are over: everybody comes home, and then everything has to be as if there had been
// none. Documents equal, everybody known to everybody, nothing left behind.
#include <algorithm>
#include <utility>

#include "json/value.h"
#include "tests/sim/world.h"
#include "ycrdt/doc.h"

namespace pluv::sim {
namespace {

// A half-open session is found after 30 s of silence; a client's slow store may take 15 s more.
constexpr std::int64_t kHomeMsMax = 180'000;
constexpr std::int64_t kEqualMsMax = 60'000;
constexpr std::int64_t kStallsLastMs = 30'000;
constexpr std::int64_t kSliceMs = 500;

std::string sorted_text(const json::Value& value) {
  // The order of an object's members is that of their arrival.
  if (const auto* const members = value.as_object()) {
    std::map<std::string, std::string> sorted;
    for (const auto& [key, member] : *members) sorted[key] = sorted_text(member);
    std::string text = "{";
    for (const auto& [key, member] : sorted) text += key + ":" + member + ",";
    return text + "}";
  }
  return value.to_text();
}

// What two documents are compared by.
std::string content_of(ycrdt::Doc& doc) {
  (void)doc.get_text("t");
  (void)doc.get_map("m");
  (void)doc.get_map("written");
  (void)doc.get_array("a");
  (void)doc.get_text("__$pluv");
  std::string text = sorted_text(*json::Value::parse(doc.to_json()));
  for (const auto& [client, clock] : doc.state_vector().entries()) {
    text += " " + std::to_string(client) + ":" + std::to_string(clock);
  }
  return text;
}

}  // namespace

void World::calm_down() {
  faulty_ = false;
  calm_ms_ = agenda.now_ms();
  record.tell(agenda.now_ms(), "--- no more faults");
  if (store) store->calm();
  for (const auto& client : clients_) client->quiet();
  if (!run_until(agenda.now_ms() + kStallsLastMs)) return;
  const std::int64_t home_until = agenda.now_ms() + kHomeMsMax;
  while (!at_peace()) {
    if (!run_until(agenda.now_ms() + kSliceMs)) return;
    if (agenda.now_ms() > home_until) return fail("not everybody is home: " + who_is_away());
  }
  peaceful_ = true;
  for (const auto& client : clients_) client->say_last_presence();
  const std::int64_t equal_until = agenda.now_ms() + kEqualMsMax;
  std::string unequal;
  do {
    if (!run_until(agenda.now_ms() + kSliceMs)) return;
    unequal = what_differs();
  } while (!unequal.empty() && agenda.now_ms() < equal_until);
  if (!unequal.empty()) return fail(unequal);
  for (const auto& client : clients_) {
    const std::string wrong = client->doc().check();
    if (!wrong.empty()) return fail(client->name() + "'s document: " + wrong);
    // Where documents are lost by right, what edits build upon may be gone for good.
    if (may_lose_documents()) continue;
    if (client->doc().has_pending()) return fail(client->name() + " lacks updates");
  }
  everybody_leaves();
}

bool World::at_peace() const { return who_is_away().empty(); }

std::string World::who_is_away() const {
  if (current_ == nullptr) return "no server";
  if (draining_ != nullptr) return "a server still drains";
  std::map<std::string, std::size_t> wanted;
  for (const auto& client : clients_) {
    ++wanted[client->traits().room];
    if (!client->connected() || !client->settled()) return client->name();
  }
  for (const auto& [room, count] : wanted) {
    const std::size_t there = current_->sessions_of(room).size();
    if (there != count) {
      return "room " + room + " has " + std::to_string(there) + " sessions of " +
             std::to_string(count);
    }
  }
  return {};
}

// Empty: nothing.
std::string World::what_differs() {
  std::map<std::string, std::pair<Client*, std::string>> contents;  // by room: the first one's
  for (const auto& client : clients_) {
    const std::string content = content_of(client->doc());
    const auto [first, is_first] =
        contents.try_emplace(client->traits().room, client.get(), content);
    if (!is_first && first->second.second != content) {
      return client->name() + " and " + first->second.first->name() +
             " have different documents:\n" + content.substr(0, 2'000) + "\n" +
             first->second.second.substr(0, 2'000);
    }
  }
  for (const auto& client : clients_) {
    if (std::string differs = what_differs_about_others(*client); !differs.empty()) return differs;
  }
  return {};
}

std::string World::what_differs_about_others(const Client& client) const {
  const room::Room* const there = current_->find(client.traits().room);
  if (there == nullptr) return client.name() + "'s room is gone";
  std::map<std::string, std::string> expected;
  std::string own;
  there->for_each_session([&](const room::SessionView& view) {
    const auto presence = json::Value::parse(view.presence_json);
    const std::string text = presence.ok() ? presence->to_text() : "null";
    if (view.id.text() == client.session()) {
      own = text;
    } else {
      expected[std::string(view.id.text())] = text;
    }
  });
  const std::string last = "\"last\":" + std::to_string(client.last_presence()) + "}";
  if (plan.tabs_max <= 1 && own.find(last) == std::string::npos) {
    return client.name() + "'s last presence is not the room's: " + own;
  }
  if (expected == client.others()) return {};
  std::string text = client.name() + " has a wrong picture of the others:";
  for (const auto& [id, presence] : expected) {
    const auto known = client.others().find(id);
    if (known == client.others().end()) {
      text += "\n  it does not know " + id;
    } else if (known->second != presence) {
      text += "\n  " + id + " is " + presence + ", not " + known->second;
    }
  }
  for (const auto& [id, presence] : client.others()) {
    if (!expected.contains(id)) text += "\n  it knows a ghost, " + id;
  }
  return text;
}

void World::everybody_leaves() {
  peaceful_ = false;
  std::map<std::string, std::string> contents;
  for (const auto& client : clients_) contents[client->traits().room] = content_of(client->doc());
  for (const auto& client : clients_) client->end();
  if (!run_until(agenda.now_ms() + 40'000 + plan.limits.linger_ms)) return;
  if (current_->rooms() != 0) return fail("rooms are left when everybody has gone");
  if (plan.disk == DiskKind::none) return;
  // And a new process finds all of it.
  store->closed_in_good_order();
  for (const auto& [room, content] : contents) {
    auto stored = store->disk().load(room);
    if (!stored.ok()) return fail("room " + room + " cannot be read: " + stored.error().message);
    ledger.loaded(room, *stored);
    ycrdt::Doc doc({.client_id = 3, .hash_seed = 1});
    for (const std::string& update : stored->updates) (void)doc.apply_update(update);
    if (content_of(doc) != content) {
      return fail("room " + room + " is not what its clients had:\n" + content_of(doc) + "\n" +
                  content);
    }
  }
}

}  // namespace pluv::sim
