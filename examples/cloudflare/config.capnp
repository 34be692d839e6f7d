# Runs the worker offline: `workerd serve config.capnp` from anywhere. docs/cloudflare.md
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = "/tmp/pluv-cloudflare", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "chat_room.wasm", wasm = embed "../../build/wasm/bin/chat_room.wasm"),
    (name = "@pluv-cpp/platform-cloudflare", esModule = "export * from 'pluv/index.js';"),
    (name = "pluv/alarm_clock.js", esModule = embed "../../platform-cloudflare/dist/alarm_clock.js"),
    (name = "pluv/authorize.js", esModule = embed "../../platform-cloudflare/dist/authorize.js"),
    (name = "pluv/base64.js", esModule = embed "../../platform-cloudflare/dist/base64.js"),
    (name = "pluv/base64url.js", esModule = embed "../../platform-cloudflare/dist/base64url.js"),
    (name = "pluv/document_table.js", esModule = embed "../../platform-cloudflare/dist/document_table.js"),
    (name = "pluv/event_name.js", esModule = embed "../../platform-cloudflare/dist/event_name.js"),
    (name = "pluv/host_calls.js", esModule = embed "../../platform-cloudflare/dist/host_calls.js"),
    (name = "pluv/host_types.js", esModule = embed "../../platform-cloudflare/dist/host_types.js"),
    (name = "pluv/index.js", esModule = embed "../../platform-cloudflare/dist/index.js"),
    (name = "pluv/join_errors.js", esModule = embed "../../platform-cloudflare/dist/join_errors.js"),
    (name = "pluv/jwe.js", esModule = embed "../../platform-cloudflare/dist/jwe.js"),
    (name = "pluv/limits.js", esModule = embed "../../platform-cloudflare/dist/limits.js"),
    (name = "pluv/module.js", esModule = embed "../../platform-cloudflare/dist/module.js"),
    (name = "pluv/origin.js", esModule = embed "../../platform-cloudflare/dist/origin.js"),
    (name = "pluv/procedure.js", esModule = embed "../../platform-cloudflare/dist/procedure.js"),
    (name = "pluv/raw_json.js", esModule = embed "../../platform-cloudflare/dist/raw_json.js"),
    (name = "pluv/refusal.js", esModule = embed "../../platform-cloudflare/dist/refusal.js"),
    (name = "pluv/room_host.js", esModule = embed "../../platform-cloudflare/dist/room_host.js"),
    (name = "pluv/room_name.js", esModule = embed "../../platform-cloudflare/dist/room_name.js"),
    (name = "pluv/room_object.js", esModule = embed "../../platform-cloudflare/dist/room_object.js"),
    (name = "pluv/room_request.js", esModule = embed "../../platform-cloudflare/dist/room_request.js"),
    (name = "pluv/schema.js", esModule = embed "../../platform-cloudflare/dist/schema.js"),
    (name = "pluv/sessions.js", esModule = embed "../../platform-cloudflare/dist/sessions.js"),
    (name = "pluv/token.js", esModule = embed "../../platform-cloudflare/dist/token.js"),
    (name = "pluv/token_keys.js", esModule = embed "../../platform-cloudflare/dist/token_keys.js"),
    (name = "pluv/user_limits.js", esModule = embed "../../platform-cloudflare/dist/user_limits.js"),
    (name = "pluv/wire.js", esModule = embed "../../platform-cloudflare/dist/wire.js"),
    (name = "pluv/worker.js", esModule = embed "../../platform-cloudflare/dist/worker.js"),
  ],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Room", uniqueKey = "pluv-example-room", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "ROOMS", durableObjectNamespace = "Room"),
    (name = "PLUV_AUTH_SECRET", text = "a secret of 32 characters at least"),
  ],
);
