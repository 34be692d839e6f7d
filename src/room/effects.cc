#include "room/effects.h"

namespace pluv::room {

const char* refusal_reason_name(RefusalReason reason) noexcept {
  switch (reason) {
    case RefusalReason::malformed_message: return "malformed_message";
    case RefusalReason::unknown_internal: return "unknown_internal";
    case RefusalReason::unknown_event: return "unknown_event";
    case RefusalReason::invalid_input: return "invalid_input";
    case RefusalReason::handler_failed: return "handler_failed";
    case RefusalReason::presence_invalid: return "presence_invalid";
    case RefusalReason::presence_too_large: return "presence_too_large";
    case RefusalReason::message_too_large: return "message_too_large";
    case RefusalReason::event_name_too_long: return "event_name_too_long";
    case RefusalReason::rate_limited: return "rate_limited";
    case RefusalReason::waiting_queue_full: return "waiting_queue_full";
    case RefusalReason::room_full: return "room_full";
    case RefusalReason::silent: return "silent";
    case RefusalReason::context_failed: return "context_failed";
    case RefusalReason::update_invalid: return "update_invalid";
    case RefusalReason::update_over_limit: return "update_over_limit";
    case RefusalReason::update_incomplete: return "update_incomplete";
    case RefusalReason::load_failed: return "load_failed";
    case RefusalReason::store_failed: return "store_failed";
    case RefusalReason::not_permitted: return "not_permitted";
  }
  return "unknown";
}

}  // namespace pluv::room
