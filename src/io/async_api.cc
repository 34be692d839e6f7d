// The AsyncAPI 3.0 document of a server's events: one channel, the room; messages as they are on
// the wire, {type, data} from clients and {type, room, connectionId, user, data} to them.
#include <utility>

#include "io/schema_writer.h"

namespace pluv::detail {
namespace {

using json::Value;

Value object() { return Value(Value::Object{}); }

Value with(std::string_view key, Value value) {
  Value out = object();
  out.set(key, std::move(value));
  return out;
}

Value reference(const std::string& path) { return with("$ref", path); }

// A '/' or '~' in an event's name, inside of a JSON pointer.
std::string pointer_part(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

Value payload(const std::string& event, Value data) {
  Value properties = object();
  properties.set("type", with("const", event));
  properties.set("data", std::move(data));
  Value out = with("type", "object");
  out.set("properties", std::move(properties));
  out.set("required", Value(Value::Array{"type", "data"}));
  return out;
}

Value sent_payload(const std::string& event, Value data, Value user) {
  Value out = payload(event, std::move(data));
  Value& properties = *out.find("properties");
  properties.set("room", with("type", "string"));
  properties.set("connectionId", with("type", Value(Value::Array{"string", "null"})));
  properties.set("user", std::move(user));
  return out;
}

Value message(const std::string& event, Value payload) {
  Value out = with("name", event);
  out.set("contentType", "application/json");
  out.set("payload", std::move(payload));
  return out;
}

struct Messages {
  Value components = object();
  Value channel = object();
  Value references{Value::Array{}};

  void add(const std::string& key, Value message) {
    components.set(key, std::move(message));
    channel.set(key, reference("#/components/messages/" + pointer_part(key)));
    references.as_array()->push_back(reference("#/channels/room/messages/" + pointer_part(key)));
  }
};

Value channel(Value messages) {
  Value out = with("address", "/api/pluv/room/{room}");
  out.set("title", "A room");
  out.set("messages", std::move(messages));
  out.set("parameters", with("room", with("description", "The room's name")));
  return out;
}

Value operation(std::string_view action, Value references) {
  Value out = with("action", action);
  out.set("channel", reference("#/channels/room"));
  out.set("messages", std::move(references));
  return out;
}

}  // namespace

std::string write_async_api(const Api& api) {
  const SchemaWriter writer(api, "#/components/schemas/");
  Messages received;
  for (const ApiProcedure& procedure : api.procedures) {
    received.add("input." + procedure.event,
                 message(procedure.event, payload(procedure.event, writer.input(procedure))));
  }
  Messages sent;
  for (const std::string& event : output_events(api)) {
    sent.add("output." + event,
             message(event, sent_payload(event, writer.output(event), writer.user())));
  }
  Value messages = received.channel;
  for (const Value::Member& member : *sent.channel.as_object()) {
    messages.set(member.key, member.value);
  }
  Value components = object();
  components.set("schemas", writer.definitions());
  Value all = received.components;
  for (const Value::Member& member : *sent.components.as_object()) {
    all.set(member.key, member.value);
  }
  components.set("messages", std::move(all));
  Value info = with("title", "Server");
  info.set("version", "1.0.0");
  Value operations = object();
  operations.set("receive", operation("receive", received.references));
  operations.set("send", operation("send", sent.references));

  Value out = with("asyncapi", "3.0.0");
  out.set("info", std::move(info));
  out.set("defaultContentType", "application/json");
  out.set("channels", with("room", channel(std::move(messages))));
  out.set("operations", std::move(operations));
  out.set("components", std::move(components));
  return out.to_text() + "\n";
}

}  // namespace pluv::detail
