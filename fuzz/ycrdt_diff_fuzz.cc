// State vectors, and updates cut by them. Of any bytes: all that reads an update agrees on whether
// it is one; what is left of it is just what the state vector lacks. Of what documents wrote: what
// is cut out of their state is what they would say themselves, and enough for who has the rest.
// link: ycrdt json base
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "fuzz/ycrdt_cut.h"
#include "fuzz/ycrdt_peers.h"
#include "fuzz/ycrdt_runs.h"
#include "fuzz/ycrdt_script.h"
#include "ycrdt/doc.h"
#include "ycrdt/state_vector.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"

namespace {

using namespace pluv::ycrdt;

constexpr std::size_t kStepsMax = 100;

StateVector try_state_vector(std::string_view bytes) {
  const auto state = decode_state_vector(bytes);
  if (!state) return {};
  const auto& entries = state->entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    PLUV_ASSERT(entries[i].second != 0);
    PLUV_ASSERT(i == 0 || entries[i].first < entries[i - 1].first);
    PLUV_ASSERT(state->clock(entries[i].first) == entries[i].second);
  }
  const std::string encoded = encode_state_vector(*state);
  PLUV_ASSERT(encoded.size() <= bytes.size());
  const auto again = decode_state_vector(encoded);
  PLUV_ASSERT(again.ok() && *again == *state);
  return *state;
}

std::string diffed(std::string_view update, const StateVector& state) {
  const auto out = diff_update(update, state);
  PLUV_ASSERT(out.ok());
  PLUV_ASSERT(check_update(*out).ok());
  return *out;
}

// The runs from the state's clocks on.
std::vector<Run> runs_beyond(const std::vector<Run>& runs, const StateVector& state) {
  std::vector<Run> out;
  for (const Run& run : runs) {
    const Clock known = state.clock(run.first.client);
    if (run.end() > known) {
      out.push_back(run_from(run, known > run.first.clock ? known - run.first.clock : 0));
    }
  }
  return out;
}

// For each client up to where the runs are complete.
StateVector complete_state(const std::vector<Run>& runs) {
  std::vector<StateVector::Entry> out;
  for (const Run& run : runs) {
    if (out.empty() || out.back().first != run.first.client) out.emplace_back(run.first.client, 0);
    if (out.back().second == run.first.clock) out.back().second = run.end();
  }
  return StateVector(std::move(out));
}

void expect_meta(std::string_view update, const std::vector<Run>& runs, const StateVector& own) {
  const auto meta = parse_update_meta(update);
  PLUV_ASSERT(meta.ok());
  std::size_t skips = 0;
  UpdateReader reader(update, UpdateLimits());
  for (StructRef ref; reader.next(ref);) skips += ref.kind == ContentKind::skip ? 1 : 0;
  for (std::size_t i = 0; i < meta->clients.size(); ++i) {
    const UpdateMeta::Range& range = meta->clients[i];
    PLUV_ASSERT(range.from < range.to);
    PLUV_ASSERT(i == 0 || range.client < meta->clients[i - 1].client);
    if (skips == 0) PLUV_ASSERT(own.clock(range.client) == (range.from == 0 ? range.to : 0));
    PLUV_ASSERT(own.clock(range.client) <= range.to);
  }
  for (const Run& run : runs) {
    PLUV_ASSERT(std::any_of(meta->clients.begin(), meta->clients.end(), [&](const auto& range) {
      return range.client == run.first.client && range.from <= run.first.clock &&
             run.end() <= range.to;
    }));
  }
}

void diff_any(std::string_view update, const StateVector& state) {
  const bool good = check_update(update).ok();
  const auto own_bytes = encode_state_vector_from_update(update);
  PLUV_ASSERT(diff_update(update, state).ok() == good);
  PLUV_ASSERT(own_bytes.ok() == good);
  PLUV_ASSERT(parse_update_meta(update).ok() == good);
  if (!good) return;
  const std::string diff = diffed(update, state);
  PLUV_ASSERT(deletes_of(diff) == deletes_of(update));
  const auto own = decode_state_vector(*own_bytes);
  PLUV_ASSERT(own.ok());
  if (!is_in_order(update)) return;

  const std::vector<Run> runs = runs_of(update);
  PLUV_ASSERT(is_in_order(diff));
  PLUV_ASSERT(runs_of(diff) == runs_beyond(runs, state));
  PLUV_ASSERT(runs_of(diffed(diff, state)) == runs_of(diff));
  PLUV_ASSERT(runs_of(diffed(update, StateVector())) == runs);
  PLUV_ASSERT(*own == complete_state(runs));
  const std::vector<Run> beyond = runs_of(diffed(update, *own));
  for (const Run& run : beyond) PLUV_ASSERT(run.first.clock > own->clock(run.first.client));
  expect_meta(update, runs, *own);
}

void diff_written(std::string_view bytes) {
  Script script(bytes);
  Peers peers(script);
  StateVector early;
  for (std::size_t steps = 0; !script.ended() && steps < kStepsMax; ++steps) {
    peers.step();
    if (steps == 10) early = peers.doc(1).state_vector();
  }
  for (std::size_t i = 0; i < Peers::kPeers; ++i) {
    Doc& from = peers.doc(i);
    const std::string state = from.encode_state_as_update();
    if (!from.has_pending()) {
      // Not the same bytes: a document also marks as such those members of maps whose key it need
      // not write, as yjs does.
      const std::string diff = diffed(state, early);
      const std::string said = from.encode_state_as_update(early);
      PLUV_ASSERT(runs_of(diff) == runs_of(said) && deletes_of(diff) == deletes_of(said));
      PLUV_ASSERT(*encode_state_vector_from_update(state) == from.encode_state_vector());
    }
    diff_any(state, early);
    // Who has something needs no more than what it lacks.
    Doc& to = peers.doc((i + 1) % Peers::kPeers);
    const DocOptions reader{.client_id = 9, .clean_formatting = false};
    Doc with_all(reader);
    Doc with_diff(reader);
    for (Doc* doc : {&with_all, &with_diff}) {
      name_roots(*doc);
      PLUV_ASSERT(doc->apply_update(to.encode_state_as_update()).ok());
    }
    PLUV_ASSERT(with_diff.apply_update(diffed(state, with_diff.state_vector())).ok());
    PLUV_ASSERT(with_all.apply_update(state).ok());
    expect_sound(with_diff);
    expect_sound(with_all);
    PLUV_ASSERT(describe(with_diff) == describe(with_all));
    const std::string a = with_diff.encode_state_as_update();
    const std::string b = with_all.encode_state_as_update();
    PLUV_ASSERT(runs_of(a) == runs_of(b) && deletes_of(a) == deletes_of(b));
  }
}

}  // namespace

// A state vector, after its size, then an update; or, after a 254, a script.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size != 0 && data[0] == 254) {
    diff_written(bytes.substr(1));
    return 0;
  }
  const StateVector state = try_state_vector(take_piece(bytes));
  diff_any(bytes, state);
  return 0;
}
