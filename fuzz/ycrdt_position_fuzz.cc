// Relative positions. Of any bytes taken for one, encoded or as JSON: what is accepted comes back
// as it was, and is somewhere or nowhere in a document. Of those that documents make: they are
// where they were until somebody edits, and within their type afterwards.
// link: ycrdt json base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "fuzz/ycrdt_peers.h"
#include "fuzz/ycrdt_script.h"
#include "ycrdt/doc.h"
#include "ycrdt/relative_position.h"

namespace {

using namespace pluv::ycrdt;

constexpr std::size_t kStepsMax = 100;
constexpr std::size_t kPositionsMax = 64;

void expect_within(const RelativePosition& position, Doc& doc) {
  const auto found = create_absolute_position(position, doc);
  if (!found) return;
  PLUV_ASSERT(found->assoc == position.assoc);
  const SharedType type = found->type;
  // Something of a length, whatever it is.
  PLUV_ASSERT(found->index <= type.as_array().length());
  if (!type.valid()) return;
  const auto again = create_relative_position(type, found->index, position.assoc);
  PLUV_ASSERT(again.ok());
  const auto same = create_absolute_position(*again, doc);
  PLUV_ASSERT(same.has_value() && same->type == type && same->index == found->index);
}

void expect_round_trips(const RelativePosition& position) {
  const auto from_json = relative_position_from_json(relative_position_to_json(position));
  PLUV_ASSERT(from_json.ok() && *from_json == position);
  const std::string encoded = encode_relative_position(position);
  const auto decoded = decode_relative_position(encoded);
  PLUV_ASSERT(decoded.ok() && decoded->assoc == position.assoc);
  PLUV_ASSERT(encode_relative_position(*decoded) == encoded);
}

void try_bytes(std::string_view bytes) {
  Doc doc({.client_id = 1});
  PLUV_ASSERT(doc.get_text("text").insert(0, "some text").ok());
  PLUV_ASSERT(doc.get_array("array").insert_type(0, {TypeKind::map, {}}).ok());
  if (const auto decoded = decode_relative_position(bytes)) {
    PLUV_ASSERT(encode_relative_position(*decoded).size() <= bytes.size() + 1);  // assoc
    expect_round_trips(*decoded);
    expect_within(*decoded, doc);
  }
  if (const auto read = relative_position_from_json(bytes)) {
    expect_round_trips(*read);
    expect_within(*read, doc);
  }
  expect_sound(doc);
}

void make_and_keep(std::string_view bytes) {
  Script script(bytes);
  Peers peers(script);
  std::vector<RelativePosition> kept;
  for (std::size_t steps = 0; !script.ended() && steps < kStepsMax; ++steps) {
    peers.step();
    const std::size_t from = script.below(Peers::kPeers);
    Doc& doc = peers.doc(from);
    SharedType type = doc.get_root(kRootNames[script.below(kRootNames.size())]);
    if (const auto inner = types_in(type); !inner.empty() && script.one_in(2)) {
      type = inner[script.below(inner.size())];
    }
    if (!type.valid()) continue;
    const std::uint32_t index = script.below(type.as_array().length() + 2);
    const std::int64_t assoc = std::int64_t{script.byte()} - 128;
    const auto position = create_relative_position(type, index, assoc);
    PLUV_ASSERT(position.ok());
    expect_round_trips(*position);
    const auto found = create_absolute_position(*position, doc);
    PLUV_ASSERT(found.has_value() && found->type == type);
    PLUV_ASSERT(index > type.as_array().length() || found->index == index);
    if (kept.size() < kPositionsMax) kept.push_back(*position);
    for (std::size_t i = 0; i < Peers::kPeers; ++i) {
      for (const RelativePosition& one : kept) expect_within(one, peers.doc(i));
      expect_sound(peers.doc(i));
    }
  }
}

}  // namespace

// A position; or, after a 254, a script.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size != 0 && data[0] == 254) {
    make_and_keep(bytes.substr(1));
  } else {
    try_bytes(bytes);
  }
  return 0;
}
