// A room under a server of the public API, without sockets: runs effects and host calls as the
// native platform does, on a queue and a clock that the test turns. For tests only; one thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "pluv/pluv.h"
#include "room/room.h"

namespace pluv::testing {

class FakeHost final : public detail::Host {
 public:
  void post(std::string_view, std::function<void()> fn) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(fn));
  }
  void post_after(std::chrono::milliseconds delay, std::function<void()> fn) override {
    const std::lock_guard lock(mutex_);
    timers_.emplace(now_ms + delay.count(), std::move(fn));
  }
  void garbage_collect(std::string_view) override { ++collections; }
  void edit(std::string_view, std::function<void(void*)> fn,
            std::function<void(Result<void>)> done) override {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back([this, fn = std::move(fn), done = std::move(done)] { run_edit(fn, done); });
  }
  std::size_t size(std::string_view) const override { return 7; }

  // Of a room that a test has.
  std::function<void(const std::function<void(void*)>& fn, std::function<void(Result<void>)> done)>
      run_edit;

  // Runs what is posted, and what that posts.
  void drain() {
    while (true) {
      std::function<void()> fn;
      {
        const std::lock_guard lock(mutex_);
        if (queue_.empty()) return;
        fn = std::move(queue_.front());
        queue_.pop_front();
      }
      fn();
    }
  }
  // Waits for another thread to post something, then drains.
  bool drain_when_posted() {
    for (int i = 0; i < 5'000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (!queue_.empty()) break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const bool posted = pending();
    drain();
    return posted;
  }
  bool pending() {
    const std::lock_guard lock(mutex_);
    return !queue_.empty();
  }
  void advance_ms(std::int64_t ms) {
    now_ms += ms;
    while (!timers_.empty() && timers_.begin()->first <= now_ms) {
      auto fn = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      fn();
      drain();
    }
    drain();
  }

  std::int64_t now_ms = 0;
  int collections = 0;

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> queue_;
  std::multimap<std::int64_t, std::function<void()>> timers_;
};

class Bench {
 public:
  template <class Server>
  explicit Bench(const Server& server) : core_(server.core()), room_("room-1", core_.definition()) {
    core_.runtime().attach(
        host, [this](std::string_view, std::string_view event, std::string_view fields) {
          log.push_back(std::string(event) + " " + std::string(fields));
        });
    host.run_edit = [this](const auto& fn, auto done) {
      edits_.emplace(next_edit_, std::move(done));
      step(room::EditDocument{.number = next_edit_++, .edit = &fn});
    };
  }
  ~Bench() {
    core_.runtime().detach();
    core_.runtime().destroy_frames();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  static SessionId id_of(room::SessionIndex index) {
    std::array<std::uint8_t, 16> random{};
    const std::uint32_t number = room::raw(index) + 1;
    std::memcpy(random.data(), &number, sizeof number);
    return SessionId::from_random(random);
  }

  room::SessionIndex join(detail::ParsedUser user = {}) {
    const room::SessionIndex index{next_++};
    step(room::Opened{index, id_of(index), user.id, user.json, user.user, user.permissions});
    mail.clear();
    return index;
  }
  void leave(room::SessionIndex index) { step(room::Closed{index}); }
  void send(room::SessionIndex index, std::string_view type, std::string_view data) {
    std::string text = R"({"type":")";
    text.append(type).append(R"(","data":)").append(data).append("}");
    step(room::Message{index, text});
  }
  // "type data" of what the session was sent since the last take.
  std::vector<std::string> take(room::SessionIndex index) {
    std::vector<std::string> out;
    for (const std::string& frame : std::exchange(mail[room::raw(index)], {})) {
      const auto value = Json::parse(frame);
      out.push_back(*value->find("type")->as_string() + " " + value->find("data")->to_text());
    }
    return out;
  }
  void step(const room::Input& input) {
    room::Effects effects;
    room_.step(input, {clock_ms, 1'795'467'862'000 + clock_ms}, effects);
    for (const room::Effect& effect : effects.list) execute(effects, effect);
  }
  room::Room& room() { return room_; }

  FakeHost host;
  std::vector<std::string> log;
  std::map<std::uint32_t, std::vector<std::string>> mail;
  std::int64_t clock_ms = 1'000;

 private:
  void execute(const room::Effects& effects, const room::Effect& effect) {
    if (const auto* send = std::get_if<room::Send>(&effect)) {
      std::string joined;
      for (const room::SessionIndex index : effects.receivers_of(*send)) {
        mail[room::raw(index)].emplace_back(effects.text_of(*send, joined));
      }
    } else if (const auto* edited = std::get_if<room::EditDone>(&effect)) {
      edits_.extract(edited->number).mapped()(edited->result);
    } else if (const auto* call = std::get_if<room::CallHost>(&effect)) {
      if (call->kind == room::HostCallKind::procedure) {
        start(effects, *call);
      } else {
        listen(effects, *call);
      }
    }
  }
  void start(const room::Effects& effects, const room::CallHost& call) {
    room::ProcedureStart start;
    start.room = room_.id();
    start.data = effects.view(call.data);
    start.has_session = call.session.valid;
    start.session = call.session.id;
    start.user = call.session.user;
    start.user_json = effects.view(call.session.user_json);
    start.presence_json = effects.view(call.session.presence_json);
    start.context = call.context;
    start.broadcast_only = call.broadcast_only;
    start.permissions = call.session.permissions;
    const room::Ticket ticket = call.ticket;
    core_.definition().procedures[call.procedure].start(
        std::move(start), [this, ticket](Result<room::EventSink> result) {
          step(room::HostReplied{ticket, &result});
        });
  }
  void listen(const room::Effects& effects, const room::CallHost& call) {
    room::ListenerEvent event;
    event.room = room_.id();
    event.has_session = call.session.valid;
    event.session = call.session.id;
    event.user = call.session.user;
    event.user_json = effects.view(call.session.user_json);
    event.context = call.context;
    event.name = effects.view(call.name);
    event.data = effects.view(call.data);
    event.document = call.document;
    const room::Listeners& listeners = core_.definition().listeners;
    switch (call.kind) {
      case room::HostCallKind::user_connected: listeners.on_user_connected(event); break;
      case room::HostCallKind::user_disconnected: listeners.on_user_disconnected(event); break;
      case room::HostCallKind::room_message: listeners.on_room_message(event); break;
      case room::HostCallKind::room_destroyed: {
        const room::Ticket ticket = call.ticket;
        listeners.on_room_destroyed(event,
                                    [this, ticket] { step(room::HostReplied{ticket, nullptr}); });
        break;
      }
      case room::HostCallKind::storage_updated: listeners.on_storage_updated(event); break;
      case room::HostCallKind::initial_storage:
        listeners.get_initial_storage(event, [this, ticket = call.ticket](Result<std::string> got) {
          Result<room::DocumentLoaded::Document> loaded = room::DocumentLoaded::Document{};
          if (!got.ok()) {
            loaded = std::move(got).error();
          } else if (!got->empty()) {
            loaded->updates.push_back(std::move(*got));
          }
          host.post({}, [this, ticket, loaded]() mutable {
            step(room::DocumentLoaded{ticket, &loaded});
          });
        });
        break;
      case room::HostCallKind::procedure: break;
    }
  }

  detail::Core& core_;
  room::Room room_;
  std::uint32_t next_ = 0;
  std::uint64_t next_edit_ = 1;
  std::map<std::uint64_t, std::function<void(Result<void>)>> edits_;
};

}  // namespace pluv::testing
