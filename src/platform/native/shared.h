// What the loops of one server share: configuration (read-only once they run), the few counts that
// cross loops, and the way to another loop. Owned by Server::Impl; thread-safe as said.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/forwarded.h"
#include "net/ip_address.h"
#include "net/origin.h"
#include "platform/native/memory_guard.h"
#include "platform/native/server.h"
#include "platform/native/socket.h"
#include "room/definition.h"

namespace pluv::native {

class Worker;

// Hash and equality that look strings up without making one.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

// Open connections by client address; an IPv6 client is its /64. Thread-safe.
class AddressCounts {
 public:
  // The count with this one.
  std::uint32_t add(const net::IpAddress& address);
  void remove(const net::IpAddress& address);

 private:
  using Key = std::array<std::uint8_t, 16>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  static Key key_of(const net::IpAddress& address) noexcept;

  std::mutex mutex_;
  std::unordered_map<Key, std::uint32_t, KeyHash> counts_;
};

// Open connections by project and user id. Thread-safe.
class UserCounts {
 public:
  // A user who has connections, and how many; stays where it is.
  using Counted = std::pair<const std::string, std::uint32_t>;

  // Counts one more connection of the project's user; null when there are limit of them already.
  [[nodiscard]] Counted* add(std::string_view project, std::string_view user, std::uint32_t limit);
  // One of add()'s is gone.
  void remove(Counted& user);

 private:
  std::mutex mutex_;
  TextMap<std::uint32_t> counts_;
};

// Live sessions of each room, for Server::size. Thread-safe; written at joins and leaves only.
class RoomSizes {
 public:
  void set(std::string_view room, std::size_t size);
  [[nodiscard]] std::size_t get(std::string_view room) const;

 private:
  struct Shard {
    mutable std::mutex mutex;
    TextMap<std::uint32_t> sizes;
  };
  static constexpr std::size_t kShards = 16;
  [[nodiscard]] static std::size_t shard_of(std::string_view room) noexcept {
    return TextHash{}(room) / 64 % kShards;
  }

  std::array<Shard, kShards> shards_;
};

struct Shared {
  ServerConfig config;
  room::Definition definition;
  ServerHooks hooks;
  net::OriginList origins;
  net::TrustedProxies proxies;
  std::shared_ptr<TlsContext> tls;
  std::vector<std::shared_ptr<Worker>> workers;

  AddressCounts addresses;
  UserCounts users;
  RoomSizes sizes;
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> rooms{0};
  std::atomic<std::size_t> idle_bytes{0};          // of rooms without sessions
  std::atomic<std::size_t> gathered_bytes{0};      // see ServerConfig::gathered_bytes_max
  std::atomic<bool> large_message_in_hand{false};  // see room_host_aside.cc
  std::atomic<MemoryPressure> memory_pressure{MemoryPressure::none};
  std::atomic<bool> handing_over{false};
  std::atomic<bool> draining{false};
  std::atomic<int> exit_code{0};

  [[nodiscard]] const Limits& limits() const noexcept { return definition.limits; }
  // Of the rooms of this project; empty: of those that belong to none.
  [[nodiscard]] const room::Definition& definition_of(std::string_view project) const;
  [[nodiscard]] bool memory_at(MemoryPressure pressure) const noexcept {
    return memory_pressure.load(std::memory_order_relaxed) >= pressure;
  }
  [[nodiscard]] Worker& owner_of(std::string_view room) const noexcept;
  void log(std::string_view level, std::string_view event, std::string_view fields) const {
    if (hooks.log) hooks.log(level, event, fields);
  }
  // Ends all loops. From any thread.
  void stop_loops() const;
};

}  // namespace pluv::native
