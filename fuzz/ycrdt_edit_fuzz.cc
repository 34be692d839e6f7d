// Three documents edited at the same time, any operation at any place, with updates that come in
// any order, late, twice, merged or cut: each document is sound after each step, and once everybody
// has heard everything all are equal. So is one that only listens, one that stays bytes, and one
// that hears from that what was new to it.
// link: ycrdt json base
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "fuzz/ycrdt_peers.h"
#include "fuzz/ycrdt_runs.h"
#include "fuzz/ycrdt_script.h"
#include "json/reader.h"
#include "ycrdt/doc.h"
#include "ycrdt/lazy_doc.h"

namespace {

using namespace pluv::ycrdt;

// Longer scripts find nothing that short ones do not, only later.
constexpr std::size_t kStepsMax = 400;

// What readers are told agrees with itself.
void expect_readable(Doc& doc, Script& script) {
  PLUV_ASSERT(pluv::json::validate(doc.to_json(), pluv::json::kDepthCap).ok());
  const Text text = doc.get_text(kRootNames[0]);
  std::size_t length = 0;
  for (const DeltaOp& op : text.to_delta()) {
    const Any* const any = std::get_if<Any>(&op.insert);
    const auto* const run = any == nullptr ? nullptr : any->get<std::string>();
    length += run == nullptr ? 1 : *utf16_length(*run);
  }
  PLUV_ASSERT(text.length() >= length);
  PLUV_ASSERT(pluv::json::validate(text.delta_json(), pluv::json::kDepthCap).ok());
  (void)doc.get_xml_fragment(kRootNames[3]).to_string();
  const Array array = doc.get_array(kRootNames[2]);
  const auto values = array.to_array();
  PLUV_ASSERT(values.size() == array.length());
  if (values.empty()) return;
  const std::uint32_t at = script.below(values.size());
  PLUV_ASSERT(array.get(at)->index() == values[at].index());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script({reinterpret_cast<const char*>(data), size});
  Peers peers(script);
  Doc listener({.client_id = 9, .clean_formatting = false});
  name_roots(listener);
  std::size_t heard = 0;
  for (std::size_t steps = 0; !script.ended() && steps < kStepsMax; ++steps) {
    peers.step();
    if (steps % 16 == 0) expect_readable(peers.doc(steps / 16 % Peers::kPeers), script);
  }
  peers.hear_all();
  for (; heard < peers.messages().size(); ++heard) {
    PLUV_ASSERT(listener.apply_update(peers.messages()[heard]).ok());
  }
  expect_sound(listener);
  const std::string seen = describe(listener);
  LazyDoc lazy({.doc = {.client_id = 8, .clean_formatting = false}});
  Doc told({.client_id = 9, .clean_formatting = false});
  name_roots(told);
  for (const std::string& message : peers.messages()) {
    const auto added = lazy.apply_update(message);
    PLUV_ASSERT(added.ok());
    PLUV_ASSERT(added->empty() || told.apply_update(*added).ok());
    PLUV_ASSERT(lazy.apply_update(message).value().empty());
  }
  PLUV_ASSERT(lazy.state_vector() == listener.state_vector());
  PLUV_ASSERT(describe(told) == seen);
  const auto made = lazy.doc();
  PLUV_ASSERT(made.ok());
  name_roots(**made);
  PLUV_ASSERT(describe(**made) == seen);
  expect_sound(**made);
  const std::string state = listener.encode_state_as_update();
  for (std::size_t i = 0; i < Peers::kPeers; ++i) {
    Doc& doc = peers.doc(i);
    PLUV_ASSERT(describe(doc) == seen);
    const std::string own = doc.encode_state_as_update();
    PLUV_ASSERT(deletes_of(own) == deletes_of(state));
    if (peers.options(i).gc) PLUV_ASSERT(runs_of(own) == runs_of(state));
    expect_readable(doc, script);
  }
  return 0;
}
