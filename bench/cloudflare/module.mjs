// The code of a room: how large it is as it is deployed, and how long an instance takes to make.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { modules } from "../../tests/cloudflare/lib/workerd.mjs";
import { ask, cpuMicros } from "./servers.mjs";

const instances = 50;
const dist = fileURLToPath(new URL("../../platform-cloudflare/dist", import.meta.url));

const sizes = (parts) => ({
  raw: parts.reduce((sum, part) => sum + part.length, 0),
  gzipped: gzipSync(Buffer.concat(parts), { level: 9 }).length,
});

// [what, {raw, gzipped}], bytes. original: the bundled module, or undefined.
export function codeSizes(original) {
  const files = readdirSync(dist).filter((name) => name.endsWith(".js"));
  const list = [
    ["ours: room module", sizes([readFileSync(path.join(modules, "plain_room.wasm"))])],
    ["ours: TypeScript, as built", sizes(files.map((name) => readFileSync(path.join(dist, name))))],
  ];
  if (original) list.push(["original: bundle", sizes([readFileSync(original)])]);
  return list;
}

// Microseconds of CPU for one instance with its room.
export async function instanceMicros(server) {
  await ask(server, `instances?count=${instances}`);
  const before = cpuMicros(server);
  await ask(server, `instances?count=${instances}`);
  return (cpuMicros(server) - before) / instances;
}
