// What the host tells a module once, when it makes it: the room, what the host listens to, its own
// procedures, limits.
#include <array>
#include <cmath>
#include <utility>

#include "base/ids.h"
#include "platform/cloudflare/room_module.h"

namespace pluv::cloudflare {
namespace {

struct NamedLimit {
  std::string_view name;
  void (*set)(Limits& limits, double value);
};

template <auto kMember>
constexpr void set_limit(Limits& limits, double value) {
  auto& member = limits.*kMember;
  member = static_cast<std::remove_cvref_t<decltype(member)>>(value);
}

// The limits that mean something inside an object.
constexpr std::array kLimits = {
    NamedLimit{"messageBytesMax", set_limit<&Limits::message_bytes_max>},
    NamedLimit{"storageUpdateBytesMax", set_limit<&Limits::storage_update_bytes_max>},
    NamedLimit{"storageFirstBytesMax", set_limit<&Limits::storage_first_bytes_max>},
    NamedLimit{"unregisteredBytesMax", set_limit<&Limits::unregistered_bytes_max>},
    NamedLimit{"documentBytesMax", set_limit<&Limits::document_bytes_max>},
    NamedLimit{"logBytesMin", set_limit<&Limits::log_bytes_min>},
    NamedLimit{"logUpdatesMax", set_limit<&Limits::log_updates_max>},
    NamedLimit{"storeRetryMs", set_limit<&Limits::store_retry_ms>},
    NamedLimit{"resyncIntervalMs", set_limit<&Limits::resync_interval_ms>},
    NamedLimit{"storageAnswerMs", set_limit<&Limits::storage_answer_ms>},
    NamedLimit{"presenceBytesMax", set_limit<&Limits::presence_bytes_max>},
    NamedLimit{"eventNameBytesMax", set_limit<&Limits::event_name_bytes_max>},
    NamedLimit{"sessionsPerRoomMax", set_limit<&Limits::sessions_per_room_max>},
    NamedLimit{"messagesPerSecondMax", set_limit<&Limits::messages_per_second_max>},
    NamedLimit{"messagesBurstMax", set_limit<&Limits::messages_burst_max>},
    NamedLimit{"malformedMessagesMax", set_limit<&Limits::malformed_messages_max>},
    NamedLimit{"waitingMessagesMax", set_limit<&Limits::waiting_messages_max>},
    NamedLimit{"waitingBytesMax", set_limit<&Limits::waiting_bytes_max>},
    NamedLimit{"silenceMsMax", set_limit<&Limits::silence_ms_max>},
    NamedLimit{"garbageCollectMs", set_limit<&Limits::garbage_collect_ms>},
};

// Limits whose defaults another platform would not choose.
void set_platform_limits(Limits& limits) {
  // The object's own storage has an append when the call returns, and the runtime holds back what
  // is sent until it is safe: there is nothing to wait for.
  limits.flush_interval_ms = 0;
  // A document without sessions is a row away; keeping it would keep the object from being evicted.
  limits.linger_ms = 1;
  // An object cannot send WebSocket pings, and a hidden tab sends one a minute. Whoever is really
  // gone is told of by the runtime; this is for what it misses.
  limits.silence_ms_max = 150'000;
  limits.ping_after_ms = limits.silence_ms_max;
  limits.garbage_collect_ms = 300'000;
  // An object has 128 MiB for everything, and a join takes some 15 times its document while it is
  // at work.
  limits.document_bytes_max = 5 * 1024 * 1024;
  limits.storage_first_bytes_max = 0;  // follows the document's
  limits.storage_update_bytes_max = 0;
}

// Those of messages that were not given follow from the document's. Somebody's own copy may be a
// little larger than what the room has.
Result<void> fit_messages(Limits& limits) {
  const std::size_t needed = limits.document_message_bytes_max();
  if (limits.storage_first_bytes_max == 0) limits.storage_first_bytes_max = needed / 4 * 5;
  if (limits.storage_update_bytes_max == 0) limits.storage_update_bytes_max = needed;
  if (limits.storage_first_bytes_max >= needed) return {};
  return Error{ErrorCode::invalid, "limits.storageFirstBytesMax must be " + std::to_string(needed) +
                                       " at least for this documentBytesMax, which travels as "
                                       "base64: nobody could join a full room"};
}

const NamedLimit* find_limit(std::string_view name) {
  for (const NamedLimit& limit : kLimits) {
    if (limit.name == name) return &limit;
  }
  return nullptr;
}

Result<void> read_limits(ByteReader& reader, Limits& limits) {
  for (std::uint32_t count = reader.u32(); count > 0; --count) {
    const std::string_view name = reader.text();
    const double value = reader.real();
    const NamedLimit* const found = find_limit(name);
    if (found == nullptr) {
      return Error{ErrorCode::invalid, "limits." + std::string(name) + " is not known"};
    }
    if (!(value >= 0 && value <= 4'294'967'295.0) || std::floor(value) != value) {
      return Error{ErrorCode::invalid,
                   "limits." + std::string(name) + " must be a whole number from 0 to 2^32-1"};
    }
    found->set(limits, value);
  }
  limits.ping_after_ms = limits.silence_ms_max;
  return fit_messages(limits);
}

}  // namespace

// room; u32 low, u32 high of the seed; u8 authorizes, documents, has_store, strict,
// detailed_errors; u32 listeners; u32 count, names of the host's procedures; u32 count, (name,
// number) of limits.
Result<RoomModule::Config> RoomModule::read_config(std::string_view bytes,
                                                   room::Definition& definition) {
  ByteReader reader(bytes);
  Config config;
  config.room = reader.text();
  if (!is_room_id(config.room)) return Error{ErrorCode::invalid, "Unsupported room name"};
  config.seed = reader.u32();
  config.seed |= static_cast<std::uint64_t>(reader.u32()) << 32;
  config.authorizes = reader.u8() != 0;
  if (reader.u8() == 0) definition.storage = nullptr;
  definition.has_store = reader.u8() != 0 && definition.storage != nullptr;
  definition.strict = reader.u8() != 0 || definition.strict;
  definition.detailed_errors = reader.u8() != 0;
  config.listeners = reader.u32();
  for (std::uint32_t count = reader.u32(); count > 0; --count) {
    config.procedures.emplace_back(reader.text());
    if (definition.find_procedure(config.procedures.back()) < definition.procedures.size()) {
      return Error{ErrorCode::invalid, "The module has a procedure " + config.procedures.back() +
                                           " already: the router must not have it"};
    }
  }
  set_platform_limits(definition.limits);
  if (Result<void> read = read_limits(reader, definition.limits); !read.ok()) {
    return std::move(read).error();
  }
  PLUV_ASSERT(reader.at_end());
  return config;
}

}  // namespace pluv::cloudflare
