// A room's sessions: presence, an event of the application, the heartbeat.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench_room.h"
#include "path.h"

namespace pluv::bench {
namespace {

// Messages of all sessions in turn, a millisecond each.
class Messages : public Path {
 public:
  // What the last frame has to be, when that message was the last.
  void check(std::size_t times) override {
    expect(deliveries_ == times * receivers_, "deliveries are missing");
    const std::size_t last = times - 1;
    const std::size_t sender = last % sessions_;
    const std::string wanted = R"({"connectionId":")" + BenchRoom::session_text(sender) +
                               R"(","data":)" + data(last) + R"(,"room":"room-1","type":")" +
                               type_ + R"(","user":)" + BenchRoom::user_json(sender) + "}";
    expect(room_.last_frame() == wanted, "the last frame is not what it has to be");
  }
  void once(std::size_t at) final {
    room_.advance_ms(1);
    room_.send(at % sessions_, messages_[at]);
    deliveries_ += room_.deliveries();
  }

 protected:
  // receivers: of one message.
  Messages(std::size_t sessions, std::size_t receivers, std::string type)
      : sessions_(sessions), receivers_(receivers), type_(std::move(type)), room_({}) {
    for (std::size_t i = 0; i < sessions; ++i) {
      room_.open(i);
      room_.greet(i);
    }
  }
  // That the message of this number was answered with, as JSON.
  [[nodiscard]] virtual std::string data(std::size_t at) const = 0;

  [[nodiscard]] std::int64_t unix_ms() const noexcept { return room_.unix_ms(); }
  std::vector<std::string> messages_;

 private:
  std::size_t sessions_;
  std::size_t receivers_;
  std::string type_;
  BenchRoom room_;
  std::size_t deliveries_ = 0;
};

class Presence final : public Messages {
 public:
  static constexpr std::size_t kSessions = 50;
  explicit Presence(std::size_t times) : Messages(kSessions, kSessions, "$presenceUpdated") {
    for (std::size_t at = 0; at < times; ++at) {
      messages_.push_back(R"({"type":"$updatePresence","data":{"presence":)" + cursor(at) + "}}");
    }
  }

 private:
  static std::string cursor(std::size_t at) {
    return R"({"x":)" + std::to_string(100 + at % 800) + R"(.5,"y":)" +
           std::to_string(100 + at * 7 % 800) + "}";
  }
  [[nodiscard]] std::string data(std::size_t at) const override {
    return R"({"presence":)" + cursor(at) + R"(,"timers":{"presence":)" +
           std::to_string(unix_ms()) + "}}";
  }
};

class Broadcast final : public Messages {
 public:
  static constexpr std::size_t kSessions = 200;
  explicit Broadcast(std::size_t times) : Messages(kSessions, kSessions, "said") {
    const std::string message = R"({"type":"said","data":)" + data(0) + "}";
    expect(message.size() == 100, "the message is not what the row says");
    messages_.assign(times, message);
  }

 private:
  [[nodiscard]] std::string data(std::size_t) const override {
    return R"({"text":"Good morning, is there anybody out there, today?!","colour":"green"})";
  }
};

class Heartbeat final : public Messages {
 public:
  explicit Heartbeat(std::size_t times) : Messages(50, 1, "$pong") {
    messages_.assign(times, R"({"type":"$ping","data":{}})");
  }

 private:
  [[nodiscard]] std::string data(std::size_t) const override { return "{}"; }
};

using Made = std::unique_ptr<Path>;

constexpr Row kRows[] = {
    {.name = "presence-50",
     .thing = "message",
     .times = 4'000,
     .deliveries = Presence::kSessions,
     .make = [](std::size_t times) -> Made { return std::make_unique<Presence>(times); }},
    {.name = "broadcast-200",
     .thing = "message",
     .times = 4'000,
     .deliveries = Broadcast::kSessions,
     .make = [](std::size_t times) -> Made { return std::make_unique<Broadcast>(times); }},
    {.name = "ping",
     .thing = "message",
     .times = 20'000,
     .make = [](std::size_t times) -> Made { return std::make_unique<Heartbeat>(times); }},
};

}  // namespace

std::span<const Row> room_rows() { return kRows; }

}  // namespace pluv::bench
