// Payloads of webhooks, signed by whoever knows the secret or by nobody: any spelling of a value
// has one stable form, which means the same; what is taken for an event is written, and read again
// as the same; a signature is of one secret and one text.
// link: hosted auth json base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "base/ids.h"
#include "fuzz/lines.h"
#include "json/reader.h"
#include "json/value.h"
#include "platform/hosted/signature.h"
#include "platform/hosted/webhook_event.h"

namespace {

using namespace pluv;

constexpr std::string_view kSecret = "fuzzing secret";

void check_event(std::string_view text, const hosted::WebhookEvent& event) {
  PLUV_ASSERT(is_room_id(hosted::room_of(event)));
  const auto written = hosted::write_webhook(event);
  PLUV_ASSERT(written.ok());
  PLUV_ASSERT(json::stable_json(*written).value() == *written);
  const auto again = hosted::read_webhook(*written);
  PLUV_ASSERT(again.ok() && again->index() == event.index());
  PLUV_ASSERT(hosted::room_of(*again) == hosted::room_of(event));
  PLUV_ASSERT(hosted::write_webhook(*again).value() == *written);
  std::visit(
      [&](const auto& one) {
        if constexpr (requires { one.user_json; }) {
          PLUV_ASSERT(json::kind_of(one.user_json) == json::Kind::object);
          PLUV_ASSERT(text.find(one.user_json) != text.npos);
        }
      },
      event);
}

void check_payload(std::string_view text) {
  const auto stable = json::stable_json(text);
  PLUV_ASSERT(stable.ok() == json::validate(text).ok());
  const auto event = hosted::read_webhook(text);
  if (!stable.ok()) {
    PLUV_ASSERT(!event.ok());
    return;
  }
  PLUV_ASSERT(json::validate(*stable).ok());
  PLUV_ASSERT(json::stable_json(*stable).value() == *stable);
  // Spelled as JSON.parse and JSON.stringify would on the way, it is the same value, but for what
  // UTF-8 cannot carry.
  if (text.find("\\u") == text.npos) {
    const std::string respelled = json::Value::parse(text)->to_text();
    PLUV_ASSERT(json::stable_json(respelled).value() == *stable);
  }
  const auto of_stable = hosted::read_webhook(*stable);
  PLUV_ASSERT(of_stable.ok() == event.ok());
  if (event.ok()) check_event(text, *event);
}

void check_signature(std::string_view header, std::string_view text) {
  const auto right = hosted::sign_webhook(kSecret, text);
  PLUV_ASSERT(right.ok() && hosted::verify_webhook(kSecret, *right, text));
  PLUV_ASSERT(hosted::verify_webhook(kSecret, header, text) == (header == *right));
  PLUV_ASSERT(!hosted::verify_webhook("", header, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_payload(bytes);
  const std::string_view header = fuzz::take_line(bytes);
  check_signature(header, bytes);
  return 0;
}
