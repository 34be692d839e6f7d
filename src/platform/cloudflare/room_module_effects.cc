// Effects: what the room wants of C++ code is done, all else is told to the host.
#include <algorithm>
#include <utility>
#include <variant>

#include "platform/cloudflare/room_module.h"

namespace pluv::cloudflare {
namespace {

ByteWriter begin(std::string& output, OutputKind kind) {
  ByteWriter writer(output);
  writer.u8(static_cast<std::uint8_t>(kind));
  return writer;
}

std::int64_t number_of(room::Ticket ticket) { return static_cast<std::int64_t>(ticket); }

}  // namespace

void RoomModule::execute() {
  for (room::Effect& effect : effects_.list) execute_one(effect);
}

void RoomModule::execute_one(room::Effect& effect) {
  if (const auto* send = std::get_if<room::Send>(&effect)) {
    execute_send(*send);
  } else if (const auto* close = std::get_if<room::Close>(&effect)) {
    ByteWriter writer = begin(output_, OutputKind::close);
    writer.u32(room::raw(close->session));
    writer.u32(close->code);
    writer.text(close->reason);
    writer.u8(close->paced ? 1 : 0);
  } else if (const auto* wake = std::get_if<room::WakeAt>(&effect)) {
    room_wake_ms_ = wake->at_ms;
  } else if (auto* call = std::get_if<room::CallHost>(&effect)) {
    execute_call(*call);
  } else if (const auto* load = std::get_if<room::LoadDocument>(&effect)) {
    begin(output_, OutputKind::load_document).whole(number_of(load->ticket));
  } else if (auto* append = std::get_if<room::AppendUpdate>(&effect)) {
    ByteWriter writer = begin(output_, OutputKind::append_update);
    writer.whole(number_of(append->ticket));
    writer.reference(keep(std::move(append->update)));
  } else if (auto* compact = std::get_if<room::CompactDocument>(&effect)) {
    ByteWriter writer = begin(output_, OutputKind::compact_document);
    writer.whole(number_of(compact->ticket));
    writer.whole(static_cast<std::int64_t>(compact->last));
    writer.reference(keep(std::move(compact->snapshot)));
  } else if (auto* edited = std::get_if<room::EditDone>(&effect)) {
    const auto found = edits_.find(edited->number);
    later([done = std::move(found->second), result = std::move(edited->result)] {
      if (done) done(result);
    });
    edits_.erase(found);
  } else if (const auto* refused = std::get_if<room::Refused>(&effect)) {
    ByteWriter writer = begin(output_, OutputKind::refused);
    writer.text(refused->session.text());
    writer.text(room::refusal_reason_name(refused->reason));
  } else if (const auto* trouble = std::get_if<room::Trouble>(&effect)) {
    ByteWriter writer = begin(output_, OutputKind::trouble);
    writer.text(trouble->what);
    writer.text(trouble->message);
  } else if (const auto* changed = std::get_if<room::SessionChanged>(&effect)) {
    ByteWriter writer = begin(output_, OutputKind::session_changed);
    writer.u32(room::raw(changed->session));
    writer.text(room_->attachment(changed->session));
  } else if (std::holds_alternative<room::Finished>(effect)) {
    finished_ = true;
    begin(output_, OutputKind::finished);
  }
  // Ping: an object cannot send one.
}

// Until the host has read it.
std::string_view RoomModule::keep(std::string bytes) {
  kept_.push_back(std::make_shared<const std::string>(std::move(bytes)));
  return *kept_.back();
}

void RoomModule::execute_send(const room::Send& send) {
  ByteWriter writer = begin(output_, OutputKind::send);
  writer.text(effects_.view(send.frame));
  if (send.body != nullptr) kept_.push_back(send.body);
  writer.reference(send.body == nullptr ? std::string_view() : std::string_view(*send.body));
  writer.u32(send.body_at);
  writer.u32s(effects_.receivers_of(send));
}

// --- The application's code

void RoomModule::execute_call(room::CallHost& call) {
  const bool of_host =
      call.kind == room::HostCallKind::procedure
          ? call.procedure >= own_procedures_
          : (config_.listeners & std::uint32_t{1} << static_cast<std::uint32_t>(call.kind)) != 0;
  if (of_host) {
    write_call(call);
  } else if (call.kind == room::HostCallKind::procedure) {
    start_own_procedure(call);
  } else if (!call_own_listener(call)) {
    later([this, ticket = call.ticket] { run(room::HostReplied{ticket, nullptr}); });
  }
}

void RoomModule::write_call(const room::CallHost& call) {
  if (call.kind == room::HostCallKind::procedure) {
    ByteWriter writer = begin(output_, OutputKind::run_procedure);
    writer.whole(number_of(call.ticket));
    writer.text(definition_.procedures[call.procedure].name);
    writer.u8(call.broadcast_only ? 1 : 0);
    write_session(call.session);
    writer.text(effects_.view(call.data));
    return;
  }
  ByteWriter writer = begin(output_, OutputKind::call_listener);
  writer.whole(number_of(call.ticket));
  writer.u8(static_cast<std::uint8_t>(call.kind));
  write_session(call.session);
  writer.text(effects_.view(call.name));
  writer.text(effects_.view(call.data));
  std::uint32_t handle = 0;
  if (call.document != nullptr) {
    handle = next_document_++;
    documents_.emplace(handle, call.document);
  }
  writer.u32(handle);
}

void RoomModule::write_session(const room::SessionSnapshot& session) {
  ByteWriter writer(output_);
  writer.u8(session.valid ? 1 : 0);
  if (!session.valid) return;
  writer.text(session.id.text());
  writer.text(effects_.view(session.user_json));
  writer.text(effects_.view(session.presence_json));
}

room::ListenerEvent RoomModule::listener_event(room::CallHost& call) const {
  return room::ListenerEvent{.room = config_.room,
                             .has_session = call.session.valid,
                             .session = call.session.id,
                             .user = std::move(call.session.user),
                             .user_json = std::string(effects_.view(call.session.user_json)),
                             .context = std::move(call.context),
                             .name = std::string(effects_.view(call.name)),
                             .data = std::string(effects_.view(call.data)),
                             .document = std::move(call.document)};
}

// Puts off what a reply does to the end of the turn, unless the room has been forgotten by then.
std::function<void(std::function<void()>)> RoomModule::replier() {
  return [this, generation = generation_](std::function<void()> fn) {
    later([this, generation, fn = std::move(fn)] {
      if (room_ != nullptr && generation == generation_) fn();
    });
  };
}

// False when a reply is waited for that nobody will give.
bool RoomModule::call_own_listener(room::CallHost& call) {
  const room::Listeners& listeners = definition_.listeners;
  const auto tell = [&](const room::Listener& listener) {
    if (listener) listener(listener_event(call));
    return true;
  };
  switch (call.kind) {
    case room::HostCallKind::user_connected: return tell(listeners.on_user_connected);
    case room::HostCallKind::user_disconnected: return tell(listeners.on_user_disconnected);
    case room::HostCallKind::room_message: return tell(listeners.on_room_message);
    case room::HostCallKind::storage_updated: return tell(listeners.on_storage_updated);
    case room::HostCallKind::room_destroyed:
      if (!listeners.on_room_destroyed) return false;
      listeners.on_room_destroyed(
          listener_event(call), [this, reply = replier(), ticket = call.ticket] {
            reply([this, ticket] { run(room::HostReplied{ticket, nullptr}); });
          });
      return true;
    case room::HostCallKind::initial_storage:
      listeners.get_initial_storage(
          listener_event(call),
          [this, reply = replier(), ticket = call.ticket](Result<std::string> got) {
            reply([this, ticket, got = std::move(got)] {
              Result<room::DocumentLoaded::Document> loaded = room::DocumentLoaded::Document();
              if (!got.ok()) {
                loaded = got.error();
              } else if (!got.value().empty()) {
                loaded->updates.push_back(got.value());
              }
              run(room::DocumentLoaded{ticket, &loaded});
            });
          });
      return true;
    case room::HostCallKind::procedure: break;
  }
  return false;
}

void RoomModule::start_own_procedure(room::CallHost& call) {
  room::ProcedureStart start{
      .room = config_.room,
      .data = std::string(effects_.view(call.data)),
      .has_session = call.session.valid,
      .session = call.session.id,
      .user = std::move(call.session.user),
      .user_json = std::string(effects_.view(call.session.user_json)),
      .presence_json = std::string(effects_.view(call.session.presence_json)),
      .context = std::move(call.context),
      .broadcast_only = call.broadcast_only,
      .now = now_,
      .permissions = std::move(call.session.permissions)};
  definition_.procedures[call.procedure].start(
      std::move(start),
      [this, reply = replier(), ticket = call.ticket](Result<room::EventSink> result) {
        auto kept = std::make_shared<Result<room::EventSink>>(std::move(result));
        reply([this, ticket, kept] { run(room::HostReplied{ticket, kept.get()}); });
      });
}

// --- What is no effect of the room's

void RoomModule::write_wake() {
  std::int64_t wake_ms = room_ == nullptr ? 0 : room_wake_ms_;
  if (!timers_.empty() && (wake_ms == 0 || timers_.begin()->first < wake_ms)) {
    wake_ms = timers_.begin()->first;
  }
  if (wake_ms == told_wake_ms_) return;
  told_wake_ms_ = wake_ms;
  begin(output_, OutputKind::wake).whole(wake_ms);
}

void RoomModule::write_edit_done(std::uint64_t number, const Result<void>& result) {
  ByteWriter writer = begin(output_, OutputKind::edit_done);
  writer.whole(static_cast<std::int64_t>(number));
  writer.u8(result.ok() ? 1 : 0);
  writer.text(result.ok() ? std::string_view() : std::string_view(result.error().message));
}

void RoomModule::reject(std::string_view message) {
  begin(output_, OutputKind::rejected).text(message);
}

}  // namespace pluv::cloudflare
