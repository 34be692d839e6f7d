// docs/hosting.md as a newcomer follows it: its shell blocks, one after the other, in an empty
// folder. Only the ports are others.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { freePort, makeFolder, programs, removeFolder, suite } from "./lib.mjs";

const { test, run } = suite("hosting documents", { limit_ms: 120_000 });
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

function blocks(document) {
  const text = fs.readFileSync(path.join(root, document), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
}

async function shell(script, cwd) {
  const child = spawn("bash", ["-c", script], {
    cwd, detached: true, stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: `${path.dirname(programs.pluvd)}:${process.env.PATH}` },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => { output += text; });
  const code = await new Promise((resolve) => child.on("exit", resolve));
  return { code, output };
}

test("every block of docs/hosting.md does what it says", async (t) => {
  const folder = t.use(makeFolder(), removeFolder);
  fs.symlinkSync(path.join(root, "examples"), path.join(folder, "examples"));
  const ports = { 8443: await freePort(), 9000: await freePort() };
  const script = blocks("docs/hosting.md").map((block, at) => {
    const own = block.replace(/\b(8443|9000)\b/g, (port) => ports[port]);
    return `echo "== block ${at + 1}"\n${own}`;
  });
  assert.ok(script.length >= 6, "blocks");
  const { code, output } = await shell(
    `set -e -o pipefail\ntrap 'kill $(jobs -p); wait' EXIT\n${script.join("\n")}\necho "== done"`,
    folder);
  assert.equal(code, 0, output);
  assert.ok(output.includes("== done"), output);
});

await run();
