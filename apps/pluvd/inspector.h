// The inspector's API: what a running server does, as JSON, for the page at /inspector and for
// scripts (docs/inspector.md). Rooms are read on their own loops as copies; whatever takes time
// (JSON, documents, the file) is done on two threads of the inspector's own, so that looking holds
// up nobody. Made before the server and closed before it; everything else is thread-safe. The log
// is told who changed what, and never what it was.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/job_thread.h"
#include "adapters/store.h"
#include "apps/pluvd/inspector_access.h"
#include "apps/pluvd/inspector_load.h"
#include "apps/pluvd/inspector_messages.h"
#include "apps/pluvd/inspector_rooms.h"
#include "apps/pluvd/inspector_route.h"
#include "net/http.h"
#include "platform/native/server.h"

namespace pluv::apps {

struct InspectorOptions {
  bool dev = false;
  std::string storage;  // as it is told: "sqlite", "memory"
  bool keeps_history = false;
  std::size_t threads = 1;
  std::int64_t interval_ms = 10'000;  // of the load's samples
  std::size_t event_name_bytes_max = 64;
  std::function<std::int64_t()> steady_ms;
  std::function<std::int64_t()> unix_ms;
  // A line of the log; fields: a JSON object.
  std::function<void(std::string_view level, std::string_view event, std::string_view fields)> log;
};

class Inspector : public std::enable_shared_from_this<Inspector> {
 public:
  Inspector(InspectorAccessOptions access, InspectorOptions options);

  // For native::ServerHooks::later.
  [[nodiscard]] native::LaterHttp hook();
  // For native::ServerHooks::tap.
  [[nodiscard]] std::shared_ptr<native::MessageTap> tap() const { return messages_; }
  [[nodiscard]] InspectorAccess& access() noexcept { return access_; }

  // Before the server runs. Both outlive close(). store: null when there is none.
  void attach(native::Server& server, adapters::Store* store);
  // On a loop, when the server listens: begins to take samples of the load.
  void start();
  // What is being made is finished; what waits for it is never answered. Once, when no loop runs.
  void close();

  // Prometheus' text form.
  [[nodiscard]] std::string metrics_text() const;

 private:
  struct Call {
    native::HttpQuestion question;
    native::HttpAnswerFn respond;
    InspectorRoute route;
    std::shared_ptr<void> slot;  // of the documents that are in hand at once; null: none is asked
    [[nodiscard]] const std::string& room() const noexcept { return route.room; }
  };
  using CallRef = std::shared_ptr<Call>;
  using Updates = std::vector<std::string>;

  // inspector.cc
  [[nodiscard]] std::optional<net::Response> refuse(const net::Request& request);
  void answer(native::HttpQuestion question, native::HttpAnswerFn respond);
  void route(const CallRef& call);
  void reply(const CallRef& call, net::Response response);
  void reply(const CallRef& call, const Error& error);
  void count(const net::Response& response);
  void load(const CallRef& call);
  void messages(const CallRef& call);
  void server_facts(const CallRef& call);
  void list_rooms(const CallRef& call);
  void rooms_listed(std::vector<native::RoomLine> lines);
  void reply_page(const CallRef& call);
  void sample();
  // On a thread of the inspector's own, after what was asked for before; not at all after close().
  // Documents have one of their own.
  void quickly(std::function<void()> job);
  void with_document(std::function<void()> job);
  // Before a document is copied or loaded, of which only so many are in hand at once: the call has
  // its slot until it is answered. Else it is refused, and false.
  [[nodiscard]] bool take_slot(const CallRef& call);
  // For a question to the store, whose threads may outlive the server's loops: what it answers is
  // used on the quick thread, an error told to the client.
  template <class T>
  [[nodiscard]] std::function<void(Result<T>)> when_stored(const CallRef& call,
                                                           std::function<void(T)> use) {
    return [weak = weak_from_this(), call, use = std::move(use)](Result<T> answer) {
      const auto self = weak.lock();
      if (!self) return;
      auto kept = std::make_shared<Result<T>>(std::move(answer));
      self->quickly([raw = self.get(), call, use, kept] {
        if (!kept->ok()) return raw->reply(call, kept->error());
        use(std::move(**kept));
      });
    };
  }

  // inspector_room.cc
  void room(const CallRef& call);
  void document(const CallRef& call);
  void export_document(const CallRef& call);
  void history(const CallRef& call);
  void past_document(const CallRef& call);
  void stored_room(const CallRef& call);
  // What the store has of the room without its document; the call is answered when that is nothing.
  void with_stored_room(const CallRef& call, std::function<void(adapters::StoredRoom)> use);
  // What the room's document is made of now, wherever it is, on the documents' thread; the call is
  // answered when there is none. The call has a slot. use: also told the version.
  void with_updates(const CallRef& call, std::uint64_t unless_version,
                    std::function<void(const native::DocumentLook& document)> use);

  // inspector_change.cc
  void restore(const CallRef& call);
  void revert(const CallRef& call, std::uint64_t number, const Updates& now, const Updates& then);
  void reply_version(const CallRef& call);
  void evict(const CallRef& call);
  void broadcast(const CallRef& call);
  // Who did what in which room.
  using AuditFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  void audit(const CallRef& call, std::string_view event, AuditFields more = {});
  void audit_restore(const CallRef& call, std::uint64_t number, const Result<void>& outcome);

  const InspectorOptions options_;
  InspectorAccess access_;
  const std::shared_ptr<InspectorMessages> messages_;
  InspectorLoad load_;
  const std::int64_t started_unix_ms_;
  native::Server* server_ = nullptr;
  adapters::Store* store_ = nullptr;

  mutable std::mutex counts_mutex_;
  std::map<int, std::uint64_t> answered_;  // by status

  std::mutex rooms_mutex_;
  bool listing_ = false;
  std::vector<CallRef> listing_for_;
  std::int64_t listed_ms_ = 0;
  std::unique_ptr<RoomSnapshot> rooms_;  // made and read on the quick thread

  // Apart, since a call may outlive the inspector.
  const std::shared_ptr<std::atomic<int>> slots_taken_ = std::make_shared<std::atomic<int>>(0);
  adapters::JobThread quick_;  // last: they use the others
  adapters::JobThread documents_;
};

}  // namespace pluv::apps
