// Clients that take their time: a byte at a time, half a message, half a close, and those that read
// nothing or vanish. Each is let go when its time is up, and holds nobody up meanwhile.
import assert from "node:assert/strict";
import net from "node:net";
import tls from "node:tls";

import { certificateFlags } from "./lib/certificate.mjs";
import { Client, frame, makeFolder, RawSocket, removeFolder, sleep, startPluvd, suite, until,
         upgradeHead } from "./lib.mjs";

const { test, shared, run } = suite("hostile slow clients", { limit_ms: 90_000 });
const PATH = "/api/pluv/room/";
const SILENCE_MS = 2_000;
// The times are short here, so that nobody needs patience.
const impatient = shared(() => startPluvd(["--dev", "--max-handshake", "1500ms", "--max-close", "1s",
                                           "--max-silence", `${SILENCE_MS}ms`, "--ping-after",
                                           "1s"]));
// A sanitizer's build is slower, and keeps what was freed for a while.
const sanitized = Boolean(process.env.E2E_SANITIZER);
const event = (type, data) => JSON.stringify({ type, data });
const INITIALIZE = frame(event("$initializeSession", { presence: {}, update: null }));

async function metrics(server) {
  const text = await (await fetch(`${server.http}/metrics`)).text();
  return (name) => Number(text.match(new RegExp(`^${name} (.*)$`, "m"))?.[1]);
}

// A client by hand that is in the room. allowHalfOpen and all that: see RawSocket.
async function joinedRaw(t, server, room = t.room) {
  const raw = t.use(await RawSocket.upgraded(server.port, PATH + room));
  raw.write(INITIALIZE);
  await raw.until(() => raw.messages.length >= 3, "its join");
  return raw;
}

async function watcherOf(t, server) {
  return t.use(await Client.joined({ url: server.url, room: t.room }));
}

// The session of raw ends, the watcher hears so, and is served.
async function leaves(watcher, raw) {
  const { connectionId } = raw.messages[0];
  await watcher.take((one) => one.type === "$exit" && one.data.sessionId === connectionId);
  await watcher.settled();
  assert.deepEqual(watcher.closes, []);
}

// --- heads ---

test("five hundred heads that come a byte at a time are cut, and nobody waits", async (t) => {
  const server = await impatient();
  const watcher = await watcherOf(t, server);
  const head = upgradeHead(PATH + t.room);
  const slow = Array.from({ length: 500 }, () => t.use(new RawSocket(server.port)));
  let longest_ms = 0;
  for (let at = 0; at < head.length - 4 && slow.some((raw) => !raw.ended); ++at) {
    for (const raw of slow) raw.write(head[at]);
    const begin = Date.now();
    await watcher.settled();
    longest_ms = Math.max(longest_ms, Date.now() - begin);
    await sleep(20);
  }
  for (const raw of slow) await raw.until(() => raw.ended, "the cut");
  assert.ok(slow.every((raw) => !raw.text.includes(" 101 ")));
  assert.ok(sanitized || longest_ms < 1_000, `a message took ${longest_ms} ms`);
});

test("heads of 16 KB that never end are cut", async (t) => {
  const server = await impatient();
  const slow = Array.from({ length: 100 }, () => t.use(new RawSocket(server.port)));
  for (const raw of slow) {
    raw.write(upgradeHead(PATH + t.room).slice(0, -2) + `X-Long: ${"x".repeat(15_000)}`);
  }
  for (const raw of slow) await raw.until(() => raw.ended, "the cut");
  await watcherOf(t, server);
});

// --- TLS ---

const secure = shared(async () => {
  const folder = makeFolder();
  const server = await startPluvd(["--dev", "--max-handshake", "1500ms",
                                   ...certificateFlags(folder)]);
  server.exited.then(() => removeFolder(folder));
  return server;
});

async function joinOverTls(t, server) {
  const client = t.use(new Client({ url: server.url.replace("ws:", "wss:"), room: t.room,
                                    options: { rejectUnauthorized: false } }));
  await client.ready();
  return client;
}

// The first bytes of a TLS handshake that a client sends.
function clientHello() {
  return new Promise((resolve) => {
    const sink = net.createServer((socket) => socket.once("data", (bytes) => {
      socket.destroy();
      sink.close();
      resolve(bytes);
    }));
    sink.listen(0, "127.0.0.1", () => {
      tls.connect({ port: sink.address().port, host: "127.0.0.1" }).on("error", () => {});
    });
  });
}

test("TLS handshakes that stop anywhere are cut, and nobody waits", async (t) => {
  const server = await secure();
  const watcher = await joinOverTls(t, server);
  const hello = await clientHello();
  const begin = Date.now();
  const slow = Array.from({ length: 200 }, (_, n) => {
    const raw = t.use(new RawSocket(server.port));
    raw.write(hello.subarray(0, n === 0 ? hello.length : (n * 7) % hello.length));
    return raw;
  });
  await watcher.settled();
  assert.ok(sanitized || Date.now() - begin < 1_400, "served before the others are cut");
  for (const raw of slow) await raw.until(() => raw.ended, "the cut");
  await joinOverTls(t, server);
});

test("a TLS handshake a byte at a time is cut when its time is up", async (t) => {
  const server = await secure();
  const hello = await clientHello();
  const raw = t.use(new RawSocket(server.port));
  for (const byte of hello) {
    if (raw.ended) break;
    raw.write(Buffer.from([byte]));
    await sleep(20);
  }
  await raw.until(() => raw.ended, "the cut");
  await joinOverTls(t, server);
});

test("what is no TLS is cut at once", async (t) => {
  const server = await secure();
  for (const bytes of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", Buffer.alloc(1_000, 0xff),
                       Buffer.alloc(20_000), Buffer.from([0x16, 3, 1, 0xff, 0xff, 1])]) {
    const raw = t.use(new RawSocket(server.port));
    raw.write(bytes);
    await raw.until(() => raw.ended, "the cut");
  }
  await joinOverTls(t, server);
});

// --- frames ---

test("a message that comes a byte at a time is no sign of life", async (t) => {
  const server = await impatient();
  const watcher = await watcherOf(t, server);
  const raw = await joinedRaw(t, server);
  const bytes = frame(event("slow", { text: "x".repeat(500) }));
  const begin = Date.now();
  for (const byte of bytes) {
    if (raw.closeCode !== null || raw.ended) break;
    raw.write(Buffer.from([byte]));
    await sleep(100);
  }
  await leaves(watcher, raw);
  assert.ok(Date.now() - begin >= SILENCE_MS - 200, "not before its time");
  assert.ok(!watcher.messages.some(({ type }) => type === "slow"));
});

test("a message in fragments that never end grows to its limit and no further", async (t) => {
  // On a busy machine it takes longer than an impatient one waits for the next sign of life.
  const server = t.use(await startPluvd(["--dev"]));
  const watcher = await watcherOf(t, server);
  const raw = await joinedRaw(t, server);
  raw.write(frame('{"type":"endless","data":{"t":"', { fin: false }));
  for (let at = 0; at < 5_000 && raw.closeCode === null && !raw.ended; ++at) {
    raw.write(frame("x".repeat(20_000), { opcode: 0, fin: false }));
    if (at % 20 === 0) await sleep(1);
  }
  await raw.until(() => raw.ended || raw.closeCode !== null, "the close");
  await leaves(watcher, raw);
  if (raw.closeCode !== null) assert.equal(raw.closeCode, 1009);  // else it was reset, still writing
});

test("fragments of nothing end at their number", async (t) => {
  const server = await impatient();
  const watcher = await watcherOf(t, server);
  const raw = await joinedRaw(t, server);
  raw.write(frame("", { fin: false }));
  for (let at = 0; at < 2_000; ++at) raw.write(frame("", { opcode: 0, fin: false }));
  await raw.until(() => raw.closeCode !== null, "the close");
  assert.equal(raw.closeCode, 1009);
  await leaves(watcher, raw);
});

test("who says nothing and answers no ping is let go", async (t) => {
  const server = await impatient();
  const watcher = await watcherOf(t, server);
  const begin = Date.now();
  const raw = await joinedRaw(t, server);
  await leaves(watcher, raw);
  assert.ok(Date.now() - begin >= SILENCE_MS - 500);
  assert.ok(raw.frames.some(({ opcode }) => opcode === 9), "it was asked");
});

test("a frame that is announced and does not come takes no memory", async (t) => {
  const server = await impatient();
  const before = (await metrics(server))("process_resident_memory_bytes");
  const raws = [];
  for (let i = 0; i < 100; ++i) {
    const raw = t.use(await RawSocket.upgraded(server.port, PATH + t.room));
    raw.write(Buffer.concat([INITIALIZE, frame("", { size: 16 * 1024 * 1024 }).subarray(0, 14)]));
    raws.push(raw);
  }
  await sleep(300);
  const after = (await metrics(server))("process_resident_memory_bytes");
  assert.ok(sanitized || after - before < 32 * 1024 * 1024,
            `${after - before} bytes for what did not come`);
  for (const raw of raws) await raw.until(() => raw.ended || raw.closeCode !== null, "the end");
});

// --- half a close, and none ---

test("who closes one side is gone", async (t) => {
  const server = await impatient();
  const watcher = await watcherOf(t, server);
  for (let i = 0; i < 20; ++i) {
    const raw = await joinedRaw(t, server);
    raw.socket.end();  // and reads on
    const begin = Date.now();
    await leaves(watcher, raw);
    assert.ok(Date.now() - begin < SILENCE_MS, "at once");
  }
  assert.equal(watcher.others.size, 0);
});

test("who closes one side before the answer is gone, too", async (t) => {
  const server = await impatient();
  for (const bytes of ["", "GET ", upgradeHead(PATH + t.room),
                       Buffer.concat([Buffer.from(upgradeHead(PATH + t.room)), INITIALIZE])]) {
    for (let i = 0; i < 20; ++i) {
      const raw = t.use(new RawSocket(server.port));
      raw.socket.end(bytes);
      await raw.until(() => raw.ended, "the end");
    }
  }
  const watcher = await watcherOf(t, server);
  assert.equal(watcher.others.size, 0);
});

test("a reset in the middle of a frame is a leave", async (t) => {
  const server = await impatient();
  const watcher = await watcherOf(t, server);
  const bytes = frame(event("cut", { text: "x".repeat(300) }));
  for (let at = 0; at < bytes.length; at += 17) {
    const raw = await joinedRaw(t, server);
    raw.write(bytes.subarray(0, at));
    raw.socket.resetAndDestroy();
    await leaves(watcher, raw);
  }
  assert.ok(!watcher.messages.some(({ type }) => type === "cut"));
});

test("sockets that never read are closed, and hold neither the others nor the memory",
     async (t) => {
  const server = t.use(await startPluvd(["--dev", "--max-queue", "64KiB", "--max-queue-stall",
                                         "500ms", "--rate-limit", "0", "--max-silence", "60s"]));
  const sender = await watcherOf(t, server);
  const deaf = [];
  for (let i = 0; i < 30; ++i) {
    const raw = t.use(await RawSocket.upgraded(server.port, PATH + t.room));
    raw.write(INITIALIZE);
    raw.socket.pause();
    deaf.push(raw);
  }
  await sender.until(() => sender.others.size === deaf.length, "their joins");
  const text = "x".repeat(30_000);
  for (let n = 0; sender.others.size > 0 && n < 3_000; ++n) {
    sender.send("flood", { n, text });
    await sender.take((one) => one.type === "flood" && one.data.n === n);
  }
  assert.equal(sender.others.size, 0, "all of them are gone");
  assert.deepEqual(sender.closes, []);
  await until(async () => (await metrics(server))("pluv_queue_bytes") === 0);
});

await run();
