// The admin API over real sockets, with clients in the rooms: every route, every answer held to
// /openapi.json, two projects that must not see each other, and callers who mean harm.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import * as Y from "yjs";

import { Client, Hosting, makeToken, rawRequest, RawSocket, StorageClient, suite, until } from "./lib.mjs";
import { OpenApi } from "./lib/openapi.mjs";
import { WebhookReceiver } from "./lib/webhook_receiver.mjs";

const { test, shared, run } = suite("admin", { parallel: 3 });

let described;

const two = shared(async () => {
  const hosting = new Hosting({ a: {}, b: {} });
  await hosting.start();
  return Object.assign(hosting, { stop: () => hosting.close() });
});

// {status, headers, type, body}; held to the description.
async function ask(hosting, name, method, target, options = {}) {
  const send = () => hosting.admin(name, method, target, options);
  // A connection that was idle for long may be closed just as it is used again.
  const response = await send().catch((error) => {
    if (method !== "GET") throw error;
    return send();
  });
  described ??= new OpenApi(await (await fetch(`${hosting.base}/api/v1/openapi.json`)).json());
  const bytes = new Uint8Array(await response.arrayBuffer());
  const type = response.headers.get("content-type") ?? "";
  const text = new TextDecoder().decode(bytes);
  const body = /json/.test(type) ? JSON.parse(text) : type === "" ? text : bytes;
  const answer = { status: response.status, headers: response.headers, type, body };
  if (!options.undescribed) described.check({ method, target, ...answer });
  assert.equal(response.headers.get("access-control-allow-origin"), null);
  if (response.status !== 204) assert.equal(response.headers.get("cache-control"), "no-store");
  if (response.status >= 400) {
    assert.equal(type, "application/problem+json");
    assert.equal(body.status, response.status);
    assert.equal(body.instance, `/api/v1${target.split("?")[0]}`);
  }
  return answer;
}
async function done(hosting, name, method, target, options) {
  const answer = await ask(hosting, name, method, target, options);
  // In words only when it is needed: a document's bytes would take seconds.
  if (answer.status >= 300) assert.fail(`${method} ${target}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
async function refused(status, hosting, name, method, target, options) {
  const answer = await ask(hosting, name, method, target, options);
  assert.equal(answer.status, status, `${method} ${target}: ${JSON.stringify(answer.body)}`);
  return answer.body.detail;
}
const patch = (operations) => ({ type: "application/json-patch+json", body: operations });
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const updateOf = (edit) => {
  const doc = new Y.Doc();
  edit(doc);
  return Y.encodeStateAsUpdate(doc);
};
const join = async (t, hosting, name, user, more) =>
  t.use(await StorageClient.joined(await hosting.client(name, t.room, user, more)));
const shows = (client, root, json) => until(() => {
  const value = typeof json === "string" ? client.doc.getText(root).toString()
    : Array.isArray(json) ? client.doc.getArray(root).toJSON() : client.doc.getMap(root).toJSON();
  return JSON.stringify(value) === JSON.stringify(json);
}, { what: `${root} = ${JSON.stringify(json)}` });

// --- documents

test("a room is made with a document, listed, read and deleted", async (t) => {
  const hosting = await two();
  const made = await ask(hosting, "a", "POST", "/rooms",
                         { body: { room: t.room, json: { note: "hi", board: { cards: [1] } } } });
  assert.equal(made.status, 201);
  assert.equal(made.headers.get("location"), `/api/v1/rooms/${t.room}`);
  assert.equal(made.body.document.stored, true);
  assert.match(await refused(409, hosting, "a", "POST", "/rooms", { body: { room: t.room } }),
               /document already/);
  assert.deepEqual(await done(hosting, "a", "GET", `/rooms/${t.room}/document`),
                   { note: "hi", board: { cards: [1] } });
  const listed = await done(hosting, "a", "GET", `/rooms?search=${t.room.toUpperCase()}`);
  assert.deepEqual(listed.rooms.map(({ room, sessions, stored }) => ({ room, sessions, stored })),
                   [{ room: t.room, sessions: 0, stored: true }]);
  const client = await join(t, hosting, "a");
  await shows(client, "note", "hi");
  assert.equal((await done(hosting, "a", "GET", `/rooms/${t.room}`)).sessions, 1);
  const live = await done(hosting, "a", "GET", `/rooms?live=true&search=${t.room}`);
  assert.equal(live.rooms[0].users, 1);
  assert.equal(live.rooms[0].stored, true);
  assert.deepEqual((await done(hosting, "a", "GET", `/rooms?live=false&search=${t.room}`)).rooms, []);
  await done(hosting, "a", "DELETE", `/rooms/${t.room}`);
  await client.closed();
  await refused(404, hosting, "a", "GET", `/rooms/${t.room}`);
  await refused(404, hosting, "a", "DELETE", `/rooms/${t.room}`);
  const again = await join(t, hosting, "a");
  assert.equal(again.doc.getText("note").toString(), "");
});

test("a room begins with an update, a copy or nothing", async (t) => {
  const hosting = await two();
  const update = updateOf((doc) => doc.getArray("list").push([1, { two: 2 }]));
  await done(hosting, "a", "POST", "/rooms", { body: { room: t.room, document: base64(update) } });
  await done(hosting, "a", "POST", "/rooms", { body: { room: `${t.room}-copy`, copy_of: t.room } });
  await done(hosting, "a", "POST", "/rooms", { body: { room: `${t.room}-bare` } });
  assert.deepEqual(await done(hosting, "a", "GET", `/rooms/${t.room}-copy/document`),
                   { list: [1, { two: 2 }] });
  assert.deepEqual(await done(hosting, "a", "GET", `/rooms/${t.room}-bare/document`), {});
  await refused(409, hosting, "a", "POST", "/rooms", { body: { room: `${t.room}-bare` } });
  const room = `${t.room}-no`;
  await refused(404, hosting, "a", "POST", "/rooms", { body: { room, copy_of: "nothing-here" } });
  await refused(422, hosting, "a", "POST", "/rooms", { body: { room, document: "AQID" } });
  await refused(400, hosting, "a", "POST", "/rooms", { body: { room, document: "?" } });
  await refused(422, hosting, "a", "POST", "/rooms", { body: { room, json: { n: 1 } } });
  await refused(422, hosting, "a", "POST", "/rooms", { body: { room, json: {}, copy_of: t.room } });
  await refused(400, hosting, "a", "POST", "/rooms", { body: { room: "a/b" } });
  await refused(400, hosting, "a", "POST", "/rooms", { body: { room, more: 1 } });
  await refused(404, hosting, "a", "GET", `/rooms/${room}`);
});

test("a document that is given is not asked for, and nothing is edited that nobody gave", async (t) => {
  const secret = "what the receiver and the project know";
  const receiver = t.use(await WebhookReceiver.started({
    secret, storage: base64(updateOf((doc) => doc.getMap("m").set("from", "there"))) }));
  const hosting = t.use(new Hosting({ a: {
    webhook_url: receiver.url, webhook_secret: secret, webhook_initial_storage: true } }));
  await hosting.start();
  const room = `${t.room}-given`;
  await done(hosting, "a", "POST", "/rooms", { body: { room, json: { m: { from: "here" } } } });
  await done(hosting, "a", "POST", "/rooms", { body: { room: `${room}-copy`, copy_of: room } });
  for (const name of [room, `${room}-copy`]) {
    const client = t.use(await StorageClient.joined(await hosting.client("a", name)));
    await shows(client, "m", { from: "here" });
    await client.close();
    await receiver.until((all) => all.some((one) => one.event === "room-destroyed" &&
                                                    one.room === name), "the end of the room");
  }
  const told = receiver.accepted().map(({ event }) => event);
  assert.deepEqual([...new Set(told)].sort(),
                   ["room-destroyed", "storage-destroyed", "user-connected", "user-disconnected"]);
  assert.equal(told.filter((event) => event === "room-destroyed").length, 2);
  await receiver.kill();
  const add = () => ask(hosting, "a", "PATCH", `/rooms/${t.room}/document`, {
    headers: { "idempotency-key": t.room },
    ...patch([{ op: "add", path: "/more", value: { x: 1 } }]) });
  const none = await add();
  assert.equal(none.status, 503);
  assert.equal(none.body.detail, "initial-storage gave no document; nothing was done.");
  assert.equal(none.headers.get("retry-after"), "1");
  await receiver.start();
  await until(async () => (await add()).status === 200, { what: "the edit" });
  assert.deepEqual(await done(hosting, "a", "GET", `/rooms/${t.room}/document`),
                   { m: { from: "there" }, more: { x: 1 } });
  // Of what the room begins with, before anybody has seen it.
  const other = `/rooms/${t.room}-other/document`;
  await refused(422, hosting, "a", "PATCH", other,
                patch([{ op: "replace", path: "/m/nothing", value: 1 }]));
  const fresh = `/rooms/${t.room}-fresh/document`;
  await done(hosting, "a", "PATCH", fresh,
             patch([{ op: "replace", path: "/m/from", value: "changed" }]));
  assert.deepEqual(await done(hosting, "a", "GET", fresh), { m: { from: "changed" } });
});

test("pages have an end, and every room is on one of them", async (t) => {
  const hosting = t.use(new Hosting({ a: {}, b: {} }));
  await hosting.start();
  const names = Array.from({ length: 25 }, (_, i) => `room-${String(i).padStart(2, "0")}`);
  for (const room of names) {
    await done(hosting, room < "room-20" ? "a" : "b", "POST", "/rooms", { body: { room } });
  }
  const live = t.use(await Client.joined(await hosting.client("a", "room-05x")));
  assert.ok(live);
  const all = [];
  let after = "";
  do {
    const page = await done(hosting, "a", "GET", `/rooms?limit=6&after=${after}`);
    assert.ok(page.rooms.length <= 6);
    all.push(...page.rooms.map(({ room }) => room));
    after = page.next;
  } while (after !== null);
  assert.deepEqual(all, [...names.slice(0, 20), "room-05x"].sort());
  const usage = await done(hosting, "a", "GET", "/usage");
  assert.deepEqual([usage.project, usage.sessions, usage.rooms_live, usage.rooms_stored],
                   ["a", 1, 1, 20]);
  assert.ok(usage.stored_bytes > 0 && usage.tokens_made >= 1);
  const since = Date.parse(usage.since);
  assert.ok(since > Date.now() - 600_000 && since <= Date.now(), usage.since);
  assert.equal((await done(hosting, "b", "GET", "/usage")).rooms_stored, 5);
});

test("clients see updates of the API, and the API sees theirs", async (t) => {
  const hosting = await two();
  const client = await join(t, hosting, "a");
  client.doc.getText("text").insert(0, "theirs");
  await client.settled();
  const target = `/rooms/${t.room}/document`;
  await until(async () => (await done(hosting, "a", "GET", target)).text === "theirs");
  const whole = await done(hosting, "a", "GET", `${target}?format=update`);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, whole);
  assert.equal(doc.getText("text").toString(), "theirs");
  const state = Y.encodeStateVector(doc);
  doc.getText("text").insert(6, " and ours");
  const update = Y.encodeStateAsUpdate(doc, state);
  const bytes = { type: "application/octet-stream", body: update };
  assert.deepEqual(await done(hosting, "a", "POST", `${target}/update`, bytes), { changed: true });
  assert.deepEqual(await done(hosting, "a", "POST", `${target}/update`, bytes), { changed: false });
  await shows(client, "text", "theirs and ours");
  doc.getText("text").delete(0, 6);
  assert.deepEqual(
    await done(hosting, "a", "POST", `${target}/update`,
               { body: { update: base64(Y.encodeStateAsUpdate(doc, state)) } }),
    { changed: true });
  await shows(client, "text", " and ours");
  const since = encodeURIComponent(base64(state));
  const rest = await done(hosting, "a", "GET", `${target}?since=${since}`);
  const other = new Y.Doc();
  Y.applyUpdate(other, whole);
  Y.applyUpdate(other, rest);
  assert.equal(other.getText("text").toString(), " and ours");
  // One that depends on what is not there, and one that is none.
  const lonely = new Y.Doc();
  lonely.getText("text").insert(0, "x");
  const before = Y.encodeStateVector(lonely);
  lonely.getText("text").insert(1, "y");
  await refused(422, hosting, "a", "POST", `${target}/update`,
                { type: "application/octet-stream", body: Y.encodeStateAsUpdate(lonely, before) });
  await refused(422, hosting, "a", "POST", `${target}/update`,
                { type: "application/octet-stream", body: "nonsense" });
});

test("a patch edits what people hold, all of it or nothing", async (t) => {
  const hosting = await two();
  const client = await join(t, hosting, "a");
  const target = `/rooms/${t.room}/document`;
  client.doc.getMap("board").set("title", "one");
  client.doc.getText("note").insert(0, "hello world");
  await client.settled();
  await until(async () => (await done(hosting, "a", "GET", target)).note === "hello world");
  assert.deepEqual(await done(hosting, "a", "PATCH", target, patch([
    { op: "test", path: "/board/title", value: "one" },
    { op: "replace", path: "/board/title", value: "two" },
    { op: "add", path: "/board/cards", value: [{ id: 1 }] },
    { op: "add", path: "/board/cards/-", value: { id: 2 } },
    { op: "replace", path: "/note", value: "hello brave world" },
    { op: "add", path: "/list", value: [1] },
  ])), { changed: true });
  await shows(client, "board", { title: "two", cards: [{ id: 1 }, { id: 2 }] });
  await shows(client, "note", "hello brave world");
  await shows(client, "list", [1]);
  // Somebody goes on in a map that the patch made.
  client.doc.getMap("board").get("cards").get(0).set("done", true);
  await client.settled();
  await until(async () => (await done(hosting, "a", "GET", target)).board.cards[0].done === true);
  const before = await done(hosting, "a", "GET", target);
  const add = { op: "add", path: "/board/x", value: 1 };
  assert.match(await refused(409, hosting, "a", "PATCH", target,
                             patch([add, { op: "test", path: "/note", value: "no" }])),
               /^Operation 1/);
  await refused(422, hosting, "a", "PATCH", target, patch([add, { op: "remove", path: "/none/y" }]));
  await refused(409, hosting, "a", "PATCH", target, patch([add, { op: "add", path: "/n", value: 1 }]));
  await refused(400, hosting, "a", "PATCH", target, patch([add, { op: "spin", path: "/x" }]));
  await refused(400, hosting, "a", "PATCH", target, patch({ op: "add" }));
  await refused(415, hosting, "a", "PATCH", target, { body: [add] });
  assert.deepEqual(await done(hosting, "a", "GET", target), before);
  assert.deepEqual(await done(hosting, "a", "PATCH", target,
                              patch([{ op: "test", path: "/list/0", value: 1 }])),
                   { changed: false });
});

test("many patches at once all count", async (t) => {
  const hosting = await two();
  const target = `/rooms/${t.room}/document`;
  await done(hosting, "a", "POST", "/rooms", { body: { room: t.room, json: { list: [0] } } });
  await Promise.all(Array.from({ length: 12 }, (_, i) => done(
    hosting, "a", "PATCH", target, patch([{ op: "add", path: "/list/-", value: i + 1 }]))));
  const { list } = await done(hosting, "a", "GET", target);
  assert.deepEqual(list.sort((a, b) => a - b), Array.from({ length: 13 }, (_, i) => i));
});

test("pages of versions go on over snapshots", async (t) => {
  const hosting = t.use(new Hosting({ a: {} }));
  await hosting.start(["--log-min", "4KiB"]);
  const target = `/rooms/${t.room}`;
  await done(hosting, "a", "POST", "/rooms", { body: { room: t.room, json: { note: "x" } } });
  for (let i = 0; i < 30; ++i) {
    await done(hosting, "a", "PATCH", `${target}/document`,
               patch([{ op: "replace", path: "/note", value: String(i % 10).repeat(2_000) }]));
  }
  const pages = async (limit) => {
    const all = [];
    let after = "";
    do {
      const page = await done(hosting, "a", "GET", `${target}/versions?limit=${limit}${after}`);
      all.push(...page.versions);
      after = page.next === null ? null : `&after=${page.next}`;
    } while (after !== null);
    return all;
  };
  // Snapshots are written behind the answers.
  const whole = await until(async () => {
    const all = await pages(200);
    return all.length === 31 && all.some(({ is_snapshot: is }) => is) ? all : null;
  }, { what: "31 versions, and snapshots among them" });
  for (const limit of [1, 4]) {
    assert.deepEqual((await pages(limit)).map(({ number }) => number),
                     whole.map(({ number }) => number), `limit=${limit}`);
  }
});

test("what a document was can be read and comes back as an edit", async (t) => {
  const hosting = await two();
  const target = `/rooms/${t.room}`;
  await done(hosting, "a", "POST", "/rooms", { body: { room: t.room, json: { note: "first" } } });
  for (const value of ["second", "third"]) {
    await done(hosting, "a", "PATCH", `${target}/document`,
               patch([{ op: "replace", path: "/note", value }]));
  }
  const { versions } = await done(hosting, "a", "GET", `${target}/versions`);
  assert.equal(versions.length, 3);
  const page = await done(hosting, "a", "GET", `${target}/versions?limit=2`);
  assert.equal(page.versions.length, 2);
  const rest = await done(hosting, "a", "GET", `${target}/versions?limit=2&after=${page.next}`);
  assert.deepEqual([...page.versions, ...rest.versions], versions);
  assert.equal(rest.next, null);
  const { number } = versions.at(-1);
  assert.deepEqual(await done(hosting, "a", "GET", `${target}/versions/${number}`), { note: "first" });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, await done(hosting, "a", "GET", `${target}/versions/${number}?format=update`));
  assert.equal(doc.getText("note").toString(), "first");
  const client = await join(t, hosting, "a");
  await shows(client, "note", "third");
  assert.deepEqual(await done(hosting, "a", "POST", `${target}/versions/${number}/restore`),
                   { changed: true });
  await shows(client, "note", "first");
  await refused(404, hosting, "a", "GET", `${target}/versions/999999`);
  await refused(404, hosting, "a", "POST", `${target}/versions/999999/restore`);
  await refused(404, hosting, "a", "GET", "/rooms/nobody-was-here/versions");
});

// --- people

test("who is in a room, with which presence", async (t) => {
  const hosting = await two();
  const ann = await join(t, hosting, "a", { id: "ann", name: "Ann" });
  await join(t, hosting, "a", { id: "bob", name: "Bob" });
  const ann2 = await join(t, hosting, "a", { id: "ann", name: "Ann" });
  ann.send("$updatePresence", { presence: { x: 1 } });
  await ann.settled();
  const target = `/rooms/${t.room}`;
  assert.deepEqual((await done(hosting, "a", "GET", `${target}/users`)).users,
                   [{ id: "ann", user: { id: "ann", name: "Ann" }, sessions: 2 },
                    { id: "bob", user: { id: "bob", name: "Bob" }, sessions: 1 }]);
  const { sessions } = await done(hosting, "a", "GET", `${target}/sessions`);
  assert.deepEqual(sessions.map(({ user_id }) => user_id).sort(), ["ann", "ann", "bob"]);
  const first = await done(hosting, "a", "GET", `${target}/sessions?limit=2`);
  const second = await done(hosting, "a", "GET", `${target}/sessions?limit=2&after=${first.next}`);
  assert.deepEqual([...first.sessions, ...second.sessions].map(({ id }) => id),
                   sessions.map(({ id }) => id));
  await until(async () => {
    const { presence } = await done(hosting, "a", "GET", `${target}/presence`);
    return presence.find(({ user_id }) => user_id === "ann").presence?.x === 1;
  });
  await done(hosting, "a", "DELETE", `${target}/sessions/${ann2.connectionId}`);
  await ann2.closed();
  await done(hosting, "a", "DELETE", `${target}/users/bob`);
  await until(async () => (await done(hosting, "a", "GET", `${target}/users`)).users.length === 1);
  await refused(404, hosting, "a", "DELETE", `${target}/users/bob`);
  await refused(404, hosting, "a", "DELETE", `${target}/sessions/${ann2.connectionId}`);
  await refused(404, hosting, "a", "GET", "/rooms/nobody-was-here/users");
});

test("an event reaches everybody in the room", async (t) => {
  const hosting = await two();
  const target = `/rooms/${t.room}/events`;
  const body = { event: "notice", data: { text: "tea" } };
  assert.deepEqual(await done(hosting, "a", "POST", target, { body }), { sessions: 0 });
  const client = await join(t, hosting, "a");
  assert.deepEqual(await done(hosting, "a", "POST", target, { body }), { sessions: 1 });
  await client.until(() => client.texts.some((text) => text.includes("\"notice\"")));
  await refused(422, hosting, "a", "POST", target, { body: { event: "$exit" } });
  await refused(422, hosting, "a", "POST", target, { body: { event: "x", data: 1 } });
  await refused(400, hosting, "a", "POST", target, { body: { data: {} } });
});

test("permissions of who is in the room change at once", async (t) => {
  const hosting = await two();
  const ann = await join(t, hosting, "a", { id: "ann" });
  const witness = await join(t, hosting, "a", { id: "bob" });
  const target = `/rooms/${t.room}/users/ann/permissions`;
  assert.deepEqual(await done(hosting, "a", "PUT", target, { body: { permissions: ["read"] } }),
                   { sessions: 1 });
  ann.doc.getText("text").insert(0, "never");
  const answers = () => ann.messages.filter(({ type }) => type === "$othersReceived").length;
  const before = answers();
  ann.send("$getOthers", {});
  await ann.until(() => answers() > before);
  await witness.settled();
  assert.equal(witness.doc.getText("text").toString(), "");
  await refused(422, hosting, "a", "PUT", target, { body: { permissions: ["no such name!"] } });
  await refused(400, hosting, "a", "PUT", target, { body: { permissions: "read" } });
  assert.match(await refused(422, hosting, "a", "PUT", target, { body: { permissions: ["reed"] } }),
               /do not allow to enter: read is missing/);
  assert.deepEqual(await done(hosting, "a", "PUT", target, { body: { permissions: [] } }),
                   { sessions: 1 });
  await ann.closed();
  await refused(404, hosting, "a", "PUT", `/rooms/${t.room}/users/eve/permissions`,
                { body: { permissions: ["read"] } });
});

test("a token that was revoked lets nobody in, also after a restart", async (t) => {
  const hosting = t.use(new Hosting({ a: {}, b: {} }));
  await hosting.start();
  const ann = await hosting.client("a", t.room, { id: "ann" }, { maxAge: 3_600_000 });
  const elsewhere = await hosting.client("a", `${t.room}-2`, { id: "ann" }, { maxAge: 3_600_000 });
  const of_b = await hosting.client("b", t.room, { id: "ann" }, { maxAge: 3_600_000 });
  const client = t.use(await Client.joined(ann));
  const other = t.use(await Client.joined(of_b));
  const { sessions, revoked_at } =
    await done(hosting, "a", "POST", `/rooms/${t.room}/users/ann/revoke`);
  assert.equal(sessions, 1);
  await client.closed();
  assert.match(client.dead, /3000/);
  const stays_out = async (parameters) => {
    const late = new Client({ ...parameters, heartbeat: false });
    await late.closed();
    assert.match(late.dead, /3000/);
    await late.close();
  };
  await stays_out(ann);
  t.use(await Client.joined(elsewhere));
  await other.settled();
  assert.equal((await done(hosting, "a", "POST", "/users/ann/revoke")).sessions, 1);
  await stays_out(elsewhere);
  await other.settled();
  // Clocks that make tokens may be 15 seconds ahead; this one's are.
  const made_at = async (iat) => ({
    ...ann,
    token: `${await makeToken({ room: t.room, user: { id: "ann" }, age_s: 600, claims: { iat },
                                secret: hosting.projects.a.secret_key })}&public_key=pk-a` });
  const last = Date.parse(revoked_at) / 1_000 + 2;  // of the second revocation as well
  await stays_out(await made_at(last - 2));
  await until(() => Date.now() / 1_000 >= last + 1 - 15);
  t.use(await Client.joined(await made_at(last + 1)));
  await hosting.server.stop();
  await hosting.start();
  await stays_out({ ...ann, url: hosting.url });
  await stays_out({ ...elsewhere, url: hosting.url });
  t.use(await Client.joined({ ...of_b, url: hosting.url }));
});

test("whoever is let in can be revoked, whatever the id", async (t) => {
  const hosting = t.use(new Hosting({ a: { limits: { user_id: 4096, user: "4KiB" } } }));
  await hosting.start();
  for (const id of ["x".repeat(1_100), "\u{1f600}/?#%".repeat(300)]) {
    const target = `/rooms/${t.room}/users/${encodeURIComponent(id)}`;
    const client = t.use(await Client.joined(await hosting.client("a", t.room, { id })));
    assert.equal((await done(hosting, "a", "POST", `${target}/revoke`)).sessions, 1);
    await client.closed();
    await refused(404, hosting, "a", "DELETE", target);
  }
  const empty = await hosting.askToken("a", { room: t.room, user: { id: "" } });
  assert.equal(empty.status, 400);
  assert.match(await refused(422, hosting, "a", "POST", "/tokens",
                             { body: { room: t.room, user: { id: "" } } }), /the id is empty/);
});

test("who is revoked at a successor is sent away by its predecessor", async (t) => {
  const hosting = t.use(new Hosting({ a: {}, b: {} }));
  // Its sessions are to be there for longer than the test.
  const args = ["--handover", path.join(hosting.folder, "handover"), "--drain-window", "30m",
                "--drain-deadline", "1h", "--threads", "1"];
  await hosting.start(args);
  const old = hosting.server;
  t.use(old, () => old.alive && old.kill());
  const joined = async (name, room, id) => {
    const parameters = await hosting.client(name, room, { id }, { maxAge: 3_600_000 });
    return { parameters, client: t.use(await Client.joined(parameters)) };
  };
  const eve = [];
  for (let n = 0; n < 3; ++n) eve.push(await joined("a", `${t.room}-${n}`, "eve"));
  const others = [];
  for (const name of ["a", "b"]) {
    for (const id of ["bob", "tom", "zoe"]) others.push(await joined(name, `${t.room}-0`, id));
  }
  others.push(await joined("b", `${t.room}-0`, "eve"));
  await hosting.start(["--port", String(old.port), ...args]);
  // Until the old one's connections are closed, they may be used again, and it refuses.
  const revoke = (target) => until(async () =>
    (await hosting.admin("a", "POST", target).catch(() => null))?.status === 200);
  // One room of one of the others, then all of hers. A drain closes one at once, whoever it is.
  const tom = others[1].client;
  await revoke(`/rooms/${t.room}-0/users/tom/revoke`);
  await revoke("/users/eve/revoke");
  const revoked = [tom, ...eve.map(({ client }) => client)];
  for (const client of revoked) await client.closed();
  const codes = revoked.map(({ closes }) => closes[0].code);
  assert.ok(codes.filter((code) => code === 3000).length >= codes.length - 1, codes.join());
  assert.ok(old.alive, "it still drains");
  const left = others.filter(({ client }) => client !== tom && client.isOpen);
  assert.ok(left.length >= others.length - 2, "nobody else was sent away");
  for (const { client } of left) await client.settled();
  for (const { parameters } of eve) {
    const late = t.use(new Client({ ...parameters, url: hosting.url, heartbeat: false }));
    await late.closed();
    assert.match(late.dead, /3000/);
  }
});

test("tokens of the API open the room, with the permissions that they name", async (t) => {
  const hosting = await two();
  const { token, expires_at } = await done(hosting, "a", "POST", "/tokens", {
    body: { room: t.room, user: { id: "ann" }, max_age_s: 120, permissions: ["read"] } });
  assert.ok(Math.abs(Date.parse(expires_at) - Date.now() - 120_000) < 10_000);
  const key = hosting.projects.a.public_key;
  const ann = t.use(await Client.joined({ url: hosting.url, room: t.room,
                                          token: `${token}&public_key=${key}` }));
  assert.deepEqual(ann.messages[0].user, { id: "ann" });
  await refused(422, hosting, "a", "POST", "/tokens", { body: { room: "a/b", user: { id: "x" } } });
  await refused(422, hosting, "a", "POST", "/tokens", { body: { room: t.room, user: {} } });
  await refused(422, hosting, "a", "POST", "/tokens",
                { body: { room: t.room, user: { id: "x" }, max_age_s: 0 } });
  await refused(400, hosting, "a", "POST", "/tokens", { body: { room: t.room } });
  assert.match(await refused(422, hosting, "a", "POST", "/tokens", {
    body: { room: t.room, user: { id: "x" }, permissions: { other: ["read"] } } }), /do not allow/);
});

// --- two projects

test("nothing of another project is reachable, or can be told from nothing", async (t) => {
  const hosting = await two();
  await done(hosting, "b", "POST", "/rooms", { body: { room: t.room, json: { s: "secret" } } });
  const bob = await join(t, hosting, "b", { id: "bob" });
  const number = (await done(hosting, "b", "GET", `/rooms/${t.room}/versions`)).versions[0].number;
  const there = `/rooms/${t.room}`;
  const nowhere = `/rooms/${t.room}-not`;
  const update = { type: "application/octet-stream", body: updateOf(() => {}) };
  for (const [method, rest, options] of [
    ["GET", ""], ["DELETE", ""], ["GET", "/document"], ["GET", "/users"], ["GET", "/sessions"],
    ["GET", "/presence"], ["DELETE", "/users/bob"], ["DELETE", `/sessions/${bob.connectionId}`],
    ["PUT", "/users/bob/permissions", { body: { permissions: ["read"] } }],
    ["POST", "/users/bob/revoke"], ["POST", "/events", { body: { event: "x" } }],
    ["GET", "/versions"], ["GET", `/versions/${number}`], ["POST", `/versions/${number}/restore`],
    ["POST", "/document/update", update],
  ]) {
    const real = await ask(hosting, "a", method, there + rest, options);
    const none = await ask(hosting, "a", method, nowhere + rest, options);
    const plain = ({ status, body }) => {
      const { instance, revoked_at, ...more } = body ?? {};
      return { status, ...more };
    };
    assert.deepEqual(plain(real), plain(none), `${method} ${rest}`);
  }
  assert.deepEqual((await done(hosting, "a", "GET", `/rooms?search=${t.room}`)).rooms, []);
  await refused(404, hosting, "a", "POST", "/rooms", { body: { room: "mine", copy_of: t.room } });
  for (const name of [`b%2F${t.room}`, `..%2Fb%2F${t.room}`, `b%252F${t.room}`]) {
    await refused(400, hosting, "a", "GET", `/rooms/${name}/document`);
  }
  await bob.settled();
  assert.ok(bob.isOpen);
  await shows(bob, "s", "secret");
  assert.ok(!bob.texts.some((text) => text.includes(`b/${t.room}`)));
});

test("without a key there is nothing but the description", async (t) => {
  const hosting = await two();
  const base = `${hosting.base}/api/v1`;
  for (const authorization of [undefined, "Bearer ", "Bearer wrong", "Basic eDp5",
                               `Bearer ${hosting.projects.a.public_key}`,
                               `bearer ${hosting.projects.a.secret_key}x`]) {
    for (const [method, target] of [["GET", "/rooms"], ["GET", "/no-such-route"], ["POST", "/tokens"],
                                    ["BREW", "/rooms"], ["GET", "/rooms/%2e%2e"]]) {
      if (target.includes("%2e")) continue;
      const response = await fetch(base + target,
                                   { method, headers: authorization ? { authorization } : {} });
      assert.equal(response.status, 401, `${authorization} ${method} ${target}`);
      assert.match(response.headers.get("www-authenticate"), /^Bearer/);
      assert.equal((await response.json()).status, 401);
    }
  }
  assert.equal((await fetch(`${base}/openapi.json`)).status, 200);
  const metrics = await (await fetch(`${hosting.base}/metrics`)).text();
  assert.match(metrics, /pluv_admin_requests_total\{code="401"\} \d\d/);
  assert.ok(t.room);
});

// --- idempotency

test("a request under a key is carried out once, also over a restart", async (t) => {
  const hosting = t.use(new Hosting({ a: {}, b: {} }));
  await hosting.start();
  const headers = { "idempotency-key": "make-it" };
  const make = () => ask(hosting, "a", "POST", "/rooms", { body: { room: t.room }, headers });
  const first = await make();
  const second = await make();
  assert.equal(first.status, 201);
  assert.equal(first.headers.get("idempotency-replayed"), null);
  assert.equal(second.headers.get("idempotency-replayed"), "true");
  const kept = ({ status, body, headers: all }) => [status, body, all.get("location")];
  assert.deepEqual(kept(second), kept(first));
  await hosting.server.kill();
  await hosting.start();
  assert.deepEqual(kept(await make()), kept(first));
  await refused(422, hosting, "a", "POST", "/rooms", { body: { room: `${t.room}-2` }, headers });
  await refused(422, hosting, "a", "DELETE", `/rooms/${t.room}`, { headers });
  // Another project's keys are its own.
  assert.equal((await ask(hosting, "b", "POST", "/rooms", { body: { room: t.room }, headers })).status,
               201);
  const failed = { headers: { "idempotency-key": "fails" } };
  await refused(404, hosting, "a", "DELETE", "/rooms/not-here", failed);
  await done(hosting, "a", "POST", "/rooms", { body: { room: "not-here" } });
  await refused(404, hosting, "a", "DELETE", "/rooms/not-here", failed);
  await refused(400, hosting, "a", "DELETE", "/rooms/not-here",
                { headers: { "idempotency-key": "x".repeat(256) } });
});

test("patches under one key count once, however many come at once", async (t) => {
  const hosting = await two();
  const target = `/rooms/${t.room}/document`;
  await done(hosting, "a", "POST", "/rooms", { body: { room: t.room, json: { list: [0] } } });
  const headers = { "idempotency-key": t.room };
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(
    hosting, "a", "PATCH", target,
    { ...patch([{ op: "add", path: "/list/-", value: 1 }]), headers })));
  for (const { status } of answers) assert.ok(status === 200 || status === 409, String(status));
  assert.ok(answers.some(({ status }) => status === 200));
  assert.deepEqual(await done(hosting, "a", "GET", target), { list: [0, 1] });
});

// --- hostile input

test("bodies and paths that mean harm", async (t) => {
  const hosting = await two();
  const post = (body, more) => refused(400, hosting, "a", "POST", "/rooms", { body, ...more });
  await post("{");
  await post("[]");
  await post(`{"room":"x"} x`);
  assert.match(await post(`{"room":"x","room":"y"}`), /room: the member is there twice/);
  await post(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
  await post(`{"room":"x","json":${"[".repeat(5_000)}${"]".repeat(5_000)}}`);
  await post(`{"room":"x","json":${"{\"a\":".repeat(5_000)}1${"}".repeat(5_000)}}`);
  const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
  await refused(400, hosting, "a", "PATCH", "/rooms/x/document",
                { type: "application/json-patch+json", body: deep });
  await refused(413, hosting, "a", "POST", "/tokens", { body: " ".repeat(100_000) });
  await refused(415, hosting, "a", "POST", "/rooms", { body: "{}", type: "text/plain" });
  await refused(415, hosting, "a", "POST", "/rooms",
                { body: "{}", headers: { "content-encoding": "gzip" } });
  await refused(400, hosting, "a", "GET", "/rooms?limit=1000");
  assert.match(await refused(400, hosting, "a", "GET", "/rooms?unknown=1"), /^unknown: /);
  await refused(400, hosting, "a", "GET", "/rooms/-x");
  await refused(406, hosting, "a", "GET", `/rooms/${t.room}/document`,
                { headers: { accept: "text/html" } });
  const plain = { undescribed: true };
  await refused(404, hosting, "a", "GET", "/rooms/a/b/c/d/e", plain);
  await refused(404, hosting, "a", "GET", "//rooms", plain);
  const wrong = await ask(hosting, "a", "POST", `/rooms/${t.room}`, plain);
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get("allow"), "GET, HEAD, DELETE");
  assert.equal((await ask(hosting, "a", "OPTIONS", "/rooms", plain)).status, 405);
  const head = await hosting.admin("a", "HEAD", "/rooms");
  assert.equal(head.status, 200);
  assert.ok(Number(head.headers.get("content-length")) > 0);
});

test("a request without a length has no body, and is told so where it needs one", async (t) => {
  const hosting = await two();
  const post = (target) => rawRequest(
    hosting.server.port,
    `POST /api/v1${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
    `Authorization: Bearer ${hosting.projects.a.secret_key}\r\n\r\n`);
  assert.equal((await post(`/rooms/${t.room}/users/nobody/revoke`)).status, 200);
  const { status, text } = await post("/rooms");
  assert.equal(status, 411);
  assert.match(text, /"instance":"\/api\/v1\/rooms"/);
});

test("a body that is too large is refused before it comes", async (t) => {
  const hosting = await two();
  const socket = t.use(new RawSocket(hosting.server.port));
  socket.write(`POST /api/v1/rooms HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
               `Authorization: Bearer ${hosting.projects.a.secret_key}\r\n` +
               `Content-Length: 60000000\r\n\r\n`);
  await socket.until(() => /^HTTP\/1.1 413/.test(socket.text));
});

test("a document of megabytes goes in and out", async (t) => {
  const hosting = await two();
  const text = "all work and no play makes a dull boy. ".repeat(100_000);
  const update = updateOf((doc) => doc.getText("text").insert(0, text));
  await done(hosting, "a", "POST", "/rooms", { body: { room: t.room, document: base64(update) } });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, await done(hosting, "a", "GET", `/rooms/${t.room}/document?format=update`));
  assert.equal(doc.getText("text").toString(), text);
});

// --- webhooks, audit, and what is left

test("a project without webhooks has no dead ones", async () => {
  const hosting = await two();
  assert.deepEqual(await done(hosting, "a", "GET", "/webhooks/dead"), { webhooks: [], next: null });
  await refused(404, hosting, "a", "POST", "/webhooks/dead/7/replay");
  await refused(404, hosting, "a", "DELETE", "/webhooks/dead/7");
  await refused(404, hosting, "a", "GET", "/webhooks/dead/7");
  await done(hosting, "a", "POST", "/webhooks/dead/replay");
});

test("each act leaves a line in the audit log, without keys or content", async (t) => {
  const hosting = t.use(new Hosting({ a: {} }, {}));
  hosting.top.audit_log = path.join(hosting.folder, "audit.log");
  hosting.write();
  await hosting.start();
  await done(hosting, "a", "POST", "/rooms", { body: { room: t.room, json: { note: "of nobody's business" } } });
  await done(hosting, "a", "DELETE", `/rooms/${t.room}`);
  await refused(404, hosting, "a", "DELETE", `/rooms/${t.room}`);
  const text = await until(() => {
    const log = fs.readFileSync(hosting.top.audit_log, "utf8");
    return log.split("\n").filter((line) => line.includes('"admin"')).length >= 3 && log;
  });
  const lines = text.trim().split("\n").map((line) => JSON.parse(line))
    .filter(({ event }) => event === "admin");
  assert.deepEqual(lines.map(({ project, method, path: target, room, status }) =>
                     [project, method, target, room, status]),
                   [["a", "POST", "/api/v1/rooms", t.room, 201],
                    ["a", "DELETE", `/api/v1/rooms/${t.room}`, t.room, 204],
                    ["a", "DELETE", `/api/v1/rooms/${t.room}`, t.room, 404]]);
  assert.ok(!text.includes("business") && !text.includes(hosting.projects.a.secret_key));
});

// Beside the others, which ask for everything.
test("every route is answered as it is described", async () => {
  const hosting = await two();
  await done(hosting, "a", "GET", "/openapi.json");
  const never = () => described.unseen().filter((name) => !name.includes("/webhooks/dead/{id}"));
  await until(() => never().length === 0, { timeout: 50_000 })
    .catch(() => assert.deepEqual(never(), []));
});

await run();
