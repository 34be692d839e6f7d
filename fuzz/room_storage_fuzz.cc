// Any sequence of inputs to a room with a document and a store: whatever the store answers and
// when, nothing is shown that it has not taken, the document passes its check, and when all have
// left and all is answered, the room ends. The bytes are a script.
// link: room protocol json base ycrdt
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/base64.h"
#include "json/reader.h"
#include "room/room.h"
#include "room/yjs_document.h"
#include "ycrdt/doc.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/updates.h"

namespace {

using namespace pluv;
using namespace pluv::room;

constexpr std::uint32_t kSessions = 4;

// Edits the document as a handler does; inside a step.
Result<void> write(ProcedureCall& call) {
  const Result<void*> document = call.room.edit_document();
  if (!document.ok()) return document.error();
  ycrdt::Doc& doc = *static_cast<ycrdt::Doc*>(*document);
  PLUV_ASSERT(doc.check().empty());
  const Result<void> written = doc.get_text("t").insert(0, "w");
  call.events.emit(Audience::broadcast, "wrote", "{}");
  return written;
}

Definition make_definition() {
  Definition definition;
  definition.storage = yjs_storage();
  definition.has_store = true;
  definition.limits.document_bytes_max = 400;
  definition.limits.unsaved_bytes_max = 300;
  definition.limits.log_updates_max = 3;
  definition.limits.store_retry_ms = 1'000;
  definition.limits.linger_ms = 5'000;
  definition.procedures.push_back({"write", write, nullptr});
  definition.listeners.get_initial_storage = [](ListenerEvent, InitialStorageDone) {};
  definition.listeners.on_storage_updated = [](ListenerEvent) {};
  definition.listeners.on_room_destroyed = [](ListenerEvent, ListenerDone) {};
  definition.freeze();
  return definition;
}

class Player {
 public:
  explicit Player(const Definition& definition) : room_("room", definition, 5) {}

  void open(std::uint32_t at) {
    if (open_[at]) return;
    open_[at] = true;
    std::array<std::uint8_t, 16> random{};
    const std::uint64_t number = ++ids_;
    std::memcpy(random.data(), &number, sizeof number);
    step(Opened{SessionIndex{at}, SessionId::from_random(random), {}, {}, nullptr});
  }
  void close(std::uint32_t at) {
    if (!open_[at]) return;
    open_[at] = false;
    step(Closed{SessionIndex{at}});
  }
  void say(std::uint32_t at, const std::string& text) {
    if (open_[at]) step(Message{SessionIndex{at}, text});
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
  void say_update(std::uint32_t at, std::string_view update, bool initialized) {
    say(at, std::string(R"({"type":"$updateStorage","data":{"origin":)") +
                (initialized ? R"("$initialized")" : "null") + R"(,"update":")" +
                base64_encode(update) + "\"}}");
  }
  void answer_store(std::uint8_t how) {
    if (asked_.empty()) return;
    Asked asked = std::move(asked_.front());
    asked_.pop_front();
    const bool fails = how % 4 == 0;
    const Error error{ErrorCode::unavailable, "The disk is full"};
    if (asked.load) {
      Result<DocumentLoaded::Document> loaded = DocumentLoaded::Document{};
      const std::string kept = saved_.encode_state_as_update();
      if (kept != ycrdt::kEmptyUpdate) loaded->updates.push_back(kept);
      if (fails) loaded = error;
      step(DocumentLoaded{asked.ticket, &loaded});
      return;
    }
    Result<std::uint64_t> number = ++number_;
    if (fails) {
      number = error;
    } else {
      PLUV_ASSERT(saved_.apply_update(asked.update).ok());
    }
    step(Persisted{asked.ticket, &number});
  }
  void answer_host(std::uint8_t how) {
    if (calls_.empty()) return;
    const CallHost call = calls_.front();
    calls_.pop_front();
    if (call.kind == HostCallKind::room_destroyed) {
      step(HostReplied{call.ticket, nullptr});
      return;
    }
    Result<DocumentLoaded::Document> loaded = DocumentLoaded::Document{};
    if (how % 3 == 0) loaded = Error{ErrorCode::unavailable, "The database is away"};
    step(DocumentLoaded{call.ticket, &loaded});
  }
  void edit() {
    const std::function<void(void*)> edit = [](void* document) {
      (void)static_cast<ycrdt::Doc*>(document)->get_text("t").insert(0, "e");
    };
    ++edits_;
    step(EditDocument{1, &edit});
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
    room_.step(input, now_, effects_);
    for (Effect& effect : effects_.list) check(effect);
  }
  void end() {
    for (std::uint32_t at = 0; at < kSessions; ++at) close(at);
    for (int i = 0; i < 1'000 && !room_.finished(); ++i) {
      answer_store(1);
      answer_host(1);
      pass(1'000);
    }
    PLUV_ASSERT(room_.finished());
    PLUV_ASSERT(edits_ == 0);
  }

 private:
  struct Asked {
    Ticket ticket{};
    bool load = false;
    std::string update;
  };

  void check(Effect& effect) {
    if (const auto* send = std::get_if<Send>(&effect)) {
      std::string joined;
      const std::string_view text = effects_.text_of(*send, joined);
      PLUV_ASSERT(json::validate(text).ok());
      PLUV_ASSERT(send->receivers_count > 0);
      for (const SessionIndex index : effects_.receivers_of(*send)) {
        PLUV_ASSERT(raw(index) < kSessions && open_[raw(index)]);
      }
      expect_saved(text);
    } else if (const auto* closed = std::get_if<Close>(&effect)) {
      PLUV_ASSERT(open_[raw(closed->session)]);
      open_[raw(closed->session)] = false;
    } else if (const auto* wake = std::get_if<WakeAt>(&effect)) {
      PLUV_ASSERT(wake->at_ms > now_.steady_ms);
      wake_ms_ = wake->at_ms;
    } else if (const auto* call = std::get_if<CallHost>(&effect)) {
      if (call->ticket != Ticket{}) calls_.push_back(*call);
    } else if (const auto* load = std::get_if<LoadDocument>(&effect)) {
      asked_.push_back({load->ticket, true, {}});
    } else if (auto* append = std::get_if<AppendUpdate>(&effect)) {
      asked_.push_back({append->ticket, false, std::move(append->update)});
    } else if (auto* compact = std::get_if<CompactDocument>(&effect)) {
      asked_.push_back({compact->ticket, false, std::move(compact->snapshot)});
    } else if (std::get_if<EditDone>(&effect) != nullptr) {
      PLUV_ASSERT(edits_ > 0);
      --edits_;
    } else if (std::get_if<Finished>(&effect) != nullptr) {
      PLUV_ASSERT(room_.size() == 0);
    }
  }
  // Whatever of the document is in a message is in the store.
  void expect_saved(std::string_view frame) {
    if (frame.find(R"("type":"$storage)") == frame.npos) return;
    constexpr std::string_view kKey = R"("state":")";
    const std::size_t begin = frame.find(kKey) + kKey.size();
    const auto state = base64_decode(frame.substr(begin, frame.find('"', begin) - begin));
    PLUV_ASSERT(state.has_value());
    const auto news = saved_.apply_update(*state);
    PLUV_ASSERT(news.ok() && news->empty());
  }

  Room room_;
  Effects effects_;
  Now now_{1'000, 1'795'467'862'000};
  std::array<bool, kSessions> open_{};
  std::deque<Asked> asked_;  // of the store
  std::deque<CallHost> calls_;
  ycrdt::LazyDoc saved_;
  std::uint64_t number_ = 0;
  std::uint64_t ids_ = 0;
  std::uint64_t edits_ = 0;
  std::int64_t wake_ms_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Definition definition = make_definition();
  Player player(definition);
  std::size_t at = 0;
  const auto next = [&]() -> std::uint8_t { return at < size ? data[at++] : 0; };
  while (at < size) {
    const std::uint8_t operation = next();
    const std::uint32_t session = next() % kSessions;
    switch (operation % 13) {
      case 0:
      case 1: player.open(session); break;
      case 2: player.close(session); break;
      case 3:
        player.say(session, R"({"type":"$initializeSession","data":{"presence":{},"update":""}})");
        break;
      case 4:
      case 5: {
        const std::uint8_t letters = next();
        player.type(session, letters, next(), operation % 13 == 4);
        break;
      }
      case 6: {
        const std::size_t length = std::min<std::size_t>(next(), size - at);
        player.say_update(session, {reinterpret_cast<const char*>(data) + at, length}, false);
        at += length;
        break;
      }
      case 7:
      case 8: player.answer_store(next()); break;
      case 9: player.answer_host(next()); break;
      case 10: player.pass(next() * 50); break;
      case 11: player.say(session, R"({"type":"write","data":{}})"); break;
      case 12:
        if (session == 0) {
          player.step(ForgetIdle{});
        } else if (session == 1) {
          player.step(EvictAll{});
        } else {
          player.edit();
        }
        break;
    }
  }
  player.end();
  return 0;
}
