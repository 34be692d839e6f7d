// A request must mean the same whole and cut into pieces, and what is read out of an accepted one
// (target, host, proxies, upgrade, compression offer) keeps its promises.
// link: net base
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "net/deflate_negotiation.h"
#include "net/forwarded.h"
#include "net/http.h"
#include "net/origin.h"
#include "net/upgrade.h"

namespace {

using pluv::net::ForwardedHeader;
using pluv::net::HttpProgress;
using pluv::net::IpAddress;
using pluv::net::Request;

// Everything that is made of a request, as text.
std::string story_of(const Request& request) {
  std::string story(request.method());
  const auto add = [&](std::string_view part) { story.append("\n").append(part); };
  add(request.path());
  add(request.query());
  add(request.host());
  add(std::to_string(request.body_size()));
  PLUV_ASSERT(!request.path().empty());
  for (std::size_t i = 0; const auto segment = request.path_segment(i); ++i) {
    PLUV_ASSERT(*segment != "." && *segment != "..");
    PLUV_ASSERT(segment->find('\0') == std::string::npos);
    add(*segment);
  }
  add(request.query_get("token").value_or("no token"));

  const IpAddress peer = IpAddress::v4({10, 0, 0, 1});
  const std::vector<std::string> networks = {"10.0.0.0/8"};
  for (const auto header : {ForwardedHeader::x_forwarded_for, ForwardedHeader::forwarded}) {
    const auto proxies = pluv::net::TrustedProxies::parse(networks, header);
    const std::string client = proxies.value().client(peer, request).address.text();
    PLUV_ASSERT(IpAddress::parse(client).has_value());
    add(client);
  }
  const std::vector<std::string> origins = {"https://*.example.com"};
  const auto list = pluv::net::OriginList::parse(origins);
  if (const auto origin = request.header("Origin"); origin && list.value().allows(*origin)) {
    add("allowed");
  }
  add(pluv::net::check_upgrade(request).accept);
  const auto offers = request.head().header_list("Sec-WebSocket-Extensions").value_or("");
  const auto agreement = pluv::net::negotiate_deflate(offers, {});
  if (agreement.ok() && agreement.value()) {
    PLUV_ASSERT(agreement.value()->server_window_bits <= 11);
    add(pluv::net::deflate_answer(*agreement.value()));
  }
  return story;
}

std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  pluv::net::HttpLimits limits;
  limits.head_bytes_max = 1024;
  limits.header_count_max = 8;
  limits.target_bytes_max = 128;
  limits.body_bytes_max = 1000;
  pluv::net::RequestParser parser(limits);
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    switch (parser.feed(part)) {
      case HttpProgress::need_more: PLUV_ASSERT(part.empty()); break;
      case HttpProgress::failed: return std::to_string(parser.problem().status);
      case HttpProgress::done: return story_of(parser.take());
    }
  }
  return "need more";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  PLUV_ASSERT(read_in_pieces(bytes, bytes.size()) == read_in_pieces(bytes, data[0] % 16u + 1u));
  return 0;
}
