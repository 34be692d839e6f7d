// docs/admin-api.md as a newcomer follows it: its lines of curl, in their order, against a server
// with the configuration that it shows. Only the port is another one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Client, freePort, Hosting, makeFolder, programs, removeFolder, startServer, suite,
         until } from "./lib.mjs";

const { test, run } = suite("admin documents", { limit_ms: 120_000 });
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const text = fs.readFileSync(path.join(root, "docs/admin-api.md"), "utf8");
const blocks = (language) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, one]) => one);

// Takes nothing, so that webhooks end up among the dead.
async function deafReceiver(t) {
  const server = http.createServer((request, response) => {
    request.resume();
    response.writeHead(500).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.use(server, () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }));
  return server.address().port;
}

test("every line of curl in docs/admin-api.md does what it says", async (t) => {
  const folder = t.use(makeFolder(), removeFolder);
  const key = "the secret key of a project that is only here";
  fs.writeFileSync(path.join(folder, "acme.key"), `${key}\n`, { mode: 0o600 });
  const ports = { 3000: await freePort(), 9000: await deafReceiver(t) };
  const own = (part) => part.replace(/\b(3000|9000)\b/g, (port) => ports[port]);
  const config = path.join(folder, "pluvd.toml");
  const [toml] = blocks("toml");
  fs.writeFileSync(config, own(toml), { mode: 0o600 });
  const server = t.use(await startServer(path.resolve(programs.pluvd),
                                         ["--config", config, "--log-level", "warn"],
                                         { cwd: folder }));

  // Before the block about who is there, somebody has to be.
  const parts = blocks("sh").map((block, at) => {
    const wait = block.includes("/sessions\"")
      ? "touch ready\nuntil [ -e joined ]; do sleep 0.05; done\n" : "";
    return `echo "== block ${at + 1}"\n${wait}${own(block)}`;
  });
  assert.ok(parts.length >= 8, "blocks");
  const child = spawn("bash", ["-c", `set -e -o pipefail\n${parts.join("\n")}\necho "== done"`],
                      { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (some) => { output += some; });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  t.use(child, () => child.kill());

  await until(() => fs.existsSync(path.join(folder, "ready")) || child.exitCode !== null);
  assert.equal(child.exitCode, null, output);
  const api = `${server.http}/api/v1`;
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const body = JSON.stringify({ room: "plans", user: { id: "ann", name: "Ann" } });
  const { token } = await (await fetch(`${api}/tokens`, { method: "POST", headers, body })).json();
  const parameters = { url: server.url.replace("/api/pluv/room/", "/api/room/"), room: "plans",
                       token: `${token}&public_key=pk-acme` };
  for (let i = 0; i < 2; ++i) t.use(await Client.joined(parameters));
  // What the last blocks do away with.
  await until(async () => {
    const dead = await (await fetch(`${api}/webhooks/dead`, { headers })).json();
    return dead.webhooks.length >= 2;
  }, { what: "webhooks that were given up" });
  fs.writeFileSync(path.join(folder, "joined"), "");
  assert.equal(await ended, 0, output);
  assert.ok(output.includes("== done"), output);
});

test("the page has a line for every route", async (t) => {
  const hosting = t.use(new Hosting({ a: {} }));
  await hosting.start();
  const { paths } = await (await hosting.admin("a", "GET", "/openapi.json")).json();
  const lines = blocks("sh").join("\n");
  for (const [pattern, operations] of Object.entries(paths)) {
    const path_of = pattern.replace(/\{[^}]*\}/g, "[^/\"?]+");
    for (const method of Object.keys(operations)) {
      const verb = method === "get" ? "" : `-X ${method.toUpperCase()} `;
      assert.match(lines, new RegExp(`curl -sSf ${verb}"\\$API${path_of}["?]`),
                   `${method} ${pattern}`);
    }
  }
});

await run();
