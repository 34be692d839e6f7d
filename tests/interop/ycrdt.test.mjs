// Our Yjs engine beside yjs: the same seeded scripts in both, and every byte that comes out compared.
// A difference ends the run with the shortest script that shows it and the line that repeats it.
//
//   node tests/interop/run.mjs ycrdt --driver build/release/bin/ycrdt_driver
//     --scenarios 300000 --seed 1 [--profile rich]
import process from "node:process";
import { isDeepStrictEqual, parseArgs } from "node:util";

import { Driver } from "./lib/driver.mjs";
import { Generator, PROFILE_NAMES } from "./lib/generate.mjs";
import { answersOf, YjsScript } from "./lib/yjs_script.mjs";

const { values: options } = parseArgs({
  allowPositionals: true,
  options: {
    driver: { type: "string" },
    scenarios: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    profile: { type: "string" },
  },
});
if (options.profile !== undefined && !PROFILE_NAMES.includes(options.profile)) {
  throw new Error(`--profile is one of ${PROFILE_NAMES.join(", ")}`);
}

const BATCH = 64;
const PROGRESS_MS = 60_000;
let driver = new Driver(options.driver);

// The answers of both, or of yjs alone when ours has died on the script.
async function runBoth(steps) {
  const yjs = new YjsScript();
  for (const step of steps) yjs.run(step);
  if (yjs.undo.threw) throw new Error("yjs threw in an undo");
  try {
    return [yjs.encoded(), (await driver.run([steps]))[0]];
  } catch (error) {
    driver = new Driver(options.driver);
    return [yjs.encoded(), new Uint8Array([1, 6, ...Buffer.from("(died)")])];
  }
}

async function differs(steps) {
  try {
    const [expected, actual] = await runBoth(steps);
    return Buffer.compare(expected, actual) !== 0;
  } catch {
    return false;  // yjs itself refuses what is left of the script
  }
}

// Leaves steps out, many at first, for as long as the difference stays.
async function shrink(steps) {
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size > 1 ? size >> 1 : 0) {
    for (let at = steps.length - size; at >= 0; at -= size) {
      const out = steps.slice(at, at + size).filter(([, op]) => op !== "doc" && op !== "root");
      const fewer = steps.filter((step) => !out.includes(step));
      if (out.length === 0) continue;
      if (await differs(fewer)) steps = fewer;
    }
  }
  for (let i = 0; i < steps.length; ++i) {
    if (steps[i][1] !== "tx") continue;
    for (let at = steps[i][3].length - 1; at >= 0; --at) {
      const inner = steps[i][3].filter((_, j) => j !== at);
      const fewer = steps.with(i, [...steps[i].slice(0, 3), inner]);
      if (await differs(fewer)) steps = fewer;
    }
  }
  return steps;
}

const show = (bytes) => bytes === undefined ? "(nothing)"
  : /^[\x20-\x7e]*$/.test(bytes.toString("latin1")) ? bytes.toString("latin1")
  : `${bytes.toString("hex")} ${JSON.stringify(bytes.toString("utf8"))}`;
const showStep = (step) => JSON.stringify(step, (_, v) => typeof v === "bigint" ? `${v}n` : v);

async function report(seed, steps) {
  const profile = options.profile === undefined ? "" : ` --profile ${options.profile}`;
  console.error(`yjs and ours differ. Again: node tests/interop/run.mjs ycrdt --driver ` +
                `${options.driver} --scenarios 1 --seed ${seed}${profile}`);
  const shortest = await shrink(steps);
  for (const step of shortest) console.error(`  ${showStep(step)}`);
  const [expected, actual] = (await runBoth(shortest)).map(answersOf);
  const at = expected.findIndex((answer, i) => !isDeepStrictEqual(answer, actual[i]));
  const first = at === -1 ? expected.length : at;
  for (let i = Math.max(0, first - 2); i < first; ++i) console.error(`  both: ${show(expected[i])}`);
  console.error(`  yjs:  ${show(expected[first])}\n  ours: ${show(actual[first])}`);
}

async function main() {
  const first = Number(options.seed);
  const count = Number(options.scenarios);
  const begun = performance.now();
  let said = begun;
  let threw = 0;
  for (let done = 0; done < count; done += BATCH) {
    if (performance.now() - said > PROGRESS_MS) {
      said = performance.now();
      console.error(`${done} of ${count} scenarios, the same so far`);
    }
    const scripts = [];
    for (let i = done; i < Math.min(count, done + BATCH); ++i) {
      try {
        scripts.push(new Generator(first + i, options.profile).generate());
      } catch (error) {
        error.message += ` (seed ${first + i})`;
        throw error;
      }
    }
    const actual = await driver.run(scripts.map(({ steps }) => steps)).catch(() => undefined);
    if (actual === undefined) driver = new Driver(options.driver);
    for (const [i, { steps, script }] of scripts.entries()) {
      if (script.undo.threw) {
        ++threw;
        continue;
      }
      const same = actual !== undefined ? Buffer.compare(script.encoded(), actual[i]) === 0
        : !await differs(steps);
      if (same) continue;
      await report(first + done + i, steps);
      driver.end();
      process.exitCode = 1;
      return;
    }
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${count} scenarios from seed ${first}: the same in both (${seconds} s)` +
              (threw > 0 ? `; without ${threw} in which yjs threw in an undo` : ""));
  driver.end();
}

await main();
