// A request head must mean the same whole and cut into pieces, and what was accepted holds no line
// break that could become a second request.
// link: net base
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "net/http_head.h"

namespace {

using pluv::net::HttpProgress;

struct Outcome {
  HttpProgress progress = HttpProgress::need_more;
  int status = 0;
  std::string story;
  bool operator==(const Outcome&) const = default;
};

Outcome read_in_pieces(std::string_view bytes, std::size_t piece) {
  pluv::net::HttpLimits limits;
  limits.head_bytes_max = 1024;
  limits.header_count_max = 8;
  pluv::net::HttpHeadReader reader(limits, 256);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::string_view part = bytes.substr(at, piece);
    outcome.progress = reader.feed(part);
    if (outcome.progress == HttpProgress::need_more) continue;
    if (outcome.progress == HttpProgress::failed) {
      outcome.status = reader.status();
      return outcome;
    }
    const auto head = reader.take();
    outcome.story = head.start_line();
    for (std::size_t i = 0; i < head.header_count(); ++i) {
      outcome.story += '\n';
      outcome.story += head.header_at(i).name;
      outcome.story += ':';
      outcome.story += head.header_at(i).value;
      for (const char c : head.header_at(i).value) PLUV_ASSERT(c != '\r' && c != '\n' && c != 0);
    }
    return outcome;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  PLUV_ASSERT(read_in_pieces(bytes, bytes.size()) == read_in_pieces(bytes, data[0] % 16u + 1u));
  return 0;
}
