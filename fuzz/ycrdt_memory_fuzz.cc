// Any bytes given to all that reads the engine's formats: the memory that it takes at once stays
// within a bound of the input's size, whatever numbers the bytes declare.
// link: ycrdt json base pluv_memory_count
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/memory_count_testing.h"
#include "fuzz/ycrdt_cut.h"
#include "ycrdt/any.h"
#include "ycrdt/awareness.h"
#include "ycrdt/doc.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/relative_position.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/state_vector.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"
#include "ycrdt/updates_v2.h"

namespace {

using namespace pluv::ycrdt;

// docs/ycrdt.md says where these come from.
constexpr std::size_t kBaseBytes = 64 * 1024;
constexpr std::size_t kBytesEach = 256;
constexpr std::size_t kBytesEachVersion2 = 512;
constexpr std::size_t kRunStructsMax = 64;

UpdateLimits limits() {
  UpdateLimits out;
  out.run_structs_max = kRunStructsMax;
  return out;
}

// What is refused is refused; how much of it is asked here.
template <class Work>
void bounded(std::size_t size, Work work, std::size_t bytes_each = kBytesEach) {
  const pluv::MemoryCounter counter;
  work();
  PLUV_ASSERT(counter.count().peak_bytes <= kBaseBytes + bytes_each * size);
}
template <class Work>
void bounded_version2(std::size_t size, Work work) {
  bounded(size, work, kBytesEachVersion2);
}

void read_version1(std::string_view bytes) {
  bounded(bytes.size(), [&] { (void)check_update(bytes); });
  bounded(bytes.size(), [&] { (void)encode_state_vector_from_update(bytes); });
  bounded(bytes.size(), [&] { (void)parse_update_meta(bytes); });
  bounded(bytes.size(), [&] { (void)diff_update(bytes, StateVector({{7, 1}})); });
  bounded(bytes.size(), [&] { (void)convert_update_v1_to_v2(bytes); });
  bounded(bytes.size(), [&] { (void)obfuscate_update(bytes); });
  const std::string_view twice[] = {bytes, bytes};
  bounded(2 * bytes.size(), [&] { (void)merge_updates(twice, {.coalesce_text = true}); });
  bounded(bytes.size(), [&] {
    Doc doc({.client_id = 1});
    if (doc.apply_update(bytes).ok()) PLUV_ASSERT(doc.check().empty());
  });
  bounded(bytes.size(), [&] {
    LazyDoc lazy;
    if (!lazy.apply_update(bytes).ok()) return;
    (void)lazy.encode_state_as_update();
    (void)lazy.doc();
    (void)lazy.unload();
  });
}

void read_version2(std::string_view bytes) {
  bounded_version2(bytes.size(), [&] { (void)check_update_v2(bytes, limits()); });
  bounded_version2(bytes.size(),
                   [&] { (void)encode_state_vector_from_update_v2(bytes, limits()); });
  bounded_version2(bytes.size(), [&] { (void)parse_update_meta_v2(bytes, limits()); });
  bounded_version2(bytes.size(),
                   [&] { (void)diff_update_v2(bytes, StateVector({{7, 1}}), limits()); });
  bounded_version2(bytes.size(), [&] { (void)convert_update_v2_to_v1(bytes, limits()); });
  const std::string_view twice[] = {bytes, bytes};
  bounded_version2(2 * bytes.size(), [&] { (void)merge_updates_v2(twice, {.limits = limits()}); });
  bounded_version2(bytes.size(), [&] {
    Doc doc({.client_id = 1, .limits = limits()});
    if (doc.apply_update_v2(bytes).ok()) PLUV_ASSERT(doc.check().empty());
  });
}

void read_others(std::string_view bytes) {
  bounded(bytes.size(), [&] { (void)decode_state_vector(bytes); });
  bounded(bytes.size(), [&] { (void)decode_snapshot(bytes); });
  bounded(bytes.size(), [&] { (void)decode_snapshot_v2(bytes); });
  bounded(bytes.size(), [&] { (void)snapshot_contains_update({}, bytes); });
  bounded(bytes.size(), [&] { (void)decode_relative_position(bytes); });
  bounded(bytes.size(), [&] { (void)relative_position_from_json(bytes); });
  bounded(bytes.size(), [&] { (void)decode_awareness_update(bytes); });
  bounded(bytes.size(), [&] {
    Awareness awareness({.client_id = 1});
    (void)awareness.apply_update(bytes, "", 0);
  });
  bounded(bytes.size(), [&] {
    ByteReader reader(bytes);
    bool shortest = true;
    if (skip_any(reader, UpdateLimits().value_depth_max, shortest)) {
      (void)decode_any(bytes.substr(0, bytes.size() - reader.left()));
    }
  });
}

// Some of them, one after the other: what is kept is bounded by all that came.
void read_in_turn(const std::vector<std::string_view>& updates) {
  std::size_t size = 0;
  for (const std::string_view update : updates) size += update.size();
  bounded_version2(size, [&] {
    Doc doc({.client_id = 1, .limits = limits()});
    for (const std::string_view update : updates) {
      if (!doc.apply_update(update).ok()) (void)doc.apply_update_v2(update);
    }
    (void)doc.encode_state_as_update();
  });
  bounded(2 * size, [&] { (void)merge_updates(updates); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: read_version1(bytes); break;
    case 1: read_version2(bytes); break;
    case 2: read_others(bytes); break;
    case 3: read_in_turn(cut(bytes)); break;
  }
  return 0;
}
