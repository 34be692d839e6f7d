// Rooms in Durable Objects under plain `workerd serve`: ours, the least that a room can be there, and
// the original's, side by side in one run.
//   scripts/build wasm plain_room; npm run build --prefix platform-cloudflare
//   node bench/cloudflare/run.mjs [--original FILE] [--servers ours,echo] [--parts messages,memory]
//     [--seconds 1] [--rate 200] [--repeats 1] [--modules FOLDER]
import os from "node:os";
import { parseArgs } from "node:util";

import { sleep } from "./clients.mjs";
import { measureMemory } from "./memory.mjs";
import { measureMessages, messageRows } from "./messages.mjs";
import { codeSizes, instanceMicros } from "./module.mjs";
import { serversOf, start } from "./servers.mjs";
import { digits, median, quantile, table } from "./table.mjs";
import { measureWakes, wakeRows } from "./wake.mjs";

const { values: options } = parseArgs({
  options: {
    original: { type: "string" },
    servers: { type: "string", default: "ours,echo,original" },
    parts: { type: "string", default: "messages,memory,wake,module" },
    seconds: { type: "string", default: "1" },
    rate: { type: "string", default: "200" },
    repeats: { type: "string", default: "1" },
    modules: { type: "string" }, // read by workerd.mjs
  },
});
const [seconds, rate, repeats] = [options.seconds, options.rate, options.repeats].map(Number);
if (![seconds, rate, repeats].every((value) => value > 0)) {
  throw new Error("--seconds, --rate and --repeats are numbers above 0");
}
const parts = new Set(options.parts.split(","));
const names = options.servers.split(",");
const specs = serversOf(options.original).filter(({ name }) => names.includes(name));
const has = (name) => specs.some((spec) => spec.name === name);

// workerd evicts an object ten seconds after its last event.
const evictedMs = 15_000;
const wakes = 50;
const roomSteps = [200, 1_000];

async function withServers(work) {
  const servers = [];
  try {
    for (const spec of specs) servers.push(await start(spec));
    return await work(servers);
  } finally {
    await Promise.all(servers.map((server) => server.alive && server.kill()));
  }
}

// --- CPU a message

async function messages(servers) {
  const rows = [];
  for (const row of messageRows) {
    const found = new Map(servers.map(({ name }) => [name, []]));
    for (let turn = 0; turn < repeats; ++turn) {
      for (const server of servers) {
        found.get(server.name).push(await measureMessages(server, row, { seconds, rate }));
      }
    }
    const micros = (name) => median(found.get(name).map((one) => one.micros));
    const ratio = (one, other) => (has(one) && has(other) ? (micros(one) / micros(other)).toFixed(2) : "-");
    rows.push([row.name, ...specs.map(({ name }) => cell(found.get(name))),
               ratio("ours", "echo"), ratio("original", "ours")]);
  }
  console.log(`CPU time of workerd for a message, us (brackets: for one delivery of it); ` +
              `${rate} a second for ${seconds} s, one under way; median of ${repeats}\n`);
  console.log(`${table(["", ...specs.map(({ name }) => name), "ours/echo", "original/ours"], rows)}\n`);
}

function cell(runs) {
  const micros = median(runs.map((run) => run.micros));
  const { receivers, perSecond } = runs.at(-1);
  const reached = perSecond < rate * 0.9 ? `, only ${digits(perSecond)}/s` : "";
  return `${digits(micros)} (${digits(micros / receivers)}${reached})`;
}

// --- Memory and waking, which wait for the same evictions

async function sleepers() {
  const memory = new Map(specs.map(({ name }) => [name, []]));
  const wakeups = new Map(specs.map(({ name }) => [name, {}]));
  const measure = async (servers) => {
    const running = [];
    if (parts.has("memory")) {
      for (const server of servers.slice(0, specs.length)) {
        running.push(measureMemory(server, roomSteps, memory.get(server.name)));
      }
    }
    if (parts.has("wake")) {
      for (const server of servers.slice(-specs.length)) {
        running.push(measureWakes(server, wakes, wakeups.get(server.name)));
      }
    }
    for (;;) {
      let goOn = false;
      for (const one of running) goOn = !(await one.next()).done || goOn;
      if (!goOn) return;
      await sleep(evictedMs);
    }
  };
  await withServers((some) => withServers((others) => measure([...some, ...others])));
  if (parts.has("memory")) showMemory(memory);
  if (parts.has("wake")) showWakes(wakeups);
}

function showMemory(memory) {
  const [few, many] = roomSteps;
  const find = (name, rooms, state) =>
    memory.get(name).find((one) => one.rooms === rooms && one.state === state).mib;
  const rows = [["no rooms, MiB", ...specs.map(({ name }) => digits(find(name, 0, "none")))]];
  for (const state of ["awake", "evicted"]) {
    for (const step of roomSteps) {
      rows.push([`${digits(step)} rooms ${state}: MiB more`,
                 ...specs.map(({ name }) => digits(find(name, step, state)))]);
    }
    // What a server takes once for any rooms is in both steps.
    rows.push([`a room, ${state}, KiB`, ...specs.map(({ name }) =>
      digits(((find(name, many, state) - find(name, few, state)) * 1_024) / (many - few)))]);
  }
  console.log("Resident memory of workerd with rooms of two sockets, after garbage was collected\n");
  console.log(`${table(["", ...specs.map(({ name }) => name)], rows)}\n`);
}

function showWakes(wakeups) {
  const cell = (times) => {
    if (times.length === 0) return "all were awake";
    const some = times.length < wakes ? `, only ${times.length} were evicted` : "";
    return `${digits(median(times))} (${digits(quantile(times, 0.99))}${some})`;
  };
  const rows = wakeRows.map((row) =>
    [row, ...specs.map(({ name }) => cell(wakeups.get(name).times.get(row)))]);
  rows.push(["of the 1 MB document a newcomer is then given, KB",
             ...specs.map(({ name, isPluv }) =>
               (isPluv ? digits(wakeups.get(name).keptBytes / 1_000) : "-"))]);
  console.log(`From a message to an evicted object until it was heard, ms: median (99th percentile) ` +
              `of ${wakes}\n`);
  console.log(`${table(["", ...specs.map(({ name }) => name)], rows)}\n`);
}

// --- The code

async function code() {
  const kilobytes = (bytes) => digits(bytes / 1_000);
  const rows = codeSizes(options.original).map(([what, { raw, gzipped }]) =>
    [what, kilobytes(raw), kilobytes(gzipped)]);
  console.log(`${table(["", "KB", "gzipped, KB"], rows)}\n`);
  const spec = specs.find(({ name }) => name === "ours");
  if (!spec) return;
  const server = await start(spec);
  try {
    console.log(`An instance with its room takes ${digits(await instanceMicros(server))} us of CPU.\n`);
  } finally {
    await server.kill();
  }
}

const load = () => os.loadavg().map((value) => value.toFixed(1)).join(" ");

console.log(`${os.cpus()[0].model}, ${os.cpus().length} cores; load before: ${load()}\n`);
if (parts.has("messages")) await withServers(messages);
if (parts.has("memory") || parts.has("wake")) await sleepers();
if (parts.has("module")) await code();
console.log(`Load after: ${load()}`);
process.exit(0); // sockets of the bench's own may still be closing
