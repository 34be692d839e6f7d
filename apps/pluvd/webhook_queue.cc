#include "apps/pluvd/webhook_queue.h"

#include <algorithm>
#include <utility>

namespace pluv::apps {

void WebhookQueue::add(OutboxItem item, std::int64_t due_ms) {
  Project& project = projects_[item.project];
  if (project.id.empty()) project.id = item.project;
  Room& room = project.rooms[item.room];
  if (room.project == nullptr) {
    room.project = &project;
    room.name = item.room;
  }
  project.order.emplace(item.id, &room);
  project.bytes += item.bytes;
  room.items.push_back(std::move(item));
  if (room.state == State::idle) schedule(room, due_ms);
  if (is_crowded(project)) crowded_.insert(project.id);
}

bool WebhookQueue::is_crowded(const Project& project) const {
  return project.order.size() > limits_.waiting_max || project.bytes > limits_.waiting_bytes_max;
}

void WebhookQueue::schedule(Room& room, std::int64_t due_ms) {
  room.state = State::waiting;
  room.waiting = waiting_.emplace(due_ms, &room);
}

void WebhookQueue::make_ready(Room& room) {
  waiting_.erase(room.waiting);
  room.state = State::ready;
  Project& project = *room.project;
  project.ready.push_back(&room);
  if (project.has_turn) return;
  project.has_turn = true;
  turns_.push_back(&project);
}

bool WebhookQueue::may_start(const Project& project, std::size_t bytes) const {
  if (in_flight_ >= limits_.in_flight_hard_max) return false;
  if (project.in_flight == 0) return true;
  return project.in_flight < limits_.in_flight_per_project_max &&
         project.in_flight_bytes + bytes <= limits_.in_flight_bytes_per_project_max &&
         in_flight_bytes_ + bytes <= limits_.in_flight_bytes_max &&
         (in_flight_ < limits_.in_flight_max || project.in_flight < limits_.in_flight_reserved);
}

std::optional<OutboxItem> WebhookQueue::next(std::int64_t now_ms) {
  while (!waiting_.empty() && waiting_.begin()->first <= now_ms) {
    make_ready(*waiting_.begin()->second);
  }
  for (std::size_t looked = 0; looked < turns_.size(); ++looked) {
    Project& project = *turns_.front();
    turns_.pop_front();
    Room& room = *project.ready.front();
    const OutboxItem& item = room.items.front();
    if (!may_start(project, item.bytes)) {
      turns_.push_back(&project);
      continue;
    }
    project.ready.pop_front();
    project.has_turn = !project.ready.empty();
    if (project.has_turn) turns_.push_back(&project);
    room.state = State::in_flight;
    ++in_flight_;
    ++project.in_flight;
    in_flight_bytes_ += item.bytes;
    project.in_flight_bytes += item.bytes;
    return item;
  }
  return std::nullopt;
}

WebhookQueue::Room& WebhookQueue::land(const OutboxItem& item) {
  Project& project = projects_.at(item.project);
  --in_flight_;
  --project.in_flight;
  in_flight_bytes_ -= item.bytes;
  project.in_flight_bytes -= item.bytes;
  return project.rooms.at(item.room);
}

void WebhookQueue::remove(Room& room, std::uint64_t id) {
  const auto at = std::find_if(room.items.begin(), room.items.end(),
                               [id](const OutboxItem& item) { return item.id == id; });
  room.project->bytes -= at->bytes;
  room.project->order.erase(id);
  room.items.erase(at);
}

void WebhookQueue::done(const OutboxItem& item) {
  Room& room = land(item);
  remove(room, item.id);
  if (!room.items.empty()) {
    schedule(room, 0);
    return;
  }
  forget(room);
}

// It has nothing left.
void WebhookQueue::forget(Room& room) {
  Project& project = *room.project;
  if (room.state == State::waiting) waiting_.erase(room.waiting);
  if (room.state == State::ready) {
    std::erase(project.ready, &room);
    if (project.ready.empty()) {
      project.has_turn = false;
      std::erase(turns_, &project);
    }
  }
  project.rooms.erase(std::string(room.name));
  if (project.rooms.empty()) projects_.erase(std::string(project.id));
}

void WebhookQueue::later(const OutboxItem& item, std::int64_t due_ms) {
  Room& room = land(item);
  room.items.front() = item;
  schedule(room, due_ms);
}

std::optional<std::int64_t> WebhookQueue::next_due_ms() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

std::optional<OutboxItem> WebhookQueue::take_excess() {
  while (!crowded_.empty()) {
    const auto at = projects_.find(*crowded_.begin());
    if (at != projects_.end() && is_crowded(at->second)) {
      if (std::optional<OutboxItem> oldest = take_oldest(at->second)) return oldest;
    }
    crowded_.erase(crowded_.begin());
  }
  return std::nullopt;
}

std::optional<OutboxItem> WebhookQueue::take_oldest(Project& project) {
  for (const auto& [id, of_item] : project.order) {
    Room& room = *of_item;
    const OutboxItem& first = room.items.front();
    if (first.id == id && (room.state == State::in_flight || first.accepted)) continue;
    const auto at =
        std::find_if(room.items.begin(), room.items.end(),
                     [wanted = id](const OutboxItem& item) { return item.id == wanted; });
    OutboxItem item = *at;
    remove(room, item.id);
    if (room.items.empty()) forget(room);
    return item;
  }
  return std::nullopt;
}

std::map<std::string, WebhookQueueCounts> WebhookQueue::counts() const {
  std::map<std::string, WebhookQueueCounts> out;
  for (const auto& [id, project] : projects_) {
    const auto& [first_id, room] = *project.order.begin();
    const auto at =
        std::find_if(room->items.begin(), room->items.end(),
                     [first = first_id](const OutboxItem& item) { return item.id == first; });
    out[id] = {project.order.size(), project.bytes, at->since_unix_ms};
  }
  return out;
}

}  // namespace pluv::apps
