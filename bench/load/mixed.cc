#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "crowd.h"
#include "document.h"
#include "measurement.h"
#include "scenarios.h"
#include "ycrdt/doc.h"
#include "ycrdt/updates.h"

namespace pluv::bench {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kKeystrokeUs = kSecondUs / 2;
constexpr std::int64_t kPauseUs = kSecondUs;  // how long a slow reader does not read
constexpr std::int64_t kPauseEveryUs = 3 * kSecondUs;
// A stamp is the sender's number and how many it has sent.
constexpr std::int64_t kStampsPerSender = 1'000'000;
constexpr ycrdt::ClientId kFirstWriter = 3'000'000;

// How a client behaves for as long as it is there.
enum class Manner : std::uint8_t { watches, types, reads_slowly, leaves };

struct Person {
  std::uint32_t room = 0;
  Manner manner = Manner::watches;
  std::int64_t first_presence_us = 0;
  std::int64_t presences = 0;  // sent
  std::unique_ptr<ycrdt::Doc> doc;
  std::string typed;  // the update of its last keystroke
  std::vector<std::int64_t> keystrokes_us;
  std::map<std::uint32_t, std::int64_t> heard;  // of each sender the last presence
};

struct Due {
  std::int64_t at_us;
  enum class Kind : std::uint8_t { presence, keystroke, pause, resume, leave } kind;
  std::uint32_t person;

  bool operator>(const Due& other) const noexcept { return at_us > other.at_us; }
};

class MixedRun {
 public:
  MixedRun(const Options& options, const Protocol& protocol)
      : options_(options), protocol_(protocol), crowd_(protocol, options.port) {
    crowd_.on_joined = [this](Client& client) { joined(client); };
    crowd_.on_received = [this](Client& client, Received& received) { take(client, received); };
    // Few rooms are large and many small: the size of the n-th is as 1 to n.
    double weight = 0;
    for (std::uint32_t room = 1; room <= options.rooms; ++room) weight += 1.0 / room;
    double end = 0;
    std::uint32_t next = 0;
    for (std::uint32_t room = 0; room < options.rooms; ++room) {
      end += options.clients / weight / (room + 1);
      const auto until = room + 1 == options.rooms
                             ? options.clients
                             : std::min(options.clients, static_cast<std::uint32_t>(end));
      for (; next < until; ++next) {
        enter(room, manner_of(next));
        if ((next + 1) % 100 == 0) crowd_.wait_joined();
      }
    }
    crowd_.wait_joined();
    crowd_.settle(300);
  }

  void run(Report& report) {
    const std::size_t present = people_.size();
    Measurement measurement(options_.pid, crowd_);
    begin_us_ = now_us();
    for (std::uint32_t i = 0; i < present; ++i) begin(i, begin_us_);
    const std::int64_t until = begin_us_ + static_cast<std::int64_t>(options_.seconds * 1e6);
    while (!due_.empty() && due_.top().at_us < until) {
      const std::int64_t left_us = due_.top().at_us - now_us();
      if (left_us > 0) {
        crowd_.turn(left_us > 1000 ? 1 : 0);
        continue;
      }
      const Due due = due_.top();
      due_.pop();
      act(due);
    }
    for (std::uint32_t i = 0; i < people_.size(); ++i) crowd_.pause(crowd_.at(i), false);
    crowd_.wait_joined();
    const bool all = crowd_.turn_until([this] { return first_who_lacks() == people_.size(); }, 30);
    measurement.stop();
    if (!all) {
      throw LoadError("client " + std::to_string(first_who_lacks()) +
                      " has not got all that was written or said in its room");
    }
    check_documents();
    tell(report, measurement);
  }

 private:
  // Of ten clients two type, one reads slowly, two come and go, the others only move.
  [[nodiscard]] static Manner manner_of(std::uint32_t number) {
    switch (number % 10) {
      case 0:
      case 5: return Manner::types;
      case 7: return Manner::reads_slowly;
      case 3:
      case 8: return Manner::leaves;
      default: return Manner::watches;
    }
  }

  std::uint32_t enter(std::uint32_t room, Manner manner) {
    const auto number = static_cast<std::uint32_t>(people_.size());
    Person& person = people_.emplace_back();
    person.room = room;
    person.manner = manner;
    person.doc = std::make_unique<ycrdt::Doc>(
        ycrdt::DocOptions{.client_id = kFirstWriter + number, .gc = true});
    (void)crowd_.add(options_.room_prefix + std::to_string(room));
    return number;
  }

  // The schedule of who has joined.
  void begin(std::uint32_t number, std::int64_t now) {
    Person& person = people_[number];
    // Spread over a second, by a step that visits all of its thousandths.
    person.first_presence_us = now + number * 617 % 1000 * 1000;
    due_.push({person.first_presence_us, Due::Kind::presence, number});
    if (person.manner == Manner::types) {
      person.doc->on_update([&person](std::string_view update, const ycrdt::Transaction& change) {
        if (change.local) person.typed = update;
      });
      due_.push({person.first_presence_us / 2 + now / 2, Due::Kind::keystroke, number});
    }
    if (person.manner == Manner::reads_slowly) {
      due_.push({person.first_presence_us + kSecondUs / 3, Due::Kind::pause, number});
    }
    if (person.manner == Manner::leaves) {
      due_.push({now + (1 + number / 10 % 5) * kSecondUs, Due::Kind::leave, number});
    }
  }

  void act(const Due& due) {
    Person& person = people_[due.person];
    Client& client = crowd_.at(due.person);
    if (client.state() == Client::State::closed) return;
    switch (due.kind) {
      case Due::Kind::presence:
        crowd_.send(client,
                    client.session().presence(due.person * kStampsPerSender + ++person.presences));
        due_.push({due.at_us + kSecondUs, due.kind, due.person});
        break;
      case Due::Kind::keystroke: {
        ycrdt::Text text = person.doc->get_text("t");
        const auto at =
            static_cast<std::uint32_t>(person.keystrokes_us.size() * 7919 % (text.length() + 1));
        if (!text.insert(at, "x")) throw LoadError("cannot type");
        person.keystrokes_us.push_back(due.at_us);
        ++keystrokes_;
        crowd_.send(client, client.session().update(person.typed));
        due_.push({due.at_us + kKeystrokeUs, due.kind, due.person});
        break;
      }
      case Due::Kind::pause:
        crowd_.pause(client, true);
        due_.push({due.at_us + kPauseUs, Due::Kind::resume, due.person});
        break;
      case Due::Kind::resume:
        crowd_.pause(client, false);
        due_.push({due.at_us + kPauseEveryUs - kPauseUs, Due::Kind::pause, due.person});
        break;
      case Due::Kind::leave: {
        const std::uint32_t room = person.room;
        crowd_.close(client);
        people_[due.person].doc.reset();
        (void)enter(room, Manner::leaves);
        break;
      }
    }
  }

  void joined(Client& client) {
    Person& person = people_[client.number()];
    apply(person, client.document);
    std::string().swap(client.document);
    if (begin_us_ == 0) return;
    joins_.record(client.joined_us() - client.began_us());
    begin(client.number(), now_us());
  }

  void apply(Person& person, std::string_view update) const {
    if (update.empty()) return;
    const auto applied = person.doc->apply_update(update, "room");
    if (!applied) throw LoadError("an update that is none: " + applied.error().message);
  }

  void take(Client& client, Received& received) {
    Person& person = people_[client.number()];
    const std::int64_t now = now_us();
    const bool counts = person.manner != Manner::reads_slowly;
    if (received.kind == Received::Kind::presence) {
      for (const std::int64_t stamp : received.stamps) {
        const auto sender = static_cast<std::uint32_t>(stamp / kStampsPerSender);
        const std::int64_t number = stamp % kStampsPerSender;
        if (sender >= people_.size() || number == 0) continue;
        std::int64_t& last = person.heard[sender];
        if (number < last) throw LoadError("a presence came after a newer one");
        if (number == last) continue;  // of who joins a server may be told what is there
        last = number;
        const std::int64_t due = people_[sender].first_presence_us + (number - 1) * kSecondUs;
        if (!client.joined() || due < client.joined_us()) continue;  // the same
        ++presences_;
        if (counts) presence_.record(now - due);
      }
    } else if (received.kind == Received::Kind::update) {
      const auto meta = ycrdt::parse_update_meta(received.bytes);
      if (!meta) throw LoadError("an update that is none: " + meta.error().message);
      for (const auto& range : meta->clients) {
        const auto writer = static_cast<std::uint32_t>(range.client - kFirstWriter);
        if (!counts || range.client < kFirstWriter || writer == client.number()) continue;
        const std::vector<std::int64_t>& typed = people_.at(writer).keystrokes_us;
        for (auto i = range.from; i < range.to && i < typed.size(); ++i) {
          if (typed[i] >= client.joined_us()) update_.record(now - typed[i]);
        }
      }
      ++updates_;
      apply(person, received.bytes);
    }
  }

  // The first who has not all of his room's keystrokes, or of one who stayed not the last presence.
  // Those who left have said something that nobody waits for.
  [[nodiscard]] std::size_t first_who_lacks() {
    std::vector<std::vector<std::uint32_t>> rooms(options_.rooms);
    for (std::uint32_t i = 0; i < people_.size(); ++i) {
      if (crowd_.at(i).joined()) rooms[people_[i].room].push_back(i);
    }
    for (const auto& members : rooms) {
      for (const std::uint32_t member : members) {
        const ycrdt::StateVector state = people_[member].doc->state_vector();
        for (const std::uint32_t other : members) {
          if (state.clock(kFirstWriter + other) < people_[other].keystrokes_us.size())
            return member;
          const bool both_stayed =
              people_[member].manner != Manner::leaves && people_[other].manner != Manner::leaves;
          const bool hears = member != other || protocol_.echoes_presence();
          if (!both_stayed || !hears || people_[other].presences == 0) continue;
          const auto heard = people_[member].heard.find(other);
          if (heard == people_[member].heard.end() || heard->second != people_[other].presences) {
            return member;
          }
        }
      }
    }
    return people_.size();
  }

  void check_documents() {
    std::map<std::uint32_t, std::string> texts;
    for (std::uint32_t i = 0; i < people_.size(); ++i) {
      if (!crowd_.at(i).joined()) continue;
      const std::string text = people_[i].doc->get_text("t").to_string();
      const auto [first, is_first] = texts.emplace(people_[i].room, text);
      if (!is_first && first->second != text) {
        throw LoadError("client " + std::to_string(i) + " ends with another document than others");
      }
    }
  }

  void tell(Report& report, const Measurement& measurement) const {
    const auto deliveries = static_cast<double>(presences_ + updates_);
    report.number("presences_delivered", static_cast<double>(presences_));
    report.number("keystrokes", static_cast<double>(keystrokes_));
    report.number("updates_delivered", static_cast<double>(updates_));
    report.number("joins", static_cast<double>(joins_.count()));
    report.number("deliveries_per_second", deliveries / measurement.seconds(), "/s");
    measurement.report_cost(report, kMicroseconds, "delivery", deliveries);
    report.latency("presence", presence_);
    report.latency("update", update_);
    report.latency("join", joins_);
    measurement.report(report);
  }

  const Options& options_;
  const Protocol& protocol_;
  Crowd crowd_;
  std::deque<Person> people_;  // by the number of the client
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::int64_t begin_us_ = 0;
  std::uint64_t presences_ = 0;
  std::uint64_t updates_ = 0;
  std::uint64_t keystrokes_ = 0;
  Histogram presence_;
  Histogram update_;
  Histogram joins_;
};

}  // namespace

void run_mixed(const Options& options, Report& report) {
  const auto protocol = make_protocol(options.protocol);
  if (!protocol->has_presence() || !protocol->has_documents()) {
    throw LoadError("this protocol has no presence or no documents");
  }
  report.number("clients", options.clients);
  report.number("rooms", options.rooms);
  MixedRun(options, *protocol).run(report);
}

}  // namespace pluv::bench
