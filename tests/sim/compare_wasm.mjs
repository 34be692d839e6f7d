// Runs seeds natively and in WebAssembly: the same effects, to the last byte, or it fails.
//
//   node tests/sim/compare_wasm.mjs [SEEDS]
import { spawnSync } from "node:child_process";
import { readFileSync, openSync, closeSync, rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { WASI } from "node:wasi";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const native = path.join(root, "build/release/bin/pluv-sim");
const wasm = path.join(root, "build/wasm-check/bin/pluv-sim.wasm");
const seeds = Number(process.argv[2] ?? 100);
const flags = ["--seeds", String(seeds), "--model-disk", "--once", "--hashes"];

function hashes(text, what) {
  const lines = text.trim().split("\n");
  if (lines.length !== seeds || !lines.every((line) => /^\d+ [0-9a-f]{16}$/.test(line))) {
    throw new Error(`${what} printed no hash a seed:\n${text.slice(0, 500)}`);
  }
  return new Map(lines.map((line) => line.split(" ")));
}

function runNative() {
  const done = spawnSync(native, flags, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`natively: ${done.stderr}`);
  return hashes(done.stdout, "the native build");
}

async function runWasm() {
  const folder = mkdtempSync(path.join(tmpdir(), "pluv-sim-"));
  const file = path.join(folder, "stdout");
  try {
    const stdout = openSync(file, "w");
    const wasi = new WASI({ version: "preview1", args: ["pluv-sim", ...flags], stdout,
                            returnOnExit: true });
    const module = await WebAssembly.compile(readFileSync(wasm));
    const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
    const code = wasi.start(instance);
    closeSync(stdout);
    if (code !== 0) throw new Error(`in WebAssembly: exit code ${code}`);
    return hashes(readFileSync(file, "utf8"), "the WebAssembly build");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [here, there] = [runNative(), await runWasm()];
const different = [...here].filter(([seed, hash]) => there.get(seed) !== hash);
for (const [seed, hash] of different.slice(0, 10)) {
  console.error(`seed ${seed}: ${hash} natively, ${there.get(seed)} in WebAssembly`);
}
console.log(`sim: ${seeds - different.length} of ${seeds} seeds the same natively and in WebAssembly`);
process.exitCode = different.length === 0 ? 0 : 1;
