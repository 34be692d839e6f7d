// Hours of ordinary days on one pluvd: what it takes of the machine stays what it is, and goes back
// when everybody has left.
//
//   node soak.test.mjs --seconds 1800 --json soak.json --svg soak.svg
//
// --seconds: how long (default 30). Samples are taken about each ten seconds, in short soaks each
// second. --storage memory: without a file, so that no cache of it grows with what is kept.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import os from "node:os";

import { makeFolder, numberOption, programs, Random, readMetrics, removeFolder, runToEnd,
         seedOf, sleep, startPluvd, suite, textOption, until, usageOf }
  from "./lib.mjs";
import { flatness, isFlat, judge, median } from "./lib/flatness.mjs";
import { People } from "./lib/soak_people.mjs";
import { soakPicture } from "./lib/soak_picture.mjs";

const seconds = numberOption("seconds", 30);
const { test, run } = suite("soak", { limit_ms: (seconds + 240) * 1000 });

const keepsNothing = textOption("storage") === "memory";

const COMPACTIONS = 'pluv_store_calls_total{call="compact"}';
const LINGER_S = 2;
const SAMPLE_MS = Math.min(10_000, seconds * 1000 / 24);
// Free pages that pluvd keeps to use again, and what is a few seconds over-age.
const FILE_SLACK_MIB = 20;
const LOG_MIB_MAX = 20; // docs/pluvd.md: some 16 MB

test("steps in what is sampled are found, noise and warming up are not", async () => {
  const noise = (at) => (at * 7919) % 13 / 10;
  const samples = (of) => Array.from({ length: 180 }, (_, at) => of(at) + noise(at));
  assert.ok(isFlat(flatness(samples(() => 40))));
  assert.ok(isFlat(flatness(samples((at) => 40 - 20 * Math.exp(-at / 10)))), "warms up");
  assert.ok(isFlat(flatness(samples((at) => (at % 50 === 49 ? 90 : 40)))), "peaks");
  assert.ok(!isFlat(flatness(samples((at) => 40 + at / 10), { slack: 2 })), "a leak");
  assert.ok(!isFlat(flatness(samples((at) => (at > 100 ? 50 : 40)), { slack: 2 })), "a step");
  assert.throws(() => flatness([1, 2, 3]));
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

async function sample(server, data, people, begin, before) {
  const usage = usageOf(server.pid, data);
  const metrics = await readMetrics(server);
  const [presence, edit] = [people.latencies.presence.take(), people.latencies.edit.take()];
  const at_s = (Date.now() - begin) / 1000;
  return {
    at_s: Math.round(at_s * 10) / 10,
    ...usage,
    cpu_percent: before ? 100 * (usage.cpu_s - before.cpu_s) / (at_s - before.at_s) : 0,
    sessions: metrics.pluv_sessions,
    rooms: metrics.pluv_rooms,
    presence_p50_ms: presence.p50,
    presence_p99_ms: presence.p99,
    edit_p50_ms: edit.p50,
    edit_p99_ms: edit.p99,
  };
}

// When nobody is there any more.
async function comesToRest(server, data) {
  await until(async () => {
    const metrics = await readMetrics(server);
    // The connection that asks is one.
    return metrics.pluv_sessions === 0 && metrics.pluv_rooms === 0 && metrics.pluv_connections <= 1;
  }, { timeout: 60_000, what: "an empty server" });
  await sleep(1_000); // the connection that asked last goes, too
  return usageOf(server.pid, data);
}

// The documents' file is open, each thread has been at work.
async function oneVisit(server, random) {
  const people = new People({ url: server.url, random, rooms: 2, perRoom: 2 });
  await people.start();
  await sleep(500);
  await people.stop();
  await people.leave();
}

// JSON with a sample a line.
function soakJson({ samples, ...rest }) {
  const spelled = (value, indent) => JSON.stringify(value, (_, one) =>
    (typeof one === "number" ? Math.round(one * 100) / 100 : one), indent);
  const columns = Object.keys(samples[0]);
  const rows = samples.map((one) => `  ${spelled(columns.map((name) => one[name]))}`);
  return `${spelled(rest, 1).slice(0, -2)},\n "columns": ${spelled(columns)},\n "samples": [\n` +
         `${rows.join(",\n")}\n ]\n}\n`;
}

// What has to be in the file, whose checksums are right.
async function documentsOf(data) {
  const storage = async (...words) => {
    const { code, output } = await runToEnd(programs.pluvd, ["storage", ...words, "--data", data],
                                            { output_max: Infinity });
    assert.equal(code, 0, output);
    return output;
  };
  await storage("verify");
  const lines = (await storage("ls", "--json")).trim().split("\n");
  return lines.map((line) => JSON.parse(line))
    .reduce((sum, room) => sum + room.logBytes + room.snapshotBytes, 0) / 2 ** 20;
}

function report(soak) {
  const json = textOption("json");
  if (json) writeFileSync(json, soakJson(soak));
  const svg = textOption("svg");
  if (svg) writeFileSync(svg, soakPicture(soak));
}

test(`${seconds} s of joins, typing, presence, cuts and slow readers leave nothing behind`,
     async (t) => {
  const random = new Random(seedOf("soak"));
  const data = t.use(makeFolder(), removeFolder);
  const server = await startPluvd([
    "--dev", "--linger", `${LINGER_S}s`,
    ...(keepsNothing ? ["--storage", "memory"] : ["--data", data, "--history", "20s", "--log-min",
                                                  "4KiB", "--log-updates", "100"])]);
  t.use(server, () => server.alive && server.kill());
  await oneVisit(server, random);
  const base = await comesToRest(server, data);

  const people = new People({ url: server.url, random, rooms: 6, perRoom: 5 });
  t.use(people, () => { people.going = false; });
  await people.start();
  const begin = Date.now();
  const samples = [];
  while (Date.now() - begin < seconds * 1000) {
    await sleep(SAMPLE_MS);
    samples.push(await sample(server, data, people, begin, samples.at(-1)));
  }
  await people.stop();
  await people.check();
  await people.leave();
  const after = await comesToRest(server, data);
  const metrics = await readMetrics(server);
  await server.stop();
  const documents_mib = keepsNothing ? 0 : await documentsOf(data);

  const p50 = median(samples.map((one) => one.edit_p50_ms));
  const p99 = median(samples.map((one) => one.edit_p99_ms));
  const counts = Object.entries(people.counts).map((one) => one.join(" ")).join(", ");
  console.log(`# ${seconds} s: ${counts}; ` +
              `an edit was seen in ${p50.toFixed(1)} ms (p50), ${p99.toFixed(1)} ms (p99); ` +
              `${metrics[COMPACTIONS]} snapshots`);
  const figures = judge(samples);
  for (const [name, { before, after: last, most }] of Object.entries(figures)) {
    console.log(`# ${name}: median ${before.toFixed(1)} of the second quarter, ` +
                `${last.toFixed(1)} of the last (at most ${most.toFixed(1)})`);
  }
  console.log(`# resident MiB: ${base.resident_mib.toFixed(1)} before, ` +
              `${after.resident_mib.toFixed(1)} after; descriptors: ${base.descriptors} before, ` +
              `${after.descriptors} after; threads: ${base.threads}, ${after.threads}`);
  console.log(`# the file has ${after.database_mib.toFixed(1)} MiB for ` +
              `${documents_mib.toFixed(1)} MiB of documents`);
  report({ seconds, documents_mib, machine: { cores: os.cpus().length, model: os.cpus()[0].model },
           counts: people.counts, base, after, figures, samples });

  assert.deepEqual(people.errors, []);
  assert.ok(people.counts.heard >= people.counts.events, "events were heard by others");
  for (const [name, judged] of Object.entries(figures)) {
    assert.ok(isFlat(judged), `${name} grows: ${JSON.stringify(judged)}`);
  }
  assert.ok(keepsNothing || metrics[COMPACTIONS] > 0, "logs were compacted on the way");
  const { database_mib } = after;
  assert.ok(database_mib <= 2 * documents_mib + FILE_SLACK_MIB, "history is purged");
  const log_mib = Math.max(...samples.map((one) => one.log_mib));
  assert.ok(log_mib <= LOG_MIB_MAX, `the write-ahead log had ${log_mib} MiB`);
  assert.equal(after.descriptors, base.descriptors, "each descriptor was given back");
  assert.equal(after.threads, base.threads);
  // An allocator keeps pages that it has had: no more than it ever needed at a time.
  assert.ok(after.resident_mib <= figures.resident_mib.most, "memory was given back");
});

await run();
