#include "json/reader.h"
#include "protocol/v5.h"

namespace pluv::protocol::v5 {
namespace {

// The one text that every client sends as its heartbeat.
constexpr std::string_view kPingText = R"({"type":"$ping","data":{}})";

MessageKind kind_of_type(std::string_view type) noexcept {
  if (type.empty() || type.front() != '$') return MessageKind::custom;
  if (type == "$updatePresence") return MessageKind::update_presence;
  if (type == "$updateStorage") return MessageKind::update_storage;
  if (type == "$ping") return MessageKind::ping;
  if (type == "$getOthers") return MessageKind::get_others;
  if (type == "$initializeSession") return MessageKind::initialize_session;
  if (type == "$refreshToken") return MessageKind::refresh_token;
  return MessageKind::unknown_internal;
}

// Whether something of its data is read here.
bool has_members(MessageKind kind) noexcept {
  return kind == MessageKind::initialize_session || kind == MessageKind::update_presence ||
         kind == MessageKind::update_storage || kind == MessageKind::refresh_token;
}

// A member that must be a string or null; null and absent are the empty view.
bool read_optional_string(json::Reader& reader, std::string_view& out, std::string& scratch) {
  out = {};
  if (reader.peek() == json::Kind::string) return reader.read_string(out, scratch);
  return reader.read_null();
}

Error invalid(const char* message) { return Error{ErrorCode::invalid, message}; }

}  // namespace

bool Decoder::read_members(json::Reader& data, ClientMessage& message) {
  const bool wants_presence = message.kind == MessageKind::initialize_session ||
                              message.kind == MessageKind::update_presence;
  const bool wants_update = message.kind == MessageKind::initialize_session ||
                            message.kind == MessageKind::update_storage;
  bool right = data.enter_object();
  std::string_view key;
  while (right && data.next_member(key_scratch_, key)) {
    if (wants_presence && key == "presence") {
      right = data.raw_value(message.presence);
    } else if (wants_update && key == "update") {
      right = read_optional_string(data, message.update, update_scratch_);
    } else if (message.kind == MessageKind::update_storage && key == "origin") {
      right = read_optional_string(data, message.origin, origin_scratch_);
    } else if (message.kind == MessageKind::refresh_token && key == "token") {
      right = read_optional_string(data, message.token, update_scratch_);
    } else {
      right = data.skip_value();
    }
  }
  if (json::kind_of(message.presence) == json::Kind::null) message.presence = {};
  return right;
}

bool Decoder::decode_in_order(std::string_view text, ClientMessage& message) {
  json::Reader reader(text);
  std::string_view key;
  if (!reader.enter_object() || !reader.next_member(key_scratch_, key) || key != "type" ||
      !reader.read_string(message.type, type_scratch_) || !reader.next_member(key_scratch_, key) ||
      key != "data" || reader.peek() != json::Kind::object) {
    return false;
  }
  message.kind = kind_of_type(message.type);
  const std::size_t begin = reader.offset();
  if (!(has_members(message.kind) ? read_members(reader, message) : reader.skip_value())) {
    return false;
  }
  message.data = text.substr(begin, reader.offset() - begin);
  return !reader.next_member(key_scratch_, key) && reader.finish();
}

Result<ClientMessage> Decoder::decode(std::string_view text) {
  ClientMessage message;
  if (text == kPingText) {
    message.kind = MessageKind::ping;
    message.type = "$ping";
    message.data = "{}";
    return message;
  }
  if (decode_in_order(text, message)) return message;

  message = {};
  bool has_type = false;
  json::Reader reader(text);
  if (!reader.enter_object()) return invalid("Message is not a JSON object");
  std::string_view key;
  while (reader.next_member(key_scratch_, key)) {
    if (key == "type") {
      has_type = reader.read_string(message.type, type_scratch_);
    } else if (key == "data") {
      reader.raw_value(message.data);
    } else {
      reader.skip_value();
    }
  }
  if (!reader.finish()) return invalid("Message is not valid JSON");
  if (!has_type) return invalid("Message has no type");
  if (json::kind_of(message.data) != json::Kind::object) return invalid("Message has no data");

  message.kind = kind_of_type(message.type);
  json::Reader data(message.data);
  if (has_members(message.kind) && !read_members(data, message)) {
    return invalid("Message data has a member of the wrong type");
  }
  return message;
}

}  // namespace pluv::protocol::v5
