// pluvd in one process, scripted clients in another: the first page of the documentation, in order.
// As a program of its own this file is the client process.
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { Client, makeFolder, programs, removeFolder, runToEnd, Server, startPluvd, suite,
         until } from "./lib.mjs";

const here = fileURLToPath(import.meta.url);
const at = process.argv.indexOf("--client");
if (at >= 0) await playClients(process.argv[at + 1], process.argv[at + 2]);

const { test, shared, run } = suite("two processes", { limit_ms: 90_000 });
const server = shared(() => startPluvd(["--dev"]));

test("clients in another process join, see each other and talk", async (t) => {
  const { url } = await server();
  const { code, output } = await runToEnd(process.execPath, [here, "--client", url, t.room]);
  assert.equal(code, 0, output);
  assert.match(output, /^all said and heard$/m);
});

test("clients of two processes meet in one room", async (t) => {
  const { url } = await server();
  const mine = t.use(await Client.joined({ url, room: t.room, presence: { name: "parent" } }));
  const child = runToEnd(process.execPath, [here, "--client", url, t.room]);
  const first = await mine.take((m) => m.type === "$userJoined" &&
                                       m.connectionId !== mine.connectionId);
  assert.ok(first.data.presence.name);
  assert.ok((await mine.take("receiveMessage")).data.message.startsWith("hello from"));
  const { code, output } = await child;
  assert.equal(code, 0, output);
  await mine.until(() => mine.others.size === 0, "everyone's leave");
});

// examples/yjs-client, with the packages that are installed for these tests.
const tests = path.dirname(here);
const example = path.join(tests, "../../examples/yjs-client");

function noteProgram(t) {
  const folder = t.use(makeFolder(), removeFolder);
  copyFileSync(path.join(example, "note.mjs"), path.join(folder, "note.mjs"));
  symlinkSync(path.join(tests, "node_modules"), path.join(folder, "node_modules"));
  return path.join(folder, "note.mjs");
}

test("the example's note is there after a kill -9", async (t) => {
  const note = noteProgram(t);
  const data = t.use(makeFolder(), removeFolder);
  const start = async () => t.use(await startPluvd(["--dev", "--data", data]),
                                  (server) => server.alive && server.stop());
  const at = (server) => ({ env: { ROOM_URL: server.url + t.room } });
  const add = async (server, line) => {
    const { code, output } = await runToEnd(process.execPath, [note, line], at(server));
    assert.equal(code, 0, output);
    return output;
  };
  const kept = async () =>
    (await runToEnd(programs.pluvd, ["storage", "show", t.room, "--data", data])).output;

  const first = await start();
  const watcher = t.use(new Server(process.execPath, [note], at(first)),
                        (it) => it.alive && it.kill());
  await until(() => watcher.output.includes("--- the note\n"), { what: "an empty note" });
  assert.equal(await add(first, "Buy oat milk"), "--- the note\nBuy oat milk\n");
  await until(() => watcher.output.endsWith("Buy oat milk\n"), { what: "the line" });
  await first.kill();
  assert.equal(await kept(), '{"note":"Buy oat milk\\n"}\n');
  await until(() => watcher.output.includes("closed with 1006"), { what: "the lost connection" });
  await watcher.kill();

  const second = await start();
  assert.equal(await add(second, "Feed the cat"), "--- the note\nBuy oat milk\nFeed the cat\n");
  await second.kill();
  assert.equal(await kept(), '{"note":"Buy oat milk\\nFeed the cat\\n"}\n');
});

test("the example asks for the packages that it is tested with", async () => {
  const read = (folder) =>
    JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")).dependencies;
  const { ws, yjs } = read(tests);
  assert.deepEqual(read(example), { ws, yjs });
});

await run();

async function playClients(url, room) {
  const ann = await Client.joined({ url, room, presence: { name: "Ann" } });
  const bob = await Client.joined({ url, room, presence: { name: "Bob" } });
  assert.deepEqual(bob.others.get(ann.connectionId), { name: "Ann" });
  await ann.until(() => ann.others.has(bob.connectionId), "Bob's join");
  assert.deepEqual(ann.others.get(bob.connectionId), { name: "Bob" });

  bob.setPresence({ cursor: { x: 1, y: 2 } });
  await ann.until(() => ann.others.get(bob.connectionId).cursor, "Bob's cursor");
  assert.deepEqual(ann.others.get(bob.connectionId), { name: "Bob", cursor: { x: 1, y: 2 } });

  ann.send("sendMessage", { message: "hello from Ann" });
  for (const client of [ann, bob]) {
    const heard = await client.take((m) => m.type === "receiveMessage" &&
                                           m.connectionId === ann.connectionId);
    assert.equal(heard.data.message, "hello from Ann");
  }
  bob.send("doubleValue", { value: 3.5 });
  assert.deepEqual((await bob.take("doubledValue")).data, { value: 7 });
  ann.ping();
  await ann.take("$pong");

  await bob.close();
  await ann.until(() => !ann.others.has(bob.connectionId), "Bob's leave");
  await ann.close();
  console.log("all said and heard");
  process.exit(0);
}
