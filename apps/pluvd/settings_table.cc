#include <array>
#include <limits>

#include "apps/pluvd/settings.h"

namespace pluv::apps {
namespace {

using enum SettingKind;

constexpr std::int64_t kSizeMax = std::int64_t{1} << 40;
constexpr std::int64_t kMessageMax = std::int64_t{1} << 30;
constexpr std::int64_t kDurationMax = std::int64_t{24} * 3'600'000;
constexpr std::int64_t kHistoryMax = std::int64_t{366} * kDurationMax;
constexpr std::int64_t kCountMax = 1'000'000'000;

constexpr std::string_view kServer = "Server";
constexpr std::string_view kStorage = "Documents";
constexpr std::string_view kAccess = "Access";
constexpr std::string_view kLogs = "Logs and metrics";
constexpr std::string_view kLimits = "Limits";

constexpr std::array kTable = {
    Setting{"host", "host", "PLUV_HOST", kServer, text, &Settings::host, "ADDRESS",
            "Address to listen on: an IP address or localhost; 0.0.0.0 or :: for all"},
    Setting{"port", "port", "PLUV_PORT", kServer, count, &Settings::port, "PORT",
            "Port to listen on; 0 takes any free one", 0, 65'535},
    Setting{"threads", "threads", "PLUV_THREADS", kServer, count, &Settings::threads, "N",
            "Event loops; 0 makes one a core", 0, 1'024},
    Setting{"deflate", "deflate", "PLUV_DEFLATE", kServer, on_off, &Settings::deflate, "",
            "Compress messages for clients that offer it (permessage-deflate)"},
    Setting{"tls-cert", "tls_cert", "PLUV_TLS_CERT", kServer, text, &Settings::tls_cert, "FILE",
            "Certificate chain in PEM; with tls-key, pluvd speaks https and wss"},
    Setting{"tls-key", "tls_key", "PLUV_TLS_KEY", kServer, text, &Settings::tls_key, "FILE",
            "Private key of the certificate in PEM"},
    Setting{"handover", "handover", "PLUV_HANDOVER", kServer, text, &Settings::handover, "PATH",
            "Unix socket by which a starting pluvd takes the listening socket over from a running "
            "one"},
    Setting{"drain-window", "drain_window", "PLUV_DRAIN_WINDOW", kServer, duration,
            &Settings::drain_window_ms, "TIME",
            "When stopping, spread the closing of connections over this time", 0, kDurationMax},
    Setting{"drain-deadline", "drain_deadline", "PLUV_DRAIN_DEADLINE", kServer, duration,
            &Settings::drain_deadline_ms, "TIME",
            "When stopping, cut what is still connected after this time", 1, kDurationMax},

    Setting{"data", "data", "PLUV_DATA", kStorage, text, &Settings::data, "DIR",
            "Folder of the documents' file, pluv.sqlite, made when it is missing"},
    Setting{"storage", "storage", "PLUV_STORAGE", kStorage, choice, &Settings::storage,
            "sqlite|memory",
            "Where documents are: in the file, or in memory, where they end with their room"},
    Setting{"durability", "durability", "PLUV_DURABILITY", kStorage, choice, &Settings::durability,
            "process|strict|none",
            "What has happened to an edit before others see it: written (a killed pluvd loses "
            "nothing, a power cut the last second), synced to the disk, or nothing yet"},
    Setting{"history", "history", "PLUV_HISTORY", kStorage, duration, &Settings::history_ms, "TIME",
            "How long replaced updates of documents are kept, to restore from; 0: not at all", 0,
            kHistoryMax},

    Setting{"dev", "dev", "PLUV_DEV", kAccess, on_off, &Settings::dev, "",
            "Development mode: loopback only, no tokens unless auth is set, demo events, a start "
            "page, no limits per address"},
    Setting{"auth", "auth", "PLUV_AUTH", kAccess, on_off, &Settings::auth, "",
            "Ask for tokens in development mode too; elsewhere they always are"},
    Setting{"secret", "secret", "PLUV_AUTH_SECRET", kAccess, secrets, &Settings::secrets, "SECRET",
            "Secret that tokens are made with; repeatable, the newest first: it signs, all are "
            "accepted"},
    Setting{"secret-file", "secret_file", "PLUV_AUTH_SECRET_FILE", kAccess, text,
            &Settings::secret_file, "FILE",
            "File with secrets, one a line, newest first; they follow those of secret"},
    Setting{"origin", "origin", "PLUV_ORIGIN", kAccess, list, &Settings::origins, "ORIGIN",
            "Web origin that may open rooms, such as https://app.example.com or "
            "https://*.example.com; repeatable; none: any"},
    Setting{"cors-origin", "cors_origin", "PLUV_CORS_ORIGIN", kAccess, list,
            &Settings::cors_origins, "ORIGIN",
            "Web origin whose pages may read the HTTP routes; repeatable, * for any; in "
            "development mode any may"},
    Setting{"trusted-proxy", "trusted_proxy", "PLUV_TRUSTED_PROXY", kAccess, list,
            &Settings::trusted_proxies, "CIDR",
            "Network of reverse proxies whose X-Forwarded-For is believed; repeatable"},
    Setting{"strict", "strict", "PLUV_STRICT", kAccess, on_off, &Settings::strict, "",
            "Refuse events that no procedure handles instead of forwarding them to the room"},
    Setting{"demo", "demo", "PLUV_DEMO", kAccess, on_off, &Settings::demo, "",
            "Register the demo events sendMessage, doubleValue, wave and react; development mode "
            "always does"},

    Setting{"log-level", "log_level", "PLUV_LOG_LEVEL", kLogs, choice, &Settings::log_level,
            "debug|info|warn|error|off", "Least important lines to log"},
    Setting{"log-format", "log_format", "PLUV_LOG_FORMAT", kLogs, choice, &Settings::log_format,
            "text|json", "Lines for people, or one JSON object a line; both go to stderr"},
    Setting{"metrics", "metrics", "PLUV_METRICS", kLogs, on_off, &Settings::metrics, "",
            "Serve /metrics in Prometheus' text form"},
    Setting{"metrics-token", "metrics_token", "PLUV_METRICS_TOKEN", kLogs, secret,
            &Settings::metrics_token, "TOKEN",
            "Ask for this bearer token at /metrics; without one anybody who reaches the port may "
            "read it"},
    Setting{"metrics-token-file", "metrics_token_file", "PLUV_METRICS_TOKEN_FILE", kLogs, text,
            &Settings::metrics_token_file, "FILE", "File with that token instead"},
    Setting{"inspector", "inspector", "PLUV_INSPECTOR", kLogs, on_off, &Settings::inspector, "",
            "Serve the inspector, which shows rooms, documents and messages, at /inspector; "
            "development mode does, unless this says false; elsewhere it needs admin-token"},
    Setting{"admin-token", "admin_token", "PLUV_ADMIN_TOKEN", kLogs, secret, &Settings::admin_token,
            "TOKEN",
            "Bearer token of the inspector; in development mode it asks for it only when one is "
            "set"},
    Setting{"admin-token-file", "admin_token_file", "PLUV_ADMIN_TOKEN_FILE", kLogs, text,
            &Settings::admin_token_file, "FILE", "File with that token instead"},
    Setting{"inspector-interval", "inspector_interval", "PLUV_INSPECTOR_INTERVAL", kLogs, duration,
            &Settings::inspector_interval_ms, "TIME",
            "How often the inspector notes the load, of which it keeps the last hour", 100,
            3'600'000},
    Setting{"core-dumps", "core_dumps", "PLUV_CORE_DUMPS", kLogs, on_off, &Settings::core_dumps, "",
            "Let a crash leave a core dump, with the keys and documents in memory at that time"},
    Setting{
        "audit-log", "audit_log", "PLUV_AUDIT_LOG", kLogs, text, &Settings::audit_log, "FILE",
        "File for a JSON line of each join and act of an administrator; FILE.refused has refusals; "
        "none: nowhere"},
    Setting{"audit-log-max", "audit_log_max", "PLUV_AUDIT_LOG_MAX", kLogs, size,
            &Settings::audit_log_bytes_max, "SIZE",
            "When one of them is larger it is renamed, FILE to FILE.1, in place of an older one",
            4'096, kSizeMax},

    Setting{"rate-limit", "limits.rate", "PLUV_RATE_LIMIT", kLimits, count,
            &Limits::messages_per_second_max, "N",
            "Messages a second of one session, four times as many at once; 0 turns it off", 0,
            kCountMax},
    Setting{"max-message", "limits.message", "PLUV_MAX_MESSAGE", kLimits, size,
            &Limits::message_bytes_max, "SIZE", "One message of a client", 1'024, kMessageMax},
    Setting{"max-storage-update", "limits.storage_update", "PLUV_MAX_STORAGE_UPDATE", kLimits, size,
            &Limits::storage_update_bytes_max, "SIZE", "One update of a document", 1'024,
            kMessageMax},
    Setting{"max-storage-first", "limits.storage_first", "PLUV_MAX_STORAGE_FIRST", kLimits, size,
            &Limits::storage_first_bytes_max, "SIZE",
            "The first storage exchange of a session, which carries a whole document", 1'024,
            kMessageMax},
    Setting{"max-unregistered", "limits.unregistered", "PLUV_MAX_UNREGISTERED", kLimits, size,
            &Limits::unregistered_bytes_max, "SIZE",
            "All that a client may send before it is registered", 256, kMessageMax},
    Setting{"max-presence", "limits.presence", "PLUV_MAX_PRESENCE", kLimits, size,
            &Limits::presence_bytes_max, "SIZE", "A presence, as JSON", 2, kMessageMax},
    Setting{"max-user", "limits.user", "PLUV_MAX_USER", kLimits, size, &Limits::user_bytes_max,
            "SIZE", "A user object, as JSON", 16, 4'096},
    Setting{"max-user-id", "limits.user_id", "PLUV_MAX_USER_ID", kLimits, count,
            &Limits::user_id_chars_max, "N", "Characters of a user id", 1, 4'096},
    Setting{"max-event-name", "limits.event_name", "PLUV_MAX_EVENT_NAME", kLimits, size,
            &Limits::event_name_bytes_max, "SIZE", "The name of an event", 1, 65'536},
    Setting{"max-sessions-per-room", "limits.sessions_per_room", "PLUV_MAX_SESSIONS_PER_ROOM",
            kLimits, count, &Limits::sessions_per_room_max, "N", "Sessions in one room", 1,
            kCountMax},
    Setting{"max-connections", "limits.connections", "PLUV_MAX_CONNECTIONS", kLimits, count,
            &Limits::connections_max, "N", "Open connections; 0: no limit", 0, kCountMax},
    Setting{"max-connections-per-address", "limits.connections_per_address",
            "PLUV_MAX_CONNECTIONS_PER_ADDRESS", kLimits, count,
            &Limits::connections_per_address_max, "N",
            "Open connections of one client address; 0: no limit", 0, kCountMax},
    Setting{"max-connections-per-user", "limits.connections_per_user",
            "PLUV_MAX_CONNECTIONS_PER_USER", kLimits, count, &Limits::connections_per_user_max, "N",
            "Open connections of one user id of tokens; 0: no limit", 0, kCountMax},
    Setting{"max-memory", "limits.memory", "PLUV_MAX_MEMORY", kLimits, size,
            &Limits::memory_bytes_max, "SIZE",
            "Memory of the process: near it joins are refused and the sessions that hold the most "
            "are closed; 0: no ceiling",
            0, kSizeMax},
    Setting{"max-malformed", "limits.malformed", "PLUV_MAX_MALFORMED", kLimits, count,
            &Limits::malformed_messages_max, "N",
            "Malformed messages of a session that are ignored before it is closed", 0, kCountMax},
    Setting{"max-waiting-messages", "limits.waiting_messages", "PLUV_MAX_WAITING_MESSAGES", kLimits,
            count, &Limits::waiting_messages_max, "N",
            "Messages of a session that wait while its own handler is at work", 1, kCountMax},
    Setting{"max-waiting", "limits.waiting", "PLUV_MAX_WAITING", kLimits, size,
            &Limits::waiting_bytes_max, "SIZE", "Their bytes", 1'024, kSizeMax},
    Setting{"max-queue", "limits.queue", "PLUV_MAX_QUEUE", kLimits, size, &Limits::queue_bytes_max,
            "SIZE", "Bytes queued for a session that reads slowly", 1'024, kSizeMax},
    Setting{"max-queue-stall", "limits.queue_stall", "PLUV_MAX_QUEUE_STALL", kLimits, duration,
            &Limits::queue_stall_ms, "TIME",
            "Over max-queue without progress for this long, the session is closed", 1,
            kDurationMax},
    Setting{"max-queue-hard", "limits.queue_hard", "PLUV_MAX_QUEUE_HARD", kLimits, size,
            &Limits::queue_bytes_hard_max, "SIZE",
            "Bytes queued for a session at which it is closed at once", 1'024, kSizeMax},
    Setting{"max-silence", "limits.silence", "PLUV_MAX_SILENCE", kLimits, duration,
            &Limits::silence_ms_max, "TIME", "A session silent for this long is closed", 1,
            kDurationMax},
    Setting{"ping-after", "limits.ping_after", "PLUV_PING_AFTER", kLimits, duration,
            &Limits::ping_after_ms, "TIME", "A session silent for this long is sent a ping", 1,
            kDurationMax},
    Setting{"garbage-collect", "limits.garbage_collect", "PLUV_GARBAGE_COLLECT", kLimits, duration,
            &Limits::garbage_collect_ms, "TIME", "How often rooms look for dead sessions", 1,
            kDurationMax},
    Setting{"pacing-min", "limits.pacing_min", "PLUV_PACING_MIN", kLimits, duration,
            &Limits::pacing_ms_min, "TIME",
            "A connection refused for now is held for at least this long", 0, kDurationMax},
    Setting{"pacing-max", "limits.pacing_max", "PLUV_PACING_MAX", kLimits, duration,
            &Limits::pacing_ms_max, "TIME", "And for at most this long", 0, kDurationMax},
    Setting{"max-handshake", "limits.handshake", "PLUV_MAX_HANDSHAKE", kLimits, duration,
            &Limits::handshake_ms_max, "TIME",
            "From the connection to the end of its HTTP request or TLS handshake", 1, kDurationMax},
    Setting{"max-close", "limits.close", "PLUV_MAX_CLOSE", kLimits, duration, &Limits::close_ms_max,
            "TIME", "How long a closing client may take to answer", 1, kDurationMax},
    Setting{"flush-interval", "limits.flush_interval", "PLUV_FLUSH_INTERVAL", kLimits, duration,
            &Limits::flush_interval_ms, "TIME",
            "A busy room writes at once or after at most this time; 0: always at once", 0, 60'000},
    Setting{"flush-per-session", "limits.flush_per_session", "PLUV_FLUSH_PER_SESSION", kLimits,
            count, &Limits::flush_us_per_session, "N",
            "Microseconds for each session of a busy room that its writes may wait", 0, 100'000},
    Setting{"linger", "limits.linger", "PLUV_LINGER", kLimits, duration, &Limits::linger_ms, "TIME",
            "How long the document of a room without sessions stays in memory", 0, kDurationMax},
    Setting{"max-idle-documents", "limits.idle_documents", "PLUV_MAX_IDLE_DOCUMENTS", kLimits, size,
            &Limits::idle_documents_bytes_max, "SIZE",
            "Memory of the documents of all rooms without sessions", 0, kSizeMax},
    Setting{"max-document", "limits.document", "PLUV_MAX_DOCUMENT", kLimits, size,
            &Limits::document_bytes_max, "SIZE", "A room's document, encoded", 1'024, kMessageMax},
    Setting{"max-unsaved", "limits.unsaved", "PLUV_MAX_UNSAVED", kLimits, size,
            &Limits::unsaved_bytes_max, "SIZE",
            "Edits of a room that its file has not taken yet; over it the room is given up", 1'024,
            kSizeMax},
    Setting{"max-gated", "limits.gated", "PLUV_MAX_GATED", kLimits, size, &Limits::gated_bytes_max,
            "SIZE", "Messages of a room that wait for its file; over it, joins wait, too", 0,
            kSizeMax},
    Setting{"store-retry", "limits.store_retry", "PLUV_STORE_RETRY", kLimits, duration,
            &Limits::store_retry_ms, "TIME",
            "How long writing is tried again before a room is given up", 0, kDurationMax},
    Setting{"log-min", "limits.log", "PLUV_LOG_MIN", kLimits, size, &Limits::log_bytes_min, "SIZE",
            "A room's log is replaced by a snapshot when it is larger than this and than the "
            "snapshot",
            0, kSizeMax},
    Setting{"log-updates", "limits.log_updates", "PLUV_LOG_UPDATES", kLimits, count,
            &Limits::log_updates_max, "N", "Or when it has so many updates", 0, kCountMax},
    Setting{"storage-answer", "limits.storage_answer", "PLUV_STORAGE_ANSWER", kLimits, duration,
            &Limits::storage_answer_ms, "TIME",
            "A client that was sent the document and does not answer hears of edits after this", 1,
            kDurationMax},
    Setting{"resync-interval", "limits.resync_interval", "PLUV_RESYNC_INTERVAL", kLimits, duration,
            &Limits::resync_interval_ms, "TIME",
            "A client whose edit was refused twice in this time is closed", 0, kDurationMax},
};

static_assert(kCountMax <= std::numeric_limits<std::uint32_t>::max());

}  // namespace

std::span<const Setting> setting_table() { return kTable; }

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : kTable) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

const Setting* find_setting_by_key(std::string_view key) {
  for (const Setting& setting : kTable) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

}  // namespace pluv::apps
