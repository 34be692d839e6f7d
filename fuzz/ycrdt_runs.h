// What an update says, in a form that does not depend on how it is cut into structs: two updates
// with equal runs and deletes make the same document. Fuzzers compare with it what the engine
// claims to be the same. Owns everything; needs memory in proportion to the update.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "ycrdt/any.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/lib0.h"
#include "ycrdt/limits.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/update_writer.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {

// Elements of a client that follow each other: as many as say nothing new but their content.
struct Run {
  Id first;
  std::uint32_t length = 0;
  ContentKind kind = ContentKind::gc;
  TypeKind type = TypeKind::undefined;
  bool has_origin = false;
  bool has_right_origin = false;
  bool has_parent_id = false;
  bool has_parent_name = false;
  bool has_key = false;
  Id origin;
  Id right_origin;
  Id parent;
  std::string parent_name;
  std::string key;
  std::string name;
  std::string content;  // values in lib0's and JSON.stringify's spelling

  [[nodiscard]] Clock end() const noexcept { return first.clock + length; }
  bool operator==(const Run&) const = default;
};

// JSON as JSON.stringify spells it. Precondition: it is JSON.
[[nodiscard]] inline std::string respelled_json(std::string_view text) {
  std::string encoded;
  PLUV_ASSERT(encode_json(encoded, text, UpdateLimits().value_depth_max).ok());
  std::string out;
  append_json(out, encoded);
  return out;
}

[[nodiscard]] inline Run run_of(const StructRef& ref) {
  Run out;
  out.first = {ref.client, ref.clock};
  out.length = ref.length;
  out.kind = ref.kind;
  out.type = ref.type;
  out.has_origin = ref.has_origin;
  out.has_right_origin = ref.has_right_origin;
  out.has_parent_id = ref.has_parent_id;
  out.has_parent_name = ref.has_parent_name;
  out.has_key = ref.has_key;
  out.origin = ref.origin;
  out.right_origin = ref.right_origin;
  out.parent = ref.parent;
  out.parent_name = ref.parent_name;
  out.key = ref.key;
  out.name = ref.name;
  ByteReader reader(ref.content);
  switch (ref.kind) {
    case ContentKind::any:
      for (bool shortest = true; !reader.at_end();) {
        const char* const begin = reader.position();
        PLUV_ASSERT(skip_any(reader, ref.content.size(), shortest));
        respell_any(out.content, {begin, static_cast<std::size_t>(reader.position() - begin)});
      }
      break;
    case ContentKind::json:
      while (!reader.at_end()) {
        const std::string_view text = reader.var_bytes();
        write_var_bytes(out.content,
                        text == "undefined" ? std::string(text) : respelled_json(text));
      }
      break;
    case ContentKind::embed:
    case ContentKind::format: out.content = respelled_json(ref.content); break;
    case ContentKind::doc: respell_subdocument_options(out.content, ref.content); break;
    default: out.content = ref.content; break;
  }
  return out;
}

// Whether the second run only goes on with the first one.
[[nodiscard]] inline bool continues(const Run& run, const Run& next) noexcept {
  if (run.kind != next.kind || run.first.client != next.first.client ||
      run.end() != next.first.clock) {
    return false;
  }
  switch (run.kind) {
    case ContentKind::gc: return true;
    case ContentKind::string:
    case ContentKind::any:
    case ContentKind::json:
    case ContentKind::deleted:
      return next.has_origin && next.origin == Id{run.first.client, run.end() - 1} &&
             run.has_right_origin == next.has_right_origin && run.right_origin == next.right_origin;
    default: return false;
  }
}

// The run without its first elements. Precondition: offset < run.length.
[[nodiscard]] inline Run run_from(const Run& run, std::uint32_t offset) {
  if (offset == 0) return run;
  Run out = run;
  out.first.clock += offset;
  out.length -= offset;
  if (run.kind == ContentKind::gc) return out;
  out.has_origin = true;
  out.origin = {run.first.client, out.first.clock - 1};
  out.has_parent_id = out.has_parent_name = out.has_key = false;
  out.parent = {};
  out.parent_name.clear();
  out.key.clear();
  ByteReader reader(run.content);
  bool shortest = true;
  switch (run.kind) {
    case ContentKind::string:
      out.content.clear();
      append_text_from(out.content, run.content, offset, run.length);
      break;
    case ContentKind::any:
      for (std::uint32_t i = 0; i < offset; ++i) {
        PLUV_ASSERT(skip_any(reader, run.content.size(), shortest));
      }
      out.content.assign(reader.position(), reader.left());
      break;
    case ContentKind::json:
      for (std::uint32_t i = 0; i < offset; ++i) (void)reader.var_bytes();
      out.content.assign(reader.position(), reader.left());
      break;
    default: break;  // nothing but a length
  }
  return out;
}

// Highest client first, lowest clock first, as long as they can be; clocks that are left out have
// none. Precondition: check_update(update, no limits).
[[nodiscard]] inline std::vector<Run> runs_of(std::string_view update) {
  std::vector<Run> runs;
  UpdateReader reader(update, UpdateLimits());
  for (StructRef ref; reader.next(ref);) {
    if (ref.kind != ContentKind::skip) runs.push_back(run_of(ref));
  }
  PLUV_ASSERT(!reader.failed());
  std::stable_sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return a.first.client != b.first.client ? a.first.client > b.first.client
                                            : a.first.clock < b.first.clock;
  });
  std::vector<Run> out;
  for (Run& run : runs) {
    if (!out.empty() && continues(out.back(), run)) {
      out.back().length += run.length;
      out.back().content.append(run.content);
    } else {
      out.push_back(std::move(run));
    }
  }
  return out;
}

// What is deleted, normalized. Precondition: check_update(update).
[[nodiscard]] inline std::vector<DeleteRange> deletes_of(std::string_view update) {
  UpdateReader reader(update, UpdateLimits());
  for (StructRef ref; reader.next(ref);) {
  }
  DeleteSet out;
  PLUV_ASSERT(reader.read_delete_set(out));
  out.normalize();
  return out.ranges();
}

// Whether the update names each client once, the highest first, as every writer does. Where it does
// not, its clocks contradict each other, and what is made of them is nobody's promise.
[[nodiscard]] inline bool is_in_order(std::string_view update) {
  UpdateReader reader(update, UpdateLimits());
  StructRef ref;
  ClientId last = 0;
  for (bool first = true; reader.next(ref); first = false) {
    if (reader.began_client() && !first && ref.client >= last) return false;
    last = ref.client;
  }
  return true;
}

}  // namespace pluv::ycrdt
