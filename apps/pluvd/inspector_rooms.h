// The inspector's list of rooms: one snapshot for all who ask within a second, in the orders that
// they ask for, and pages of it. Made by the native server on the rooms' own loops; ordered here,
// on the thread of whoever calls. Owned by Inspector; used on one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "platform/native/room_look.h"

namespace pluv::apps {

enum class RoomOrder : std::uint8_t { name, sessions, messages };

struct RoomQuery {
  RoomOrder order = RoomOrder::name;
  std::string after;   // the `next` of the page before; empty: from the beginning
  std::string search;  // part of the name, letters' case aside
  std::size_t limit = 50;
};
// Of the request's parameters. Errors: invalid.
[[nodiscard]] Result<RoomQuery> room_query_of(const net::Request& request);

class RoomSnapshot {
 public:
  // In any order.
  explicit RoomSnapshot(std::vector<native::RoomLine> lines);

  // {"rooms":[...],"next":...,"total":n}. A page begins behind the place of `after` in the order,
  // whether that room is still there or not. Errors: invalid (no such `after`).
  [[nodiscard]] Result<std::string> page(const RoomQuery& query);

  [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }

 private:
  using Order = std::vector<std::uint32_t>;
  [[nodiscard]] const Order& order(RoomOrder order);

  std::vector<native::RoomLine> lines_;
  std::vector<std::string> folded_;  // names in lower case, for the search
  std::array<Order, 3> orders_;      // made when they are asked for; empty: not yet
};

}  // namespace pluv::apps
