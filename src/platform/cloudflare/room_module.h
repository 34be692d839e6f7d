// One room behind a few functions of bytes: what a Durable Object's WebAssembly module holds. Takes
// the host's inputs, runs Room::step and what the room wants of C++ code (procedures, listeners,
// timers of coroutines), and answers all other effects as bytes (wire.h). Owns the room, which it
// makes when it is first needed and forgets when it is finished. Knows no sockets, no storage and
// no clock: the time comes with each input. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/cloudflare/byte_coding.h"
#include "platform/cloudflare/module_host.h"
#include "platform/cloudflare/wire.h"
#include "pluv/detail/core.h"
#include "room/room.h"

namespace pluv::cloudflare {

class RoomModule final : public ModuleHost {
 public:
  // config: wire-coded as read_config (room_module_config.cc) says. core: of the module's server.
  // Errors: invalid, with what is wrong with the host's options.
  [[nodiscard]] static Result<std::unique_ptr<RoomModule>> make(std::shared_ptr<detail::Core> core,
                                                                std::string_view config);

  // One input of wire.h; the effects are valid until the next call.
  [[nodiscard]] std::string_view step(std::string_view input);
  // The document that a listener was told of, encoded; empty when it is not known or empty.
  [[nodiscard]] std::string_view document(std::uint32_t handle);
  void release_document(std::uint32_t handle) { documents_.erase(handle); }
  // The largest message that the session may send now, in bytes.
  [[nodiscard]] std::size_t message_bytes_max(std::uint32_t index) const;
  [[nodiscard]] std::size_t size() const { return room_ != nullptr ? room_->size() : 0; }
  // The room's memory may go without a word, but for timers of C++ coroutines.
  [[nodiscard]] bool may_hibernate() const;

  // Of the server's own C++ code (ModuleHost, detail::Host).
  void feed(const room::Input& input) override;
  void post(std::string_view room, std::function<void()> fn) override;
  void post_after(std::chrono::milliseconds delay, std::function<void()> fn) override;
  void garbage_collect(std::string_view room) override;
  void edit(std::string_view room, std::function<void(void* document)> fn,
            std::function<void(Result<void>)> done) override;
  [[nodiscard]] std::size_t size(std::string_view) const override { return size(); }
  [[nodiscard]] std::string_view room() const override { return config_.room; }

 private:
  struct Config {
    std::string room;
    std::uint64_t seed = 0;
    std::uint32_t listeners = 0;          // a bit for each HostCallKind that the host listens to
    std::vector<std::string> procedures;  // of the host
    bool authorizes = false;              // sessions have users
  };
  [[nodiscard]] static Result<Config> read_config(std::string_view bytes,
                                                  room::Definition& definition);

  RoomModule(std::shared_ptr<detail::Core> core, Config config, room::Definition definition);

  [[nodiscard]] room::Room& live_room();
  void handle(ByteReader& input);
  void handle_opened(ByteReader& input);
  void handle_restored(ByteReader& input);
  void handle_procedure_done(ByteReader& input);
  void handle_document_loaded(ByteReader& input);
  void handle_persisted(ByteReader& input);
  void handle_server_event(InputKind kind, ByteReader& input);
  void handle_apply_update(ByteReader& input);
  void handle_woke();
  void run(const room::Input& input);
  void run_later();
  void execute();
  void execute_one(room::Effect& effect);
  [[nodiscard]] std::string_view keep(std::string bytes);
  void execute_send(const room::Send& send);
  void execute_call(room::CallHost& call);
  [[nodiscard]] bool call_own_listener(room::CallHost& call);
  void start_own_procedure(room::CallHost& call);
  void write_call(const room::CallHost& call);
  void write_session(const room::SessionSnapshot& session);
  void write_wake();
  void write_edit_done(std::uint64_t number, const Result<void>& result);
  void reject(std::string_view message);
  [[nodiscard]] room::ListenerEvent listener_event(room::CallHost& call) const;
  [[nodiscard]] Result<std::shared_ptr<const void>> user_of(std::string_view& user_json,
                                                            std::string& kept) const;
  void later(std::function<void()> fn) { later_.push_back(std::move(fn)); }
  [[nodiscard]] std::function<void(std::function<void()>)> replier();

  std::shared_ptr<detail::Core> core_;
  Config config_;
  room::Definition definition_;
  std::size_t own_procedures_ = 0;  // the C++ ones, which come first
  std::unique_ptr<room::Room> room_;
  std::uint32_t generation_ = 0;  // of the room; replies of an earlier one are dropped
  room::Effects effects_;
  Now now_;
  bool stepping_ = false;
  bool finished_ = false;

  std::deque<std::function<void()>> later_;
  std::multimap<std::int64_t, std::function<void()>> timers_;  // by steady time
  std::int64_t room_wake_ms_ = 0;
  std::int64_t told_wake_ms_ = 0;

  std::map<std::uint64_t, std::function<void(Result<void>)>> edits_;
  std::uint64_t next_edit_ = std::uint64_t{1} << 32;  // the host's are below
  std::map<std::uint32_t, std::shared_ptr<room::Document>> documents_;
  std::uint32_t next_document_ = 1;

  std::string output_;
  std::vector<std::shared_ptr<const std::string>> kept_;  // what output_ refers to
  std::string encoded_;
};

}  // namespace pluv::cloudflare
