// Any bytes given to a document: refused without a trace, or a document whose tables agree, that
// another document reads back the same. The input is cut into updates at a length byte each; every
// third one goes into a document that has content, so that they meet each other's items.
// link: ycrdt
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "ycrdt/doc.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"

namespace {

using pluv::ycrdt::Any;
using pluv::ycrdt::Doc;
using pluv::ycrdt::DocOptions;

DocOptions options(pluv::ycrdt::ClientId client) {
  DocOptions out;
  out.client_id = client;
  out.limits.work_base = 20'000;
  out.limits.pending_bytes_max = 4096;
  return out;
}

void write_something(Doc& doc) {
  (void)doc.get_text("text").insert(0, "some \xF0\x9F\x98\x80 text");
  (void)doc.get_text("text").format(1, 4, {{"b", true}});
  (void)doc.get_map("map").set("k", Any(1));
  (void)doc.get_array("array").insert(0, {Any("a"), Any(2)});
}

void expect_sound(const Doc& doc) { PLUV_ASSERT(doc.check().empty()); }

// 255 and a byte: the length is that many times 64; then what is left.
std::vector<std::string_view> cut(std::string_view bytes) {
  std::vector<std::string_view> out;
  while (bytes.size() > 1) {
    std::size_t size = static_cast<std::uint8_t>(bytes[0]);
    if (size == 255) size = bytes.size();
    bytes.remove_prefix(1);
    out.push_back(bytes.substr(0, size));
    bytes.remove_prefix(out.back().size());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto updates = cut({reinterpret_cast<const char*>(data), size});
  Doc empty(options(1));
  Doc lively(options(2));
  write_something(lively);
  for (std::size_t i = 0; i < updates.size(); ++i) {
    Doc& doc = i % 3 == 0 ? lively : empty;
    const std::string before = doc.encode_state_as_update();
    const bool applied = doc.apply_update(updates[i]).ok();
    PLUV_ASSERT(applied || doc.encode_state_as_update() == before);
    expect_sound(doc);
    if (applied) PLUV_ASSERT(pluv::ycrdt::check_update(updates[i]).ok());
  }
  (void)pluv::ycrdt::merge_updates(updates);
  (void)pluv::ycrdt::merge_updates(updates, {.coalesce_text = true, .limits = {}});
  for (Doc* doc : {&empty, &lively}) {
    const std::string state = doc->encode_state_as_update();
    PLUV_ASSERT(pluv::ycrdt::check_update(state).ok());
    Doc copy(options(3));
    // A state may cost more work at once than it did in pieces.
    if (copy.apply_update(state).ok()) expect_sound(copy);
    (void)doc->to_json();
    (void)doc->get_text("text").delta_json();
    (void)doc->get_xml_fragment("x").to_string();
    write_something(*doc);
    (void)doc->get_text("text").erase(0, 3);
    expect_sound(*doc);
    (void)pluv::ycrdt::diff_update(state, doc->state_vector());
  }
  return 0;
}
