// A room in steady state takes no memory from the heap: proved by counting operator new.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "room/room.h"
#include "room/room_testing.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
// std::stable_sort asks for its buffer so.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace pluv::room {
namespace {

TEST(RoomAllocations, AStepInSteadyStateMakesNone) {
  Definition definition;
  definition.procedures.push_back({"say",
                                   [](ProcedureCall& call) -> Result<void> {
                                     call.events.emit(Audience::broadcast, "said", call.data);
                                     return {};
                                   },
                                   nullptr});
  definition.freeze();
  Room room("room-1", definition);
  Effects effects;
  Now now{1'000'000, 1'795'467'862'000};
  const std::string ann = R"({"id":"ua","name":"Ann"})";
  for (std::uint32_t i = 0; i < 50; ++i) {
    room.step(Opened{SessionIndex{i},
                     TestRoom::id_of(SessionIndex{i}),
                     {},
                     ann,
                     nullptr,
                     i == 7 ? "read presence event:say event:forwarded" : "*"},
              now, effects);
    room.step(Message{SessionIndex{i},
                      R"({"type":"$initializeSession","data":{"presence":{"x":0},"update":""}})"},
              now, effects);
  }
  const std::string_view messages[] = {
      R"({"type":"$updatePresence","data":{"presence":{"x":12.5,"y":99,"name":"somebody"}}})",
      R"({"type":"$ping","data":{}})",
      R"({"data":{"message":"hello"},"type":"say"})",
      R"({"data":{"any":[1,2,3]},"type":"forwarded"})",
      R"({"type":"$getOthers","data":{}})",
      R"({"type":"$updateStorage","data":{"origin":null,"update":"AAA="}})",
  };
  std::size_t before = 0;
  for (int round = 0; round < 12; ++round) {
    if (round == 4) before = allocations;
    for (const std::string_view text : messages) {
      effects.clear();
      now.steady_ms += 10;
      now.unix_ms += 10;
      room.step(Message{SessionIndex{7}, text}, now, effects);
      ASSERT_TRUE(text.find("$updateStorage") != text.npos || !effects.list.empty());
    }
    effects.clear();
    room.step(Heard{SessionIndex{3}}, now, effects);
  }
  EXPECT_EQ(allocations - before, 0u);
}

}  // namespace
}  // namespace pluv::room
