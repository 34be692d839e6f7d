// What a server answers a client of ours, and what stands in URLs: an answer means the same whole
// and in pieces; an upgrade is taken only with the accept value of our key, an extension only as it
// was offered; what is percent-encoded comes back.
// link: net base
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "fuzz/lines.h"
#include "net/deflate_negotiation.h"
#include "net/http.h"
#include "net/upgrade.h"

namespace {

using pluv::net::DeflatePolicy;
using pluv::net::HttpProgress;

const std::string& key() {
  static const std::string made = pluv::net::websocket_key({1, 2, 3});
  return made;
}

std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  pluv::net::HttpLimits limits;
  limits.head_bytes_max = 1024;
  limits.header_count_max = 8;
  pluv::net::ResponseParser parser(limits);
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    const HttpProgress progress = parser.feed(part);
    if (progress == HttpProgress::need_more) {
      PLUV_ASSERT(part.empty());
      continue;
    }
    if (progress == HttpProgress::failed) return parser.problem();
    const auto response = parser.take();
    PLUV_ASSERT(response.status >= 100 && response.status <= 599);
    const auto taken = pluv::net::check_upgrade_answer(response, key());
    if (taken.ok()) {
      PLUV_ASSERT(response.status == 101);
      PLUV_ASSERT(response.head.header("Sec-WebSocket-Accept") ==
                  std::string_view(pluv::net::websocket_accept(key())));
    }
    return std::to_string(response.status) + std::string(response.head.start_line()) +
           (taken.ok() ? "taken" : taken.error().message);
  }
  return "need more";
}

void try_deflate(std::string_view header) {
  for (const int bits : {9, 11, 15}) {
    const DeflatePolicy policy{.server_window_bits = bits, .client_window_bits = bits};
    const auto answer = pluv::net::read_deflate_answer(header, policy);
    if (answer.ok() && *answer) {
      PLUV_ASSERT((*answer)->server_window_bits <= bits);
      PLUV_ASSERT((*answer)->client_window_bits >= 8 && (*answer)->client_window_bits <= 15);
    }
    const auto agreed = pluv::net::negotiate_deflate(header, policy);
    if (!agreed.ok() || !*agreed) continue;
    PLUV_ASSERT((*agreed)->server_window_bits <= bits);
    PLUV_ASSERT((*agreed)->client_window_bits <= 15);
    // Our own client's offer is always one that we can agree to.
    const auto own = pluv::net::negotiate_deflate(pluv::net::deflate_offer(policy), policy);
    PLUV_ASSERT(own.ok() && *own);
    const auto read = pluv::net::read_deflate_answer(pluv::net::deflate_answer(**own), policy);
    PLUV_ASSERT(read.ok() && *read);
  }
}

void try_url(std::string_view text) {
  const std::string encoded = pluv::net::percent_encode(text);
  PLUV_ASSERT(pluv::net::percent_decode(encoded) == text);
  for (const auto plus : {pluv::net::PlusSign::plain, pluv::net::PlusSign::space}) {
    const auto decoded = pluv::net::percent_decode(text, plus);
    PLUV_ASSERT(!decoded || decoded->size() <= text.size());
  }
  (void)pluv::net::query_parameter(text, "token");
  PLUV_ASSERT(pluv::net::query_parameter("a=1&token=" + encoded + "&b", "token") == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  PLUV_ASSERT(read_in_pieces(bytes, bytes.size()) == read_in_pieces(bytes, data[0] % 16u + 1u));
  const std::string_view line = pluv::fuzz::take_line(bytes);
  try_deflate(line);
  try_url(line);
  return 0;
}
