// Updates merged as bytes. Of any bytes: merged exactly when each is an update, and then into one
// that holds the elements of all of them, that merging does not change again, and that a document
// takes. Of updates that documents wrote: the merged one makes the same document as they do one by
// one, in whatever order.
// link: ycrdt json base
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "fuzz/ycrdt_cut.h"
#include "fuzz/ycrdt_peers.h"
#include "fuzz/ycrdt_runs.h"
#include "fuzz/ycrdt_script.h"
#include "ycrdt/doc.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"

namespace {

using namespace pluv::ycrdt;

constexpr std::size_t kStepsMax = 100;

std::string merged(const std::vector<std::string_view>& updates, bool coalesce) {
  const auto out = merge_updates(updates, {.coalesce_text = coalesce, .limits = {}});
  PLUV_ASSERT(out.ok());
  PLUV_ASSERT(check_update(*out).ok());
  return *out;
}

std::string complete_state(std::string_view update) {
  const auto out = encode_state_vector_from_update(update);
  PLUV_ASSERT(out.ok());
  return *out;
}

// Which clocks are there: ranges that do not touch.
std::vector<DeleteRange> clocks_of(const std::vector<std::string_view>& updates) {
  DeleteSet out;
  for (const std::string_view update : updates) {
    for (const Run& run : runs_of(update)) out.add({run.first.client, run.first.clock, run.length});
  }
  out.normalize();
  return out.ranges();
}

std::vector<DeleteRange> all_deletes_of(const std::vector<std::string_view>& updates) {
  DeleteSet out;
  for (const std::string_view update : updates) {
    for (const DeleteRange& range : deletes_of(update)) out.add(range);
  }
  out.normalize();
  return out.ranges();
}

void expect_document(std::string_view update) {
  DocOptions options{.client_id = 1};
  options.limits.work_base = 20'000;
  options.limits.pending_bytes_max = 4096;
  Doc doc(options);
  (void)doc.apply_update(update);
  expect_sound(doc);
}

void merge_any(std::string_view bytes) {
  const auto updates = cut(bytes);
  bool all_good = true;
  bool in_order = true;
  for (const std::string_view update : updates) {
    const bool good = check_update(update).ok();
    all_good &= good;
    in_order &= good && is_in_order(update);
  }
  for (const bool coalesce : {false, true}) {
    PLUV_ASSERT(merge_updates(updates, {.coalesce_text = coalesce, .limits = {}}).ok() == all_good);
  }
  if (!all_good) return;
  const std::string one = merged(updates, false);
  const std::string shorter = merged(updates, true);
  PLUV_ASSERT(deletes_of(one) == all_deletes_of(updates));
  PLUV_ASSERT(deletes_of(shorter) == deletes_of(one));
  expect_document(one);
  expect_document(shorter);
  const std::string twice = merged({one, one}, false);
  const std::string shorter_twice = merged({shorter, shorter}, true);
  if (!in_order) return;
  PLUV_ASSERT(is_in_order(one));
  PLUV_ASSERT(clocks_of({one}) == clocks_of(updates));
  PLUV_ASSERT(runs_of(shorter) == runs_of(one));
  PLUV_ASSERT(complete_state(shorter) == complete_state(one));
  PLUV_ASSERT(complete_state(twice) == complete_state(one));
  PLUV_ASSERT(runs_of(twice) == runs_of(one));
  PLUV_ASSERT(shorter_twice == shorter);
  // One update alone is answered as it is, however it is spelled.
  if (updates.size() != 1) PLUV_ASSERT(twice == one);
}

// Documents that have got the same in two ways. complete: it is all that was said.
void expect_equal(Doc& a, Doc& b, bool complete) {
  expect_sound(a);
  expect_sound(b);
  PLUV_ASSERT(a.has_pending() == b.has_pending());
  const std::string state = a.encode_state_as_update();
  const std::string other = b.encode_state_as_update();
  if (a.has_pending()) {
    // What waits is tried again when something comes that it was seen to wait for, not at once when
    // it could be placed, and only what was placed replaces members of maps; and deletes that wait
    // leave content where others have dropped it.
    PLUV_ASSERT(clocks_of({state}) == clocks_of({other}));
    return;
  }
  if (!complete && deletes_of(state) != deletes_of(other)) {
    // Who has heard of a delete that was left out tells of what went with it as garbage, others as
    // content; which of the two is taken depends on the way, as in yjs.
    PLUV_ASSERT(clocks_of({state}) == clocks_of({other}));
    return;
  }
  PLUV_ASSERT(deletes_of(state) == deletes_of(other));
  PLUV_ASSERT(runs_of(state) == runs_of(other));
  PLUV_ASSERT(a.state_vector() == b.state_vector());
  PLUV_ASSERT(describe(a) == describe(b));
}

void merge_written(std::string_view bytes) {
  Script script(bytes);
  Peers peers(script);
  for (std::size_t steps = 0; !script.ended() && steps < kStepsMax; ++steps) peers.step();
  // Some of what was said, in some order; a document that does not edit.
  std::vector<std::string_view> some;
  const std::size_t stride = 1 + bytes.size() % 3;
  for (std::size_t i = 0; i < peers.messages().size(); i += stride) {
    some.push_back(peers.messages()[i]);
  }
  if (bytes.size() % 2 == 0) std::reverse(some.begin(), some.end());
  const bool complete = stride == 1;
  const DocOptions reader{.client_id = 9, .clean_formatting = false};
  Doc singles(reader);
  name_roots(singles);
  for (const std::string_view update : some) PLUV_ASSERT(singles.apply_update(update).ok());
  for (const bool coalesce : {false, true}) {
    const std::string one = merged(some, coalesce);
    Doc whole(reader);
    name_roots(whole);
    PLUV_ASSERT(whole.apply_update(one).ok());
    expect_equal(whole, singles, complete);
    // Merged in two steps.
    const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
    const std::string begin = merged({some.begin(), middle}, coalesce);
    const std::string end = merged({middle, some.end()}, coalesce);
    const std::string again = merged({end, begin}, coalesce);
    PLUV_ASSERT(deletes_of(again) == deletes_of(one));
    PLUV_ASSERT(clocks_of({again}) == clocks_of({one}));
    Doc pieces(reader);
    name_roots(pieces);
    PLUV_ASSERT(pieces.apply_update(again).ok());
    expect_equal(pieces, singles, complete);
    // And when the rest has come, nothing waits and all is the same.
    for (Doc* const doc : {&whole, &pieces}) {
      for (const std::string& update : peers.messages())
        PLUV_ASSERT(doc->apply_update(update).ok());
    }
    PLUV_ASSERT(!whole.has_pending());
    expect_equal(pieces, whole, true);
  }
}

}  // namespace

// The first byte says which.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0) {
    merge_any(bytes);
  } else {
    merge_written(bytes);
  }
  return 0;
}
