// Who a client really is behind reverse proxies: X-Forwarded-For and -Proto, or Forwarded (RFC
// 7239), believed only as far as trusted proxies wrote them. A value made once from the
// configuration; immutable, so any thread may ask.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "net/ip_address.h"

namespace pluv::net {

// Which header the proxies write. The other one is ignored: a client could have sent it.
enum class ForwardedHeader : std::uint8_t { x_forwarded_for, forwarded };

enum class ForwardedScheme : std::uint8_t { unknown, http, https };

struct ForwardedClient {
  IpAddress address;
  ForwardedScheme scheme = ForwardedScheme::unknown;  // what a trusted proxy said, else unknown
};

class TrustedProxies {
 public:
  TrustedProxies() = default;  // trusts none: the peer is the client
  [[nodiscard]] static Result<TrustedProxies> parse(
      std::span<const std::string> networks,
      ForwardedHeader header = ForwardedHeader::x_forwarded_for);

  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

  // The rightmost address of the chain that is not a trusted proxy. The walk ends at what is no
  // address ("unknown", obfuscated, malformed): the hop that reported it is then the client.
  [[nodiscard]] ForwardedClient client(const IpAddress& peer, const Request& request) const;

 private:
  std::vector<Cidr> networks_;
  ForwardedHeader header_ = ForwardedHeader::x_forwarded_for;
};

}  // namespace pluv::net
