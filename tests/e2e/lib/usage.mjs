// What a server takes of the machine, seen from outside (/proc, its files), and what it says of
// itself (/metrics).
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

const MIB = 1024 * 1024;
const CLOCK_TICKS = 100; // a second: what Linux shows to programs on all machines

const sizeOf = (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

// data: its folder of documents.
export function usageOf(pid, data) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name) => Number(status.match(new RegExp(`^${name}:\\s+(\\d+)`, "m"))[1]);
  // The name, in brackets, may hold anything.
  const times = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return {
    resident_mib: field("VmRSS") / 1024,
    threads: field("Threads"),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    cpu_s: (Number(times[11]) + Number(times[12])) / CLOCK_TICKS,
    database_mib: sizeOf(path.join(data, "pluv.sqlite")) / MIB,
    log_mib: sizeOf(path.join(data, "pluv.sqlite-wal")) / MIB,
  };
}

// { "pluv_sessions": 3, 'pluv_store_calls_total{call="load"}': 1, ... }
export async function readMetrics(server) {
  const response = await fetch(`${server.http}/metrics`, { headers: { Connection: "close" } });
  const lines = (await response.text()).split("\n").filter((line) => line && line[0] !== "#");
  return Object.fromEntries(lines.map((line) => {
    const gap = line.lastIndexOf(" ");
    return [line.slice(0, gap), Number(line.slice(gap + 1))];
  }));
}
