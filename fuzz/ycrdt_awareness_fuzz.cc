// Any bytes, cut in pieces, as awareness updates: what is refused changes nothing, what is taken
// leaves states that can be told to somebody else, who then has the same.
// link: ycrdt json base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "fuzz/ycrdt_cut.h"
#include "ycrdt/awareness.h"

namespace {

using namespace pluv::ycrdt;

constexpr AwarenessLimits kLimits = {.states_bytes_max = 4096, .clients_max = 8};

void expect_same_again(std::string_view update, const std::vector<AwarenessEntry>& entries) {
  const std::string written = encode_awareness_update(entries);
  const auto again = decode_awareness_update(written);
  PLUV_ASSERT(again.ok() && *again == entries);
  const auto same =
      modify_awareness_update(update, [](std::string_view state) { return std::string(state); });
  PLUV_ASSERT(same.ok() && *same == written);
}

// Clocks above what is taken from others are ours only.
void expect_told(const Awareness& from, std::int64_t now_ms) {
  std::vector<ClientId> clients;
  for (const AwarenessEntry& entry : from.states()) {
    if (entry.clock <= kAwarenessClockMax && entry.clock > 0) clients.push_back(entry.client);
  }
  const auto update = from.encode_update(clients);
  PLUV_ASSERT(update.ok());
  Awareness to({.client_id = kClientIdMax});
  PLUV_ASSERT(to.apply_update(*update, "", now_ms).ok());
  for (const ClientId client : clients) PLUV_ASSERT(to.state(client) == from.state(client));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Awareness awareness({.client_id = 1, .limits = kLimits});
  std::size_t heard = 0;
  awareness.on_update([&](const AwarenessChange& change, std::string_view) {
    PLUV_ASSERT(!change.empty());
    ++heard;
  });
  std::int64_t now_ms = 0;
  for (const std::string_view piece : cut(bytes)) {
    if (const auto entries = decode_awareness_update(piece)) expect_same_again(piece, *entries);
    const auto before = awareness.states();
    const std::size_t heard_before = heard;
    if (!awareness.apply_update(piece, "", now_ms).ok()) {
      PLUV_ASSERT(awareness.states() == before && heard == heard_before);
      (void)awareness.set_local_state(piece, now_ms);
      (void)awareness.set_local_state_field("a", piece, now_ms);
    }
    PLUV_ASSERT(awareness.known_clients() <= kLimits.clients_max);
    now_ms += 4000;
    awareness.check_outdated(now_ms);
  }
  expect_told(awareness, now_ms);
  return 0;
}
