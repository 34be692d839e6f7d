// What passes between a room's module and its host, as bytes (byte_coding.h). The host's half is
// platform-cloudflare/src/wire.ts: the numbers here are the numbers there. A change of either is a
// change of kWireVersion, so that a module of another release is refused instead of misread.
//
// Inputs: a point in time (unix ms), a kind, and its fields:
//   opened            u32 index, session id, user id, user JSON (empty: null), permissions
//   restored          u32 index, attachment, ms since it was heard of
//   message           u32 index, text
//   heard, closed     u32 index
//   woke              -
//   procedure_done    ticket, u8 ok; ok: u32 count, each (u8 audience, name, data); else an error
//   listener_done     ticket
//   document_loaded   ticket, u8 ok; ok: u32 count, updates, last, u8 has_snapshot; else an error
//   persisted         ticket, u8 ok; ok: number; else an error
//   broadcast, emit   name, data
//   apply_update      number, update
//   evict             session id
//   evict_all, collect_garbage  -
// Outputs: effects, each a kind and its fields, to the end:
//   send              text, @body, u32 place of the body in the text, u32 count, u32 indexes
//   close             u32 index, u32 code, reason, u8 paced
//   wake              point in time at which woke is to come; 0: none (replaces the one before)
//   run_procedure     ticket, name, u8 broadcast_only, session, data
//   call_listener     ticket (0: no reply), u8 HostCallKind, session, name, data, u32 document
//   load_document     ticket
//   append_update     ticket, @update
//   compact_document  ticket, last, @snapshot
//   edit_done         number, u8 ok, error
//   refused           session id, reason
//   trouble           what, message
//   session_changed   u32 index, attachment
//   finished          -
//   rejected          message: the input (opened, broadcast, emit) was not taken
// @: u32 size, u32 address in the module's memory, where the bytes stay until the next input
// session: u8 valid; valid: id, user JSON, presence JSON (each empty: null)
#pragma once

#include <cstdint>

namespace pluv::cloudflare {

inline constexpr std::uint32_t kWireVersion = 2;

enum class InputKind : std::uint8_t {
  opened = 1,
  restored = 2,
  message = 3,
  heard = 4,
  closed = 5,
  woke = 6,
  procedure_done = 7,
  listener_done = 8,
  document_loaded = 9,
  persisted = 10,
  broadcast = 11,
  emit = 12,
  apply_update = 13,
  evict = 14,
  evict_all = 15,
  collect_garbage = 16,
};

enum class OutputKind : std::uint8_t {
  send = 1,
  close = 2,
  wake = 3,
  run_procedure = 4,
  call_listener = 5,
  load_document = 6,
  append_update = 7,
  compact_document = 8,
  edit_done = 9,
  refused = 10,
  trouble = 11,
  session_changed = 12,
  finished = 13,
  rejected = 14,
};

}  // namespace pluv::cloudflare
