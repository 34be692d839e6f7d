// What a seed stands for: how many clients and rooms there are, what they do, and what goes wrong.
// A value; the same for a seed on every machine.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/store.h"
#include "base/limits.h"
#include "tests/sim/random.h"

namespace pluv::sim {

enum class DiskKind : std::uint8_t { none, model, sqlite };

struct Plan {
  std::uint32_t rooms = 1;
  std::uint32_t clients = 2;
  // Each user has up to so many tabs. 0: nobody is authorized, every session is its own user.
  std::uint32_t tabs_max = 0;
  std::uint32_t offline_store_once_in = 2;   // clients that keep their edits through a reload
  std::uint32_t forgetful_once_in = 0;       // clients of which an edit never leaves
  std::uint32_t empty_handed_once_in = 0;    // clients that bring no first document
  std::uint32_t hidden_once_in = 0;          // tabs of which the browser slows the heartbeat down
  std::uint32_t slow_once_in = 0;            // clients that read slowly, or not for a while
  std::uint32_t silent_storage_once_in = 0;  // clients that take long to answer $storageReceived
  std::uint32_t burst_once_in = 0;           // joins at which a client has much to say at once

  std::int64_t faulty_ms = 30'000;   // while things go wrong
  std::int64_t edit_every_ms = 500;  // of one client, on average; so are the next ones
  std::int64_t presence_every_ms = 1'000;
  std::int64_t event_every_ms = 1'000;
  std::int64_t leave_every_ms = 20'000;  // and come back
  std::int64_t reload_every_ms = 60'000;
  std::int64_t server_edit_every_ms = 5'000;  // of the whole simulation, as all that follow
  std::int64_t latency_ms_max = 50;
  std::int64_t cut_every_ms = 3'000;
  std::int64_t stall_every_ms = 5'000;
  std::int64_t kill_every_ms = 20'000;
  std::uint32_t power_cut_once_in = 0;  // of the kills
  std::uint32_t torn_once_in = 0;       // of the kills
  std::int64_t drain_every_ms = 30'000;
  std::int64_t evict_every_ms = 20'000;
  std::int64_t clock_every_ms = 30'000;
  std::int64_t hibernate_every_ms = 5'000;  // a room's memory goes, its sessions stay
  std::int64_t store_trouble_every_ms = 10'000;
  std::int64_t store_trouble_ms_max = 8'000;
  std::int64_t store_latency_ms_max = 5;
  std::uint32_t late_answer_once_in = 0;  // of the store: what it did is told much later

  DiskKind disk = DiskKind::model;
  adapters::Durability durability = adapters::Durability::process;
  bool initial_storage = false;
  Limits limits;
};

// sqlite: disks may be of that kind.
[[nodiscard]] Plan make_plan(std::uint64_t seed, bool sqlite);
// One line, for a person.
[[nodiscard]] std::string describe(const Plan& plan);

}  // namespace pluv::sim
