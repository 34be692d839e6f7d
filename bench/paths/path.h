// A path of the server that path_bench goes down again and again, over the code that the server
// runs, with neither sockets nor a clock. A path makes all its inputs before the first time, so
// that what is counted is the path alone, and the same in every run. Used by one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace pluv::bench {

class Path {
 public:
  Path() = default;
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  virtual ~Path() = default;

  // at: how often it was done before.
  virtual void once(std::size_t at) = 0;
  // After so many times: whether they did what they had to. Ends the process when not.
  virtual void check(std::size_t times) = 0;
};

struct Row {
  std::string_view name;
  std::string_view thing;         // what once() does one of: "message"
  std::size_t times = 0;          // that are counted, unless told
  std::size_t deliveries = 0;     // of one thing, to as many sessions; 0: it is not delivered
  std::size_t warm_up_times = 4;  // before: until vectors and queues have the size that they keep
  std::unique_ptr<Path> (*make)(std::size_t times) = nullptr;  // for so many times, warm-up and all
};

// Frames and base64 (wire_paths.cc).
[[nodiscard]] std::span<const Row> wire_rows();
// The upgrade, and the queues of what is to be sent (connection_paths.cc).
[[nodiscard]] std::span<const Row> connection_rows();
// A room's sessions, presence and events (room_paths.cc).
[[nodiscard]] std::span<const Row> room_rows();
// A room's document (storage_paths.cc).
[[nodiscard]] std::span<const Row> storage_rows();

// Ends the process with 1 and says what was wrong, unless it is right.
void expect(bool right, std::string_view what);

}  // namespace pluv::bench
