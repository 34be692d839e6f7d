// A pattern, a line end, and a text: a pattern is refused with a place in it, or compiled; then it
// answers in time of the product of both sizes, the same each time, and as a plain search would of
// patterns that are nothing but letters.
// link: json base
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"
#include "fuzz/lines.h"
#include "json/pattern.h"
#include "json/rules.h"

namespace {

bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view source = pluv::fuzz::take_line(text);
  const auto pattern = pluv::json::Pattern::compile(source);
  if (!pattern.ok()) {
    PLUV_ASSERT(!pattern.error().message.empty());
    return 0;
  }
  const bool found = pattern->matches(text);
  PLUV_ASSERT(found == pattern->matches(text));
  if (is_word(source)) PLUV_ASSERT(found == (text.find(source) != text.npos));
  // An alternative that matches the empty text matches everywhere.
  const auto with_empty = pluv::json::Pattern::compile("(?:" + std::string(source) + ")?");
  if (with_empty.ok()) PLUV_ASSERT(with_empty->matches(text));
  // What an anchored pattern finds, the same without anchors finds, too.
  const auto whole = pluv::json::Pattern::compile("^(?:" + std::string(source) + ")$");
  if (whole.ok() && whole->matches(text)) PLUV_ASSERT(found);
  if (pluv::is_utf8(text)) PLUV_ASSERT(pluv::json::rules::utf16_length(text) <= text.size());
  return 0;
}
