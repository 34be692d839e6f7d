// IP addresses and networks as values: parsing, printing, membership. An IPv4 address in IPv6 form
// (::ffff:192.0.2.1) is the IPv4 address. Never resolves names; no zones ("%eth0").
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::net {

class IpAddress {
 public:
  IpAddress() noexcept = default;  // 0.0.0.0
  [[nodiscard]] static IpAddress v4(std::array<std::uint8_t, 4> bytes) noexcept;
  [[nodiscard]] static IpAddress v6(const std::array<std::uint8_t, 16>& bytes) noexcept;
  // Strict: four decimal numbers without leading zeros, or RFC 4291 section 2.2's forms.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text) noexcept;
  // As parse, but a port may follow: "192.0.2.1:80", "[2001:db8::1]:80"; and "[2001:db8::1]".
  [[nodiscard]] static std::optional<IpAddress> parse_with_port(std::string_view text) noexcept;

  [[nodiscard]] bool is_v4() const noexcept;
  // 127.0.0.0/8 or ::1: reached from this machine alone.
  [[nodiscard]] bool is_loopback() const noexcept;
  // RFC 5952: lower case, the longest run of zeros as "::".
  [[nodiscard]] std::string text() const;
  // 16 bytes; an IPv4 address is mapped (::ffff:a.b.c.d).
  [[nodiscard]] std::span<const std::uint8_t, 16> bytes() const noexcept { return bytes_; }

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
};

// A network in CIDR notation.
class Cidr {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or an address alone. An error when bits are set behind the
  // prefix: that is most often a slip.
  [[nodiscard]] static Result<Cidr> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

 private:
  IpAddress network_;
  int prefix_bits_ = 128;  // of the mapped form
};

}  // namespace pluv::net
