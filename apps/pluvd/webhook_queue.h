// Which webhook goes next: those of one room one after the other, in their order; rooms at the same
// time, within bounds; projects in turn, so that one whose receiver hangs costs the others nothing.
// A value of the delivery's; knows no clock, file or network. Times are steady milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "apps/pluvd/webhook_outbox.h"

namespace pluv::apps {

struct WebhookQueueLimits {
  // Under way at once: more would be a flood to a receiver, and are sockets here.
  std::size_t in_flight_max = 64;
  std::size_t in_flight_per_project_max = 32;
  // So many a project may always have, whatever others do: receivers that hang do not use up the
  // places of one that answers.
  std::size_t in_flight_reserved = 4;
  // And all together never more than these, which are the client's connections.
  std::size_t in_flight_hard_max = 1'500;
  // Their bodies are in memory. One at a time goes in any case.
  std::size_t in_flight_bytes_max = std::size_t{256} * 1024 * 1024;
  std::size_t in_flight_bytes_per_project_max = std::size_t{32} * 1024 * 1024;
  // Waiting of one project: some days of a receiver's outage, or a disk would fill. Over either the
  // oldest are given up, for the newest say what is.
  std::size_t waiting_max = 100'000;
  std::size_t waiting_bytes_max = std::size_t{1024} * 1024 * 1024;
};

struct WebhookQueueCounts {
  std::size_t pending = 0;
  std::size_t bytes = 0;
  std::int64_t oldest_unix_ms = 0;  // 0: nothing is pending
};

class WebhookQueue {
 public:
  explicit WebhookQueue(WebhookQueueLimits limits = {}) : limits_(limits) {}

  // To the end of its room. Of one that is there by itself due_ms counts: not before.
  void add(OutboxItem item, std::int64_t due_ms);
  // What is to be sent now; it is under way until done or later. nullopt: nothing.
  [[nodiscard]] std::optional<OutboxItem> next(std::int64_t now_ms);
  // It needs no more attempts, and its room's next is due.
  void done(const OutboxItem& item);
  // It failed: again at due_ms, and its room waits for it.
  void later(const OutboxItem& item, std::int64_t due_ms);
  // When next() may have something that it has not now, by the time alone. nullopt: never.
  [[nodiscard]] std::optional<std::int64_t> next_due_ms() const;
  // The oldest one of a project that has too many; it is in the queue no more. It is never one that
  // is under way, or that was accepted: that one is no loss.
  [[nodiscard]] std::optional<OutboxItem> take_excess();

  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::map<std::string, WebhookQueueCounts> counts() const;

 private:
  struct Room;
  struct Project;
  using Waiting = std::multimap<std::int64_t, Room*>;
  enum class State : std::uint8_t { idle, waiting, ready, in_flight };
  struct Room {
    Project* project = nullptr;
    std::string name;
    std::deque<OutboxItem> items;
    State state = State::idle;
    Waiting::iterator waiting;  // while it waits
  };
  struct Project {
    std::string id;
    std::map<std::string, Room> rooms;
    std::map<std::uint64_t, Room*> order;  // of all items, by their ids
    std::deque<Room*> ready;
    bool has_turn = false;  // it is in turns_
    std::size_t bytes = 0;
    std::size_t in_flight = 0;
    std::size_t in_flight_bytes = 0;
  };

  void schedule(Room& room, std::int64_t due_ms);
  void make_ready(Room& room);
  [[nodiscard]] bool is_crowded(const Project& project) const;
  [[nodiscard]] bool may_start(const Project& project, std::size_t bytes) const;
  [[nodiscard]] Room& land(const OutboxItem& item);
  void remove(Room& room, std::uint64_t id);
  void forget(Room& room);
  [[nodiscard]] std::optional<OutboxItem> take_oldest(Project& project);

  const WebhookQueueLimits limits_;
  std::map<std::string, Project> projects_;
  std::deque<Project*> turns_;     // projects with rooms that are ready
  std::set<std::string> crowded_;  // projects that were over a bound when something was added
  Waiting waiting_;
  std::size_t in_flight_ = 0;
  std::size_t in_flight_bytes_ = 0;
};

}  // namespace pluv::apps
