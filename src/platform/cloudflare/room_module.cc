// Inputs: what the host tells the module, and the turn that each begins.
#include "platform/cloudflare/room_module.h"

#include <utility>

#include "base/free_memory.h"
#include "base/ids.h"
#include "pluv/ycrdt.h"
#include "room/attachment.h"

namespace pluv::cloudflare {
namespace {

room::SessionIndex read_index(ByteReader& input) { return room::SessionIndex{input.u32()}; }

room::Ticket read_ticket(ByteReader& input) {
  return room::Ticket{static_cast<std::uint64_t>(input.whole())};
}

Error read_error(ByteReader& input) {
  return Error{ErrorCode::unavailable, std::string(input.text())};
}

constexpr std::uint32_t bit_of(room::HostCallKind kind) {
  return std::uint32_t{1} << static_cast<std::uint32_t>(kind);
}

// The room asks only for what somebody listens to: what the host does is not in the definition.
void add_host_listeners(room::Listeners& listeners, std::uint32_t wanted) {
  const auto wants = [wanted](room::HostCallKind kind) { return (wanted & bit_of(kind)) != 0; };
  const room::Listener host = [](const room::ListenerEvent&) {};
  if (wants(room::HostCallKind::user_connected)) listeners.on_user_connected = host;
  if (wants(room::HostCallKind::user_disconnected)) listeners.on_user_disconnected = host;
  if (wants(room::HostCallKind::room_message)) listeners.on_room_message = host;
  if (wants(room::HostCallKind::storage_updated)) listeners.on_storage_updated = host;
  if (wants(room::HostCallKind::initial_storage)) {
    listeners.get_initial_storage = [](const room::ListenerEvent&,
                                       const room::InitialStorageDone&) {};
  }
  if (wants(room::HostCallKind::room_destroyed)) {
    listeners.on_room_destroyed = [](const room::ListenerEvent&, const room::ListenerDone&) {};
  }
}

}  // namespace

Result<std::unique_ptr<RoomModule>> RoomModule::make(std::shared_ptr<detail::Core> core,
                                                     std::string_view config) {
  room::Definition definition = core->definition();
  Result<Config> read = read_config(config, definition);
  if (!read.ok()) return std::move(read).error();
  if (core->authorizer() != nullptr && !read->authorizes) {
    return Error{ErrorCode::invalid,
                 "The module's server has a user type, so the object needs `authorize`"};
  }
  return std::unique_ptr<RoomModule>(
      new RoomModule(std::move(core), std::move(*read), std::move(definition)));
}

RoomModule::RoomModule(std::shared_ptr<detail::Core> core, Config config,
                       room::Definition definition)
    : core_(std::move(core)),
      config_(std::move(config)),
      definition_(std::move(definition)),
      own_procedures_(definition_.procedures.size()) {
  definition_.hibernates = true;
  add_host_listeners(definition_.listeners, config_.listeners);
  for (const std::string& name : config_.procedures) {
    room::Procedure procedure;
    procedure.name = name;
    procedure.start = [](const room::ProcedureStart&, const room::ProcedureDone&) {};
    definition_.procedures.push_back(std::move(procedure));
  }
  definition_.freeze();
  core_->attach(*this);
}

room::Room& RoomModule::live_room() {
  if (room_ == nullptr) {
    ++generation_;
    room_wake_ms_ = 0;
    // Each time another number, for what the room itself writes into documents.
    room_ = std::make_unique<room::Room>(config_.room, definition_, config_.seed + generation_);
  }
  return *room_;
}

std::string_view RoomModule::step(std::string_view input) {
  output_.clear();
  kept_.clear();
  ByteReader reader(input);
  const std::int64_t unix_ms = reader.whole();
  // A steady clock that survives the loss of memory: the wall's, as long as that does not go back.
  now_ = {.steady_ms = std::max(unix_ms, now_.steady_ms), .unix_ms = unix_ms};
  handle(reader);
  PLUV_ASSERT(reader.at_end());
  run_later();
  write_wake();
  return output_;
}

void RoomModule::handle(ByteReader& input) {
  const auto kind = static_cast<InputKind>(input.u8());
  switch (kind) {
    case InputKind::opened: handle_opened(input); return;
    case InputKind::restored: handle_restored(input); return;
    case InputKind::message: {
      const room::SessionIndex index = read_index(input);
      run(room::Message{index, input.text()});
      return;
    }
    case InputKind::heard: run(room::Heard{read_index(input)}); return;
    case InputKind::closed: run(room::Closed{read_index(input)}); return;
    case InputKind::woke: handle_woke(); return;
    case InputKind::procedure_done: handle_procedure_done(input); return;
    case InputKind::listener_done: run(room::HostReplied{read_ticket(input), nullptr}); return;
    case InputKind::document_loaded: handle_document_loaded(input); return;
    case InputKind::persisted: handle_persisted(input); return;
    case InputKind::broadcast:
    case InputKind::emit: handle_server_event(kind, input); return;
    case InputKind::apply_update: handle_apply_update(input); return;
    case InputKind::evict: {
      const std::optional<SessionId> id = SessionId::parse(input.text());
      if (id) run(room::Evict{*id});
      return;
    }
    case InputKind::evict_all: run(room::EvictAll{}); return;
    case InputKind::collect_garbage: run(room::CollectGarbage{}); return;
  }
  PLUV_ASSERT(false);
}

// The application's user type of that JSON, which becomes what others see of the user.
Result<std::shared_ptr<const void>> RoomModule::user_of(std::string_view& user_json,
                                                        std::string& kept) const {
  const std::shared_ptr<const detail::Authorizer> authorizer = core_->authorizer();
  if (authorizer == nullptr || user_json.empty()) return std::shared_ptr<const void>();
  Result<detail::ParsedUser> parsed = authorizer->parse_user(user_json);
  if (!parsed.ok()) return std::move(parsed).error();
  kept = std::move(parsed->json);
  user_json = kept;
  return std::move(parsed->user);
}

void RoomModule::handle_opened(ByteReader& input) {
  const room::SessionIndex index = read_index(input);
  const std::optional<SessionId> id = SessionId::parse(input.text());
  PLUV_ASSERT(id.has_value());
  const std::string_view user_id = input.text();
  std::string_view user_json = input.text();
  const std::string_view permissions = input.text();
  std::string kept;
  Result<std::shared_ptr<const void>> user = user_of(user_json, kept);
  if (!user.ok()) {
    reject(user.error().message);
    return;
  }
  run(room::Opened{.index = index,
                   .id = *id,
                   .user_id = user_id,
                   .user_json = user_json,
                   .user = std::move(*user),
                   .permissions = permissions});
}

void RoomModule::handle_restored(ByteReader& input) {
  const room::SessionIndex index = read_index(input);
  const std::string_view attachment = input.text();
  const std::int64_t silent_ms = input.whole();
  std::shared_ptr<const void> user;
  if (const Result<room::Attachment> read = room::read_attachment(attachment); read.ok()) {
    std::string_view user_json = read->user.text;
    std::string kept;
    // It was good when it came; a newer module may think otherwise, and then has no user of it.
    if (Result<std::shared_ptr<const void>> found = user_of(user_json, kept); found.ok()) {
      user = std::move(*found);
    }
  }
  run(room::Restored{index, attachment, std::move(user), silent_ms});
}

void RoomModule::handle_procedure_done(ByteReader& input) {
  const room::Ticket ticket = read_ticket(input);
  Result<room::EventSink> result = room::EventSink();
  if (input.u8() != 0) {
    for (std::uint32_t count = input.u32(); count > 0; --count) {
      const auto audience = static_cast<room::Audience>(input.u8());
      const std::string_view name = input.text();
      result->emit(audience, name, input.text());
    }
  } else {
    result = Error{ErrorCode::internal, std::string(input.text())};
  }
  run(room::HostReplied{ticket, &result});
}

void RoomModule::handle_document_loaded(ByteReader& input) {
  const room::Ticket ticket = read_ticket(input);
  Result<room::DocumentLoaded::Document> loaded = room::DocumentLoaded::Document();
  if (input.u8() != 0) {
    for (std::uint32_t count = input.u32(); count > 0; --count) {
      loaded->updates.emplace_back(input.text());
    }
    loaded->last = static_cast<std::uint64_t>(input.whole());
    loaded->has_snapshot = input.u8() != 0;
  } else {
    loaded = read_error(input);
  }
  run(room::DocumentLoaded{ticket, &loaded});
}

void RoomModule::handle_persisted(ByteReader& input) {
  const room::Ticket ticket = read_ticket(input);
  Result<std::uint64_t> number = std::uint64_t{0};
  if (input.u8() != 0) {
    number = static_cast<std::uint64_t>(input.whole());
  } else {
    number = read_error(input);
  }
  run(room::Persisted{ticket, &number});
}

void RoomModule::handle_server_event(InputKind kind, ByteReader& input) {
  const std::string_view name = input.text();
  const std::string_view data = input.text();
  const std::size_t at = definition_.find_procedure(name);
  const bool is_host_procedure = at >= own_procedures_ && at < definition_.procedures.size();
  const Result<void> good = kind == InputKind::emit || is_host_procedure
                                ? core_->check_emit(name, data)
                                : core_->check_broadcast(name, data);
  if (!good.ok()) {
    reject(good.error().message);
  } else if (room_ != nullptr && kind == InputKind::emit) {
    run(room::ServerEmit{name, data});
  } else if (room_ != nullptr) {
    run(room::ServerBroadcast{name, data});
  }
}

// The room may keep the edit until its document is loaded.
void RoomModule::handle_apply_update(ByteReader& input) {
  const auto number = static_cast<std::uint64_t>(input.whole());
  auto applied = std::make_shared<Result<void>>();
  edits_.emplace(number, [this, number, applied](Result<void> kept) {
    write_edit_done(number, applied->ok() ? kept : *applied);
  });
  const std::function<void(void*)> edit = [update = std::string(input.text()),
                                           applied](void* document) {
    *applied = static_cast<ycrdt::Doc*>(document)->apply_update(update);
  };
  run(room::EditDocument{number, &edit});
}

void RoomModule::handle_woke() {
  told_wake_ms_ = 0;
  while (!timers_.empty() && timers_.begin()->first <= now_.steady_ms) {
    auto due = timers_.extract(timers_.begin());
    later(std::move(due.mapped()));
  }
  if (room_wake_ms_ != 0 && room_wake_ms_ <= now_.steady_ms) {
    room_wake_ms_ = 0;
    run(room::Woke{});
  }
}

// One step of the room, and what it wants.
void RoomModule::run(const room::Input& input) {
  PLUV_ASSERT(!stepping_);
  stepping_ = true;
  finished_ = false;
  live_room().step(input, now_, effects_);
  execute();
  effects_.clear();
  stepping_ = false;
  if (finished_) room_.reset();
}

// What C++ code asked for while it ran: never inside a step.
void RoomModule::run_later() {
  while (!later_.empty()) {
    const std::function<void()> fn = std::move(later_.front());
    later_.pop_front();
    fn();
  }
}

std::string_view RoomModule::document(std::uint32_t handle) {
  free_memory(encoded_);
  const auto found = documents_.find(handle);
  if (found != documents_.end() && !found->second->empty()) encoded_ = found->second->encode();
  return encoded_;
}

std::size_t RoomModule::message_bytes_max(std::uint32_t index) const {
  return room_ == nullptr ? definition_.limits.unregistered_bytes_max
                          : room_->message_bytes_max(room::SessionIndex{index});
}

bool RoomModule::may_hibernate() const {
  return timers_.empty() && (room_ == nullptr || room_->may_hibernate());
}

// --- Of the server's own C++ code

void RoomModule::feed(const room::Input& input) {
  if (const auto* event = std::get_if<room::ServerBroadcast>(&input)) {
    later([this, name = std::string(event->name), data = std::string(event->data)] {
      if (room_ != nullptr) run(room::ServerBroadcast{name, data});
    });
  } else if (const auto* emitted = std::get_if<room::ServerEmit>(&input)) {
    later([this, name = std::string(emitted->name), data = std::string(emitted->data)] {
      if (room_ != nullptr) run(room::ServerEmit{name, data});
    });
  } else if (const auto* evicted = std::get_if<room::Evict>(&input)) {
    later([this, id = evicted->id] {
      if (room_ != nullptr) run(room::Evict{id});
    });
  } else if (const auto* whose = std::get_if<room::EvictUser>(&input)) {
    later([this, id = std::string(whose->user_id)] {
      if (room_ != nullptr) run(room::EvictUser{id});
    });
  } else if (const auto* given = std::get_if<room::SetPermissions>(&input)) {
    later([this, id = std::string(given->user_id), permissions = std::string(given->permissions)] {
      if (room_ != nullptr) run(room::SetPermissions{.user_id = id, .permissions = permissions});
    });
  } else if (const auto* revoked = std::get_if<room::Revoke>(&input)) {
    later([this, id = std::string(revoked->user_id)] {
      if (room_ != nullptr) run(room::Revoke{id});
    });
  } else if (std::holds_alternative<room::EvictAll>(input)) {
    later([this] {
      if (room_ != nullptr) run(room::EvictAll{});
    });
  } else {
    PLUV_ASSERT(std::holds_alternative<room::CollectGarbage>(input));
    garbage_collect({});
  }
}

void RoomModule::post(std::string_view, std::function<void()> fn) { later(std::move(fn)); }

void RoomModule::post_after(std::chrono::milliseconds delay, std::function<void()> fn) {
  timers_.emplace(now_.steady_ms + delay.count(), std::move(fn));
}

void RoomModule::garbage_collect(std::string_view) {
  later([this] {
    if (room_ != nullptr) run(room::CollectGarbage{});
  });
}

void RoomModule::edit(std::string_view, std::function<void(void*)> fn,
                      std::function<void(Result<void>)> done) {
  later([this, fn = std::move(fn), done = std::move(done)] {
    const std::uint64_t number = next_edit_++;
    edits_.emplace(number, done);
    run(room::EditDocument{number, &fn});
  });
}

}  // namespace pluv::cloudflare
