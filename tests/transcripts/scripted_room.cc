#include "scripted_room.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "json/reader.h"
#include "json/value.h"
#include "room/yjs_document.h"

namespace pluv::transcripts {
namespace {

using json::Value;
using room::Audience;
using room::ProcedureCall;

constexpr std::int64_t kSteadyStart = 5'000'000;
constexpr std::int64_t kUnixStart = 1'700'000'000'000;

Error invalid_input(const char* message) { return Error{ErrorCode::invalid, message}; }

Result<void> send_message(ProcedureCall& call) {
  const auto input = Value::parse(call.data);
  const Value* message = input.ok() ? input->find("message") : nullptr;
  if (message == nullptr || message->as_string() == nullptr) {
    return invalid_input("message: expected a string");
  }
  Value output;
  output.set("message", *message);
  call.events.emit(Audience::broadcast, "receiveMessage", output.to_text());
  return {};
}

Result<void> double_value(ProcedureCall& call) {
  const auto input = Value::parse(call.data);
  const Value* value = input.ok() ? input->find("value") : nullptr;
  if (value == nullptr || value->as_number() == nullptr) {
    return invalid_input("value: expected a number");
  }
  Value output;
  output.set("value", *value->as_number() * 2);
  if (!call.broadcast_only) call.events.emit(Audience::self, "doubledValue", output.to_text());
  return {};
}

Result<void> announce(ProcedureCall& call) {
  call.events.emit(Audience::sync, "announced", call.data);
  return {};
}

SessionId session_id(const std::string& name, std::uint32_t opening) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[7] = static_cast<std::uint8_t>(opening);
  const std::size_t size = std::min<std::size_t>(name.size(), 6);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[16 - size + i] = static_cast<std::uint8_t>(name[i]);
  }
  return SessionId::from_random(bytes);
}

}  // namespace

room::Definition chat_definition() {
  room::Definition definition;
  definition.storage = room::yjs_storage();
  const auto add = [&](const char* name, auto run) {
    room::Procedure procedure;
    procedure.name = name;
    procedure.run = run;
    definition.procedures.push_back(std::move(procedure));
  };
  add("sendMessage", send_message);
  add("doubleValue", double_value);
  add("announce", announce);
  add("boom", [](ProcedureCall&) -> Result<void> {
    return Error{ErrorCode::internal, "The handler failed"};
  });
  room::Procedure later;
  later.name = "later";
  later.start = [](room::ProcedureStart, room::ProcedureDone) {};
  definition.procedures.push_back(std::move(later));
  return definition;
}

ScriptedRoom::ScriptedRoom(room::Definition definition, std::string id)
    : definition_([&] {
        definition.freeze();
        return std::move(definition);
      }()),
      room_(std::move(id), definition_) {}

Now ScriptedRoom::now() const noexcept { return {kSteadyStart + at_ms_, kUnixStart + at_ms_}; }

std::int64_t ScriptedRoom::script_ms(std::int64_t steady_ms) noexcept {
  return steady_ms - kSteadyStart;
}

void ScriptedRoom::open(const std::string& name, const JoinAs& user) {
  PLUV_ASSERT(!is_open(name));
  std::uint32_t at = 0;
  const auto taken = [&](std::uint32_t index) {
    return std::any_of(indexes_.begin(), indexes_.end(), [&](const auto& entry) {
      return entry.second == room::SessionIndex{index};
    });
  };
  while (taken(at)) ++at;
  if (at >= names_.size()) names_.resize(at + 1);
  names_[at] = name;
  indexes_[name] = room::SessionIndex{at};
  ids_[name] = session_id(name, openings_[name]++);
  step(room::Opened{.index = room::SessionIndex{at},
                    .id = ids_[name],
                    .user_id = user.user_id,
                    .user_json = user.user_json,
                    .user = nullptr});
}

void ScriptedRoom::join(const std::string& name, const JoinAs& user, std::string_view presence) {
  open(name, user);
  say(name, R"({"type":"$initializeSession","data":{"presence":)" + std::string(presence) +
                R"(,"update":""}})");
  say(name, R"({"type":"$updateStorage","data":{"origin":"$initialized","update":""}})");
}

void ScriptedRoom::say(const std::string& name, std::string_view text) {
  PLUV_ASSERT(is_open(name));
  step(room::Message{indexes_.at(name), text});
}

void ScriptedRoom::drop(const std::string& name) {
  PLUV_ASSERT(is_open(name));
  const room::SessionIndex index = indexes_.at(name);
  indexes_.erase(name);
  step(room::Closed{index});
}

void ScriptedRoom::hear(const std::string& name) {
  PLUV_ASSERT(is_open(name));
  step(room::Heard{indexes_.at(name)});
}

void ScriptedRoom::step(const room::Input& input) {
  effects_.clear();
  room_.step(input, now(), effects_);
  if (observer_) observer_(*this, effects_);
  execute();
}

void ScriptedRoom::execute() {
  for (const room::Effect& effect : effects_.list) {
    if (const auto* send = std::get_if<room::Send>(&effect)) {
      std::string joined;
      const std::string frame(effects_.text_of(*send, joined));
      PLUV_ASSERT(json::validate(frame).ok());
      for (const room::SessionIndex index : effects_.receivers_of(*send)) {
        received_[name_of(index)].push_back(frame);
      }
    } else if (const auto* close = std::get_if<room::Close>(&effect)) {
      const std::string name = name_of(close->session);
      closings_.push_back({name, close->code, std::string(close->reason), close->paced, at_ms_});
      indexes_.erase(name);
    } else if (const auto* ping = std::get_if<room::Ping>(&effect)) {
      ++pings_[name_of(ping->session)];
    } else if (const auto* wake = std::get_if<room::WakeAt>(&effect)) {
      wake_at_steady_ms_ = wake->at_ms;
    } else if (const auto* call = std::get_if<room::CallHost>(&effect)) {
      calls_.push_back(*call);
    } else if (std::holds_alternative<room::Finished>(effect)) {
      wake_at_steady_ms_.reset();
    }
  }
}

void ScriptedRoom::advance_to(std::int64_t at_ms) {
  while (wake_at_steady_ms_ && script_ms(*wake_at_steady_ms_) <= at_ms) {
    at_ms_ = std::max(at_ms_, script_ms(*wake_at_steady_ms_));
    wake_at_steady_ms_.reset();
    step(room::Woke{});
  }
  at_ms_ = std::max(at_ms_, at_ms);
}

SessionId ScriptedRoom::id_of(const std::string& name) const { return ids_.at(name); }

room::SessionIndex ScriptedRoom::index_of(const std::string& name) const {
  return indexes_.at(name);
}

const std::string& ScriptedRoom::name_of(room::SessionIndex index) const {
  return names_.at(room::raw(index));
}

std::vector<std::string> ScriptedRoom::take(const std::string& name) {
  return std::exchange(received_[name], {});
}

std::vector<std::string> ScriptedRoom::take_types(const std::string& name) {
  std::vector<std::string> types;
  for (const std::string& frame : take(name)) types.push_back(type_of(frame));
  return types;
}

std::size_t ScriptedRoom::pings(const std::string& name) const {
  const auto found = pings_.find(name);
  return found == pings_.end() ? 0 : found->second;
}

std::string raw_member(std::string_view object, std::string_view key) {
  json::Reader reader(object);
  std::string scratch;
  std::string_view name;
  std::string_view value;
  std::string found;
  if (!reader.enter_object()) return {};
  while (reader.next_member(scratch, name)) {
    const bool wanted = name == key;
    if (!reader.raw_value(value)) return {};
    if (wanted) found = value;
  }
  return found;
}

std::string type_of(std::string_view message) {
  const auto value = Value::parse(raw_member(message, "type"));
  return value.ok() && value->as_string() != nullptr ? *value->as_string() : std::string();
}

}  // namespace pluv::transcripts
