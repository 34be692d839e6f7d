// Any text taken for a session's or a room's id: accepted exactly when it has the form that their
// headers give, and then it is the same text.
// link: base
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/assert.h"
#include "base/ids.h"

namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool has_room_form(std::string_view text) {
  if (text.empty() || text.size() > pluv::kRoomIdSizeMax) return false;
  const bool inside = std::all_of(text.begin(), text.end(),
                                  [](char c) { return is_plain(c) || c == '_' || c == '-'; });
  return inside && is_plain(text.front()) && is_plain(text.back());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  PLUV_ASSERT(pluv::is_room_id(text) == has_room_form(text));
  if (const auto id = pluv::SessionId::parse(text)) {
    PLUV_ASSERT(id->text() == text && text.starts_with("p_") && text.size() == 38);
  }
  std::array<std::uint8_t, 16> random{};
  if (size != 0) std::memcpy(random.data(), data, std::min(size, random.size()));
  const auto made = pluv::SessionId::from_random(random);
  const auto again = pluv::SessionId::parse(made.text());
  PLUV_ASSERT(again && *again == made);
  PLUV_ASSERT(pluv::is_room_id(made.text()));
  return 0;
}
