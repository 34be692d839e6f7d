// WebSocket frames after RFC 6455, sans-IO: FrameReader turns received bytes into messages and
// control frames, the append functions turn messages into bytes. One reader belongs to one
// connection and is used by one thread at a time. A reader never reads a socket, never answers by
// itself (the caller sends pongs and closes) and, between messages, owns no memory beyond itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/utf8.h"

namespace pluv::net {

// RFC 6455 section 5.2.
enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xa,
};

// Status codes that this layer itself uses (RFC 6455 section 7.4.1).
inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseProtocolError = 1002;
inline constexpr std::uint16_t kCloseNoStatus = 1005;  // never on the wire: "a close without code"
inline constexpr std::uint16_t kCloseInvalidData = 1007;
inline constexpr std::uint16_t kCloseTooBig = 1009;
inline constexpr std::uint16_t kCloseInternalError = 1011;

inline constexpr std::size_t kControlPayloadBytesMax = 125;  // RFC 6455 section 5.5
inline constexpr std::size_t kCloseReasonBytesMax = 123;     // the same without the code
inline constexpr std::size_t kFrameHeaderBytesMax = 14;

// True for codes that may stand in a close frame: 1000-1003, 1007-1014, 3000-4999
// (RFC 6455 section 7.4 and the IANA registry).
[[nodiscard]] bool is_close_code_on_wire(std::uint16_t code) noexcept;

using MaskKey = std::array<std::uint8_t, 4>;

// XORs bytes with the key, in place; phase (0-3) is the position in the key of the first byte.
// Masking and unmasking are the same operation (RFC 6455 section 5.3).
void apply_mask(std::span<char> bytes, MaskKey key, std::size_t phase = 0) noexcept;

// --- Reading

enum class Role : std::uint8_t {
  server,  // reads what clients send: every frame must be masked
  client,  // reads what servers send: no frame may be masked
};

enum class EventKind : std::uint8_t {
  need_more,  // all bytes are consumed; read more
  text,       // a whole message; payload is valid UTF-8 unless compressed
  binary,     // a whole message
  ping,       // answer with a pong of the same payload
  pong,
  close,  // close_code (kCloseNoStatus when there was none), payload is the reason
  error,  // the peer broke the protocol: send a close with close_code and drop the connection;
          // payload says why, in English, and lives for ever
};

struct FrameEvent {
  EventKind kind = EventKind::need_more;
  bool compressed = false;  // text or binary: RSV1 was set, see inflate_message()
  std::uint16_t close_code = 0;
  std::string_view payload;  // borrowed until the next call of next(), or until bytes are reused
};

struct FrameReaderOptions {
  Role role = Role::server;
  // Whether permessage-deflate was negotiated: RSV1 is an error without.
  bool compression = false;
  // Bytes of one message, all fragments together, as they are on the wire (compressed).
  std::size_t message_bytes_max = 64 * 1024;
  // Frames of one message, empty ones too: bounds the work that a flood of tiny fragments makes.
  std::uint32_t fragments_max = 1024;
};

// Pull parser:
//
//   std::span<char> bytes = what_the_socket_gave;
//   for (;;) {
//     const FrameEvent event = reader.next(bytes);
//     if (event.kind == EventKind::need_more) break;
//     ...
//   }
//
// A message whose one frame lies wholly in one span is not copied and nothing is allocated: it is
// unmasked where it lies. Others are gathered in a buffer that grows with the bytes that really
// came, never with a declared length, and that is freed once the message was taken.
// After a close or an error the rest of the connection's bytes is ignored.
class FrameReader {
 public:
  explicit FrameReader(const FrameReaderOptions& options = {}) noexcept;

  // Consumes bytes from the front, which may be changed in place, up to the end of the next event.
  // bytes is empty after need_more. Any split of the stream gives the same events.
  [[nodiscard]] FrameEvent next(std::span<char>& bytes);

  // Takes effect at the next frame's header; a frame that has begun was measured by the old value.
  void set_message_bytes_max(std::size_t bytes) noexcept { message_bytes_max_ = bytes; }

  // A message or a frame has begun and is not yet complete (for time limits on slow senders).
  [[nodiscard]] bool mid_message() const noexcept;
  // After a close or an error: nothing will come any more.
  [[nodiscard]] bool finished() const noexcept { return finished_; }
  // Heap bytes held now, 0 between messages.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  [[nodiscard]] FrameEvent fail(std::uint16_t code, std::string_view why) noexcept;
  void drop_taken() noexcept;
  [[nodiscard]] bool in_control_frame() const noexcept { return opcode_ >= 0x8; }
  [[nodiscard]] bool validates_text() const noexcept {
    return message_opcode_ == static_cast<std::uint8_t>(Opcode::text) && !message_compressed_;
  }
  // The steps of a header; each returns the error that it finds.
  [[nodiscard]] std::optional<FrameEvent> read_header(std::span<char>& bytes) noexcept;
  [[nodiscard]] std::optional<FrameEvent> check_first_byte() noexcept;
  [[nodiscard]] std::optional<FrameEvent> check_second_byte() noexcept;
  [[nodiscard]] std::optional<FrameEvent> check_length() noexcept;
  void begin_payload() noexcept;
  [[nodiscard]] FrameEvent end_of_control(std::string_view payload) noexcept;
  [[nodiscard]] FrameEvent end_of_message(std::string_view payload) noexcept;

  std::string buffer_;  // the fragments so far, then a control frame cut by a read
  std::size_t message_bytes_max_;
  std::size_t message_bytes_ = 0;  // of buffer_, without the control frame
  std::size_t frame_left_ = 0;     // payload bytes due
  std::uint32_t fragments_max_;
  std::uint32_t fragments_ = 0;
  std::array<std::uint8_t, kFrameHeaderBytesMax> header_{};
  std::uint8_t header_size_ = 0;   // bytes of header_ that came
  std::uint8_t header_need_ = 2;   // bytes that are known to be needed
  std::uint8_t length_bytes_ = 0;  // of the extended length: 0, 2 or 8
  MaskKey mask_{};
  std::uint8_t mask_phase_ = 0;
  std::uint8_t opcode_ = 0;          // of the frame being read
  std::uint8_t message_opcode_ = 0;  // of the message being read, 0 when there is none
  Utf8Validator utf8_;
  Role role_;
  bool compression_ : 1;
  bool buffer_taken_ : 1 = false;  // the last event's payload is the end of buffer_
  bool fin_ : 1 = false;
  bool message_compressed_ : 1 = false;
  bool in_payload_ : 1 = false;
  bool finished_ : 1 = false;
};

static_assert(sizeof(FrameReader) <= 96, "thousands of idle connections hold one each");

// --- Writing

struct FrameHeader {
  Opcode opcode = Opcode::text;
  std::uint64_t payload_size = 0;  // below 2^63
  bool fin = true;
  bool rsv1 = false;  // compressed (RFC 7692), on the first frame of a message
  std::optional<MaskKey> mask =
      std::nullopt;  // what a client needs: four unpredictable bytes a frame
};

enum class Masking : std::uint8_t { unmasked, masked };

// 2, 4 or 10 bytes, and 4 more when masked.
[[nodiscard]] constexpr std::size_t frame_header_size(
    std::uint64_t payload_size, Masking masking = Masking::unmasked) noexcept {
  const std::size_t length = payload_size < 126 ? 2 : payload_size <= 0xffff ? 4 : 10;
  return length + (masking == Masking::masked ? 4 : 0);
}

// Writes to out, which has room for kFrameHeaderBytesMax bytes, and returns the bytes written.
std::size_t write_frame_header(char* out, const FrameHeader& header) noexcept;

void append_frame_header(std::string& out, const FrameHeader& header);
// One whole frame; masks the copy when mask is given.
void append_frame(std::string& out, Opcode opcode, std::string_view payload,
                  std::optional<MaskKey> mask = std::nullopt);
// A close frame. A reason over kCloseReasonBytesMax is cut between two characters; kCloseNoStatus
// writes an empty close. Asserts that the code may be sent.
void append_close(std::string& out, std::uint16_t code, std::string_view reason = {},
                  std::optional<MaskKey> mask = std::nullopt);

}  // namespace pluv::net
