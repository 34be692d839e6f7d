// A room's document: keystrokes on the way to the store and from there to the others, and who comes
// and goes.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/base64.h"
#include "bench_room.h"
#include "documents.h"
#include "path.h"
#include "room/yjs_document.h"

namespace pluv::bench {
namespace {

std::string storage_message(std::string_view origin, std::string_view update) {
  return R"({"type":"$updateStorage","data":{"origin":)" + std::string(origin) + R"(,"update":")" +
         base64_encode(update) + R"("}})";
}

room::Definition with_store() {
  room::Definition definition;
  definition.storage = room::yjs_storage();
  definition.has_store = true;
  return definition;
}

// A room of so many whose document has come from its store.
void fill(BenchRoom& room, std::size_t sessions, std::string document) {
  room.open(0);
  const auto* load = std::get_if<room::LoadDocument>(&room.effects().list.front());
  expect(load != nullptr, "the document is not asked for");
  Result<room::DocumentLoaded::Document> loaded = room::DocumentLoaded::Document{
      .updates = {std::move(document)}, .last = 1, .has_snapshot = true};
  room.step(room::DocumentLoaded{load->ticket, &loaded});
  for (std::size_t i = 1; i < sessions; ++i) room.open(i);
  for (std::size_t i = 0; i < sessions; ++i) room.greet(i);
}

// Whoever joins now is sent this text.
void expect_text(BenchRoom& room, std::size_t session, const std::string& text) {
  room.open(session, "last", R"({"id":"last"})");
  room.send(session, R"({"type":"$initializeSession","data":{"presence":{},"update":""}})");
  constexpr std::string_view kBegin = R"("state":")";
  const std::string_view frame = room.last_frame();
  const std::size_t begin = std::min(frame.find(kBegin), frame.size() - kBegin.size());
  const std::string_view state = frame.substr(begin + kBegin.size());
  const auto update = base64_decode(state.substr(0, state.find('"')));
  expect(update.has_value(), "the document was not sent");
  expect(text_of(*update) == text, "the document is not what was written");
}

// 20 people look at a document of 1 MB, and some type. Each turn has a keystroke of every writer,
// which are saved together.
class Keystrokes final : public Path {
 public:
  static constexpr std::size_t kSessions = 20;
  Keystrokes(std::size_t turns, std::size_t writers) : writers_(writers), room_(with_store()) {
    fill(room_, kSessions, document_);
    const std::size_t apart = text_of(document_).size() / (writers + 1);
    for (std::size_t writer = 0; writer < writers; ++writer) {
      const auto place = static_cast<std::uint32_t>(apart * (writer + 1));
      updates_.push_back(typed(document_, 2'000'002 + writer, place, turns));
    }
    for (std::size_t turn = 0; turn < turns; ++turn) {
      for (const auto& of_writer : updates_) {
        messages_.push_back(storage_message("null", of_writer[turn]));
      }
    }
  }
  void once(std::size_t turn) override {
    room_.advance_ms(1);
    for (std::size_t writer = 0; writer < writers_; ++writer) {
      room_.send(writer, messages_[turn * writers_ + writer]);
      save();
    }
    room_.advance_ms(kTurnMs - 1);
    if (writers_ == 1) return;  // it was saved at once
    room_.step(room::Woke{});
    save();
  }
  void check(std::size_t turns) override {
    // The very first keystroke had nothing to wait for.
    expect(room_.appended() == (writers_ == 1 ? turns : turns + 1), "turns were not saved");
    expect(deliveries_ == turns * writers_ * (kSessions - 1), "deliveries are missing");
    std::vector<std::string> all;
    for (const auto& of_writer : updates_) {
      all.insert(all.end(), of_writer.begin(), of_writer.end());
    }
    expect_text(room_, kSessions, text_of(document_, all));
  }

 private:
  void save() {
    room_.persist();
    deliveries_ += room_.deliveries();
  }

  static constexpr std::int64_t kTurnMs = 10;  // longer than a room of 20 waits with a burst
  std::size_t writers_;
  BenchRoom room_;
  std::string document_ = document_of_a_megabyte();
  std::vector<std::vector<std::string>> updates_;  // of each writer
  std::vector<std::string> messages_;              // in the order in which they are sent
  std::size_t deliveries_ = 0;
};

// A room begins with a document of 1 MB from its store, and somebody types in it.
class Loads final : public Path {
 public:
  static constexpr std::size_t kKeystrokes = 100;
  Loads() : updates_(typed(document_, 2'000'002, 1'000, kKeystrokes)) {
    for (const std::string& update : updates_) messages_.push_back(storage_message("null", update));
  }
  void once(std::size_t) override {
    room_.emplace(with_store());
    fill(*room_, 2, document_);
    for (const std::string& message : messages_) {
      room_->advance_ms(10);
      room_->send(1, message);
      room_->persist();
      deliveries_ += room_->deliveries();
    }
  }
  void check(std::size_t times) override {
    expect(deliveries_ == times * kKeystrokes, "deliveries are missing");
    expect_text(*room_, 2, text_of(document_, updates_));
  }

 private:
  std::string document_ = document_of_a_megabyte();
  std::vector<std::string> updates_;
  std::vector<std::string> messages_;
  std::optional<BenchRoom> room_;
  std::size_t deliveries_ = 0;
};

// Somebody joins two others and a document of 10 KB, sends all of it back, and leaves.
class Joins final : public Path {
 public:
  static constexpr std::size_t kOthers = 2;
  // Own answers: registered, userJoined, othersReceived, storageReceived; the others hear of the
  // coming and of the going.
  static constexpr std::size_t kDeliveries = 4 + 2 * kOthers;
  Joins() : room_(with_store()) {
    const std::string document = document_of(10'000);
    fill(room_, kOthers, document);
    answer_ = storage_message("\"$initialized\"", document);
    text_ = text_of(document);
  }
  void once(std::size_t) override {
    room_.advance_ms(1);
    room_.open(kOthers, "u2", R"({"id":"u2","name":"Somebody"})");
    deliveries_ += room_.deliveries();
    step(R"({"type":"$initializeSession","data":{"presence":{"x":0,"y":0},"update":""}})");
    step(R"({"type":"$getOthers","data":{}})");
    step(answer_);
    room_.leave(kOthers);
    deliveries_ += room_.deliveries();
  }
  void check(std::size_t times) override {
    expect(deliveries_ == times * kDeliveries, "deliveries are missing");
    expect(room_.size() == kOthers && room_.appended() == 0, "somebody or something is left");
    expect_text(room_, kOthers, text_);
  }

 private:
  void step(std::string_view text) {
    room_.send(kOthers, text);
    deliveries_ += room_.deliveries();
  }

  BenchRoom room_;
  std::string answer_;
  std::string text_;
  std::size_t deliveries_ = 0;
};

using Made = std::unique_ptr<Path>;
constexpr std::size_t kManyWriters = 8;
// A document puts the updates since it was loaded together once there are 64, itself among them.
constexpr std::size_t kFirstTurns = 64;

constexpr Row kRows[] = {
    {.name = "storage-20",
     .thing = "keystroke",
     .times = 1'000,
     .deliveries = Keystrokes::kSessions - 1,
     .warm_up_times = kFirstTurns,
     .make = [](std::size_t times) -> Made { return std::make_unique<Keystrokes>(times, 1); }},
    {.name = "storage-20-busy",
     .thing = "turn",
     .times = 200,
     .deliveries = kManyWriters * (Keystrokes::kSessions - 1),
     .warm_up_times = kFirstTurns,
     .make = [](std::size_t times) -> Made {
       return std::make_unique<Keystrokes>(times, kManyWriters);
     }},
    {.name = "load-1m",
     .thing = "room",
     .times = 1,
     .warm_up_times = 1,
     .make = [](std::size_t) -> Made { return std::make_unique<Loads>(); }},
    {.name = "join-2",
     .thing = "join",
     .times = 200,
     .make = [](std::size_t) -> Made { return std::make_unique<Joins>(); }},
};

}  // namespace

std::span<const Row> storage_rows() { return kRows; }

}  // namespace pluv::bench
