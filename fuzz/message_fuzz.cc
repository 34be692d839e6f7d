// Any bytes as a client's message: an error, or a message whose parts lie in JSON that is valid.
// link: protocol json base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "json/reader.h"
#include "protocol/v5.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  pluv::protocol::v5::Decoder decoder;
  const auto message = decoder.decode(text);
  if (!message.ok()) return 0;
  PLUV_ASSERT(pluv::json::validate(text).ok());
  PLUV_ASSERT(pluv::json::kind_of(message->data) == pluv::json::Kind::object);
  PLUV_ASSERT(message->presence.empty() || pluv::json::validate(message->presence).ok());
  std::string out;
  pluv::protocol::v5::append_event(out, {}, "room", message->type, message->data);
  PLUV_ASSERT(pluv::json::validate(out).ok());
  return 0;
}
