#include "apps/pluvd/demo.h"

#include <string>
#include <string_view>

#include "json/reader.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

// The raw value of a member of the kind that is wanted; the last of equal keys, as everywhere.
Result<std::string_view> member(std::string_view data, std::string_view name, json::Kind kind) {
  const auto expected = [&] {
    return Error{ErrorCode::invalid,
                 std::string(name) + ": expected a " + std::string(json::kind_name(kind))};
  };
  json::Reader reader(data);
  std::string scratch;
  std::string_view key;
  std::string_view found;
  if (reader.enter_object()) {
    while (reader.next_member(scratch, key)) {
      std::string_view value;
      const bool wanted = key == name;
      if (reader.raw_value(value) && wanted) found = value;
    }
  }
  if (!reader.finish() || json::kind_of(found) != kind) return expected();
  return found;
}

void emit(room::EventSink& events, room::Audience audience, std::string_view name,
          std::string_view key, std::string_view raw) {
  std::string data;
  json::Writer writer(data);
  writer.begin_object();
  writer.key(key);
  writer.raw(raw);
  writer.end_object();
  events.emit(audience, name, data);
}

Result<void> send_message(room::ProcedureCall& call) {
  const auto message = member(call.data, "message", json::Kind::string);
  if (!message.ok()) return message.error();
  emit(call.events, room::Audience::broadcast, "receiveMessage", "message", message.value());
  return {};
}

Result<void> double_value(room::ProcedureCall& call) {
  const auto value = member(call.data, "value", json::Kind::number);
  if (!value.ok()) return value.error();
  if (call.broadcast_only) return {};  // it has no broadcast resolver
  double number = 0;
  json::Reader reader(value.value());
  static_cast<void>(reader.read_number(number));
  std::string doubled;
  json::Writer(doubled).number(number * 2);
  emit(call.events, room::Audience::self, "doubledValue", "value", doubled);
  return {};
}

Result<void> wave(room::ProcedureCall& call) {
  emit(call.events, room::Audience::broadcast, "receiveMessage", "message", R"("Hello world!")");
  return {};
}

}  // namespace

void add_demo_procedures(room::Definition& definition) {
  definition.procedures.push_back({.name = "sendMessage", .run = send_message, .start = {}});
  definition.procedures.push_back({.name = "doubleValue", .run = double_value, .start = {}});
  definition.procedures.push_back({.name = "wave", .run = wave, .start = {}});
}

}  // namespace pluv::apps
