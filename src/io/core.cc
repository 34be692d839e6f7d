// The server behind the typed headers, as far as it is the same on every platform: one room
// definition, and the checks of what server code says.
#include "pluv/detail/core.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/permissions.h"
#include "io/core_state.h"
#include "pluv/detail/exceptions.h"
#include "pluv/schema.h"

namespace pluv::detail {
namespace {

room::Definition make_definition(CoreConfig& config) {
  room::Definition definition;
  for (ProcedureEntry& entry : config.procedures) definition.procedures.push_back(entry.procedure);
  definition.listeners = config.listeners;
  definition.make_context = config.make_context;
  definition.storage = config.storage;
  definition.limits = config.limits;
  definition.strict = config.strict;
  definition.freeze();
  return definition;
}

Result<void> check_name(std::string_view name, std::size_t bytes_max) {
  if (name.empty()) return Error{ErrorCode::invalid, "An event's name must not be empty"};
  if (name.find('$') != std::string_view::npos) {
    return Error{ErrorCode::invalid, "An event's name must not contain $"};
  }
  if (name.size() > bytes_max) return Error{ErrorCode::limit, "Event name is too long"};
  return {};
}

}  // namespace

void check_limits(const Limits& limits) {
  const std::size_t needed = limits.document_message_bytes_max();
  if (limits.storage_first_bytes_max >= needed && limits.queue_bytes_hard_max >= needed) return;
  raise<std::invalid_argument>(
      "pluv: limits.storage_first_bytes_max and limits.queue_bytes_hard_max must be " +
      std::to_string(needed) +
      " at least for this document_bytes_max, which travels as base64: nobody could join a full "
      "room");
}

Core::State::State(CoreConfig config, std::shared_ptr<Runtime> shared_runtime)
    : authorizer(std::move(config.authorizer)),
      definition(make_definition(config)),
      persistence(std::move(config.persistence)),
      describe(std::move(config.describe)),
      debug(config.debug),
      runtime(std::move(shared_runtime)) {
  procedures = std::move(config.procedures);  // of which the definition has copies
}

const room::Definition& Core::definition() const noexcept { return state_->definition; }

std::shared_ptr<const Authorizer> Core::authorizer() const noexcept { return state_->authorizer; }

Api Core::describe() const { return state_->describe ? state_->describe() : Api(); }

Runtime& Core::runtime() const noexcept { return *state_->runtime; }

void Core::require_room_id(std::string_view room) {
  if (!is_room_id(room)) raise<std::invalid_argument>("Unsupported room name");
}

Result<void> Core::check_emit(std::string_view name, std::string_view data) const {
  Result<void> named = check_name(name, state_->definition.limits.event_name_bytes_max);
  if (!named.ok()) return named;
  return data == "null" ? Result<void>() : require_object(data);
}

Result<void> Core::check_broadcast(std::string_view name, std::string_view data) const {
  Result<void> good = check_emit(name, data);
  if (!good.ok()) return good;
  const std::size_t at = state_->definition.find_procedure(name);
  if (at == state_->definition.procedures.size()) return {};
  const ProcedureEntry& entry = state_->procedures[at];
  if (!entry.has_broadcast) {
    return Error{ErrorCode::conflict, "The procedure has no broadcast resolver"};
  }
  return entry.check_input(data);
}

void Core::set_permissions(std::string_view room, std::string_view user,
                           const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    // Before a space in one would make two of it.
    if (!Permissions::is_name(name)) {
      raise<std::invalid_argument>("pluv: a permission's name is not allowed: " + name);
    }
    if (!text.empty()) text += ' ';
    text += name;
  }
  const Result<Permissions> permissions = Permissions::parse(text);
  if (!permissions.ok()) raise<std::invalid_argument>("pluv: " + permissions.error().message);
  set_permissions_text(room, user, permissions->text());
}

void Core::edit(std::string_view room, std::function<void(ycrdt::Doc&)> fn,
                std::function<void(Result<void>)> done) {
  state_->runtime->edit(room, std::move(fn), std::move(done));
}

}  // namespace pluv::detail
