#include "room/event_sink.h"

namespace pluv::room {

void EventSink::begin(Audience audience, std::string_view name) {
  Event event;
  event.audience = audience;
  event.name_offset = static_cast<std::uint32_t>(bytes_.size());
  event.name_size = static_cast<std::uint32_t>(name.size());
  bytes_ += name;
  event.data_offset = static_cast<std::uint32_t>(bytes_.size());
  events_.push_back(event);
}

void EventSink::end() {
  events_.back().data_size = static_cast<std::uint32_t>(bytes_.size()) - events_.back().data_offset;
}

void EventSink::emit(Audience audience, std::string_view name, std::string_view data) {
  begin(audience, name);
  bytes_ += data;
  end();
}

}  // namespace pluv::room
