// Workers under plain `workerd serve`: no network, no account. A worker here is this package's
// dist/, a room module (.wasm), an entry of the tests' own and a module "flags.js" with what a test
// wants of it.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { makeFolder, startServer } from "../../e2e/lib/process.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../../..");
const dist = path.join(root, "platform-cloudflare/dist");

function option(name, fallback) {
  const at = process.argv.indexOf(name);
  return (at >= 0 && process.argv[at + 1]) || fallback;
}
export const modules = option("--modules", path.join(root, "build/wasm/bin"));

// examples/cloudflare as it is, but for its port and its folder.
export function startExample() {
  const folder = makeFolder(existsSync("/dev/shm") ? "/dev/shm" : undefined);
  const config = path.join(root, "examples/cloudflare/config.capnp");
  return startServer(workerdPath(),
                     ["serve", "--control-fd=1", "--socket-addr", "http=127.0.0.1:0",
                      "--directory-path", `disk=${folder}`, config], { ownFolder: folder });
}

function workerdPath() {
  const require = createRequire(path.join(here, "../package.json"));
  return require.resolve("@cloudflare/workerd-linux-64/bin/workerd");
}

const compatibilityDate = "2026-05-01";

// files: [name, kind, path or text].
function capnp({ files, folder, bindings }) {
  const modules = files.map(([name, kind, from]) =>
    `(name = "${name}", ${kind} = ${from === undefined ? "" : `embed "${from}"`})`);
  const given = bindings.map(([name, kind, value]) =>
    `(name = "${name}", ${kind} = ${JSON.stringify(value)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = ${JSON.stringify(folder)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
    ${modules.join(",\n    ")}
  ],
  compatibilityDate = "${compatibilityDate}",
  durableObjectNamespaces = [(className = "Room", uniqueKey = "room", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    ${[...given, '(name = "ROOMS", durableObjectNamespace = "Room")'].join(",\n    ")}
  ],
);
`;
}

// entry: the worker's main module, a path. wasm: the room module's name. flags: what "flags.js"
// exports. data: a folder that outlives the server; else its own, which goes with it.
export function startWorkerd(entry, { wasm = "plain_room.wasm", flags = {}, data, bindings = [],
                                      more = [], ...options } = {}) {
  if (!existsSync(dist)) throw new Error(`${dist} is missing: npm run build --prefix platform-cloudflare`);
  // It syncs each commit on the thread that all objects share: on a slow disk that is what would be
  // tested.
  const folder = makeFolder(existsSync("/dev/shm") ? "/dev/shm" : undefined);
  const storage = data ?? path.join(folder, "data");
  mkdirSync(storage, { recursive: true });
  writeFileSync(path.join(folder, "flags.js"), `export default ${JSON.stringify(flags)};\n`);
  const library = readdirSync(dist).filter((name) => name.endsWith(".js"));
  const files = [
    ["worker.js", "esModule", path.resolve(entry)],
    ["flags.js", "esModule", path.join(folder, "flags.js")],
    ...library.map((name) => [`platform-cloudflare/${name}`, "esModule", path.join(dist, name)]),
    ["room.wasm", "wasm", path.join(modules, wasm)],
    ...more,
  ];
  // The main module must be the first. Paths are relative to the config.
  const config = path.join(folder, "config.capnp");
  writeFileSync(config, capnp({ files: files.map(([name, kind, from]) =>
    [name, kind, path.relative(folder, from)]), folder: storage, bindings }));
  return startServer(workerdPath(), ["serve", "--experimental", "--control-fd=1", config],
                     { ownFolder: folder, ...options });
}
