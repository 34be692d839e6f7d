// How good clients fare while a pluvd with a ceiling on its memory is attacked: ten of them edit a
// document and move their cursors, at rest first and then through each attack of lib/attacks.mjs.
// Prints a table, and fails when one of them was closed, when a hundredth of what they sent took
// longer than a second, or when the process took more memory than it may.
//
//   node attack.mjs [--short] [--only NAME,NAME] [--pluvd PATH]
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { need } from "./lib/need.mjs";

await need("ws", "jose", "yjs");
const { sleep, startPluvd } = await import("./lib.mjs");
const { attacks } = await import("./lib/attacks.mjs");

const CEILING_MIB = 256;
// What may come between two looks at the memory (20 ms), and the largest message of each loop.
const ALLOWANCE_MIB = 64;
const P99_MS_MAX = 1_000;
const ROOM = "good-room";

const option = (name) => {
  const at = process.argv.indexOf(name);
  return at >= 0 ? process.argv[at + 1] : undefined;
};
const short = process.argv.includes("--short");
const PHASE_MS = short ? 2_500 : 10_000;
const names = option("--only")?.split(",") ?? (short
  ? ["messages", "joins", "deaf", "halves", "bombs", "documents", "all"] : Object.keys(attacks));

const PROCESS = fileURLToPath(new URL("lib/attack_process.mjs", import.meta.url));
const start = (...args) => fork(PROCESS, args);
const message = (child) => new Promise((resolve, reject) => {
  const ended = (code) => reject(new Error(`a process ended with ${code}`));
  child.once("exit", ended);
  child.once("message", (text) => {
    child.off("exit", ended);
    resolve(text);
  });
});
const exit = (child) => new Promise((resolve) => child.once("exit", resolve));

function residentMib(pid) {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(text.match(/^VmRSS:\s+(\d+) kB$/m)[1]) / 1024;
}

async function metrics(server) {
  const text = await (await fetch(`${server.http}/metrics`)).text();
  const sum = (name) => [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, "gm"))]
    .reduce((all, [, value]) => all + Number(value), 0);
  return { refused: sum("pluv_connections_refused_total"), shed: sum("pluv_memory_closes_total"),
           accepted: sum("pluv_accepted_total"), cpu: sum("process_cpu_seconds_total") };
}

// Runs body and answers {figures of the good clients, peak, what the server counted}.
async function phase(server, good, body) {
  const before = await metrics(server);
  good.send("begin");
  let peak = 0;
  const sampling = setInterval(() => { peak = Math.max(peak, residentMib(server.pid)); }, 25);
  await body();
  clearInterval(sampling);
  const answer = message(good);
  good.send("figures");
  const figures = await answer;
  const after = await metrics(server);
  const counted = Object.fromEntries(Object.keys(after).map((key) => [key,
                                                                      after[key] - before[key]]));
  return { ...figures, peak, ...counted };
}

const cells = (values) => `| ${values.join(" | ")} |`;
function row(name, what, one) {
  const number = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  console.log(cells([name, what, one.count, number(one.p50), number(one.p99), number(one.max),
                     one.peak.toFixed(0), one.accepted, one.refused, one.shed,
                     one.closed.length]));
}

const problems = [];
function judge(name, one) {
  if (one.count < 100) problems.push(`${name}: only ${one.count} messages arrived`);
  if (one.p99 > P99_MS_MAX) problems.push(`${name}: p99 of ${one.p99.toFixed(0)} ms`);
  if (one.closed.length > 0) problems.push(`${name}: good clients were closed: ${one.closed}`);
  if (one.peak > CEILING_MIB + ALLOWANCE_MIB) {
    problems.push(`${name}: ${one.peak.toFixed(0)} MiB of ${CEILING_MIB}`);
  }
}

const server = await startPluvd(["--max-memory", `${CEILING_MIB}MiB`, "--deflate", "--log-level",
                                 "error"]);
const good = start("good", server.url, ROOM);
try {
  await message(good);
  await sleep(1_000);
  console.log(`ceiling ${CEILING_MIB} MiB, ${PHASE_MS / 1000} s each; times in ms\n`);
  console.log(cells(["attack", "what", "arrived", "p50", "p99", "max", "peak MiB", "connections",
                     "refused", "shed", "good closed"]));
  console.log(cells(Array(11).fill("---")));
  const atRest = await phase(server, good, () => sleep(PHASE_MS));
  row("none", "at rest", atRest);
  judge("none", atRest);
  for (const name of names) {
    const one = await phase(server, good, () =>
      exit(start("bad", name, server.port, ROOM, PHASE_MS)));
    row(name, attacks[name].what, one);
    judge(name, one);
    if (one.accepted < 2) problems.push(`${name}: nobody attacked`);  // one is our own question
    await sleep(short ? 300 : 1_000);
  }
  const after = await phase(server, good, () => sleep(short ? 1_000 : 5_000));
  row("none", "at rest again", after);
  judge("afterwards", after);
  good.send("end");
  await exit(good);
} finally {
  good.kill();
  await server.stop();
}
for (const problem of problems) console.log(`not ok - ${problem}`);
console.log(problems.length === 0 ? "\nok - the good clients were served through all of it" : "");
process.exit(problems.length === 0 ? 0 : 1);
