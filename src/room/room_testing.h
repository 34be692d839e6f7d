// A room with a virtual clock and a mailbox a session, for tests: runs every step's effects the way
// a platform would, only that nothing ever leaves the process.
#pragma once

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "room/room.h"

namespace pluv::room {

class TestRoom {
 public:
  struct ClosedSession {
    SessionIndex index{};
    std::uint16_t code = 0;
    std::string reason;
    bool paced = false;
  };
  struct HostCall {
    Ticket ticket{};
    HostCallKind kind{};
    std::string user_json, presence_json, name, data;
    std::optional<SessionId> session;
    std::shared_ptr<void> context;
    std::shared_ptr<Document> document;
  };

  explicit TestRoom(Definition definition = {}, std::string id = "room-1")
      : definition_(frozen(std::move(definition))), id_(std::move(id)) {
    room_.emplace(id_, definition_, 42);
  }

  SessionIndex join(std::string_view user_id = {}, std::string_view user_json = {},
                    std::string_view permissions = "*") {
    const SessionIndex index{next_index_++};
    open(index, user_id, user_json, permissions);
    return index;
  }
  // Joins and plays the client's part up to $getOthers; the mailboxes keep what it led to.
  SessionIndex join_fully(std::string_view user_id = {}, std::string_view user_json = {},
                          std::string_view presence = R"({"count":0})") {
    const SessionIndex index = join(user_id, user_json);
    send(index, R"({"type":"$initializeSession","data":{"presence":)" + std::string(presence) +
                    R"(,"update":""}})");
    send(index, R"({"type":"$getOthers","data":{}})");
    return index;
  }
  void open(SessionIndex index, std::string_view user_id = {}, std::string_view user_json = {},
            std::string_view permissions = "*") {
    step(Opened{index, id_of(index), user_id, user_json, nullptr, permissions});
  }
  void send(SessionIndex index, std::string_view text) { step(Message{index, text}); }
  void leave(SessionIndex index) {
    kept.erase(raw(index));
    step(Closed{index});
  }
  void advance_ms(std::int64_t ms) {
    now_.steady_ms += ms;
    now_.unix_ms += ms;
  }
  // Advances the clock step by step, waking the room whenever it asked to be.
  void run_ms(std::int64_t ms) {
    const std::int64_t end = now_.steady_ms + ms;
    while (wake_at_ms_ && *wake_at_ms_ <= end) {
      advance_ms(std::max<std::int64_t>(0, *wake_at_ms_ - now_.steady_ms));
      wake_at_ms_.reset();
      step(Woke{});
    }
    advance_ms(end - now_.steady_ms);
  }
  void reply(Ticket ticket, Result<EventSink> result) { step(HostReplied{ticket, &result}); }
  // What the store, or get_initial_storage, answers to the oldest load that waits.
  void loaded(std::vector<std::string> updates, bool has_snapshot = false) {
    const std::uint64_t last = updates.size();
    Result<DocumentLoaded::Document> document =
        DocumentLoaded::Document{std::move(updates), last, has_snapshot};
    step(DocumentLoaded{take_first(loads), &document});
  }
  void load_fails(const char* why = "The disk is gone") {
    Result<DocumentLoaded::Document> failed = Error{ErrorCode::unavailable, why};
    step(DocumentLoaded{take_first(loads), &failed});
  }
  // What the store answers to the oldest append that waits; answers what was appended.
  std::string appended() {
    const AppendUpdate append = take_first(appends);
    const Result<std::uint64_t> number = ++last_number_;
    step(Persisted{append.ticket, &number});
    return append.update;
  }
  void append_fails() {
    const Result<std::uint64_t> failed = Error{ErrorCode::unavailable, "The disk is full"};
    step(Persisted{take_first(appends).ticket, &failed});
  }
  CompactDocument compacted() {
    CompactDocument compact = take_first(compactions);
    const Result<std::uint64_t> number = compact.last;
    step(Persisted{compact.ticket, &number});
    return compact;
  }
  void compact_fails() {
    const Result<std::uint64_t> failed = Error{ErrorCode::unavailable, "The disk is full"};
    step(Persisted{take_first(compactions).ticket, &failed});
  }
  void step(const Input& input) {
    effects_.clear();
    room_->step(input, now_, effects_);
    execute();
  }

  // Its memory goes and comes back, by what it has asked to be kept; the newest session first.
  void hibernate() {
    room_.emplace(id_, definition_, 43);
    wake_at_ms_.reset();
    const std::map<std::uint32_t, std::string> sessions = kept;
    for (auto session = sessions.rbegin(); session != sessions.rend(); ++session) {
      step(Restored{SessionIndex{session->first}, session->second, nullptr});
    }
  }

  // What the session was sent since the last take.
  std::vector<std::string> take(SessionIndex index) { return std::exchange(mail_[raw(index)], {}); }
  void drop_mail() { mail_.clear(); }
  // A session's id depends on its index alone.
  static SessionId id_of(SessionIndex index) {
    std::array<std::uint8_t, 16> random{};
    const std::uint32_t number = raw(index) + 1;
    std::memcpy(random.data(), &number, sizeof number);
    return SessionId::from_random(random);
  }
  static std::string id_text(SessionIndex index) { return std::string(id_of(index).text()); }

  Room& room() { return *room_; }
  Effects& effects() { return effects_; }
  Now& now() { return now_; }
  std::vector<ClosedSession> closed;
  std::vector<SessionIndex> pinged;
  std::vector<HostCall> host_calls;
  std::vector<Ticket> loads;  // of the store
  std::vector<AppendUpdate> appends;
  std::vector<CompactDocument> compactions;
  std::vector<std::string> troubles;
  std::vector<EditDone> edits_done;
  std::vector<std::pair<CheckToken, std::string>> checks;  // with the token
  std::vector<RefusalReason> refused;
  std::map<std::uint32_t, std::string> kept;  // attachments, by session
  std::vector<FrameKind> kinds;               // of every send
  int finished = 0;

 private:
  template <class T>
  static T take_first(std::vector<T>& list) {
    PLUV_ASSERT(!list.empty());
    T first = std::move(list.front());
    list.erase(list.begin());
    return first;
  }
  static Definition frozen(Definition definition) {
    definition.freeze();
    return definition;
  }
  void execute() {
    for (const Effect& effect : effects_.list) {
      if (const auto* send = std::get_if<Send>(&effect)) {
        kinds.push_back(send->kind);
        std::string joined;
        for (const SessionIndex index : effects_.receivers_of(*send)) {
          mail_[raw(index)].emplace_back(effects_.text_of(*send, joined));
        }
      } else if (const auto* close = std::get_if<Close>(&effect)) {
        closed.push_back({close->session, close->code, std::string(close->reason), close->paced});
        kept.erase(raw(close->session));
      } else if (const auto* changed = std::get_if<SessionChanged>(&effect)) {
        kept[raw(changed->session)] = room_->attachment(changed->session);
      } else if (const auto* ping = std::get_if<Ping>(&effect)) {
        pinged.push_back(ping->session);
      } else if (const auto* wake = std::get_if<WakeAt>(&effect)) {
        wake_at_ms_ = wake->at_ms;
      } else if (const auto* call = std::get_if<CallHost>(&effect)) {
        HostCall copy;
        copy.ticket = call->ticket;
        copy.kind = call->kind;
        copy.user_json = effects_.view(call->session.user_json);
        copy.presence_json = effects_.view(call->session.presence_json);
        copy.name = effects_.view(call->name);
        copy.data = effects_.view(call->data);
        if (call->session.valid) copy.session = call->session.id;
        copy.context = call->context;
        copy.document = call->document;
        host_calls.push_back(std::move(copy));
      } else if (const auto* load = std::get_if<LoadDocument>(&effect)) {
        loads.push_back(load->ticket);
      } else if (const auto* append = std::get_if<AppendUpdate>(&effect)) {
        appends.push_back(*append);
      } else if (const auto* compact = std::get_if<CompactDocument>(&effect)) {
        compactions.push_back(*compact);
      } else if (const auto* done = std::get_if<EditDone>(&effect)) {
        edits_done.push_back(*done);
      } else if (const auto* check = std::get_if<CheckToken>(&effect)) {
        checks.emplace_back(*check, effects_.view(check->token));
      } else if (const auto* trouble = std::get_if<Trouble>(&effect)) {
        troubles.push_back(std::string(trouble->what) + ": " + trouble->message);
      } else if (const auto* refusal = std::get_if<Refused>(&effect)) {
        refused.push_back(refusal->reason);
      } else if (std::get_if<Finished>(&effect) != nullptr) {
        ++finished;
      }
    }
  }

  Definition definition_;
  std::string id_;
  std::optional<Room> room_;
  Now now_{1'000'000, 1'795'467'862'000};
  Effects effects_;
  std::optional<std::int64_t> wake_at_ms_;
  std::map<std::uint32_t, std::vector<std::string>> mail_;
  std::uint32_t next_index_ = 0;
  std::uint64_t last_number_ = 0;
};

}  // namespace pluv::room
