// Webhooks of a server with projects: what happens in their rooms is written to an outbox where it
// happens, and delivered from there (webhook_outbox.h, webhook_delivery.h; docs/webhooks.md is for
// those who receive them). Thread-safe; owns the outbox's file, a thread, and two clients:
// receivers that are asked for documents must not keep what others are told from going out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/pluvd/webhook_delivery.h"
#include "apps/pluvd/webhook_endpoint.h"
#include "apps/pluvd/webhook_outbox.h"
#include "apps/pluvd/webhook_questions.h"
#include "base/limits.h"
#include "base/result.h"
#include "platform/hosted/http_client.h"
#include "platform/native/server.h"
#include "room/definition.h"

namespace pluv::apps {

struct WebhookOptions {
  std::string path;  // of the outbox; empty: in memory
  std::function<std::int64_t()> unix_ms;
  std::function<void(std::string_view level, std::string_view event, std::string_view fields)> log;
  // Null: nobody keeps a record.
  std::function<void(std::string_view project, std::string_view event, std::string_view fields)>
      audit;
  RetryTimes retry;
  WebhookQueueLimits queue;
  WebhookQuestionLimits questions;
  std::int64_t close_ms = 2'000;
  // Of an answer to initial-storage: the largest document, in base64.
  std::size_t storage_bytes_max = Limits().document_message_bytes_max();
};

struct WebhookCounts {
  std::uint64_t pending = 0;
  std::uint64_t pending_bytes = 0;
  std::uint64_t dead = 0;       // now
  std::uint64_t delivered = 0;  // since the start, as are the next
  std::uint64_t failed = 0;     // attempts
};

class Webhooks : public std::enable_shared_from_this<Webhooks> {
 public:
  // Errors: those of WebhookOutbox::open.
  [[nodiscard]] static Result<std::shared_ptr<Webhooks>> open(
      std::vector<WebhookEndpoint> endpoints, WebhookOptions options);
  ~Webhooks();  // closes
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  // Answers to initial-storage are handed to its rooms. It must outlive close().
  void attach(native::Server& server);
  // What the rooms of a project call. Without an endpoint: nothing. Rooms come as keys, on their
  // own loops; the listeners keep the webhooks alive.
  [[nodiscard]] room::Listeners listeners(std::string_view project);
  void start();
  // After the server has run: what is due is still sent for a moment, the rest stays in the outbox.
  void close();
  // Takes the secrets of these for those of the same projects; nothing else of them changes.
  void set_secrets(std::vector<WebhookEndpoint> fresh) { endpoints_.set_secrets(std::move(fresh)); }

  [[nodiscard]] std::string metrics_text() const;
  [[nodiscard]] WebhookCounts counts(std::string_view project) const;

  // Dead letters. Errors: not_found, or unavailable while the outbox is.
  [[nodiscard]] Result<std::vector<DeadLetter>> dead(std::string_view project,
                                                     std::uint64_t after_id, std::size_t limit);
  [[nodiscard]] Result<DeadLetterBody> dead_letter(std::string_view project, std::uint64_t id);
  // Puts one at the end of its room's queue, with the x-pluv-delivery that it had.
  [[nodiscard]] Result<void> replay(std::string_view project, std::uint64_t id);
  // The same with all that there are now; it goes on after the return.
  void replay_all(std::string_view project);
  [[nodiscard]] Result<void> drop(std::string_view project, std::uint64_t id);

 private:
  Webhooks(std::vector<WebhookEndpoint> endpoints, WebhookOptions options,
           std::unique_ptr<WebhookOutbox> outbox);

  enum class Presence : std::uint8_t { came, left };
  void person(const std::string& project, const room::ListenerEvent& event, Presence presence);
  void destroyed(const std::string& project, const room::ListenerEvent& event);
  void initial_storage(const std::string& project, const room::ListenerEvent& event,
                       room::InitialStorageDone done);
  void count(std::string_view event);

  const WebhookOptions options_;
  WebhookEndpoints endpoints_;
  const std::unique_ptr<WebhookOutbox> outbox_;
  hosted::HttpClient client_;
  WebhookDelivery delivery_;
  WebhookQuestions places_;
  hosted::HttpClient asking_client_;

  mutable std::mutex mutex_;
  native::Server* server_ = nullptr;
  std::set<std::pair<std::string, std::string>> visited_;  // project and room: somebody has come
  std::map<std::string, std::uint64_t, std::less<>> events_;
  std::string asks_as_;
  std::uint64_t questions_ = 0;
  std::uint64_t questions_open_ = 0;
  std::uint64_t questions_failed_ = 0;
  std::uint64_t questions_refused_ = 0;  // not asked
};

}  // namespace pluv::apps
