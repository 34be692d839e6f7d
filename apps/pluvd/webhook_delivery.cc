#include "apps/pluvd/webhook_delivery.h"

#include <algorithm>
#include <chrono>

#include "auth/random.h"
#include "platform/hosted/signature.h"
#include "platform/native/log_fields.h"

namespace pluv::apps {
namespace {

using native::LogFields;

// The outbox is looked after this often; while it cannot be used, more often.
constexpr std::int64_t kCareMs = 1'000;
constexpr std::int64_t kUnsettledMs = 100;
// A predecessor's file is taken soon after it was let go: what is in memory is safe only then.
constexpr std::int64_t kTakeMs = 20;
// An outbox that fails is asked again after this.
constexpr std::int64_t kOutboxRetryMs = 1'000;
constexpr std::size_t kReplayAtOnce = 64;
// How old events are after a start is what the clock says, which may be wrong then: each is tried
// for this long at least, or until its time is over if that is shorter.
constexpr std::int64_t kTriedMsMin = 15 * 60'000;
// An event that failed so often is a receiver that fails. One failure in a while is nothing to log.
constexpr std::uint32_t kAttemptsUntilSaid = 3;

std::string delivery_id(const std::string& instance, const OutboxItem& item) {
  return instance + "-" + std::to_string(item.delivery);
}

}  // namespace

WebhookDelivery::WebhookDelivery(WebhookOutbox& outbox, const WebhookEndpoints& endpoints,
                                 hosted::HttpClient& client, DeliveryOptions options)
    : outbox_(outbox),
      endpoints_(endpoints),
      client_(client),
      options_(std::move(options)),
      queue_(options_.queue) {}

WebhookDelivery::~WebhookDelivery() { close(); }

void WebhookDelivery::start() {
  list();  // before anybody adds, whom a long list would hold up
  thread_ = std::thread([this] { run(); });
}

void WebhookDelivery::close() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void WebhookDelivery::added(OutboxItem item) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(item));
    if (inbox_.size() > 1) return;  // it knows
  }
  changed_.notify_one();
}

void WebhookDelivery::replay_all(std::string project) {
  {
    const std::lock_guard lock(mutex_);
    replays_.push_back(std::move(project));
  }
  changed_.notify_one();
}

void WebhookDelivery::answered(Answer answer) {
  {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  changed_.notify_one();
}

std::map<std::string, WebhookQueueCounts> WebhookDelivery::pending() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, WebhookQueueCounts> counts = queue_.counts();
  for (const OutboxItem& item : inbox_) {
    WebhookQueueCounts& of_project = counts[item.project];
    ++of_project.pending;
    of_project.bytes += item.bytes;
    if (of_project.oldest_unix_ms == 0) of_project.oldest_unix_ms = item.since_unix_ms;
  }
  return counts;
}

std::map<std::string, DeliveryCounts> WebhookDelivery::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

// --- The thread. It never holds the mutex while it asks the outbox, which calls added() under its
// own.

void WebhookDelivery::run() {
  do {
    care();
    if (!listed_) list();
    if (listed_) {
      take_inbox();
      replay_some();
      give_up_excess();
      send_due();
    }
  } while (wait());
  client_.close();
  // What was cut off is in the outbox as it was; what was accepted until then is taken out.
  take_inbox();
}

bool WebhookDelivery::wait() {
  std::unique_lock lock(mutex_);
  const std::int64_t now_ms = options_.steady_ms();
  if (closing_) {
    if (close_at_ms_ == 0) close_at_ms_ = now_ms + options_.close_ms;
    const bool idle = inbox_.empty() && answers_.empty() && queue_.in_flight() == 0 &&
                      queue_.next_due_ms().value_or(now_ms + 1) > now_ms;
    if (!listed_ || idle || now_ms >= close_at_ms_) return false;
  }
  if (listed_ && (!answers_.empty() || !inbox_.empty() || !replays_.empty())) return true;
  if (!replaying_.empty()) return true;
  std::int64_t until_ms = care_at_ms_;
  if (const auto due_ms = queue_.next_due_ms()) until_ms = std::min(until_ms, *due_ms);
  if (closing_) until_ms = std::min(until_ms, close_at_ms_);
  if (until_ms > now_ms) changed_.wait_for(lock, std::chrono::milliseconds(until_ms - now_ms));
  return true;
}

void WebhookDelivery::care() {
  const std::int64_t now_ms = options_.steady_ms();
  if (now_ms < care_at_ms_) return;
  if (!outbox_.settle()) {
    care_at_ms_ = now_ms + kTakeMs;
    return;
  }
  care_at_ms_ = now_ms + (outbox_.unsaved() == 0 ? kCareMs : kUnsettledMs);
  outbox_.care();
  outbox_.drop_old();
}

void WebhookDelivery::list() {
  if (!outbox_.settle()) return;
  Result<std::vector<OutboxItem>> items = outbox_.list();
  if (!items.ok()) return;
  listed_ = true;
  instance_ = outbox_.instance();
  const std::int64_t now_ms = options_.steady_ms();
  const std::int64_t now_unix_ms = options_.unix_ms();
  const std::lock_guard lock(mutex_);
  for (OutboxItem& item : *items) {
    listed_to_ = item.id;
    // A clock that was set back must not make anybody wait for longer than ever.
    const std::int64_t wait_ms =
        std::clamp<std::int64_t>(item.next_unix_ms - now_unix_ms, 0, kRetryAfterMsMax);
    see(item);
    queue_.add(std::move(item), now_ms + wait_ms);
  }
}

// From here on its age grows as time passes, whatever becomes of the clock.
void WebhookDelivery::see(OutboxItem& item) const {
  item.seen_ms = options_.steady_ms();
  item.seen_age_ms = std::max<std::int64_t>(options_.unix_ms() - item.since_unix_ms, 0);
}

void WebhookDelivery::take_inbox() {
  std::vector<Answer> answers;
  std::vector<std::string> replays;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
    for (OutboxItem& item : inbox_) {
      if (item.id <= listed_to_) continue;
      see(item);
      queue_.add(std::move(item), 0);
    }
    inbox_.clear();
    replays.swap(replays_);
  }
  for (const std::string& project : replays) replaying_[project] = {0, outbox_.last_dead(project)};
  for (const Answer& answer : answers) settle(answer);
}

void WebhookDelivery::send_due() {
  for (;;) {
    std::optional<OutboxItem> item;
    {
      const std::lock_guard lock(mutex_);
      item = queue_.next(options_.steady_ms());
    }
    if (!item) return;
    send(*item);
  }
}

void WebhookDelivery::send(const OutboxItem& item) {
  if (item.accepted) {
    delivered(item);
    return;
  }
  const auto fail = [&](std::string reason) {
    failed(item, {.outcome = DeliveryOutcome::again, .reason = std::move(reason)});
  };
  const auto endpoint = endpoints_.find(item.project);
  if (endpoint == nullptr) return fail("The project has no webhook");
  Result<std::string> body = outbox_.body(item.id);
  if (!body.ok()) {
    if (body.error().code == ErrorCode::not_found) {
      done(item);
    } else {
      later(item, kOutboxRetryMs);
    }
    return;
  }
  Result<std::string> signature =
      hosted::sign_webhook(endpoint->secrets.empty() ? "" : endpoint->secrets.front(), *body);
  if (!signature.ok()) return fail(signature.error().message);
  hosted::HttpCall call;
  call.url = endpoint->url;
  call.headers = {{"content-type", "application/json"},
                  {std::string(hosted::kSignatureHeader), std::move(*signature)},
                  {"x-pluv-delivery", delivery_id(instance_, item)},
                  {"x-pluv-event", item.event}};
  call.body = std::move(*body);
  call.timeout_ms = endpoint->timeout_ms;
  call.status_only = true;  // a receiver's 2xx is its word, however its answer goes on
  call.ca_file = endpoint->ca_file;
  client_.start(std::move(call), [this, item](const Result<hosted::HttpReply>& reply) {
    answered({item, judge_reply(reply)});
  });
}

void WebhookDelivery::settle(const Answer& answer) {
  switch (answer.verdict.outcome) {
    case DeliveryOutcome::delivered: delivered(answer.item); return;
    case DeliveryOutcome::again: failed(answer.item, answer.verdict); return;
    case DeliveryOutcome::gone: gone(answer.item, answer.verdict.reason); return;
  }
}

void WebhookDelivery::delivered(OutboxItem item) {
  // Until it is out of the outbox its room waits, or a process that is killed now would repeat it
  // after later ones.
  if (!outbox_.delivered(item.id).ok()) {
    item.accepted = true;
    later(item, kOutboxRetryMs);
    return;
  }
  if (failing_.erase(item.project) > 0) {
    options_.log("info", "webhook_well", LogFields().add("project", item.project).text());
  }
  {
    const std::lock_guard lock(mutex_);
    ++counts_[item.project].delivered;
  }
  done(item);
}

void WebhookDelivery::failed(OutboxItem item, const DeliveryVerdict& verdict) {
  {
    const std::lock_guard lock(mutex_);
    // It was cut off by our own end, which is no fault of the receiver's.
    if (closing_ && close_at_ms_ != 0 && options_.steady_ms() >= close_at_ms_) return;
    ++counts_[item.project].failed;
  }
  ++item.attempts;
  if (item.attempts >= kAttemptsUntilSaid && failing_.insert(item.project).second) {
    options_.log("warn", "webhook_failing",
                 LogFields()
                     .add("project", item.project)
                     .add("room", item.room)
                     .add("event", item.event)
                     .add("error", verdict.reason)
                     .text());
  }
  const std::int64_t now_unix_ms = options_.unix_ms();
  const auto endpoint = endpoints_.find(item.project);
  const std::int64_t give_up_ms = endpoint == nullptr ? kWebhookGiveUpMs : endpoint->give_up_ms;
  const std::int64_t tried_ms = options_.steady_ms() - item.seen_ms;
  if (item.seen_age_ms + tried_ms >= give_up_ms && tried_ms >= std::min(give_up_ms, kTriedMsMin)) {
    bury(item, verdict.reason);
    return;
  }
  const std::int64_t delay_ms =
      std::max(retry_delay_ms(item.attempts, chance(), options_.retry), verdict.retry_after_ms);
  item.next_unix_ms = now_unix_ms + delay_ms;
  // When that cannot be kept, it is tried at once after a restart.
  (void)outbox_.postpone(item.id, item.attempts, item.next_unix_ms);
  later(item, delay_ms);
}

void WebhookDelivery::gone(OutboxItem item, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    ++counts_[item.project].failed;
  }
  ++item.attempts;
  bury(item, reason);
}

void WebhookDelivery::bury(const OutboxItem& item, const std::string& reason) {
  if (!outbox_.bury(item, reason).ok()) {
    later(item, kOutboxRetryMs);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    ++counts_[item.project].dead;
  }
  say_dead(item, reason);
  done(item);
}

void WebhookDelivery::say_dead(const OutboxItem& item, const std::string& reason) {
  const auto described = [&](LogFields fields) {
    return fields.add("room", item.room)
        .add("webhook", item.event)
        .add("delivery", delivery_id(instance_, item))
        .add("attempts", std::uint64_t{item.attempts})
        .add("reason", reason)
        .text();
  };
  options_.log("warn", "webhook_dead", described(LogFields().add("project", item.project)));
  if (options_.audit) options_.audit(item.project, "webhook_dead", described(LogFields()));
}

void WebhookDelivery::give_up_excess() {
  constexpr std::string_view kReason = "Too many events wait for the receiver";
  for (;;) {
    std::optional<OutboxItem> item;
    {
      const std::lock_guard lock(mutex_);
      item = queue_.take_excess();
      if (!item) return;
    }
    // When that fails it stays in the outbox, for the next start to find.
    if (!outbox_.bury(*item, kReason).ok()) continue;
    {
      const std::lock_guard lock(mutex_);
      DeliveryCounts& counts = counts_[item->project];
      ++counts.dead;
      ++counts.overflow;
    }
    say_dead(*item, std::string(kReason));
  }
}

void WebhookDelivery::replay_some() {
  if (replaying_.empty()) return;
  const std::string project = replaying_.begin()->first;
  Replay& replay = replaying_.begin()->second;
  const auto letters = outbox_.dead(project, replay.after_id, kReplayAtOnce);
  bool more = letters.ok() && letters->size() == kReplayAtOnce;
  for (const DeadLetter& letter : letters.ok() ? *letters : std::vector<DeadLetter>()) {
    // One that has died again since is not asked for, or this might never end.
    if (letter.id > replay.until_id) {
      more = false;
      break;
    }
    replay.after_id = letter.id;
    // One that somebody has dropped meanwhile is none.
    const Result<void> replayed = outbox_.replay(project, letter.id);
    if (!replayed.ok() && replayed.error().code != ErrorCode::not_found) more = false;
  }
  if (!more) replaying_.erase(project);
}

void WebhookDelivery::later(const OutboxItem& item, std::int64_t delay_ms) {
  const std::lock_guard lock(mutex_);
  queue_.later(item, options_.steady_ms() + delay_ms);
}

void WebhookDelivery::done(const OutboxItem& item) {
  const std::lock_guard lock(mutex_);
  queue_.done(item);
}

// Without randomness retries are only less spread.
double WebhookDelivery::chance() {
  std::array<std::uint8_t, 2> random{};
  (void)auth::fill_random(random);
  return (random[0] * 256.0 + random[1]) / 65'535.0;
}

}  // namespace pluv::apps
