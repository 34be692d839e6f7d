// Any bytes taken for a value in lib0's encoding, and for a JSON text: what is accepted is read,
// written, respelled and turned into JSON and back without loss; what is not leaves nothing.
// link: ycrdt json base
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/utf8.h"
#include "json/reader.h"
#include "ycrdt/any.h"
#include "ycrdt/attributes.h"
#include "ycrdt/update_reader.h"

namespace {

using namespace pluv::ycrdt;

constexpr std::size_t kDepthMax = pluv::json::kDepthCap;

// What keeps an encoding from being told at a glance to be lib0's own, and JSON from being read
// back as the same number.
struct Traits {
  bool plain_objects = true;  // few members, none of them an array index
  bool big_int = false;
  std::size_t depth = 0;  // of containers
};

Traits traits_of(const Any& root) {
  struct Open {
    const Any* value;
    std::size_t depth;
  };
  Traits out;
  std::vector<Open> left = {{&root, 0}};
  while (!left.empty()) {
    const auto [value, depth] = left.back();
    left.pop_back();
    out.big_int |= value->get<Any::BigInt>() != nullptr;
    if (const auto* array = value->get<Any::Array>()) {
      for (const Any& element : *array) left.push_back({&element, depth + 1});
      out.depth = std::max(out.depth, depth + 1);
    } else if (const auto* object = value->get<Any::Object>()) {
      out.plain_objects &= object->size() <= 16;
      for (const auto& [key, member] : *object) {
        out.plain_objects &= !array_index(key);
        left.push_back({&member, depth + 1});
      }
      out.depth = std::max(out.depth, depth + 1);
    }
  }
  return out;
}

std::string json_of(std::string_view encoded) {
  std::string out;
  append_json(out, encoded);
  return out;
}

std::string encoded_from_json(std::string_view json) {
  std::string out;
  PLUV_ASSERT(encode_json(out, json, kDepthMax).ok());
  return out;
}

// Precondition: the value is spelled as lib0 does.
void expect_whole(std::string_view encoded, const Traits& traits) {
  ByteReader reader(encoded);
  bool shortest = true;
  PLUV_ASSERT(skip_any(reader, traits.depth, shortest) && reader.at_end());
  PLUV_ASSERT(shortest || !traits.plain_objects);
  if (traits.depth > 0) {
    ByteReader again(encoded);
    PLUV_ASSERT(!skip_any(again, traits.depth - 1, shortest) && again.failed());
  }
  const Any value = decode_any(encoded);
  std::string written;
  write_any(written, value);
  PLUV_ASSERT(written == encoded);
  (void)equal_attribute(encoded, written);

  const std::string json = json_of(encoded);
  PLUV_ASSERT(to_json(value) == json);
  // A byte array is an object in JSON.
  if (!pluv::json::validate(json, kDepthMax).ok()) {
    PLUV_ASSERT(traits.depth >= kDepthMax);
    return;
  }
  const std::string again = encoded_from_json(json);
  const std::string json_again = json_of(again);
  PLUV_ASSERT(traits.big_int || json_again == json);
  PLUV_ASSERT(encoded_from_json(json_again) == again);
}

void try_encoded(std::string_view bytes) {
  ByteReader reader(bytes);
  bool shortest = true;
  if (!skip_any(reader, kDepthMax, shortest)) {
    PLUV_ASSERT(reader.failed());
    return;
  }
  const std::string_view encoded = bytes.substr(0, bytes.size() - reader.left());
  ByteReader second(bytes);
  const Any value = read_any(second);
  PLUV_ASSERT(!second.failed() && second.left() == reader.left());
  std::string written;
  write_any(written, value);
  std::string respelled;
  respell_any(respelled, encoded);
  PLUV_ASSERT(written == respelled);
  PLUV_ASSERT(!shortest || written == encoded);
  PLUV_ASSERT(pluv::json::kind_of(json_of(encoded)) != pluv::json::Kind::none);
  expect_whole(written, traits_of(value));
}

void try_json(std::string_view text) {
  for (const std::size_t depth_max : {std::size_t{2}, kDepthMax}) {
    std::string encoded = "before";
    const bool ok = encode_json(encoded, text, depth_max).ok();
    PLUV_ASSERT(ok == pluv::json::validate(text, depth_max).ok());
    PLUV_ASSERT(encoded.starts_with("before") && ok == (encoded.size() > 6));
    if (!ok) continue;
    encoded.erase(0, 6);
    const Traits traits = traits_of(decode_any(encoded));
    PLUV_ASSERT(traits.depth <= depth_max);
    expect_whole(encoded, traits);
    if (is_plain_json(text)) PLUV_ASSERT(json_of(encoded) == text);
  }
  if (is_plain_json(text) && pluv::is_utf8(text)) PLUV_ASSERT(pluv::json::validate(text).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_encoded(bytes);
  try_json(bytes);
  return 0;
}
