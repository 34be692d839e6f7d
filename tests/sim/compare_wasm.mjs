// Runs seeds natively and in WebAssembly: the same effects, to the last byte, or it fails.
//
//   node tests/sim/compare_wasm.mjs [SEEDS]
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { runWasi } from "../wasm/run_wasi.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const native = path.join(root, "build/release/bin/pluv-sim");
const wasm = path.join(root, "build/wasm-check/bin/pluv-sim.wasm");
const seeds = Number(process.argv[2] ?? 100);
// Seeds that one instance runs.
const PART = 50;

const flagsOf = (first, count) =>
  ["--first", String(first), "--seeds", String(count), "--model-disk", "--once", "--hashes"];

function hashes(text, count, what) {
  const lines = text.trim().split("\n");
  if (lines.length !== count || !lines.every((line) => /^\d+ [0-9a-f]{16}$/.test(line))) {
    throw new Error(`${what} printed no hash a seed:\n${text.slice(0, 500)}`);
  }
  return lines.map((line) => line.split(" "));
}

function runNative() {
  return new Promise((resolve, reject) => {
    const child = spawn(native, flagsOf(1, seeds), { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => { output += text; });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(new Map(hashes(output, seeds, "the native build")));
      else reject(new Error(`natively: ${signal ?? `exit code ${code}`}`));
    });
  });
}

function runWasm() {
  const module = new WebAssembly.Module(readFileSync(wasm));
  const all = new Map();
  for (let first = 1; first <= seeds; first += PART) {
    const count = Math.min(PART, seeds - first + 1);
    const { code, output } = runWasi(module, { args: ["pluv-sim", ...flagsOf(first, count)] });
    if (code !== 0) throw new Error(`in WebAssembly: exit code ${code}`);
    for (const [seed, hash] of hashes(output, count, "the WebAssembly build")) all.set(seed, hash);
  }
  return all;
}

const natively = runNative(); // beside the other
const there = runWasm();
const different = [...await natively].filter(([seed, hash]) => there.get(seed) !== hash);
for (const [seed, hash] of different.slice(0, 10)) {
  console.error(`seed ${seed}: ${hash} natively, ${there.get(seed)} in WebAssembly`);
}
console.log(`sim: ${seeds - different.length} of ${seeds} seeds the same natively and in WebAssembly`);
process.exitCode = different.length === 0 ? 0 : 1;
