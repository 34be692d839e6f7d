// The bytes before and behind a room: frames and base64.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "net/websocket_frame.h"
#include "path.h"

namespace pluv::bench {
namespace {

constexpr std::size_t kKib64 = std::size_t{64} * 1024;
constexpr std::size_t kMib = std::size_t{1024} * 1024;
constexpr net::MaskKey kMask = {0x37, 0xfa, 0x21, 0x3d};

std::string repeated(std::string_view part, std::size_t size) {
  std::string text;
  while (text.size() + part.size() <= size) text += part;
  return text.append(size - text.size(), '.');
}
std::string ascii_text(std::size_t size) { return repeated("The quick brown fox. ", size); }
// Half of its characters have one byte, the others two, three and four.
std::string many_byte_text(std::size_t size) {
  return repeated(
      "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 \xe6\xbc\xa2\xe5\xad\x97 \xf0\x9f\x99\x82 ok ", size);
}
std::string mixed_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1'664'525 + 1'013'904'223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// One whole frame of a client a read. Reading unmasks in place, so each time has a frame of its
// own.
class FrameRead final : public Path {
 public:
  FrameRead(std::size_t times, net::Opcode opcode, std::string payload)
      : payload_(std::move(payload)),
        kind_(opcode == net::Opcode::text ? net::EventKind::text : net::EventKind::binary) {
    std::string frame;
    net::append_frame_header(frame,
                             {.opcode = opcode, .payload_size = payload_.size(), .mask = kMask});
    for (std::size_t i = 0; i < payload_.size(); ++i) {  // in its own way, not in the reader's
      frame += static_cast<char>(payload_[i] ^ kMask[i % kMask.size()]);
    }
    for (std::size_t i = 0; i < times; ++i) bytes_ += frame;
    frame_size_ = frame.size();
  }
  void once(std::size_t at) override {
    std::span<char> bytes = std::span(bytes_).subspan(at * frame_size_, frame_size_);
    last_ = reader_.next(bytes);
    read_ += last_.payload.size();
    right_ &= last_.kind == kind_ && reader_.next(bytes).kind == net::EventKind::need_more;
  }
  void check(std::size_t times) override {
    expect(right_ && read_ == times * payload_.size(), "frames were not read");
    expect(last_.payload == payload_, "a frame was not unmasked");
  }

 private:
  std::string payload_;
  net::EventKind kind_;
  std::string bytes_;
  std::size_t frame_size_ = 0;
  net::FrameReader reader_;
  net::FrameEvent last_;
  std::size_t read_ = 0;
  bool right_ = true;
};

class FrameWrite final : public Path {
 public:
  explicit FrameWrite(std::size_t size) : payload_(ascii_text(size)) {}
  void once(std::size_t) override {
    out_.clear();
    net::append_frame(out_, net::Opcode::text, payload_);
  }
  void check(std::size_t) override {
    net::FrameReader reader({.role = net::Role::client});
    std::span<char> bytes(out_);
    expect(reader.next(bytes).payload == payload_ && bytes.empty(), "a frame was not written");
  }

 private:
  std::string payload_;
  std::string out_;
};

class Base64Decode final : public Path {
 public:
  explicit Base64Decode(std::size_t size)
      : bytes_(mixed_bytes(size)), text_(base64_encode(bytes_)) {}
  void once(std::size_t) override { decoded_ = base64_decode(text_); }
  void check(std::size_t) override { expect(decoded_ == bytes_, "base64 was not decoded"); }

 private:
  std::string bytes_;
  std::string text_;
  std::optional<std::string> decoded_;
};

class Base64Encode final : public Path {
 public:
  explicit Base64Encode(std::size_t size) : bytes_(mixed_bytes(size)) {}
  void once(std::size_t) override {
    text_.clear();
    base64_append(text_, bytes_);
  }
  void check(std::size_t) override {
    expect(base64_decode(text_) == bytes_, "base64 was not encoded");
  }

 private:
  std::string bytes_;
  std::string text_;
};

using Made = std::unique_ptr<Path>;
using net::Opcode;

template <Opcode kOpcode, std::size_t kSize, std::string (*kPayload)(std::size_t)>
Made frame_read(std::size_t times) {
  return std::make_unique<FrameRead>(times, kOpcode, kPayload(kSize));
}
template <class Sized, std::size_t kSize>
Made sized(std::size_t) {
  return std::make_unique<Sized>(kSize);
}

constexpr Row kRows[] = {
    {.name = "frame-read-100",
     .thing = "frame",
     .times = 20'000,
     .make = frame_read<Opcode::text, 100, ascii_text>},
    {.name = "frame-read-64k-binary",
     .thing = "frame",
     .times = 400,
     .make = frame_read<Opcode::binary, kKib64, mixed_bytes>},
    {.name = "frame-read-64k-ascii",
     .thing = "frame",
     .times = 200,
     .make = frame_read<Opcode::text, kKib64, ascii_text>},
    {.name = "frame-read-64k-utf8",
     .thing = "frame",
     .times = 40,
     .make = frame_read<Opcode::text, kKib64, many_byte_text>},
    {.name = "frame-write-250", .thing = "frame", .times = 20'000, .make = sized<FrameWrite, 250>},
    {.name = "base64-decode-1k",
     .thing = "text",
     .times = 1'000,
     .make = sized<Base64Decode, 1024>},
    {.name = "base64-decode-1m", .thing = "text", .times = 2, .make = sized<Base64Decode, kMib>},
    {.name = "base64-encode-1m", .thing = "text", .times = 2, .make = sized<Base64Encode, kMib>},
};

}  // namespace

std::span<const Row> wire_rows() { return kRows; }

}  // namespace pluv::bench
