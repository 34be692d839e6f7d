#include "apps/pluvd/inspector_rooms.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include "apps/pluvd/inspector_query.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

constexpr std::size_t kLimitMax = 200;

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// What an order compares first, more before less; 0 for all by name.
std::uint64_t rank(const native::RoomLine& line, RoomOrder order) {
  if (order == RoomOrder::sessions) return line.sessions;
  if (order == RoomOrder::messages) {
    return static_cast<std::uint64_t>(std::llround(line.messages_per_second * 1000));
  }
  return 0;
}

struct Place {
  std::uint64_t rank = 0;
  std::string_view room;
};

bool comes_before(const Place& a, const Place& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.room < b.room;
}

// "12:room", or by name the room alone; no room has a ':' in its name.
std::string cursor_of(const native::RoomLine& line, RoomOrder order) {
  if (order == RoomOrder::name) return line.room;
  return std::to_string(rank(line, order)) + ":" + line.room;
}

std::optional<Place> place_of(std::string_view cursor, RoomOrder order) {
  if (order == RoomOrder::name) return Place{0, cursor};
  Place place;
  const char* const end = cursor.data() + cursor.size();
  const auto [at, error] = std::from_chars(cursor.data(), end, place.rank);
  if (error != std::errc() || at == end || *at != ':') return std::nullopt;
  place.room = std::string_view(at + 1, end);
  return place;
}

void write(json::Writer& writer, const native::RoomLine& line) {
  writer.begin_object();
  writer.key("room");
  writer.string(line.room);
  writer.key("sessions");
  writer.number(static_cast<std::uint64_t>(line.sessions));
  writer.key("users");
  writer.number(static_cast<std::uint64_t>(line.users));
  writer.key("document_bytes");
  writer.number(line.document_bytes);
  writer.key("messages_per_second");
  writer.number(std::round(line.messages_per_second * 1000) / 1000);
  writer.key("idle");
  writer.boolean(line.idle);
  writer.end_object();
}

}  // namespace

Result<RoomQuery> room_query_of(const net::Request& request) {
  RoomQuery query;
  const auto limit = number_parameter(request, "limit", query.limit, kLimitMax);
  if (!limit.ok()) return limit.error();
  query.limit = std::max<std::size_t>(*limit, 1);
  query.after = request.query_get("after").value_or("");
  query.search = folded(request.query_get("search").value_or(""));
  const std::string order = request.query_get("order").value_or("name");
  if (order == "sessions") {
    query.order = RoomOrder::sessions;
  } else if (order == "messages") {
    query.order = RoomOrder::messages;
  } else if (order != "name") {
    return Error{ErrorCode::invalid, "order: name, sessions or messages"};
  }
  return query;
}

RoomSnapshot::RoomSnapshot(std::vector<native::RoomLine> lines) : lines_(std::move(lines)) {
  std::ranges::sort(lines_, {}, &native::RoomLine::room);
}

const RoomSnapshot::Order& RoomSnapshot::order(RoomOrder order) {
  Order& places = orders_[static_cast<std::size_t>(order)];
  if (places.size() == lines_.size()) return places;
  places.resize(lines_.size());
  std::iota(places.begin(), places.end(), 0);
  if (order == RoomOrder::name) return places;
  std::ranges::sort(places, [&](std::uint32_t a, std::uint32_t b) {
    return comes_before({rank(lines_[a], order), lines_[a].room},
                        {rank(lines_[b], order), lines_[b].room});
  });
  return places;
}

Result<std::string> RoomSnapshot::page(const RoomQuery& query) {
  const std::optional<Place> after = place_of(query.after, query.order);
  if (!query.after.empty() && !after) {
    return Error{ErrorCode::invalid, "after: not the next of a page in this order"};
  }
  if (!query.search.empty() && folded_.size() != lines_.size()) {
    folded_.reserve(lines_.size());
    for (const native::RoomLine& line : lines_) folded_.push_back(folded(line.room));
  }
  const auto matches = [&](std::uint32_t at) {
    return query.search.empty() || folded_[at].find(query.search) != std::string::npos;
  };
  const Order& places = order(query.order);
  auto at = places.begin();
  if (!query.after.empty()) {
    at = std::ranges::upper_bound(places, *after, comes_before, [&](std::uint32_t line) {
      return Place{rank(lines_[line], query.order), lines_[line].room};
    });
  }
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  writer.key("rooms");
  writer.begin_array();
  const native::RoomLine* last = nullptr;
  bool more = false;
  for (std::size_t written = 0; at != places.end() && !more; ++at) {
    if (!matches(*at)) continue;
    more = written == query.limit;
    if (more) break;
    last = &lines_[*at];
    write(writer, *last);
    ++written;
  }
  writer.end_array();
  writer.key("next");
  if (more) {
    writer.string(cursor_of(*last, query.order));
  } else {
    writer.null();
  }
  writer.key("total");
  std::uint64_t total = lines_.size();
  if (!query.search.empty()) {
    total = static_cast<std::uint64_t>(std::ranges::count_if(places, matches));
  }
  writer.number(total);
  writer.end_object();
  return json;
}

}  // namespace pluv::apps
