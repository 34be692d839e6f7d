// The TypeScript client (web/client) against pluvd: documents that converge, edits made offline and
// across kill -9, people and their presence, events, and what it does when its socket ends. And what
// the demo and the inspector do where no browser is needed to see it.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";

import { WebSocketServer } from "ws";
import * as Y from "yjs";

import { freePort, makeFolder, makeToken, removeFolder, sleep, startPluvd, suite, until }
  from "./lib.mjs";
import { importWebClient, importWebModule } from "./lib/web_client.mjs";

const { createClient } = await importWebClient();
const { test, shared, run } = suite("web client", { limit_ms: 60_000 });
const server = shared(() => startPluvd(["--dev"]));

function makeRoom(t, url, { room = t.room, doc, presence = {}, authEndpoint } = {}) {
  const client = createClient({
    wsEndpoint: ({ room: name }) => url + name,
    ...(authEndpoint ? { authEndpoint } : {}),
  });
  const made = client.createRoom(room, { initialPresence: presence, ...(doc ? { doc } : {}) });
  t.use(made, () => made.destroy());
  return made;
}

function join(t, url, options) {
  const room = makeRoom(t, url, options);
  room.connect();
  return room;
}

const synced = (room) => until(() => room.status === "synced", { what: "the document" });
const text = (room) => room.doc.getText("text");
const reads = (room, wanted) =>
  until(() => text(room).toString() === wanted, { what: `"${wanted}"` });

async function joinTwo(t, options = {}) {
  const { url } = await server();
  const rooms = [join(t, url, options), join(t, url, options)];
  await Promise.all(rooms.map(synced));
  return rooms;
}

// A peer that says $registered and then what the test wants: answers its url and its sockets.
async function fakeServer(t, onSocket) {
  const fake = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  t.use(fake, () => {
    for (const socket of fake.clients) socket.terminate();
    fake.close();
  });
  await once(fake, "listening");
  const joins = { count: 0 };
  fake.on("connection", (socket) => {
    ++joins.count;
    const say = (type, data) =>
      socket.send(JSON.stringify({ type, data, connectionId: "p_1", user: null, room: "r" }));
    say("$registered", { presence: null, sessionId: "p_1", state: null, timers: {} });
    onSocket(socket, say);
  });
  return { url: `ws://127.0.0.1:${fake.address().port}/`, joins };
}

test("two edit at the same time and converge", async (t) => {
  const [a, b] = await joinTwo(t);
  for (let i = 0; i < 50; ++i) {
    text(a).insert(Math.min(i, text(a).length), "a");
    text(b).insert(0, "b");
    if (i % 10 === 0) await sleep(1);
  }
  await until(() => text(a).length === 100 && text(a).toString() === text(b).toString());
});

test("a newer token is presented in the same session", async (t) => {
  const presented = [];
  const { url } = await fakeServer(t, (socket, say) => {
    socket.on("message", (text) => {
      const { type, data } = JSON.parse(String(text));
      if (type !== "$refreshToken") return;
      presented.push(data);
      say("$tokenRefreshed", { permissions: ["event:wave", "read"] });
    });
  });
  const room = makeRoom(t, url);
  const told = [];
  room.subscribe.permissions((permissions) => told.push(permissions));
  assert.equal(room.refreshToken("too early"), false);
  room.connect();
  await until(() => room.status === "connected");
  assert.equal(room.permissions, null);
  assert.equal(room.refreshToken("a.b"), true);
  await until(() => told.length === 1);
  assert.deepEqual([presented, told[0]], [[{ token: "a.b" }], ["event:wave", "read"]]);
  assert.equal(room.permissions, told[0]);
  room.disconnect();
  assert.equal(room.permissions, null);
});

test("a document that was there before its room is brought into it", async (t) => {
  const { url } = await server();
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "written before");
  await synced(join(t, url, { doc }));
  const later = join(t, url);
  await synced(later);
  assert.equal(text(later).toString(), "written before");
});

test("edits made offline arrive once, with those of others", async (t) => {
  const [a, b] = await joinTwo(t);
  text(a).insert(0, "start ");
  await reads(b, "start ");
  a.disconnect();
  assert.equal(a.status, "closed");
  text(a).insert(6, "offline");
  text(b).insert(0, "online ");
  a.connect();
  await Promise.all([reads(a, "online start offline"), reads(b, "online start offline")]);
});

test("a server killed while two type comes back to both, and nothing is lost", async (t) => {
  const data = t.use(makeFolder(), removeFolder);
  const args = ["--dev", "--data", data, "--port", String(await freePort())];
  let pluvd = await startPluvd(args);
  t.use(null, () => pluvd.alive && pluvd.kill());
  const rooms = [join(t, pluvd.url), join(t, pluvd.url)];
  await Promise.all(rooms.map(synced));
  let typing = true;
  let typed = 0;
  const typist = (async () => {
    while (typing) {
      for (const room of rooms) room.doc.getArray("keys").push([typed++]);
      await sleep(5);
    }
  })();
  for (let kill = 0; kill < 3; ++kill) {
    await sleep(150);
    await pluvd.kill();
    await until(() => rooms.every((room) => room.status === "reconnecting"));
    await sleep(100);
    pluvd = await startPluvd(args);
    await Promise.all(rooms.map(synced));
  }
  typing = false;
  await typist;
  const keys = (room) => room.doc.getArray("keys").toArray();
  await until(() => rooms.every((room) => keys(room).length === typed), { what: "all keys" });
  assert.deepEqual(keys(rooms[0]), keys(rooms[1]));
  assert.equal(new Set(keys(rooms[0])).size, typed);
});

test("people see each other come, change and go", async (t) => {
  const { url } = await server();
  const a = join(t, url, { presence: { name: "Ada", x: 0 } });
  await synced(a);
  const b = join(t, url, { presence: { name: "Bob", x: 1 } });
  await until(() => a.others.length === 1 && b.others.length === 1);
  assert.deepEqual(a.others[0].presence, { name: "Bob", x: 1 });
  assert.equal(a.others[0].sessionId, b.myself.sessionId);
  assert.deepEqual(b.others[0].presence, { name: "Ada", x: 0 });

  b.updateMyPresence({ x: 7 });
  assert.deepEqual(b.myself.presence, { name: "Bob", x: 7 });
  await until(() => a.others[0].presence.x === 7);
  assert.deepEqual(a.others[0].presence, { name: "Bob", x: 7 });

  b.disconnect();
  await until(() => a.others.length === 0);
  assert.equal(b.others.length, 0);
  b.updateMyPresence({ x: 8 });
  b.connect();
  await until(() => a.others.length === 1);
  assert.deepEqual(a.others[0].presence, { name: "Bob", x: 8 });
});

test("sessions of one user share a presence", async (t) => {
  const pluvd = t.use(await startPluvd([]));
  const token = async () => {
    const made = await makeToken({ room: t.room, user: { id: "u1", name: "Ada" } });
    return `data:text/plain,${encodeURIComponent(made)}`;
  };
  const tokens = [await token(), await token()];
  const first = join(t, pluvd.url, { presence: { x: 1 }, authEndpoint: () => tokens[0] });
  await synced(first);
  assert.deepEqual(first.myself.user, { id: "u1", name: "Ada" });
  const second = join(t, pluvd.url, { presence: { x: 2 }, authEndpoint: () => tokens[1] });
  await synced(second);
  assert.deepEqual(second.myself.presence, { x: 1 });
  first.updateMyPresence({ x: 3 });
  await until(() => second.myself.presence.x === 3 && second.others[0]?.presence.x === 3);
});

test("events reach who listens, with their sender", async (t) => {
  const [a, b] = await joinTwo(t);
  const heard = [];
  const stop = b.on("receiveMessage", (event) => heard.push(event));
  a.on("doubledValue", ({ data }) => heard.push(data.value));
  assert.equal(a.broadcast("sendMessage", { message: "Hello" }), true);
  await until(() => heard.length === 1);
  assert.deepEqual(heard[0],
                   { data: { message: "Hello" }, user: null, sessionId: a.myself.sessionId });
  stop();
  a.broadcast("wave", {});
  a.broadcast("doubleValue", { value: 21 });
  await until(() => heard.length === 2);
  assert.equal(heard[1], 42);
});

test("a listener that throws keeps nobody from hearing", async (t) => {
  const [a] = await joinTwo(t);
  const heard = [];
  const { error } = console;
  console.error = (thrown) => heard.push(thrown.message);
  t.use(null, () => { console.error = error; });
  a.on("receiveMessage", () => { throw new Error("a mistake"); });
  a.on("receiveMessage", ({ data }) => heard.push(data.message));
  a.broadcast("sendMessage", { message: "Hello" });
  await until(() => heard.length === 2);
  assert.deepEqual(heard, ["a mistake", "Hello"]);
});

test("what the server refuses is told, and the room goes on", async (t) => {
  const [a] = await joinTwo(t);
  const errors = [];
  a.subscribe.error((error) => errors.push(error.message));
  a.broadcast("sendMessage", { message: 5 });
  await until(() => a.error !== null);
  assert.match(a.error.message, /message/);
  assert.deepEqual(errors, [a.error.message]);
  assert.equal(a.status, "synced");
});

test("without a connection events are dropped, and it says so", async (t) => {
  const [a] = await joinTwo(t);
  a.disconnect();
  assert.equal(a.broadcast("wave", {}), false);
});

test("a wrong token ends it for good", async (t) => {
  const pluvd = t.use(await startPluvd([]));
  const room = join(t, pluvd.url, { authEndpoint: () => "data:text/plain,wrong" });
  await until(() => room.status === "closed");
  assert.equal(room.closeReason.code, 3000);
  assert.match(room.error.message, /Not authorized/);
});

for (const [code, why] of [[4001, "evicted"], [1008, "against the rules"], [1009, "too large"],
                           [3000, "unauthorized"]]) {
  test(`who is closed with ${code}, ${why}, stays away until told to come back`, async (t) => {
    const { url, joins } = await fakeServer(t, (socket) => socket.close(code, why));
    const room = join(t, url);
    await until(() => room.status === "closed");
    assert.deepEqual(room.closeReason, { code, reason: why });
    await sleep(1_200);
    assert.equal(joins.count, 1);
    room.connect();
    await until(() => joins.count === 2);
  });
}

for (const code of [1001, 1011, 1012, 1013]) {
  test(`who is closed with ${code} comes back`, async (t) => {
    const { url, joins } = await fakeServer(t, (socket) => socket.close(code));
    const room = join(t, url);
    await until(() => joins.count === 3);
    assert.equal(room.status === "closed", false);
  });
}

test("those whom a server loses come back spread over a second", async (t) => {
  const closed = [];
  const returned = [];
  const { url } = await fakeServer(t, (socket) => {
    if (closed.push(socket) <= 30) {
      if (closed.length === 30) for (const each of closed) each.terminate();
    } else {
      returned.push(Date.now());
    }
  });
  for (let i = 0; i < 30; ++i) join(t, url);
  await until(() => returned.length === 30);
  const spread = returned.at(-1) - returned[0];
  // By chance less often than once in a million runs.
  assert.ok(spread > 500, `${spread} ms`);
});

test("each attempt may come twice as late as the one before, and 10 s at most", async () => {
  const { Backoff } = await importWebModule("client/src/backoff.ts");
  const { random } = Math;
  const waits = (chance) => {
    const backoff = new Backoff();
    Math.random = () => chance;
    const all = Array.from({ length: 6 }, () => backoff.nextMs());
    Math.random = random;
    return all;
  };
  assert.deepEqual(waits(1), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  assert.deepEqual(waits(0.5), [500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  assert.deepEqual(waits(0), [0, 0, 0, 0, 0, 0]);
});

test("a connection whose other end is gone is noticed and made anew", async (t) => {
  const { port, url } = await server();
  let joins = 0;
  let silent = false;
  const proxy = net.createServer((socket) => {
    const isFirst = ++joins === 1;
    const upstream = net.connect(port, "127.0.0.1");
    socket.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => { if (!isFirst || !silent) socket.write(bytes); });
    for (const end of [socket, upstream]) {
      end.on("error", () => {});
      end.on("close", () => { socket.destroy(); upstream.destroy(); });
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.use(proxy, () => proxy.close());
  const room = join(t, url.replace(String(port), String(proxy.address().port)));
  await synced(room);
  silent = true;
  await until(() => room.status === "reconnecting", { timeout: 30_000 });
  await synced(room);
  assert.equal(joins, 2);
});

// How a room tells each thing.
const tellings = {
  "status connecting": (room, fn) => room.subscribe.status((now) => now === "connecting" && fn()),
  "status connected": (room, fn) => room.subscribe.status((now) => now === "connected" && fn()),
  "status synced": (room, fn) => room.subscribe.status((now) => now === "synced" && fn()),
  "status reconnecting": (room, fn) =>
    room.subscribe.status((now) => now === "reconnecting" && fn()),
  "others come": (room, fn) => room.subscribe.others((others) => others.length > 0 && fn()),
  "others are gone": (room, fn) => room.subscribe.others((others) => others.length === 0 && fn()),
  "myself joined": (room, fn) => room.subscribe.myself((me) => me.sessionId !== null && fn()),
  "myself left": (room, fn) => room.subscribe.myself((me) => me.sessionId === null && fn()),
  "error": (room, fn) => room.subscribe.error(fn),
  "event": (room, fn) => room.on("wave", fn),
  "document": (room, fn) => room.doc.on("update", fn),
};

// Says everything that there is to say, and loses whom it has told all.
function talkativeServer(t) {
  const others = { p_2: { connectionId: "p_2", presence: {}, room: "r", timers: {}, user: null } };
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "theirs");
  const state = Buffer.from(Y.encodeStateAsUpdate(doc)).toString("base64");
  return fakeServer(t, (socket, say) => {
    say("$othersReceived", { others });
    say("wave", {});
    say("$error", { message: "No" });
    say("$storageReceived", { state });
    socket.on("message", (text) => {
      if (JSON.parse(text).type === "$updateStorage") socket.terminate();
    });
  });
}

for (const [name, listen] of Object.entries(tellings)) {
  test(`disconnect() in a listener holds: ${name}`, async (t) => {
    const { url, joins } = await talkativeServer(t);
    const room = makeRoom(t, url);
    let calls = 0;
    listen(room, () => {
      ++calls;
      room.disconnect();
    });
    const heard = [];
    room.subscribe.status((status) => heard.push(status));
    let others = null;
    room.subscribe.others((now) => { others = now; });
    room.connect();
    await until(() => calls > 0);
    await sleep(1_200);
    assert.equal(room.status, "closed");
    assert.equal(heard.at(-1), "closed");
    assert.equal(heard.filter((status) => status === "closed").length, 1, `${heard}`);
    assert.deepEqual([...(others ?? [])], []);
    assert.equal(room.myself.sessionId, null);
    assert.ok(joins.count <= 1);
    assert.ok(calls <= 2, `${calls} calls`);
  });

  test(`connect() after a disconnect() in a listener works: ${name}`, async (t) => {
    const { url, joins } = await talkativeServer(t);
    const room = makeRoom(t, url);
    let ended = false;
    listen(room, () => {
      if (ended) return;
      ended = true;
      room.disconnect();
    });
    room.connect();
    await until(() => ended);
    await sleep(0);
    assert.equal(room.status, "closed");
    const before = joins.count;
    const heard = [];
    room.subscribe.status((status) => heard.push(status));
    room.connect();
    await until(() => heard.includes("synced"));
    assert.ok(joins.count > before);
  });

  test(`disconnect() and connect() in a listener join anew: ${name}`, async (t) => {
    const { url } = await talkativeServer(t);
    const room = makeRoom(t, url);
    let again = false;
    const heard = [];
    listen(room, () => {
      if (again) return;
      again = true;
      room.disconnect();
      heard.length = 0;
      room.connect();
    });
    room.subscribe.status((status) => heard.push(status));
    room.connect();
    await until(() => again && heard.includes("synced"));
    assert.deepEqual(heard.slice(heard.indexOf("connected"), heard.indexOf("synced") + 1),
                     ["connected", "synced"], `${heard}`);
  });
}

test("only those whom the server still knows are there", async (t) => {
  const others = Object.fromEntries(["p_2", "p_3", "p_4"].map((id) =>
    [id, { connectionId: id, presence: {}, room: "r", timers: {}, user: null }]));
  const { url } = await fakeServer(t, (socket, say) => {
    say("$othersReceived", { others });
    say("$exit", { sessionId: "p_2" });
    say("$syncStateReceived", { connectionIds: ["p_1", "p_3"] });
    say("$unknown", {});
    socket.send("no JSON");
  });
  const room = join(t, url);
  await until(() => room.others.length === 1);
  assert.equal(room.others[0].sessionId, "p_3");
});

// localStorage as the demo's windows share it.
class FakeStorage {
  getItem(key) { return this[key] ?? null; }
  setItem(key, value) { this[key] = value; }
  removeItem(key) { delete this[key]; }
}

test("what another window keeps unsent stays when it is newer than what was offered", async (t) => {
  globalThis.localStorage = new FakeStorage();
  globalThis.addEventListener ??= () => {};
  const { keepUnsent } = await importWebModule("demo/src/unsent.ts");
  const update = (words) => {
    const doc = new Y.Doc();
    doc.getText("text").insert(0, words);
    return Buffer.from(Y.encodeStateAsUpdate(doc)).toString("base64");
  };
  const keys = ["left", "alive"].map((window) => `pluv-demo-unsent:${t.room}:${window}`);
  for (const key of keys) localStorage.setItem(key, update(key));
  let become;
  const room = {
    name: t.room,
    doc: new Y.Doc(),
    status: "connecting",
    subscribe: { status: (fn) => { become = (status) => fn(room.status = status); } },
  };
  keepUnsent(room);
  for (const key of keys) assert.match(room.doc.getText("text").toString(), new RegExp(key));
  become("synced");
  const newer = update("newer");
  localStorage.setItem(keys[1], newer);
  await until(() => localStorage.getItem(keys[0]) === null);
  assert.equal(localStorage.getItem(keys[1]), newer);
});

// The inspector's API as its page calls it, answered by fn.
async function inspectorApi(t, fn) {
  const answering = http.createServer(fn).listen(0, "127.0.0.1");
  await once(answering, "listening");
  t.use(answering, () => { answering.closeAllConnections(); answering.close(); });
  const url = `http://127.0.0.1:${answering.address().port}`;
  const { fetch } = globalThis;
  globalThis.fetch = (to, init) => fetch(String(to).startsWith("/") ? url + to : to, init);
  t.use(null, () => { globalThis.fetch = fetch; });
  return (await importWebModule("inspector/src/api.ts")).api;
}

test("the inspector waits for an export for as long as it comes, and else not", async (t) => {
  const api = await inspectorApi(t, (_, answer) => {
    answer.writeHead(200, { "Content-Type": "application/json" });
    answer.write('{"version"');
    setTimeout(() => answer.end(":1}"), 16_500);
  });
  const [exported, facts] = await Promise.allSettled([api.exported("r", "json"), api.server()]);
  assert.equal(await exported.value?.text(), '{"version":1}');
  assert.equal(facts.reason?.kind, "unreachable");
});

test("the inspector shows what is nested deeply down to a level", async () => {
  const { cutDeep, isTooDeep, leftOut } =
    await importWebModule("inspector/src/parts/json_depth.ts");
  const { changesBetween, noChanges, sameJson } =
    await importWebModule("inspector/src/parts/json_changes.ts");
  const { documentDiff } = await importWebModule("inspector/src/room/document_diff.ts");
  const { treeRows } = await importWebModule("inspector/src/parts/tree_rows.ts");
  const nested = (levels, end) => {
    let value = end;
    for (let level = 0; level < levels; ++level) value = level % 2 ? [value] : { in: value };
    return { root: value };
  };
  const shallow = nested(199, "end");
  assert.equal(isTooDeep(shallow), false);
  assert.equal(cutDeep(shallow), shallow);

  const [before, after] = ["a", "b"].map((end) => cutDeep(nested(20_000, end)));
  assert.equal(isTooDeep(before), false);
  assert.ok(JSON.stringify(before).includes(leftOut));
  assert.equal(sameJson(before, after), true);
  assert.equal(changesBetween(before, nested(150, "b"), noChanges).tick, 1);
  assert.deepEqual(documentDiff(before, after).unchanged, ["root"]);
  const open = { get: () => true };
  assert.equal(treeRows(before, { chosen: open, openLevels: 2 }).at(-1).value, leftOut);
});

await run();
