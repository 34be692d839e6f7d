// A whole simulation: clients, the net, one server's process or two, the machine's disk, the clock,
// and what goes wrong. One run of one seed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "room/definition.h"
#include "tests/sim/agenda.h"
#include "tests/sim/client.h"
#include "tests/sim/ledger.h"
#include "tests/sim/network.h"
#include "tests/sim/plan.h"
#include "tests/sim/random.h"
#include "tests/sim/record.h"
#include "tests/sim/server.h"
#include "tests/sim/store.h"

namespace pluv::sim {

class World final : public NetworkEnds {
 public:
  World(std::uint64_t seed, const Plan& made, Record& written);
  ~World() override;

  // Until everything is over, or something is wrong.
  void run();

  // Of clients. opened: what to do with the link; answers false when nobody wants it any more.
  void connect(Client& client, std::function<bool(LinkId)> opened);
  void closed_with(const Client& client, std::uint16_t code);
  void pong_was_late(const Client& client);
  // The user behind a session that there is or was; empty: none.
  [[nodiscard]] const std::string& user_of(const std::string& session) const;

  // Without a store, or after a power cut that may have taken the last second.
  [[nodiscard]] bool may_lose_documents() const noexcept {
    return plan.disk == DiskKind::none || ledger.lossy();
  }

  // Of servers.
  // The machine did, and much is due at once.
  [[nodiscard]] bool slept_lately() const noexcept {
    constexpr std::int64_t kLatelyMs = 60'000;
    return slept_ms_ != 0 && agenda.now_ms() - slept_ms_ < kLatelyMs;
  }
  SessionId new_session(const std::string& user);
  void drained(Server& server);
  // Without a store: what the application saved of a room when it ended.
  std::map<std::string, std::string> application_database;

  // Of the net.
  void to_server(LinkId link, std::span<char> bytes) override;
  void to_server_closed(LinkId link) override;
  void to_client(LinkId link, std::span<char> bytes) override;
  void to_client_closed(LinkId link) override;
  void writable(LinkId link) override;

  // What is wrong with the world.
  void fail(const std::string& what) { record.fail(agenda.now_ms(), what); }

  const Plan plan;
  Record& record;
  Random random;
  Agenda agenda;
  Network network;
  Ledger ledger;
  std::unique_ptr<SimStore> store;
  room::Definition definition;

 private:
  struct Ends {
    Client* client = nullptr;
    Server* server = nullptr;  // null: its process is gone
    std::string user;
  };

  void define();
  void make_clients();
  void begin();
  // Things go wrong.
  void plan_fault(std::int64_t every_ms, void (World::*fault)());
  void cut_one();
  void stall_one();
  void kill();
  void start_server();
  void drain();
  void evict();
  void hibernate();
  void turn_the_clock();
  void store_trouble();
  void edit_by_the_server();
  [[nodiscard]] std::optional<LinkId> some_link();
  [[nodiscard]] std::string room_name(std::uint32_t number) const;

  // And then nothing does.
  bool run_until(std::int64_t until_ms);
  void calm_down();
  [[nodiscard]] bool at_peace() const;
  [[nodiscard]] std::string who_is_away() const;
  [[nodiscard]] std::string what_differs();
  [[nodiscard]] std::string what_differs_about_others(const Client& client) const;
  void everybody_leaves();

  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Server>> servers_;  // the dead, too, until the end
  Server* current_ = nullptr;                     // accepts; null: none does
  Server* draining_ = nullptr;
  std::map<LinkId, Ends> ends_;
  std::map<std::string, std::string> users_;  // by session
  std::int64_t slept_ms_ = 0;                 // when the machine awoke; 0: it has never slept
  bool faulty_ = true;
  bool peaceful_ = false;     // and everybody was home
  std::int64_t calm_ms_ = 0;  // since then nothing goes wrong; 0: it does
};

}  // namespace pluv::sim
