// Compression of WebSocket messages after RFC 7692: the two halves that compress and expand whole
// messages (what to negotiate stands in deflate_negotiation.h). A Deflater or Inflater with context
// takeover belongs to one connection and holds its window; without, it keeps nothing between
// messages, so one pair may serve all connections of a thread. Neither is thread-safe. Expanding
// never makes more output than the given bound. The default window is small: 2^11 bytes.
//
// Not built for WebAssembly (there is no zlib).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/deflate_negotiation.h"
#include "net/websocket_frame.h"

struct z_stream_s;

namespace pluv::net {

struct DeflaterOptions {
  int window_bits = 11;  // 9-15
  int memory_level = 4;  // 1-9, as zlib's
  int level = 1;         // 1-9, as zlib's: 1 is the fastest
  ContextTakeover takeover = ContextTakeover::yes;
};

// Compresses messages. Move-only; zlib's memory is taken by the first message.
class Deflater {
 public:
  // Asserts that the options are in range.
  explicit Deflater(const DeflaterOptions& options);
  ~Deflater();
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) noexcept;

  // Appends the payload of a compressed message: send it with RSV1. ErrorCode::unavailable when
  // there is no memory; out is as it was then.
  [[nodiscard]] Result<void> compress(std::string_view message, std::string& out);

 private:
  DeflaterOptions options_;
  std::unique_ptr<z_stream_s> stream_;
};

struct InflaterOptions {
  int window_bits = 15;  // 8-15: at least what the sender uses
  ContextTakeover takeover = ContextTakeover::yes;
};

// Expands messages. Move-only; zlib's memory is taken by the first message.
class Inflater {
 public:
  // Asserts that the options are in range.
  explicit Inflater(const InflaterOptions& options);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  // Appends the message to out, which grows by at most output_bytes_max. ErrorCode::limit when the
  // message is bigger (close with 1009), ErrorCode::invalid when it is not deflate (1007),
  // ErrorCode::unavailable without memory (1011). After an error the window is lost: with
  // takeover every later call fails; without, the next message is not touched by it.
  [[nodiscard]] Result<void> expand(std::string_view compressed, std::size_t output_bytes_max,
                                    std::string& out);

 private:
  // Expands a part of a message; before is the size of out at the message's begin.
  [[nodiscard]] Result<void> expand_part(std::string_view compressed, std::size_t before,
                                         std::size_t output_bytes_max, std::string& out);

  InflaterOptions options_;
  std::unique_ptr<z_stream_s> stream_;
  bool broken_ = false;
  bool stream_ended_ = false;  // inside expand(): a block with BFINAL was the last
};

// Gives the event of an expanded message for one of FrameReader's with compressed set: the payload
// points into out, which is overwritten; text is checked to be UTF-8. An error event (1007, 1009
// or 1011) when that fails. Other events come back as they are.
[[nodiscard]] FrameEvent inflate_message(const FrameEvent& event, Inflater& inflater,
                                         std::size_t message_bytes_max, std::string& out);

}  // namespace pluv::net
