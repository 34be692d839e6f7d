// Delivers the outbox: a thread that decides what goes next (webhook_queue.h), sends it by an
// HttpClient, and takes it out of the outbox once the receiver has answered with success. So an
// event is delivered at least once, and a repeat has the same x-pluv-delivery. What is not accepted
// is tried again for as long as the project says, and then becomes a dead letter.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "apps/pluvd/webhook_clock.h"
#include "apps/pluvd/webhook_endpoint.h"
#include "apps/pluvd/webhook_outbox.h"
#include "apps/pluvd/webhook_queue.h"
#include "apps/pluvd/webhook_retry.h"
#include "platform/hosted/http_client.h"

namespace pluv::apps {

// What became of attempts and events since the start.
struct DeliveryCounts {
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;    // attempts; the event is tried again, or given up
  std::uint64_t dead = 0;      // given up
  std::uint64_t overflow = 0;  // of these, since too many waited
};

struct DeliveryOptions {
  std::function<std::int64_t()> unix_ms;
  std::function<std::int64_t()> steady_ms = webhook_steady_ms;
  std::function<void(std::string_view level, std::string_view event, std::string_view fields)> log;
  // Null: nobody keeps a record.
  std::function<void(std::string_view project, std::string_view event, std::string_view fields)>
      audit;
  RetryTimes retry;
  WebhookQueueLimits queue;
  // When it ends, what is due may still go for so long.
  std::int64_t close_ms = 2'000;
};

class WebhookDelivery {
 public:
  WebhookDelivery(WebhookOutbox& outbox, const WebhookEndpoints& endpoints,
                  hosted::HttpClient& client, DeliveryOptions options);
  ~WebhookDelivery();  // closes
  WebhookDelivery(const WebhookDelivery&) = delete;
  WebhookDelivery& operator=(const WebhookDelivery&) = delete;

  void start();
  // Sends what is due for a moment, then ends; what is left stays in the outbox. Closes the client.
  void close();
  // An event that is in the outbox now. From any thread; does not block.
  void added(OutboxItem item);
  // All dead letters of the project go to the end of the queue, some at a time.
  void replay_all(std::string project);

  [[nodiscard]] std::map<std::string, WebhookQueueCounts> pending() const;
  [[nodiscard]] std::map<std::string, DeliveryCounts> counts() const;

 private:
  struct Answer {
    OutboxItem item;
    DeliveryVerdict verdict;
  };

  void run();
  // False: there is nothing left to be done.
  bool wait();
  void see(OutboxItem& item) const;
  void take_inbox();
  void list();
  void send_due();
  void send(const OutboxItem& item);
  void answered(Answer answer);
  void settle(const Answer& answer);
  void delivered(OutboxItem item);
  void failed(OutboxItem item, const DeliveryVerdict& verdict);
  void gone(OutboxItem item, const std::string& reason);
  void bury(const OutboxItem& item, const std::string& reason);
  void say_dead(const OutboxItem& item, const std::string& reason);
  void give_up_excess();
  void replay_some();
  void care();
  void later(const OutboxItem& item, std::int64_t delay_ms);
  void done(const OutboxItem& item);
  [[nodiscard]] double chance();

  WebhookOutbox& outbox_;
  const WebhookEndpoints& endpoints_;
  hosted::HttpClient& client_;
  const DeliveryOptions options_;

  // The thread's own.
  bool listed_ = false;
  std::uint64_t listed_to_ = 0;
  std::string instance_;
  std::set<std::string> failing_;  // projects that the log knows of
  struct Replay {
    std::uint64_t after_id = 0;
    std::uint64_t until_id = 0;
  };
  std::map<std::string, Replay> replaying_;  // by project
  std::int64_t care_at_ms_ = 0;
  std::int64_t close_at_ms_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<OutboxItem> inbox_;
  std::vector<Answer> answers_;
  std::vector<std::string> replays_;
  bool closing_ = false;
  WebhookQueue queue_;
  std::map<std::string, DeliveryCounts> counts_;
  std::thread thread_;
};

}  // namespace pluv::apps
