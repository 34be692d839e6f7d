// What the engine takes from bytes that it does not trust, with units and reasons. Values, copied
// freely. Every document in use stays far below them; bytes that were made to hurt do not.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pluv::ycrdt {

struct UpdateLimits {
  // One update. A document of 30 MB is a very big one.
  std::size_t update_bytes_max = 256u * 1024 * 1024;
  // Clients in one update or state vector. A client costs some 100 bytes of memory and some 4 of
  // an update; a document collects one for each tab that ever wrote into it.
  std::size_t clients_max = 1024 * 1024;
  // Structs of one update: 64 bytes of memory each, for at least 3 of the update.
  std::size_t structs_max = 16u * 1024 * 1024;
  // Structs of a version 2 update beyond one for each of its bytes: there a run of equal ones costs
  // nothing, and some ten bytes can stand for any number. A list of so many empty maps, made in one
  // go, is the longest such run in earnest; in memory it takes 25 MB.
  std::size_t run_structs_max = 256u * 1024;
  // Containers in containers in one value (Any or JSON). Reading needs no stack, but the programs
  // that get such a value may. yjs fails near 5,000.
  std::size_t value_depth_max = 512;
  // Structs and deletes of a document that wait for what they depend on, in bytes. They are looked
  // at again whenever something comes that they may wait for, so this is time as well.
  std::size_t pending_bytes_max = 8u * 1024 * 1024;
  // Steps that an update may spend on finding its place among concurrent inserts, on splitting
  // text that is not ASCII and on splitting values: some 30 ns each. One look at each item of the
  // document is free besides. 1,540 clients that write at one place take 3,051 steps in one update
  // at most, and one for each client when all come in one.
  std::uint64_t work_base = 500'000;
  // And so many more for each struct of the update: big updates may take their time. Recorded
  // sessions of concurrent writers need less than one.
  std::uint64_t work_per_struct = 16;
};

// Of awareness (awareness.h), which is small where it is used as it is meant: some hundred bytes a
// client, and one client for each tab that is open.
struct AwarenessLimits {
  // One update: a room of 10,000 clients, all at once, takes 2 MB.
  std::size_t update_bytes_max = 16u * 1024 * 1024;
  // One state, as it arrives. Reading one takes some 25 times its size of memory for the while.
  std::size_t state_bytes_max = 1024 * 1024;
  // All states that are kept.
  std::size_t states_bytes_max = 64u * 1024 * 1024;
  // Clients in one update, and clients that are known, which those are that have gone.
  std::size_t clients_max = 64 * 1024;
  // Containers in containers in a state. 512 is the most that is possible.
  std::size_t value_depth_max = 512;
};

// The highest clock of a client that is taken from others. y-protocols reads clocks up to 2^53 - 1;
// who is told to have one that high has none left to say anything under.
inline constexpr std::uint64_t kAwarenessClockMax = std::uint64_t{1} << 52;

// Newlines that one call of Text::format or Text::apply_delta may add, in all, where it goes on
// beyond the end of the text. Editors ask for one or two; whoever means "all that is left" and says
// 2^32 - 1 would get gigabytes of them.
inline constexpr std::uint32_t kNewlinesBeyondEndMax = 1024 * 1024;

}  // namespace pluv::ycrdt
