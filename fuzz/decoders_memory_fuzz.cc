// Any bytes given to what reads requests, frames, messages, JSON and tokens: as in ycrdt_memory,
// the memory that it takes at once stays within a bound of the input's size.
// link: net auth protocol json base pluv_memory_count
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/memory_count_testing.h"
#include "fuzz/lines.h"
#include "json/object.h"
#include "json/pattern.h"
#include "json/value.h"
#include "net/deflate_negotiation.h"
#include "net/forwarded.h"
#include "net/http.h"
#include "net/origin.h"
#include "net/websocket_frame.h"
#include "protocol/v5.h"

namespace {

constexpr std::size_t kBaseBytes = 64 * 1024;
constexpr std::size_t kBytesEach = 256;

template <class Work>
void bounded(std::size_t size, Work work) {
  const pluv::MemoryCounter counter;
  work();
  PLUV_ASSERT(counter.count().peak_bytes <= kBaseBytes + kBytesEach * size);
}

void read_json(std::string_view text) {
  bounded(text.size(), [&] { (void)pluv::json::Value::parse(text); });
  bounded(text.size(), [&] {
    std::string out;
    if (pluv::json::validate(text).ok()) pluv::json::append_minified(text, out);
  });
  bounded(text.size(), [&] {
    std::string out;
    (void)pluv::json::merge_objects("{}", text, out);
  });
  bounded(text.size(), [&] {
    pluv::protocol::v5::Decoder decoder;
    (void)decoder.decode(text);
  });
}

void read_request(std::string_view text) {
  bounded(text.size(), [&] {
    pluv::net::RequestParser parser;
    std::string_view left = text;
    if (parser.feed(left) != pluv::net::HttpProgress::done) return;
    const pluv::net::Request request = parser.take();
    (void)request.query_get("token");
    for (std::size_t i = 0; request.path_segment(i); ++i) continue;
    const pluv::net::TrustedProxies proxies =
        pluv::net::TrustedProxies::parse(std::vector<std::string>{"0.0.0.0/0"}).value();
    (void)proxies.client(pluv::net::IpAddress(), request);
    const auto offers = request.head().header_list("Sec-WebSocket-Extensions").value_or("");
    (void)pluv::net::negotiate_deflate(offers, {});
  });
}

void read_frames(std::string_view text) {
  std::string bytes(text);
  bounded(text.size(), [&] {
    pluv::net::FrameReader reader;
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
      std::span<char> part(bytes.data() + at, std::min<std::size_t>(7, bytes.size() - at));
      for (;;) {
        const auto kind = reader.next(part).kind;
        if (kind == pluv::net::EventKind::need_more) break;
        if (kind == pluv::net::EventKind::close || kind == pluv::net::EventKind::error) return;
      }
    }
  });
}

void read_texts(std::string_view text) {
  static const pluv::auth::TokenKeys keys =
      std::move(pluv::auth::TokenKeys::from_secret("fuzzing secret")).value();
  bounded(text.size(), [&] { (void)pluv::auth::decode_token(keys, text, "room", 1'000'000); });
  bounded(text.size(), [&] { (void)pluv::base64_decode(text); });
  bounded(text.size(), [&] { (void)pluv::json::Pattern::compile(text); });
  const auto lines = pluv::fuzz::lines_of(text);
  bounded(text.size(), [&] { (void)pluv::net::OriginList::parse(lines); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: read_json(text); break;
    case 1: read_request(text); break;
    case 2: read_frames(text); break;
    case 3: read_texts(text); break;
  }
  return 0;
}
