#include "net/permessage_deflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace pluv::net {
namespace {

// What a sync flush ends with, which is not sent (RFC 7692 section 7.2.1).
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
// An empty stored block without its tail: an empty message (section 7.2.3.6).
constexpr char kEmptyMessage = '\0';
constexpr std::size_t kOutputStepBytesMax = 256 * 1024;

constexpr std::size_t kInputBytesMax = std::numeric_limits<uInt>::max();

void set_input(z_stream& stream, std::string_view bytes) noexcept {
  // zlib's interface is older than const; it does not write to its input.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

void set_output(z_stream& stream, char* at, std::size_t size) noexcept {
  stream.next_out = reinterpret_cast<Bytef*>(at);
  stream.avail_out = static_cast<uInt>(size);
}

Error no_memory() { return {ErrorCode::unavailable, "There is no memory for compression"}; }
Error not_deflate() { return {ErrorCode::invalid, "A compressed message is malformed"}; }
Error too_big() { return {ErrorCode::limit, "An expanded message is too big"}; }

// After the end of a deflate stream inside a message (a block with BFINAL, section 7.2.3.4): begins
// the next stream with the window of the last, as a sender with context takeover may refer to it.
bool restart_with_window(z_stream& stream) {
  std::string window(std::size_t{1} << kDeflateWindowBitsMax, '\0');
  auto* const bytes = reinterpret_cast<Bytef*>(window.data());
  uInt size = 0;
  return inflateGetDictionary(&stream, bytes, &size) == Z_OK && inflateReset(&stream) == Z_OK &&
         inflateSetDictionary(&stream, bytes, size) == Z_OK;
}

FrameEvent error_event(std::uint16_t code, std::string_view why) noexcept {
  FrameEvent event;
  event.kind = EventKind::error;
  event.close_code = code;
  event.payload = why;
  return event;
}

}  // namespace

Deflater::Deflater(const DeflaterOptions& options) : options_(options) {
  PLUV_ASSERT(options.window_bits >= kDeflateWindowBitsMin &&
              options.window_bits <= kDeflateWindowBitsMax);
  PLUV_ASSERT(options.memory_level >= 1 && options.memory_level <= 9);
  PLUV_ASSERT(options.level >= 1 && options.level <= 9);
}

Deflater::~Deflater() {
  if (stream_) deflateEnd(stream_.get());
}

Deflater::Deflater(Deflater&&) noexcept = default;

Deflater& Deflater::operator=(Deflater&& other) noexcept {
  std::swap(options_, other.options_);
  std::swap(stream_, other.stream_);
  return *this;
}

Result<void> Deflater::compress(std::string_view message, std::string& out) {
  if (message.size() > kInputBytesMax) return Error{ErrorCode::limit, "A message is too big"};
  if (message.empty()) {
    out.push_back(kEmptyMessage);
    return {};
  }
  if (!stream_) {
    auto stream = std::make_unique<z_stream>();
    if (deflateInit2(stream.get(), options_.level, Z_DEFLATED, -options_.window_bits,
                     options_.memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
      return no_memory();
    }
    stream_ = std::move(stream);
  }
  set_input(*stream_, message);
  do {
    // Room for all that can come, so that one step is the rule: zlib repeats its flush marker after
    // a step that ended just with the room.
    const std::size_t step = std::min<std::size_t>(
        deflateBound(stream_.get(), stream_->avail_in) + 16, kOutputStepBytesMax);
    const std::size_t used = out.size();
    out.resize(used + step);
    set_output(*stream_, out.data() + used, step);
    const int status = deflate(stream_.get(), Z_SYNC_FLUSH);
    PLUV_ASSERT(status == Z_OK || status == Z_BUF_ERROR);
    out.resize(used + step - stream_->avail_out);
  } while (stream_->avail_out == 0);
  PLUV_ASSERT(std::string_view(out).ends_with(kTail));
  out.resize(out.size() - kTail.size());
  if (options_.takeover == ContextTakeover::no) deflateReset(stream_.get());
  return {};
}

Inflater::Inflater(const InflaterOptions& options) : options_(options) {
  PLUV_ASSERT(options.window_bits >= 8 && options.window_bits <= kDeflateWindowBitsMax);
}

Inflater::~Inflater() {
  if (stream_) inflateEnd(stream_.get());
}

Inflater::Inflater(Inflater&&) noexcept = default;

Inflater& Inflater::operator=(Inflater&& other) noexcept {
  std::swap(options_, other.options_);
  std::swap(stream_, other.stream_);
  std::swap(broken_, other.broken_);
  return *this;
}

Result<void> Inflater::expand(std::string_view compressed, std::size_t output_bytes_max,
                              std::string& out) {
  if (broken_) return Error{ErrorCode::invalid, "The compressed stream failed before"};
  if (compressed.size() > kInputBytesMax) return too_big();
  if (!stream_) {
    auto stream = std::make_unique<z_stream>();
    // Peers whose zlib cannot do 8 use 9 when they promised 8.
    const int bits = std::max(options_.window_bits, kDeflateWindowBitsMin);
    if (inflateInit2(stream.get(), -bits) != Z_OK) return no_memory();
    stream_ = std::move(stream);
  }
  const std::size_t before = out.size();
  Result<void> result = expand_part(compressed, before, output_bytes_max, out);
  if (result && !stream_ended_) result = expand_part(kTail, before, output_bytes_max, out);
  // Between two blocks, as a sync flush leaves it; else the message was cut.
  constexpr int kAtBlockBoundary = 128;
  if (result && !stream_ended_ && (stream_->data_type & kAtBlockBoundary) == 0) {
    result = not_deflate();
  }
  if (result && stream_ended_ && !restart_with_window(*stream_)) result = no_memory();
  stream_ended_ = false;
  if (options_.takeover == ContextTakeover::no) {
    inflateReset(stream_.get());
  } else if (!result) {
    broken_ = true;
  }
  return result;
}

Result<void> Inflater::expand_part(std::string_view compressed, std::size_t before,
                                   std::size_t output_bytes_max, std::string& out) {
  set_input(*stream_, compressed);
  for (;;) {
    if (stream_ended_) {
      if (stream_->avail_in == 0) return {};
      if (!restart_with_window(*stream_)) return no_memory();
      stream_ended_ = false;
    }
    const std::size_t used = out.size();
    const std::size_t room = output_bytes_max - (used - before);
    // Grows with what came out so far, from a guess of what text expands to.
    const std::size_t step =
        std::min({room, std::max<std::size_t>(64 + 3 * compressed.size(), used - before),
                  kOutputStepBytesMax});
    char beyond = 0;  // one byte of output over the bound is enough to know
    if (step == 0) {
      set_output(*stream_, &beyond, 1);
    } else {
      out.resize(used + step);
      set_output(*stream_, out.data() + used, step);
    }
    const int status = inflate(stream_.get(), Z_SYNC_FLUSH);
    const bool room_left = stream_->avail_out != 0;
    if (step == 0 && !room_left) return too_big();
    if (step != 0) out.resize(used + step - stream_->avail_out);
    if (status == Z_STREAM_END) {
      stream_ended_ = true;
      continue;
    }
    if (status == Z_MEM_ERROR) return no_memory();
    if (status != Z_OK && status != Z_BUF_ERROR) return not_deflate();
    if (room_left) return {};  // all input was taken
  }
}

FrameEvent inflate_message(const FrameEvent& event, Inflater& inflater,
                           std::size_t message_bytes_max, std::string& out) {
  if (!event.compressed) return event;
  out.clear();
  const Result<void> expanded = inflater.expand(event.payload, message_bytes_max, out);
  if (!expanded) {
    switch (expanded.error().code) {
      case ErrorCode::limit: return error_event(kCloseTooBig, "the message is too big");
      case ErrorCode::unavailable: return error_event(kCloseInternalError, "out of memory");
      default: return error_event(kCloseInvalidData, "a compressed message is malformed");
    }
  }
  if (event.kind == EventKind::text && !is_utf8(out)) {
    return error_event(kCloseInvalidData, "a text message is not UTF-8");
  }
  FrameEvent whole = event;
  whole.compressed = false;
  whole.payload = out;
  return whole;
}

}  // namespace pluv::net
