// Custom events: procedures inside the step, procedures that wait, forwarding, and what the
// application's own server code sends.
#include <algorithm>

#include "room/room.h"
#include "room/session.h"

namespace pluv::room {

void Room::custom_event(SessionIndex index, const protocol::ClientMessage& message) {
  const std::size_t procedure = definition_.find_procedure(message.type);
  if (procedure != definition_.procedures.size()) {
    run_procedure(procedure, &index, message.data);
    return;
  }
  if (definition_.strict) {
    refuse(index, RefusalReason::unknown_event);
    send_error(index, "Unknown event");
    return;
  }
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_event(effects_->bytes, sender_of(index), name_, message.type, message.data);
  send_to_all(begin);
}

// sender null: the server's own broadcast of the procedure.
void Room::run_procedure(std::size_t at, const SessionIndex* sender, std::string_view data) {
  const Procedure& procedure = definition_.procedures[at];
  if (!procedure.run) {
    start_procedure(at, sender, data);
    return;
  }
  EventSink& events = effects_->scratch.events;
  events.clear();
  SessionView view;
  if (sender != nullptr) view = view_of(*sender);
  ProcedureCall call{.room = *this,
                     .data = data,
                     .session = sender != nullptr ? &view : nullptr,
                     .context = context_.get(),
                     .now = now_,
                     .broadcast_only = sender == nullptr,
                     .events = events};
  const Result<void> result = procedure.run(call);
  // What a handler has changed before it failed stays: there is no way back in a document.
  const bool edited = finish_edit(sender);
  if (!result.ok()) {
    if (sender != nullptr) procedure_failed(*sender, result.error());
    return;
  }
  if (sender == nullptr) {
    send_outputs(events, {}, nullptr, edited);
  } else {
    send_outputs(events, sender_of(*sender), sender, edited);
  }
}

void Room::start_procedure(std::size_t at, const SessionIndex* sender, std::string_view data) {
  const Ticket ticket{next_ticket_++};
  PendingCall pending;
  pending.ticket = ticket;
  CallHost call;
  call.ticket = ticket;
  call.kind = HostCallKind::procedure;
  call.procedure = static_cast<std::uint32_t>(at);
  call.broadcast_only = sender == nullptr;
  call.data = append_bytes(data);
  call.context = context_;
  if (sender != nullptr) {
    Session& self = session(*sender);
    self.waiting_for = ticket;
    call.session = snapshot(*sender);
    pending.has_session = true;
    pending.index = *sender;
    pending.session = self.id;
    pending.user_json = user_of(self).json;
  }
  pending_.push_back(std::move(pending));
  effects_->list.emplace_back(std::move(call));
}

void Room::host_replied(const HostReplied& reply) {
  if (state_ == State::destroying && reply.ticket == destroy_ticket_) {
    destroyed();
    return;
  }
  const auto at = std::find_if(pending_.begin(), pending_.end(), [&](const PendingCall& call) {
    return call.ticket == reply.ticket;
  });
  if (at == pending_.end() || reply.result == nullptr) return;
  const PendingCall call = std::move(*at);
  pending_.erase(at);

  const bool here = call.has_session && exists(call.index) &&
                    session(call.index).id == call.session &&
                    session(call.index).waiting_for == call.ticket;
  if (here) session(call.index).waiting_for = Ticket{};
  if (!reply.result->ok()) {
    if (here) procedure_failed(call.index, reply.result->error());
  } else {
    protocol::v5::Sender sender;
    if (call.has_session) sender = {call.session.text(), call.user_json};
    send_outputs(reply.result->value(), sender, here ? &call.index : nullptr, false);
  }
  if (here) release_waiting(call.index);
}

// self null: there is nobody (any more) whom "self" could reach.
void Room::send_outputs(const EventSink& events, const protocol::v5::Sender& sender,
                        const SessionIndex* self, bool edited) {
  for (const EventSink::Event& event : events.events()) {
    if (event.audience == Audience::self && self == nullptr) continue;
    const std::uint32_t begin = frame_begin();
    protocol::v5::append_event(effects_->bytes, sender, name_, events.name(event),
                               events.data(event));
    if (edited) {
      // They may speak of the edit, so they are shown with it.
      const bool to_self = event.audience == Audience::self;
      send_gated(to_self ? Whom::one : Whom::all, to_self ? self : nullptr, begin);
    } else if (event.audience == Audience::self) {
      send_to(*self, begin);
    } else {
      send_to_all(begin);
    }
  }
}

void Room::procedure_failed(SessionIndex index, const Error& error) {
  const bool input = error.code == ErrorCode::invalid || error.code == ErrorCode::limit;
  refuse(index, input ? RefusalReason::invalid_input : RefusalReason::handler_failed);
  if (definition_.detailed_errors) {
    send_error(index, error.message);
  } else {
    send_error(index, input ? "Invalid input" : "Internal error");
  }
}

void Room::server_broadcast(const ServerBroadcast& event) {
  const std::size_t procedure = definition_.find_procedure(event.name);
  if (procedure == definition_.procedures.size()) {
    server_emit({event.name, event.data});
    return;
  }
  if (order_.empty()) return;
  if (must_wait_for_document(protocol::MessageKind::custom)) {
    hold_broadcast(event);
    return;
  }
  run_procedure(procedure, nullptr, event.data);
}

void Room::server_emit(const ServerEmit& event) {
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_event(effects_->bytes, {}, name_, event.name, event.data);
  send_to_all(begin);
}

}  // namespace pluv::room
