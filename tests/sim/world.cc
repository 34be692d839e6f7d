// A run from its beginning to the end of the faults; peace.cc has what follows.
#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

#include "json/value.h"
#include "room/yjs_document.h"
#include "tests/sim/disks.h"
#include "tests/sim/model_disk.h"
#include "ycrdt/doc.h"

namespace pluv::sim {

World::World(std::uint64_t seed, const Plan& made, Record& written)
    : plan(made),
      record(written),
      random(seed),
      network(agenda, random, record, *this),
      ledger(plan, agenda, record) {
  define();
  if (plan.disk != DiskKind::none) {
    std::unique_ptr<Disk> disk;
    if (plan.disk == DiskKind::sqlite) {
      disk = make_sqlite_disk(plan.durability == adapters::Durability::strict);
    } else {
      disk = std::make_unique<ModelDisk>();
    }
    store = std::make_unique<SimStore>(plan, agenda, random, record, ledger, std::move(disk));
  }
  make_clients();
}

World::~World() = default;

// The application of every simulated server.
void World::define() {
  definition.limits = plan.limits;
  definition.storage = room::yjs_storage();
  definition.hibernates = plan.hibernate_every_ms != 0;
  definition.has_store = plan.disk != DiskKind::none;
  const auto add = [this](const char* name, std::function<Result<void>(room::ProcedureCall&)> run) {
    definition.procedures.push_back({name, std::move(run), nullptr});
  };
  add("ask", [](room::ProcedureCall& call) -> Result<void> {
    call.events.emit(room::Audience::self, "answered", call.data);
    return {};
  });
  add("write", [](room::ProcedureCall& call) -> Result<void> {
    const Result<void*> document = call.room.edit_document();
    if (!document.ok()) return document.error();
    auto* const doc = static_cast<ycrdt::Doc*>(*document);
    const auto written = doc->get_text("t").insert(0, "w");
    // What the caller alone is told speaks of the edit.
    const auto input = json::Value::parse(call.data);
    (void)doc->get_map("written").set(*input->find("key")->as_string(), true);
    call.events.emit(room::Audience::broadcast, "wrote", "{}");
    call.events.emit(room::Audience::self, "wrote_this", call.data);
    return written;
  });
  add("writes_and_fails", [](room::ProcedureCall& call) -> Result<void> {
    const Result<void*> document = call.room.edit_document();
    if (!document.ok()) return document.error();
    (void)static_cast<ycrdt::Doc*>(*document)->get_text("t").insert(0, "f");
    return Error{ErrorCode::internal, "It fails"};
  });
  add("fails",
      [](room::ProcedureCall&) -> Result<void> { return Error{ErrorCode::internal, "It fails"}; });
  add("tell", [](room::ProcedureCall& call) -> Result<void> {
    call.events.emit(room::Audience::broadcast, "told", "{}");
    return {};
  });
  definition.procedures.push_back(
      {"slow", nullptr, [](room::ProcedureStart, room::ProcedureDone) {}});
  room::Listeners& listeners = definition.listeners;
  listeners.on_user_connected = [](room::ListenerEvent) {};
  listeners.on_user_disconnected = [](room::ListenerEvent) {};
  listeners.on_storage_updated = [](room::ListenerEvent) {};
  listeners.on_room_destroyed = [](room::ListenerEvent, room::ListenerDone) {};
  if (plan.initial_storage || plan.disk == DiskKind::none) {
    listeners.get_initial_storage = [](room::ListenerEvent, room::InitialStorageDone) {};
  }
  definition.freeze();
}

void World::make_clients() {
  for (std::uint32_t index = 0; index < plan.clients; ++index) {
    Client::Traits traits;
    traits.index = index;
    traits.room = room_name(random.below(plan.rooms));
    if (plan.tabs_max > 0) traits.user = "u" + std::to_string(index / plan.tabs_max);
    traits.offline_store = random.once_in(plan.offline_store_once_in);
    traits.forgetful = random.once_in(plan.forgetful_once_in);
    traits.empty_handed = random.once_in(plan.empty_handed_once_in);
    traits.hidden = random.once_in(plan.hidden_once_in);
    traits.slow = random.once_in(plan.slow_once_in);
    if (random.once_in(plan.silent_storage_once_in)) traits.storage_answer_ms_max = 15'000;
    clients_.push_back(std::make_unique<Client>(*this, std::move(traits)));
  }
}

std::string World::room_name(std::uint32_t number) const { return "r" + std::to_string(number); }

void World::run() {
  begin();
  if (!run_until(agenda.now_ms() + plan.faulty_ms)) return;
  calm_down();
}

bool World::run_until(std::int64_t until_ms) {
  while (!record.failed() && agenda.step(until_ms)) {
  }
  return !record.failed();
}

void World::begin() {
  start_server();
  for (const auto& client : clients_) {
    agenda.after(random.between(0, 2'000), [raw = client.get()] { raw->start(); });
  }
  plan_fault(plan.cut_every_ms, &World::cut_one);
  plan_fault(plan.stall_every_ms, &World::stall_one);
  plan_fault(plan.kill_every_ms, &World::kill);
  plan_fault(plan.drain_every_ms, &World::drain);
  plan_fault(plan.evict_every_ms, &World::evict);
  plan_fault(plan.hibernate_every_ms, &World::hibernate);
  plan_fault(plan.clock_every_ms, &World::turn_the_clock);
  plan_fault(plan.store_trouble_every_ms, &World::store_trouble);
  plan_fault(plan.server_edit_every_ms, &World::edit_by_the_server);
}

// every_ms 0: never.
void World::plan_fault(std::int64_t every_ms, void (World::*fault)()) {
  if (every_ms == 0) return;
  agenda.after(random.between(1, 2 * every_ms), [this, every_ms, fault] {
    if (!faulty_) return;
    (this->*fault)();
    plan_fault(every_ms, fault);
  });
}

// --- The net.

void World::connect(Client& client, std::function<bool(LinkId)> opened) {
  const std::int64_t latency_ms = random.between(1, plan.latency_ms_max);
  agenda.after(2 * latency_ms, [this, &client, latency_ms, opened = std::move(opened)] {
    if (current_ == nullptr) {
      // Nobody listens, which a client without backoff learns soon and often.
      agenda.after(random.between(10, 200), [&client] {
        if (!client.connected()) client.refused();
      });
      return;
    }
    LinkQuality quality;
    quality.latency_ms = latency_ms;
    quality.jitter_ms = random.below(10);
    quality.split_once_in = 6;
    if (client.traits().slow) {
      quality.window_bytes = 2'048 + random.below(16'000);
      // With less the original dies of a late $pong behind the document that it joins with.
      quality.read_bytes_per_ms = 10 + random.below(30);
    }
    const LinkId link = network.open(quality);
    Server& server = *current_;
    if (!opened(link)) return;
    ends_[link] = {&client, &server, client.traits().user};
    server.accept(link, client.traits().room, client.traits().user);
  });
}

SessionId World::new_session(const std::string& user) {
  const SessionId id = SessionId::from_random(random.bytes16());
  users_[std::string(id.text())] = user;
  return id;
}

const std::string& World::user_of(const std::string& session) const {
  static const std::string kNobody;
  const auto found = users_.find(session);
  return found == users_.end() ? kNobody : found->second;
}

void World::to_server(LinkId link, std::span<char> bytes) {
  if (Server* const server = ends_[link].server) server->received(link, bytes);
}

void World::to_server_closed(LinkId link) {
  if (Server* const server = ends_[link].server) server->peer_closed(link);
}

void World::to_client(LinkId link, std::span<char> bytes) {
  Client* const client = ends_[link].client;
  if (client->link() == link) client->received(bytes);
}

void World::to_client_closed(LinkId link) {
  Client* const client = ends_[link].client;
  if (client->link() == link) client->closed();
}

void World::writable(LinkId link) {
  if (Server* const server = ends_[link].server) server->writable(link);
}

std::optional<LinkId> World::some_link() {
  std::vector<LinkId> links;
  for (const auto& client : clients_) {
    if (client->link()) links.push_back(*client->link());
  }
  if (links.empty()) return std::nullopt;
  return links[random.below(links.size())];
}

void World::cut_one() {
  const auto link = some_link();
  if (!link) return;
  const Cut how = random.once_in(3) ? Cut::half_open : Cut::reset;
  if (record.told()) {
    record.tell(agenda.now_ms(), ends_[*link].client->name() + "'s connection is " +
                                     (how == Cut::reset ? "cut" : "half open"));
  }
  network.cut(*link, how);
}

void World::stall_one() {
  const auto link = some_link();
  if (!link) return;
  if (random.flip()) {
    network.stall(*link, random.between(100, 8'000));
  } else {
    network.stop_reading(*link, random.between(100, 20'000));
  }
}

// --- The server's process.

void World::start_server() {
  servers_.push_back(std::make_unique<Server>(*this, static_cast<std::uint32_t>(servers_.size()),
                                              plan.disk != DiskKind::none));
  current_ = servers_.back().get();
  record.tell(agenda.now_ms(), "server " + std::to_string(current_->number()) + " starts");
}

void World::kill() {
  Server* const victim = draining_ != nullptr ? draining_ : current_;
  if (victim == nullptr) return;
  const bool power = victim == current_ && random.once_in(plan.power_cut_once_in);
  ++(power ? record.counts.power_cuts : record.counts.kills);
  record.tell(agenda.now_ms(), "server " + std::to_string(victim->number()) +
                                   (power ? ": the power is cut" : " is killed"));
  for (auto& [link, ends] : ends_) {
    if (ends.server != victim) continue;
    ends.server = nullptr;
    if (network.has_both_ends(link)) {
      network.cut(link, power && random.flip() ? Cut::half_open : Cut::reset);
    }
  }
  victim->die();
  if (store) store->process_ended(power);
  if (!power && store && random.once_in(plan.torn_once_in)) {
    const std::string room = room_name(random.below(plan.rooms));
    if (store->disk().tear_newest(room)) {
      ++record.counts.torn_records;
      ledger.torn(room);
      record.tell(agenda.now_ms(), "the newest record of " + room + " is torn");
      // So that it cannot be taken away at once either.
      if (random.flip()) store->fill_up(random.between(1'000, 8'000));
    }
  }
  if (victim == draining_) {
    draining_ = nullptr;
    if (current_ != nullptr) {
      current_->store_is_free();
      return;
    }
  }
  current_ = nullptr;
  agenda.after(random.between(50, 3'000), [this] {
    if (current_ == nullptr && draining_ == nullptr) start_server();
  });
}

void World::drain() {
  if (current_ == nullptr || draining_ != nullptr) return;
  ++record.counts.drains;
  draining_ = current_;
  current_ = nullptr;
  const bool hand_over = random.flip();
  record.tell(agenda.now_ms(), "server " + std::to_string(draining_->number()) + " drains" +
                                   (hand_over ? ", its successor is there" : ""));
  if (hand_over) {
    start_server();
    if (store) current_->store_waits();
  }
  draining_->drain(random.between(1, 5'000));
}

void World::drained(Server& server) {
  record.tell(agenda.now_ms(), "server " + std::to_string(server.number()) + " has ended");
  for (auto& [link, ends] : ends_) {
    if (ends.server != &server) continue;
    ends.server = nullptr;
    network.close_by_server(link);
  }
  draining_ = nullptr;
  if (store) store->closed_in_good_order();
  if (current_ != nullptr) {
    current_->store_is_free();
  } else {
    agenda.after(random.between(0, 1'000), [this] {
      if (current_ == nullptr && draining_ == nullptr) start_server();
    });
  }
  server.die();
}

// --- Other things that happen.

void World::evict() {
  if (current_ == nullptr) return;
  const std::string room = room_name(random.below(plan.rooms));
  switch (random.below(7)) {
    case 6:
      if (!store || draining_ != nullptr) return;
      current_->feed(room, room::ForgetIdle{});
      if (current_->find(room) == nullptr) store->remove(room);
      return;
    case 0: current_->feed(room, room::EvictAll{}); return;
    case 1: current_->feed(room, room::CollectGarbage{}); return;
    case 2: current_->feed(room, room::ForgetIdle{}); return;
    case 3: current_->feed(room, room::ServerBroadcast{"tell", "{}"}); return;
    case 4: current_->feed(room, room::ServerEmit{"told", "{}"}); return;
    default: {
      const std::vector<SessionId> sessions = current_->sessions_of(room);
      if (!sessions.empty()) {
        current_->feed(room, room::Evict{sessions[random.below(sessions.size())]});
      }
    }
  }
}

void World::hibernate() {
  if (current_ != nullptr) current_->hibernate(room_name(random.below(plan.rooms)));
}

void World::turn_the_clock() {
  if (random.once_in(3)) {
    const std::int64_t ms = random.between(1'000, 50'000);
    record.tell(agenda.now_ms(), "the machine sleeps for " + std::to_string(ms) + " ms");
    agenda.sleep(ms);
    slept_ms_ = agenda.now_ms();
  } else {
    agenda.set_wall_clock_off(random.between(-86'400'000, 86'400'000));
  }
}

void World::store_trouble() {
  if (store) store->trouble(random.between(50, plan.store_trouble_ms_max));
}

void World::edit_by_the_server() {
  if (current_ != nullptr) current_->edit(room_name(random.below(plan.rooms)));
}

void World::closed_with(const Client& client, std::uint16_t code) {
  if (!peaceful_ || client.traits().slow) return;
  fail(client.name() + " was closed with " + std::to_string(code) + ", in peace");
}

void World::pong_was_late(const Client& client) {
  constexpr std::int64_t kStallsLastMs = 30'000;
  if (client.traits().slow || calm_ms_ == 0 || agenda.now_ms() < calm_ms_ + kStallsLastMs) return;
  if (network.is_cut(*client.link())) return;
  fail(client.name() + " waited for its $pong for more than 2 s, in peace");
}

}  // namespace pluv::sim
