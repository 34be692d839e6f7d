#include "net/ip_address.h"

#include <algorithm>

namespace pluv::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Decimal without sign or leading zeros, at most max (below 100,000).
std::optional<int> read_decimal(std::string_view text, int max) noexcept {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value <= max ? std::optional<int>(value) : std::nullopt;
}

std::optional<std::array<std::uint8_t, 4>> read_v4(std::string_view text) noexcept {
  std::array<std::uint8_t, 4> bytes;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const auto value = read_decimal(text.substr(0, dot), 255);
    if (!value) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*value);
    if (i < 3) text.remove_prefix(dot + 1);
  }
  return bytes;
}

// One to four hexadecimal digits, cut off the front.
std::optional<std::uint16_t> take_group(std::string_view& text) noexcept {
  std::uint16_t value = 0;
  std::size_t size = 0;
  while (size < text.size() && size < 4 && hex_value(text[size]) >= 0) {
    value = static_cast<std::uint16_t>(value << 4 | hex_value(text[size++]));
  }
  text.remove_prefix(size);
  return size == 0 ? std::nullopt : std::optional<std::uint16_t>(value);
}

// RFC 4291 section 2.2.
std::optional<std::array<std::uint8_t, 16>> read_v6(std::string_view text) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;            // bytes read
  std::optional<std::size_t> gap;  // where "::" stands
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (size == 16) return std::nullopt;
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      const auto v4 = read_v4(text);
      if (!v4 || size > 12) return std::nullopt;
      std::copy(v4->begin(), v4->end(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      size += 4;
      break;
    }
    const auto group = take_group(text);
    if (!group) return std::nullopt;
    bytes[size++] = static_cast<std::uint8_t>(*group >> 8);
    bytes[size++] = static_cast<std::uint8_t>(*group & 0xff);
    if (text.empty()) break;
    if (text.starts_with("::")) {
      if (gap) return std::nullopt;
      gap = size;
      text.remove_prefix(2);
    } else {
      if (text.front() != ':' || text.size() == 1) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  if (!gap) return size == 16 ? std::optional(bytes) : std::nullopt;
  if (size == 16) return std::nullopt;  // "::" stands for one group at least
  std::rotate(bytes.begin() + static_cast<std::ptrdiff_t>(*gap),
              bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end());
  return bytes;
}

// Of the first prefix_bits bits.
bool same_prefix(std::span<const std::uint8_t, 16> a, std::span<const std::uint8_t, 16> b,
                 int prefix_bits) noexcept {
  const auto whole = static_cast<std::size_t>(prefix_bits / 8);
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) {
    return false;
  }
  const int rest = prefix_bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) noexcept {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + 12);
  return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) noexcept {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  if (text.find(':') == std::string_view::npos) {
    const auto bytes = read_v4(text);
    return bytes ? std::optional(v4(*bytes)) : std::nullopt;
  }
  const auto bytes = read_v6(text);
  return bytes ? std::optional(v6(*bytes)) : std::nullopt;
}

std::optional<IpAddress> IpAddress::parse_with_port(std::string_view text) noexcept {
  std::string_view address = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    address = text.substr(1, bracket - 1);
    if (address.find(':') == std::string_view::npos) return std::nullopt;
    port = text.substr(bracket + 1);
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    address = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!port.empty() && (port[0] != ':' || !read_decimal(port.substr(1), 65535))) {
    return std::nullopt;
  }
  return parse(address);
}

bool IpAddress::is_v4() const noexcept {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

bool IpAddress::is_loopback() const noexcept {
  if (is_v4()) return bytes_[12] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; }) &&
         bytes_.back() == 1;
}

std::string IpAddress::text() const {
  std::string out;
  if (is_v4()) {
    for (std::size_t i = 12; i < 16; ++i) {
      if (i > 12) out.push_back('.');
      out.append(std::to_string(bytes_[i]));
    }
    return out;
  }
  const auto group = [&](std::size_t i) { return bytes_[2 * i] << 8 | bytes_[2 * i + 1]; };
  // The first longest run of two zero groups or more (RFC 5952 section 4.2).
  std::size_t gap_at = 8;
  std::size_t gap_size = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && group(end) == 0) ++end;
    if (end - i > gap_size) {
      gap_at = i;
      gap_size = end - i;
    }
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap_at) {
      out.append("::");
      i += gap_size - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out.push_back(':');
    bool leading = true;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const auto digit = static_cast<std::size_t>(group(i) >> shift & 15);
      leading = leading && digit == 0 && shift != 0;
      if (!leading) out.push_back(kHex[digit]);
    }
  }
  return out;
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto bad = [&](const char* what) {
    return Error{ErrorCode::invalid, "\"" + std::string(text) + "\" " + what};
  };
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return bad("is not an IP address or network");
  Cidr cidr;
  cidr.network_ = *address;
  if (slash == std::string_view::npos) return cidr;
  // Counted in the form that was written: ::ffff:0:0/96 is all of IPv4.
  const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  const auto bits = read_decimal(text.substr(slash + 1), dotted ? 32 : 128);
  if (!bits) return bad("has a malformed prefix length");
  cidr.prefix_bits_ = dotted ? 96 + *bits : *bits;
  for (int bit = cidr.prefix_bits_; bit < 128; ++bit) {
    const std::uint8_t byte = address->bytes()[static_cast<std::size_t>(bit / 8)];
    if ((byte >> (7 - bit % 8) & 1) != 0) return bad("has bits set behind its prefix");
  }
  return cidr;
}

bool Cidr::contains(const IpAddress& address) const noexcept {
  return same_prefix(network_.bytes(), address.bytes(), prefix_bits_);
}

}  // namespace pluv::net
