// What the sessions of a fuzzed room may do, as its platform knows it without asking the room; and
// the marks that their messages carry: a mark is seen by nobody unless its session had all that the
// message needs, when it was said or later while it may still have waited. Plain values.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/permissions.h"

namespace pluv::fuzz {

// Of each kind; with the last ones nobody may join.
inline constexpr std::array<std::string_view, 15> kPermissionTexts = {
    "*",
    "read",
    "write",
    "presence read",
    "event:say read",
    "event:* read",
    "event:slow presence read",
    "event:kick read",
    "event:kick moderate read",
    "event:wave event:write read write",
    "event:* moderate presence write",
    "",
    "event:* moderate presence",
    "read  write",
    "read event:",
};

[[nodiscard]] inline std::string_view permission_text(std::uint8_t choice) noexcept {
  return kPermissionTexts[choice % kPermissionTexts.size()];
}

// Nothing at all when the text is malformed.
[[nodiscard]] inline Permissions permissions_of(std::string_view text) {
  auto parsed = Permissions::parse(text);
  return parsed.ok() ? std::move(*parsed) : Permissions();
}

using Needs = std::vector<std::string_view>;

[[nodiscard]] inline bool has_all(const Permissions& permissions, const Needs& needs) {
  for (const std::string_view name : needs) {
    if (!permissions.has(name)) return false;
  }
  return true;
}

class RoomMarks {
 public:
  // The mark of the next message of the session of that number.
  [[nodiscard]] std::string next(std::uint64_t session, const Permissions& now, Needs needs) {
    const bool permitted = has_all(now, needs);
    marks_.push_back({session, std::move(needs), permitted});
    return std::string(kBegin) + std::to_string(marks_.size() - 1) + ";";
  }
  void permissions_changed(std::uint64_t session, const Permissions& now) {
    for (Mark& mark : marks_) {
      if (mark.session == session) mark.permitted |= has_all(now, mark.needs);
    }
  }
  // What the room says or asks for.
  void expect_permitted(std::string_view bytes) const {
    for (std::size_t at = bytes.find(kBegin); at != bytes.npos; at = bytes.find(kBegin, at)) {
      at += kBegin.size();
      std::size_t number = 0;
      const char* const end = bytes.data() + bytes.size();
      const auto read = std::from_chars(bytes.data() + at, end, number);
      PLUV_ASSERT(read.ec == std::errc() && number < marks_.size());
      PLUV_ASSERT(marks_[number].permitted);
    }
  }
  // A message that was not made here and has what looks like a mark would be a false alarm.
  [[nodiscard]] static bool looks_marked(std::string_view text) noexcept {
    return text.find(kBegin) != text.npos;
  }

 private:
  static constexpr std::string_view kBegin = "mark-";
  struct Mark {
    std::uint64_t session = 0;
    Needs needs;
    bool permitted = false;
  };
  std::vector<Mark> marks_;
};

}  // namespace pluv::fuzz
