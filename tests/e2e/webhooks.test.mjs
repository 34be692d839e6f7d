// Webhooks of pluvd's projects: what receivers are told, in which order, and that nothing of it is
// lost, whoever is killed.
//
//   node webhooks.test.mjs --kills 60    kills of pluvd (default 25)
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";

import * as Y from "yjs";

import { certificateFlags } from "./lib/certificate.mjs";
import { judgeRoom, roomsOf, WebhookReceiver } from "./lib/webhook_receiver.mjs";
import { Client, Hosting, numberOption, Random, readMetrics, seedOf, sleep, StorageClient, suite,
         toBase64, until } from "./lib.mjs";

const kills = numberOption("kills", 25);
const seed = seedOf("webhooks");
const SECRET = "the webhooks' secret of these tests: 0123456789";
const { test, run } = suite("webhooks", { parallel: 3, limit_ms: 240_000 + kills * 2_000 });

// pluvd with a project that has this receiver.
async function hostingOf(t, receiver, settings = {}, args = []) {
  const hosting = t.use(new Hosting({
    p: { webhook_url: receiver.url, webhook_secret: SECRET, ...settings } }));
  await hosting.start(args);
  return hosting;
}

const receiverOf = async (t, options = {}) =>
  t.use(await WebhookReceiver.started({ secret: SECRET, ...options }));

const join = async (hosting, room, user) =>
  Client.joined(await hosting.client("p", room, typeof user === "string" ? { id: user } : user));

test("a receiver is told who came and went, and what a room's document was", async (t) => {
  const receiver = await receiverOf(t);
  const hosting = await hostingOf(t, receiver);
  const client = await StorageClient.joined(
    await hosting.client("p", t.room, { id: "ann", name: "Ann", tags: [1, { b: 2, a: 1 }] }));
  client.doc.getText("text").insert(0, "hello");
  await client.settled();
  await client.close();
  const events = await receiver.until((all) => all.length >= 4 && all, "all of it");
  assert.deepEqual(events.map(({ event }) => event),
                   ["user-connected", "user-disconnected", "storage-destroyed", "room-destroyed"]);
  for (const { room } of events) assert.equal(room, t.room);
  for (const { user, storage } of events.slice(0, 2)) {
    assert.deepEqual(user, { id: "ann", name: "Ann", tags: [1, { b: 2, a: 1 }] });
    assert.equal(storage, null);
  }
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Buffer.from(events[2].storage, "base64"));
  assert.equal(doc.getText("text").toString(), "hello");
  assert.equal(new Set(events.map(({ delivery }) => delivery)).size, 4);
  const metrics = await until(async () => {
    const all = await readMetrics(hosting.server);
    return all['pluv_webhook_deliveries_total{outcome="delivered"}'] === 4 && all;
  });
  assert.equal(metrics["pluv_webhook_pending"], 0);
  assert.equal(metrics['pluv_webhook_events_total{event="room-destroyed"}'], 1);
});

test("an edit by the API of a room that nobody is in is told as its document alone", async (t) => {
  const receiver = await receiverOf(t);
  const hosting = await hostingOf(t, receiver);
  const patch = (value) => hosting.admin("p", "PATCH", `/rooms/${t.room}/document`, {
    body: [{ op: "add", path: "/note", value }], type: "application/json-patch+json" });
  const made = { room: `${t.room}-made`, json: { note: "made" } };
  assert.equal((await hosting.admin("p", "POST", "/rooms", { body: made })).status, 201);
  assert.equal((await patch("first")).status, 200);
  await receiver.until((all) => all.length >= 1, "the edited document");
  await (await join(hosting, t.room, "ann")).close();
  const events = await receiver.until((all) => all.length >= 5 && all, "a visit after it");
  assert.deepEqual(events.map(({ event }) => event),
                   ["storage-destroyed", "user-connected", "user-disconnected", "storage-destroyed",
                    "room-destroyed"]);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Buffer.from(events[0].storage, "base64"));
  assert.equal(doc.getText("note").toString(), "first");
  assert.ok(events.every(({ room }) => room === t.room), "who makes a room has its document");
});

test("joins and leaves carry the document where that is wanted", async (t) => {
  const receiver = await receiverOf(t);
  const hosting = await hostingOf(t, receiver, { webhook_storage: true });
  const client = await StorageClient.joined(await hosting.client("p", t.room));
  client.doc.getText("text").insert(0, "hello");
  await client.settled();
  await client.close();
  const events = await receiver.until((all) => all.length >= 4 && all, "all of it");
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Buffer.from(events[1].storage, "base64"));
  assert.equal(doc.getText("text").toString(), "hello");
});

test("a receiver's success counts whatever the body of its answer is", async (t) => {
  const told = [];
  const receiver = http.createServer((request, response) => {
    request.resume().on("end", () => {
      told.push(request.headers["x-pluv-event"]);
      response.writeHead(200);
      if (told.length % 2 === 1) response.end("x".repeat(70_000));
      else response.write("x"); // and never ends
    });
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  t.use(null, () => (receiver.close(), receiver.closeAllConnections()));
  const hosting = await hostingOf(
    t, { url: `http://127.0.0.1:${receiver.address().port}/` });
  for (const user of ["ann", "bob"]) await (await join(hosting, t.room, user)).close();
  const metrics = await until(async () => {
    const all = await readMetrics(hosting.server);
    return all['pluv_webhook_deliveries_total{outcome="delivered"}'] === 6 && all;
  }, { what: "six events to be delivered" });
  assert.equal(metrics['pluv_webhook_deliveries_total{outcome="failed"}'], 0);
  const visit = ["user-connected", "user-disconnected", "room-destroyed"];
  assert.deepEqual(told, [...visit, ...visit]);
});

test("the order of each room is kept through failures, timeouts and lost answers", async (t) => {
  const receiver = await receiverOf(t, {
    seed, faults: { refuses: 0.12, breaks: 0.05, forgets: 0.05, is_slow: 0.1, hangs: 0.02 } });
  const hosting = await hostingOf(t, receiver, { webhook_timeout: "1s" });
  const ROOMS = 24;
  const ROUNDS = 3;
  const users = new Map();
  await Promise.all(Array.from({ length: ROOMS }, async (_, number) => {
    const room = `${t.room}-${number}`;
    const random = new Random(seed + number);
    const came = [];
    for (let round = 0; round < ROUNDS; ++round) {
      const clients = [];
      for (let n = 0; n <= random.below(4); ++n) {
        const id = `${number}-${round}-${n}`;
        clients.push(await join(hosting, room, id));
        came.push(id);
        if (clients.length > 1 && random.chance(0.3)) await clients.shift().close();
      }
      for (const client of clients) await client.close();
    }
    users.set(room, came);
  }));
  const all = [...users.values()].flat().length;
  const rooms = await receiver.until((accepted) => {
    const found = roomsOf(accepted);
    const left = [...found.values()].flat().filter(({ event }) => event === "user-disconnected");
    const ended = [...found].filter(([, events]) => events.at(-1).event === "room-destroyed");
    return left.length === all && ended.length === ROOMS && found;
  }, `${all} users in ${ROOMS} rooms to have left`, 200_000);
  let events = 0;
  for (const [name, list] of rooms) {
    const { there, ended } = judgeRoom(name, list);
    assert.ok(ended && there.size === 0);
    assert.deepEqual(list.filter(({ event }) => event === "user-connected").map(({ user }) => user.id),
                     users.get(name), "in the order of their joins");
    events += list.length;
  }
  const accepted = receiver.accepted().length;
  assert.ok(accepted > events, "some answers were lost");
  console.log(`# ${events} events in ${ROOMS} rooms, ${accepted} accepted with their repeats`);
});

// People come and go at random until it is stopped. What each has been shown is remembered.
class Traffic {
  constructor(t, hosting, random, rooms) {
    Object.assign(this, { hosting, random, rooms });
    this.name = t.room;
    this.clients = new Set();
    this.announced = new Map(); // user -> room: somebody has seen that they came
    this.gone = new Map();      // ... and that they went
    this.next = 0;
  }
  roomOf = (number) => `${this.name}-${number}`;

  async join() {
    const user = `u${this.next++}`;
    const room = this.roomOf(this.random.below(this.rooms));
    let parameters;
    try {
      parameters = await this.hosting.client("p", room, { id: user });
    } catch {
      return; // it was killed meanwhile
    }
    const client = new Client({ ...parameters, heartbeat: false });
    client.user_id = user;
    this.clients.add(client);
    const believe = client.answer.bind(client);
    client.answer = (message) => {
      believe(message);
      if (message.type === "$registered") this.announced.set(user, room);
      if (message.type === "$exit" && message.user) this.gone.set(message.user.id, room);
    };
  }

  async leave(client = this.random.of([...this.clients])) {
    if (client === undefined) return;
    this.clients.delete(client);
    if (this.random.chance(0.5)) client.drop();
    await client.close();
  }

  async during(ms) {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      if (this.clients.size < 12 || this.random.chance(0.5)) await this.join();
      else await this.leave();
      await sleep(this.random.below(5));
    }
  }
  async over() {
    await Promise.all([...this.clients].map((client) => this.leave(client)));
  }

  // All that anybody was shown, the receiver was told, and in the end nobody is there.
  async check(receiver) {
    const seen = [...this.announced, ...this.gone];
    const told = new Map();
    let events = 0;
    await receiver.until((accepted) => {
      events = 0;
      let ended = true;
      for (const [name, list] of roomsOf(accepted)) {
        const room = judgeRoom(name, list);
        for (const id of room.seen) told.set(id, name);
        ended &&= room.ended && room.there.size === 0;
        events += list.length;
      }
      return ended && seen.every(([user]) => told.has(user));
    }, "everybody who was seen to come and leave");
    for (const [user, room] of seen) assert.equal(told.get(user), room, `where ${user} was seen`);
    return { told: told.size, announced: this.announced.size, events };
  }
}

test("pluvd may be killed at any moment: what anybody has seen is told, and everybody leaves", async (t) => {
  const random = new Random(seed);
  const receiver = await receiverOf(t, {
    seed, faults: { refuses: 0.03, forgets: 0.03, is_slow: 0.02 } });
  const hosting = await hostingOf(t, receiver);
  const traffic = new Traffic(t, hosting, random, 10);
  for (let kill = 0; kill < kills; ++kill) {
    await traffic.during(30 + random.below(300));
    await hosting.server.kill();
    await traffic.over();
    await hosting.start();
  }
  await traffic.during(300);
  await traffic.over();
  const { told, announced, events } = await traffic.check(receiver);
  console.log(`# ${kills} kills, ${told} users told of, ${announced} of them seen, ${events} events`);
  assert.ok(announced > kills, "there was traffic");
  await hosting.server.stop();
});

test("a receiver may be killed at any moment: it is told again, in order", async (t) => {
  const random = new Random(seed + 1);
  const receiver = await receiverOf(t, { seed });
  const hosting = await hostingOf(t, receiver, { webhook_timeout: "2s" });
  const traffic = new Traffic(t, hosting, random, 10);
  for (let kill = 0; kill < 6; ++kill) {
    await traffic.during(200 + random.below(300));
    await receiver.kill();
    await traffic.during(random.below(400));
    await receiver.start();
  }
  await traffic.over();
  const { told, events } = await traffic.check(receiver);
  console.log(`# 6 kills of the receiver, ${told} users, ${events} events`);
});

test("a successor closes what its killed predecessor left open, and tells it in order", async (t) => {
  const receiver = await receiverOf(t);
  const hosting = await hostingOf(t, receiver);
  const ann = await join(hosting, t.room, "ann");
  const bob = await join(hosting, t.room, "bob");
  await hosting.server.kill();
  await Promise.all([ann.close(), bob.close()]);
  await hosting.start();
  const cat = await join(hosting, t.room, "cat");
  const events = await receiver.until((all) => {
    const list = roomsOf(all).get(t.room) ?? [];
    return list.length >= 6 && list;
  }, "all of it");
  assert.deepEqual(events.map(({ event, user }) => `${event} ${user?.id}`),
                   ["user-connected ann", "user-connected bob", "user-disconnected ann",
                    "user-disconnected bob", "room-destroyed undefined", "user-connected cat"]);
  await cat.close();
});

test("a pluvd that is told to stop sends its last events before it ends", async (t) => {
  const receiver = await receiverOf(t);
  const hosting = await hostingOf(t, receiver);
  const ann = await join(hosting, t.room, "ann");
  await hosting.server.stop();
  assert.deepEqual(receiver.accepted().map(({ event }) => event),
                   ["user-connected", "user-disconnected", "room-destroyed"]);
  await ann.close();
});

test("a successor that takes over while its predecessor drains goes on where that ends", async (t) => {
  const receiver = await receiverOf(t);
  const hosting = await hostingOf(t, receiver);
  await hosting.server.stop();
  const handover = ["--handover", path.join(hosting.folder, "handover"), "--drain-window", "1s"];
  await hosting.start(handover);
  const first = hosting.server;
  const ann = await join(hosting, t.room, "ann");
  await hosting.start(["--port", String(first.port), ...handover]);
  const bob = t.use(await join(hosting, t.room, "bob"));
  await first.exited;
  const events = await receiver.until((all) => {
    const list = roomsOf(all).get(t.room) ?? [];
    return list.length >= 4 && list;
  }, "all of it");
  assert.deepEqual(events.map(({ event, user }) => `${event} ${user?.id}`),
                   ["user-connected ann", "user-disconnected ann", "room-destroyed undefined",
                    "user-connected bob"]);
  await Promise.all([ann.close(), bob.close()]);
  await receiver.until((all) => roomsOf(all).get(t.room).length === 6, "bob's leave");
});

test("what a receiver does not want is a dead letter, and its room goes on", async (t) => {
  const gone = `${t.room}-gone`;
  const receiver = await receiverOf(t, { gone });
  const hosting = await hostingOf(t, receiver);
  for (const room of [gone, t.room]) await (await join(hosting, room, "ann")).close();
  await receiver.until((all) => all.length >= 3, "the other room");
  const dead = async () => (await readMetrics(hosting.server))["pluv_webhook_dead_letters"];
  await until(async () => await dead() === 3);
  assert.equal(hosting.server.output.split("webhook_dead").length - 1, 3);
  receiver.open();
  await (await join(hosting, gone, "bob")).close();
  const events = await receiver.until((all) => {
    const found = all.filter(({ room }) => room === gone);
    return found.length === 3 && found;
  }, "the room's next people");
  assert.equal(events[0].user.id, "bob");
  await hosting.server.stop();
  await hosting.start();
  assert.equal(await dead(), 3, "they are kept");
});

test("dead letters are listed, dropped and replayed by the admin API", async (t) => {
  const gone = `${t.room}-gone`;
  const receiver = await receiverOf(t, { gone });
  const hosting = await hostingOf(t, receiver);
  for (const room of [gone, t.room]) await (await join(hosting, room, "ann")).close();
  await receiver.until((all) => all.length >= 3, "the other room");
  const dead = await until(async () => {
    const response = await hosting.admin("p", "GET", "/webhooks/dead");
    assert.equal(response.status, 200);
    const { webhooks } = await response.json();
    return webhooks.length === 3 && webhooks;
  });
  assert.deepEqual(dead.map(({ room, event }) => `${room} ${event}`),
                   ["user-connected", "user-disconnected", "room-destroyed"]
                     .map((event) => `${gone} ${event}`));
  assert.equal(dead[0].reason, "The receiver answered with status 410");
  assert.equal((await readMetrics(hosting.server))["pluv_webhook_dead_letters"], 3);
  const one = await (await hosting.admin("p", "GET", `/webhooks/dead/${dead[0].id}`)).json();
  assert.deepEqual(one.webhook, dead[0]);
  assert.deepEqual(JSON.parse(one.body), {
    data: { room: gone, storage: null, user: { id: "ann" } }, event: "user-connected" });
  assert.equal(Buffer.byteLength(one.body), dead[0].bytes);
  assert.equal((await hosting.admin("p", "DELETE", `/webhooks/dead/${dead[1].id}`)).status, 204);
  assert.equal((await hosting.admin("p", "GET", `/webhooks/dead/${dead[1].id}`)).status, 404);
  receiver.open();
  assert.ok((await hosting.admin("p", "POST", "/webhooks/dead/replay")).ok);
  const replayed = await receiver.until((all) => {
    const found = all.filter(({ room }) => room === gone);
    return found.length === 2 && found;
  }, "the replay");
  assert.deepEqual(replayed.map(({ event }) => event), ["user-connected", "room-destroyed"]);
  assert.deepEqual(replayed.map(({ delivery }) => delivery), [dead[0].delivery, dead[2].delivery]);
  await until(async () => (await readMetrics(hosting.server))["pluv_webhook_dead_letters"] === 0);
});

test("a new secret signs after a SIGHUP, and a receiver that has it not yet is told again", async (t) => {
  const receiver = await receiverOf(t);
  const hosting = await hostingOf(t, receiver);
  await (await join(hosting, t.room, "ann")).close();
  await receiver.until((all) => all.length === 3, "what the old secret signs");
  const fresh = `${SECRET} and more`;
  hosting.projects.p.webhook_secret = fresh;
  hosting.write();
  hosting.server.signal("SIGHUP");
  // Each event that the receiver does not know is refused, and comes again.
  let users = 0;
  await until(async () => {
    await (await join(hosting, t.room, `user-${users++}`)).close();
    return receiver.accepted().some(({ forged }) => forged);
  }, { what: "the first event that the new secret signs" });
  await receiver.kill();
  await receiver.start({ secret: fresh });
  const told = await receiver.until((all) => {
    const events = all.filter(({ forged }) => !forged);
    return events.length >= 3 + 3 * users && events;
  }, "all of it");
  judgeRoom(t.room, roomsOf(told).get(t.room));
});

test("a receiver whose certificate nobody vouches for is told nothing", async (t) => {
  const folder = fs.mkdtempSync(path.join(t.use(await receiverOf(t)).folder, "tls-"));
  const [, certificate, , key] = certificateFlags(folder);
  const tls = { cert: fs.readFileSync(certificate, "utf8"), key: fs.readFileSync(key, "utf8") };
  const receiver = await receiverOf(t, { tls });
  const hosting = await hostingOf(t, receiver);
  await (await join(hosting, t.room, "ann")).close();
  await until(async () => (await readMetrics(hosting.server))[
    'pluv_webhook_deliveries_total{outcome="failed"}'] > 0);
  assert.deepEqual(receiver.accepted(), []);
  await hosting.server.stop();
  assert.deepEqual(receiver.accepted(), []);
  // Whoever is told to trust it does, and goes on with what is waiting.
  hosting.projects.p.webhook_ca_file = certificate;
  hosting.write();
  await hosting.start();
  await receiver.until((all) => all.length === 3, "what had waited");
});

test("a project's document comes from its receiver, and a bad answer is no empty one", async (t) => {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "from the receiver");
  const storage = toBase64(Y.encodeStateAsUpdate(doc));
  const receiver = await receiverOf(t, { storage });
  const hosting = await hostingOf(t, receiver, { webhook_initial_storage: true });
  const client = t.use(await StorageClient.joined(await hosting.client("p", t.room)));
  assert.equal(client.doc.getText("text").toString(), "from the receiver");
  for (const answer of [{ status: 500, body: {} }, { status: 200, body: { ok: true } },
                        { status: 200, body: { ok: true, data: { event: "initial-storage",
                                                                 room: "other", storage: null } } }]) {
    await receiver.kill();
    await receiver.start({ storage: answer });
    const refused = new StorageClient({ ...await hosting.client("p", `${t.room}-bad`) });
    const { code } = await refused.closed();
    assert.equal(code, 1011, JSON.stringify(answer));
    await refused.close();
  }
  await receiver.kill();
  await receiver.start({ storage: null });
  const empty = t.use(await StorageClient.joined(await hosting.client("p", `${t.room}-bad`)));
  assert.equal(empty.doc.getText("text").toString(), "");
});

// Takes connections and never answers; asked: how many of them there were.
async function hangingReceiver(t) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return t.use({ close, url: `http://127.0.0.1:${server.address().port}/`,
                 get asked() { return sockets.size; } });
}

const hangs = (hanging) => ({ webhook_url: hanging.url, webhook_timeout: "2m",
                              webhook_initial_storage: true });

test("a receiver that hangs holds up no restart", async (t) => {
  const hanging = await hangingReceiver(t);
  const hosting = t.use(new Hosting({ hangs: hangs(hanging), p: {} }));
  const args = ["--handover", path.join(hosting.folder, "handover"), "--drain-window", "300ms",
                "--drain-deadline", "100s"];
  await hosting.start(args);
  const old = hosting.server;
  t.use(old, () => old.alive && old.kill());
  const waiting = t.use(new Client(await hosting.client("hangs", t.room)));
  await until(() => hanging.asked > 0, { what: "the question" });
  await hosting.start(["--port", String(old.port), ...args]);
  assert.equal((await waiting.closed()).code, 1012);
  // Whose documents the successor can read only when the other one has ended.
  t.use(await join(hosting, t.room, "ann"));
  const { code } = await old.exited;
  assert.equal(code, 0, old.output); // 1: it met its deadline
});

test("a receiver that hangs is asked for so many documents, and takes nothing from others", async (t) => {
  const ASKED = 64; // of a project at a time (docs/webhooks.md)
  const hanging = await hangingReceiver(t);
  const receiver = await receiverOf(t);
  const hosting = t.use(new Hosting({
    hangs: hangs(hanging),
    p: { webhook_url: receiver.url, webhook_secret: SECRET },
  }));
  await hosting.start();
  const codes = [];
  await Promise.all(Array.from({ length: ASKED + 10 }, async (_, number) => {
    const client = t.use(new StorageClient(await hosting.client("hangs", `${t.room}-${number}`)));
    void client.closed({ timeout: 120_000 }).then(({ code }) => codes.push(code), () => {});
  }));
  await until(() => codes.length >= 10, { what: "those without a place to be sent away", timeout: 60_000 });
  assert.deepEqual(codes, Array.from({ length: 10 }, () => 1011));
  await join(hosting, t.room, "ann");
  await receiver.until((all) => all.length >= 1, "the other project's event");
  const metrics = await readMetrics(hosting.server);
  assert.equal(metrics['pluv_webhook_questions_total{outcome="refused"}'], 10);
  assert.equal(metrics['pluv_webhook_questions_total{outcome="failed"}'], 0);
  hanging.close();
  await until(() => codes.length === ASKED + 10, { what: "the others to be sent away", timeout: 60_000 });
});

await run();
