// pluvd in one process, scripted clients in another: the first page of the documentation, in order.
// As a program of its own this file is the client process.
import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { Client, runToEnd, startPluvd, suite } from "./lib.mjs";

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
