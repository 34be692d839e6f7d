// What an answer to a webhook means, and when to try again. Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "platform/hosted/http_client.h"

namespace pluv::apps {

struct RetryTimes {
  std::int64_t first_ms = 1'000;  // a receiver that restarts is back in a moment
  std::int64_t max_ms = 300'000;  // one that was repaired should not wait for long
};
// What a receiver may ask for by Retry-After at most.
inline constexpr std::int64_t kRetryAfterMsMax = 900'000;

// Before the next attempt, after so many that failed (at least one): between half and all of twice
// first_ms, doubled with each, up to max_ms. chance: 0 to 1.
[[nodiscard]] std::int64_t retry_delay_ms(std::uint32_t attempts, double chance,
                                          const RetryTimes& times);

enum class DeliveryOutcome : std::uint8_t { delivered, again, gone };

struct DeliveryVerdict {
  DeliveryOutcome outcome{};
  std::int64_t retry_after_ms = 0;  // what the receiver asks for, within bounds; 0: nothing
  std::string reason;               // of what is not delivered
};

// Delivered is what was answered with 2xx; 410 says that nobody will ever want it. Everything else
// is tried again, other answers of 4xx, too: a receiver that was deployed wrongly says 404, or 401
// until it has the secret, and what it was not told meanwhile would be lost.
[[nodiscard]] DeliveryVerdict judge_reply(const Result<hosted::HttpReply>& reply);

}  // namespace pluv::apps
