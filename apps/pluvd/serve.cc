#include "apps/pluvd/serve.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "apps/pluvd/access.h"
#include "apps/pluvd/admin.h"
#include "apps/pluvd/admin_start.h"
#include "apps/pluvd/admin_table.h"
#include "apps/pluvd/admin_webhooks.h"
#include "apps/pluvd/audit_log.h"
#include "apps/pluvd/demo.h"
#include "apps/pluvd/inspector.h"
#include "apps/pluvd/log.h"
#include "apps/pluvd/process_secrets.h"
#include "apps/pluvd/project_rooms.h"
#include "apps/pluvd/project_webhooks.h"
#include "apps/pluvd/projects.h"
#include "apps/pluvd/reload.h"
#include "apps/pluvd/revocation_watch.h"
#include "apps/pluvd/routes.h"
#include "apps/pluvd/store.h"
#include "apps/pluvd/token_route.h"
#include "apps/pluvd/web_files.h"
#include "auth/wipe.h"
#include "base/ids.h"
#include "json/writer.h"
#include "platform/native/metrics.h"
#include "room/yjs_document.h"

namespace pluv::apps {
namespace {

// How long a process may go on after its drain's deadline, finishing what is on its way, and one
// with another deadline before it.
constexpr std::chrono::minutes kEndingMax{5};

std::string numeric_host(const Settings& settings) {
  return settings.host == "localhost" ? "127.0.0.1" : settings.host;
}

std::int64_t now_unix_ms() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

std::int64_t now_steady_ms() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count();
}

RouteOptions route_options(const Settings& settings) {
  RouteOptions out;
  out.dev = settings.dev;
  out.tokens_required = settings.tokens_required();
  out.tls = !settings.tls_cert.empty();
  out.inspector = settings.inspector;
  out.projects = !settings.projects.empty();
  out.own_rooms = settings.dev || !settings.secrets.empty();
  out.web_files = web_files();
  out.metrics = settings.metrics;
  out.metrics_token = settings.metrics_token;
  // They were parsed before: judge_settings.
  out.cors_origins = net::OriginList::parse(settings.cors_origins).value();
  out.cors_any = settings.dev && settings.cors_origins.empty();
  for (const std::string& origin : settings.cors_origins) {
    if (origin == "*") out.cors_any = true;
  }
  return out;
}

void wipe_secrets(Settings& settings) {
  auth::wipe(settings.secrets);
  auth::wipe(settings.metrics_token);
  auth::wipe(settings.admin_token);
  for (ProjectSettings& project : settings.projects) {
    auth::wipe(project.secret_keys);
    auth::wipe(project.webhook_secrets);
  }
}

// A socket of systemd or of a predecessor has the address that these chose.
Settings with_address(Settings settings, const net::IpAddress& address) {
  if (net::IpAddress::parse(numeric_host(settings)) != address) settings.host = address.text();
  return settings;
}

// routes: what is served and can be used, which the secrets have decided, that settings lack now.
void log_urls(Log& log, const Settings& settings, const RouteOptions& routes, std::uint16_t port) {
  const std::string http = server_url(settings, "http", port);
  std::string fields;
  json::Writer writer(fields);
  const auto add = [&](std::string_view key, const std::string& url) {
    writer.key(key);
    writer.string(url);
  };
  writer.begin_object();
  if (routes.own_rooms) {
    add("rooms", server_url(settings, "ws", port) + std::string(kRoomPath) + "{room}");
  }
  if (settings.dev) {
    add("authorize", http + std::string(kAuthorizePath) + "?room={room}");
    add("page", http + "/");
    add("demo", http + "/demo");
  }
  add("health", http + "/healthz");
  if (routes.projects) {
    add("project_rooms", server_url(settings, "ws", port) + project_room_path());
    add("tokens", http + std::string(kTokenPath));
    add("admin", http + std::string(kAdminPath));
  }
  if (settings.metrics) add("metrics", http + "/metrics");
  if (settings.inspector) add("inspector", http + "/inspector");
  writer.end_object();
  log.write("info", "serving", fields);
}

// The server is made after what answers for it.
struct Running {
  explicit Running(const Settings& settings)
      : log(settings.log_level, settings.log_format == "json" ? LogFormat::json : LogFormat::text) {
  }

  Log log;
  std::unique_ptr<AuditLog> audit;
  std::optional<Access> access;
  std::shared_ptr<Projects> projects;  // null: there are none
  std::shared_ptr<Webhooks> webhooks;  // null: there are none
  std::optional<ProjectRooms> project_rooms;
  std::shared_ptr<Admin> admin;  // null: there are no projects
  std::optional<Routes> routes;
  std::shared_ptr<Inspector> inspector;  // null: there is none
  std::unique_ptr<native::Server> server;
  std::unique_ptr<RevocationWatch> revocation_watch;  // null: nobody else has the file
};

InspectorOptions inspector_options(const Settings& settings, Log& log) {
  InspectorOptions out;
  out.dev = settings.dev;
  out.storage = settings.storage;
  out.keeps_history = settings.storage == "sqlite" && settings.history_ms > 0;
  out.threads = settings.threads > 0 ? static_cast<std::size_t>(settings.threads)
                                     : std::max(1U, std::thread::hardware_concurrency());
  out.interval_ms = settings.inspector_interval_ms;
  out.event_name_bytes_max = settings.limits.event_name_bytes_max;
  out.steady_ms = now_steady_ms;
  out.unix_ms = now_unix_ms;
  out.log = [&log](std::string_view level, std::string_view event, std::string_view fields) {
    log.write(level, event, fields);
  };
  return out;
}

Result<Access> make_access(const Settings& settings, Log& log) {
  if (!settings.secrets.empty()) return Access::make(settings.secrets, settings.limits);
  const Result<std::string> secret = random_secret();
  if (!secret.ok()) return secret.error();
  if (settings.auth) {
    log.explain("info", "made_random_secret",
                "none is set; tokens from the authorize route are good for this run only");
  }
  return Access::make({&secret.value(), 1}, settings.limits);
}

RouteSources route_sources(Running& running) {
  return {
      .make_token =
          [&running](std::string_view room, std::string_view id, std::string_view name) {
            return running.access->make_token(room, id, name, now_unix_ms());
          },
      .draining = [&running] { return running.server->draining(); },
      .metrics_text =
          [&running] {
            std::string text = native::prometheus_text(running.server->metrics());
            if (running.inspector) text += running.inspector->metrics_text();
            if (running.projects) text += running.projects->metrics_text();
            if (running.admin) text += running.admin->metrics_text();
            if (running.webhooks) text += running.webhooks->metrics_text();
            return text;
          },
  };
}

// Certificates and secrets are renewed; sessions stay.
void reload(Running& running, const Settings& settings,
            const std::function<LoadedSettings()>& read_again) {
  LoadedSettings fresh = read_again();
  const Reloadable target{
      .access = *running.access,
      .routes = *running.routes,
      .inspector_access = running.inspector ? &running.inspector->access() : nullptr,
      .projects = running.projects.get(),
      .log = [&running](std::string_view level, std::string_view event, std::string_view reason) {
        running.log.explain(level, event, reason);
      }};
  if (reload_secrets(settings, fresh, target)) {
    if (running.webhooks) running.webhooks->set_secrets(webhook_endpoints(fresh.settings));
    if (!settings.tls_cert.empty()) running.server->reload_tls();
  }
  if (const Result<void> opened = running.audit->reopen(); !opened.ok()) {
    running.log.explain("error", "audit_log", opened.error().message);
  }
  wipe_secrets(fresh.settings);
}

WebhookOptions webhook_options(Running& running, const Settings& settings) {
  WebhookOptions out;
  out.unix_ms = now_unix_ms;
  out.log = [&running](std::string_view level, std::string_view event, std::string_view fields) {
    running.log.write(level, event, fields);
  };
  out.audit = [&running](std::string_view project, std::string_view event,
                         std::string_view fields) { running.audit->write(project, event, fields); };
  // A successor waits for the file, and has people who wait for it.
  if (!settings.handover.empty()) out.close_ms = 0;
  return out;
}

std::string refusal_fields(const native::JoinRequest& join, const Error& error) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("room");
  writer.string(join.room);
  writer.key("address");
  writer.string(join.client_address);
  writer.key("reason");
  writer.string(error.message);
  writer.end_object();
  return out;
}

// Whoever names a project is judged by its keys, everybody else by the server's own.
Result<native::AuthorizedUser> authorize(Running& running, bool tokens_required,
                                         const native::JoinRequest& join) {
  std::string_view project = join.project;
  Result<native::AuthorizedUser> user = [&]() -> Result<native::AuthorizedUser> {
    if (running.projects) {
      const std::string public_key = public_key_of(join);
      if (!public_key.empty() || !project.empty()) {
        if (const Project* const named = running.projects->by_public_key(public_key)) {
          project = named->id;
        }
        return running.projects->authorize(join);
      }
    }
    if (!tokens_required) return native::AuthorizedUser{};
    return running.access->authorize(join);
  }();
  if (!user.ok() && running.audit->is_on()) {
    running.audit->write(project, "join_refused", refusal_fields(join, user.error()));
  }
  return user;
}

void note_refusal(Running& running, std::string_view room, std::string_view session,
                  room::RefusalReason reason) {
  const std::string_view project = project_of(room);
  if (running.projects) {
    if (const Project* const known = running.projects->find(project)) {
      known->counts.refusals.fetch_add(1, std::memory_order_relaxed);
    }
  }
  if (!running.audit->is_on()) return;
  std::string fields;
  json::Writer writer(fields);
  writer.begin_object();
  writer.key("room");
  writer.string(room_name_of(room));
  writer.key("session");
  writer.string(session);
  writer.key("reason");
  writer.string(room::refusal_reason_name(reason));
  writer.end_object();
  running.audit->write(project, "refused", fields);
}

native::ServerHooks server_hooks(Running& running, const Settings& settings,
                                 std::function<LoadedSettings()> read_again) {
  native::ServerHooks hooks;
  if (settings.tokens_required() || running.projects) {
    hooks.authorize = [&running,
                       required = settings.tokens_required()](const native::JoinRequest& join) {
      return authorize(running, required, join);
    };
  }
  if (running.projects) {
    hooks.project_of = [&running](const native::JoinRequest& join) {
      const Project* const named = running.projects->by_public_key(public_key_of(join));
      return named != nullptr ? named->id : std::string();
    };
  }
  hooks.refused = [&running](std::string_view room, std::string_view session,
                             room::RefusalReason reason) {
    note_refusal(running, room, session, reason);
  };
  if (running.projects) {
    hooks.definition_of = [&running](std::string_view project) {
      return running.project_rooms->find(project);
    };
    hooks.later.push_back(token_route(
        *running.projects, {.unix_ms = now_unix_ms,
                            .audit = [&running](std::string_view project, std::string_view event,
                                                std::string_view fields) {
                              running.audit->write(project, event, fields);
                            }}));
  }
  if (running.admin) hooks.later.push_back(running.admin->hook());
  hooks.http = [&running](const net::Request& request, std::string_view) {
    return running.routes->answer(request);
  };
  if (running.inspector) {
    hooks.later.push_back(running.inspector->hook());
    hooks.tap = running.inspector->tap();
  }
  hooks.log = [&running](std::string_view level, std::string_view event, std::string_view fields) {
    running.log.write(level, event, fields);
  };
  if (!settings.dev) {  // which ends with its terminal
    hooks.on_hangup = [&running, &settings, read_again = std::move(read_again)] {
      reload(running, settings, read_again);
    };
  }
  hooks.on_handing_over = [&running] {
    if (running.revocation_watch) running.revocation_watch->wake();
  };
  hooks.on_listening = [&running, &settings] {
    const Settings actual = with_address(settings, running.server->address());
    const std::uint16_t port = running.server->port();
    log_urls(running.log, actual, running.routes->given_options(), port);
    if (running.inspector) running.inspector->start();
    std::printf("pluvd listening on %s\n", server_url(actual, "http", port).c_str());
    std::fflush(stdout);
  };
  return hooks;
}

// The admin API, and what it shares with another process while one takes over from the other.
Result<void> start_hosting(Running& running, const Settings& settings) {
  Result<HostingParts> hosting = open_hosting(settings);
  if (!hosting.ok()) return hosting.error();
  if (hosting->database->is_file()) {
    auto watch = RevocationWatch::open(
        *hosting->database,
        {.revocations = hosting->revocations,
         // The predecessor's deadline is most likely the same.
         .shared_at_first = std::chrono::milliseconds(settings.drain_deadline_ms) + kEndingMax,
         .is_shared = [&running] { return running.server->handing_over(); },
         .added =
             [&running](const std::vector<Revocation>& added) {
               revoke_sessions(*running.server, added);
             },
         .log =
             [&running](std::string_view reason) {
               running.log.explain("error", "revocations_unread", reason);
             }});
    if (!watch.ok()) return watch.error();
    running.revocation_watch = std::move(*watch);
  } else {
    running.log.explain("warn", "revocations_in_memory",
                        "with storage = \"memory\" a restart forgets whose tokens are revoked");
  }
  running.admin = make_admin(
      *hosting, *running.projects, *running.audit,
      {.webhooks = running.webhooks ? admin_webhooks(running.webhooks) : AdminWebhooks{},
       .unix_ms = now_unix_ms,
       .log = [&running](
                  std::string_view reason) { running.log.explain("error", "admin_api", reason); },
       .draining = [&running] { return running.server->handing_over(); }});
  return {};
}

int fail(const char* what, const std::string& why, int code) {
  std::fprintf(stderr, "pluvd: %s: %s\n", what, why.c_str());
  return code;
}

}  // namespace

std::string server_url(const Settings& settings, std::string_view scheme, std::uint16_t port) {
  std::string out(scheme);
  if (!settings.tls_cert.empty()) out += 's';
  out += "://";
  if (settings.host.find(':') != std::string::npos) {
    out.append("[").append(settings.host).append("]");
  } else {
    out += settings.host;
  }
  return out + ":" + std::to_string(port);
}

native::ServerConfig server_config(const Settings& settings) {
  native::ServerConfig out;
  out.host = numeric_host(settings);
  out.port = static_cast<std::uint16_t>(settings.port);
  out.threads = static_cast<std::uint32_t>(settings.threads);
  if (!settings.tls_cert.empty()) out.tls = native::TlsConfig{settings.tls_cert, settings.tls_key};
  out.origins = settings.origins;
  out.trusted_proxies = settings.trusted_proxies;
  out.room_paths = {std::string(kRoomPath)};
  if (!settings.projects.empty()) out.room_paths.emplace_back(kHostedRoomPath);
  out.deflate = settings.deflate;
  out.per_address_limits = !settings.dev;
  out.drain_window_ms = settings.drain_window_ms;
  out.drain_deadline_ms = settings.drain_deadline_ms;
  out.handover_path = settings.handover;
  out.handle_signals = true;
  // A unit's socket may be reachable from elsewhere, and development mode lets everybody in.
  out.socket_activation = !settings.dev;
  // As may be the one of a running pluvd.
  out.loopback_only = settings.dev;
  return out;
}

room::Definition room_definition(const Settings& settings) {
  room::Definition out;
  out.limits = settings.limits;
  out.storage = room::yjs_storage();
  out.strict = settings.strict;
  out.detailed_errors = settings.dev;
  if (settings.dev || settings.demo) add_demo_procedures(out);
  return out;
}

Result<void> prepare_data_folder(const std::string& path) {
  // Each prefix that ends before a '/', and the whole.
  for (std::size_t at = path.find('/', 1); at != 0;) {
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return Error{ErrorCode::unavailable, "cannot make " + part + ": " + std::strerror(errno)};
    }
    if (at == std::string::npos) break;
    at = path.find('/', at + 1);
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return Error{ErrorCode::invalid, path + " is not a folder"};
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return Error{ErrorCode::forbidden, "cannot write to " + path + ": " + std::strerror(errno)};
  }
  return {};
}

int serve(LoadedSettings loaded, std::function<LoadedSettings()> read_again) {
  const Settings& settings = loaded.settings;
  if (!settings.core_dumps) forbid_core_dumps();
  // When the reader of our log goes away, its lines are lost and nothing else.
  std::signal(SIGPIPE, SIG_IGN);
  if (settings.storage == "sqlite") {
    const Result<void> prepared = prepare_data_folder(settings.data);
    if (!prepared.ok()) return fail("data", prepared.error().message, kExitConfiguration);
  }
  Running running(settings);
  for (const std::string& warning : loaded.warnings) {
    running.log.explain("warn", "doubtful_setting", warning);
  }
  if (::geteuid() == 0) {
    running.log.explain("warn", "runs_as_root",
                        "nothing here needs it; give pluvd a user of its own");
  }
  if (settings.dev) {
    running.log.explain("warn", "development_mode",
                        settings.tokens_required()
                            ? "the authorize route gives everybody a token; never serve users so"
                            : "everybody who connects is let in; never serve users so");
  }
  Result<std::unique_ptr<AuditLog>> audit =
      AuditLog::open({.path = settings.audit_log,
                      .bytes_max = settings.audit_log_bytes_max,
                      .unix_ms = now_unix_ms});
  if (!audit.ok()) return fail("audit-log", audit.error().message, kExitConfiguration);
  running.audit = std::move(*audit);
  Result<Access> access = make_access(settings, running.log);
  if (!access.ok()) return fail("secret", access.error().message, kExitConfiguration);
  running.access.emplace(std::move(access).value());
  if (!settings.projects.empty()) {
    Result<std::shared_ptr<Projects>> projects = Projects::make(settings.projects);
    if (!projects.ok()) return fail("projects", projects.error().message, kExitConfiguration);
    running.projects = std::move(*projects);
  }
  running.routes.emplace(route_options(settings), route_sources(running));
  if (settings.inspector) {
    running.inspector = std::make_shared<Inspector>(
        InspectorAccessOptions{.dev = settings.dev, .token = settings.admin_token},
        inspector_options(settings, running.log));
  }
  Result<std::shared_ptr<Webhooks>> webhooks =
      open_webhooks(settings, webhook_options(running, settings));
  if (!webhooks.ok()) return fail("webhooks", webhooks.error().message, kExitStorage);
  running.webhooks = std::move(*webhooks);
  wipe_secrets(loaded.settings);
  Result<std::shared_ptr<adapters::Store>> store = open_store(
      settings, [&running](std::string_view level, std::string_view event, std::string_view what) {
        running.log.explain(level, event, what);
      });
  if (!store.ok()) return fail("storage", store.error().message, kExitStorage);
  room::Definition definition = room_definition(settings);
  definition.has_store = *store != nullptr;
  definition.listeners =
      noted_listeners(std::move(definition.listeners), running.projects.get(), *running.audit);
  if (running.projects) {
    running.project_rooms.emplace(
        definition, *running.projects, *running.audit, [&running](const Project& project) {
          return running.webhooks ? running.webhooks->listeners(project.id) : room::Listeners();
        });
  }
  if (running.projects) {
    const Result<void> opened = start_hosting(running, settings);
    if (!opened.ok()) return fail("hosting", opened.error().message, kExitStorage);
  }
  native::ServerHooks hooks = server_hooks(running, settings, std::move(read_again));
  adapters::Store* const documents = store->get();
  hooks.store = std::move(*store);
  running.server = std::make_unique<native::Server>(server_config(settings), std::move(definition),
                                                    std::move(hooks));
  if (running.inspector) running.inspector->attach(*running.server, documents);
  if (running.admin) running.admin->attach(*running.server, documents);
  const Result<void> listening = running.server->listen();
  if (!listening.ok()) {
    return fail("cannot listen",
                listening.error().message +
                    " (who listens there: ss -ltnp sport = :" + std::to_string(settings.port) + ")",
                kExitCannotListen);
  }
  if (running.revocation_watch) {
    // Of what a predecessor has said that it is done: from now on it says so of nothing more.
    const Result<void> read = running.revocation_watch->read();
    if (!read.ok()) return fail("hosting", read.error().message, kExitStorage);
    running.revocation_watch->start();
  }
  if (running.webhooks) {
    running.webhooks->attach(*running.server);
    running.webhooks->start();
  }
  const int code = running.server->run();
  if (running.revocation_watch) running.revocation_watch->close();
  if (running.webhooks) running.webhooks->close();
  if (running.inspector) running.inspector->close();
  if (running.admin) running.admin->close();
  running.log.explain(code == 0 ? "info" : "warn", "stopped",
                      code == 0
                          ? "every connection was closed in order"
                          : "the drain met its deadline or a second signal; what was left was cut");
  return code == 0 ? kExitOk : kExitDrainDeadline;
}

}  // namespace pluv::apps
