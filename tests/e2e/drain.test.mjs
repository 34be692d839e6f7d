// Stopping and replacing a running pluvd: clients come back at once and without backoff, so nobody
// may ever find the door shut, and not all may knock at the same moment.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { Client, freePort, makeFolder, RawSocket, removeFolder, sleep, startPluvd, suite, until }
  from "./lib.mjs";

const { test, run } = suite("drain", { parallel: 3, limit_ms: 120_000 });

function unixSocketPath(t) {
  const file = path.join(os.tmpdir(), `pluv-e2e-${randomBytes(6).toString("hex")}.sock`);
  return t.use(file, () => rmSync(file, { force: true }));
}

async function joinMany(t, server, count, rooms, more = {}) {
  const clients = Array.from({ length: count }, (_, at) =>
    t.use(new Client({ url: server.url, room: `${t.room}-${at % rooms}`, ...more })));
  for (const client of clients) await client.ready();
  return clients;
}

test("SIGTERM closes everyone with 1012, spread over the window, and ends with 0", async (t) => {
  const window = 3_000;
  const server = await startPluvd(["--dev", "--drain-window", `${window}ms`,
                                   "--drain-deadline", "30s"]);
  t.use(server, () => server.alive && server.kill());
  const clients = await joinMany(t, server, 50, 5);
  const times = [];
  for (const client of clients) {
    client.closed({ timeout: 60_000 }).then(() => times.push(Date.now()));
  }
  const begin = Date.now();
  server.signal("SIGTERM");
  const { code, signal } = await server.exited;
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, server.output);
  await until(() => times.length === clients.length);
  for (const client of clients) assert.deepEqual(client.closes.map((one) => one.code), [1012]);
  const last = Math.max(...times);
  assert.ok(last - begin < window + 20_000, "within the window, or what slowness adds to it");
  const spread = last - Math.min(...times);
  assert.ok(spread > window / 4, `staggered: all within ${spread} ms`);
  assert.ok(new Set(times.map((at) => Math.floor((at - begin) / (window / 10)))).size >= 4);
});

test("while it drains it says so, and clients still talk", async (t) => {
  const server = await startPluvd(["--dev", "--drain-window", "4s", "--drain-deadline", "30s"]);
  t.use(server, () => server.alive && server.kill());
  const clients = await joinMany(t, server, 10, 1);
  // Accepted before the next one, since both wait in one queue.
  const probe = t.use(new RawSocket(server.port));
  assert.equal((await fetch(`${server.http}/readyz`)).status, 200);
  server.signal("SIGTERM");
  await Promise.race(clients.map((client) => client.closed()));
  probe.write("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
  await probe.until(() => probe.ended, "the end of the connection");
  assert.match(probe.text, /^HTTP\/1\.1 503 .*\r\nConnection: close\r\n.*\ndraining\n$/s);
  const open = clients.filter((client) => client.isOpen);
  if (open.length > 1) {
    const [first] = open;
    first.send("doubleValue", { value: 4 });
    await first.until(() => first.closes.length || first.messages.some((m) =>
      m.type === "doubledValue" && m.data.value === 8), "its answer, or its own turn to go");
  }
  const { code } = await server.exited;
  assert.equal(code, 0, server.output);
});

test("who connected before a drain and is slow to ask is answered all the same", async (t) => {
  const server = await startPluvd(["--dev", "--drain-window", "4s", "--drain-deadline", "30s"]);
  t.use(server, () => server.alive && server.kill());
  const clients = await joinMany(t, server, 20, 4);
  const slow = t.use(new RawSocket(server.port));
  // Accepted before the next one, since both wait in one queue.
  assert.equal((await fetch(`${server.http}/readyz`)).status, 200);
  server.signal("SIGTERM");
  await sleep(2_000); // of the window; longer than an idle server would wait for it
  assert.ok(clients.some((client) => client.isOpen), "it still drains");
  slow.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  await slow.until(() => slow.ended, "the end of the connection");
  assert.match(slow.text, /^HTTP\/1\.1 200 /);
  assert.equal((await server.exited).code, 0, server.output);
});

test("a server without clients ends at once", async (t) => {
  const server = await startPluvd(["--dev", "--drain-window", "60s", "--drain-deadline", "120s"]);
  t.use(server, () => server.alive && server.kill());
  const begin = Date.now();
  server.signal("SIGTERM");
  assert.equal((await server.exited).code, 0, server.output);
  assert.ok(Date.now() - begin < 30_000);
});

test("SIGINT drains as SIGTERM does", async (t) => {
  const server = await startPluvd(["--dev", "--drain-window", "100ms"]);
  t.use(server, () => server.alive && server.kill());
  const [client] = await joinMany(t, server, 1, 1);
  server.signal("SIGINT");
  assert.equal((await client.closed()).code, 1012);
  assert.equal((await server.exited).code, 0, server.output);
});

test("a client that does not answer the close is cut at the deadline", async (t) => {
  const server = await startPluvd(["--dev", "--drain-window", "100ms", "--drain-deadline", "2s",
                                   "--max-close", "60s"]);
  t.use(server, () => server.alive && server.kill());
  const [client] = await joinMany(t, server, 1, 1);
  client.socket._socket.pause();
  server.signal("SIGTERM");
  const { code } = await server.exited;
  assert.equal(code, 1, `the deadline was met with a connection left: ${server.output}`);
});

test("a successor takes over while clients come and go, and none is refused", async (t) => {
  const handover = unixSocketPath(t);
  const data = t.use(makeFolder(), removeFolder);
  const args = ["--dev", "--data", data, "--handover", handover, "--drain-window", "2s",
                "--drain-deadline", "30s"];
  const old = await startPluvd(args);
  t.use(old, () => old.alive && old.kill());
  const clients = await joinMany(t, old, 40, 4, { reconnect: true });

  // Others come all the while.
  let going = true;
  const visitors = { joined: 0, errors: [] };
  const visiting = Promise.all(Array.from({ length: 4 }, async (_, at) => {
    while (going) {
      const visitor = new Client({ url: old.url, room: `${t.room}-visit-${at}`, reconnect: true });
      try {
        await visitor.ready();
        ++visitors.joined;
      } finally {
        visitors.errors.push(...visitor.errors);
        await visitor.close();
      }
    }
  }));
  t.use(null, () => { going = false; });

  const successor = await startPluvd([...args, "--port", String(old.port)]);
  t.use(successor, () => successor.alive && successor.stop());
  assert.equal(successor.port, old.port);
  // The old one drains by itself once it has handed over.
  assert.equal((await old.exited).code, 0, old.output);
  for (const client of clients) await client.ready(2);
  const before = visitors.joined;
  await until(() => visitors.joined > before + 4);
  going = false;
  await visiting;

  for (const client of clients) {
    assert.deepEqual(client.closes.map((one) => one.code), [1012], client.errors.join());
    assert.deepEqual(client.errors, []);
    assert.equal(client.attempts, 2, "one way back, no loop");
  }
  assert.deepEqual(visitors.errors, []);
  const room = clients.filter((client) => client.room === clients[0].room);
  for (const client of room) {
    await client.until(() => client.others.size === room.length - 1, "all others");
  }
  await successor.stop();
});

test("a chain of successors serves on", async (t) => {
  const handover = unixSocketPath(t);
  const data = t.use(makeFolder(), removeFolder);
  const args = ["--dev", "--data", data, "--handover", handover, "--drain-window", "300ms"];
  let current = await startPluvd(args);
  const servers = [current];
  t.use(null, () => Promise.all(servers.map((one) => one.alive && one.kill())));
  const [client] = await joinMany(t, current, 1, 1, { reconnect: true });
  for (let generation = 2; generation <= 4; ++generation) {
    const next = await startPluvd([...args, "--port", String(current.port)]);
    servers.push(next);
    assert.equal((await current.exited).code, 0, current.output);
    await client.ready(generation);
    current = next;
  }
  assert.deepEqual(client.errors, []);
  await current.stop();
});

test("after kill -9 and a restart everyone is back", async (t) => {
  const port = await freePort();
  const data = t.use(makeFolder(), removeFolder);
  const args = ["--dev", "--data", data, "--port", String(port)];
  const first = await startPluvd(args);
  t.use(first, () => first.alive && first.kill());
  const clients = await joinMany(t, first, 20, 2, { reconnect: true });
  await first.kill();
  const second = await startPluvd(args);
  t.use(second, () => second.alive && second.stop());
  for (const client of clients) {
    await client.ready(2);
    assert.equal(client.closes[0].code, 1006);
  }
  for (const client of clients) {
    await client.until(() => client.others.size === 9, "the nine others of its room");
  }
});

await run();
