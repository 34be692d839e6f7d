// Any sequence of inputs to a room with a document and a store: whatever the store answers and
// when, nothing is shown that it has not taken, nothing is written over what could not be read, and
// who is still there when all is answered has been sent all that was kept. When all have left, the
// room ends; and all of that though its memory goes now and then. Nothing is kept of who may not
// write, not even a delete, and each token that a session presents is answered. The bytes are a
// script.
// link: room protocol json base ycrdt
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/base64.h"
#include "fuzz/room_rights.h"
#include "fuzz/room_store.h"
#include "fuzz/room_tokens.h"
#include "json/reader.h"
#include "json/value.h"
#include "room/room.h"
#include "room/yjs_document.h"
#include "ycrdt/doc.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/updates.h"

namespace {

using namespace pluv;
using namespace pluv::room;

constexpr std::uint32_t kSessions = 4;

// Marks that handlers have put into the document in this run: each has a key of its own.
std::uint64_t marks = 0;

Result<void> mark(void* document, std::string_view kind, std::uint64_t number) {
  ycrdt::Doc& doc = *static_cast<ycrdt::Doc*>(document);
  PLUV_ASSERT(doc.check().empty());
  return doc.get_map("m").set(std::string(kind) + std::to_string(number), ycrdt::Any(1));
}

// Edits the document as a handler does; inside a step.
Result<void> write(ProcedureCall& call) {
  if (call.session != nullptr) PLUV_ASSERT(call.session->permissions->may_send("write"));
  const Result<void*> document = call.room.edit_document();
  if (!document.ok()) return document.error();
  const std::uint64_t number = ++marks;
  const Result<void> written = mark(*document, "w", number);
  if (written.ok()) {
    const std::string data = R"({"n":)" + std::to_string(number) + "}";
    call.events.emit(Audience::broadcast, "wrote", data);
    call.events.emit(Audience::self, "wrote", data);
  }
  return written;
}

Definition make_definition() {
  Definition definition;
  definition.storage = yjs_storage();
  definition.has_store = true;
  definition.hibernates = true;
  definition.refreshes_tokens = true;
  definition.limits.document_bytes_max = 600;
  definition.limits.unsaved_bytes_max = 500;
  definition.limits.gated_bytes_max = 2'000;
  definition.limits.storage_first_bytes_max = 8'000;
  definition.limits.log_updates_max = 3;
  definition.limits.store_retry_ms = 1'000;
  definition.limits.linger_ms = 5'000;
  definition.limits.sessions_per_room_max = 3;
  definition.procedures.push_back({"write", write, nullptr});
  definition.procedures.push_back({"slow", nullptr, [](ProcedureStart, ProcedureDone) {}});
  definition.listeners.get_initial_storage = [](ListenerEvent, InitialStorageDone) {};
  definition.listeners.on_storage_updated = [](ListenerEvent) {};
  definition.listeners.on_room_destroyed = [](ListenerEvent, ListenerDone) {};
  definition.freeze();
  return definition;
}

// Writers of this number and above are sessions with permissions, each with one of its own.
constexpr ycrdt::ClientId kFirstWriter = ycrdt::ClientId{1} << 40;

class Player {
 public:
  explicit Player(const Definition& definition) : definition_(definition) {
    room_.emplace("room", definition, 5);
  }

  void open(std::uint32_t at, std::string_view user_id, std::string_view permissions = "*") {
    Seat& seat = seats_[at];
    if (seat.open) return;
    seat = Seat();
    seat.open = true;
    std::array<std::uint8_t, 16> random{};
    const std::uint64_t number = ++ids_;
    std::memcpy(random.data(), &number, sizeof number);
    seat.id = SessionId::from_random(random);
    seat.user_id = user_id;
    seat.permissions = pluv::fuzz::permissions_of(permissions);
    seat.writer = kFirstWriter + number;
    const std::string json = user_id.empty() ? "" : R"({"id":")" + seat.user_id + "\"}";
    step(Opened{SessionIndex{at}, seat.id, seat.user_id, json, nullptr, permissions});
    PLUV_ASSERT(seat.permissions.may_read() || !seat.open);
  }
  void close(std::uint32_t at) {
    if (!seats_[at].open) return;
    seats_[at].open = false;
    step(Closed{SessionIndex{at}});
  }
  void say(std::uint32_t at, const std::string& text) {
    if (seats_[at].open) step(Message{SessionIndex{at}, text});
  }
  // What a client of that number has typed up to here, from some letter on: the rest may be lost.
  void type(std::uint32_t at, std::uint8_t letters, std::uint8_t lost, bool initialized) {
    ycrdt::Doc doc({.client_id = at + 10});
    std::string update(ycrdt::kEmptyUpdate);
    for (int i = 0; i < letters % 32; ++i) {
      const ycrdt::StateVector before = doc.state_vector();
      PLUV_ASSERT(doc.get_text("t").insert(static_cast<std::uint32_t>(i), "x").ok());
      if (i < lost % 16) continue;
      update = doc.encode_state_as_update(
          i == lost % 16 ? before : ycrdt::StateVector({{at + 10, lost % 16u}}));
    }
    say_update(at, update, initialized);
  }
  // The same under the session's own number, or its own document when it joins.
  void type_as_itself(std::uint32_t at, std::uint8_t letters) {
    if (!seats_[at].open) return;
    ycrdt::Doc doc({.client_id = seats_[at].writer});
    PLUV_ASSERT(doc.get_text("t").insert(0, std::string(1 + letters % 16, 'p')).ok());
    const std::string update = doc.encode_state_as_update();
    wants_to_write(at, false);
    if (letters % 3 != 0) return say_update(at, update, letters % 3 == 1);
    (void)seats_[at].document.apply_update(update);
    say(at, R"({"type":"$initializeSession","data":{"presence":{},"update":")" +
                base64_encode(update) + "\"}}");
  }
  // Deletes all of the text that it knows.
  void erase(std::uint32_t at, bool initialized) {
    if (!seats_[at].open) return;
    ycrdt::Doc doc({.client_id = seats_[at].writer, .clean_formatting = false});
    if (!doc.apply_update(seats_[at].document.encode_state_as_update()).ok()) return;
    const ycrdt::StateVector before = doc.state_vector();
    PLUV_ASSERT(doc.get_text("t").erase(0, doc.get_text("t").length()).ok());
    wants_to_write(at, true);
    say_update(at, doc.encode_state_as_update(before), initialized);
  }
  // Bytes that may be any update, but for one in another session's name.
  void say_bytes(std::uint32_t at, std::string_view update) {
    const auto meta = ycrdt::parse_update_meta(update);
    if (meta.ok() && std::ranges::any_of(meta->clients, [](const auto& range) {
          return range.client >= kFirstWriter;
        })) {
      return;
    }
    wants_to_write(at, true);
    say_update(at, update, false);
  }
  void present_token(std::uint32_t at) {
    if (seats_[at].open) say(at, tokens_.present(seats_[at].tokens));
  }
  void say_update(std::uint32_t at, std::string_view update, bool initialized) {
    if (!seats_[at].open) return;
    (void)seats_[at].document.apply_update(update);  // it has its own edits
    say(at, std::string(R"({"type":"$updateStorage","data":{"origin":)") +
                (initialized ? R"("$initialized")" : "null") + R"(,"update":")" +
                base64_encode(update) + "\"}}");
  }
  void answer_store(std::uint8_t how) {
    store_.answer(how, [this](const Input& input) { step(input); });
  }
  void answer_host(std::uint8_t how) {
    if (calls_.empty()) return;
    const CallHost call = calls_.front();
    calls_.pop_front();
    if (call.kind == HostCallKind::room_destroyed) {
      step(HostReplied{call.ticket, nullptr});
    } else if (call.kind == HostCallKind::procedure) {
      EventSink sink;
      sink.emit(Audience::broadcast, "slowly", "{}");
      Result<EventSink> result = std::move(sink);
      if (how % 3 == 0) result = Error{ErrorCode::internal, "failed"};
      step(HostReplied{call.ticket, &result});
      step(HostReplied{call.ticket, &result});  // it counts once
    } else {
      store_.answer_initial(call.ticket, how, [this](const Input& input) { step(input); });
    }
  }
  void edit() {
    const std::uint64_t number = ++edits_begun_;
    const std::function<void(void*)> edit = [number](void* document) {
      PLUV_ASSERT(mark(document, "e", number).ok());
    };
    ++edits_;
    step(EditDocument{number, &edit});
  }
  void evict(std::uint32_t at) { step(Evict{seats_[at].id}); }
  void evict_user(std::string_view user_id) {
    step(EvictUser{user_id});
    expect_gone(user_id);
  }
  void revoke(std::string_view user_id) {
    step(Revoke{user_id});
    expect_gone(user_id);
  }
  void set_permissions(std::string_view user_id, std::string_view text) {
    const Permissions permissions = pluv::fuzz::permissions_of(text);
    for (std::uint32_t at = 0; at < kSessions; ++at) {
      const bool is_theirs = seats_[at].open && seats_[at].user_id == user_id;
      if (is_theirs && permissions.may_read() && !user_id.empty()) give(at, permissions);
    }
    step(SetPermissions{user_id, text});
    if (!permissions.may_read()) expect_gone(user_id);
    expect_permissions_right();
  }
  void answer_token(std::uint8_t how, std::string_view permissions) {
    const auto answer = tokens_.answer(how, permissions);
    if (!answer) return;
    const std::uint32_t at = raw(answer->check.index);
    const bool due = at < kSessions && !answer->is_null && seats_[at].open &&
                     seats_[at].id == answer->check.session &&
                     seats_[at].tokens.due == answer->check.ticket;
    std::optional<Permissions> given;
    if (due) {
      given = answer->permissions_for(seats_[at].user_id);
      if (given) give(at, *given);
      seats_[at].tokens.due = Ticket{};
    }
    step(answer->input());
    expect_permissions_right();
  }
  void pass(std::int64_t ms) {
    now_.steady_ms += ms;
    now_.unix_ms += ms;
    if (wake_ms_ != 0 && wake_ms_ <= now_.steady_ms) {
      wake_ms_ = 0;
      step(Woke{});
    }
  }
  void step(const Input& input) {
    effects_.clear();
    room_->step(input, now_, effects_);
    for (Effect& effect : effects_.list) check(effect);
    PLUV_ASSERT(room_->size() == 0 || wake_ms_ != 0);
    PLUV_ASSERT(!room_->may_be_forgotten() || room_->size() == 0);
  }
  // Its memory goes, unless it is at work, and comes back.
  void hibernate() {
    if (!room_->may_hibernate()) return;
    for (const Seat& seat : seats_) {
      if (seat.open) PLUV_ASSERT(seat.tokens.all_answered());
    }
    tokens_.forget();
    room_.emplace("room", definition_, ++ids_);
    wake_ms_ = 0;
    for (std::uint32_t at = kSessions; at-- > 0;) {
      if (!seats_[at].open) continue;
      const std::string kept = seats_[at].kept;
      step(Restored{SessionIndex{at}, kept, nullptr});
    }
    expect_permissions_right();
  }
  // The store and the host answer all; who is still there has then heard of all that was kept.
  void settle() {
    for (int i = 0; i < 200; ++i) {
      answer_store(3);
      answer_host(3);
      answer_token(static_cast<std::uint8_t>(i % 5), "read");
      pass(100);
      for (std::uint32_t at = 0; at < kSessions; ++at) {
        if (seats_[at].open) step(Heard{SessionIndex{at}});
      }
    }
    if (!store_.idle() || !calls_.empty()) return;
    if (!may_delete_) PLUV_ASSERT(!store_.has_deletes());
    for (const Seat& seat : seats_) {
      if (seat.open) PLUV_ASSERT(seat.tokens.all_answered());
      if (!seat.open || !seat.has_document) continue;
      const ycrdt::StateVector known = seat.document.state_vector();
      for (const auto& [client, clock] : store_.state().entries()) {
        PLUV_ASSERT(known.clock(client) >= clock);
      }
    }
  }
  void end() {
    settle();
    for (std::uint32_t at = 0; at < kSessions; ++at) close(at);
    for (int i = 0; i < 1'000 && !room_->finished(); ++i) {
      answer_store(3);
      answer_host(3);
      pass(1'000);
    }
    PLUV_ASSERT(room_->finished());
    PLUV_ASSERT(edits_ == 0);
  }

 private:
  struct Seat {
    bool open = false;
    bool has_document = false;  // was sent the whole of it
    SessionId id;
    std::string user_id;
    Permissions permissions;
    ycrdt::ClientId writer = 0;
    bool has_written = false;  // under that number, also when it may not
    bool has_deleted = false;  // perhaps
    pluv::fuzz::SessionTokens tokens;
    ycrdt::LazyDoc document;  // what it was sent, and its own edits
    std::string kept;         // of the session, for when the room's memory goes
  };

  // What waits counts when it is handled, and perhaps the session may write by then.
  void give(std::uint32_t at, const Permissions& permissions) {
    Seat& seat = seats_[at];
    seat.permissions = permissions;
    if (!permissions.may_write()) return;
    if (seat.has_written) writers_.insert(seat.writer);
    may_delete_ |= seat.has_deleted;
  }
  void wants_to_write(std::uint32_t at, bool deletes) {
    Seat& seat = seats_[at];
    if (!seat.open) return;
    seat.has_written = true;
    seat.has_deleted |= deletes;
    give(at, seat.permissions);
  }
  void expect_gone(std::string_view user_id) const {
    for (const Seat& seat : seats_) {
      PLUV_ASSERT(!seat.open || user_id.empty() || seat.user_id != user_id);
    }
  }
  void expect_permissions_right() const {
    room_->for_each_session([&](const SessionView& view) {
      const auto seat = std::ranges::find(seats_, view.id, &Seat::id);
      PLUV_ASSERT(seat != seats_.end() && seat->permissions == *view.permissions);
    });
  }
  void expect_of_writers(std::string_view update) const {
    const auto meta = ycrdt::parse_update_meta(update);
    PLUV_ASSERT(meta.ok());
    for (const auto& range : meta->clients) {
      PLUV_ASSERT(range.client < kFirstWriter || writers_.contains(range.client));
    }
  }

  void check(Effect& effect) {
    if (const auto* append = std::get_if<AppendUpdate>(&effect)) expect_of_writers(append->update);
    if (store_.take(effect)) return;
    if (const auto* send = std::get_if<Send>(&effect)) {
      check_send(*send);
    } else if (const auto* closed = std::get_if<Close>(&effect)) {
      PLUV_ASSERT(seats_[raw(closed->session)].open);
      seats_[raw(closed->session)].open = false;
    } else if (const auto* wake = std::get_if<WakeAt>(&effect)) {
      PLUV_ASSERT(wake->at_ms > now_.steady_ms);
      PLUV_ASSERT(wake->at_ms <= now_.steady_ms + Limits().garbage_collect_ms);
      wake_ms_ = wake->at_ms;
    } else if (const auto* changed = std::get_if<SessionChanged>(&effect)) {
      seats_[raw(changed->session)].kept = room_->attachment(changed->session);
    } else if (const auto* asked = std::get_if<CheckToken>(&effect)) {
      Seat& seat = seats_[raw(asked->session)];
      PLUV_ASSERT(seat.open);
      tokens_.asked(seat.tokens, *asked, seat.id, effects_.view(asked->token));
    } else if (const auto* call = std::get_if<CallHost>(&effect)) {
      if (call->ticket != Ticket{}) calls_.push_back(*call);
    } else if (const auto* done = std::get_if<EditDone>(&effect)) {
      PLUV_ASSERT(edits_ > 0);
      --edits_;
      if (done->result.ok()) PLUV_ASSERT(store_.has_key("e" + std::to_string(done->number)));
    } else if (std::get_if<Finished>(&effect) != nullptr) {
      PLUV_ASSERT(room_->size() == 0);
    }
  }
  void check_send(const Send& send) {
    std::string joined;
    const auto message = json::Value::parse(effects_.text_of(send, joined));
    PLUV_ASSERT(message.ok());
    PLUV_ASSERT(send.receivers_count > 0);
    const std::string& type = *message->find("type")->as_string();
    const json::Value& data = *message->find("data");
    if (type == "wrote") {
      const auto number = static_cast<std::uint64_t>(*data.find("n")->as_number());
      PLUV_ASSERT(store_.has_key("w" + std::to_string(number)));
    }
    std::string state;
    const bool whole = type == "$storageReceived";
    if (whole || type == "$storageUpdated") {
      state = base64_decode(*data.find("state")->as_string()).value();
      PLUV_ASSERT(store_.has(state));
    }
    for (const SessionIndex index : effects_.receivers_of(send)) {
      PLUV_ASSERT(raw(index) < kSessions && seats_[raw(index)].open);
      Seat& seat = seats_[raw(index)];
      if (whole) seat.has_document = true;
      if (!state.empty()) PLUV_ASSERT(seat.document.apply_update(state).ok());
    }
  }

  const Definition& definition_;
  std::optional<Room> room_;
  Effects effects_;
  Now now_{1'000, 1'795'467'862'000};
  std::array<Seat, kSessions> seats_;
  pluv::fuzz::RoomStore store_;
  pluv::fuzz::RoomTokens tokens_;
  std::set<ycrdt::ClientId> writers_;  // those that may have written, from kFirstWriter on
  bool may_delete_ = false;            // somebody who was allowed to may have deleted something
  std::deque<CallHost> calls_;
  std::uint64_t ids_ = 0;
  std::uint64_t edits_begun_ = 0;
  std::uint64_t edits_ = 0;  // not done
  std::int64_t wake_ms_ = 0;
};

void play(Player& player, std::uint8_t operation, std::uint32_t session,
          const std::function<std::uint8_t()>& next,
          const std::function<std::string_view(std::size_t)>& take) {
  switch (operation % 17) {
    case 0:
    case 1: player.open(session, operation % 17 == 1 ? "ann" : ""); return;
    case 2: player.close(session); return;
    case 3:
      player.say(session, R"({"type":"$initializeSession","data":{"presence":{},"update":""}})");
      return;
    case 4:
    case 5: {
      const std::uint8_t letters = next();
      player.type(session, letters, next(), operation % 17 == 4);
      return;
    }
    case 6: player.say_bytes(session, take(next())); return;
    case 7:
    case 8: player.answer_store(next()); return;
    case 9: player.answer_host(next()); return;
    case 10: player.pass(next() * 50); return;
    case 11: player.say(session, R"({"type":"write","data":{}})"); return;
    case 12:
      if (session == 0) player.step(ForgetIdle{});
      if (session == 1) player.step(EvictAll{});
      if (session > 1) player.edit();
      return;
    case 13: player.step(ServerBroadcast{session % 2 == 0 ? "write" : "slow", "{}"}); return;
    case 14:
      if (session < 2) player.evict(session);
      if (session == 2) player.step(CollectGarbage{});
      if (session == 3) player.step(ServerEmit{"news", "{}"});
      return;
    case 15: player.say(session, R"({"type":"slow","data":{}})"); return;
    case 16:
      if (session == 0) player.pass(std::int64_t{next()} * 3'600'000);
      if (session == 1 || session == 2) player.settle();
      if (session == 3) player.hibernate();
      return;
  }
}

// Operations from here on are about what sessions may do.
constexpr std::uint8_t kOfPermissions = 192;

void play_permissions(Player& player, std::uint8_t operation, std::uint32_t session,
                      const std::function<std::uint8_t()>& next) {
  constexpr std::string_view kUsers[] = {"u0", "u1", "ann", ""};
  const std::string_view user = kUsers[session];
  switch (operation % 8) {
    case 0: player.open(session, kUsers[session % 2], pluv::fuzz::permission_text(next())); return;
    case 1:
    case 2: player.type_as_itself(session, next()); return;
    case 3: player.erase(session, next() % 2 == 0); return;
    case 4: player.set_permissions(user, pluv::fuzz::permission_text(next())); return;
    case 5:
      if (next() % 2 == 0) return player.evict_user(user);
      player.revoke(user);
      return;
    case 6: player.present_token(session); return;
    case 7: {
      const std::uint8_t how = next();
      player.answer_token(how, pluv::fuzz::permission_text(next()));
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Definition definition = make_definition();
  marks = 0;
  Player player(definition);
  std::size_t at = 0;
  const auto next = [&]() -> std::uint8_t { return at < size ? data[at++] : 0; };
  const auto take = [&](std::size_t most) {
    const std::size_t length = std::min(most, size - at);
    at += length;
    return std::string_view(reinterpret_cast<const char*>(data) + at - length, length);
  };
  // Settling takes some hundred steps, so a script has its length.
  for (int steps = 0; at < size && steps < 500; ++steps) {
    const std::uint8_t operation = next();
    const std::uint32_t session = next() % kSessions;
    if (operation < kOfPermissions) {
      play(player, operation, session, next, take);
    } else {
      play_permissions(player, operation, session, next);
    }
  }
  player.end();
  return 0;
}
