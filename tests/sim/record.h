// What a run leaves behind: a hash of all that its rooms did, the last lines of its story, what it
// counted, and the first thing that went wrong. One a run.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace pluv::sim {

struct Counts {
  std::uint64_t steps = 0;
  std::uint64_t messages = 0;  // of clients, that reached a room
  std::uint64_t deliveries = 0;
  std::uint64_t edits = 0;
  std::uint64_t joins = 0;
  std::uint64_t cuts = 0;
  std::uint64_t kills = 0;       // of the server's process
  std::uint64_t power_cuts = 0;  // of its machine
  std::uint64_t drains = 0;
  std::uint64_t hand_overs_waited = 0;  // joins that came while the old process still had the store
  std::uint64_t store_failures = 0;
  std::uint64_t torn_records = 0;
  std::uint64_t compactions = 0;
  std::uint64_t conflated = 0;
  std::uint64_t slow_closed = 0;
  std::uint64_t silent_closed = 0;
  std::uint64_t given_up = 0;  // rooms whose store failed for too long
  std::uint64_t pongs_late = 0;
  std::uint64_t resyncs = 0;
  std::uint64_t hibernations = 0;  // of rooms

  template <class Fn>
  void each(Fn&& fn) const {
    fn("steps", steps), fn("messages", messages), fn("deliveries", deliveries), fn("edits", edits);
    fn("joins", joins), fn("cuts", cuts), fn("kills", kills), fn("power cuts", power_cuts);
    fn("drains", drains), fn("joins during a hand-over", hand_overs_waited);
    fn("store failures", store_failures), fn("torn records", torn_records);
    fn("compactions", compactions), fn("conflated", conflated), fn("slow closed", slow_closed);
    fn("silent closed", silent_closed), fn("rooms given up", given_up);
    fn("pongs late", pongs_late), fn("resyncs", resyncs);
    fn("hibernations", hibernations);
  }
  void add(const Counts& other);
};

class Record {
 public:
  explicit Record(bool with_story) noexcept : with_story_(with_story) {}

  // FNV-1a.
  void hash(std::string_view bytes) noexcept {
    for (const char c : bytes) {
      hash_ = (hash_ ^ static_cast<std::uint8_t>(c)) * 0x100'0000'01b3;
    }
    hash(bytes.size());
  }
  void hash(std::uint64_t number) noexcept {
    hash_ = (hash_ ^ number) * 0x100'0000'01b3;
    hash_ ^= hash_ >> 29;
  }
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

  // A line of the story. Write it only if told(): it costs.
  [[nodiscard]] bool told() const noexcept { return with_story_; }
  void tell(std::int64_t now_ms, std::string line) {
    if (!with_story_) return;
    story_.emplace_back(now_ms, std::move(line));
    if (story_.size() > kLinesMax) story_.pop_front();
  }
  [[nodiscard]] std::string story(std::size_t lines) const;

  // The first one counts: what follows may come of it.
  void fail(std::int64_t now_ms, std::string what) {
    tell(now_ms, "WRONG: " + what);
    if (failure_.empty()) failure_ = std::move(what);
  }
  [[nodiscard]] bool failed() const noexcept { return !failure_.empty(); }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  Counts counts;

 private:
  static constexpr std::size_t kLinesMax = 100'000;

  bool with_story_;
  std::uint64_t hash_ = 0xcbf2'9ce4'8422'2325;
  std::deque<std::pair<std::int64_t, std::string>> story_;
  std::string failure_;
};

}  // namespace pluv::sim
