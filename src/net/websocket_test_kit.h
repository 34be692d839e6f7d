// What the tests of frames share: frames written by hand, and a reader fed with any split. Test
// code only.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "net/websocket_frame.h"

namespace pluv::net {

// Allocations of the program so far (allocation_count_test.cc).
[[nodiscard]] std::size_t allocation_count() noexcept;

// An event that owns its payload.
struct Seen {
  EventKind kind = EventKind::need_more;
  std::uint16_t close_code = 0;
  std::string payload;  // empty for errors, whose text is for people
  bool compressed = false;

  bool operator==(const Seen&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << "{kind " << static_cast<int>(seen.kind) << ", code " << seen.close_code << ", "
             << seen.payload.size() << " bytes: " << seen.payload.substr(0, 40) << "}";
}

// Feeds one piece, in memory of its own, and appends the events.
inline void feed_piece(FrameReader& reader, std::string piece, std::vector<Seen>& seen) {
  std::span<char> bytes(piece);
  for (;;) {
    const FrameEvent event = reader.next(bytes);
    if (event.kind == EventKind::need_more) break;
    const bool error = event.kind == EventKind::error;
    seen.push_back({event.kind, event.close_code,
                    error ? std::string() : std::string(event.payload), event.compressed});
  }
}

// Feeds pieces of the given size (0: everything at once).
inline std::vector<Seen> read_in_pieces(const FrameReaderOptions& options, std::string_view bytes,
                                        std::size_t piece_size) {
  FrameReader reader(options);
  std::vector<Seen> seen;
  if (piece_size == 0) piece_size = bytes.size() + 1;
  for (std::size_t at = 0; at < bytes.size() || at == 0; at += piece_size) {
    feed_piece(reader, std::string(bytes.substr(at, piece_size)), seen);
  }
  return seen;
}

// Feeds two pieces.
inline std::vector<Seen> read_split(const FrameReaderOptions& options, std::string_view bytes,
                                    std::size_t split) {
  FrameReader reader(options);
  std::vector<Seen> seen;
  feed_piece(reader, std::string(bytes.substr(0, split)), seen);
  feed_piece(reader, std::string(bytes.substr(split)), seen);
  return seen;
}

inline constexpr MaskKey kTestMask{0x37, 0xfa, 0x21, 0x3d};

// A frame with any first byte (FIN, RSV, opcode), its length in the shortest form.
inline std::string raw_frame(std::uint8_t first, std::string_view payload,
                             std::optional<MaskKey> mask = kTestMask) {
  std::string out;
  append_frame(out, Opcode::text, payload, mask);
  out[0] = static_cast<char>(first);
  return out;
}

// A masked frame with any first byte, whose length is written in length_bytes bytes (0, 2 or 8).
inline std::string raw_length_frame(std::uint8_t first, std::size_t length_bytes,
                                    std::uint64_t length, std::string_view payload = {}) {
  std::string out(1, static_cast<char>(first));
  const std::uint64_t short_length = length_bytes == 0 ? length : length_bytes == 2 ? 126 : 127;
  out.push_back(static_cast<char>(0x80 | short_length));
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out.push_back(static_cast<char>(length >> (8 * (length_bytes - 1 - i)) & 0xff));
  }
  for (const std::uint8_t byte : kTestMask) out.push_back(static_cast<char>(byte));
  const std::size_t at = out.size();
  out.append(payload);
  apply_mask(std::span<char>(out).subspan(at), kTestMask);
  return out;
}

// The payload of a close frame.
inline std::string close_payload(std::uint16_t code, std::string_view reason = {}) {
  std::string out;
  out.push_back(static_cast<char>(code >> 8));
  out.push_back(static_cast<char>(code & 0xff));
  return out.append(reason);
}

}  // namespace pluv::net
