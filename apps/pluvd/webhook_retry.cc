#include "apps/pluvd/webhook_retry.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace pluv::apps {
namespace {

// In seconds; the form with a date is passed over.
std::int64_t retry_after_ms(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds <= 0) return 0;
  return std::min(seconds, kRetryAfterMsMax / 1'000) * 1'000;
}

}  // namespace

std::int64_t retry_delay_ms(std::uint32_t attempts, double chance, const RetryTimes& times) {
  std::int64_t most = times.first_ms * 2;
  for (std::uint32_t i = 1; i < attempts && most < times.max_ms; ++i) most *= 2;
  most = std::min(most, times.max_ms);
  const std::int64_t half = most / 2;
  return half + static_cast<std::int64_t>(static_cast<double>(most - half) * chance);
}

DeliveryVerdict judge_reply(const Result<hosted::HttpReply>& reply) {
  if (!reply.ok()) {
    return {
        .outcome = DeliveryOutcome::again, .retry_after_ms = 0, .reason = reply.error().message};
  }
  DeliveryVerdict verdict;
  if (reply->status >= 200 && reply->status < 300) return verdict;
  verdict.outcome = reply->status == 410 ? DeliveryOutcome::gone : DeliveryOutcome::again;
  verdict.retry_after_ms = retry_after_ms(reply->header("retry-after"));
  verdict.reason = "The receiver answered with status " + std::to_string(reply->status);
  return verdict;
}

}  // namespace pluv::apps
