// Any bytes as a version 2 update: refused alike by all that reads it, or a document whose tables
// agree. What was read is converted there and back without a change, says the same in both formats,
// and takes no more than its bytes and the limits allow. The input is cut into updates at a length
// byte each; every third one goes into a document that has content.
// link: ycrdt
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "fuzz/ycrdt_cut.h"
#include "ycrdt/doc.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"
#include "ycrdt/updates_v2.h"

namespace {

using namespace pluv::ycrdt;

constexpr std::size_t kRunStructsMax = 1000;

UpdateLimits limits() {
  UpdateLimits out;
  out.run_structs_max = kRunStructsMax;
  out.work_base = 20'000;
  out.pending_bytes_max = 4096;
  return out;
}

void write_something(Doc& doc) {
  (void)doc.get_text("text").insert(0, "some \xF0\x9F\x98\x80 text");
  (void)doc.get_text("text").format(1, 4, {{"b", true}});
  (void)doc.get_map("map").set("k", Any(1));
  (void)doc.get_array("array").insert(0, {Any("a"), Any(2)});
}

// What is written from bytes that were read is read again, and stays.
void expect_stable(std::string_view update) {
  const auto v1 = convert_update_v2_to_v1(update, limits());
  const bool good = check_update_v2(update, limits()).ok();
  PLUV_ASSERT(v1.ok() == good);
  PLUV_ASSERT(parse_update_meta_v2(update, limits()).ok() == good);
  PLUV_ASSERT(encode_state_vector_from_update_v2(update, limits()).ok() == good);
  PLUV_ASSERT(diff_update_v2(update, {}, limits()).ok() == good);
  PLUV_ASSERT(obfuscate_update_v2(update, {.limits = limits()}).ok() == good);
  if (!good) return;
  // A struct is 40 bytes and its content, a key counts up to 64 times.
  PLUV_ASSERT(v1->size() <= 40 * kRunStructsMax + 200 * update.size());
  PLUV_ASSERT(check_update(*v1).ok());
  const auto v2 = convert_update_v1_to_v2(*v1);
  PLUV_ASSERT(v2.ok() && check_update_v2(*v2).ok());
  PLUV_ASSERT(*convert_update_v2_to_v1(*v2) == *v1);
  PLUV_ASSERT(*encode_state_vector_from_update_v2(*v2) == *encode_state_vector_from_update(*v1));
  const auto hidden = obfuscate_update_v2(update, {.limits = limits()});
  PLUV_ASSERT(check_update_v2(*hidden).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto updates = cut({reinterpret_cast<const char*>(data), size});
  Doc empty({.client_id = 1, .limits = limits()});
  Doc lively({.client_id = 2, .limits = limits()});
  write_something(lively);
  for (std::size_t i = 0; i < updates.size(); ++i) {
    expect_stable(updates[i]);
    Doc& doc = i % 3 == 0 ? lively : empty;
    const std::string before = doc.encode_state_as_update_v2();
    const bool applied = doc.apply_update_v2(updates[i]).ok();
    PLUV_ASSERT(applied || doc.encode_state_as_update_v2() == before);
    PLUV_ASSERT(!applied || check_update_v2(updates[i], limits()).ok());
    PLUV_ASSERT(doc.check().empty());
  }
  (void)merge_updates_v2(updates, {.coalesce_text = false, .limits = limits()});
  (void)merge_updates_v2(updates, {.coalesce_text = true, .limits = limits()});
  for (const Doc* doc : {&empty, &lively}) {
    const std::string state = doc->encode_state_as_update_v2();
    PLUV_ASSERT(check_update_v2(state).ok());
    DocOptions options{.client_id = 3};
    options.limits.work_base = 20'000;
    Doc copy(options);
    // A state may cost more work at once than it did in pieces.
    if (copy.apply_update_v2(state).ok()) PLUV_ASSERT(copy.check().empty());
    // Version 1 says the same, but of values.
    PLUV_ASSERT(parse_update_meta_v2(state)->clients.size() ==
                parse_update_meta(doc->encode_state_as_update())->clients.size());
  }
  return 0;
}
