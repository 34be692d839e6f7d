// What a client's message does. A presence message is handled in update_presence.
#include <algorithm>
#include <string>
#include <utility>

#include "json/reader.h"
#include "room/room.h"
#include "room/session.h"

namespace pluv::room {
namespace {

// Messages that waited are cheap to send and may be dear to answer ($getOthers): one step handles
// so many of them, or until its output has so many bytes, and the next step goes on.
constexpr std::size_t kReleasedMax = 256;
constexpr std::size_t kReleasedBytesMax = 1024 * 1024;
// $getOthers takes one more token for each so many others (some 20 KB of answer), another
// $initializeSession for so many bytes of the document, though never more than this part of the
// burst: a message of 30 bytes must not buy a thousand answers of megabytes. A message that is
// larger than most may be counts as several as well: with permessage-deflate megabytes cost their
// sender next to nothing.
constexpr std::size_t kOthersPerToken = 64;
constexpr std::size_t kAnswerBytesPerToken = 20'000;
constexpr double kExtraBurstPart = 0.125;
// A new token is decrypted, and read by the application.
constexpr std::size_t kTokenCheckTokens = 50;

}  // namespace

using protocol::ClientMessage;
using protocol::MessageKind;

void Room::receive(SessionIndex index, std::string_view text) {
  heard(index);
  const auto message = effects_->scratch.decoder.decode(text);
  if (!message.ok()) {
    malformed(index, text.size());
    return;
  }
  Session& self = session(index);
  if (!size_allowed(self, *message, text.size())) {
    refuse(index, RefusalReason::message_too_large);
    close(index, kCloseTooBig, "Message is too large");
    return;
  }
  // The original's client dies of a late answer: before tickets, queues and rates.
  if (message->kind == MessageKind::ping) {
    const std::uint32_t begin = frame_begin();
    protocol::v5::append_pong(effects_->bytes, sender_of(index), name_);
    send_to(index, begin, FrameKind::urgent);
    return;
  }
  if (!take_rate_tokens(self, *message, text.size())) {
    refuse(index, RefusalReason::rate_limited);
    close(index, kClosePolicy, "Too many messages");
    return;
  }
  const bool waits =
      self.held || self.waiting_for != Ticket{} || self.waiting != nullptr || answer_is_due(self);
  if (waits && !may_overtake(self, message->kind)) {
    keep_waiting(index, text);
    return;
  }
  if (must_wait_for_document(message->kind)) {
    self.waiting_for = document_ticket();
    keep_waiting(index, text);
    return;
  }
  handle(index, *message);
}

bool Room::size_allowed(const Session& self, const ClientMessage& message,
                        std::size_t size) const noexcept {
  const Limits& limits = definition_.limits;
  if (self.held) return size <= limits.unregistered_bytes_max;
  switch (message.kind) {
    case MessageKind::initialize_session: return size <= limits.storage_first_bytes_max;
    case MessageKind::update_storage:
      return size <= (brings_document(self, message) ? limits.storage_first_bytes_max
                                                     : limits.storage_update_bytes_max);
    default: return size <= limits.message_bytes_max;
  }
}

// At the beginning, and when it was asked for it again.
bool Room::may_send_document(const Session& self) noexcept {
  return !self.storage_exchanged || (self.storage && self.storage->resyncing);
}

// Of the messages that may be as large as a document, those that a client has to send once, or was
// asked for.
bool Room::brings_document(const Session& self, const ClientMessage& message) noexcept {
  if (message.kind == MessageKind::initialize_session) return !self.joined;
  return message.kind == MessageKind::update_storage && may_send_document(self) &&
         message.origin == protocol::v5::kInitializedOrigin;
}

void Room::keep_waiting(SessionIndex index, std::string_view text) {
  Session& self = session(index);
  if (!self.waiting) self.waiting = std::make_unique<Waiting>();
  Waiting& waiting = *self.waiting;
  // The one that goes over may be a whole document, which has a limit of its own.
  const bool full = self.held
                        ? waiting.bytes + text.size() > definition_.limits.unregistered_bytes_max
                        : waiting.bytes >= definition_.limits.waiting_bytes_max;
  if (full || waiting.messages.size() >= definition_.limits.waiting_messages_max) {
    refuse(index, RefusalReason::waiting_queue_full);
    constexpr std::string_view kReason = "Too many messages are waiting";
    if (self.held || waits_for_document(self)) {  // the server's fault, not the client's
      leave(index);
      effects_->list.emplace_back(Close{index, kCloseOverloaded, kReason, true});
    } else {
      close(index, kClosePolicy, kReason);
    }
    return;
  }
  waiting.bytes += text.size();
  waiting.messages.emplace_back(text);
}

// While it only waits for the document: people see each other meanwhile.
bool Room::may_overtake(const Session& self, MessageKind kind) const noexcept {
  return kind == MessageKind::update_presence && self.joined && waits_for_document(self);
}

void Room::release_waiting(SessionIndex index) {
  while (exists(index)) {
    Session& self = session(index);
    if (self.waiting_for != Ticket{} || self.held) return;
    if (answer_is_due(self)) {
      if (!may_release()) {
        releasing_.push_back(index);
        return;
      }
      ++released_;
      answer_exchange(index);
      continue;
    }
    if (!self.waiting) return;
    if (self.waiting->messages.empty()) {
      self.waiting.reset();
      return;
    }
    if (!may_release()) {
      releasing_.push_back(index);
      return;
    }
    const std::string text = std::move(self.waiting->messages.front());
    const auto message = effects_->scratch.decoder.decode(text);  // it was once before it was kept
    if (must_wait_for_document(message->kind)) {
      self.waiting->messages.front() = text;
      self.waiting_for = document_ticket();
      return;
    }
    ++released_;
    self.waiting->messages.pop_front();
    self.waiting->bytes -= text.size();
    handle(index, *message);
  }
}

// One at least, so that every step gets on.
bool Room::may_release() const noexcept {
  return released_ == 0 ||
         (released_ < kReleasedMax &&
          effects_->bytes.size() - bytes_before_ + body_bytes_ < kReleasedBytesMax);
}

void Room::handle(SessionIndex index, const ClientMessage& message) {
  if (message.kind == MessageKind::unknown_internal) {
    refuse(index, RefusalReason::unknown_internal);
    return;
  }
  if (message.kind == MessageKind::custom &&
      message.type.size() > definition_.limits.event_name_bytes_max) {
    refuse(index, RefusalReason::event_name_too_long);
    send_error(index, "Event name is too long");
    return;
  }
  if (message.kind == MessageKind::refresh_token) {  // no listener is shown a token
    refresh_token(index, message.token);
    return;
  }
  if (const std::string missing = missing_permission(index, message); !missing.empty()) {
    // What it sent is no reason to keep from it what the others do.
    if (message.kind == MessageKind::update_storage) hear_changes(index, message);
    not_permitted(index, missing);
    return;
  }
  notify(HostCallKind::room_message, definition_.listeners.on_room_message, index, message.type,
         message.data);
  switch (message.kind) {
    case MessageKind::initialize_session: initialize_session(index, message); return;
    case MessageKind::get_others: send_others(index); return;
    case MessageKind::update_presence: update_presence(index, message.presence); return;
    case MessageKind::update_storage: update_storage(index, message); return;
    case MessageKind::ping: return;   // answered on receipt
    case MessageKind::refresh_token:  // and these above
    case MessageKind::unknown_internal: return;
    case MessageKind::custom: custom_event(index, message); return;
  }
}

void Room::initialize_session(SessionIndex index, const ClientMessage& message) {
  Session& self = session(index);
  if (!self.joined) {
    self.joined = true;
    changed(index);
    // A new tab of a user who is here is no presence change, unless the user had none.
    bool changed = allow_presence(index, message.presence) && user_of(self).presence.empty() &&
                   lay_presence(index, message.presence);
    const std::string early = std::exchange(self.early_presence, {});
    if (allow_presence(index, early) && lay_presence(index, early)) changed = true;
    const std::uint32_t begin = frame_begin();
    protocol::v5::append_user_joined(effects_->bytes, sender_of(index), name_, presence_of(index));
    send_to_all(begin);
    // Clients that know the user from another tab take no presence from $userJoined.
    if (changed && user_of(self).sessions > 1) send_presence(index);
  }
  begin_exchange(index,
                 allow_document(index, message.update) ? message.update : std::string_view());
}

void Room::send_others(SessionIndex asker) {
  std::string& out = effects_->bytes;
  const std::uint32_t begin = frame_begin();
  protocol::v5::Envelope envelope(out, sender_of(asker));
  out += "{\"others\":{";
  bool first = true;
  for (const SessionIndex index : order_) {
    // One that has not joined has no presence yet. Its $userJoined will tell of it; a client that
    // knew it before would keep the presence it heard first.
    if (index == asker || !session(index).joined) continue;
    if (!first) out += ',';
    first = false;
    protocol::v5::append_other(out, sender_of(index), name_, presence_of(index));
  }
  out += "}}";
  envelope.finish_own(name_, "$othersReceived");
  send_to(asker, begin);
}

void Room::update_presence(SessionIndex index, std::string_view patch) {
  if (patch.empty()) patch = "{}";
  Session& self = session(index);
  if (!self.joined) {
    // The client may be faster than its own $initializeSession, which has the rest of the presence.
    (void)merge_presence(index, patch, self.early_presence);
    changed(index);
  } else if (lay_presence(index, patch)) {
    send_presence(index);
  }
}

void Room::send_presence(SessionIndex index) {
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_presence_updated(effects_->bytes, sender_of(index), name_,
                                        presence_of(index));
  send_to_all(begin, FrameKind::presence, index);
}

bool Room::lay_presence(SessionIndex index, std::string_view patch) {
  User& user = user_of(session(index));
  if (!merge_presence(index, patch, user.presence)) return false;
  user.presence_unix_ms = now_.unix_ms;
  user_changed(session(index).user);
  return true;
}

bool Room::merge_presence(SessionIndex index, std::string_view patch, std::string& presence) {
  Scratch& scratch = effects_->scratch;
  // $initializeSession may be as large as a document; what merging takes grows with the members.
  if (patch.size() > definition_.limits.message_bytes_max) {
    refuse_large_presence(index, patch.size());
    return false;
  }
  const bool is_object = json::kind_of(patch) == json::Kind::object;
  const std::string_view base = presence.empty() ? std::string_view("{}") : presence;
  if (!is_object || !json::merge_objects(base, patch, scratch.presence, scratch.merge).ok()) {
    refuse(index, RefusalReason::presence_invalid);
    send_error(index, "Invalid presence. Presence must be an object");
    return false;
  }
  if (scratch.presence.size() > definition_.limits.presence_bytes_max) {
    refuse_large_presence(index, scratch.presence.size());
    return false;
  }
  presence.assign(scratch.presence);
  return true;
}

void Room::refuse_large_presence(SessionIndex index, std::size_t size) {
  refuse(index, RefusalReason::presence_too_large);
  send_error(index, "Large presence. Presence must be at most " +
                        std::to_string(definition_.limits.presence_bytes_max) +
                        " bytes. Current size: " + std::to_string(size) + " bytes");
}

bool Room::take_rate_tokens(Session& self, const ClientMessage& message, std::size_t size) {
  const Limits& limits = definition_.limits;
  if (limits.messages_per_second_max == 0) return true;
  const auto elapsed_ms = static_cast<double>(now_.steady_ms - self.rate_refilled_ms);
  self.rate_refilled_ms = now_.steady_ms;
  self.rate_tokens += elapsed_ms * limits.messages_per_second_max / 1000.0;
  const double burst = std::max(limits.messages_burst_max, 1u);
  self.rate_tokens = std::min(self.rate_tokens, burst);
  const auto extra = static_cast<double>(extra_tokens(self, message, size));
  const double cost = 1 + std::min(extra, burst * kExtraBurstPart);
  if (self.rate_tokens < cost) return false;
  self.rate_tokens -= cost;
  return true;
}

// A short message whose answer is long costs what the answer is worth, a long one what it is.
std::size_t Room::extra_tokens(const Session& self, const ClientMessage& message,
                               std::size_t size) const noexcept {
  if (message.kind == MessageKind::get_others) return order_.size() / kOthersPerToken;
  if (message.kind == MessageKind::refresh_token) return kTokenCheckTokens;
  const bool again = message.kind == MessageKind::initialize_session;
  if (!again && size <= definition_.limits.message_bytes_max) return 0;
  if (brings_document(self, message)) return 0;
  return messages_in(size) + (again ? document_answer_bytes() / kAnswerBytesPerToken : 0);
}

// How many messages of the usual largest size fill so many bytes, rounded down.
std::size_t Room::messages_in(std::size_t size) const noexcept {
  return size / std::max<std::size_t>(definition_.limits.message_bytes_max, 1);
}

void Room::malformed(SessionIndex index, std::size_t size) {
  refuse(index, RefusalReason::malformed_message);
  Session& self = session(index);
  const std::uint32_t allowed = definition_.limits.malformed_messages_max;
  const std::size_t more = 1 + messages_in(size);
  self.malformed += static_cast<std::uint32_t>(std::min<std::size_t>(more, allowed + 1));
  changed(index);
  if (self.malformed > allowed) {
    close(index, kClosePolicy, "Too many malformed messages");
  }
}

}  // namespace pluv::room
