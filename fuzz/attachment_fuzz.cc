// Any text taken for what is kept of a session whose room has lost its memory: refused and the
// session closed, or a session of which the same would be kept again.
// link: room protocol json base ycrdt
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "room/attachment.h"
#include "room/room.h"

using namespace pluv;
using namespace pluv::room;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Definition definition = [] {
    Definition made;
    made.hibernates = true;
    made.freeze();
    return made;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool readable = read_attachment(text).ok();
  Room room("room", definition, 1);
  Effects effects;
  room.step(Restored{SessionIndex{}, text, nullptr}, {1'000, 1'795'467'862'000}, effects);
  PLUV_ASSERT(room.size() == (readable ? 1 : 0));
  if (!readable) return 0;
  const std::string kept = room.attachment(SessionIndex{});
  Room again("room", definition, 1);
  effects.clear();
  again.step(Restored{SessionIndex{}, kept, nullptr}, {1'000, 1'795'467'862'000}, effects);
  PLUV_ASSERT(again.size() == 1);
  PLUV_ASSERT(again.attachment(SessionIndex{}) == kept);
  // And it is one that can be spoken to.
  effects.clear();
  room.step(Message{SessionIndex{}, R"({"type":"$getOthers","data":{}})"}, {2'000, 1}, effects);
  PLUV_ASSERT(!effects.list.empty());
  return 0;
}
