#include "net/websocket_frame.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/free_memory.h"

namespace pluv::net {
namespace {

constexpr std::uint8_t kFinBit = 0x80;
constexpr std::uint8_t kRsv1Bit = 0x40;
constexpr std::uint8_t kRsv23Bits = 0x30;
constexpr std::uint8_t kOpcodeBits = 0x0f;
constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::uint8_t kLengthBits = 0x7f;

constexpr std::uint8_t kOpcodeText = static_cast<std::uint8_t>(Opcode::text);
constexpr std::uint8_t kOpcodeClose = static_cast<std::uint8_t>(Opcode::close);
constexpr std::uint8_t kOpcodePing = static_cast<std::uint8_t>(Opcode::ping);

bool is_known_opcode(std::uint8_t opcode) noexcept {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xa);
}

// The longest beginning of text with at most bytes_max bytes that does not cut a character.
std::string_view cut_text(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  std::size_t size = bytes_max;
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

bool is_close_code_on_wire(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

void apply_mask(std::span<char> bytes, MaskKey key, std::size_t phase) noexcept {
  std::array<std::uint8_t, 8> repeated;
  for (std::size_t i = 0; i < repeated.size(); ++i) repeated[i] = key[(phase + i) & 3];
  std::uint64_t key_word;
  std::memcpy(&key_word, repeated.data(), 8);

  char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 32; at += 32, left -= 32) {  // a block of known size, which compilers vectorise
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), at, 32);
    for (std::uint64_t& word : words) word ^= key_word;
    std::memcpy(at, words.data(), 32);
  }
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    word ^= key_word;
    std::memcpy(at, &word, 8);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ repeated[i]);
}

FrameReader::FrameReader(const FrameReaderOptions& options) noexcept
    : message_bytes_max_(options.message_bytes_max),
      fragments_max_(options.fragments_max),
      role_(options.role),
      compression_(options.compression) {}

bool FrameReader::mid_message() const noexcept {
  if (finished_) return false;
  return in_payload_ || header_size_ != 0 || message_opcode_ != 0;
}

std::size_t FrameReader::memory_bytes() const noexcept {
  return buffer_.capacity() > std::string().capacity() ? buffer_.capacity() + 1 : 0;
}

FrameEvent FrameReader::fail(std::uint16_t code, std::string_view why) noexcept {
  finished_ = true;
  free_memory(buffer_);
  FrameEvent event;
  event.kind = EventKind::error;
  event.close_code = code;
  event.payload = why;
  return event;
}

// Gives back what the last event's payload pointed into.
void FrameReader::drop_taken() noexcept {
  if (finished_ || (buffer_taken_ && message_bytes_ == 0)) {
    free_memory(buffer_);
  } else if (buffer_taken_) {
    buffer_.resize(message_bytes_);  // keeps the fragments that stand before a control frame
  }
  buffer_taken_ = false;
}

std::optional<FrameEvent> FrameReader::check_first_byte() noexcept {
  const std::uint8_t first = header_[0];
  opcode_ = first & kOpcodeBits;
  fin_ = (first & kFinBit) != 0;
  const bool rsv1 = (first & kRsv1Bit) != 0;
  if ((first & kRsv23Bits) != 0) return fail(kCloseProtocolError, "a reserved bit is set");
  if (!is_known_opcode(opcode_)) return fail(kCloseProtocolError, "reserved opcode");
  if (in_control_frame()) {
    if (!fin_) return fail(kCloseProtocolError, "a control frame is fragmented");
    if (rsv1) return fail(kCloseProtocolError, "a control frame is compressed");
    return std::nullopt;
  }
  if (opcode_ == 0) {
    if (message_opcode_ == 0) {
      return fail(kCloseProtocolError, "a continuation without a message to continue");
    }
    if (rsv1) return fail(kCloseProtocolError, "RSV1 is set on a continuation");
  } else {
    if (message_opcode_ != 0) {
      return fail(kCloseProtocolError, "a new message inside a fragmented one");
    }
    if (rsv1 && !compression_) {
      return fail(kCloseProtocolError, "RSV1 is set without negotiated compression");
    }
    message_compressed_ = rsv1;
  }
  return std::nullopt;
}

std::optional<FrameEvent> FrameReader::check_second_byte() noexcept {
  const bool masked = (header_[1] & kMaskBit) != 0;
  if (masked != (role_ == Role::server)) {
    return fail(kCloseProtocolError,
                masked ? "a server's frame is masked" : "a client's frame is not masked");
  }
  const std::uint8_t length = header_[1] & kLengthBits;
  if (in_control_frame() && length > kControlPayloadBytesMax) {
    return fail(kCloseProtocolError, "a control frame is longer than 125 bytes");
  }
  length_bytes_ = length == 126 ? 2 : length == 127 ? 8 : 0;
  header_need_ = static_cast<std::uint8_t>(2 + length_bytes_);
  return std::nullopt;
}

std::optional<FrameEvent> FrameReader::check_length() noexcept {
  std::uint64_t length = header_[1] & kLengthBits;
  if (length_bytes_ != 0) {
    length = 0;
    for (std::size_t i = 0; i < length_bytes_; ++i) length = (length << 8) | header_[2 + i];
    if (length >> 63 != 0) {
      return fail(kCloseProtocolError, "the length's most significant bit is set");
    }
    if (length < 126 || (length_bytes_ == 8 && length <= 0xffff)) {
      return fail(kCloseProtocolError, "the length is not written in its shortest form");
    }
  }
  if (!in_control_frame()) {
    // message_bytes_ may exceed a maximum that was lowered meanwhile.
    if (message_bytes_ > message_bytes_max_ || length > message_bytes_max_ - message_bytes_) {
      return fail(kCloseTooBig, "the message is too big");
    }
    if (fragments_ >= fragments_max_) {
      return fail(kCloseTooBig, "the message has too many fragments");
    }
  }
  frame_left_ = static_cast<std::size_t>(length);
  return std::nullopt;
}

std::optional<FrameEvent> FrameReader::read_header(std::span<char>& bytes) noexcept {
  while (!bytes.empty()) {
    header_[header_size_++] = static_cast<std::uint8_t>(bytes.front());
    bytes = bytes.subspan(1);
    if (header_size_ == 1) {
      if (auto error = check_first_byte()) return error;
      continue;
    }
    if (header_size_ == 2) {
      if (auto error = check_second_byte()) return error;
    }
    if (header_size_ == 2 + length_bytes_) {
      if (auto error = check_length()) return error;
      header_need_ = static_cast<std::uint8_t>(header_size_ + (role_ == Role::server ? 4 : 0));
    }
    if (header_size_ < header_need_) continue;
    if (role_ == Role::server) std::memcpy(mask_.data(), &header_[header_size_ - 4u], 4);
    begin_payload();
    break;
  }
  return std::nullopt;
}

void FrameReader::begin_payload() noexcept {
  in_payload_ = true;
  header_size_ = 0;
  header_need_ = 2;
  mask_phase_ = 0;
  if (in_control_frame()) return;
  if (opcode_ != 0) message_opcode_ = opcode_;
  ++fragments_;
}

FrameEvent FrameReader::end_of_control(std::string_view payload) noexcept {
  FrameEvent event;
  event.payload = payload;
  if (opcode_ != kOpcodeClose) {
    event.kind = opcode_ == kOpcodePing ? EventKind::ping : EventKind::pong;
    return event;
  }
  event.kind = EventKind::close;
  event.close_code = kCloseNoStatus;
  if (payload.size() == 1) return fail(kCloseProtocolError, "a close frame with half a code");
  if (payload.size() >= 2) {
    event.close_code = static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 |
                                                  static_cast<std::uint8_t>(payload[1]));
    event.payload.remove_prefix(2);
    if (!is_close_code_on_wire(event.close_code)) {
      return fail(kCloseProtocolError, "a close code that may not be sent");
    }
    if (!is_utf8(event.payload)) return fail(kCloseInvalidData, "a close reason is not UTF-8");
  }
  finished_ = true;
  return event;
}

FrameEvent FrameReader::end_of_message(std::string_view payload) noexcept {
  FrameEvent event;
  event.kind = message_opcode_ == kOpcodeText ? EventKind::text : EventKind::binary;
  event.compressed = message_compressed_;
  event.payload = payload;
  if (validates_text() && !utf8_.complete()) {
    return fail(kCloseInvalidData, "a text message ends inside a character");
  }
  message_opcode_ = 0;
  message_bytes_ = 0;
  fragments_ = 0;
  return event;
}

FrameEvent FrameReader::next(std::span<char>& bytes) {
  drop_taken();
  while (!finished_) {
    if (!in_payload_) {
      if (auto error = read_header(bytes)) return *error;
      if (!in_payload_) break;
    }
    const std::span<char> chunk = bytes.first(std::min(frame_left_, bytes.size()));
    const std::string_view text(chunk.data(), chunk.size());
    bytes = bytes.subspan(chunk.size());
    frame_left_ -= chunk.size();
    const bool control = in_control_frame();
    if (role_ == Role::server) {
      apply_mask(chunk, mask_, mask_phase_);
      mask_phase_ = static_cast<std::uint8_t>((mask_phase_ + chunk.size()) & 3);
    }
    if (!control && validates_text() && !utf8_.feed(text)) {
      return fail(kCloseInvalidData, "a text message is not UTF-8");
    }
    const bool frame_ends = frame_left_ == 0;
    if (frame_ends) in_payload_ = false;
    const std::size_t before = buffer_.size();
    if (control) {
      if (frame_ends && before == message_bytes_) return end_of_control(text);  // not copied
      buffer_.append(text);
      if (!frame_ends) break;
      buffer_taken_ = true;
      return end_of_control(std::string_view(buffer_).substr(message_bytes_));
    }
    if (frame_ends && fin_ && before == 0) return end_of_message(text);  // not copied
    buffer_.append(text);
    message_bytes_ += text.size();
    if (!frame_ends) break;
    if (!fin_) continue;
    buffer_taken_ = true;
    return end_of_message(buffer_);
  }
  bytes = {};
  return {};
}

std::size_t write_frame_header(char* out, const FrameHeader& header) noexcept {
  PLUV_ASSERT(header.payload_size >> 63 == 0);
  const std::size_t length_bytes = header.payload_size < 126       ? 0
                                   : header.payload_size <= 0xffff ? 2
                                                                   : 8;
  const std::uint64_t short_length = length_bytes == 0   ? header.payload_size
                                     : length_bytes == 2 ? 126
                                                         : 127;
  out[0] = static_cast<char>((header.fin ? kFinBit : 0) | (header.rsv1 ? kRsv1Bit : 0) |
                             static_cast<std::uint8_t>(header.opcode));
  out[1] = static_cast<char>((header.mask ? kMaskBit : 0) | short_length);
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out[2 + i] = static_cast<char>(header.payload_size >> (8 * (length_bytes - 1 - i)) & 0xff);
  }
  if (!header.mask) return 2 + length_bytes;
  std::memcpy(out + 2 + length_bytes, header.mask->data(), 4);
  return 6 + length_bytes;
}

void append_frame_header(std::string& out, const FrameHeader& header) {
  char bytes[kFrameHeaderBytesMax];
  out.append(bytes, write_frame_header(bytes, header));
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload,
                  std::optional<MaskKey> mask) {
  FrameHeader header;
  header.opcode = opcode;
  header.payload_size = payload.size();
  header.mask = mask;
  append_frame_header(out, header);
  out.append(payload);
  if (!mask) return;
  apply_mask(std::span<char>(out).last(payload.size()), *mask);
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason,
                  std::optional<MaskKey> mask) {
  if (code == kCloseNoStatus) {
    append_frame(out, Opcode::close, {}, mask);
    return;
  }
  PLUV_ASSERT(is_close_code_on_wire(code));
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xff));
  payload.append(cut_text(reason, kCloseReasonBytesMax));
  append_frame(out, Opcode::close, payload, mask);
}

}  // namespace pluv::net
