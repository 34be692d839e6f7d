// The transcripts in WebAssembly: every golden one to the last byte, and those of the original.
//
//   scripts/build wasm-check transcripts && node tests/transcripts/compare_wasm.mjs
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { runWasi } from "../wasm/run_wasi.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const data = path.join(root, "tests/data/transcripts");
const wasm = path.join(root, "build/wasm-check/bin/transcripts.wasm");
const module = new WebAssembly.Module(readFileSync(wasm));

const run = (verb, file) =>
  runWasi(module, { args: ["transcripts", verb], input: readFileSync(path.join(data, file)) });

const names = readdirSync(data);
const golden = names.filter((name) => name.startsWith("ours-"));
const recorded = ["noauth.jsonl", "auth.jsonl"];
const failed = [];
for (const name of golden) {
  const { code, output } = run("golden", name);
  if (code !== 0 || output !== readFileSync(path.join(data, name), "utf8")) failed.push(name);
}
for (const name of recorded) {
  const { code, output } = run("replay", name);
  if (code === 0) continue;
  failed.push(name);
  console.error(output);
}
for (const name of failed) console.error(`${name}: not the same in WebAssembly`);
const all = golden.length + recorded.length;
console.log(`transcripts: ${all - failed.length} of ${all} the same in WebAssembly`);
process.exitCode = failed.length === 0 && golden.length > 0 ? 0 : 1;
