// A client that plays the original's part in full: its join, its answers, its heartbeat, its way to
// die of a late pong, its way to come back at once after some close codes and to stay away after
// others, its offline store; and it writes, with a document of its own. It notices what would break
// the original, or deceive its user. Owned by the World.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "net/websocket_frame.h"
#include "tests/sim/network.h"
#include "ycrdt/doc.h"

namespace pluv::sim {

class World;

class Client {
 public:
  struct Traits {
    std::uint32_t index = 0;
    std::string room;
    std::string user;  // empty: not authorized
    bool offline_store = false;
    bool forgetful = false;
    bool slow = false;
    bool hidden = false;                     // its browser slows timers down to one a minute
    bool empty_handed = false;               // brings no first document
    std::int64_t storage_answer_ms_max = 0;  // how long it takes to read its offline store
  };

  Client(World& world, Traits traits);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Its page is opened, and it does what the plan says until quiet().
  void start();
  // From now on it only wants to be in its room.
  void quiet();
  // One more presence, by which the end is told.
  void say_last_presence();
  // Its page is closed, for good.
  void end();

  // Of the net.
  void refused();
  void received(std::span<char> bytes);
  void closed();

  [[nodiscard]] const Traits& traits() const noexcept { return traits_; }
  [[nodiscard]] std::optional<LinkId> link() const noexcept { return link_; }
  [[nodiscard]] bool connected() const noexcept { return link_.has_value(); }
  // Joined, answered, and sent the list of others.
  [[nodiscard]] bool settled() const noexcept { return answered_ && listed_; }
  [[nodiscard]] const std::string& session() const noexcept { return session_; }
  [[nodiscard]] const std::map<std::string, std::string>& others() const noexcept {
    return others_;
  }
  [[nodiscard]] ycrdt::Doc& doc() noexcept { return *doc_; }
  [[nodiscard]] std::uint32_t last_presence() const noexcept { return last_presence_; }
  [[nodiscard]] std::string name() const { return "client " + std::to_string(traits_.index); }

 private:
  struct Slow {
    std::uint64_t number = 0;
    std::uint64_t events_before = 0;
  };

  // Living.
  void plan_next(std::int64_t every_ms, void (Client::*action)());
  void edit_some();
  void show_what_it_forgot();
  void change_presence();
  void say_something();
  void say_much(std::uint32_t times);
  void say();
  void send_nonsense();
  void leave_for_a_while();
  void reload();
  void open_page();

  // Connecting.
  void connect();
  void drop(std::uint16_t code);
  void come_back(std::uint16_t code);
  void ping();

  // Talking.
  void send(std::string_view type, const std::string& data);
  [[nodiscard]] std::string framed(std::string_view text);
  void frame(const json::Value& message, const std::string& text);
  void registered(const json::Value& data);
  void storage_received(const json::Value& data);
  void answer_storage(const std::string& change_kind, const std::string& state);
  void storage_updated(const json::Value& data);
  void event(const std::string& type, const std::string& from, const json::Value& data);
  void believe(const std::string& type, const std::string& from, const json::Value& data);
  void check_size(const std::string& presence);
  void know_user(const std::string& session);
  void forget_users();
  void check_envelope(const json::Value& message, const std::string& type);
  void told_error(const json::Value& data);

  // The document.
  void new_doc();
  void write();
  void take(std::string_view update);
  void keep(std::string update);
  [[nodiscard]] std::string merged_offline() const;
  [[nodiscard]] std::string initial_state();
  void check_gaps();
  void fail(const std::string& what);

  World& world_;
  const Traits traits_;
  bool living_ = false;  // does things of its own accord
  bool ended_ = false;
  std::uint32_t page_ = 0;  // counts reloads; what an earlier page planned is void

  std::optional<LinkId> link_;
  std::uint32_t connection_ = 0;  // counts connections
  bool connecting_ = false;
  net::FrameReader frames_{
      net::FrameReaderOptions{.role = net::Role::client, .message_bytes_max = 64 * 1024 * 1024}};
  std::uint16_t close_code_ = 0;
  std::string session_;
  bool answered_ = false;  // $storageReceived
  bool listed_ = false;
  bool answers_late_ = false;    // was sent changes before it had answered
  std::uint32_t answering_ = 0;  // $storageReceived whose answers are on their way
  std::int64_t pinged_ms_ = 0;   // 0: no pong is awaited
  std::set<std::string> gone_;   // sessions that were said to have left
  std::map<std::string, std::string> others_;
  std::map<std::string, std::string> known_by_;  // users, by the first session that it saw
  std::map<std::string, std::uint64_t> heard_;   // events, by session

  std::unique_ptr<ycrdt::Doc> doc_;
  bool observed_ = false;     // its edits are sent
  bool initialized_ = false;  // has a document
  bool brought_offline_ =
      false;               // what its offline store has is the room's first document, perhaps
  bool had_gaps_ = false;  // when a connection ended
  bool editing_ = false;
  std::string edited_;
  std::vector<std::string> offline_;
  std::uint64_t events_ = 0;
  std::uint64_t slow_calls_ = 0;
  std::uint64_t writes_ = 0;
  std::vector<Slow> slow_;
  std::uint32_t presences_ = 0;
  std::uint32_t last_presence_ = 0;
};

}  // namespace pluv::sim
