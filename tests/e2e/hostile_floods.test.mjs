// Too much of everything: messages, joins, rooms, names, presences, questions, updates that are
// none, and messages that inflate. What is too much is refused, others are served, and what it took
// of memory comes back.
import assert from "node:assert/strict";
import net from "node:net";
import zlib from "node:zlib";

import * as Y from "yjs";

import { Client, frame, RawSocket, readRoom, sleep, startPluvd, StorageClient, suite, toBase64,
         until, upgradeHead } from "./lib.mjs";

const { test, shared, run } = suite("hostile floods", { parallel: 3, limit_ms: 170_000 });
const open = shared(() => startPluvd(["--dev", "--pacing-min", "50ms", "--pacing-max", "100ms"]));
const PATH = "/api/pluv/room/";
const MIB = 1024 * 1024;
const event = (type, data) => JSON.stringify({ type, data });
const INITIALIZE = frame(event("$initializeSession", { presence: {}, update: null }));
// A sanitizer's build takes many times the time, and keeps what was freed for a while.
const sanitized = Boolean(process.env.E2E_SANITIZER);
// What a message inflates to that is put aside. A sanitizer takes seconds for a dozen MiB.
const LARGE_BYTES = (sanitized ? 3 : 12) * MIB;
// So many rooms are made by one of the tests.
const ROOMS = Number(process.env.E2E_ROOMS ?? (sanitized ? 2_000 : 20_000));

function assertMemory(bytes, bytes_max) {
  if (!sanitized) assert.ok(bytes < bytes_max, `${bytes} bytes, not below ${bytes_max}`);
}

async function metrics(server) {
  const text = await (await fetch(`${server.http}/metrics`)).text();
  const read = (name) => Number(text.match(new RegExp(`^${name} (.*)$`, "m"))?.[1]);
  read.lines = text.split("\n").length;
  return read;
}

async function join(t, server, more = {}) {
  return t.use(await Client.joined({ url: server.url, room: t.room, ...more }));
}

// How long the room takes for a message of this client's, in ms.
let marks = 0;
async function latencyOf(client) {
  const mark = ++marks;
  const begin = Date.now();
  client.send("mark", { mark });
  await client.take(({ type, data }) => type === "mark" && data.mark === mark);
  return Date.now() - begin;
}

// --- messages ---

test("a flood of messages ends with its session, and others are served meanwhile", async (t) => {
  const server = await open();
  const a = await join(t, server);
  const b = await join(t, server);
  const flooder = await join(t, server);
  const text = event("flood", { text: "x".repeat(200) });
  for (let i = 0; i < 20_000; ++i) flooder.sendText(text);
  let longest_ms = 0;
  while (flooder.closes.length === 0) longest_ms = Math.max(longest_ms, await latencyOf(a));
  assert.equal(flooder.closes[0].code, 1008);
  assert.ok(longest_ms < 2_000, `${longest_ms} ms`);
  await b.settled();
  const heard = b.messages.filter(({ type }) => type === "flood").length;
  assert.ok(heard >= 3_900 && heard < 20_000, `${heard} of 20000 were passed on`);
});

test("presences and questions count as messages do", async (t) => {
  const server = await open();
  const a = await join(t, server);
  for (const [type, data] of [["$updatePresence", { presence: { n: 1 } }], ["$getOthers", {}],
                              ["$unknown", {}], ["$initializeSession", { presence: {}, update: "" }]]) {
    const flooder = await join(t, server);
    const text = event(type, data);
    for (let i = 0; i < 20_000; ++i) flooder.sendText(text);
    assert.equal((await flooder.closed()).code, 1008, type);
  }
  await a.settled();
  assert.equal(a.others.size, 0);
});

test("a flood of pings is answered and keeps nobody from an answer", async (t) => {
  const server = await open();
  const a = await join(t, server);
  const raw = t.use(await RawSocket.upgraded(server.port, PATH + t.room));
  raw.write(INITIALIZE);
  raw.socket.removeAllListeners("data").resume();
  const pings = Buffer.concat(Array.from({ length: 10_000 }, () => frame("ping", { opcode: 9 })));
  for (let i = 0; i < 10; ++i) raw.write(pings);
  for (let i = 0; i < 10; ++i) assert.ok(await latencyOf(a) < 2_000);
});

test("a presence has its limit, whatever it is made of", async (t) => {
  const server = await open();
  const a = await join(t, server);
  const b = await join(t, server, { presence: {} });
  for (let i = 0; i < 500; ++i) b.setPresence({ [`key-${i}`]: i });
  await b.settled();
  const refused = b.messages.filter(({ type }) => type === "$error").length;
  assert.ok(refused > 400, `${refused} of 500 were refused`);
  await a.settled();
  assert.ok(JSON.stringify(a.others.get(b.connectionId)).length <= 512);
});

test("a thousand names of events leave nothing behind", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--rate-limit", "0"]));
  const a = await join(t, server);
  await a.settled();
  const before = await metrics(server);
  for (let i = 0; i < 20_000; ++i) a.send(`event-${i}-${"x".repeat(40)}`, {});
  await a.settled();
  const after = await metrics(server);
  assert.equal(after.lines, before.lines, "lines of /metrics");
  const more = after("process_resident_memory_bytes") - before("process_resident_memory_bytes");
  assertMemory(more, 24 * MIB);
});

// --- joins, leaves and rooms ---

// Opens a socket, joins the room and leaves it; half of them without a close. From one of many
// addresses of the loopback, for each has only so many ports.
let nextAddress = 0;
function joinAndLeave(port, room) {
  nextAddress = (nextAddress + 1) % 200;
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: "127.0.0.1",
                                 localAddress: `127.0.0.${2 + nextAddress}` });
    const reset = nextAddress % 2 === 0;
    let joined = false;
    let text = "";
    socket.on("error", reject);
    socket.on("close", () => {
      if (joined) resolve();
      else reject(new Error(`closed before it joined ${room}: ${JSON.stringify(text)}`));
    });
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      if (joined || !text.includes("$storageReceived")) return;
      joined = true;
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    });
    socket.write(Buffer.concat([Buffer.from(upgradeHead(PATH + room)), INITIALIZE]));
  });
}

async function joinAndLeaveMany(port, count, roomOf) {
  let next = 0;
  const worker = async () => {
    while (next < count) await joinAndLeave(port, roomOf(next++));
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

test("thousands who join and leave are as many leaves, and no ghosts", async (t) => {
  const server = await open();
  const watcher = await join(t, server);
  const count = Math.min(ROOMS, 3_000);
  await joinAndLeaveMany(server.port, count, () => t.room);
  const of = (type) => watcher.messages.filter((one) => one.type === type).length;
  // Nobody else is there also between two joins: only the count tells which leave is the last.
  await watcher.until(() => of("$exit") >= count, "the last leave");
  assert.equal(watcher.others.size, 0, "ghosts");
  assert.equal(of("$exit"), count);
  assert.equal(of("$userJoined"), count + 1);
});

test(`${ROOMS} rooms come and go, and their memory with them`, async (t) => {
  const server = t.use(await startPluvd(["--dev", "--linger", "100ms"]));
  const watcher = await join(t, server);
  await joinAndLeaveMany(server.port, Math.min(ROOMS, 4_000), (n) => `warm-${n}`);
  await until(async () => (await metrics(server))("pluv_rooms") === 1);
  const before = (await metrics(server))("process_resident_memory_bytes");
  await joinAndLeaveMany(server.port, ROOMS, (n) => `room-${n}`);
  await until(async () => (await metrics(server))("pluv_rooms") === 1);
  const after = await metrics(server);
  const more = after("process_resident_memory_bytes") - before;
  console.log(`# ${ROOMS} rooms: ${(more / MIB).toFixed(1)} MiB more than before`);
  assertMemory(more, 16 * MIB);
  assert.equal(after("pluv_sessions"), 1);
  await watcher.settled();
});

// --- documents ---

test("updates that are none are told to their sender, who is closed for it", async (t) => {
  const server = await open();
  const a = t.use(await StorageClient.joined({ url: server.url, room: t.room }));
  const flooder = await join(t, server);
  for (let i = 0; i < 1_000; ++i) {
    flooder.send("$updateStorage", { origin: null, update: toBase64(Buffer.alloc(300, i)) });
  }
  assert.equal((await flooder.closed()).code, 1008);
  a.doc.getText("text").insert(0, "still here");
  await a.settled();
  const { doc } = await readRoom(server.url, t.room);
  assert.equal(doc.getText("text").toString(), "still here");
});

test("updates whose beginnings never come end their session, and nobody is sent them",
     async (t) => {
  const server = await open();
  const a = t.use(await StorageClient.joined({ url: server.url, room: t.room }));
  const before = (await metrics(server))("process_resident_memory_bytes");
  let closed = 0;
  for (let client = 1; client <= 20; ++client) {
    const attacker = await join(t, server);
    const doc = new Y.Doc();
    doc.clientID = 1_000 + client;
    const updates = [];
    doc.on("update", (update) => updates.push(update));
    for (let i = 0; i < 50; ++i) doc.getText("text").insert(i, "x".repeat(500));
    // Each lacks the one before it.
    for (let i = 1; i < updates.length; i += 2) {
      attacker.send("$updateStorage", { origin: null, update: toBase64(updates[i]) });
    }
    await attacker.until(() => attacker.closes.length > 0 ||
                               attacker.messages.some(({ type }) => type === "$storageReceived"));
    for (let i = 1; i < updates.length && attacker.closes.length === 0; i += 2) {
      attacker.send("$updateStorage", { origin: "$initialized", update: toBase64(updates[i]) });
    }
    closed += (await attacker.closed()).code === 1008 ? 1 : 0;
  }
  assert.equal(closed, 20, "sessions that were closed with 1008");
  a.doc.getText("text").insert(0, "whole");
  await a.settled();
  const { doc } = await readRoom(server.url, t.room);
  assert.equal(doc.getText("text").toString(), "whole");
  assert.equal(doc.store.pendingStructs, null);
  const more = (await metrics(server))("process_resident_memory_bytes") - before;
  assertMemory(more, 32 * MIB);
});

// --- the ceiling on memory ---

// Over its ceiling pluvd takes no connection.
const metricsUnlessRefused = (server) => metrics(server).catch(() => null);

test("near its ceiling pluvd closes who holds the most, and serves who holds little",
     { skip: sanitized && "a sanitizer's memory is its own" }, async (t) => {
  const server = t.use(await startPluvd(["--dev", "--max-memory", "128MiB", "--pacing-min", "100ms",
                                         "--pacing-max", "200ms"]));
  const a = await join(t, server);
  const b = await join(t, server);
  const begin = frame('{"type":"$initializeSession","data":{"presence":{},"update":"',
                      { fin: false });
  const part = frame("x".repeat(500_000), { opcode: 0, fin: false });
  const halves = [];
  for (let i = 0; i < 12; ++i) {
    const raw = t.use(await RawSocket.upgraded(server.port, `${PATH}${t.room}-${i}`));
    raw.write(begin);
    halves.push(raw);
  }
  let peak = 0;
  for (let n = 0; n < 90 && halves.some((raw) => raw.closeCode === null && !raw.ended); ++n) {
    for (const raw of halves) raw.write(part);
    a.send("still", { n });
    await b.take((one) => one.type === "still" && one.data.n === n);
    const now = await metricsUnlessRefused(server);
    if (now) peak = Math.max(peak, now("process_resident_memory_bytes"));
  }
  const after = await until(() => metricsUnlessRefused(server));
  console.log(`# ${after("pluv_memory_closes_total")} closed, ${(peak / MIB).toFixed(0)} MiB ` +
              "at the peak under a ceiling of 128");
  assert.ok(after("pluv_memory_closes_total") >= 6, "540 MB were sent");
  assert.ok(peak > 64 * MIB && peak < 192 * MIB, `${peak} bytes`);
  assert.match(server.output, /memory_pressure.*full/);
  for (const { closeCode } of halves) assert.ok([1013, null].includes(closeCode), closeCode);
  for (const raw of halves) raw.close();
  await until(async () => (await metricsUnlessRefused(server))?.("pluv_memory_pressure") < 2);
  await join(t, server);
  assert.deepEqual([a.closes, b.closes], [[], []]);
});

// --- compression bombs ---

const compressing = shared(() => startPluvd(["--dev", "--deflate"]));
const OFFER = { headers: { "Sec-WebSocket-Extensions": "permessage-deflate" } };

// A message of so many letters as it goes over the wire.
function bomb(bytes, begin = '{"type":"bomb","data":{"t":"', end = '"}}') {
  const filling = Math.max(bytes - begin.length - end.length, 0);
  const text = Buffer.concat([Buffer.from(begin), Buffer.alloc(filling, "x"), Buffer.from(end)]);
  const deflated = zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  return frame(deflated.subarray(0, -4), { rsv: 4 });
}

async function armed(t, server, room = t.room) {
  const raw = t.use(await RawSocket.upgraded(server.port, PATH + room, OFFER));
  assert.match(raw.head, /permessage-deflate/);
  raw.write(INITIALIZE);
  await sleep(20);
  return raw;
}

for (const size of [64 * 1024 + 1, 100_000, MIB, 16 * MIB, 60 * MIB]) {
  test(`a message that inflates to ${size} bytes ends its session with 1009`, async (t) => {
    const server = await compressing();
    const a = await join(t, server);
    const raw = await armed(t, server);
    raw.write(bomb(size));
    await raw.until(() => raw.closeCode !== null, "the close");
    assert.equal(raw.closeCode, 1009);
    await a.settled();
    assert.ok(!a.messages.some(({ type }) => type === "bomb"));
  });
}

test("a message that inflates to its limit is passed on", async (t) => {
  const server = await compressing();
  const a = await join(t, server);
  const raw = await armed(t, server);
  raw.write(bomb(64 * 1024));
  assert.equal((await a.take("bomb")).data.t.length, 64 * 1024 - '{"type":"bomb","data":{"t":""}}'.length);
});

test("a hundred bombs of the largest kind at once take turns", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--deflate"]));
  const a = await join(t, server);
  const before = (await metrics(server))("process_resident_memory_bytes");
  // The first exchange may carry a whole document: 40 MB are allowed, and are no update.
  const first = bomb(40 * MIB, '{"type":"$initializeSession","data":{"presence":{},"update":"',
                     '"}}');
  const raws = [];
  for (let i = 0; i < 100; ++i) {
    raws.push(t.use(await RawSocket.upgraded(server.port, `${PATH}${t.room}-${i % 7}`, OFFER)));
  }
  for (const raw of raws) raw.write(first);
  let longest_ms = 0;
  let peak = 0;
  const answered = () => raws.every((raw) => raw.ended || raw.frames.length >= 3);
  while (!answered()) {
    longest_ms = Math.max(longest_ms, await latencyOf(a));
    peak = Math.max(peak, (await metrics(server))("process_resident_memory_bytes"));
    await sleep(20);
  }
  console.log(`# 100 bombs of 40 MiB: ${longest_ms} ms longest, ` +
              `${((peak - before) / MIB).toFixed(0)} MiB at the peak`);
  if (!sanitized) assert.ok(longest_ms < 8_000, `${longest_ms} ms: handled one by one`);
  assertMemory(peak - before, 400 * MIB);
  await a.settled();
});

test("what comes behind a large message waits for it, and is not lost", async (t) => {
  const server = await compressing();
  const a = await join(t, server);
  const large = bomb(LARGE_BYTES, '{"type":"$updateStorage","data":{"origin":null,"x":"',
                     '","update":"AAA="}}');
  const senders = [];
  for (let i = 0; i < 5; ++i) senders.push(await armed(t, server));
  for (const [i, raw] of senders.entries()) {
    raw.write(Buffer.concat([frame(event("order", { i, n: 0 })), large,
                             frame(event("order", { i, n: 1 })), large,
                             frame(event("order", { i, n: 2 }))]));
  }
  const seen = senders.map(() => []);
  for (let count = 0; count < 15; ++count) {
    const { data } = await a.take("order");
    seen[data.i].push(data.n);
  }
  assert.deepEqual(seen, senders.map(() => [0, 1, 2]));
});

test("who vanishes while its large message waits is gone", async (t) => {
  const server = await compressing();
  const a = await join(t, server);
  const large = bomb(LARGE_BYTES, '{"type":"$updateStorage","data":{"origin":null,"x":"',
                     '","update":"AAA="}}');
  const senders = [];
  for (let i = 0; i < 10; ++i) senders.push(await armed(t, server));
  await a.until(() => a.others.size === 10, "their joins");
  for (const raw of senders) raw.write(Buffer.concat([large, large, large]));
  await sleep(50);
  for (const [i, raw] of senders.entries()) {
    if (i % 2) raw.socket.resetAndDestroy();
    else raw.write(frame(Buffer.from([3, 232]), { opcode: 8 }));
  }
  await a.until(() => a.others.size === 0, "their leaves");
  await a.settled();
});

test("updates that inflate to megabytes count for their size", async (t) => {
  const rate = sanitized ? 25 : 100; // a second, and four times as many at once
  const server = t.use(await startPluvd(["--dev", "--deflate", "--rate-limit", String(rate)]));
  const a = await join(t, server);
  const raw = await armed(t, server);
  const large = bomb(LARGE_BYTES, '{"type":"$updateStorage","data":{"origin":null,"x":"',
                     '","update":"AAA="}}');
  for (let i = 0; i < 60 && raw.closeCode === null; ++i) raw.write(large);
  // Inflated a quarter of the time.
  await raw.until(() => raw.closeCode !== null, "the close", 50_000);
  assert.equal(raw.closeCode, 1008);
  await a.settled();
});

test("deflated bytes without end or sense end their sessions", async (t) => {
  const server = await compressing();
  const a = await join(t, server);
  for (const bytes of [Buffer.alloc(1_000, 0xff), Buffer.alloc(0), Buffer.from([0]),
                       Buffer.from([0, 0, 0, 0xff, 0xff]), Buffer.alloc(60_000, 0)]) {
    const raw = await armed(t, server);
    raw.write(frame(bytes, { rsv: 4 }));
    raw.write(frame(Buffer.alloc(200, 0xff), { rsv: 4 }));
    await raw.until(() => raw.closeCode !== null, "the close");
    assert.ok([1002, 1007, 1008].includes(raw.closeCode), String(raw.closeCode));
  }
  await a.settled();
});

await run();
