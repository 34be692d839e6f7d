#include "net/forwarded.h"

#include <algorithm>
#include <string_view>

namespace pluv::net {
namespace {

// One hop of the chain, as a proxy wrote it down.
struct Hop {
  std::optional<IpAddress> address;  // of the hop's client; nullopt for what is no address
  ForwardedScheme scheme = ForwardedScheme::unknown;
};

ForwardedScheme read_scheme(std::string_view text) noexcept {
  if (equals_ignoring_case(text, "http") || equals_ignoring_case(text, "ws")) {
    return ForwardedScheme::http;
  }
  if (equals_ignoring_case(text, "https") || equals_ignoring_case(text, "wss")) {
    return ForwardedScheme::https;
  }
  return ForwardedScheme::unknown;
}

// Left to right. A list of schemes as long as that of the addresses is hop for hop; else the
// rightmost, which the nearest proxy wrote, counts for all.
std::vector<Hop> read_x_forwarded(const HttpHead& head) {
  std::vector<Hop> hops;
  const std::string addresses = head.header_list("X-Forwarded-For").value_or("");
  std::string_view list = addresses;
  while (const auto element = next_list_element(list)) {
    hops.push_back({IpAddress::parse_with_port(*element), ForwardedScheme::unknown});
  }
  std::vector<ForwardedScheme> schemes;
  const std::string protocols = head.header_list("X-Forwarded-Proto").value_or("");
  list = protocols;
  while (const auto element = next_list_element(list)) schemes.push_back(read_scheme(*element));
  if (schemes.empty()) return hops;
  if (hops.empty()) hops.push_back({std::nullopt, schemes.back()});
  for (std::size_t i = 0; i < hops.size(); ++i) {
    hops[i].scheme = schemes.size() == hops.size() ? schemes[i] : schemes.back();
  }
  return hops;
}

// A client that leaves a quote open would hide in it what the proxies appended.
bool has_open_quote(std::string_view text) noexcept {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    }
  }
  return quoted;
}

// Cuts the text up to the next separator that stands outside quotes.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (quoted && rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && rest[at] == separator) {
      break;
    }
  }
  at = std::min(at, rest.size());
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return trim_http_space(taken);
}

// Addresses and schemes hold nothing that is escaped inside quotes.
std::string_view unquote(std::string_view text) noexcept {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// RFC 7239 section 4, left to right.
std::vector<Hop> read_forwarded(const HttpHead& head) {
  std::vector<Hop> hops;
  const std::string value = head.header_list("Forwarded").value_or("");
  if (has_open_quote(value)) return hops;
  std::string_view list = value;
  while (!list.empty()) {
    std::string_view element = take_until(list, ',');
    if (element.empty()) continue;
    Hop hop;
    int addresses = 0;
    while (!element.empty()) {
      std::string_view pair = take_until(element, ';');
      const std::string_view name = take_until(pair, '=');
      if (equals_ignoring_case(name, "for")) {
        // IPv6 stands in brackets (section 6); a bare one is taken too.
        hop.address = IpAddress::parse_with_port(unquote(pair));
        ++addresses;
      } else if (equals_ignoring_case(name, "proto")) {
        hop.scheme = read_scheme(unquote(pair));
      }
    }
    if (addresses != 1) hop.address = std::nullopt;
    hops.push_back(hop);
  }
  return hops;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(std::span<const std::string> networks,
                                             ForwardedHeader header) {
  TrustedProxies proxies;
  proxies.header_ = header;
  for (const std::string& text : networks) {
    Result<Cidr> network = Cidr::parse(text);
    if (!network) return network.error();
    proxies.networks_.push_back(*network);
  }
  return proxies;
}

bool TrustedProxies::contains(const IpAddress& address) const noexcept {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Cidr& network) { return network.contains(address); });
}

ForwardedClient TrustedProxies::client(const IpAddress& peer, const Request& request) const {
  ForwardedClient client;
  client.address = peer;
  if (!contains(peer)) return client;
  const std::vector<Hop> hops = header_ == ForwardedHeader::forwarded
                                    ? read_forwarded(request.head())
                                    : read_x_forwarded(request.head());
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    // The hop was written down by client.address, which is trusted.
    if (hop->scheme != ForwardedScheme::unknown) client.scheme = hop->scheme;
    if (!hop->address) break;
    client.address = *hop->address;
    if (!contains(client.address)) break;
  }
  return client;
}

}  // namespace pluv::net
