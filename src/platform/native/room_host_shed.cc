// RoomHost's part in keeping the process under its ceiling of memory (memory_guard.h): who is
// closed.
#include <algorithm>
#include <utility>
#include <vector>

#include "platform/native/room_host.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

// Who holds less than this has done nothing out of the ordinary.
constexpr std::size_t kHeldBytesMin = 64 * 1024;
constexpr std::size_t kDocumentBytesMin = 64 * 1024;

constexpr std::string_view kShedReason = "Try again later";

std::size_t held_bytes(const Connection& connection) noexcept {
  const std::size_t aside =
      connection.aside ? connection.aside->payload.size() + connection.aside->rest.size() : 0;
  return connection.outbox.bytes() + connection.frames.memory_bytes() + aside;
}

}  // namespace

void RoomHost::shed(Connection& connection) {
  worker_.metrics().memory_closes.add(1);
  doom(connection, kShedReason);
}

bool RoomHost::shed_sessions(std::size_t bytes) {
  std::vector<std::pair<std::size_t, Connection*>> holders;
  Connections& connections = worker_.connections();
  for (std::size_t place = 0; place < connections.size(); ++place) {
    Connection& connection = connections.at(place);
    if (connection.phase != Phase::open || connection.doomed || !connection.in_room()) continue;
    const std::size_t held = held_bytes(connection);
    if (held >= kHeldBytesMin) holders.emplace_back(held, &connection);
  }
  std::sort(holders.begin(), holders.end(),
            [](const auto& left, const auto& right) { return left.first > right.first; });
  std::size_t freed = 0;
  for (const auto& [held, connection] : holders) {
    if (freed >= bytes) break;
    shed(*connection);
    freed += held;
  }
  return !holders.empty();
}

void RoomHost::shed_largest_room() {
  RoomEntry* largest = nullptr;
  std::size_t largest_bytes = kDocumentBytesMin;
  for (const auto& [name, entry] : rooms_) {
    const std::size_t bytes = entry->room.document_memory_bytes();
    if (bytes < largest_bytes || entry->room.size() == 0) continue;
    largest = entry.get();
    largest_bytes = bytes;
  }
  if (largest == nullptr) return;
  for (Connection* connection : largest->sessions) {
    if (connection == nullptr || connection->phase != Phase::open || connection->doomed) continue;
    shed(*connection);
  }
}

}  // namespace pluv::native
