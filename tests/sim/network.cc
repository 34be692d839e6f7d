#include "tests/sim/network.h"

#include <algorithm>
#include <utility>

namespace pluv::sim {

LinkId Network::open(const LinkQuality& quality) {
  links_.push_back(std::make_unique<Link>());
  links_.back()->quality = quality;
  return static_cast<LinkId>(links_.size() - 1);
}

void Network::send_to_server(LinkId id, std::string bytes) {
  if (links_[id]->client_end) send(id, Way::up, {std::move(bytes)});
}

void Network::send_to_client(LinkId id, std::string bytes) {
  if (links_[id]->server_end) send(id, Way::down, {std::move(bytes)});
}

std::size_t Network::space(LinkId id) const {
  const Link& link = *links_[id];
  // What nobody takes any more fills the window.
  const std::size_t taken = link.down.in_flight;
  return link.quality.window_bytes - std::min(link.quality.window_bytes, taken);
}

void Network::close_by_client(LinkId id) {
  Link& link = *links_[id];
  if (!link.client_end) return;
  link.client_end = false;
  send(id, Way::up, {{}, true});
}

void Network::close_by_server(LinkId id) {
  Link& link = *links_[id];
  if (!link.server_end) return;
  link.server_end = false;
  send(id, Way::down, {{}, true});
}

void Network::send(LinkId id, Way way, Chunk chunk) {
  Link& link = *links_[id];
  if (way == Way::down) link.down.in_flight += chunk.bytes.size();
  if (link.silent) return;
  const std::size_t size = chunk.bytes.size();
  if (size > 1 && random_.once_in(link.quality.split_once_in)) {
    const std::size_t at = 1 + random_.below(size - 1);
    plan(id, way, {chunk.bytes.substr(0, at)});
    chunk.bytes.erase(0, at);
  }
  plan(id, way, std::move(chunk));
}

void Network::plan(LinkId id, Way way, Chunk chunk) {
  Link& link = *links_[id];
  Pipe& pipe = way == Way::up ? link.up : link.down;
  std::int64_t due = agenda_.now_ms() + link.quality.latency_ms;
  if (link.quality.jitter_ms > 0) due += random_.between(0, link.quality.jitter_ms);
  if (way == Way::down) {
    if (link.quality.read_bytes_per_ms > 0) {
      const auto size = static_cast<std::int64_t>(chunk.bytes.size());
      due = std::max(due, pipe.last_due_ms) + size / link.quality.read_bytes_per_ms;
    }
    due = std::max(due, link.reads_from_ms);
  }
  due = std::max(due, pipe.last_due_ms);
  pipe.last_due_ms = due;
  pipe.chunks.push_back(std::move(chunk));
  agenda_.at(due, [this, id, way, epoch = link.epoch] {
    if (links_[id]->epoch == epoch) arrive(id, way);
  });
}

void Network::arrive(LinkId id, Way way) {
  Link& link = *links_[id];
  Pipe& pipe = way == Way::up ? link.up : link.down;
  if (way == Way::down && link.reads_from_ms > agenda_.now_ms()) {  // it has stopped reading
    agenda_.at(link.reads_from_ms, [this, id, way, epoch = link.epoch] {
      if (links_[id]->epoch == epoch) arrive(id, way);
    });
    return;
  }
  Chunk chunk = std::move(pipe.chunks.front());
  pipe.chunks.pop_front();
  if (way == Way::down) {
    const bool was_full = space(id) == 0;
    pipe.in_flight -= chunk.bytes.size();
    if (link.client_end) {
      if (chunk.end) {
        link.client_end = false;
        ends_.to_client_closed(id);
      } else {
        ends_.to_client(id, chunk.bytes);
      }
    }
    if (was_full && link.server_end) ends_.writable(id);
    return;
  }
  if (!link.server_end) return;
  if (chunk.end) {
    link.server_end = false;
    ends_.to_server_closed(id);
  } else {
    ends_.to_server(id, chunk.bytes);
  }
}

void Network::cut(LinkId id, Cut how) {
  Link& link = *links_[id];
  ++record_.counts.cuts;
  ++link.epoch;
  if (how == Cut::half_open) {
    link.silent = true;
    link.up.chunks.clear();
    link.down.chunks.clear();
    return;
  }
  // Of what was under way some bytes still come, perhaps a part of a frame.
  const auto part = [this](Pipe& pipe) {
    std::string bytes;
    for (const Chunk& chunk : pipe.chunks) bytes += chunk.bytes;
    pipe.chunks.clear();
    if (!bytes.empty()) bytes.resize(random_.below(bytes.size() + 1));
    return bytes;
  };
  std::string up = part(link.up);
  std::string down = part(link.down);
  link.down.in_flight = 0;
  link.silent = true;
  const auto end = [this, id, epoch = link.epoch](Way way, std::string bytes) {
    agenda_.after(random_.between(0, 2 * links_[id]->quality.latency_ms),
                  [this, id, epoch, way, bytes = std::move(bytes)]() mutable {
                    Link& ended = *links_[id];
                    if (ended.epoch != epoch) return;
                    if (way == Way::up) {
                      if (!ended.server_end) return;
                      if (!bytes.empty()) ends_.to_server(id, bytes);
                      if (!ended.server_end) return;
                      ended.server_end = false;
                      ends_.to_server_closed(id);
                    } else {
                      if (!ended.client_end) return;
                      if (!bytes.empty()) ends_.to_client(id, bytes);
                      if (!ended.client_end) return;
                      ended.client_end = false;
                      ends_.to_client_closed(id);
                    }
                  });
  };
  end(Way::up, std::move(up));
  end(Way::down, std::move(down));
}

void Network::stall(LinkId id, std::int64_t ms) {
  Link& link = *links_[id];
  const std::int64_t until = agenda_.now_ms() + ms;
  link.up.last_due_ms = std::max(link.up.last_due_ms, until);
  link.down.last_due_ms = std::max(link.down.last_due_ms, until);
}

void Network::stop_reading(LinkId id, std::int64_t ms) {
  Link& link = *links_[id];
  link.reads_from_ms = std::max(link.reads_from_ms, agenda_.now_ms() + ms);
  link.down.last_due_ms = std::max(link.down.last_due_ms, link.reads_from_ms);
}

}  // namespace pluv::sim
