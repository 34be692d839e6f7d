// Addresses, networks and origins as settings and headers have them: what is accepted means one
// thing, prints as itself, and a network or a list of origins takes what it names and no more.
// link: net base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "fuzz/lines.h"
#include "net/forwarded.h"
#include "net/ip_address.h"
#include "net/origin.h"

namespace {

using pluv::net::Cidr;
using pluv::net::IpAddress;
using pluv::net::OriginList;

void try_address(std::string_view text) {
  const auto address = IpAddress::parse(text);
  const auto with_port = IpAddress::parse_with_port(text);
  if (with_port) PLUV_ASSERT(IpAddress::parse(with_port->text()) == with_port);
  if (!address) return;
  const std::string printed = address->text();
  PLUV_ASSERT(IpAddress::parse(printed) == address);
  PLUV_ASSERT(IpAddress::parse(printed)->text() == printed);
  PLUV_ASSERT(IpAddress::parse_with_port("[" + printed + "]:80") == address || address->is_v4());
  if (address->is_v4()) PLUV_ASSERT(IpAddress::parse_with_port(printed + ":80") == address);
  // The address alone is a network of one.
  const auto alone = Cidr::parse(text);
  PLUV_ASSERT(alone.ok() && alone->contains(*address));
  IpAddress other = address->is_v4() ? IpAddress::v4({1, 2, 3, 4}) : IpAddress::v6({1, 2});
  PLUV_ASSERT(alone->contains(other) == (other == *address));
}

// One is in the network exactly when the bits of the prefix are the network's.
void try_network(std::string_view text, std::string_view member) {
  const auto network = Cidr::parse(text);
  if (!network.ok()) return;
  const std::size_t slash = text.find('/');
  const auto first = IpAddress::parse(text.substr(0, slash));
  PLUV_ASSERT(first.has_value() && network->contains(*first));
  const auto asked = IpAddress::parse(member);
  if (!asked) return;
  const std::string bits_text(slash == text.npos ? std::string_view() : text.substr(slash + 1));
  const bool v4_text = text.find(':') == text.npos;
  int bits = bits_text.empty() ? 128 : std::stoi(bits_text) + (v4_text ? 96 : 0);
  if (!v4_text && first->is_v4() && bits < 96) bits = 0;  // of the mapped form; judged elsewhere
  bool same = true;
  for (int bit = 0; bit < bits; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (bit % 8));
    const auto at = static_cast<std::size_t>(bit / 8);
    same &= (first->bytes()[at] & mask) == (asked->bytes()[at] & mask);
  }
  if (bits != 0) PLUV_ASSERT(network->contains(*asked) == same);
}

void try_origins(const std::vector<std::string>& patterns, std::string_view origin) {
  const auto list = OriginList::parse(patterns);
  if (!list.ok()) return;
  (void)list->allows(origin);
  PLUV_ASSERT(list->empty() == patterns.empty());
  for (const std::string& pattern : patterns) {
    if (pattern.find('*') == pattern.npos) PLUV_ASSERT(list->allows(pattern));
    if (pattern == "*") PLUV_ASSERT(list->allows("https://example.com") && list->allows("null"));
    // A wildcard stands for labels, never for the host's end.
    if (patterns.size() == 1 && pattern == "https://*.example.com") {
      PLUV_ASSERT(!list->allows("https://example.com") &&
                  !list->allows("https://evil.com/.example.com"));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines = pluv::fuzz::lines_of({reinterpret_cast<const char*>(data), size});
  for (const std::string& line : lines) {
    try_address(line);
    try_network(line, lines.back());
    try_origins({line}, lines.back());
  }
  const auto proxies = pluv::net::TrustedProxies::parse(lines);
  if (proxies.ok()) {
    const auto peer = IpAddress::v4({127, 0, 0, 1});
    bool named = false;
    for (const std::string& line : lines) named |= Cidr::parse(line)->contains(peer);
    PLUV_ASSERT(proxies->contains(peer) == named);
  }
  std::vector<std::string> patterns = lines;
  const std::string origin = patterns.empty() ? std::string() : patterns.back();
  if (!patterns.empty()) patterns.pop_back();
  try_origins(patterns, origin);
  return 0;
}
