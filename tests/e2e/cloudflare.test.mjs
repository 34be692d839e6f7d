// Rooms in Durable Objects, under workerd: their memory goes while their sockets stay (an object is
// evicted ten seconds after its last event), and nobody notices; the application's TypeScript; what
// the Worker's own code may ask of a room.
//
//   node tests/e2e/run.mjs cloudflare
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

import * as Y from "yjs";

import { Client, makeFolder, makeToken, readRoom, removeFolder, same, sameAsServer, sleep, stateOf,
         StorageClient, suite, toBase64, until } from "./lib.mjs";
import { startExample, startWorkerd } from "../cloudflare/lib/workerd.mjs";

const { test, shared, run } = suite("cloudflare", { limit_ms: 90_000 });

const worker = path.resolve(path.dirname(fileURLToPath(import.meta.url)),
                            "../cloudflare/objects_worker.js");
const SECRET = "a secret of the objects' tests: 0123456789";
// workerd evicts an object so long after its last event.
const EVICTED_AFTER_MS = 10_000;

function start(flags = {}, more = {}) {
  return startWorkerd(worker,
                      { wasm: "conformance_room.wasm", flags,
                        bindings: [["SECRET", "text", SECRET]], output_max: Infinity, ...more });
}
const open = shared(() => start());
const listening = shared(() => start({ listens: true }));

// A test's own server. It waits for its sockets when it is stopped, and those may still be open.
const use = (t, server) => t.use(server, () => server.alive && server.kill());

// What the objects of a room have told: a list of {what, ...}.
function told(server, room, what) {
  return server.output.split("\n").filter((line) => line.startsWith("@"))
    .map((line) => JSON.parse(line.slice(1)))
    .filter((one) => one.room === room && (what === undefined || one.what === what));
}
async function call(server, room, method, ...args) {
  const response = await fetch(`${server.http}/call/${room}/${method}`,
                               { method: "POST", body: JSON.stringify(args) });
  return response.json();
}
async function join(t, server, more = {}) {
  return t.use(await Client.joined({ url: server.url, room: t.room, heartbeat: false, ...more }));
}
async function joinStorage(t, server, more = {}) {
  return t.use(await StorageClient.joined({ url: server.url, room: t.room, heartbeat: false,
                                            ...more }));
}
const typesOf = (client) => client.messages.map(({ type }) => type);
const textOf = (client) => client.doc.getText("text");

// The records of the one object in this folder: [{number, snapshot, parts}].
function recordsIn(data) {
  const file = readdirSync(data, { recursive: true, encoding: "utf8" })
    .find((name) => /room\/[^/]+\.sqlite$/.test(name));
  const query = "SELECT number, max(is_snapshot), count(*) FROM pluv_records GROUP BY number";
  const script = "import json, sqlite3, sys\n" +
    "print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))";
  const { stdout, stderr } = spawnSync("python3", ["-c", script, path.join(data, file), query],
                                       { encoding: "utf8" });
  assert.equal(stderr, "");
  return JSON.parse(stdout).map(([number, snapshot, parts]) => ({ number, snapshot, parts }));
}

// Until the object's memory has gone, and one that took its place was asked for.
async function evicted(server, room, act) {
  const before = told(server, room, "constructed").length;
  await sleep(EVICTED_AFTER_MS + 2_500);
  const answer = await act();
  await until(() => told(server, room, "constructed").length > before,
              { what: "another object", timeout: 5_000 });
  const { sockets } = told(server, room, "constructed").at(-1);
  return { answer, sockets };
}

// --- evictions ---

test("an eviction between two messages is seen by nobody: presence, users, events", async (t) => {
  const server = await open();
  const a = await join(t, server, { presence: { name: "a" } });
  const b = await join(t, server, { presence: { name: "b" } });
  await a.until(() => a.others.size === 1);
  const heard = [a.messages.length, b.messages.length];
  const { sockets } = await evicted(server, t.room, async () => {
    assert.deepEqual([a.messages.length, b.messages.length], heard, "silence while it is asleep");
    a.send("sendMessage", { message: "after" });
    return b.take("receiveMessage");
  });
  assert.equal(sockets, 2);
  assert.deepEqual(typesOf(b).slice(heard[1]), ["receiveMessage"], "and nothing else");
  b.setPresence({ mood: "fine" });
  assert.deepEqual((await a.take("$presenceUpdated")).data.presence, { name: "b", mood: "fine" });
  const late = await join(t, server);
  assert.deepEqual(late.others, new Map([[a.connectionId, { name: "a" }],
                                         [b.connectionId, { name: "b", mood: "fine" }]]));
  assert.deepEqual([a.closes, b.closes], [[], []]);
});

test("a document goes on after an eviction, and who was asleep learns what was typed", async (t) => {
  const server = await open();
  const a = await joinStorage(t, server);
  const b = await joinStorage(t, server);
  textOf(a).insert(0, "before ");
  await same([a, b]);
  await evicted(server, t.room, async () => {
    textOf(a).insert(textOf(a).length, "of a ");
    textOf(b).insert(textOf(b).length, "of b ");
    await same([a, b]);
  });
  await sameAsServer(server, [a, b]);
  assert.equal(a.exchanges, 1, "nobody was asked for a whole document");
  assert.equal(b.exchanges, 1);
});

test("a join that stands half done is taken up again after an eviction", async (t) => {
  const server = await open();
  const a = await joinStorage(t, server);
  textOf(a).insert(0, "there");
  // Registered, but has not said who it is.
  const half = t.use(new Client({ url: server.url, room: t.room, join: false, heartbeat: false }));
  await half.take("$registered");
  await evicted(server, t.room, async () => {
    half.send("$initializeSession", { presence: { count: 1 }, update: "" });
    return half.take("$storageReceived");
  });
  half.send("$updateStorage", { origin: "$initialized", update: "" });
  textOf(a).insert(0, "hello ");
  const doc = new Y.Doc();
  const received = half.messages.find(({ type }) => type === "$storageReceived");
  Y.applyUpdate(doc, Buffer.from(received.data.state, "base64"));
  Y.applyUpdate(doc, Buffer.from((await half.take("$storageUpdated")).data.state, "base64"));
  assert.equal(doc.getText("text").toString(), "hello there");
});

test("who leaves while the object is asleep is announced, and the last one ends the room",
     async (t) => {
  const server = await listening();
  const a = await join(t, server);
  const b = await join(t, server);
  const id = b.connectionId;
  await evicted(server, t.room, async () => {
    await b.close();
    assert.equal((await a.take("$exit")).data.sessionId, id);
  });
  await until(() => told(server, t.room, "onUserDisconnected").length === 1);
  assert.equal(told(server, t.room, "onUserDisconnected")[0].sessionId, id);
  await evicted(server, t.room, () => a.close());
  await until(() => told(server, t.room, "onRoomDestroyed").length === 1);
  const again = await join(t, server);
  assert.equal(again.others.size, 0);
});

test("pings are answered while the object is asleep, without waking it", async (t) => {
  const server = await open();
  const a = await join(t, server);
  await sleep(EVICTED_AFTER_MS + 2_500);
  const before = told(server, t.room, "constructed").length;
  a.ping();
  const pong = await a.take("$pong");
  assert.match(pong.connectionId, /^p_/);
  assert.equal(pong.room, t.room);
  await sleep(500);
  assert.equal(told(server, t.room, "constructed").length, before);
  assert.equal(a.dead, null);
});

test("an attachment that is too long for a socket is kept all the same", async (t) => {
  const server = use(t, await start({ limits: { presenceBytesMax: 20_000 } }));
  const presence = { long: "é".repeat(8_000) };
  const a = await join(t, server, { presence: { count: 0 } });
  const b = await join(t, server);
  a.setPresence(presence);
  await b.take("$presenceUpdated");
  await evicted(server, t.room, async () => {
    b.send("sendMessage", { message: "wake up" });
    await a.take("receiveMessage");
  });
  const late = await join(t, server);
  assert.deepEqual(late.others.get(a.connectionId), { count: 0, ...presence });
});

test("a session that is silent for too long is closed, by an object that was asleep meanwhile",
     { limit_ms: 150_000 }, async (t) => {
  const server = use(t, await start({ limits: { silenceMsMax: 25_000 } }));
  const alive = t.use(await Client.joined({ url: server.url, room: t.room })); // sends pings
  const silent = await join(t, server);
  const id = silent.connectionId;
  silent.socket._socket.pause(); // half-open: it does not even answer a close
  assert.equal((await alive.take("$exit", { timeout: 120_000 })).data.sessionId, id);
  assert.deepEqual((await alive.take("$syncStateReceived")).data.connectionIds,
                   [alive.connectionId]);
  assert.deepEqual(alive.closes, []);
  assert.ok(told(server, t.room, "constructed").length > 1, "it was asleep");
  silent.socket._socket.resume();
});

test("memory that a large document has left behind is given up between two events", async (t) => {
  const server = use(t, await start());
  const a = await joinStorage(t, server);
  const b = await joinStorage(t, server);
  textOf(a).insert(0, "0123456789".repeat(450_000));
  await same([a, b]);
  textOf(a).delete(0, 4_499_000);
  await same([a, b]);
  const made = () => told(server, "any", "instance").length;
  await until(async () => {
    await call(server, t.room, "getSize");
    return made() > 1;
  }, { what: "another instance" });
  textOf(b).insert(0, "and on");
  await sameAsServer(server, [a, b]);
  assert.deepEqual([a.closes, b.closes], [[], []]);
  assert.ok(made() <= 3, `${made()} instances`);
});

// --- a process that dies, a module that breaks ---

test("a killed runtime loses no document, and its clients come back to it", async (t) => {
  const data = t.use(makeFolder("/dev/shm"), removeFolder);
  let server = await start({}, { data });
  const a = await joinStorage(t, server, { reconnect: false });
  const b = await joinStorage(t, server, { reconnect: false });
  for (let i = 0; i < 50; ++i) textOf(i % 2 ? a : b).insert(0, `${i} `);
  const state = await same([a, b]);
  await server.kill();
  await until(() => a.dead && b.dead);
  server = use(t, await start({}, { data }));
  assert.deepEqual(stateOf((await readRoom(server.url, t.room)).doc), state);
  textOf(a).insert(0, "offline ");
  a.rejoin(server.url);
  b.rejoin(server.url);
  await sameAsServer(server, [a, b]);
  assert.ok(textOf(b).toString().startsWith("offline "));
});

test("a log becomes a snapshot in parts, and is read again with what came after it", async (t) => {
  const data = t.use(makeFolder("/dev/shm"), removeFolder);
  const limits = { logUpdatesMax: 20, logBytesMin: 1 };
  let server = await start({ limits }, { data });
  const a = await joinStorage(t, server);
  const b = await joinStorage(t, server);
  textOf(a).insert(0, "0123456789".repeat(250_000)); // three parts
  for (let i = 0; i < 100; ++i) {
    textOf(i % 2 ? a : b).insert(i, `${i} `);
    if (i % 10 === 9) await same([a, b]);
  }
  const state = await same([a, b]);
  await server.kill();
  const records = recordsIn(data);
  assert.ok(records.some(({ snapshot, parts }) => snapshot === 1 && parts === 3), records);
  assert.ok(records.length < 40, `${records.length} records of 100 edits`);
  server = use(t, await start({ limits }, { data }));
  assert.deepEqual(stateOf((await readRoom(server.url, t.room)).doc), state);
});

test("a module that breaks is replaced, and its sessions go on", async (t) => {
  const server = use(t, await start());
  const a = await joinStorage(t, server);
  const b = await joinStorage(t, server);
  textOf(a).insert(0, "before ");
  await same([a, b]);
  const c = await join(t, server);
  c.send("break", {});
  await until(() => /module_broken/.test(server.output));
  textOf(b).insert(textOf(b).length, "after");
  await sameAsServer(server, [a, b]);
  assert.deepEqual([a.closes, b.closes], [[], []]);
  a.send("sendMessage", { message: "still here" });
  await b.take("receiveMessage");
  assert.equal((await c.closed()).code, 1012, "who has broken it is sent away for a moment");
});

test("a module that breaks again and again closes the room's sessions", async (t) => {
  const server = use(t, await start());
  const a = await join(t, server);
  for (let i = 0; i < 6; ++i) {
    const b = await join(t, server);
    b.send("break", {});
    await until(() => server.output.split("module_broken").length === i + 2);
  }
  const at = Date.now();
  assert.equal((await a.closed()).code, 1011);
  const b = t.use(new Client({ url: server.url, room: t.room }));
  assert.equal((await b.closed()).code, 1013);
  assert.ok(Date.now() - at > 900, "held, for clients come back at once");
});

test("what a module was at work on when it broke is not lost in silence", async (t) => {
  const server = use(t, await start());
  const a = await joinStorage(t, server, { reconnect: false });
  const b = await join(t, server);
  a.send("wait", { ms: 20_000, text: "never" });
  textOf(a).insert(0, "behind it");
  await sleep(300);
  b.send("break", {});
  assert.equal((await a.closed()).code, 1012);
  a.rejoin(server.url);
  await a.ready(2);
  await sameAsServer(server, [a]);
  assert.equal(textOf(a).toString(), "behind it");
});


test("a module that breaks at a join lets the client come back in a while", async (t) => {
  const server = use(t, await start());
  const a = await join(t, server);
  await call(server, t.room, "breakAt", "opened", 1);
  const at = Date.now();
  const b = t.use(new Client({ url: server.url, room: t.room }));
  assert.equal((await b.closed()).code, 1012);
  assert.ok(Date.now() - at > 900);
  const c = await join(t, server);
  c.send("sendMessage", { message: "hello" });
  await a.take("receiveMessage");
  assert.deepEqual(a.closes, []);
});

test("a module that breaks as it takes sessions up is tried again at the next event", async (t) => {
  const server = use(t, await start());
  const a = await join(t, server);
  const b = await join(t, server);
  await call(server, t.room, "breakAt", "restored", 1);
  const breaks = (count) => until(() => server.output.split("module_broken").length === count + 1);
  b.send("break", {});
  await breaks(1);
  assert.deepEqual(await call(server, t.room, "getSize"), { answer: 0 });
  assert.deepEqual(await call(server, t.room, "getSize"), { answer: 1 });
  assert.equal((await b.closed()).code, 1012, "its message is lost");
  a.send("sendMessage", { message: "still here" });
  await a.take("receiveMessage");
  const c = await join(t, server);
  await call(server, t.room, "breakAt", "restored", 1);
  c.send("break", {});
  await breaks(3);
  a.send("sendMessage", { message: "lost, so it has to know" });
  assert.equal((await a.closed()).code, 1012);
});

test("arguments of another kind harm no room", async (t) => {
  const server = use(t, await start());
  const a = await join(t, server);
  for (const [method, ...args] of [["evict", null], ["broadcast", null, {}], ["emit", 5, {}],
                                   ["applyUpdate", null], ["applyUpdate", "AAA="], ["evict", {}]]) {
    assert.match((await call(server, t.room, method, ...args)).error, /must be/, method);
  }
  a.send("sendMessage", { message: "still here" });
  await a.take("receiveMessage");
  assert.doesNotMatch(server.output, /module_broken/);
});

test("a handler may call its own room by its stub", async (t) => {
  const server = await open();
  const a = await join(t, server);
  a.send("viaStub", {});
  assert.deepEqual((await a.take("announced")).data, { size: 1 });
  await a.take("viaStub");
});

test("an object is the room of its id, whatever header a client has made up", async (t) => {
  const server = await open();
  const url = `${server.http.replace("http", "ws")}/raw/`; // past createRoomHandler
  const a = await join(t, server, { url, options: { headers: { "X-Pluv-Room": "elsewhere" } } });
  const b = await join(t, server);
  b.send("sendMessage", { message: "same room" });
  assert.equal((await a.take("receiveMessage")).room, t.room);
});

test("who is not let in leaves nothing behind", async (t) => {
  const server = use(t, await start({ secret: true }));
  const a = t.use(new Client({ url: server.url, room: t.room, token: "no such token" }));
  assert.equal((await a.closed()).code, 3000);
  assert.deepEqual(await call(server, t.room, "getSize"), { answer: 0 });
  assert.deepEqual(await call(server, t.room, "countRows", "sqlite_master WHERE name LIKE 'pluv%'"),
                   { answer: 0 });
});

for (const past of ["", ", past the handler"]) {
  test(`who is not let in and does not answer the close keeps no object awake${past}`,
       async (t) => {
    const server = use(t, await start({ secret: true }));
    const url = `${server.http}/${past ? "raw" : "api/pluv/room"}/${t.room}?token=bad`;
    const socket = await upgraded(url);
    t.use(socket, () => socket.destroy());
    let got = "";
    socket.on("data", (bytes) => (got += bytes));
    await evicted(server, t.room, () => call(server, t.room, "getSize"));
    assert.match(got, /Not authorized.*WebSocket unauthorized/s);
  });
}

// A WebSocket's connection that nobody speaks on.
function upgraded(url) {
  const request = http.get(url, { headers: { "Connection": "Upgrade", "Upgrade": "websocket",
                                             "Sec-WebSocket-Version": "13",
                                             "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==" } });
  return new Promise((resolve, reject) => {
    request.on("upgrade", (_, socket, head) => {
      socket.unshift(head);
      resolve(socket);
    });
    request.on("response", ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
    request.on("error", reject);
  });
}

test("attachments of sockets that a killed runtime has lost are removed", async (t) => {
  const data = t.use(makeFolder("/dev/shm"), removeFolder);
  const flags = { limits: { presenceBytesMax: 20_000 } };
  let server = await start(flags, { data });
  const presence = { long: "x".repeat(9_000) };
  const a = await join(t, server, { presence });
  assert.deepEqual(await call(server, t.room, "countRows", "pluv_attachments"), { answer: 1 });
  await server.kill();
  await until(() => a.dead);
  server = use(t, await start(flags, { data }));
  await join(t, server);
  assert.deepEqual(await call(server, t.room, "countRows", "pluv_attachments"), { answer: 0 });
});

test("a write that fails is tried again, and what was not kept is shown to nobody", async (t) => {
  const server = use(t, await start({ limits: { storeRetryMs: 1_000 } }));
  const a = await joinStorage(t, server, { reconnect: false });
  const b = await joinStorage(t, server, { reconnect: false });
  await call(server, t.room, "failWrites", 3);
  textOf(a).insert(0, "at last");
  await until(() => textOf(b).toString() === "at last");
  assert.match(server.output, /document_append_failed/);
  await call(server, t.room, "failWrites", 1_000);
  textOf(a).insert(0, "never ");
  assert.deepEqual([(await a.closed()).code, (await b.closed()).code], [1013, 1013]);
  assert.equal(textOf(b).toString(), "at last");
  await call(server, t.room, "failWrites", 0);
  a.rejoin(server.url);
  b.rejoin(server.url);
  await Promise.all([a.ready(2), b.ready(2)]);
  await until(() => textOf(b).toString() === "never at last");
  await sameAsServer(server, [a, b]);
});

// --- the application's TypeScript ---

test("resolvers have their input, context, session and audience", async (t) => {
  const server = use(t, await start({ secret: true }));
  const token = (name) =>
    makeToken({ secret: SECRET, room: t.room, user: { id: name, name } });
  const a = await join(t, server, { token: await token("ann") });
  const b = await join(t, server, { token: await token("bob") });
  a.send("visits", {});
  assert.deepEqual((await a.take("visited")).data, { visits: 1, by: "ann", room: t.room });
  b.send("visits", {});
  assert.deepEqual((await b.take("visited")).data, { visits: 2, by: "bob", room: t.room });
  b.send("loud", { text: "hello" });
  const shouted = await a.take("shouted");
  assert.deepEqual(shouted.data, { text: "HELLO" });
  assert.deepEqual([shouted.connectionId, shouted.user], [b.connectionId,
                                                           { id: "bob", name: "bob" }]);
  assert.deepEqual((await b.take("echoed")).data, { length: 5 });
  await a.settled();
  assert.ok(!typesOf(a).includes("echoed"));
  const made = told(server, t.room, "context");
  assert.equal(made.length, 1);
  assert.match(made[0].url, new RegExp(`/api/pluv/room/${t.room}`));
});

test("what a schema or a resolver refuses is told to the sender alone", async (t) => {
  const server = await open();
  const a = await join(t, server);
  const b = await join(t, server);
  a.send("loud", { text: 1 });
  assert.equal((await a.take("$error")).data.message, "text: expected string");
  a.send("bad", {});
  assert.match((await a.take("$error")).data.message, /\$exit/);
  a.send("quiet", {});
  await a.settled();
  await b.settled();
  assert.ok(!typesOf(b).includes("$error"));
});

test("a procedure that waits holds up its own session only, and an eviction waits for it",
     async (t) => {
  const server = await open();
  const a = await join(t, server);
  const b = await join(t, server);
  a.send("wait", { ms: 12_000, text: "late" });
  a.send("sendMessage", { message: "behind it" });
  b.send("sendMessage", { message: "at once" });
  assert.equal((await a.take("receiveMessage")).data.message, "at once");
  assert.equal((await b.take("waited", { timeout: 30_000 })).data.text, "late");
  assert.equal((await a.take("waited")).data.text, "late");
  assert.equal((await a.take("receiveMessage")).data.message, "behind it");
});

test("a procedure of the module's own that sleeps for long is not lost", async (t) => {
  const server = await open();
  const a = await join(t, server);
  a.send("nap", {});
  a.send("sendMessage", { message: "behind it" });
  assert.equal((await a.take("woken", { timeout: 40_000 })).data.message, "well slept");
  assert.equal((await a.take("receiveMessage")).data.message, "behind it");
});

test("listeners hear of everything, once and in order", async (t) => {
  const server = await listening();
  const a = await joinStorage(t, server);
  textOf(a).insert(0, "kept");
  a.send("sendMessage", { message: "hi" });
  await a.take("receiveMessage");
  await until(() => told(server, t.room, "onStorageUpdated").length > 0);
  const id = a.connectionId;
  await a.close();
  await until(() => told(server, t.room, "onRoomDestroyed").length === 1);
  const events = told(server, t.room).filter(({ what }) => what !== "constructed" &&
                                                           what !== "context");
  const names = events.map(({ what }) => what);
  assert.deepEqual(names.filter((what) => what !== "onRoomMessage" && what !== "onStorageUpdated"),
                   ["onUserConnected", "getInitialStorage", "onUserDisconnected",
                    "onStorageDestroyed", "onRoomDestroyed"]);
  for (const event of events) {
    if (event.sessionId !== undefined) assert.equal(event.sessionId, id);
  }
  const messages = events.filter(({ what }) => what === "onRoomMessage").map((e) => e.message.type);
  assert.deepEqual([...new Set(messages)].sort(),
                   ["$getOthers", "$initializeSession", "$updateStorage", "sendMessage"]);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Buffer.from(events.find((e) => e.base64).base64, "base64"));
  assert.equal(doc.getText("text").toString(), "kept");
});

test("a document that is asked for too late is an error, and not an empty one", async (t) => {
  const server = use(t, await start({ listens: true }));
  const a = await joinStorage(t, server);
  textOf(a).insert(0, "there");
  await sameAsServer(server, [a]);
  await join(t, server);
  assert.match((await call(server, t.room, "readLate")).error, /after its listener/);
});

test("a new document begins with what the application has, in base64", async (t) => {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "from the database");
  const server = use(t, await start({ listens: true, initial: toBase64(Y.encodeStateAsUpdate(doc)) }));
  const a = await joinStorage(t, server);
  assert.equal(textOf(a).toString(), "from the database");
  textOf(a).insert(0, "no more ");
  await sameAsServer(server, [a]);
  await a.close();
  await until(() => told(server, t.room, "onRoomDestroyed").length === 1);
  const b = await joinStorage(t, server);
  assert.equal(textOf(b).toString(), "no more from the database");
  assert.equal(told(server, t.room, "getInitialStorage").length, 1, "its own storage has it now");
});

test("a database that is down sends everybody away for now, and nothing is saved", async (t) => {
  const data = t.use(makeFolder("/dev/shm"), removeFolder);
  let server = await start({ listens: true, storageFails: true }, { data });
  const a = t.use(new StorageClient({ url: server.url, room: t.room }));
  assert.equal((await a.closed()).code, 1011);
  await server.kill();
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "still there");
  server = use(t, await start({ listens: true, initial: toBase64(Y.encodeStateAsUpdate(doc)) },
                             { data }));
  const b = await joinStorage(t, server);
  assert.equal(textOf(b).toString(), "still there");
});

test("a context that cannot be made refuses joins for now", async (t) => {
  const server = use(t, await start({ contextFails: true }));
  const a = t.use(new Client({ url: server.url, room: t.room }));
  assert.equal((await a.closed()).code, 1013);
});

test("a listener that fails is logged and harms nothing", async (t) => {
  const server = use(t, await start({ listens: true, listenerFails: true }));
  const a = await join(t, server);
  const b = await join(t, server);
  await b.close();
  await a.take("$exit");
  await a.settled();
  await until(() => /listener_failed/.test(server.output));
});

// --- the example ---

test("examples/cloudflare is a chat: tokens, C++ events, JavaScript events, announcements",
     async (t) => {
  const server = use(t, await startExample());
  const room = t.room;
  const tokenOf = async (name) =>
    (await fetch(`${server.http}/api/pluv/authorize?room=${room}&name=${name}`)).text();
  const a = await join(t, server, { token: await tokenOf("ann") });
  const b = await join(t, server, { token: await tokenOf("bob") });
  a.send("sendMessage", { message: "hello" });
  const received = await b.take("receiveMessage");
  assert.deepEqual([received.data.message, received.user.name], ["hello", "ann"]);
  b.send("whoIsThere", {});
  assert.deepEqual((await b.take("thereAre")).data, { visits: 2, you: "bob" });
  await fetch(`${server.http}/announce/${room}`, { method: "POST", body: "lunch" });
  assert.equal((await a.take((m) => m.data?.message === "lunch")).type, "receiveMessage");
  const refused = t.use(new Client({ url: server.url, room }));
  assert.equal((await refused.closed()).code, 3000);
  assert.equal((await fetch(`${server.http}/api/pluv/authorize?room=${room}`)).status, 403);
});

// --- what the Worker's own code asks of a room ---

test("the Worker's code broadcasts, emits, evicts and counts", async (t) => {
  const server = await open();
  assert.deepEqual(await call(server, t.room, "getSize"), { answer: 0 });
  assert.deepEqual(await call(server, t.room, "broadcast", "news", { n: 1 }), { answer: null });
  const a = await join(t, server);
  const b = await join(t, server);
  assert.deepEqual(await call(server, t.room, "getSize"), { answer: 2 });
  await call(server, t.room, "broadcast", "sendMessage", { message: "through C++" });
  const received = await a.take("receiveMessage");
  assert.deepEqual([received.data, received.connectionId, received.user],
                   [{ message: "through C++" }, null, null]);
  await call(server, t.room, "broadcast", "loud", { text: "through typescript" });
  assert.deepEqual((await b.take("shouted")).data, { text: "THROUGH TYPESCRIPT" });
  await call(server, t.room, "broadcast", "anything", { as: "it is" });
  assert.deepEqual((await b.take("anything")).data, { as: "it is" });
  await call(server, t.room, "emit", "receiveMessage", { message: "directly" });
  assert.equal((await b.take("receiveMessage")).data.message, "directly");
  for (const [name, data, why] of [
    ["$exit", {}, /\$/], ["x", 5, /object/], ["x", [1], /object/], ["visits", {}, /broadcast/],
    ["doubleValue", { value: 1 }, /broadcast/], ["sendMessage", { message: 1 }, /expected string/],
    ["y".repeat(65), {}, /long/],
  ]) {
    assert.match((await call(server, t.room, "broadcast", name, data)).error, why, name);
  }
  await call(server, t.room, "evict", b.connectionId);
  assert.equal((await b.closed()).code, 4001);
  assert.equal((await a.take("$exit")).data.sessionId, b.connectionId);
  await call(server, t.room, "evictAll");
  assert.equal((await a.closed()).code, 4001);
  assert.deepEqual(await call(server, t.room, "getSize"), { answer: 0 });
});

test("the Worker's code edits a document, with and without sessions", async (t) => {
  const server = await open();
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "seeded");
  const update = { base64: toBase64(Y.encodeStateAsUpdate(doc)) };
  assert.deepEqual(await call(server, t.room, "applyUpdate", update), { answer: null });
  const a = await joinStorage(t, server);
  assert.equal(textOf(a).toString(), "seeded");
  const state = Y.encodeStateVector(doc);
  doc.getText("text").insert(6, " and grown");
  const grown = { base64: toBase64(Y.encodeStateAsUpdate(doc, state)) };
  assert.deepEqual(await call(server, t.room, "applyUpdate", grown), { answer: null });
  await until(() => textOf(a).toString() === "seeded and grown");
  const refused = await call(server, t.room, "applyUpdate", { base64: "////" });
  assert.ok(refused.error, "an update that is none");
  await sameAsServer(server, [a]);
});

test("a room is one object, whatever a client puts into the request", async (t) => {
  const server = await open();
  const a = await join(t, server);
  const b = await join(t, server, { options: { headers: { "X-Pluv-Room": "elsewhere" } } });
  b.send("sendMessage", { message: "same room" });
  assert.equal((await a.take("receiveMessage")).room, t.room);
});

await run();
