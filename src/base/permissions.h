// What a session may do in its room, as its token says. A value that shares its names, cheap to
// copy and to ask: no question takes memory. Text form: names with one space between them; "*" is
// all of them. "read" is needed to join, "write" changes the document (and implies "read"),
// "presence" shows one's own presence, "event:NAME" sends an event, "event:*" any event; what other
// names allow is the application's business.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv {

class Permissions {
 public:
  // Nothing at all.
  Permissions() noexcept = default;
  [[nodiscard]] static Permissions everything() noexcept;
  // Errors: invalid for a name that is none, limit for too many or too long ones (limits.h).
  [[nodiscard]] static Result<Permissions> parse(std::string_view text);
  // Letters, digits and any of "_:.-", at most kPermissionNameBytesMax; with "event:" before it,
  // which does not count, or "event:*", or "*".
  [[nodiscard]] static bool is_name(std::string_view text) noexcept;

  [[nodiscard]] bool may_read() const noexcept { return has_bit(kRead); }
  [[nodiscard]] bool may_write() const noexcept { return has_bit(kWrite); }
  [[nodiscard]] bool may_show_presence() const noexcept { return has_bit(kPresence); }
  // An event of this name, which may be any.
  [[nodiscard]] bool may_send(std::string_view event) const noexcept;
  [[nodiscard]] bool has_everything() const noexcept { return bits_ == kAll; }
  // Whether the name, one of those that parse() takes, is allowed.
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  // The text form, sorted and without what is there twice.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Permissions& a, const Permissions& b) {
    return a.text() == b.text();
  }

 private:
  static constexpr std::uint8_t kRead = 1;
  static constexpr std::uint8_t kWrite = 2;
  static constexpr std::uint8_t kPresence = 4;
  static constexpr std::uint8_t kEvents = 8;   // any
  static constexpr std::uint8_t kOthers = 16;  // any other name
  static constexpr std::uint8_t kAll = 31;
  struct Names;

  [[nodiscard]] bool has_bit(std::uint8_t bit) const noexcept { return (bits_ & bit) != 0; }

  std::uint8_t bits_ = 0;
  std::shared_ptr<const Names> names_;  // null: none
};

}  // namespace pluv
