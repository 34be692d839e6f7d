// The client as a package: packed by npm, installed in a folder of its own without the net, and used
// by plain Node and by a program in TypeScript, against a hosted pluvd.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { makeFolder, removeFolder, startPluvd, suite } from "./lib.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const web = path.resolve(here, "../../web");
if (!fs.existsSync(path.join(web, "node_modules/typescript"))) {
  const required = Boolean(process.env.TESTS_MUST_RUN);
  console.error(`${required ? "failed" : "skipped"}: run npm ci --prefix web`);
  process.exit(required ? 1 : 77);
}

const { test, run } = suite("web client package", { limit_ms: 120_000 });

async function command(program, parameters, cwd, env = {}) {
  try {
    const { stdout } = await promisify(execFile)(program, parameters, {
      cwd, env: { ...process.env, npm_config_offline: "true", npm_config_audit: "false",
                  npm_config_fund: "false", npm_config_update_notifier: "false", ...env },
    });
    return stdout;
  } catch (error) {
    throw new Error(`${program} ${parameters.join(" ")}: ${error.stdout}${error.stderr}`);
  }
}

// A copy of a package that the suites have; npm would look for what it names in the registry.
function copyPackage(folder, name) {
  const from = path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  fs.cpSync(from, path.join(folder, "node_modules", name), { recursive: true });
}

// A folder with the packed client, and beside it what it is used with. It goes with this process.
async function install() {
  const folder = makeFolder();
  // Sources alone, as in a fresh checkout: nothing that an earlier build has left is taken.
  const client = path.join(folder, "checkout/client");
  fs.cpSync(path.join(web, "client"), client, {
    recursive: true, filter: (from) => !/[\\/](dist|node_modules)$/.test(from),
  });
  fs.symlinkSync(path.join(web, "node_modules"), path.join(folder, "checkout/node_modules"));
  await command("npm", ["pack", "--pack-destination", folder], client);
  const packed = fs.readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  assert.deepEqual(packed, ["pluv-cpp-client-0.1.0.tgz"]);

  const app = path.join(folder, "app");
  fs.mkdirSync(app);
  fs.writeFileSync(path.join(app, "package.json"), '{ "type": "module", "private": true }');
  await command("npm", ["install", "--legacy-peer-deps", path.join(folder, packed[0])], app);
  for (const name of ["yjs", "lib0", "isomorphic.js", "ws"]) copyPackage(app, name);
  const own = path.join(app, "node_modules/@pluv-cpp/client");
  assert.ok(!fs.lstatSync(own).isSymbolicLink());
  assert.ok(!fs.existsSync(path.join(own, "src")), "JavaScript and types alone");
  return app;
}
let installing = null;
const installed = () => (installing ??= install());

const PROGRAM = `
  import WebSocket from "ws";
  import { createClient } from "@pluv-cpp/client";

  globalThis.WebSocket ??= WebSocket;
  const [http, token] = process.argv.slice(2);
  const client = createClient({
    wsEndpoint: ({ room }) =>
      \`\${http.replace("http", "ws")}/api/room/\${room}?public_key=pk-acme\`,
    authEndpoint: () => \`data:text/plain,\${token}\`,
  });
  const room = client.createRoom("my-room", { initialPresence: { name: "Ann" } });
  room.connect();
  await new Promise((resolve, reject) => {
    room.subscribe.status((status) => {
      if (status === "synced") resolve();
      if (status === "closed") reject(new Error(JSON.stringify(room.closeReason)));
    });
  });
  const refreshed = new Promise((resolve) => room.subscribe.permissions(resolve));
  room.refreshToken(token);
  console.log(JSON.stringify(await refreshed));
  const text = room.doc.getText("note");
  if (text.length === 0) text.insert(0, "Buy oat milk");
  console.log(text.toString());
  const waited = new Promise((resolve) => room.on("echo", resolve));
  room.broadcast("echo", { said: "hello" });
  console.log((await waited).data.said);
  room.destroy();
`;

const TYPED = `
  import { createClient, type Room } from "@pluv-cpp/client";
  const client = createClient({ wsEndpoint: ({ room }) => "ws://127.0.0.1/" + room });
  const room = client.createRoom("my-room", { initialPresence: { x: 0 } });
  export const own: Room<never, { x: number }>["status"] = room.status;
  room.updateMyPresence({ x: 1 });
  // @ts-expect-error: no number
  room.updateMyPresence({ x: "1" });
  // @ts-expect-error: no such member
  room.noSuchThing();
`;

test("plain Node installs it, joins a room of a project and is understood", async (t) => {
  const app = await installed();
  const folder = t.use(makeFolder(), removeFolder);
  const secret = "the key of acme, some characters";
  const config = path.join(folder, "pluvd.toml");
  fs.writeFileSync(config, `[projects.acme]\npublic_key = "pk-acme"\nsecret_key = "${secret}"\n`,
                   { mode: 0o600 });
  const server = t.use(await startPluvd(["--config", config]));
  const answer = await fetch(`${server.http}/api/room/token`, {
    method: "POST",
    body: JSON.stringify({ publicKey: "pk-acme", secretKey: secret, maxAge: null, room: "my-room",
                           user: { id: "ann" }, permissions: ["write", "event:echo"] }),
  });
  const token = await answer.text();
  assert.equal(answer.status, 200, token);
  fs.writeFileSync(path.join(app, "main.mjs"), PROGRAM);
  for (const time of ["first", "second"]) {  // the second finds what the first one wrote
    const said = await command(process.execPath, ["main.mjs", server.http, token], app);
    assert.deepEqual(said.trim().split("\n"),
                     ['["event:echo","read","write"]', "Buy oat milk", "hello"], time);
  }
});

test("its types are found by Node's rules and by a bundler's", async () => {
  const app = await installed();
  fs.writeFileSync(path.join(app, "typed.ts"), TYPED);
  const tsc = path.join(web, "node_modules/typescript/bin/tsc");
  for (const [module, resolution] of [["NodeNext", "NodeNext"], ["ESNext", "Bundler"]]) {
    await command(process.execPath, [
      tsc, "--noEmit", "--strict", "--skipLibCheck", "--target", "ES2022",
      "--module", module, "--moduleResolution", resolution, "typed.ts",
    ], app);
  }
});

await run();
