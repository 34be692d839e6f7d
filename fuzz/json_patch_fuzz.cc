// JSON patches on documents: a document's roots, plain values that somebody has put into one of
// them, and a patch, each a line of JSON. A patch is refused, as a naive one on plain JSON is, or
// carried out as that does it: the document is sound, and the one update that comes of it makes the
// same of a document that was left alone.
// link: pluvd_documents ycrdt json base
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/pluvd/document_read.h"
#include "apps/pluvd/document_write.h"
#include "apps/pluvd/json_patch.h"
#include "base/assert.h"
#include "fuzz/lines.h"
#include "fuzz/patch_reference.h"
#include "json/value.h"
#include "ycrdt/doc.h"

namespace {

using namespace pluv;
using apps::PatchOperation;

json::Value parsed(std::string_view text) {
  auto value = json::Value::parse(text, {.depth_max = json::kDepthCap, .values_max = SIZE_MAX});
  PLUV_ASSERT(value.ok());
  return std::move(*value);
}

// As an admin gets them.
std::shared_ptr<ycrdt::LazyDoc> document_of(const std::vector<std::string>& updates) {
  auto document = apps::document_of(updates);
  PLUV_ASSERT(document.ok());
  return std::move(*document);
}

std::string escaped(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) {
    out += '/';
    for (const char c : token) {
      if (c == '~') {
        out += "~0";
      } else if (c == '/') {
        out += "~1";
      } else {
        out += c;
      }
    }
  }
  return out;
}

// What was read of a patch is what it says.
void expect_read(std::string_view text, const std::vector<PatchOperation>& patch) {
  const json::Value written = parsed(text);
  PLUV_ASSERT(written.as_array()->size() == patch.size());
  for (std::size_t i = 0; i < patch.size(); ++i) {
    const json::Value& one = (*written.as_array())[i];
    PLUV_ASSERT(*one.find("path")->as_string() == escaped(patch[i].path));
    const bool has_from =
        patch[i].verb == apps::PatchVerb::move || patch[i].verb == apps::PatchVerb::copy;
    if (has_from) PLUV_ASSERT(*one.find("from")->as_string() == escaped(patch[i].from));
    if (one.find("value") != nullptr && !patch[i].value.is_null()) {
      PLUV_ASSERT(*one.find("value") == patch[i].value);
    }
  }
}

// The update of a document with these roots, and these plain values in another one. Empty: they are
// no document.
std::string make_document(std::string_view roots_line, std::string_view plain_line) {
  const auto roots = json::Value::parse(roots_line);
  const auto plain = json::Value::parse(plain_line);
  if (!roots.ok()) return {};
  const auto seed = apps::seed_update(*roots, 2);
  if (!seed.ok()) return {};
  ycrdt::Doc doc({.client_id = 1});
  if (!seed->empty()) PLUV_ASSERT(doc.apply_update(*seed).ok());
  if (plain.ok() && plain->as_object() != nullptr && apps::is_blank(doc.get_root("plain"))) {
    ycrdt::Map map = doc.get_root("plain").as_map();
    for (const auto& member : *plain->as_object()) {
      PLUV_ASSERT(map.set(member.key, apps::any_of(member.value)).ok());
    }
  }
  return doc.encode_state_as_update();
}

void patch_document(const std::string& before, const std::vector<PatchOperation>& patch) {
  const auto copy = document_of({before});
  ycrdt::Doc& doc = **copy->doc();
  doc.set_client_id(3);
  const json::Value roots = parsed(doc.to_json());
  fuzz::PatchReference reference(roots);
  PLUV_ASSERT(apps::same_json(reference.document(true), roots));

  std::vector<std::string> updates = {before};
  const auto observing = doc.on_update(
      [&](std::string_view made, const ycrdt::Transaction&) { updates.emplace_back(made); });
  const Result<void> patched = apps::apply_patch(doc, patch);
  doc.unobserve(observing);
  PLUV_ASSERT(doc.check().empty());
  PLUV_ASSERT(updates.size() <= 2);

  std::optional<ErrorCode> refused;
  for (std::size_t i = 0; i < patch.size() && !refused; ++i) {
    refused = reference.run(patch[i]);
    if (reference.is_large()) return;
  }
  if (!patched.ok()) {
    PLUV_ASSERT(refused == patched.error().code);
    return;
  }
  PLUV_ASSERT(!refused);
  PLUV_ASSERT(apps::same_json(parsed(doc.to_json()), reference.document(true)));
  const auto others = document_of(updates);
  PLUV_ASSERT((*others->doc())->check().empty());
  fuzz::PatchReference theirs(parsed((*others->doc())->to_json()));
  PLUV_ASSERT(apps::same_json(theirs.document(false), reference.document(false)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view roots = pluv::fuzz::take_line(text);
  const std::string_view plain = pluv::fuzz::take_line(text);
  const auto patch = apps::parse_patch(text);
  if (!patch.ok()) {
    PLUV_ASSERT(patch.error().code == ErrorCode::invalid || patch.error().code == ErrorCode::limit);
    PLUV_ASSERT(!patch.error().message.empty());
    return 0;
  }
  expect_read(text, *patch);
  const std::string before = make_document(roots, plain);
  if (!before.empty()) patch_document(before, *patch);
  return 0;
}
