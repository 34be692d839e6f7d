// What a client does of its own accord: it comes and goes, edits, moves, speaks.
#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "tests/sim/client.h"
#include "tests/sim/world.h"

namespace pluv::sim {
namespace {

constexpr std::int64_t kPingEveryMs = 10'000;
constexpr std::int64_t kHiddenPingEveryMs = 60'000;
constexpr std::int64_t kPongMsMax = 2'000;

// The original comes back by itself, at once, after these.
bool comes_back(std::uint16_t code) {
  return code == 1001 || code == 1006 || (code >= 1011 && code <= 1014);
}

}  // namespace

void Client::start() {
  living_ = true;
  const Plan& plan = world_.plan;
  plan_next(plan.edit_every_ms, &Client::edit_some);
  plan_next(plan.presence_every_ms, &Client::change_presence);
  plan_next(plan.event_every_ms, &Client::say_something);
  plan_next(plan.leave_every_ms, &Client::leave_for_a_while);
  plan_next(plan.reload_every_ms, &Client::reload);
  connect();
}

void Client::plan_next(std::int64_t every_ms, void (Client::*action)()) {
  world_.agenda.after(world_.random.between(1, 2 * every_ms), [this, every_ms, action] {
    if (!living_) return;
    (this->*action)();
    plan_next(every_ms, action);
  });
}

void Client::quiet() {
  living_ = false;
  if (traits_.forgetful) world_.agenda.after(2'000, [this] { show_what_it_forgot(); });
  if (!link_ && !connecting_ && !initialized_) open_page();
  connect();
}

void Client::end() {
  living_ = false;
  ended_ = true;
  if (!link_) return;
  world_.network.close_by_client(*link_);
  link_.reset();
}

// --- Connections.

void Client::connect() {
  if (link_ || connecting_ || ended_) return;
  ++connection_;
  connecting_ = true;
  had_gaps_ |= doc_->has_pending();
  const std::uint32_t connection = connection_;
  world_.connect(*this, [this, connection](LinkId link) {
    if (connection != connection_ || ended_) return false;
    connecting_ = false;
    link_ = link;
    frames_ = net::FrameReader(
        net::FrameReaderOptions{.role = net::Role::client, .message_bytes_max = 64 * 1024 * 1024});
    session_.clear();
    answered_ = listed_ = answers_late_ = false;
    answering_ = 0;
    pinged_ms_ = 0;
    gone_.clear();
    others_.clear();
    known_by_.clear();
    heard_.clear();
    slow_.clear();
    ping();
    return true;
  });
}

void Client::ping() {
  const std::int64_t every_ms = traits_.hidden ? kHiddenPingEveryMs : kPingEveryMs;
  world_.agenda.after(every_ms, [this, connection = connection_] {
    if (connection != connection_ || !link_) return;
    send("$ping", "{}");
    if (pinged_ms_ == 0) {
      pinged_ms_ = world_.agenda.now_ms();
      world_.agenda.after(kPongMsMax, [this, connection, pinged = pinged_ms_] {
        if (connection != connection_ || !link_ || pinged_ms_ != pinged) return;
        ++world_.record.counts.pongs_late;
        world_.pong_was_late(*this);
        drop(1000);  // it stays away until its page is loaded anew
      });
    }
    ping();
  });
}

void Client::refused() {
  connecting_ = false;
  come_back(1006);
}

// The net has ended it, without a close frame.
void Client::closed() { drop(1006); }

void Client::drop(std::uint16_t code) {
  if (!link_) return;
  world_.closed_with(*this, code);
  if (world_.record.told()) {
    world_.record.tell(world_.agenda.now_ms(), name() + " is closed with " + std::to_string(code));
  }
  world_.network.close_by_client(*link_);
  link_.reset();
  session_.clear();
  answered_ = listed_ = false;
  come_back(code);
}

void Client::come_back(std::uint16_t code) {
  ++connection_;
  if (ended_) return;
  if (comes_back(code)) {
    connect();
    return;
  }
  world_.agenda.after(world_.random.between(200, 4'000), [this, connection = connection_] {
    if (connection == connection_ && !ended_) open_page();
  });
}

void Client::leave_for_a_while() {
  if (!link_) return;
  world_.network.close_by_client(*link_);
  link_.reset();
  session_.clear();
  answered_ = listed_ = false;
  ++connection_;
  // Offline: what it writes meanwhile it keeps.
  world_.agenda.after(world_.random.between(10, 6'000), [this, connection = connection_] {
    if (connection == connection_ && !ended_) connect();
  });
}

void Client::reload() {
  if (connecting_) return;
  if (link_) {
    world_.network.close_by_client(*link_);
    link_.reset();
  }
  open_page();
}

// Of the document only what the offline store has is there.
void Client::open_page() {
  if (ended_) return;
  ++page_;
  ++connection_;
  connecting_ = false;
  session_.clear();
  answered_ = listed_ = false;
  new_doc();
  connect();
}

// --- What it says.

void Client::edit_some() {
  if (!initialized_ || world_.record.failed()) return;
  if (observed_ && !session_.empty() && world_.random.once_in(200)) send_nonsense();
  const std::uint32_t times = world_.random.once_in(4) ? 1 + world_.random.below(4) : 1;
  for (std::uint32_t at = 0; at < times; ++at) write();
}

void Client::write() {
  editing_ = true;
  edited_.clear();
  Random& random = world_.random;
  ycrdt::Text text = doc_->get_text("t");
  const std::uint32_t length = text.length();
  // Each draw is a statement: compilers may evaluate arguments in any order.
  const std::uint32_t kind = random.below(8);
  const std::uint32_t place = random.below(length + 1);
  const std::uint32_t number = random.below(1'000);
  const std::string key = "k" + std::to_string(number % 4);
  switch (kind) {
    case 0:
    case 1: (void)text.erase(place, 1 + number % 4); break;
    case 2: (void)doc_->get_map("m").set(key, static_cast<double>(number)); break;
    case 3: (void)doc_->get_map("m").erase(key); break;
    case 4: (void)doc_->get_array("a").push({static_cast<double>(number)}); break;
    case 5: (void)text.insert(place, std::string(number % 120, 'x')); break;
    default: (void)text.insert(place, number % 9 == 0 ? "\u00e4" : "ab");
  }
  editing_ = false;
  if (edited_.empty()) return;
  ++world_.record.counts.edits;
  keep(edited_);
  if (!observed_ || session_.empty()) return;
  // Deletes alone are missed by nobody: no later edit builds upon them.
  const bool only_deletes = edited_.front() == '\0';
  if (traits_.forgetful && living_ && !only_deletes && random.once_in(20)) return;
  send("$updateStorage", "{\"origin\":null,\"update\":\"" + base64_encode(edited_) + "\"}");
}

// One more edit shows that others before it never came: it is asked for all that it has.
void Client::show_what_it_forgot() {
  if (ended_ || !initialized_) return;
  constexpr int kTriesMax = 20;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    write();
    if (!edited_.empty() && edited_.front() != '\0') return;
  }
}

void Client::change_presence() {
  // Now and then before it is registered, as an eager application does.
  if (session_.empty() && !world_.random.once_in(4)) return;
  const std::string size(world_.random.once_in(10) ? 200 : world_.random.below(20), 'p');
  send("$updatePresence",
       "{\"presence\":{\"x\":" + std::to_string(++presences_) + ",\"y\":\"" + size + "\"}}");
}

void Client::say_last_presence() {
  last_presence_ = 1 + world_.random.below(1'000'000);
  send("$updatePresence",
       "{\"presence\":{\"x\":1,\"y\":\"\",\"last\":" + std::to_string(last_presence_) + "}}");
}

void Client::say_something() {
  if (!link_) return;
  if (session_.empty()) {
    if (world_.random.once_in(3)) say();
    return;
  }
  const std::string who = "\"who\":" + std::to_string(traits_.index);
  switch (world_.random.below(12)) {
    case 10: send("writes_and_fails", "{}"); return;
    case 0: send("ask", "{" + who + "}"); return;
    case 1: {
      const std::uint64_t number = ++slow_calls_;
      slow_.push_back({number, events_});
      send("slow", "{" + who + ",\"k\":" + std::to_string(number) + "}");
      return;
    }
    case 2: {
      const std::string key = name() + " " + std::to_string(++writes_);
      send("write", "{\"key\":\"" + key + "\"}");
      return;
    }
    case 3: send("fails", "{}"); return;
    case 4: send("$forged", "{}"); return;
    case 5: send("$exit", "{\"sessionId\":\"" + session_ + "\"}"); return;
    default: say(); return;
  }
}

void Client::say() { send("say", "{\"n\":" + std::to_string(++events_) + "}"); }

// In one go, and longer than the server may take to load the document.
void Client::say_much(std::uint32_t times) {
  constexpr std::uint32_t kAtOnce = 10;
  for (std::uint32_t at = 0; at < std::min(times, kAtOnce); ++at) say();
  if (times <= kAtOnce) return;
  world_.agenda.after(1, [this, connection = connection_, left = times - kAtOnce] {
    if (connection == connection_ && link_) say_much(left);
  });
}

// An update that nobody can read.
void Client::send_nonsense() { send("$updateStorage", R"({"origin":null,"update":"/////w=="})"); }

}  // namespace pluv::sim
