// The output events of one procedure call: names, raw JSON data and who receives them, in one run
// of bytes that is reused. Owned by the caller of the procedure; knows no room and no session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pluv::room {

// Who receives a procedure's output event.
enum class Audience : std::uint8_t {
  broadcast,  // every session, the sender included
  self,       // the sender alone
  sync,       // the sessions of every node (this one's, while there is one)
};

// The output events of one procedure call, in order. Reused: clear() keeps the memory.
class EventSink {
 public:
  struct Event {
    Audience audience{};
    std::uint32_t name_offset = 0, name_size = 0;
    std::uint32_t data_offset = 0, data_size = 0;
  };

  // data: a raw JSON object or null; the caller guarantees it.
  void emit(Audience audience, std::string_view name, std::string_view data);
  // The same for a writer: append the data to bytes() between the two calls.
  void begin(Audience audience, std::string_view name);
  void end();

  [[nodiscard]] std::string& bytes() noexcept { return bytes_; }
  [[nodiscard]] const std::vector<Event>& events() const noexcept { return events_; }
  [[nodiscard]] std::string_view name(const Event& event) const noexcept {
    return std::string_view(bytes_).substr(event.name_offset, event.name_size);
  }
  [[nodiscard]] std::string_view data(const Event& event) const noexcept {
    return std::string_view(bytes_).substr(event.data_offset, event.data_size);
  }
  void clear() noexcept {
    events_.clear();
    bytes_.clear();
  }

 private:
  std::vector<Event> events_;
  std::string bytes_;
};

}  // namespace pluv::room
