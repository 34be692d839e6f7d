// The inspector's API over real sockets: every route, every refusal, and what everybody in a room
// sees of what it changes.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";

import * as Y from "yjs";

import { Client, makeFolder, makeToken, programs, RawSocket, rawRequest, removeFolder, runToEnd,
         SECRET, sleep, startPluvd, StorageClient, suite, until } from "./lib.mjs";

const { test, shared, run } = suite("inspector", { parallel: 4 });

const TOKEN = "the end-to-end tests' admin token";
const JSON_HEADERS = { "Content-Type": "application/json", "X-Pluv-Inspector": "1" };

const open = shared(() => startPluvd(["--dev", "--inspector-interval", "100ms"]));
const guarded = shared(() => startPluvd(["--inspector", "--admin-token", TOKEN]));

async function ask(server, route, options = {}) {
  const response = await fetch(`${server.http}/api/inspector/${route}`, options);
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers,
           body: isJson ? JSON.parse(text) : text };
}
async function get(server, route) {
  const { status, headers, body } = await ask(server, route);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(headers.get("cache-control"), "no-store");
  return body;
}
const post = (server, route, body, headers = JSON_HEADERS) =>
  ask(server, route, { method: "POST", headers, body: JSON.stringify(body) });

async function change(server, route, body) {
  const answer = await post(server, route, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}
const join = async (t, server, more = {}) =>
  t.use(await Client.joined({ url: server.url, room: t.room, ...more }));
const edit = async (t, server, more = {}) =>
  t.use(await StorageClient.joined({ url: server.url, room: t.room, ...more }));

// Everything that was edited is kept.
async function kept(server, room, count) {
  return until(async () => {
    const { entries } = await get(server, `rooms/${room}/history?limit=1000`);
    return entries.length >= count && entries;
  }, { what: `${count} records` });
}

// --- the server

test("says what it is", async () => {
  const server = await open();
  const body = await get(server, "server");
  assert.match(body.version, /^\d+\.\d+\.\d+/);
  assert.ok(body.started_unix_ms <= body.now_unix_ms && body.now_unix_ms - Date.now() < 60_000);
  assert.equal(body.dev, true);
  assert.equal(body.storage, "sqlite");
  assert.equal(body.history, true);
  assert.ok(body.threads >= 1 && body.memory_bytes > 1_000_000);
  assert.equal(typeof body.rooms, "number");
  assert.equal(typeof body.sessions, "number");
});

test("keeps the load of each interval", async (t) => {
  const server = await open();
  const client = await join(t, server);
  const since = Date.now();
  for (let i = 0; i < 20; ++i) client.send("note", { i });
  await client.settled();
  const { interval_ms, samples } = await until(async () => {
    const load = await get(server, `load?since=${since}`);
    const messages = load.samples.reduce((sum, one) => sum + one.messages_in, 0);
    return messages >= 20 && load.samples.length >= 2 && load;
  });
  assert.equal(interval_ms, 100);
  for (const one of samples) {
    assert.ok(one.at_unix_ms > since);
    for (const key of ["rooms", "sessions", "messages_in", "messages_out", "bytes_in", "bytes_out",
                       "edits", "cpu_ms", "memory_bytes"]) {
      assert.equal(typeof one[key], "number", key);
    }
  }
  assert.deepEqual((await get(server, `load?since=${Date.now() + 60_000}`)).samples, []);
});

// --- rooms

test("2,000 rooms come in pages, in each order, and are found by their names", async (t) => {
  const server = t.use(await startPluvd(["--dev"]));
  const COUNT = 2_000;
  const sockets = [];
  for (let begin = 0; begin < COUNT; begin += 200) {
    const some = Array.from({ length: 200 }, (_, i) => new Client({
      url: server.url, room: `big-${String(begin + i).padStart(4, "0")}`, join: false,
      heartbeat: false }));
    await Promise.all(some.map((one) => one.until(() => one.isOpen && one.texts.length > 0)));
    sockets.push(...some);
  }
  t.use(sockets, (all) => all.forEach((one) => one.drop()));
  const second = t.use(await Client.joined({ url: server.url, room: "big-1234" }));
  for (let i = 0; i < 10; ++i) second.send("busy", { i });
  await second.settled();
  await sleep(1_100);
  const all = async (query) => {
    const names = [];
    let after = "";
    for (let pages = 0; pages < 100; ++pages) {
      const page = await get(server, `rooms?${query}&after=${encodeURIComponent(after)}`);
      names.push(...page.rooms.map((one) => one.room));
      assert.equal(page.total, COUNT);
      if (page.next === null) return names;
      after = page.next;
    }
    throw new Error("no end");
  };
  const byName = await all("limit=150");
  assert.equal(byName.length, COUNT);
  assert.deepEqual(byName, [...byName].sort());
  const bySessions = await all("limit=200&order=sessions");
  assert.equal(new Set(bySessions).size, COUNT);
  assert.equal(bySessions[0], "big-1234");
  const first = await get(server, "rooms?order=sessions&limit=1");
  assert.equal(first.rooms[0].sessions, 2);
  assert.equal(first.rooms[0].users, 2);
  assert.equal(first.rooms[0].idle, false);
  assert.equal(typeof first.rooms[0].document_bytes, "number");
  assert.equal(typeof first.rooms[0].messages_per_second, "number");
  assert.equal((await get(server, "rooms?limit=9999")).rooms.length, 200);
  const found = await get(server, "rooms?search=BIG-12&limit=200");
  assert.equal(found.total, 100);
  assert.ok(found.rooms.every((one) => one.room.startsWith("big-12")));
});

test("the room in which most is said comes first", async (t) => {
  const server = t.use(await startPluvd(["--dev"]));
  const quiet = t.use(await Client.joined({ url: server.url, room: "quiet" }));
  const busy = t.use(await Client.joined({ url: server.url, room: "busy" }));
  await get(server, "rooms?order=messages");
  for (let i = 0; i < 50; ++i) busy.send("word", { i });
  quiet.send("word", {});
  await busy.settled();
  await sleep(1_100);
  const { rooms } = await get(server, "rooms?order=messages");
  assert.deepEqual(rooms.map((one) => one.room), ["busy", "quiet"]);
  assert.ok(rooms[0].messages_per_second > 10, JSON.stringify(rooms));
});

test("wrong parameters are answered with a sentence", async () => {
  const server = await open();
  for (const route of ["rooms?limit=x", "rooms?order=size", "rooms?order=sessions&after=nothing",
                       "load?since=yesterday", "messages?after=-1", "messages?limit=many",
                       "rooms/a/history?before=x", "rooms/a/history/x", "rooms/a/document?unless=x",
                       "rooms/a/export?format=pdf", "rooms/-a"]) {
    const { status, body } = await ask(server, route);
    assert.equal(status, 400, route);
    assert.match(body.error, /\.$/);
  }
});

test("unknown routes and other methods are refused", async () => {
  const server = await open();
  for (const route of ["", "nothing", "rooms/a/nothing", "rooms/a/document/1",
                       "rooms/a/history/1/2", "server/x"]) {
    const { status, body } = await ask(server, route);
    assert.ok(status === 404 || status === 400, `${route}: ${status}`);
    assert.match(body.error, /\.$/);
  }
  for (const [method, route] of [["POST", "server"], ["POST", "rooms/a"], ["GET", "rooms/a/evict"],
                                 ["GET", "rooms/a/restore"], ["PUT", "server"],
                                 ["DELETE", "rooms/a"]]) {
    const { status } = await ask(server, route, { method, headers: JSON_HEADERS });
    assert.equal(status, 405, `${method} ${route}`);
  }
  const head = await fetch(`${server.http}/api/inspector/server`, { method: "HEAD" });
  assert.equal(head.status, 200);
});

// --- one room

test("shows who is in a room", async (t) => {
  const server = await open();
  const a = await join(t, server, { presence: { x: 1 } });
  const b = await join(t, server, { presence: { x: 2 } });
  const body = await get(server, `rooms/${t.room}`);
  assert.equal(body.room, t.room);
  assert.equal(body.sessions_total, 2);
  assert.deepEqual(body.sessions.map(({ id, presence }) => [id, presence]),
                   [[a.connectionId, { x: 1 }], [b.connectionId, { x: 2 }]]);
  assert.deepEqual(body.sessions.map(({ user_id, user }) => [user_id, user]),
                   [[null, null], [null, null]]);
  assert.ok(body.sessions.every(({ idle_ms }) => idle_ms >= 0 && idle_ms < 60_000));
  assert.equal(typeof body.document.bytes, "number");
});

test("shows whom tokens speak for", async (t) => {
  const server = await guarded();
  const user = { id: "ann", name: "Ann" };
  await join(t, server, { token: await makeToken({ room: t.room, user }) });
  const { status, body } = await ask(server, `rooms/${t.room}`,
                                     { headers: { Authorization: `Bearer ${TOKEN}` } });
  assert.equal(status, 200);
  assert.deepEqual(body.sessions.map((one) => [one.user_id, one.user]), [["ann", user]]);
});

test("a room that is not there is not found", async (t) => {
  const server = await open();
  for (const route of [`rooms/${t.room}`, `rooms/${t.room}/document`, `rooms/${t.room}/export`,
                       `rooms/${t.room}/history/1`]) {
    const { status, body } = await ask(server, route);
    assert.equal(status, 404, route);
    assert.match(body.error, /\.$/);
  }
  assert.deepEqual(await get(server, `rooms/${t.room}/history`), { entries: [], next: null });
});

test("shows a document, and only when it has changed", async (t) => {
  const server = await open();
  const client = await edit(t, server);
  client.doc.getText("text").insert(0, "hello");
  client.doc.getMap("map").set("list", new Y.Array());
  const shown = await until(async () => {
    const body = await get(server, `rooms/${t.room}/document`);
    return body.document.text === "hello" && body.document.map?.list && body;
  });
  assert.deepEqual(shown.document.map, { list: [] });
  assert.equal(shown.truncated, false);
  assert.ok(shown.bytes > 0);
  assert.deepEqual(await get(server, `rooms/${t.room}/document?unless=${shown.version}`),
                   { version: shown.version, unchanged: true });
  assert.equal((await get(server, `rooms/${t.room}`)).document.version, shown.version);
  client.doc.getText("text").insert(5, " there");
  await until(async () => {
    const body = await get(server, `rooms/${t.room}/document?unless=${shown.version}`);
    return body.document?.text === "hello there" && body.version !== shown.version;
  });
});

test("a document over a megabyte of JSON is not shown, but exported", async (t) => {
  const server = await open();
  const client = await edit(t, server);
  client.doc.getText("text").insert(0, "x".repeat(1_100_000));
  const shown = await until(async () => {
    const body = await get(server, `rooms/${t.room}/document`);
    return body.bytes > 1_000_000 && body;
  });
  assert.equal(shown.document, null);
  assert.equal(shown.truncated, true);
  const json = await get(server, `rooms/${t.room}/export?format=json`);
  assert.equal(json.text.length, 1_100_000);
});

test("exports a document as an update that yjs reads, and as JSON", async (t) => {
  const server = await open();
  const client = await edit(t, server);
  client.doc.getText("text").insert(0, "to go");
  await kept(server, t.room, 2);
  const response = await fetch(`${server.http}/api/inspector/rooms/${t.room}/export?format=update`);
  assert.equal(response.headers.get("content-type"), "application/octet-stream");
  assert.match(response.headers.get("content-disposition"), /^attachment; filename=/);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, new Uint8Array(await response.arrayBuffer()));
  assert.equal(doc.getText("text").toString(), "to go");
  assert.equal((await get(server, `rooms/${t.room}/export?format=json`)).text, "to go");
});

test("a document is read from the file when nobody is there", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--linger", "0s"]));
  const client = await StorageClient.joined({ url: server.url, room: t.room });
  client.doc.getText("text").insert(0, "kept");
  await kept(server, t.room, 2);
  await client.close();
  await until(async () => (await get(server, "server")).rooms === 0, { what: "the room's end" });
  const room = await get(server, `rooms/${t.room}`);
  assert.deepEqual(room.sessions, []);
  const { version, document } = await get(server, `rooms/${t.room}/document`);
  assert.equal(document.text, "kept");
  assert.equal(version, room.document.version);
  assert.equal((await get(server, `rooms/${t.room}/document?unless=${version}`)).unchanged, true);
  assert.equal((await get(server, "server")).rooms, 0, "looking has made no room");
});

// --- history

test("lists a document's history in pages, and shows it as it was", async (t) => {
  const server = await open();
  const client = await edit(t, server);
  for (const word of ["one ", "two ", "three "]) {
    const before = (await get(server, `rooms/${t.room}/history`)).entries.length;
    client.doc.getText("text").insert(client.doc.getText("text").length, word);
    await kept(server, t.room, before + 1);
  }
  const { entries, next } = await get(server, `rooms/${t.room}/history`);
  assert.equal(next, null);
  const numbers = entries.map((one) => one.number);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a), "newest first");
  assert.ok(entries.every((one) => one.bytes > 0 && !one.is_snapshot && one.at_unix_ms > 1e12));
  const paged = [];
  for (let before = ""; before !== null;) {
    const page = await get(server, `rooms/${t.room}/history?limit=1&before=${before}`);
    paged.push(...page.entries);
    before = page.next;
  }
  assert.deepEqual(paged, entries);
  const texts = [];
  for (const { number, at_unix_ms } of entries) {
    const past = await get(server, `rooms/${t.room}/history/${number}`);
    assert.equal(past.number, number);
    assert.equal(past.at_unix_ms, at_unix_ms);
    texts.push(past.document.text ?? "");
  }
  assert.equal(texts[0], "one two three ");
  assert.equal(texts[1], "one two ");
});

test("a restore is an edit that everybody sees, and the history keeps what was", async (t) => {
  const server = await open();
  const [a, b] = [await edit(t, server), await edit(t, server)];
  a.doc.transact(() => {
    a.doc.getText("text").insert(0, "The first version");
    a.doc.getText("text").format(4, 5, { bold: true });
    a.doc.getMap("map").set("title", "first");
    a.doc.getArray("array").push([1, 2, { deep: true }]);
  });
  const good = await until(async () => {
    const { entries } = await get(server, `rooms/${t.room}/history`);
    const past = await get(server, `rooms/${t.room}/history/${entries[0].number}`);
    return past.document.map?.title === "first" && entries[0].number;
  });
  b.doc.transact(() => {
    b.doc.getText("text").delete(4, 5);
    b.doc.getText("text").insert(4, "last");
    b.doc.getMap("map").set("title", "last");
    b.doc.getMap("map").set("more", 1);
    b.doc.getArray("array").delete(0, 2);
  });
  await a.until(() => a.doc.getMap("map").get("title") === "last", "b's edit");
  const before = await get(server, `rooms/${t.room}/document`);
  const { version } = await change(server, `rooms/${t.room}/restore`, { number: good });
  assert.notEqual(version, before.version);
  for (const client of [a, b]) {
    await client.until(() => client.doc.getMap("map").get("title") === "first", "the restore");
    assert.deepEqual(client.doc.getText("text").toDelta(),
                     [{ insert: "The " }, { insert: "first", attributes: { bold: true } },
                      { insert: " version" }]);
    assert.deepEqual(client.doc.getMap("map").toJSON(), { title: "first" });
    assert.deepEqual(client.doc.getArray("array").toJSON(), [1, 2, { deep: true }]);
  }
  const { entries } = await get(server, `rooms/${t.room}/history`);
  assert.ok(entries[0].number > good + 1);
  const undone = await get(server, `rooms/${t.room}/history/${entries[1].number}`);
  assert.equal(undone.document.map.title, "last", "what was restored over is still there");
  a.doc.getText("text").insert(0, "> ");
  await b.until(() => b.doc.getText("text").toString() === "> The first version",
                "an edit after it");
  // What is there already changes nothing.
  const now = (await kept(server, t.room, entries.length + 1))[0].number;
  await change(server, `rooms/${t.room}/restore`, { number: now });
  assert.equal((await get(server, `rooms/${t.room}/history`)).entries[0].number, now);
});

test("a document of a room without anybody is restored, too", async (t) => {
  const server = await open();
  const client = await StorageClient.joined({ url: server.url, room: t.room });
  client.doc.getText("text").insert(0, "first");
  const [{ number }] = await kept(server, t.room, 2);
  client.doc.getText("text").insert(5, " and more");
  await kept(server, t.room, 3);
  await client.close();
  await change(server, `rooms/${t.room}/restore`, { number });
  assert.equal((await get(server, `rooms/${t.room}/document`)).document.text, "first");
});

test("restores of nothing are refused", async (t) => {
  const server = await open();
  await edit(t, server);
  for (const [body, status] of [[{}, 400], [{ number: "1" }, 400], [{ number: 0 }, 400],
                                [{ number: 1.5 }, 400], [{ number: -1 }, 400], [{ other: 1 }, 400],
                                [[], 400], [{ number: 9_999 }, 404]]) {
    const answer = await post(server, `rooms/${t.room}/restore`, body);
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.match(answer.body.error, /\.$/);
  }
  const bad = await ask(server, `rooms/${t.room}/restore`,
                        { method: "POST", headers: JSON_HEADERS, body: "{\"number\":" });
  assert.equal(bad.status, 400);
});

test("documents in memory have no history", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--storage", "memory"]));
  const client = await edit(t, server);
  client.doc.getText("text").insert(0, "here");
  const facts = await get(server, "server");
  assert.deepEqual([facts.storage, facts.history], ["memory", false]);
  await until(async () => (await get(server, `rooms/${t.room}/document`)).document.text === "here");
  assert.equal((await ask(server, `rooms/${t.room}/history`)).status, 404);
  assert.equal((await ask(server, `rooms/${t.room}/history/1`)).status, 404);
  assert.equal((await post(server, `rooms/${t.room}/restore`, { number: 1 })).status, 404);
});

// --- messages

test("records messages while somebody asks, and filters them", async (t) => {
  const server = await open();
  const [a, b] = [await join(t, server), await join(t, server)];
  a.send("before", { n: 0 });
  await a.settled();
  const begin = await get(server, `messages?room=${t.room}`);
  assert.ok(!begin.messages.some((one) => one.type === "before"), "nothing was recorded");
  a.send("hello", { n: 1 });
  b.send("other", { text: "y".repeat(3_000) });
  await a.take("other");
  await b.take("hello");
  const { messages, last, dropped } = await get(server, `messages?room=${t.room}`);
  assert.equal(dropped, 0);
  assert.ok(messages.every((one) => one.room === t.room));
  const hello = messages.filter((one) => one.type === "hello");
  assert.deepEqual(hello.map(({ direction, session, receivers, data }) =>
                     [direction, session, receivers, data]),
                   [["in", a.connectionId, 1, '{"n":1}'], ["out", null, 2, '{"n":1}']]);
  assert.equal(hello[0].bytes, JSON.stringify({ type: "hello", data: { n: 1 } }).length);
  const large = messages.find((one) => one.type === "other");
  assert.equal(large.cut, true);
  assert.ok(large.data.length === 2_048 && large.bytes > 3_000);
  const only = async (query) => (await get(server, `messages?room=${t.room}&${query}`)).messages;
  assert.ok((await only("type=hello")).every((one) => one.type === "hello"));
  assert.ok((await only(`session=${a.connectionId}`))
    .every((one) => one.session === a.connectionId));
  assert.equal((await only("limit=1")).length, 1);
  a.send("after", {});
  await a.take("after");
  const more = await only(`after=${last}`);
  assert.ok(more.length > 0 && more.every((one) => one.seq > last));
  assert.deepEqual(await only("type=nothing"), []);
});

test("no token and no secret is in a message", async (t) => {
  const server = await guarded();
  const headers = { Authorization: `Bearer ${TOKEN}` };
  await ask(server, "messages", { headers });
  const token = await makeToken({ room: t.room, user: { id: "ann" } });
  await join(t, server, { token });
  const response = await fetch(`${server.http}/api/inspector/messages?limit=1000`, { headers });
  const text = await response.text();
  assert.match(text, /\$registered/);
  for (const secret of [token, TOKEN, SECRET]) assert.ok(!text.includes(secret));
});

// --- changes

test("evicts one session, or all", async (t) => {
  const server = await open();
  const [a, b, c] = [await join(t, server), await join(t, server), await join(t, server)];
  assert.equal((await post(server, `rooms/${t.room}/evict`, { session: "p_nobody" })).status, 404);
  assert.equal((await post(server, `rooms/${t.room}/evict`, { session: 7 })).status, 400);
  assert.deepEqual(await change(server, `rooms/${t.room}/evict`, { session: b.connectionId }), {});
  assert.equal((await b.closed()).code, 4001);
  await a.until(() => a.messages.some((one) => one.type === "$exit"), "b's exit");
  assert.ok(a.isOpen && c.isOpen);
  assert.deepEqual(await change(server, `rooms/${t.room}/evict`, {}), {});
  assert.equal((await a.closed()).code, 4001);
  assert.equal((await c.closed()).code, 4001);
  const nobody = await post(server, `rooms/nobody-${t.room}/evict`, {});
  assert.equal(nobody.status, 404);
});

test("broadcasts an event to a room", async (t) => {
  const server = await open();
  const [a, b] = [await join(t, server), await join(t, server)];
  assert.deepEqual(await change(server, `rooms/${t.room}/broadcast`,
                                { event: "notice", data: { text: "Lunch" } }), {});
  for (const client of [a, b]) {
    const { data, user } = await client.take("notice");
    assert.deepEqual([data, user], [{ text: "Lunch" }, null]);
  }
  for (const body of [{}, { event: "" }, { event: 5 }, { event: "$exit", data: {} },
                      { event: "x", data: "text" }, { event: "x", data: [] }]) {
    assert.equal((await post(server, `rooms/${t.room}/broadcast`, body)).status, 400,
                 JSON.stringify(body));
  }
  assert.equal((await post(server, `rooms/${t.room}/broadcast`,
                           { event: "x".repeat(65), data: {} })).status, 422);
  assert.equal((await post(server, `rooms/nobody-${t.room}/broadcast`,
                           { event: "x", data: {} })).status, 404);
});

test("the log says who changed what, and nothing of the data", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--log-level", "info"]));
  // Lines of the log name the address, too, in another way.
  const port = await until(() => /pluvd listening on http:\/\/127\.0\.0\.1:(\d+)/
    .exec(server.output)?.[1]);
  Object.assign(server, { http: `http://127.0.0.1:${port}`,
                          url: `ws://127.0.0.1:${port}/api/pluv/room/` });
  const client = await edit(t, server);
  client.doc.getText("text").insert(0, "secret words");
  const [{ number }] = await kept(server, t.room, 2);
  await change(server, `rooms/${t.room}/broadcast`, { event: "notice", data: { text: "hush" } });
  await change(server, `rooms/${t.room}/restore`, { number });
  await change(server, `rooms/${t.room}/evict`, { session: client.connectionId });
  await until(() => /inspector_evict/.test(server.output));
  for (const part of [`inspector_broadcast room=${t.room} event=notice client=127.0.0.1`,
                      `inspector_restore room=${t.room} number=${number} outcome=done ` +
                        "client=127.0.0.1",
                      `inspector_evict room=${t.room} session=${client.connectionId}`]) {
    assert.ok(server.output.includes(part), `${part}\n${server.output}`);
  }
  assert.ok(!/hush|secret words/.test(server.output));
});

// --- who may

test("elsewhere than in development mode a token is asked for", async () => {
  const server = await guarded();
  for (const headers of [{}, { Authorization: "Bearer x" }, { Authorization: `Basic ${TOKEN}` },
                         { Authorization: `Bearer ${TOKEN}x` }]) {
    const { status, headers: answered, body } = await ask(server, "server", { headers });
    assert.equal(status, 401);
    assert.match(answered.get("www-authenticate"), /Bearer/);
    assert.match(body.error, /admin-token/);
  }
  const good = { headers: { Authorization: `Bearer ${TOKEN}` } };
  const { status, body } = await ask(server, "server", good);
  assert.equal(status, 200);
  assert.equal(body.dev, false);
  const query = await ask(server, `server?token=${TOKEN}`);
  assert.equal(query.status, 401, "a token has no place in an address");
});

test("a page of another site is refused, and a name that points here", async () => {
  const server = await open();
  const withHead = async (lines) => {
    const head = `GET /api/inspector/server HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`;
    return (await rawRequest(server.port, head)).status;
  };
  const host = `127.0.0.1:${server.port}`;
  assert.equal(await withHead(`Host: ${host}\r\n`), 200);
  assert.equal(await withHead(`Host: ${host}\r\nOrigin: http://${host}\r\n`), 200);
  assert.equal(await withHead(`Host: localhost:${server.port}\r\n`), 200);
  assert.equal(await withHead(`Host: ${host}\r\nOrigin: http://evil.example\r\n`), 403);
  assert.equal(await withHead(`Host: ${host}\r\nOrigin: null\r\n`), 403);
  assert.equal(await withHead(`Host: evil.example:${server.port}\r\n`), 403);
  assert.equal(await withHead(`Host: evil.example\r\nOrigin: http://evil.example\r\n`), 403);
});

test("what changes something needs its header and JSON", async (t) => {
  const server = await open();
  const client = await join(t, server);
  const route = `rooms/${t.room}/evict`;
  const { "X-Pluv-Inspector": _, ...unmarked } = JSON_HEADERS;
  assert.equal((await post(server, route, {}, unmarked)).status, 403);
  assert.equal((await post(server, route, {},
                           { "X-Pluv-Inspector": "1", "Content-Type": "text/plain" })).status, 415);
  assert.equal((await post(server, route, {},
                           { ...JSON_HEADERS, Origin: "http://evil.example" })).status, 403);
  const preflight = await fetch(`${server.http}/api/inspector/${route}`, {
    method: "OPTIONS",
    headers: { "Access-Control-Request-Method": "POST" },
  });
  assert.equal(preflight.status, 405);
  assert.equal(preflight.headers.get("access-control-allow-origin"), null);
  assert.ok(client.isOpen);
});

test("bodies are bounded, and half of one is waited for no longer than a request", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--max-handshake", "500ms"]));
  const head = (size) => `POST /api/inspector/rooms/a/evict HTTP/1.1\r\nHost: localhost\r\n` +
    `Content-Type: application/json\r\nX-Pluv-Inspector: 1\r\nContent-Length: ${size}\r\n\r\n`;
  const large = await rawRequest(server.port, head(65_537));
  assert.equal(large.status, 413);
  assert.match(large.text, /\{"error":/);
  const none = await rawRequest(server.port, head(0).replace(/Content-Length.*?\r\n/, ""));
  assert.equal(none.status, 411);
  const raw = t.use(new RawSocket(server.port));
  raw.write(head(10) + "{");
  await raw.until(() => raw.ended, "the cut");
  assert.match(raw.text, /^HTTP\/1\.1 408 /);
});

test("who has no token is told so before the body has come", async (t) => {
  const server = await guarded();
  const raw = t.use(new RawSocket(server.port));
  raw.write("POST /api/inspector/rooms/a/evict HTTP/1.1\r\nHost: localhost\r\n" +
    "Content-Type: application/json\r\nX-Pluv-Inspector: 1\r\nContent-Length: 60000\r\n\r\n{");
  await raw.until(() => raw.ended, "the end");
  assert.match(raw.text, /^HTTP\/1\.1 401 /);
});

test("without the setting there is no inspector", async (t) => {
  for (const args of [["--dev", "--inspector=false"], []]) {
    const server = t.use(await startPluvd(args));
    assert.equal((await fetch(`${server.http}/api/inspector/server`)).status, 404);
  }
});

test("with the setting and no token nothing starts", async () => {
  const folder = makeFolder();
  const { code, output } = await runToEnd(programs.pluvd,
    ["--inspector", "--secret", SECRET, "--port", "0", "--data", folder]);
  removeFolder(folder);
  assert.equal(code, 2);
  assert.match(output, /inspector: it shows every room and needs a token/);
});

test("a hang-up takes a new token from its file", async (t) => {
  const folder = t.use(makeFolder(), removeFolder);
  const file = path.join(folder, "token");
  writeFileSync(file, TOKEN, { mode: 0o600 });
  const server = t.use(await startPluvd(["--inspector", "--admin-token-file", file]));
  const status = async (token) =>
    (await ask(server, "server", { headers: { Authorization: `Bearer ${token}` } })).status;
  assert.equal(await status(TOKEN), 200);
  writeFileSync(file, "another token, as long as that");
  server.signal("SIGHUP");
  await until(async () => await status("another token, as long as that") === 200);
  assert.equal(await status(TOKEN), 401);
});

test("a server that drains answers and ends", async (t) => {
  const server = await startPluvd(["--dev", "--drain-window", "100ms"]);
  t.use(server, (it) => it.alive && it.kill());
  const raw = t.use(new RawSocket(server.port));
  raw.write("GET /api/inspector/server HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await raw.until(() => raw.text.includes("memory_bytes"), "an answer");
  const begin = Date.now();
  await server.stop();
  assert.ok(Date.now() - begin < 8_000);
});

test("the metrics count its requests", async () => {
  const server = await open();
  await get(server, "server");
  const text = await (await fetch(`${server.http}/metrics`)).text();
  assert.match(text, /^pluv_inspector_requests_total\{code="200"\} [1-9]/m);
});

await run();
