// What tokens allow, as yjs clients and bare sockets find it: who may only read sees all and changes
// nothing, patterns of rooms, and tokens that are exchanged while the session goes on. The tokens are
// npm jose's.
import assert from "node:assert/strict";

import * as Y from "yjs";

import { Client, makeToken, readMetrics, StorageClient, startPluvd, suite, toBase64, until }
  from "./lib.mjs";

const { test, shared, run } = suite("permissions", { parallel: 4, limit_ms: 60_000 });
const open = shared(() => startPluvd());

const userOf = (id) => ({ id, name: id });
const tokenFor = (room, id, permissions) =>
  makeToken({ room, user: userOf(id),
              claims: permissions === undefined ? {} : { permissions } });

async function join(t, Kind, room, id, permissions, more = {}) {
  const server = await open();
  const token = await tokenFor(more.claimed ?? room, id, permissions);
  const { claimed, ...rest } = more;
  return t.use(await Kind.joined({ url: server.url, room, token, ...rest }));
}
async function refused(t, room, token) {
  const server = await open();
  const client = t.use(new Client({ url: server.url, room, token }));
  const close = await client.closed();
  assert.equal(close.code, 3000);
  assert.ok(failures(client).includes("Not authorized"));
}

const failures = (client) => client.messages.filter(({ type }) => type === "$error")
  .map(({ data }) => data.message);
const heard = (client, type) => client.messages.filter((message) => message.type === type);
const textOf = (client) => client.doc.getText("text").toString();
const reads = (client, text) => until(() => textOf(client) === text, { what: `"${text}"` });
// All that came before has been answered.
async function settled(client) {
  const before = heard(client, "$pong").length;
  client.send("$ping", {});
  await client.until(() => heard(client, "$pong").length > before, "a pong");
}

test("who may only read has the document and the others' edits, and changes nothing", async (t) => {
  const writer = await join(t, StorageClient, t.room, "writer");
  writer.doc.getText("text").insert(0, "hello");
  const reader = await join(t, StorageClient, t.room, "reader", ["read"]);
  assert.equal(textOf(reader), "hello");
  assert.deepEqual(failures(reader), []);
  writer.doc.getText("text").insert(5, " world");
  await reads(reader, "hello world");

  reader.doc.getText("text").insert(0, "not ");
  reader.doc.getText("text").delete(0, 4);
  await reader.until(() => failures(reader).length === 2, "two refusals");
  assert.deepEqual(failures(reader), Array(2).fill("Not permitted: write"));
  writer.doc.getText("text").insert(11, "!");
  await reads(reader, "hello world!");
  const late = await join(t, StorageClient, t.room, "late");
  assert.equal(textOf(late), "hello world!");
  assert.equal(reader.exchanges, 1); // it was not asked for its document again
});

test("a delete is a change, whatever it says that it is", async (t) => {
  const writer = await join(t, StorageClient, t.room, "writer");
  writer.doc.getText("text").insert(0, "keep me");
  const reader = await join(t, StorageClient, t.room, "reader", ["read"]);
  const thief = new Y.Doc();
  Y.applyUpdate(thief, Y.encodeStateAsUpdate(reader.doc));
  thief.getText("text").delete(0, 7);
  const updates = [Y.encodeStateAsUpdate(thief, Y.encodeStateVector(thief)),
                   Y.encodeStateAsUpdate(thief)];
  for (const update of updates) {
    for (const origin of ["$initialized", null, "user"]) {
      reader.send("$updateStorage", { origin, update: toBase64(update) });
    }
  }
  await reader.until(() => failures(reader).length === 6, "all refusals");
  const late = await join(t, StorageClient, t.room, "late");
  assert.equal(textOf(late), "keep me");
});

test("who may only read begins no document", async (t) => {
  const reader = await join(t, StorageClient, t.room, "reader", ["read"],
                            { initial: (doc) => doc.getText("text").insert(0, "mine") });
  const writer = await join(t, StorageClient, t.room, "writer");
  assert.equal(textOf(writer), "");
  writer.doc.getText("text").insert(0, "ours");
  await until(() => textOf(reader).includes("ours"), { what: "the writer's text" });
  await settled(writer);
  assert.equal(textOf(writer), "ours");
});

test("presence is shown by those who may", async (t) => {
  const watcher = await join(t, Client, t.room, "watcher");
  const shy = await join(t, Client, t.room, "shy", ["read"], { presence: { count: 7 } });
  const open_one = await join(t, Client, t.room, "open", ["read", "presence"],
                              { presence: { count: 8 } });
  shy.send("$updatePresence", { presence: { count: 9 } });
  await shy.until(() => failures(shy).length === 1, "the refusal");
  assert.deepEqual(failures(shy), ["Not permitted: presence"]);
  open_one.send("$updatePresence", { presence: { count: 10 } });
  await shy.until(() => heard(shy, "$presenceUpdated").length > 0, "the other's presence");
  await settled(watcher);
  assert.deepEqual(heard(watcher, "$presenceUpdated").map(({ data }) => data.presence.count), [10]);
  const joined = heard(watcher, "$userJoined").find(({ user }) => user.id === "shy");
  assert.equal(joined.data.presence, null);
});

test("events are sent by those who may, and no others", async (t) => {
  const watcher = await join(t, Client, t.room, "watcher");
  const guest = await join(t, Client, t.room, "guest", ["read", "event:nod"]);
  const chatty = await join(t, Client, t.room, "chatty", ["read", "event:*"]);
  guest.send("nod", { from: "guest" });
  guest.send("shout", { from: "guest" });
  chatty.send("shout", { from: "chatty" });
  chatty.send("nod", { from: "chatty" });
  await settled(guest);
  await settled(chatty);
  await settled(watcher);
  const events = watcher.messages.filter(({ type }) => type === "nod" || type === "shout")
    .map(({ type, data }) => `${data.from} ${type}`).sort();
  assert.deepEqual(events, ["chatty nod", "chatty shout", "guest nod"]);
  assert.deepEqual(failures(guest), ["Not permitted: event:shout"]);
  assert.deepEqual(failures(chatty), []);
  const counted = (await readMetrics(await open()))['pluv_refused_total{reason="not_permitted"}'];
  assert.ok(counted > 0);
});

test("without read nobody enters", async (t) => {
  for (const permissions of [[], ["presence", "event:*"], { "*": ["presence"] }]) {
    await refused(t, t.room, await tokenFor(t.room, "u", permissions));
  }
});

test("a malformed claim opens no room", async (t) => {
  for (const permissions of [null, "read", 1, [1], ["read", "a b"], { [t.room]: "read" },
                             { [t.room]: ["read"], "a/*": ["read"] }, [["read"]]]) {
    await refused(t, t.room, await tokenFor(t.room, "u", permissions));
  }
});

test("a token of patterns opens its rooms, each with the best of them", async (t) => {
  const claims = { "*": ["read"], [`${t.room}-*`]: ["read", "event:nod"],
                   [`${t.room}-top`]: ["write", "presence"] };
  const enter = (room) => join(t, Client, room, "u", claims, { claimed: `${t.room}*` });
  const plain = await enter(t.room);
  const waving = await enter(`${t.room}-1`);
  const top = await enter(`${t.room}-top`);
  for (const client of [plain, waving, top]) {
    client.send("nod", {});
    client.send("$updatePresence", { presence: { x: 1 } });
    await settled(client);
  }
  // Their initial presence was left out without a word.
  const both = ["Not permitted: event:nod", "Not permitted: presence"];
  assert.deepEqual(failures(plain), both);
  assert.deepEqual(failures(waving), both.slice(1));
  assert.deepEqual(failures(top), both.slice(0, 1));
  await refused(t, `other-${t.room}`, await tokenFor(`${t.room}*`, "u", claims));
  await refused(t, `${t.room}-1`, await tokenFor(`${t.room}*`, "u", ["read"]));
});

test("a newer token counts from then on, and a bad one changes nothing", async (t) => {
  const client = await join(t, Client, t.room, "u", ["read"]);
  const present = async (token) => {
    const type = () => heard(client, "$tokenRefreshed").length + failures(client).length;
    const before = type();
    client.send("$refreshToken", { token });
    await client.until(() => type() > before, "an answer");
  };
  await present(await tokenFor(t.room, "u", ["read", "event:nod"]));
  assert.deepEqual(heard(client, "$tokenRefreshed")[0].data, { permissions: ["event:nod", "read"] });
  client.send("nod", {});
  await client.until(() => heard(client, "nod").length === 1, "its own event");

  const bad = [await tokenFor(t.room, "other", ["*"]), await tokenFor("elsewhere", "u", ["*"]),
               await tokenFor(t.room, "u", []), "nonsense", "", 7, null,
               await makeToken({ room: t.room, user: userOf("u"), age_s: -60 })];
  for (const token of bad.filter((one) => one !== 7)) await present(token);
  client.send("$refreshToken", { token: 7 }); // no message at all
  await settled(client);
  assert.deepEqual(failures(client), Array(bad.length - 1).fill("Not authorized"));
  client.send("nod", {});
  await client.until(() => heard(client, "nod").length === 2, "its own event");
  assert.ok(client.isOpen);

  await present(await tokenFor(t.room, "u"));
  assert.deepEqual(heard(client, "$tokenRefreshed").at(-1).data, { permissions: ["*"] });
  await present(await tokenFor(t.room, "u", ["read"]));
  client.send("nod", {});
  await settled(client);
  assert.equal(failures(client).at(-1), "Not permitted: event:nod");
});

await run();
