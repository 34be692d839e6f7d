# Runs the worker offline: make run-cloudflare, or
#   workerd serve examples/cloudflare/config.capnp --directory-path disk=FOLDER
# FOLDER: where the rooms' documents are kept. docs/cloudflare.md
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (writable = true)),
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
  compatibilityDate = "2026-05-01",
  durableObjectNamespaces = [(className = "Room", uniqueKey = "pluv-example-room", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "ROOMS", durableObjectNamespace = "Room"),
    (name = "PLUV_AUTH_SECRET", text = "a secret of 32 characters at least"),
  ],
);
