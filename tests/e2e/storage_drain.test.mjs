// Documents while pluvd is stopped or replaced: a file has one writer, so a successor takes the
// socket at once and the file only when its predecessor has ended; whoever joins in between waits.
// No edit is lost on any of these ways.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { Client, freePort, makeFolder, readRoom, removeFolder, same, sameAsServer, sleep, startPluvd,
         StorageClient, suite, until } from "./lib.mjs";

const { test, run } = suite("storage drain", { parallel: 3, limit_ms: 90_000 });

function settings(t, more = []) {
  const data = t.use(makeFolder(), removeFolder);
  const handover = path.join(os.tmpdir(), `pluv-e2e-${randomBytes(6).toString("hex")}.sock`);
  t.use(handover, () => rmSync(handover, { force: true }));
  return ["--dev", "--data", data, "--handover", handover, "--drain-deadline", "30s",
          "--rate-limit", "0", ...more];
}

async function start(t, args) {
  return t.use(await startPluvd(args), (server) => server.alive && server.kill());
}

// Sessions that never stop writing, connected or not, until stop(); written: their marks.
function startWriting(t, clients) {
  const writing = { written: [], going: true, done: null };
  writing.done = (async () => {
    for (let number = 0; writing.going; ++number) {
      for (const [at, client] of clients.entries()) {
        if (!client.initialized) continue;
        const mark = `${at}.${number}`;
        writing.written.push(mark);
        client.doc.getArray("list").push([mark]);
      }
      await sleep(5);
    }
  })();
  writing.stop = async () => {
    writing.going = false;
    await writing.done;
    return writing.written;
  };
  t.use(null, () => { writing.going = false; });
  return writing;
}

async function joinWriters(t, server, count) {
  const clients = [];
  for (let i = 0; i < count; ++i) {
    clients.push(t.use(await StorageClient.joined({ url: server.url, room: t.room,
                                                    reconnect: true })));
  }
  return clients;
}

// All that was written is with everybody and in the server, once.
async function allThere(server, clients, written) {
  for (const client of clients) {
    await client.until(() => client.isOpen && client.answered === client.socket, "its return");
  }
  const { content } = await sameAsServer(server, clients);
  assert.deepEqual(content.list.sort(), written.sort());
}

test("a successor takes the file when its predecessor has ended, and no edit is lost",
     async (t) => {
  const args = settings(t, ["--drain-window", "3s"]);
  const old = await start(t, args);
  const clients = await joinWriters(t, old, 8);
  const writing = startWriting(t, clients);
  await sleep(200);

  const successor = await start(t, [...args, "--port", String(old.port)]);
  // A newcomer while the old one still has the file.
  const newcomer = t.use(new StorageClient({ url: successor.url, room: t.room }));
  await newcomer.take("$registered");
  newcomer.ping();
  await newcomer.take("$pong");
  assert.ok(clients.some((client) => client.closes.length === 0), "the old one is still draining");
  assert.equal(newcomer.changeKinds.length, 0);
  await newcomer.take("$storageReceived");
  for (const client of clients) {
    assert.deepEqual(client.closes.map(({ code }) => code), [1012], "nobody is with the old one");
  }
  assert.deepEqual(newcomer.changeKinds, ["unchanged"]);
  assert.equal((await old.exited).code, 0, old.output);
  await sleep(300);
  await allThere(successor, [...clients, newcomer], await writing.stop());
  for (const client of [...clients, newcomer]) {
    assert.deepEqual(client.errors, []);
    assert.ok(client.closes.length <= 1);
  }
});

test("a successor takes the file of a predecessor that is killed in its drain", async (t) => {
  const args = settings(t, ["--drain-window", "20s"]);
  const old = await start(t, args);
  const clients = await joinWriters(t, old, 4);
  const writing = startWriting(t, clients);
  await sleep(200);
  const successor = await start(t, [...args, "--port", String(old.port)]);
  const newcomer = t.use(new StorageClient({ url: successor.url, room: t.room }));
  await newcomer.take("$registered");
  await sleep(300);
  assert.equal(newcomer.changeKinds.length, 0);
  await old.kill();
  await newcomer.ready();
  assert.deepEqual(newcomer.changeKinds, ["unchanged"]);
  await allThere(successor, [...clients, newcomer], await writing.stop());
});

test("a chain of successors hands a document on", async (t) => {
  const args = settings(t, ["--drain-window", "200ms"]);
  let server = await start(t, args);
  const clients = await joinWriters(t, server, 3);
  const writing = startWriting(t, clients);
  for (let generation = 0; generation < 3; ++generation) {
    const next = await start(t, [...args, "--port", String(server.port)]);
    assert.equal((await server.exited).code, 0, server.output);
    server = next;
    for (const client of clients) await client.ready(generation + 2);
  }
  await allThere(server, clients, await writing.stop());
});

test("a successor that is stopped while it waits for the file ends in order", async (t) => {
  const args = settings(t, ["--drain-window", "3s"]);
  const old = await start(t, args);
  const clients = await joinWriters(t, old, 3);
  const successor = await start(t, [...args, "--port", String(old.port), "--drain-window",
                                    "100ms"]);
  const waiting = t.use(new Client({ url: successor.url, room: t.room }));
  await waiting.take("$registered");
  successor.signal("SIGTERM");
  assert.equal((await waiting.closed()).code, 1012);
  assert.equal((await successor.exited).code, 0, successor.output);
  for (const client of clients) client.check();
});

test("what was written up to the last moment of a drain is kept", async (t) => {
  const port = await freePort();
  const args = settings(t, ["--drain-window", "1s", "--port", String(port)]);
  const first = await start(t, args);
  const clients = await joinWriters(t, first, 6);
  const writing = startWriting(t, clients);
  await sleep(300);
  for (const client of clients) client.reconnect = false;
  first.signal("SIGTERM");
  assert.equal((await first.exited).code, 0, first.output);
  const written = await writing.stop();
  const seen = new Set();
  for (const [at, client] of clients.entries()) {
    await client.until(() => client.dead !== null, "the end of its connection");
    for (const mark of client.doc.getArray("list").toArray()) {
      if (!mark.startsWith(`${at}.`)) seen.add(mark);
    }
  }
  const second = await start(t, args);
  const kept = new Set((await readRoom(second.url, t.room)).doc.getArray("list").toArray());
  assert.deepEqual([...seen].filter((mark) => !kept.has(mark)), []);
  for (const client of clients) client.rejoin(second.url);
  await allThere(second, clients, written);
  await second.stop();
});

test("a client without a way back leaves its last edit with a draining server", async (t) => {
  const args = settings(t, ["--drain-window", "100ms", "--durability", "strict"]);
  const first = await start(t, args);
  const [a, b] = await joinWriters(t, first, 2);
  a.reconnect = b.reconnect = false;
  a.doc.getText("text").insert(0, "last words");
  await same([a, b]);
  first.signal("SIGTERM");
  assert.equal((await first.exited).code, 0, first.output);
  const second = await start(t, args);
  const { doc } = await until(() => readRoom(second.url, t.room));
  assert.equal(doc.getText("text").toString(), "last words");
  await second.stop();
});

await run();
