// The transcripts in WebAssembly: every golden one to the last byte, and those of the original.
//
//   scripts/build wasm-check transcripts && node tests/transcripts/compare_wasm.mjs
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { WASI } from "node:wasi";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const data = path.join(root, "tests/data/transcripts");
const wasm = path.join(root, "build/wasm-check/bin/transcripts.wasm");
const module = await WebAssembly.compile(readFileSync(wasm));
const folder = mkdtempSync(path.join(tmpdir(), "pluv-transcripts-"));

// {code, output} of the program with this file as its input.
async function run(verb, file) {
  const out = path.join(folder, "stdout");
  const stdin = openSync(file, "r");
  const stdout = openSync(out, "w");
  const wasi = new WASI({ version: "preview1", args: ["transcripts", verb], stdin, stdout,
                          returnOnExit: true });
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
  const code = wasi.start(instance);
  closeSync(stdin);
  closeSync(stdout);
  return { code, output: readFileSync(out, "utf8") };
}

const names = readdirSync(data);
const golden = names.filter((name) => name.startsWith("ours-"));
const recorded = ["noauth.jsonl", "auth.jsonl"];
const failed = [];
try {
  for (const name of golden) {
    const file = path.join(data, name);
    const { code, output } = await run("golden", file);
    if (code !== 0 || output !== readFileSync(file, "utf8")) failed.push(name);
  }
  for (const name of recorded) {
    const { code, output } = await run("replay", path.join(data, name));
    if (code === 0) continue;
    failed.push(name);
    console.error(output);
  }
} finally {
  rmSync(folder, { recursive: true });
}
for (const name of failed) console.error(`${name}: not the same in WebAssembly`);
const all = golden.length + recorded.length;
console.log(`transcripts: ${all - failed.length} of ${all} the same in WebAssembly`);
process.exitCode = failed.length === 0 && golden.length > 0 ? 0 : 1;
