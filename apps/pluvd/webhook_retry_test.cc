#include "apps/pluvd/webhook_retry.h"

#include <gtest/gtest.h>

namespace pluv::apps {
namespace {

TEST(WebhookRetry, DoublesUpToAMaximumWithJitter) {
  const RetryTimes times;
  const std::vector<std::int64_t> least = {1'000,  2'000,  4'000,   8'000,   16'000,
                                           32'000, 64'000, 128'000, 150'000, 150'000};
  for (std::uint32_t attempts = 1; attempts <= least.size(); ++attempts) {
    const std::int64_t shortest = retry_delay_ms(attempts, 0, times);
    EXPECT_EQ(shortest, least[attempts - 1]) << attempts;
    EXPECT_EQ(retry_delay_ms(attempts, 0.5, times), shortest * 3 / 2) << attempts;
    EXPECT_EQ(retry_delay_ms(attempts, 1, times), shortest * 2) << attempts;
  }
  EXPECT_EQ(retry_delay_ms(4'000'000'000, 1, times), 300'000);
  EXPECT_EQ(retry_delay_ms(2, 1, {.first_ms = 10, .max_ms = 15}), 15);
}

hosted::HttpReply status(int number, std::string retry_after = {}) {
  hosted::HttpReply reply{.status = number, .headers = {}, .body = {}};
  if (!retry_after.empty()) reply.headers = {{"retry-after", std::move(retry_after)}};
  return reply;
}

TEST(WebhookRetry, KnowsWhatWasDelivered) {
  for (const int number : {200, 201, 204, 299}) {
    EXPECT_EQ(judge_reply(status(number)).outcome, DeliveryOutcome::delivered) << number;
  }
  EXPECT_EQ(judge_reply(status(410)).outcome, DeliveryOutcome::gone);
  for (const int number : {100, 199, 300, 301, 400, 401, 404, 408, 409, 425, 429, 500, 503, 599}) {
    const DeliveryVerdict verdict = judge_reply(status(number));
    EXPECT_EQ(verdict.outcome, DeliveryOutcome::again) << number;
    EXPECT_EQ(verdict.reason, "The receiver answered with status " + std::to_string(number));
  }
  const DeliveryVerdict failed = judge_reply(Error{ErrorCode::unavailable, "Nobody is there"});
  EXPECT_EQ(failed.outcome, DeliveryOutcome::again);
  EXPECT_EQ(failed.reason, "Nobody is there");
}

TEST(WebhookRetry, HonoursRetryAfterWithinBounds) {
  EXPECT_EQ(judge_reply(status(503, "7")).retry_after_ms, 7'000);
  EXPECT_EQ(judge_reply(status(429, "900")).retry_after_ms, 900'000);
  EXPECT_EQ(judge_reply(status(429, "901")).retry_after_ms, 900'000);
  for (const char* text :
       {"", "0", "-1", "x", "7s", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT"}) {
    EXPECT_EQ(judge_reply(status(503, text)).retry_after_ms, 0) << text;
  }
}

}  // namespace
}  // namespace pluv::apps
