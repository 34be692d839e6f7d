// The servers that are compared, each in a workerd of its own, and what of them is seen from outside:
// CPU time and memory, out of /proc.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { startWorkerd } from "../../tests/cloudflare/lib/workerd.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const routes = ["bench_routes.js", "esModule", path.join(here, "bench_routes.js")];

// isPluv: its clients join as pluv's do. original: the bundled module, or undefined.
export function serversOf(original) {
  const all = [
    { name: "ours", isPluv: true, entry: path.join(here, "ours_worker.js"), more: [routes] },
    { name: "echo", isPluv: false, entry: path.join(here, "echo_worker.js"), more: [routes], bare: true },
  ];
  if (original) all.push({ name: "original", isPluv: true, entry: original, bare: true });
  return all;
}

export async function start({ name, isPluv, entry, more = [], bare = false }) {
  const server = await startWorkerd(entry, { more, bare, v8Flags: ["--expose-gc"] });
  return Object.assign(server, { name, isPluv });
}

export async function ask(server, question) {
  const response = await fetch(`${server.http}/bench/${question}`,
                               { headers: { Connection: "close" } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${server.name}: ${question}: HTTP ${response.status} ${text}`);
  return text;
}

// CPU time of all its threads, microseconds: what utime and stime add up to, but not in steps of
// 10 ms. Threads that ended are missing; workerd keeps its own.
export function cpuMicros(server) {
  const folder = `/proc/${server.pid}/task`;
  const nanos = readdirSync(folder).map((thread) =>
    Number(readFileSync(path.join(folder, thread, "schedstat"), "utf8").split(" ")[0]));
  return nanos.reduce((sum, one) => sum + one, 0) / 1_000;
}

export function residentMiB(server) {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(status.match(/^VmRSS:\s+(\d+)/m)[1]) / 1_024;
}
