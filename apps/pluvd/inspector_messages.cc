#include "apps/pluvd/inspector_messages.h"

#include <algorithm>
#include <utility>

#include "apps/pluvd/inspector_query.h"
#include "json/reader.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kWatchedMs = 15'000;
constexpr std::size_t kInterestsMax = 64;
constexpr std::size_t kMessagesMax = 4'096;
constexpr std::size_t kBytesMax = std::size_t{8} * 1024 * 1024;
constexpr std::size_t kDataBytesMax = 2'048;
constexpr std::size_t kTypeBytesMax = 128;
constexpr std::size_t kLimitMax = 1'000;

// Not in the middle of a character.
std::string_view cut_to(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t size = bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

// What is read of a message, in whatever order it was written.
struct Parts {
  std::string scratch;
  std::string_view type;
  std::string_view data;  // raw
};

void read_parts(std::string_view text, Parts& parts) {
  json::Reader reader(text);
  std::string key_scratch;
  std::string_view key;
  if (!reader.enter_object()) return;
  while (reader.next_member(key_scratch, key)) {
    if (key == "type" && reader.peek() == json::Kind::string) {
      reader.read_string(parts.type, parts.scratch);
    } else if (key == "data") {
      reader.raw_value(parts.data);
    } else {
      reader.skip_value();
    }
  }
}

void write_or_null(json::Writer& writer, std::string_view name, const std::string& text) {
  writer.key(name);
  if (text.empty()) {
    writer.null();
  } else {
    writer.string(text);
  }
}

}  // namespace

Result<MessageQuery> message_query_of(const net::Request& request) {
  MessageQuery query;
  query.room = request.query_get("room").value_or("");
  query.type = request.query_get("type").value_or("");
  query.session = request.query_get("session").value_or("");
  const auto after = number_parameter(request, "after", 0);
  if (!after.ok()) return after.error();
  query.after = *after;
  const auto limit = number_parameter(request, "limit", query.limit, kLimitMax);
  if (!limit.ok()) return limit.error();
  query.limit = std::max<std::size_t>(*limit, 1);
  return query;
}

InspectorMessages::InspectorMessages(Clock steady_ms) : steady_ms_(std::move(steady_ms)) {}

// Under the lock.
bool InspectorMessages::is_wanted(std::string_view room) {
  const std::int64_t now_ms = steady_ms_();
  std::erase_if(interests_, [&](const Interest& one) { return one.until_ms < now_ms; });
  if (interests_.empty()) turn_off();
  return std::ranges::any_of(
      interests_, [&](const Interest& one) { return one.room.empty() || one.room == room; });
}

void InspectorMessages::take(const native::TappedMessage& message) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_wanted(message.room)) return;
  }
  Parts parts;
  read_parts(message.text, parts);
  const auto kept = std::make_shared<Message>();
  kept->unix_ms = message.unix_ms;
  kept->room = message.room;
  kept->session = message.session;
  kept->user_id = message.user_id;
  kept->type = cut_to(parts.type, kTypeBytesMax);
  // What is no message at all is shown as it came.
  const std::string_view data = parts.type.empty() ? message.text : parts.data;
  kept->data = cut_to(data, kDataBytesMax);
  kept->cut = kept->data.size() != data.size() || message.text.size() != message.bytes;
  kept->bytes = message.bytes;
  kept->receivers = message.receivers;
  kept->inbound = message.inbound;
  const std::lock_guard lock(mutex_);
  kept->seq = next_++;
  bytes_ += kept->memory_bytes();
  messages_.push_back(kept);
  while (messages_.size() > kMessagesMax || bytes_ > kBytesMax) {
    bytes_ -= messages_.front()->memory_bytes();
    messages_.pop_front();
  }
}

// Under the lock.
void InspectorMessages::watch(const std::string& room) {
  const std::int64_t until_ms = steady_ms_() + kWatchedMs;
  const auto found = std::ranges::find(interests_, room, &Interest::room);
  if (found != interests_.end()) {
    found->until_ms = until_ms;
  } else {
    if (interests_.size() >= kInterestsMax) interests_.erase(interests_.begin());
    interests_.push_back({room, until_ms});
  }
  turn_on();
}

bool InspectorMessages::fits(const Message& message, const MessageQuery& query) {
  if (!query.room.empty() && message.room != query.room) return false;
  if (!query.session.empty() && message.session != query.session) return false;
  if (query.type.empty()) return true;
  const bool own = message.type.starts_with('$');
  if (query.type == "$*") return own;
  if (query.type == "!$") return !own;
  return message.type == query.type;
}

// Under the lock.
InspectorMessages::Found InspectorMessages::find(const MessageQuery& query) const {
  Found out;
  out.last = next_ - 1;
  if (query.after == 0) {
    for (auto at = messages_.rbegin(); at != messages_.rend(); ++at) {
      if (out.messages.size() == query.limit) break;
      if (fits(**at, query)) out.messages.push_back(*at);
    }
    std::ranges::reverse(out.messages);
    return out;
  }
  const std::uint64_t first = messages_.empty() ? next_ : messages_.front()->seq;
  if (query.after + 1 < first) out.dropped = first - 1 - query.after;
  const auto begin = std::ranges::upper_bound(messages_, query.after, {},
                                              [](const MessageRef& one) { return one->seq; });
  for (auto at = begin; at != messages_.end(); ++at) {
    if (!fits(**at, query)) continue;
    out.messages.push_back(*at);
    if (out.messages.size() < query.limit) continue;
    out.last = (*at)->seq;
    break;
  }
  return out;
}

void InspectorMessages::write(json::Writer& writer, const Message& message) {
  writer.begin_object();
  writer.key("seq");
  writer.number(message.seq);
  writer.key("at_unix_ms");
  writer.number(message.unix_ms);
  writer.key("room");
  writer.string(message.room);
  write_or_null(writer, "session", message.session);
  write_or_null(writer, "user_id", message.user_id);
  writer.key("type");
  writer.string(message.type);
  writer.key("direction");
  writer.string(message.inbound ? "in" : "out");
  writer.key("receivers");
  writer.number(static_cast<std::uint64_t>(message.receivers));
  writer.key("bytes");
  writer.number(message.bytes);
  writer.key("data");
  writer.string(message.data);
  writer.key("cut");
  writer.boolean(message.cut);
  writer.end_object();
}

std::string InspectorMessages::json(const MessageQuery& query) {
  Found found;
  {
    const std::lock_guard lock(mutex_);
    watch(query.room);
    found = find(query);
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("messages");
  writer.begin_array();
  for (const MessageRef& message : found.messages) write(writer, *message);
  writer.end_array();
  writer.key("last");
  writer.number(found.last);
  writer.key("dropped");
  writer.number(found.dropped);
  writer.end_object();
  return out;
}

}  // namespace pluv::apps
