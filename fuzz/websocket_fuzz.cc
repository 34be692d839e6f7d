// A stream of frames must mean the same whole and cut into pieces, whatever it holds, to a server
// and to a client, with compression and without.
// link: net base
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/utf8.h"
#include "net/permessage_deflate.h"
#include "net/websocket_frame.h"

namespace {

using pluv::net::EventKind;

constexpr std::size_t kExpandedBytesMax = 8192;

std::string read_in_pieces(std::string bytes, std::size_t piece, std::uint8_t choice) {
  pluv::net::FrameReaderOptions options;
  options.role = (choice & 16u) == 0 ? pluv::net::Role::server : pluv::net::Role::client;
  options.compression = (choice & 32u) != 0;
  options.message_bytes_max = 4096;
  options.fragments_max = 16;
  pluv::net::FrameReader reader(options);
  pluv::net::Inflater inflater({.window_bits = 9});
  std::string expanded;
  std::string story;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::span<char> part(bytes.data() + at, std::min(piece, bytes.size() - at));
    for (;;) {
      auto event = reader.next(part);
      if (event.kind == EventKind::need_more) break;
      if (event.compressed) {
        PLUV_ASSERT(options.compression);
        event = pluv::net::inflate_message(event, inflater, kExpandedBytesMax, expanded);
        PLUV_ASSERT(expanded.size() <= kExpandedBytesMax);
      }
      PLUV_ASSERT(event.kind != EventKind::text || pluv::is_utf8(event.payload));
      story += static_cast<char>('0' + static_cast<int>(event.kind));
      story += std::to_string(event.close_code);
      story += event.payload;
      story += '\n';
      if (event.kind == EventKind::close || event.kind == EventKind::error) return story;
    }
    PLUV_ASSERT(part.empty());
  }
  PLUV_ASSERT(reader.memory_bytes() <= 2 * 4096 + 1024);
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = read_in_pieces(bytes, bytes.size(), data[0]);
  PLUV_ASSERT(read_in_pieces(bytes, data[0] % 16u + 1u, data[0]) == whole);
  return 0;
}
