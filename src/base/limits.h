// Every limit of the room server, with its unit and reason. Values, copied freely; a platform and
// its rooms share one set. Where a member says "0: off", nothing else does. The defaults are those
// of the protocol's section on limits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pluv {

// Of what a session may do (permissions.h): names, the bytes of one, and of all with the spaces
// between them. They lie in every session, and a token has room for little more.
inline constexpr std::size_t kPermissionsMax = 64;
inline constexpr std::size_t kPermissionNameBytesMax = 64;
inline constexpr std::size_t kPermissionsBytesMax = 2 * 1024;

struct Limits {
  // One message of a client, in bytes of JSON. Over it the session is closed with 1009.
  std::size_t message_bytes_max = 64 * 1024;
  // One $updateStorage: a paste of some megabytes in base64.
  std::size_t storage_update_bytes_max = 16 * 1024 * 1024;
  // $initializeSession and the "$initialized" update: they carry a whole document.
  std::size_t storage_first_bytes_max = 48 * 1024 * 1024;
  // All that a client may send before its registration is done: a join has nothing to say yet.
  std::size_t unregistered_bytes_max = 4 * 1024;
  // A room's document, encoded. An update that would make it larger is refused.
  std::size_t document_bytes_max = 30 * 1024 * 1024;
  // Updates of a room that its store has not taken yet; over it the store counts as failing. Nobody
  // is shown them, so they pile up for as long as the store stalls.
  std::size_t unsaved_bytes_max = 64 * 1024 * 1024;
  // What waits to be shown in a room until its store has taken what it shows. Over it, who joins is
  // answered only when that is done.
  std::size_t gated_bytes_max = 64 * 1024 * 1024;
  // A store that has failed for so long is given up: the room forgets what was not kept and sends
  // its sessions away for a while. Until then the append is tried again and again.
  std::int64_t store_retry_ms = 5'000;
  // A room's log is replaced by a snapshot once it has more bytes than the snapshot and than this,
  // or so many updates.
  std::size_t log_bytes_min = 128 * 1024;
  std::uint32_t log_updates_max = 5'000;
  // A room without sessions keeps its document in memory for so long, if a store has it, too.
  std::int64_t linger_ms = 30'000;
  // And all such rooms together take so much memory at most; of those of one event loop the one
  // that was left first goes first.
  std::size_t idle_documents_bytes_max = 256 * 1024 * 1024;
  // A client that was sent the document and does not answer hears of changes all the same after
  // this time.
  std::int64_t storage_answer_ms = 10'000;
  // A client whose update was refused is asked for its whole document, once in so long a time;
  // when it is refused again it is closed, or whole documents would go round in circles.
  std::int64_t resync_interval_ms = 60'000;
  // A presence as compact JSON: every change of it goes to everyone.
  std::size_t presence_bytes_max = 512;
  // A user object as compact JSON: it rides on every message.
  std::size_t user_bytes_max = 512;
  // A user id, in UTF-16 code units, as the original counts.
  std::size_t user_id_chars_max = 128;
  // A custom event's name, in bytes.
  std::size_t event_name_bytes_max = 64;
  // Sessions in one room.
  std::size_t sessions_per_room_max = 10'000;
  // Messages that a client may send a second, and at once; $getOthers counts as several in a room
  // of hundreds, and so does an update for each further message_bytes_max of its size. 0: off.
  std::uint32_t messages_per_second_max = 1'000;
  std::uint32_t messages_burst_max = 4'000;
  // Malformed messages that are ignored before the session is closed with 1008.
  std::uint32_t malformed_messages_max = 100;
  // Messages of one session that wait while its own handler is at work, and the bytes at which no
  // further one may wait: a whole document alone still does.
  std::size_t waiting_messages_max = 1'024;
  std::size_t waiting_bytes_max = 4 * 1024 * 1024;
  // A session silent for this long is dead: three of the client's heartbeats.
  std::int64_t silence_ms_max = 30'000;
  // The server pings a session that was silent for this long (browsers slow hidden tabs' timers to
  // one a minute, but answer a WebSocket ping at once).
  std::int64_t ping_after_ms = 12'000;
  // Garbage collection runs at least this often in a room that has sessions.
  std::int64_t garbage_collect_ms = 60'000;
  // Bytes queued for one session that its socket does not take; over it, with no progress for
  // queue_stall_ms, the session is closed with 1013. The frame in flight and the answer to the
  // join do not count.
  std::size_t queue_bytes_max = 1024 * 1024;
  std::int64_t queue_stall_ms = 10'000;
  // At this many queued bytes the session is closed at once: a room must not hold what nobody
  // reads.
  std::size_t queue_bytes_hard_max = 64 * 1024 * 1024;
  // A refusal for now holds the socket for a random time in this range before it closes with 1013:
  // the original's client has no backoff.
  std::int64_t pacing_ms_min = 1'000;
  std::int64_t pacing_ms_max = 5'000;
  // From the connection's start to the whole HTTP head, the WebSocket upgrade or the TLS handshake.
  std::int64_t handshake_ms_max = 10'000;
  // A socket that was sent a close frame is given this long to answer it.
  std::int64_t close_ms_max = 2'000;
  // Open connections of one client address, and of the process. 0: off.
  std::uint32_t connections_per_address_max = 2'000;
  std::uint32_t connections_max = 0;
  // Open connections of one authorized user, from all addresses. A browser opens at most 255 to a
  // server. 0: off.
  std::uint32_t connections_per_user_max = 256;
  // What the process may take of memory. Near it, documents that nobody uses are forgotten; then
  // joins are refused for now, and the sessions that hold the most are closed with 1013. 0: off.
  std::size_t memory_bytes_max = 0;
  // A busy room writes to its sessions at most once in (sessions * flush_us_per_session), so that
  // one system call carries several messages, and waits no longer than flush_interval_ms: the cost
  // of fan-out stays bounded (some 2,500 system calls a second and room) and so does the delay. It
  // saves its document in the same way, since what is not saved is not shown. A room at rest, one
  // of one or two sessions, and one that waited for nothing (write_pacing.h) writes at once. 0:
  // off.
  std::int64_t flush_interval_ms = 20;
  std::int64_t flush_us_per_session = 400;

  // A message with a document at its limit: base64, and some JSON around it. A client that joins is
  // sent it, and sends it back: storage_first_bytes_max and queue_bytes_hard_max must not be less,
  // or a room may fill up until nobody can join it.
  [[nodiscard]] std::size_t document_message_bytes_max() const noexcept {
    constexpr std::size_t kAroundBytes = 64 * 1024;
    return message_bytes_of_document(document_bytes_max) + kAroundBytes;
  }
  [[nodiscard]] static std::size_t message_bytes_of_document(std::size_t document) noexcept {
    return document / 3 * 4 + 4;
  }
  // How long a room of so many sessions waits after it has written to them, or to its store.
  [[nodiscard]] std::int64_t flush_wait_ms(std::size_t sessions) const noexcept {
    const std::int64_t wait_us = static_cast<std::int64_t>(sessions) * flush_us_per_session;
    return wait_us / 1'000 < flush_interval_ms ? wait_us / 1'000 : flush_interval_ms;
  }
};

}  // namespace pluv
