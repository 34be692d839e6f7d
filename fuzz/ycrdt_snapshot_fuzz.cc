// Snapshots. Of any bytes taken for one: what is accepted comes back as it was in both versions,
// and a document can be read at it without changing. Of those that documents take: restored later,
// they are what the document was.
// link: ycrdt json base
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "fuzz/ycrdt_cut.h"
#include "fuzz/ycrdt_peers.h"
#include "fuzz/ycrdt_script.h"
#include "ycrdt/doc.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates_v2.h"

namespace {

using namespace pluv::ycrdt;

constexpr std::size_t kStepsMax = 60;
constexpr std::size_t kSnapshotsMax = 8;

void expect_round_trips(const Snapshot& snapshot) {
  const auto first = decode_snapshot(encode_snapshot(snapshot));
  const auto second = decode_snapshot_v2(encode_snapshot_v2(snapshot));
  PLUV_ASSERT(first.ok() && *first == snapshot);
  PLUV_ASSERT(second.ok() && *second == snapshot);
}

std::vector<Snapshot> try_bytes(std::string_view bytes) {
  std::vector<Snapshot> out;
  for (auto decoded : {decode_snapshot(bytes), decode_snapshot_v2(bytes)}) {
    if (!decoded) continue;
    expect_round_trips(*decoded);
    out.push_back(std::move(*decoded));
  }
  return out;
}

// Reads all roots, and what lies in them, at the snapshot.
void read_at(Doc& doc, const Snapshot& snapshot, const Snapshot* previous) {
  for (const std::string_view root : kRootNames) {
    const SharedType type = doc.get_root(root);
    for (const DeltaOp& op :
         type.as_text().to_delta({.snapshot = &snapshot, .previous = previous})) {
      const auto* const inner = std::get_if<SharedType>(&op.insert);
      if (inner != nullptr) (void)inner->as_text().delta_json({.snapshot = &snapshot});
    }
    for (const Value& value : type.as_array().to_array(snapshot)) {
      const auto* const inner = std::get_if<SharedType>(&value);
      if (inner != nullptr) (void)inner->as_map().entries(snapshot);
    }
    for (const auto& [key, value] : type.as_map().entries(snapshot)) {
      PLUV_ASSERT(type.as_map().get(key, snapshot).has_value());
    }
  }
  expect_sound(doc);
}

std::optional<std::string> restored(Doc& doc, const Snapshot& snapshot) {
  auto old = create_doc_from_snapshot(doc, snapshot, {.client_id = 9, .clean_formatting = false});
  if (!old) return std::nullopt;
  name_roots(*old);
  expect_sound(*old);
  return describe(*old);
}

void read_any(std::string_view bytes, std::string_view update) {
  Doc doc({.client_id = 1, .gc = false, .clean_formatting = false});
  name_roots(doc);
  (void)doc.apply_update(update);
  for (const Snapshot& snapshot : try_bytes(bytes)) {
    const auto known = snapshot_contains_update(snapshot, update);
    PLUV_ASSERT(known.ok() == check_update(update).ok());
    PLUV_ASSERT(snapshot_contains_update_v2(snapshot, update).ok() == check_update_v2(update).ok());
    read_at(doc, snapshot, nullptr);
    read_at(doc, Snapshot(), &snapshot);
    (void)restored(doc, snapshot);
    expect_sound(doc);
  }
}

struct Taken {
  std::size_t peer;
  Snapshot snapshot;
  std::string description;
};

void take_and_keep(std::string_view bytes) {
  Script script(bytes);
  Peers peers(script);
  std::vector<Taken> taken;
  for (std::size_t steps = 0; !script.ended() && steps < kStepsMax; ++steps) {
    peers.step();
    const std::size_t peer = script.below(Peers::kPeers);
    Doc& doc = peers.doc(peer);
    if (taken.size() < kSnapshotsMax && script.one_in(4) && !peers.options(peer).gc) {
      taken.push_back({peer, take_snapshot(doc), describe(doc)});
      expect_round_trips(taken.back().snapshot);
    }
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const std::string before = doc.encode_state_as_update();
      read_at(doc, taken[i].snapshot, i == 0 ? nullptr : &taken[i - 1].snapshot);
      PLUV_ASSERT(doc.encode_state_as_update() == before);
    }
  }
  for (const Taken& one : taken) {
    Doc& doc = peers.doc(one.peer);
    // Who has been opened anew in between still knows all, but may have heard from others that
    // something was collected.
    (void)restored(doc, one.snapshot);
    expect_sound(doc);
  }
}

// One who collects nothing and hears from nobody who does.
void restore_own(std::string_view bytes) {
  Script script(bytes);
  Doc doc({.client_id = 7, .gc = false, .clean_formatting = false});
  Editor editor(doc);
  std::vector<Taken> taken;
  for (std::size_t steps = 0; !script.ended() && steps < kStepsMax; ++steps) {
    editor.edit(script);
    if (taken.size() < kSnapshotsMax && script.one_in(3)) {
      taken.push_back({0, take_snapshot(doc), describe(doc)});
    }
  }
  const std::string before = doc.encode_state_as_update();
  for (const Taken& one : taken) {
    const auto description = restored(doc, one.snapshot);
    PLUV_ASSERT(description.has_value() && *description == one.description);
  }
  PLUV_ASSERT(doc.encode_state_as_update() == before);
}

}  // namespace

// A snapshot, after its size, then an update; or, after a 254 or a 253, a script.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size != 0 && data[0] == 254) {
    take_and_keep(bytes.substr(1));
  } else if (size != 0 && data[0] == 253) {
    restore_own(bytes.substr(1));
  } else {
    const std::string_view snapshot = take_piece(bytes);
    read_any(snapshot, bytes);
  }
  return 0;
}
