#include "golden.h"

#include <optional>

#include "base/base64.h"
#include "json/value.h"
#include "json/writer.h"
#include "scripted_room.h"

namespace pluv::transcripts {
namespace {

using json::Value;

std::string text_member(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  return member != nullptr && member->as_string() != nullptr ? *member->as_string() : std::string();
}

std::int64_t number_member(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  const double* number = member != nullptr ? member->as_number() : nullptr;
  return number != nullptr ? static_cast<std::int64_t>(*number) : 0;
}

bool is_set(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  return member != nullptr && member->as_bool() != nullptr && *member->as_bool();
}

bool set_limit(Limits& limits, const std::string& name, double value) {
  if (name == "presence_bytes_max") {
    limits.presence_bytes_max = static_cast<std::size_t>(value);
  } else if (name == "message_bytes_max") {
    limits.message_bytes_max = static_cast<std::size_t>(value);
  } else if (name == "event_name_bytes_max") {
    limits.event_name_bytes_max = static_cast<std::size_t>(value);
  } else if (name == "sessions_per_room_max") {
    limits.sessions_per_room_max = static_cast<std::size_t>(value);
  } else if (name == "malformed_messages_max") {
    limits.malformed_messages_max = static_cast<std::uint32_t>(value);
  } else if (name == "messages_per_second_max") {
    limits.messages_per_second_max = static_cast<std::uint32_t>(value);
  } else if (name == "messages_burst_max") {
    limits.messages_burst_max = static_cast<std::uint32_t>(value);
  } else {
    return false;
  }
  return true;
}

Result<room::Definition> definition_of(const Value& head) {
  room::Definition definition = chat_definition();
  definition.strict = is_set(head, "strict");
  definition.detailed_errors = !is_set(head, "quiet_errors");
  if (is_set(head, "listeners")) {
    definition.listeners.on_user_connected = [](room::ListenerEvent) {};
    definition.listeners.on_user_disconnected = [](room::ListenerEvent) {};
    definition.listeners.on_room_message = [](room::ListenerEvent) {};
  }
  if (is_set(head, "room_destroyed")) {
    definition.listeners.on_room_destroyed = [](room::ListenerEvent, room::ListenerDone) {};
  }
  if (const Value* limits = head.find("limits"); limits != nullptr && limits->as_object()) {
    for (const Value::Member& limit : *limits->as_object()) {
      const double* number = limit.value.as_number();
      if (number == nullptr || !set_limit(definition.limits, limit.key, *number)) {
        return Error{ErrorCode::invalid, "unknown limit " + limit.key};
      }
    }
  }
  return definition;
}

const char* kind_text(room::FrameKind kind) {
  switch (kind) {
    case room::FrameKind::ordered: return "ordered";
    case room::FrameKind::presence: return "presence";
    case room::FrameKind::exit: return "exit";
    case room::FrameKind::urgent: return "urgent";
  }
  return "unknown";
}

const char* kind_text(room::HostCallKind kind) {
  switch (kind) {
    case room::HostCallKind::procedure: return "procedure";
    case room::HostCallKind::room_destroyed: return "room_destroyed";
    case room::HostCallKind::user_connected: return "user_connected";
    case room::HostCallKind::user_disconnected: return "user_disconnected";
    case room::HostCallKind::room_message: return "room_message";
    case room::HostCallKind::initial_storage: return "initial_storage";
    case room::HostCallKind::storage_updated: return "storage_updated";
  }
  return "unknown";
}

// Writes one effect as a line.
class EffectWriter {
 public:
  EffectWriter(const ScriptedRoom& script, const room::Effects& effects, std::string& out)
      : script_(script), effects_(effects), out_(out), writer_(out) {}

  void operator()(const room::Send& send) {
    begin("send");
    writer_.key("to");
    writer_.begin_array();
    for (const room::SessionIndex index : effects_.receivers_of(send)) {
      writer_.string(script_.name_of(index));
    }
    writer_.end_array();
    text("kind", kind_text(send.kind));
    if (send.kind == room::FrameKind::presence) text("subject", script_.name_of(send.subject));
    if (send.kind == room::FrameKind::exit) text("subject", script_.name_of(send.subject));
    std::string joined;
    raw("frame", effects_.text_of(send, joined));
    end();
  }
  void operator()(const room::Close& close) {
    begin("close");
    text("session", script_.name_of(close.session));
    writer_.key("code");
    writer_.number(static_cast<std::int64_t>(close.code));
    text("reason", close.reason);
    writer_.key("paced");
    writer_.boolean(close.paced);
    end();
  }
  void operator()(const room::Ping& ping) {
    begin("ping");
    text("session", script_.name_of(ping.session));
    end();
  }
  void operator()(const room::WakeAt& wake) {
    begin("wake");
    writer_.key("when");
    writer_.number(ScriptedRoom::script_ms(wake.at_ms));
    end();
  }
  void operator()(const room::CallHost& call) {
    begin("call");
    text("kind", kind_text(call.kind));
    if (call.ticket != room::Ticket{}) {
      writer_.key("ticket");
      writer_.number(static_cast<std::uint64_t>(call.ticket));
    }
    if (call.session.valid) {
      text("session", script_.name_of(call.session.index));
      raw("user", effects_.view(call.session.user_json));
      raw("presence", effects_.view(call.session.presence_json));
    }
    if (call.kind == room::HostCallKind::room_message) text("name", effects_.view(call.name));
    if (call.data.size != 0) raw("data", effects_.view(call.data));
    end();
  }
  void operator()(const room::LoadDocument& load) {
    begin("load");
    number("ticket", static_cast<std::uint64_t>(load.ticket));
    end();
  }
  void operator()(const room::AppendUpdate& append) {
    begin("append");
    number("ticket", static_cast<std::uint64_t>(append.ticket));
    text("update", base64_encode(append.update));
    end();
  }
  void operator()(const room::CompactDocument& compact) {
    begin("compact");
    number("ticket", static_cast<std::uint64_t>(compact.ticket));
    number("last", compact.last);
    text("snapshot", base64_encode(compact.snapshot));
    end();
  }
  void operator()(const room::EditDone& edit) {
    begin("edit_done");
    number("number", edit.number);
    text("result", edit.result.ok() ? "ok" : edit.result.error().message);
    end();
  }
  void operator()(const room::Trouble& trouble) {
    begin("trouble");
    text("what", trouble.what);
    text("message", trouble.message);
    end();
  }
  void operator()(const room::Refused& refused) {
    begin("refused");
    text("reason", room::refusal_reason_name(refused.reason));
    end();
  }
  void operator()(const room::SessionChanged& changed) {
    begin("sessionChanged");
    text("session", script_.name_of(changed.session));
    end();
  }
  void operator()(const room::CheckToken& check) {
    begin("checkToken");
    number("ticket", static_cast<std::uint64_t>(check.ticket));
    text("session", script_.name_of(check.session));
    end();
  }
  void operator()(const room::Finished&) {
    begin("finished");
    end();
  }

 private:
  void begin(std::string_view what) {
    writer_.begin_object();
    writer_.key("at");
    writer_.number(script_.at_ms());
    text("out", what);
  }
  void text(std::string_view key, std::string_view value) {
    writer_.key(key);
    writer_.string(value);
  }
  void number(std::string_view key, std::uint64_t value) {
    writer_.key(key);
    writer_.number(value);
  }
  void raw(std::string_view key, std::string_view json) {
    writer_.key(key);
    writer_.raw(json.empty() ? std::string_view("null") : json);
  }
  void end() {
    writer_.end_object();
    out_ += '\n';
  }

  const ScriptedRoom& script_;
  const room::Effects& effects_;
  std::string& out_;
  json::Writer writer_;
};

class Rendering {
 public:
  explicit Rendering(room::Definition definition) : script_(std::move(definition), "golden") {
    script_.observe([this](const ScriptedRoom& script, const room::Effects& effects) {
      for (const room::Effect& effect : effects.list) {
        std::visit(EffectWriter(script, effects, out_), effect);
      }
    });
  }

  // The output so far; a line that is no input is a mistake in the file.
  std::string& out() noexcept { return out_; }

  bool input(const std::string& line, const Value& input) {
    const std::int64_t at = number_member(input, "at");
    if (at < script_.at_ms()) return false;
    const std::string what = text_member(input, "in");
    if (what == "until") {
      out_ += line + "\n";
      script_.advance_to(at);
      return true;
    }
    script_.advance_to(at);  // what the room wakes for before this input stands before it
    out_ += line + "\n";
    return session_input(what, line, input) || room_input(what, line, input);
  }

 private:
  bool session_input(const std::string& what, const std::string& line, const Value& input) {
    const std::string as = text_member(input, "as");
    if (what == "open") {
      JoinAs user;
      if (const Value* object = input.find("user"); object != nullptr) {
        user = {text_member(*object, "id"), object->to_text()};
      }
      if (script_.is_open(as)) return false;
      script_.open(as, user);
      return true;
    }
    if (what != "message" && what != "heard" && what != "close" && what != "evict") return false;
    if (!script_.is_open(as)) return false;
    if (what == "message") {
      const std::string raw = raw_member(line, "message");
      script_.say(as, raw.empty() ? text_member(input, "text") : raw);
    } else if (what == "heard") {
      script_.hear(as);
    } else if (what == "close") {
      script_.drop(as);
    } else {
      script_.step(room::Evict{script_.id_of(as)});
    }
    return true;
  }

  bool room_input(const std::string& what, const std::string& line, const Value& input) {
    if (what == "broadcast" || what == "emit") {
      const std::string name = text_member(input, "name");
      const std::string data = raw_member(line, "data");
      if (what == "emit") {
        script_.step(room::ServerEmit{name, data});
      } else {
        script_.step(room::ServerBroadcast{name, data});
      }
    } else if (what == "evict_all") {
      script_.step(room::EvictAll{});
    } else if (what == "collect_garbage") {
      script_.step(room::CollectGarbage{});
    } else if (what == "reply") {
      reply(input);
    } else {
      return false;
    }
    return true;
  }

  void reply(const Value& input) {
    room::EventSink events;
    const auto add = [&](const char* member, room::Audience audience) {
      const Value* pair = input.find(member);
      const Value::Array* parts = pair != nullptr ? pair->as_array() : nullptr;
      if (parts == nullptr || parts->size() != 2 || (*parts)[0].as_string() == nullptr) return;
      events.emit(audience, *(*parts)[0].as_string(), (*parts)[1].to_text());
    };
    add("self", room::Audience::self);
    add("broadcast", room::Audience::broadcast);
    Result<room::EventSink> result = std::move(events);
    if (const std::string error = text_member(input, "error"); !error.empty()) {
      result = Error{ErrorCode::internal, error};
    }
    const auto ticket = static_cast<room::Ticket>(number_member(input, "ticket"));
    script_.step(room::HostReplied{ticket, &result});
  }

  ScriptedRoom script_;
  std::string out_;
};

}  // namespace

Result<std::string> render_golden(const std::vector<std::string>& lines) {
  std::optional<Rendering> rendering;
  for (const std::string& line : lines) {
    const auto parsed = Value::parse(line);
    if (!parsed.ok()) return Error{ErrorCode::invalid, "no JSON: " + line};
    if (!rendering) {
      if (parsed->find("transcript") == nullptr) {
        return Error{ErrorCode::invalid, "the first line names no transcript"};
      }
      auto definition = definition_of(*parsed);
      if (!definition.ok()) return definition.error();
      rendering.emplace(std::move(*definition));
      rendering->out() += line + "\n";
      continue;
    }
    if (parsed->find("out") != nullptr) continue;
    if (!rendering->input(line, *parsed)) return Error{ErrorCode::invalid, "no input: " + line};
  }
  if (!rendering) return Error{ErrorCode::invalid, "empty transcript"};
  return std::move(rendering->out());
}

}  // namespace pluv::transcripts
