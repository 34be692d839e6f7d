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
    (name = "@pluv-cpp/platform-cloudflare",
     esModule = embed "../../platform-cloudflare/dist/bundle.js"),
  ],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Room", uniqueKey = "pluv-example-room", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "ROOMS", durableObjectNamespace = "Room"),
    (name = "PLUV_AUTH_SECRET", text = "a secret of 32 characters at least"),
  ],
);
