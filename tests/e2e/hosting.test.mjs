// Several projects in one pluvd: tokens that back ends ask for, rooms of the same name in each, and
// an attacker who has all the keys of one of them.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { Client, Hosting, makeToken, programs, rawRequest, SECRET, Server, StorageClient, suite,
         until } from "./lib.mjs";

const { test, shared, run } = suite("hosting");

const two = shared(async () => {
  const hosting = new Hosting({ a: {}, b: {} });
  await hosting.start();
  return Object.assign(hosting, { stop: () => hosting.close() });
});

async function startOwn(t, projects, args = [], options = {}) {
  const hosting = new Hosting(projects, options);
  t.use(hosting);
  await hosting.start(args);
  return hosting;
}

const auditLines = (file) =>
  fs.readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));

async function refused(parameters) {
  const client = new Client({ ...parameters, heartbeat: false });
  try {
    await client.closed();
    assert.equal(client.dead, "closed with 3000 WebSocket unauthorized.");
    assert.deepEqual(client.messages.map(({ type }) => type), ["$error"]);
  } finally {
    await client.close();
  }
}

test("a back end's token opens the room that it names, and no other", async (t) => {
  const hosting = await two();
  const parameters = await hosting.client("a", t.room, { id: "ann", name: "Ann" });
  const ann = t.use(await Client.joined(parameters));
  assert.deepEqual(ann.messages[0].user, { id: "ann", name: "Ann" });
  assert.equal(ann.messages[0].room, t.room, "the room's name, without its project");
  await refused({ ...parameters, room: `${t.room}x` });
});

test("rooms of one name are as many rooms as there are projects", async (t) => {
  const hosting = await two();
  const ways = [await hosting.client("a", t.room), await hosting.client("b", t.room),
                { url: hosting.server.url, room: t.room,
                  token: await makeToken({ room: t.room, user: { id: "ann" } }) }];
  const clients = [];
  for (const way of ways) clients.push(t.use(await StorageClient.joined(way)));
  const [a, b, plain] = clients;
  a.doc.getText("text").insert(0, "of a");
  b.doc.getText("text").insert(0, "of b");
  plain.doc.getText("text").insert(0, "of nobody");
  a.send("sendMessage", { message: "to a" });
  b.presence = { at: "b" };
  b.send("$updatePresence", { presence: { at: "b" } });
  for (const client of [a, b, plain]) await client.settled();
  for (const [n, text] of ["of a", "of b", "of nobody"].entries()) {
    assert.equal(clients[n].others.size, 0);
    assert.equal(clients[n].doc.getText("text").toString(), text);
    const again = t.use(await StorageClient.joined(ways[n]));
    assert.equal(again.doc.getText("text").toString(), text);
  }
  assert.ok(a.texts.some((text) => text.includes("to a")));
  for (const client of [b, plain]) assert.ok(!client.texts.some((text) => text.includes("to a")));
  for (const client of [a, b]) {
    assert.ok(!client.texts.some((text) => text.includes("a/") || text.includes("b/")),
              "no room's key is on the wire");
  }
});

test("tokens and keys of one project are nothing to another", async (t) => {
  const hosting = await two();
  const { a, b } = hosting.projects;
  const url = hosting.url;
  const room = t.room;
  const of_a = await hosting.token("a", room);
  const witness = t.use(await Client.joined(await hosting.client("b", room)));
  const before = witness.messages.length;
  const attacks = {
    "its token with the other's public key": `${of_a}&public_key=${b.public_key}`,
    "both public keys, the other's first":
      `${of_a}&public_key=${b.public_key}&public_key=${a.public_key}`,
    "the other's room as part of its own key":
      `${of_a}&public_key=${a.public_key}/../${b.public_key}`,
    "a token without a public key": of_a,
    "an empty public key": `${of_a}&public_key=`,
    "an unknown one": `${of_a}&public_key=pk-c`,
    "the secret key for the public one": `${of_a}&public_key=${a.secret_key}`,
    "the project's name": `${of_a}&public_key=b`,
    "no token": `&public_key=${b.public_key}`,
    "a token of the whole server":
      `${await makeToken({ room, user: { id: "ann" } })}&public_key=${b.public_key}`,
    "a token that it made itself, for a room by its key":
      `${await makeToken({ room: `b/${room}`, user: { id: "ann" }, secret: a.secret_key })}` +
      `&public_key=${b.public_key}`,
  };
  for (const [what, token] of Object.entries(attacks)) {
    await refused({ url, room, token }).catch((error) => {
      throw new Error(`${what}: ${error.message}`);
    });
  }
  // Whoever sends both keys is of the first.
  const first = t.use(await Client.joined({
    url, room, token: `${of_a}&public_key=${a.public_key}&public_key=${b.public_key}` }));
  assert.equal(first.others.size, 0);
  await witness.settled();
  assert.deepEqual(witness.messages.slice(before).map(({ type }) => type)
    .filter((type) => !["settled", "$pong"].includes(type)), [], "the other's room heard nothing");
});

test("with documents in memory revocations end with the process, and the log says so", async (t) => {
  const hosting = await startOwn(t, { a: {} }, [], { top: { storage: "memory" } });
  assert.match(hosting.server.output, /revocations_in_memory/);
  const parameters = await hosting.client("a", t.room, { id: "ann" }, { maxAge: 3_600_000 });
  const revoked = await hosting.admin("a", "POST", "/users/ann/revoke");
  assert.equal(revoked.status, 200);
  await refused(parameters);
  await hosting.server.stop();
  await hosting.start();
  t.use(await Client.joined({ ...parameters, url: hosting.url }));
});

test("room names that are keys are no names", async () => {
  const hosting = await two();
  const { a } = hosting.projects;
  await Promise.all(["b/room", "b%2Froom", "b%252Froom", "..%2Fb%2Froom", "b%5Croom", "%00"].map(
    async (name) => {
      const token = await hosting.token("a", "room");
      const answer = await rawRequest(hosting.server.port,
        `GET /api/room/${name}?token=${token}&public_key=${a.public_key} HTTP/1.1\r\n` +
        "Host: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
      // No path has a zero in it; the others open the socket to say that there is no such room.
      assert.equal(answer.status, name === "%00" ? 400 : 101, `${name}: ${answer.text}`);
      assert.equal(answer.status === 101,
                   answer.text.includes('"message":"The room\'s name is not allowed"'), answer.text);
      assert.ok(!answer.text.includes("$registered"), answer.text);
      const asked = await hosting.askToken("a", { room: decodeURIComponent(name),
                                                 user: { id: "ann" } });
      assert.equal(asked.status, 400, name);
    }));
});

test("a token is made for who has both keys of a project, and says no more to others", async () => {
  const hosting = await two();
  const { a, b } = hosting.projects;
  const texts = new Set();
  for (const keys of [{ secretKey: b.secret_key }, { publicKey: b.public_key },
                      { secretKey: "wrong" }, { publicKey: "wrong" }, { secretKey: SECRET },
                      { publicKey: b.public_key, secretKey: "wrong" }]) {
    const response = await hosting.askToken("a", { room: "room", user: { id: "ann" }, ...keys });
    assert.equal(response.status, 401, JSON.stringify(keys));
    texts.add(await response.text());
  }
  assert.equal(texts.size, 1, [...texts].join());
  const right = await hosting.askToken("a", { room: "room", user: { id: "ann" },
                                              publicKey: a.public_key });
  assert.equal(right.status, 200);
  assert.match(right.headers.get("content-type"), /^text\/plain/);
});

test("what is no request for a token is told so", async () => {
  const hosting = await two();
  const url = `${hosting.base}/api/room/token`;
  assert.equal((await fetch(url)).status, 405);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 405);
  for (const body of ["", "{", "[]", "null", "7", `{"a":${"[".repeat(5_000)}`, "\xff\xfe"]) {
    const response = await fetch(url, { method: "POST", body });
    assert.equal(response.status, 400, body.slice(0, 20));
  }
  // What is misspelt would otherwise be a token that allows everything.
  const misspelt = await hosting.askToken("a", { room: "room", user: { id: "ann" },
                                                 permission: ["read"] });
  assert.equal(misspelt.status, 400);
  assert.equal(await misspelt.text(), "permission: unexpected member.\n");
  const large = await fetch(url, { method: "POST", body: "x".repeat(100_000) });
  assert.equal(large.status, 413);
  assert.equal(await large.text(), "The body may have 65536 bytes.\n");
});

test("who is in a project's room presents a newer token there", async (t) => {
  const hosting = await two();
  const ann = t.use(await Client.joined(
    await hosting.client("a", t.room, { id: "ann" }, { permissions: ["read"] })));
  const nod = async (what) => {
    ann.send("nod", { what });
    await ann.until(() => ann.messages.some(({ type, data }) =>
      (type === "nod" && data.what === what) ||
      (type === "$error" && data.message === "Not permitted: event:nod")));
    return ann.messages.some(({ type, data }) => type === "nod" && data.what === what);
  };
  assert.equal(await nod("too early"), false);
  // The other project's is none, though it has the room's name.
  ann.send("$refreshToken", { token: await hosting.token("b", t.room, { id: "ann" }) });
  await ann.until(() => ann.messages.some(({ data }) => data?.message === "Not authorized"));
  ann.send("$refreshToken", {
    token: await hosting.token("a", t.room, { id: "ann" }, { permissions: ["read", "event:nod"] }) });
  await ann.until(() => ann.messages.some(({ type }) => type === "$tokenRefreshed"));
  ann.messages.length = 0;
  assert.equal(await nod("now"), true);
});

test("a project has limits of its own", async (t) => {
  const hosting = await startOwn(t, {
    small: { limits: { presence: 32, document: "4KiB" } }, large: {} });
  const join = async (name, id) =>
    t.use(await StorageClient.joined(await hosting.client(name, t.room, { id })));
  const small = await join("small", "ann");
  const large = await join("large", "ann");
  const presence = { at: "x".repeat(40) };
  for (const client of [small, large]) client.send("$updatePresence", { presence });
  await small.until(() => small.messages.some(({ type }) => type === "$error"), "the refusal");
  await large.until(() => large.messages.some(({ type }) => type === "$presenceUpdated"));
  small.doc.getText("text").insert(0, "y".repeat(8_000));
  large.doc.getText("text").insert(0, "y".repeat(8_000));
  await small.until(() => small.messages.filter(({ type }) => type === "$error").length === 2);
  await large.settled();
  small.violations.length = 0;  // it was refused, and asked for what it has
});

test("a project has only so many sessions, and the others do not mind", async (t) => {
  const hosting = await startOwn(t, { small: { connections: 2 }, large: {} });
  const clients = { small: [], large: [] };
  for (const id of ["ann", "bob"]) {
    for (const name of ["small", "large"]) {
      clients[name].push(t.use(await Client.joined(await hosting.client(name, t.room, { id }))));
    }
  }
  const third = t.use(new Client(await hosting.client("small", t.room, { id: "cy" })));
  t.use(await Client.joined(await hosting.client("large", t.room, { id: "cy" })));
  await third.closed();
  assert.equal(third.closes[0].code, 1013, "for now");
  await clients.small[0].close();
  const back = t.use(new Client({ ...await hosting.client("small", t.room, { id: "cy" }),
                                  reconnect: true }));
  await back.ready();
});

test("keys are replaced while it serves", async (t) => {
  const hosting = await startOwn(t, { a: {}, b: {} });
  const { a } = hosting.projects;
  const old = { ...a };
  const before = await hosting.client("a", t.room);
  const ann = t.use(await Client.joined(before));
  a.secret_key = ["sk-newest-of-all-the-keys-that-there-are", old.secret_key];
  hosting.write();
  hosting.server.signal("SIGHUP");
  const ask = (secretKey) => hosting.askToken("a", { room: t.room, user: { id: "bob" }, secretKey });
  await until(async () => (await ask(a.secret_key[0])).status === 200);
  t.use(await Client.joined({ ...before }));  // what the old key has made
  a.secret_key = a.secret_key[0];
  hosting.write();
  hosting.server.signal("SIGHUP");
  await until(async () => (await ask(old.secret_key)).status === 401);
  await refused(before);
  assert.ok(ann.isOpen, "who is in stays");
});

test("documents of projects are there after a restart, each in its own room", async (t) => {
  const hosting = await startOwn(t, { a: {}, b: {} });
  const others = [];
  for (const name of ["a", "b"]) {
    const client = await StorageClient.joined(await hosting.client(name, t.room));
    const other = await StorageClient.joined(await hosting.client(name, t.room, { id: "bob" }));
    client.doc.getText("text").insert(0, `kept of ${name}`);
    await other.until(() => other.doc.getText("text").length > 0);
    others.push(client, other);
  }
  await hosting.server.kill();
  for (const client of others) await client.close();
  await hosting.start();
  for (const name of ["a", "b"]) {
    const client = t.use(await StorageClient.joined(await hosting.client(name, t.room)));
    assert.equal(client.doc.getText("text").toString(), `kept of ${name}`);
  }
});

test("the audit log says who came, went and was refused, and no secret", async (t) => {
  const hosting = new Hosting({ a: {} });
  t.use(hosting);
  const file = path.join(hosting.folder, "audit.log");
  await hosting.start(["--audit-log", file]);
  const ann = await Client.joined(await hosting.client("a", t.room));
  await refused({ url: hosting.url, room: t.room,
                  token: `nonsense&public_key=${hosting.projects.a.public_key}` });
  ann.send("$updatePresence", { presence: { at: "x".repeat(2_000) } });
  await ann.until(() => ann.messages.some(({ type }) => type === "$error"));
  await ann.close();
  await until(() => auditLines(file).some(({ event }) => event === "left"));
  const acts = auditLines(file);
  const refusals = auditLines(`${file}.refused`);
  const events = [...acts, ...refusals];
  for (const one of events) {
    assert.match(one.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(one.project, "a", JSON.stringify(one));
    assert.equal(one.room, t.room);
  }
  assert.deepEqual(acts.map(({ event }) => event), ["token_made", "joined", "left"]);
  assert.deepEqual(refusals.map(({ event }) => event), ["join_refused", "refused"]);
  assert.equal(acts[1].user, "ann");
  assert.equal(refusals[1].reason, "presence_too_large");
  assert.equal(refusals[1].session, acts[1].session);
  const text = fs.readFileSync(file, "utf8") + fs.readFileSync(`${file}.refused`, "utf8");
  for (const secret of [hosting.projects.a.secret_key, "nonsense"]) {
    assert.ok(!text.includes(secret));
  }
});

test("the audit log says what administrators do, and who is none", async (t) => {
  const hosting = new Hosting({ a: {} });
  t.use(hosting);
  const file = path.join(hosting.folder, "audit.log");
  await hosting.start(["--audit-log", file]);
  assert.equal((await hosting.admin("a", "GET", "/rooms")).status, 200);
  const stranger = await fetch(`${hosting.base}/api/v1/rooms/x`, {
    method: "DELETE", headers: { authorization: "Bearer of-nobody" } });
  assert.equal(stranger.status, 401);
  const [[act], [refusal]] = [auditLines(file), auditLines(`${file}.refused`)];
  assert.deepEqual({ ...act, at: null },
                   { at: null, project: "a", event: "admin", method: "GET", path: "/api/v1/rooms",
                     status: 200, address: "127.0.0.1" });
  assert.deepEqual({ ...refusal, at: null },
                   { at: null, event: "admin_refused", method: "DELETE",
                     path: "/api/v1/rooms/x", address: "127.0.0.1" });
});

test("metrics tell the projects apart", async (t) => {
  const hosting = await startOwn(t, { a: {}, b: {} });
  t.use(await Client.joined(await hosting.client("a", t.room)));
  const text = await (await fetch(`${hosting.base}/metrics`)).text();
  assert.match(text, /^pluv_project_sessions\{project="a"\} 1$/m);
  assert.match(text, /^pluv_project_sessions\{project="b"\} 0$/m);
  assert.match(text, /^pluv_project_joins_total\{project="a"\} 1$/m);
});

test("without a secret of the server only projects are served", async (t) => {
  const hosting = new Hosting({ a: {} });
  t.use(hosting);
  hosting.server = await new Server(programs.pluvd, [
    "--port", "0", "--log-format", "json", "--config", hosting.config, "--data", hosting.data])
    .listening();
  t.use(await Client.joined(await hosting.client("a", t.room)));
  const line = hosting.server.output.split("\n").find((text) => text.includes('"serving"'));
  const { rooms, project_rooms } = JSON.parse(line);
  assert.equal(project_rooms, `${hosting.url}{room}?public_key={key}&token={token}`);
  assert.equal(rooms, undefined, "nobody could enter them");
  const answer = await fetch(`${hosting.base}/api/pluv/room/${t.room}`);
  assert.equal(answer.status, 426);
  assert.match(await answer.text(), /connect to \/api\/room\/\{room\}\?public_key=/);
  await refused({ url: hosting.server.url, room: t.room,
                  token: await makeToken({ room: t.room, user: { id: "ann" } }) });
  await refused({ url: hosting.server.url, room: t.room, token: "" });
});

test("the log says why somebody was refused, of which project, and no token", async (t) => {
  const hosting = await startOwn(t, { a: {} }, ["--log-level", "info", "--log-format", "json"]);
  const log = () => hosting.server.output.split("\n").filter((line) => line.includes('"refused"'))
    .map((line) => JSON.parse(line));
  const parameters = await hosting.client("a", t.room);
  await refused({ ...parameters, room: `${t.room}x` });
  await refused({ ...parameters, token: parameters.token.replace("pk-a", "pk-unknown") });
  await refused({ ...parameters, token: "&public_key=pk-a" });
  await refused({ url: hosting.server.url, room: t.room, token: "" });
  await until(() => log().length >= 4);
  const told = log().map(({ project, room, reason, cause }) => ({ project, room, reason, cause }));
  const reason = "unauthorized";
  assert.deepEqual(told, [
    { project: "a", room: `${t.room}x`, reason, cause: "the token is for another room" },
    { project: undefined, room: t.room, reason, cause: "the public key is of no project" },
    { project: "a", room: t.room, reason, cause: "the request has no token" },
    { project: undefined, room: t.room, reason, cause: "the request has no token" },
  ]);
  const secret = parameters.token.split("&")[0];
  assert.ok(!hosting.server.output.includes(secret.slice(0, 40)));
  assert.ok(!hosting.server.output.includes(secret.slice(-40)));
});

await run();
