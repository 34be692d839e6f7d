// A connection's beginning, and what it has yet to send.
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uninitialized.h"
#include "net/upgrade.h"
#include "net/websocket_frame.h"
#include "path.h"
#include "platform/native/outbox.h"

namespace pluv::bench {
namespace {

// A browser's request, up to the answer that makes a WebSocket of its connection.
class Upgrade final : public Path {
 public:
  void once(std::size_t) override {
    std::string_view bytes = kRequest;
    net::RequestParser parser;
    if (parser.feed(bytes) != net::HttpProgress::done) return;
    const net::Request request = parser.take();
    const net::UpgradeCheck check = net::check_upgrade(request);
    token_ = request.query_get("token").value_or(std::string());
    answer_.clear();
    net::append_upgrade_answer(answer_, {.accept = check.accept});
  }
  void check(std::size_t) override {
    // The key and its answer are those of RFC 6455, section 1.3.
    expect(answer_.find("Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos,
           "an upgrade was not answered");
    expect(token_ == "eyJhbGciOiJkaXIi.A+B", "a token was not read");
  }

 private:
  static constexpr std::string_view kRequest =
      "GET /api/pluv/room/room-1?token=eyJhbGciOiJkaXIi.A%2BB HTTP/1.1\r\n"
      "Host: rooms.example:3100\r\n"
      "Connection: Upgrade\r\n"
      "Pragma: no-cache\r\n"
      "Cache-Control: no-cache\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/126.0.0.0 Safari/537.36\r\n"
      "Upgrade: websocket\r\n"
      "Origin: https://app.example\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Accept-Encoding: gzip, deflate, br, zstd\r\n"
      "Accept-Language: en-GB,en;q=0.9\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

  std::string answer_;
  std::string token_;
};

// A turn of a busy room: ten frames for each of 50 connections, which take all of it in one write.
class Queues final : public Path {
 public:
  static constexpr std::size_t kConnections = 50;
  static constexpr std::size_t kFrames = 10;

  void once(std::size_t) override {
    buffer_->clear();
    for (std::size_t i = 0; i < kFrames; ++i) {
      std::array<char, net::kFrameHeaderBytesMax> header;
      const std::size_t header_size =
          net::write_frame_header(header.data(), {.payload_size = payload_.size()});
      const auto offset = static_cast<std::uint32_t>(buffer_->size());
      buffer_->append({header.data(), header_size});
      buffer_->append(payload_);
      const auto size = static_cast<std::uint32_t>(buffer_->size() - offset);
      for (native::Outbox& outbox : outboxes_) {
        outbox.push(buffer_, {.offset = offset,
                              .size = size,
                              .kind = room::FrameKind::presence,
                              .subject = static_cast<std::uint32_t>(i)});
      }
    }
    for (native::Outbox& outbox : outboxes_) {
      PLUV_UNINITIALIZED std::array<iovec, 64> pieces;
      const std::size_t count = outbox.gather(pieces);
      pieces_ += count;
      written_ += pieces[0].iov_len;
      outbox.sent(pieces[0].iov_len);
    }
  }
  void check(std::size_t times) override {
    expect(pieces_ == times * kConnections, "neighbours were not written as one piece");
    expect(written_ == pieces_ * kFrames * (payload_.size() + 4), "frames are missing");
    for (const native::Outbox& outbox : outboxes_) expect(outbox.empty(), "frames are left");
    expect(buffer_.only_owner(), "a frame has an owner still");
  }

 private:
  std::string payload_ = std::string(250, 'x');
  native::BufferRef buffer_ = native::SharedBuffer::make(std::size_t{64} * 1024);
  std::vector<native::Outbox> outboxes_{kConnections};
  std::size_t pieces_ = 0;
  std::size_t written_ = 0;
};

using Made = std::unique_ptr<Path>;

constexpr Row kRows[] = {
    {.name = "upgrade",
     .thing = "request",
     .times = 1'000,
     .make = [](std::size_t) -> Made { return std::make_unique<Upgrade>(); }},
    {.name = "queues-50",
     .thing = "turn",
     .times = 200,
     .deliveries = Queues::kConnections * Queues::kFrames,
     .make = [](std::size_t) -> Made { return std::make_unique<Queues>(); }},
};

}  // namespace

std::span<const Row> connection_rows() { return kRows; }

}  // namespace pluv::bench
